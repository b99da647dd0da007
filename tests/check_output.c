/* SPDX-License-Identifier: MIT */
/*
 * Standard output: every byte to pipes and files however slow they are, what a
 * terminal is shown, and a failure that is told with what to do.
 */
#include "client/output.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "client/narrator.h"
#include "harness.h"

#define LARGE (1 << 20) /* more than a pipe holds */

/* What waiting for room fails with; see -Wl,--wrap in local.mk. */
static int wait_error;

int __real_wait_for(int fd, short events, uint64_t deadline_ns);
int __wrap_wait_for(int fd, short events, uint64_t deadline_ns);

int __wrap_wait_for(int fd, short events, uint64_t deadline_ns)
{
	if (wait_error == 0)
		return __real_wait_for(fd, events, deadline_ns);
	errno = wait_error;
	return -1;
}

/* What the next close(2) of standard output fails with. */
static int close_error;

int close(int fd)
{
	int result = (int)syscall(SYS_close, fd);

	if (fd != STDOUT_FILENO || close_error == 0)
		return result;
	errno = close_error;
	return -1;
}

static struct report report;
static int caught; /* what goes to standard error */

static void redirect(int to, int fd)
{
	ck_assert_int_eq(dup2(fd, to), to);
	(void)close(fd);
}

static int catch_stream(int stream)
{
	int fds[2];

	harness_pipe(fds);
	redirect(stream, fds[1]);
	return fds[0];
}

static void set_up(void)
{
	ck_assert(signal(SIGPIPE, SIG_IGN) != SIG_ERR);
	caught = catch_stream(STDERR_FILENO);
	ck_assert_int_eq(fcntl(caught, F_SETFL, O_NONBLOCK), 0);
}

static const char *read_text(int fd)
{
	static char text[4096];
	ssize_t n = read(fd, text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

START_TEST(every_byte_goes_to_a_pipe)
{
	static const char bytes[] = "a\0\033[2J\xff\n";
	int out = catch_stream(STDOUT_FILENO);
	char got[sizeof(bytes)];
	size_t n;

	ck_assert_int_eq(output_write((struct slice){bytes, sizeof(bytes)}),
			 CLIENT_OK);
	ck_assert_int_eq(read(out, got, sizeof(got)), sizeof(got));
	ck_assert_mem_eq(got, bytes, sizeof(bytes));
	ck_assert_int_eq(output_write_some(slice_of("xyz"), &n), CLIENT_OK);
	ck_assert_uint_eq(n, 3);
	ck_assert_str_eq(read_text(out), "xyz");
}
END_TEST

/* The reader takes its time, and the pipe does not block. */
START_TEST(a_slow_reader_gets_all)
{
	int out = catch_stream(STDOUT_FILENO), status;
	char *bytes = bytes_new(LARGE);
	pid_t child = fork();

	ck_assert_int_ge(child, 0);
	bytes_pattern((unsigned char *)bytes, LARGE, 1);
	if (child == 0) {
		char *got = bytes_new(LARGE);
		size_t len = 0;
		ssize_t n;

		(void)close(STDOUT_FILENO);
		while ((n = read(out, got + len, LARGE - len)) > 0)
			len += (size_t)n;
		_exit(len == LARGE && memcmp(got, bytes, LARGE) == 0 ? 0 : 1);
	}
	ck_assert_int_eq(fcntl(STDOUT_FILENO, F_SETFL, O_NONBLOCK), 0);
	ck_assert_int_eq(output_write((struct slice){bytes, LARGE}), CLIENT_OK);
	ck_assert_int_eq(output_close(), CLIENT_OK);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	free(bytes);
}
END_TEST

START_TEST(what_a_full_pipe_takes_not_now_is_no_failure)
{
	char *bytes = bytes_new(LARGE);
	size_t n;

	memset(bytes, 'a', LARGE);
	(void)catch_stream(STDOUT_FILENO);
	ck_assert_int_eq(fcntl(STDOUT_FILENO, F_SETFL, O_NONBLOCK), 0);
	ck_assert_int_eq(output_write_some((struct slice){bytes, LARGE}, &n),
			 CLIENT_OK);
	ck_assert(n > 0 && n < LARGE);
	ck_assert_int_eq(output_write_some((struct slice){bytes, LARGE}, &n),
			 CLIENT_OK);
	ck_assert_uint_eq(n, 0);
	free(bytes);
}
END_TEST

START_TEST(a_reader_that_has_left_is_told)
{
	(void)close(catch_stream(STDOUT_FILENO));
	ck_assert_int_eq(output_write(slice_of("x")), CLIENT_FAILED);
	ck_assert_str_eq(read_text(caught),
			 "uppercase-client: standard output: Broken pipe "
			 "(whoever read it has left)\n");
}
END_TEST

START_TEST(a_full_disk_is_told)
{
	redirect(STDOUT_FILENO, open("/dev/full", O_WRONLY | O_CLOEXEC));
	ck_assert_int_eq(output_write(slice_of("x")), CLIENT_FAILED);
	ck_assert_str_eq(read_text(caught),
			 "uppercase-client: standard output: No space left on "
			 "device (make room there, or write elsewhere)\n");
}
END_TEST

START_TEST(a_closed_one_is_told_when_it_is_wanted)
{
	(void)close(STDOUT_FILENO);
	ck_assert_int_eq(output_close(), CLIENT_OK);
	ck_assert_str_eq(read_text(caught), "");
	ck_assert_int_eq(output_write(slice_of("x")), CLIENT_FAILED);
	ck_assert_ptr_nonnull(strstr(read_text(caught), "(it is closed, or"));
}
END_TEST

START_TEST(a_reply_gets_its_newline_unless_a_line_has_broken_it)
{
	int out = catch_stream(STDOUT_FILENO);

	ck_assert_int_eq(dup2(STDOUT_FILENO, STDERR_FILENO), STDERR_FILENO);
	report_init(&report);
	ck_assert_int_eq(output_write(slice_of("REPLY")), CLIENT_OK);
	ck_assert_int_eq(output_end_line(), CLIENT_OK);
	ck_assert_str_eq(read_text(out), "REPLY\n");
	ck_assert_int_eq(output_write(slice_of("REP")), CLIENT_OK);
	report_error("broken off");
	ck_assert_int_eq(output_end_line(), CLIENT_OK);
	ck_assert_str_eq(read_text(out), "REP\nuppercase-client: broken off\n");
}
END_TEST

/* A terminal of our own; returns its other end. */
static int open_terminal(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct termios raw;

	ck_assert_int_ge(master, 0);
	ck_assert_int_eq(grantpt(master), 0);
	ck_assert_int_eq(unlockpt(master), 0);
	redirect(STDOUT_FILENO, open(ptsname(master), O_RDWR | O_NOCTTY));
	ck_assert_int_eq(tcgetattr(STDOUT_FILENO, &raw), 0);
	cfmakeraw(&raw);
	ck_assert_int_eq(tcsetattr(STDOUT_FILENO, TCSANOW, &raw), 0);
	return master;
}

START_TEST(a_terminal_is_shown_what_it_would_obey)
{
	int master = open_terminal();
	size_t n;

	ck_assert_int_eq(output_write(slice_of("A\033[2J\n")), CLIENT_OK);
	ck_assert_str_eq(read_text(master), "A\\x1b[2J\n");
	ck_assert_int_eq(output_write_some(slice_of("\001B"), &n), CLIENT_OK);
	ck_assert_uint_eq(n, 2);
	ck_assert_str_eq(read_text(master), "\\x01B");
}
END_TEST

/* Half of a character waits for its rest, and is shown when none comes. */
START_TEST(a_terminal_gets_the_last_half_when_it_is_closed)
{
	int master = open_terminal();

	ck_assert_int_eq(output_write(slice_of("A\xc3")), CLIENT_OK);
	ck_assert_str_eq(read_text(master), "A");
	ck_assert_int_eq(output_write(slice_of("\xa4\xc3")), CLIENT_OK);
	ck_assert_str_eq(read_text(master), "\xc3\xa4");
	ck_assert_int_eq(dup2(STDOUT_FILENO, 100), 100);
	ck_assert_int_eq(output_close(), CLIENT_OK);
	ck_assert_str_eq(read_text(master), "\\xc3");
}
END_TEST

/* More than is made visible at a time; the terminal's own room is larger. */
START_TEST(a_terminal_gets_a_long_reply_whole)
{
	int master = open_terminal();
	char text[2500 + 1], got[2500];
	size_t len = 0;

	for (size_t i = 0; i < sizeof(text) - 1; i++)
		text[i] = (char)('a' + i % 23);
	text[sizeof(text) - 1] = '\0';
	ck_assert_int_eq(output_write(slice_of(text)), CLIENT_OK);
	while (len < sizeof(got)) {
		ssize_t n = read(master, got + len, sizeof(got) - len);

		ck_assert_int_gt(n, 0);
		len += (size_t)n;
	}
	ck_assert_mem_eq(got, text, sizeof(got));
}
END_TEST

START_TEST(a_terminal_that_is_gone_is_told)
{
	int master = open_terminal();

	/* It is a terminal as long as it is asked, and takes nothing. */
	ck_assert_int_eq(dup2(STDOUT_FILENO, 100), 100);
	redirect(STDOUT_FILENO, open(ptsname(master), O_RDONLY | O_NOCTTY));
	ck_assert_int_eq(output_write(slice_of("x")), CLIENT_FAILED);
	ck_assert_ptr_nonnull(strstr(read_text(caught), "standard output: "));
}
END_TEST

/* Half of a character is left, and nobody takes it. */
START_TEST(what_is_left_at_the_end_may_fail_too)
{
	int master = open_terminal();

	ck_assert_int_eq(dup2(STDOUT_FILENO, 100), 100);
	ck_assert_int_eq(output_write(slice_of("A\xc3")), CLIENT_OK);
	redirect(STDOUT_FILENO, open(ptsname(master), O_RDONLY | O_NOCTTY));
	ck_assert_int_eq(output_close(), CLIENT_FAILED);
	ck_assert_ptr_nonnull(strstr(read_text(caught), "standard output: "));
}
END_TEST

START_TEST(a_wait_that_fails_is_told)
{
	char *bytes = bytes_new(LARGE);

	memset(bytes, 'a', LARGE);
	(void)catch_stream(STDOUT_FILENO);
	ck_assert_int_eq(fcntl(STDOUT_FILENO, F_SETFL, O_NONBLOCK), 0);
	wait_error = ENOMEM;
	ck_assert_int_eq(output_write((struct slice){bytes, LARGE}),
			 CLIENT_FAILED);
	ck_assert_ptr_nonnull(strstr(read_text(caught), strerror(ENOMEM)));
	free(bytes);
}
END_TEST

static const struct {
	int error;
	enum client_status status;
} closings[] = {
	{EIO, CLIENT_FAILED},
	{ENOSPC, CLIENT_FAILED},
	{EBADF, CLIENT_OK}, /* it was closed already */
	{EINTR, CLIENT_OK}, /* and is so now */
};

START_TEST(what_fails_at_the_end_is_told)
{
	bool is_told = closings[_i].status == CLIENT_FAILED;
	const char *text;

	(void)catch_stream(STDOUT_FILENO);
	close_error = closings[_i].error;
	ck_assert_int_eq(output_close(), closings[_i].status);
	text = read_text(caught);
	ck_assert((strstr(text, "standard output: ") != NULL) == is_told);
	ck_assert((strstr(text, strerror(close_error)) != NULL) == is_told);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("output");
	TCase *tcase = harness_case(suite, "output");

	tcase_add_checked_fixture(tcase, set_up, NULL);
	tcase_add_test(tcase, every_byte_goes_to_a_pipe);
	tcase_add_test(tcase, a_slow_reader_gets_all);
	tcase_add_test(tcase, what_a_full_pipe_takes_not_now_is_no_failure);
	tcase_add_test(tcase, a_reader_that_has_left_is_told);
	tcase_add_test(tcase, a_full_disk_is_told);
	tcase_add_test(tcase, a_closed_one_is_told_when_it_is_wanted);
	tcase_add_test(tcase,
		       a_reply_gets_its_newline_unless_a_line_has_broken_it);
	tcase_add_test(tcase, a_terminal_is_shown_what_it_would_obey);
	tcase_add_test(tcase, a_terminal_gets_the_last_half_when_it_is_closed);
	tcase_add_loop_test(tcase, what_fails_at_the_end_is_told, 0,
			    (int)ARRAY_LEN(closings));
	tcase_add_test(tcase, a_terminal_gets_a_long_reply_whole);
	tcase_add_test(tcase, a_terminal_that_is_gone_is_told);
	tcase_add_test(tcase, what_is_left_at_the_end_may_fail_too);
	tcase_add_test(tcase, a_wait_that_fails_is_told);
	return harness_run(suite);
}
