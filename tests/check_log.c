/* SPDX-License-Identifier: MIT */
/*
 * The log with a pipe for standard error: one line per message, written when it
 * is flushed; a reader that is slow, gone or never was costs lines, whose
 * number is told, but never time and never the process.
 */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <regex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "harness.h"

#define PIPE_ROOM 65536

/* Writes to standard error that still go through; -1 for all. */
static int n_writes = -1;

/* A descriptor that takes no byte and has no error. */
static bool takes_nothing;

/* Signals that come in between, while a call asks for room or writes. */
static int n_polls_broken, n_writes_broken;

static bool is_broken(int *n)
{
	if (*n == 0)
		return false;
	--*n;
	errno = EINTR;
	return true;
}

int poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
	const struct timespec wait = {timeout_ms / 1000,
				      timeout_ms % 1000 * 1000000};

	if (is_broken(&n_polls_broken))
		return -1;
	return (int)syscall(SYS_ppoll, fds, n, timeout_ms < 0 ? NULL : &wait,
			    NULL, 0);
}

ssize_t write(int fd, const void *buf, size_t len)
{
	if (fd == STDERR_FILENO && is_broken(&n_writes_broken))
		return -1;
	if (fd == STDERR_FILENO && takes_nothing)
		return 0;
	if (fd != STDERR_FILENO || n_writes != 0) {
		n_writes -= fd == STDERR_FILENO && n_writes > 0;
		return syscall(SYS_write, fd, buf, len);
	}
	errno = EAGAIN;
	return -1;
}

/* Standard error becomes a pipe; its reading end, which does not wait. */
static int catch_log(void)
{
	int fds[2];

	log_open("test", STDERR_FILENO);
	harness_pipe(fds);
	ck_assert_int_eq(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
	ck_assert_int_eq(dup2(fds[1], STDERR_FILENO), STDERR_FILENO);
	(void)close(fds[1]);
	return fds[0];
}

/* What has been written so far. */
static const char *written(int fd)
{
	static char text[4 * PIPE_ROOM];
	size_t len = 0;
	ssize_t n;

	while (len < sizeof(text) - 1 &&
	       (n = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	return text;
}

static size_t count_lines(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		n += *text == '\n';
	return n;
}

/* Fills the pipe to the last byte. */
static void fill(void)
{
	static char page[4096];

	ck_assert_int_eq(fcntl(STDERR_FILENO, F_SETFL, O_NONBLOCK), 0);
	while (write(STDERR_FILENO, page, sizeof(page)) > 0)
		;
	ck_assert_int_eq(errno, EAGAIN);
	ck_assert_int_eq(fcntl(STDERR_FILENO, F_SETFL, 0), 0);
}

START_TEST(a_message_is_a_line_that_begins_with_the_program)
{
	int fd = catch_log();

	log_info("a %s %d", "b", 3);
	log_flush();
	ck_assert_str_eq(written(fd), "test: a b 3\n");
}
END_TEST

START_TEST(a_warning_is_marked)
{
	int fd = catch_log();

	log_warn("a %s %d", "b", 3);
	log_flush();
	ck_assert_str_eq(written(fd), "test: warning: a b 3\n");
}
END_TEST

START_TEST(lines_are_gathered_until_they_are_flushed)
{
	int fd = catch_log();

	log_info("one");
	log_warn("two");
	log_info("three");
	ck_assert_str_eq(written(fd), "");
	log_flush();
	ck_assert_str_eq(written(fd),
			 "test: one\ntest: warning: two\ntest: three\n");
	log_flush();
	ck_assert_str_eq(written(fd), "");
}
END_TEST

/* A file that counts writes would need a kernel; a packet pipe does it. */
START_TEST(what_was_gathered_is_one_write)
{
	int fds[2];
	char text[4096];

	log_open("test", STDERR_FILENO);
	if (pipe2(fds, O_DIRECT | O_CLOEXEC) != 0) {
		harness_skip("no packet pipes here: %s", strerror(errno));
		return;
	}
	ck_assert_int_eq(dup2(fds[1], STDERR_FILENO), STDERR_FILENO);
	log_info("one");
	log_info("two");
	log_flush();
	ck_assert_int_eq(read(fds[0], text, sizeof(text)),
			 (ssize_t)strlen("test: one\ntest: two\n"));
}
END_TEST

START_TEST(a_line_too_long_is_cut_and_stays_a_line)
{
	int fd = catch_log();
	char *text = bytes_new(100001);
	const char *got;

	memset(text, 'x', 100000);
	text[100000] = '\0';
	log_info("%s", text);
	log_info("next");
	log_flush();
	got = written(fd);
	ck_assert_uint_eq(count_lines(got), 2);
	ck_assert_int_eq(strncmp(got, "test: xxxx", 10), 0);
	ck_assert_uint_ge(strcspn(got, "\n"), 500);
	ck_assert_str_eq(strchr(got, '\n'), "\ntest: next\n");
	free(text);
}
END_TEST

/* A file's name may be anybody's. */
START_TEST(no_control_byte_reaches_the_terminal)
{
	int fd = catch_log();

	log_info("a\033[2Jb\nc\177d\302\233e\303\251 \351");
	log_flush();
	ck_assert_str_eq(written(fd), "test: a?[2Jb?c?d\302?e\303\251 \351\n");
}
END_TEST

START_TEST(more_than_a_turns_worth_is_written_in_between)
{
	int fd = catch_log();
	const char *got;

	for (int i = 0; i < 1500; i++)
		log_info("line %04d of a good many", i);
	log_flush();
	got = written(fd);
	ck_assert_uint_eq(count_lines(got), 1500);
	for (int i = 0; i < 1500; i++) {
		char want[64];
		size_t len =
			(size_t)snprintf(want, sizeof(want),
					 "test: line %04d of a good many\n", i);

		ck_assert_int_eq(strncmp(got, want, len), 0);
		got += len;
	}
}
END_TEST

START_TEST(a_full_pipe_costs_lines_and_their_number_is_told)
{
	int fd = catch_log();

	fill();
	for (int i = 0; i < 3; i++)
		log_info("lost");
	log_flush();
	log_warn("lost too");
	log_flush();
	(void)written(fd);
	log_info("seen");
	log_flush();
	ck_assert_str_eq(
		written(fd),
		"test: seen\n"
		"test: warning: log: 4 lines lost: standard error took "
		"no more\n");
	log_info("on we go");
	log_flush();
	ck_assert_str_eq(written(fd), "test: on we go\n");
}
END_TEST

/* The line that tells of the lost ones may be lost itself. */
START_TEST(none_that_was_lost_is_forgotten)
{
	int fd = catch_log();

	n_writes = 0;
	for (int i = 0; i < 3; i++)
		log_info("lost");
	log_flush();
	n_writes = 1;
	log_info("seen");
	log_flush();
	ck_assert_str_eq(written(fd), "test: seen\n");
	n_writes = -1;
	log_info("seen too");
	log_flush();
	ck_assert_str_eq(
		written(fd),
		"test: seen too\n"
		"test: warning: log: 4 lines lost: standard error took "
		"no more\n");
}
END_TEST

START_TEST(a_full_pipe_with_more_lines_than_fit_counts_them_all)
{
	int fd = catch_log();

	fill();
	for (int i = 0; i < 2000; i++)
		log_info("a line that will be lost, number %d", i);
	log_flush();
	(void)written(fd);
	log_info("seen");
	log_flush();
	ck_assert_ptr_nonnull(strstr(written(fd), "log: 2000 lines lost"));
}
END_TEST

START_TEST(a_reader_that_is_gone_does_no_harm)
{
	int fd = catch_log();

	ck_assert(signal(SIGPIPE, SIG_IGN) != SIG_ERR);
	(void)close(fd);
	for (int i = 0; i < 1000; i++) {
		log_info("to nobody");
		log_flush();
	}
	/* Somebody reads again. */
	fd = catch_log();
	log_info("seen");
	log_flush();
	ck_assert_ptr_nonnull(strstr(written(fd), "test: seen\n"));
}
END_TEST

static void limit_file_size(rlim_t size)
{
	struct rlimit limit = {.rlim_cur = size, .rlim_max = RLIM_INFINITY};

	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* As on a disk that gets full in the middle of a line, and is cleared. */
START_TEST(a_file_that_takes_no_more_costs_lines_and_cuts_one)
{
	char name[] = "/tmp/check_log.XXXXXX", got[256] = "";
	int fd = mkstemp(name);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(unlink(name), 0);
	ck_assert(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	log_open("test", fd);
	limit_file_size(9);
	log_info("cut");
	log_info("lost");
	log_flush();
	log_info("lost too");
	log_flush();
	limit_file_size(RLIM_INFINITY);
	log_info("seen");
	log_flush();
	ck_assert_int_gt(pread(fd, got, sizeof(got) - 1, 0), 0);
	ck_assert_str_eq(got, "test: cut\n"
			      "test: seen\n"
			      "test: warning: log: 3 lines lost: standard "
			      "error: File too large\n");
	(void)close(fd);
}
END_TEST

/* Wherever the file ends, the next line begins on its own. */
START_TEST(a_line_that_was_cut_ends_before_the_next)
{
	static const char all[] = "test: a\ntest: b\n";
	char name[] = "/tmp/check_log.XXXXXX", got[256] = "", want[64];
	int fd = mkstemp(name), n = _i + 1;

	ck_assert_int_eq(unlink(name), 0);
	ck_assert(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	log_open("test", fd);
	limit_file_size((rlim_t)n);
	log_info("a");
	log_info("b");
	log_info("c");
	log_flush();
	limit_file_size(RLIM_INFINITY);
	log_info("seen");
	log_flush();
	(void)snprintf(want, sizeof(want), "%.*s%stest: seen\n", n, all,
		       all[n - 1] == '\n' ? "" : "\n");
	ck_assert_int_gt(pread(fd, got, sizeof(got) - 1, 0), 0);
	ck_assert_int_eq(strncmp(got, want, strlen(want)), 0);
	(void)close(fd);
}
END_TEST

/* What was cut there is nothing that the next one has to end. */
START_TEST(a_cut_line_is_of_the_descriptor_that_has_it)
{
	char name[] = "/tmp/check_log.XXXXXX";
	int fd = mkstemp(name), fds[2];

	ck_assert_int_eq(unlink(name), 0);
	ck_assert(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	harness_pipe(fds);
	log_open("test", fd);
	limit_file_size(9);
	log_info("cut");
	log_flush();
	limit_file_size(RLIM_INFINITY);
	(void)log_use(fds[1], LOG_PLAIN, "it");
	ck_assert_int_eq(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
	log_info("seen");
	log_flush();
	ck_assert_int_eq(strncmp(written(fds[0]), "test: seen\n", 11), 0);
	(void)close(fd);
}
END_TEST

START_TEST(no_standard_error_does_no_harm)
{
	int fd;

	log_open("test", STDERR_FILENO);
	(void)close(STDERR_FILENO);
	log_info("lost");
	log_flush();
	/* The number is taken, so that the pipe does not get it. */
	ck_assert_int_eq(open("/dev/null", O_WRONLY), STDERR_FILENO);
	fd = catch_log();
	log_info("seen");
	log_flush();
	ck_assert_ptr_nonnull(strstr(written(fd), "1 lines lost"));
}
END_TEST

START_TEST(a_signal_costs_no_line)
{
	int fd = catch_log();

	n_polls_broken = 2;
	n_writes_broken = 3;
	log_info("text");
	log_flush();
	ck_assert_str_eq(written(fd), "test: text\n");
	ck_assert_int_eq(n_polls_broken + n_writes_broken, 0);
}
END_TEST

/* It must not be tried for ever. */
START_TEST(what_takes_nothing_is_not_waited_for)
{
	int fd = catch_log();

	takes_nothing = true;
	log_info("lost");
	log_flush();
	takes_nothing = false;
	log_info("seen");
	log_flush();
	ck_assert_ptr_nonnull(strstr(written(fd), "1 lines lost"));
}
END_TEST

/* --- forms --- */

static const struct {
	enum log_form form;
	const char *front; /* as regex(7) */
} forms[] = {
	{LOG_PLAIN, "test: "},
	{LOG_STAMPED, "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}"
		      "\\.[0-9]{3}Z test: "},
	{LOG_JOURNAL, "<6>"},
};

START_TEST(a_line_has_its_form)
{
	char pattern[256];
	int fd = catch_log();
	regex_t regex;

	(void)snprintf(pattern, sizeof(pattern), "^%ssome text\n$",
		       forms[_i].front);
	ck_assert_int_eq(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
	ck_assert_int_eq(log_use(STDERR_FILENO, forms[_i].form, "it"),
			 STDERR_FILENO);
	log_info("some %s", "text");
	log_flush();
	ck_assert_int_eq(regexec(&regex, written(fd), 0, NULL, 0), 0);
	regfree(&regex);
}
END_TEST

/* What was gathered, too: a datagram for each, without the end of the line. */
START_TEST(a_line_to_syslog_is_a_datagram)
{
	static const char *const texts[] = {"one", "the second", "3"};
	char got[256];
	int fds[2];

	log_open("test", STDERR_FILENO);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds), 0);
	ck_assert_int_eq(dup2(fds[1], STDERR_FILENO), STDERR_FILENO);
	ck_assert_int_eq(log_use(STDERR_FILENO, LOG_SYSLOG, "it"),
			 STDERR_FILENO);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		log_info("%s", texts[i]);
	log_flush();
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		ssize_t n = recv(fds[0], got, sizeof(got) - 1, MSG_DONTWAIT);
		size_t len = strlen(texts[i]);

		ck_assert_int_gt(n, (ssize_t)len);
		got[n] = '\0';
		ck_assert_int_eq(got[0], '<');
		ck_assert_str_eq(got + n - len, texts[i]);
	}
	ck_assert_int_lt(recv(fds[0], got, sizeof(got), MSG_DONTWAIT), 0);
}
END_TEST

START_TEST(a_warning_has_its_priority)
{
	int fd = catch_log();

	(void)log_use(STDERR_FILENO, LOG_JOURNAL, "it");
	log_warn("text");
	log_flush();
	ck_assert_str_eq(written(fd), "<4>warning: text\n");
}
END_TEST

START_TEST(a_level_leaves_out_the_rest)
{
	int fd = catch_log();

	log_set_level(LOG_LEVEL_WARNING);
	log_info("left out");
	log_warn("text");
	log_set_level(LOG_LEVEL_INFO);
	log_info("there");
	log_flush();
	ck_assert_str_eq(written(fd), "test: warning: text\ntest: there\n");
}
END_TEST

/* What was gathered is for where it went before. */
START_TEST(a_change_writes_what_was_gathered)
{
	int fd = catch_log(), null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	log_info("before");
	(void)log_use(null, LOG_PLAIN, "it");
	log_info("behind");
	log_flush();
	ck_assert_str_eq(written(fd), "test: before\n");
	(void)close(null);
}
END_TEST

START_TEST(a_trouble_is_told_once_and_again_after_a_calm)
{
	struct log_trouble trouble = {0};
	uint64_t now_ns = 1;

	ck_assert(log_is_news(&trouble, EMFILE, now_ns));
	ck_assert_str_eq(trouble.more, "");
	ck_assert(!log_is_news(&trouble, EMFILE, now_ns));
	/* It goes on: the calm counts from when it was met last. */
	for (int i = 0; i < 3; i++)
		ck_assert(
			!log_is_news(&trouble, EMFILE, now_ns += LOG_CALM_NS));
	ck_assert(log_is_news(&trouble, EMFILE, now_ns += LOG_CALM_NS + 1));
	ck_assert_str_eq(trouble.more, " (the last one 4 more times)");
	ck_assert(log_is_news(&trouble, ENFILE, now_ns));
	ck_assert_str_eq(trouble.more, "");
	ck_assert(log_is_news(&trouble, EMFILE, now_ns));
}
END_TEST

START_TEST(one_that_was_not_told_is_a_number_too)
{
	struct log_trouble trouble = {0};

	ck_assert(log_is_news(&trouble, EMFILE, 1));
	ck_assert_str_eq(trouble.more, "");
	ck_assert(!log_is_news(&trouble, EMFILE, 2));
	ck_assert(log_is_news(&trouble, ENFILE, 3));
	ck_assert_str_eq(trouble.more, " (the last one 1 more times)");
	ck_assert(log_is_news(&trouble, EMFILE, 4));
	ck_assert_str_eq(trouble.more, "");
}
END_TEST

START_TEST(what_goes_on_for_long_is_told_again_with_its_number)
{
	struct log_trouble trouble = {0};
	uint64_t now_ns = 1, end_ns = now_ns + LOG_AGAIN_NS;
	unsigned n = 0;

	ck_assert(log_is_news(&trouble, EMFILE, now_ns));
	for (now_ns += LOG_CALM_NS; now_ns < end_ns; now_ns += LOG_CALM_NS / 2)
		n += !log_is_news(&trouble, EMFILE, now_ns);
	ck_assert_uint_eq(n, 10);
	ck_assert(log_is_news(&trouble, EMFILE, end_ns));
	ck_assert_str_eq(trouble.more, " (10 more times)");
	ck_assert(!log_is_news(&trouble, EMFILE, end_ns + LOG_CALM_NS));
}
END_TEST

/* With its time, and harmless, whether or not anybody took it. */
START_TEST(the_last_lines_are_there_to_be_shown)
{
	static const char want[] = "warning: a?b\n";
	struct slice text;

	log_open("test", -1);
	log_warn("a\x1b%s", "b");
	log_flush();
	text = log_recent();
	ck_assert_uint_ge(text.len, 21 + sizeof(want) - 1);
	text.ptr += text.len - (sizeof(want) - 1) - 21;
	ck_assert_int_eq(text.ptr[4], '-');
	ck_assert_int_eq(text.ptr[19], 'Z');
	ck_assert_int_eq(memcmp(text.ptr + 21, want, sizeof(want) - 1), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("log");
	TCase *tcase = harness_case(suite, "lines");

	tcase_add_test(tcase, a_message_is_a_line_that_begins_with_the_program);
	tcase_add_test(tcase, a_warning_is_marked);
	tcase_add_test(tcase, lines_are_gathered_until_they_are_flushed);
	tcase_add_test(tcase, what_was_gathered_is_one_write);
	tcase_add_test(tcase, a_line_too_long_is_cut_and_stays_a_line);
	tcase_add_test(tcase, no_control_byte_reaches_the_terminal);
	tcase_add_test(tcase, more_than_a_turns_worth_is_written_in_between);

	tcase = harness_case(suite, "readers");
	tcase_add_test(tcase, a_full_pipe_costs_lines_and_their_number_is_told);
	tcase_add_test(tcase, none_that_was_lost_is_forgotten);
	tcase_add_test(tcase,
		       a_full_pipe_with_more_lines_than_fit_counts_them_all);
	tcase_add_test(tcase, a_reader_that_is_gone_does_no_harm);
	tcase_add_test(tcase,
		       a_file_that_takes_no_more_costs_lines_and_cuts_one);
	tcase_add_loop_test(tcase, a_line_that_was_cut_ends_before_the_next, 0,
			    16);
	tcase_add_test(tcase, a_cut_line_is_of_the_descriptor_that_has_it);
	tcase_add_test(tcase, no_standard_error_does_no_harm);
	tcase_add_test(tcase, the_last_lines_are_there_to_be_shown);

	tcase = harness_case(suite, "troubles");
	tcase_add_loop_test(tcase, a_line_has_its_form, 0, ARRAY_LEN(forms));
	tcase_add_test(tcase, a_signal_costs_no_line);
	tcase_add_test(tcase, what_takes_nothing_is_not_waited_for);
	tcase_add_test(tcase, a_line_to_syslog_is_a_datagram);
	tcase_add_test(tcase, a_warning_has_its_priority);
	tcase_add_test(tcase, a_level_leaves_out_the_rest);
	tcase_add_test(tcase, a_change_writes_what_was_gathered);
	tcase_add_test(tcase, a_trouble_is_told_once_and_again_after_a_calm);
	tcase_add_test(tcase, one_that_was_not_told_is_a_number_too);
	tcase_add_test(tcase,
		       what_goes_on_for_long_is_told_again_with_its_number);
	return harness_run(suite);
}
