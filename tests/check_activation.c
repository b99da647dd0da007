/* SPDX-License-Identifier: MIT */
/*
 * Sockets that were handed over, sorted by service: what stands for which, what
 * is refused and how that is told, and that none is lost or left open.
 */
#include "server/activation.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "harness.h"
#include "os/supervisor.h"

enum kind {
	DATAGRAM,
	LISTENING,
	STREAM, /* which does not listen */
	FILE_DESCRIPTOR,
};

/* What the next setsockopt(2) fails with; stands before the C library's. */
static int adopt_error;

int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	if (adopt_error == 0)
		return (int)syscall(SYS_setsockopt, fd, level, name, value,
				    len);
	errno = adopt_error;
	return -1;
}

static const unsigned options[SERVER_SERVICES];
static struct activation activation;
static char *cause;

static int open_kind(enum kind kind)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int fd = kind == FILE_DESCRIPTOR
			 ? open("/dev/null", O_RDWR)
			 : socket(AF_INET,
				  kind == DATAGRAM ? SOCK_DGRAM : SOCK_STREAM,
				  0);

	ck_assert_int_ge(fd, 0);
	if (kind != FILE_DESCRIPTOR)
		ck_assert_int_eq(bind(fd, (const void *)&at, sizeof(at)), 0);
	if (kind == LISTENING)
		ck_assert_int_eq(listen(fd, 1), 0);
	return fd;
}

/* What is handed over; it stands before the floor below. */
static struct supervisor_socket given[BINDING_SOCKETS_MAX + 1];
static size_t n_given;
static bool is_wrong;

int supervisor_take_sockets(struct supervisor_socket *list, size_t max,
			    size_t *n, const char **why)
{
	ck_assert_uint_ge(max, n_given);
	*n = n_given;
	memcpy(list, given, n_given * sizeof(given[0]));
	*why = "some reason";
	return is_wrong ? -1 : 0;
}

static void give(enum kind kind, const char *name)
{
	given[n_given].fd = open_kind(kind);
	(void)snprintf(given[n_given].name, sizeof(given[n_given].name), "%s",
		       name);
	n_given++;
}

static int take(void)
{
	return activation_take(&activation, options, &cause);
}

static void expect_all_closed(void)
{
	for (size_t i = 0; i < n_given; i++)
		ck_assert_int_eq(fcntl(given[i].fd, F_GETFD), -1);
}

START_TEST(each_socket_is_that_of_its_service)
{
	give(LISTENING, "http");
	give(DATAGRAM, "whatever");
	give(LISTENING, "tcp");
	give(LISTENING, "http");
	give(LISTENING, "admin");
	ck_assert_int_eq(take(), 0);
	ck_assert_uint_eq(activation.n[SERVER_ADMIN], 1);
	ck_assert_int_eq(activation.fds[SERVER_ADMIN][0], given[4].fd);
	ck_assert_uint_eq(activation.n[SERVER_UDP], 1);
	ck_assert_uint_eq(activation.n[SERVER_TCP], 1);
	ck_assert_uint_eq(activation.n[SERVER_HTTP], 2);
	ck_assert_int_eq(activation.fds[SERVER_HTTP][0], given[0].fd);
	ck_assert_int_eq(activation.fds[SERVER_UDP][0], given[1].fd);
	ck_assert_int_eq(activation.fds[SERVER_TCP][0], given[2].fd);
	ck_assert_int_eq(activation.fds[SERVER_HTTP][1], given[3].fd);
	for (size_t i = 0; i < n_given; i++)
		ck_assert(fcntl(given[i].fd, F_GETFL) & O_NONBLOCK);
	activation_close(&activation);
	expect_all_closed();
	ck_assert_uint_eq(activation.n[SERVER_HTTP], 0);
}
END_TEST

/* Whatever is the matter with it, as here with its options. */
START_TEST(what_cannot_be_prepared_is_refused)
{
	give(LISTENING, "tcp");
	give(LISTENING, "http");
	adopt_error = ENOPROTOOPT;
	ck_assert_int_eq(take(), -1);
	ck_assert_msg(strstr(cause, strerror(ENOPROTOOPT)), "%s", cause);
	for (int i = 0; i < SERVER_SERVICES; i++)
		ck_assert_uint_eq(activation.n[i], 0);
	expect_all_closed();
	free(cause);
}
END_TEST

static const struct {
	enum kind kind;
	const char *name;
	const char *cause; /* a piece of it */
} refused[] = {
	{STREAM, "tcp", "not a listening socket"},
	{FILE_DESCRIPTOR, "http", "not a listening socket"},
	{LISTENING, "udp", "FileDescriptorName must be tcp, http or admin"},
	{LISTENING, "", "FileDescriptorName must be tcp, http or admin"},
	{LISTENING, "https", "FileDescriptorName must be tcp, http or admin"},
};

/* Those before and behind it are not left open either. */
START_TEST(what_is_not_understood_is_refused)
{
	char socket[64];

	give(LISTENING, "tcp");
	give(refused[_i].kind, refused[_i].name);
	give(LISTENING, "http");
	ck_assert_int_eq(take(), -1);
	(void)snprintf(socket, sizeof(socket),
		       "socket %d from the service manager, \"%s\": ",
		       given[1].fd, refused[_i].name);
	ck_assert_ptr_nonnull(strstr(cause, socket));
	ck_assert_ptr_nonnull(strstr(cause, refused[_i].cause));
	ck_assert_uint_eq(activation.n[SERVER_TCP], 1);
	ck_assert_uint_eq(activation.n[SERVER_HTTP], 0);
	activation_close(&activation);
	expect_all_closed();
	free(cause);
}
END_TEST

START_TEST(so_many_sockets_are_one_services)
{
	int n = BINDING_SOCKETS_MAX + _i;

	for (int i = 0; i < n; i++)
		give(DATAGRAM, "udp");
	if (_i == 0) {
		ck_assert_int_eq(take(), 0);
	} else {
		ck_assert_int_eq(take(), -1);
		ck_assert_ptr_nonnull(strstr(cause, "too many of them"));
		free(cause);
	}
	ck_assert_uint_eq(activation.n[SERVER_UDP], BINDING_SOCKETS_MAX);
	activation_close(&activation);
	expect_all_closed();
}
END_TEST

START_TEST(what_cannot_be_taken_over_is_told)
{
	is_wrong = true;
	ck_assert_int_eq(take(), -1);
	ck_assert_ptr_nonnull(
		strstr(cause, "sockets from the service manager: some reason"));
	activation_close(&activation);
	free(cause);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("activation");
	TCase *tcase = harness_case(suite, "activation");

	tcase_add_test(tcase, each_socket_is_that_of_its_service);
	tcase_add_loop_test(tcase, what_is_not_understood_is_refused, 0,
			    (int)ARRAY_LEN(refused));
	tcase_add_loop_test(tcase, so_many_sockets_are_one_services, 0, 2);
	tcase_add_test(tcase, what_cannot_be_prepared_is_refused);
	tcase_add_test(tcase, what_cannot_be_taken_over_is_told);
	return harness_run(suite);
}
