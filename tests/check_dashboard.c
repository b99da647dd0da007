/* SPDX-License-Identifier: MIT */
/*
 * The live page: whole without scripts, with nothing in it that the policy of
 * its nonce forbids, and nothing that a name could break out of.
 */
#include "server/dashboard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "loop/loop.h"
#include "server/assets.h"
#include "snapshot_fixture.h"

#define NONCE "0123456789abcdef"

static char buf[LOOP_OUT_SIZE + 1];
static struct history history;
static struct readings readings;

static void set_up(void)
{
	history = (struct history){0};
}

static void write_page(const struct snapshot *snapshot)
{
	struct text text = text_in(buf, sizeof(buf) - 1);

	readings_take(&readings, snapshot, &history);
	dashboard_write(&text, snapshot, &readings, &history, NONCE);
	ck_assert(!text.overflow);
	buf[text.len] = '\0';
}

static void expect(const char *piece)
{
	if (!strstr(buf, piece))
		harness_fail("no %s in:\n%s", piece, buf);
}

static size_t count(const char *piece)
{
	size_t n = 0;

	for (const char *at = buf; (at = strstr(at, piece)); at++)
		n++;
	return n;
}

START_TEST(everything_is_in_the_page_itself)
{
	write_page(snapshot_make());
	expect("<span data-k=\"state\">serving</span>");
	expect("<span data-k=\"uptime\">1 d 2 h</span>");
	expect("<span data-k=\"udp_datagrams\">7</span>");
	expect("<td>HEAD</td><td>404 Not Found</td><td class=\"n\">1</td>");
	expect("192.0.2.1:40000");
	expect("2001::/64");
	expect("0.25 ms");
	expect("<p class=\"peak\">at most <span");
	expect("http-equiv=\"refresh\"");
	expect(assets_style());
	expect(assets_script());
}
END_TEST

/* The page's pieces, between which are what has its own test or place. */
static const char page_top[] =
	"<!DOCTYPE html>\n"
	"<html lang=\"en\">\n"
	"<head>\n"
	"<meta charset=\"utf-8\">\n"
	"<meta name=\"viewport\" content=\"width=device-width\">\n"
	"<meta name=\"color-scheme\" content=\"light dark\">\n"
	"<noscript><meta http-equiv=\"refresh\" content=\"5\"></noscript>\n"
	"<title>uppercase-server</title>\n"
	"<style nonce=\"" NONCE "\">\n";
static const char page_middle[] =
	"</style>\n"
	"</head>\n"
	"<body>\n"
	"<header>\n"
	"<h1>uppercase-server</h1>\n"
	"<p>version " PACKAGE_VERSION
	", <span data-k=\"state\">serving</span> for <span "
	"data-k=\"uptime\">1 d 2 h</span></p>\n"
	"<p id=\"live\"></p>\n"
	"</header>\n"
	"<main>\n"
	"<div class=\"cards\">\n"
	"<section>\n"
	"<h2>UDP</h2>\n"
	"<p class=\"big\"><span data-k=\"udp_now\">9</span> <small>"
	"datagrams/s</small></p>\n"
	"<svg viewBox=\"0 0 600 48\" preserveAspectRatio=\"none\" "
	"role=\"img\" aria-label=\"UDP, the last ten minutes\"><polyline "
	"data-line=\"0\" points=\"598,6.9 600,2.0\"></polyline></svg>\n"
	"<p class=\"peak\">at most <span data-k=\"udp_peak\">9</span> in "
	"ten minutes</p>\n"
	"<dl>\n"
	"<dt>received</dt><dd><span data-k=\"udp_datagrams\">7</span></dd>"
	"\n"
	"<dt>lost in the kernel</dt><dd><span data-k=\"udp_kernel_lost\">"
	"0</span></dd>\n"
	"<dt>from sources not answered</dt><dd><span "
	"data-k=\"udp_source_refused\">0</span></dd>\n"
	"<dt>perhaps of a loop</dt><dd><span data-k=\"udp_loop_refused\">"
	"0</span></dd>\n"
	"<dt>answers not sent</dt><dd><span data-k=\"udp_send_refused\">"
	"0</span></dd>\n"
	"</dl>\n"
	"</section>\n"
	"<section>\n"
	"<h2>TCP</h2>\n"
	"<p class=\"big\"><span data-k=\"tcp_now\">8.0 KiB</span> <small>a "
	"second</small></p>\n"
	"<svg viewBox=\"0 0 600 48\" preserveAspectRatio=\"none\" "
	"role=\"img\" aria-label=\"TCP, the last ten minutes\"><polyline "
	"data-line=\"1\" points=\"598,35.0 600,2.0\"></polyline></svg>\n"
	"<p class=\"peak\">at most <span data-k=\"tcp_peak\">8.0 KiB</span>"
	" in ten minutes</p>\n"
	"<dl>\n"
	"<dt>open now</dt><dd><span data-k=\"tcp_open\">5</span></dd>\n"
	"<dt>accepted</dt><dd><span data-k=\"tcp_connections\">0</span>"
	"</dd>\n"
	"<dt>answered</dt><dd><span data-k=\"tcp_total\">3.0 MiB</span>"
	"</dd>\n"
	"<dt>timed out</dt><dd><span data-k=\"tcp_timeouts\">0</span></dd>"
	"\n"
	"<dt>failed</dt><dd><span data-k=\"tcp_errors\">0</span></dd>\n"
	"</dl>\n"
	"</section>\n"
	"<section>\n"
	"<h2>HTTP</h2>\n"
	"<p class=\"big\"><span data-k=\"http_now\">5</span> <small>"
	"requests/s</small></p>\n"
	"<svg viewBox=\"0 0 600 48\" preserveAspectRatio=\"none\" "
	"role=\"img\" aria-label=\"HTTP, the last ten minutes\"><polyline "
	"data-line=\"2\" points=\"598,19.6 600,2.0\"></polyline></svg>\n"
	"<p class=\"peak\">at most <span data-k=\"http_peak\">5</span> in "
	"ten minutes</p>\n"
	"<dl>\n"
	"<dt>open now</dt><dd><span data-k=\"http_open\">3</span></dd>\n"
	"<dt>accepted</dt><dd><span data-k=\"http_connections\">0</span>"
	"</dd>\n"
	"<dt>requests answered</dt><dd><span data-k=\"http_requests\">"
	"9</span></dd>\n"
	"<dt>refused as malformed</dt><dd><span "
	"data-k=\"http_bad_requests\">0</span></dd>\n"
	"<dt>timed out, failed</dt><dd><span data-k=\"http_timeouts\">"
	"0</span>, <span data-k=\"http_errors\">0</span></dd>\n"
	"</dl>\n"
	"</section>\n"
	"<section>\n"
	"<h2>Connections</h2>\n"
	"<p class=\"big\"><span data-k=\"open\">8</span> <small>"
	"open</small></p>\n"
	"<svg viewBox=\"0 0 600 48\" preserveAspectRatio=\"none\" "
	"role=\"img\" aria-label=\"Connections, the last ten minutes\">"
	"<polyline data-line=\"3\" points=\"598,16.7 600,2.0\"></polyline>"
	"</svg>\n"
	"<p class=\"peak\">at most <span data-k=\"open_peak\">6</span> in "
	"ten minutes</p>\n"
	"<dl>\n"
	"<dt>at most</dt><dd><span data-k=\"open_most\">100</span></dd>\n"
	"<dt>closed to make room</dt><dd><span data-k=\"shed\">0</span>"
	"</dd>\n"
	"<dt>refused for lack of memory</dt><dd><span "
	"data-k=\"out_of_memory\">0</span></dd>\n"
	"<dt>accepting paused</dt><dd><span data-k=\"accept_pauses\">"
	"0</span> times, <span data-k=\"accept_paused\">1250.0 ms</span>"
	"</dd>\n"
	"<dt>of these pages</dt><dd><span data-k=\"admin_open\">2</span>"
	"</dd>\n"
	"</dl>\n"
	"</section>\n"
	"<section>\n"
	"<h2>Loop</h2>\n"
	"<p class=\"big\"><span data-k=\"lag_now\">7.5 ms</span> <small>"
	"late</small></p>\n"
	"<svg viewBox=\"0 0 600 48\" preserveAspectRatio=\"none\" "
	"role=\"img\" aria-label=\"Loop, the last ten minutes\"><polyline "
	"data-line=\"4\" points=\"598,19.6 600,2.0\"></polyline></svg>\n"
	"<p class=\"peak\">at most <span data-k=\"lag_peak\">7.5 ms</span> "
	"in ten minutes</p>\n"
	"<dl>\n"
	"<dt>processor time</dt><dd><span data-k=\"cpu\">1 s</span></dd>\n"
	"<dt>memory</dt><dd><span data-k=\"memory\">4.0 KiB</span></dd>\n"
	"<dt>descriptors</dt><dd><span data-k=\"descriptors\">17</span> of "
	"<span data-k=\"descriptors_most\">128</span></dd>\n"
	"<dt>log lines lost</dt><dd><span data-k=\"log_lines_lost\">"
	"0</span></dd>\n"
	"</dl>\n"
	"</section>\n"
	"</div>\n"
	"<div class=\"tables\" id=\"tables\">\n"
	"<section class=\"wide\">\n"
	"<h2>Faults on purpose</h2>\n"
	"<div class=\"scroll\"><table>\n"
	"<tr><th>rule</th><th>faults</th></tr>\n"
	"<tr><td>1</td><td>http path=/a&quot;&lt;b&gt;*: "
	"status 503</td></tr>\n"
	"<tr><td>2</td><td>tcp: close after 10B</td></tr>\n"
	"<tr><td></td><td>seed 7</td></tr>\n"
	"</table></div>\n"
	"</section>\n"
	"<section class=\"wide\">\n"
	"<h2>Newest connections</h2>\n"
	"<div class=\"scroll\"><table>\n"
	"<tr><th>service</th><th>peer</th><th class=\"n\">age</th><th "
	"class=\"n\">sent</th><th class=\"n\">received</th><th class=\"n\">"
	"round trip</th><th class=\"n\">sent again</th></tr>\n"
	"<tr><td>http</td><td class=\"name\">192.0.2.1:40000</td><td "
	"class=\"n\">1 s</td><td class=\"n\">123456</td><td class=\"n\">"
	"789</td><td class=\"n\">0.25 ms</td><td class=\"n\">3</td></tr>\n"
	"<tr><td>tcp</td><td class=\"name\">unix</td><td class=\"n\">0 "
	"s</td><td class=\"n\">0</td></tr>\n"
	"</table></div>\n"
	"</section>\n"
	"<section>\n"
	"<h2>Who has most connections</h2>\n"
	"<div class=\"scroll\"><table>\n"
	"<tr><th>address</th><th class=\"n\">open</th></tr>\n"
	"<tr><td class=\"name\">2001::/64</td><td class=\"n\">12</td></tr>"
	"\n"
	"<tr><td class=\"name\">192.0.2.1</td><td class=\"n\">2</td></tr>\n"
	"</table></div>\n"
	"</section>\n"
	"<section>\n"
	"<h2>HTTP answers</h2>\n"
	"<div class=\"scroll\"><table>\n"
	"<tr><th>method</th><th>status</th><th class=\"n\">number</th></tr>"
	"\n"
	"<tr><td>HEAD</td><td>404 Not Found</td><td class=\"n\">1</td></tr>"
	"\n"
	"</table></div>\n"
	"</section>\n"
	"<section>\n"
	"<h2>Where it serves</h2>\n"
	"<div class=\"scroll\"><table>\n"
	"<tr><th>service</th><th>place</th></tr>\n"
	"<tr><td>http</td><td class=\"name\">127.0.0.1:80</td></tr>\n"
	"<tr><td>admin</td><td class=\"name\">"
	"unix:/run/a&quot;b\\c&lt;/script&gt;&lt;b&gt;&amp;\357\277\275\357"
	"\277\275&#39;</td></tr>\n"
	"</table></div>\n"
	"</section>\n"
	"<section>\n"
	"<h2>Last reload</h2>\n"
	"<p class=\"none\">Thu, 26 Nov 2026 19:11:34 GMT: <span "
	"class=\"bad\">a&quot;b\\c&lt;/script&gt;&lt;b&gt;&amp;\357\277\275"
	"\357\277\275&#39;</span>; all stayed as it was</p>\n"
	"</section>\n"
	"<section class=\"wide\">\n"
	"<h2>Log</h2>\n"
	"<pre>2026-11-26T19:11:34Z ready: "
	"a&quot;b\\c&lt;/script&gt;&lt;b&gt;&amp;\357\277\275\357\277\275&#"
	"39;\n"
	"2026-11-26T19:11:35Z second line\n"
	"</pre>\n"
	"</section>\n"
	"<section class=\"wide\">\n"
	"<h2>Counters</h2>\n"
	"<div class=\"scroll\"><table>\n"
	"<tr><th>what</th><th class=\"n\">number</th></tr>\n";
static const char page_bottom[] =
	"</table></div>\n"
	"</section>\n"
	"</div>\n"
	"</main>\n"
	"<footer>The same for programs: <a href=\"metrics\">metrics</a>, "
	"<a href=\"status.json\">status.json</a>, <a href=\"healthz\">"
	"healthz</a>.</footer>\n"
	"<script nonce=\"" NONCE "\">\n";
static const char page_end[] = "</script>\n"
			       "</body>\n"
			       "</html>\n";

static void write_expected(struct text *text)
{
	text_add_str(text, page_top);
	text_add_str(text, assets_style());
	text_add_str(text, page_middle);
#define X(name, meaning, metric)                                               \
	text_addf(text,                                                        \
		  "<tr><td>" meaning " <small>(" #name ")</small></td>"        \
		  "<td class=\"n\"><span data-k=\"" #name                      \
		  "\">%s</span></td></tr>\n",                                  \
		  readings_get(&readings, #name));
	COUNTERS(X)
#undef X
	text_add_str(text, page_bottom);
	text_add_str(text, assets_script());
	text_add_str(text, page_end);
}

/* A second each, and every series its own way. */
static void make_six_samples(void)
{
	struct counters counted = {0};

	history_begin(&history, &counted);
	for (unsigned i = 0; i < 6; i++) {
		counted.udp_datagrams += i * 37 % 11;
		counted.http_requests += i;
		counted.tcp_bytes += 256u << i;
		history_add(&history, &counted, 1000000000, i + 1, 1500000 * i);
	}
}

START_TEST(the_page_is_this_and_nothing_else)
{
	static char wanted[LOOP_OUT_SIZE];
	struct text text = text_in(wanted, sizeof(wanted) - 1);

	make_six_samples();
	write_page(snapshot_make());
	write_expected(&text);
	wanted[text.len] = '\0';
	ck_assert_str_eq(buf, wanted);
}
END_TEST

/* The largest of each four, wherever it stands among them. */
START_TEST(a_point_is_the_largest_of_its_seconds)
{
	static const char *const points[] = {
		"points=\"600,2.0\"",	       "points=\"600,2.0\"",
		"points=\"600,2.0\"",	       "points=\"600,2.0\"",
		"points=\"599,46.0 600,2.0\"",
	};
	struct counters counted = {0};

	history_begin(&history, &counted);
	for (int i = 0; i <= (_i < 4 ? 3 : 4); i++) {
		counted.udp_datagrams += i == _i ? 9 : 0;
		history_add(&history, &counted, 1000000000, 0, 0);
	}
	write_page(snapshot_make());
	expect(points[_i]);
}
END_TEST

START_TEST(a_reload_that_went_well_is_told)
{
	struct snapshot *snapshot = snapshot_make();
	struct reload_note reload = {.at_s = 1795720294, .is_good = true};

	snapshot->reload = &reload;
	snapshot->log = slice_of("a\n\nb");
	write_page(snapshot);
	expect("<p class=\"none\">Thu, 26 Nov 2026 19:11:34 GMT: all is as the "
	       "configuration says</p>\n</section>\n");
	expect("<pre>a\n\nb\n</pre>");
}
END_TEST

START_TEST(not_all_connections_are_on_the_page)
{
	static struct peer peers[DASHBOARD_PEERS + 1];
	struct snapshot *snapshot = snapshot_make();

	for (size_t i = 0; i < ARRAY_LEN(peers); i++) {
		peers[i] = snapshot->peers[0];
		peers[i].service = "peer";
	}
	snapshot->peers = peers;
	snapshot->n_peers = ARRAY_LEN(peers);
	write_page(snapshot);
	ck_assert_uint_eq(count("<td>peer</td>"), DASHBOARD_PEERS);
}
END_TEST

START_TEST(names_cannot_break_out)
{
	write_page(snapshot_make());
	/* In the path of a socket, the log, and the cause of a reload. */
	ck_assert_uint_eq(count("a&quot;b\\c&lt;/script&gt;&lt;b&gt;&amp;"), 3);
	ck_assert_uint_eq(count("<b>"), 0);
	ck_assert_uint_eq(count("</script>"), 1);
}
END_TEST

/* What a policy without 'unsafe-inline' would not let act. */
START_TEST(nothing_needs_more_than_the_nonce)
{
	static const char *const never[] = {
		" style=", " onclick=", " onload=", "javascript:",
		"src=",	   "http://",	"https://"};

	write_page(snapshot_make());
	for (size_t i = 0; i < ARRAY_LEN(never); i++)
		ck_assert_msg(count(never[i]) == 0, "%s", never[i]);
	ck_assert_uint_eq(count("<script"), 1);
	ck_assert_uint_eq(count("<style"), 1);
	ck_assert_uint_eq(count("nonce=\"" NONCE "\""), 2);
}
END_TEST

/* Every name that an event brings must be one that the page has, or no harm;
 * and every place in the page must be brought up to date. */
START_TEST(each_place_has_a_reading)
{
	struct snapshot *snapshot = snapshot_make();
	char name[64];

	write_page(snapshot);
	readings_take(&readings, snapshot, &history);
	for (const char *at = buf; (at = strstr(at, "data-k=\"")); at++) {
		ck_assert_int_eq(sscanf(at, "data-k=\"%63[^\"]", name), 1);
		ck_assert_msg(readings_get(&readings, name)[0] != '\0', "%s",
			      name);
	}
}
END_TEST

static void fill_history(size_t n)
{
	struct counters counters = {0};

	history_begin(&history, &counters);
	for (size_t i = 0; i < n; i++) {
		counters.http_requests += i % 7;
		history_add(&history, &counters, 1000000000, i, i);
	}
}

static const size_t lengths[] = {0, 1, 3, 4, 5, 599, 600, 1000};

/* All numbers of every line, inside its picture. */
START_TEST(lines_stay_in_their_pictures)
{
	size_t n =
		lengths[_i] < HISTORY_SAMPLES ? lengths[_i] : HISTORY_SAMPLES;
	const char *at = buf;

	fill_history(lengths[_i]);
	write_page(snapshot_make());
	ck_assert_uint_eq(count("points=\""), HISTORY_SERIES);
	while ((at = strstr(at, "points=\""))) {
		double last = -1;
		size_t points = 0;

		at += strlen("points=\"");
		while (*at != '"') {
			char *end;
			double x = strtod(at, &end), y;

			ck_assert_int_eq(*end, ',');
			y = strtod(end + 1, &end);
			ck_assert(x > last && x <= HISTORY_SAMPLES);
			ck_assert(y >= 0 && y <= 48);
			last = x;
			points++;
			at = *end == ' ' ? end + 1 : end;
		}
		ck_assert_uint_eq(points, (n + 3) / 4);
	}
}
END_TEST

START_TEST(what_there_is_none_of_is_said)
{
	write_page(snapshot_make_bare());
	ck_assert_uint_eq(count(">none</p>"), 5);
}
END_TEST

START_TEST(the_longest_page_fits_an_answer)
{
	static struct peer peers[PEERS_MAX];
	static struct sockets sockets;
	static struct outcomes outcomes;
	static char log[8192];
	struct snapshot *snapshot = snapshot_make();

	for (size_t i = 0; i < PEERS_MAX; i++) {
		peers[i] = snapshot->peers[0];
		peers[i].n_sent = peers[i].n_received = UINT64_MAX;
	}
	snapshot->peers = peers;
	snapshot->n_peers = PEERS_MAX;
	for (sockets.n = 0; sockets.n < SOCKETS_MAX / 2; sockets.n++)
		sockets.list[sockets.n] = snapshot->sockets->list[0];
	snapshot->sockets = &sockets;
	memset(&outcomes, 0xff, sizeof(outcomes));
	snapshot->outcomes = &outcomes;
	memset(log, '&', sizeof(log));
	snapshot->log = (struct slice){log, sizeof(log)};
	fill_history(1000);
	write_page(snapshot);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("dashboard");
	TCase *tcase = harness_case(suite, "dashboard");

	tcase_add_checked_fixture(tcase, set_up, NULL);
	tcase_add_test(tcase, everything_is_in_the_page_itself);
	tcase_add_test(tcase, the_page_is_this_and_nothing_else);
	tcase_add_loop_test(tcase, a_point_is_the_largest_of_its_seconds, 0, 5);
	tcase_add_test(tcase, a_reload_that_went_well_is_told);
	tcase_add_test(tcase, not_all_connections_are_on_the_page);
	tcase_add_test(tcase, names_cannot_break_out);
	tcase_add_test(tcase, nothing_needs_more_than_the_nonce);
	tcase_add_test(tcase, each_place_has_a_reading);
	tcase_add_loop_test(tcase, lines_stay_in_their_pictures, 0,
			    ARRAY_LEN(lengths));
	tcase_add_test(tcase, what_there_is_none_of_is_said);
	tcase_add_test(tcase, the_longest_page_fits_an_answer);
	return harness_run(suite);
}
