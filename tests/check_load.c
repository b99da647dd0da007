/* SPDX-License-Identifier: MIT */
/*
 * uppercase-load from its command line to its files and its exit status,
 * against the real server. For servers that misbehave see check_load_rogue.c,
 * for ramps and searches check_load_search.c.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/ipv6.h>
#include <math.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "e2e_server.h"
#include "e2e_sock.h"
#include "load_fixture.h"

#define HOST "127.0.0.1"

static struct server *server;
static char tcp_port[8], udp_port[8], http_port[8];
static json_t *result;

static void start_server(void)
{
	char *root = folder_new();

	folder_write_text(root, "index.html", "<p>hello</p>\n");
	server = server_start_all(root);
	(void)port_text(server_endpoint(server, SERVICE_TCP)->port, tcp_port);
	(void)port_text(server_endpoint(server, SERVICE_UDP)->port, udp_port);
	(void)port_text(server_endpoint(server, SERVICE_HTTP)->port, http_port);
	free(root);
}

static void stop_server(void)
{
	server_stop(server);
}

static void expect(const char *key, double n)
{
	ck_assert_msg(fabs(load_number(result, key) - n) < 0.5,
		      "%s: %g, expected %g", key, load_number(result, key), n);
}

/* --- the command line --- */

static const struct {
	const char *args[8];
	const char *err; /* the one line says at least this */
} wrong_usage[] = {
	{{NULL}, "HOST and PORT are missing"},
	{{HOST}, "PORT is missing"},
	{{"::1:80"}, "PORT is missing (behind an IPv6 address as in "},
	{{"[::1", "80"}, "HOST '[::1'"},
	{{"localhost:"}, "port ''"},
	{{HOST ":80", "/x"}, "a PATH is for --http only"},
	{{HOST, "0"}, "port '0'"},
	{{HOST, "70000"}, "port '70000'"},
	{{"", "80"}, "HOST is empty"},
	{{HOST, "80", "/x"}, "a PATH is for --http only"},
	{{"-w", HOST, "80", "/x", "y"}, "too many operands"},
	{{"-w", HOST, "80", "x"}, "path 'x'"},
	{{"-w", HOST, "80", "/a b"}, "path '/a b'"},
	{{"-w", HOST, "80", "/a\r\nX: y"}, "path"},
	{{"-x", HOST, "80"}, "-x: unknown"},
	{{"--quiet", "-xv", HOST, "80"}, "-x: unknown"},
	{{"--nothing", HOST, "80"}, "--nothing: unknown"},
	{{"--quiet=1", HOST, "80"}, "--quiet=1: takes no value"},
	{{HOST, "80", "-c"}, "-c: needs a value"},
	{{"-c", "0", HOST, "80"}, "--clients='0'"},
	{{"-c", "1.5", HOST, "80"}, "--clients='1.5'"},
	{{"-d", "0", HOST, "80"}, "--duration='0'"},
	{{"-d", "10x", HOST, "80"}, "--duration='10x'"},
	{{"-d", "-1s", HOST, "80"}, "--duration='-1s'"},
	{{"-d", "25h", HOST, "80"}, "--duration='25h'"},
	{{"-n", "0", HOST, "80"}, "--count='0'"},
	{{"-R", "fast", HOST, "80"}, "--rate='fast'"},
	{{"-R", "0", HOST, "80"}, "--rate='0'"},
	{{"-R", "1e3", HOST, "80"}, "--rate='1e3'"},
	{{"-s", "x", HOST, "80"}, "--size='x'"},
	{{"-s", "10-5", HOST, "80"}, "--size='10-5'"},
	{{"-s", "1-2-3", HOST, "80"}, "--size='1-2-3'"},
	{{"-s", "0", HOST, "80"}, "size 0"},
	{{"-s", "17M", HOST, "80"}, "--size='17M'"},
	{{"-u", "-s", "65508", HOST, "80"}, "size 65508"},
	{{"-P", "0", HOST, "80"}, "--pipeline='0'"},
	{{"-j", "0", HOST, "80"}, "--jobs='0'"},
	{{"-j", "11", HOST, "80"}, "--jobs: more than --clients"},
	{{"--timeout=0", HOST, "80"}, "--timeout='0'"},
	{{"--seed=x", HOST, "80"}, "--seed='x'"},
	{{"-o", "result.txt", HOST, "80"}, "--output='result.txt'"},
	{{"-o", ".json", HOST, "80"}, "--output='.json'"},
	{{"--ramp=1:2", HOST, "80"}, "--ramp='1:2'"},
	{{"--ramp=1:2:3:4", HOST, "80"}, "--ramp='1:2:3:4'"},
	{{"--ramp=a:2:3", HOST, "80"}, "FROM 'a'"},
	{{"--ramp=clients:0:2:3", HOST, "80"},
	 "FROM '0': not a number from 0.001"},
	{{"--ramp=1:2:0", HOST, "80"}, "STEPS '0'"},
	{{"--ramp=1:2:2", "-R", "5", HOST, "80"}, "--rate: --ramp sets it"},
	{{"--ramp=1:2:2", "-n", "5", HOST, "80"}, "--count: not with"},
	{{"--ramp=1:2:2", "--find-max=p99<1ms", HOST, "80"},
	 "one or the other"},
	{{"--fail-if=p98>1ms", HOST, "80"},
	 "--fail-if='p98>1ms': 'p98>1ms': "
	 "no such"},
	{{"--fail-if=p99", HOST, "80"}, "--fail-if='p99': 'p99': an operator"},
	{{"--fail-if=p99>fast", HOST, "80"}, "not a time"},
	{{"--fail-if=loss>1ms", HOST, "80"}, "not a percentage"},
	{{"--fail-if=loss>0.1", HOST, "80"}, "a percentage needs its sign"},
	{{"--find-max=p99<5", HOST, "80"}, "'p99<5': a time needs its unit"},
	{{"--fail-if=p99>1ms,", HOST, "80"}, "--fail-if='p99>1ms,': ''"},
	{{"--find-max=loss", HOST, "80"}, "--find-max='loss'"},
	{{"-u", "--connect-per-request", HOST, "80"}, "UDP has no connections"},
	{{"-P", "2", "--connect-per-request", HOST, "80"}, "--pipeline: not"},
	{{"-H", "X: y", HOST, "80"}, "--header: for --http only"},
	{{"-wH", "X", HOST, "80"}, "--header='X': not \"Name: value\""},
	{{"-wH", ": y", HOST, "80"}, "not \"Name: value\""},
	{{"-wH", "X y: z", HOST, "80"}, "not \"Name: value\""},
	{{"-wH", "X : z", HOST, "80"}, "not \"Name: value\""},
	{{"-wH", "X: y\r\nZ: z", HOST, "80"}, "a control byte"},
	{{"-wH", "X: y\nZ: z", HOST, "80"}, "a control byte"},
	{{"-wH", "content-length: 5", HOST, "80"}, "a GET has no content"},
	{{"-wH", "Transfer-Encoding: chunked", HOST, "80"}, "no content"},
	{{"http://" HOST ":80/", "/x"}, "'/x': a URL stands alone"},
	{{"-u", "http://" HOST "/"}, "a URL is for --http"},
	{{"https://" HOST "/"}, "only http:// is spoken here"},
	{{"http://"}, "HOST"},
	{{"http://:80/"}, "HOST is empty"},
	{{"http://me:pw@" HOST "/"}, "a user is not for a URL"},
	{{"http://" HOST ":99999/"}, "port '99999'"},
	{{"http://" HOST "/a b"}, "path '/a b'"},
	{{"-o", "-.txt", HOST, "80"}, "--output='-.txt'"},
	{{"-o", "-", "-o", "-.csv", HOST, "80"}, "takes one result"},
	{{"--compare", "a.json"}, "compare: takes two files"},
};

START_TEST(wrong_usage_ends_with_2_and_one_line)
{
	struct outcome outcome = client_run_args("", wrong_usage[_i].args);
	char *newline;

	ck_assert_int_eq(outcome.status, 2);
	ck_assert_str_eq(outcome.out, "");
	ck_assert_msg(strstr(outcome.err, wrong_usage[_i].err), "%s, not %s",
		      outcome.err, wrong_usage[_i].err);
	ck_assert_int_eq(strncmp(outcome.err, "uppercase-load: ", 16), 0);
	newline = strchr(outcome.err, '\n');
	ck_assert_ptr_nonnull(newline);
	ck_assert_str_eq(newline, "\n");
	outcome_clear(&outcome);
}
END_TEST

START_TEST(help_names_every_option)
{
	static const char *const names[] = {
		"-t, --tcp",	  "-u, --udp",
		"-w, --http",	  "-c, --clients",
		"-d, --duration", "-n, --count",
		"-R, --rate",	  "-s, --size",
		"-P, --pipeline", "--connect-per-request",
		"--warmup",	  "--timeout",
		"--seed",	  "-4, --ipv4",
		"--source",	  "--ramp",
		"--find-max",	  "--fail-if",
		"--compare",	  "-j, --jobs",
		"-o, --output",	  "-q, --quiet",
		"-v, --verbose",  "-h, --help",
		"-V, --version",
	};
	struct outcome outcome = client_run("", "--help");

	ck_assert_int_eq(outcome.status, 0);
	ck_assert_str_eq(outcome.err, "");
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		ck_assert_msg(strstr(outcome.out, names[i]), "%s", names[i]);
	outcome_clear(&outcome);
}
END_TEST

START_TEST(version_is_the_program_and_its_version)
{
	struct outcome outcome = client_run("", "-V");

	ck_assert_int_eq(outcome.status, 0);
	ck_assert_int_eq(strncmp(outcome.out, "uppercase-load ", 15), 0);
	outcome_clear(&outcome);
}
END_TEST

START_TEST(what_cannot_run_ends_with_1)
{
	static const struct {
		const char *args[6];
		const char *err;
	} rows[] = {
		{{"host.invalid", "80"}, "lookup of \"host.invalid\""},
		{{"--source=x.invalid", HOST, "80"}, "source address"},
		{{"-o", "/nowhere/x.json", HOST, "80"}, "/nowhere/x.json"},
		{{"-c", "1000000", HOST, "80"}, "descriptors"},
		{{"--compare", "/nowhere/a.json", "/nowhere/b.json"},
		 "/nowhere/a.json"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct outcome outcome = client_run_args("", rows[i].args);

		ck_assert_msg(outcome.status == 1, "%s: %d", rows[i].err,
			      outcome.status);
		ck_assert_msg(strstr(outcome.err, rows[i].err), "%s",
			      outcome.err);
		outcome_clear(&outcome);
	}
}
END_TEST

/* --- runs --- */

static void expect_clean(double exchanges)
{
	static const char *const counts[] = {
		"lost",	   "late",   "duplicate",  "reordered",
		"corrupt", "failed", "unfinished", "unsent"};

	for (size_t i = 0; i < ARRAY_LEN(counts); i++)
		expect(counts[i], 0);
	ck_assert_uint_eq(json_object_size(json_object_get(result, "errors")),
			  0);
	if (exchanges > 0)
		expect("exchanges", exchanges);
}

static const struct {
	const char *way;
	const char *port;
	const char *extra[4];
	double clients;
	const char *count;
} good_runs[] = {
	{"-t", tcp_port, {NULL}, 10, "1003"},
	{"-u", udp_port, {NULL}, 10, "1003"},
	{"-w", http_port, {NULL}, 10, "1003"},
	{"-t", tcp_port, {"-P", "16", "-s", "1-5000"}, 10, "1003"},
	{"-u", udp_port, {"-P", "16", "-s", "0-1400"}, 10, "1003"},
	{"-w", http_port, {"-P", "16"}, 10, "1003"},
	{"-t", tcp_port, {"-s", "1"}, 10, "1003"},
	{"-t", tcp_port, {"-s", "7", "-P", "100"}, 10, "1003"},
	{"-u", udp_port, {"-s", "60000"}, 10, "1003"},
	{"-t", tcp_port, {"-s", "1M", "-c", "2"}, 2, "51"},
	{"-t", tcp_port, {"-R", "20000"}, 10, "1003"},
	{"-u", udp_port, {"-R", "20000"}, 10, "1003"},
	{"-w", http_port, {"-R", "5000"}, 10, "1003"},
	{"-t", tcp_port, {"-R", "3000", "--connect-per-request"}, 10, "1003"},
	{"-w", http_port, {"--connect-per-request"}, 10, "1003"},
	{"-t", tcp_port, {"-j", "3"}, 10, "1003"},
	{"-u", udp_port, {"-j", "2", "-R", "4000"}, 10, "1003"},
	{"-t", tcp_port, {"-c", "1"}, 1, "1003"},
	{"-w", http_port, {"-c", "500"}, 500, "1003"},
	{"-u", udp_port, {"-c", "500"}, 500, "1003"},
	{"-t",
	 tcp_port,
	 {"-4", "--source=127.0.0.2", "--source=127.0.0.3"},
	 10,
	 "1003"},
	{"-t", tcp_port, {"--warmup=100ms", "--seed=7"}, 10, "1003"},
};

/* As many as were asked for, whatever the way, and none wrong. */
START_TEST(a_good_server_has_a_clean_result)
{
	const char *const *extra = good_runs[_i].extra;
	const char *count = good_runs[_i].count;
	const char *const args[] = {good_runs[_i].way,
				    good_runs[_i].port,
				    "-n",
				    count,
				    "--timeout=5s",
				    extra[0],
				    extra[1],
				    extra[2],
				    extra[3],
				    NULL};

	result = load_run_args(0, args);
	expect_clean(atof(count));
	expect("clients", good_runs[_i].clients);
	expect("sent", atof(count));
	json_decref(result);
}
END_TEST

START_TEST(host_and_port_may_be_one_word)
{
	char typed[32];

	(void)snprintf(typed, sizeof(typed), HOST ":%s", http_port);
	outcome_expect(client_run("", "-q", "-w", "-n", "10", typed, "/"), 0,
		       "", "");
	outcome_expect(client_run("", "-q", "-w", "-n", "10", typed), 0, "",
		       "");
}
END_TEST

START_TEST(a_duration_is_kept)
{
	result = load_run(0, tcp_port, "-d", "300ms");
	expect_clean(0);
	ck_assert(load_number(result, "duration_s") >= 0.3);
	ck_assert(load_number(result, "duration_s") < 0.5);
	ck_assert(load_number(result, "exchanges") > 100);
	ck_assert_str_eq(json_string_value(json_object_get(result, "mode")),
			 "closed");
	ck_assert(json_is_null(json_object_get(result, "target_rate")));
	json_decref(result);
}
END_TEST

START_TEST(a_rate_is_kept)
{
	result = load_run(0, udp_port, "-u", "-R", "2000", "-d", "1s");
	expect_clean(2000);
	expect("target_rate", 2000);
	ck_assert(fabs(load_number(result, "rate") - 2000) < 60);
	ck_assert_str_eq(json_string_value(json_object_get(result, "mode")),
			 "open");
	ck_assert(load_number(result, "generator.lateness_us.p99") > 0);
	json_decref(result);
}
END_TEST

static const struct {
	const char *args[4];
	double rate;
	const char *why;
} few[] = {
	{{"-n", "2", "-R", "1"}, 1, "one at 0 s, one at 1 s"},
	{{"-n", "3", "-R", "10"}, 10, "0.0, 0.1, 0.2"},
	{{"-d", "1s", "-R", "0.1"}, 0.1, "the next would be at 10 s"},
	{{"-d", "1s", "-R", "2.5"}, 2.5, "0.0, 0.4, 0.8; the next at 1.2 s"},
	{{"-d", "1s", "-R", "4"}, 4, "0.00, 0.25, 0.50, 0.75"},
};

/* Each has its interval, the last one too. */
START_TEST(the_rate_of_a_few_is_the_schedules)
{
	const char *const *a = few[_i].args;
	double rate;

	result = load_run(0, udp_port, "-u", a[0], a[1], a[2], a[3]);
	rate = load_number(result, "rate");
	ck_assert_msg(rate > 0.95 * few[_i].rate && rate < 1.001 * few[_i].rate,
		      "%s: %g/s", few[_i].why, rate);
	json_decref(result);
}
END_TEST

/* The warm-up is in no number. */
START_TEST(a_warm_up_is_not_counted)
{
	result = load_run(0, tcp_port, "-R", "1000", "-d", "500ms",
			  "--warmup=500ms");
	expect_clean(500);
	ck_assert(load_number(result, "duration_s") < 0.7);
	json_decref(result);
}
END_TEST

START_TEST(percentiles_that_too_few_support_are_null)
{
	const json_t *times;

	result = load_run(0, tcp_port, "-n", "150");
	times = json_object_get(result, "latency_us");
	ck_assert(json_is_number(json_object_get(times, "p99")));
	ck_assert(json_is_null(json_object_get(times, "p999")));
	ck_assert(json_is_number(json_object_get(times, "max")));
	json_decref(result);
}
END_TEST

START_TEST(ten_thousand_clients_are_no_trouble)
{
	if (harness_raise_descriptors() < 10500) {
		harness_skip("too few descriptors for 10000 clients");
		return;
	}
	result = load_run(0, tcp_port, "-c", "10000", "-n", "20000",
			  "--timeout=20s");
	expect_clean(20000);
	expect("connects", 10000);
	json_decref(result);
}
END_TEST

START_TEST(ipv6_works)
{
	const char *listen[] = {"--listen=::1", "-u",  "0", "-t", "0",
				"-w",		"off", NULL};
	struct server *six;
	struct outcome outcome;
	char port[8];

	if (!harness_has_ipv6())
		return;
	six = server_start(
		&(struct server_options){.args = listen, .n_ready = 2});
	(void)port_text(server_endpoint(six, SERVICE_UDP)->port, port);
	outcome = client_run("", "-6", "-u", "-n", "100", "::1", port);
	ck_assert_int_eq(outcome.status, 0);
	outcome_clear(&outcome);
	(void)port_text(server_endpoint(six, SERVICE_TCP)->port, port);
	outcome = client_run("", "-n", "100", "::1", port);
	ck_assert_int_eq(outcome.status, 0);
	outcome_clear(&outcome);
	server_stop(six);
}
END_TEST

static bool add_link_local(void)
{
	struct in6_ifreq request = {.ifr6_prefixlen = 64,
				    .ifr6_ifindex = (int)if_nametoindex("lo")};
	int fd = socket(AF_INET6, SOCK_DGRAM, 0);
	bool ok;

	(void)inet_pton(AF_INET6, "fe80::1", &request.ifr6_addr);
	ok = ioctl(fd, SIOCSIFADDR, &request) == 0;
	(void)close(fd);
	return ok;
}

/* A Host field with a zone in it is wrong, and our server says so. */
START_TEST(a_zone_stays_at_home)
{
	char *folder;
	char port[8];
	struct server *six;

	if (!harness_own_network() || !add_link_local()) {
		harness_skip("no link-local address here");
		return;
	}
	folder = folder_new();
	folder_write_text(folder, "index.html", "<p>hello</p>\n");
	six = server_start(&(struct server_options){
		.http = "0", .root = folder, .listen = {"::"}});
	(void)port_text(server_endpoint(six, SERVICE_HTTP)->port, port);
	outcome_expect(client_run("", "-qw", "-n", "10", "fe80::1%lo", port), 0,
		       "", "");
	server_stop(six);
	free(folder);
}
END_TEST

/* "localhost" may have an address at which this server does not listen. */
START_TEST(a_names_addresses_are_tried)
{
	const char *const ports[] = {tcp_port, udp_port, http_port};
	const char *const ways[] = {"-t", "-u", "-w"};

	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		struct outcome outcome = client_run("", ways[i], "-n", "10",
						    "localhost", ports[i]);

		ck_assert_int_eq(outcome.status, 0);
		ck_assert_str_eq(outcome.err, "");
		outcome_clear(&outcome);
	}
}
END_TEST

/* --- conditions --- */

static const struct {
	const char *condition;
	int status;
} fail_ifs[] = {
	{"--fail-if=p50>10s", 0},
	{"--fail-if=p50<10s", 5},
	{"--fail-if=errors>0,loss>0%,corrupt>0", 0},
	{"--fail-if=errors>0,p50<10s", 5},
	{"--fail-if=exchanges=500", 5},
	{"--fail-if=exchanges<=499", 0},
	{"--fail-if=rate>=1", 5},
	{"--fail-if=p99.9>10s", 0},
	{"--fail-if=p9999<10s", 5},
	{"--fail-if=p75>10s,p95>10s", 0},
	{"--fail-if=p95<10s", 5},
};

START_TEST(a_condition_that_holds_ends_with_5)
{
	result = load_run(fail_ifs[_i].status, tcp_port, "-n", "500",
			  fail_ifs[_i].condition);
	json_decref(result);
}
END_TEST

/* Whichever is said last. */
START_TEST(several_conditions_are_all_judged)
{
	result = load_run(5, tcp_port, "-n", "50", "--fail-if=p50>10s",
			  "--fail-if=exchanges>1");
	json_decref(result);
	result = load_run(5, tcp_port, "-n", "50", "--fail-if=exchanges>1",
			  "--fail-if=p50>10s");
	json_decref(result);
}
END_TEST

/* --- what is printed --- */

static size_t longest_line(const char *text)
{
	size_t longest = 0;

	while (*text != '\0') {
		size_t len = strcspn(text, "\n");

		if (len > longest)
			longest = len;
		text += len + (text[len] == '\n');
	}
	return longest;
}

START_TEST(in_a_pipe_there_is_the_result_only)
{
	struct outcome outcome = client_run("", "-u", "-R", "5000", "-d",
					    "300ms", HOST, udp_port);

	ck_assert_int_eq(outcome.status, 0);
	ck_assert_str_eq(outcome.err, "");
	ck_assert_ptr_null(strchr(outcome.out, '\r'));
	ck_assert_ptr_null(strchr(outcome.out, '\033'));
	ck_assert_ptr_nonnull(strstr(outcome.out, "open loop at 5,000/s"));
	ck_assert_ptr_nonnull(strstr(outcome.out, "1,500 exchanges"));
	ck_assert_ptr_nonnull(strstr(outcome.out, "p99.9"));
	ck_assert_ptr_nonnull(strstr(outcome.out, "errors: none"));
	ck_assert_ptr_nonnull(strstr(outcome.out, "####"));
	ck_assert_uint_le(longest_line(outcome.out), 80);
	outcome_clear(&outcome);
}
END_TEST

START_TEST(quiet_prints_nothing)
{
	struct outcome outcome =
		client_run("", "-q", "-n", "10", HOST, tcp_port);

	ck_assert_int_eq(outcome.status, 0);
	ck_assert_str_eq(outcome.out, "");
	ck_assert_str_eq(outcome.err, "");
	outcome_clear(&outcome);
}
END_TEST

/* Reads what a terminal shows until this stands in it, or to its end. */
static char *read_terminal(struct client *client, const char *until)
{
	int64_t deadline = harness_deadline();
	char *text = bytes_new(1 << 16);
	size_t len = 0;

	text[0] = '\0';
	while (!until || !strstr(text, until)) {
		ssize_t n;

		sock_must_wait(client->fd, POLLIN, deadline, "the terminal");
		n = read(client->fd, text + len, (1 << 16) - 1 - len);
		if (n <= 0)
			break;
		len += (size_t)n;
		text[len] = '\0';
	}
	return text;
}

START_TEST(on_a_terminal_there_is_a_live_line)
{
	/* At a rate that leaves room in the line for all of it. */
	const char *const args[] = {"-R", "1k",	    "-d", "1s",
				    HOST, tcp_port, NULL};
	struct client client = client_start_on_terminal(args);
	char *text = read_terminal(&client, NULL);

	ck_assert_ptr_nonnull(strstr(text, "\r\033[J[###"));
	ck_assert_ptr_nonnull(strstr(text, "/s  p50 "));
	ck_assert_ptr_nonnull(strstr(text, "errors: none"));
	client_expect_exit(&client, 0);
	free(text);
}
END_TEST

START_TEST(ctrl_c_ends_the_run_and_reports)
{
	char *folder = folder_new(), *path = folder_path(folder, "r.json");
	const char *const args[] = {"-R", "2000", "-d", "60s",	  "-j", "2",
				    "-o", path,	  HOST, tcp_port, NULL};
	struct client client = client_start_on_terminal(args);
	char *text = read_terminal(&client, "p99");

	free(text);
	client_type(&client, "\003");
	text = read_terminal(&client, NULL);
	ck_assert_ptr_nonnull(strstr(text, "cut short after "));
	ck_assert_ptr_nonnull(strstr(text, "errors: none"));
	client_expect_exit(&client, 0);
	result = json_load_file(path, 0, NULL);
	load_expect_complete(result);
	load_expect_sums(result);
	ck_assert(json_is_true(json_object_get(result, "interrupted")));
	ck_assert(load_number(result, "exchanges") > 10);
	ck_assert(load_number(result, "duration_s") < 30);
	json_decref(result);
	free(text);
	free(path);
	free(folder);
}
END_TEST

/* The process that sends: the program's only child. */
static pid_t job_of(pid_t pid)
{
	char path[64], *text;
	pid_t job;

	(void)snprintf(path, sizeof(path), "/proc/%d/task/%d/children",
		       (int)pid, (int)pid);
	text = load_read_file(path);
	job = (pid_t)strtol(text, NULL, 10);
	ck_assert_int_gt(job, 0);
	free(text);
	return job;
}

/* It can't send while it is stopped, and says that it was that. */
START_TEST(a_generator_that_stalls_says_so)
{
	char *folder = folder_new();
	char *path = folder_path(folder, "r.json");
	const char *const args[] = {"-qu",	"-R", "1000",	"-d",
				    "2s",	"-o", path,	"-o",
				    "-.ndjson", HOST, udp_port, NULL};
	struct client client = client_start(args);
	pid_t job;

	sock_must_wait(client.fd, POLLIN, harness_deadline(), "an interval");
	job = job_of(client.pid);
	ck_assert_int_eq(kill(job, SIGSTOP), 0);
	(void)poll(NULL, 0, 500);
	ck_assert_int_eq(kill(job, SIGCONT), 0);
	client_expect_exit(&client, 0);
	result = json_load_file(path, 0, NULL);
	load_expect_complete(result);
	ck_assert(json_is_true(json_object_get(
		json_object_get(result, "generator"), "limited")));
	ck_assert(load_number(result, "generator.lateness_us.p99") > 300e3);
	ck_assert(load_number(result, "latency_us.p99") > 300e3);
	ck_assert(load_number(result, "service_us.p90") < 300e3);
	json_decref(result);
	free(path);
	free(folder);
}
END_TEST

/* timeout(1) sends it to the whole process group, the jobs included. */
START_TEST(sigterm_to_all_ends_the_run_and_reports)
{
	char *folder = folder_new(), *path = folder_path(folder, "r.json");
	const char *const argv[] = {"timeout", "1",    client_program(),
				    "-R",      "2000", "-qd",
				    "60s",     "-j",   "2",
				    "-o",      path,   HOST,
				    tcp_port,  NULL};
	struct outcome outcome = program_run(argv, "", 0);

	outcome_expect(outcome, 124, "", "");
	result = json_load_file(path, 0, NULL);
	load_expect_complete(result);
	load_expect_sums(result);
	ck_assert(json_is_true(json_object_get(result, "interrupted")));
	ck_assert(load_number(result, "exchanges") > 10);
	json_decref(result);
	free(path);
	free(folder);
}
END_TEST

START_TEST(a_closed_output_is_an_error)
{
	outcome_expect(
		client_run_shell("\"$0\" -n 5 127.0.0.1 \"$1\" >&-", tcp_port),
		1, "", "standard output: ");
	outcome_expect(client_run_shell("\"$0\" -n 5 -o - 127.0.0.1 \"$1\" >&-",
					tcp_port),
		       1, "", "output \"-\": Bad file descriptor");
}
END_TEST

/* --- files --- */

static const char csv_header[] =
	"t_s,rate,p50_us,p90_us,p99_us,p999_us,max_us,lost,errors,"
	"p75_us,p95_us,time\n";

/* The files of one run into the folder. */
static void write_files(const char *folder)
{
	char *json = folder_path(folder, "r.json");
	char *ndjson = folder_path(folder, "r.ndjson");
	char *csv = folder_path(folder, "r.csv");
	char *html = folder_path(folder, "r.html");
	struct outcome outcome =
		client_run("", "-R", "2000", "-d", "1s", "-o", json, "--output",
			   ndjson, "-o", csv, "-o", html, HOST, tcp_port);

	ck_assert_int_eq(outcome.status, 0);
	ck_assert_str_eq(outcome.err, "");
	outcome_clear(&outcome);
	free(json);
	free(ndjson);
	free(csv);
	free(html);
}

static char *read_file(const char *folder, const char *name)
{
	char *path = folder_path(folder, name), *text = load_read_file(path);

	free(path);
	return text;
}

START_TEST(intervals_add_up_to_the_whole)
{
	double last = 0, n = 0, errors = 0, max_us = 0;
	json_t *row;
	size_t i;

	result = load_run(0, tcp_port, "-R", "2000", "-d", "1s");
	ck_assert_uint_eq(json_array_size(json_object_get(result, "intervals")),
			  10);
	json_array_foreach (json_object_get(result, "intervals"), i, row) {
		double t = load_number(row, "t_s");

		n += load_number(row, "rate") * (t - last);
		errors += load_number(row, "errors");
		max_us = fmax(max_us, load_number(row, "max_us"));
		last = t;
	}
	ck_assert(fabs(n - 2000) < 0.01);
	ck_assert(fabs(errors) < 0.5);
	/* A row knows its greatest by the histogram. */
	ck_assert(fabs(max_us / load_number(result, "latency_us.max") - 1) <
		  0.01);
	ck_assert(fabs(last - load_number(result, "duration_s")) < 1e-6);
	json_decref(result);
}
END_TEST

START_TEST(ndjson_is_a_line_an_interval_and_then_the_result)
{
	char *folder = folder_new(), *text, *line, *next;
	size_t n = 0;

	write_files(folder);
	text = read_file(folder, "r.ndjson");
	for (line = text; *line != '\0'; line = next) {
		next = strchr(line, '\n');
		ck_assert_ptr_nonnull(next);
		*next++ = '\0';
		result = json_loads(line, 0, NULL);
		ck_assert_ptr_nonnull(result);
		if (*next == '\0')
			load_expect_complete(result);
		else
			ck_assert(load_number(result, "t_s") > 0);
		n++;
		json_decref(result);
	}
	ck_assert_uint_eq(n, 11);
	free(text);
	free(folder);
}
END_TEST

START_TEST(csv_has_a_fixed_header_and_a_row_an_interval)
{
	char *folder = folder_new(), *text, *line;
	size_t n = 0, commas;

	write_files(folder);
	text = read_file(folder, "r.csv");
	ck_assert_int_eq(strncmp(text, csv_header, strlen(csv_header)), 0);
	for (line = text; *line != '\0'; line = strchr(line, '\n') + 1, n++) {
		commas = 0;
		for (const char *c = line; *c != '\n'; c++)
			commas += *c == ',';
		ck_assert_uint_eq(commas, 11);
	}
	ck_assert_uint_eq(n, 11);
	free(text);
	free(folder);
}
END_TEST

START_TEST(html_and_json_of_one_run_agree)
{
	char *folder = folder_new(), *html;
	char *path = folder_path(folder, "r.json");
	struct outcome outcome;

	write_files(folder);
	html = read_file(folder, "r.html");
	ck_assert_ptr_nonnull(strstr(html, "<svg"));
	outcome = client_run("", "--compare", path, path);
	ck_assert_int_eq(outcome.status, 0);
	ck_assert_ptr_nonnull(strstr(outcome.out, "1.00"));
	outcome_clear(&outcome);
	free(html);
	free(path);
	free(folder);
}
END_TEST

/* JSON is UTF-8, whatever stands on the command line. */
START_TEST(a_command_of_any_bytes_is_recorded)
{
	char *folder = folder_new();
	char *path = folder_path(folder, "caf\xe9 1\".json");
	struct outcome outcome =
		client_run("", "-n", "10", "-qo", path, HOST, tcp_port);
	const char *command;

	outcome_expect(outcome, 0, "", "");
	result = json_load_file(path, 0, NULL);
	load_expect_complete(result);
	command = json_string_value(json_object_get(result, "command"));
	ck_assert_ptr_nonnull(strstr(command, "caf\xef\xbf\xbd 1\".json'"));
	json_decref(result);
	outcome = client_run("", "--compare", path, path);
	ck_assert_int_eq(outcome.status, 0);
	outcome_clear(&outcome);
	free(path);
	free(folder);
}
END_TEST

/* How many there are, a host that stands still has a say in. */
START_TEST(jq_reads_json_and_ndjson)
{
	char *folder = folder_new();
	char *json = folder_path(folder, "r.json");
	char *ndjson = folder_path(folder, "r.ndjson");
	const char *const on_json[] = {"jq", "-e",
				       ".exchanges > 0 and .latency_us.p50 > 0",
				       json, NULL};
	const char *const on_ndjson[] = {
		"jq", "-es",
		"length > 2 and ([.[:-1][].rate] | add) > 0 and "
		".[-1].exchanges > 0",
		ndjson, NULL};
	struct outcome outcome;

	if (!program_exists("jq"))
		return;
	write_files(folder);
	outcome = program_run(on_json, "", 0);
	outcome_expect(outcome, 0, "true\n", "");
	outcome = program_run(on_ndjson, "", 0);
	outcome_expect(outcome, 0, "true\n", "");
	free(json);
	free(ndjson);
	free(folder);
}
END_TEST

/* /dev/full takes nothing. */
START_TEST(a_result_that_cannot_be_written_is_an_error)
{
	struct outcome outcome;
	char *folder = folder_new(), *path = folder_path(folder, "full.json");

	ck_assert_int_eq(symlink("/dev/full", path), 0);
	outcome = client_run("", "-n", "10", "-o", path, HOST, tcp_port);
	ck_assert_int_eq(outcome.status, 1);
	ck_assert_ptr_nonnull(strstr(outcome.err, "No space left"));
	outcome_clear(&outcome);
	free(path);
	free(folder);
}
END_TEST

static void add_runs(Suite *suite)
{
	TCase *tcase = harness_case(suite, "runs");

	tcase_add_checked_fixture(tcase, start_server, stop_server);
	tcase_add_loop_test(tcase, a_good_server_has_a_clean_result, 0,
			    (int)ARRAY_LEN(good_runs));
	tcase_add_test(tcase, host_and_port_may_be_one_word);
	tcase_add_test(tcase, a_duration_is_kept);
	tcase_add_test(tcase, a_rate_is_kept);
	tcase_add_loop_test(tcase, the_rate_of_a_few_is_the_schedules, 0,
			    (int)ARRAY_LEN(few));
	tcase_add_test(tcase, a_warm_up_is_not_counted);
	tcase_add_test(tcase, percentiles_that_too_few_support_are_null);
	tcase_add_test(tcase, ten_thousand_clients_are_no_trouble);
	tcase_add_test(tcase, ipv6_works);
	tcase_add_test(tcase, a_zone_stays_at_home);
	tcase_add_test(tcase, a_names_addresses_are_tried);
	tcase_add_loop_test(tcase, a_condition_that_holds_ends_with_5, 0,
			    (int)ARRAY_LEN(fail_ifs));
	tcase_add_test(tcase, several_conditions_are_all_judged);
}

static void add_outputs(Suite *suite)
{
	TCase *tcase = harness_case(suite, "outputs");

	tcase_add_checked_fixture(tcase, start_server, stop_server);
	tcase_add_test(tcase, in_a_pipe_there_is_the_result_only);
	tcase_add_test(tcase, quiet_prints_nothing);
	tcase_add_test(tcase, a_closed_output_is_an_error);
	tcase_add_test(tcase, on_a_terminal_there_is_a_live_line);
	tcase_add_test(tcase, ctrl_c_ends_the_run_and_reports);
	tcase_add_test(tcase, a_generator_that_stalls_says_so);
	tcase_add_test(tcase, sigterm_to_all_ends_the_run_and_reports);
	tcase_add_test(tcase, intervals_add_up_to_the_whole);
	tcase_add_test(tcase, ndjson_is_a_line_an_interval_and_then_the_result);
	tcase_add_test(tcase, csv_has_a_fixed_header_and_a_row_an_interval);
	tcase_add_test(tcase, html_and_json_of_one_run_agree);
	tcase_add_test(tcase, a_command_of_any_bytes_is_recorded);
	tcase_add_test(tcase, jq_reads_json_and_ndjson);
	tcase_add_test(tcase, a_result_that_cannot_be_written_is_an_error);
}

int main(void)
{
	Suite *suite = suite_create("load");
	TCase *tcase = harness_case(suite, "usage");

	load_use();
	tcase_add_loop_test(tcase, wrong_usage_ends_with_2_and_one_line, 0,
			    (int)ARRAY_LEN(wrong_usage));
	tcase_add_test(tcase, help_names_every_option);
	tcase_add_test(tcase, version_is_the_program_and_its_version);
	tcase_add_test(tcase, what_cannot_run_ends_with_1);
	add_runs(suite);
	add_outputs(suite);
	return harness_run(suite);
}
