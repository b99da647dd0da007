/* SPDX-License-Identifier: MIT */
/*
 * The line that uppercase-load shows on a terminal while it runs: what stands
 * in it, and that it keeps to the window, whatever becomes of that.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "e2e_server.h"
#include "e2e_sock.h"
#include "load_fixture.h"

#define HOST "127.0.0.1"
#define DRAW "\r\033[J"

static struct server *server;
static char port[8], text[1 << 16];

static void set_up(void)
{
	char *root = folder_new();

	server = server_start_all(root);
	(void)port_text(server_endpoint(server, SERVICE_TCP)->port, port);
	free(root);
}

static void tear_down(void)
{
	server_stop(server);
}

static void set_width(const struct client *client, unsigned short width)
{
	struct winsize size = {.ws_row = 24, .ws_col = width};

	ck_assert_int_eq(ioctl(client->fd, TIOCSWINSZ, &size), 0);
}

/* Reads on until that many lines have been drawn, or to the end when 0. */
static void read_lines(struct client *client, size_t n)
{
	int64_t deadline = harness_deadline();
	size_t len = 0, seen = 0;
	ssize_t got;

	text[0] = '\0';
	while (n == 0 || seen < n) {
		sock_must_wait(client->fd, POLLIN, deadline, "the terminal");
		got = read(client->fd, text + len, sizeof(text) - 1 - len);
		if (got <= 0)
			return;
		len += (size_t)got;
		text[len] = '\0';
		seen = 0;
		for (const char *c = text; (c = strstr(c, DRAW)); c++)
			seen++;
	}
}

/* Each line drawn ends where it began, and is shorter than the window. */
static size_t check_lines(size_t width)
{
	const char *line = text;
	size_t n = 0;

	while ((line = strstr(line, DRAW))) {
		size_t len;

		line += strlen(DRAW);
		len = strcspn(line, "\r\n");
		if (!strstr(line, "\r") || strncmp(line, "tcp ", 4) == 0 ||
		    len == 0)
			continue;
		ck_assert_msg(len < width, "%zu columns: %.*s", len, (int)len,
			      line);
		ck_assert_int_eq(line[len], '\r');
		n++;
	}
	return n;
}

START_TEST(errors_and_the_whole_fit_into_eighty_columns)
{
	const char *const args[] = {"-R", "500", "-d", "1s", HOST, port, NULL};
	struct client client = client_start_on_terminal(args);

	read_lines(&client, 0);
	ck_assert_uint_ge(check_lines(80), 2);
	ck_assert_ptr_nonnull(strstr(text, " of 1 s  "));
	ck_assert_ptr_nonnull(strstr(text, "  errors 0\r"));
	client_expect_exit(&client, 0);
}
END_TEST

START_TEST(a_ramp_tells_its_step_and_target)
{
	const char *const args[] = {"-d", "800ms", "--ramp=100:200:2",
				    HOST, port,	   NULL};
	struct client client = client_start_on_terminal(args);

	read_lines(&client, 0);
	ck_assert_uint_ge(check_lines(80), 2);
	ck_assert_ptr_nonnull(strstr(text, "step 1 of 2 at 100.0/s"));
	ck_assert_ptr_nonnull(strstr(text, "step 2 of 2 at 200.0/s"));
	client_expect_exit(&client, 0);
}
END_TEST

START_TEST(a_count_is_told_of_the_whole)
{
	const char *const args[] = {"-n", "300", "-R", "500", HOST, port, NULL};
	struct client client = client_start_on_terminal(args);

	read_lines(&client, 0);
	ck_assert_ptr_nonnull(strstr(text, " of 300  "));
	client_expect_exit(&client, 0);
}
END_TEST

/* The cursor was at the beginning, so what the window broke is erased. */
START_TEST(a_window_that_shrinks_is_kept_to)
{
	const char *const args[] = {"-R", "500", "-d", "60s", HOST, port, NULL};
	struct client client = client_start_on_terminal(args);

	set_width(&client, 120);
	read_lines(&client, 2);
	set_width(&client, 30);
	read_lines(&client, 2);
	read_lines(&client, 3);
	ck_assert_uint_ge(check_lines(30), 2);
	ck_assert_ptr_nonnull(strstr(text, "errors 0"));
	client_type(&client, "\003");
	read_lines(&client, 0);
	client_expect_exit(&client, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("load live");
	TCase *tcase = harness_case(suite, "live");

	load_use();
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, errors_and_the_whole_fit_into_eighty_columns);
	tcase_add_test(tcase, a_ramp_tells_its_step_and_target);
	tcase_add_test(tcase, a_count_is_told_of_the_whole);
	tcase_add_test(tcase, a_window_that_shrinks_is_kept_to);
	return harness_run(suite);
}
