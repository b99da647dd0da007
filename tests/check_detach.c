/* SPDX-License-Identifier: MIT */
/*
 * Going into the background: who was started ends when the other says so or is
 * gone, and the other has left its terminal.
 */
#include "os/detach.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

static int report[2];

static void set_up(void)
{
	harness_pipe(report);
}

static void tear_down(void)
{
	(void)close(report[0]);
	(void)close(report[1]);
}

/* Says one thing about itself to the test. */
static void tell(char word)
{
	(void)!write(report[1], &word, 1);
}

/* Starts a process that detaches itself and then does this; returns its number.
 */
static pid_t start(void (*body)(struct detach *detach))
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		struct detach detach = {.pipe_fd = -1};

		if (detach_begin(&detach) < 0)
			_exit(99);
		body(&detach);
		_exit(7);
	}
	return pid;
}

/* What ends with which status. */
static void expect_end(pid_t pid, int status)
{
	int got;

	ck_assert_int_eq(waitpid(pid, &got, 0), pid);
	ck_assert(WIFEXITED(got));
	ck_assert_int_eq(WEXITSTATUS(got), status);
}

static void expect_word(char want)
{
	char word = 0;

	ck_assert_int_eq(read(report[0], &word, 1), 1);
	ck_assert_int_eq(word, want);
}

static bool is_null(int fd)
{
	struct stat st, null;

	return fstat(fd, &st) == 0 && stat("/dev/null", &null) == 0 &&
	       st.st_rdev == null.st_rdev;
}

/* Which of its parts are as they should be, told one by one. */
static void finish_and_tell(struct detach *detach)
{
	int pipe_fd = detach->pipe_fd, null_fd = detach->null_fd;

	int next = dup(null_fd);

	/* Of the pipe it has its own end alone. */
	tell(next == null_fd + 1 ? 'p' : '-');
	(void)close(next);
	tell(getsid(0) == getpid() ? 's' : '-');
	tell(fcntl(pipe_fd, F_GETFD) == FD_CLOEXEC &&
			     fcntl(null_fd, F_GETFD) == FD_CLOEXEC
		     ? 'x'
		     : '-');
	detach_finish(detach);
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		tell(is_null(fd) && fcntl(fd, F_GETFD) == 0 ? 'n' : '-');
	tell(fcntl(pipe_fd, F_GETFD) < 0 && fcntl(null_fd, F_GETFD) < 0 ? 'c'
									: '-');
	tell(detach->pipe_fd == -1 ? 'o' : '-');
	/* Once is enough. */
	detach_finish(detach);
	tell('e');
}

START_TEST(who_was_started_ends_well_when_all_has_gone_well)
{
	pid_t pid = start(finish_and_tell);

	expect_end(pid, EXIT_SUCCESS);
	for (const char *want = "psxnnncoe"; *want; want++)
		expect_word(*want);
}
END_TEST

static void give_up(struct detach *detach)
{
	(void)detach;
	tell('g');
}

START_TEST(it_ends_badly_when_the_other_ends_without_a_word)
{
	pid_t pid = start(give_up);

	expect_word('g');
	expect_end(pid, EXIT_FAILURE);
}
END_TEST

START_TEST(it_waits_until_then)
{
	int leave[2], status;
	pid_t pid;

	harness_pipe(leave);
	pid = fork();
	if (pid == 0) {
		struct detach detach = {.pipe_fd = -1};
		char word;

		if (detach_begin(&detach) < 0)
			_exit(99);
		tell('w');
		(void)!read(leave[0], &word, 1);
		detach_finish(&detach);
		_exit(7);
	}
	expect_word('w');
	ck_assert_int_eq(waitpid(pid, &status, WNOHANG), 0);
	ck_assert_int_eq(write(leave[1], "x", 1), 1);
	expect_end(pid, EXIT_SUCCESS);
}
END_TEST

/* Nobody waits. */
START_TEST(finishing_what_was_not_begun_does_nothing)
{
	struct detach detach = {.pipe_fd = -1};
	struct stat before, after;

	ck_assert_int_eq(fstat(STDOUT_FILENO, &before), 0);
	detach_finish(&detach);
	ck_assert_int_eq(fstat(STDOUT_FILENO, &after), 0);
	ck_assert_uint_eq(before.st_ino, after.st_ino);
}
END_TEST

/* With room for so many descriptors more. */
START_TEST(what_cannot_be_begun_leaves_nothing_open)
{
	struct detach detach = {.pipe_fd = -1};
	struct rlimit limit;
	int next = dup(2), again;

	(void)close(next);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = (rlim_t)next + (rlim_t)_i;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	errno = 0;
	ck_assert_int_eq(detach_begin(&detach), -1);
	ck_assert_int_eq(errno, EMFILE);
	limit.rlim_cur = limit.rlim_max;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	again = dup(2);
	ck_assert_int_eq(again, next);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("detach");
	TCase *tcase = harness_case(suite, "detach");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, who_was_started_ends_well_when_all_has_gone_well);
	tcase_add_test(tcase, it_ends_badly_when_the_other_ends_without_a_word);
	tcase_add_test(tcase, it_waits_until_then);
	tcase_add_test(tcase, finishing_what_was_not_begun_does_nothing);
	tcase_add_loop_test(tcase, what_cannot_be_begun_leaves_nothing_open, 0,
			    3);
	return harness_run(suite);
}
