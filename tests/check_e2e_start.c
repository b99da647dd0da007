/* SPDX-License-Identifier: MIT */
/*
 * Starting when something is in the way, and with what a parent leaves behind:
 * each step that fails ends the daemon with a sentence and status 1, never by a
 * signal, whatever had been set up by then.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "e2e_faults.h"
#include "e2e_http.h"
#include "e2e_program.h"
#include "e2e_server.h"
#include "harness.h"

static char *root, *log_path, *types_path;

static void set_up(void)
{
	root = folder_new();
	folder_write_text(root, "file.txt", "some text\n");
	folder_write_text(root, "types", "text/plain txt\n");
	log_path = folder_path(root, "log");
	types_path = folder_path(root, "types");
}

static void tear_down(void)
{
	free(types_path);
	free(log_path);
	free(root);
}

/* --- steps that fail --- */

/*
 * A start that goes through every step and fails at the last: the port of the
 * web service is taken.
 */
struct doomed {
	struct server *holder;
	char port[32], root[256], log[256], types[256];
	const char *argv[12];
};

static void doomed_start(struct doomed *doomed)
{
	*doomed = (struct doomed){0};
	doomed->holder = server_start_all(root);
	(void)snprintf(doomed->port, sizeof(doomed->port), "-w%u",
		       server_endpoint(doomed->holder, SERVICE_HTTP)->port);
	(void)snprintf(doomed->root, sizeof(doomed->root), "-r%s", root);
	(void)snprintf(doomed->log, sizeof(doomed->log), "--access-log=%s",
		       log_path);
	(void)snprintf(doomed->types, sizeof(doomed->types), "--mime-types=%s",
		       types_path);
	doomed->argv[0] = server_program();
	doomed->argv[1] = "-a127.0.0.1";
	doomed->argv[2] = "-u0";
	doomed->argv[3] = "-t0";
	doomed->argv[4] = doomed->port;
	doomed->argv[5] = doomed->root;
	doomed->argv[6] = doomed->log;
	doomed->argv[7] = doomed->types;
	doomed->argv[8] = NULL;
}

/* Runs it; it must end with status 1 and a sentence. */
static void doomed_expect_failure(const struct doomed *doomed, unsigned n,
				  const char *what)
{
	struct outcome outcome = program_run(doomed->argv, "", 0);

	ck_assert_msg(outcome.status == 1, "%s, %u: status %d: %s", what, n,
		      outcome.status, outcome.err);
	ck_assert_msg(strstr(outcome.err, "uppercase-server: "),
		      "%s, %u: said \"%s\"", what, n, outcome.err);
	outcome_clear(&outcome);
}

START_TEST(with_any_small_number_of_descriptors_it_ends_with_a_sentence)
{
	struct doomed doomed;
	char script[64];
	const char *argv[12] = {"sh", "-c", script};

	doomed_start(&doomed);
	memcpy(argv + 3, doomed.argv, 9 * sizeof(*argv));
	memcpy(doomed.argv, argv, sizeof(argv));
	/* With fewer, its libraries can hardly be loaded. */
	for (unsigned n = 8; n < 48; n++) {
		(void)snprintf(script, sizeof(script),
			       "ulimit -n %u; exec \"$0\" \"$@\"", n);
		doomed_expect_failure(&doomed, n, "descriptors");
	}
	server_stop(doomed.holder);
}
END_TEST

/*
 * Runs in a row that no failing call has changed: before the last of those that
 * do there were seven.
 */
#define HARMLESS 20

/* Every call of the C library in turn, memory among them, to the last. */
START_TEST(whichever_call_fails_it_ends_with_status_one)
{
	static const int errors[] = {ENOMEM, EMFILE, EACCES};
	struct call_faults *faults = call_faults_new("");
	unsigned n_harmless = 0, n = 0;
	struct outcome outcome;
	struct doomed doomed;
	char rules[64];

	doomed_start(&doomed);
	call_faults_apply(faults);
	while (n_harmless < HARMLESS) {
		(void)snprintf(rules, sizeof(rules), "*@%u=%d", ++n,
			       errors[_i]);
		call_faults_set(faults, rules);
		outcome = program_run(doomed.argv, "", 0);
		ck_assert_msg(outcome.status == 1, "call %u: status %d: %s", n,
			      outcome.status, outcome.err);
		n_harmless = strstr(outcome.err, strerror(EADDRINUSE))
				     ? n_harmless + 1
				     : 0;
		outcome_clear(&outcome);
	}
	ck_assert_uint_gt(n, HARMLESS + 50);
	server_stop(doomed.holder);
	call_faults_free(faults);
}
END_TEST

static const struct {
	const char *rules;
	const char *why;
} steps[] = {
	{"epoll_create=24", "no event loop"},
	{"epoll_create1=24", "no event loop"},
	{"epoll_ctl=28", "nothing can be watched"},
	{"socketpair=24", "no signals"},
	{"socket=24", "no sockets"},
	{"bind=13", "no port"},
	{"listen=98", "no queue"},
	{"getsockname=105", "no name of the socket"},
	{"open=24", "no files"},
	{"syscall=24", "no openat2 and the like"},
	{"fstat=5", "nothing can be looked at"},
};

START_TEST(a_step_that_fails_for_ever_ends_it_with_a_sentence)
{
	struct call_faults *faults = call_faults_new(steps[_i].rules);
	struct doomed doomed;

	doomed_start(&doomed);
	call_faults_apply(faults);
	doomed_expect_failure(&doomed, 0, steps[_i].why);
	server_stop(doomed.holder);
	call_faults_free(faults);
}
END_TEST

/* --- what a parent leaves behind --- */

static void block_signals(void)
{
	sigset_t set;

	(void)sigfillset(&set);
	(void)sigprocmask(SIG_SETMASK, &set, NULL);
}

static void ignore_signals(void)
{
	static const int numbers[] = {SIGTERM, SIGINT,	SIGHUP,
				      SIGUSR1, SIGCHLD, SIGPIPE};

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		(void)signal(numbers[i], SIG_IGN);
}

static const struct {
	void (*prepare)(void);
	int signal;
} ends[] = {
	{block_signals, SIGTERM},
	{block_signals, SIGINT},
	{ignore_signals, SIGTERM},
	{ignore_signals, SIGINT},
};

START_TEST(it_hears_signals_though_its_parent_was_deaf)
{
	struct server *server = server_start(
		&(struct server_options){.udp = "0",
					 .tcp = "0",
					 .http = "0",
					 .root = root,
					 .prepare = ends[_i].prepare});

	server_signal(server, SIGUSR1);
	server_wait_log(server, "counters: ");
	server_signal(server, ends[_i].signal);
	server_expect_exit(server, 0);
	server_stop(server);
}
END_TEST

/* --- files that may not grow --- */

#define LIMIT_BYTES 2000

static void limit_files(void)
{
	const struct rlimit limit = {LIMIT_BYTES, LIMIT_BYTES};

	(void)setrlimit(RLIMIT_FSIZE, &limit);
}

START_TEST(a_log_that_may_not_grow_costs_lines_and_no_service)
{
	char option[256];
	struct server *server;

	(void)snprintf(option, sizeof(option), "--access-log=%s", log_path);
	server = server_start(&(struct server_options){.http = "0",
						       .root = root,
						       .extra = option,
						       .prepare = limit_files});
	for (int i = 0; i < 100; i++) {
		struct response response;

		http_fetch(server, "/file.txt", &response);
		http_expect_status(&response, 200);
		http_clear(&response);
	}
	server_wait_log(server, strerror(EFBIG));
	ck_assert_uint_eq(server_count_log(server, strerror(EFBIG)), 1);
	server_stop(server);
}
END_TEST

/* Standard error itself: what it takes no more is no reason to die. */
START_TEST(standard_error_may_be_a_file_that_may_not_grow)
{
	struct doomed doomed;
	const char *argv[12] = {
		"sh", "-c", "ulimit -f 0; exec \"$0\" \"$@\" 2>>\"$ERRORS\""};
	struct outcome outcome;

	doomed_start(&doomed);
	(void)setenv("ERRORS", log_path, 1);
	for (size_t i = 0; i < 8; i++)
		argv[3 + i] = i == 6 ? "--listing" : doomed.argv[i];
	outcome = program_run(argv, "", 0);
	ck_assert_msg(outcome.status == 1, "status %d", outcome.status);
	outcome_clear(&outcome);
	server_stop(doomed.holder);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("e2e start");
	TCase *tcase = harness_case(suite, "steps");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(
		tcase,
		with_any_small_number_of_descriptors_it_ends_with_a_sentence);
	tcase_add_loop_test(tcase, whichever_call_fails_it_ends_with_status_one,
			    0, 3);
	tcase_add_loop_test(tcase,
			    a_step_that_fails_for_ever_ends_it_with_a_sentence,
			    0, (int)ARRAY_LEN(steps));

	tcase = harness_case(suite, "heritage");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, it_hears_signals_though_its_parent_was_deaf,
			    0, (int)ARRAY_LEN(ends));

	tcase = harness_case(suite, "limits");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase,
		       a_log_that_may_not_grow_costs_lines_and_no_service);
	tcase_add_test(tcase, standard_error_may_be_a_file_that_may_not_grow);
	return harness_run(suite);
}
