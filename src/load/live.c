/* SPDX-License-Identifier: MIT */
/*
 * The line is as wide as the terminal and never wider, for a line that wraps
 * can't be drawn over. What stands in it is of the last moments, except loss
 * and errors, which are of the whole run: a short trouble must not vanish
 * before somebody looks.
 */
#include "load/live.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/text.h"
#include "load/figure.h"

#define BAR_MAX	    20
#define LINE_SIZE   256
#define WIDTH_MIN   40
#define WIDTH_GUESS 80

struct live {
	struct stats last;
	struct histogram part;
	double last_s;
	bool is_drawn;
};

struct live *live_new(void)
{
	return calloc(1, sizeof(struct live));
}

void live_free(struct live *live)
{
	if (live)
		live_erase(live);
	free(live);
}

static size_t width(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 ||
	    size.ws_col < WIDTH_MIN)
		return WIDTH_GUESS;
	return size.ws_col < LINE_SIZE ? size.ws_col : LINE_SIZE;
}

static void add_bar(struct text *text, double share)
{
	unsigned full = (unsigned)(share * BAR_MAX);

	text_add_char(text, '[');
	for (unsigned i = 0; i < BAR_MAX; i++)
		text_add_char(text, i < full ? '#' : '.');
	text_add_str(text, "] ");
}

/* Between 0 and 1; below 0 when it is not known. */
static double progress(const struct live_view *view, const struct stats *sum)
{
	double share = -1;

	if (view->total_s > 0)
		share = view->elapsed_s / view->total_s;
	else if (view->total > 0)
		share = (double)sum->sent / (double)view->total;
	return share < 1 ? share : 1;
}

static void add_time(struct text *text, const char *name,
		     const struct histogram *h, unsigned share)
{
	if (histogram_supports(h, share))
		text_addf(text, "  %s %s", name,
			  figure_time((double)histogram_percentile(h, share) /
					      1e3,
				      FIGURE_MICRO_ASCII)
				  .text);
}

void live_draw(struct live *live, const struct live_view *view,
	       const struct stats *sum)
{
	double length_s = view->elapsed_s - live->last_s;
	double share = progress(view, sum);
	char buf[LINE_SIZE];
	struct text text = text_in(buf, width() - 1);

	/* A new run starts from nothing. */
	if (length_s < 0) {
		live->last = (struct stats){0};
		length_s = view->elapsed_s;
	}
	histogram_difference(&live->part, &sum->latency, &live->last.latency);
	if (share >= 0)
		add_bar(&text, share);
	text_addf(&text, "%.0f s", view->elapsed_s);
	if (length_s > 0)
		text_addf(&text, "  %s/s",
			  figure_rate((double)live->part.n / length_s).text);
	add_time(&text, "p50", &live->part, 5000);
	add_time(&text, "p99", &live->part, 9900);
	text_addf(&text, "  loss %.2g%%", stats_loss_percent(sum));
	text_addf(&text, "  errors %s",
		  figure_count((double)stats_errors(sum)).text);
	(void)fprintf(stderr, "\r\033[K%.*s", (int)text.len, text.ptr);
	(void)fflush(stderr);
	live->is_drawn = true;
	live->last = *sum;
	live->last_s = view->elapsed_s;
}

void live_erase(struct live *live)
{
	if (!live->is_drawn)
		return;
	(void)fputs("\r\033[K", stderr);
	(void)fflush(stderr);
	live->is_drawn = false;
}
