/* SPDX-License-Identifier: MIT */
/*
 * The real server in its sandbox: all that an operator does with a running one
 * works, and what the sandbox cannot give is refused with the reason.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "e2e_client.h"
#include "e2e_http.h"
#include "e2e_log.h"
#include "e2e_program.h"
#include "e2e_server.h"
#include "e2e_service.h"
#include "e2e_sock.h"
#include "harness.h"

static char *folder, *conf;
static struct server *server;

static void set_up(void)
{
	folder = folder_new();
	conf = folder_path(folder, "etc/conf");
	folder_add(folder, "etc");
	folder_add(folder, "logs");
	folder_add(folder, "site");
	folder_add(folder, "site/one");
	folder_add(folder, "site/two");
	folder_add(folder, "elsewhere");
	folder_write_text(folder, "site/one/file.txt", SERVICE_FILE_TEXT);
	folder_write_text(folder, "site/two/file.txt", "two\n");
	folder_write_text(folder, "elsewhere/file.txt", "elsewhere\n");
}

static void tear_down(void)
{
	free(conf);
	free(folder);
}

/* Writes the file; "@" is the folder. */
static void write_conf(const char *text)
{
	folder_write_inserted(folder, "etc/conf", text);
}

static void start_with(const char *text, size_t n_ready)
{
	const char *const args[] = {"--config", conf, NULL};

	write_conf(text);
	server = server_start(
		&(struct server_options){.args = args, .n_ready = n_ready});
}

static void start(const char *text)
{
	start_with(text, 3);
}

static void reload(const char *text)
{
	write_conf(text);
	server_reload(server);
}

/* Returns whether it is in a sandbox; says what is missing if not. */
static bool is_sandboxed(void)
{
	char *at = strstr(server_log(server), "sandbox: ");

	if (!at)
		return true;
	harness_skip("%.*s", (int)strcspn(at, "\n"), at);
	server_stop(server);
	return false;
}

static void expect_text(int fd, const char *text)
{
	struct response response;

	http_get(fd, "/file.txt", &response);
	http_expect(&response, 200, text, strlen(text));
	http_clear(&response);
}

#define BASE                                                                   \
	"udp-port = \"127.0.0.1:0\"\n"                                         \
	"tcp-port = \"127.0.0.1:0\"\n"                                         \
	"http-port = \"127.0.0.1:0\"\n"
#define USUAL BASE "root = @/site/one\naccess-log = @/logs/log\n"

/* --- what works --- */

START_TEST(it_is_locked_in)
{
	char path[64], line[256];
	bool has_filter = false, has_lock = false;
	FILE *file;

	start(USUAL);
	if (!is_sandboxed())
		return;
	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)server->pid);
	file = fopen(path, "r");
	ck_assert_ptr_nonnull(file);
	while (fgets(line, sizeof(line), file)) {
		has_filter |= strcmp(line, "Seccomp:\t2\n") == 0;
		has_lock |= strcmp(line, "NoNewPrivs:\t1\n") == 0;
	}
	(void)fclose(file);
	ck_assert(has_filter && has_lock);
	server_stop(server);
}
END_TEST

START_TEST(every_service_serves)
{
	start(USUAL);
	if (!is_sandboxed())
		return;
	service_expect_all(server);
	server_stop(server);
}
END_TEST

START_TEST(a_reload_changes_limits_and_ports)
{
	int fd;

	start(USUAL);
	if (!is_sandboxed())
		return;
	fd = tcp_connect(server, SERVICE_HTTP);
	expect_text(fd, SERVICE_FILE_TEXT);
	reload(USUAL "listing = yes\nheader-fields = 50\n");
	expect_text(fd, SERVICE_FILE_TEXT);
	/* A second place, at a port that nobody knew of at the start. */
	reload(USUAL "tcp-port = \"[::1]:0\"\n"
		     "http-port = \"127.0.0.2:0\"\n");
	server_wait_log(server, "ready: http 127.0.0.2:");
	expect_text(fd, SERVICE_FILE_TEXT);
	(void)close(fd);
	server_stop(server);
}
END_TEST

START_TEST(names_are_looked_up_again)
{
	start(USUAL);
	if (!is_sandboxed())
		return;
	reload(USUAL "tcp-port = \"localhost:0\"\n");
	reload(USUAL "tcp-port = \"lo:0\"\n");
	server_stop(server);
}
END_TEST

/* As logrotate does it. */
START_TEST(the_log_is_opened_anew)
{
	char *log = folder_path(folder, "logs/log");
	char *old = folder_path(folder, "logs/log.1");
	char *conns = folder_path(folder, "elsewhere/conns");
	char *old_conns = folder_path(folder, "elsewhere/conns.1");
	int fd;

	start(USUAL "connection-log = @/elsewhere/conns\n");
	if (!is_sandboxed())
		return;
	fd = tcp_connect(server, SERVICE_HTTP);
	expect_text(fd, SERVICE_FILE_TEXT);
	free(log_wait_lines(log, 1));
	ck_assert_int_eq(rename(log, old), 0);
	ck_assert_int_eq(rename(conns, old_conns), 0);
	server_reload(server);
	expect_text(fd, SERVICE_FILE_TEXT);
	free(log_wait_lines(log, 1));
	(void)close(fd);
	free(log_wait_lines(conns, 1));
	server_stop(server);
	free(log);
	free(old);
	free(conns);
	free(old_conns);
}
END_TEST

START_TEST(counters_are_told_and_it_drains)
{
	int fd;

	start(USUAL);
	if (!is_sandboxed())
		return;
	fd = tcp_connect(server, SERVICE_TCP);
	tcp_exchange(fd, "hello", 5);
	server_signal(server, SIGUSR1);
	server_wait_log(server, "counter: tcp_connections 1");
	server_signal(server, SIGTERM);
	server_wait_log(server, "draining 1 connections");
	tcp_expect_end(fd);
	(void)close(fd);
	ck_assert_int_eq(server_wait(server), 0);
}
END_TEST

START_TEST(unix_sockets_come_and_go)
{
	char *path = folder_path(folder, "logs/http"), *args;
	struct stat st;

	start_with(USUAL "http-port = unix:@/logs/old\n", 4);
	if (!is_sandboxed())
		return;
	args = folder_insert(folder, USUAL "http-port = unix:@/logs/http\n");
	reload(args);
	ck_assert_int_eq(stat(path, &st), 0);
	server_stop(server);
	ck_assert_int_lt(stat(path, &st), 0);
	free(args);
	free(path);
}
END_TEST

/* The root is a link to a release, and turned to the next one. */
START_TEST(the_next_release_is_served)
{
	char *link = folder_path(folder, "site/current");
	char *turned = folder_path(folder, "site/next");
	int fd;

	ck_assert_int_eq(symlink("one", link), 0);
	ck_assert_int_eq(symlink("two", turned), 0);
	start(BASE "root = @/site/current\n");
	if (!is_sandboxed())
		return;
	fd = tcp_connect(server, SERVICE_HTTP);
	expect_text(fd, SERVICE_FILE_TEXT);
	ck_assert_int_eq(rename(turned, link), 0);
	expect_text(fd, "two\n");
	server_reload(server);
	expect_text(fd, "two\n");
	(void)close(fd);
	server_stop(server);
	free(link);
	free(turned);
}
END_TEST

/* Announced at the start; and replaced by another one of its name. */
START_TEST(a_spare_root_is_served)
{
	char *one = folder_path(folder, "site/one");
	char *old = folder_path(folder, "site/old");
	char *two = folder_path(folder, "site/two");
	int fd;

	start(USUAL "spare-root = {@/elsewhere, @/site}\n");
	if (!is_sandboxed())
		return;
	fd = tcp_connect(server, SERVICE_HTTP);
	expect_text(fd, SERVICE_FILE_TEXT);
	reload(BASE "root = @/elsewhere\naccess-log = @/logs/log\n");
	expect_text(fd, "elsewhere\n");
	reload(USUAL);
	expect_text(fd, SERVICE_FILE_TEXT);
	ck_assert_int_eq(rename(one, old), 0);
	ck_assert_int_eq(rename(two, one), 0);
	expect_text(fd, "two\n");
	(void)close(fd);
	server_stop(server);
	free(one);
	free(old);
	free(two);
}
END_TEST

/* --- what is refused --- */

static const struct {
	const char *text;
	const char *cause;
} refused[] = {
	{BASE "root = @/elsewhere\naccess-log = @/logs/log\n",
	 "/elsewhere is not in the sandbox that was made at the start"},
	{BASE "root = @/site/one\naccess-log = @/elsewhere/log\n",
	 "/elsewhere is not in the sandbox that was made at the start"},
	{USUAL "tcp-port = unix:@/elsewhere/s\n",
	 "/elsewhere is not in the sandbox that was made at the start"},
	{USUAL "mime-types = @/site/two/file.txt\n",
	 "/site/two/file.txt is not in the sandbox that was made at the start"},
};

START_TEST(what_is_outside_is_refused_and_all_stays)
{
	int fd;

	start(USUAL);
	if (!is_sandboxed())
		return;
	fd = tcp_connect(server, SERVICE_HTTP);
	expect_text(fd, SERVICE_FILE_TEXT);
	write_conf(refused[_i].text);
	server_signal(server, SIGHUP);
	server_wait_log(server, "all stays as it was");
	ck_assert_msg(strstr(server_log(server), refused[_i].cause), "%s",
		      server_log(server));
	expect_text(fd, SERVICE_FILE_TEXT);
	(void)close(fd);
	server_stop(server);
}
END_TEST

/* Written beside and renamed, as editors do. */
static void replace_conf(const char *text)
{
	char *beside = folder_path(folder, "etc/conf.new");

	folder_write_inserted(folder, "etc/conf.new", text);
	ck_assert_int_eq(rename(beside, conf), 0);
	free(beside);
}

START_TEST(in_a_folder_of_its_own_the_file_may_be_replaced)
{
	start(USUAL);
	if (!is_sandboxed())
		return;
	replace_conf(USUAL "listing = yes\n");
	server_reload(server);
	server_stop(server);
}
END_TEST

/* The server's only child, as the kernel tells. */
static pid_t find_keeper(void)
{
	char path[64];
	FILE *file;
	int pid;

	(void)snprintf(path, sizeof(path), "/proc/%d/task/%d/children",
		       (int)server->pid, (int)server->pid);
	file = fopen(path, "r");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fscanf(file, "%d", &pid), 1);
	(void)fclose(file);
	return pid;
}

/* Whoever is init here may take its time to bury it. */
static void expect_gone(pid_t pid)
{
	char path[64], state = 'R';
	int64_t deadline = harness_deadline();

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	while (state != 'Z' && harness_left_ms(deadline) > 0) {
		FILE *file = fopen(path, "r");

		if (!file)
			return;
		if (fscanf(file, "%*d %*s %c", &state) != 1)
			state = 'Z';
		(void)fclose(file);
	}
	ck_assert_int_eq(state, 'Z');
}

/* Among others' files somebody else opens it, and ends with the server. */
START_TEST(elsewhere_the_file_may_be_replaced_too)
{
	pid_t keeper;

	folder_add(folder, "etc/ssh");
	start(USUAL);
	if (!is_sandboxed())
		return;
	keeper = find_keeper();
	replace_conf(USUAL "listing = yes\n");
	server_reload(server);
	replace_conf(USUAL "listing = maybe\n");
	server_signal(server, SIGHUP);
	server_wait_log(server, "conf:6: listing = 'maybe'");
	ck_assert_int_eq(unlink(conf), 0);
	server_signal(server, SIGHUP);
	server_wait_log(server, "conf: No such file");
	/* It is not for the keeper to stop, whom signals reach. */
	ck_assert_int_eq(kill(keeper, SIGTERM), 0);
	replace_conf(USUAL "listing = yes\n");
	server_reload(server);
	service_expect_all(server);
	server_stop(server);
	expect_gone(keeper);
}
END_TEST

START_TEST(without_the_keeper_all_stays_as_it_was)
{
	pid_t keeper;

	folder_add(folder, "etc/ssh");
	start(USUAL);
	if (!is_sandboxed())
		return;
	keeper = find_keeper();
	ck_assert_int_eq(kill(keeper, SIGKILL), 0);
	replace_conf(USUAL "listing = yes\n");
	server_signal(server, SIGHUP);
	server_wait_log(server, "conf: Permission denied");
	service_expect_all(server);
	server_stop(server);
}
END_TEST

/* The kernel answers as one before 5.13. */
static void lack_landlock(void)
{
	const uint32_t nr_create_ruleset = 444; /* on every architecture */
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr_create_ruleset, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {ARRAY_LEN(code), code};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
		_exit(125);
}

START_TEST(what_the_kernel_lacks_is_told_once_and_lived_with)
{
	const char *const args[] = {"--config", conf, NULL};

	write_conf(USUAL);
	server = server_start(&(struct server_options){
		.args = args, .n_ready = 3, .prepare = lack_landlock});
	if (strstr(server_log(server), "sandbox: none in a build")) {
		harness_skip("a build with sanitizers has no sandbox");
		server_stop(server);
		return;
	}
	ck_assert_uint_eq(
		server_count_log(server, "sandbox: no Landlock in this kernel"),
		1);
	service_expect_all(server);
	/* There is nothing that would forbid it. */
	reload(BASE "root = @/elsewhere\naccess-log = @/elsewhere/log\n");
	service_expect(server_endpoint(server, SERVICE_TCP));
	ck_assert_uint_eq(server_count_log(server, "sandbox: no Landlock"), 1);
	server_stop(server);
}
END_TEST

START_TEST(without_it_nothing_is_amiss)
{
	const char *const more[] = {"--no-sandbox", NULL};

	server = server_start(
		&(struct server_options){.udp = "0", .tcp = "0", .more = more});
	service_expect_all(server);
	ck_assert_ptr_null(strstr(server_log(server), "sandbox"));
	server_stop(server);
}
END_TEST

/* --- as root --- */

/* A free one below 1024 on loopback; 0 when there is none. */
static uint16_t find_low_port(void)
{
	for (uint16_t port = 1023; port > 512; port--) {
		int fd = udp_try_bind("127.0.0.1", port);

		if (fd < 0)
			continue;
		(void)close(fd);
		return port;
	}
	return 0;
}

START_TEST(a_low_port_is_bound_and_then_root_is_gone)
{
	char place[32], path[64], line[256];
	const char *args[] = {"-toff", "-woff",		"-u",
			      place,   "--user=nobody", NULL};
	bool is_nobody = false, has_none = false;
	uint16_t port = geteuid() == 0 ? find_low_port() : 0;
	FILE *file;

	if (port == 0) {
		harness_skip("only root has ports below 1024");
		return;
	}
	(void)snprintf(place, sizeof(place), "127.0.0.1:%u", port);
	server = server_start(&(struct server_options){
		.args = args, .n_ready = 1, .drops_root = true});
	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)server->pid);
	file = fopen(path, "r");
	ck_assert_ptr_nonnull(file);
	while (fgets(line, sizeof(line), file)) {
		is_nobody |=
			strcmp(line, "Uid:\t65534\t65534\t65534\t65534\n") == 0;
		has_none |= strcmp(line, "CapBnd:\t0000000000000000\n") == 0;
	}
	(void)fclose(file);
	ck_assert(is_nobody && has_none);
	service_expect_all(server);
	server_stop(server);
}
END_TEST

/* What it may not remove any more it empties. */
START_TEST(the_pid_file_of_root_is_left_empty)
{
	const char *args[] = {"-uoff",	       "-woff", "-t", "127.0.0.1:0",
			      "--user=nobody", NULL,	NULL};
	char option[512];
	char *path = folder_path(folder, "pid");
	struct stat st;

	if (geteuid() != 0) {
		harness_skip("only root can become another user");
		return;
	}
	(void)snprintf(option, sizeof(option), "--pid-file=%s", path);
	args[5] = option;
	server = server_start(&(struct server_options){
		.args = args, .n_ready = 1, .drops_root = true});
	server_stop(server);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_size, 0);
	/* And a second start takes it over. */
	server = server_start(&(struct server_options){
		.args = args, .n_ready = 1, .drops_root = true});
	server_stop(server);
	free(path);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("e2e sandbox");
	TCase *tcase = harness_case(suite, "sandbox");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, it_is_locked_in);
	tcase_add_test(tcase, every_service_serves);
	tcase_add_test(tcase, a_reload_changes_limits_and_ports);
	tcase_add_test(tcase, names_are_looked_up_again);
	tcase_add_test(tcase, the_log_is_opened_anew);
	tcase_add_test(tcase, counters_are_told_and_it_drains);
	tcase_add_test(tcase, unix_sockets_come_and_go);
	tcase_add_test(tcase, the_next_release_is_served);
	tcase_add_test(tcase, a_spare_root_is_served);
	tcase_add_loop_test(tcase, what_is_outside_is_refused_and_all_stays, 0,
			    ARRAY_LEN(refused));
	tcase_add_test(tcase, in_a_folder_of_its_own_the_file_may_be_replaced);
	tcase_add_test(tcase, elsewhere_the_file_may_be_replaced_too);
	tcase_add_test(tcase, without_the_keeper_all_stays_as_it_was);
	tcase_add_test(tcase,
		       what_the_kernel_lacks_is_told_once_and_lived_with);
	tcase_add_test(tcase, without_it_nothing_is_amiss);
	tcase_add_test(tcase, a_low_port_is_bound_and_then_root_is_gone);
	tcase_add_test(tcase, the_pid_file_of_root_is_left_empty);
	return harness_run(suite);
}
