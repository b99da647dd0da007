/* SPDX-License-Identifier: MIT */
/*
 * uppercase-load against servers that misbehave. They count what they do, and
 * the load test must come to the very same counts; where it can only come
 * near, the bound is said.
 */
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "load_fixture.h"

#define COUNT	"2000"
#define EVERY	10
#define WRONG	4
#define STOPPED 3

/* Long enough that nothing is late that should not be. */
#define PATIENT "--timeout=2s"

/*
 * Where some must not come in time: what a busy host delays is in time all the
 * same, and what must be late comes well after it.
 */
#define SURE	"--timeout=600ms"
#define LATE_MS 1000

static struct peer rogue;
static json_t *result;

static void expect(const char *key, uint64_t n)
{
	ck_assert_msg(load_number(result, key) == (double)n,
		      "%s: %g, but it was %llu", key, load_number(result, key),
		      (unsigned long long)n);
}

/* What is not named is 0. */
static void expect_only(const char *key, uint64_t n)
{
	static const char *const counts[] = {
		"lost",	   "late",   "duplicate", "reordered",
		"corrupt", "failed", "unsent",	  "unfinished"};

	for (size_t i = 0; i < ARRAY_LEN(counts); i++)
		expect(counts[i], strcmp(counts[i], key) == 0 ? n : 0);
}

static void finish(void)
{
	json_decref(result);
	rogue_stop(&rogue);
}

static void start_udp(enum mischief mischief, unsigned ms)
{
	rogue = rogue_start(SOCK_DGRAM, (struct rogue_plan){mischief, EVERY, ms,
							    64, false});
}

static void start_tcp(enum mischief mischief, unsigned ms)
{
	rogue = rogue_start(SOCK_STREAM, (struct rogue_plan){mischief, EVERY,
							     ms, 64, false});
}

/* --- UDP --- */

START_TEST(an_honest_server_is_found_honest)
{
	start_udp(MISCHIEF_NONE, 0);
	result = load_run(0, rogue.port, "-u", "-n", COUNT);
	expect_only("", 0);
	expect("exchanges", 2000);
	ck_assert_uint_eq(rogue_score()->received, 2000);
	finish();
}
END_TEST

/* Each loss keeps one of the clients for a timeout, and nothing else. */
START_TEST(dropped_datagrams_are_lost)
{
	start_udp(MISCHIEF_DROP, 0);
	result = load_run(0, rogue.port, "-u", "-c", "100", "-n", COUNT, SURE);
	expect_only("lost", rogue_score()->tampered);
	expect("lost", 200);
	expect("exchanges", 1800);
	ck_assert(load_number(result, "loss_percent") == 10.0);
	finish();
}
END_TEST

/* In the open loop, loss holds up nothing: as many are sent as were due. */
START_TEST(loss_never_stalls_the_schedule)
{
	start_udp(MISCHIEF_DROP, 0);
	result = load_run(0, rogue.port, "-u", "-c", "2", "-R", "1000", "-n",
			  COUNT, "--timeout=1s");
	expect_only("lost", 200);
	ck_assert(load_number(result, "duration_s") < 3.5);
	finish();
}
END_TEST

START_TEST(second_answers_are_duplicates)
{
	start_udp(MISCHIEF_DUPLICATE, 0);
	result = load_run(0, rogue.port, "-u", "-n", COUNT, PATIENT);
	expect_only("duplicate", rogue_score()->tampered);
	expect("duplicate", 200);
	expect("exchanges", 2000);
	finish();
}
END_TEST

START_TEST(overtaken_answers_are_reordered)
{
	start_udp(MISCHIEF_REORDER, 0);
	result = load_run(0, rogue.port, "-u", "-c", "1", "-R", "2000", "-n",
			  COUNT, PATIENT);
	/* The last one is the 200th, and nothing comes to overtake it. */
	expect_only("reordered", rogue_score()->tampered);
	expect("reordered", 199);
	expect("exchanges", 2000);
	finish();
}
END_TEST

/* The damage wanders over the bytes, the two copies of the number included. */
START_TEST(damaged_answers_are_corrupt_and_not_lost)
{
	start_udp(MISCHIEF_CORRUPT, 0);
	result = load_run(WRONG, rogue.port, "-u", "-n", COUNT, PATIENT);
	expect_only("corrupt", rogue_score()->tampered);
	expect("corrupt", 200);
	finish();
}
END_TEST

START_TEST(damage_is_told_from_loss_with_many_in_flight)
{
	start_udp(MISCHIEF_CORRUPT, 0);
	result = load_run(WRONG, rogue.port, "-u", "-c", "3", "-P", "16", "-n",
			  COUNT, PATIENT);
	expect_only("corrupt", 200);
	finish();
}
END_TEST

START_TEST(answers_that_are_not_uppercased_are_corrupt)
{
	start_udp(MISCHIEF_ECHO, 0);
	result = load_run(WRONG, rogue.port, "-u", "-n", COUNT, PATIENT);
	expect_only("corrupt", 200);
	finish();
}
END_TEST

START_TEST(answers_of_another_length_are_corrupt)
{
	start_udp(MISCHIEF_CUT, 0);
	result = load_run(WRONG, rogue.port, "-u", "-n", COUNT, PATIENT, "-s",
			  "8-1000");
	expect_only("corrupt", 200);
	finish();
}
END_TEST

START_TEST(answers_after_the_timeout_are_late_and_not_lost)
{
	start_udp(MISCHIEF_LATE, LATE_MS);
	result = load_run(0, rogue.port, "-u", "-R", "1000", "-n", COUNT, SURE);
	expect_only("late", rogue_score()->tampered);
	expect("late", 200);
	expect("exchanges", 1800);
	finish();
}
END_TEST

/* Where each client waits for its answer, too. */
START_TEST(late_answers_are_known_when_much_has_passed_since)
{
	start_udp(MISCHIEF_LATE, LATE_MS);
	result = load_run(0, rogue.port, "-u", "-c", "2", "-d", "3s", SURE);
	expect_only("late", rogue_score()->tampered);
	ck_assert_uint_gt(rogue_score()->tampered, 4);
	finish();
}
END_TEST

START_TEST(messages_as_short_as_can_be_are_told_apart)
{
	start_udp(MISCHIEF_DROP, 0);
	result = load_run(0, rogue.port, "-u", "-c", "100", "-n", COUNT, "-s",
			  "1", SURE);
	expect_only("lost", 200);
	finish();
}
END_TEST

START_TEST(empty_datagrams_are_messages)
{
	start_udp(MISCHIEF_NONE, 0);
	result = load_run(0, rogue.port, "-u", "-n", COUNT, "-s", "0");
	expect_only("", 0);
	expect("exchanges", 2000);
	finish();
}
END_TEST

/* A short one has only some digits of its number. */
START_TEST(short_messages_are_not_taken_for_others)
{
	start_udp(MISCHIEF_DROP, 0);
	result = load_run(0, rogue.port, "-u", "-c", "1", "-R", "2000", "-n",
			  COUNT, "-s", "0-64", "--timeout=1s");
	expect("lost", 200);
	expect("corrupt", 0);
	expect("exchanges", 1800);
	ck_assert_uint_eq(json_object_size(json_object_get(result, "errors")),
			  0);
	finish();
}
END_TEST

START_TEST(a_condition_that_too_few_support_is_told)
{
	struct outcome outcome;

	/* The least is below, the greatest above. */
	start_udp(MISCHIEF_LATE, 500);
	outcome = client_run("", "-u", "-n", "20", "--fail-if", "p99>250ms",
			     PATIENT, "127.0.0.1", rogue.port);
	ck_assert_int_eq(outcome.status, 0);
	ck_assert_ptr_nonnull(
		strstr(outcome.err, "p99>250ms: not judged, 20 exchanges"));
	outcome_clear(&outcome);
	rogue_stop(&rogue);
}
END_TEST

/* --- TCP --- */

START_TEST(an_honest_stream_is_found_honest)
{
	start_tcp(MISCHIEF_NONE, 0);
	result = load_run(0, rogue.port, "-n", COUNT, "-P", "8");
	expect_only("", 0);
	expect("exchanges", 2000);
	expect("bytes_sent", 2000 * 64);
	expect("bytes_received", 2000 * 64);
	finish();
}
END_TEST

START_TEST(a_damaged_stream_is_corrupt)
{
	start_tcp(MISCHIEF_CORRUPT, 0);
	result = load_run(WRONG, rogue.port, "-n", COUNT, "-P", "8", PATIENT);
	expect_only("corrupt", rogue_score()->tampered);
	expect("corrupt", 200);
	finish();
}
END_TEST

START_TEST(messages_left_out_of_a_stream_are_lost)
{
	start_tcp(MISCHIEF_DROP, 0);
	result = load_run(0, rogue.port, "-c", "1", "-P", "8", "-n", "199",
			  SURE);
	/* The 199th is answered, so each before it is known to be left out. */
	expect_only("lost", rogue_score()->tampered);
	expect("lost", 19);
	finish();
}
END_TEST

/* The others overtake them. */
START_TEST(answers_in_a_stream_can_be_late)
{
	start_tcp(MISCHIEF_LATE, LATE_MS);
	result = load_run(0, rogue.port, "-c", "1", "-P", "64", "-n", "1999",
			  SURE);
	expect_only("late", rogue_score()->tampered);
	expect("late", 199);
	expect("exchanges", 1800);
	finish();
}
END_TEST

START_TEST(many_can_be_lost_at_once)
{
	rogue = rogue_start(SOCK_STREAM, (struct rogue_plan){MISCHIEF_DROP, 2,
							     0, 64, false});
	result = load_run(0, rogue.port, "-c", "1", "-P", "500", "-n", "999",
			  SURE);
	expect_only("lost", 499);
	finish();
}
END_TEST

START_TEST(messages_twice_in_a_stream_are_duplicates)
{
	start_tcp(MISCHIEF_DUPLICATE, 0);
	result = load_run(0, rogue.port, "-n", "1999", "-c", "1", "-P", "8",
			  PATIENT);
	expect_only("duplicate", rogue_score()->tampered);
	expect("duplicate", 199);
	finish();
}
END_TEST

START_TEST(messages_swapped_in_a_stream_are_reordered)
{
	start_tcp(MISCHIEF_REORDER, 0);
	result = load_run(0, rogue.port, "-c", "1", "-P", "8", "-n", COUNT,
			  PATIENT);
	expect_only("reordered", rogue_score()->tampered);
	expect("reordered", 199);
	finish();
}
END_TEST

START_TEST(connections_closed_in_mid_reply_are_errors)
{
	start_tcp(MISCHIEF_CUT, 0);
	result = load_run(0, rogue.port, "-n", COUNT, PATIENT);
	expect_only("failed", rogue_score()->tampered);
	ck_assert(load_errors(result, "closed") == 200);
	/* Each is made anew. */
	expect("connects", rogue_score()->connections);
	ck_assert_uint_ge(rogue_score()->connections, 200);
	finish();
}
END_TEST

/* A stream that gives no answer is given up and begun anew. */
START_TEST(answers_that_do_not_come_are_timeouts)
{
	rogue = rogue_start(SOCK_STREAM, (struct rogue_plan){MISCHIEF_DROP, 100,
							     0, 64, false});
	result = load_run(0, rogue.port, "-c", "20", "-n", COUNT, SURE);
	expect_only("failed", 20);
	ck_assert(load_errors(result, "timeout") == 20);
	finish();
}
END_TEST

START_TEST(a_connection_for_each_request_is_made)
{
	start_tcp(MISCHIEF_NONE, 0);
	result = load_run(0, rogue.port, "-n", COUNT, "--connect-per-request");
	expect_only("", 0);
	expect("exchanges", 2000);
	expect("connects", 2000);
	ck_assert_uint_eq(rogue_score()->connections, 2000);
	finish();
}
END_TEST

/* --- nobody there --- */

static void expect_refused(const char *way, int type)
{
	char port[8];
	struct outcome outcome = client_run("", way, "-d", "20s", "127.0.0.1",
					    port_without_server(type, port));

	ck_assert_int_eq(outcome.status, 1);
	ck_assert_ptr_nonnull(strstr(outcome.err, "ECONNREFUSED"));
	ck_assert_ptr_nonnull(strstr(outcome.err, "is the server running"));
	outcome_clear(&outcome);
}

/* And does not go on for 20 s. */
START_TEST(a_server_that_refuses_is_named)
{
	expect_refused("-t", SOCK_STREAM);
	expect_refused("-w", SOCK_STREAM);
	expect_refused("-u", SOCK_DGRAM);
}
END_TEST

static void await_received(uint64_t n)
{
	const volatile uint64_t *received = &rogue_score()->received;
	int64_t deadline = harness_deadline();

	while (*received < n) {
		ck_assert_int_gt(harness_left_ms(deadline), 0);
		(void)poll(NULL, 0, 1);
	}
}

/* Takes the address away from loopback, and the route with it. */
static void take_address_away(void)
{
	struct ifreq request = {.ifr_name = "lo"};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	request.ifr_addr.sa_family = AF_INET;
	ck_assert_int_eq(ioctl(fd, SIOCSIFADDR, &request), 0);
	(void)close(fd);
}

/* Each that can't be sent fails by itself, once. */
START_TEST(a_network_that_goes_away_is_named)
{
	char *folder = folder_new(), *path = folder_path(folder, "r.json");
	const char *args[] = {"-qu", "-c", "1",	 "-R",	      "200", "-d",
			      "1s",  "-o", path, "127.0.0.1", NULL,  NULL};
	struct client client;

	if (!harness_own_network()) {
		harness_skip("no network of our own here");
		return;
	}
	start_udp(MISCHIEF_NONE, 0);
	args[ARRAY_LEN(args) - 2] = rogue.port;
	client = client_start(args);
	await_received(50);
	take_address_away();
	client_expect_exit(&client, STOPPED);
	result = json_load_file(path, 0, NULL);
	load_expect_sums(result);
	ck_assert(load_errors(result, "ENETUNREACH") > 50);
	ck_assert(load_number(result, "sent") == 200);
	free(path);
	free(folder);
	finish();
}
END_TEST

/* --- the host's own limits --- */

/* A network with eleven local ports. */
static bool have_few_ports(void)
{
	FILE *file;

	if (!harness_own_network()) {
		harness_skip("no network of our own here");
		return false;
	}
	file = fopen("/proc/sys/net/ipv4/ip_local_port_range", "we");
	if (!file || fputs("40000 40010", file) < 0 || fclose(file) != 0) {
		harness_skip("the range of local ports can't be set here");
		return false;
	}
	return true;
}

START_TEST(running_out_of_local_ports_is_named)
{
	struct outcome outcome;

	if (!have_few_ports())
		return;
	start_tcp(MISCHIEF_NONE, 0);
	outcome = client_run("", "-c", "20", "-d", "300ms", "127.0.0.1",
			     rogue.port);
	ck_assert_int_eq(outcome.status, 0);
	ck_assert_ptr_nonnull(strstr(outcome.err, "EADDRNOTAVAIL"));
	ck_assert_ptr_nonnull(strstr(outcome.err, "out of local ports"));
	outcome_clear(&outcome);
	rogue_stop(&rogue);
}
END_TEST

/* The kernel leaves out one of the eleven, and the one we listen on. */
START_TEST(more_sources_are_more_local_ports)
{
	if (!have_few_ports())
		return;
	start_tcp(MISCHIEF_NONE, 0);
	result = load_run(0, rogue.port, "-c", "24", "-d", "500ms",
			  "--source=127.0.0.2", "--source=127.0.0.3",
			  "--source=127.0.0.4");
	expect_only("", 0);
	expect("connects", 24);
	finish();
}
END_TEST

/* --- HTTP --- */

#define OK_HEAD "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"

static json_t *load_http(int status, const char *const *answers)
{
	rogue = rogue_start_http(answers);
	return load_run(status, rogue.port, "/x", "-w", "-c", "1", "-n", "300",
			PATIENT);
}

static const struct {
	const char *answers[4];
	int status;
	const char *key;
	uint64_t n; /* of 300 */
	const char *error;
	const char *why;
} http_rows[] = {
	{{OK_HEAD "hello"}, 0, "", 0, NULL, "a plain answer"},
	{{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	  "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nA: b\r\n\r\n"},
	 0,
	 "",
	 0,
	 NULL,
	 "chunks, an extension and a trailer"},
	{{"HTTP/1.1 200 OK\r\n\r\nhello\001"},
	 0,
	 "",
	 0,
	 NULL,
	 "content that ends with the connection"},
	{{"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello\001"},
	 0,
	 "",
	 0,
	 NULL,
	 "HTTP/1.0 closes"},
	{{"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\n"
	  "hello\001"},
	 0,
	 "",
	 0,
	 NULL,
	 "a server that says it will close"},
	{{OK_HEAD "hello", OK_HEAD "hello"
				   "HTTP/1.1 408 Request Timeout\r\n\r\n\001"},
	 0,
	 "",
	 0,
	 NULL,
	 "a server that says goodbye to an idle connection"},
	{{"HTTP/1.1 100 Continue\r\n\r\n" OK_HEAD "hello"},
	 0,
	 "",
	 0,
	 NULL,
	 "an interim response"},
	{{"HTTP/1.1 204 No Content\r\n\r\n"}, 0, "", 0, NULL, "no content"},
	{{OK_HEAD "hello", OK_HEAD "HELLO", OK_HEAD "hell\001"},
	 0,
	 "failed",
	 100,
	 "closed",
	 "an end in the midst of content"},
	{{OK_HEAD "hello", OK_HEAD "hello",
	  "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno"},
	 WRONG,
	 "failed",
	 100,
	 "HTTP 404",
	 "a wrong status"},
	{{OK_HEAD "hello", OK_HEAD "hello",
	  "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhell"},
	 WRONG,
	 "corrupt",
	 100,
	 NULL,
	 "a wrong length"},
	{{OK_HEAD "hello", "SSH-2.0-OpenSSH_9.2\r\n"},
	 WRONG,
	 "failed",
	 150,
	 "malformed: not HTTP",
	 "another protocol"},
	{{OK_HEAD "hello", "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello"},
	 WRONG,
	 "failed",
	 150,
	 "malformed: bare LF",
	 "lines without CR"},
	{{OK_HEAD "hello", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nhello\001"},
	 WRONG,
	 "failed",
	 150,
	 "malformed: head without end",
	 "a head without its end, and the end of the connection"},
	{{OK_HEAD "hello", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, "
			   "chunked\r\n\r\n"},
	 WRONG,
	 "failed",
	 150,
	 "malformed: coding",
	 "a coding that nobody offered"},
};

START_TEST(http_answers_are_judged_by_status_and_length)
{
	result = load_http(http_rows[_i].status, http_rows[_i].answers);
	expect_only(http_rows[_i].key, http_rows[_i].n);
	expect("exchanges", 300 - http_rows[_i].n);
	if (http_rows[_i].error)
		ck_assert_msg(load_errors(result, http_rows[_i].error) ==
				      (double)http_rows[_i].n,
			      "%s", http_rows[_i].why);
	finish();
}
END_TEST

/* One that keeps the connection open is not taken for one that is slow. */
START_TEST(a_head_without_end_is_named_at_its_timeout)
{
	static const char *const answers[] = {
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nhello", NULL};

	rogue = rogue_start_http(answers);
	result = load_run(WRONG, rogue.port, "-w", "-c", "1", "-n", "1",
			  "--timeout=100ms");
	ck_assert(load_errors(result, "malformed: head without end") == 1);
	finish();
}
END_TEST

/* It speaks first, and then waits for what it understands. */
static void serve_banner(int listener)
{
	for (;;)
		peer_write(peer_accept(listener), "SSH-2.0-OpenSSH_9.2\r\n");
}

START_TEST(a_server_that_speaks_first_is_named)
{
	rogue = peer_start(SOCK_STREAM, serve_banner);
	result = load_run(WRONG, rogue.port, "-w", "-c", "1", "-n", "10",
			  PATIENT);
	ck_assert(load_errors(result, "malformed: not HTTP") >= 10);
	ck_assert_uint_eq(json_object_size(json_object_get(result, "errors")),
			  1);
	finish();
}
END_TEST

static void add_udp(Suite *suite)
{
	TCase *tcase = harness_case(suite, "udp");

	tcase_add_test(tcase, an_honest_server_is_found_honest);
	tcase_add_test(tcase, dropped_datagrams_are_lost);
	tcase_add_test(tcase, loss_never_stalls_the_schedule);
	tcase_add_test(tcase, second_answers_are_duplicates);
	tcase_add_test(tcase, overtaken_answers_are_reordered);
	tcase_add_test(tcase, damaged_answers_are_corrupt_and_not_lost);
	tcase_add_test(tcase, damage_is_told_from_loss_with_many_in_flight);
	tcase_add_test(tcase, answers_that_are_not_uppercased_are_corrupt);
	tcase_add_test(tcase, answers_of_another_length_are_corrupt);
	tcase_add_test(tcase, answers_after_the_timeout_are_late_and_not_lost);
	tcase_add_test(tcase,
		       late_answers_are_known_when_much_has_passed_since);
	tcase_add_test(tcase, messages_as_short_as_can_be_are_told_apart);
	tcase_add_test(tcase, empty_datagrams_are_messages);
	tcase_add_test(tcase, short_messages_are_not_taken_for_others);
	tcase_add_test(tcase, a_condition_that_too_few_support_is_told);
}

static void add_tcp(Suite *suite)
{
	TCase *tcase = harness_case(suite, "tcp");

	tcase_add_test(tcase, an_honest_stream_is_found_honest);
	tcase_add_test(tcase, a_damaged_stream_is_corrupt);
	tcase_add_test(tcase, messages_left_out_of_a_stream_are_lost);
	tcase_add_test(tcase, answers_in_a_stream_can_be_late);
	tcase_add_test(tcase, many_can_be_lost_at_once);
	tcase_add_test(tcase, messages_twice_in_a_stream_are_duplicates);
	tcase_add_test(tcase, messages_swapped_in_a_stream_are_reordered);
	tcase_add_test(tcase, connections_closed_in_mid_reply_are_errors);
	tcase_add_test(tcase, answers_that_do_not_come_are_timeouts);
	tcase_add_test(tcase, a_connection_for_each_request_is_made);
	tcase_add_test(tcase, a_server_that_refuses_is_named);
}

int main(void)
{
	Suite *suite = suite_create("load and rogues");
	TCase *tcase;

	load_use();
	add_udp(suite);
	add_tcp(suite);
	tcase = harness_case(suite, "limits");
	tcase_add_test(tcase, a_network_that_goes_away_is_named);
	tcase_add_test(tcase, running_out_of_local_ports_is_named);
	tcase_add_test(tcase, more_sources_are_more_local_ports);
	tcase = harness_case(suite, "http");
	tcase_add_loop_test(tcase, http_answers_are_judged_by_status_and_length,
			    0, (int)ARRAY_LEN(http_rows));
	tcase_add_test(tcase, a_head_without_end_is_named_at_its_timeout);
	tcase_add_test(tcase, a_server_that_speaks_first_is_named);
	return harness_run(suite);
}
