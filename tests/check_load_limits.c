/* SPDX-License-Identifier: MIT */
/*
 * Searches of uppercase-load that begin too high, and on a server that drops
 * nothing but lets everybody wait.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "load_fixture.h"

static struct peer rogue;
static json_t *result;

static void finish(void)
{
	json_decref(result);
	rogue_stop(&rogue);
}

/* It answers 500 a second, and in the end all of them. */
START_TEST(a_server_that_only_queues_does_not_keep_up)
{
	rogue = rogue_start(SOCK_DGRAM,
			    (struct rogue_plan){MISCHIEF_SLOW, 0, 2, 0, false});
	result = load_run(0, rogue.port, "-u", "-R", "700", "-d", "500ms",
			  "--timeout=5s");
	ck_assert(load_number(result, "exchanges") == 350);
	load_expect_limited(result);
	finish();
	rogue = rogue_start(SOCK_DGRAM,
			    (struct rogue_plan){MISCHIEF_SLOW, 0, 2, 0, false});
	result = load_run(0, rogue.port, "-u", "--find-max=loss<1%", "-R",
			  "200", "-d", "300ms", "--timeout=5s");
	/* It answers all of what is left, so the last try may be above. */
	load_expect_found(result, 500);
	finish();
}
END_TEST

START_TEST(a_search_begins_where_it_is_told)
{
	rogue = load_start_ceiling();
	result = load_run(0, rogue.port, "-u", "--find-max=loss<1%", "-R",
			  "8000", "-d", "500ms", "--timeout=100ms");
	ck_assert(load_number(load_step(result, 0), "target_rate") == 8000);
	ck_assert(!load_step_held(result, 0));
	load_expect_found(result, LOAD_CEILING);
	finish();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("load and limits");
	TCase *tcase = harness_case(suite, "limits");

	load_use();
	tcase_add_test(tcase, a_server_that_only_queues_does_not_keep_up);
	tcase_add_test(tcase, a_search_begins_where_it_is_told);
	return harness_run(suite);
}
