/* SPDX-License-Identifier: MIT */
/*
 * Each name is taken for a sequence of bytes and numbers. A number begins with
 * a digit, and digits are neighbours among the bytes: so numbers have one place
 * among all other bytes, and the order has no circles.
 */
#include "base/natural.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Takes the number at *at off: its digits without leading zeros. */
static size_t natural_take_number(const char **at, const char **digits)
{
	size_t len = 0;

	while (**at == '0')
		(*at)++;
	*digits = *at;
	while (is_digit((*digits)[len]))
		len++;
	*at += len;
	return len;
}

/* Compares the numbers at both and passes over them. */
static int compare_numbers(const char **a, const char **b)
{
	const char *a_digits, *b_digits;
	size_t a_len = natural_take_number(a, &a_digits);
	size_t b_len = natural_take_number(b, &b_digits);

	if (a_len != b_len)
		return a_len < b_len ? -1 : 1;
	return memcmp(a_digits, b_digits, a_len);
}

int natural_compare(const char *a, const char *b)
{
	const char *whole_a = a, *whole_b = b;
	int order = 0;

	while (order == 0 && *a != '\0' && *b != '\0') {
		if (is_digit(*a) && is_digit(*b))
			order = compare_numbers(&a, &b);
		else
			order = (unsigned char)*a++ - (unsigned char)*b++;
	}
	if (order == 0)
		order = (*a != '\0') - (*b != '\0');
	return order != 0 ? order : strcmp(whole_a, whole_b);
}
