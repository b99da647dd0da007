/* SPDX-License-Identifier: MIT */
/*
 * Numbers with units. A number is digits with at most one point; signs,
 * blanks, exponents and hexadecimal, which strtod() would take, are typing
 * errors here.
 */
#include "base/amount.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/units.h"

#define NUMBER_DIGITS_MAX 20
#define TIME_MAX_S	  86400 /* a day: longer is a typing error */

struct unit {
	const char *name;
	double factor;
};

static const struct unit time_units[] = {
	{"", 1e9},   {"us", 1e3},   {"ms", 1e6}, {"s", 1e9},
	{"m", 6e10}, {"h", 3.6e12}, {NULL, 0},
};

static const struct unit number_units[] = {
	{"", 1}, {"k", 1e3}, {"K", 1e3}, {"M", 1e6}, {NULL, 0},
};

/* Reads "12.5unit". 0, or -1 when it is not that. */
static int parse(const char *text, const struct unit *units, double *out)
{
	size_t whole = strspn(text, "0123456789"), len = whole, part = 0;

	if (text[len] == '.') {
		part = strspn(text + len + 1, "0123456789");
		len += 1 + part;
	}
	if (whole + part == 0 || whole + part > NUMBER_DIGITS_MAX)
		return -1;
	for (const struct unit *unit = units; unit->name; unit++)
		if (strcmp(text + len, unit->name) == 0) {
			*out = strtod(text, NULL) * unit->factor;
			return 0;
		}
	return -1;
}

int amount_parse_time(const char *text, uint64_t *out_ns)
{
	double ns;

	if (parse(text, time_units, &ns) < 0 || ns > TIME_MAX_S * 1e9)
		return -1;
	*out_ns = (uint64_t)(ns + 0.5);
	return 0;
}

int amount_parse_number(const char *text, double *out)
{
	return parse(text, number_units, out);
}

int amount_parse_count(const char *text, uint64_t min, uint64_t max,
		       uint64_t *out)
{
	double value;

	if (parse(text, number_units, &value) < 0 || value < (double)min ||
	    value > (double)max || (double)(uint64_t)value != value)
		return -1;
	*out = (uint64_t)value;
	return 0;
}

int amount_parse_sizes(const char *text, size_t max, size_t *from, size_t *to)
{
	const char *dash = strchr(text, '-');
	char first[NUMBER_DIGITS_MAX + 2];
	uint64_t a, b;

	if (!dash) {
		if (units_parse_size(text, &a) < 0 || a > max)
			return -1;
		*from = *to = (size_t)a;
		return 0;
	}
	if ((size_t)(dash - text) >= sizeof(first))
		return -1;
	memcpy(first, text, (size_t)(dash - text));
	first[dash - text] = '\0';
	if (units_parse_size(first, &a) < 0 ||
	    units_parse_size(dash + 1, &b) < 0 || a > b || b > max)
		return -1;
	*from = (size_t)a;
	*to = (size_t)b;
	return 0;
}
