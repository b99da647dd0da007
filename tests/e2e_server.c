/* SPDX-License-Identifier: MIT */
/*
 * The real server as a child process. It is started with port 0, and its ready
 * lines, read from a pipe, say where it listens. What it says is kept and shown
 * when the test fails.
 *
 * It dies with the test: check kills the process group of a test that failed,
 * and the kernel the server of a test that is gone (PR_SET_PDEATHSIG).
 */
#include "e2e_server.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "e2e_faults.h"
#include "e2e_sock.h"
#include "harness.h"

#define LIVE_MAX 4

/* Servers whose words are shown when the test fails. */
static struct server *live[LIVE_MAX];

/* --- starting --- */

#define ARGS_MAX 24

/* A NULL-ended argument vector with the memory of its strings. */
struct args {
	size_t n;
	char text[ARGS_MAX][320];
	char *argv[ARGS_MAX + 1];
};

static void args_add(struct args *args, const char *option, const char *value)
{
	ck_assert_uint_lt(args->n, ARGS_MAX);
	(void)snprintf(args->text[args->n], sizeof(args->text[0]), "%s%s",
		       option, value);
	args->argv[args->n] = args->text[args->n];
	args->n++;
	args->argv[args->n] = NULL;
}

const char *server_program(void)
{
	const char *program = getenv("SERVER");

	return program ? program : "src/uppercase-server";
}

static size_t n_services(const struct server_options *options)
{
	if (options->defaults)
		return 3;
	return (size_t)(options->udp != NULL) + (size_t)(options->tcp != NULL) +
	       (size_t)(options->http != NULL);
}

static size_t n_addresses(const struct server_options *options)
{
	size_t n = 0;

	if (options->everywhere)
		return harness_has_ipv6() ? 2 : 1;
	while (n < ARRAY_LEN(options->listen) && options->listen[n])
		n++;
	return n > 0 ? n : 1;
}

static size_t n_ready(const struct server_options *options)
{
	if (options->args)
		return options->n_ready;
	return n_addresses(options) * n_services(options);
}

static void add_listen(struct args *args, const struct server_options *options)
{
	if (options->everywhere)
		return;
	if (!options->listen[0])
		args_add(args, "--listen=", "127.0.0.1");
	for (size_t i = 0; i < ARRAY_LEN(options->listen); i++)
		if (options->listen[i])
			args_add(args, "--listen=", options->listen[i]);
}

static void add_ports(struct args *args, const struct server_options *options)
{
	if (options->defaults)
		return;
	args_add(args, "--udp-port=", options->udp ? options->udp : "off");
	args_add(args, "--tcp-port=", options->tcp ? options->tcp : "off");
	args_add(args, "--http-port=", options->http ? options->http : "off");
}

static void add_options(struct args *args, const struct server_options *options)
{
	add_listen(args, options);
	add_ports(args, options);
	if (options->root)
		args_add(args, "--root=", options->root);
	if (options->extra)
		args_add(args, options->extra, "");
	for (size_t i = 0; options->more && options->more[i]; i++)
		args_add(args, options->more[i], "");
}

/* In the child: what the test asked for cannot be had. */
static void give_up(const char *what)
{
	perror(what);
	_exit(125);
}

static void limit_descriptors(const struct server_options *options)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		give_up("getrlimit");
	if (options->hard_descriptors > 0)
		limit.rlim_max = options->hard_descriptors;
	if (options->soft_descriptors > 0)
		limit.rlim_cur = options->soft_descriptors;
	if (limit.rlim_cur > limit.rlim_max)
		limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		give_up("setrlimit");
}

/* In the child: from exec on, root may no longer do this either. */
static void drop_capability(unsigned long capability)
{
	if (prctl(PR_CAPBSET_READ, capability, 0, 0, 0) == 1 &&
	    prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0)
		give_up("capabilities");
}

/* Root without these two may read no more than the modes of a file allow. */
static void obey_modes(void)
{
	const unsigned long cap_dac_override = 1, cap_dac_read_search = 2;

	if (geteuid() != 0)
		return;
	drop_capability(cap_dac_override);
	drop_capability(cap_dac_read_search);
}

/* The kernel answers openat2(2) as one that does not have it. */
static void lack_openat2(void)
{
	const uint32_t nr_openat2 = 437; /* on every architecture */
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr_openat2, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {ARRAY_LEN(code), code};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
		give_up("seccomp");
}

/* Dies with the test: a parent that has died already was not waited for. */
static void die_with(pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 ||
	    getppid() != parent)
		give_up("parent");
}

/* In the child: its descriptors from 3 on; see sd_listen_fds(3). */
static void hand_over(const struct server_options *options, int *life_fd)
{
	const int first = STDERR_FILENO + 1;
	char text[32];
	int high[16];

	ck_assert_int_le(options->n_sockets, (int)ARRAY_LEN(high));
	*life_fd = fcntl(*life_fd, F_DUPFD, first + options->n_sockets);
	for (int i = 0; i < options->n_sockets; i++)
		high[i] = fcntl(options->sockets[i], F_DUPFD, 64);
	for (int i = 0; i < options->n_sockets; i++)
		(void)dup2(high[i], first + i);
	(void)snprintf(text, sizeof(text), "%d", (int)getpid());
	(void)setenv("LISTEN_PID", text, 1);
	(void)snprintf(text, sizeof(text), "%d", options->n_sockets);
	(void)setenv("LISTEN_FDS", text, 1);
	(void)setenv("LISTEN_FDNAMES", options->socket_names, 1);
}

static void become_server(const struct server_options *options,
			  const struct server *server, char *const argv[],
			  int log_fd, int life_fd)
{
	int null_fd = open("/dev/null", O_RDWR);

	(void)dup2(null_fd, STDIN_FILENO);
	(void)dup2(log_fd, STDERR_FILENO);
	if (options->stdout_fd > 0)
		(void)dup2(options->stdout_fd, STDOUT_FILENO);
	if (options->n_sockets > 0)
		hand_over(options, &life_fd);
	/* The test program's own files are no business of the server. */
	for (int fd = STDERR_FILENO + 1 + options->n_sockets; fd < 256; fd++)
		if (fd != life_fd)
			(void)close(fd);
	limit_descriptors(options);
	if (options->obeys_modes)
		obey_modes();
	if (options->lacks_openat2)
		lack_openat2();
	if (server->faults)
		call_faults_apply(server->faults);
	if (options->prepare)
		options->prepare();
	(void)execv(argv[0], argv);
	fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
	_exit(126);
}

static void show_live(void)
{
	for (size_t i = 0; i < LIVE_MAX; i++)
		if (live[i])
			fprintf(stderr, "--- the server said:\n%s---\n",
				server_log(live[i]));
}

static void note_live(struct server *old, struct server *new)
{
	harness_on_failure(show_live);
	for (size_t i = 0; i < LIVE_MAX; i++) {
		if (live[i] == old) {
			live[i] = new;
			return;
		}
	}
}

static struct server *spawn(const struct server_options *options,
			    char *const argv[])
{
	struct server *server = bytes_new(sizeof(*server));
	pid_t parent = getpid();
	int log_pipe[2], life_pipe[2];

	*server = (struct server){0};
	if (options->faults)
		server->faults = call_faults_new(options->faults);
	harness_pipe(log_pipe);
	harness_pipe(life_pipe);
	server->pid = fork();
	if (server->pid < 0)
		harness_fail("fork: %s", strerror(errno));
	if (server->pid == 0) {
		die_with(parent);
		(void)fcntl(life_pipe[1], F_SETFD, 0);
		become_server(options, server, argv, log_pipe[1], life_pipe[1]);
	}
	(void)close(log_pipe[1]);
	(void)close(life_pipe[1]);
	(void)fcntl(log_pipe[0], F_SETFL, O_NONBLOCK);
	/* Room for a server that talks while the test does not listen. */
	(void)fcntl(log_pipe[0], F_SETPIPE_SZ, 1 << 20);
	server->log_fd = log_pipe[0];
	server->life_fd = life_pipe[0];
	server->log = bytes_new(1);
	server->log[0] = '\0';
	note_live(NULL, server);
	return server;
}

/* --- what it says --- */

static void append_log(struct server *server, const char *data, size_t len)
{
	server->log = realloc(server->log, server->log_len + len + 1);
	if (!server->log)
		abort();
	memcpy(server->log + server->log_len, data, len);
	server->log_len += len;
	server->log[server->log_len] = '\0';
}

const char *server_log(struct server *server)
{
	char chunk[4096];
	ssize_t n;

	while (server->log_fd >= 0) {
		n = read(server->log_fd, chunk, sizeof(chunk));
		if (n > 0) {
			append_log(server, chunk, (size_t)n);
			continue;
		}
		if (n < 0 && errno == EAGAIN)
			break;
		(void)close(server->log_fd);
		server->log_fd = -1;
	}
	return server->log;
}

/* Waits for more of it; fails when it has ended or the deadline passes. */
static void wait_for_log(struct server *server, int64_t deadline,
			 const char *what)
{
	if (server->log_fd < 0)
		harness_fail("the server ended before it said: %s", what);
	if (sock_wait(server->log_fd, POLLIN, harness_left_ms(deadline)) == 0)
		harness_fail("the server did not say in time: %s", what);
}

void server_wait_log(struct server *server, const char *text)
{
	int64_t deadline = harness_deadline();

	while (!strstr(server_log(server), text))
		wait_for_log(server, deadline, text);
}

void server_wait_log_times(struct server *server, const char *text, size_t n)
{
	int64_t deadline = harness_deadline();

	while (server_count_log(server, text) < n)
		wait_for_log(server, deadline, text);
}

size_t server_count_log(struct server *server, const char *text)
{
	const char *at = server_log(server);
	size_t n = 0;

	for (; (at = strstr(at, text)); at += strlen(text))
		n++;
	return n;
}

void server_reload(struct server *server)
{
	size_t n = server_count_log(server, "reloaded: ");

	server_signal(server, SIGHUP);
	server_wait_log_times(server, "reloaded: ", n + 1);
}

size_t server_count_warnings(struct server *server)
{
	return server_count_log(server, "warning: ") -
	       server_count_log(server, "warning: user: ");
}

static const char *const service_names[] = {"udp", "tcp", "http", "admin"};

static bool parse_service(const char *name, enum service *service)
{
	for (size_t i = 0; i < ARRAY_LEN(service_names); i++) {
		if (strcmp(name, service_names[i]) == 0) {
			*service = (enum service)i;
			return true;
		}
	}
	return false;
}

/* The line as it must be, built from what was read out of it. */
static void format_ready(const struct endpoint *endpoint, char *line,
			 size_t size)
{
	bool is_unix = strncmp(endpoint->host, "unix:", 5) == 0;
	bool is_v6 = !is_unix && strchr(endpoint->host, ':') != NULL;
	int n = snprintf(line, size, "uppercase-server: ready: %s %s%s%s",
			 service_names[endpoint->service], is_v6 ? "[" : "",
			 endpoint->host, is_v6 ? "]" : "");

	if (!is_unix)
		n += snprintf(line + n, size - (size_t)n, ":%u",
			      (unsigned)endpoint->port);

	if (endpoint->service == SERVICE_HTTP)
		(void)snprintf(line + n, size - (size_t)n, " root %s",
			       endpoint->root);
}

/* Takes host and port off "127.0.0.1:80" or "[::1]:80", in text. */
static bool parse_host_port(char *text, struct endpoint *endpoint)
{
	char *colon = strrchr(text, ':');
	char *host = text;
	unsigned port;

	(void)snprintf(endpoint->host, sizeof(endpoint->host), "%s", host);
	if (strncmp(host, "unix:/", 6) == 0)
		return true;
	if (!colon || sscanf(colon + 1, "%u", &port) != 1)
		return false;
	*colon = '\0';
	if (*host == '[') {
		host++;
		colon[-1] = '\0';
	}
	(void)snprintf(endpoint->host, sizeof(endpoint->host), "%s", host);
	endpoint->port = (uint16_t)port;
	return port != 0;
}

/* Reads a ready line; fails the test when it has any other form. */
static void parse_ready(const char *line, struct endpoint *endpoint)
{
	char name[8], address[128], again[512];

	*endpoint = (struct endpoint){0};
	if (sscanf(line, "uppercase-server: ready: %7s %127s root %255[^\n]",
		   name, address, endpoint->root) < 2 ||
	    !parse_service(name, &endpoint->service) ||
	    !parse_host_port(address, endpoint))
		harness_fail("not a ready line: %s", line);
	format_ready(endpoint, again, sizeof(again));
	ck_assert_str_eq(line, again);
}

/* Reads all whole lines of the log anew; returns the number of ready ones. */
static size_t parse_log(struct server *server)
{
	const char *at = server_log(server), *end;
	char line[512];

	server->n_endpoints = 0;
	for (; (end = strchr(at, '\n')); at = end + 1) {
		(void)snprintf(line, sizeof(line), "%.*s", (int)(end - at), at);
		if (!strstr(line, ": ready: "))
			continue;
		ck_assert_uint_lt(server->n_endpoints, SERVER_ENDPOINTS_MAX);
		parse_ready(line, &server->endpoints[server->n_endpoints++]);
	}
	return server->n_endpoints;
}

struct server *server_start(const struct server_options *options)
{
	struct args args = {0};
	struct server *server;
	size_t n = n_ready(options);
	int64_t deadline = harness_deadline();

	args_add(&args, server_program(), "");
	if (options->args)
		for (size_t i = 0; options->args[i]; i++)
			args_add(&args, options->args[i], "");
	else
		add_options(&args, options);
	/* The tests' folders are root's then, and closed to others. */
	if (geteuid() == 0 && !options->drops_root)
		args_add(&args, "--user=root", "");
	server = spawn(options, args.argv);
	while (parse_log(server) < n)
		wait_for_log(server, deadline, "all its ready lines");
	if (n > 0) /* else it may be ready already, or never */
		ck_assert_uint_eq(server->n_endpoints, n);
	return server;
}

struct server *server_start_all(const char *root)
{
	struct server_options options = {
		.udp = "0",
		.tcp = "0",
		.http = root ? "0" : NULL,
		.root = root,
	};

	return server_start(&options);
}

const struct endpoint *server_endpoint_on(const struct server *server,
					  enum service service,
					  const char *host)
{
	for (size_t i = 0; i < server->n_endpoints; i++) {
		const struct endpoint *endpoint = &server->endpoints[i];

		if (endpoint->service == service &&
		    (!host || strcmp(endpoint->host, host) == 0))
			return endpoint;
	}
	harness_fail("no %s on %s", service_names[service],
		     host ? host : "any address");
}

const struct endpoint *server_endpoint(const struct server *server,
				       enum service service)
{
	return server_endpoint_on(server, service, NULL);
}

/* --- its end --- */

void server_signal(const struct server *server, int signal)
{
	ck_assert_int_gt(server->pid, 0);
	ck_assert_int_eq(kill(server->pid, signal), 0);
}

/* Waits for the end of the life pipe, and hears what is said meanwhile. */
static void wait_for_end(struct server *server)
{
	int64_t deadline = harness_deadline();

	for (;;) {
		struct pollfd fds[] = {
			{.fd = server->life_fd, .events = POLLIN},
			{.fd = server->log_fd, .events = POLLIN},
		};
		int n = poll(fds, ARRAY_LEN(fds), harness_left_ms(deadline));

		if (n == 0)
			harness_fail("the server did not end in time");
		if (n < 0 && errno != EINTR)
			harness_fail("poll: %s", strerror(errno));
		if (n > 0 && fds[0].revents)
			return;
		(void)server_log(server);
	}
}

int server_wait(struct server *server)
{
	if (server->pid == 0)
		return server->status;
	wait_for_end(server);
	ck_assert_int_eq(waitpid(server->pid, &server->status, 0), server->pid);
	server->pid = 0;
	(void)server_log(server);
	return server->status;
}

static void describe_end(int status, char *text, size_t size)
{
	if (WIFEXITED(status))
		(void)snprintf(text, size, "exit status %d",
			       WEXITSTATUS(status));
	else
		(void)snprintf(text, size, "signal %d", WTERMSIG(status));
}

void server_expect_exit(struct server *server, int status)
{
	int got = server_wait(server);
	char text[64];

	describe_end(got, text, sizeof(text));
	if (!WIFEXITED(got) || WEXITSTATUS(got) != status)
		harness_fail("the server ended with %s, not exit status %d",
			     text, status);
}

static void expect_no_report(struct server *server)
{
	static const char *const marks[] = {
		"Sanitizer", "runtime error:", "buffer overflow detected",
		"stack smashing detected", "ssertion"};

	for (size_t i = 0; i < ARRAY_LEN(marks); i++)
		if (strstr(server_log(server), marks[i]))
			harness_fail("the server reports: %s", marks[i]);
}

static void free_server(struct server *server)
{
	note_live(server, NULL);
	if (server->log_fd >= 0)
		(void)close(server->log_fd);
	(void)close(server->life_fd);
	call_faults_free(server->faults);
	free(server->log);
	free(server);
}

void server_stop(struct server *server)
{
	if (server->pid != 0) {
		server_signal(server, SIGTERM);
		server_expect_exit(server, 0);
	}
	expect_no_report(server);
	free_server(server);
}

size_t server_memory_kib(const struct server *server)
{
	char path[64], line[256];
	size_t kib = 0;
	FILE *file;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)server->pid);
	file = fopen(path, "re");
	ck_assert_ptr_nonnull(file);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "VmRSS: %zu", &kib) == 1)
			break;
	(void)fclose(file);
	ck_assert_uint_gt(kib, 0);
	return kib;
}

long server_ticks(const struct server *server)
{
	char path[64], text[1024] = "";
	long user = 0, system = 0;
	FILE *file;
	char *end;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)server->pid);
	file = fopen(path, "re");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_gt(fread(text, 1, sizeof(text) - 1, file), 0);
	(void)fclose(file);
	end = strrchr(text, ')');
	ck_assert_ptr_nonnull(end);
	ck_assert_int_eq(sscanf(end + 1,
				" %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u"
				" %ld %ld",
				&user, &system),
			 2);
	return user + system;
}

/* A sanitizer maps an address space that no other program has. */
bool server_is_sanitized(const struct server *server)
{
	char path[64], line[256];
	unsigned long long kib = 0;
	FILE *file;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)server->pid);
	file = fopen(path, "re");
	ck_assert_ptr_nonnull(file);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "VmSize: %llu", &kib) == 1)
			break;
	(void)fclose(file);
	return kib > (1ULL << 32);
}

/* Whether a descriptor, an entry of /proc/PID/fd, is of such a file. */
static bool is_of_file(int dir, const char *name, const char *text)
{
	char target[512];
	ssize_t n = readlinkat(dir, name, target, sizeof(target) - 1);

	if (n < 0)
		return false;
	target[n] = '\0';
	return !text || strstr(target, text);
}

size_t server_count_descriptors(const struct server *server, const char *text)
{
	char path[64];
	const struct dirent *entry;
	size_t n = 0;
	DIR *dir;

	(void)snprintf(path, sizeof(path), "/proc/%d/fd", (int)server->pid);
	dir = opendir(path);
	ck_assert_ptr_nonnull(dir);
	while ((entry = readdir(dir)))
		n += is_of_file(dirfd(dir), entry->d_name, text);
	(void)closedir(dir);
	return n;
}
