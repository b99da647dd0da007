/* SPDX-License-Identifier: MIT */
/*
 * The choice of a coding against any Accept-Encoding: an input's first byte
 * says which codings there are, the rest is the field's value. These hold:
 *
 *	- What is chosen is there, or is the file as it is, or nothing.
 *	- A second reader, who shares no code with the first, chooses the same;
 *	  he reads no quoted strings.
 *	- A list in two lines is the list in one.
 *
 * The head of the request ends at a guard page.
 */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http/coding.h"
#include "http/request.h"

#define VALUE_MAX 2000

/* --- the second reader --- */

static const char *const names[HTTP_CODING_N][2] = {
	[HTTP_CODING_BR] = {"br", "br"},
	[HTTP_CODING_ZSTD] = {"zstd", "zstd"},
	[HTTP_CODING_GZIP] = {"gzip", "x-gzip"},
	[HTTP_CODING_IDENTITY] = {"identity", "identity"},
};

/* Cuts spaces and tabs off both ends. */
static char *strip(char *word)
{
	size_t len;

	word += strspn(word, " \t");
	len = strlen(word);
	while (len > 0 && strchr(" \t", word[len - 1]))
		word[--len] = '\0';
	return word;
}

/* "0" or "1", a point, up to three digits; in thousandths, 0 for others. */
static long thousandths(const char *q)
{
	size_t len = strlen(q);
	char digits[] = "0000";

	if (len < 1 || len > 5 || !strchr("01", q[0]) ||
	    (len > 1 && q[1] != '.') ||
	    (len > 2 && strspn(q + 2, "0123456789") != len - 2))
		return 0;
	digits[0] = q[0];
	if (len > 2)
		memcpy(digits + 1, q + 2, len - 2);
	return atol(digits) > 1000 ? 0 : atol(digits);
}

/* Notes an element, "name;q=0.5", in what the names weigh. */
static void read_element(char *element, long weights[HTTP_CODING_N], long *star)
{
	long weight = 1000;
	char *rest = strchr(element, ';'), *name;

	if (rest)
		*rest++ = '\0';
	name = strip(element);
	while (rest) {
		char *parameter = rest;

		rest = strchr(rest, ';');
		if (rest)
			*rest++ = '\0';
		parameter = strip(parameter);
		if (strncasecmp(parameter, "q=", 2) == 0)
			weight = thousandths(parameter + 2);
	}
	if (strcmp(name, "*") == 0)
		*star = weight;
	for (int i = 0; i < HTTP_CODING_N; i++)
		if (strcasecmp(name, names[i][0]) == 0 ||
		    strcasecmp(name, names[i][1]) == 0)
			weights[i] = weight;
}

static enum http_coding choose_again(const char *value, unsigned available)
{
	long weights[HTTP_CODING_N], star = -1, best_weight = 0;
	enum http_coding best = HTTP_CODING_REFUSED;
	char copy[VALUE_MAX + 1], *rest = copy, *element;

	memset(weights, -1, sizeof(weights));
	(void)snprintf(copy, sizeof(copy), "%s", value);
	while ((element = strsep(&rest, ",")))
		if (*strip(element) != '\0')
			read_element(element, weights, &star);
	for (int i = 0; i < HTTP_CODING_N; i++) {
		bool is_plain = i == HTTP_CODING_IDENTITY;
		long weight = weights[i] >= 0 ? weights[i] : star;

		if (!is_plain && !(available >> i & 1))
			continue;
		if (weight > best_weight) {
			best = (enum http_coding)i;
			best_weight = weight;
		}
		/* Nobody has said a word about it. */
		if (is_plain && weight < 0 && best == HTTP_CODING_REFUSED)
			best = HTTP_CODING_IDENTITY;
	}
	return best;
}

/* --- what must hold --- */

/* False when this is no value of a field. */
static bool choose(const char *value, unsigned available, enum http_coding *out)
{
	static struct http_request request;
	char head[VALUE_MAX + 200];
	size_t scanned = 0;
	int len = snprintf(head, sizeof(head),
			   "GET / HTTP/1.1\r\nHost: h\r\n%s\r\n\r\n", value);

	if (http_request_parse(&request, &http_limits_standard,
			       fuzz_copy(0, head, (size_t)len), (size_t)len,
			       &scanned) != HTTP_REQUEST_DONE ||
	    request.head_len != (size_t)len)
		return false;
	*out = http_coding_choose(&request, available);
	return true;
}

static void check_two_lines(const char *value, unsigned available,
			    enum http_coding chosen)
{
	const char *comma = strchr(value, ',');
	char lines[VALUE_MAX + 100];
	enum http_coding again;

	if (!comma)
		return;
	(void)snprintf(lines, sizeof(lines),
		       "Accept-Encoding: %.*s\r\nAccept-Encoding: %s",
		       (int)(comma - value), value, comma + 1);
	fuzz_require(choose(lines, available, &again) && again == chosen,
		     "two lines are one list");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char value[VALUE_MAX + 1], line[VALUE_MAX + 32];
	unsigned available;
	enum http_coding chosen;

	if (size == 0 || size > VALUE_MAX || memchr(data, '\0', size))
		return 0;
	available = data[0] & 7;
	/* A seed is a file of one line. */
	if (data[size - 1] == '\n')
		size--;
	if (size == 0)
		return 0;
	memcpy(value, data + 1, size - 1);
	value[size - 1] = '\0';
	(void)snprintf(line, sizeof(line), "Accept-Encoding: %s", value);
	if (strpbrk(value, "\r\n") || !choose(line, available, &chosen))
		return 0;
	fuzz_require(chosen == HTTP_CODING_REFUSED ||
			     chosen == HTTP_CODING_IDENTITY ||
			     (available >> chosen & 1),
		     "what is chosen is there");
	if (strchr(value, '"'))
		return 0;
	fuzz_require(chosen == choose_again(value, available),
		     "a second reader chooses the same");
	check_two_lines(value, available, chosen);
	return 0;
}
