/* SPDX-License-Identifier: MIT */
/*
 * What was asked, as a result tells it.
 */
#include "load/asked.h"

#include <math.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "harness.h"

static struct result result;
static struct load_options options;

static void set_up(void)
{
	result_init(&result);
	options = (struct load_options){
		.protocol = PROTOCOL_UDP,
		.host = "localhost",
		.port = 12000,
		.path = "/x",
		.size_min = 1,
		.size_max = 64,
		.pipeline = 3,
		.connect_per_request = true,
		.timeout_ns = 2500,
		.warmup_ns = 4000,
		.seed = 7,
		.jobs = 2,
	};
}

START_TEST(each_number_stands_at_its_place_and_in_its_unit)
{
	asked_set(&result, &options, "the command");
	ck_assert_str_eq(result.command, "the command");
	ck_assert_str_eq(result.version, PACKAGE_VERSION);
	ck_assert_str_eq(result.protocol, "udp");
	ck_assert_str_eq(result.server_host, "localhost");
	ck_assert_double_eq(result.server_port, 12000);
	ck_assert_ptr_null(result.path);
	ck_assert_double_eq(result.size_bytes[0], 1);
	ck_assert_double_eq(result.size_bytes[1], 64);
	ck_assert_double_eq(result.pipeline, 3);
	ck_assert(result.connect_per_request);
	ck_assert_double_eq(result.timeout_us, 2.5);
	ck_assert_double_eq(result.warmup_us, 4);
	ck_assert_uint_eq(result.seed, 7);
	ck_assert_double_eq(result.generator.jobs, 2);
}
END_TEST

START_TEST(a_page_has_a_path_and_no_sizes)
{
	options.protocol = PROTOCOL_HTTP;
	asked_set(&result, &options, "x");
	ck_assert_str_eq(result.protocol, "http");
	ck_assert_str_eq(result.path, "/x");
	ck_assert(isnan(result.size_bytes[0]));
	ck_assert(isnan(result.size_bytes[1]));
}
END_TEST

START_TEST(the_host_is_this_one)
{
	struct utsname name;
	char kernel[RESULT_HOST_SIZE];

	ck_assert_int_eq(uname(&name), 0);
	asked_set(&result, &options, "x");
	ck_assert_str_eq(result.host.name, name.nodename);
	ck_assert_str_eq(result.host.machine, name.machine);
	(void)snprintf(kernel, sizeof(kernel), "%s %s", name.sysname,
		       name.release);
	ck_assert_str_eq(result.host.kernel, kernel);
	ck_assert_double_eq(result.host.cpus,
			    (double)sysconf(_SC_NPROCESSORS_ONLN));
}
END_TEST

START_TEST(the_start_is_now_to_the_second)
{
	struct timespec before, after; /* time(2) may be behind this clock */
	char early[RESULT_TIME_SIZE], late[RESULT_TIME_SIZE];

	(void)clock_gettime(CLOCK_REALTIME, &before);
	asked_set(&result, &options, "x");
	(void)clock_gettime(CLOCK_REALTIME, &after);
	result_format_time(early, (double)before.tv_sec, false);
	result_format_time(late, (double)after.tv_sec, false);
	ck_assert_int_ge(strcmp(result.started, early), 0);
	ck_assert_int_le(strcmp(result.started, late), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("asked");
	TCase *tcase = harness_case(suite, "asked");

	tcase_add_checked_fixture(tcase, set_up, NULL);
	tcase_add_test(tcase, each_number_stands_at_its_place_and_in_its_unit);
	tcase_add_test(tcase, a_page_has_a_path_and_no_sizes);
	tcase_add_test(tcase, the_host_is_this_one);
	tcase_add_test(tcase, the_start_is_now_to_the_second);
	return harness_run_together(suite);
}
