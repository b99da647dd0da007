/* SPDX-License-Identifier: MIT */
/*
 * The judge of hosts against any bytes: an input is a Host. These hold:
 *
 *	- What is valid is made of visible ASCII, and is not empty.
 *	- What stands in brackets is an IPv6 address for a second reader, too,
 *	  who counts groups and shares no code with the judge; and what he finds
 *	  to be an address is valid in brackets.
 *	- A Host field and the authority of a target are judged alike.
 *
 * The host ends at a guard page.
 */
#include "fuzz.h"

#include <stdio.h>
#include <string.h>

#include "http/host.h"
#include "http/request.h"
#include "http/target.h"

#define HOST_MAX 1000 /* with a request-line around it, below any limit */

/* --- the second reader --- */

/* One to four hexadecimal digits. */
static bool is_group(const char *p, size_t len)
{
	return len >= 1 && len <= 4 &&
	       strspn(p, "0123456789abcdefABCDEF") >= len;
}

/* Four numbers from 0 to 255, as C would write them. */
static bool is_dotted(const char *p, size_t len)
{
	unsigned a, b, c, d;
	char again[64];

	if (len > 15 || sscanf(p, "%u.%u.%u.%u", &a, &b, &c, &d) != 4)
		return false;
	(void)snprintf(again, sizeof(again), "%u.%u.%u.%u", a, b, c, d);
	return a < 256 && b < 256 && c < 256 && d < 256 &&
	       strcmp(p, again) == 0;
}

/* Counts the 16-bit groups of a list that ends in a NUL; -1 for no list. */
static int count_groups(const char *p, bool may_be_dotted)
{
	int n = 0;

	if (*p == '\0')
		return 0;
	for (;;) {
		size_t len = strcspn(p, ":");
		bool is_last = p[len] == '\0';

		if (is_last && may_be_dotted && is_dotted(p, len))
			return n + 2;
		if (!is_group(p, len))
			return -1;
		n++;
		if (is_last)
			return n;
		p += len + 1;
	}
}

static bool is_address(const char *text)
{
	const char *gap = strstr(text, "::");
	char before[HOST_MAX + 1];
	int n, n_before;

	if (!gap)
		return count_groups(text, true) == 8;
	memcpy(before, text, (size_t)(gap - text));
	before[gap - text] = '\0';
	n_before = count_groups(before, false);
	n = count_groups(gap + 2, true);
	return n >= 0 && n_before >= 0 && n + n_before < 8;
}

/* --- what must hold --- */

/* The inside of brackets, as a string; false when they are not all of it. */
static bool take_inside(const uint8_t *data, size_t size, char *out)
{
	if (size < 2 || data[0] != '[' || data[size - 1] != ']' ||
	    memchr(data, '\0', size))
		return false;
	memcpy(out, data + 1, size - 2);
	out[size - 2] = '\0';
	return true;
}

static void check_visible(const uint8_t *data, size_t size)
{
	fuzz_require(size > 0, "a host is not empty");
	for (size_t i = 0; i < size; i++)
		fuzz_require(data[i] > ' ' && data[i] < 0x7f,
			     "a host is visible ASCII");
}

static bool is_valid_in_field(const uint8_t *data, size_t size)
{
	static struct http_request request;
	char head[HOST_MAX + 64];
	size_t scanned = 0;
	int len = snprintf(head, sizeof(head),
			   "GET / HTTP/1.1\r\nHost: %.*s\r\n\r\n", (int)size,
			   (const char *)data);

	return http_request_parse(&request, &http_limits_standard, head,
				  (size_t)len, &scanned) == HTTP_REQUEST_DONE;
}

static bool is_valid_in_target(const uint8_t *data, size_t size)
{
	char text[HOST_MAX + 16], path[HOST_MAX + 16];
	struct http_target target;
	int len = snprintf(text, sizeof(text), "http://%.*s/", (int)size,
			   (const char *)data);

	return http_target_parse((struct slice){text, (size_t)len}, &target,
				 path, sizeof(path));
}

/* White space, line ends and a path around a host are none of it. */
static bool is_one_word(const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (data[i] <= ' ' || data[i] == '/' || data[i] == '?')
			return false;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char inside[HOST_MAX + 1];
	bool is_valid;

	if (size > HOST_MAX)
		return 0;
	/* A seed is a file of one line. */
	if (size > 0 && data[size - 1] == '\n')
		size--;
	is_valid = http_host_is_valid(
		(struct slice){fuzz_copy(0, data, size), size});
	if (is_valid)
		check_visible(data, size);
	if (take_inside(data, size, inside))
		fuzz_require(is_valid == is_address(inside),
			     "in brackets stands an address");
	if (!is_one_word(data, size))
		return 0;
	fuzz_require(is_valid == is_valid_in_field(data, size),
		     "a Host field is judged alike");
	fuzz_require(is_valid == is_valid_in_target(data, size),
		     "an authority is judged alike");
	return 0;
}
