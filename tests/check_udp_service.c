/* SPDX-License-Identifier: MIT */
/*
 * The UDP service over real loopback sockets, turn by turn: who is answered and
 * who is not, what is counted, how much a wake-up does, what an error of the
 * socket leads to, and what a drain leaves.
 */
#include "server/udp_service.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event_struct.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "harness.h"
#include "leak.h"
#include "loop/faults.h"
#include "loop/spool.h"
#include "os/datagram.h"
#include "os/socket.h"
#include "scarce.h"
#include "udp_fixture.h"

/* What the next receptions fail with; it stands before the C library's. */
static int receive_error;
static unsigned n_failures;
static unsigned n_received;	     /* calls */
static const struct address *forged; /* the source of all that comes */
static const uint32_t *lost;	     /* what the kernel tells, if it is to */

/* Puts the number of lost datagrams where the kernel does. */
static void tell_lost(struct msghdr *header)
{
	struct cmsghdr *told = header->msg_control;

	header->msg_controllen = CMSG_SPACE(sizeof(*lost));
	*told = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(*lost)),
				 .cmsg_level = SOL_SOCKET,
				 .cmsg_type = SO_RXQ_OVFL};
	memcpy(CMSG_DATA(told), lost, sizeof(*lost));
}

int recvmmsg(int fd, struct mmsghdr *headers, unsigned n, int flags,
	     struct timespec *timeout)
{
	int result;

	n_received++;
	if (n_failures > 0) {
		n_failures--;
		errno = receive_error;
		return -1;
	}
	result = (int)syscall(SYS_recvmmsg, fd, headers, n, flags, timeout);
	for (int i = 0; forged && i < result; i++)
		memcpy(headers[i].msg_hdr.msg_name, &forged->sa, forged->len);
	for (int i = 0; lost && i < result; i++)
		tell_lost(&headers[i].msg_hdr);
	return result;
}

static void set_up(void)
{
	n_failures = n_received = 0;
	forged = NULL;
	lost = NULL;
	udp_set_up();
}

static void tear_down(void)
{
	udp_tear_down();
}

/* The client gets this; NULL: nothing. */
static void expect(const char *text)
{
	char got[128];
	ssize_t n = recv(client, got, sizeof(got), MSG_DONTWAIT);

	if (!text) {
		ck_assert_int_eq(n, -1);
		ck_assert_int_eq(errno, EAGAIN);
		return;
	}
	ck_assert_msg(n == (ssize_t)strlen(text), "%zd bytes, not \"%s\"", n,
		      text);
	ck_assert_mem_eq(got, text, (size_t)n);
}

START_TEST(a_datagram_comes_back_in_capitals)
{
	say("hello, 1");
	say("");
	say("World");
	turn();
	expect("HELLO, 1");
	expect("");
	expect("WORLD");
	expect(NULL);
	ck_assert_uint_eq(loop.counters.udp_datagrams, 3);
	ck_assert_uint_gt(n_received, 0);
}
END_TEST

/* --- who is answered --- */

static const struct {
	const char *host;
	uint16_t port;
	bool is_answered;
	const char *why;
} sources[] = {
	{"127.0.0.1", 1024, true, "the first port of clients"},
	{"127.0.0.1", 1023, false, "the last port of services"},
	{"127.0.0.1", 7, false, "echo"},
	{"127.0.0.1", 0, false, "no port"},
	{"127.0.0.1", 65535, true, "the last port"},
	{"224.0.0.1", 5000, false, "a group"},
	{"255.255.255.255", 5000, false, "everybody"},
	{"0.0.0.0", 5000, false, "nobody"},
};

/* What answers such a source is not seen here; that nothing is refused is. */
START_TEST(only_clients_are_answered)
{
	struct address source;
	const char *cause;
	size_t n;

	ck_assert_int_eq(address_resolve(sources[_i].host, sources[_i].port,
					 AF_INET, SOCK_DGRAM, &source, 1, &n,
					 &cause),
			 0);
	forged = &source;
	say("hello");
	turn();
	ck_assert_uint_eq(loop.counters.udp_datagrams, 1);
	ck_assert_msg(loop.counters.udp_source_refused ==
			      !sources[_i].is_answered,
		      "%s", sources[_i].why);
	ck_assert_uint_eq(loop.counters.udp_loop_refused, 0);
	expect(NULL);
}
END_TEST

/* What may be part of a loop: all that is upper case already. */
START_TEST(what_changes_nothing_is_answered_so_often)
{
	for (int i = 0; i < UDP_LOOP_TOKENS + 4; i++)
		say("HELLO");
	turn();
	turn();
	for (int i = 0; i < UDP_LOOP_TOKENS; i++)
		expect("HELLO");
	expect(NULL);
	ck_assert_uint_eq(loop.counters.udp_loop_refused, 4);
	/* Letters are always answered, and capitals again in a second. */
	say("Hello");
	turn();
	expect("HELLO");
	later_s++;
	turn();
	say("HELLO");
	turn();
	expect("HELLO");
	ck_assert_uint_eq(loop.counters.udp_source_refused, 0);
}
END_TEST

START_TEST(who_is_denied_is_not_answered)
{
	static struct access access;
	char cause[NETWORK_CAUSE_SIZE];

	ck_assert_int_eq(access_add(&access.deny, "udp:127.0.0.1", cause), 0);
	loop.access = &access;
	say("hello");
	turn();
	expect(NULL);
	ck_assert_uint_eq(loop.counters.udp_access_refused, 1);
	ck_assert_uint_eq(loop.counters.udp_datagrams, 1);
	access = (struct access){0};
	say("hello");
	turn();
	expect("HELLO");
}
END_TEST

/* Whatever it sends, and from whichever port. */
START_TEST(an_address_has_so_many_answers_in_a_while)
{
	int other = client_of(&server), first = client;

	loop.udp_rate = bucket_table_new(2, CLOCK_NS_PER_S);
	ck_assert_ptr_nonnull(loop.udp_rate);
	say("a");
	say("b");
	say("c");
	turn();
	expect("A");
	expect("B");
	expect(NULL);
	client = other;
	say("d");
	turn();
	expect(NULL);
	ck_assert_uint_eq(loop.counters.udp_rate_refused, 2);
	bucket_table_free(loop.udp_rate);
	loop.udp_rate = NULL;
	(void)close(other);
	client = first;
}
END_TEST

/* --- a wake-up --- */

/* The callbacks that are due, and no end of the turn. */
static void wake_up(size_t spent)
{
	loop.spent = spent;
	ck_assert_int_eq(
		event_base_loop(loop.base, EVLOOP_ONCE | EVLOOP_NONBLOCK), 0);
}

static const struct {
	bool is_old; /* the turn */
	unsigned n;
} wake_ups[] = {{false, 128}, {true, 16}};

/* Short ones count 4 KiB each; half a megabyte or 64 KiB is the most. */
START_TEST(a_wake_up_answers_so_many)
{
	enum {
		N = 160
	};

	for (int i = 0; i < N; i++)
		say("hello");
	wake_up(wake_ups[_i].is_old ? loop.limits->turn_bytes : 0);
	ck_assert_uint_eq(loop.counters.udp_datagrams, wake_ups[_i].n);
	for (int i = 0; i < 20; i++)
		wake_up(0);
	ck_assert_uint_eq(loop.counters.udp_datagrams, N);
}
END_TEST

/* One that is longer than the budget is one all the same. */
START_TEST(long_datagrams_are_answered_one_by_one)
{
	static char data[60000];

	for (int i = 0; i < 4; i++) {
		ck_assert_int_eq(send(client, data, sizeof(data), 0),
				 sizeof(data));
		if (i == 0)
			wake_up(0); /* tells how long they are */
	}
	for (unsigned i = 2; i <= 4; i++) {
		wake_up(loop.limits->turn_bytes);
		ck_assert_uint_eq(loop.counters.udp_datagrams, i);
		ck_assert_uint_eq(loop.spent - loop.limits->turn_bytes,
				  4096 + 2 * sizeof(data));
	}
}
END_TEST

/* Nobody takes them: the kernel says so when they are sent. */
START_TEST(answers_that_cannot_be_sent_are_counted)
{
	struct address source = server;

	address_set_port(&source, 5000);
	source.sa.in4.sin_addr.s_addr = htonl(0x7f0000ff);
	forged = &source;
	say("hello");
	turn();
	ck_assert_uint_eq(loop.counters.udp_datagrams, 1);
	ck_assert_uint_eq(loop.counters.udp_send_refused, 0);
	/* The network's own, from loopback. */
	source.sa.in4.sin_addr.s_addr = htonl(0xc0000201);
	say("hello");
	turn();
	ck_assert_uint_eq(loop.counters.udp_send_refused, 1);
}
END_TEST

/* --- the connection log --- */

/* Its line of this service's is in the file. */
static void expect_logged(const char *path, const char *line)
{
	char text[1024];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, text, sizeof(text) - 1);

	ck_assert_int_ge(n, 0);
	text[n] = '\0';
	ck_assert_msg(strstr(text, line), "no %s in %s", line, text);
	(void)close(fd);
}

START_TEST(who_sent_what_is_logged)
{
	static struct access access;
	char *folder = folder_new(), *path = folder_path(folder, "log");
	char cause[NETWORK_CAUSE_SIZE];

	loop.connlog = spool_new(&loop, "connection log");
	spool_use(loop.connlog, spool_open_file(path), path, 0);
	ck_assert_int_eq(udp_service_set_log(service, true), 0);
	ck_assert_int_eq(udp_service_set_log(service, true), 0);
	for (int i = 0; i < UDP_LOOP_TOKENS + 1; i++)
		say("HELLO");
	turn();
	ck_assert_int_eq(access_add(&access.deny, "udp:127.0.0.1", cause), 0);
	loop.access = &access;
	say("Hello");
	turn();
	ck_assert_int_eq(udp_service_set_log(service, false), 0);
	say("Hello");
	turn();
	spool_close(loop.connlog);
	expect_logged(path, " udp peer=127.0.0.1 seconds=0 datagrams=18 "
			    "bytes=90 refused_source=0 refused_limit=1 "
			    "refused_loop=1\n");
	loop.connlog = NULL;
	free(path);
	free(folder);
}
END_TEST

/* --- errors --- */

START_TEST(a_signal_is_no_error)
{
	receive_error = EINTR;
	n_failures = 2;
	say("hello");
	turn();
	expect("HELLO");
	ck_assert_uint_eq(loop.counters.udp_pauses, 0);
}
END_TEST

START_TEST(an_empty_queue_is_no_error)
{
	receive_error = EAGAIN;
	n_failures = 1;
	say("hello");
	turn();
	expect(NULL);
	turn();
	expect("HELLO");
	ck_assert_uint_eq(loop.counters.udp_pauses, 0);
}
END_TEST

static int count_events(void)
{
	return event_base_get_num_events(loop.base, EVENT_BASE_COUNT_ADDED);
}

/* It would come again at once, so the socket rests for a while. */
START_TEST(any_other_error_is_a_pause)
{
	int n_events = count_events();

	receive_error = ENOMEM;
	n_failures = 1;
	say("hello");
	turn();
	n_received = 0;
	for (int i = 0; i < 3; i++)
		turn();
	ck_assert_uint_eq(n_received, 0);
	ck_assert_uint_eq(loop.counters.udp_pauses, 1);
	expect(NULL);
	later_s++;
	for (int i = 0; i < 3; i++)
		turn();
	expect("HELLO");
	ck_assert_uint_eq(loop.counters.udp_pauses, 1);
	/* And nothing wakes it up any more. */
	ck_assert_int_eq(count_events(), n_events);
}
END_TEST

START_TEST(other_sockets_go_on_while_one_rests)
{
	struct address second;
	int first_client = client;

	ck_assert_int_eq(udp_service_add(service, bound(&second)), 0);
	receive_error = EIO;
	n_failures = 1;
	say("hello");
	turn();
	ck_assert_uint_eq(loop.counters.udp_pauses, 1);
	client = client_of(&second);
	say("hello");
	turn();
	expect("HELLO");
	(void)close(client);
	client = first_client;
}
END_TEST

/* --- what the kernel has lost --- */

/* It tells how many since the socket was opened, in 32 bits. */
static const struct {
	uint32_t told;
	uint64_t counted;
	const char *why;
} losses[] = {
	{0, 0, "none"},
	{5, 5, "the first ones"},
	{5, 5, "none since"},
	{0x80000007, 0x80000007, "very many"},
	{0xfffffff0, 0xfffffff0, "nearly all that it can tell"},
	{16, 0x100000010, "its number begins again"},
	{17, 0x100000011, "and goes on"},
};

START_TEST(what_the_kernel_loses_is_counted)
{
	for (size_t i = 0; i < ARRAY_LEN(losses); i++) {
		lost = &losses[i].told;
		say("hello");
		turn();
		ck_assert_msg(loop.counters.udp_kernel_lost ==
				      losses[i].counted,
			      "%s", losses[i].why);
	}
	/* A kernel that tells nothing has lost nothing. */
	lost = NULL;
	say("hello");
	turn();
	ck_assert_uint_eq(loop.counters.udp_kernel_lost, 0x100000011);
}
END_TEST

/* --- a drain --- */

START_TEST(a_drain_answers_what_waits_and_closes)
{
	for (int i = 0; i < 100; i++)
		say("hello");
	udp_service_drain(service);
	for (int i = 0; i < 100; i++)
		expect("HELLO");
	expect(NULL);
	/* Nobody is there any more. */
	(void)send(client, "a", 1, 0);
	ck_assert_int_eq(recv(client, &server, 1, MSG_DONTWAIT), -1);
	ck_assert_int_eq(errno, ECONNREFUSED);
}
END_TEST

START_TEST(a_drain_ends_for_an_error_too)
{
	receive_error = ENOMEM;
	n_failures = 10;
	udp_service_drain(service);
	ck_assert_uint_eq(n_received, 1);
}
END_TEST

/* Whoever goes on sending must not hold up the end. */
START_TEST(a_drain_takes_so_many_batches)
{
	receive_error = EINTR;
	n_failures = 100000;
	udp_service_drain(service);
	ck_assert_uint_eq(n_received, 512);
}
END_TEST

START_TEST(a_socket_that_is_removed_answers_what_waits)
{
	struct address second;
	int fd = bound(&second), first = client;

	ck_assert_int_eq(udp_service_add(service, fd), 0);
	client = client_of(&second);
	say("hello");
	udp_service_remove(service, fd + 100);
	ck_assert_int_ge(fcntl(fd, F_GETFD), 0);
	udp_service_remove(service, fd);
	expect("HELLO");
	ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
	(void)close(client);
	client = first;
	say("hello");
	turn();
	expect("HELLO");
}
END_TEST

/* Else its port would stay taken, and swallow what comes there. */
START_TEST(delayed_answers_do_not_keep_a_socket_that_is_removed)
{
	const char *const rules[] = {"udp: delay 5m #1"};
	char cause[FAULT_CAUSE_SIZE];
	struct address second;
	int fd = bound(&second), first = client;

	loop.faults = faults_new(1, rules, 1, cause);
	ck_assert_ptr_nonnull(loop.faults);
	say("late");
	turn();
	client = client_of(&second);
	ck_assert_int_eq(udp_service_add(service, fd), 0);
	say("late, too");
	turn();
	udp_service_remove(service, fd);
	ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
	(void)close(client);
	client = first;
	say("now");
	turn();
	expect("NOW");
	faults_free(loop.faults);
}
END_TEST

/* --- scarcity --- */

static void serve_and_free(void)
{
	struct address at;
	struct udp_service *one = udp_service_new(&loop);

	ck_assert_ptr_nonnull(one);
	ck_assert_int_eq(udp_service_add(one, bound(&at)), 0);
	ck_assert_int_eq(udp_service_set_log(one, true), 0);
	udp_service_free(one);
}

static void make_without_memory(void)
{
	for (unsigned n = 1; n <= 4; n++) {
		struct udp_service *none;

		scarce_memory(n);
		none = udp_service_new(&loop);
		ck_assert(scarce_memory_end());
		ck_assert_ptr_null(none);
	}
}

START_TEST(a_service_leaves_nothing_behind)
{
	leak_check(serve_and_free);
	leak_check(make_without_memory);
	udp_service_free(NULL);
}
END_TEST

START_TEST(a_log_needs_memory)
{
	int result;

	scarce_memory(1);
	result = udp_service_set_log(service, true);
	ck_assert(scarce_memory_end());
	ck_assert_int_eq(result, -1);
	say("hello");
	turn();
	expect("HELLO");
}
END_TEST

START_TEST(a_service_needs_memory)
{
	struct udp_service *one;
	unsigned n = 0;
	bool has_failed;

	do {
		scarce_memory(++n);
		one = udp_service_new(&loop);
		has_failed = scarce_memory_end();
		ck_assert((one == NULL) == has_failed);
		udp_service_free(one);
	} while (has_failed && n < 100);
	ck_assert_uint_eq(n, 5);
}
END_TEST

START_TEST(a_socket_needs_memory)
{
	struct address at;
	int fd = bound(&at), result;
	unsigned n = 0;
	bool has_failed;

	do {
		scarce_memory(++n);
		result = udp_service_add(service, fd);
		has_failed = scarce_memory_end();
		ck_assert((result < 0) == has_failed);
	} while (has_failed && n < 100);
	ck_assert_uint_ge(n, 2);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("udp_service");
	TCase *tcase = harness_case(suite, "udp_service");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_datagram_comes_back_in_capitals);
	tcase_add_loop_test(tcase, only_clients_are_answered, 0,
			    (int)ARRAY_LEN(sources));
	tcase_add_test(tcase, what_changes_nothing_is_answered_so_often);
	tcase_add_test(tcase, a_signal_is_no_error);
	tcase_add_test(tcase, an_empty_queue_is_no_error);
	tcase_add_test(tcase, any_other_error_is_a_pause);
	tcase_add_test(tcase, other_sockets_go_on_while_one_rests);
	tcase_add_test(tcase, what_the_kernel_loses_is_counted);
	tcase_add_test(tcase, a_drain_answers_what_waits_and_closes);
	tcase_add_test(tcase, a_drain_ends_for_an_error_too);
	tcase_add_test(tcase, a_drain_takes_so_many_batches);
	tcase_add_test(tcase, who_is_denied_is_not_answered);
	tcase_add_test(tcase, an_address_has_so_many_answers_in_a_while);
	tcase_add_loop_test(tcase, a_wake_up_answers_so_many, 0,
			    (int)ARRAY_LEN(wake_ups));
	tcase_add_test(tcase, long_datagrams_are_answered_one_by_one);
	tcase_add_test(tcase, answers_that_cannot_be_sent_are_counted);
	tcase_add_test(tcase, who_sent_what_is_logged);
	tcase_add_test(tcase, a_socket_that_is_removed_answers_what_waits);
	tcase_add_test(tcase,
		       delayed_answers_do_not_keep_a_socket_that_is_removed);
	tcase_add_test(tcase, a_service_leaves_nothing_behind);
	tcase_add_test(tcase, a_log_needs_memory);
	tcase_add_test(tcase, a_service_needs_memory);
	tcase_add_test(tcase, a_socket_needs_memory);
	return harness_run(suite);
}
