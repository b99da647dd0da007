/* SPDX-License-Identifier: MIT */
/*
 * Accepting over real loopback sockets, driven by the real loop: every client
 * is handed to its service; when descriptors run out the set pauses instead of
 * spinning, says so once, asks for room, and comes back by itself.
 *
 * A shortage is made by lowering the process's limit, standard error is a pipe
 * so that the log can be read, and each test runs in a process of its own.
 */
#include "loop/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "harness.h"
#include "leak.h"
#include "os/socket.h"
#include "scarce.h"

#define CLIENTS_MAX 256

/* What so many accepts fail with; it stands before the C library's. */
static int accept_error;
static unsigned n_failures;

int accept4(int fd, struct sockaddr *peer, socklen_t *len, int flags)
{
	if (n_failures > 0) {
		n_failures--;
		errno = accept_error;
		return -1;
	}
	return (int)syscall(SYS_accept4, fd, peer, len, flags);
}

/* Nothing may wait but the loop. */
int poll(struct pollfd *pfds, nfds_t n, int timeout_ms)
{
	struct timespec none = {0};

	ck_assert_int_eq(timeout_ms, 0);
	ck_assert_uint_eq(n, 1);
	return ppoll(pfds, n, &none, NULL);
}

/* A service that keeps what it was given, and counts it as open. */
struct service {
	struct loop *loop;
	int fds[CLIENTS_MAX];
	size_t n;
	size_t n_wanted;     /* stops the loop */
	struct address peer; /* the last one's */
};

struct fixture {
	struct loop loop;
	struct listener_set set;
	struct event stop;
	struct service service;
	struct address address;
	int clients[CLIENTS_MAX];
	size_t n_clients;
	uint64_t begun_ns;
	int log;	   /* the reading end of standard error */
	size_t n_to_spare; /* connections that may be closed */
	size_t n_shed;
};

static void accepted_cb(void *arg, int fd, const struct address *peer)
{
	struct service *service = arg;

	service->peer = *peer;
	ck_assert_uint_lt(service->n, CLIENTS_MAX);
	service->fds[service->n++] = fd;
	service->loop->n_conns++;
	if (service->n == service->n_wanted)
		loop_stop(service->loop);
}

static void stop_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	loop_stop(arg);
}

/* Standard error becomes a pipe that is read without waiting. */
static int catch_log(void)
{
	int fds[2];

	harness_pipe(fds);
	ck_assert_int_eq(dup2(fds[1], STDERR_FILENO), STDERR_FILENO);
	ck_assert_int_eq(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
	(void)close(fds[1]);
	return fds[0];
}

/* What has been logged since the last call. */
static const char *logged(struct fixture *fixture)
{
	static char text[4096];
	ssize_t n;

	log_flush();
	n = read(fixture->log, text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

static int open_socket(struct address *address)
{
	int fd;

	*address = address_any(AF_INET, 0);
	address->sa.in4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd = socket_listen_tcp(address, 0);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(socket_local_address(fd, address), 0);
	return fd;
}

static void listen_here(struct fixture *fixture, struct service *service,
			struct address *address)
{
	int fd = open_socket(address);

	ck_assert_int_eq(listener_add(&fixture->set, fd, accepted_cb, service),
			 0);
}

static struct fixture *fixture_new(size_t max_conns)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	ck_assert_ptr_nonnull(fixture);
	log_open("test", STDERR_FILENO);
	ck_assert_int_eq(loop_init(&fixture->loop), 0);
	ck_assert_int_eq(event_assign(&fixture->stop, fixture->loop.base, -1, 0,
				      stop_cb, &fixture->loop),
			 0);
	fixture->service.loop = &fixture->loop;
	listener_set_init(&fixture->set, &fixture->loop, max_conns);
	listen_here(fixture, &fixture->service, &fixture->address);
	fixture->log = catch_log();
	fixture->begun_ns = clock_mono_ns();
	return fixture;
}

static void close_all(int *fds, size_t *n)
{
	while (*n > 0)
		(void)close(fds[--*n]);
}

static void fixture_free(struct fixture *fixture)
{
	listener_set_clear(&fixture->set);
	close_all(fixture->service.fds, &fixture->service.n);
	close_all(fixture->clients, &fixture->n_clients);
	(void)close(fixture->log);
	(void)event_del(&fixture->stop);
	loop_clear(&fixture->loop);
	free(fixture);
}

static void turn(struct fixture *fixture)
{
	event_active(&fixture->stop, EV_TIMEOUT, 0);
	ck_assert_int_eq(loop_run(&fixture->loop), 0);
}

/* Runs until the service has n connections. */
static void run_until(struct fixture *fixture, size_t n)
{
	fixture->service.n_wanted = n;
	if (fixture->service.n < n)
		ck_assert_int_eq(loop_run(&fixture->loop), 0);
	ck_assert_uint_eq(fixture->service.n, n);
}

/* Runs for so long, whatever happens. */
static void run_for_ms(struct fixture *fixture, unsigned ms)
{
	struct timeval left = {.tv_usec = (suseconds_t)ms * 1000};

	fixture->service.n_wanted = 0;
	ck_assert_int_eq(event_add(&fixture->stop, &left), 0);
	ck_assert_int_eq(loop_run(&fixture->loop), 0);
}

/* Connects; loopback completes that before the call returns. */
static int connect_to(struct fixture *fixture, const struct address *address)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_msg(connect(fd, &address->sa.any, address->len) == 0,
		      "connect: %s", strerror(errno));
	ck_assert_uint_lt(fixture->n_clients, CLIENTS_MAX);
	fixture->clients[fixture->n_clients++] = fd;
	return fd;
}

static void connect_many(struct fixture *fixture, size_t n)
{
	while (n-- > 0)
		(void)connect_to(fixture, &fixture->address);
}

static rlim_t set_descriptor_limit(rlim_t n)
{
	struct rlimit limit;
	rlim_t old;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	old = limit.rlim_cur;
	limit.rlim_cur = n;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	return old;
}

/* Allows n more descriptors than are open now; returns the old limit. */
static rlim_t leave_room_for(unsigned n)
{
	int fd = dup(STDIN_FILENO);

	ck_assert_int_ge(fd, 0);
	(void)close(fd);
	return set_descriptor_limit((rlim_t)fd + n);
}

static size_t count_of(const char *text, const char *word)
{
	size_t n = 0;

	while ((text = strstr(text, word))) {
		n++;
		text += strlen(word);
	}
	return n;
}

/* --- accepting --- */

START_TEST(a_client_is_handed_to_the_service)
{
	struct fixture *fixture = fixture_new(100);
	int client = connect_to(fixture, &fixture->address);
	struct address address;
	char byte = 0;
	int fd;

	run_until(fixture, 1);
	fd = fixture->service.fds[0];
	ck_assert_int_ne(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(socket_local_address(client, &address), 0);
	ck_assert(address_eq(&fixture->service.peer, &address));
	ck_assert_int_eq(send(client, "x", 1, MSG_NOSIGNAL), 1);
	ck_assert_int_eq(recv(fd, &byte, 1, 0), 1);
	ck_assert_int_eq(byte, 'x');
	fixture_free(fixture);
}
END_TEST

/* Whoever has started us may have closed it. */
START_TEST(descriptor_0_is_a_connection_like_others)
{
	struct fixture *fixture = fixture_new(100);

	(void)connect_to(fixture, &fixture->address);
	(void)close(STDIN_FILENO);
	run_until(fixture, 1);
	ck_assert_int_eq(fixture->service.fds[0], 0);
	ck_assert_uint_eq(fixture->loop.n_accepted, 0);
	fixture_free(fixture);
}
END_TEST

START_TEST(all_who_wait_are_accepted)
{
	struct fixture *fixture = fixture_new(CLIENTS_MAX);

	connect_many(fixture, 200);
	run_until(fixture, 200);
	ck_assert_uint_eq(fixture->loop.counters.accept_pauses, 0);
	fixture_free(fixture);
}
END_TEST

START_TEST(one_wake_up_does_not_accept_without_bound)
{
	struct fixture *fixture = fixture_new(CLIENTS_MAX);

	connect_many(fixture, 200);
	turn(fixture);
	ck_assert_uint_gt(fixture->service.n, 0);
	ck_assert_uint_lt(fixture->service.n, 200);
	run_until(fixture, 200);
	fixture_free(fixture);
}
END_TEST

START_TEST(each_listener_has_its_own_service)
{
	struct fixture *fixture = fixture_new(100);
	struct service other = {.loop = &fixture->loop};
	struct address address;

	listen_here(fixture, &other, &address);
	(void)connect_to(fixture, &address);
	(void)connect_to(fixture, &fixture->address);
	(void)connect_to(fixture, &address);
	turn(fixture);
	ck_assert_uint_eq(fixture->service.n, 1);
	ck_assert_uint_eq(other.n, 2);
	close_all(other.fds, &other.n);
	fixture_free(fixture);
}
END_TEST

START_TEST(a_client_that_is_gone_already_does_no_harm)
{
	struct fixture *fixture = fixture_new(100);
	int fd = connect_to(fixture, &fixture->address);
	struct linger reset = {.l_onoff = 1};

	ck_assert_int_eq(
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)),
		0);
	fixture->n_clients--;
	(void)close(fd);
	(void)connect_to(fixture, &fixture->address);
	turn(fixture);
	/* Linux hands over the dead one too. */
	ck_assert_uint_ge(fixture->service.n, 1);
	ck_assert_uint_eq(fixture->loop.counters.accept_pauses, 0);
	fixture_free(fixture);
}
END_TEST

/* --- shortage --- */

START_TEST(without_descriptors_accepting_pauses_and_comes_back)
{
	struct fixture *fixture = fixture_new(CLIENTS_MAX);
	uint64_t turns;
	rlim_t old;

	connect_many(fixture, 5);
	old = leave_room_for(2);
	turn(fixture);
	ck_assert_uint_eq(fixture->service.n, 2);
	ck_assert_uint_eq(fixture->loop.counters.accept_pauses, 1);

	/* The clients that wait do not keep the loop busy. */
	turns = fixture->loop.turn;
	for (int i = 0; i < 10; i++)
		turn(fixture);
	ck_assert_uint_eq(fixture->loop.turn, turns + 10);
	ck_assert_uint_eq(fixture->service.n, 2);

	(void)set_descriptor_limit(old);
	run_until(fixture, 5);
	fixture_free(fixture);
}
END_TEST

START_TEST(a_pause_does_not_burn_the_processor)
{
	struct fixture *fixture = fixture_new(CLIENTS_MAX);
	uint64_t turns;

	connect_many(fixture, 5);
	(void)leave_room_for(0);
	turn(fixture);
	turns = fixture->loop.turn;
	run_for_ms(fixture, 350);
	/* A level-triggered listener would turn it some 100,000 times. */
	ck_assert_uint_le(fixture->loop.turn - turns, 30);
	ck_assert_uint_gt(fixture->loop.counters.accept_pauses, 1);
	ck_assert_uint_eq(fixture->service.n, 0);
	fixture_free(fixture);
}
END_TEST

START_TEST(a_shortage_is_told_once)
{
	struct fixture *fixture = fixture_new(CLIENTS_MAX);
	const char *text;

	connect_many(fixture, 5);
	(void)leave_room_for(1);
	while (fixture->loop.counters.accept_pauses < 4)
		run_for_ms(fixture, 50);
	text = logged(fixture);
	ck_assert_uint_eq(count_of(text, "\n"), 1);
	ck_assert_uint_eq(count_of(text, "test: warning: accept: paused"), 1);
	ck_assert_uint_eq(count_of(text, strerror(EMFILE)), 1);
	fixture_free(fixture);
}
END_TEST

START_TEST(all_listeners_pause_together)
{
	struct fixture *fixture = fixture_new(CLIENTS_MAX);
	struct service other = {.loop = &fixture->loop};
	struct address address;
	rlim_t old;

	listen_here(fixture, &other, &address);
	connect_many(fixture, 1);
	old = leave_room_for(0);
	turn(fixture);
	ck_assert_uint_eq(fixture->loop.counters.accept_pauses, 1);
	(void)set_descriptor_limit(old);
	(void)connect_to(fixture, &address);
	turn(fixture);
	ck_assert_uint_eq(other.n, 0);
	run_until(fixture, 1);
	turn(fixture);
	ck_assert_uint_eq(other.n, 1);
	close_all(other.fds, &other.n);
	fixture_free(fixture);
}
END_TEST

/* Closes the connection that was accepted first, if one is to spare. */
static bool shed_cb(struct loop *loop)
{
	struct fixture *fixture = CONTAINER_OF(loop, struct fixture, loop);
	struct service *service = &fixture->service;

	if (fixture->n_to_spare == 0 || service->n == 0)
		return false;
	fixture->n_to_spare--;
	fixture->n_shed++;
	(void)close(service->fds[0]);
	service->n--;
	memmove(service->fds, service->fds + 1, service->n * sizeof(int));
	loop->n_conns--;
	return true;
}

static const struct {
	size_t max_descriptors;
	unsigned room;
	const char *why;
} short_of[] = {
	{4, CLIENTS_MAX, "the most connections are open"},
	{CLIENTS_MAX, 4, "the kernel has no descriptor"},
};

START_TEST(for_each_that_waits_one_that_can_be_spared_is_closed)
{
	struct fixture *fixture = fixture_new(short_of[_i].max_descriptors);

	listener_set_shed(&fixture->set, shed_cb);
	fixture->n_to_spare = 10;
	connect_many(fixture, 6);
	(void)leave_room_for(short_of[_i].room);
	for (int i = 0; i < 8; i++)
		turn(fixture);
	/* Nobody waits any more, so nobody else goes. */
	ck_assert_msg(fixture->n_shed == 2, "%s", short_of[_i].why);
	ck_assert_uint_eq(fixture->service.n, 4);
	ck_assert_uint_eq(fixture->loop.counters.accept_pauses, 0);
	ck_assert_uint_eq(count_of(logged(fixture), "closing idle ones"), 1);
	fixture_free(fixture);
}
END_TEST

START_TEST(a_long_turn_takes_several_at_the_limit)
{
	struct fixture *fixture = fixture_new(10);

	listener_set_shed(&fixture->set, shed_cb);
	connect_many(fixture, 10);
	run_until(fixture, 10);
	fixture->n_to_spare = 50;
	connect_many(fixture, 6);
	turn(fixture);
	ck_assert_uint_eq(fixture->n_shed, 6);
	ck_assert_uint_eq(fixture->loop.counters.accept_pauses, 0);

	/* Nobody is closed when nobody waits. */
	turn(fixture);
	ck_assert_uint_eq(fixture->n_shed, 6);
	fixture_free(fixture);
}
END_TEST

START_TEST(with_none_to_spare_accepting_pauses)
{
	struct fixture *fixture = fixture_new(short_of[_i].max_descriptors);

	listener_set_shed(&fixture->set, shed_cb);
	connect_many(fixture, 6);
	(void)leave_room_for(short_of[_i].room);
	turn(fixture);
	turn(fixture);
	ck_assert_uint_eq(fixture->loop.counters.accept_pauses, 1);
	ck_assert_uint_eq(fixture->service.n, 4);
	fixture->n_to_spare = 2;
	while (fixture->n_to_spare > 0)
		run_for_ms(fixture, 10);
	fixture_free(fixture);
}
END_TEST

/* Room that does not help, as when the whole host has no descriptor. */
START_TEST(who_is_closed_in_vain_is_not_followed_by_all_others)
{
	struct fixture *fixture = fixture_new(CLIENTS_MAX);
	rlim_t old;

	connect_many(fixture, 50);
	run_until(fixture, 50);
	listener_set_shed(&fixture->set, shed_cb);
	fixture->n_to_spare = 50;
	connect_many(fixture, 1);
	old = set_descriptor_limit(3);
	for (int i = 0; i < 20; i++)
		turn(fixture);
	(void)set_descriptor_limit(old);
	ck_assert_uint_le(fixture->n_shed, 2);
	ck_assert_uint_eq(fixture->loop.counters.accept_pauses, 1);
	fixture_free(fixture);
}
END_TEST

START_TEST(the_most_connections_are_a_shortage_too)
{
	struct fixture *fixture = fixture_new(3);
	const char *text;

	connect_many(fixture, 5);
	turn(fixture);
	turn(fixture);
	ck_assert_uint_eq(fixture->service.n, 3);
	ck_assert_uint_eq(fixture->loop.counters.accept_pauses, 1);
	text = logged(fixture);
	ck_assert_uint_eq(count_of(text, "paused with 3"), 1);
	ck_assert_uint_eq(count_of(text, "raise the limit"), 1);

	/* Two of them end. */
	fixture->n_to_spare = 2;
	ck_assert(shed_cb(&fixture->loop));
	ck_assert(shed_cb(&fixture->loop));
	run_until(fixture, 3);
	fixture_free(fixture);
}
END_TEST

START_TEST(exactly_the_most_connections_are_none)
{
	struct fixture *fixture = fixture_new(3);

	connect_many(fixture, 3);
	turn(fixture);
	turn(fixture);
	ck_assert_uint_eq(fixture->service.n, 3);
	ck_assert_uint_eq(fixture->loop.counters.accept_pauses, 0);
	ck_assert_str_eq(logged(fixture), "");
	fixture_free(fixture);
}
END_TEST

START_TEST(a_pause_is_measured)
{
	struct fixture *fixture = fixture_new(CLIENTS_MAX);
	struct counters *counters = &fixture->loop.counters;
	struct limits limits = limits_standard;
	rlim_t old;

	limits.accept_pause_ns = 20 * CLOCK_NS_PER_MS;
	fixture->loop.limits = &limits;
	connect_many(fixture, 1);
	old = leave_room_for(0);
	turn(fixture);
	ck_assert_uint_eq(counters->accept_pauses, 1);
	ck_assert_uint_eq(counters->accept_paused_ns, 0);
	while (counters->accept_pauses < 3)
		run_for_ms(fixture, 10);
	(void)set_descriptor_limit(old);
	run_until(fixture, 1);
	/* Each as long as it was said, and no more than there was time. */
	ck_assert_uint_ge(counters->accept_paused_ns,
			  2 * limits.accept_pause_ns);
	ck_assert_uint_le(counters->accept_paused_ns,
			  clock_mono_ns() - fixture->begun_ns);
	fixture_free(fixture);
}
END_TEST

/* --- as many as the operator allows --- */

/* They wait once for a place; who comes after that is refused by the service.
 */
START_TEST(who_finds_no_place_waits_and_is_then_handed_over)
{
	struct fixture *fixture = fixture_new(CLIENTS_MAX);
	struct limits limits = limits_standard;
	const char *text;

	limits.max_connections = 3;
	limits.accept_pause_ns = 20 * CLOCK_NS_PER_MS;
	fixture->loop.limits = &limits;
	connect_many(fixture, 5);
	turn(fixture);
	turn(fixture);
	ck_assert_uint_eq(fixture->service.n, 3);
	ck_assert_uint_eq(fixture->loop.counters.accept_pauses, 1);
	text = logged(fixture);
	ck_assert_uint_eq(count_of(text, "paused with 3 connections open: "
					 "--max-connections allows no more\n"),
			  1);
	run_until(fixture, 5);
	/* With places again others wait for one as they did. */
	fixture->n_to_spare = 3;
	while (fixture->n_to_spare > 0)
		ck_assert(shed_cb(&fixture->loop));
	connect_many(fixture, 3);
	turn(fixture);
	turn(fixture);
	ck_assert_uint_eq(fixture->service.n, 3);
	fixture_free(fixture);
}
END_TEST

START_TEST(the_descriptor_limit_is_named)
{
	struct fixture *fixture = fixture_new(1);

	connect_many(fixture, 2);
	turn(fixture);
	turn(fixture);
	ck_assert_uint_eq(
		count_of(logged(fixture),
			 "paused with 1 connections open: the descriptor limit "
			 "is near (raise the limit with ulimit -n)\n"),
		1);
	fixture_free(fixture);
}
END_TEST

/* What looks after the server gets in when nobody else does. */
START_TEST(a_reserve_is_room_when_there_is_none)
{
	struct fixture *fixture = fixture_new(2);

	listener_set_reserve(&fixture->set);
	connect_many(fixture, 5);
	turn(fixture);
	ck_assert_uint_eq(fixture->service.n, 5);
	ck_assert_uint_eq(fixture->loop.counters.accept_pauses, 0);
	fixture_free(fixture);
}
END_TEST

/* What a socket may keep unsent; the host's, if nobody has said so. */
static int unsent_limit(int fd)
{
	int value = 0;
	socklen_t len = sizeof(value);

	ck_assert_int_eq(
		getsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &value, &len),
		0);
	return value;
}

/* There were so many before. */
START_TEST(in_a_crowd_each_may_keep_little)
{
	struct fixture *fixture = fixture_new(1000);

	fixture->loop.n_conns = 255;
	connect_many(fixture, 2);
	run_until(fixture, 2);
	ck_assert_int_ne(unsent_limit(fixture->service.fds[0]), 128 << 10);
	ck_assert_int_eq(unsent_limit(fixture->service.fds[1]), 128 << 10);
	ck_assert_uint_eq(fixture->loop.n_accepted, 0);
	fixture_free(fixture);
}
END_TEST

/* --- errors --- */

static const struct {
	int error;
	bool is_passed; /* it was that of one connection, which is gone */
	bool is_limit;	/* another limit helps */
} errors[] = {
	{ECONNABORTED, true, false}, {ENETDOWN, true, false},
	{EPROTO, true, false},	     {ENOPROTOOPT, true, false},
	{EHOSTDOWN, true, false},    {ENONET, true, false},
	{EHOSTUNREACH, true, false}, {EOPNOTSUPP, true, false},
	{ENETUNREACH, true, false},  {EINTR, true, false},
	{EMFILE, false, true},	     {ENFILE, false, true},
	{ENOBUFS, false, true},	     {ENOMEM, false, true},
	{EIO, false, false},	     {EPERM, false, false},
};

START_TEST(an_error_is_passed_over_or_a_pause)
{
	struct fixture *fixture = fixture_new(CLIENTS_MAX);
	bool is_passed = errors[_i].is_passed;
	const char *text;

	connect_many(fixture, 2);
	accept_error = errors[_i].error;
	n_failures = 1;
	turn(fixture);
	text = logged(fixture);
	ck_assert_uint_eq(fixture->loop.counters.accept_errors, is_passed);
	ck_assert_uint_eq(fixture->loop.counters.accept_pauses, !is_passed);
	ck_assert_uint_eq(fixture->service.n, is_passed ? 2 : 0);
	ck_assert_uint_eq(count_of(text, strerror(accept_error)), !is_passed);
	ck_assert_uint_eq(count_of(text, "raise the limit"),
			  errors[_i].is_limit);
	run_until(fixture, 2);
	fixture_free(fixture);
}
END_TEST

/* A wake-up takes 64; when none of them was a connection, more will not be. */
START_TEST(nothing_but_errors_is_a_pause)
{
	struct fixture *fixture = fixture_new(CLIENTS_MAX);
	unsigned n_errors = _i == 0 ? 63 : 64;

	connect_many(fixture, 2);
	accept_error = ECONNABORTED;
	n_failures = n_errors;
	turn(fixture);
	ck_assert_uint_eq(fixture->loop.counters.accept_errors, n_errors);
	ck_assert_uint_eq(fixture->loop.counters.accept_pauses, n_errors == 64);
	ck_assert_uint_eq(fixture->service.n, n_errors == 64 ? 0 : 1);
	run_until(fixture, 2);
	fixture_free(fixture);
}
END_TEST

/* --- the end --- */

static void assert_nobody_listens(const struct address *address)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(connect(fd, &address->sa.any, address->len), -1);
	ck_assert_int_eq(errno, ECONNREFUSED);
	(void)close(fd);
}

START_TEST(clearing_closes_every_listening_socket)
{
	struct fixture *fixture = fixture_new(100);

	listener_set_clear(&fixture->set);
	assert_nobody_listens(&fixture->address);
	turn(fixture);
	listener_set_clear(&fixture->set);
	fixture_free(fixture);
}
END_TEST

/* --- removed while others stay --- */

static int fd_of_first(const struct address *address)
{
	struct address each;

	for (int fd = 3; fd < 256; fd++)
		if (socket_local_address(fd, &each) == 0 &&
		    address_eq(&each, address))
			return fd;
	ck_abort_msg("nobody listens there");
	return -1;
}

START_TEST(one_that_is_removed_takes_those_who_wait_for_it)
{
	struct fixture *fixture = fixture_new(CLIENTS_MAX);
	struct service other = {.loop = &fixture->loop};
	struct address address;
	int fd;

	listen_here(fixture, &other, &address);
	fd = fd_of_first(&address);
	connect_many(fixture, 1);
	(void)connect_to(fixture, &address);
	(void)connect_to(fixture, &address);
	listener_remove(&fixture->set, fd);
	ck_assert_uint_eq(other.n, 0);
	turn(fixture);
	ck_assert_uint_eq(other.n, 2);
	assert_nobody_listens(&address);
	/* It is no drain, and the other goes on. */
	ck_assert_uint_eq(fixture->loop.n_waiting, 0);
	connect_many(fixture, 1);
	turn(fixture);
	ck_assert_uint_eq(fixture->service.n, 2);
	close_all(other.fds, &other.n);
	fixture_free(fixture);
}
END_TEST

START_TEST(one_that_is_removed_with_nobody_waiting_is_closed)
{
	struct fixture *fixture = fixture_new(CLIENTS_MAX);
	int fd = fd_of_first(&fixture->address);

	listener_remove(&fixture->set, fd + 1000);
	ck_assert_int_ge(fcntl(fd, F_GETFD), 0);
	listener_remove(&fixture->set, fd);
	assert_nobody_listens(&fixture->address);
	fixture_free(fixture);
}
END_TEST

static bool is_shared(int fd)
{
	int value = 0;
	socklen_t len = sizeof(value);

	ck_assert_int_eq(getsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &value, &len),
			 0);
	return value;
}

START_TEST(only_those_that_leave_share_their_ports)
{
	struct fixture *fixture = fixture_new(CLIENTS_MAX);
	struct service other = {.loop = &fixture->loop};
	struct address address;
	int fd, stays = fd_of_first(&fixture->address);

	listen_here(fixture, &other, &address);
	fd = fd_of_first(&address);
	(void)connect_to(fixture, &address);
	listener_remove(&fixture->set, fd);
	listener_set_share(&fixture->set, true);
	ck_assert(is_shared(fd));
	ck_assert(!is_shared(stays));
	listener_set_share(&fixture->set, false);
	ck_assert(!is_shared(fd));
	turn(fixture);
	close_all(other.fds, &other.n);
	fixture_free(fixture);
}
END_TEST

/* --- scarcity --- */

/* The listener itself, or its event: its number is a new one to libevent. */
START_TEST(without_memory_a_socket_stays_the_callers)
{
	struct fixture *fixture = fixture_new(CLIENTS_MAX);
	struct address address;
	int fd = open_socket(&address), high = fcntl(fd, F_DUPFD_CLOEXEC, 800);
	int result;

	scarce_memory(1 + (unsigned)_i);
	result = listener_add(&fixture->set, high, accepted_cb, NULL);
	ck_assert(scarce_memory_end());
	ck_assert_int_eq(result, -1);
	ck_assert_int_ge(fcntl(high, F_GETFD), 0);
	(void)connect_to(fixture, &fixture->address);
	run_until(fixture, 1);
	(void)close(high);
	(void)close(fd);
	fixture_free(fixture);
}
END_TEST

static void listen_and_clear(void)
{
	static struct loop loop;
	static struct listener_set set;
	struct address address;

	ck_assert_int_eq(loop_init(&loop), 0);
	listener_set_init(&set, &loop, 10);
	ck_assert_int_eq(
		listener_add(&set, open_socket(&address), accepted_cb, NULL),
		0);
	listener_set_clear(&set);
	loop_clear(&loop);
}

START_TEST(listening_leaves_nothing_behind)
{
	struct listener_set none = {0};

	leak_check(listen_and_clear);
	listener_set_clear(&none);
}
END_TEST

/* Begins the drain; turns of the loop go on with it. */
static void drain(struct fixture *fixture)
{
	fixture->loop.draining = true;
	listener_set_drain(&fixture->set);
}

/* The services' connections end, as a drain lets them, some in each turn. */
static void end_connections(struct fixture *fixture)
{
	while (fixture->service.n > 0)
		(void)close(fixture->service.fds[--fixture->service.n]);
	fixture->loop.n_conns = 0;
}

START_TEST(draining_takes_those_who_wait_and_nobody_else)
{
	struct fixture *fixture = fixture_new(CLIENTS_MAX);
	uint64_t turns = fixture->loop.turn;

	connect_many(fixture, 150);
	drain(fixture);
	/* Not in one go: a second signal must be heard. */
	ck_assert_uint_eq(fixture->service.n, 0);
	while (fixture->loop.n_waiting > 0) {
		turn(fixture);
		/* Who comes now comes too late, and does not hold it up. */
		if (fixture->loop.n_waiting > 0)
			connect_many(fixture, 20);
	}
	ck_assert_uint_eq(fixture->service.n, 150);
	ck_assert_uint_gt(fixture->loop.turn - turns, 1);
	assert_nobody_listens(&fixture->address);
	fixture_free(fixture);
}
END_TEST

START_TEST(draining_closes_at_once_where_nobody_waits)
{
	struct fixture *fixture = fixture_new(CLIENTS_MAX);

	drain(fixture);
	ck_assert_uint_eq(fixture->loop.n_waiting, 0);
	assert_nobody_listens(&fixture->address);
	fixture_free(fixture);
}
END_TEST

/* One that has nobody must not end the loop before the other has taken his. */
START_TEST(draining_waits_for_every_listener)
{
	struct fixture *fixture = fixture_new(CLIENTS_MAX);
	struct service other = {.loop = &fixture->loop};
	struct address address;

	listen_here(fixture, &other, &address);
	(void)connect_to(fixture, &address);
	fixture->loop.running = true;
	drain(fixture);
	ck_assert(fixture->loop.running);
	ck_assert_uint_eq(fixture->loop.n_waiting, 1);
	turn(fixture);
	ck_assert_uint_eq(other.n, 1);
	ck_assert_uint_eq(fixture->loop.n_waiting, 0);
	close_all(other.fds, &other.n);
	fixture_free(fixture);
}
END_TEST

START_TEST(draining_in_a_shortage_takes_the_others_when_there_is_room)
{
	struct fixture *fixture = fixture_new(CLIENTS_MAX);

	connect_many(fixture, 5);
	(void)leave_room_for(2);
	drain(fixture);
	turn(fixture);
	ck_assert_uint_eq(fixture->service.n, 2);
	ck_assert_uint_eq(fixture->loop.n_waiting, 1);
	end_connections(fixture);
	run_until(fixture, 2);
	end_connections(fixture);
	run_until(fixture, 1);
	ck_assert_uint_eq(fixture->loop.n_waiting, 0);
	assert_nobody_listens(&fixture->address);
	fixture_free(fixture);
}
END_TEST

/* A long pause is for the time before: it ends with the drain's beginning. */
START_TEST(draining_does_not_wait_for_a_long_pause)
{
	struct fixture *fixture = fixture_new(CLIENTS_MAX);
	struct limits limits = limits_standard;

	limits.accept_pause_ns = 3600 * CLOCK_NS_PER_S;
	fixture->loop.limits = &limits;
	connect_many(fixture, 3);
	(void)leave_room_for(1);
	turn(fixture);
	ck_assert_uint_eq(fixture->loop.counters.accept_pauses, 1);
	drain(fixture);
	end_connections(fixture);
	run_until(fixture, 1);
	end_connections(fixture);
	run_until(fixture, 1);
	ck_assert_uint_eq(fixture->loop.n_waiting, 0);
	fixture_free(fixture);
}
END_TEST

/* Nobody is there whose end could make room. */
START_TEST(draining_in_a_shortage_without_connections_ends)
{
	struct fixture *fixture = fixture_new(CLIENTS_MAX);
	rlim_t old;

	connect_many(fixture, 5);
	old = leave_room_for(0);
	drain(fixture);
	ck_assert_int_eq(loop_run(&fixture->loop), 0);
	(void)set_descriptor_limit(old);
	ck_assert_uint_eq(fixture->service.n, 0);
	ck_assert_uint_eq(fixture->loop.n_waiting, 0);
	assert_nobody_listens(&fixture->address);
	fixture_free(fixture);
}
END_TEST

START_TEST(clearing_while_paused_leaves_nothing_behind)
{
	struct fixture *fixture = fixture_new(CLIENTS_MAX);
	rlim_t old;

	connect_many(fixture, 5);
	old = leave_room_for(0);
	turn(fixture);
	ck_assert_uint_eq(fixture->loop.counters.accept_pauses, 1);
	(void)set_descriptor_limit(old);
	listener_set_clear(&fixture->set);
	ck_assert(!event_pending(&fixture->set.resume_timer, EV_TIMEOUT, NULL));
	run_for_ms(fixture, 150);
	ck_assert_uint_eq(fixture->service.n, 0);
	fixture_free(fixture);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("listener");
	TCase *tcase = harness_case(suite, "accepting");

	tcase_add_test(tcase, a_client_is_handed_to_the_service);
	tcase_add_test(tcase, descriptor_0_is_a_connection_like_others);
	tcase_add_test(tcase, all_who_wait_are_accepted);
	tcase_add_test(tcase, one_wake_up_does_not_accept_without_bound);
	tcase_add_test(tcase, each_listener_has_its_own_service);
	tcase_add_test(tcase, a_client_that_is_gone_already_does_no_harm);

	tcase = harness_case(suite, "shortage");
	tcase_add_test(tcase,
		       without_descriptors_accepting_pauses_and_comes_back);
	tcase_add_test(tcase, a_pause_does_not_burn_the_processor);
	tcase_add_test(tcase, a_shortage_is_told_once);
	tcase_add_test(tcase, all_listeners_pause_together);
	tcase_add_loop_test(
		tcase, for_each_that_waits_one_that_can_be_spared_is_closed, 0,
		ARRAY_LEN(short_of));
	tcase_add_test(tcase, a_long_turn_takes_several_at_the_limit);
	tcase_add_loop_test(tcase, with_none_to_spare_accepting_pauses, 0,
			    ARRAY_LEN(short_of));
	tcase_add_test(tcase,
		       who_is_closed_in_vain_is_not_followed_by_all_others);
	tcase_add_test(tcase, the_most_connections_are_a_shortage_too);
	tcase_add_test(tcase, exactly_the_most_connections_are_none);
	tcase_add_test(tcase, a_pause_is_measured);
	tcase_add_test(tcase, who_finds_no_place_waits_and_is_then_handed_over);
	tcase_add_test(tcase, the_descriptor_limit_is_named);
	tcase_add_test(tcase, a_reserve_is_room_when_there_is_none);
	tcase_add_test(tcase, in_a_crowd_each_may_keep_little);

	tcase = harness_case(suite, "errors");
	tcase_add_loop_test(tcase, an_error_is_passed_over_or_a_pause, 0,
			    (int)ARRAY_LEN(errors));
	tcase_add_loop_test(tcase, nothing_but_errors_is_a_pause, 0, 2);

	tcase = harness_case(suite, "removed");
	tcase_add_test(tcase, one_that_is_removed_takes_those_who_wait_for_it);
	tcase_add_test(tcase,
		       one_that_is_removed_with_nobody_waiting_is_closed);
	tcase_add_test(tcase, only_those_that_leave_share_their_ports);
	tcase_add_loop_test(tcase, without_memory_a_socket_stays_the_callers, 0,
			    2);
	tcase_add_test(tcase, listening_leaves_nothing_behind);

	tcase = harness_case(suite, "end");
	tcase_add_test(tcase, clearing_closes_every_listening_socket);
	tcase_add_test(tcase, draining_takes_those_who_wait_and_nobody_else);
	tcase_add_test(tcase, draining_closes_at_once_where_nobody_waits);
	tcase_add_test(tcase, draining_waits_for_every_listener);
	tcase_add_test(
		tcase,
		draining_in_a_shortage_takes_the_others_when_there_is_room);
	tcase_add_test(tcase, draining_does_not_wait_for_a_long_pause);
	tcase_add_test(tcase, draining_in_a_shortage_without_connections_ends);
	tcase_add_test(tcase, clearing_while_paused_leaves_nothing_behind);
	return harness_run(suite);
}
