/* SPDX-License-Identifier: MIT */
/*
 * Stories of answers that did not come: which of them are a silence of the
 * server, how long it was, and whether it was the end.
 */
#include "load/silence.h"

#include "harness.h"

#define MS     UINT64_C(1000000)
#define AT(ms) ((ms)*MS)
#define SPAN(from, to)                                                         \
	{                                                                      \
		AT(from), AT(to)                                               \
	}

enum step_kind {
	STEP_END_OF_STORY = 0,
	ASK,	/* n of them */
	ANSWER, /* to one that waited for n ms; others wait */
	LAST,	/* the same; nobody else waits */
	BREAK,	/* a connection */
	PAUSE,	/* of ours, n ms long, that ends now */
	END
};

static const struct {
	const char *story;
	struct silence_rule rule;
	struct {
		unsigned at_ms;
		enum step_kind kind;
		unsigned n;
	} steps[8];
	unsigned from_ms, to_ms; /* of the longest; 0: none */
	unsigned stopped_ms;
} silences[] = {
	{"answers flow",
	 {10, AT(1000)},
	 {{1, ASK, 10}, {100, ANSWER, 99}, {250, ANSWER, 150}, {300, END, 0}},
	 0,
	 0,
	 0},
	{"nobody waits: that is no silence",
	 {10, AT(1000)},
	 {{1, ASK, 1},
	  {2, LAST, 1},
	  {900, ASK, 1},
	  {901, LAST, 1},
	  {999, END, 0}},
	 0,
	 0,
	 0},
	{"closed loop, all wait for half a second, and are answered",
	 {10, AT(1000)},
	 {{1, ASK, 10}, {501, ANSWER, 500}, {502, LAST, 501}, {510, END, 0}},
	 1,
	 501,
	 0},
	{"closed loop, all ten are lost, and asked again after the timeout",
	 {10, AT(1000)},
	 {{1, ASK, 10}, {1030, ASK, 10}, {1031, ANSWER, 1}, {1040, END, 0}},
	 0,
	 0,
	 0},
	{"asked twice for nothing: that is longer than a loss",
	 {10, AT(500)},
	 {{1, ASK, 10},
	  {510, ASK, 10},
	  {1010, ASK, 10},
	  {1011, ANSWER, 1},
	  {1040, END, 0}},
	 1,
	 1011,
	 0},
	{"open loop: many in a row are not lost by chance",
	 {0, AT(1000)},
	 {{1, ASK, 300}, {601, ANSWER, 1}, {610, END, 0}},
	 1,
	 601,
	 0},
	{"open loop: a few are",
	 {0, AT(1000)},
	 {{1, ASK, 3}, {601, ANSWER, 1}, {610, END, 0}},
	 0,
	 0,
	 0},
	{"connections break, and are refused for 0.3 s",
	 {10, AT(1000)},
	 {{1, ASK, 10},
	  {2, BREAK, 0},
	  {3, ASK, 10},
	  {301, ANSWER, 1},
	  {310, END, 0}},
	 1,
	 301,
	 0},
	{"this program stood still for as long",
	 {10, AT(1000)},
	 {{1, ASK, 10}, {601, PAUSE, 580}, {602, ANSWER, 601}, {610, END, 0}},
	 0,
	 0,
	 0},
	{"killed: refused to the end",
	 {10, AT(1000)},
	 {{1, ASK, 10}, {10, ANSWER, 9}, {11, BREAK, 0}, {500, END, 0}},
	 10,
	 500,
	 10},
	{"hung: nothing comes any more, for longer than a timeout",
	 {1, AT(1000)},
	 {{1, ASK, 1}, {10, ANSWER, 9}, {3000, END, 0}},
	 10,
	 3000,
	 10},
	{"the last one is lost: that is no end of the server",
	 {1, AT(1000)},
	 {{1, ASK, 1}, {10, ANSWER, 9}, {11, ASK, 1}, {900, END, 0}},
	 0,
	 0,
	 0},
	{"shorter than what counts",
	 {10, AT(1000)},
	 {{1, ASK, 30}, {200, ANSWER, 199}, {210, END, 0}},
	 0,
	 0,
	 0},
	{"just as long as what counts",
	 {10, AT(1000)},
	 {{1, ASK, 30}, {201, ANSWER, 200}, {210, END, 0}},
	 1,
	 201,
	 0},
	{"twenty beyond what can wait are not lost by chance",
	 {10, AT(1000)},
	 {{1, ASK, 30}, {601, ANSWER, 300}, {610, END, 0}},
	 1,
	 601,
	 0},
	{"one less may be: it is as long as the one that came",
	 {10, AT(1000)},
	 {{1, ASK, 29}, {601, ANSWER, 300}, {610, END, 0}},
	 301,
	 601,
	 0},
	{"no longer than a timeout and its tick",
	 {10, AT(500)},
	 {{1, ASK, 1}, {601, ANSWER, 1}, {610, END, 0}},
	 0,
	 0,
	 0},
	{"a little longer",
	 {10, AT(500)},
	 {{1, ASK, 1}, {602, ANSWER, 1}, {610, END, 0}},
	 1,
	 602,
	 0},
	{"the next one is reckoned from the last answer",
	 {10, AT(1000)},
	 {{1, ASK, 30},
	  {301, ANSWER, 300},
	  {302, ASK, 30},
	  {702, ANSWER, 1},
	  {710, END, 0}},
	 301,
	 702,
	 0},
	{"or from when somebody waits again",
	 {10, AT(1000)},
	 {{1, ASK, 30},
	  {301, LAST, 300},
	  {402, ASK, 30},
	  {702, ANSWER, 1},
	  {710, END, 0}},
	 1,
	 301,
	 0},
	{"nothing broke before anybody waited",
	 {10, AT(1000)},
	 {{1, BREAK, 0}, {2, ASK, 10}, {602, ANSWER, 1}, {610, END, 0}},
	 0,
	 0,
	 0},
	{"a pause when nobody waits forgives nothing that comes",
	 {10, AT(1000)},
	 {{100, PAUSE, 90}, {101, ASK, 30}, {401, ANSWER, 300}, {410, END, 0}},
	 101,
	 401,
	 0},
	{"a pause of more than all leaves nothing",
	 {10, AT(1000)},
	 {{1, ASK, 30}, {301, PAUSE, 600}, {302, ANSWER, 301}, {310, END, 0}},
	 0,
	 0,
	 0},
	{"the end is awaited for a second at most",
	 {10, AT(60000)},
	 {{1, ASK, 1}, {1102, END, 0}},
	 1,
	 1102,
	 1},
	{"and no less",
	 {10, AT(60000)},
	 {{1, ASK, 1}, {1101, END, 0}},
	 0,
	 0,
	 0},
	{"or for as long as its timeout",
	 {10, AT(300)},
	 {{1, ASK, 1}, {402, END, 0}},
	 1,
	 402,
	 1},
	{"an end that is too short to count",
	 {10, AT(1000)},
	 {{1, ASK, 30}, {200, END, 0}},
	 0,
	 0,
	 0},
	{"one that just counts",
	 {10, AT(1000)},
	 {{1, ASK, 30}, {201, END, 0}},
	 1,
	 201,
	 1},
	{"an end before anybody waits",
	 {10, AT(1000)},
	 {{500, ASK, 30}, {400, END, 0}},
	 0,
	 0,
	 0},
};

static void take_step(struct silence *silence, const struct silence_rule *rule,
		      struct silences *out, uint64_t now_ns,
		      enum step_kind kind, unsigned n)
{
	switch (kind) {
	case ASK:
		for (unsigned i = 0; i < n; i++)
			silence_ask(silence, now_ns);
		break;
	case ANSWER:
	case LAST:
		silence_answer(silence, rule, out, now_ns, AT(n),
			       kind == ANSWER);
		break;
	case BREAK:
		silence_break(silence);
		break;
	case PAUSE:
		silence_forgive(silence, AT(n));
		break;
	default:
		silence_end(silence, rule, out, now_ns);
		break;
	}
}

START_TEST(a_silence_is_the_servers_or_none)
{
	struct silence silence = {0};
	struct silences out = {0};
	const struct silence_span *longest;

	for (size_t i = 0; i < ARRAY_LEN(silences[_i].steps) &&
			   silences[_i].steps[i].kind != STEP_END_OF_STORY;
	     i++)
		take_step(&silence, &silences[_i].rule, &out,
			  AT(silences[_i].steps[i].at_ms),
			  silences[_i].steps[i].kind, silences[_i].steps[i].n);
	longest = silence_longest(&out);
	ck_assert_msg((longest != NULL) == (silences[_i].to_ms > 0), "%s",
		      silences[_i].story);
	if (longest)
		ck_assert_msg(longest->from_ns == AT(silences[_i].from_ms) &&
				      longest->to_ns == AT(silences[_i].to_ms),
			      "%s: %llu to %llu ms", silences[_i].story,
			      (unsigned long long)(longest->from_ns / MS),
			      (unsigned long long)(longest->to_ns / MS));
	ck_assert_msg(out.stopped_ns == AT(silences[_i].stopped_ms), "%s",
		      silences[_i].story);
}
END_TEST

/* One job's stuck connection is no stall of the server. */
START_TEST(only_what_all_jobs_share_is_the_servers)
{
	struct silences all = {.spans = {SPAN(1000, 1600), SPAN(3000, 4000)},
			       .n = 2,
			       .stopped_ns = AT(8000)};
	const struct silences other = {
		.spans = {SPAN(1100, 1700), SPAN(5000, 6000)},
		.n = 2,
		.stopped_ns = AT(8100)};
	const struct silences busy = {.n = 0};

	silence_intersect(&all, &other);
	ck_assert_uint_eq(all.n, 1);
	ck_assert(all.spans[0].from_ns == AT(1100) &&
		  all.spans[0].to_ns == AT(1600));
	ck_assert_uint_eq(all.stopped_ns, AT(8100));
	silence_intersect(&all, &busy);
	ck_assert_uint_eq(all.n, 0);
	ck_assert_uint_eq(all.stopped_ns, 0);
}
END_TEST

START_TEST(the_longest_are_kept)
{
	struct silence silence = {0};
	const struct silence_rule rule = {1, AT(1000)};
	struct silences out = {0};
	uint64_t now_ns = AT(1);

	for (unsigned ms = 1200; ms >= 210; ms -= 10) {
		silence_ask(&silence, now_ns);
		now_ns += AT(ms);
		silence_answer(&silence, &rule, &out, now_ns, AT(ms), false);
	}
	ck_assert_uint_eq(out.n, SILENCE_SPANS);
	ck_assert_uint_eq(silence_longest(&out)->to_ns -
				  silence_longest(&out)->from_ns,
			  AT(1200));
}
END_TEST

/* Somebody waits who has not asked yet: all clients are busy. */
START_TEST(who_waits_need_not_have_asked)
{
	struct silence silence = {0};
	struct silences out = {0};
	const struct silence_rule rule = {1, AT(100)};

	silence_wait(&silence, 1);
	silence_wait(&silence, AT(50));
	silence_answer(&silence, &rule, &out, AT(301), AT(300), true);
	ck_assert_uint_eq(out.n, 1);
	ck_assert_uint_eq(out.spans[0].from_ns, 1);
	ck_assert_uint_eq(silence.since_ns, AT(301));
	ck_assert_uint_eq(silence.n_asked, 0);
}
END_TEST

/* Each in the place of the shortest, wherever that stands. */
START_TEST(a_longer_one_takes_the_place_of_the_shortest)
{
	for (unsigned place = 0; place < SILENCE_SPANS; place++) {
		struct silence silence = {0};
		struct silences out = {0};
		const struct silence_rule rule = {0, AT(10)};
		uint64_t now_ns = AT(1);

		for (unsigned i = 0; i < SILENCE_SPANS + 2; i++) {
			/* Of the last two the first is too short. */
			unsigned ms = i == place	       ? 300
				      : i == SILENCE_SPANS     ? 300
				      : i == SILENCE_SPANS + 1 ? 301
							       : 500;

			silence_ask(&silence, now_ns);
			now_ns += AT(ms);
			silence_answer(&silence, &rule, &out, now_ns, AT(ms),
				       false);
		}
		ck_assert_uint_eq(out.n, SILENCE_SPANS);
		for (unsigned i = 0; i < SILENCE_SPANS; i++)
			ck_assert_uint_eq(out.spans[i].to_ns -
						  out.spans[i].from_ns,
					  AT(i == place ? 301 : 500));
	}
}
END_TEST

static const struct {
	struct silence_span ours, other;
	uint64_t from_ms, to_ms; /* 0: nothing is shared */
} pairs[] = {
	{SPAN(1000, 2000), SPAN(1000, 2000), 1000, 2000},
	{SPAN(1000, 2000), SPAN(1500, 2500), 1500, 2000},
	{SPAN(1500, 2500), SPAN(1000, 2000), 1500, 2000},
	{SPAN(1000, 2000), SPAN(1200, 1800), 1200, 1800},
	{SPAN(1200, 1800), SPAN(1000, 2000), 1200, 1800},
	{SPAN(1000, 2000), SPAN(1801, 3000), 0, 0}, /* too short */
	{SPAN(1000, 2000), SPAN(1800, 3000), 1800, 2000},
	{SPAN(1000, 2000), SPAN(2000, 3000), 0, 0},
	{SPAN(2000, 3000), SPAN(1000, 1500), 0, 0},
};

START_TEST(what_is_shared_is_what_lies_in_both)
{
	struct silences ours = {.spans = {pairs[_i].ours}, .n = 1};
	const struct silences other = {.spans = {pairs[_i].other}, .n = 1};

	silence_intersect(&ours, &other);
	ck_assert_uint_eq(ours.n, pairs[_i].to_ms > 0);
	if (ours.n == 0)
		return;
	ck_assert_uint_eq(ours.spans[0].from_ns, AT(pairs[_i].from_ms));
	ck_assert_uint_eq(ours.spans[0].to_ns, AT(pairs[_i].to_ms));
}
END_TEST

START_TEST(the_end_is_shared_when_all_have_it_and_is_the_latest)
{
	static const struct {
		uint64_t ours, other, both;
	} ends[] = {{5, 7, 7}, {7, 5, 7}, {0, 5, 0}, {5, 0, 0}, {0, 0, 0}};

	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		struct silences ours = {.stopped_ns = ends[i].ours};
		const struct silences other = {.stopped_ns = ends[i].other};

		silence_intersect(&ours, &other);
		ck_assert_uint_eq(ours.stopped_ns, ends[i].both);
	}
}
END_TEST

START_TEST(of_none_there_is_no_longest)
{
	const struct silences none = {.n = 0};
	const struct silences two = {.spans = {SPAN(1, 3), SPAN(5, 7)}, .n = 2};

	ck_assert_ptr_null(silence_longest(&none));
	/* Of two alike it is the first. */
	ck_assert_ptr_eq(silence_longest(&two), &two.spans[0]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("silence");
	TCase *tcase = harness_case(suite, "silence");

	tcase_add_loop_test(tcase, a_silence_is_the_servers_or_none, 0,
			    (int)ARRAY_LEN(silences));
	tcase_add_test(tcase, only_what_all_jobs_share_is_the_servers);
	tcase_add_test(tcase, the_longest_are_kept);
	tcase_add_test(tcase, who_waits_need_not_have_asked);
	tcase_add_test(tcase, a_longer_one_takes_the_place_of_the_shortest);
	tcase_add_loop_test(tcase, what_is_shared_is_what_lies_in_both, 0,
			    (int)ARRAY_LEN(pairs));
	tcase_add_test(tcase,
		       the_end_is_shared_when_all_have_it_and_is_the_latest);
	tcase_add_test(tcase, of_none_there_is_no_longest);
	return harness_run_together(suite);
}
