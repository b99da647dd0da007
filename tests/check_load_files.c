/* SPDX-License-Identifier: MIT */
/*
 * What uppercase-load --output does to files that are there already, to names
 * that stand for something else, and to standard output; and which ends of a
 * run still report.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "e2e_server.h"
#include "e2e_sock.h"
#include "load_fixture.h"

#define HOST	"127.0.0.1"
#define EARLIER "the result of yesterday\n"

static struct server *server;
static char port[8];
static char *folder, *path, script[512];

static void set_up(void)
{
	char *root = folder_new();

	server = server_start_all(root);
	(void)port_text(server_endpoint(server, SERVICE_TCP)->port, port);
	free(root);
	folder = folder_new();
	path = folder_path(folder, "r.json");
}

static void tear_down(void)
{
	server_stop(server);
	free(path);
	free(folder);
}

static void expect_file(const char *name, const char *text)
{
	char *file = folder_path(folder, name), *is = load_read_file(file);

	ck_assert_str_eq(is, text);
	free(is);
	free(file);
}

static void expect_result(const char *file)
{
	json_t *result = json_load_file(file, 0, NULL);

	load_expect_complete(result);
	load_expect_sums(result);
	json_decref(result);
}

/* --- an earlier result --- */

static const char *const endings[] = {"json", "ndjson", "csv", "html"};

/* None of these measured anything. */
static const char *const failures[][4] = {
	{"--timeout=100ms", "name.invalid", "12000", NULL},
	{"--source=192.0.2.1", HOST, "12000", NULL},
	{"-c", "1", HOST, NULL}, /* and a port where nobody is */
};

START_TEST(a_run_that_fails_keeps_the_earlier_result)
{
	char free_port[8], name[16];
	const char *args[] = {"-d", "200ms", "-o", NULL, NULL,
			      NULL, NULL,    NULL, NULL};
	size_t n = 4;
	struct outcome outcome;

	(void)snprintf(name, sizeof(name), "r.%s", endings[_i % 4]);
	folder_write_text(folder, name, EARLIER);
	free(path);
	path = folder_path(folder, name);
	args[3] = path;
	for (size_t i = 0; failures[_i / 4][i]; i++)
		args[n++] = failures[_i / 4][i];
	if (_i / 4 == 2)
		args[n] = port_without_server(SOCK_STREAM, free_port);
	outcome = client_run_args("", args);
	ck_assert_int_eq(outcome.status, 1);
	expect_file(name, EARLIER);
	if (_i / 4 == 2)
		ck_assert_ptr_nonnull(
			strstr(outcome.err, "the earlier result stays"));
	outcome_clear(&outcome);
}
END_TEST

START_TEST(a_run_that_is_killed_keeps_the_earlier_result)
{
	const char *const args[] = {"-R", "500",      "-d", "60s", "-o", path,
				    "-o", "-.ndjson", HOST, port,  NULL};
	struct client client;

	folder_write_text(folder, "r.json", EARLIER);
	client = client_start(args);
	sock_must_wait(client.fd, POLLIN, harness_deadline(), "an interval");
	expect_file("r.json", EARLIER);
	ck_assert_int_eq(kill(client.pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(client.pid, NULL, 0), client.pid);
	expect_file("r.json", EARLIER);
}
END_TEST

/* A limit stands for the disk: what is left of 512 bytes takes no result. */
START_TEST(a_result_that_finds_no_room_keeps_the_earlier_one)
{
	struct outcome outcome;

	folder_write_text(folder, "r.json", EARLIER);
	(void)snprintf(script, sizeof(script),
		       "ulimit -f 1; \"$0\" -qn 50 -o '%s' 127.0.0.1 \"$1\"",
		       path);
	outcome = client_run_shell(script, port);
	ck_assert_int_eq(outcome.status, 1);
	ck_assert_ptr_nonnull(strstr(outcome.err, "File too large"));
	outcome_clear(&outcome);
	expect_file("r.json", EARLIER);
}
END_TEST

START_TEST(a_run_that_measured_replaces_it)
{
	struct outcome outcome;

	folder_write_text(folder, "r.json", EARLIER);
	ck_assert_int_eq(chmod(path, 0600), 0);
	outcome = client_run("", "-qn", "50", "-o", path, HOST, port);
	outcome_expect(outcome, 0, "", "");
	expect_result(path);
}
END_TEST

/* --- standard output --- */

static const struct {
	const char *name;
	const char *first; /* what the output begins with */
} standards[] = {
	{"-", "{\n"},
	{"-.json", "{\n"},
	{"-.ndjson", "{\"t_s\":"},
	{"-.csv", "t_s,rate,"},
	{"-.html", "<!DOCTYPE html>"},
};

START_TEST(standard_output_takes_any_of_them_alone)
{
	struct outcome outcome = client_run("", "-n", "200", "-o",
					    standards[_i].name, HOST, port);

	ck_assert_int_eq(outcome.status, 0);
	ck_assert_int_eq(strncmp(outcome.out, standards[_i].first,
				 strlen(standards[_i].first)),
			 0);
	ck_assert_ptr_null(strstr(outcome.out, "closed loop, 10 clients"));
	ck_assert_str_eq(outcome.err, "");
	outcome_clear(&outcome);
}
END_TEST

START_TEST(a_reader_that_leaves_is_an_error)
{
	struct outcome outcome =
		client_run_shell("{ \"$0\" -n 200 -o - 127.0.0.1 \"$1\"; echo "
				 "\"status $?\" >&2; "
				 "} | true",
				 port);

	ck_assert_ptr_nonnull(strstr(outcome.err, "output \"-\": Broken pipe"));
	ck_assert_ptr_nonnull(strstr(outcome.err, "status 1"));
	outcome_clear(&outcome);
}
END_TEST

/* --- what is asked --- */

/* What the access log says of the requests of a run with these arguments. */
static char *asked(const char *scheme, const char *target, const char *field)
{
	char *log = folder_path(folder, "log"), *root = folder_new();
	char option[512], url[128];
	struct server *web;
	struct outcome outcome;

	folder_write_text(root, "f", "hello");
	(void)snprintf(option, sizeof(option), "--access-log=%s", log);
	web = server_start(&(struct server_options){
		.http = "0", .root = root, .extra = option});
	(void)snprintf(url, sizeof(url), "%s%s:%u%s", scheme, HOST,
		       (unsigned)server_endpoint(web, SERVICE_HTTP)->port,
		       target);
	outcome = client_run("", "-qn", "5", "-H", field, url);
	outcome_expect(outcome, 0, "", "");
	server_stop(web);
	free(root);
	root = load_read_file(log);
	free(log);
	return root;
}

static const struct {
	const char *scheme, *path, *field;
	const char *line; /* holds this */
} asks[] = {
	{"http://", "/f", "X: y", "\"GET /f HTTP/1.1\" 200 5 "},
	{"HTTP://", "/f?a=b", "X: y", "\"GET /f?a=b HTTP/1.1\" 200 5 "},
	{"http://", "/f#part", "X:", "\"GET /f HTTP/1.1\" 200 5 "},
	{"http://", "/f", "user-agent: me", "\"me\""},
	{"http://", "/f", "Referer: http://x/", "\"http://x/\""},
	{"http://", "/f", "Host: other.example", " 200 5 "},
	{"http://", "/f", "Range: bytes=0-1", " 206 2 "},
};

START_TEST(a_url_and_fields_are_sent_as_they_are)
{
	char *log = asked(asks[_i].scheme, asks[_i].path, asks[_i].field);
	const char *line = log;
	size_t n = 0;

	for (; (line = strstr(line, asks[_i].line)); line++)
		n++;
	ck_assert_msg(n == 5, "%zu lines of 5 in %s", n, log);
	free(log);
}
END_TEST

/* --- signals --- */

static const int ending_signals[] = {SIGINT, SIGTERM, SIGHUP};

START_TEST(a_run_that_is_ended_reports)
{
	const char *const args[] = {"-qR", "500", "-d", "60s", "-j",
				    "2",   "-o",  path, "-o",  "-.ndjson",
				    HOST,  port,  NULL};
	struct client client = client_start(args);
	json_t *result;

	sock_must_wait(client.fd, POLLIN, harness_deadline(), "an interval");
	ck_assert_int_eq(kill(client.pid, ending_signals[_i]), 0);
	client_expect_exit(&client, 0);
	expect_result(path);
	result = json_load_file(path, 0, NULL);
	ck_assert(json_is_true(json_object_get(result, "interrupted")));
	json_decref(result);
}
END_TEST

/* As nohup(1) has it: it goes on. */
START_TEST(a_hangup_that_is_ignored_stays_so)
{
	const char *const args[] = {"-qR", "500", "-d", "1500ms",
				    "-o",  path,  "-o", "-.ndjson",
				    HOST,  port,  NULL};
	struct client client;
	json_t *result;

	(void)signal(SIGHUP, SIG_IGN);
	client = client_start(args);
	sock_must_wait(client.fd, POLLIN, harness_deadline(), "an interval");
	ck_assert_int_eq(kill(client.pid, SIGHUP), 0);
	client_expect_exit(&client, 0);
	result = json_load_file(path, 0, NULL);
	ck_assert(json_is_false(json_object_get(result, "interrupted")));
	json_decref(result);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("load files");
	TCase *tcase = harness_case(suite, "files");

	load_use();
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, a_run_that_fails_keeps_the_earlier_result, 0,
			    (int)(4 * ARRAY_LEN(failures)));
	tcase_add_test(tcase, a_run_that_is_killed_keeps_the_earlier_result);
	tcase_add_test(tcase,
		       a_result_that_finds_no_room_keeps_the_earlier_one);
	tcase_add_test(tcase, a_run_that_measured_replaces_it);
	tcase_add_loop_test(tcase, standard_output_takes_any_of_them_alone, 0,
			    (int)ARRAY_LEN(standards));
	tcase_add_test(tcase, a_reader_that_leaves_is_an_error);
	tcase_add_loop_test(tcase, a_url_and_fields_are_sent_as_they_are, 0,
			    (int)ARRAY_LEN(asks));
	tcase_add_loop_test(tcase, a_run_that_is_ended_reports, 0,
			    (int)ARRAY_LEN(ending_signals));
	tcase_add_test(tcase, a_hangup_that_is_ignored_stays_so);
	return harness_run(suite);
}
