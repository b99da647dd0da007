/* SPDX-License-Identifier: MIT */
/*
 * The reader of PROXY headers against any bytes: an input is what a balancer
 * sends. These hold:
 *
 *	- A header's every part asks for more, and what is behind it changes
 *	  nothing; what is bad stays bad with more behind it; there is a verdict
 *	  at PROXY_HEADER_MAX bytes.
 *	- A header of version 1 is the line that a writer makes of what was
 *read, who shares no code with the reader; so is one of version 2, but for its
 *TLVs.
 *
 * The bytes end at a guard page.
 */
#include "fuzz.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/proxy_header.h"

/* --- a second opinion on version 1 --- */

/* The line's words as scanf(3) finds them; false when they are not six. */
static bool scan_line(const char *line, char words[6][64])
{
	char none;

	return sscanf(line, "%63s %63s %63s %63s %63s %63s %c", words[0],
		      words[1], words[2], words[3], words[4], words[5],
		      &none) == 6;
}

static void check_host(const char *word, int family, const uint8_t *host)
{
	uint8_t bytes[16] = {0};

	fuzz_require(inet_pton(family, word, bytes) == 1, "it is an address");
	fuzz_require(!host || memcmp(bytes, host, family == AF_INET ? 4 : 16) ==
				      0,
		     "it is the one that was read");
}

static void check_port(const char *word, long port)
{
	char again[32];
	unsigned value = 65536;

	(void)sscanf(word, "%u", &value);
	(void)snprintf(again, sizeof(again), "%u", value);
	fuzz_require(value <= 65535 && strcmp(again, word) == 0,
		     "a port is written as it is");
	fuzz_require(port < 0 || port == (long)value, "it is the one read");
}

static void check_line(const char *data, size_t len,
		       const struct proxy_origin *origin)
{
	char line[108], words[6][64], again[512];

	fuzz_require(len <= 107, "a line is no longer");
	memcpy(line, data, len);
	line[len] = '\0';
	fuzz_require(strcmp(line + len - 2, "\r\n") == 0, "it ends by CRLF");
	if (origin->family == 0) {
		fuzz_require(strncmp(line, "PROXY UNKNOWN", 13) == 0,
			     "nobody is called UNKNOWN");
		return;
	}
	fuzz_require(scan_line(line, words), "it has six words");
	fuzz_require(strcmp(words[1],
			    origin->family == AF_INET ? "TCP4" : "TCP6") == 0,
		     "the family is the one that was read");
	check_host(words[2], origin->family, origin->host);
	check_host(words[3], origin->family, NULL);
	check_port(words[4], origin->port);
	check_port(words[5], -1);
	(void)snprintf(again, sizeof(again), "%s %s %s %s %s %s\r\n", words[0],
		       words[1], words[2], words[3], words[4], words[5]);
	fuzz_require(strcmp(line, again) == 0, "it is written in one way");
}

/* --- version 2 --- */

static void check_block(const char *data, size_t len,
			const struct proxy_origin *origin)
{
	static const char signature[] = "\r\n\r\n\0\r\nQUIT\n";
	const uint8_t *at = (const void *)data;
	size_t size = origin->family == AF_INET ? 4 : 16;

	fuzz_require(len >= 16 && memcmp(data, signature, 12) == 0,
		     "it has the signature");
	fuzz_require(len == 16 + (size_t)at[14] * 256 + at[15],
		     "it has the length that it says");
	if (origin->family == 0) {
		fuzz_require(at[12] == 0x20 || at[13] == 0x00 ||
				     at[13] >> 4 == 3,
			     "nobody is LOCAL, unspecified, or Unix");
		return;
	}
	fuzz_require(at[12] == 0x21, "who is named is not LOCAL");
	fuzz_require(at[13] >> 4 == (origin->family == AF_INET ? 1 : 2),
		     "the family is the one that was read");
	fuzz_require(len >= 16 + 2 * size + 4, "both addresses are there");
	fuzz_require(memcmp(at + 16, origin->host, size) == 0,
		     "the address is the one that was read");
	fuzz_require(at[16 + 2 * size] * 256 + at[17 + 2 * size] ==
			     origin->port,
		     "the port is the one that was read");
}

/* --- what must hold --- */

static enum proxy_verdict read_part(const uint8_t *data, size_t size,
				    struct proxy_origin *origin, size_t *len)
{
	return proxy_header_read(fuzz_copy(0, data, size), size, origin, len);
}

static void check_done(const uint8_t *data, size_t size, size_t len,
		       const struct proxy_origin *origin)
{
	struct proxy_origin other;
	size_t other_len;

	fuzz_require(len <= size && len <= PROXY_HEADER_MAX,
		     "it is within what has come");
	fuzz_require(read_part(data, len, &other, &other_len) == PROXY_DONE &&
			     other_len == len &&
			     memcmp(&other, origin, sizeof(other)) == 0,
		     "what is behind it changes nothing");
	fuzz_require(read_part(data, len - 1, &other, &other_len) ==
			     PROXY_PARTIAL,
		     "without its last byte it is a part");
	if (data[0] == 'P')
		check_line((const char *)data, len, origin);
	else
		check_block((const char *)data, len, origin);
}

/* Every part, as far as the first verdict. */
static void check_parts(const uint8_t *data, size_t size)
{
	enum proxy_verdict last = PROXY_PARTIAL, verdict;
	struct proxy_origin origin;
	size_t len;

	for (size_t part = 0; part <= size && part <= 300; part++) {
		verdict = read_part(data, part, &origin, &len);
		fuzz_require(last == PROXY_PARTIAL || verdict == last,
			     "a verdict is the last word");
		last = verdict;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct proxy_origin origin;
	enum proxy_verdict verdict;
	size_t len;

	if (size > FUZZ_INPUT_MAX)
		return 0;
	verdict = read_part(data, size, &origin, &len);
	fuzz_require(size < PROXY_HEADER_MAX || verdict != PROXY_PARTIAL,
		     "there is a verdict in the end");
	if (verdict == PROXY_DONE)
		check_done(data, size, len, &origin);
	check_parts(data, size);
	return 0;
}
