/* SPDX-License-Identifier: MIT */
/*
 * A plot as inline SVG. It scales with the page, so its units are not pixels;
 * they are chosen so that it can be read at the width of a phone and fills half
 * of a desktop's window without looking coarse. Colours and strokes are the
 * page's: here are only classes, so that light and dark need one drawing.
 *
 * Nothing is kept: a plot is written from start to end, in the order in which
 * it is painted.
 */
#include "result/plot.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#define PLOT_WIDTH  440.0
#define PLOT_HEIGHT 260.0
#define PLOT_LEFT   68.0 /* room for "1,000,000" */
#define PLOT_RIGHT  14.0 /* for half of the last label below */
#define PLOT_TOP    10.0
#define PLOT_BOTTOM 42.0 /* for labels and the title of the axis */
#define PLOT_CHAR   8.0	 /* how wide a digit is, at most */

static double place_x(const struct plot *plot, double x)
{
	return PLOT_LEFT + scale_place(&plot->x.scale, x) *
				   (PLOT_WIDTH - PLOT_LEFT - PLOT_RIGHT);
}

static double place_y(const struct plot *plot, double y)
{
	return PLOT_HEIGHT - PLOT_BOTTOM -
	       scale_place(&plot->y.scale, y) *
		       (PLOT_HEIGHT - PLOT_TOP - PLOT_BOTTOM);
}

struct plot_axis plot_axis(struct scale scale, plot_label_fn *label)
{
	return (struct plot_axis){scale, scale_ticks(&scale), label};
}

static void draw_x_axis(const struct plot *plot)
{
	double clear = 0; /* labels have not come further than this */
	double bottom = PLOT_HEIGHT - PLOT_BOTTOM;

	for (size_t i = 0; i < plot->x.ticks.n; i++) {
		double x = place_x(plot, plot->x.ticks.at[i]);
		struct figure label = plot->x.label(plot->x.ticks.at[i]);
		double half = (double)strlen(label.text) * PLOT_CHAR / 2;

		fprintf(plot->out,
			"<path class=\"grid\" d=\"M%.1f %.1fV%.1f\"/>\n", x,
			PLOT_TOP, bottom + 4);
		x = fmin(x, PLOT_WIDTH - half);
		if (x - half < clear)
			continue;
		clear = x + half + PLOT_CHAR / 2;
		fprintf(plot->out,
			"<text x=\"%.1f\" y=\"%.1f\" class=\"mid\">%s</text>\n",
			x, bottom + 17, label.text);
	}
	fprintf(plot->out,
		"<text x=\"%.1f\" y=\"%.1f\" class=\"mid soft\">%s</text>\n",
		(PLOT_LEFT + PLOT_WIDTH - PLOT_RIGHT) / 2, PLOT_HEIGHT - 7,
		plot->x_title);
}

static void draw_y_axis(const struct plot *plot)
{
	for (size_t i = 0; i < plot->y.ticks.n; i++) {
		double y = place_y(plot, plot->y.ticks.at[i]);

		fprintf(plot->out,
			"<path class=\"grid\" d=\"M%.1f %.1fH%.1f\"/>\n"
			"<text x=\"%.1f\" y=\"%.1f\" class=\"end\">%s</text>\n",
			PLOT_LEFT, y, PLOT_WIDTH - PLOT_RIGHT, PLOT_LEFT - 6,
			y + 4, plot->y.label(plot->y.ticks.at[i]).text);
	}
}

void plot_begin(const struct plot *plot)
{
	fprintf(plot->out,
		"<svg id=\"%s\" viewBox=\"0 0 %.0f %.0f\" role=\"img\" "
		"aria-label=\"%s\">\n",
		plot->id, PLOT_WIDTH, PLOT_HEIGHT, plot->about);
	draw_x_axis(plot);
	draw_y_axis(plot);
	fprintf(plot->out, "<path class=\"axis\" d=\"M%.1f %.1fH%.1f\"/>\n",
		PLOT_LEFT, PLOT_HEIGHT - PLOT_BOTTOM, PLOT_WIDTH - PLOT_RIGHT);
}

void plot_end(const struct plot *plot)
{
	fputs("</svg>\n", plot->out);
}

void plot_no_data(const struct plot *plot, const char *why)
{
	fprintf(plot->out,
		"<text x=\"%.1f\" y=\"%.1f\" class=\"mid soft\">%s</text>\n",
		(PLOT_LEFT + PLOT_WIDTH - PLOT_RIGHT) / 2,
		(PLOT_TOP + PLOT_HEIGHT - PLOT_BOTTOM) / 2, why);
}

/* --- lines --- */

struct plot_pen plot_line_begin(const struct plot *plot, const char *class)
{
	fprintf(plot->out, "<path class=\"%s\" d=\"", class);
	return (struct plot_pen){.plot = plot};
}

struct plot_pen plot_area_begin(const struct plot *plot, const char *class)
{
	struct plot_pen pen = plot_line_begin(plot, class);

	pen.is_area = true;
	return pen;
}

static void pull_up(struct plot_pen *pen)
{
	if (pen->is_down && pen->is_area)
		fprintf(pen->plot->out, "L%.1f %.1fZ", pen->last_x,
			PLOT_HEIGHT - PLOT_BOTTOM);
	pen->is_down = false;
}

static void put_down(struct plot_pen *pen, double x, double y)
{
	/* The stroke of no length shows a lone point, by its round cap. */
	if (pen->is_area)
		fprintf(pen->plot->out, "M%.1f %.1fV%.1f", x,
			PLOT_HEIGHT - PLOT_BOTTOM, y);
	else
		fprintf(pen->plot->out, "M%.1f %.1fh0", x, y);
	pen->is_down = true;
}

void plot_pen_to(struct plot_pen *pen, double x, double y)
{
	if (!isfinite(x) || !isfinite(y)) {
		pull_up(pen);
		return;
	}
	x = place_x(pen->plot, x);
	y = place_y(pen->plot, y);
	if (pen->is_down)
		fprintf(pen->plot->out, "L%.1f %.1f", x, y);
	else
		put_down(pen, x, y);
	pen->last_x = x;
}

void plot_pen_end(struct plot_pen *pen)
{
	pull_up(pen);
	fputs("\"/>\n", pen->plot->out);
}

void plot_level(const struct plot *plot, const char *class, double y)
{
	if (!isfinite(y))
		return;
	fprintf(plot->out, "<path class=\"%s\" d=\"M%.1f %.1fH%.1f\"/>\n",
		class, PLOT_LEFT, place_y(plot, y), PLOT_WIDTH - PLOT_RIGHT);
}

/* --- marks --- */

void plot_dot(const struct plot *plot, const char *class, double x, double y)
{
	if (!isfinite(x) || !isfinite(y))
		return;
	fprintf(plot->out,
		"<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\"/>\n",
		class, place_x(plot, x), place_y(plot, y));
}

void plot_flag(const struct plot *plot, const char *class, double x)
{
	if (!isfinite(x))
		return;
	fprintf(plot->out, "<path class=\"%s\" d=\"M%.1f %.1fl-3.5 -8h7z\"/>\n",
		class, place_x(plot, x), PLOT_HEIGHT - PLOT_BOTTOM);
}

void plot_hint_begin(const struct plot *plot, double x0, double x1)
{
	double left = place_x(plot, x0), right = place_x(plot, x1);

	fprintf(plot->out,
		"<rect class=\"hint\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
		"height=\"%.1f\"><title>",
		left, PLOT_TOP, fmax(right - left, 0),
		PLOT_HEIGHT - PLOT_TOP - PLOT_BOTTOM);
}

void plot_hint_end(const struct plot *plot)
{
	fputs("</title></rect>\n", plot->out);
}
