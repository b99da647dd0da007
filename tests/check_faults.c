/* SPDX-License-Identifier: MIT */
/*
 * Rules in force: whom they name, which number a message has, what happens to
 * it, and what is counted and logged of that.
 */
#include "loop/faults.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "loop/spool.h"

static struct loop loop;
static struct faults_verdict verdict;
static char *folder, *path;

static void set_up(void)
{
	ck_assert_int_eq(loop_init(&loop), 0);
	folder = folder_new();
	path = folder_path(folder, "log");
}

static void tear_down(void)
{
	faults_free(loop.faults);
	if (loop.faultlog)
		spool_close(loop.faultlog);
	loop_clear(&loop);
	free(path);
	free(folder);
}

/* These rules take the place of those before, and inherit from them. */
static void use(const char *one, const char *two)
{
	const char *const texts[] = {one, two};
	char cause[FAULT_CAUSE_SIZE];
	struct faults *faults = faults_new(1, texts, two ? 2 : 1, cause);

	ck_assert_msg(faults != NULL, "%s", cause);
	faults_inherit(faults, loop.faults);
	faults_free(loop.faults);
	loop.faults = faults;
}

static struct address host(const char *text, uint16_t port)
{
	uint8_t bytes[16];
	int family = strchr(text, ':') ? AF_INET6 : AF_INET;

	ck_assert_int_eq(inet_pton(family, text, bytes), 1);
	return address_from_bytes(family, bytes, port);
}

static bool judge(enum fault_service service, const char *client, uint16_t port)
{
	const struct address address = host(client, port);

	return faults_judge(&loop, service, &address, slice_of("/"), &verdict);
}

START_TEST(a_message_has_its_number_among_its_clients_own)
{
	use("udp: drop #2", "tcp: delay 1s #2");
	/* Over UDP a client is an address and port, ... */
	ck_assert(!judge(FAULT_UDP, "192.0.2.1", 5000));
	ck_assert(!judge(FAULT_UDP, "192.0.2.1", 5001));
	ck_assert(!judge(FAULT_UDP, "192.0.2.2", 5000));
	ck_assert(judge(FAULT_UDP, "192.0.2.1", 5000));
	ck_assert_uint_eq(verdict.draw.index, 2);
	ck_assert(faults_has(&verdict, FAULT_DROP));
	ck_assert(!faults_has(&verdict, FAULT_DELAY));
	ck_assert(!judge(FAULT_UDP, "192.0.2.1", 5000));
	/* ... over TCP an address. */
	ck_assert(!judge(FAULT_TCP, "192.0.2.1", 5000));
	ck_assert(judge(FAULT_TCP, "192.0.2.1", 5001));
	ck_assert_uint_eq(verdict.draw.index, 2);
	ck_assert_uint_eq(verdict.by[FAULT_DELAY].rule, 2);
	ck_assert_uint_eq(address_port(&verdict.client), 5001);
	/* No rule is for HTTP. */
	ck_assert(!judge(FAULT_HTTP, "192.0.2.1", 5001));
}
END_TEST

START_TEST(the_clients_address_is_what_the_generator_has)
{
	use("udp: drop", NULL);
	ck_assert(judge(FAULT_UDP, "127.0.0.1", 5000));
	ck_assert_uint_eq(verdict.draw.client.high, 0);
	ck_assert_uint_eq(verdict.draw.client.low, 2130706433);
	ck_assert(judge(FAULT_UDP, "2001:db8::7", 5000));
	ck_assert_uint_eq(verdict.draw.client.high, 0x20010db800000000);
	ck_assert_uint_eq(verdict.draw.client.low, 7);
	ck_assert_uint_eq(verdict.draw.seed, 1);
	ck_assert_uint_eq(faults_seed(loop.faults), 1);
}
END_TEST

START_TEST(whom_no_rule_names_is_not_counted)
{
	use("udp from=192.0.2.0/24: drop #2", NULL);
	ck_assert(!judge(FAULT_UDP, "198.51.100.1", 5000));
	ck_assert(!judge(FAULT_UDP, "2001:db8::7", 5000));
	ck_assert(!judge(FAULT_UDP, "192.0.2.1", 5000));
	ck_assert(judge(FAULT_UDP, "192.0.2.1", 5000));
	/* Who is named from now on begins with 1. */
	use("udp from=192.0.2.0/24: drop #2", "udp from=198.51.100.1: drop #1");
	ck_assert(judge(FAULT_UDP, "198.51.100.1", 5000));
	/* And who was named before goes on. */
	ck_assert(!judge(FAULT_UDP, "192.0.2.1", 5000));
}
END_TEST

START_TEST(rules_and_faults_are_counted_from_1)
{
	struct fault_draw draw;

	use("wifi from=192.0.2.1", "udp: reorder #2, delay 1s #1");
	ck_assert_str_eq(faults_rule(loop.faults, 1),
			 "tcp from=192.0.2.1: delay 3ms~2ms/pareto");
	ck_assert_str_eq(faults_rule(loop.faults, 3),
			 "udp: reorder #2, delay 1s #1");
	ck_assert_ptr_null(faults_rule(loop.faults, 4));
	ck_assert_ptr_null(faults_rule(NULL, 0));
	ck_assert(judge(FAULT_UDP, "192.0.2.7", 5000));
	draw = faults_draw(&verdict, FAULT_DELAY);
	ck_assert_uint_eq(draw.rule, 4);
	ck_assert_uint_eq(draw.fault, 2);
	ck_assert_uint_eq(draw.index, 1);
}
END_TEST

/* Of two that hit with the same kind the first counts. */
START_TEST(a_kind_happens_once)
{
	use("udp: delay 1s", "udp: delay 2s, drop #2");
	ck_assert(judge(FAULT_UDP, "192.0.2.1", 5000));
	ck_assert_uint_eq(verdict.by[FAULT_DELAY].rule, 1);
	ck_assert(judge(FAULT_UDP, "192.0.2.1", 5000));
	ck_assert(faults_has(&verdict, FAULT_DROP));
	ck_assert_uint_eq(verdict.by[FAULT_DROP].rule, 2);
}
END_TEST

/* By the client's own clock, which begins with its first message. */
START_TEST(a_window_begins_with_the_first_message)
{
	use("udp for=1us: drop", "udp for=1us-1d: duplicate");
	ck_assert(judge(FAULT_UDP, "192.0.2.1", 5000));
	ck_assert_uint_eq(verdict.kinds, 1u << FAULT_DROP);
	verdict.entry->first_ns -= 1000;
	ck_assert(judge(FAULT_UDP, "192.0.2.1", 5000));
	ck_assert_uint_eq(verdict.kinds, 1u << FAULT_DUPLICATE);
}
END_TEST

START_TEST(wrong_texts_are_refused_with_their_cause)
{
	static const struct {
		const char *text;
		const char *cause;
	} rows[] = {
		{"udp: dorp", "column 6: dorp: udp knows"},
		{"udp from=10.0.0.1/8: drop", "column 10: not the address of"},
		{"pinger from=x", "column 10: "},
	};
	char cause[FAULT_CAUSE_SIZE];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		ck_assert_int_eq(faults_check(rows[i].text, cause), -1);
		ck_assert_msg(strncmp(cause, rows[i].cause,
				      strlen(rows[i].cause)) == 0,
			      "%s", cause);
		ck_assert_ptr_null(faults_new(0, &rows[i].text, 1, cause));
	}
	ck_assert_int_eq(faults_check("hostile-http path=/x*", cause), 0);
}
END_TEST

START_TEST(there_are_so_many_rules_and_no_more)
{
	const char *texts[FAULTS_RULES_MAX + 1];
	char cause[FAULT_CAUSE_SIZE];
	struct faults *faults;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		texts[i] = "udp: drop";
	faults = faults_new(0, texts, FAULTS_RULES_MAX, cause);
	ck_assert_ptr_nonnull(faults);
	faults_free(faults);
	ck_assert_ptr_null(faults_new(0, texts, FAULTS_RULES_MAX + 1, cause));
	ck_assert_str_eq(cause, "more than 32 rules");
}
END_TEST

/* --- the truth --- */

/* What is behind "index" in the last line of the log. */
static const char *last_line(void)
{
	static char text[4096];
	FILE *file = fopen(path, "re");
	const char *line = NULL;

	spool_flush(loop.faultlog);
	ck_assert_ptr_nonnull(file);
	while (fgets(text, sizeof(text), file))
		line = strstr(text, "\"service\"");
	(void)fclose(file);
	ck_assert_ptr_nonnull(line);
	return line;
}

START_TEST(what_happens_is_counted_and_logged)
{
	loop.faultlog = spool_new(&loop, "fault log");
	ck_assert_ptr_nonnull(loop.faultlog);
	use("udp: delay 1s, corrupt", "http: length -3, status 404");
	ck_assert(judge(FAULT_UDP, "192.0.2.1", 5000));
	/* Without a log it is counted all the same. */
	faults_note(&loop, &verdict, FAULT_DELAY, 5, false);
	ck_assert_uint_eq(loop.counters.fault_delay, 1);
	spool_use(loop.faultlog, spool_open_file(path), path, 0);
	faults_note(&loop, &verdict, FAULT_DELAY, 1000000, false);
	ck_assert_str_eq(last_line(),
			 "\"service\":\"udp\",\"client\":\"192.0.2.1\","
			 "\"port\":5000,\"index\":1,\"rule\":1,"
			 "\"fault\":\"delay\",\"value\":1000000}\n");
	faults_note(&loop, &verdict, FAULT_CORRUPT, 0, true);
	ck_assert_str_eq(last_line(),
			 "\"service\":\"udp\",\"client\":\"192.0.2.1\","
			 "\"port\":5000,\"index\":1,\"rule\":1,"
			 "\"fault\":\"corrupt\",\"skipped\":true}\n");
	ck_assert_uint_eq(loop.counters.fault_delay, 2);
	ck_assert_uint_eq(loop.counters.fault_corrupt, 0);
	ck_assert_uint_eq(loop.counters.fault_skipped, 1);
	ck_assert(judge(FAULT_HTTP, "2001:db8::7", 40000));
	faults_note(&loop, &verdict, FAULT_LENGTH, (uint64_t)-3, false);
	ck_assert_str_eq(last_line(),
			 "\"service\":\"http\",\"client\":\"2001:db8::7\","
			 "\"port\":40000,\"index\":1,\"rule\":2,"
			 "\"fault\":\"length\",\"value\":-3}\n");
}
END_TEST

START_TEST(every_kind_has_its_counter)
{
	struct faults_event event = {.client = host("192.0.2.1", 1)};
	const struct counters none = {0};
	struct counters expected = {0};

#define X(KIND, name, text, services, takes)                                   \
	event.kind = FAULT_##KIND;                                             \
	faults_note_event(&loop, &event, 0, false);                            \
	expected = none;                                                       \
	expected.fault_##name = 1;                                             \
	ck_assert_mem_eq(&loop.counters, &expected, sizeof(expected));         \
	ck_assert_str_eq(fault_kind_name(FAULT_##KIND), text);                 \
	loop.counters = none;
	FAULTS(X)
#undef X
}
END_TEST

START_TEST(a_udp_clients_entry_is_found)
{
	const struct address known = host("192.0.2.1", 5000);
	const struct address other = host("192.0.2.1", 5001);

	ck_assert_ptr_null(faults_find(&loop, &known));
	use("tcp: delay 1s", NULL);
	ck_assert_ptr_null(faults_find(&loop, &known));
	use("udp: drop #9", NULL);
	ck_assert(!judge(FAULT_UDP, "192.0.2.1", 5000));
	ck_assert_ptr_nonnull(faults_find(&loop, &known));
	ck_assert_ptr_null(faults_find(&loop, &other));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("faults");
	TCase *tcase = harness_case(suite, "faults");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_message_has_its_number_among_its_clients_own);
	tcase_add_test(tcase, the_clients_address_is_what_the_generator_has);
	tcase_add_test(tcase, whom_no_rule_names_is_not_counted);
	tcase_add_test(tcase, rules_and_faults_are_counted_from_1);
	tcase_add_test(tcase, a_kind_happens_once);
	tcase_add_test(tcase, a_window_begins_with_the_first_message);
	tcase_add_test(tcase, wrong_texts_are_refused_with_their_cause);
	tcase_add_test(tcase, there_are_so_many_rules_and_no_more);
	tcase_add_test(tcase, what_happens_is_counted_and_logged);
	tcase_add_test(tcase, every_kind_has_its_counter);
	tcase_add_test(tcase, a_udp_clients_entry_is_found);
	return harness_run(suite);
}
