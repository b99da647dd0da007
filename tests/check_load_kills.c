/* SPDX-License-Identifier: MIT */
/*
 * A server that is killed while it is loaded, in every way: the run says that
 * answers have stopped coming, and since when.
 */
#include <signal.h>
#include <string.h>

#include "load_ways.h"

/* The mean over ten seconds would look well. */
START_TEST(a_server_that_is_killed_has_stopped)
{
	struct way_run run = way_run_start(&ways[_i], "1s", "500ms");

	server_signal(run.server, SIGKILL);
	way_run_end(&run, WAYS_STOPPED);
	ck_assert_msg(strstr(way_run_verdict(&run), "no answer came after 0."),
		      "%s", way_run_verdict(&run));
	(void)server_wait(run.server);
	way_run_clear(&run);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("load and kills");
	TCase *tcase = harness_case(suite, "kills");

	load_use();
	tcase_add_loop_test(tcase, a_server_that_is_killed_has_stopped, 0,
			    WAYS);
	return harness_run(suite);
}
