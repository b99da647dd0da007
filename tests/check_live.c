/* SPDX-License-Identifier: MIT */
/*
 * The line that tells how a run is going: what stands in it, and what is left
 * out first where there is no room. Standard error is a terminal of its own.
 */
#include "result/live.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "harness.h"

static int master = -1, kept;
static struct live *live;
static struct stats sum;

/* A terminal of that many columns; 0: it does not know. */
static void set_width(unsigned columns)
{
	const struct winsize size = {.ws_row = 24,
				     .ws_col = (unsigned short)columns};

	ck_assert_int_eq(ioctl(master, TIOCSWINSZ, &size), 0);
}

static void set_up(void)
{
	int slave;

	kept = dup(STDERR_FILENO);
	master = posix_openpt(O_RDWR | O_NOCTTY);
	ck_assert_int_ge(master, 0);
	ck_assert_int_eq(grantpt(master), 0);
	ck_assert_int_eq(unlockpt(master), 0);
	slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	ck_assert_int_ge(slave, 0);
	ck_assert_int_ge(dup2(slave, STDERR_FILENO), 0);
	(void)close(slave);
	set_width(100);
	live = live_new();
	ck_assert_ptr_nonnull(live);
	memset(&sum, 0, sizeof(sum));
}

static void tear_down(void)
{
	live_free(live);
	(void)dup2(kept, STDERR_FILENO);
	(void)close(kept);
	(void)close(master);
}

/* Fails unless that is what came to the terminal. */
static void assert_shown(const char *want)
{
	char got[1024];
	size_t len = 0, size = strlen(want);

	ck_assert_uint_lt(size, sizeof(got));
	while (len < size) {
		struct pollfd one = {.fd = master, .events = POLLIN};
		ssize_t n = 0;

		got[len] = '\0';
		if (poll(&one, 1, HARNESS_WAIT_MS) == 1)
			n = read(master, got + len, size - len);
		if (n <= 0)
			harness_fail("no more than \"%s\" came", got);
		len += (size_t)n;
	}
	got[len] = '\0';
	ck_assert_str_eq(got, want);
}

static void draw(const struct live_view *view, const char *want)
{
	char line[512];

	live_draw(live, view, &sum);
	(void)snprintf(line, sizeof(line), "\r\033[J%s\r", want);
	assert_shown(line);
}

static void answer(uint64_t n, uint64_t ns)
{
	for (uint64_t i = 0; i < n; i++)
		histogram_add(&sum.latency, ns);
	sum.sent += n;
	sum.exchanges += n;
}

START_TEST(a_run_of_known_length_has_a_bar)
{
	struct live_view view = {.elapsed_s = 3, .total_s = 12};

	answer(300, 2000000);
	draw(&view, "[##........]  3 of 12 s  100.0/s  p50 2.00 ms  p99 2.00 ms"
		    "  loss 0.0 %  errors 0");
	/* Rate and percentiles are of the time since. */
	answer(50, 200);
	view.elapsed_s = 12.5;
	sum.lost = 50;
	sum.sent += 50;
	sum.errors[ERROR_TIMEOUT] = 50;
	draw(&view, "[##########]  12 of 12 s  5.3/s  p50 0.20 us  "
		    "loss 12.5 %  errors 50");
}
END_TEST

START_TEST(a_run_of_a_known_count_has_one_as_well)
{
	struct live_view view = {.elapsed_s = 0.5, .total = 4000};

	sum.sent = 1999;
	draw(&view,
	     "[####......]  1,999 of 4,000  0.0/s  loss 0.0 %  errors 0");
}
END_TEST

START_TEST(a_run_of_a_second_or_one_exchange_has_one_too)
{
	struct live_view view = {.elapsed_s = 0.5, .total_s = 1};

	draw(&view, "[#####.....]  0 of 1 s  0.0/s  loss 0.0 %  errors 0");
	view = (struct live_view){.elapsed_s = 1, .total = 1};
	draw(&view, "[..........]  0 of 1  0.0/s  loss 0.0 %  errors 0");
	view = (struct live_view){.elapsed_s = 2,
				  .step = {.number = 1, .total = 1, .rate = 1}};
	draw(&view, "2 s  step 1 of 1 at 1.0/s  0.0/s  loss 0.0 %  errors 0");
}
END_TEST

START_TEST(no_line_is_longer_than_its_buffer)
{
	struct live_view view = {.elapsed_s = 1e9,
				 .total_s = 1e12,
				 .step = {.number = 3000000000,
					  .total = 4000000000,
					  .rate = 1e17}};

	set_width(1000);
	answer(1000, UINT64_C(3600000000000));
	draw(&view,
	     "[..........]  1000000000 of 1e+12 s  step 3000000000 of "
	     "4000000000 at 100,000,000,000,000,000/s  0.0/s  p50 3,600 s  p99 "
	     "3,600 s  loss 0.0 %  errors 0");
}
END_TEST

START_TEST(one_of_unknown_length_has_the_time_alone)
{
	struct live_view view = {.elapsed_s = 7};

	draw(&view, "7 s  0.0/s  loss 0.0 %  errors 0");
}
END_TEST

START_TEST(at_the_start_there_is_no_rate)
{
	struct live_view view = {.elapsed_s = 0, .total_s = 2};

	draw(&view, "[..........]  0 of 2 s  loss 0.0 %  errors 0");
}
END_TEST

START_TEST(a_step_says_which_and_at_what_load)
{
	struct live_view view = {
		.elapsed_s = 1,
		.step = {.number = 3, .total = 10, .rate = 20000}};

	draw(&view, "1 s  step 3 of 10 at 20,000/s  0.0/s  loss 0.0 %  errors "
		    "0");
	view.step = (struct live_step){.number = 4, .clients = 8};
	view.elapsed_s = 2;
	draw(&view, "2 s  step 4 at 8 clients  0.0/s  loss 0.0 %  errors 0");
}
END_TEST

START_TEST(a_new_run_starts_from_nothing)
{
	struct live_view view = {.elapsed_s = 10};

	answer(1000, 1000);
	draw(&view, "10 s  100.0/s  p50 1.00 us  p99 1.00 us  loss 0.0 %  "
		    "errors 0");
	/* A moment later is the same run. */
	answer(50, 1000);
	view.elapsed_s = 10.5;
	draw(&view, "10 s  100.0/s  p50 1.00 us  loss 0.0 %  errors 0");
	memset(&sum, 0, sizeof(sum));
	answer(40, 1000);
	view.elapsed_s = 2;
	draw(&view, "2 s  20.0/s  p50 1.00 us  loss 0.0 %  errors 0");
}
END_TEST

#define NO_P99	"5 of 10 s  100.0/s  errors 0"
#define NO_LOSS "5 of 10 s  100.0/s  p99 1.00 ms  errors 0"
#define NO_BAR	"5 of 10 s  100.0/s  p99 1.00 ms  loss 0.0 %  errors 0"
#define NO_P50	"[#####.....]  " NO_BAR
#define WHOLE                                                                  \
	"[#####.....]  5 of 10 s  100.0/s  p50 1.00 ms  p99 1.00 ms  "         \
	"loss 0.0 %  errors 0"

/* One column stays free; 0: 80, as nobody knows. */
static const struct {
	unsigned columns;
	const char *line;
} widths[] = {
	{81, WHOLE},
	{80, NO_P50},
	{68, NO_P50},
	{67, NO_BAR},
	{54, NO_BAR},
	{53, NO_LOSS},
	{42, NO_LOSS},
	{41, NO_P99},
	{29, NO_P99},
	{28, "100.0/s  errors 0"},
	{18, "100.0/s  errors 0"},
	{17, "100.0/s  "},
	{0, NO_P50},
};

START_TEST(what_matters_least_is_left_out_until_it_fits)
{
	struct live_view view = {.elapsed_s = 5, .total_s = 10};

	set_width(widths[_i].columns);
	answer(500, 1000000);
	draw(&view, widths[_i].line);
}
END_TEST

START_TEST(it_is_erased_once)
{
	struct live_view view = {.elapsed_s = 7};

	live_erase(live);
	draw(&view, "7 s  0.0/s  loss 0.0 %  errors 0");
	live_erase(live);
	live_erase(live);
	view.elapsed_s = 8;
	live_draw(live, &view, &sum);
	assert_shown("\r\033[J\r\033[J8 s");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("live");
	TCase *tcase = harness_case(suite, "live");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_run_of_known_length_has_a_bar);
	tcase_add_test(tcase, a_run_of_a_known_count_has_one_as_well);
	tcase_add_test(tcase, a_run_of_a_second_or_one_exchange_has_one_too);
	tcase_add_test(tcase, no_line_is_longer_than_its_buffer);
	tcase_add_test(tcase, one_of_unknown_length_has_the_time_alone);
	tcase_add_test(tcase, at_the_start_there_is_no_rate);
	tcase_add_test(tcase, a_step_says_which_and_at_what_load);
	tcase_add_test(tcase, a_new_run_starts_from_nothing);
	tcase_add_loop_test(tcase, what_matters_least_is_left_out_until_it_fits,
			    0, (int)ARRAY_LEN(widths));
	tcase_add_test(tcase, it_is_erased_once);
	return harness_run_together(suite);
}
