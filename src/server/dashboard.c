/* SPDX-License-Identifier: MIT */
/*
 * The live page. Numbers that change stand in elements with data-k, the name of
 * their reading, which events replace; what comes from outside passes
 * text_add_html().
 */
#include "server/dashboard.h"

#include <inttypes.h>
#include <string.h>

#include "base/compiler.h"
#include "http/date.h"
#include "http/status.h"
#include "os/network.h"
#include "server/assets.h"

/* The lines' coordinates: a second is a step. */
#define LINE_WIDTH  HISTORY_SAMPLES
#define LINE_HEIGHT 48
#define LINE_STEP   4 /* seconds to a point of a page; events have all */

static void add_value(struct text *text, const struct readings *readings,
		      const char *name)
{
	text_addf(text, "<span data-k=\"%s\">%s</span>", name,
		  readings_get(readings, name));
}

static void add_html(struct text *text, const char *value)
{
	text_add_html(text, slice_of(value));
}

/* --- cards --- */

/* The largest of some samples, as a point of the line. */
static void add_point(struct text *text, const struct history *history,
		      enum history_series series, size_t i, uint64_t peak)
{
	size_t end = i + LINE_STEP < history->n ? i + LINE_STEP : history->n;
	uint64_t value = 0;

	for (size_t k = i; k < end; k++)
		if (history_at(history, series, k) > value)
			value = history_at(history, series, k);
	text_addf(text, "%s%zu,%.1f", i > 0 ? " " : "",
		  LINE_WIDTH - history->n + end,
		  LINE_HEIGHT - 2 -
			  (double)value * (LINE_HEIGHT - 4) / (double)peak);
}

static void add_line(struct text *text, const struct history *history,
		     enum history_series series, const char *what)
{
	uint64_t peak = history_peak(history, series);

	text_addf(text,
		  "<svg viewBox=\"0 0 %d %d\" preserveAspectRatio=\"none\" "
		  "role=\"img\" aria-label=\"%s, the last ten minutes\">"
		  "<polyline data-line=\"%d\" points=\"",
		  LINE_WIDTH, LINE_HEIGHT, what, (int)series);
	for (size_t i = 0; i < history->n; i += LINE_STEP)
		add_point(text, history, series, i, peak > 0 ? peak : 1);
	text_add_str(text, "\"></polyline></svg>");
}

/* Below the line: a label, and a value or two with something between. */
struct card_row {
	const char *label;
	const char *name;
	const char *between;
	const char *other;
};

struct card {
	const char *title;
	const char *now;
	const char *unit;
	const char *peak;
	enum history_series series;
	struct card_row rows[5];
};

static const struct card cards[] = {
	{"UDP",
	 "udp_now",
	 "datagrams/s",
	 "udp_peak",
	 HISTORY_UDP,
	 {{"received", "udp_datagrams", NULL, NULL},
	  {"lost in the kernel", "udp_kernel_lost", NULL, NULL},
	  {"from sources not answered", "udp_source_refused", NULL, NULL},
	  {"perhaps of a loop", "udp_loop_refused", NULL, NULL},
	  {"answers not sent", "udp_send_refused", NULL, NULL}}},
	{"TCP",
	 "tcp_now",
	 "a second",
	 "tcp_peak",
	 HISTORY_TCP,
	 {{"open now", "tcp_open", NULL, NULL},
	  {"accepted", "tcp_connections", NULL, NULL},
	  {"answered", "tcp_total", NULL, NULL},
	  {"timed out", "tcp_timeouts", NULL, NULL},
	  {"failed", "tcp_errors", NULL, NULL}}},
	{"HTTP",
	 "http_now",
	 "requests/s",
	 "http_peak",
	 HISTORY_HTTP,
	 {{"open now", "http_open", NULL, NULL},
	  {"accepted", "http_connections", NULL, NULL},
	  {"requests answered", "http_requests", NULL, NULL},
	  {"refused as malformed", "http_bad_requests", NULL, NULL},
	  {"timed out, failed", "http_timeouts", ", ", "http_errors"}}},
	{"Connections",
	 "open",
	 "open",
	 "open_peak",
	 HISTORY_OPEN,
	 {{"at most", "open_most", NULL, NULL},
	  {"closed to make room", "shed", NULL, NULL},
	  {"refused for lack of memory", "out_of_memory", NULL, NULL},
	  {"accepting paused", "accept_pauses", " times, ", "accept_paused"},
	  {"of these pages", "admin_open", NULL, NULL}}},
	{"Loop",
	 "lag_now",
	 "late",
	 "lag_peak",
	 HISTORY_LAG,
	 {{"processor time", "cpu", NULL, NULL},
	  {"memory", "memory", NULL, NULL},
	  {"descriptors", "descriptors", " of ", "descriptors_most"},
	  {"log lines lost", "log_lines_lost", NULL, NULL},
	  {NULL, NULL, NULL, NULL}}},
};

static void add_card_row(struct text *text, const struct readings *readings,
			 const struct card_row *row)
{
	if (!row->label)
		return;
	text_addf(text, "<dt>%s</dt><dd>", row->label);
	add_value(text, readings, row->name);
	if (row->between) {
		text_add_str(text, row->between);
		add_value(text, readings, row->other);
	}
	text_add_str(text, "</dd>\n");
}

static void add_card(struct text *text, const struct card *card,
		     const struct readings *readings,
		     const struct history *history)
{
	text_addf(text, "<section>\n<h2>%s</h2>\n<p class=\"big\">",
		  card->title);
	add_value(text, readings, card->now);
	text_addf(text, " <small>%s</small></p>\n", card->unit);
	add_line(text, history, card->series, card->title);
	text_add_str(text, "\n<p class=\"peak\">at most ");
	add_value(text, readings, card->peak);
	text_add_str(text, " in ten minutes</p>\n<dl>\n");
	for (size_t i = 0; i < ARRAY_LEN(card->rows); i++)
		add_card_row(text, readings, &card->rows[i]);
	text_add_str(text, "</dl>\n</section>\n");
}

/* --- tables --- */

static void dashboard_begin_table(struct text *text, const char *title,
				  bool is_wide, const char *heads)
{
	text_addf(text,
		  "<section%s>\n<h2>%s</h2>\n<div class=\"scroll\"><table>\n"
		  "<tr>%s</tr>\n",
		  is_wide ? " class=\"wide\"" : "", title, heads);
}

static void dashboard_end_table(struct text *text, size_t n)
{
	text_add_str(text, "</table></div>\n");
	if (n == 0)
		text_add_str(text, "<p class=\"none\">none</p>\n");
	text_add_str(text, "</section>\n");
}

static void add_sockets(struct text *text, const struct sockets *sockets)
{
	char address[ADDRESS_TEXT_SIZE];

	dashboard_begin_table(text, "Where it serves", false,
			      "<th>service</th><th>place</th>");
	for (size_t i = 0; i < sockets->n; i++) {
		const struct served_socket *sock = &sockets->list[i];

		text_addf(text, "<tr><td>%s</td><td class=\"name\">%s",
			  sockets_service_name(sock->service),
			  sock->path[0] ? "unix:" : "");
		add_html(text, sock->path[0] ? sock->path
					     : address_format(&sock->address,
							      address));
		text_add_str(text, "</td></tr>\n");
	}
	dashboard_end_table(text, sockets->n);
}

static void add_sources(struct text *text, const struct snapshot *snapshot)
{
	char address[ADDRESS_TEXT_SIZE];

	dashboard_begin_table(text, "Who has most connections", false,
			      "<th>address</th><th class=\"n\">open</th>");
	for (size_t i = 0; i < snapshot->n_sources; i++)
		text_addf(text,
			  "<tr><td class=\"name\">%s</td>"
			  "<td class=\"n\">%zu</td></tr>\n",
			  network_format_owner(&snapshot->sources[i].owner,
					       address),
			  snapshot->sources[i].n);
	dashboard_end_table(text, snapshot->n_sources);
}

static void add_answers(struct text *text, const struct outcomes *outcomes)
{
	size_t n = 0;

	dashboard_begin_table(
		text, "HTTP answers", false,
		"<th>method</th><th>status</th><th class=\"n\">number</th>");
	for (unsigned i = 0; outcomes && i < OUTCOMES_METHODS * HTTP_STATUSES;
	     i++) {
		unsigned method = i / HTTP_STATUSES;
		unsigned status = http_status_at(i % HTTP_STATUSES);
		uint64_t value = outcomes->n[method][i % HTTP_STATUSES];

		if (value == 0)
			continue;
		n++;
		text_addf(text,
			  "<tr><td>%s</td><td>%u %s</td>"
			  "<td class=\"n\">%" PRIu64 "</td></tr>\n",
			  outcomes_method(method), status,
			  http_status_reason(status), value);
	}
	dashboard_end_table(text, n);
}

/* Whoever wonders what is wrong sees that it is meant. */
static void add_fault_rules(struct text *text, const struct faults *faults)
{
	const char *rule;

	if (!faults)
		return;
	dashboard_begin_table(text, "Faults on purpose", true,
			      "<th>rule</th><th>faults</th>");
	for (size_t i = 0; (rule = faults_rule(faults, i)); i++) {
		text_addf(text, "<tr><td>%zu</td><td>", i + 1);
		add_html(text, rule);
		text_add_str(text, "</td></tr>\n");
	}
	text_addf(text, "<tr><td></td><td>seed %" PRIu64 "</td></tr>\n",
		  faults_seed(faults));
	dashboard_end_table(text, 1);
}

static void add_peer_row(struct text *text, const struct peer *peer)
{
	char address[ADDRESS_TEXT_SIZE];

	text_addf(text,
		  "<tr><td>%s</td><td class=\"name\">%s</td>"
		  "<td class=\"n\">%" PRIu64 " s</td>"
		  "<td class=\"n\">%" PRIu64 "</td>",
		  peer->service, address_format(&peer->address, address),
		  peer->age_ns / 1000000000, peer->n_sent);
	if (peer->has_tcp)
		text_addf(text,
			  "<td class=\"n\">%" PRIu64 "</td>"
			  "<td class=\"n\">%.2f ms</td><td class=\"n\">%u</td>",
			  peer->n_received, peer->rtt_us / 1000.0,
			  (unsigned)peer->n_retransmitted);
	text_add_str(text, "</tr>\n");
}

static void add_peers(struct text *text, const struct snapshot *snapshot)
{
	dashboard_begin_table(
		text, "Newest connections", true,
		"<th>service</th><th>peer</th><th class=\"n\">age</th>"
		"<th class=\"n\">sent</th><th class=\"n\">received</th>"
		"<th class=\"n\">round trip</th>"
		"<th class=\"n\">sent again</th>");
	for (size_t i = 0; i < snapshot->n_peers && i < DASHBOARD_PEERS; i++)
		add_peer_row(text, &snapshot->peers[i]);
	dashboard_end_table(text, snapshot->n_peers);
}

static void add_all_counters(struct text *text, const struct readings *readings)
{
	dashboard_begin_table(text, "Counters", true,
			      "<th>what</th><th class=\"n\">number</th>");
#define X(name, meaning, metric)                                               \
	text_add_str(text, "<tr><td>" meaning " <small>(" #name ")</small>"    \
			   "</td><td class=\"n\">");                           \
	add_value(text, readings, #name);                                      \
	text_add_str(text, "</td></tr>\n");
	COUNTERS(X)
#undef X
	dashboard_end_table(text, 1);
}

static void add_reload(struct text *text, const struct reload_note *reload)
{
	char date[HTTP_DATE_LEN];

	text_add_str(text, "<section>\n<h2>Last reload</h2>\n");
	if (reload->at_s == 0) {
		text_add_str(text, "<p class=\"none\">none</p>\n</section>\n");
		return;
	}
	http_date_format(reload->at_s, date);
	text_addf(text, "<p class=\"none\">%.*s: ", HTTP_DATE_LEN, date);
	if (reload->is_good) {
		text_add_str(text, "all is as the configuration says");
	} else {
		text_add_str(text, "<span class=\"bad\">");
		add_html(text, reload->cause);
		text_add_str(text, "</span>; all stayed as it was");
	}
	text_add_str(text, "</p>\n</section>\n");
}

static void add_log(struct text *text, struct slice log)
{
	text_add_str(text, "<section class=\"wide\">\n<h2>Log</h2>\n<pre>");
	while (log.len > 0) {
		const char *end = memchr(log.ptr, '\n', log.len);
		size_t len = end ? (size_t)(end - log.ptr) : log.len;

		text_add_html(text, (struct slice){log.ptr, len});
		text_add_char(text, '\n');
		len += end != NULL;
		log.ptr += len;
		log.len -= len;
	}
	text_add_str(text, "</pre>\n</section>\n");
}

/* --- the page --- */

static void add_page_head(struct text *text, const char *nonce)
{
	text_addf(text,
		  "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
		  "<meta charset=\"utf-8\">\n"
		  "<meta name=\"viewport\" content=\"width=device-width\">\n"
		  "<meta name=\"color-scheme\" content=\"light dark\">\n"
		  "<noscript><meta http-equiv=\"refresh\" content=\"5\">"
		  "</noscript>\n"
		  "<title>uppercase-server</title>\n"
		  "<style nonce=\"%s\">\n",
		  nonce);
	text_add_str(text, assets_style());
	text_add_str(text, "</style>\n</head>\n<body>\n");
}

static void add_page_top(struct text *text, const struct readings *readings)
{
	text_add_str(text, "<header>\n<h1>uppercase-server</h1>\n"
			   "<p>version " PACKAGE_VERSION ", ");
	add_value(text, readings, "state");
	text_add_str(text, " for ");
	add_value(text, readings, "uptime");
	text_add_str(text, "</p>\n<p id=\"live\"></p>\n</header>\n<main>\n");
}

static void add_tables(struct text *text, const struct snapshot *snapshot,
		       const struct readings *readings)
{
	text_add_str(text, "<div class=\"tables\" id=\"tables\">\n");
	add_fault_rules(text, snapshot->faults);
	add_peers(text, snapshot);
	add_sources(text, snapshot);
	add_answers(text, snapshot->outcomes);
	add_sockets(text, snapshot->sockets);
	add_reload(text, snapshot->reload);
	add_log(text, snapshot->log);
	add_all_counters(text, readings);
	text_add_str(text, "</div>\n");
}

void dashboard_write(struct text *text, const struct snapshot *snapshot,
		     const struct readings *readings,
		     const struct history *history, const char *nonce)
{
	add_page_head(text, nonce);
	add_page_top(text, readings);
	text_add_str(text, "<div class=\"cards\">\n");
	for (size_t i = 0; i < ARRAY_LEN(cards); i++)
		add_card(text, &cards[i], readings, history);
	text_add_str(text, "</div>\n");
	add_tables(text, snapshot, readings);
	text_addf(text,
		  "</main>\n<footer>The same for programs: "
		  "<a href=\"metrics\">metrics</a>, "
		  "<a href=\"status.json\">status.json</a>, "
		  "<a href=\"healthz\">healthz</a>.</footer>\n"
		  "<script nonce=\"%s\">\n",
		  nonce);
	text_add_str(text, assets_script());
	text_add_str(text, "</script>\n</body>\n</html>\n");
}
