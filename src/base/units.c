/* SPDX-License-Identifier: MIT */
/*
 * strtoul() takes signs, blanks and overlong numbers without a word; what a
 * person typed wrongly must be told, so these read digit by digit.
 */
#include "base/units.h"

#include <string.h>

#include "base/clock.h"

#define UNITS_DIGITS_MAX  20	/* of a 64-bit number */
#define UNITS_SECONDS_MAX 86400 /* a day: longer is a typing error */

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

/* The power of two that a suffix stands for, or -1. */
static int suffix_shift(const char *suffix)
{
	if (suffix[0] == '\0')
		return 0;
	if (suffix[1] != '\0')
		return -1;
	switch (suffix[0]) {
	case 'k':
	case 'K':
		return 10;
	case 'M':
		return 20;
	case 'G':
		return 30;
	default:
		return -1;
	}
}

int units_parse_size(const char *text, uint64_t *out)
{
	size_t len = strspn(text, "0123456789");
	char digits[UNITS_DIGITS_MAX + 1];
	int shift = suffix_shift(text + len);
	uint64_t value;

	if (len > UNITS_DIGITS_MAX || shift < 0)
		return -1;
	memcpy(digits, text, len);
	digits[len] = '\0';
	if (units_parse_uint(digits, 0, UINT64_MAX >> shift, &value) < 0)
		return -1;
	*out = value << shift;
	return 0;
}

int units_parse_seconds(const char *text, uint64_t *out_ns)
{
	uint64_t value_ns = 0, unit_ns = CLOCK_NS_PER_S;
	unsigned digits = 0;

	for (; *text >= '0' && *text <= '9'; text++, digits++) {
		value_ns = value_ns * 10 + (uint64_t)(*text - '0') * unit_ns;
		if (value_ns > UNITS_SECONDS_MAX * CLOCK_NS_PER_S)
			return -1;
	}
	if (*text == '.')
		for (text++; *text >= '0' && *text <= '9'; text++, digits++) {
			unit_ns /= 10;
			value_ns += (uint64_t)(*text - '0') * unit_ns;
		}
	if (*text != '\0' || digits == 0 || value_ns < CLOCK_NS_PER_MS ||
	    value_ns > UNITS_SECONDS_MAX * CLOCK_NS_PER_S)
		return -1;
	*out_ns = value_ns;
	return 0;
}
