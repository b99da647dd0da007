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

#define CEILING 2000.0

static struct peer rogue;
static json_t *result;

static void start_ceiling(void)
{
	rogue = rogue_start(SOCK_DGRAM, (struct rogue_plan){MISCHIEF_CEILING,
							    100, 0, 0, false});
}

static void finish(void)
{
	json_decref(result);
	rogue_stop(&rogue);
}

static json_t *step(size_t i)
{
	return json_array_get(json_object_get(result, "steps"), i);
}

/* On a busy host it may be that the generator was too slow besides. */
static void expect_limited(void)
{
	const char *verdict =
		json_string_value(json_object_get(result, "verdict"));

	if (!strstr(verdict, "was the limit"))
		harness_fail("the verdict is: %s", verdict);
}

static bool is_held(size_t i)
{
	return json_is_true(json_object_get(step(i), "held"));
}

/* It answers 500 a second, and in the end all of them. */
START_TEST(a_server_that_only_queues_does_not_keep_up)
{
	rogue = rogue_start(SOCK_DGRAM,
			    (struct rogue_plan){MISCHIEF_SLOW, 0, 2, 0, false});
	result = load_run(0, rogue.port, "-u", "-R", "700", "-d", "500ms",
			  "--timeout=5s");
	ck_assert(load_number(result, "exchanges") == 350);
	expect_limited();
	finish();
	rogue = rogue_start(SOCK_DGRAM,
			    (struct rogue_plan){MISCHIEF_SLOW, 0, 2, 0, false});
	result = load_run(0, rogue.port, "-u", "--find-max=loss<1%", "-R",
			  "200", "-d", "300ms", "--timeout=5s");
	ck_assert(load_number(result, "find_max.rate") <= 520);
	finish();
}
END_TEST

START_TEST(a_search_begins_where_it_is_told)
{
	start_ceiling();
	result = load_run(0, rogue.port, "-u", "--find-max=loss<1%", "-R",
			  "8000", "-d", "500ms", "--timeout=100ms");
	ck_assert(load_number(step(0), "target_rate") == 8000);
	ck_assert(!is_held(0));
	/* How far below the ceiling it ends is the host's affair. */
	ck_assert(load_number(result, "find_max.rate") > 0);
	ck_assert(load_number(result, "find_max.rate") < 1.15 * CEILING);
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
