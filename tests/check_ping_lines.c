/* SPDX-License-Identifier: MIT */
/*
 * A ping's lines for people, each kind of them byte for byte.
 */
#include "client/ping_lines.h"

#include <string.h>

#include "base/clock.h"
#include "harness.h"

#define MS CLOCK_NS_PER_MS

static char buf[4096];

static void expect(const struct text *text, const char *wanted)
{
	ck_assert(!text->overflow);
	buf[text->len] = '\0';
	ck_assert_str_eq(buf, wanted);
}

/* --- the beginning --- */

static const struct {
	bool is_udp, is_flooding;
	size_t size;
	const char *line;
} begins[] = {
	{true, false, 0,
	 "PING host (192.0.2.1:7) over UDP, one every 200ms, timeout 1s\n"},
	{false, false, 100,
	 "PING host (192.0.2.1:7) over TCP: 100 bytes, one every 200ms, "
	 "timeout 1s\n"},
	{true, true, 1,
	 "PING host (192.0.2.1:7) over UDP: 1 bytes, as fast as answers come, "
	 "timeout 1s\n"},
};

START_TEST(it_begins_with_what_is_asked)
{
	struct text text = text_in(buf, sizeof(buf) - 1);
	const struct client_options options = {
		.host = "host",
		.is_udp = begins[_i].is_udp,
		.is_flooding = begins[_i].is_flooding,
		.size = begins[_i].size,
		.interval_ns = 200 * MS,
		.timeout_ns = 1000 * MS,
	};

	ping_lines_add_begin(&text, "192.0.2.1:7", &options);
	expect(&text, begins[_i].line);
}
END_TEST

/* --- events --- */

#define FROM "192.0.2.1:7"

static const struct {
	struct ping_event event;
	const char *line;
} events[] = {
	{{.kind = PING_REPLY,
	  .seq = 1,
	  .len = 24,
	  .from = FROM,
	  .has_rtt = true,
	  .rtt_ns = 123456},
	 "24 bytes from 192.0.2.1:7: seq=1 time=0.123 ms\n"},
	{{.kind = PING_TIMEOUT, .seq = 2}, "Request timed out: seq=2\n"},
	{{.kind = PING_LATE,
	  .seq = 3,
	  .len = 24,
	  .from = FROM,
	  .has_rtt = true,
	  .rtt_ns = 1500 * MS},
	 "24 bytes from 192.0.2.1:7: seq=3 time=1500.000 ms (late: its "
	 "message was given up before; not counted)\n"},
	{{.kind = PING_DUPLICATE, .seq = 4, .len = 24, .from = FROM},
	 "24 bytes from 192.0.2.1:7: seq=4 (duplicate: its message was "
	 "answered before; not counted)\n"},
	{{.kind = PING_FOREIGN, .len = 5, .from = "192.0.2.2:7"},
	 "5 bytes from 192.0.2.2:7: (foreign: not from the server that was "
	 "asked; not counted)\n"},
	{{.kind = PING_CORRUPT, .len = 5, .from = FROM, .why = "short"},
	 "5 bytes from 192.0.2.1:7: (corrupt: short; not counted)\n"},
	{{.kind = PING_ERROR, .seq = 6, .why = "no route"}, "seq=6 no route\n"},
	{{.kind = PING_ERROR, .why = "no route"}, "no route\n"},
	{{.kind = PING_ERROR, .seq = 7, .from = "192.0.2.9", .why = "refused"},
	 "From 192.0.2.9: seq=7 refused\n"},
};

START_TEST(each_event_is_a_line)
{
	struct text text = text_in(buf, sizeof(buf) - 1);

	ping_lines_add_event(&text, &events[_i].event);
	expect(&text, events[_i].line);
}
END_TEST

/* --- the end --- */

static void add(struct ping_figures *figures, enum ping_kind kind,
		uint64_t rtt_ns)
{
	const struct ping_event event = {
		.kind = kind, .has_rtt = true, .rtt_ns = rtt_ns};

	ping_figures_add(figures, &event);
}

START_TEST(the_statistics_of_everything)
{
	struct text text = text_in(buf, sizeof(buf) - 1);
	struct ping_figures figures = ping_figures_new(1);

	figures.n_sent = 10;
	figures.n_waiting = 2;
	figures.elapsed_ns = 9012 * MS;
	for (int i = 0; i < 4; i++)
		add(&figures, PING_REPLY, (i % 2 == 0 ? 2 : 4) * MS);
	for (int i = 0; i < 2; i++) {
		add(&figures, PING_TIMEOUT, 0);
		add(&figures, PING_ERROR, 0);
	}
	add(&figures, PING_LATE, MS);
	add(&figures, PING_DUPLICATE, MS);
	add(&figures, PING_CORRUPT, MS);
	add(&figures, PING_FOREIGN, MS);
	ping_lines_add_end(&text, "192.0.2.1:7", &figures);
	expect(&text,
	       "--- 192.0.2.1:7 ping statistics ---\n"
	       "10 sent, 4 received, +1 late, +1 duplicate, +1 corrupt, "
	       "+1 foreign, +2 errors, +2 still waited for, 50% loss, "
	       "time 9012 ms\n"
	       "rtt min/avg/max/mdev = 2.000/3.000/4.000/1.000 ms\n"
	       "EstimatedRTT 2.441 ms, DevRTT 1.195 ms (RFC 6298: R and R/2 "
	       "at first, then alpha 1/8, beta 1/4)\n"
	       "retransmission timer 1.000 s (EstimatedRTT + max(G, 4 DevRTT) "
	       "= 7.223 ms, G 1 ns, raised to the minimum of 1 s)\n");
}
END_TEST

START_TEST(the_statistics_of_one_slow_answer)
{
	struct text text = text_in(buf, sizeof(buf) - 1);
	struct ping_figures figures = ping_figures_new(1);

	figures.n_sent = 1;
	add(&figures, PING_REPLY, 1000 * MS);
	add(&figures, PING_ERROR, 0);
	ping_lines_add_end(&text, "192.0.2.1:7", &figures);
	expect(&text,
	       "--- 192.0.2.1:7 ping statistics ---\n"
	       "1 sent, 1 received, +1 error, 0% loss, time 0 ms\n"
	       "rtt min/avg/max/mdev = 1000.000/1000.000/1000.000/0.000 ms\n"
	       "EstimatedRTT 1000.000 ms, DevRTT 500.000 ms (RFC 6298: R and "
	       "R/2 at first, then alpha 1/8, beta 1/4)\n"
	       "retransmission timer 3.000 s (EstimatedRTT + max(G, 4 DevRTT) "
	       "= 3000.000 ms, G 1 ns)\n");
}
END_TEST

START_TEST(the_statistics_of_nothing)
{
	struct text text = text_in(buf, sizeof(buf) - 1);
	struct ping_figures figures = ping_figures_new(1);

	ping_lines_add_end(&text, "192.0.2.1:7", &figures);
	expect(&text, "--- 192.0.2.1:7 ping statistics ---\n"
		      "0 sent, 0 received, 0% loss, time 0 ms\n"
		      "retransmission timer 1.000 s (no answer yet to "
		      "measure)\n");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ping_lines");
	TCase *tcase = harness_case(suite, "ping_lines");

	tcase_add_loop_test(tcase, it_begins_with_what_is_asked, 0,
			    ARRAY_LEN(begins));
	tcase_add_loop_test(tcase, each_event_is_a_line, 0, ARRAY_LEN(events));
	tcase_add_test(tcase, the_statistics_of_everything);
	tcase_add_test(tcase, the_statistics_of_one_slow_answer);
	tcase_add_test(tcase, the_statistics_of_nothing);
	return harness_run_together(suite);
}
