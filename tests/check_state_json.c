/* SPDX-License-Identifier: MIT */
/*
 * The state as JSON: valid whatever the names are, with everything in it that
 * was in the snapshot, and bounded.
 */
#include "server/state_json.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "json_reader.h"
#include "loop/loop.h"
#include "snapshot_fixture.h"

static char buf[LOOP_OUT_SIZE + 1];
static size_t len;

static void write_state(const struct snapshot *snapshot)
{
	struct text text = text_in(buf, sizeof(buf) - 1);

	state_json_write(&text, snapshot);
	ck_assert(!text.overflow);
	len = text.len;
	buf[len] = '\0';
	ck_assert_msg(json_is_valid(buf, len), "%s", buf);
}

static void expect_member(const char *name, const char *value)
{
	char got[512];

	(void)json_member(buf, len, name, got, sizeof(got));
	ck_assert_str_eq(got, value);
}

START_TEST(everything_is_told)
{
	write_state(snapshot_make());
	expect_member("state", "serving");
	expect_member("uptime_s", "93784.000000");
	expect_member("loop_lag_s", "0.002500");
	expect_member("resident_bytes", "4096");
	expect_member("udp_datagrams", "7");
	expect_member("method", "HEAD");
	expect_member("status", "404");
	expect_member("tcp", "5");
	expect_member("most", "100");
	expect_member("rtt_s", "0.000250");
	expect_member("age_s", "1.500000");
	expect_member("bytes_received", "789");
	expect_member("min_rate", "4096");
	ck_assert_ptr_nonnull(strstr(buf, "\"max_connections\":null"));
	ck_assert_ptr_nonnull(strstr(buf, "\"127.0.0.1:80\""));
	ck_assert_ptr_nonnull(strstr(buf, "\"2001::/64\",\"connections\":12"));
	ck_assert_ptr_nonnull(strstr(buf, "\"192.0.2.1\",\"connections\":2"));
	ck_assert_ptr_nonnull(strstr(buf, "\"address\":\"unix\""));
	ck_assert_ptr_nonnull(strstr(buf, "second line\"]"));
}
END_TEST

/* Two pieces: the counters between them are tried by their names. */
static const char before_counters[] =
	"{\"program\":\"uppercase-server\",\"version\":\"" PACKAGE_VERSION "\","
	"\"state\":\"serving\",\"uptime_s\":93784.000000,"
	"\"loop_lag_s\":0.002500,\"process\":{\"started_at\":1234.500000,"
	"\"cpu_s\":1.500000,\"resident_bytes\":4096,\"descriptors\":17,"
	"\"descriptors_most\":128},\"last_reload\":{\"at\":1795720294,"
	"\"succeeded\":false,\"cause\":\"a\\\"b\\\\c</script><b>"
	"&\\u0001\357\277\275'\"},\"config\":{\"file\":\"/etc/server.conf\""
	",\"root\":\"a\\\"b\\\\c</script><b>&\\u0001\357\277\275'\","
	"\"tcp_once\":false,\"listing\":true,\"hidden\":false,"
	"\"access_log\":\"-\",\"connection_log\":null,\"fault_log\":null,"
	"\"max_connections\":null,\"max_per_address\":50,\"min_rate\":4096,"
	"\"udp_rate\":16,\"request_rate\":8,"
	"\"tcp_idle_timeout_s\":300.500000,"
	"\"http_idle_timeout_s\":65.000000,\"header_timeout_s\":10.000000,"
	"\"drain_timeout_s\":30.000000},\"sockets\":[{\"service\":\"http\","
	"\"address\":\"127.0.0.1:80\",\"from_supervisor\":true},"
	"{\"service\":\"admin\",\"path\":\"/run/a\\\"b\\\\c</script><b>"
	"&\\u0001\357\277\275'\",\"from_supervisor\":false}],"
	"\"faults\":{\"seed\":7,\"rules\":[\"http path=/a\\\"<b>*: status "
	"503\",\"tcp: close after 10B\"]}";
static const char behind_counters[] =
	",\"http_requests\":[{\"method\":\"HEAD\",\"status\":404,\"n\":1}],"
	"\"sources\":[{\"address\":\"2001::/64\",\"connections\":12},"
	"{\"address\":\"192.0.2.1\",\"connections\":2}],"
	"\"connections\":{\"tcp\":5,\"http\":3,\"admin\":2,\"most\":100,"
	"\"newest\":[{\"service\":\"http\",\"address\":\"192.0.2.1\","
	"\"port\":40000,\"age_s\":1.500000,\"bytes_sent\":123456,"
	"\"bytes_received\":789,\"rtt_s\":0.000250,"
	"\"segments_retransmitted\":3},{\"service\":\"tcp\","
	"\"address\":\"unix\",\"port\":0,\"age_s\":0.000000,"
	"\"bytes_sent\":0}]},\"log\":[\"2026-11-26T19:11:34Z ready: "
	"a\\\"b\\\\c</script><b>&\\u0001\357\277\275'\","
	"\"2026-11-26T19:11:35Z second line\"]}\n";

static void expect_counters(const struct counters *counters)
{
	char value[32];

#define X(name, meaning, metric)                                               \
	(void)snprintf(value, sizeof(value), "%" PRIu64, counters->name);      \
	expect_member(#name, value);
	COUNTERS(X)
#undef X
}

START_TEST(every_member_is_there_and_nothing_else)
{
	const struct snapshot *snapshot = snapshot_make();
	const char *counters, *end;

	write_state(snapshot);
	counters = strstr(buf, ",\"counters\":{");
	ck_assert_ptr_nonnull(counters);
	end = strchr(counters, '}');
	ck_assert_uint_eq((size_t)(counters - buf), strlen(before_counters));
	ck_assert_mem_eq(buf, before_counters, strlen(before_counters));
	ck_assert_str_eq(end + 1, behind_counters);
	expect_counters(snapshot->counters);
}
END_TEST

/* A last line need not have an end. */
START_TEST(a_reload_and_a_log_are_told_as_they_went)
{
	struct snapshot *snapshot = snapshot_make();
	struct reload_note reload = {.at_s = 5, .is_good = true, .cause = "x"};

	snapshot->reload = &reload;
	snapshot->log = slice_of("a\n\nb");
	write_state(snapshot);
	expect_member("last_reload",
		      "{\"at\":5,\"succeeded\":true,\"cause\":null}");
	expect_member("log", "[\"a\",\"\",\"b\"]");
}
END_TEST

/* What was escaped is what it was again, but for what JSON cannot say. */
START_TEST(names_come_through_whole)
{
	write_state(snapshot_make());
	expect_member("root", "a\"b\\c</script><b>&\x01\xef\xbf\xbd'");
	expect_member("cause", "a\"b\\c</script><b>&\x01\xef\xbf\xbd'");
	expect_member("succeeded", "false");
}
END_TEST

START_TEST(what_is_not_known_is_null_or_empty)
{
	struct snapshot *snapshot = snapshot_make_bare();

	snapshot->is_draining = true;
	write_state(snapshot);
	expect_member("last_reload", "null");
	expect_member("state", "draining");
	expect_member("sockets", "[]");
	expect_member("newest", "[]");
	expect_member("log", "[]");
}
END_TEST

/* As many of everything as there can be, as long as they get. */
START_TEST(the_longest_state_fits_an_answer)
{
	static struct peer peers[PEERS_MAX];
	static struct sockets sockets;
	static char log[8192], name[4096];
	struct snapshot *snapshot = snapshot_make();
	struct config config = *snapshot->config;

	for (size_t i = 0; i < PEERS_MAX; i++) {
		peers[i] = snapshot->peers[0];
		peers[i].address = address_any(AF_INET6, 65535);
		memset(&peers[i].address.sa.in6.sin6_addr, 0xab, 16);
		peers[i].n_sent = peers[i].n_received = UINT64_MAX;
	}
	snapshot->peers = peers;
	snapshot->n_peers = PEERS_MAX;
	for (sockets.n = 0; sockets.n < SOCKETS_MAX / 2; sockets.n++)
		sockets.list[sockets.n] = snapshot->sockets->list[1];
	snapshot->sockets = &sockets;
	memset(log, '\xff', sizeof(log));
	snapshot->log = (struct slice){log, sizeof(log)};
	memset(name, '\xff', sizeof(name) - 1);
	config.root = config.access_log = name;
	snapshot->config = &config;
	write_state(snapshot);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("state_json");
	TCase *tcase = harness_case(suite, "state_json");

	tcase_add_test(tcase, everything_is_told);
	tcase_add_test(tcase, every_member_is_there_and_nothing_else);
	tcase_add_test(tcase, a_reload_and_a_log_are_told_as_they_went);
	tcase_add_test(tcase, names_come_through_whole);
	tcase_add_test(tcase, what_is_not_known_is_null_or_empty);
	tcase_add_test(tcase, the_longest_state_fits_an_answer);
	return harness_run(suite);
}
