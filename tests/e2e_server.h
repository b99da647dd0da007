/* SPDX-License-Identifier: MIT */
#ifndef TESTS_E2E_SERVER_H
#define TESTS_E2E_SERVER_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

enum service {
	SERVICE_UDP,
	SERVICE_TCP,
	SERVICE_HTTP,
	SERVICE_ADMIN
};

/* One socket of the server, as its ready line names it. */
struct endpoint {
	enum service service;
	char host[128]; /* or "unix:/path" */
	uint16_t port;	/* of a Unix socket 0 */
	char root[256]; /* of SERVICE_HTTP, as the line has it */
};

#define SERVER_ENDPOINTS_MAX 16

struct call_faults;

struct server {
	pid_t pid;
	int status;  /* of waitpid(); valid when pid is 0 */
	int life_fd; /* a pipe that ends when the server does */
	int log_fd;  /* its standard error; -1 at its end */
	char *log;   /* what came from there, NUL-ended */
	size_t log_len;
	struct call_faults *faults; /* NULL for none */
	size_t n_endpoints;
	struct endpoint endpoints[SERVER_ENDPOINTS_MAX];
};

/* How to start it. Zero means: 127.0.0.1 alone, every service off. */
struct server_options {
	const char *udp; /* port: NULL is "off" */
	const char *tcp;
	const char *http;
	const char *root;	 /* needed with http */
	const char *listen[4];	 /* NULL: 127.0.0.1 alone */
	bool everywhere;	 /* no --listen at all */
	bool defaults;		 /* no option for the ports */
	const char *extra;	 /* one more argument */
	const char *const *more; /* and any number of them, NULL-ended */
	int stdout_fd;		 /* its standard output; 0: as the test's */
	rlim_t soft_descriptors; /* 0: as the test has it */
	rlim_t hard_descriptors;
	bool obeys_modes;   /* even root may not read what its mode forbids */
	bool drops_root;    /* started as root it stays so, but for this */
	bool lacks_openat2; /* as on a kernel before 5.6 */
	const char *faults; /* see e2e_faults.h; "" for later, NULL for none */
	void (*prepare)(void); /* what else the child does before it starts */
	/* Handed over as a supervisor does, with these names: "tcp:http". */
	const int *sockets;
	int n_sockets;
	const char *socket_names;
	/* Instead of all options above: the arguments, NULL-ended, ... */
	const char *const *args;
	size_t n_ready; /* ... and how many ready lines they lead to */
};

/* The program under test: $SERVER or src/uppercase-server. */
const char *server_program(void);

/* Starts the server and waits until every socket is said to be ready. */
struct server *server_start(const struct server_options *options);

/* The three services on 127.0.0.1; root may be NULL: HTTP is off then. */
struct server *server_start_all(const char *root);

/*
 * Ends it by SIGTERM, checks for exit status 0 and for the absence of any
 * sanitizer's report, and frees it. For one that has ended already, it checks
 * the reports alone.
 */
void server_stop(struct server *server);

/* Sends a signal. */
void server_signal(const struct server *server, int signal);

/* Waits for its end; returns the status as waitpid(2) gives it. */
int server_wait(struct server *server);

/* Waits for its end and checks that it exited with this status. */
void server_expect_exit(struct server *server, int status);

/* What it has said so far. Valid until the next call. */
const char *server_log(struct server *server);

/* Waits until it has said this. */
void server_wait_log(struct server *server, const char *text);

/* Waits until it has said this n times. */
void server_wait_log_times(struct server *server, const char *text, size_t n);

/* How often a text occurs in what it has said. */
size_t server_count_log(struct server *server, const char *text);

/* SIGHUP, and waits until it has taken the configuration. */
void server_reload(struct server *server);

/* Its warnings, without the one that it stays root as the tests want it to. */
size_t server_count_warnings(struct server *server);

/* The first socket of a service. */
const struct endpoint *server_endpoint(const struct server *server,
				       enum service service);

/* The socket of a service on this address. */
const struct endpoint *server_endpoint_on(const struct server *server,
					  enum service service,
					  const char *host);

/* Processor time that it has used, in clock ticks (sysconf(3)). */
long server_ticks(const struct server *server);

/* Its resident memory now. */
size_t server_memory_kib(const struct server *server);

/* Whether it is built with a sanitizer, so that its memory tells nothing. */
bool server_is_sanitized(const struct server *server);

/*
 * How many descriptors it has open now whose file's name, as the kernel tells
 * it, contains this text; NULL counts all.
 */
size_t server_count_descriptors(const struct server *server, const char *text);

#endif
