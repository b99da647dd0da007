/* SPDX-License-Identifier: MIT */
/*
 * The line is narrower than the terminal, for a line that wraps can't be drawn
 * over: what matters least is left out until it fits. The cursor rests at its
 * beginning. A window that shrinks breaks the line in two or more; then the
 * cursor is still where it begins, and all that follows is erased.
 *
 * What stands in it is of the last moments, except loss and errors, which are
 * of the whole run: a short trouble must not vanish before somebody looks.
 */
#include "result/live.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/text.h"
#include "result/figure.h"
#include "result/times.h"

#define BAR_MAX	    10
#define LINE_SIZE   256
#define PART_SIZE   64
#define WIDTH_GUESS 80

struct live {
	struct histogram last; /* latency */
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

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
		return WIDTH_GUESS;
	return size.ws_col < LINE_SIZE ? size.ws_col : LINE_SIZE;
}

/* What the line is put together from, in the order in which it is shown. */
enum live_part {
	PART_BAR,
	PART_TIME,
	PART_STEP,
	PART_RATE,
	PART_P50,
	PART_P99,
	PART_LOSS,
	PART_ERRORS,
	PART_N
};

/* What is left out first when there is no room. */
static const enum live_part dispensable[] = {PART_P50, PART_BAR,  PART_LOSS,
					     PART_P99, PART_TIME, PART_STEP};

struct parts {
	char buf[PART_N][PART_SIZE];
	size_t len[PART_N];
};

static void PRINTF_LIKE(3, 4)
	set_part(struct parts *parts, enum live_part part, const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(parts->buf[part], PART_SIZE, fmt, args);
	va_end(args);
	parts->len[part] = len < 0 ? 0 : strlen(parts->buf[part]);
}

static void set_bar(struct parts *parts, double share)
{
	unsigned full = (unsigned)(share * BAR_MAX);

	set_part(parts, PART_BAR, "[%.*s%.*s]", (int)full, "##########",
		 (int)(BAR_MAX - full), "..........");
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

/* "12 of 60 s", "1,234 of 5,000", or the time alone. */
static void set_progress(struct parts *parts, const struct live_view *view,
			 const struct stats *sum)
{
	if (view->total_s > 0)
		set_part(parts, PART_TIME, "%.0f of %.3g s", view->elapsed_s,
			 view->total_s);
	else if (view->total > 0)
		set_part(parts, PART_TIME, "%s of %s",
			 figure_count((double)sum->sent).text,
			 figure_count((double)view->total).text);
	else
		set_part(parts, PART_TIME, "%.0f s", view->elapsed_s);
}

/* "step 3 of 10 at 20,000/s"; of a search nobody knows how many there are. */
static void live_set_step(struct parts *parts, const struct live_step *step)
{
	char of[24] = "", at[48];

	if (step->number == 0)
		return;
	if (step->total > 0)
		(void)snprintf(of, sizeof(of), " of %u", step->total);
	if (step->rate > 0)
		(void)snprintf(at, sizeof(at), "%s/s",
			       figure_rate(step->rate).text);
	else
		(void)snprintf(at, sizeof(at), "%u clients", step->clients);
	set_part(parts, PART_STEP, "step %u%s at %s", step->number, of, at);
}

static void set_time(struct parts *parts, enum live_part part, const char *name,
		     const struct histogram *h, unsigned share)
{
	double us = times_percentile(h, share);

	if (isfinite(us))
		set_part(parts, part, "%s %s", name,
			 figure_time(us, FIGURE_MICRO_ASCII).text);
}

/* Two columns between the parts. */
static size_t length_of(const struct parts *parts)
{
	size_t len = 0;

	for (size_t i = 0; i < PART_N; i++)
		if (parts->len[i] > 0)
			len += parts->len[i] + 2;
	return len;
}

static void live_make_room(struct parts *parts, size_t room)
{
	for (size_t i = 0;
	     i < ARRAY_LEN(dispensable) && length_of(parts) > room + 2; i++)
		parts->len[dispensable[i]] = 0;
}

static void show_parts(const struct parts *parts, size_t room)
{
	char buf[LINE_SIZE];
	struct text text = text_in(buf, room < LINE_SIZE ? room : LINE_SIZE);

	for (size_t i = 0; i < PART_N; i++) {
		if (parts->len[i] == 0)
			continue;
		if (text.len > 0)
			text_add_str(&text, "  ");
		text_add(&text, (struct slice){parts->buf[i], parts->len[i]});
	}
	(void)fprintf(stderr, "\r\033[J%.*s\r", (int)text.len, text.ptr);
}

void live_draw(struct live *live, const struct live_view *view,
	       const struct stats *sum)
{
	double length_s = view->elapsed_s - live->last_s;
	double share = progress(view, sum);
	struct parts parts = {0};
	size_t room = width() - 1;

	/* A new run starts from nothing. */
	if (length_s < 0) {
		memset(&live->last, 0, sizeof(live->last));
		length_s = view->elapsed_s;
	}
	histogram_difference(&live->part, &sum->latency, &live->last);
	if (share >= 0)
		set_bar(&parts, share);
	set_progress(&parts, view, sum);
	live_set_step(&parts, &view->step);
	if (length_s > 0)
		set_part(&parts, PART_RATE, "%s/s",
			 figure_rate((double)live->part.n / length_s).text);
	set_time(&parts, PART_P50, "p50", &live->part, 5000);
	set_time(&parts, PART_P99, "p99", &live->part, 9900);
	set_part(&parts, PART_LOSS, "loss %s",
		 figure_percent(stats_loss_percent(sum)).text);
	set_part(&parts, PART_ERRORS, "errors %s",
		 figure_count((double)stats_errors(sum)).text);
	live_make_room(&parts, room);
	show_parts(&parts, room);
	live->is_drawn = true;
	live->last = sum->latency;
	live->last_s = view->elapsed_s;
}

void live_erase(struct live *live)
{
	if (!live->is_drawn)
		return;
	(void)fputs("\r\033[J", stderr);
	live->is_drawn = false;
}
