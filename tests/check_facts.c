/* SPDX-License-Identifier: MIT */
/*
 * What stat(2) says: which facts tell two files apart, and at which age times
 * are believed. The clock says what a test wants.
 */
#include "web/facts.h"

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "harness.h"

#define NOW_S 1000000
#define MS    ((long)CLOCK_NS_PER_MS)

static struct timespec wall; /* tv_sec 0: as it is */

int clock_gettime(clockid_t id, struct timespec *now)
{
	if (id != CLOCK_REALTIME || wall.tv_sec == 0)
		return (int)syscall(SYS_clock_gettime, id, now);
	*now = wall;
	return 0;
}

static const struct stat plain = {
	.st_dev = 1,
	.st_ino = 2,
	.st_mode = S_IFREG | 0644,
	.st_size = 3,
	.st_mtim = {4, 5},
	.st_ctim = {6, 7},
	.st_blocks = 8,
};

static void other_dev(struct stat *st)
{
	st->st_dev++;
}

static void other_inode(struct stat *st)
{
	st->st_ino++;
}

static void other_mode(struct stat *st)
{
	st->st_mode = S_IFREG | 0600;
}

static void other_size(struct stat *st)
{
	st->st_size++;
}

static void other_mtime_s(struct stat *st)
{
	st->st_mtim.tv_sec++;
}

static void other_mtime_ns(struct stat *st)
{
	st->st_mtim.tv_nsec++;
}

static void other_ctime_s(struct stat *st)
{
	st->st_ctim.tv_sec++;
}

static void other_ctime_ns(struct stat *st)
{
	st->st_ctim.tv_nsec++;
}

static void (*const changes[])(struct stat *st) = {
	other_dev,     other_inode,    other_mode,    other_size,
	other_mtime_s, other_mtime_ns, other_ctime_s, other_ctime_ns,
};

START_TEST(each_fact_tells_two_files_apart)
{
	struct stat st = plain;
	struct facts before = facts_of(&plain), after;

	changes[_i](&st);
	after = facts_of(&st);
	ck_assert(!facts_eq(&before, &after));
}
END_TEST

START_TEST(what_says_nothing_of_the_content_does_not)
{
	struct stat st = plain;
	struct facts before = facts_of(&plain), after;

	st.st_nlink = 2;
	st.st_atim.tv_sec = 9;
	st.st_blocks = 0;
	after = facts_of(&st);
	ck_assert(facts_eq(&before, &after));
	ck_assert(before.is_stored);
	ck_assert(!after.is_stored);
	st.st_blocks = 1;
	ck_assert(facts_of(&st).is_stored);
}
END_TEST

static const struct {
	int64_t ctime_s, mtime_s;
	bool is_settled;
	const char *why;
} ages[] = {
	{NOW_S - 3, NOW_S - 3, true, "both are old"},
	{NOW_S - 2, NOW_S - 3, false, "changed just now"},
	{NOW_S - 3, NOW_S - 2, false, "written just now"},
	{NOW_S - 3, NOW_S, false, "written just now"},
	{NOW_S - 3, NOW_S + 1, true, "a time to come was set"},
	{NOW_S + 1, NOW_S - 3, false, "changed in a time to come"},
	{0, 0, true, "as old as can be"},
};

START_TEST(times_are_believed_when_they_are_old)
{
	const struct facts facts = {.ctime.tv_sec = ages[_i].ctime_s,
				    .mtime.tv_sec = ages[_i].mtime_s};

	wall.tv_sec = NOW_S;
	ck_assert_msg(facts_are_settled(&facts) == ages[_i].is_settled, "%s",
		      ages[_i].why);
}
END_TEST

static const struct {
	struct timespec ctime;
	bool tells;
	const char *why;
} versions[] = {
	{{NOW_S - 9, 1}, true, "long ago"},
	{{NOW_S - 9, 0}, false, "whole seconds prove nothing"},
	{{NOW_S, 500 * MS}, false, "this very moment"},
	{{NOW_S, 480 * MS}, false, "the clock may not have moved on"},
	{{NOW_S, 480 * MS - 1}, true, "it has"},
	{{NOW_S - 1, 500 * MS}, true, "a second ago"},
	{{NOW_S, 500 * MS + 1}, true, "a time to come is of another clock"},
};

START_TEST(a_time_of_change_tells_versions_apart)
{
	const struct facts facts = {.ctime = versions[_i].ctime};

	wall = (struct timespec){NOW_S, 500 * MS};
	ck_assert_msg(facts_tell_version(&facts) == versions[_i].tells, "%s",
		      versions[_i].why);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("facts");
	TCase *tcase = harness_case(suite, "facts");

	tcase_add_loop_test(tcase, each_fact_tells_two_files_apart, 0,
			    (int)ARRAY_LEN(changes));
	tcase_add_test(tcase, what_says_nothing_of_the_content_does_not);
	tcase_add_loop_test(tcase, times_are_believed_when_they_are_old, 0,
			    (int)ARRAY_LEN(ages));
	tcase_add_loop_test(tcase, a_time_of_change_tells_versions_apart, 0,
			    (int)ARRAY_LEN(versions));
	return harness_run(suite);
}
