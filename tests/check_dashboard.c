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

static void set_up(void)
{
	history = (struct history){0};
}

static void write_page(const struct snapshot *snapshot)
{
	struct text text = text_in(buf, sizeof(buf) - 1);
	struct readings readings;

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
	struct readings readings;
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
	tcase_add_test(tcase, names_cannot_break_out);
	tcase_add_test(tcase, nothing_needs_more_than_the_nonce);
	tcase_add_test(tcase, each_place_has_a_reading);
	tcase_add_loop_test(tcase, lines_stay_in_their_pictures, 0,
			    ARRAY_LEN(lengths));
	tcase_add_test(tcase, what_there_is_none_of_is_said);
	tcase_add_test(tcase, the_longest_page_fits_an_answer);
	return harness_run(suite);
}
