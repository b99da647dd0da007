/* SPDX-License-Identifier: MIT */
/*
 * The file with the process's number: who has it, who gets it, and what is left
 * of it. Locks are of processes, so others are made.
 */
#include "os/pidfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

static char *folder, *path;

/* Its last holder removes the file just before it is locked, so many times;
 * stands before the C library's. */
static unsigned n_removals;

/* Nor can every file system lock. */
static bool has_no_locks;

int fcntl(int fd, int command, ...)
{
	va_list args;
	void *arg;

	va_start(args, command);
	arg = va_arg(args, void *);
	va_end(args);
	if (command == F_SETLK && has_no_locks) {
		errno = ENOLCK;
		return -1;
	}
	if (command == F_SETLK && n_removals > 0) {
		char *other = folder_path(folder, "other");

		/* Once there is none, and once another one. */
		ck_assert_int_eq(rename(path, other), 0);
		if (n_removals-- % 2 == 0)
			folder_write_text(folder, "pid", "");
		free(other);
	}
	return (int)syscall(SYS_fcntl, fd, command, arg);
}

static void set_up(void)
{
	folder = folder_new();
	path = folder_path(folder, "pid");
}

static void tear_down(void)
{
	free(path);
	free(folder);
}

static void expect_own_number(void)
{
	char text[64] = "", want[64];
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_gt(read(fd, text, sizeof(text) - 1), 0);
	(void)snprintf(want, sizeof(want), "%ld\n", (long)getpid());
	ck_assert_str_eq(text, want);
}

/* Runs body in a child, which is to end with 0. */
static void in_child(void (*body)(void))
{
	int status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		body();
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}

START_TEST(it_holds_the_number_until_it_is_closed)
{
	pid_t holder = 5;
	int fd = pidfile_open(path, &holder);
	struct stat st;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(holder, 0);
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07133, 0);
	expect_own_number();
	pidfile_close(fd, path);
	ck_assert_int_lt(fcntl(fd, F_GETFD), 0);
	ck_assert_int_lt(access(path, F_OK), 0);
}
END_TEST

/* What a killed one left may be longer. */
START_TEST(a_file_that_nobody_has_locked_is_taken_over)
{
	pid_t holder;
	int fd;

	folder_write_text(folder, "pid", "12345678901234567890\nmore\n");
	fd = pidfile_open(path, &holder);
	ck_assert_int_ge(fd, 0);
	expect_own_number();
	pidfile_close(fd, path);
}
END_TEST

static void find_it_taken(void)
{
	pid_t holder = 0;

	ck_assert_int_eq(pidfile_open(path, &holder), -1);
	ck_assert_int_eq(errno, EAGAIN);
	ck_assert_int_eq(holder, getppid());
	ck_assert_int_eq(access(path, F_OK), 0);
}

static void find_it_free(void)
{
	pid_t holder;
	int fd = pidfile_open(path, &holder);

	ck_assert_int_ge(fd, 0);
	pidfile_close(fd, path);
}

START_TEST(a_second_process_is_told_who_has_it)
{
	pid_t holder;
	int fd = pidfile_open(path, &holder);

	in_child(find_it_taken);
	expect_own_number();
	pidfile_close(fd, path);
	in_child(find_it_free);
}
END_TEST

/* A failure must not cost a descriptor. */
static void fail_often(void)
{
	int before = dup(2), after;
	pid_t holder;

	(void)close(before);
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(pidfile_open(path, &holder), -1);
	after = dup(2);
	ck_assert_int_eq(after, before);
}

START_TEST(what_fails_leaves_nothing_open)
{
	pid_t holder;
	int fd = pidfile_open(path, &holder);

	in_child(fail_often);
	pidfile_close(fd, path);
}
END_TEST

static const struct {
	const char *name;
	int error;
	const char *why;
} refused[] = {
	{"link", ELOOP, "it might lead anywhere"},
	{"no/pid", ENOENT, "there is no such folder"},
	{".", EISDIR, "it is a folder"},
};

START_TEST(what_cannot_be_one_is_refused)
{
	char *name = folder_path(folder, refused[_i].name);
	char *link = folder_path(folder, "link");
	pid_t holder = 5;

	folder_write_text(folder, "victim", "text");
	ck_assert_int_eq(symlink("victim", link), 0);
	ck_assert_int_eq(pidfile_open(name, &holder), -1);
	ck_assert_msg(errno == refused[_i].error, "%s: %s", refused[_i].why,
		      strerror(errno));
	ck_assert_int_eq(holder, 0);
	free(link);
	free(name);
}
END_TEST

/* Nothing is opened, and so nothing closed. */
START_TEST(closing_none_removes_none)
{
	folder_write_text(folder, "pid", "1\n");
	pidfile_close(-1, path);
	ck_assert_int_eq(access(path, F_OK), 0);
}
END_TEST

/* A folder that is not ours any more; root may, so a folder stands there. */
START_TEST(what_cannot_be_removed_is_emptied)
{
	char *other = folder_path(folder, "other");
	struct stat st;
	pid_t holder;
	int fd = pidfile_open(path, &holder), again;

	ck_assert_int_eq(rename(path, other), 0);
	folder_add(folder, "pid");
	again = dup(fd);
	pidfile_close(fd, path);
	ck_assert_int_eq(fstat(again, &st), 0);
	ck_assert_int_eq(st.st_size, 0);
	(void)close(again);
	free(other);
}
END_TEST

START_TEST(a_lock_on_what_has_no_name_any_more_is_none)
{
	struct stat here, there;
	int next = dup(2), fd;
	pid_t holder;

	(void)close(next);
	n_removals = 4;
	fd = pidfile_open(path, &holder);
	ck_assert_int_eq(fd, next);
	ck_assert_uint_eq(n_removals, 0);
	ck_assert_int_eq(fstat(fd, &here), 0);
	ck_assert_int_eq(stat(path, &there), 0);
	ck_assert_uint_eq(here.st_ino, there.st_ino);
	expect_own_number();
	pidfile_close(fd, path);
}
END_TEST

START_TEST(where_nothing_can_be_locked_is_told)
{
	pid_t holder = 5;

	has_no_locks = true;
	ck_assert_int_eq(pidfile_open(path, &holder), -1);
	ck_assert_int_eq(errno, ENOLCK);
	ck_assert_int_eq(holder, 0);
}
END_TEST

/* Of a number that may be 0: standard input was closed. */
START_TEST(its_descriptor_may_be_0)
{
	pid_t holder;

	(void)close(STDIN_FILENO);
	ck_assert_int_eq(pidfile_open(path, &holder), STDIN_FILENO);
	expect_own_number();
	pidfile_close(STDIN_FILENO, path);
	ck_assert_int_lt(access(path, F_OK), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pidfile");
	TCase *tcase = harness_case(suite, "pidfile");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, it_holds_the_number_until_it_is_closed);
	tcase_add_test(tcase, a_file_that_nobody_has_locked_is_taken_over);
	tcase_add_test(tcase, a_second_process_is_told_who_has_it);
	tcase_add_test(tcase, what_fails_leaves_nothing_open);
	tcase_add_loop_test(tcase, what_cannot_be_one_is_refused, 0,
			    (int)ARRAY_LEN(refused));
	tcase_add_test(tcase, closing_none_removes_none);
	tcase_add_test(tcase, what_cannot_be_removed_is_emptied);
	tcase_add_test(tcase, a_lock_on_what_has_no_name_any_more_is_none);
	tcase_add_test(tcase, where_nothing_can_be_locked_is_told);
	tcase_add_test(tcase, its_descriptor_may_be_0);
	return harness_run(suite);
}
