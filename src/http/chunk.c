/* SPDX-License-Identifier: MIT */
/*
 * A chunked body is never read here, and yet judged as far as it has come: what
 * two readers could take for different lengths is where smuggled requests hide,
 * and whoever sent it is to be told so, whatever its method.
 *
 * Each part of the grammar is a step that takes its bytes off the front. A step
 * that runs out of bytes asks for more, which is nobody's fault: the rest may
 * be on its way.
 *
 * White space behind a size is refused even before a semicolon, where the
 * grammar tolerates it, since that is the very place where readers differ.
 */
#include "http/chunk.h"

#include <stdint.h>

#include "http/syntax.h"

enum chunk_step {
	STEP_TAKEN,
	STEP_MORE,  /* the bytes have ended within it */
	STEP_WRONG, /* no further byte can make it good */
};

static void skip(struct slice *s, size_t n)
{
	*s = (struct slice){s->ptr + n, s->len - n};
}

/* Tabs and spaces that the grammar tolerates (RFC 9110, 5.6.3: BWS). */
static void skip_blanks(struct slice *s)
{
	while (s->len > 0 && (s->ptr[0] == ' ' || s->ptr[0] == '\t'))
		skip(s, 1);
}

/* The same where more of an extension must follow. */
static enum chunk_step take_blanks_inside(struct slice *s)
{
	struct slice before = *s;

	skip_blanks(s);
	if (s->len == before.len)
		return STEP_TAKEN;
	if (s->len == 0)
		return STEP_MORE;
	return s->ptr[0] == '=' || s->ptr[0] == ';' ? STEP_TAKEN : STEP_WRONG;
}

static enum chunk_step take_byte(struct slice *s, char wanted)
{
	if (s->len == 0)
		return STEP_MORE;
	if (s->ptr[0] != wanted)
		return STEP_WRONG;
	skip(s, 1);
	return STEP_TAKEN;
}

static enum chunk_step take_crlf(struct slice *s)
{
	enum chunk_step step = take_byte(s, '\r');

	return step == STEP_TAKEN ? take_byte(s, '\n') : step;
}

static enum chunk_step take_token(struct slice *s)
{
	size_t len = http_span(*s, HTTP_BYTE_TOKEN);

	if (len == s->len)
		return STEP_MORE;
	skip(s, len);
	return len > 0 ? STEP_TAKEN : STEP_WRONG;
}

/* 1*HEXDIG, of a number that 63 bits hold. */
static enum chunk_step take_size(struct slice *s, uint64_t *size)
{
	size_t i = 0;

	for (*size = 0; i < s->len; i++) {
		int digit = http_hex_value(s->ptr[i]);

		if (digit < 0)
			break;
		if (*size > INT64_MAX >> 4)
			return STEP_WRONG;
		*size = *size << 4 | (uint64_t)digit;
	}
	if (i == s->len)
		return STEP_MORE;
	skip(s, i);
	return i > 0 ? STEP_TAKEN : STEP_WRONG;
}

/* quoted-string (RFC 9110, 5.6.4); neither CR nor LF may stand in one. */
static enum chunk_step take_quoted(struct slice *s)
{
	skip(s, 1);
	while (s->len > 0 && s->ptr[0] != '"') {
		skip(s, s->ptr[0] == '\\');
		if (s->len == 0)
			break;
		if (http_span((struct slice){s->ptr, 1}, HTTP_BYTE_VALUE) == 0)
			return STEP_WRONG;
		skip(s, 1);
	}
	return take_byte(s, '"');
}

/* [ "=" ( token / quoted-string ) ] */
static enum chunk_step take_value(struct slice *s)
{
	if (s->len == 0 || s->ptr[0] != '=')
		return STEP_TAKEN;
	skip(s, 1);
	skip_blanks(s);
	return s->len > 0 && s->ptr[0] == '"' ? take_quoted(s) : take_token(s);
}

/* ";" name [ "=" value ] */
static enum chunk_step take_extension(struct slice *s)
{
	enum chunk_step step;

	skip(s, 1);
	skip_blanks(s);
	step = take_token(s);
	if (step == STEP_TAKEN)
		step = take_blanks_inside(s);
	if (step == STEP_TAKEN)
		step = take_value(s);
	return step == STEP_TAKEN ? take_blanks_inside(s) : step;
}

/* chunk-size [ chunk-ext ] CRLF */
static enum chunk_step take_size_line(struct slice *s, uint64_t *size)
{
	enum chunk_step step = take_size(s, size);

	while (step == STEP_TAKEN && s->len > 0 && s->ptr[0] == ';')
		step = take_extension(s);
	return step == STEP_TAKEN ? take_crlf(s) : step;
}

/* chunk-data CRLF; most of it is never seen. */
static enum chunk_step take_data(struct slice *s, uint64_t size)
{
	if (size >= s->len)
		return STEP_MORE;
	skip(s, (size_t)size);
	return take_crlf(s);
}

/* field-name ":" OWS field-value OWS CRLF */
static enum chunk_step take_trailer(struct slice *s)
{
	enum chunk_step step = take_token(s);

	if (step == STEP_TAKEN)
		step = take_byte(s, ':');
	if (step != STEP_TAKEN)
		return step;
	skip(s, http_span(*s, HTTP_BYTE_VALUE));
	return take_crlf(s);
}

/* trailer-section CRLF */
static enum chunk_step take_trailers(struct slice *s)
{
	enum chunk_step step = STEP_TAKEN;

	while (step == STEP_TAKEN && s->len > 0 && s->ptr[0] != '\r')
		step = take_trailer(s);
	return step == STEP_TAKEN ? take_crlf(s) : step;
}

bool http_chunk_is_sound(struct slice arrived)
{
	uint64_t size = 1;
	enum chunk_step step = STEP_TAKEN;

	while (step == STEP_TAKEN && size > 0) {
		step = take_size_line(&arrived, &size);
		if (step == STEP_TAKEN)
			step = size > 0 ? take_data(&arrived, size)
					: take_trailers(&arrived);
	}
	return step != STEP_WRONG;
}
