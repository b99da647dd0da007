/* SPDX-License-Identifier: MIT */
/* Who reads it decides the form; what is said is the same. */
#include "client/ping_report.h"

#include <unistd.h>

#include "client/narrator.h"
#include "client/output.h"
#include "client/ping_json.h"
#include "client/ping_lines.h"

#define PING_REPORT_SIZE 4096

static void ping_report_write(struct ping_report *report,
			      const struct text *text)
{
	if (report->status != CLIENT_OK)
		return;
	if (text->overflow) {
		report_error("memory: not enough for a line");
		report->status = CLIENT_FAILED;
		return;
	}
	report->status = output_write(text_slice(text));
}

void ping_report_begin(struct ping_report *report,
		       const struct client_options *options,
		       const struct address *peer)
{
	char buf[PING_REPORT_SIZE];
	struct text text = text_in(buf, sizeof(buf));

	report->options = options;
	(void)address_format(peer, report->peer);
	if (options->is_json)
		ping_json_add_begin(&text, report->peer, options);
	else
		ping_lines_add_begin(&text, report->peer, options);
	ping_report_write(report, &text);
}

/* A flood has no time to be read. */
static void add_dot(struct ping_report *report, struct text *text,
		    const struct ping_event *event)
{
	if ((event->kind != PING_TIMEOUT && event->kind != PING_ERROR) ||
	    !isatty(STDOUT_FILENO))
		return;
	text_add_char(text, '.');
	report->has_dots = true;
}

void ping_report_event(struct ping_report *report,
		       const struct ping_event *event)
{
	char buf[PING_REPORT_SIZE];
	struct text text = text_in(buf, sizeof(buf));

	if (report->options->is_json)
		ping_json_add_event(&text, event);
	else if (report->options->is_flooding)
		add_dot(report, &text, event);
	else
		ping_lines_add_event(&text, event);
	ping_report_write(report, &text);
}

void ping_report_end(struct ping_report *report,
		     const struct ping_figures *figures)
{
	char buf[PING_REPORT_SIZE];
	struct text text = text_in(buf, sizeof(buf));

	if (report->has_dots)
		text_add_char(&text, '\n');
	if (report->options->is_json)
		ping_json_add_end(&text, report->peer, figures);
	else
		ping_lines_add_end(&text, report->peer, figures);
	ping_report_write(report, &text);
}
