/* SPDX-License-Identifier: MIT */
/*
 * Preconditions (RFC 9110, 13): each field by itself, as a client sends it,
 * and every combination of them in the order of 13.2.2, through the parser and
 * the decision to the status. What the order comes to is written here a second
 * time, from the RFC.
 */
#include "http/condition.h"

#include <stdio.h>
#include <string.h>

#include "harness.h"
#include "http/answer.h"
#include "http_fixture.h"

#define TAG "\"1f-264-65-0\""

/* The RFC's moment, a second before and after, and a long time after. */
#define MODIFIED_S 784111777
#define NOW_S	   1900000000
#define SAME	   "Sun, 06 Nov 1994 08:49:37 GMT"
#define BEFORE	   "Sun, 06 Nov 1994 08:49:36 GMT"
#define AFTER	   "Sun, 06 Nov 1994 08:49:38 GMT"

static struct http_validators validators_of(const char *etag)
{
	return (struct http_validators){
		.etag = slice_of(etag),
		.last_modified_s = MODIFIED_S,
		.now_s = NOW_S,
	};
}

/* Field lines, with the name in place of each "@". */
static const char *named(const char *lines, const char *name)
{
	static char text[2048];
	size_t len = 0;

	for (; *lines != '\0'; lines++)
		len += (size_t)(*lines == '@' ? snprintf(text + len,
							 sizeof(text) - len,
							 "%s", name)
					      : snprintf(text + len,
							 sizeof(text) - len,
							 "%c", *lines));
	ck_assert_uint_lt(len, sizeof(text));
	return text;
}

static enum http_condition judge(const char *fields,
				 const struct http_validators *validators)
{
	return http_condition_judge(
		&http_fixture_ask_with("GET", fields)->request, validators);
}

/* --- entity tags --- */

static const struct tag_row {
	const char *lines; /* "@" is the field's name */
	const char *etag;  /* of the file */
	bool strongly;	   /* it is named, for If-Match */
	bool weakly;	   /* it is named, for If-None-Match */
	const char *why;   /* with the section of RFC 9110 */
} tags[] = {
	{"@: \"a\"\r\n", "\"a\"", true, true, "8.8.3.2: the same"},
	{"@: \"b\"\r\n", "\"a\"", false, false, "8.8.3.2: another"},
	{"@: \"A\"\r\n", "\"a\"", false, false, "8.8.3: opaque, so case tells"},
	{"@: \"a \"\r\n", "\"a\"", false, false, "8.8.3: a blank is no etagc"},
	{"@: \"aa\"\r\n", "\"a\"", false, false, "longer"},
	{"@: \"\"\r\n", "\"a\"", false, false, "an empty one is another"},
	{"@: \"\"\r\n", "\"\"", true, true, "8.8.3: an empty one is one"},
	{"@: W/\"a\"\r\n", "\"a\"", false, true, "8.8.3.2: the table, row 3"},
	{"@: W/\"b\"\r\n", "\"a\"", false, false, "8.8.3.2: the table, row 2"},
	{"@: w/\"a\"\r\n", "\"a\"", false, false, "8.8.3: W is case-sensitive"},
	{"@: W\"a\"\r\n", "\"a\"", false, false, "8.8.3: no slash"},
	{"@: W/ \"a\"\r\n", "\"a\"", false, false, "8.8.3: no blank"},
	{"@: W/a\r\n", "\"a\"", false, false, "8.8.3: no quotes"},
	{"@: W/\r\n", "\"a\"", false, false, "8.8.3: nothing"},
	{"@: a\r\n", "\"a\"", false, false, "8.8.3: no quotes"},
	{"@: \"a\r\n", "\"a\"", false, false, "8.8.3: no second quote"},
	{"@: a\"\r\n", "\"a\"", false, false, "8.8.3: no first quote"},
	{"@: \"\r\n", "\"\"", false, false, "8.8.3: one quote is not two"},
	{"@: \"\r\n", "\"", false, false, "8.8.3: nor a tag of itself"},
	{"@: 'a'\r\n", "\"a\"", false, false, "8.8.3: no such quotes"},
	{"@:\r\n", "\"a\"", false, false, "an empty list names nothing"},
	{"@: ,\r\n", "\"a\"", false, false, "an empty list names nothing"},

	/* lists, 5.6.1 */
	{"@: \"a\", \"b\"\r\n", "\"a\"", true, true, "the first of two"},
	{"@: \"b\", \"a\"\r\n", "\"a\"", true, true, "the last of two"},
	{"@: \"b\",\"a\",\"c\"\r\n", "\"a\"", true, true, "no blanks"},
	{"@: \"b\" ,\t\"a\"\r\n", "\"a\"", true, true, "OWS around the comma"},
	{"@: ,, \"a\",\r\n", "\"a\"", true, true, "5.6.1.2: empty elements"},
	{"@: \"b\", \"c\"\r\n", "\"a\"", false, false, "not among them"},
	{"@: W/\"b\", W/\"a\"\r\n", "\"a\"", false, true, "weak ones"},
	{"@: W/\"a\", \"a\"\r\n", "\"a\"", true, true, "weak and strong"},
	{"@: bad, \"a\"\r\n", "\"a\"", true, true, "a bad one is none"},
	{"@: \"b\" \"a\"\r\n", "\"a\"", false, false, "no comma, no list"},

	/* what may stand in a tag, 8.8.3 */
	{"@: \"x,a\"\r\n", "\"a\"", false, false, "a comma parts no tag"},
	{"@: \"x,y\"\r\n", "\"x,y\"", true, true, "a comma in a tag"},
	{"@: \"b\", \"x,y\", \"c\"\r\n", "\"x,y\"", true, true, "and a list"},
	{"@: \"x,\",\"a\"\r\n", "\"a\"", true, true, "a comma at its end"},
	{"@: \",\", \"a\"\r\n", "\"a\"", true, true, "nothing but a comma"},
	{"@: \"*\"\r\n", "\"a\"", false, false, "a star in quotes is a tag"},
	{"@: \"x\\\", \"a\"\r\n", "\"a\"", true, true,
	 "a backslash escapes nothing"},
	{"@: \"\\\"\r\n", "\"\\\"", true, true, "a backslash alone"},
	{"@: \"\xc3\xa4\"\r\n", "\"\xc3\xa4\"", true, true, "obs-text"},
	{"@: \"!#~\"\r\n", "\"!#~\"", true, true, "the ends of etagc"},

	/* star, 13.1.1 and 13.1.2 */
	{"@: *\r\n", "\"a\"", true, true, "there is one"},
	{"@:   *  \r\n", "\"a\"", true, true, "5.5: OWS around a value"},
	{"@: **\r\n", "\"a\"", false, false, "two are none"},
	{"@: W/*\r\n", "\"a\"", false, false, "no such thing"},
	{"@: *, \"b\"\r\n", "\"a\"", false, false, "a star is no element"},

	/* several field lines are one list, 5.3 */
	{"@: \"b\"\r\n@: \"a\"\r\n", "\"a\"", true, true, "in the second line"},
	{"@: \"a\"\r\n@: \"b\"\r\n", "\"a\"", true, true, "in the first line"},
	{"@: \"b\"\r\nX: y\r\n@: \"a\"\r\n", "\"a\"", true, true, "apart"},
	{"@: \"b\"\r\n@: \"c\"\r\n", "\"a\"", false, false, "in neither"},
	{"@:\r\n@: \"a\"\r\n", "\"a\"", true, true, "an empty line first"},
	{"@: W/\"a\"\r\n@: \"b\"\r\n", "\"a\"", false, true, "weak, above"},
};

START_TEST(if_match_compares_strongly)
{
	const struct tag_row *row = &tags[_i];
	struct http_validators validators = validators_of(row->etag);

	ck_assert_msg(judge(named(row->lines, "If-Match"), &validators) ==
			      (row->strongly ? HTTP_CONDITION_NONE
					     : HTTP_CONDITION_FAILED),
		      "%s: %s", row->lines, row->why);
}
END_TEST

START_TEST(if_none_match_compares_weakly)
{
	const struct tag_row *row = &tags[_i];
	struct http_validators validators = validators_of(row->etag);

	ck_assert_msg(judge(named(row->lines, "If-None-Match"), &validators) ==
			      (row->weakly ? HTTP_CONDITION_NOT_MODIFIED
					   : HTTP_CONDITION_NONE),
		      "%s: %s", row->lines, row->why);
}
END_TEST

/* --- dates --- */

static const struct date_row {
	const char *lines; /* "@" is the field's name */
	bool is_read;	   /* else the field is ignored */
	bool is_later;	   /* the file, than the date */
	const char *why;   /* with the section of RFC 9110 */
} dates[] = {
	{"@: " SAME "\r\n", true, false, "13.1.3: the same second"},
	{"@: " AFTER "\r\n", true, false, "13.1.3: a second after"},
	{"@: " BEFORE "\r\n", true, true, "13.1.3: a second before"},
	{"@: Thu, 01 Jan 1970 00:00:00 GMT\r\n", true, true, "long before"},
	{"@: Fri, 31 Dec 9999 23:59:59 GMT\r\n", true, false, "yet to come"},
	{"@: Sunday, 06-Nov-94 08:49:37 GMT\r\n", true, false, "5.6.7: RFC850"},
	{"@: Sunday, 06-Nov-94 08:49:36 GMT\r\n", true, true, "5.6.7: RFC850"},
	{"@: Sun Nov  6 08:49:37 1994\r\n", true, false, "5.6.7: asctime"},
	{"@: Sun Nov  6 08:49:36 1994\r\n", true, true, "5.6.7: asctime"},
	{"@: \t" BEFORE " \r\n", true, true, "5.5: OWS around a value"},

	{"@:\r\n", false, false, "13.1.3: no date"},
	{"@: 0\r\n", false, false, "13.1.3: no date"},
	{"@: yesterday\r\n", false, false, "13.1.3: no date"},
	{"@: 1994-11-06T08:49:36Z\r\n", false, false, "of RFC 3339"},
	{"@: Sun, 06 Nov 1994 08:49:36 UTC\r\n", false, false, "GMT alone"},
	{"@: Sun, 06 Nov 1994 08:49:36 +0000\r\n", false, false, "GMT alone"},
	{"@: Sun, 06 Nov 1994 08:49:36\r\n", false, false, "no zone"},
	{"@: Sun, 31 Feb 1993 08:49:36 GMT\r\n", false, false, "no such day"},
	{"@: \"" BEFORE "\"\r\n", false, false, "quotes"},
	{"@: " BEFORE ", " BEFORE "\r\n", false, false,
	 "13.1.3: more than one member"},
	{"@: " BEFORE "\r\n@: " BEFORE "\r\n", false, false,
	 "13.1.3: more than one member"},
	{"@: " BEFORE "\r\n@:\r\n", false, false, "two lines, one is empty"},
};

START_TEST(if_modified_since_compares_with_the_date)
{
	const struct date_row *row = &dates[_i];
	struct http_validators validators = validators_of(TAG);

	ck_assert_msg(
		judge(named(row->lines, "If-Modified-Since"), &validators) ==
			(row->is_read && !row->is_later
				 ? HTTP_CONDITION_NOT_MODIFIED
				 : HTTP_CONDITION_NONE),
		"%s: %s", row->lines, row->why);
}
END_TEST

START_TEST(if_unmodified_since_compares_with_the_date)
{
	const struct date_row *row = &dates[_i];
	struct http_validators validators = validators_of(TAG);

	ck_assert_msg(
		judge(named(row->lines, "If-Unmodified-Since"), &validators) ==
			(row->is_read && row->is_later ? HTTP_CONDITION_FAILED
						       : HTTP_CONDITION_NONE),
		"%s: %s", row->lines, row->why);
}
END_TEST

/* 13.1.3 and 13.1.4: without a date of its own, dates mean nothing. */
START_TEST(without_a_date_of_its_own_dates_are_ignored)
{
	const struct date_row *row = &dates[_i];
	struct http_validators validators = validators_of(TAG);

	validators.last_modified_s = HTTP_NO_DATE;
	ck_assert_int_eq(
		judge(named(row->lines, "If-Modified-Since"), &validators),
		HTTP_CONDITION_NONE);
	ck_assert_int_eq(
		judge(named(row->lines, "If-Unmodified-Since"), &validators),
		HTTP_CONDITION_NONE);
}
END_TEST

/* --- If-Range --- */

static const struct range_row {
	const char *lines;
	int64_t modified_s;
	int64_t now_s;
	bool applies;
	const char *why; /* with the section of RFC 9110 */
} ranges[] = {
	{"", MODIFIED_S, NOW_S, true, "14.2: without the field"},
	{"If-Range: " TAG "\r\n", MODIFIED_S, NOW_S, true, "13.1.5: its tag"},
	{"If-Range: \"b\"\r\n", MODIFIED_S, NOW_S, false, "13.1.5: another"},
	{"If-Range: W/" TAG "\r\n", MODIFIED_S, NOW_S, false,
	 "13.1.5: strong comparison"},
	{"If-Range: \"\"\r\n", MODIFIED_S, NOW_S, false, "another"},
	{"If-Range: *\r\n", MODIFIED_S, NOW_S, false, "13.1.5: no such form"},
	{"If-Range: " TAG ", \"b\"\r\n", MODIFIED_S, NOW_S, false,
	 "13.1.5: no list"},
	{"If-Range: \"b\", " TAG "\r\n", MODIFIED_S, NOW_S, false, "no list"},
	{"If-Range:\r\n", MODIFIED_S, NOW_S, false, "13.1.5: nothing matches"},
	{"If-Range: 1f-264-65-0\r\n", MODIFIED_S, NOW_S, false, "no quotes"},
	{"If-Range: " TAG "\r\nIf-Range: " TAG "\r\n", MODIFIED_S, NOW_S, false,
	 "5.3: twice is not once"},
	{"If-Range: " SAME "\r\n", MODIFIED_S, NOW_S, true, "13.1.5: its date"},
	{"If-Range: Sunday, 06-Nov-94 08:49:37 GMT\r\n", MODIFIED_S, NOW_S,
	 true, "5.6.7: the same date"},
	{"If-Range: Sun Nov  6 08:49:37 1994\r\n", MODIFIED_S, NOW_S, true,
	 "5.6.7: the same date"},
	{"If-Range: " BEFORE "\r\n", MODIFIED_S, NOW_S, false,
	 "13.1.5: an exact match alone"},
	{"If-Range: " AFTER "\r\n", MODIFIED_S, NOW_S, false,
	 "13.1.5: an exact match alone, unlike If-Unmodified-Since"},
	{"If-Range: yesterday\r\n", MODIFIED_S, NOW_S, false, "no validator"},
	{"If-Range: " SAME "\r\n", MODIFIED_S, MODIFIED_S + 1, true,
	 "8.8.2.2: a second old"},
	{"If-Range: " SAME "\r\n", MODIFIED_S, MODIFIED_S, false,
	 "8.8.2.2: may still change in this second"},
	{"If-Range: " TAG "\r\n", MODIFIED_S, MODIFIED_S, true,
	 "13.1.5: a tag is strong at once"},
};

START_TEST(a_range_applies_to_what_the_peer_has)
{
	const struct range_row *row = &ranges[_i];
	struct http_validators validators = validators_of(TAG);

	validators.last_modified_s = row->modified_s;
	validators.now_s = row->now_s;
	ck_assert_msg(
		http_condition_range_applies(
			&http_fixture_ask_with("GET", row->lines)->request,
			&validators) == row->applies,
		"%s: %s", row->lines, row->why);
}
END_TEST

/* --- every combination, 13.2.2 --- */

/* What a field line comes to. */
enum outcome {
	ABSENT, /* or to be ignored */
	HOLDS,
	FAILS,
};

struct option {
	const char *line;
	enum outcome outcome;
};

static const struct option if_match[] = {
	{"", ABSENT},
	{"If-Match: " TAG "\r\n", HOLDS},
	{"If-Match: *\r\n", HOLDS},
	{"If-Match: \"b\", " TAG "\r\n", HOLDS},
	{"If-Match: \"b\"\r\n", FAILS},
	{"If-Match: W/" TAG "\r\n", FAILS},
};

static const struct option if_unmodified_since[] = {
	{"", ABSENT},
	{"If-Unmodified-Since: " SAME "\r\n", HOLDS},
	{"If-Unmodified-Since: " BEFORE "\r\n", FAILS},
	{"If-Unmodified-Since: never\r\n", ABSENT},
};

static const struct option if_none_match[] = {
	{"", ABSENT},
	{"If-None-Match: \"b\"\r\n", HOLDS},
	{"If-None-Match: *\r\n", FAILS},
	{"If-None-Match: " TAG "\r\n", FAILS},
	{"If-None-Match: W/" TAG "\r\n", FAILS},
};

static const struct option if_modified_since[] = {
	{"", ABSENT},
	{"If-Modified-Since: " SAME "\r\n", FAILS},
	{"If-Modified-Since: " BEFORE "\r\n", HOLDS},
	{"If-Modified-Since: never\r\n", ABSENT},
};

/* HOLDS: satisfiable, FAILS: unsatisfiable. */
static const struct option range[] = {
	{"", ABSENT},
	{"Range: bytes=0-1\r\n", HOLDS},
	{"Range: bytes=0-1,4-5\r\n", HOLDS},
	{"Range: bytes=700-\r\n", FAILS},
	{"Range: bytes=5-4\r\n", FAILS}, /* invalid is unsatisfiable */
	{"Range: lines=0-1\r\n", ABSENT},
	{"Range: bytes=0-1\r\nRange: bytes=0-1\r\n", ABSENT},
};

static const struct option if_range[] = {
	{"", ABSENT},
	{"If-Range: " TAG "\r\n", HOLDS},
	{"If-Range: W/" TAG "\r\n", FAILS},
	{"If-Range: \"b\"\r\n", FAILS},
	{"If-Range: " SAME "\r\n", HOLDS},
	{"If-Range: " BEFORE "\r\n", FAILS},
	{"If-Range: never\r\n", FAILS},
};

/* One choice of each. */
struct choice {
	const struct option *if_match;
	const struct option *if_unmodified_since;
	const struct option *if_none_match;
	const struct option *if_modified_since;
	const struct option *range;
	const struct option *if_range;
};

/* The steps of 13.2.2, for a file that is there. */
static unsigned status_of(const struct choice *c, bool is_get)
{
	/* 1, 2: If-Unmodified-Since is looked at without If-Match alone. */
	if (c->if_match->outcome == FAILS)
		return 412;
	if (c->if_match->outcome == ABSENT &&
	    c->if_unmodified_since->outcome == FAILS)
		return 412;
	/* 3, 4: If-Modified-Since is looked at without If-None-Match alone. */
	if (c->if_none_match->outcome == FAILS)
		return 304;
	if (c->if_none_match->outcome == ABSENT &&
	    c->if_modified_since->outcome == FAILS)
		return 304;
	/* 5: Range is for GET, and If-Range for Range. */
	if (!is_get || c->range->outcome == ABSENT ||
	    c->if_range->outcome == FAILS)
		return 200;
	return c->range->outcome == HOLDS ? 206 : 416;
}

static const struct http_file file = {
	.kind = HTTP_FILE_REGULAR,
	.size = 612,
	.mtime_s = MODIFIED_S,
	.etag = {TAG, sizeof(TAG) - 1},
	.media_type = "text/plain",
	.coding = HTTP_CODING_IDENTITY,
};

static const struct http_policy policy = {.now_s = NOW_S, .max_age_s = -1};

static void try_choice(const struct choice *c, const char *method)
{
	struct http_answer answer;
	struct asked *asked;
	unsigned want = status_of(c, strcmp(method, "GET") == 0);
	char fields[1024];

	/* Backwards: the order of the lines must not matter. */
	(void)snprintf(fields, sizeof(fields), "%s%s%s%s%s%s",
		       c->if_range->line, c->range->line,
		       c->if_modified_since->line, c->if_none_match->line,
		       c->if_unmodified_since->line, c->if_match->line);
	asked = http_fixture_ask_with(method, fields);
	http_answer_file(&asked->request, &asked->target, &file, &policy,
			 &answer);
	ck_assert_msg(answer.status == want, "%u, not %u: %s with\n%s",
		      answer.status, want, method, fields);
}

#define N_OUTER (ARRAY_LEN(if_match) * ARRAY_LEN(if_unmodified_since))
#define N_INNER                                                                \
	(ARRAY_LEN(if_none_match) * ARRAY_LEN(if_modified_since) *             \
	 ARRAY_LEN(range) * ARRAY_LEN(if_range))

/* The option that the number chooses; the rest is for the next field. */
static const struct option *choose(const struct option *list, size_t n,
				   size_t *number)
{
	const struct option *option = &list[*number % n];

	*number /= n;
	return option;
}

#define CHOOSE(list, number) choose(list, ARRAY_LEN(list), number)

START_TEST(every_combination_comes_to_what_the_order_says)
{
	for (size_t i = 0; i < N_INNER; i++) {
		size_t outer = (size_t)_i, inner = i;
		struct choice c = {
			.if_match = CHOOSE(if_match, &outer),
			.if_unmodified_since =
				CHOOSE(if_unmodified_since, &outer),
			.if_none_match = CHOOSE(if_none_match, &inner),
			.if_modified_since = CHOOSE(if_modified_since, &inner),
			.range = CHOOSE(range, &inner),
			.if_range = CHOOSE(if_range, &inner),
		};

		try_choice(&c, "GET");
		try_choice(&c, "HEAD");
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("condition");
	TCase *tcase = harness_case(suite, "fields");

	tcase_add_loop_test(tcase, if_match_compares_strongly, 0,
			    (int)ARRAY_LEN(tags));
	tcase_add_loop_test(tcase, if_none_match_compares_weakly, 0,
			    (int)ARRAY_LEN(tags));
	tcase_add_loop_test(tcase, if_modified_since_compares_with_the_date, 0,
			    (int)ARRAY_LEN(dates));
	tcase_add_loop_test(tcase, if_unmodified_since_compares_with_the_date,
			    0, (int)ARRAY_LEN(dates));
	tcase_add_loop_test(tcase, without_a_date_of_its_own_dates_are_ignored,
			    0, (int)ARRAY_LEN(dates));
	tcase_add_loop_test(tcase, a_range_applies_to_what_the_peer_has, 0,
			    (int)ARRAY_LEN(ranges));

	tcase = harness_case(suite, "order");
	tcase_add_loop_test(tcase,
			    every_combination_comes_to_what_the_order_says, 0,
			    (int)N_OUTER);
	return harness_run_together(suite);
}
