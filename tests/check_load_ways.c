/* SPDX-License-Identifier: MIT */
/*
 * Every way in which uppercase-load can use connections, against every way in
 * which one can fail: each failure is counted by its kind, has its time limit,
 * and the client that met it goes on.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "load_ways.h"

#define N	200
#define STOPPED 3
#define WRONG	4

static struct peer rogue;
static json_t *result;

/* --- servers that fail --- */

static void load_rogue(const struct way *way, int status, enum mischief kind,
		       unsigned every)
{
	struct way_args args = {0};

	rogue = rogue_start(SOCK_STREAM, (struct rogue_plan){kind, every, 0, 64,
							     way->is_http});
	way_args_add(&args, rogue.port, "-c", "16", "-n", "200",
		     "--timeout=600ms");
	way_args_add_way(&args, way, "1000");
	result = load_run_args(status, args.list);
}

static void finish(void)
{
	json_decref(result);
	rogue_stop(&rogue);
}

/* Each failure takes one message with it; pipelined, what is behind it too. */
static void expect_failures(const struct way *way, const char *error)
{
	double n = (double)rogue_score()->tampered;
	double failed = load_number(result, "failed");

	ck_assert(n > 0);
	ck_assert(load_errors(result, error) > 0);
	ck_assert_msg(way->pipeline > 1 ? failed >= n : failed == n,
		      "%g failed, but %g were made to", failed, n);
	ck_assert(load_number(result, "exchanges") == N - failed);
	ck_assert(load_number(result, "sent") == N);
}

START_TEST(a_connection_that_hangs_is_a_timeout_and_no_more)
{
	load_rogue(&ways[_i], 0, MISCHIEF_HANG, 20);
	expect_failures(&ways[_i], "timeout");
	finish();
}
END_TEST

START_TEST(a_connection_that_is_reset_is_made_again)
{
	load_rogue(&ways[_i], 0, MISCHIEF_RESET, 10);
	expect_failures(&ways[_i], "ECONNRESET");
	finish();
}
END_TEST

START_TEST(bytes_beyond_the_answer_are_wrong)
{
	load_rogue(&ways[_i], WRONG, MISCHIEF_SURPLUS, 10);
	if (ways[_i].is_per_request) {
		ck_assert(load_errors(result, "stray") ==
			  (double)rogue_score()->tampered);
		ck_assert(load_number(result, "exchanges") == N);
	}
	finish();
}
END_TEST

/* Behind the last answer there is nothing that it could spoil. */
START_TEST(bytes_beyond_the_last_answer_are_wrong)
{
	struct way_args args = {0};

	rogue = rogue_start(SOCK_STREAM,
			    (struct rogue_plan){MISCHIEF_SURPLUS, 1, 0, 64,
						ways[_i].is_http});
	way_args_add(&args, rogue.port, "-c", "1", "-n", "1");
	way_args_add_way(&args, &ways[_i], "1");
	result = load_run_args(WRONG, args.list);
	ck_assert(load_errors(result, "stray") == 1);
	finish();
}
END_TEST

START_TEST(nobody_there_ends_the_run)
{
	struct way_args args = {0};
	struct outcome outcome;
	char port[8];

	way_args_add(&args, "127.0.0.1", port_without_server(SOCK_STREAM, port),
		     "-d", "60s");
	way_args_add_way(&args, &ways[_i], "1000");
	outcome = client_run_args("", args.list);
	ck_assert_int_eq(outcome.status, 1);
	ck_assert_ptr_nonnull(strstr(outcome.err, "ECONNREFUSED"));
	outcome_clear(&outcome);
}
END_TEST

/* --- the real server --- */

static const char *verdict(void)
{
	return json_string_value(json_object_get(result, "verdict"));
}

/* A status is an answer: it has a latency, and nobody need pause. */
START_TEST(a_page_that_is_missing_is_counted_as_that)
{
	char port[8] = "0";
	struct server *server;
	struct way_args args = {0};

	if (!ways[_i].is_http)
		return;
	server = way_start_server(true, port);
	way_args_add(&args, port, "/missing", "-n", "1000", "-c", "200");
	way_args_add_way(&args, &ways[_i], "10000");
	result = load_run_args(WRONG, args.list);
	ck_assert(load_errors(result, "HTTP 404") == 1000);
	ck_assert(load_number(result, "failed") == 1000);
	ck_assert(load_number(result, "loss_percent") == 0);
	ck_assert(load_number(result, "latency_us.p99") > 0);
	ck_assert(load_number(result, "duration_s") < 2);
	json_decref(result);
	server_stop(server);
}
END_TEST

/* --- this host's limits --- */

/* A network with eleven local ports. */
static bool have_few_ports(void)
{
	FILE *file;

	if (!harness_own_network()) {
		harness_skip("no network of our own here");
		return false;
	}
	file = fopen("/proc/sys/net/ipv4/ip_local_port_range", "we");
	if (!file || fputs("40000 40010", file) < 0 || fclose(file) != 0) {
		harness_skip("the range of local ports can't be set here");
		return false;
	}
	return true;
}

/* Loopback's are free again after a second. */
START_TEST(ports_that_run_out_are_counted_and_asked_for_again)
{
	struct way_args args = {0};
	struct outcome outcome;
	char *folder, *json;

	if (!ways[_i].is_per_request || !have_few_ports())
		return;
	rogue = rogue_start(
		SOCK_STREAM,
		(struct rogue_plan){MISCHIEF_NONE, 0, 0, 64, ways[_i].is_http});
	folder = folder_new();
	json = folder_path(folder, "r.json");
	way_args_add_way(&args, &ways[_i], "100");
	way_args_add(&args, "-q", "-c", "4", "-d", "1500ms", "-o", json,
		     "127.0.0.1", rogue.port);
	outcome = client_run_args("", args.list);
	/* By its end they may have run out once more. */
	ck_assert(outcome.status == 0 || outcome.status == STOPPED);
	outcome_clear(&outcome);
	result = json_load_file(json, 0, NULL);
	load_expect_complete(result);
	load_expect_sums(result);
	ck_assert_msg(strstr(verdict(), "own limits"), "%s", verdict());
	ck_assert(load_errors(result, "EADDRNOTAVAIL") >= 20);
	/* And not without pause. */
	ck_assert(load_errors(result, "EADDRNOTAVAIL") < 500);
	ck_assert(load_number(result, "exchanges") > 11);
	finish();
	free(json);
	free(folder);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("load, in every way");
	TCase *tcase = harness_case(suite, "ways");
	const int n = WAYS;

	load_use();
	tcase_add_loop_test(
		tcase, a_connection_that_hangs_is_a_timeout_and_no_more, 0, n);
	tcase_add_loop_test(tcase, a_connection_that_is_reset_is_made_again, 0,
			    n);
	tcase_add_loop_test(tcase, bytes_beyond_the_answer_are_wrong, 0, n);
	tcase_add_loop_test(tcase, bytes_beyond_the_last_answer_are_wrong, 0,
			    n);
	tcase_add_loop_test(tcase, nobody_there_ends_the_run, 0, n);
	tcase_add_loop_test(tcase, a_page_that_is_missing_is_counted_as_that, 0,
			    n);
	tcase_add_loop_test(tcase,
			    ports_that_run_out_are_counted_and_asked_for_again,
			    0, n);
	return harness_run(suite);
}
