/* SPDX-License-Identifier: MIT */
/*
 * The daemon as an operator meets it: its command line, what it says when it
 * starts and when it cannot, how it stops, what it does when descriptors run
 * out, and a thousand clients on each of its services at once.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "e2e_http.h"
#include "e2e_program.h"
#include "e2e_server.h"
#include "e2e_service.h"
#include "e2e_sock.h"
#include "harness.h"

static char *root;

static void set_up(void)
{
	root = folder_new();
	service_write_file(root);
}

static void tear_down(void)
{
	free(root);
}

/* --- what is served where --- */

START_TEST(a_service_alone_is_all_there_is)
{
	struct server *server = server_start(&(struct server_options){
		.udp = _i == SERVICE_UDP ? "0" : NULL,
		.tcp = _i == SERVICE_TCP ? "0" : NULL,
		.http = _i == SERVICE_HTTP ? "0" : NULL,
		.root = root});

	ck_assert_uint_eq(server->n_endpoints, 1);
	ck_assert_int_eq((int)server->endpoints[0].service, _i);
	service_expect_all(server);
	server_stop(server);
}
END_TEST

START_TEST(the_services_work_all_at_once_on_every_address)
{
	bool ipv6 = harness_has_ipv6();
	struct server *server = server_start(&(struct server_options){
		.udp = "0",
		.tcp = "0",
		.http = "0",
		.root = root,
		.listen = {"127.0.0.1", "127.0.0.2", ipv6 ? "::1" : NULL}});

	ck_assert_uint_eq(server->n_endpoints, ipv6 ? 9 : 6);
	for (int i = 0; i < 10; i++)
		service_expect_all(server);
	server_stop(server);
}
END_TEST

START_TEST(a_ready_line_names_the_root_as_it_was_given)
{
	struct server *server = server_start_all(root);

	ck_assert_str_eq(server_endpoint(server, SERVICE_HTTP)->root, root);
	server_stop(server);
}
END_TEST

START_TEST(without_options_the_ports_are_the_documented_ones)
{
	struct server *server;

	if (!harness_own_network()) {
		harness_skip("cannot have a network of one's own here");
		return;
	}
	server = server_start(&(struct server_options){
		.everywhere = true, .defaults = true, .root = root});
	for (size_t i = 0; i < server->n_endpoints; i++)
		ck_assert_uint_eq(server->endpoints[i].port,
				  server->endpoints[i].service == SERVICE_HTTP
					  ? 6789
					  : 12000);
	ck_assert_uint_eq(
		server_endpoint_on(server, SERVICE_TCP, "0.0.0.0")->port,
		12000);
	if (harness_has_ipv6())
		ck_assert_uint_eq(
			server_endpoint_on(server, SERVICE_UDP, "::")->port,
			12000);
	service_expect_all(server);
	server_stop(server);
}
END_TEST

START_TEST(short_options_mean_the_same)
{
	const char *const args[] = {"-a",  "127.0.0.1", "-a",  "127.0.0.2",
				    "-u0", "-t",	"off", "-w",
				    "0",   "-r",	root,  NULL};
	struct server *server = server_start(
		&(struct server_options){.args = args, .n_ready = 4});

	ck_assert_uint_ne(
		server_endpoint_on(server, SERVICE_UDP, "127.0.0.2")->port, 0);
	ck_assert_uint_ne(
		server_endpoint_on(server, SERVICE_HTTP, "127.0.0.1")->port, 0);
	service_expect_all(server);
	server_stop(server);
}
END_TEST

START_TEST(a_port_is_free_again_as_soon_as_the_server_is_gone)
{
	struct server *server = server_start_all(root);
	char udp[8], tcp[8], http[8];
	int fd = tcp_connect(server, SERVICE_TCP);
	int other = tcp_connect(server, SERVICE_HTTP);

	(void)snprintf(udp, sizeof(udp), "%u",
		       server_endpoint(server, SERVICE_UDP)->port);
	(void)snprintf(tcp, sizeof(tcp), "%u",
		       server_endpoint(server, SERVICE_TCP)->port);
	(void)snprintf(http, sizeof(http), "%u",
		       server_endpoint(server, SERVICE_HTTP)->port);
	tcp_exchange(fd, "hello", 5);
	service_expect_file(other);
	/* The server closes first, which leaves its ports in TIME_WAIT. */
	server_signal(server, SIGTERM);
	tcp_expect_end(fd);
	tcp_expect_end(other);
	(void)close(fd);
	(void)close(other);
	server_expect_exit(server, 0);
	server_stop(server);
	server = server_start(&(struct server_options){
		.udp = udp, .tcp = tcp, .http = http, .root = root});
	service_expect_all(server);
	server_stop(server);
}
END_TEST

START_TEST(it_says_at_start_which_limits_hold)
{
	struct server *server = server_start_all(root);

	ck_assert_ptr_nonnull(strstr(server_log(server), "limit"));
	server_stop(server);
}
END_TEST

/*
 * Of datagrams in which there is nothing to change 16 are answered in a second:
 * they wait until all are there, so that they are judged at one time.
 */
static void exceed_the_loop_budget(const struct server *server, int n)
{
	int udp = udp_connect(server);

	server_signal(server, SIGSTOP);
	for (int i = 0; i < n; i++)
		ck_assert_int_eq(send(udp, "ECHO", 4, 0), 4);
	server_signal(server, SIGCONT);
	/* What was sent before this has been judged when this is answered. */
	service_expect(server_endpoint(server, SERVICE_UDP));
	(void)close(udp);
}

START_TEST(sigusr1_tells_what_was_counted_and_work_goes_on)
{
	struct server *server = server_start_all(root);
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;

	exceed_the_loop_budget(server, 20);
	http_get(fd, "/%zz", &response);
	http_clear(&response);
	(void)close(fd);
	fd = tcp_connect(server, SERVICE_HTTP);
	tcp_send_text(fd, "nonsense\r\n\r\n");
	http_read(fd, &response, true);
	ck_assert_int_eq(response.status, 400);
	http_clear(&response);
	server_signal(server, SIGUSR1);
	server_wait_log(server, "counter: udp_loop_refused 4 ");
	server_wait_log(server, "counter: http_requests 1 ");
	server_wait_log(server, "counter: http_bad_requests 1 ");
	service_expect_all(server);
	(void)close(fd);
	server_stop(server);
}
END_TEST

/* --- its number --- */

/* Runs a server that cannot start; what it says must hold both texts. */
static void expect_no_start(const char *const argv[], const char *thing,
			    const char *reason)
{
	struct outcome outcome = program_run(argv, "", 0);

	ck_assert_int_eq(outcome.status, 1);
	ck_assert_str_eq(outcome.out, "");
	ck_assert_msg(strstr(outcome.err, thing) != NULL, "%s", outcome.err);
	ck_assert_msg(strstr(outcome.err, reason) != NULL, "%s", outcome.err);
	ck_assert_int_eq(strncmp(outcome.err, "uppercase-server: ", 18), 0);
	outcome_clear(&outcome);
}

static struct server *start_with(const char *option)
{
	return server_start(
		&(struct server_options){.tcp = "0", .extra = option});
}

static long read_number(const char *path)
{
	FILE *file = fopen(path, "re");
	long number = -1;

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fscanf(file, "%ld", &number), 1);
	ck_assert_int_eq(fgetc(file), '\n');
	ck_assert_int_eq(fgetc(file), EOF);
	(void)fclose(file);
	return number;
}

START_TEST(its_number_is_in_a_file_that_it_holds)
{
	char *path = folder_path(root, "pid"), option[512], why[64];
	const char *const argv[] = {server_program(), "-uoff", "-woff",
				    "-t127.0.0.1:0",  option,  NULL};
	struct server *server;

	(void)snprintf(option, sizeof(option), "--pid-file=%s", path);
	/* What is longer, and of nobody who lives. */
	folder_write_text(root, "pid", "12345678901234567890\nand more\n");
	server = start_with(option);
	ck_assert_int_eq(read_number(path), server->pid);
	(void)snprintf(why, sizeof(why), "process %d has locked it",
		       (int)server->pid);
	expect_no_start(argv, path, why);
	ck_assert_int_eq(read_number(path), server->pid);
	server_stop(server);
	ck_assert_int_eq(access(path, F_OK), -1);
	free(path);
}
END_TEST

START_TEST(the_file_of_a_killed_one_is_taken_over)
{
	char *path = folder_path(root, "pid"), option[512];
	struct server *server;

	(void)snprintf(option, sizeof(option), "--pid-file=%s", path);
	server = start_with(option);
	server_signal(server, SIGKILL);
	(void)server_wait(server);
	ck_assert_int_eq(access(path, F_OK), 0);
	server = start_with(option);
	ck_assert_int_eq(read_number(path), server->pid);
	server_stop(server);
	free(path);
}
END_TEST

/* A link may lead to anybody's file, which must not be written over. */
START_TEST(a_file_that_cannot_be_had_is_told)
{
	char *path = folder_path(root, "pid"), option[512];
	const char *const argv[] = {server_program(), "-uoff", "-woff",
				    "-t127.0.0.1:0",  option,  NULL};

	(void)snprintf(option, sizeof(option), "--pid-file=%s", path);
	ck_assert_int_eq(symlink("file.txt", path), 0);
	expect_no_start(argv, path, strerror(ELOOP));
	ck_assert_int_eq(unlink(path), 0);
	(void)snprintf(option, sizeof(option), "--pid-file=%s/none/pid", root);
	expect_no_start(argv, "none/pid", strerror(ENOENT));
	free(path);
}
END_TEST

/* --- the command line --- */

START_TEST(help_names_every_option)
{
	static const char *const names[] = {"--listen=ADDRESS",
					    "-a",
					    "--udp-port=PORT",
					    "-u",
					    "--tcp-port=PORT",
					    "-t",
					    "--http-port=PORT",
					    "-w",
					    "--root=DIR",
					    "-r",
					    "--tcp-once",
					    "--help",
					    "-h",
					    "-V",
					    "--version",
					    "12000",
					    "6789",
					    "off"};
	const char *const argv[] = {server_program(), _i ? "-h" : "--help",
				    NULL};
	struct outcome outcome = program_run(argv, "", 0);

	ck_assert_int_eq(outcome.status, 0);
	ck_assert_str_eq(outcome.err, "");
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		ck_assert_msg(strstr(outcome.out, names[i]) != NULL, "no %s",
			      names[i]);
	outcome_clear(&outcome);
}
END_TEST

START_TEST(version_is_the_name_and_a_number)
{
	const char *const argv[] = {server_program(), _i ? "-V" : "--version",
				    NULL};
	struct outcome outcome = program_run(argv, "", 0);
	int major, minor, end = 0;

	ck_assert_int_eq(outcome.status, 0);
	ck_assert_str_eq(outcome.err, "");
	ck_assert_int_eq(sscanf(outcome.out, "uppercase-server %d.%d%n", &major,
				&minor, &end),
			 2);
	ck_assert_ptr_nonnull(strchr(outcome.out + end, '\n'));
	outcome_clear(&outcome);
}
END_TEST

static const struct {
	const char *args[5];
	const char *named; /* what the message must name */
} wrong[] = {
	{{"--no-such-option"}, "no-such-option"},
	{{"-z"}, "z"},
	{{"word"}, "word"}, /* there are no operands */
	{{"--udp-port"}, "udp-port"},
	{{"--tcp-port"}, "tcp-port"},
	{{"--http-port"}, "http-port"},
	{{"--listen"}, "listen"},
	{{"--root"}, "root"},
	{{"-u"}, "u"},
	{{"--tcp-once=1"}, "tcp-once"},
	{{"--udp-port="}, "udp-port"},
	{{"--udp-port=x"}, "x"},
	{{"--udp-port=65536"}, "65536"},
	{{"--tcp-port=-1"}, "-1"},
	{{"--tcp-port=+1"}, "+1"},
	{{"--tcp-port= 1"}, " 1"},
	{{"--tcp-port=1x"}, "1x"},
	{{"--tcp-port=0x10"}, "0x10"},
	{{"--http-port=99999999999999999999"}, "99999999999999999999"},
	{{"--http-port=OFF"}, "OFF"},
	{{"--http-port=no-such-name"}, "no-such-name"},
	{{"--listen="}, "listen"},
	{{"-uoff", "-toff", "-woff"}, "off"}, /* nothing to do */
};

/* That it is shown in a form that the file may have is tested elsewhere. */
START_TEST(what_is_in_force_can_be_shown)
{
	const char *argv[] = {server_program(), "--show-config",
			      "--udp-port=4711", NULL};
	struct outcome outcome = program_run(argv, "", 0);

	ck_assert_int_eq(outcome.status, 0);
	ck_assert_str_eq(outcome.err, "");
	ck_assert_ptr_nonnull(strstr(outcome.out, "udp-port = {\"4711\"}"));
	outcome_clear(&outcome);
	/* A disk that is full is no success. */
	outcome = program_run(
		(const char *const[]){"sh", "-c",
				      "\"$0\" --show-config >/dev/full",
				      server_program(), NULL},
		"", 0);
	ck_assert_int_eq(outcome.status, 1);
	ck_assert_ptr_nonnull(strstr(outcome.err, strerror(ENOSPC)));
	outcome_clear(&outcome);
}
END_TEST

START_TEST(wrong_usage_is_told_and_ends_with_status_two)
{
	const char *argv[7] = {server_program()};
	struct outcome outcome;

	for (size_t i = 0; i < ARRAY_LEN(wrong[_i].args); i++)
		argv[i + 1] = wrong[_i].args[i];
	outcome = program_run(argv, "", 0);
	ck_assert_int_eq(outcome.status, 2);
	ck_assert_str_eq(outcome.out, "");
	ck_assert_msg(strstr(outcome.err, wrong[_i].named) != NULL, "%s",
		      outcome.err);
	outcome_clear(&outcome);
}
END_TEST

static const char *const port_options[] = {
	"--udp-port=", "--tcp-port=", "--http-port="};

START_TEST(an_address_in_use_is_told_and_ends_with_status_one)
{
	struct server *server = server_start_all(root);
	const struct endpoint *endpoint =
		server_endpoint(server, (enum service)_i);
	char options[3][64], address[64], holder[64];
	const char *const argv[] = {server_program(),
				    "--listen=127.0.0.1",
				    options[0],
				    options[1],
				    options[2],
				    "-r",
				    root,
				    NULL};

	for (int i = 0; i < 3; i++)
		(void)snprintf(options[i], sizeof(options[i]), "%s%u",
			       port_options[i],
			       i == _i ? (unsigned)endpoint->port : 0);
	(void)snprintf(address, sizeof(address), "127.0.0.1:%u",
		       (unsigned)endpoint->port);
	expect_no_start(argv, address, strerror(EADDRINUSE));
	(void)snprintf(holder, sizeof(holder), "process %d, has it",
		       (int)server->pid);
	expect_no_start(argv, "uppercase-serve", holder);
	service_expect_all(server);
	server_stop(server);
}
END_TEST

START_TEST(an_address_of_another_host_is_told_and_ends_with_status_one)
{
	const char *const argv[] = {server_program(),
				    "--listen=192.0.2.1",
				    "-u0",
				    "-t0",
				    "-woff",
				    NULL};

	expect_no_start(argv, "192.0.2.1", strerror(EADDRNOTAVAIL));
}
END_TEST

START_TEST(a_missing_root_is_told_and_ends_with_status_one)
{
	char *path = folder_path(root, "none");
	const char *const argv[] = {server_program(),
				    "--listen=127.0.0.1",
				    "-u0",
				    "-t0",
				    "-w0",
				    "-r",
				    path,
				    NULL};

	expect_no_start(argv, path, strerror(ENOENT));
	free(path);
}
END_TEST

START_TEST(a_root_that_is_a_file_is_told_and_ends_with_status_one)
{
	char *path = folder_path(root, "file.txt");
	const char *const argv[] = {server_program(),
				    "--listen=127.0.0.1",
				    "-uoff",
				    "-toff",
				    "-w0",
				    "-r",
				    path,
				    NULL};

	expect_no_start(argv, path, strerror(ENOTDIR));
	free(path);
}
END_TEST

/* --- descriptors --- */

#define FEW_DESCRIPTORS 64

/* Connects and says a word, without waiting for the answer. */
static void connect_many(const struct server *server, int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		fds[i] = tcp_connect(server, SERVICE_TCP);
		tcp_send_text(fds[i], "hello");
	}
}

static void close_many(int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (fds[i] >= 0)
			(void)close(fds[i]);
}

START_TEST(the_descriptor_limit_is_raised_as_far_as_may_be)
{
	struct server *server = server_start(&(struct server_options){
		.tcp = "0", .soft_descriptors = 32, .hard_descriptors = 512});
	int fds[200];

	connect_many(server, fds, ARRAY_LEN(fds));
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		tcp_expect_text(fds[i], "HELLO");
	close_many(fds, ARRAY_LEN(fds));
	server_stop(server);
}
END_TEST

START_TEST(clients_beyond_the_limit_are_served_when_others_leave)
{
	struct server *server = server_start(&(struct server_options){
		.udp = "0", .tcp = "0", .hard_descriptors = FEW_DESCRIPTORS});
	int fds[3 * FEW_DESCRIPTORS], udp = udp_connect(server);
	size_t n_served = 0;

	connect_many(server, fds, ARRAY_LEN(fds));
	server_wait_log(server, "warning: accept: ");
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		/*
		 * They are served in the order in which they came. Whoever
		 * leaves makes room for one who waits.
		 */
		tcp_expect_text(fds[i], "HELLO");
		udp_exchange(udp, "and I?", 6);
		(void)close(fds[i]);
		fds[i] = -1;
		n_served++;
	}
	ck_assert_uint_eq(n_served, ARRAY_LEN(fds));
	/* One shortage, one line. */
	ck_assert_uint_eq(server_count_warnings(server), 1);
	(void)close(udp);
	server_stop(server);
}
END_TEST

START_TEST(a_shortage_of_descriptors_does_not_burn_the_processor)
{
	struct server *server = server_start(&(struct server_options){
		.tcp = "0", .hard_descriptors = FEW_DESCRIPTORS});
	int fds[2 * FEW_DESCRIPTORS];
	int last;
	long before;

	connect_many(server, fds, ARRAY_LEN(fds));
	server_wait_log(server, "warning: accept: ");
	last = fds[ARRAY_LEN(fds) - 1];
	/* The others have made room for it. */
	tcp_expect_text(last, "HELLO");
	before = server_ticks(server);
	/* For a while all are silent; nothing must happen. */
	ck_assert_int_eq(sock_wait(last, POLLIN, 400), 0);
	ck_assert_int_lt(server_ticks(server) - before,
			 sysconf(_SC_CLK_TCK) / 10);
	close_many(fds, ARRAY_LEN(fds));
	server_stop(server);
}
END_TEST

START_TEST(idle_web_connections_make_room_for_new_ones)
{
	struct server *server = server_start(
		&(struct server_options){.tcp = "0",
					 .http = "0",
					 .root = root,
					 .hard_descriptors = FEW_DESCRIPTORS});
	int idle[2 * FEW_DESCRIPTORS],
		talking = tcp_connect(server, SERVICE_TCP);

	/* Each new one is served, and nobody ever leaves by himself. */
	for (size_t i = 0; i < ARRAY_LEN(idle); i++) {
		tcp_exchange(talking, "hello", 5);
		idle[i] = tcp_connect(server, SERVICE_HTTP);
		service_expect_file(idle[i]);
	}
	/* The one that was idle for longest had to go; the last is here. */
	tcp_expect_end(idle[0]);
	service_expect_file(idle[ARRAY_LEN(idle) - 1]);
	/* Whoever has just spoken is not the one. */
	tcp_exchange(talking, "still here", 10);
	ck_assert_uint_eq(server_count_warnings(server), 1);
	close_many(idle, ARRAY_LEN(idle));
	(void)close(talking);
	server_stop(server);
}
END_TEST

/* --- a thousand clients on each service --- */

#define CROWD 1000

struct crowd_client {
	enum service service;
	int fd;
};

static int connect_client(const struct server *server, enum service service)
{
	return service == SERVICE_UDP ? udp_connect(server)
				      : tcp_connect(server, service);
}

/* What client i says in this round, and what it must hear. */
static void make_words(int i, int round, char *said, char *heard, size_t size)
{
	(void)snprintf(said, size, "client %d, round %d", i, round);
	(void)snprintf(heard, size, "CLIENT %d, ROUND %d", i, round);
}

static void say(const struct crowd_client *client, int i, int round)
{
	char said[64], heard[64];

	make_words(i, round, said, heard, sizeof(said));
	if (client->service == SERVICE_HTTP)
		http_send_get(client->fd, i % 2 ? "/file.txt" : "/none");
	else
		ck_assert_int_eq(send(client->fd, said, strlen(said), 0),
				 (ssize_t)strlen(said));
}

/* A datagram may be lost in a full queue: then it is sent again. */
static void hear_datagram(const struct crowd_client *client, int i, int round)
{
	int64_t deadline = harness_deadline();
	char said[64], heard[64], got[128];

	make_words(i, round, said, heard, sizeof(said));
	do {
		size_t len;

		while (sock_wait(client->fd, POLLIN, 200) == 0) {
			if (harness_left_ms(deadline) == 0)
				harness_fail("client %d gets no answer", i);
			say(client, i, round);
		}
		len = udp_receive(client->fd, got, sizeof(got) - 1, NULL);
		got[len] = '\0';
		/* Late answers to a datagram that was sent twice. */
	} while (strcmp(got, heard) != 0 && strstr(got, ", ROUND "));
	ck_assert_str_eq(got, heard);
}

static void hear(const struct crowd_client *client, int i, int round)
{
	char said[64], heard[64];
	struct response response;

	make_words(i, round, said, heard, sizeof(said));
	switch (client->service) {
	case SERVICE_UDP:
		hear_datagram(client, i, round);
		break;
	case SERVICE_TCP:
		tcp_expect_text(client->fd, heard);
		break;
	case SERVICE_HTTP:
		http_read(client->fd, &response, true);
		if (i % 2)
			http_expect(&response, 200, SERVICE_FILE_TEXT,
				    strlen(SERVICE_FILE_TEXT));
		else
			ck_assert_int_eq(response.status, 404);
		http_clear(&response);
		break;
	case SERVICE_ADMIN:
		break;
	}
}

START_TEST(a_thousand_clients_on_each_service_are_all_answered)
{
	size_t n_descriptors = harness_raise_descriptors();
	struct server *server = server_start_all(root);
	size_t n = 3 * CROWD;
	struct crowd_client *clients = bytes_new(n * sizeof(*clients));

	if (n_descriptors < n + 100) {
		harness_skip("%zu clients instead of %zu: the descriptor "
			     "limit is %zu",
			     n_descriptors - 100, n, n_descriptors);
		n = n_descriptors - 100;
	}
	for (size_t i = 0; i < n; i++) {
		clients[i].service = (enum service)(i % 3);
		clients[i].fd = connect_client(server, clients[i].service);
	}
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < n; i++)
			say(&clients[i], (int)i, round);
		for (size_t i = 0; i < n; i++)
			hear(&clients[i], (int)i, round);
	}
	for (size_t i = 0; i < n; i++)
		(void)close(clients[i].fd);
	free(clients);
	server_stop(server);
}
END_TEST

static void add_start(Suite *suite)
{
	TCase *tcase = harness_case(suite, "services");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, a_service_alone_is_all_there_is, 0, 3);
	tcase_add_test(tcase, the_services_work_all_at_once_on_every_address);
	tcase_add_test(tcase, a_ready_line_names_the_root_as_it_was_given);
	tcase_add_test(tcase,
		       without_options_the_ports_are_the_documented_ones);
	tcase_add_test(tcase, short_options_mean_the_same);
	tcase_add_test(tcase,
		       a_port_is_free_again_as_soon_as_the_server_is_gone);
	tcase_add_test(tcase, it_says_at_start_which_limits_hold);
	tcase_add_test(tcase, its_number_is_in_a_file_that_it_holds);
	tcase_add_test(tcase, the_file_of_a_killed_one_is_taken_over);
	tcase_add_test(tcase, a_file_that_cannot_be_had_is_told);
	tcase_add_test(tcase, sigusr1_tells_what_was_counted_and_work_goes_on);

	tcase = harness_case(suite, "command line");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, help_names_every_option, 0, 2);
	tcase_add_loop_test(tcase, version_is_the_name_and_a_number, 0, 2);
	tcase_add_test(tcase, what_is_in_force_can_be_shown);
	tcase_add_loop_test(tcase, wrong_usage_is_told_and_ends_with_status_two,
			    0, ARRAY_LEN(wrong));
	tcase_add_loop_test(tcase,
			    an_address_in_use_is_told_and_ends_with_status_one,
			    0, 3);
	tcase_add_test(
		tcase,
		an_address_of_another_host_is_told_and_ends_with_status_one);
	tcase_add_test(tcase, a_missing_root_is_told_and_ends_with_status_one);
	tcase_add_test(tcase,
		       a_root_that_is_a_file_is_told_and_ends_with_status_one);
}

static void add_load(Suite *suite)
{
	TCase *tcase = harness_case(suite, "descriptors");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, the_descriptor_limit_is_raised_as_far_as_may_be);
	tcase_add_test(tcase,
		       clients_beyond_the_limit_are_served_when_others_leave);
	tcase_add_test(tcase,
		       a_shortage_of_descriptors_does_not_burn_the_processor);
	tcase_add_test(tcase, idle_web_connections_make_room_for_new_ones);

	tcase = harness_case(suite, "crowd");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase,
		       a_thousand_clients_on_each_service_are_all_answered);
}

int main(void)
{
	Suite *suite = suite_create("e2e daemon");

	add_start(suite);
	add_load(suite);
	return harness_run(suite);
}
