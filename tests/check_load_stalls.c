/* SPDX-License-Identifier: MIT */
/*
 * A server that does nothing for a while, over and over: who sends on schedule
 * sees how long his messages wait, who waits for answers does not. What is held
 * against a bound from above is held against what the same host did otherwise,
 * since a busy one is late with everything.
 */
#include <string.h>
#include <sys/socket.h>

#include "load_fixture.h"

/*
 * 0.5 s of service, 0.25 s of none, 0.25 s of service, and again. A quarter of
 * what is due falls into a stall and waits for up to 250 ms: of that, the p90
 * is near 150 ms and the p99 near 240.
 */
static const struct rogue_plan stalls = {MISCHIEF_STALL, 0, 0, 64, false};

static struct peer rogue;
static json_t *result;

static void expect_stall(int type, const char *way)
{
	double p99, p50;

	rogue = rogue_start(type, stalls);
	result = load_run(0, rogue.port, way, "-c", "4", "-R", "500", "-d",
			  "2s", "--timeout=3s");
	p99 = load_number(result, "latency_us.p99");
	p50 = load_number(result, "latency_us.p50");
	ck_assert(p99 > 200e3);
	ck_assert(load_number(result, "latency_us.p90") > 100e3);
	ck_assert(p50 < p99 / 2);
	ck_assert_uint_ge(rogue_score()->tampered, 2);
	ck_assert_ptr_nonnull(
		strstr(json_string_value(json_object_get(result, "verdict")),
		       "no answer came for 0."));
	ck_assert(load_number(result, "exchanges") == 1000);
	json_decref(result);

	/* Who waits for answers sends nothing meanwhile. */
	result = load_run(0, rogue.port, way, "-c", "4", "-d", "1s",
			  "--timeout=3s");
	ck_assert(load_number(result, "latency_us.p99") < p99 / 2);
	ck_assert(load_number(result, "latency_us.max") > 150e3);
	json_decref(result);
	rogue_stop(&rogue);
}

START_TEST(the_open_loop_shows_a_stall_over_udp)
{
	expect_stall(SOCK_DGRAM, "-u");
}
END_TEST

START_TEST(the_open_loop_shows_a_stall_over_tcp)
{
	expect_stall(SOCK_STREAM, "-t");
}
END_TEST

/*
 * Over TCP four may be in flight; the rest waits here, and its service time
 * does not show it.
 */
START_TEST(service_time_counts_from_the_actual_send)
{
	double p99;

	rogue = rogue_start(SOCK_STREAM, stalls);
	result = load_run(0, rogue.port, "-c", "2", "-R", "500", "-d", "2s",
			  "--timeout=3s");
	p99 = load_number(result, "latency_us.p99");
	ck_assert(p99 > 200e3);
	ck_assert(load_number(result, "service_us.p99") < p99 / 2);
	/* Nor is that the generator's fault. */
	ck_assert(load_number(result, "generator.lateness_us.p90") < p99 / 2);
	json_decref(result);
	rogue_stop(&rogue);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("load and stalls");
	TCase *tcase = harness_case(suite, "stalls");

	load_use();
	tcase_add_test(tcase, the_open_loop_shows_a_stall_over_udp);
	tcase_add_test(tcase, the_open_loop_shows_a_stall_over_tcp);
	tcase_add_test(tcase, service_time_counts_from_the_actual_send);
	return harness_run(suite);
}
