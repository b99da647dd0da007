/* SPDX-License-Identifier: MIT */
/*
 * Where the server's messages go (--log, --log-level), and that it goes into
 * the background only when there is something to go with (--daemon).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <regex.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "e2e_client.h"
#include "e2e_log.h"
#include "e2e_program.h"
#include "e2e_server.h"
#include "e2e_sock.h"
#include "harness.h"

static char *folder, *path, *option;
static struct server *server;

static void set_up(void)
{
	folder = folder_new();
	path = folder_path(folder, "log");
	ck_assert_int_gt(asprintf(&option, "--log=%s", path), 0);
}

/* Waits for so many lines in the file, which may not be there yet. */
static char *await_lines(size_t n)
{
	int64_t deadline = harness_deadline();

	while (access(path, F_OK) < 0)
		if (poll(NULL, 0, 1) == 0 && harness_left_ms(deadline) == 0)
			harness_fail("no %s", path);
	return log_wait_lines(path, n);
}

static void tear_down(void)
{
	free(folder);
	free(path);
	free(option);
}

/* TCP alone, with one more option; nothing is read from standard error. */
static void start(const char *log, const char *more, void (*prepare)(void))
{
	const char *const args[] = {"-a127.0.0.1", "-uoff", "-woff", "-t0",
				    log,	   more,    NULL};

	server = server_start(
		&(struct server_options){.args = args, .prepare = prepare});
}

static void expect_like(const char *text, const char *pattern)
{
	regex_t regex;

	ck_assert_int_eq(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
	ck_assert_msg(regexec(&regex, text, 0, NULL, 0) == 0, "%s not like %s",
		      text, pattern);
	regfree(&regex);
}

static void stop(void)
{
	server_signal(server, SIGTERM);
	server_expect_exit(server, 0);
}

/* --- a file --- */

START_TEST(a_file_has_times)
{
	char *text;

	start(option, NULL, NULL);
	free(await_lines(1));
	stop();
	text = await_lines(3);
	expect_like(text, "^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:"
			  "[0-9]{2}\\.[0-9]{3}Z uppercase-server: ready: tcp "
			  "127\\.0\\.0\\.1:[0-9]+");
	ck_assert_ptr_nonnull(strstr(text, "Z uppercase-server: stopped\n"));
	free(text);
}
END_TEST

/* What logrotate does. */
START_TEST(a_hangup_opens_the_file_anew)
{
	char *old = folder_path(folder, "old"), *text;
	size_t len;

	start(option, NULL, NULL);
	free(await_lines(1));
	ck_assert_int_eq(rename(path, old), 0);
	server_signal(server, SIGHUP);
	text = await_lines(1);
	ck_assert_ptr_nonnull(strstr(text, "uppercase-server: reloaded: "));
	free(text);
	text = log_read(old, &len);
	ck_assert_uint_eq(log_count_lines(text), 1);
	free(text);
	free(old);
	stop();
}
END_TEST

/* From standard error to a file, and back. */
START_TEST(a_reload_moves_them)
{
	static const char base[] = "udp-port = off\nhttp-port = off\n"
				   "tcp-port = \"127.0.0.1:0\"\n";
	char *conf = folder_path(folder, "conf"), *text;
	const char *const args[] = {"--config", conf, "--no-sandbox", NULL};

	folder_write_text(folder, "conf", base);
	server = server_start(
		&(struct server_options){.args = args, .n_ready = 1});
	folder_write_inserted(folder, "conf",
			      "udp-port = off\nhttp-port = off\n"
			      "tcp-port = \"127.0.0.1:0\"\nlog = @/log\n");
	server_signal(server, SIGHUP);
	text = await_lines(1);
	ck_assert_ptr_nonnull(strstr(text, "reloaded: "));
	free(text);
	folder_write_text(folder, "conf", base);
	server_signal(server, SIGHUP);
	server_wait_log(server, "reloaded: ");
	stop();
	server_wait_log(server, "stopped\n");
	free(conf);
}
END_TEST

/* What cannot be opened changes nothing. */
START_TEST(a_reload_to_nowhere_changes_nothing)
{
	char *conf = folder_path(folder, "conf"), *text;
	const char *const args[] = {"--config", conf, "--no-sandbox", NULL};

	folder_write_inserted(folder, "conf",
			      "udp-port = off\nhttp-port = off\n"
			      "tcp-port = \"127.0.0.1:0\"\nlog = @/log\n");
	server = server_start(&(struct server_options){.args = args});
	free(await_lines(1));
	folder_write_inserted(folder, "conf",
			      "udp-port = off\nhttp-port = off\n"
			      "tcp-port = \"127.0.0.1:0\"\nlog = @/no/log\n");
	server_signal(server, SIGHUP);
	text = await_lines(2);
	expect_like(text, "warning: reload: --log=.*/no/log: No such file or "
			  "directory: all stays as it was");
	free(text);
	stop();
	free(conf);
}
END_TEST

static const char *const bad_places[] = {"--log=/dev/null/x", "--log=-",
					 "--log="};

START_TEST(a_place_that_cannot_be_opened_ends_the_start)
{
	const char *const argv[] = {
		server_program(), "-a127.0.0.1",  "-t0", "-uoff",
		"-woff",	  bad_places[_i], NULL};
	struct outcome outcome = program_run(argv, "", 0);

	ck_assert_int_eq(outcome.status, _i == 0 ? 1 : 2);
	ck_assert_ptr_nonnull(strstr(outcome.err, "--log"));
	outcome_clear(&outcome);
}
END_TEST

START_TEST(a_full_disk_costs_lines_alone)
{
	const char *const args[] = {"-a127.0.0.1", "-uoff", "-woff", "-t",
				    NULL,	   NULL,    NULL};
	const char *argv[ARRAY_LEN(args)];
	char port[8];
	int fd;

	memcpy(argv, args, sizeof(args));
	argv[4] = port_without_server(SOCK_STREAM, port);
	argv[5] = "--log=/dev/full";
	server = server_start(&(struct server_options){.args = argv});
	do
		fd = tcp_try_connect("127.0.0.1", (uint16_t)atoi(port));
	while (fd < 0 && errno == ECONNREFUSED);
	for (int i = 0; i < 3; i++) {
		server_signal(server, SIGHUP);
		tcp_exchange(fd, "hello", 5);
	}
	(void)close(fd);
	stop();
}
END_TEST

START_TEST(a_level_leaves_out_what_matters_less)
{
	char *text;
	size_t len;

	start(option, "--log-level=warning", NULL);
	server_wait_log(server, "limits: ");
	server_signal(server, SIGTERM);
	server_expect_exit(server, 0);
	text = log_read(path, &len);
	ck_assert_str_eq(text, "");
	free(text);
}
END_TEST

/* --- the journal, and syslog --- */

static void be_journal(void)
{
	char stream[64];
	struct stat st;

	if (fstat(STDERR_FILENO, &st) < 0)
		_exit(99);
	(void)snprintf(stream, sizeof(stream), "%llu:%llu",
		       (unsigned long long)st.st_dev,
		       (unsigned long long)st.st_ino);
	(void)setenv("JOURNAL_STREAM", stream, 1);
}

START_TEST(the_journal_has_priorities_and_knows_the_rest)
{
	start("--log=stderr", NULL, be_journal);
	server_wait_log(server, "<6>ready: tcp ");
	ck_assert_ptr_null(strstr(server_log(server), "uppercase-server: "));
	stop();
}
END_TEST

static void be_journal_of_another(void)
{
	(void)setenv("JOURNAL_STREAM", "1:1", 1);
}

START_TEST(who_inherits_the_name_of_a_journal_has_none)
{
	start("--log=stderr", NULL, be_journal_of_another);
	server_wait_log(server, "uppercase-server: ready: tcp ");
	stop();
}
END_TEST

static int syslog_fd;

/* A /dev of its own, where the test listens as a syslog daemon. */
static void be_syslogs(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX,
				      .sun_path = "/dev/log"};
	int null, fd;
	char from[64];

	if (unshare(CLONE_NEWNS) < 0 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		_exit(98);
	null = open("/dev/null", O_PATH | O_CLOEXEC);
	(void)snprintf(from, sizeof(from), "/proc/self/fd/%d", null);
	if (null < 0 || mount("dev", "/dev", "tmpfs", 0, NULL) < 0)
		_exit(98);
	fd = open("/dev/null", O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0 || mount(from, "/dev/null", NULL, MS_BIND, NULL) < 0 ||
	    bind(syslog_fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		_exit(98);
	(void)close(fd);
}

/* Whether this process may have such a /dev. */
static bool can_be_syslogs(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		be_syslogs();
		_exit(0);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

/* Its number is one that a server's process keeps until it starts. */
static int syslog_socket(void)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int high = fcntl(fd, F_DUPFD_CLOEXEC, 300);

	ck_assert_int_ge(high, 0);
	(void)close(fd);
	return high;
}

START_TEST(syslog_has_a_datagram_for_each_line)
{
	char text[1024];
	ssize_t n;

	syslog_fd = syslog_socket();
	if (!can_be_syslogs()) {
		harness_skip("no /dev of its own to be syslog in");
		return;
	}
	(void)close(syslog_fd);
	syslog_fd = syslog_socket();
	start("--log=syslog", NULL, be_syslogs);
	sock_must_wait(syslog_fd, POLLIN, harness_deadline(), "a message");
	n = recv(syslog_fd, text, sizeof(text) - 1, 0);
	ck_assert_int_gt(n, 0);
	text[n] = '\0';
	expect_like(text, "^<30>[A-Z][a-z]{2} [ 1-3][0-9] [0-9]{2}:[0-9]{2}:"
			  "[0-9]{2} uppercase-server\\[[0-9]+\\]: ready: tcp "
			  "127\\.0\\.0\\.1:[0-9]+$");
	stop();
	(void)close(syslog_fd);
}
END_TEST

/* --- the background --- */

static struct outcome run_daemon(const char *port, const char *pid_file)
{
	const char *argv[] = {server_program(), "-a127.0.0.1", "-uoff", "-woff",
			      "--daemon",	option,	       "-t",	port,
			      pid_file,		NULL,	       NULL};

	if (geteuid() == 0)
		argv[9] = "--user=root";
	return program_run(argv, "", 0);
}

START_TEST(a_daemon_is_ready_when_its_start_is_over)
{
	char *pid_path = folder_path(folder, "pid"), *pid_file, *text, port[8];
	struct outcome outcome;
	pid_t pid;
	size_t len;
	int fd;

	ck_assert_int_gt(asprintf(&pid_file, "--pid-file=%s", pid_path), 0);
	outcome = run_daemon(port_without_server(SOCK_STREAM, port), pid_file);
	ck_assert_msg(outcome.status == 0, "%s", outcome.err);
	outcome_clear(&outcome);
	fd = tcp_try_connect("127.0.0.1", (uint16_t)atoi(port));
	ck_assert_int_ge(fd, 0);
	tcp_exchange(fd, "hello", 5);
	text = log_read(pid_path, &len);
	pid = (pid_t)atoi(text);
	free(text);
	ck_assert_int_gt(pid, 1);
	ck_assert_int_eq(getsid(pid), pid);
	ck_assert_int_eq(kill(pid, SIGTERM), 0);
	tcp_expect_end(fd);
	(void)close(fd);
	/* No child of ours; the log tells when it has gone. */
	for (text = NULL; !text || !strstr(text, ": stopped\n");) {
		free(text);
		text = log_read(path, &len);
	}
	free(text);
	free(pid_file);
	free(pid_path);
}
END_TEST

START_TEST(what_keeps_a_daemon_from_serving_is_told)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(address);
	struct outcome outcome;
	char port[8];

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, len), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	outcome = run_daemon(port_text(ntohs(address.sin_port), port), NULL);
	ck_assert_int_eq(outcome.status, 1);
	ck_assert_msg(strstr(outcome.err, "Address already in use") ||
			      strstr(outcome.err, "in use"),
		      "%s", outcome.err);
	outcome_clear(&outcome);
	(void)close(fd);
}
END_TEST

static const char *const no_daemon[][3] = {
	{"--log=stderr"},
	{"--access-log=-"},
	{"--connection-log=-"},
};

START_TEST(a_daemon_has_no_terminal)
{
	const char *const argv[] = {server_program(), "--daemon",	"-t0",
				    "-uoff",	      no_daemon[_i][0], NULL};
	struct outcome outcome = program_run(argv, "", 0);

	ck_assert_int_eq(outcome.status, 2);
	ck_assert_ptr_nonnull(strstr(outcome.err, "--daemon has no standard "));
	outcome_clear(&outcome);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("e2e messages");
	TCase *tcase = harness_case(suite, "messages");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_file_has_times);
	tcase_add_test(tcase, a_hangup_opens_the_file_anew);
	tcase_add_test(tcase, a_reload_moves_them);
	tcase_add_test(tcase, a_reload_to_nowhere_changes_nothing);
	tcase_add_loop_test(tcase, a_place_that_cannot_be_opened_ends_the_start,
			    0, ARRAY_LEN(bad_places));
	tcase_add_test(tcase, a_full_disk_costs_lines_alone);
	tcase_add_test(tcase, a_level_leaves_out_what_matters_less);
	tcase_add_test(tcase, the_journal_has_priorities_and_knows_the_rest);
	tcase_add_test(tcase, who_inherits_the_name_of_a_journal_has_none);
	tcase_add_test(tcase, syslog_has_a_datagram_for_each_line);
	tcase_add_test(tcase, a_daemon_is_ready_when_its_start_is_over);
	tcase_add_test(tcase, what_keeps_a_daemon_from_serving_is_told);
	tcase_add_loop_test(tcase, a_daemon_has_no_terminal, 0,
			    ARRAY_LEN(no_daemon));
	return harness_run(suite);
}
