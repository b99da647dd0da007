/* SPDX-License-Identifier: MIT */
/*
 * A server that starts again while it is loaded, in every way: what failed is
 * counted, and it is loaded again.
 */
#include <signal.h>

#include "e2e_sock.h"
#include "load_ways.h"

static double last_rate(const json_t *result)
{
	json_t *intervals = json_object_get(result, "intervals");

	return load_number(
		json_array_get(intervals, json_array_size(intervals) - 1),
		"rate");
}

/* A server that is back within a moment may be missed by nobody. */
static void wait_for_errors(struct way_run *run)
{
	char line[1024];

	do
		client_read_until(&run->client, "\"errors\":", line,
				  sizeof(line));
	while (tcp_read_some(run->client.fd, line, 1) == 1 && line[0] == '0');
	ck_assert(line[0] > '0' && line[0] <= '9');
}

START_TEST(a_server_that_starts_again_is_loaded_again)
{
	struct way_run run = way_run_start(&ways[_i], "1s", "1s");

	server_signal(run.server, SIGKILL);
	(void)server_wait(run.server);
	wait_for_errors(&run);
	run.server = way_start_server(ways[_i].is_http, run.port);
	way_run_end(&run, 0);
	ck_assert(last_rate(run.result) > 0);
	/* Whether an exchange was under way just then is chance. */
	ck_assert_uint_gt(
		json_object_size(json_object_get(run.result, "errors")), 0);
	server_stop(run.server);
	way_run_clear(&run);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("load and restarts");
	TCase *tcase = harness_case(suite, "restarts");

	load_use();
	tcase_add_loop_test(tcase, a_server_that_starts_again_is_loaded_again,
			    0, WAYS);
	return harness_run(suite);
}
