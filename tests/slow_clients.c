/* SPDX-License-Identifier: MIT */
/*
 * make slow-clients: a thousand attackers by slowhttptest(1), in each of its
 * forms, while the ordinary clients of crowd.h must be served as ever. Takes a
 * minute, most of which is waiting, and is therefore no part of make check.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crowd.h"
#include "e2e_program.h"
#include "e2e_server.h"
#include "harness.h"

/* Longer than the server's patience with a request's head. */
#define SECONDS	   "15"
#define LARGE_SIZE ((size_t)8 << 20)
#define TOO_SLOW   50 /* one in so many may be, as when they all come */

static const struct {
	const char *form, *target, *what;
} forms[] = {
	{"-H", CROWD_FILE, "heads that do not end (slowloris)"},
	{"-B", CROWD_FILE, "content that does not come"},
	{"-R", "large", "many ranges"},
	{"-X", "large", "answers that are hardly taken"},
};

static char *root;

static void set_up(void)
{
	unsigned char *large = bytes_new(LARGE_SIZE);

	root = folder_new();
	folder_write_text(root, CROWD_FILE, CROWD_TEXT);
	bytes_pattern(large, LARGE_SIZE, 1);
	folder_write(root, "large", large, LARGE_SIZE);
	free(large);
}

static void tear_down(void)
{
	free(root);
}

/* A thousand within the first second; what it says of the service itself. */
static void attack(const struct server *server, int form)
{
	struct outcome outcome;
	char url[128];

	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%u/%s",
		       server_endpoint(server, SERVICE_HTTP)->port,
		       forms[form].target);
	outcome = program_run(
		(const char *const[]){"slowhttptest", forms[form].form, "-c",
				      "1000", "-r", "1000", "-i", "3", "-n",
				      "1", "-l", SECONDS, "-p", "2", "-u", url,
				      NULL},
		"", 0);
	if (outcome.status != 0 || strstr(outcome.out, "NO"))
		harness_fail("slowhttptest: status %d: %s%s", outcome.status,
			     outcome.out, outcome.err);
	outcome_clear(&outcome);
}

START_TEST(ordinary_clients_do_not_notice_slow_ones)
{
	struct server *server = server_start_all(root);
	struct crowd *crowd =
		crowd_start(server_endpoint(server, SERVICE_UDP)->port,
			    server_endpoint(server, SERVICE_TCP)->port,
			    server_endpoint(server, SERVICE_HTTP)->port, true);
	unsigned n;

	attack(server, _i);
	n = crowd_finish(crowd);
	printf("%s: %u ordinary requests, 0 failed, %u took more than 50 ms, "
	       "the slowest %u ms\n",
	       forms[_i].what, n, crowd_count_slow(crowd),
	       crowd_longest_ms(crowd));
	ck_assert_uint_gt(n, 1000);
	ck_assert_uint_lt(crowd_count_slow(crowd), n / TOO_SLOW);
	crowd_free(crowd);
	server_stop(server);
}
END_TEST

int main(void)
{
	Suite *suite;
	TCase *tcase;

	if (!program_exists("slowhttptest"))
		return 77;
	suite = suite_create("slow clients");
	tcase = harness_case(suite, "slow clients");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, ordinary_clients_do_not_notice_slow_ones, 0,
			    (int)ARRAY_LEN(forms));
	return harness_run(suite);
}
