/* SPDX-License-Identifier: MIT */
/* The statistics of a ping, fed with numbers, and how they are put. */
#include "client/ping_figures.h"

#include <stdio.h>
#include <string.h>

#include "client/ping_json.h"
#include "client/ping_lines.h"
#include "harness.h"
#include "json_reader.h"

#define MS CLOCK_NS_PER_MS

static char out[4096];

static const char *ended(const struct text *text)
{
	ck_assert(!text->overflow);
	ck_assert_uint_lt(text->len, sizeof(out));
	out[text->len] = '\0';
	return out;
}

static void add(struct ping_figures *figures, enum ping_kind kind,
		uint64_t rtt_ns)
{
	struct ping_event event = {
		.kind = kind, .has_rtt = true, .rtt_ns = rtt_ns};

	ping_figures_add(figures, &event);
}

/* 2, 4, 4, 4, 5, 5, 7, 9: mean 5, standard deviation 2. */
static struct ping_figures known_figures(void)
{
	static const uint64_t rtts[] = {4, 2, 4, 9, 4, 5, 7, 5};
	struct ping_figures figures = ping_figures_new(1);

	for (size_t i = 0; i < ARRAY_LEN(rtts); i++)
		add(&figures, PING_REPLY, rtts[i] * MS);
	return figures;
}

START_TEST(round_trips_have_a_mean_and_a_deviation)
{
	struct ping_figures figures = known_figures();

	ck_assert_double_eq_tol(figures.min_ns / (double)MS, 2, 1e-9);
	ck_assert_double_eq_tol(figures.mean_ns / (double)MS, 5, 1e-9);
	ck_assert_double_eq_tol(figures.max_ns / (double)MS, 9, 1e-9);
	ck_assert_double_eq_tol(
		ping_figures_deviation_ns(&figures) / (double)MS, 2, 1e-9);
}
END_TEST

/* A sum of squares in nanoseconds would have lost this one to rounding. */
START_TEST(a_small_deviation_beside_a_long_time_is_kept)
{
	struct ping_figures figures = ping_figures_new(1);

	for (int i = 0; i < 1000; i++)
		add(&figures, PING_REPLY,
		    86400 * CLOCK_NS_PER_S + (uint64_t)(i % 2) * 200);
	ck_assert_double_eq_tol(ping_figures_deviation_ns(&figures), 100, 1);
}
END_TEST

START_TEST(nothing_at_all_divides_by_nothing)
{
	struct ping_figures figures = ping_figures_new(1);
	struct text text = text_in(out, sizeof(out) - 1);

	ck_assert_double_eq(ping_figures_loss(&figures), 0);
	ck_assert_double_eq(ping_figures_deviation_ns(&figures), 0);
	ping_lines_add_end(&text, "peer", &figures);
	ck_assert_str_eq(ended(&text),
			 "--- peer ping statistics ---\n"
			 "0 sent, 0 received, 0% loss, time 0 ms\n"
			 "retransmission timer 1.000 s (no answer yet to "
			 "measure)\n");
}
END_TEST

START_TEST(what_does_not_count_is_not_measured)
{
	struct ping_figures figures = known_figures();

	figures.n_sent = 16;
	figures.n_waiting = 6;
	add(&figures, PING_LATE, 5000 * MS);
	add(&figures, PING_DUPLICATE, 5000 * MS);
	add(&figures, PING_CORRUPT, 5000 * MS);
	add(&figures, PING_FOREIGN, 5000 * MS);
	add(&figures, PING_TIMEOUT, 0);
	add(&figures, PING_ERROR, 0);
	ck_assert_double_eq_tol(figures.max_ns / (double)MS, 9, 1e-9);
	ck_assert_uint_eq(ping_figures_lost(&figures), 2);
	/* Who still waits is not lost. */
	ck_assert_double_eq_tol(ping_figures_loss(&figures), 0.2, 1e-9);
}
END_TEST

START_TEST(the_statistics_read_like_those_of_ping)
{
	struct ping_figures figures = known_figures();
	struct text text = text_in(out, sizeof(out) - 1);

	figures.n_sent = 12;
	figures.elapsed_ns = 9012 * MS;
	add(&figures, PING_LATE, 0);
	add(&figures, PING_ERROR, 0);
	add(&figures, PING_ERROR, 0);
	ping_lines_add_end(&text, "peer", &figures);
	ck_assert_ptr_nonnull(strstr(ended(&text),
				     "12 sent, 8 received, +1 late, +2 errors, "
				     "33.3% loss, time 9012 ms\n"
				     "rtt min/avg/max/mdev = "
				     "2.000/5.000/9.000/2.000 ms\n"));
	ck_assert_ptr_nonnull(
		strstr(out, "G 1 ns, raised to the minimum of 1 s)\n"));
}
END_TEST

/* --- lines and objects --- */

static const struct {
	struct ping_event event;
	const char *line;
	const char *object; /* behind the time */
} events[] = {
	{{.kind = PING_REPLY,
	  .seq = 7,
	  .len = 24,
	  .from = "127.0.0.1:1",
	  .has_rtt = true,
	  .rtt_ns = 1234567},
	 "24 bytes from 127.0.0.1:1: seq=7 time=1.235 ms\n",
	 "\"seq\":7,\"bytes\":24,\"from\":\"127.0.0.1:1\","
	 "\"rtt_ms\":1.234567}\n"},
	{{.kind = PING_TIMEOUT, .seq = 8},
	 "Request timed out: seq=8\n",
	 "\"seq\":8}\n"},
	{{.kind = PING_LATE,
	  .seq = 8,
	  .len = 24,
	  .from = "a:1",
	  .has_rtt = true,
	  .rtt_ns = 2 * CLOCK_NS_PER_S},
	 "24 bytes from a:1: seq=8 time=2000.000 ms (late: its message was "
	 "given up before; not counted)\n",
	 "\"seq\":8,\"bytes\":24,\"from\":\"a:1\",\"rtt_ms\":2000.0}\n"},
	{{.kind = PING_CORRUPT, .len = 3, .from = "a:1", .why = "it is \"x\""},
	 "3 bytes from a:1: (corrupt: it is \"x\"; not counted)\n",
	 "\"bytes\":3,\"from\":\"a:1\",\"why\":\"it is \\\"x\\\"\"}\n"},
	{{.kind = PING_FOREIGN, .seq = 2, .len = 24, .from = "b:2"},
	 "24 bytes from b:2: seq=2 (foreign: not from the server that was "
	 "asked; not counted)\n",
	 "\"seq\":2,\"bytes\":24,\"from\":\"b:2\"}\n"},
	{{.kind = PING_ERROR, .seq = 3, .from = "c", .why = "ICMP"},
	 "From c: seq=3 ICMP\n",
	 "\"seq\":3,\"from\":\"c\",\"why\":\"ICMP\"}\n"},
	{{.kind = PING_ERROR, .why = "not sent"},
	 "not sent\n",
	 "\"why\":\"not sent\"}\n"},
};

START_TEST(each_event_has_its_line)
{
	struct text text = text_in(out, sizeof(out) - 1);

	ping_lines_add_event(&text, &events[_i].event);
	ck_assert_str_eq(ended(&text), events[_i].line);
}
END_TEST

START_TEST(each_event_has_its_object)
{
	struct text text = text_in(out, sizeof(out) - 1);
	const char *object;

	ping_json_add_event(&text, &events[_i].event);
	ck_assert(json_is_valid(out, text.len));
	object = strchr(strstr(ended(&text), "\"time\""), ',');
	ck_assert_str_eq(object + 1, events[_i].object);
}
END_TEST

/* Of member names alone; what has no value is null. */
START_TEST(the_statistics_are_one_object)
{
	struct ping_figures figures = ping_figures_new(1);
	struct text text = text_in(out, sizeof(out) - 1);
	char value[256];

	ping_json_add_end(&text, "peer", &figures);
	ck_assert(json_is_valid(out, text.len));
	json_member(out, text.len, "loss", value, sizeof(value));
	ck_assert_str_eq(value, "null");
	json_member(out, text.len, "rtt_ms", value, sizeof(value));
	ck_assert_str_eq(value, "null");
	figures = known_figures();
	figures.n_sent = 10;
	text = text_in(out, sizeof(out) - 1);
	ping_json_add_end(&text, "peer", &figures);
	ck_assert(json_is_valid(out, text.len));
	json_member(out, text.len, "loss", value, sizeof(value));
	ck_assert_str_eq(value, "0.2");
	json_member(out, text.len, "mdev", value, sizeof(value));
	ck_assert_str_eq(value, "2.0");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ping figures");
	TCase *tcase = harness_case(suite, "figures");

	tcase_add_test(tcase, round_trips_have_a_mean_and_a_deviation);
	tcase_add_test(tcase, a_small_deviation_beside_a_long_time_is_kept);
	tcase_add_test(tcase, nothing_at_all_divides_by_nothing);
	tcase_add_test(tcase, what_does_not_count_is_not_measured);
	tcase_add_test(tcase, the_statistics_read_like_those_of_ping);
	tcase = harness_case(suite, "events");
	tcase_add_loop_test(tcase, each_event_has_its_line, 0,
			    (int)ARRAY_LEN(events));
	tcase_add_loop_test(tcase, each_event_has_its_object, 0,
			    (int)ARRAY_LEN(events));
	tcase_add_test(tcase, the_statistics_are_one_object);
	return harness_run_together(suite);
}
