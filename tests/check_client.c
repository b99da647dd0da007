/* SPDX-License-Identifier: MIT */
/*
 * uppercase-client from its command line to its exit status. Where the server
 * behaves, it is the real one. For servers that do not see
 * check_client_peers.c, for the filters and the prompt check_client_modes.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "e2e_client.h"
#include "e2e_server.h"
#include "e2e_sock.h"
#include "harness.h"

#define HOST "127.0.0.1"

/* A limit that is used up only when the client waits for what never comes. */
#define LONG "9"

static struct server *server;
static struct peer peer;
static char port[8];

/* The real server; both services, each on a port of its own. */
static void start_server(void)
{
	server = server_start_all(NULL);
}

static void stop_server(void)
{
	server_stop(server);
}

static const char *port_of(enum service service)
{
	return port_text(server_endpoint(server, service)->port, port);
}

static const char *tcp_port(void)
{
	return port_of(SERVICE_TCP);
}

static const char *udp_port(void)
{
	return port_of(SERVICE_UDP);
}

/* --- the command line --- */

static const struct {
	const char *args[8];
	const char *err; /* the one line says at least this */
} wrong_usage[] = {
	{{NULL}, "HOST and PORT are missing"},
	{{HOST}, "PORT is missing"},
	{{HOST, "0"}, "port '0'"},
	{{HOST, "65536"}, "port '65536'"},
	{{HOST, "70000"}, "port '70000'"},
	{{HOST, "abc"}, "port 'abc'"},
	{{HOST, ""}, "port ''"},
	{{HOST, "-1"}, "-1: unknown"},
	{{HOST, "+80"}, "port '+80'"},
	{{HOST, "80x"}, "port '80x'"},
	{{HOST, " 80"}, "port ' 80'"},
	{{"", "80"}, "HOST is empty"},
	{{":80"}, "HOST is empty"},
	{{"localhost:"}, "port ''"},
	{{"localhost:abc", "80"}, "port 'abc'"},
	{{"::1:80"}, "PORT is missing (behind an IPv6 address as in "},
	{{"[::1]"}, "PORT is missing (behind an IPv6 address as in "},
	{{"[::1", "80"}, "HOST '[::1': not [ADDRESS]"},
	{{"[localhost]", "80"}, "only an IPv6 address stands in brackets"},
	{{"-u", HOST, "http"}, "the name of a UDP service"},
	{{"-x", HOST, "80"}, "-x: unknown"},
	{{"--udp", "-xv", HOST, "80"}, "-x: unknown"},
	{{"--nothing", HOST, "80"}, "--nothing: unknown"},
	{{"--udp=1", HOST, "80"}, "--udp=1: takes no value"},
	{{HOST, "80", "-w"}, "-w: needs a value"},
	{{HOST, "80", "--retries"}, "--retries: needs a value"},
	{{"-w", "soon", HOST, "80"}, "--timeout='soon'"},
	{{"-w", "0", HOST, "80"}, "--timeout='0'"},
	{{"-w", "-1", HOST, "80"}, "--timeout='-1'"},
	{{"--timeout=86401", HOST, "80"}, "--timeout='86401'"},
	{{"-r", "many", HOST, "80"}, "--retries='many'"},
	{{"-r", "1001", HOST, "80"}, "--retries='1001'"},
	{{"-p", "0", HOST, "80"}, "--source-port='0'"},
	{{"-p", "65536", HOST, "80"}, "--source-port='65536'"},
	{{"-s", "not an address", HOST, "80"}, "source address"},
	{{"-6", "-s", HOST, "::1", "80"}, "source address"},
};

START_TEST(wrong_usage_ends_with_2_and_one_line)
{
	struct outcome outcome = client_run_args("", wrong_usage[_i].args);
	char *newline;

	ck_assert_int_eq(outcome.status, 2);
	ck_assert_str_eq(outcome.out, "");
	ck_assert_ptr_nonnull(strstr(outcome.err, wrong_usage[_i].err));
	ck_assert_int_eq(strncmp(outcome.err, "uppercase-client: ", 18), 0);
	newline = strchr(outcome.err, '\n');
	ck_assert_ptr_nonnull(newline);
	ck_assert_str_eq(newline, "\n");
	outcome_clear(&outcome);
}
END_TEST

START_TEST(wrong_usage_points_to_the_help)
{
	char help[512];

	/* As it was called, which works whether or not it is installed. */
	(void)snprintf(help, sizeof(help), "(see %s --help)\n",
		       client_program());
	outcome_expect(client_run("", HOST, "abc"), 2, "", help);
}
END_TEST

START_TEST(help_names_every_option)
{
	static const char *const names[] = {
		"-t, --tcp",	     "-u, --udp",      "-4, --ipv4",
		"-6, --ipv6",	     "--connect",      "--half-close",
		"-w, --timeout=",    "-r, --retries=", "-s, --source",
		"-p, --source-port", "-v, --verbose",  "-h, --help",
		"-V, --version",
	};
	struct outcome outcome = client_run("", "--help");

	ck_assert_int_eq(outcome.status, 0);
	ck_assert_str_eq(outcome.err, "");
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		ck_assert_msg(strstr(outcome.out, names[i]) != NULL, "%s",
			      names[i]);
	outcome_clear(&outcome);
}
END_TEST

START_TEST(version_is_told_on_standard_output)
{
	outcome_expect(client_run("", "--version"), 0,
		       "uppercase-client 0.1.0\n", "");
	outcome_expect(client_run("", "-V"), 0, "uppercase-client 0.1.0\n", "");
}
END_TEST

START_TEST(options_may_stand_before_and_between_the_operands)
{
	start_server();
	outcome_expect(client_run("", "-u", "-w", LONG, HOST, udp_port(), "a"),
		       0, "A\n", "");
	outcome_expect(client_run("", HOST, "-w", LONG, udp_port(), "-u", "a"),
		       0, "A\n", "");
	outcome_expect(client_run("", "--udp", "--timeout=" LONG, "--retries=1",
				  HOST, udp_port(), "a"),
		       0, "A\n", "");
	outcome_expect(client_run("", "-u", "--tcp", HOST, tcp_port(), "a"), 0,
		       "A\n", "");
	stop_server();
}
END_TEST

static const char *const hosts_before_a_port[] = {HOST, "localhost", "[::1]"};

START_TEST(host_and_port_may_be_one_word)
{
	const char *host = hosts_before_a_port[_i];
	bool is_ipv6 = host[0] == '[';
	char typed[64];

	if (is_ipv6 && !harness_has_ipv6())
		return;
	server = server_start(&(struct server_options){
		.udp = "0", .tcp = "0", .listen = {is_ipv6 ? host : HOST}});
	(void)snprintf(typed, sizeof(typed), "%s:%s", host, tcp_port());
	outcome_expect(client_run("", typed, "hello", "12000"), 0,
		       "HELLO 12000\n", "");
	outcome_expect(client_run("hello", typed), 0, "HELLO", "");
	(void)snprintf(typed, sizeof(typed), "%s:%s", host, udp_port());
	outcome_expect(client_run("", typed, "-u", "a"), 0, "A\n", "");
	stop_server();
}
END_TEST

START_TEST(a_service_may_be_named)
{
	if (!harness_own_network()) {
		harness_skip("no network of its own with port 80 in it");
		return;
	}
	server = server_start(
		&(struct server_options){.udp = "domain", .tcp = "http"});
	outcome_expect(client_run("", HOST, "http", "a"), 0, "A\n", "");
	outcome_expect(client_run("", HOST ":http", "a"), 0, "A\n", "");
	outcome_expect(client_run("", "-u", HOST, "domain", "a"), 0, "A\n", "");
	stop_server();
}
END_TEST

START_TEST(what_follows_the_first_word_is_text)
{
	start_server();
	outcome_expect(client_run("", HOST, tcp_port(), "a", "-u", "--", "-x"),
		       0, "A -U -- -X\n", "");
	outcome_expect(client_run("", HOST, tcp_port(), "--", "-u", "-w"), 0,
		       "-U -W\n", "");
	stop_server();
}
END_TEST

/* --- a message --- */

static const char *const messages[] = {
	"hello",
	"",		    /* nothing is a message too */
	"two words",	    /* one argument with a space in it */
	"caf\xc3\xa9 \xff", /* UTF-8, and what is not: no letters to us */
	"a\nb\r\n",	    /* line ends are bytes */
};

START_TEST(a_message_comes_back_in_upper_case_with_a_newline)
{
	const char *message = messages[_i];
	size_t len = strlen(message);
	char expected[32];

	bytes_upper((unsigned char *)expected, (const unsigned char *)message,
		    len);
	(void)strcpy(expected + len, "\n");
	start_server();
	outcome_expect(client_run("", HOST, tcp_port(), message), 0, expected,
		       "");
	outcome_expect(client_run("", "-u", HOST, udp_port(), message), 0,
		       expected, "");
	stop_server();
}
END_TEST

START_TEST(words_are_joined_by_single_spaces)
{
	start_server();
	outcome_expect(client_run("", HOST, tcp_port(), "a", "", "b c"), 0,
		       "A  B C\n", "");
	outcome_expect(client_run("", "-u", HOST, udp_port(), "a", "b"), 0,
		       "A B\n", "");
	stop_server();
}
END_TEST

START_TEST(every_byte_that_an_argument_can_hold_passes)
{
	unsigned char message[256] = {0}, expected[257] = {0};

	for (unsigned i = 0; i < 255; i++)
		message[i] = (unsigned char)(i + 1);
	bytes_upper(expected, message, 255);
	expected[255] = '\n';
	start_server();
	outcome_expect(client_run("", HOST, tcp_port(), (char *)message), 0,
		       (char *)expected, "");
	outcome_expect(client_run("", "-u", HOST, udp_port(), (char *)message),
		       0, (char *)expected, "");
	stop_server();
}
END_TEST

START_TEST(a_long_message_passes_over_tcp)
{
	size_t len = 120000; /* an argument holds at most 128 KiB on Linux */
	char *message = bytes_new(len + 2), *expected = bytes_new(len + 2);

	memset(message, 'x', len);
	memset(expected, 'X', len);
	message[len] = '\0';
	(void)strcpy(expected + len, "\n");
	start_server();
	outcome_expect(client_run("", HOST, tcp_port(), message), 0, expected,
		       "");
	stop_server();
	free(message);
	free(expected);
}
END_TEST

static const struct {
	size_t len;
	int status;
} datagram_sizes[] = {
	{65507, 0}, /* the most that UDP over IPv4 carries */
	{65508, 2}, /* one more */
};

START_TEST(a_datagram_holds_65507_bytes_and_no_more)
{
	size_t len = datagram_sizes[_i].len;
	char *message = bytes_new(len + 2);
	struct outcome outcome;

	memset(message, 'x', len);
	message[len] = '\0';
	start_server();
	outcome = client_run("", "-u", HOST, udp_port(), message);
	ck_assert_int_eq(outcome.status, datagram_sizes[_i].status);
	if (outcome.status == 0) {
		ck_assert_uint_eq(outcome.out_len, len + 1);
		ck_assert_uint_eq(strspn(outcome.out, "X"), len);
	} else {
		ck_assert_str_eq(outcome.out, "");
		ck_assert_ptr_nonnull(strstr(outcome.err, "65508 bytes"));
		ck_assert_ptr_nonnull(strstr(outcome.err, "at most 65507"));
	}
	outcome_clear(&outcome);
	stop_server();
	free(message);
}
END_TEST

START_TEST(a_message_too_long_for_udp_is_not_sent)
{
	int fd = udp_bind(HOST, 0);
	struct sockaddr_in address;
	socklen_t size = sizeof(address);
	char message[65509];

	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &size),
			 0);
	memset(message, 'x', sizeof(message) - 1);
	message[sizeof(message) - 1] = '\0';
	outcome_expect(client_run("", "-u", HOST,
				  port_text(ntohs(address.sin_port), port),
				  message),
		       2, "", "65507");
	ck_assert(!sock_is_readable(fd));
	(void)close(fd);
}
END_TEST

/* --- the way there --- */

START_TEST(a_refusal_says_what_to_check)
{
	char expected[256];

	(void)snprintf(expected, sizeof(expected),
		       "uppercase-client: tcp connect to 127.0.0.1 port %s: "
		       "Connection refused (nothing listens there: is the "
		       "server running, and is this its TCP port?)\n",
		       port_without_server(SOCK_STREAM, port));
	outcome_expect(client_run("", HOST, port, "a"), 1, "", expected);
	outcome_expect(client_run("a", HOST, port), 1, "", expected);
}
END_TEST

START_TEST(a_connected_udp_socket_is_refused_at_once)
{
	char expected[256];

	(void)snprintf(expected, sizeof(expected),
		       "uppercase-client: udp send to 127.0.0.1 port %s: "
		       "Connection refused (nothing listens there: is the "
		       "server running, and is this its UDP port?)\n",
		       port_without_server(SOCK_DGRAM, port));
	outcome_expect(
		client_run("", "-u", "--connect", "-w", LONG, HOST, port, "a"),
		1, "", expected);
	outcome_expect(
		client_run("a\n", "-u", "--connect", "-w", LONG, HOST, port), 1,
		"", expected);
}
END_TEST

START_TEST(a_client_does_not_talk_to_itself)
{
	(void)port_without_server(SOCK_STREAM, port);
	outcome_expect(client_run("", "-p", port, HOST, port, "a"), 1, "",
		       "Connection refused");
	(void)port_without_server(SOCK_DGRAM, port);
	outcome_expect(
		client_run("", "-u", "-s", HOST, "-p", port, HOST, port, "a"),
		1, "", "Connection refused");
	outcome_expect(client_run("", "-u", "-p", port, HOST, port, "a"), 1, "",
		       "Connection refused");
	outcome_expect(
		client_run("", "-u", "--connect", "-p", port, HOST, port, "a"),
		1, "", "Connection refused");
}
END_TEST

/* Lets the kernel choose among two ports alone, in a network of its own. */
static bool narrow_ports(const char *range)
{
	FILE *file;
	bool ok;

	if (!harness_own_network())
		return false;
	file = fopen("/proc/sys/net/ipv4/ip_local_port_range", "we");
	if (!file)
		return false;
	ok = fputs(range, file) >= 0;
	return fclose(file) == 0 && ok;
}

/* Each run is one of two ports, and one of them is where the message goes. */
START_TEST(a_client_does_not_talk_to_itself_by_chance)
{
	if (!narrow_ports("20000 20001")) {
		harness_skip("no network of its own with two ports");
		return;
	}
	for (unsigned i = 0; i < 16; i++)
		outcome_expect(client_run("", "-u", "-w", "0.02", "-r", "0",
					  HOST, "20000", "a"),
			       3, "", "port unreachable");
}
END_TEST

/* 0.0.0.0 is this host, and the answer comes from 127.0.0.1. */
START_TEST(this_host_may_be_the_wildcard)
{
	start_server();
	outcome_expect(client_run("", "-u", "0.0.0.0", udp_port(), "a"), 0,
		       "A\n", "");
	outcome_expect(client_run("", "0.0.0.0", tcp_port(), "a"), 0, "A\n",
		       "");
	stop_server();
}
END_TEST

START_TEST(a_source_port_that_is_not_answered_is_told)
{
	if (!harness_own_network()) {
		harness_skip("no network of its own with port 1000 in it");
		return;
	}
	start_server();
	outcome_expect(client_run("", "-u", "-p", "1000", "-w", "0.2", "-r",
				  "0", HOST, udp_port(), "a"),
		       3, "",
		       "udp source port 1000: uppercase-server does not answer "
		       "ports below 1024");
	outcome_expect(
		client_run("", "-u", "-p", "1024", HOST, udp_port(), "a"), 0,
		"A\n", "");
	outcome_expect(client_run("", "-p", "1000", HOST, tcp_port(), "a"), 0,
		       "A\n", "");
	stop_server();
}
END_TEST

/* A label has at most 63 bytes, so this asks no name server. */
#define IMPOSSIBLE_LABEL                                                       \
	"a123456789a123456789a123456789a123456789a123456789a123456789abcd"

START_TEST(a_name_that_does_not_exist_is_a_network_failure)
{
	outcome_expect(client_run("", IMPOSSIBLE_LABEL, "80", "a"), 1, "",
		       "uppercase-client: lookup of \"" IMPOSSIBLE_LABEL
		       "\": ");
}
END_TEST

START_TEST(an_address_of_the_other_version_is_not_used)
{
	outcome_expect(client_run("", "-6", HOST, "80", "a"), 1, "",
		       "lookup of \"127.0.0.1\"");
	outcome_expect(client_run("", "-4", "::1", "80", "a"), 1, "",
		       "lookup of \"::1\"");
}
END_TEST

START_TEST(an_ipv6_address_is_spoken_to)
{
	if (!harness_has_ipv6())
		return;
	server = server_start(&(struct server_options){
		.udp = "0", .tcp = "0", .listen = {"::1"}});
	outcome_expect(client_run("", "::1", tcp_port(), "a"), 0, "A\n", "");
	outcome_expect(client_run("", "[::1]", tcp_port(), "a"), 0, "A\n", "");
	outcome_expect(client_run("", "-s", "[::1]", "::1", tcp_port(), "a"), 0,
		       "A\n", "");
	outcome_expect(client_run("", "-6u", "::1", udp_port(), "a"), 0, "A\n",
		       "");
	stop_server();
}
END_TEST

/*
 * A name with two addresses, the first of which nobody serves, needs a hosts
 * file of our own, and that a mount name space.
 */
#define WITH_HOSTS                                                             \
	"exec unshare -rm sh -c 'mount --bind \"$0\" /etc/hosts && "           \
	"exec \"$@\"' \"$1\" "

static char *write_hosts(void)
{
	char *folder = folder_new(), *path;

	folder_write_text(folder, "hosts",
			  "127.0.0.3 twofold\n127.0.0.1 twofold\n");
	path = folder_path(folder, "hosts");
	free(folder);
	return path;
}

static bool may_mount(const char *hosts)
{
	struct outcome outcome = client_run_shell(WITH_HOSTS "true", hosts);
	bool result = outcome.status == 0;

	outcome_clear(&outcome);
	if (!result)
		harness_skip("no mount name space for a name of two addresses");
	return result;
}

/* The system chooses which comes first, so each must be found alone. */
static const char *const served[] = {"127.0.0.1", "127.0.0.3"};

START_TEST(every_address_of_a_name_is_tried)
{
	char *hosts = write_hosts();
	char script[512];

	if (may_mount(hosts)) {
		server = server_start(&(struct server_options){
			.udp = "0", .tcp = "0", .listen = {served[_i]}});
		(void)snprintf(script, sizeof(script),
			       WITH_HOSTS "\"$0\" -4 twofold %s a", tcp_port());
		outcome_expect(client_run_shell(script, hosts), 0, "A\n", "");
		(void)snprintf(script, sizeof(script),
			       WITH_HOSTS "\"$0\" -4u twofold %s a",
			       udp_port());
		outcome_expect(client_run_shell(script, hosts), 0, "A\n", "");
		stop_server();
	}
	free(hosts);
}
END_TEST

START_TEST(each_address_that_failed_is_told)
{
	char *hosts = write_hosts();
	char script[512];

	if (may_mount(hosts)) {
		struct outcome outcome;

		(void)snprintf(script, sizeof(script),
			       WITH_HOSTS "\"$0\" -4 twofold %s a",
			       port_without_server(SOCK_STREAM, port));
		outcome = client_run_shell(script, hosts);
		ck_assert_int_eq(outcome.status, 1);
		ck_assert_ptr_nonnull(strstr(outcome.err, "127.0.0.3 port"));
		ck_assert_ptr_nonnull(strstr(outcome.err, "127.0.0.1 port"));
		outcome_clear(&outcome);
	}
	free(hosts);
}
END_TEST

/* Nobody serves either address: over UDP that is no failure of the first. */
START_TEST(each_address_that_refused_is_told_once)
{
	static const char *const once[] = {"127.0.0.3 port", "127.0.0.1 port"};
	char *hosts = write_hosts();
	char script[512];

	if (may_mount(hosts)) {
		struct outcome outcome;

		(void)snprintf(script, sizeof(script),
			       WITH_HOSTS "\"$0\" -4u -w 0.1 -r 2 twofold %s a "
					  "2>&1 | grep ICMP",
			       port_without_server(SOCK_DGRAM, port));
		outcome = client_run_shell(script, hosts);
		for (size_t i = 0; i < ARRAY_LEN(once); i++) {
			const char *first = strstr(outcome.out, once[i]);

			ck_assert_ptr_nonnull(first);
			ck_assert_ptr_null(strstr(first + 1, once[i]));
		}
		outcome_clear(&outcome);
	}
	free(hosts);
}
END_TEST

/* Answers with the address that the client has chosen for itself. */
static void serve_sender_udp(int fd)
{
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	unsigned char byte[1];
	char text[64];
	uint32_t host;

	for (;;) {
		if (recvfrom(fd, byte, 1, 0, (struct sockaddr *)&from, &len) <
		    0)
			_exit(1);
		host = ntohl(from.sin_addr.s_addr);
		(void)snprintf(text, sizeof(text), "%u.%u.%u.%u:%u", host >> 24,
			       host >> 16 & 255, host >> 8 & 255, host & 255,
			       (unsigned)ntohs(from.sin_port));
		(void)sendto(fd, text, strlen(text), 0,
			     (struct sockaddr *)&from, len);
	}
}

START_TEST(source_address_and_port_are_as_asked_for)
{
	char own[8], expected[64];

	peer = peer_start(SOCK_DGRAM, serve_sender_udp);
	(void)port_without_server(SOCK_DGRAM, own);
	(void)snprintf(expected, sizeof(expected), "127.0.0.2:%s\n", own);
	outcome_expect(client_run("", "-u", "-s", "127.0.0.2", "-p", own, HOST,
				  peer.port, "a"),
		       0, expected, "");
	(void)snprintf(expected, sizeof(expected), "127.0.0.1:%s\n", own);
	outcome_expect(client_run("", "-u", "--source-port", own, HOST,
				  peer.port, "a"),
		       0, expected, "");
	peer_stop(&peer);
}
END_TEST

START_TEST(a_source_port_can_be_used_again_at_once)
{
	char own[8];

	start_server();
	(void)port_without_server(SOCK_STREAM, own);
	outcome_expect(client_run("", "-v", "-p", own, HOST, tcp_port(), "a"),
		       0, "A\n", own);
	stop_server();
	start_server();
	outcome_expect(client_run("", "-p", own, HOST, tcp_port(), "a"), 0,
		       "A\n", "");
	stop_server();
}
END_TEST

START_TEST(a_source_that_cannot_be_had_is_told)
{
	int fd = udp_bind(HOST, 0);
	struct sockaddr_in address;
	socklen_t size = sizeof(address);

	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &size),
			 0);
	(void)port_text(ntohs(address.sin_port), port);
	outcome_expect(client_run("", "-u", "-p", port, HOST, "9", "a"), 1, "",
		       "Address already in use (another program has this "
		       "port: ");
	/* From a block that is for documentation alone (RFC 5737). */
	outcome_expect(client_run("", "-s", "192.0.2.1", HOST, "9", "a"), 1, "",
		       "tcp send from 192.0.2.1: Cannot assign requested "
		       "address (is that an address of this host?)\n");
	(void)close(fd);
}
END_TEST

START_TEST(verbose_tells_steps_with_times)
{
	struct outcome outcome;
	double last = 0;
	unsigned n = 0;

	start_server();
	outcome = client_run("", "-v", HOST, tcp_port(), "hello");
	ck_assert_int_eq(outcome.status, 0);
	ck_assert_str_eq(outcome.out, "HELLO\n");
	ck_assert_ptr_nonnull(strstr(outcome.err, "connected: 127.0.0.1:"));
	ck_assert_ptr_nonnull(strstr(outcome.err, "sent 5 bytes"));
	ck_assert_ptr_nonnull(strstr(outcome.err, "received 5 bytes"));
	for (char *line = strtok(outcome.err, "\n"); line;
	     line = strtok(NULL, "\n"), n++) {
		double seconds;
		char unit;

		ck_assert_int_eq(sscanf(line, "uppercase-client: %lf %c:",
					&seconds, &unit),
				 2);
		ck_assert(seconds >= last);
		last = seconds;
	}
	ck_assert_uint_ge(n, 4);
	outcome_clear(&outcome);
	stop_server();
}
END_TEST

START_TEST(verbose_tells_no_connection_over_udp)
{
	struct outcome outcome;

	start_server();
	outcome = client_run("", "-uv", HOST, udp_port(), "hello");
	ck_assert_int_eq(outcome.status, 0);
	ck_assert_ptr_null(strstr(outcome.err, "connected"));
	ck_assert_ptr_null(strstr(outcome.err, "connecting"));
	ck_assert_ptr_nonnull(strstr(outcome.err, "udp socket at 127.0.0.1:"));
	ck_assert_ptr_nonnull(strstr(outcome.err, "sent 5 bytes to 127.0.0.1"));
	outcome_clear(&outcome);
	outcome_expect(
		client_run("", "-uv", "--connect", HOST, udp_port(), "hello"),
		0, "HELLO\n", "udp socket connected: 127.0.0.1:");
	stop_server();
}
END_TEST

static size_t count(const char *text, const char *what)
{
	size_t n = 0;

	while ((text = strstr(text, what)) != NULL)
		text += strlen(what), n++;
	return n;
}

START_TEST(verbose_tells_a_failure_once)
{
	struct outcome outcome;

	(void)port_without_server(SOCK_STREAM, port);
	outcome = client_run("", "-v", HOST, port, "a");
	ck_assert_int_eq(outcome.status, 1);
	ck_assert_uint_eq(count(outcome.err, "Connection refused"), 1);
	outcome_clear(&outcome);
}
END_TEST

/* --- main --- */

static void add_loop(TCase *tcase, const TTest *test, size_t n)
{
	tcase_add_loop_test(tcase, test, 0, (int)n);
}

static Suite *client_suite(void)
{
	Suite *suite = suite_create("client");
	TCase *tcase = harness_case(suite, "command line");

	add_loop(tcase, wrong_usage_ends_with_2_and_one_line,
		 ARRAY_LEN(wrong_usage));
	tcase_add_test(tcase, wrong_usage_points_to_the_help);
	tcase_add_test(tcase, help_names_every_option);
	tcase_add_test(tcase, version_is_told_on_standard_output);
	tcase_add_test(tcase,
		       options_may_stand_before_and_between_the_operands);
	add_loop(tcase, host_and_port_may_be_one_word,
		 ARRAY_LEN(hosts_before_a_port));
	tcase_add_test(tcase, a_service_may_be_named);
	tcase_add_test(tcase, what_follows_the_first_word_is_text);

	tcase = harness_case(suite, "message");
	add_loop(tcase, a_message_comes_back_in_upper_case_with_a_newline,
		 ARRAY_LEN(messages));
	tcase_add_test(tcase, words_are_joined_by_single_spaces);
	tcase_add_test(tcase, every_byte_that_an_argument_can_hold_passes);
	tcase_add_test(tcase, a_long_message_passes_over_tcp);
	add_loop(tcase, a_datagram_holds_65507_bytes_and_no_more,
		 ARRAY_LEN(datagram_sizes));
	tcase_add_test(tcase, a_message_too_long_for_udp_is_not_sent);

	tcase = harness_case(suite, "way there");
	tcase_add_test(tcase, a_refusal_says_what_to_check);
	tcase_add_test(tcase, a_connected_udp_socket_is_refused_at_once);
	tcase_add_test(tcase, this_host_may_be_the_wildcard);
	tcase_add_test(tcase, a_source_port_that_is_not_answered_is_told);
	tcase_add_test(tcase, a_client_does_not_talk_to_itself);
	tcase_add_test(tcase, a_client_does_not_talk_to_itself_by_chance);
	tcase_add_test(tcase, a_name_that_does_not_exist_is_a_network_failure);
	tcase_add_test(tcase, an_address_of_the_other_version_is_not_used);
	tcase_add_test(tcase, an_ipv6_address_is_spoken_to);
	add_loop(tcase, every_address_of_a_name_is_tried, ARRAY_LEN(served));
	tcase_add_test(tcase, each_address_that_failed_is_told);
	tcase_add_test(tcase, each_address_that_refused_is_told_once);
	tcase_add_test(tcase, source_address_and_port_are_as_asked_for);
	tcase_add_test(tcase, a_source_port_can_be_used_again_at_once);
	tcase_add_test(tcase, a_source_that_cannot_be_had_is_told);
	tcase_add_test(tcase, verbose_tells_steps_with_times);
	tcase_add_test(tcase, verbose_tells_no_connection_over_udp);
	tcase_add_test(tcase, verbose_tells_a_failure_once);
	return suite;
}

int main(void)
{
	return harness_run(client_suite());
}
