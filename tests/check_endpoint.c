/* SPDX-License-Identifier: MIT */
/*
 * Endpoints as an operator writes them: every form, what is none, and what is
 * said of it.
 */
#include "server/endpoint.h"

#include <string.h>
#include <sys/socket.h>

#include "harness.h"

#define NAME_10 "abcdefghi."
#define NAME_50 NAME_10 NAME_10 NAME_10 NAME_10 NAME_10
#define NAME_1000                                                              \
	NAME_50 NAME_50 NAME_50 NAME_50 NAME_50 NAME_50 NAME_50 NAME_50        \
		NAME_50 NAME_50 NAME_50 NAME_50 NAME_50 NAME_50 NAME_50        \
			NAME_50 NAME_50 NAME_50 NAME_50 NAME_50
#define PATH_100                                                               \
	"/23456789/123456789/123456789/123456789/123456789"                    \
	"/123456789/123456789/123456789/123456789/123456789/"

static const struct {
	const char *text;
	int socktype;
	enum endpoint_kind kind;
	uint16_t port;
	const char *host; /* or the path */
} rows[] = {
	{"off", SOCK_STREAM, ENDPOINT_OFF, 0, ""},
	{"off", SOCK_DGRAM, ENDPOINT_OFF, 0, ""},
	{"0", SOCK_STREAM, ENDPOINT_PORT, 0, ""},
	{"1", SOCK_DGRAM, ENDPOINT_PORT, 1, ""},
	{"65535", SOCK_STREAM, ENDPOINT_PORT, 65535, ""},
	{"http", SOCK_STREAM, ENDPOINT_PORT, 80, ""},
	{"192.0.2.1:80", SOCK_STREAM, ENDPOINT_ADDRESS, 80, "192.0.2.1"},
	{"192.0.2.1:0", SOCK_DGRAM, ENDPOINT_ADDRESS, 0, "192.0.2.1"},
	{"[::1]:12000", SOCK_DGRAM, ENDPOINT_ADDRESS, 12000, "::1"},
	{"eth0:65535", SOCK_STREAM, ENDPOINT_ADDRESS, 65535, "eth0"},
	{"host.example:http", SOCK_STREAM, ENDPOINT_ADDRESS, 80,
	 "host.example"},
	{"unix:/", SOCK_STREAM, ENDPOINT_UNIX, 0, "/"},
	{"unix:/run/a:b", SOCK_STREAM, ENDPOINT_UNIX, 0, "/run/a:b"},
	{"unix:" PATH_100 "1234567", SOCK_STREAM, ENDPOINT_UNIX, 0,
	 PATH_100 "1234567"},
};

START_TEST(an_endpoint_is_read)
{
	struct endpoint endpoint;
	const char *cause;

	ck_assert_msg(endpoint_parse(rows[_i].text, rows[_i].socktype,
				     &endpoint, &cause) == 0,
		      "%s: %s", rows[_i].text, cause);
	ck_assert_int_eq(endpoint.kind, rows[_i].kind);
	ck_assert_uint_eq(endpoint.port, rows[_i].port);
	if (endpoint.kind == ENDPOINT_UNIX)
		ck_assert_str_eq(endpoint.path, rows[_i].host);
	else
		ck_assert_str_eq(endpoint.host, rows[_i].host);
}
END_TEST

static const struct {
	const char *text;
	int socktype;
	const char *cause; /* a piece of it */
} refused[] = {
	{"", SOCK_STREAM, "unix:PATH, or off"},
	{"65536", SOCK_STREAM, "not a number from 0 to 65535"},
	{"-1", SOCK_STREAM, "not a number from 0 to 65535"},
	{"no-such-service", SOCK_DGRAM, "INTERFACE:PORT, or off"},
	{"Off", SOCK_STREAM, "not a number from 0 to 65535"},
	{":80", SOCK_STREAM, "unix:PATH, or off"},
	{"192.0.2.1:65536", SOCK_STREAM, "unix:PATH, or off"},
	{"192.0.2.1:-1", SOCK_DGRAM, "INTERFACE:PORT, or off"},
	{"[::1]", SOCK_STREAM, "PORT is missing"},
	{"[::1", SOCK_STREAM, ""},
	{NAME_1000 NAME_10 NAME_10 "abcde:80", SOCK_STREAM, "longer than"},
	{"unix:/run/x", SOCK_DGRAM, "no Unix sockets"},
	{"unix:", SOCK_STREAM, "begins with a slash"},
	{"unix:run/x", SOCK_STREAM, "begins with a slash"},
	{"unix:" PATH_100 "12345678", SOCK_STREAM, "at most 107 bytes"},
};

START_TEST(what_is_no_endpoint_is_explained)
{
	struct endpoint endpoint;
	const char *cause = NULL;

	ck_assert_msg(endpoint_parse(refused[_i].text, refused[_i].socktype,
				     &endpoint, &cause) == -1,
		      "%s", refused[_i].text);
	ck_assert_msg(cause && strstr(cause, refused[_i].cause), "%s: %s",
		      refused[_i].text, cause);
}
END_TEST

/* The longest that still is a name, with its port. */
START_TEST(a_long_name_is_a_host)
{
	static const char text[] = NAME_1000 NAME_10 NAME_10 "a:80";
	struct endpoint endpoint;
	const char *cause;

	ck_assert_uint_eq(strlen(text), NI_MAXHOST - 1);
	ck_assert_int_eq(endpoint_parse(text, SOCK_STREAM, &endpoint, &cause),
			 0);
	ck_assert_uint_eq(strlen(endpoint.host), NI_MAXHOST - 4);
	ck_assert_uint_eq(endpoint.port, 80);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("endpoint");
	TCase *tcase = harness_case(suite, "endpoint");

	tcase_add_loop_test(tcase, an_endpoint_is_read, 0,
			    (int)ARRAY_LEN(rows));
	tcase_add_loop_test(tcase, what_is_no_endpoint_is_explained, 0,
			    (int)ARRAY_LEN(refused));
	tcase_add_test(tcase, a_long_name_is_a_host);
	return harness_run_together(suite);
}
