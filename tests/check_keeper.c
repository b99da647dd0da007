/* SPDX-License-Identifier: MIT */
/*
 * The keeper of a file: it opens whatever goes by the name, and nothing else;
 * its user may be in a sandbox of its own meanwhile.
 */
#include "os/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

static char *folder, *path;
static struct keeper keeper;

static void set_up(void)
{
	folder = folder_new();
	path = folder_path(folder, "file");
	folder_write_text(folder, "file", "first");
	ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	ck_assert_int_eq(keeper_start(&keeper, path), 0);
}

static void tear_down(void)
{
	keeper_stop(&keeper);
	keeper_stop(&keeper);
	ck_assert_int_gt(wait(NULL), 0);
	free(path);
	free(folder);
}

static void expect_text(const char *text)
{
	char got[32] = "";
	int fd = keeper_open(&keeper);

	ck_assert_msg(fd >= 0, "%s", strerror(errno));
	ck_assert_int_ge(read(fd, got, sizeof(got) - 1), 0);
	ck_assert_str_eq(got, text);
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY);
	(void)close(fd);
}

START_TEST(what_goes_by_the_name_now_is_opened)
{
	char *other = folder_path(folder, "other");

	expect_text("first");
	folder_write_text(folder, "other", "second");
	ck_assert_int_eq(rename(other, path), 0);
	expect_text("second");
	free(other);
}
END_TEST

START_TEST(why_it_cannot_be_opened_is_told)
{
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(keeper_open(&keeper), -1);
	ck_assert_int_eq(errno, ENOENT);
	folder_write_text(folder, "file", "again");
	expect_text("again");
}
END_TEST

/* A FIFO without a writer would be waited for, and for ever. */
START_TEST(nothing_makes_it_wait)
{
	int fd;

	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	fd = keeper_open(&keeper);
	ck_assert_int_ge(fd, 0);
	(void)close(fd);
}
END_TEST

/* Its sandbox holds it, too: a link leads nowhere else. */
START_TEST(it_opens_nothing_elsewhere)
{
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(symlink("/etc/passwd", path), 0);
	errno = 0;
	if (keeper_open(&keeper) >= 0)
		harness_skip("no Landlock in this kernel or build");
	else
		ck_assert_int_eq(errno, EACCES);
}
END_TEST

static void replace_file(const char *text)
{
	char *other = folder_path(folder, "other");

	folder_write_text(folder, "other", text);
	ck_assert_int_eq(rename(other, path), 0);
	free(other);
}

/* As after one that had to be given up: what it brings is old by now. */
START_TEST(an_answer_that_came_too_late_is_not_the_next_one)
{
	struct pollfd pfd = {.fd = keeper.fd, .events = POLLIN};

	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(send(keeper.fd, "", 1, 0), 1);
		ck_assert_int_eq(poll(&pfd, 1, HARNESS_WAIT_MS), 1);
	}
	replace_file("second");
	expect_text("second");
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(send(keeper.fd, "", 1, 0), 1);
	ck_assert_int_eq(poll(&pfd, 1, HARNESS_WAIT_MS), 1);
	replace_file("third");
	expect_text("third");
}
END_TEST

static void nothing_cb(int number)
{
	(void)number;
}

/* Signals come while it is asked, as a server's do. */
START_TEST(a_signal_does_not_break_it_off)
{
	const struct itimerval often = {{0, 200}, {0, 200}};
	const struct itimerval never = {{0, 0}, {0, 0}};
	struct sigaction action = {.sa_handler = nothing_cb};

	ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0);
	ck_assert_int_eq(setitimer(ITIMER_REAL, &often, NULL), 0);
	for (int i = 0; i < 500; i++) {
		int fd = keeper_open(&keeper);

		ck_assert_msg(fd >= 0, "%s", strerror(errno));
		(void)close(fd);
	}
	ck_assert_int_eq(setitimer(ITIMER_REAL, &never, NULL), 0);
}
END_TEST

/* The name of the one child of this process; false where the kernel does not
 * list it. */
static bool read_childs_name(char *name, int size)
{
	char text[64];
	FILE *file;
	int pid = 0;

	(void)snprintf(text, sizeof(text), "/proc/self/task/%d/children",
		       (int)getpid());
	file = fopen(text, "re");
	if (!file)
		return false;
	ck_assert_int_eq(fscanf(file, "%d", &pid), 1);
	(void)fclose(file);
	(void)snprintf(text, sizeof(text), "/proc/%d/comm", pid);
	file = fopen(text, "re");
	ck_assert_ptr_nonnull(file);
	ck_assert_ptr_nonnull(fgets(name, size, file));
	(void)fclose(file);
	return true;
}

/* In a list of processes it is not taken for its owner. */
START_TEST(it_has_a_name_of_its_own)
{
	char name[64];

	expect_text("first");
	if (read_childs_name(name, sizeof(name)))
		ck_assert_str_eq(name, "keeper\n");
	else
		harness_skip("this kernel lists no children");
}
END_TEST

START_TEST(an_answer_is_not_waited_for_without_end)
{
	struct timeval wait = {0};
	socklen_t len = sizeof(wait);

	ck_assert_int_eq(
		getsockopt(keeper.fd, SOL_SOCKET, SO_RCVTIMEO, &wait, &len), 0);
	ck_assert_int_eq(wait.tv_sec, 5);
}
END_TEST

/* Beside the socket nothing stays open, and when it fails nothing at all. */
START_TEST(it_costs_one_descriptor)
{
	struct keeper other;
	struct rlimit limit;
	int next = dup(2), again;

	(void)close(next);
	ck_assert_int_eq(keeper_start(&other, path), 0);
	ck_assert_int_eq(other.fd, next);
	again = dup(2);
	ck_assert_int_eq(again, next + 1);
	(void)close(again);
	keeper_stop(&other);
	ck_assert_int_gt(wait(NULL), 0);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = (rlim_t)next + 1;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	errno = 0;
	ck_assert_int_eq(keeper_start(&other, path), -1);
	ck_assert_int_eq(errno, EMFILE);
	ck_assert_int_eq(other.fd, -1);
	ck_assert_int_eq(dup(2), next);
}
END_TEST

START_TEST(what_is_not_there_has_no_keeper)
{
	struct keeper none = {.fd = keeper.fd};

	ck_assert_int_eq(keeper_start(&none, "/nonexistent/file"), -1);
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_int_eq(none.fd, -1);
}
END_TEST

START_TEST(a_keeper_that_is_gone_is_an_error)
{
	struct keeper gone = {.fd = -1};

	ck_assert_int_eq(shutdown(keeper.fd, SHUT_RDWR), 0);
	errno = EINTR; /* of another call */
	ck_assert_int_eq(keeper_open(&keeper), -1);
	ck_assert_int_eq(errno, EPIPE);
	keeper_stop(&gone);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("keeper");
	TCase *tcase = harness_case(suite, "keeper");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, what_goes_by_the_name_now_is_opened);
	tcase_add_test(tcase, why_it_cannot_be_opened_is_told);
	tcase_add_test(tcase, nothing_makes_it_wait);
	tcase_add_test(tcase, it_opens_nothing_elsewhere);
	tcase_add_test(tcase, an_answer_that_came_too_late_is_not_the_next_one);
	tcase_add_test(tcase, a_signal_does_not_break_it_off);
	tcase_add_test(tcase, it_has_a_name_of_its_own);
	tcase_add_test(tcase, an_answer_is_not_waited_for_without_end);
	tcase_add_test(tcase, it_costs_one_descriptor);
	tcase_add_test(tcase, what_is_not_there_has_no_keeper);
	tcase_add_test(tcase, a_keeper_that_is_gone_is_an_error);
	return harness_run(suite);
}
