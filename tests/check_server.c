/* SPDX-License-Identifier: MIT */
/*
 * The server as a whole, in the test's own process: it begins or says why not,
 * serves, hears signals, and ends in time whatever its peers do.
 */
#include "server/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "harness.h"
#include "leak.h"
#include "scarce.h"

#define WORDS_MAX 8
#define REQUEST	  "GET /a HTTP/1.0\r\n\r\n"

/* What sockets of a family fail with; it stands before the C library's. */
static int no_family, family_error;

int socket(int family, int type, int protocol)
{
	if (family != no_family || family_error == 0)
		return (int)syscall(SYS_socket, family, type, protocol);
	errno = family_error;
	return -1;
}

static char *folder;
static struct config config;
static int log_fd;
static char said[65536];

static const char *read_log(void)
{
	ssize_t n;

	log_flush();
	n = pread(log_fd, said, sizeof(said) - 1, 0);
	ck_assert_int_ge(n, 0);
	said[n] = '\0';
	return said;
}

static void expect_log(const char *text)
{
	ck_assert_msg(strstr(read_log(), text), "no \"%s\" in %s", text, said);
}

static void set_up(void)
{
	char *path;

	folder = folder_new();
	folder_add(folder, "root");
	folder_write_text(folder, "root/a", "some text\n");
	path = folder_path(folder, "log");
	log_fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	ck_assert_int_ge(log_fd, 0);
	log_open("test", log_fd);
	free(path);
}

/* Whether one of the words gives the option another value. */
static bool is_given(const char *const words[WORDS_MAX], const char *option)
{
	size_t len = strcspn(option, "=") + 1;

	for (size_t i = 0; words && i < WORDS_MAX && words[i]; i++)
		if (strncmp(words[i], option, len) == 0)
			return true;
	return false;
}

/* The command line: free ports of this host, and these words. */
static void configure(const char *const words[WORDS_MAX])
{
	static struct config_set set;
	static char root[256], lines[WORDS_MAX + 6][256];
	const char *first[] = {"uppercase-server", "--listen=127.0.0.1",
			       "--udp-port=0",	   "--tcp-port=0",
			       "--http-port=0",	   root};
	char *argv[WORDS_MAX + 7];
	int argc = 0;

	(void)snprintf(root, sizeof(root), "--root=%s/root", folder);
	for (size_t i = 0; i < ARRAY_LEN(first); i++)
		if (!is_given(words, first[i]))
			argv[argc++] = strcpy(lines[i], first[i]);
	for (size_t i = 0; words && i < WORDS_MAX && words[i]; i++)
		argv[argc++] = strcpy(lines[ARRAY_LEN(first) + i], words[i]);
	argv[argc] = NULL;
	ck_assert_int_eq(config_read(&set, argc, argv, NULL), ARGUMENTS_RUN);
	config = set.config;
}

static struct server *begin(const char *const words[WORDS_MAX])
{
	struct server *server;
	char *cause;

	configure(words);
	server = server_new(&config, &cause);
	ck_assert_msg(server, "%s", cause);
	return server;
}

/* A socket of the service, as the log names its port. */
static int connect_to(const char *service)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	char ready[64];
	const char *at = NULL;
	int fd = socket(
		AF_INET,
		(*service == 'u' ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);

	(void)snprintf(ready, sizeof(ready), "ready: %s 127.0.0.1:", service);
	/* The newest: each change may have made another one. */
	for (const char *next = read_log(); (next = strstr(next, ready));)
		at = next++;
	ck_assert_msg(at, "no %s in %s", ready, said);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	address.sin_port = htons((uint16_t)atoi(at + strlen(ready)));
	ck_assert_int_eq(
		connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void say(int fd, const char *text)
{
	ck_assert_int_eq(send(fd, text, strlen(text), MSG_NOSIGNAL),
			 (ssize_t)strlen(text));
}

/* --- beginning --- */

START_TEST(the_limits_in_force_are_told)
{
	static const char *const words[WORDS_MAX] = {"--header-size=2k",
						     "--header-timeout=7s",
						     "--http-idle-timeout=9s"};
	struct server *server = begin(words);

	ck_assert_ptr_nonnull(strstr(
		read_log(), "http request head 2048 bytes in 7s, idle 9s"));
	server_free(server);
}
END_TEST

START_TEST(what_is_off_is_not_there)
{
	static const char *const names[] = {"udp", "tcp", "http"};
	static const char *const words[][WORDS_MAX] = {
		{"--udp-port=off"},
		{"--tcp-port=off"},
		{"--http-port=off"},
	};
	struct server *server = begin(words[_i]);
	char ready[32];

	for (int i = 0; i < 3; i++) {
		(void)snprintf(ready, sizeof(ready), "ready: %s ", names[i]);
		ck_assert((strstr(read_log(), ready) == NULL) == (i == _i));
	}
	ck_assert_int_eq(raise(SIGTERM), 0);
	ck_assert_int_eq(server_run(server), 0);
	server_free(server);
}
END_TEST

static const struct {
	const char *words[WORDS_MAX];
	const char *cause;
} refusals[] = {
	{{"--root=/nowhere/at/all"}, "/nowhere/at/all"},
	{{"--mime-types=/nowhere/at/all"}, "/nowhere/at/all"},
	{{"--mime-types=/dev/null/x"}, "/dev/null/x"},
	{{"--access-log=/nowhere/at/all"}, "/nowhere/at/all"},
	{{"--listen=192.0.2.77"}, "192.0.2.77"},
};

START_TEST(what_is_missing_is_named)
{
	char *cause;

	configure(refusals[_i].words);
	ck_assert_ptr_null(server_new(&config, &cause));
	ck_assert_ptr_nonnull(cause);
	ck_assert_msg(strstr(cause, refusals[_i].cause), "%s", cause);
	free(cause);
}
END_TEST

START_TEST(a_malformed_table_is_named_with_its_line)
{
	char word[256];
	const char *words[WORDS_MAX] = {word};
	char *cause;

	folder_write_text(folder, "types", "a/b c\nnonsense\n");
	(void)snprintf(word, sizeof(word), "--mime-types=%s/types", folder);
	configure(words);
	ck_assert_ptr_null(server_new(&config, &cause));
	ck_assert_ptr_nonnull(strstr(cause, "2"));
	ck_assert_ptr_nonnull(strstr(cause, "types"));
	free(cause);
}
END_TEST

START_TEST(a_port_in_use_is_named)
{
	struct server *first = begin(NULL);
	struct sockaddr_in address;
	socklen_t len = sizeof(address);
	char word[64], port[16], *cause;
	const char *words[WORDS_MAX] = {word};
	int fd = connect_to("tcp");

	ck_assert_int_eq(getpeername(fd, (struct sockaddr *)&address, &len), 0);
	(void)snprintf(port, sizeof(port), ":%d", ntohs(address.sin_port));
	(void)snprintf(word, sizeof(word), "--tcp-port=%s", port + 1);
	configure(words);
	ck_assert_ptr_null(server_new(&config, &cause));
	ck_assert_msg(strstr(cause, port), "%s", cause);
	ck_assert_ptr_nonnull(strstr(cause, strerror(EADDRINUSE)));
	free(cause);
	server_free(first);
	(void)close(fd);
}
END_TEST

static const struct {
	int family, error;
	bool begins;
	const char *why;
} hosts[] = {
	{AF_UNSPEC, 0, true, "a host with both"},
	{AF_INET6, EAFNOSUPPORT, true, "a host without IPv6"},
	{AF_INET6, EADDRNOTAVAIL, true, "or where it is turned off"},
	{AF_INET, EAFNOSUPPORT, true, "a host without IPv4"},
	{AF_INET6, EPERM, false, "whoever may not have what there is"},
	{AF_INET6, EMFILE, false, "or has no room for it"},
};

/* With no --listen it serves on whatever the host has. */
START_TEST(a_host_may_lack_a_family)
{
	struct server *server;
	char *cause = NULL;

	if (!harness_own_network()) {
		harness_skip("no network of our own to be had");
		return;
	}
	configure(NULL);
	config.listen.n = 0;
	no_family = hosts[_i].family;
	family_error = hosts[_i].error;
	server = server_new(&config, &cause);
	family_error = 0;
	ck_assert_msg((server != NULL) == hosts[_i].begins, "%s: %s",
		      hosts[_i].why, cause);
	if (server) {
		ck_assert((strstr(read_log(), "ready: tcp 0.0.0.0:") == NULL) ==
			  (no_family == AF_INET));
		ck_assert((strstr(said, "ready: tcp [::]:") == NULL) ==
			  (no_family == AF_INET6));
	} else {
		ck_assert_ptr_nonnull(strstr(cause, strerror(hosts[_i].error)));
	}
	server_free(server);
	free(cause);
}
END_TEST

START_TEST(too_few_descriptors_are_told)
{
	const struct rlimit few = {20, 20};
	char *cause;

	configure(NULL);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	ck_assert_ptr_null(server_new(&config, &cause));
	ck_assert_msg(strstr(cause, "descriptors is 20"), "%s", cause);
	free(cause);
}
END_TEST

START_TEST(a_server_needs_memory)
{
	struct server *server;
	char *cause;
	unsigned n = 0, n_failed = 0;
	bool has_failed;

	configure(NULL);
	do {
		cause = NULL;
		scarce_memory(++n);
		server = server_new(&config, &cause);
		has_failed = scarce_memory_end();
		n_failed += server == NULL;
		ck_assert_msg(server || has_failed, "%s", cause);
		server_free(server);
		free(cause);
	} while (has_failed && n < 1000);
	ck_assert(!has_failed);
	ck_assert_uint_ge(n_failed, 20);
}
END_TEST

/* --- serving --- */

/* All that comes until the end. */
static const char *hear(int fd)
{
	static char text[4096];
	size_t len = 0;
	ssize_t n;

	while ((n = recv(fd, text + len, sizeof(text) - 1 - len, 0)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	(void)close(fd);
	return text;
}

static void expect_answers(void)
{
	char got[8];
	int fd = connect_to("udp");

	say(fd, "hello");
	ck_assert_int_eq(recv(fd, got, sizeof(got), 0), 5);
	ck_assert_mem_eq(got, "HELLO", 5);
	(void)close(fd);
	fd = connect_to("tcp");
	say(fd, "hello");
	(void)shutdown(fd, SHUT_WR);
	ck_assert_str_eq(hear(fd), "HELLO");
	fd = connect_to("http");
	say(fd, REQUEST);
	ck_assert_ptr_nonnull(strstr(hear(fd), "some text\n"));
}

/* What the peers of the server do, in a process of their own. */
static void play_peers(void (*play)(pid_t server))
{
	pid_t server = getpid();

	if (fork() == 0) {
		/* A failed assertion ends this process, and that the test. */
		play(server);
		(void)kill(server, SIGTERM);
		_exit(0);
	}
}

static void expect_peers_well(void)
{
	int status;

	ck_assert_int_gt(wait(&status), 0);
	ck_assert_int_eq(status, 0);
}

static void ask_and_signal(pid_t server)
{
	char *from = folder_path(folder, "access"),
	     *to = folder_path(folder, "access.1");

	expect_answers();
	ck_assert_int_eq(rename(from, to), 0);
	(void)kill(server, SIGUSR1);
	(void)kill(server, SIGHUP);
	while (access(from, F_OK) != 0)
		(void)usleep(1000);
	expect_answers();
	free(from);
	free(to);
}

static size_t size_of(const char *name)
{
	char *path = folder_path(folder, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	off_t size = lseek(fd, 0, SEEK_END);

	(void)close(fd);
	free(path);
	return (size_t)size;
}

START_TEST(it_serves_and_hears_signals)
{
	char word[256];
	const char *words[WORDS_MAX] = {word};
	struct server *server;

	(void)snprintf(word, sizeof(word), "--access-log=%s/access", folder);
	server = begin(words);
	play_peers(ask_and_signal);
	ck_assert_int_eq(server_run(server), 0);
	expect_peers_well();
	server_free(server);
	expect_log("counters: ");
	expect_log("opened anew");
	expect_log("stopping: draining");
	expect_log("test: stopped\n");
	ck_assert_uint_gt(size_of("access"), 50);
	ck_assert_uint_gt(size_of("access.1"), 50);
}
END_TEST

/* A program without an access log has nothing to open anew. */
static void hang_up(pid_t server)
{
	(void)kill(server, SIGHUP);
	expect_answers();
}

/* What a supervisor hears, in one text. */
START_TEST(a_supervisor_is_told_how_it_goes)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	char *path = folder_path(folder, "notify"), text[2048] = "";
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	size_t len = 0;
	ssize_t n;
	struct server *server;

	(void)snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	ck_assert_int_eq(setenv("NOTIFY_SOCKET", path, 1), 0);
	server = begin(NULL);
	ck_assert_int_eq(raise(SIGTERM), 0);
	ck_assert_int_eq(server_run(server), 0);
	server_free(server);
	while ((n = recv(fd, text + len, sizeof(text) - 1 - len, 0)) > 0)
		len += (size_t)n;
	if (len == 0)
		harness_skip("built without libsystemd");
	else
		ck_assert_msg(
			strstr(text, "STATUS=serving on 3 sockets") &&
				strstr(text, "READY=1") &&
				strstr(text, "STOPPING=1") &&
				strstr(text, "STATUS=draining 0 connections"),
			"%s", text);
	(void)close(fd);
	free(path);
}
END_TEST

START_TEST(a_hangup_ends_nobody)
{
	struct server *server = begin(NULL);

	play_peers(hang_up);
	ck_assert_int_eq(server_run(server), 0);
	expect_peers_well();
	server_free(server);
}
END_TEST

/* But for the sandbox, which a test's process would have for good. */
START_TEST(a_server_may_be_confined)
{
	static const char *const words[WORDS_MAX] = {"--no-sandbox"};
	struct server *server;
	char *cause;

	configure(words);
	config.user = geteuid() == 0 ? "root" : NULL;
	server = server_new_confined(&config, &cause);
	ck_assert_msg(server, "%s", cause);
	server_free(server);
	config.user = "no-such-user";
	ck_assert_ptr_null(server_new_confined(&config, &cause));
	ck_assert_ptr_nonnull(strstr(cause, "there is no such user"));
	free(cause);
}
END_TEST

/* --- descriptors --- */

static const struct {
	rlim_t descriptors;
	const char *admin;
	size_t connections; /* what is left of them */
	const char *why;
} shares[] = {
	{64, "--admin=off", 64 - 32, "no less than so many are kept back"},
	{256, "--admin=off", 256 - 32, "that is an eighth"},
	{264, "--admin=off", 264 - 33, "of more an eighth"},
	{2048, "--admin=off", 2048 - 256, "up to so many"},
	{4096, "--admin=off", 4096 - 256, "and not more"},
	{264, "--admin=0", 264 - 33 - 32, "and those of the pages"},
};

START_TEST(some_descriptors_are_kept_back)
{
	const struct rlimit limit = {shares[_i].descriptors,
				     shares[_i].descriptors};
	const char *const words[WORDS_MAX] = {shares[_i].admin};
	struct server *server;
	char text[128];

	if (setrlimit(RLIMIT_NOFILE, &limit) < 0) {
		harness_skip("no %zu descriptors here", (size_t)limit.rlim_cur);
		return;
	}
	server = begin(words);
	(void)snprintf(text, sizeof(text),
		       "limits: %zu descriptors, %zu connections; tcp idle "
		       "5m; http request head 16384 bytes in 10s, idle 65s\n",
		       (size_t)limit.rlim_cur, shares[_i].connections);
	ck_assert_msg(strstr(read_log(), text), "%s: no %s in %s",
		      shares[_i].why, text, said);
	server_free(server);
}
END_TEST

START_TEST(many_sockets_are_kept_back_too)
{
	static const char *const words[WORDS_MAX] = {
		"--tcp-port=0",		  "--tcp-port=127.0.0.1:0",
		"--tcp-port=127.0.0.1:0", "--tcp-port=127.0.0.1:0",
		"--tcp-port=127.0.0.1:0", "--tcp-port=127.0.0.1:0"};
	const struct rlimit limit = {256, 256};
	struct server *server;

	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	/* Eight in all, where six are usual. */
	server = begin(words);
	expect_log("limits: 256 descriptors, 222 connections; ");
	server_free(server);
}
END_TEST

START_TEST(a_limit_on_connections_is_told)
{
	static const char *const words[WORDS_MAX] = {"--max-connections=9"};
	struct server *server = begin(words);

	expect_log(" descriptors, 9 connections; ");
	server_free(server);
}
END_TEST

/* --- another configuration --- */

static char reload_words[2][300];
static char *reload_argv[] = {reload_words[0], reload_words[1], NULL};

#define PORTS                                                                  \
	"listen = {127.0.0.1}\nudp-port = {\"0\"}\ntcp-port = {\"0\"}\n"       \
	"http-port = {\"0\"}\n"

static void configure_file(const char *text)
{
	char whole[2048];

	(void)snprintf(whole, sizeof(whole), PORTS "root = \"%s/root\"\n%s",
		       folder, text);
	folder_write_text(folder, "conf", whole);
}

/* As the file says, which is read again at a hangup. */
static struct server *begin_file(const char *text)
{
	static struct config_set set;
	struct server *server;
	char *cause;

	configure_file(text);
	strcpy(reload_words[0], "uppercase-server");
	(void)snprintf(reload_words[1], sizeof(reload_words[1]),
		       "--config=%s/conf", folder);
	ck_assert_int_eq(config_read(&set, 2, reload_argv, NULL),
			 ARGUMENTS_RUN);
	server = server_new(&set.config, &cause);
	ck_assert_msg(server, "%s", cause);
	server_read_again(server, 2, reload_argv);
	return server;
}

static size_t count_in_log(const char *text)
{
	size_t n = 0;

	for (const char *at = read_log(); (at = strstr(at, text)); at++)
		n++;
	return n;
}

/* Hangs up, and waits until the log has this once more. */
static void reload_until(pid_t server, const char *text)
{
	size_t before = count_in_log(text);
	int64_t deadline = harness_deadline();

	(void)kill(server, SIGHUP);
	while (count_in_log(text) == before) {
		if (harness_left_ms(deadline) == 0)
			harness_fail("no more \"%s\" in %s", text, said);
		(void)usleep(1000);
	}
}

static void reload_with(pid_t server, const char *text)
{
	configure_file(text);
	reload_until(server, "reloaded: serving on ");
}

static void run_with_peers(struct server *server, void (*play)(pid_t server))
{
	play_peers(play);
	ck_assert_int_eq(server_run(server), 0);
	expect_peers_well();
	server_free(server);
}

/* The answer to a few letters; "" when there is none but the end. */
static const char *ask_tcp(const char *text)
{
	int fd = connect_to("tcp");

	say(fd, text);
	(void)shutdown(fd, SHUT_WR);
	return hear(fd);
}

static void change_everything(pid_t server)
{
	int fd;

	ck_assert_str_eq(ask_tcp("hello"), "HELLO");
	/* One answer and the end, without its having said that it ends. */
	reload_with(server, "tcp-once = yes\n");
	fd = connect_to("tcp");
	say(fd, "hello");
	ck_assert_str_eq(hear(fd), "HELLO");
	/* Nobody from here, and everybody again. */
	reload_with(server, "deny = {\"tcp:127.0.0.1\"}\n");
	fd = connect_to("tcp");
	ck_assert_str_eq(hear(fd), "");
	reload_with(server, "proxy-protocol = {\"tcp:127.0.0.1\"}\n");
	ck_assert_str_eq(ask_tcp("PROXY UNKNOWN\r\nhello"), "HELLO");
	reload_with(server, "");
	ck_assert_str_eq(ask_tcp("PROXY "), "PROXY ");
	expect_answers();
}

START_TEST(another_configuration_is_served)
{
	run_with_peers(begin_file(""), change_everything);
}
END_TEST

/* How many of three datagrams are answered; each asks for letters. */
static unsigned count_answers(void)
{
	unsigned n = 0;
	int fd = connect_to("udp");
	struct timeval wait = {.tv_usec = 300000};
	char got[8];

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	for (int i = 0; i < 3; i++)
		say(fd, "hello");
	while (n < 3 && recv(fd, got, sizeof(got), 0) == 5)
		n++;
	(void)close(fd);
	return n;
}

/* What was taken stays taken while the rate is the same. */
static void change_rates(pid_t server)
{
	static const char limited[] = "udp-rate = \"1/2\"\n";

	ck_assert_uint_eq(count_answers(), 3);
	reload_with(server, "udp-rate = \"1/3\"\n");
	ck_assert_uint_eq(count_answers(), 3);
	reload_with(server, limited);
	ck_assert_uint_eq(count_answers(), 2);
	reload_with(server, limited);
	ck_assert_uint_le(count_answers(), 1);
	reload_with(server, "request-rate = \"1/1\"\n");
	ck_assert_uint_eq(count_answers(), 3);
}

START_TEST(a_rate_that_stays_gives_nothing_back)
{
	run_with_peers(begin_file(""), change_rates);
}
END_TEST

static void break_the_file(pid_t server)
{
	folder_write_text(folder, "conf", "nonsense = 1\n");
	reload_until(server, "conf:1: no such option 'nonsense': all stays as "
			     "it was");
	expect_answers();
	configure_file("access-log = \"/nowhere/at/all\"\n");
	reload_until(server, "--access-log=/nowhere/at/all: No such file or "
			     "directory: all stays as it was");
	expect_answers();
	configure_file("root = \"/nowhere/at/all\"\n");
	reload_until(server, "all stays as it was");
	expect_answers();
}

START_TEST(what_is_wrong_changes_nothing)
{
	run_with_peers(begin_file(""), break_the_file);
}
END_TEST

static void wait_for_file(const char *name)
{
	char *path = folder_path(folder, name);
	int64_t deadline = harness_deadline();

	while (access(path, F_OK) != 0) {
		if (harness_left_ms(deadline) == 0)
			harness_fail("no %s", name);
		(void)usleep(1000);
	}
	free(path);
}

/* Whether the file has this by now; lines are written when a turn ends. */
static void expect_in_file(const char *name, const char *text)
{
	static char all[65536];
	char *path = folder_path(folder, name);
	int64_t deadline = harness_deadline();

	do {
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		ssize_t n = read(fd, all, sizeof(all) - 1);

		all[n > 0 ? n : 0] = '\0';
		(void)close(fd);
		if (harness_left_ms(deadline) == 0)
			harness_fail("no %s in %s: %s", text, name, all);
	} while (!strstr(all, text));
	free(path);
}

static void change_logs(pid_t server)
{
	char text[1024];

	(void)snprintf(text, sizeof(text),
		       "access-log = \"%s/access\"\n"
		       "connection-log = \"%s/connections\"\n",
		       folder, folder);
	reload_with(server, text);
	wait_for_file("access");
	wait_for_file("connections");
	expect_answers();
	expect_in_file("access", "\"GET /a HTTP/1.0\" 200 10 ");
	expect_in_file("connections", " tcp peer=127.0.0.1 ");
	expect_in_file("connections", " http peer=127.0.0.1 ");
	/* What has been counted of datagrams is for the log of before. */
	reload_with(server, "");
	expect_in_file("connections", " udp peer=127.0.0.1 ");
}

START_TEST(logs_begin_and_end_with_their_options)
{
	run_with_peers(begin_file(""), change_logs);
}
END_TEST

static const char *ask_pages(const char *target)
{
	char text[128];
	int fd = connect_to("admin");

	(void)snprintf(text, sizeof(text), "GET %s HTTP/1.0\r\n\r\n", target);
	say(fd, text);
	(void)shutdown(fd, SHUT_WR);
	return hear(fd);
}

#define ADMIN "admin = {\"127.0.0.1:0\"}\n"

static void expect_state(const char *text)
{
	const char *state = ask_pages("/status.json");

	ck_assert_msg(strstr(state, text), "no %s in %s", text, state);
}

/* What the pages tell of a server that has just begun. */
static void look_at_pages(pid_t server)
{
	expect_state("\"last_reload\":null");
	expect_state("\"state\":\"serving\"");
	expect_answers();
	expect_state("\"http_requests\":1,");
	reload_with(server, ADMIN "listing = yes\n");
	expect_state("\"succeeded\":true,\"cause\":null}");
	expect_state("\"listing\":true");
	configure_file(ADMIN "nonsense = 1\n");
	reload_until(server, "all stays as it was");
	expect_state("\"succeeded\":false,\"cause\":\"");
	expect_state("no such option 'nonsense'\"}");
	expect_state("\"listing\":true");
	expect_state("\"started_at\":1");
	expect_state("\"descriptors\":");
	ck_assert_ptr_null(
		strstr(ask_pages("/status.json"), "\"resident_bytes\":0,"));
}

START_TEST(the_pages_tell_how_it_is)
{
	run_with_peers(begin_file(ADMIN), look_at_pages);
}
END_TEST

/* A service comes and goes while the others stay. */
static void turn_services(pid_t server)
{
	char text[1024];

	ck_assert_ptr_null(strstr(read_log(), "ready: admin"));
	reload_with(server, ADMIN);
	expect_state("\"state\":\"serving\"");
	expect_answers();
	(void)snprintf(text, sizeof(text),
		       "listen = {127.0.0.1}\nudp-port = {off}\n"
		       "tcp-port = {\"0\"}\nhttp-port = {off}\n");
	folder_write_text(folder, "conf", text);
	reload_until(server, "reloaded: serving on 1 sockets");
	ck_assert_str_eq(ask_tcp("hello"), "HELLO");
	reload_with(server, "");
	expect_answers();
}

START_TEST(services_come_and_go)
{
	run_with_peers(begin_file(""), turn_services);
}
END_TEST

static struct config_set leak_set;

static void begin_and_end(void)
{
	struct server *server;
	char *cause;

	server = server_new(&leak_set.config, &cause);
	ck_assert_msg(server, "%s", cause);
	server_free(server);
}

/* Its log is read no more, and grows. */
START_TEST(a_server_leaves_nothing_behind)
{
	configure_file(ADMIN "udp-rate = \"1/2\"\nrequest-rate = \"1/2\"\n");
	strcpy(reload_words[0], "uppercase-server");
	(void)snprintf(reload_words[1], sizeof(reload_words[1]),
		       "--config=%s/conf", folder);
	ck_assert_int_eq(config_read(&leak_set, 2, reload_argv, NULL),
			 ARGUMENTS_RUN);
	leak_check(begin_and_end);
	server_free(NULL);
}
END_TEST

/* --- the end --- */

/* What was sent before the signal is answered. */
START_TEST(what_waits_at_the_end_is_answered)
{
	struct server *server = begin(NULL);
	int http = connect_to("http"), tcp = connect_to("tcp");

	say(http, REQUEST);
	say(tcp, "hello");
	(void)shutdown(tcp, SHUT_WR);
	ck_assert_int_eq(raise(_i == 0 ? SIGTERM : SIGINT), 0);
	ck_assert_int_eq(server_run(server), 0);
	server_free(server);
	ck_assert_ptr_nonnull(strstr(hear(http), "some text\n"));
	ck_assert_str_eq(hear(tcp), "HELLO");
}
END_TEST

START_TEST(a_drain_has_a_limit)
{
	static const char *const words[WORDS_MAX] = {"--drain-timeout=50ms"};
	struct server *server = begin(words);
	int fd = connect_to("http");
	int64_t begun_ms = harness_now_ms(), took_ms;

	say(fd, "GET /a ");
	ck_assert_int_eq(raise(SIGTERM), 0);
	ck_assert_int_eq(server_run(server), 1);
	took_ms = harness_now_ms() - begun_ms;
	/* The time that a timer starts from may be some milliseconds old. */
	ck_assert_int_ge(took_ms, 40);
	ck_assert_int_le(took_ms, 5000);
	expect_log("stopped: the drain took too long: 1 connections cut");
	ck_assert_ptr_null(strstr(said, "test: stopped\n"));
	server_free(server);
	(void)close(fd);
}
END_TEST

START_TEST(a_second_signal_ends_it_at_once)
{
	struct server *server = begin(NULL);
	int fd = connect_to("http");

	say(fd, "GET /a ");
	ck_assert_int_eq(raise(SIGTERM), 0);
	ck_assert_int_eq(raise(SIGINT), 0);
	ck_assert_int_eq(server_run(server), 1);
	expect_log("stopped: second signal: ");
	server_free(server);
	(void)close(fd);
}
END_TEST

START_TEST(two_signals_with_nothing_left_to_do_are_one)
{
	struct server *server = begin(NULL);

	ck_assert_int_eq(raise(SIGTERM), 0);
	ck_assert_int_eq(raise(SIGINT), 0);
	ck_assert_int_eq(server_run(server), 0);
	expect_log("test: stopped\n");
	server_free(server);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("server");
	TCase *tcase = harness_case(suite, "server");

	tcase_add_checked_fixture(tcase, set_up, NULL);
	tcase_add_test(tcase, the_limits_in_force_are_told);
	tcase_add_loop_test(tcase, what_is_off_is_not_there, 0, 3);
	tcase_add_loop_test(tcase, what_is_missing_is_named, 0,
			    (int)ARRAY_LEN(refusals));
	tcase_add_test(tcase, a_malformed_table_is_named_with_its_line);
	tcase_add_test(tcase, a_port_in_use_is_named);
	tcase_add_loop_test(tcase, a_host_may_lack_a_family, 0,
			    (int)ARRAY_LEN(hosts));
	tcase_add_test(tcase, too_few_descriptors_are_told);
	tcase_add_test(tcase, a_server_needs_memory);
	tcase_add_test(tcase, a_server_may_be_confined);
	tcase_add_loop_test(tcase, some_descriptors_are_kept_back, 0,
			    (int)ARRAY_LEN(shares));
	tcase_add_test(tcase, many_sockets_are_kept_back_too);
	tcase_add_test(tcase, a_limit_on_connections_is_told);
	tcase_add_test(tcase, another_configuration_is_served);
	tcase_add_test(tcase, a_rate_that_stays_gives_nothing_back);
	tcase_add_test(tcase, what_is_wrong_changes_nothing);
	tcase_add_test(tcase, logs_begin_and_end_with_their_options);
	tcase_add_test(tcase, the_pages_tell_how_it_is);
	tcase_add_test(tcase, services_come_and_go);
	tcase_add_test(tcase, a_server_leaves_nothing_behind);
	tcase_add_test(tcase, it_serves_and_hears_signals);
	tcase_add_test(tcase, a_supervisor_is_told_how_it_goes);
	tcase_add_test(tcase, a_hangup_ends_nobody);
	tcase_add_loop_test(tcase, what_waits_at_the_end_is_answered, 0, 2);
	tcase_add_test(tcase, a_drain_has_a_limit);
	tcase_add_test(tcase, a_second_signal_ends_it_at_once);
	tcase_add_test(tcase, two_signals_with_nothing_left_to_do_are_one);
	return harness_run(suite);
}
