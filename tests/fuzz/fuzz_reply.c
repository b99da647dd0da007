/* SPDX-License-Identifier: MIT */
/*
 * The client's reader of HTTP responses against any bytes. Beyond not crashing
 * and not reading a byte too far, these hold:
 *
 *	- However the bytes arrive, the verdict is the same, and so are the
 *	  fault, the status, the length of the content and where it ended.
 *	- What is remembered of a head makes no difference, of this response or
 *	  of any other.
 *	- What is bad by its first bytes is bad by all of them, in the same way.
 *	- An accepted head has lines that all end in CRLF.
 *
 * The input ends at a guard page.
 */
#include "fuzz.h"

#include <string.h>

#include "http/response.h"

struct reading {
	enum response_verdict verdict, at_end;
	enum response_fault fault;
	unsigned status;
	uint64_t body;
	size_t used;
};

/* Reads it in pieces of that many bytes. */
static struct reading read_by(const char *buf, size_t len, size_t step,
			      struct response_memo *memo)
{
	struct reading reading = {.verdict = RESPONSE_PARTIAL};
	struct response reply = {0};
	size_t used;

	while (reading.used < len && reading.verdict == RESPONSE_PARTIAL) {
		size_t left = len - reading.used;
		size_t n = left < step ? left : step;

		reading.verdict = response_feed(&reply, memo,
						buf + reading.used, n, &used);
		fuzz_require(used <= n, "no more is taken than is there");
		fuzz_require(used == n || reading.verdict != RESPONSE_PARTIAL,
			     "a part is taken whole");
		reading.used += used;
	}
	reading.at_end = response_end(&reply);
	reading.fault = reply.fault;
	reading.status = reply.head.status;
	reading.body = reply.body;
	fuzz_require((reply.fault != RESPONSE_FAULTLESS) ==
			     (reading.verdict == RESPONSE_BAD),
		     "what is bad has a fault, and nothing else has");
	response_clear(&reply);
	return reading;
}

static void expect_same(struct reading a, struct reading b)
{
	fuzz_require(a.verdict == b.verdict, "the verdict is the same");
	fuzz_require(a.fault == b.fault, "the fault is the same");
	if (a.verdict == RESPONSE_BAD)
		return;
	fuzz_require(a.status == b.status, "the status is the same");
	fuzz_require(a.body == b.body, "the length is the same");
	fuzz_require(a.used == b.used, "the end is the same");
	fuzz_require(a.at_end == b.at_end, "the close means the same");
}

/* No line of an accepted head ends in a bare LF. */
static void check_lines(const char *buf, size_t len)
{
	const char *end = memmem(buf, len, "\r\n\r\n", 4);

	fuzz_require(end != NULL, "an accepted head has an end");
	for (const char *c = buf; c < end; c++)
		fuzz_require(*c != '\n' || (c > buf && c[-1] == '\r'),
			     "no line ends without CR");
}

/* What the first n bytes are found to be, all of them are. */
static void check_prefix(const char *buf, size_t n, struct reading whole)
{
	struct response_memo memo = {0};
	struct reading part = read_by(buf, n, n > 0 ? n : 1, &memo);

	if (part.verdict != RESPONSE_PARTIAL)
		expect_same(whole, part);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *buf = fuzz_copy(0, data, size);
	struct response_memo memo = {0}, other = {0};
	struct reading whole = read_by(buf, size, size, &memo);
	static const size_t steps[] = {1, 2, 3, 7, 64};

	expect_same(whole, read_by(buf, size, size, &memo));
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		expect_same(whole, read_by(buf, size, steps[i], &other));
		expect_same(whole, read_by(buf, size, steps[i], &memo));
	}
	for (size_t n = 0; n < size && n < 512; n++)
		check_prefix(buf, n, whole);
	if (whole.verdict == RESPONSE_DONE)
		check_lines(buf, whole.used);
	return 0;
}
