/* SPDX-License-Identifier: MIT */
/*
 * A supervisor as systemd is one: sockets from descriptor 3 on with names in
 * the environment, and messages to a socket. This test is the supervisor of its
 * own process.
 */
#include "os/supervisor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "harness.h"

#define FIRST 3
#define MAX   4

#ifdef HAVE_LIBSYSTEMD

static struct supervisor_socket list[MAX];
static size_t n;
static const char *cause;

static void set_number(const char *name, long number)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%ld", number);
	ck_assert_int_eq(setenv(name, text, 1), 0);
}

/* Descriptors 3 and so on are sockets that were handed over. */
static void hand_over(int n_sockets, const char *names)
{
	for (int i = 0; i < n_sockets; i++) {
		int fd = socket(AF_INET, SOCK_DGRAM, 0);

		if (fd != FIRST + i) {
			ck_assert_int_eq(dup2(fd, FIRST + i), FIRST + i);
			(void)close(fd);
		}
	}
	set_number("LISTEN_PID", getpid());
	set_number("LISTEN_FDS", n_sockets);
	if (names)
		ck_assert_int_eq(setenv("LISTEN_FDNAMES", names, 1), 0);
}

START_TEST(without_a_supervisor_nothing_comes)
{
	n = 99;
	ck_assert_int_eq(supervisor_take_sockets(list, MAX, &n, &cause), 0);
	ck_assert_uint_eq(n, 0);
	ck_assert_uint_eq(supervisor_watchdog_ns(), 0);
	/* Nobody is told, and that is no error. */
	supervisor_tell(SUPERVISOR_READY);
	supervisor_tell_alive();
}
END_TEST

START_TEST(sockets_come_with_their_names_once)
{
	hand_over(MAX, "a:b::d");
	ck_assert_int_eq(supervisor_take_sockets(list, MAX, &n, &cause), 0);
	ck_assert_uint_eq(n, MAX);
	for (int i = 0; i < MAX; i++)
		ck_assert_int_eq(list[i].fd, FIRST + i);
	ck_assert_str_eq(list[0].name, "a");
	ck_assert_str_eq(list[1].name, "b");
	ck_assert_str_eq(list[2].name, "");
	ck_assert_str_eq(list[3].name, "d");
	ck_assert_int_eq(supervisor_take_sockets(list, MAX, &n, &cause), 0);
	ck_assert_uint_eq(n, 0);
}
END_TEST

START_TEST(too_many_sockets_are_an_error)
{
	hand_over(MAX + 1, NULL);
	ck_assert_int_eq(supervisor_take_sockets(list, MAX, &n, &cause), -1);
	ck_assert_uint_eq(n, 0);
	ck_assert_str_eq(cause, strerror(E2BIG));
}
END_TEST

START_TEST(a_number_that_is_none_is_an_error)
{
	hand_over(1, NULL);
	ck_assert_int_eq(setenv("LISTEN_FDS", "many", 1), 0);
	ck_assert_int_eq(supervisor_take_sockets(list, MAX, &n, &cause), -1);
	ck_assert_uint_eq(n, 0);
	ck_assert_str_eq(cause, strerror(EINVAL));
}
END_TEST

START_TEST(a_watchdog_says_how_often)
{
	set_number("WATCHDOG_PID", getpid());
	set_number("WATCHDOG_USEC", 2500000);
	ck_assert_uint_eq(supervisor_watchdog_ns(), UINT64_C(2500000000));
	/* As often as it is asked. */
	ck_assert_uint_eq(supervisor_watchdog_ns(), UINT64_C(2500000000));
}
END_TEST

static int notify_fd;

/* What was told last. */
static const char *told(void)
{
	static char text[1024];
	ssize_t len = recv(notify_fd, text, sizeof(text) - 1, MSG_DONTWAIT);

	text[len > 0 ? len : 0] = '\0';
	return text;
}

START_TEST(it_is_told_what_goes_on)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char *folder = folder_new(), before[64], name[512];
	unsigned long long usec;

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/notify",
		       folder);
	notify_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(
		bind(notify_fd, (const void *)&address, sizeof(address)), 0);
	ck_assert_int_eq(setenv("NOTIFY_SOCKET", address.sun_path, 1), 0);

	supervisor_tell(SUPERVISOR_READY);
	ck_assert_str_eq(told(), "READY=1");
	supervisor_tell(SUPERVISOR_STOPPING);
	ck_assert_str_eq(told(), "STOPPING=1");
	supervisor_tell_alive();
	ck_assert_str_eq(told(), "WATCHDOG=1");
	supervisor_tell_status("draining %d connections", 7);
	ck_assert_str_eq(told(), "STATUS=draining 7 connections");

	/* A long one is cut. */
	memset(name, 'a', sizeof(name));
	supervisor_tell_status("%.*s", (int)sizeof(name), name);
	ck_assert_uint_eq(strlen(told()), strlen("STATUS=") + 511);

	supervisor_tell(SUPERVISOR_RELOADING);
	(void)snprintf(before, sizeof(before), "%s", told());
	ck_assert_int_eq(
		sscanf(before, "RELOADING=1\nMONOTONIC_USEC=%llu", &usec), 1);
	ck_assert_uint_le(usec, clock_mono_ns() / 1000);
	ck_assert_uint_gt(usec + 60 * 1000000, clock_mono_ns() / 1000);
	ck_assert_str_eq(told(), "");
	(void)close(notify_fd);
	free(folder);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("supervisor");
	TCase *tcase = harness_case(suite, "supervisor");

	tcase_add_test(tcase, without_a_supervisor_nothing_comes);
	tcase_add_test(tcase, sockets_come_with_their_names_once);
	tcase_add_test(tcase, too_many_sockets_are_an_error);
	tcase_add_test(tcase, a_number_that_is_none_is_an_error);
	tcase_add_test(tcase, a_watchdog_says_how_often);
	tcase_add_test(tcase, it_is_told_what_goes_on);
	return harness_run(suite);
}

#else

START_TEST(without_libsystemd_nothing_is_told)
{
	harness_skip("built without libsystemd");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("supervisor");
	TCase *tcase = harness_case(suite, "supervisor");

	tcase_add_test(tcase, without_libsystemd_nothing_is_told);
	return harness_run(suite);
}

#endif
