/* SPDX-License-Identifier: MIT */
#ifndef RESULT_FIGURE_H
#define RESULT_FIGURE_H

#define FIGURE_MICRO_ASCII "us" /* where a column is a byte */
#define FIGURE_MICRO_UTF8  "\302\265s"

/*
 * A number as people read it. Returned by value, so that it can be used where
 * it is made: printf("%s", figure_count(n).text). What is no number is "-".
 */
struct figure {
	char text[32];
};

/* Microseconds in the unit that suits, three digits: "85.2 us", "1.20 ms".
 * micro is how that unit is spelt, one of the above. */
struct figure figure_time(double us, const char *micro);

/* The same for a round value on an axis: "50 us", "1 ms". In UTF-8. */
struct figure figure_time_tick(double us);

/* A whole number, in groups of three digits: "1,234,567". */
struct figure figure_count(double n);

/* Exchanges per second: as a count, and with a decimal below 1000. */
struct figure figure_rate(double rate);

/* A round number on an axis: "0.5", "20,000". */
struct figure figure_tick(double value);

/* Bytes in powers of 1000, three digits: "1.07 GB". */
struct figure figure_bytes(double bytes);

/* A percentage with a digit behind the point: "12.5 %". */
struct figure figure_percent(double percent);

/* A share of a core, or cores: "0.54". */
struct figure figure_cores(double cores);

#endif
