/* SPDX-License-Identifier: MIT */
/*
 * Faults on demand: rules as people type them, right and wrong, and what they
 * do to which message: the same for the same numbers, as often as the rule
 * says, and undisturbed by anybody else.
 */
#include "base/fault.h"

#include <math.h>
#include <string.h>

#include "harness.h"

#define MS UINT64_C(1000000)

static struct fault_rule rule;
static char cause[FAULT_CAUSE_SIZE];

static const struct fault *parse(const char *text)
{
	cause[0] = '\0';
	if (fault_rule_parse(text, &rule, cause) < 0)
		ck_abort_msg("%s: %s", text, cause);
	return &rule.faults[0];
}

static struct fault_draw draw_for(uint64_t seed, uint32_t client,
				  uint64_t index)
{
	return (struct fault_draw){
		.seed = seed,
		.rule = 1,
		.fault = 1,
		.client = {0, 0x7f000000 + client},
		.index = index,
	};
}

static bool is_hit(const struct fault *fault, uint64_t seed, uint32_t client,
		   uint64_t index)
{
	struct fault_draw draw = draw_for(seed, client, index);

	return fault_hits(fault, &draw);
}

/* Computed by another program from the manual's text. */
START_TEST(the_generator_is_that_of_the_manual)
{
	struct fault_draw draw = draw_for(0, 1, 1);

	ck_assert_uint_eq(fault_number(&draw, 0), UINT64_C(0x20a36e2aa8b4c12d));
	draw = (struct fault_draw){42, 2, 3, {0x20010db800000000, 7}, 1000};
	ck_assert_uint_eq(fault_number(&draw, 12),
			  UINT64_C(0x7337af4c0e39488d));
	draw = (struct fault_draw){
		UINT64_MAX, 32, 12, {UINT64_MAX, UINT64_MAX}, UINT64_MAX};
	ck_assert_uint_eq(fault_number(&draw, UINT64_MAX),
			  UINT64_C(0x9b657f46f36cc436));
}
END_TEST

START_TEST(the_textbooks_pinger_loses_these)
{
	static const char pattern[] =
		"........x....x.x.x.xx.x.........xxx.....";
	const struct fault *fault = parse("udp: drop 36.3636%");

	for (uint64_t i = 0; pattern[i]; i++)
		ck_assert_int_eq(is_hit(fault, 1, 1, i + 1), pattern[i] == 'x');
}
END_TEST

/* Messages 1 to 20 as x and . */
static const char *pattern_of(const char *text)
{
	static char pattern[21];
	const struct fault *fault = parse(text);

	for (uint64_t i = 0; i < 20; i++)
		pattern[i] = is_hit(fault, 7, 1, i + 1) ? 'x' : '.';
	return pattern;
}

START_TEST(numbers_are_taken_literally)
{
	ck_assert_str_eq(pattern_of("udp: drop"), "xxxxxxxxxxxxxxxxxxxx");
	ck_assert_str_eq(pattern_of("udp: drop 100%"), "xxxxxxxxxxxxxxxxxxxx");
	ck_assert_str_eq(pattern_of("udp: drop 0%"), "....................");
	ck_assert_str_eq(pattern_of("udp: drop #3,7-9,20"),
			 "..x...xxx..........x");
	ck_assert_str_eq(pattern_of("udp: drop every 5"),
			 "....x....x....x....x");
	ck_assert_str_eq(pattern_of("udp: drop first 3"),
			 "xxx.................");
}
END_TEST

/* Within five standard deviations of what the rule says. */
START_TEST(a_share_is_as_large_as_it_says)
{
	static const char *const texts[] = {"udp: drop 0.1%", "udp: drop 5%",
					    "udp: drop 30%", "udp: drop 50%",
					    "udp: drop 99%"};
	const uint64_t n = 200000;

	for (size_t k = 0; k < ARRAY_LEN(texts); k++) {
		const struct fault *fault = parse(texts[k]);
		double p = fault->share / 1e6;
		double bound = 5 * sqrt((double)n * p * (1 - p));
		uint64_t hits = 0;

		for (uint64_t i = 1; i <= n; i++)
			hits += is_hit(fault, k, 1, i);
		ck_assert_double_le(fabs((double)hits - (double)n * p), bound);
	}
}
END_TEST

/* What two patterns have in common is what chance has. */
static void assert_unlike(const struct fault *fault, struct fault_draw a,
			  struct fault_draw b)
{
	unsigned same = 0;

	for (uint64_t i = 1; i <= 10000; i++) {
		a.index = b.index = i;
		same += fault_hits(fault, &a) == fault_hits(fault, &b);
	}
	ck_assert_uint_gt(same, 4750);
	ck_assert_uint_lt(same, 5250);
}

START_TEST(seed_rule_fault_and_client_each_make_another_pattern)
{
	const struct fault *fault = parse("udp: drop 50%");
	struct fault_draw one = draw_for(1, 1, 0), other = one;

	other.seed++;
	assert_unlike(fault, one, other);
	other = one;
	other.rule++;
	assert_unlike(fault, one, other);
	other = one;
	other.fault++;
	assert_unlike(fault, one, other);
	other = one;
	other.client.low++;
	assert_unlike(fault, one, other);
	other = one;
	other.client.high++;
	assert_unlike(fault, one, other);
	/* What is next to each other has nothing in common either. */
	other = one;
	other.client.low ^= 1;
	other.seed ^= 1;
	assert_unlike(fault, one, other);
}
END_TEST

START_TEST(bursts_are_as_long_and_as_many_as_the_model_has_them)
{
	const struct fault *fault = parse("udp: drop burst(2%,25%)");
	const uint64_t n = 300000;
	uint64_t hits = 0, bursts = 0;
	bool was_hit = false;

	for (uint64_t i = 1; i <= n; i++) {
		bool hit = is_hit(fault, 3, 1, i);

		hits += hit;
		bursts += hit && !was_hit;
		was_hit = hit;
	}
	/* Of these 2/27 are bad, for 4 messages on the average. */
	ck_assert_double_le(fabs((double)hits / (double)n - 2.0 / 27), 0.005);
	ck_assert_double_le(fabs((double)hits / (double)bursts - 4), 0.15);
}
END_TEST

/* Computed by another program from the manual's text, at a block's end, too. */
START_TEST(bursts_are_those_of_the_manual)
{
	static const char first[] = "x......xxxx.........xxxx..........x.....",
			  edge[] = ".xx......x..x.....xxxx.....xxx";
	const struct fault *fault = parse("udp: drop burst(20%,30%)");

	for (uint64_t i = 0; first[i]; i++)
		ck_assert_int_eq(is_hit(fault, 7, 1, i + 1), first[i] == 'x');
	for (uint64_t i = 0; edge[i]; i++)
		ck_assert_int_eq(is_hit(fault, 7, 1, i + 1015), edge[i] == 'x');
}
END_TEST

/* --- what is drawn besides --- */

struct moments {
	double mean, deviation, least, most;
};

static struct moments measure(const char *text)
{
	const struct fault *fault = parse(text);
	struct moments m = {.least = 1e18};
	const int n = 20000;
	double sum = 0, squares = 0;

	for (int i = 1; i <= n; i++) {
		struct fault_draw draw = draw_for(5, 1, (uint64_t)i);
		double ms = (double)fault_delay_ns(fault, &draw) / 1e6;

		sum += ms;
		squares += ms * ms;
		m.least = ms < m.least ? ms : m.least;
		m.most = ms > m.most ? ms : m.most;
	}
	m.mean = sum / n;
	m.deviation = sqrt(squares / n - m.mean * m.mean);
	return m;
}

START_TEST(delays_are_distributed_as_the_rule_says)
{
	struct moments m = measure("udp: delay 50ms");

	ck_assert_double_eq(m.least, 50);
	ck_assert_double_eq(m.most, 50);
	m = measure("udp: delay 50ms~10ms");
	ck_assert_double_ge(m.least, 40);
	ck_assert_double_le(m.least, 40.1);
	ck_assert_double_le(m.most, 60);
	ck_assert_double_ge(m.most, 59.9);
	ck_assert_double_le(fabs(m.mean - 50), 0.3);
	m = measure("udp: delay 50ms~10ms/normal");
	ck_assert_double_le(fabs(m.mean - 50), 0.4);
	ck_assert_double_le(fabs(m.deviation - 10), 0.3);
	ck_assert_double_ge(m.most, 75);
	m = measure("udp: delay 5ms~10ms/normal");
	ck_assert_double_eq(m.least, 0);
	m = measure("udp: delay 50ms~10ms/pareto");
	ck_assert_double_ge(m.least, 50);
	ck_assert_double_le(m.least, 50.01);
	ck_assert_double_ge(m.most, 300);
	ck_assert_double_le(m.most, 1050);
	/* 1 / sqrt(u) - 1 has 1 for its mean, and 1 / sqrt(0.5) - 1 between. */
	ck_assert_double_le(fabs(m.mean - 60), 2);
}
END_TEST

/* Likewise computed elsewhere, in nanoseconds. */
static const struct {
	const char *text;
	uint64_t ns[3];
} delay_rows[] = {
	{"udp: delay 50ms~10ms", {46546849, 50304074, 55696760}},
	{"udp: delay 50ms~10ms/normal", {72089357, 57900665, 37403800}},
	{"udp: delay 50ms~10ms/pareto", {52192787, 54362179, 61558436}},
};

START_TEST(delays_are_those_of_the_manual)
{
	const struct fault *fault = parse(delay_rows[_i].text);

	for (uint64_t i = 0; i < 3; i++) {
		struct fault_draw draw = draw_for(7, 1, i + 1);

		ck_assert_uint_eq(fault_delay_ns(fault, &draw),
				  delay_rows[_i].ns[i]);
	}
}
END_TEST

START_TEST(corruption_is_one_bit_or_one_byte)
{
	static const char zeros[64];
	unsigned seen = 0;

	for (uint64_t i = 1; i <= 1000; i++) {
		struct fault_draw draw = draw_for(9, 1, i);
		bool is_byte = i % 2 == 0;
		char bytes[64] = {0};
		size_t at = 0;

		fault_corrupt(
			parse(is_byte ? "udp: corrupt byte" : "udp: corrupt"),
			&draw, bytes, sizeof(bytes));
		while (at < sizeof(bytes) - 1 && bytes[at] == 0)
			at++;
		ck_assert_int_ne(bytes[at], 0);
		if (!is_byte)
			ck_assert_int_eq(
				__builtin_popcount((unsigned char)bytes[at]),
				1);
		seen |= (unsigned char)bytes[at];
		bytes[at] = 0;
		ck_assert_mem_eq(bytes, zeros, sizeof(bytes));
	}
	ck_assert_uint_eq(seen, 0xff);
}
END_TEST

START_TEST(a_cut_message_is_shorter)
{
	const struct fault *fault = parse("udp: truncate 10B");
	struct fault_draw draw = draw_for(1, 1, 1);
	unsigned seen = 0;

	ck_assert_uint_eq(fault_truncated(fault, &draw, 100), 10);
	ck_assert_uint_eq(fault_truncated(fault, &draw, 10), 10);
	ck_assert_uint_eq(fault_truncated(fault, &draw, 3), 3);
	fault = parse("udp: truncate");
	ck_assert_uint_eq(fault_truncated(fault, &draw, 0), 0);
	for (draw.index = 1; draw.index <= 200; draw.index++) {
		size_t len = fault_truncated(fault, &draw, 8);

		ck_assert_uint_lt(len, 8);
		seen |= 1u << len;
	}
	ck_assert_uint_eq(seen, 0xff);
}
END_TEST

START_TEST(a_rule_is_in_force_for_its_time_and_paths)
{
	struct slice none = {0};

	(void)parse("udp for=1s-2s: drop");
	ck_assert(!fault_rule_applies(&rule, 0, none));
	ck_assert(!fault_rule_applies(&rule, 1000 * MS - 1, none));
	ck_assert(fault_rule_applies(&rule, 1000 * MS, none));
	ck_assert(fault_rule_applies(&rule, 2000 * MS - 1, none));
	ck_assert(!fault_rule_applies(&rule, 2000 * MS, none));
	(void)parse("http path=/x/*: lf");
	ck_assert(fault_rule_applies(&rule, 0, slice_of("/x/")));
	ck_assert(fault_rule_applies(&rule, 0, slice_of("/x/a/b")));
	ck_assert(fault_rule_applies(&rule, 0, slice_of("/x/a?b")));
	ck_assert(!fault_rule_applies(&rule, 0, slice_of("/x")));
	ck_assert(!fault_rule_applies(&rule, 0, slice_of("/a/x/")));
	ck_assert(!fault_rule_applies(&rule, 0, slice_of("/a?/x/")));
	ck_assert(!fault_rule_applies(&rule, 0, none));
	ck_assert(fault_rule_applies(&rule, 0, slice_of("http://h:1/x/a?b")));
	ck_assert(!fault_rule_applies(&rule, 0, slice_of("http://x/a")));
	ck_assert(!fault_rule_applies(&rule, 0, slice_of("http://h?/x/")));
	(void)parse("http path=/: lf");
	ck_assert(fault_rule_applies(&rule, 0, slice_of("http://h")));
	ck_assert(!fault_rule_applies(&rule, 0, slice_of("*")));
	(void)parse("http path=/a?[0-9]: lf");
	ck_assert(fault_rule_applies(&rule, 0, slice_of("/ab7")));
	ck_assert(!fault_rule_applies(&rule, 0, slice_of("/ab")));
}
END_TEST

/* Whatever the length of a target is. */
START_TEST(a_long_target_is_no_trouble)
{
	static char target[8192];

	memset(target, 'a', sizeof(target));
	target[0] = '/';
	(void)parse("http path=/a*: lf");
	for (size_t len = 500; len < 520; len++)
		ck_assert(fault_rule_applies(&rule, 0,
					     (struct slice){target, len}));
	ck_assert(fault_rule_applies(&rule, 0,
				     (struct slice){target, sizeof(target)}));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("fault");
	TCase *tcase = harness_case(suite, "decisions");

	tcase_add_test(tcase, the_generator_is_that_of_the_manual);
	tcase_add_test(tcase, the_textbooks_pinger_loses_these);
	tcase_add_test(tcase, numbers_are_taken_literally);
	tcase_add_test(tcase, a_share_is_as_large_as_it_says);
	tcase_add_test(tcase,
		       seed_rule_fault_and_client_each_make_another_pattern);
	tcase_add_test(tcase,
		       bursts_are_as_long_and_as_many_as_the_model_has_them);
	tcase_add_test(tcase, bursts_are_those_of_the_manual);
	tcase_add_loop_test(tcase, delays_are_those_of_the_manual, 0,
			    ARRAY_LEN(delay_rows));
	tcase_add_test(tcase, delays_are_distributed_as_the_rule_says);
	tcase_add_test(tcase, corruption_is_one_bit_or_one_byte);
	tcase_add_test(tcase, a_cut_message_is_shorter);
	tcase_add_test(tcase, a_rule_is_in_force_for_its_time_and_paths);
	tcase_add_test(tcase, a_long_target_is_no_trouble);
	return harness_run_together(suite);
}
