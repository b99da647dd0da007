/* SPDX-License-Identifier: MIT */
#include "udp_fixture.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "harness.h"
#include "os/socket.h"

struct loop loop;
struct event stop;
struct udp_service *service;
struct address server;
int client;
time_t later_s;

int clock_gettime(clockid_t id, struct timespec *now)
{
	int result = (int)syscall(SYS_clock_gettime, id, now);

	if (id != CLOCK_REALTIME)
		now->tv_sec += later_s;
	return result;
}

static void stop_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	loop_stop(arg);
}

int bound(struct address *at)
{
	int fd;

	*at = address_any(AF_INET, 0);
	at->sa.in4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd = socket_bind_udp(at, 0);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(socket_local_address(fd, at), 0);
	return fd;
}

int client_of(const struct address *at)
{
	int fd = socket_open(at, SOCK_DGRAM);

	ck_assert_int_eq(connect(fd, &at->sa.any, at->len), 0);
	return fd;
}

void udp_set_up(void)
{
	later_s = 0;
	ck_assert_int_eq(loop_init(&loop), 0);
	(void)event_assign(&stop, loop.base, -1, 0, stop_cb, &loop);
	service = udp_service_new(&loop);
	ck_assert_ptr_nonnull(service);
	ck_assert_int_eq(udp_service_add(service, bound(&server)), 0);
	client = client_of(&server);
}

void udp_tear_down(void)
{
	udp_service_free(service);
	(void)event_del(&stop);
	loop_clear(&loop);
	(void)close(client);
}

void turn(void)
{
	event_active(&stop, EV_TIMEOUT, 0);
	ck_assert_int_eq(loop_run(&loop), 0);
}

void say(const char *text)
{
	ck_assert_int_eq(send(client, text, strlen(text), 0),
			 (ssize_t)strlen(text));
}
