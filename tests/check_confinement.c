/* SPDX-License-Identifier: MIT */
/*
 * A server that somebody has taken over: the real one, assembled and confined
 * in the test's own process, which then tries from inside what it must not be
 * able to do any more. And who it may become at all.
 */
#include "server/confinement.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "harness.h"
#include "os/keeper.h"
#include "os/privileges.h"
#include "os/sandbox.h"
#include "scarce.h"
#include "server/server.h"

#define ARGS_MAX 12

/* A kernel's answer, in place of this one's; see -Wl,--wrap in local.mk. */
static struct {
	bool is_played;
	int result;
	unsigned gaps;
	unsigned n_entered;
	size_t n_ports;
	bool binds_any_port;
} kernel;

int __real_sandbox_enter(const struct sandbox_plan *plan, unsigned *gaps);
int __wrap_sandbox_enter(const struct sandbox_plan *plan, unsigned *gaps);

int __wrap_sandbox_enter(const struct sandbox_plan *plan, unsigned *gaps)
{
	kernel.n_entered++;
	kernel.n_ports = plan->n_tcp_ports;
	kernel.binds_any_port = plan->binds_any_port;
	if (!kernel.is_played)
		return __real_sandbox_enter(plan, gaps);
	*gaps = kernel.gaps;
	errno = EPERM;
	return kernel.result;
}

/* Which of the steps below fails; wrapped as well. */
enum step {
	STEP_NONE,
	STEP_LOCK,
	STEP_DROP,
	STEP_GIVE_UP,
	STEP_KEEPER,
};

static enum step failing;

static int fail_step(enum step step)
{
	errno = EIO;
	return failing == step ? -1 : 0;
}

int __real_privileges_lock(void);
int __real_privileges_drop(const struct privileges_user *user);
int __real_privileges_give_up(void);
int __real_keeper_start(struct keeper *keeper, const char *path);
int __wrap_privileges_lock(void);
int __wrap_privileges_drop(const struct privileges_user *user);
int __wrap_privileges_give_up(void);
int __wrap_keeper_start(struct keeper *keeper, const char *path);

int __wrap_privileges_lock(void)
{
	return fail_step(STEP_LOCK) < 0 ? -1 : __real_privileges_lock();
}

int __wrap_privileges_drop(const struct privileges_user *user)
{
	return fail_step(STEP_DROP) < 0 ? -1 : __real_privileges_drop(user);
}

int __wrap_privileges_give_up(void)
{
	return fail_step(STEP_GIVE_UP) < 0 ? -1 : __real_privileges_give_up();
}

int __wrap_keeper_start(struct keeper *keeper, const char *path)
{
	return fail_step(STEP_KEEPER) < 0 ? -1
					  : __real_keeper_start(keeper, path);
}

static char *folder, *root, *logs, *log_path;
static char said[65536];
static int log_fd;

static void set_up(void)
{
	char *path;

	folder = folder_new();
	folder_add(folder, "root");
	folder_add(folder, "logs");
	folder_write_text(folder, "root/file", "text");
	folder_write_text(folder, "beside", "secret");
	root = folder_path(folder, "root");
	logs = folder_path(folder, "logs");
	log_path = folder_path(folder, "logs/access.log");
	path = folder_path(folder, "said");
	log_fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	ck_assert_int_ge(log_fd, 0);
	log_open("test", log_fd);
	free(path);
}

static void tear_down(void)
{
	free(folder);
	free(root);
	free(logs);
	free(log_path);
}

static const char *read_said(void)
{
	ssize_t n;

	log_flush();
	n = pread(log_fd, said, sizeof(said) - 1, 0);
	ck_assert_int_ge(n, 0);
	said[n] = '\0';
	return said;
}

static bool has_said(const char *text)
{
	return strstr(read_said(), text) != NULL;
}

/* The configuration of these options; each may hold the folder as "@". */
static const struct config *configure(const char *const options[])
{
	static struct config_set set;
	static char texts[ARGS_MAX][512];
	char *argv[ARGS_MAX + 1] = {NULL};
	int argc = 0;

	for (; options[argc]; argc++) {
		const char *at = strchr(options[argc], '@');
		int before = at ? (int)(at - options[argc]) : 0;

		(void)snprintf(texts[argc], sizeof(texts[0]), "%.*s%s%s",
			       before, options[argc], at ? folder : "",
			       at ? at + 1 : options[argc]);
		argv[argc] = texts[argc];
	}
	ck_assert_int_eq(config_read(&set, argc, argv, NULL), ARGUMENTS_RUN);
	return &set.config;
}

/* As it is started; NULL with a line that says what is missing here. */
static struct server *taken_over(const char *user)
{
	const char *const options[] = {"uppercase-server",
				       "--listen=127.0.0.1",
				       "--udp-port=0",
				       "--tcp-port=0",
				       "--http-port=0",
				       "--root=@/root",
				       "--access-log=@/logs/access.log",
				       user,
				       NULL};
	struct server *server;
	char *cause;
	const char *at;

	server = server_new_confined(configure(options), &cause);
	ck_assert_msg(server, "%s", cause);
	if (!has_said("sandbox: "))
		return server;
	at = strstr(said, "sandbox: ");
	harness_skip("%.*s", (int)strcspn(at, "\n"), at);
	return NULL;
}

static const char *same_user(void)
{
	return geteuid() == 0 ? "--user=root" : NULL;
}

/* --- what it cannot do --- */

static int open_name(const char *path, int flags)
{
	return open(path, flags | O_CLOEXEC, 0600);
}

static int try_passwd(void)
{
	return open_name("/etc/passwd", O_RDONLY);
}

static int try_beside(void)
{
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/../beside", root);
	return open_name(path, O_RDONLY);
}

static int try_write_file(void)
{
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/file", root);
	return open_name(path, O_WRONLY);
}

static int try_make_file(void)
{
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/new", root);
	return open_name(path, O_WRONLY | O_CREAT);
}

static int try_remove_file(void)
{
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/file", root);
	return unlink(path);
}

static int try_read_log(void)
{
	return open_name(log_path, O_RDONLY);
}

static int try_empty_log(void)
{
	return open_name(log_path, O_WRONLY | O_TRUNC);
}

static int try_parent_memory(void)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/mem", (int)getppid());
	return open_name(path, O_RDWR);
}

static int try_exec(void)
{
	char program[] = "/bin/sh";
	char *argv[] = {program, NULL};

	return execv(program, argv);
}

static int try_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid;
}

static int try_ptrace(void)
{
	return (int)ptrace(PTRACE_SEIZE, getppid(), NULL, NULL);
}

static int try_signal(void)
{
	return kill(getppid(), 0);
}

static struct sockaddr_in loopback(uint16_t port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

static int listening;

static int try_connect(void)
{
	struct sockaddr_in address = {0};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(
		getsockname(listening, (struct sockaddr *)&address, &len), 0);
	return connect(fd, (struct sockaddr *)&address, len);
}

static int try_raw_socket(void)
{
	return socket(AF_INET, SOCK_RAW, IPPROTO_TCP);
}

static const struct {
	int (*try)(void);
	const char *what;
} deeds[] = {
	{try_passwd, "opens /etc/passwd"},
	{try_beside, "opens a file beside the root"},
	{try_write_file, "writes a file of the root"},
	{try_make_file, "makes a file in the root"},
	{try_remove_file, "removes a file of the root"},
	{try_read_log, "reads the log"},
	{try_empty_log, "empties the log"},
	{try_parent_memory, "opens another process's memory"},
	{try_exec, "executes a shell"},
	{try_fork, "starts a process"},
	{try_ptrace, "traces another process"},
	{try_signal, "signals another process"},
	{try_connect, "connects out"},
	{try_raw_socket, "has a raw socket"},
};

START_TEST(who_takes_it_over_gains_nothing)
{
	struct sockaddr_in address = loopback(0);
	struct server *server;

	listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(
		bind(listening, (struct sockaddr *)&address, sizeof(address)),
		0);
	ck_assert_int_eq(listen(listening, 1), 0);
	server = taken_over(same_user());
	if (!server)
		return;
	ck_assert_msg(deeds[_i].try() < 0, "it %s", deeds[_i].what);
	ck_assert_msg(errno == EACCES || errno == ENOSYS || errno == EPERM,
		      "it %s: %s", deeds[_i].what, strerror(errno));
	server_free(server);
}
END_TEST

START_TEST(what_serving_takes_it_still_has)
{
	struct server *server = taken_over(same_user());
	char path[512];
	int fd;

	if (!server)
		return;
	(void)snprintf(path, sizeof(path), "%s/file", root);
	fd = open_name(path, O_RDONLY);
	ck_assert_int_ge(fd, 0);
	(void)close(fd);
	(void)snprintf(path, sizeof(path), "%s/new", logs);
	fd = open_name(path, O_WRONLY | O_APPEND | O_CREAT);
	ck_assert_int_ge(fd, 0);
	(void)close(fd);
	server_free(server);
}
END_TEST

START_TEST(as_root_it_becomes_nobody_and_the_log_is_its)
{
	const struct passwd *nobody = getpwnam("nobody");
	struct server *server;
	struct stat st;

	if (geteuid() != 0) {
		harness_skip("only root can become another user");
		return;
	}
	ck_assert_ptr_nonnull(nobody);
	ck_assert_int_eq(chmod(logs, 0777), 0);
	server = taken_over("--user=nobody");
	if (!server)
		return;
	ck_assert_uint_eq(getuid(), nobody->pw_uid);
	ck_assert_uint_eq(getegid(), nobody->pw_gid);
	ck_assert_int_eq(stat(log_path, &st), 0);
	ck_assert_uint_eq(st.st_uid, nobody->pw_uid);
	ck_assert(has_said("user: nobody, without privileges"));
	/* Nothing is lost by it, so nothing is said. */
	ck_assert(!has_said("it stays root's"));
	ck_assert(!has_said("cannot open it anew"));
	ck_assert(strstr(said, "user: ") < strstr(said, "ready: "));
	server_free(server);
}
END_TEST

/* --- who it can be --- */

static void expect_refusal(const char *const options[], const char *text)
{
	char *cause = NULL;
	struct server *server = server_new_confined(configure(options), &cause);

	ck_assert_ptr_null(server);
	ck_assert_msg(cause && strstr(cause, text), "%s", cause);
	ck_assert(!has_said("ready: "));
	free(cause);
}

#define QUIET "--udp-port=off", "--http-port=off", "--tcp-port=127.0.0.1:0"

START_TEST(who_does_not_exist_ends_the_start_and_the_test)
{
	const char *const options[] = {"uppercase-server", QUIET,
				       "--user=no-such-user",
				       _i ? "--test-config" : NULL, NULL};

	expect_refusal(options, "--user=no-such-user: there is no such user");
}
END_TEST

START_TEST(who_is_not_root_becomes_nobody_else)
{
	const char *const options[] = {"uppercase-server", QUIET, "--user=root",
				       NULL};

	if (geteuid() == 0)
		ck_assert_int_eq(setresuid(65534, 65534, 65534), 0);
	expect_refusal(options, "only root can become another user");
}
END_TEST

START_TEST(a_root_that_the_user_cannot_enter_ends_the_start)
{
	const char *const options[] = {"uppercase-server",
				       "--udp-port=off",
				       "--tcp-port=off",
				       "--http-port=127.0.0.1:0",
				       "--root=@/root",
				       "--user=nobody",
				       _i ? "--test-config" : NULL,
				       NULL};

	if (geteuid() != 0) {
		harness_skip("only root can become another user");
		return;
	}
	ck_assert_int_eq(chmod(root, 0700), 0);
	expect_refusal(options,
		       "user nobody cannot read it: Permission denied");
}
END_TEST

START_TEST(to_stay_root_is_warned_of)
{
	const char *const options[] = {"uppercase-server", QUIET, "--user=root",
				       "--no-sandbox", NULL};
	struct server *server;
	char *cause;

	if (geteuid() != 0) {
		harness_skip("only root can stay root");
		return;
	}
	server = server_new_confined(configure(options), &cause);
	ck_assert_msg(server, "%s", cause);
	ck_assert(has_said("warning: user: this stays root"));
	ck_assert_int_ge(open_name("/etc/passwd", O_RDONLY), 0);
	server_free(server);
}
END_TEST

/* --- what a kernel has not got --- */

/* Confined as who it is, in the kernel that is played. */
static struct confinement *confined(const char *const options[])
{
	struct confinement *confinement;
	char *cause = NULL;

	kernel.is_played = true;
	confinement = confinement_enter(configure(options), &cause);
	ck_assert_msg(confinement, "%s", cause);
	return confinement;
}

#define SERVE                                                                  \
	"uppercase-server", "--udp-port=off", "--tcp-port=0", "--http-port=0", \
		"--root=@/root"

#define NO_LANDLOCK "no Landlock in this kernel: files and ports are not"
#define NO_PORTS    "no TCP ports in this kernel's Landlock"
#define NO_SECCOMP  "no seccomp in this kernel: system calls are not"
#define NO_LIBRARY  "built without libseccomp"
#define NO_BUILD    "none in a build with sanitizers or coverage"

static const struct {
	unsigned gaps;
	const char *said[3];
} gaps[] = {
	{0, {NULL}},
	{SANDBOX_NO_FILES, {NO_LANDLOCK}},
	{SANDBOX_NO_PORTS, {NO_PORTS}},
	{SANDBOX_NO_CALLS, {NO_SECCOMP}},
	{SANDBOX_NO_LIBRARY, {NO_LIBRARY}},
	{SANDBOX_NO_BUILD, {NO_BUILD}},
	/* Without the one it has not got the other, which goes unsaid. */
	{SANDBOX_NO_FILES | SANDBOX_NO_PORTS, {NO_LANDLOCK}},
	{SANDBOX_NO_PORTS | SANDBOX_NO_CALLS, {NO_PORTS, NO_SECCOMP}},
};

START_TEST(what_a_kernel_has_not_got_is_told)
{
	const char *const options[] = {SERVE, same_user(), NULL};
	size_t n = 0;

	kernel.gaps = gaps[_i].gaps;
	confinement_free(confined(options));
	while (gaps[_i].said[n])
		ck_assert_msg(has_said(gaps[_i].said[n++]), "%s", said);
	for (const char *at = read_said(); (at = strstr(at, "sandbox: ")); at++)
		n--;
	ck_assert_uint_eq(n, 0);
	ck_assert_uint_eq(kernel.n_ports, 2);
	ck_assert(!kernel.binds_any_port);
}
END_TEST

START_TEST(a_sandbox_that_fails_ends_the_start)
{
	const char *const options[] = {SERVE, same_user(), NULL};
	char *cause;

	kernel.is_played = true;
	kernel.result = -1;
	ck_assert_ptr_null(confinement_enter(configure(options), &cause));
	ck_assert_str_eq(cause, "sandbox: Operation not permitted "
				"(--no-sandbox does without)");
	free(cause);
}
END_TEST

static const char *const without[] = {"--no-sandbox", "--test-config"};

START_TEST(without_a_sandbox_everything_may_be_changed)
{
	const char *const options[] = {SERVE, without[_i], same_user(), NULL};
	const char *const others[] = {SERVE, "--access-log=@/a", NULL};
	struct confinement *confinement = confined(options);
	char *cause;

	ck_assert_uint_eq(kernel.n_entered, 0);
	ck_assert_int_eq(
		confinement_judge(confinement, configure(others), &cause), 0);
	confinement_free(confinement);
	ck_assert_int_eq(confinement_judge(NULL, configure(others), &cause), 0);
	ck_assert_int_eq(confinement_open_config(NULL), -1);
	confinement_free(NULL);
	/* What it never had it has not closed. */
	ck_assert_int_ge(fcntl(STDIN_FILENO, F_GETFD), 0);
}
END_TEST

/* --- what may be changed in it --- */

static const struct {
	const char *option;
	unsigned gaps;
	const char *refused; /* why; NULL: it is not */
} changes[] = {
	{"--root=@/root", 0, NULL},
	{"--root=@/logs", 0,
	 "/logs is not in the sandbox that was made at the start: start anew "
	 "(see --spare-root, --no-sandbox)"},
	{"--root=@/logs", SANDBOX_NO_PORTS, "/logs is not in the sandbox"},
	{"--root=@/logs", SANDBOX_NO_FILES, NULL},
	{"--root=@/logs", SANDBOX_NO_BUILD, NULL},
	{"--tcp-port=7", 0,
	 "TCP port 7 is not in the sandbox that was made at the start: start "
	 "anew (see --no-sandbox)"},
	{"--tcp-port=7", SANDBOX_NO_PORTS, NULL},
	{"--tcp-port=7", SANDBOX_NO_FILES, NULL},
	{"--tcp-port=off", 0, NULL},
};

START_TEST(what_is_outside_is_refused_later)
{
	const char *const options[] = {SERVE, same_user(), NULL};
	const char *const others[] = {"uppercase-server",
				      "--udp-port=off",
				      "--http-port=0",
				      strstr(changes[_i].option, "root")
					      ? "--tcp-port=0"
					      : "--root=@/root",
				      changes[_i].option,
				      NULL};
	struct confinement *confinement;
	const char *refused = changes[_i].refused;
	char *cause = NULL;
	int result;

	kernel.gaps = changes[_i].gaps;
	confinement = confined(options);
	result = confinement_judge(confinement, configure(others), &cause);
	ck_assert_int_eq(result, refused ? -1 : 0);
	if (refused)
		ck_assert_msg(strstr(cause, refused), "%s", cause);
	free(cause);
	confinement_free(confinement);
}
END_TEST

/* A free port is one that must have been named. */
START_TEST(a_free_port_is_outside_too)
{
	const char *const options[] = {"uppercase-server", "--udp-port=off",
				       "--tcp-port=7",	   "--http-port=off",
				       same_user(),	   NULL};
	const char *const others[] = {"uppercase-server", "--udp-port=off",
				      "--tcp-port=0", "--http-port=off", NULL};
	struct confinement *confinement = confined(options);
	char *cause = NULL;

	ck_assert_int_eq(
		confinement_judge(confinement, configure(others), &cause), -1);
	ck_assert_msg(strstr(cause, "TCP port 0 is not"), "%s", cause);
	free(cause);
	confinement_free(confinement);
}
END_TEST

static const struct {
	unsigned gaps;
	const char *http_port;
	const char *log;
	bool is_told;
} overlaps[] = {
	{0, "--http-port=0", "--access-log=@/a", true},
	{0, "--http-port=0", "--access-log=@/logs/a", false},
	{0, "--http-port=off", "--access-log=@/a", false},
	{SANDBOX_NO_FILES, "--http-port=0", "--access-log=@/a", false},
};

START_TEST(a_root_that_can_be_written_to_is_warned_of)
{
	const char *const options[] = {"uppercase-server",
				       "--udp-port=off",
				       "--tcp-port=0",
				       "--root=@/root",
				       overlaps[_i].http_port,
				       overlaps[_i].log,
				       same_user(),
				       NULL};

	kernel.gaps = overlaps[_i].gaps;
	confinement_free(confined(options));
	ck_assert(has_said(" is for logs and holds the document root: that can "
			   "be written to") == overlaps[_i].is_told);
}
END_TEST

/* --- the configuration file --- */

static const struct {
	bool is_alone;
	unsigned gaps;
	bool is_kept; /* by a process outside */
} files[] = {
	{true, 0, true},
	{false, 0, false},
	{true, SANDBOX_NO_FILES, false},
	{true, SANDBOX_NO_BUILD, false},
	{true, SANDBOX_NO_PORTS, true},
};

START_TEST(a_file_beside_other_things_is_opened_from_outside)
{
	const char *const options[] = {SERVE, "--config=@/conf/file",
				       same_user(), NULL};
	struct confinement *confinement;
	char text[8];
	int fd;

	folder_add(folder, "conf");
	if (files[_i].is_alone)
		folder_add(folder, "conf/other");
	folder_write_text(folder, "conf/file", "# one\n");
	kernel.gaps = files[_i].gaps;
	confinement = confined(options);
	ck_assert(kernel.binds_any_port);
	folder_write_text(folder, "conf/file", "# two\n");
	fd = confinement_open_config(confinement);
	ck_assert((fd >= 0) == files[_i].is_kept);
	if (fd >= 0) {
		ck_assert_int_eq(read(fd, text, sizeof(text)), 6);
		ck_assert_int_eq(memcmp(text, "# two\n", 6), 0);
	}
	confinement_free(confinement);
}
END_TEST

/* --- what is lost with root --- */

/* As nobody, who may enter the root but has no right to the rest. */
static bool become_nobody(const char *const options[])
{
	if (geteuid() != 0) {
		harness_skip("only root can become another user");
		return false;
	}
	ck_assert_int_eq(chmod(folder, 0755), 0);
	ck_assert_int_eq(chmod(root, 0755), 0);
	confinement_free(confined(options));
	return true;
}

START_TEST(a_log_that_is_others_is_warned_of)
{
	const char *const options[] = {SERVE, "--access-log=@/logs/access.log",
				       "--connection-log=-", "--user=nobody",
				       NULL};
	struct stat st;

	folder_write_text(folder, "logs/access.log", "a line\n");
	ck_assert_int_eq(chmod(logs, 0755), 0);
	ck_assert_int_eq(chmod(log_path, 0600), 0);
	if (!become_nobody(options))
		return;
	ck_assert(has_said("access.log: user nobody cannot open it anew: "
			   "Permission denied"));
	/* It is not new. */
	ck_assert_int_eq(stat(log_path, &st), 0);
	ck_assert_uint_eq(st.st_uid, 0);
}
END_TEST

START_TEST(a_log_with_two_names_stays_roots)
{
	const char *const options[] = {SERVE, "--access-log=@/logs/access.log",
				       "--user=nobody", NULL};
	char *other = folder_path(folder, "logs/other");
	struct stat st;

	folder_write_text(folder, "logs/access.log", "");
	ck_assert_int_eq(link(log_path, other), 0);
	if (become_nobody(options)) {
		ck_assert_int_eq(stat(log_path, &st), 0);
		ck_assert_uint_eq(st.st_uid, 0);
	}
	free(other);
}
END_TEST

START_TEST(a_file_that_cannot_be_read_again_is_warned_of)
{
	const char *const options[] = {SERVE, "--config=@/conf/file",
				       "--user=nobody", NULL};
	char *path;

	folder_add(folder, "conf");
	folder_write_text(folder, "conf/file", "# one\n");
	path = folder_path(folder, "conf/file");
	ck_assert_int_eq(chmod(path, _i == 0 ? 0600 : 0644), 0);
	free(path);
	if (become_nobody(options))
		ck_assert(has_said("conf/file: user nobody cannot read it "
				   "again: ") == (_i == 0));
}
END_TEST

START_TEST(a_user_that_cannot_be_looked_up_ends_the_start)
{
	const char *const options[] = {SERVE, "--user=nobody", NULL};
	const struct config *config = configure(options);
	struct rlimit usual, none;
	char *cause;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &usual), 0);
	none = (struct rlimit){3, usual.rlim_max};
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	ck_assert_ptr_null(confinement_enter(config, &cause));
	ck_assert_str_eq(cause, "--user=nobody: Too many open files");
	free(cause);
	/* For what looks at the process when it ends. */
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &usual), 0);
}
END_TEST

static const struct {
	enum step step;
	const char *user; /* NULL: who it is */
	const char *cause;
} steps[] = {
	{STEP_LOCK, NULL, "no_new_privs: Input/output error"},
	{STEP_DROP, "--user=nobody",
	 "cannot become user nobody: Input/output error (--user=root stays "
	 "root)"},
	{STEP_KEEPER, NULL, "sandbox: a process for "},
	{STEP_GIVE_UP, "", "capabilities: Input/output error"},
};

/* Whatever of it fails, it does not serve with more than it may have. */
START_TEST(each_step_that_fails_ends_the_start)
{
	const char *user = steps[_i].user ? steps[_i].user : same_user();
	const char *const options[] = {SERVE, "--config=@/conf/file",
				       user && *user ? user : NULL, NULL};
	const struct config *config;
	char *cause = NULL;

	if (user && geteuid() != 0) {
		harness_skip("only root can become another user");
		return;
	}
	folder_add(folder, "conf");
	folder_add(folder, "conf/other");
	folder_write_text(folder, "conf/file", "# one\n");
	config = configure(options);
	if (user && !*user)
		ck_assert_int_eq(setresuid(65534, 65534, 65534), 0);
	kernel.is_played = true;
	failing = steps[_i].step;
	ck_assert_ptr_null(confinement_enter(config, &cause));
	ck_assert_ptr_nonnull(cause);
	ck_assert_ptr_eq(strstr(cause, steps[_i].cause), cause);
	ck_assert_uint_eq(kernel.n_entered, 0);
	free(cause);
}
END_TEST

START_TEST(without_memory_it_does_not_start)
{
	const char *const options[] = {SERVE, same_user(), NULL};
	const struct config *config = configure(options);
	struct confinement *none;
	char *cause = NULL;

	scarce_memory(1);
	none = confinement_enter(config, &cause);
	ck_assert(scarce_memory_end());
	ck_assert_ptr_null(none);
	ck_assert_str_eq(cause, "out of memory");
	free(cause);
}
END_TEST

static void add_kernels(Suite *suite)
{
	TCase *tcase = harness_case(suite, "kernels");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, what_a_kernel_has_not_got_is_told, 0,
			    ARRAY_LEN(gaps));
	tcase_add_test(tcase, a_sandbox_that_fails_ends_the_start);
	tcase_add_loop_test(tcase, without_a_sandbox_everything_may_be_changed,
			    0, ARRAY_LEN(without));
	tcase_add_loop_test(tcase, what_is_outside_is_refused_later, 0,
			    ARRAY_LEN(changes));
	tcase_add_test(tcase, a_free_port_is_outside_too);
	tcase_add_loop_test(tcase, a_root_that_can_be_written_to_is_warned_of,
			    0, ARRAY_LEN(overlaps));
	tcase_add_loop_test(tcase,
			    a_file_beside_other_things_is_opened_from_outside,
			    0, ARRAY_LEN(files));
	tcase_add_test(tcase, a_log_that_is_others_is_warned_of);
	tcase_add_test(tcase, a_log_with_two_names_stays_roots);
	tcase_add_loop_test(
		tcase, a_file_that_cannot_be_read_again_is_warned_of, 0, 2);
	tcase_add_test(tcase, a_user_that_cannot_be_looked_up_ends_the_start);
	tcase_add_loop_test(tcase, each_step_that_fails_ends_the_start, 0,
			    ARRAY_LEN(steps));
	tcase_add_test(tcase, without_memory_it_does_not_start);
}

int main(void)
{
	Suite *suite = suite_create("confinement");
	TCase *tcase = harness_case(suite, "confinement");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, who_takes_it_over_gains_nothing, 0,
			    ARRAY_LEN(deeds));
	tcase_add_test(tcase, what_serving_takes_it_still_has);
	tcase_add_test(tcase, as_root_it_becomes_nobody_and_the_log_is_its);
	tcase_add_loop_test(
		tcase, who_does_not_exist_ends_the_start_and_the_test, 0, 2);
	tcase_add_test(tcase, who_is_not_root_becomes_nobody_else);
	tcase_add_loop_test(
		tcase, a_root_that_the_user_cannot_enter_ends_the_start, 0, 2);
	tcase_add_test(tcase, to_stay_root_is_warned_of);
	add_kernels(suite);
	return harness_run(suite);
}
