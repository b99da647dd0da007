/* SPDX-License-Identifier: MIT */
/*
 * Messages are windows on one long text of random filler, made once, and
 * answers are windows on the same text uppercased. A message chooses its
 * window by a hash of client and number, so that two messages hardly ever
 * look alike, and an answer to another's message is found out by its filler
 * even where the numbers agree.
 *
 * The filler is printable ASCII, half of it small letters: that is what any
 * uppercase server, line-buffered or decoding, can be asked to handle.
 */
#include "base/message.h"

#include <stdlib.h>
#include <string.h>

#include "base/upper.h"

#define WINDOW_OFFSETS	   4096u /* windows start at one of these */
#define MESSAGE_DIGIT_MASK ((1u << MESSAGE_DIGIT_BITS) - 1)

static const char letters[] = "abcdefghijklmnopqrstuvwxyzabcdef"
			      "ABCDEFGHIJ 0123456789 .,:;-+/()@";

struct messages {
	uint64_t seed;
	size_t size_min, size_max;
	char *filler;
	char *upper;
};

/* SplitMix64's finish: every bit of x moves every bit of the result. */
static uint64_t message_mix(uint64_t x)
{
	x ^= x >> 30;
	x *= UINT64_C(0xbf58476d1ce4e5b9);
	x ^= x >> 27;
	x *= UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

static uint64_t hash(const struct messages *m, uint32_t client, uint64_t n)
{
	return message_mix(m->seed + ((uint64_t)client << 40) + n);
}

struct messages *messages_new(uint64_t seed, size_t size_min, size_t size_max)
{
	struct messages *m = calloc(1, sizeof(*m));
	size_t len = size_max + WINDOW_OFFSETS;

	if (!m)
		return NULL;
	m->seed = message_mix(seed);
	m->size_min = size_min;
	m->size_max = size_max;
	m->filler = malloc(len);
	m->upper = malloc(len);
	if (!m->filler || !m->upper) {
		messages_free(m);
		return NULL;
	}
	for (size_t i = 0; i < len; i++)
		m->filler[i] = letters[message_mix(m->seed ^ i) % 64];
	memcpy(m->upper, m->filler, len);
	upper_ascii(m->upper, len);
	return m;
}

void messages_free(struct messages *m)
{
	if (!m)
		return;
	free(m->filler);
	free(m->upper);
	free(m);
}

size_t message_size(const struct messages *m, uint32_t client, uint64_t n)
{
	size_t range = m->size_max - m->size_min;

	if (range == 0)
		return m->size_min;
	return m->size_min + (size_t)(hash(m, client, ~n) % (range + 1));
}

static void write_number(char buf[MESSAGE_DIGITS], uint64_t n, char zero)
{
	for (size_t i = 0; i < MESSAGE_DIGITS; i++, n >>= MESSAGE_DIGIT_BITS)
		buf[i] = (char)(zero + (int)(n & MESSAGE_DIGIT_MASK));
}

/* A message in its three pieces. */
struct pieces {
	size_t at[4]; /* where each starts, and the end */
	const char *ptr[3];
	char first[MESSAGE_DIGITS];
	char second[MESSAGE_DIGITS];
};

/* What the client's second numbers are mixed with. */
static uint64_t client_mask(const struct messages *m, uint32_t client)
{
	return message_mix(m->seed ^ (client + UINT64_C(1))) &
	       ((UINT64_C(1) << (MESSAGE_DIGITS * MESSAGE_DIGIT_BITS)) - 1);
}

/* Cuts the message, or its answer, into its pieces. */
static void message_cut(const struct messages *m, uint32_t client, uint64_t n,
			bool is_answer, struct pieces *p)
{
	const char *text = is_answer ? m->upper : m->filler;
	char zero = is_answer ? 'A' : 'a';
	size_t size = message_size(m, client, n);
	size_t head = size < MESSAGE_DIGITS ? size : MESSAGE_DIGITS;
	size_t tail = size < MESSAGE_TWICE ? 0 : MESSAGE_DIGITS;

	write_number(p->first, n, zero);
	if (tail > 0)
		write_number(p->second, n ^ client_mask(m, client), zero);
	p->at[0] = 0;
	p->at[1] = head;
	p->at[2] = size - tail;
	p->at[3] = size;
	p->ptr[0] = p->first;
	p->ptr[2] = p->second;
	p->ptr[1] = text + hash(m, client, n) % WINDOW_OFFSETS;
}

/* Bytes off..off+len of the message that lie in piece i. */
static size_t overlap(const struct pieces *p, size_t i, size_t off, size_t len,
		      const char **ptr)
{
	size_t from = off > p->at[i] ? off : p->at[i];
	size_t to = off + len < p->at[i + 1] ? off + len : p->at[i + 1];

	if (from >= to)
		return 0;
	*ptr = p->ptr[i] + (from - p->at[i]);
	return to - from;
}

void message_write(const struct messages *m, uint32_t client, uint64_t n,
		   size_t off, char *buf, size_t len)
{
	struct pieces p;
	const char *ptr;

	message_cut(m, client, n, false, &p);
	for (size_t i = 0; i < 3; i++) {
		size_t part = overlap(&p, i, off, len, &ptr);

		if (part > 0)
			memcpy(buf, ptr, part);
		buf += part;
	}
}

bool message_is_answer(const struct messages *m, uint32_t client, uint64_t n,
		       size_t off, const char *buf, size_t len)
{
	struct pieces p;
	const char *ptr;

	message_cut(m, client, n, true, &p);
	if (off + len > p.at[3])
		return false;
	for (size_t i = 0; i < 3; i++) {
		size_t part = overlap(&p, i, off, len, &ptr);

		if (part > 0 && memcmp(buf, ptr, part) != 0)
			return false;
		buf += part;
	}
	return true;
}

size_t message_differences(const struct messages *m, uint32_t client,
			   uint64_t n, size_t off, const char *buf, size_t len)
{
	struct pieces p;
	const char *ptr;
	size_t count = 0, seen = 0;

	message_cut(m, client, n, true, &p);
	for (size_t i = 0; i < 3; i++) {
		size_t part = overlap(&p, i, off, len, &ptr);

		for (size_t j = 0; j < part; j++)
			count += buf[seen + j] != ptr[j];
		seen += part;
	}
	return count + (len - seen);
}

bool message_read_number(const char *buf, size_t n_digits, uint64_t *out)
{
	uint64_t n = 0;

	for (size_t i = 0; i < n_digits; i++) {
		unsigned value = (unsigned)(buf[i] | 0x20) - 'a';

		if (value > MESSAGE_DIGIT_MASK)
			return false;
		n |= (uint64_t)value << (i * MESSAGE_DIGIT_BITS);
	}
	*out = n;
	return true;
}

bool message_read_second(const struct messages *m, uint32_t client,
			 const char *buf, uint64_t *out)
{
	if (!message_read_number(buf, MESSAGE_DIGITS, out))
		return false;
	*out ^= client_mask(m, client);
	return true;
}

bool message_resolve(uint64_t low, size_t n_digits, uint64_t first,
		     uint64_t next, uint64_t *out)
{
	uint64_t mask = (UINT64_C(1) << (n_digits * MESSAGE_DIGIT_BITS)) - 1;
	uint64_t n = first + ((low - first) & mask), back;

	if (n < next) {
		*out = n;
		return true;
	}
	back = (next - 1 - low) & mask;
	if (back >= next)
		return false;
	*out = next - 1 - back;
	return true;
}
