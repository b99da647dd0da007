/* SPDX-License-Identifier: MIT */
/*
 * A server that stands still for a moment while it is loaded, in every way: the
 * verdict tells it.
 */
#include <poll.h>
#include <signal.h>
#include <string.h>

#include "load_ways.h"

#define STILL_MS 400

/* Stopped and continued, as a busy host or a suspended laptop does it. */
START_TEST(a_server_that_stands_still_is_told)
{
	struct way_run run = way_run_start(&ways[_i], "650ms", "1s");

	server_signal(run.server, SIGSTOP);
	(void)poll(NULL, 0, STILL_MS);
	server_signal(run.server, SIGCONT);
	way_run_end(&run, 0);
	ck_assert_msg(strstr(way_run_verdict(&run), "no answer came for 0."),
		      "%s", way_run_verdict(&run));
	ck_assert_msg(!strstr(way_run_verdict(&run), "kept up with"), "%s",
		      way_run_verdict(&run));
	server_stop(run.server);
	way_run_clear(&run);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("load and stops");
	TCase *tcase = harness_case(suite, "stops");

	load_use();
	tcase_add_loop_test(tcase, a_server_that_stands_still_is_told, 0, WAYS);
	return harness_run(suite);
}
