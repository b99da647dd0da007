/* SPDX-License-Identifier: MIT */
#ifndef BASE_MESSAGE_H
#define BASE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

/*
 * What is sent, and what must come back. Message n of client c is a function
 * of (seed, c, n): nothing is kept of it, and any part of it or of its answer
 * can be made again.
 *
 *	|<- 8 ->|<-------------- filler ------------->|<- 8 ->|
 *	 number   letters, digits, signs and spaces     number
 *
 * The number is in base 16, least significant digit first, and its digits are
 * the letters a to p: every message that is not empty has something to change,
 * since a server need not answer others at any rate. The second one is there
 *from MESSAGE_TWICE bytes on, and is mixed with the client's own: by it an
 *answer that was damaged in the first can be recognised, and one to another
 *client is not taken for ours. A message that is shorter than a number has its
 *low digits only.
 */
#define MESSAGE_DIGITS	   8
#define MESSAGE_DIGIT_BITS 4
#define MESSAGE_TWICE	   24
#define MESSAGE_MAX	   (16 << 20)

struct messages;

/* Sizes from size_min to size_max, uniformly. NULL when out of memory. */
struct messages *messages_new(uint64_t seed, size_t size_min,
			      size_t size_max) MUST_CHECK;
void messages_free(struct messages *m);

/* The size of message n of that client. */
size_t message_size(const struct messages *m, uint32_t client, uint64_t n);

/* Writes len bytes of the message, from byte off on, into buf. */
void message_write(const struct messages *m, uint32_t client, uint64_t n,
		   size_t off, char *buf, size_t len);

/* Whether these are the bytes of its answer from byte off on. */
bool message_is_answer(const struct messages *m, uint32_t client, uint64_t n,
		       size_t off, const char *buf, size_t len);

/* How many of them differ. */
size_t message_differences(const struct messages *m, uint32_t client,
			   uint64_t n, size_t off, const char *buf, size_t len);

/*
 * Reads a number of n_digits (MESSAGE_DIGITS or fewer) digits, in either
 * case: one that came back as it was sent can be told apart too. Returns false
 * when one is none.
 */
bool message_read_number(const char *buf, size_t n_digits, uint64_t *out);

/* The same for the MESSAGE_DIGITS digits of a message's second number. */
bool message_read_second(const struct messages *m, uint32_t client,
			 const char *buf, uint64_t *out);

/*
 * The number which is meant by its low n_digits digits: the first from
 * `first` on when that is below `next`, else the last below `next`. Returns
 * false when there is no such.
 */
bool message_resolve(uint64_t low, size_t n_digits, uint64_t first,
		     uint64_t next, uint64_t *out);

#endif
