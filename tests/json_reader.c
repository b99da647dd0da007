/* SPDX-License-Identifier: MIT */
/*
 * A strict reader of JSON, for what our own writers have made. It was written
 * from RFC 8259 and RFC 3629 and shares no code with them.
 */
#include "json_reader.h"

#include <stdint.h>
#include <string.h>

#include "harness.h"

struct reader {
	const char *at;
	const char *end;
	unsigned depth;
};

static bool read_value(struct reader *r);

static void skip_space(struct reader *r)
{
	while (r->at < r->end && strchr(" \t\r\n", *r->at) && *r->at != '\0')
		r->at++;
}

static bool take(struct reader *r, char c)
{
	if (r->at == r->end || *r->at != c)
		return false;
	r->at++;
	return true;
}

static bool take_word(struct reader *r, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(r->end - r->at) < len || memcmp(r->at, word, len) != 0)
		return false;
	r->at += len;
	return true;
}

static bool take_hex(struct reader *r, uint32_t *out)
{
	*out = 0;
	for (int i = 0; i < 4; i++) {
		static const char digits[] = "0123456789abcdef";
		const char *digit;

		if (r->at == r->end || *r->at == '\0')
			return false;
		digit = strchr(digits, *r->at | ('A' <= *r->at ? 0x20 : 0));
		if (!digit)
			return false;
		*out = *out * 16 + (uint32_t)(digit - digits);
		r->at++;
	}
	return true;
}

/* One character above ASCII, decoded to its number and judged by that. */
static bool take_utf8(struct reader *r)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned char lead = (unsigned char)*r->at;
	size_t len = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
	uint32_t value = lead & (0x7fU >> len);

	if (lead < 0xc0 || lead > 0xf7 || (size_t)(r->end - r->at) < len)
		return false;
	for (size_t i = 1; i < len; i++) {
		unsigned char next = (unsigned char)r->at[i];

		if (next >> 6 != 2)
			return false;
		value = value << 6 | (next & 0x3f);
	}
	r->at += len;
	return value >= least[len] && value <= 0x10ffff &&
	       !(value >= 0xd800 && value <= 0xdfff);
}

static bool read_escape(struct reader *r)
{
	uint32_t unit;

	if (take(r, 'u'))
		return take_hex(r, &unit) && (unit < 0xd800 || unit > 0xdfff);
	if (r->at == r->end || *r->at == '\0' || !strchr("\"\\/bfnrt", *r->at))
		return false;
	r->at++;
	return true;
}

static bool read_string(struct reader *r)
{
	if (!take(r, '"'))
		return false;
	while (r->at < r->end && *r->at != '"') {
		unsigned char c = (unsigned char)*r->at;

		if (c < 0x20 || (c >= 0x80 && !take_utf8(r)))
			return false;
		if (c >= 0x80)
			continue;
		r->at++;
		if (c == '\\' && !read_escape(r))
			return false;
	}
	return take(r, '"');
}

static size_t read_digits(struct reader *r)
{
	const char *start = r->at;

	while (r->at < r->end && *r->at >= '0' && *r->at <= '9')
		r->at++;
	return (size_t)(r->at - start);
}

static bool read_number(struct reader *r)
{
	const char *start;
	size_t n;

	(void)take(r, '-');
	start = r->at;
	n = read_digits(r);
	if (n == 0 || (n > 1 && *start == '0'))
		return false;
	if (take(r, '.') && read_digits(r) == 0)
		return false;
	if (take(r, 'e') || take(r, 'E')) {
		if (!take(r, '+'))
			(void)take(r, '-');
		return read_digits(r) > 0;
	}
	return true;
}

/* The members of an object, or the elements of an array. */
static bool read_items(struct reader *r, char close, bool named)
{
	skip_space(r);
	if (take(r, close))
		return true;
	do {
		skip_space(r);
		if (named) {
			if (!read_string(r))
				return false;
			skip_space(r);
			if (!take(r, ':'))
				return false;
		}
		if (!read_value(r))
			return false;
	} while (take(r, ','));
	return take(r, close);
}

static bool read_value(struct reader *r)
{
	bool fine;

	if (r->depth++ > 100)
		return false;
	skip_space(r);
	if (take(r, '{'))
		fine = read_items(r, '}', true);
	else if (take(r, '['))
		fine = read_items(r, ']', false);
	else if (r->at < r->end && *r->at == '"')
		fine = read_string(r);
	else
		fine = take_word(r, "null") || take_word(r, "true") ||
		       take_word(r, "false") || read_number(r);
	skip_space(r);
	r->depth--;
	return fine;
}

bool json_is_valid(const char *text, size_t len)
{
	struct reader r = {.at = text, .end = text + len};

	return read_value(&r) && r.at == r.end;
}

/* Decodes what read_escape() has accepted; returns bytes written. */
static size_t decode_escape(struct reader *r, char *out)
{
	static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
	uint32_t unit;

	if (!take(r, 'u')) {
		out[0] = values[strchr(names, *r->at++) - names];
		return 1;
	}
	ck_assert(take_hex(r, &unit));
	/* Our writers have no reason to write more than ASCII this way. */
	ck_assert_uint_lt(unit, 0x80);
	out[0] = (char)unit;
	return 1;
}

static size_t decode_string(struct reader *r, char *out, size_t size)
{
	size_t len = 0;

	ck_assert(take(r, '"'));
	while (!take(r, '"')) {
		ck_assert_uint_lt(len + 1, size);
		if (take(r, '\\'))
			len += decode_escape(r, out + len);
		else
			out[len++] = *r->at++;
	}
	out[len] = '\0';
	return len;
}

size_t json_member(const char *text, size_t len, const char *name, char *out,
		   size_t size)
{
	struct reader r = {.at = text, .end = text + len};
	const char *start;
	size_t wanted = strlen(name);

	/* A quote inside a string is escaped, so this finds names alone. */
	for (;; r.at++) {
		ck_assert_msg((size_t)(r.end - r.at) > wanted + 3,
			      "no member \"%s\": %.*s", name, (int)len, text);
		if (r.at[0] == '"' && memcmp(r.at + 1, name, wanted) == 0 &&
		    memcmp(r.at + 1 + wanted, "\":", 2) == 0)
			break;
	}
	r.at += wanted + 3;
	if (*r.at == '"')
		return decode_string(&r, out, size);
	start = r.at;
	ck_assert(read_value(&r));
	ck_assert_uint_lt((size_t)(r.at - start), size);
	memcpy(out, start, (size_t)(r.at - start));
	out[r.at - start] = '\0';
	return (size_t)(r.at - start);
}
