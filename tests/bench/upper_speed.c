/* SPDX-License-Identifier: MIT */
/*
 * How fast is upper_ascii() beside memcpy() on 1 MiB? Prints the median of
 * many rounds, taken in turn, as MB/s of each and their ratio.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/upper.h"

#define SIZE   (1 << 20)
#define ROUNDS 1001

static char from[SIZE], to[SIZE];

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

int main(void)
{
	static double copy[ROUNDS], upper[ROUNDS];

	for (size_t i = 0; i < SIZE; i++)
		from[i] = (char)(i * 7);
	for (int i = 0; i < ROUNDS; i++) {
		uint64_t start = clock_mono_ns(), middle;

		memcpy(to, from, SIZE);
		keep(to);
		middle = clock_mono_ns();
		upper_ascii(from, SIZE);
		keep(from);
		upper[i] = SIZE * 1e3 / (double)(clock_mono_ns() - middle);
		copy[i] = SIZE * 1e3 / (double)(middle - start);
	}
	qsort(copy, ROUNDS, sizeof(copy[0]), by_value);
	qsort(upper, ROUNDS, sizeof(upper[0]), by_value);
	printf("memcpy %.0f MB/s, upper_ascii %.0f MB/s, ratio %.2f\n",
	       copy[ROUNDS / 2], upper[ROUNDS / 2],
	       upper[ROUNDS / 2] / copy[ROUNDS / 2]);
	return 0;
}
