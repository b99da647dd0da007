/* SPDX-License-Identifier: MIT */
/*
 * What a process sets up once; each test is a process of its own and may spoil
 * it.
 */
#include "os/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "harness.h"

/* Every other read is interrupted, if so; stands before the C library's. */
static bool is_interrupted;

ssize_t read(int fd, void *buf, size_t len)
{
	static unsigned n_reads;

	if (is_interrupted && n_reads++ % 2 == 0) {
		errno = EINTR;
		return -1;
	}
	return syscall(SYS_read, fd, buf, len);
}

static struct rlimit descriptor_limit(void)
{
	struct rlimit limit;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	return limit;
}

static void set_descriptor_limit(rlim_t soft, rlim_t hard)
{
	struct rlimit limit = {.rlim_cur = soft, .rlim_max = hard};

	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

START_TEST(the_descriptor_limit_becomes_the_hard_one)
{
	set_descriptor_limit(64, 256);
	ck_assert_uint_eq(process_raise_descriptor_limit(), 256);
	ck_assert_uint_eq(descriptor_limit().rlim_cur, 256);
	ck_assert_uint_eq(descriptor_limit().rlim_max, 256);
}
END_TEST

START_TEST(a_limit_that_is_the_hard_one_already_stays)
{
	set_descriptor_limit(128, 128);
	ck_assert_uint_eq(process_raise_descriptor_limit(), 128);
	ck_assert_uint_eq(descriptor_limit().rlim_cur, 128);
}
END_TEST

START_TEST(what_is_returned_is_in_force)
{
	size_t n = process_raise_descriptor_limit();

	ck_assert_uint_eq(n, descriptor_limit().rlim_cur);
	ck_assert_uint_eq(n, descriptor_limit().rlim_max);
}
END_TEST

START_TEST(a_write_to_a_closed_pipe_is_an_error)
{
	int fds[2];

	ck_assert(signal(SIGPIPE, SIG_DFL) != SIG_ERR);
	ck_assert_int_eq(process_begin(), 0);
	harness_pipe(fds);
	(void)close(fds[0]);
	errno = 0;
	ck_assert_int_eq(write(fds[1], "x", 1), -1);
	ck_assert_int_eq(errno, EPIPE);
}
END_TEST

START_TEST(a_write_beyond_the_limit_on_files_is_an_error)
{
	const struct rlimit limit = {4, 4};
	int fd = fileno(tmpfile());

	ck_assert(signal(SIGXFSZ, SIG_DFL) != SIG_ERR);
	ck_assert_int_eq(process_begin(), 0);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert_int_eq(write(fd, "12345678", 8), 4);
	errno = 0;
	ck_assert_int_eq(write(fd, "5", 1), -1);
	ck_assert_int_eq(errno, EFBIG);
}
END_TEST

START_TEST(signals_that_were_blocked_are_heard)
{
	sigset_t set;

	(void)sigfillset(&set);
	ck_assert_int_eq(sigprocmask(SIG_SETMASK, &set, NULL), 0);
	ck_assert_int_eq(process_begin(), 0);
	ck_assert_int_eq(sigprocmask(SIG_SETMASK, NULL, &set), 0);
	for (int number = 1; number < NSIG; number++)
		ck_assert_int_ne(sigismember(&set, number), 1);
}
END_TEST

/* Takes a terminal for the session's own, in which background jobs may not
 * write; returns it. */
static int take_strict_terminal(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY), slave;
	struct termios modes;

	ck_assert_int_ge(master, 0);
	ck_assert_int_eq(grantpt(master), 0);
	ck_assert_int_eq(unlockpt(master), 0);
	ck_assert_int_ge(setsid(), 0);
	slave = open(ptsname(master), O_RDWR);
	ck_assert_int_ge(slave, 0);
	ck_assert_int_eq(tcgetattr(slave, &modes), 0);
	modes.c_lflag |= TOSTOP;
	ck_assert_int_eq(tcsetattr(slave, TCSANOW, &modes), 0);
	return slave;
}

/* How a child ends that writes from the background: stopped, or with 0. */
static int write_from_background(int terminal, bool ignores)
{
	int status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		(void)setpgid(0, 0);
		if (ignores)
			process_ignore_job_control();
		_exit(write(terminal, "x", 1) == 1 ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(pid, &status, WUNTRACED), pid);
	if (WIFSTOPPED(status)) {
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
	}
	return status;
}

START_TEST(a_terminal_does_not_stop_who_writes_from_the_background)
{
	int status, fds[2];
	pid_t pid;

	harness_pipe(fds);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		int terminal = take_strict_terminal();

		status = write_from_background(terminal, false);
		ck_assert(WIFSTOPPED(status));
		status = write_from_background(terminal, true);
		ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
		_exit(write(fds[1], "x", 1) == 1 ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
END_TEST

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static void assert_is_null_device(int fd)
{
	struct stat st, null;

	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_int_eq(stat("/dev/null", &null), 0);
	ck_assert(S_ISCHR(st.st_mode));
	ck_assert_uint_eq(st.st_rdev, null.st_rdev);
}

/* Which of 0, 1 and 2 are closed, as a bit set: every combination. */
START_TEST(standard_descriptors_that_are_closed_become_the_null_device)
{
	struct stat before[3], after;
	int first_free;

	for (int fd = 0; fd <= 2; fd++) {
		/* Something else than /dev/null, for those that stay. */
		int fds[2];

		harness_pipe(fds);
		ck_assert_int_eq(dup2(fds[1], fd), fd);
		ck_assert_int_eq(fstat(fd, &before[fd]), 0);
	}
	first_free = dup(2);
	(void)close(first_free);
	for (int fd = 0; fd <= 2; fd++)
		if (_i >> fd & 1)
			(void)close(fd);

	ck_assert_int_eq(process_begin(), 0);
	for (int fd = 0; fd <= 2; fd++) {
		ck_assert(is_open(fd));
		if (_i >> fd & 1) {
			assert_is_null_device(fd);
			/* What nobody reads must not look written. */
			ck_assert(fd == 0 || write(fd, "x", 1) == -1);
			/* A program that is started must have them too. */
			ck_assert_int_eq(fcntl(fd, F_GETFD), 0);
			continue;
		}
		ck_assert_int_eq(fstat(fd, &after), 0);
		ck_assert_uint_eq(after.st_ino, before[fd].st_ino);
	}
	ck_assert(!is_open(first_free));
}
END_TEST

START_TEST(no_descriptor_to_be_had_is_an_error)
{
	rlim_t hard = descriptor_limit().rlim_max;

	(void)close(STDIN_FILENO);
	set_descriptor_limit(0, hard);
	errno = 0;
	ck_assert_int_eq(process_begin(), -1);
	ck_assert_int_eq(errno, EMFILE);
	set_descriptor_limit(hard, hard);
}
END_TEST

/* --- reading a file --- */

/* Reads a file of this content in a new folder. */
static int read_back(const void *data, size_t len, struct slice *out)
{
	char *folder = folder_new(), *path = folder_path(folder, "file");
	int result, saved;

	folder_write(folder, "file", data, len);
	errno = 0;
	result = process_read_file(path, out);
	saved = errno;
	free(path);
	free(folder);
	errno = saved;
	return result;
}

static const size_t lengths[] = {
	0, 1, 4095, 4096, 100000, PROCESS_FILE_MAX - 1, PROCESS_FILE_MAX};

START_TEST(a_file_is_read_whole)
{
	size_t len = lengths[_i];
	unsigned char *data = bytes_new(len + 1);
	struct slice text;

	bytes_pattern(data, len, 1);
	ck_assert_int_eq(read_back(data, len, &text), 0);
	ck_assert_uint_eq(text.len, len);
	ck_assert_ptr_nonnull(text.ptr);
	ck_assert(len == 0 || memcmp(text.ptr, data, len) == 0);
	process_free_file(text);
	free(data);
}
END_TEST

START_TEST(an_interrupted_read_is_tried_again)
{
	struct slice text;

	is_interrupted = true;
	ck_assert_int_eq(read_back((const unsigned char *)"text", 4, &text), 0);
	is_interrupted = false;
	ck_assert(slice_is(text, "text"));
	process_free_file(text);
}
END_TEST

START_TEST(a_file_beyond_the_bound_is_refused)
{
	size_t len = (size_t)PROCESS_FILE_MAX + (_i == 0 ? 1 : 1 << 20);
	unsigned char *data = bytes_new(len);
	struct slice text = {"untouched", 9};

	bytes_pattern(data, len, 1);
	ck_assert_int_eq(read_back(data, len, &text), -1);
	ck_assert_int_eq(errno, EFBIG);
	ck_assert(slice_is(text, "untouched"));
	free(data);
}
END_TEST

/* A file that never ends must not be waited for. */
START_TEST(an_endless_file_is_refused)
{
	struct slice text;

	errno = 0;
	ck_assert_int_eq(process_read_file("/dev/zero", &text), -1);
	ck_assert_int_eq(errno, EFBIG);
}
END_TEST

static const struct unreadable_row {
	const char *path;
	int error;
} unreadables[] = {
	{"/", EISDIR},
	{"/dev/null/x", ENOTDIR},
	{"/nonexistent/mime.types", ENOENT},
	{"", ENOENT},
};

START_TEST(what_is_no_file_is_an_error)
{
	struct slice text = {"untouched", 9};
	int before = dup(2), after;

	(void)close(before);
	errno = 0;
	ck_assert_int_eq(process_read_file(unreadables[_i].path, &text), -1);
	ck_assert_int_eq(errno, unreadables[_i].error);
	ck_assert(slice_is(text, "untouched"));
	after = dup(2);
	ck_assert_int_eq(after, before);
	(void)close(after);
}
END_TEST

START_TEST(a_file_is_closed_when_it_is_read)
{
	int before = dup(2), after;
	struct slice text;

	(void)close(before);
	ck_assert_int_eq(process_read_file("/dev/null", &text), 0);
	ck_assert_uint_eq(text.len, 0);
	process_free_file(text);
	after = dup(2);
	ck_assert_int_eq(after, before);
	(void)close(after);
}
END_TEST

/* --- standard descriptors that must not block --- */

/* Standard input was closed. */
START_TEST(what_is_opened_may_have_number_0)
{
	struct slice text;
	int fds[2];

	harness_pipe(fds);
	(void)close(STDIN_FILENO);
	ck_assert_int_eq(process_reopen_nonblocking(fds[1]), STDIN_FILENO);
	(void)close(STDIN_FILENO);
	ck_assert_int_eq(process_read_file("/dev/null", &text), 0);
	process_free_file(text);
	ck_assert(!is_open(STDIN_FILENO));
	/* What cannot be opened anew stays as it is. */
	ck_assert_int_eq(process_reopen_nonblocking(fds[0] + 100),
			 fds[0] + 100);
}
END_TEST

START_TEST(a_pipe_is_opened_anew_and_the_old_end_stays_as_it_was)
{
	char byte = 'x';
	int fds[2], fd;

	ck_assert_int_eq(pipe(fds), 0);
	fd = process_reopen_nonblocking(fds[1]);
	ck_assert_int_ne(fd, fds[1]);
	ck_assert(fcntl(fd, F_GETFL) & O_NONBLOCK);
	ck_assert(!(fcntl(fds[1], F_GETFL) & O_NONBLOCK));
	ck_assert_int_eq(write(fd, &byte, 1), 1);
	byte = 0;
	ck_assert_int_eq(read(fds[0], &byte, 1), 1);
	ck_assert_int_eq(byte, 'x');
	(void)close(fd);
	(void)close(fds[0]);
	(void)close(fds[1]);
}
END_TEST

/* Two programs that a shell gave one file write behind each other. */
START_TEST(a_regular_file_keeps_its_place_for_who_writes_next)
{
	char path[] = "/tmp/uppercase-process-XXXXXX", text[16] = "";
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	(void)unlink(path);
	ck_assert_int_eq(write(process_reopen_nonblocking(fd), "one ", 4), 4);
	ck_assert_int_eq(write(fd, "two", 3), 3);
	ck_assert_int_eq(pread(fd, text, sizeof(text) - 1, 0), 7);
	ck_assert_str_eq(text, "one two");
	(void)close(fd);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("process");
	TCase *tcase = harness_case(suite, "process");

	tcase_add_test(tcase, the_descriptor_limit_becomes_the_hard_one);
	tcase_add_test(tcase, a_limit_that_is_the_hard_one_already_stays);
	tcase_add_test(tcase, what_is_returned_is_in_force);
	tcase_add_test(tcase, a_write_to_a_closed_pipe_is_an_error);
	tcase_add_test(tcase, a_write_beyond_the_limit_on_files_is_an_error);
	tcase_add_test(tcase, signals_that_were_blocked_are_heard);
	tcase_add_test(tcase,
		       a_terminal_does_not_stop_who_writes_from_the_background);
	tcase_add_loop_test(
		tcase,
		standard_descriptors_that_are_closed_become_the_null_device, 0,
		8);
	tcase_add_test(tcase, no_descriptor_to_be_had_is_an_error);

	tcase = harness_case(suite, "standard descriptors");
	tcase_add_test(tcase,
		       a_pipe_is_opened_anew_and_the_old_end_stays_as_it_was);
	tcase_add_test(tcase, what_is_opened_may_have_number_0);
	tcase_add_test(tcase,
		       a_regular_file_keeps_its_place_for_who_writes_next);

	tcase = harness_case(suite, "files");
	tcase_add_loop_test(tcase, a_file_is_read_whole, 0,
			    (int)ARRAY_LEN(lengths));
	tcase_add_test(tcase, an_interrupted_read_is_tried_again);
	tcase_add_loop_test(tcase, a_file_beyond_the_bound_is_refused, 0, 2);
	tcase_add_test(tcase, an_endless_file_is_refused);
	tcase_add_loop_test(tcase, what_is_no_file_is_an_error, 0,
			    (int)ARRAY_LEN(unreadables));
	tcase_add_test(tcase, a_file_is_closed_when_it_is_read);
	return harness_run(suite);
}
