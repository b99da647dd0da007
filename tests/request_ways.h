/* SPDX-License-Identifier: MIT */
#ifndef TESTS_REQUEST_WAYS_H
#define TESTS_REQUEST_WAYS_H

#include "http/request.h"

/* A string and its length, which counts any NUL in it. */
#define TEXT(s) s, sizeof(s) - 1

/* A head up to where the fields that matter stand, and its end. */
#define GET  "GET / HTTP/1.1\r\nHost: a\r\n"
#define POST "POST / HTTP/1.1\r\nHost: a\r\n"
#define END  "\r\n\r\n"

/* What came, or should come, of parsing some bytes. */
struct outcome {
	enum http_verdict verdict;
	unsigned status;
	size_t head_len;
	const char *why; /* it should; shown when it does not */
};

/* Parses text[0..len) without a memory, from before that guard page. */
struct outcome parse_anew(char *guard, const char *text, size_t len);

/* len is how many bytes were parsed, for the message. */
void assert_same(struct outcome got, struct outcome want, size_t len);

/*
 * Every prefix is either partial or has the final verdict, whether it is
 * looked at anew or grows by step bytes with the memory kept; and both agree.
 */
void assert_grows_to(const char *text, size_t len, size_t step,
		     struct outcome want);

/*
 * The whole, every prefix, byte by byte and in bigger steps: always the same
 * verdict in the end, and never another one after it.
 */
void assert_every_way(const char *text, size_t len, struct outcome want);

#endif
