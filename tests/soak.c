/* SPDX-License-Identifier: MIT */
/*
 * make soak: the server for an hour, or for $SOAK_SECONDS, with all that can
 * come to it: ordinary clients of all services (crowd.h) and load by
 * uppercase-load, both of which must not notice anything, attackers, reloads
 * and log rotations. In rounds, at the end of each of which the attackers are
 * gone: then it has as many descriptors open as after the first, and after the
 * first sixth of the time it needs no more than 1 MiB more of memory.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attackers.h"
#include "crowd.h"
#include "e2e_http.h"
#include "e2e_program.h"
#include "e2e_server.h"
#include "e2e_service.h"
#include "e2e_sock.h"
#include "harness.h"

#define SOAK_SECONDS_USUAL 3600
#define TELL_MS		   60000
#define N_ATTACKERS	   300
#define LARGE_SIZE	   ((size_t)4 << 20)
#define GROWTH_KIB_MAX	   1024
#define CROWD_CHURN	   4 /* connections that may be on their way */

static char *folder, *conf;
static struct server *server;
static struct crowd *crowd;
static struct attackers *attackers;

/* What was seen when all was calm. */
static struct figures {
	unsigned n_rounds, n_loads;
	unsigned long n_exchanges; /* of uppercase-load */
	size_t descriptors, descriptors_end;
	size_t first_kib, warm_kib, end_kib, most_kib;
} figures;

static void write_conf(unsigned number)
{
	char text[1024];

	(void)snprintf(
		text, sizeof(text),
		"udp-port = \"127.0.0.1:0\"\ntcp-port = \"127.0.0.1:0\"\n"
		"http-port = \"127.0.0.1:0\"\nadmin = \"127.0.0.1:0\"\n"
		"root = @/root\naccess-log = \"@/logs/access\"\n"
		"connection-log = \"@/logs/connections\"\nlisting = yes\n"
		"header-timeout = 2s\nsend-timeout = 4s\n"
		"http-idle-timeout = 5s\ntcp-idle-timeout = 5s\n"
		"linger-timeout = 1s\nmax-age = %us\n",
		number + 1);
	folder_write_inserted(folder, "conf", text);
}

static void write_files(void)
{
	unsigned char *large = bytes_new(LARGE_SIZE);

	folder_add(folder, "root");
	folder_add(folder, "logs");
	folder_write_text(folder, "root/" CROWD_FILE, CROWD_TEXT);
	bytes_pattern(large, LARGE_SIZE, 1);
	folder_write(folder, "root/large", large, LARGE_SIZE);
	free(large);
}

static void set_up(void)
{
	folder = folder_new();
	conf = folder_path(folder, "conf");
	write_files();
	write_conf(0);
	server = server_start(&(struct server_options){
		.args = (const char *const[]){"--config", conf, NULL},
		.n_ready = 4});
	/* No more than half of them is the attackers'. */
	crowd = crowd_start(server_endpoint(server, SERVICE_UDP)->port,
			    server_endpoint(server, SERVICE_TCP)->port,
			    server_endpoint(server, SERVICE_HTTP)->port, true);
	attackers = attackers_start(
		N_ATTACKERS, server_endpoint(server, SERVICE_UDP)->port,
		server_endpoint(server, SERVICE_TCP)->port,
		server_endpoint(server, SERVICE_HTTP)->port, "/large");
}

/* --- what happens in a round --- */

/* uppercase-load over one service; it must not lose an exchange. */
static void run_load(const char *option, enum service service)
{
	char place[64];
	const char *program = getenv("LOAD");
	const char *const argv[] = {program ? program : "src/uppercase-load",
				    option,
				    "-R400",
				    "-c20",
				    "-d3s",
				    "--timeout=10s",
				    "-q",
				    "--fail-if=loss>0%,errors>0",
				    place,
				    service == SERVICE_HTTP ? "/" CROWD_FILE
							    : NULL,
				    NULL};
	struct outcome outcome;

	(void)snprintf(place, sizeof(place), "127.0.0.1:%u",
		       server_endpoint(server, service)->port);
	outcome = program_run(argv, "", 0);
	if (outcome.status != 0)
		harness_fail("uppercase-load %s: status %d: %s%s", option,
			     outcome.status, outcome.out, outcome.err);
	outcome_clear(&outcome);
	figures.n_loads++;
	figures.n_exchanges += 1200;
}

/* The old ones are of no use here, and many. */
static void rotate_log(const char *name)
{
	char *path = folder_path(folder, name), old[300];

	(void)snprintf(old, sizeof(old), "%s.old", path);
	ck_assert_int_eq(rename(path, old), 0);
	ck_assert_int_eq(unlink(old), 0);
	free(path);
}

static void reload(void)
{
	rotate_log("logs/access");
	rotate_log("logs/connections");
	write_conf(figures.n_rounds);
	server_reload(server);
	/* What it has said is of no use either. */
	server->log_len = 0;
	server->log[0] = '\0';
}

static void read_page(const char *target)
{
	const struct endpoint *place = server_endpoint(server, SERVICE_ADMIN);
	int fd = tcp_try_connect(place->host, place->port);
	struct response response;

	ck_assert_int_ge(fd, 0);
	http_get(fd, target, &response);
	http_expect_status(&response, 200);
	http_clear(&response);
	(void)close(fd);
}

/* --- what is seen after it --- */

static size_t await_descriptors(void)
{
	int64_t deadline = harness_deadline();
	size_t n;

	while ((n = server_count_descriptors(server, NULL)) >
	       figures.descriptors + CROWD_CHURN) {
		if (figures.descriptors > 0 && harness_left_ms(deadline) == 0)
			harness_fail("%zu descriptors, and %zu after the first "
				     "round",
				     n, figures.descriptors);
		if (figures.descriptors == 0 &&
		    harness_left_ms(deadline) < HARNESS_WAIT_MS - 3000)
			break;
		(void)poll(NULL, 0, 10);
	}
	return n;
}

static void look(bool is_warm)
{
	size_t n = await_descriptors(), kib = server_memory_kib(server);

	if (figures.n_rounds == 1) {
		figures.descriptors = n;
		figures.first_kib = kib;
	}
	if (!is_warm || figures.warm_kib == 0)
		figures.warm_kib = kib;
	if (kib > figures.most_kib)
		figures.most_kib = kib;
	figures.end_kib = kib;
	figures.descriptors_end = n;
	if (!server_is_sanitized(server) &&
	    kib > figures.warm_kib + GROWTH_KIB_MAX)
		harness_fail("memory grows: %zu KiB, and %zu when it was warm",
			     kib, figures.warm_kib);
}

static void play_round(bool is_warm)
{
	attackers_pause(attackers, false);
	run_load("-t", SERVICE_TCP);
	reload();
	run_load("-u", SERVICE_UDP);
	server_signal(server, SIGUSR1);
	read_page("/metrics");
	run_load("-w", SERVICE_HTTP);
	read_page("/status.json");
	attackers_pause(attackers, true);
	figures.n_rounds++;
	(void)crowd_count(crowd);
	look(is_warm);
}

static void tell(int64_t begun_ms)
{
	double s = (double)(harness_now_ms() - begun_ms) / 1000;

	printf("%.0f s, %u rounds: %u requests of ordinary clients, 0 failed, "
	       "the slowest %u ms;\n%lu exchanges by uppercase-load in %u "
	       "runs; "
	       "%u connections of attackers;\nmemory %zu KiB after the first "
	       "round, %zu when warm, %zu at the end, %zu at most;\n"
	       "descriptors %zu and %zu; %.1f s of processor time\n",
	       s, figures.n_rounds, crowd_count(crowd), crowd_longest_ms(crowd),
	       figures.n_exchanges, figures.n_loads, attackers_count(attackers),
	       figures.first_kib, figures.warm_kib, figures.end_kib,
	       figures.most_kib, figures.descriptors, figures.descriptors_end,
	       (double)server_ticks(server) / (double)sysconf(_SC_CLK_TCK));
	(void)fflush(stdout);
}

static int whole_s(void)
{
	const char *wanted = getenv("SOAK_SECONDS");

	return wanted ? atoi(wanted) : SOAK_SECONDS_USUAL;
}

static int64_t begun_ms, told_ms;
static bool
	is_broken; /* by a round that has failed: it did not come to its end */

/* Each is a test of its own, since libcheck cannot count so many seconds. */
START_TEST(in_each_round_all_is_served_and_nothing_is_left)
{
	int64_t gone_ms = harness_now_ms() - begun_ms;

	/* What is for all tests together, each round has for itself. */
	(void)alarm(HARNESS_TEST_S);
	if (_i == 0) {
		is_broken = true;
		set_up();
		is_broken = false;
		begun_ms = told_ms = harness_now_ms();
		gone_ms = 0;
	}
	if (is_broken || gone_ms >= 1000L * whole_s())
		return;
	is_broken = true;
	play_round(gone_ms > 1000L * whole_s() / 6);
	is_broken = false;
	if (harness_now_ms() - told_ms < TELL_MS)
		return;
	told_ms = harness_now_ms();
	tell(begun_ms);
}
END_TEST

START_TEST(it_stops_as_it_should)
{
	if (is_broken)
		return;
	(void)crowd_finish(crowd);
	tell(begun_ms);
	attackers_stop(attackers);
	crowd_free(crowd);
	server_stop(server);
	free(conf);
	free(folder);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("soak");
	TCase *tcase = harness_case(suite, "rounds");

	/* A round takes longer than a second. */
	tcase_add_loop_test(tcase,
			    in_each_round_all_is_served_and_nothing_is_left, 0,
			    whole_s() + 1);
	tcase = harness_case(suite, "end");
	tcase_add_test(tcase, it_stops_as_it_should);
	return harness_run_together(suite);
}
