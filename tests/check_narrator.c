/* SPDX-License-Identifier: MIT */
/*
 * What the client tells people: whole lines, each told once, kept ones only
 * when asked for, and none that sticks to half a line of something else.
 */
#include "client/narrator.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "harness.h"

/* The next writes fail with it, or take a byte; stands before the C library. */
static int write_error;
static unsigned n_short;

ssize_t write(int fd, const void *buf, size_t len)
{
	if (write_error != 0) {
		errno = write_error;
		write_error = 0;
		return -1;
	}
	if (n_short > 0 && len > 1) {
		n_short--;
		len = 1;
	}
	return syscall(SYS_write, fd, buf, len);
}

static struct report report;
static int caught;

/* Standard error becomes a pipe, and with it standard output if so wanted. */
static void catch_error(bool with_output)
{
	int fds[2];

	harness_pipe(fds);
	ck_assert_int_eq(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
	ck_assert_int_eq(dup2(fds[1], STDERR_FILENO), STDERR_FILENO);
	if (with_output)
		ck_assert_int_eq(dup2(fds[1], STDOUT_FILENO), STDOUT_FILENO);
	(void)close(fds[1]);
	caught = fds[0];
	report_init(&report);
}

static void set_up(void)
{
	catch_error(false);
}

/* What has been told since the last call. */
static const char *told(void)
{
	static char text[65536];
	ssize_t n = read(caught, text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

START_TEST(an_error_is_a_line_of_the_program)
{
	report_error("%s: %d", "what", 7);
	ck_assert_str_eq(told(), "uppercase-client: what: 7\n");
}
END_TEST

START_TEST(a_line_too_long_is_cut_and_stays_a_line)
{
	char text[5000];
	const char *line;

	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	report_error("%s", text);
	line = told();
	ck_assert_uint_eq(strlen(line), 1024);
	ck_assert_ptr_eq(strchr(line, '\n'), line + 1023);
}
END_TEST

START_TEST(steps_are_told_with_verbose_only)
{
	const char *line;

	report_step(&report, "step");
	ck_assert_str_eq(told(), "");
	report.verbose = true;
	report_step(&report, "step %d", 2);
	line = told();
	ck_assert_int_eq(strncmp(line, "uppercase-client: 0.", 20), 0);
	ck_assert_ptr_nonnull(strstr(line, " s: step 2\n"));
}
END_TEST

START_TEST(notes_are_for_a_person_who_sees_no_steps)
{
	report_note(&report, "note");
	ck_assert_str_eq(told(), "");
	report.is_terminal = true;
	report_note(&report, "note %d of %s", 1, "two");
	ck_assert_str_eq(told(), "uppercase-client: note 1 of two\n");
	report.verbose = true;
	report_note(&report, "note");
	ck_assert_str_eq(told(), "");
}
END_TEST

START_TEST(kept_lines_are_told_once_when_asked_for)
{
	report_keep(&report, "%s", "one");
	report_keep(&report, "two");
	ck_assert_str_eq(told(), "");
	report_show_kept(&report);
	ck_assert_str_eq(told(), "uppercase-client: one\n"
				 "uppercase-client: two\n");
	report_show_kept(&report);
	ck_assert_str_eq(told(), "");
}
END_TEST

START_TEST(kept_lines_are_dropped_from_a_mark_on)
{
	size_t mark;

	report_keep(&report, "one");
	mark = report_mark(&report);
	report_keep(&report, "two");
	report_drop_kept(&report, mark);
	report_keep(&report, "three");
	report_show_kept(&report);
	ck_assert_str_eq(told(), "uppercase-client: one\n"
				 "uppercase-client: three\n");
}
END_TEST

START_TEST(with_verbose_what_is_kept_is_told_at_once_and_not_again)
{
	report.verbose = true;
	report_keep(&report, "one");
	ck_assert_ptr_nonnull(strstr(told(), " s: one\n"));
	report_show_kept(&report);
	ck_assert_str_eq(told(), "");
}
END_TEST

START_TEST(more_than_there_is_room_for_keeps_whole_lines)
{
	const char *text;
	size_t n = 0;

	for (int i = 0; i < 1000; i++)
		report_keep(&report, "line %d", i);
	report_show_kept(&report);
	text = told();
	for (const char *at = text; *at != '\0'; at = strchr(at, '\n') + 1, n++)
		ck_assert_int_eq(strncmp(at, "uppercase-client: line ", 23), 0);
	ck_assert_uint_gt(n, 100);
	ck_assert_uint_le(strlen(text), REPORT_KEPT_SIZE);
}
END_TEST

/* --- a place that is shared with standard output --- */

START_TEST(a_line_does_not_stick_to_half_of_another)
{
	catch_error(true);
	report_shown(STDOUT_FILENO, slice_of("REPLY"));
	ck_assert(!report_has_broken_line());
	report_error("told");
	ck_assert_str_eq(told(), "\nuppercase-client: told\n");
	ck_assert(report_has_broken_line());
	report_error("told");
	ck_assert_str_eq(told(), "uppercase-client: told\n");
	report_shown(STDOUT_FILENO, slice_of("x"));
	ck_assert(!report_has_broken_line());
}
END_TEST

START_TEST(behind_a_whole_line_nothing_is_put)
{
	catch_error(true);
	report_shown(STDOUT_FILENO, slice_of("REPLY\n"));
	report_shown(STDOUT_FILENO, slice_of(""));
	report_error("told");
	ck_assert_str_eq(told(), "uppercase-client: told\n");
	ck_assert(!report_has_broken_line());
}
END_TEST

START_TEST(what_is_shown_elsewhere_does_not_count)
{
	report_shown(STDOUT_FILENO, slice_of("REPLY"));
	report_error("told");
	ck_assert_str_eq(told(), "uppercase-client: told\n");
	report_shown(STDERR_FILENO, slice_of("prompt: "));
	report_error("told");
	ck_assert_str_eq(told(), "\nuppercase-client: told\n");
}
END_TEST

START_TEST(nothing_kept_breaks_no_line)
{
	report_shown(STDERR_FILENO, slice_of("prompt: "));
	report_show_kept(&report);
	ck_assert_str_eq(told(), "");
	ck_assert(!report_has_broken_line());
}
END_TEST

START_TEST(without_standard_error_nothing_is_told)
{
	(void)close(STDERR_FILENO);
	report_error("told");
	report.verbose = true;
	report_step(&report, "step");
	ck_assert_str_eq(told(), "");
}
END_TEST

/* However it is cut, and whatever interrupts it. */
START_TEST(a_line_is_written_whole)
{
	n_short = 5;
	report_error("told");
	ck_assert_str_eq(told(), "uppercase-client: told\n");
	write_error = EINTR;
	report_error("told");
	ck_assert_str_eq(told(), "uppercase-client: told\n");
	/* There is room, and only the call says otherwise. */
	write_error = EAGAIN;
	report_error("told");
	ck_assert_str_eq(told(), "uppercase-client: told\n");
	write_error = EIO;
	report_error("lost");
	ck_assert_str_eq(told(), "");
}
END_TEST

static void put_into(const char *path, int fd)
{
	int file = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	ck_assert_int_ge(file, 0);
	ck_assert_int_eq(dup2(file, fd), fd);
	(void)close(file);
}

/* Two files of one folder are no place that is shared, and one file is. */
START_TEST(files_are_shared_when_they_are_one)
{
	char *folder = folder_new(), *one = folder_path(folder, "one"),
	     *other = folder_path(folder, _i == 0 ? "one" : "other"), text[64];
	ssize_t n;

	put_into(one, STDERR_FILENO);
	put_into(other, STDOUT_FILENO);
	report_init(&report);
	report_shown(STDOUT_FILENO, slice_of("REPLY"));
	report_error("told");
	n = pread(STDERR_FILENO, text, sizeof(text) - 1, 0);
	ck_assert_int_ge(n, 0);
	text[n] = '\0';
	ck_assert_str_eq(text, _i == 0 ? "\nuppercase-client: told\n"
				       : "uppercase-client: told\n");
	free(one);
	free(other);
	free(folder);
}
END_TEST

START_TEST(a_report_begins_now_and_knows_no_terminal)
{
	report.verbose = true;
	catch_error(false);
	ck_assert(!report.verbose);
	ck_assert(!report.is_terminal);
	ck_assert_uint_eq(report.kept_len, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("narrator");
	TCase *tcase = harness_case(suite, "narrator");

	tcase_add_checked_fixture(tcase, set_up, NULL);
	tcase_add_test(tcase, an_error_is_a_line_of_the_program);
	tcase_add_test(tcase, a_line_too_long_is_cut_and_stays_a_line);
	tcase_add_test(tcase, steps_are_told_with_verbose_only);
	tcase_add_test(tcase, notes_are_for_a_person_who_sees_no_steps);
	tcase_add_test(tcase, kept_lines_are_told_once_when_asked_for);
	tcase_add_test(tcase, kept_lines_are_dropped_from_a_mark_on);
	tcase_add_test(tcase,
		       with_verbose_what_is_kept_is_told_at_once_and_not_again);
	tcase_add_test(tcase, more_than_there_is_room_for_keeps_whole_lines);
	tcase_add_test(tcase, a_line_does_not_stick_to_half_of_another);
	tcase_add_test(tcase, behind_a_whole_line_nothing_is_put);
	tcase_add_test(tcase, what_is_shown_elsewhere_does_not_count);
	tcase_add_test(tcase, nothing_kept_breaks_no_line);
	tcase_add_test(tcase, without_standard_error_nothing_is_told);
	tcase_add_test(tcase, a_line_is_written_whole);
	tcase_add_loop_test(tcase, files_are_shared_when_they_are_one, 0, 2);
	tcase_add_test(tcase, a_report_begins_now_and_knows_no_terminal);
	return harness_run(suite);
}
