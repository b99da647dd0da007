/* SPDX-License-Identifier: MIT */
/*
 * Numbers as people read them: in the unit that suits, with as many digits as
 * mean something. A number that is not known is a value too, NAN, and shows as
 * a dash. Nobody takes it for a zero.
 */
#include "result/figure.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"

/* What is not below this was not measured. */
#define FIGURE_ENDLESS 1e18

/* A unit and how many of the base unit it holds, smallest first. */
struct figure_unit {
	double size;
	const char *name;
};

static const struct figure_unit byte_units[] = {
	{1, "B"}, {1e3, "kB"}, {1e6, "MB"}, {1e9, "GB"}, {1e12, "TB"},
};

static struct figure no_figure(void)
{
	return (struct figure){"-"};
}

/* The largest unit of which value, rounded to three digits, holds one. */
static const struct figure_unit *unit_for(const struct figure_unit *units,
					  size_t n, double value)
{
	const struct figure_unit *unit = units;

	for (size_t i = 1; i < n; i++) {
		if (value >= units[i].size * 0.9995)
			unit = &units[i];
	}
	return unit;
}

struct figure figure_count(double n)
{
	char digits[24];
	struct figure figure;
	size_t len, at = 0;

	if (!(fabs(n) < FIGURE_ENDLESS))
		return no_figure();
	(void)snprintf(digits, sizeof(digits), "%.0f", fabs(n));
	len = strlen(digits);
	if (n <= -0.5)
		figure.text[at++] = '-';
	for (size_t i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			figure.text[at++] = ',';
		figure.text[at++] = digits[i];
	}
	figure.text[at] = '\0';
	return figure;
}

/* Three significant digits, or all before the point. */
static struct figure in_unit(double value, const struct figure_unit *unit)
{
	double x = value / unit->size;
	int decimals = x < 9.995 ? 2 : x < 99.95 ? 1 : 0;
	struct figure figure;

	if (x >= 999.5)
		(void)snprintf(figure.text, sizeof(figure.text), "%.22s %s",
			       figure_count(x).text, unit->name);
	else
		(void)snprintf(figure.text, sizeof(figure.text), "%.*f %s",
			       decimals, x, unit->name);
	return figure;
}

struct figure figure_time(double us, const char *micro)
{
	const struct figure_unit units[] = {
		{1, micro}, {1e3, "ms"}, {1e6, "s"}};

	if (!(us < FIGURE_ENDLESS))
		return no_figure();
	return in_unit(us, unit_for(units, ARRAY_LEN(units), us));
}

struct figure figure_time_tick(double us)
{
	const struct figure_unit units[] = {
		{1, FIGURE_MICRO_UTF8}, {1e3, "ms"}, {1e6, "s"}};
	const struct figure_unit *unit = unit_for(units, ARRAY_LEN(units), us);
	struct figure figure;

	(void)snprintf(figure.text, sizeof(figure.text), "%.6g %s",
		       us / unit->size, unit->name);
	return figure;
}

struct figure figure_rate(double rate)
{
	struct figure figure;

	if (!isfinite(rate) || rate >= 999.95)
		return figure_count(rate);
	(void)snprintf(figure.text, sizeof(figure.text), "%.1f", rate);
	return figure;
}

struct figure figure_tick(double value)
{
	struct figure figure;

	if (fabs(value) >= 1000)
		return figure_count(value);
	(void)snprintf(figure.text, sizeof(figure.text), "%.6g", value);
	return figure;
}

struct figure figure_bytes(double bytes)
{
	struct figure figure;

	if (!(bytes < FIGURE_ENDLESS))
		return no_figure();
	figure = in_unit(bytes,
			 unit_for(byte_units, ARRAY_LEN(byte_units), bytes));
	if (bytes < 999.5)
		(void)snprintf(figure.text, sizeof(figure.text), "%.0f B",
			       bytes);
	return figure;
}

struct figure figure_percent(double percent)
{
	struct figure figure;

	if (!(fabs(percent) < FIGURE_ENDLESS))
		return no_figure();
	(void)snprintf(figure.text, sizeof(figure.text), "%.*f %%",
		       percent > 0 && percent < 0.0995 ? 3 : 1, percent);
	return figure;
}

struct figure figure_cores(double cores)
{
	struct figure figure;

	if (!(fabs(cores) < FIGURE_ENDLESS))
		return no_figure();
	(void)snprintf(figure.text, sizeof(figure.text), "%.2f", cores);
	return figure;
}
