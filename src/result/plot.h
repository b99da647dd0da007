/* SPDX-License-Identifier: MIT */
#ifndef RESULT_PLOT_H
#define RESULT_PLOT_H

#include <stdio.h>

#include "result/figure.h"
#include "result/scale.h"

/* How the value at a tick is written. */
typedef struct figure plot_label_fn(double value);

struct plot_axis {
	struct scale scale;
	struct scale_ticks ticks;
	plot_label_fn *label;
};

/*
 * One plot, an inline SVG element that is written to out as it is drawn. The
 * caller fills the struct in, then draws between plot_begin() and plot_end().
 * None of the texts is escaped: they are the program's own.
 */
struct plot {
	FILE *out;
	const char *id;	     /* of the SVG element */
	const char *about;   /* for those who cannot see it */
	const char *x_title; /* what x is and in which unit */
	struct plot_axis x, y;
};

/* A line under way. Opaque to the caller, who keeps it. */
struct plot_pen {
	const struct plot *plot;
	bool is_down;
	bool is_area; /* filled down to the axis */
	double last_x;
};

/* An axis with the ticks of its scale. */
struct plot_axis plot_axis(struct scale scale, plot_label_fn *label);

/* Opens the element and draws grid, ticks and labels, without overlaps. */
void plot_begin(const struct plot *plot);
void plot_end(const struct plot *plot);

/* Says in place of the data that there is none. */
void plot_no_data(const struct plot *plot, const char *why);

/*
 * A line or area of a class from the page's style sheet. A point with a
 * coordinate that is not finite makes a gap.
 */
struct plot_pen plot_line_begin(const struct plot *plot, const char *class);
struct plot_pen plot_area_begin(const struct plot *plot, const char *class);
void plot_pen_to(struct plot_pen *pen, double x, double y);
void plot_pen_end(struct plot_pen *pen);

/* A level line across the whole plot. */
void plot_level(const struct plot *plot, const char *class, double y);

/* A mark at a point, and one on the x axis. Nothing when not finite. */
void plot_dot(const struct plot *plot, const char *class, double x, double y);
void plot_flag(const struct plot *plot, const char *class, double x);

/* A column from x0 to x1 that cannot be seen, and shows what the caller writes
 * to out before the end when a pointer rests on it. */
void plot_hint_begin(const struct plot *plot, double x0, double x1);
void plot_hint_end(const struct plot *plot);

#endif
