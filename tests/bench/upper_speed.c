/* SPDX-License-Identifier: MIT */
/*
 * How fast is upper_ascii() beside memcpy() on 1 MiB, with letters and with
 * nothing to change? Prints the median of many rounds, taken in turn, as MB/s
 * of each and their ratio.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/upper.h"

#define SIZE   (1 << 20)
#define ROUNDS 1001

static char text[SIZE], from[SIZE], to[SIZE];

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Makes the compiler believe that somebody reads the bytes. */
static void keep(const char *bytes)
{
	__asm__ volatile("" : : "r"(bytes) : "memory");
}

static double speed_of(uint64_t start_ns, uint64_t end_ns)
{
	return SIZE * 1e3 / (double)(end_ns - start_ns);
}

static double median_of(double *list)
{
	qsort(list, ROUNDS, sizeof(list[0]), by_value);
	return list[ROUNDS / 2];
}

int main(void)
{
	static double copy[ROUNDS], upper[ROUNDS], again[ROUNDS];
	double middle;

	for (size_t i = 0; i < SIZE; i++)
		text[i] = (char)(i * 7);
	for (int i = 0; i < ROUNDS; i++) {
		uint64_t at[4];

		memcpy(from, text, SIZE);
		at[0] = clock_mono_ns();
		memcpy(to, from, SIZE);
		keep(to);
		at[1] = clock_mono_ns();
		(void)upper_ascii(from, SIZE);
		keep(from);
		at[2] = clock_mono_ns();
		(void)upper_ascii(from, SIZE);
		keep(from);
		at[3] = clock_mono_ns();
		copy[i] = speed_of(at[0], at[1]);
		upper[i] = speed_of(at[1], at[2]);
		again[i] = speed_of(at[2], at[3]);
	}
	middle = median_of(copy);
	printf("memcpy %.0f MB/s, upper_ascii %.0f MB/s, ratio %.2f; "
	       "nothing to change %.2f\n",
	       middle, median_of(upper), median_of(upper) / middle,
	       median_of(again) / middle);
	return 0;
}
