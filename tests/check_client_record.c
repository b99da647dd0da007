/* SPDX-License-Identifier: MIT */
/* uppercase-client --transcript and --hex: what a run leaves for a report. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "e2e_client.h"
#include "e2e_server.h"
#include "harness.h"

#define HOST "127.0.0.1"

static struct server *server;
static char port[8];
static char *path;

static void set_up(void)
{
	server = server_start_all(NULL);
	path = folder_path(folder_new(), "report.txt");
}

static void tear_down(void)
{
	server_stop(server);
	free(path);
}

static const char *port_of(enum service service)
{
	return port_text(server_endpoint(server, service)->port, port);
}

static const char *record(void)
{
	static char text[16384];
	FILE *file = fopen(path, "re");
	size_t n;

	ck_assert_ptr_nonnull(file);
	n = fread(text, 1, sizeof(text) - 1, file);
	text[n] = '\0';
	(void)fclose(file);
	return text;
}

/* Takes the times off the lines that have them. */
static const char *without_times(const char *text)
{
	static char out[16384];
	size_t n = 0;

	while (*text) {
		int len = (int)strcspn(text, "\n");
		const char *from = strstr(text, " s: ");

		if (*text == '2' && from && from < text + len) {
			len -= (int)(from + 4 - text);
			text = from + 4;
		}
		n += (size_t)snprintf(out + n, sizeof(out) - n, "%.*s\n", len,
				      text);
		text += len + (text[len] == '\n');
	}
	out[n] = '\0';
	return out;
}

static char *transcript_option(void)
{
	static char option[512];

	(void)snprintf(option, sizeof(option), "--transcript=%s", path);
	return option;
}

START_TEST(a_datagram_is_noted_both_ways)
{
	char expected[512];

	outcome_expect(client_run("", "-u", transcript_option(), HOST,
				  port_of(SERVICE_UDP), "h\xc3\xa4 \"x\""),
		       0, "H\xc3\xa4 \"X\"\n", "");
	(void)snprintf(expected, sizeof(expected),
		       "uppercase-client 0.1.0, to 127.0.0.1 port %s over UDP\n"
		       "7 bytes sent to 127.0.0.1:%s\n"
		       "    \"h\\xC3\\xA4 \\\"x\\\"\"\n"
		       "7 bytes received from 127.0.0.1:%s\n"
		       "    \"H\\xC3\\xA4 \\\"X\\\"\"\n",
		       port, port, port);
	ck_assert_str_eq(without_times(record()), expected);
}
END_TEST

/* Two runs, which stand behind each other. */
START_TEST(a_stream_is_noted_in_hexadecimal_too)
{
	const char *text;

	outcome_expect(client_run("hello\n", transcript_option(), "--hex", HOST,
				  port_of(SERVICE_TCP)),
		       0, "HELLO\n", "");
	outcome_expect(client_run("", transcript_option(), HOST,
				  port_of(SERVICE_TCP), "again"),
		       0, "AGAIN\n", "");
	text = without_times(record());
	ck_assert_ptr_nonnull(strstr(text, "\ntcp connected: 127.0.0.1:"));
	ck_assert_ptr_nonnull(strstr(text, "\n6 bytes sent to 127.0.0.1:"));
	ck_assert_ptr_nonnull(
		strstr(text, "\n0000  68 65 6c 6c 6f 0a                    "
			     "              hello.\n"));
	ck_assert_ptr_nonnull(
		strstr(text, "\n0000  48 45 4c 4c 4f 0a                    "
			     "              HELLO.\n"));
	ck_assert_ptr_nonnull(
		strstr(text, "\nconnection ended by the server: end of data\n"
			     "uppercase-client 0.1.0, to "));
	ck_assert_ptr_nonnull(strstr(text, "\n    \"AGAIN\"\n"));
}
END_TEST

START_TEST(a_ping_is_noted)
{
	struct outcome outcome =
		client_run("", "-u", "--ping=2", "-i", "20ms",
			   transcript_option(), HOST, port_of(SERVICE_UDP));
	const char *text = record();

	ck_assert_int_eq(outcome.status, 0);
	ck_assert_ptr_nonnull(strstr(text, "\n    \"Ping 2 "));
	ck_assert_ptr_nonnull(strstr(text, "\n    \"PING 2 "));
	outcome_clear(&outcome);
}
END_TEST

/* Longer than what is kept of a record before it is written. */
START_TEST(a_long_message_is_noted_whole)
{
	char *message = bytes_new(4801);
	struct outcome outcome;
	size_t n = 0;

	memset(message, 'x', 4800);
	message[4800] = '\0';
	outcome = client_run("", "-u", transcript_option(), HOST,
			     port_of(SERVICE_UDP), message);
	ck_assert_int_eq(outcome.status, 0);
	for (const char *c = record(); *c; c++)
		n += *c == 'X';
	ck_assert_uint_eq(n, 4800);
	outcome_clear(&outcome);
	free(message);
}
END_TEST

START_TEST(hex_alone_goes_to_standard_error)
{
	outcome_expect(client_run("", "-u", "--hex", HOST, port_of(SERVICE_UDP),
				  "hello"),
		       0, "HELLO\n",
		       "\n0000  68 65 6c 6c 6f                                 "
		       "    hello\n");
}
END_TEST

START_TEST(a_file_that_cannot_be_had_ends_it_before_anything_is_sent)
{
	outcome_expect(client_run("", "--transcript=/nowhere/report.txt", HOST,
				  port_of(SERVICE_TCP), "hello"),
		       1, "",
		       "transcript '/nowhere/report.txt': No such file or "
		       "directory");
}
END_TEST

/* The reply is shown, and the status tells that the record is not whole. */
START_TEST(a_file_that_is_full_is_told_once)
{
	struct outcome outcome = client_run("", "--transcript=/dev/full", HOST,
					    port_of(SERVICE_TCP), "hello");
	const char *told = strstr(outcome.err, "transcript '/dev/full': No "
					       "space left on device");

	ck_assert_int_eq(outcome.status, 1);
	ck_assert_str_eq(outcome.out, "HELLO\n");
	ck_assert_ptr_nonnull(told);
	ck_assert_ptr_null(strstr(told + 1, "transcript"));
	outcome_clear(&outcome);
}
END_TEST

/* Nobody reads it: that must be an error and no wait. */
START_TEST(a_fifo_without_a_reader_is_refused)
{
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	outcome_expect(client_run("", transcript_option(), HOST,
				  port_of(SERVICE_TCP), "hello"),
		       1, "", "No such device or address");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("client record");
	TCase *tcase = harness_case(suite, "record");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_datagram_is_noted_both_ways);
	tcase_add_test(tcase, a_stream_is_noted_in_hexadecimal_too);
	tcase_add_test(tcase, a_ping_is_noted);
	tcase_add_test(tcase, a_long_message_is_noted_whole);
	tcase_add_test(tcase, hex_alone_goes_to_standard_error);
	tcase_add_test(
		tcase,
		a_file_that_cannot_be_had_ends_it_before_anything_is_sent);
	tcase_add_test(tcase, a_file_that_is_full_is_told_once);
	tcase_add_test(tcase, a_fifo_without_a_reader_is_refused);
	return harness_run(suite);
}
