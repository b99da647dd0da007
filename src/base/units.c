/* SPDX-License-Identifier: MIT */
/*
 * strtoul() takes signs, blanks and overlong numbers without a word, strtod()
 * exponents and hexadecimal; what a person typed wrongly must be told, so the
 * text is looked at digit by digit first.
 */
#include "base/units.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define UNITS_DIGITS	  "0123456789"
#define UNITS_DIGITS_MAX  20 /* of a 64-bit number */
#define UNITS_TIME_MAX_NS (100 * 365.25 * 86400 * 1e9)

struct unit {
	const char *name;
	double factor;
};

/* From the smallest on, nothing first; of two names the last is written. */
static const struct unit time_units[] = {
	{"", 1e9},   {"us", 1e3},   {"ms", 1e6},    {"s", 1e9},
	{"m", 6e10}, {"h", 3.6e12}, {"d", 8.64e13}, {NULL, 0},
};

static const struct unit number_units[] = {
	{"", 1}, {"k", 1e3}, {"K", 1e3}, {"M", 1e6}, {NULL, 0},
};

static const struct unit size_units[] = {
	{"", 1},	{"K", 1 << 10}, {"k", 1 << 10},
	{"M", 1 << 20}, {"G", 1 << 30}, {NULL, 0},
};

int units_parse_uint(const char *text, uint64_t min, uint64_t max,
		     uint64_t *out)
{
	uint64_t value = 0;

	if (*text == '\0')
		return -1;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return -1;
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*text - '0'),
					   &value))
			return -1;
	}
	if (value < min || value > max)
		return -1;
	*out = value;
	return 0;
}

/* The unit of that name; NULL when there is none. */
static const struct unit *find_unit(const struct unit *units, const char *name)
{
	for (; units->name; units++)
		if (strcmp(units->name, name) == 0)
			return units;
	return NULL;
}

/* Reads "12.5unit". 0, or -1 when it is not that. */
static int parse_fraction(const char *text, const struct unit *units,
			  double *out)
{
	size_t whole = strspn(text, UNITS_DIGITS), len = whole, part = 0;
	const struct unit *unit;

	if (text[len] == '.') {
		part = strspn(text + len + 1, UNITS_DIGITS);
		len += 1 + part;
	}
	unit = find_unit(units, text + len);
	if (!unit || whole + part == 0 || whole + part > UNITS_DIGITS_MAX)
		return -1;
	*out = strtod(text, NULL) * unit->factor;
	return 0;
}

int units_parse_number(const char *text, double *out)
{
	return parse_fraction(text, number_units, out);
}

int units_parse_count(const char *text, uint64_t min, uint64_t max,
		      uint64_t *out)
{
	double value;

	if (units_parse_uint(text, min, max, out) == 0)
		return 0;
	/* What has a suffix or a point is a double, and exact up to 2^53. */
	if (parse_fraction(text, number_units, &value) < 0 ||
	    value < (double)min || value > (double)max || value > 0x1p53 ||
	    (double)(uint64_t)value != value)
		return -1;
	*out = (uint64_t)value;
	return 0;
}

int units_parse_size(const char *text, uint64_t *out)
{
	size_t len = strspn(text, UNITS_DIGITS);
	const struct unit *unit = find_unit(size_units, text + len);
	char digits[UNITS_DIGITS_MAX + 1] = "";
	uint64_t value;

	if (len > UNITS_DIGITS_MAX || !unit)
		return -1;
	memcpy(digits, text, len);
	if (units_parse_uint(digits, 0, UINT64_MAX / (uint64_t)unit->factor,
			     &value) < 0)
		return -1;
	*out = value * (uint64_t)unit->factor;
	return 0;
}

int units_parse_sizes(const char *text, size_t max, size_t *from, size_t *to)
{
	size_t len = strcspn(text, "-");
	char first[UNITS_TEXT_SIZE] = "";
	uint64_t least, most;

	if (len >= sizeof(first))
		return -1;
	memcpy(first, text, len);
	if (units_parse_size(first, &least) < 0)
		return -1;
	most = least;
	if (text[len] == '-' && units_parse_size(text + len + 1, &most) < 0)
		return -1;
	if (least > most || most > max)
		return -1;
	*from = (size_t)least;
	*to = (size_t)most;
	return 0;
}

int units_parse_time(const char *text, bool takes_seconds, uint64_t *out_ns)
{
	double ns;

	/* Nothing is nothing in every unit. */
	takes_seconds |= strcmp(text, "0") == 0;
	if (parse_fraction(text, takes_seconds ? time_units : time_units + 1,
			   &ns) < 0 ||
	    ns > UNITS_TIME_MAX_NS)
		return -1;
	*out_ns = (uint64_t)(ns + 0.5);
	return 0;
}

/* In the largest unit of which it is a whole number. */
static void format_whole(uint64_t value, const struct unit *units,
			 char out[UNITS_TEXT_SIZE])
{
	const struct unit *unit = units;

	for (const struct unit *u = units; u->name; u++)
		if (value % (uint64_t)u->factor == 0)
			unit = u;
	(void)snprintf(out, UNITS_TEXT_SIZE, "%" PRIu64 "%s",
		       value / (uint64_t)unit->factor,
		       value > 0 ? unit->name : "");
}

void units_format_time(uint64_t ns, char out[UNITS_TEXT_SIZE])
{
	format_whole(ns, time_units + 1, out);
}

void units_format_size(uint64_t bytes, char out[UNITS_TEXT_SIZE])
{
	format_whole(bytes, size_units, out);
}
