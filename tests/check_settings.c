/* SPDX-License-Identifier: MIT */
/*
 * Values by the table, each type with its ends, what lies just beyond them, and
 * what is said then; lists; and how all of it is shown.
 */
#include "cli/settings.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "harness.h"

struct kept {
	bool flag;
	bool pick_bool;
	int pick_int;
	const char *text;
	struct setting_list list;
	struct setting_list judged;
	uint64_t time_ns;
	uint64_t seconds_ns;
	uint64_t size;
	uint16_t small;
	uint32_t count;
	double rate;
	int choice;
	int own;
};

static const char *const choices[] = {"red", "green", NULL};

static int take_own(void *config, const char *text, char *cause)
{
	struct kept *kept = config;

	if (strcmp(text, "seven") != 0) {
		settings_cause(cause, "not seven: %s", text);
		return -1;
	}
	kept->own = 7;
	return 0;
}

static int judge_item(void *config, const char *text, char *cause)
{
	ck_assert_ptr_null(config);
	if (strcmp(text, "bad") != 0)
		return 0;
	settings_cause(cause, "a bad one");
	return -1;
}

#define AT(member) SETTING_AT(struct kept, member), .in_file = true

static const struct setting rows[] = {
	{.name = "flag", .type = SETTING_FLAG, AT(flag)},
	{.name = "pick-bool",
	 .type = SETTING_PICK,
	 SETTING_AT(struct kept, pick_bool),
	 .pick = 1},
	{.name = "pick-int",
	 .type = SETTING_PICK,
	 SETTING_AT(struct kept, pick_int),
	 .pick = 42},
	{.name = "text", .type = SETTING_TEXT, AT(text), .standard = "none"},
	{.name = "list", .type = SETTING_LIST, AT(list), .max = 3},
	{.name = "judged",
	 .type = SETTING_LIST,
	 AT(judged),
	 .max = 2,
	 .take = judge_item,
	 .standard = "a"},
	{.name = "time",
	 .type = SETTING_TIME,
	 AT(time_ns),
	 .min = CLOCK_NS_PER_MS,
	 .max = 10 * CLOCK_NS_PER_S,
	 .standard = "2s"},
	{.name = "seconds",
	 .type = SETTING_TIME,
	 AT(seconds_ns),
	 .max = 100 * CLOCK_NS_PER_S,
	 .takes_seconds = true,
	 .may_be_off = true},
	{.name = "size",
	 .type = SETTING_SIZE,
	 AT(size),
	 .min = 16,
	 .max = 1 << 20,
	 .may_be_off = true},
	{.name = "small", .type = SETTING_COUNT, AT(small), .max = UINT16_MAX},
	{.name = "count",
	 .type = SETTING_COUNT,
	 AT(count),
	 .min = 2,
	 .max = UINT32_MAX,
	 .standard = "5"},
	{.name = "rate", .type = SETTING_RATE, AT(rate)},
	{.name = "choice",
	 .type = SETTING_CHOICE,
	 AT(choice),
	 .choices = choices,
	 .standard = "green"},
	{.name = "own", .type = SETTING_OWN, AT(own), .take = take_own},
	{.name = "ask", .type = SETTING_ASK},
};

static const struct setting_origin typed = {NULL, 0};
static struct settings settings;
static struct kept kept;
static char cause[SETTINGS_CAUSE_SIZE];

static void set_up(void)
{
	memset(&kept, 0xff, sizeof(kept));
	settings_init(&settings, rows, ARRAY_LEN(rows), &kept, sizeof(kept));
}

static int set_from(const char *name, const char *text,
		    struct setting_origin origin)
{
	const struct setting *row = settings_find(&settings, name);

	ck_assert_ptr_nonnull(row);
	return settings_set(&settings, row, text, origin, cause);
}

static int set(const char *name, const char *text)
{
	return set_from(name, text, typed);
}

START_TEST(at_first_all_is_at_its_default)
{
	ck_assert(!kept.flag);
	ck_assert(!kept.pick_bool);
	ck_assert_str_eq(kept.text, "none");
	ck_assert_uint_eq(kept.list.n, 0);
	ck_assert_uint_eq(kept.judged.n, 1);
	ck_assert_str_eq(kept.judged.items[0], "a");
	ck_assert_uint_eq(kept.time_ns, 2 * CLOCK_NS_PER_S);
	ck_assert_uint_eq(kept.seconds_ns, 0);
	ck_assert_uint_eq(kept.count, 5);
	ck_assert_int_eq(kept.choice, 1);
	ck_assert_int_eq(kept.own, 0);
	ck_assert_ptr_null(settings_find(&settings, "tim"));
	ck_assert_ptr_null(settings_find(&settings, "times"));
}
END_TEST

/* A number that a member has then, whatever its size. */
static const struct {
	const char *name;
	const char *text;
	uint64_t value;
} good[] = {
	{"time", "1ms", CLOCK_NS_PER_MS},
	{"time", "10s", 10 * CLOCK_NS_PER_S},
	{"seconds", "0", 0},
	{"seconds", "100", 100 * CLOCK_NS_PER_S},
	{"seconds", "1m", 60 * CLOCK_NS_PER_S},
	{"seconds", "off", SETTING_OFF},
	{"size", "16", 16},
	{"size", "1M", 1 << 20},
	{"size", "2k", 2048},
	{"size", "off", SETTING_OFF},
	{"small", "0", 0},
	{"small", "65535", 65535},
	{"count", "2", 2},
	{"count", "4294967295", UINT32_MAX},
};

START_TEST(a_number_is_taken_from_end_to_end)
{
	const struct setting *row = settings_find(&settings, good[_i].name);
	const char *at = (const char *)&kept + row->offset;
	uint64_t value = 0;

	ck_assert_int_eq(set(good[_i].name, good[_i].text), 0);
	/* The first bytes of a little-endian number, or all of them. */
	if (row->size == sizeof(uint16_t))
		value = *(const uint16_t *)(const void *)at;
	else if (row->size == sizeof(uint32_t))
		value = *(const uint32_t *)(const void *)at;
	else
		value = *(const uint64_t *)(const void *)at;
	ck_assert_uint_eq(value, good[_i].value);
}
END_TEST

static const struct {
	const char *name;
	const char *text;
	const char *cause;
} bad[] = {
	{"flag", "", "not yes or no"},
	{"flag", "true", "not yes or no"},
	{"flag", "Yes", "not yes or no"},
	{"text", "", "empty"},
	{"list", "", "empty, or more than 3 of them"},
	{"judged", "bad", "a bad one"},
	{"judged", "", "empty, or more than 2 of them"},
	{"time", "999us",
	 "not a time from 1ms to 10s, such as 500ms, 10s or 2m"},
	{"time", "10001ms",
	 "not a time from 1ms to 10s, such as 500ms, 10s or 2m"},
	{"time", "5", "not a time from 1ms to 10s, such as 500ms, 10s or 2m"},
	{"time", "off", "not a time from 1ms to 10s, such as 500ms, 10s or 2m"},
	{"seconds", "101",
	 "not a time from 0 to 100s, such as 500ms, 10s or 2m, or off"},
	{"size", "15",
	 "not a number of bytes from 16 to 1M, such as 64k or 1M, or off"},
	{"size", "1048577",
	 "not a number of bytes from 16 to 1M, such as 64k or 1M, or off"},
	{"small", "65536", "not a whole number from 0 to 65535"},
	{"small", "-1", "not a whole number from 0 to 65535"},
	{"small", "off", "not a whole number from 0 to 65535"},
	{"count", "1", "not a whole number from 2 to 4294967295"},
	{"count", "4294967296", "not a whole number from 2 to 4294967295"},
	{"rate", "0", "not a number a second from 0.001 to 1000M"},
	{"rate", "fast", "not a number a second from 0.001 to 1000M"},
	{"choice", "gree", "not one of red, green"},
	{"choice", "", "not one of red, green"},
	{"own", "six", "not seven: six"},
};

/* What was there before stays, and so does where it came from. */
START_TEST(what_is_wrong_is_said_and_changes_nothing)
{
	struct kept before = kept;

	ck_assert_int_eq(set(bad[_i].name, bad[_i].text), -1);
	ck_assert_str_eq(cause, bad[_i].cause);
	ck_assert_mem_eq(&kept, &before, sizeof(kept));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		ck_assert_ptr_null(settings.given[i].text);
}
END_TEST

START_TEST(flags_picks_and_choices)
{
	ck_assert_int_eq(set("flag", "yes"), 0);
	ck_assert(kept.flag);
	ck_assert_int_eq(set("flag", "no"), 0);
	ck_assert(!kept.flag);
	ck_assert_int_eq(set("pick-bool", NULL), 0);
	ck_assert(kept.pick_bool);
	ck_assert_int_eq(set("pick-int", NULL), 0);
	ck_assert_int_eq(kept.pick_int, 42);
	ck_assert_int_eq(set("choice", "red"), 0);
	ck_assert_int_eq(kept.choice, 0);
	ck_assert_int_eq(set("own", "seven"), 0);
	ck_assert_int_eq(kept.own, 7);
	ck_assert_int_eq(set("rate", "0.001"), 0);
	ck_assert(kept.rate == 0.001);
	ck_assert_int_eq(set("rate", "1000M"), 0);
	ck_assert(kept.rate == 1e9);
}
END_TEST

/* What is asked for is answered elsewhere, and is no value. */
START_TEST(what_is_only_asked_is_taken)
{
	struct kept before = kept;

	ck_assert_int_eq(set("ask", NULL), 0);
	ck_assert_mem_eq(&kept, &before, sizeof(kept));
	ck_assert_str_eq(cause, "");
}
END_TEST

START_TEST(a_list_grows_to_its_end)
{
	ck_assert_int_eq(set("list", "a"), 0);
	ck_assert_int_eq(set("list", "b"), 0);
	ck_assert_int_eq(set("list", "c"), 0);
	ck_assert_int_eq(set("list", "d"), -1);
	ck_assert_uint_eq(kept.list.n, 3);
	ck_assert_str_eq(kept.list.items[0], "a");
	ck_assert_str_eq(kept.list.items[2], "c");
}
END_TEST

/* The command line's takes the place of the file's, and both of the default. */
START_TEST(a_list_from_elsewhere_is_replaced)
{
	const struct setting_origin file = {"conf", 3};

	ck_assert_int_eq(set_from("judged", "b", file), 0);
	ck_assert_uint_eq(kept.judged.n, 1);
	ck_assert_str_eq(kept.judged.items[0], "b");
	ck_assert_int_eq(set_from("judged", "c", file), 0);
	ck_assert_uint_eq(kept.judged.n, 2);
	ck_assert_int_eq(set("judged", "d"), 0);
	ck_assert_uint_eq(kept.judged.n, 1);
	ck_assert_str_eq(kept.judged.items[0], "d");
}
END_TEST

START_TEST(what_is_in_force_is_shown)
{
	static const char expected[] =
		"flag = yes  # command line\n"
		"text = \"a\\\"b\\\\c\\$\\x01\"  # conf:7\n"
		"list = {\"x\", \"y\"}  # command line\n"
		"judged = {\"a\"}  # default\n"
		"time = \"2s\"  # default\n"
		"# seconds = \"\"  # default\n"
		"# size = \"\"  # default\n"
		"# small = \"\"  # default\n"
		"count = \"5\"  # default\n"
		"# rate = \"\"  # default\n"
		"choice = \"green\"  # default\n"
		"own = \"seven\"  # command line\n";
	const struct setting_origin file = {"conf", 7};
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	ck_assert_ptr_nonnull(out);
	ck_assert_int_eq(set("flag", "yes"), 0);
	ck_assert_int_eq(set_from("text", "a\"b\\c$\001", file), 0);
	ck_assert_int_eq(set("list", "x"), 0);
	ck_assert_int_eq(set("list", "y"), 0);
	ck_assert_int_eq(set("own", "seven"), 0);
	settings_show(&settings, out);
	ck_assert_int_eq(fclose(out), 0);
	ck_assert_str_eq(text, expected);
	free(text);
}
END_TEST

/* It is shown on a terminal, and a value may come from anywhere. */
START_TEST(a_cause_has_no_control_characters)
{
	char longer[2 * SETTINGS_CAUSE_SIZE];

	settings_cause(cause, "a\033[2Jb\177\n%d", 1);
	ck_assert_str_eq(cause, "a?[2Jb??1");
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	settings_cause(cause, "%s", longer);
	ck_assert_uint_eq(strlen(cause), SETTINGS_CAUSE_SIZE - 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("settings");
	TCase *tcase = harness_case(suite, "settings");

	tcase_add_checked_fixture(tcase, set_up, NULL);
	tcase_add_test(tcase, at_first_all_is_at_its_default);
	tcase_add_loop_test(tcase, a_number_is_taken_from_end_to_end, 0,
			    ARRAY_LEN(good));
	tcase_add_loop_test(tcase, what_is_wrong_is_said_and_changes_nothing, 0,
			    ARRAY_LEN(bad));
	tcase_add_test(tcase, flags_picks_and_choices);
	tcase_add_test(tcase, what_is_only_asked_is_taken);
	tcase_add_test(tcase, a_list_grows_to_its_end);
	tcase_add_test(tcase, a_list_from_elsewhere_is_replaced);
	tcase_add_test(tcase, what_is_in_force_is_shown);
	tcase_add_test(tcase, a_cause_has_no_control_characters);
	return harness_run_together(suite);
}
