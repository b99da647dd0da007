/* SPDX-License-Identifier: MIT */
/*
 * wireshark/uppercase.lua in tshark, on captures that are written here packet
 * by packet: what belongs together, what each packet is for, and what is wrong.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "e2e_program.h"
#include "harness.h"

#define SERVER_PORT 12000
#define CLIENT_PORT 40000

enum {
	FIN = 0x01,
	SYN = 0x02,
	RST = 0x04,
	ACK = 0x10,
};

static char *folder, *path;
static FILE *file;
static unsigned n_packets, cut; /* bytes that each packet has lost */
static unsigned char net = 2;	/* of the addresses */

/* --- writing --- */

static void put32(uint32_t value)
{
	(void)fwrite(&value, sizeof(value), 1, file);
}

static void set_up(void)
{
	folder = folder_new();
	/* What is installed here is another one's. */
	(void)setenv("HOME", folder, 1);
	(void)setenv("XDG_CONFIG_HOME", folder, 1);
	path = folder_path(folder, "packets.pcap");
	file = fopen(path, "we");
	ck_assert_ptr_nonnull(file);
	put32(0xa1b2c3d4); /* libpcap's format, in this host's order */
	put32(4 << 16 | 2);
	put32(0);
	put32(0);
	put32(65535);
	put32(101); /* LINKTYPE_RAW: IP */
	n_packets = cut = 0;
	net = 2;
}

static void tear_down(void)
{
	free(path);
	free(folder);
}

static void write_packet(const unsigned char *packet, size_t len)
{
	uint32_t kept = (uint32_t)(len > cut ? len - cut : 0);

	put32(1000000000 + n_packets / 1000);
	put32(n_packets++ % 1000 * 1000);
	put32(kept);
	put32((uint32_t)len);
	(void)fwrite(packet, 1, kept, file);
}

static void put16(unsigned char *at, unsigned value)
{
	at[0] = (unsigned char)(value >> 8);
	at[1] = (unsigned char)value;
}

/* IPv4 from 192.0.NET.CLIENT to 192.0.NET.1, or back. */
static size_t put_ip(unsigned char *at, unsigned client, bool is_reply,
		     unsigned protocol, size_t len)
{
	memset(at, 0, 20);
	at[0] = 0x45;
	put16(at + 2, (unsigned)(20 + len));
	at[8] = 64;
	at[9] = (unsigned char)protocol;
	for (size_t i = 12; i < 20; i += 4)
		memcpy(at + i, (unsigned char[]){192, 0, net, 1}, 4);
	at[is_reply ? 19 : 15] = (unsigned char)client;
	return 20;
}

static size_t put_ports(unsigned char *at, bool is_reply)
{
	put16(at, is_reply ? SERVER_PORT : CLIENT_PORT);
	put16(at + 2, is_reply ? CLIENT_PORT : SERVER_PORT);
	return 4;
}

static size_t put_udp(unsigned char *at, bool is_reply, const char *text)
{
	size_t len = strlen(text);

	(void)put_ports(at, is_reply);
	put16(at + 4, (unsigned)(8 + len));
	put16(at + 6, 0);
	memcpy(at + 8, text, len);
	return 8 + len;
}

static void udp(unsigned client, bool is_reply, const char *text)
{
	unsigned char packet[2048];
	size_t len = put_ip(packet, client, is_reply, 17, 8 + strlen(text));

	len += put_udp(packet + len, is_reply, text);
	write_packet(packet, len);
}

static void udp6(bool is_reply, const char *text)
{
	unsigned char packet[2048] = {0x60};

	put16(packet + 4, (unsigned)(8 + strlen(text)));
	packet[6] = 17;
	packet[7] = 64;
	(void)inet_pton(AF_INET6, "2001:db8::1", packet + 8);
	(void)inet_pton(AF_INET6, "2001:db8::1", packet + 24);
	packet[is_reply ? 39 : 23] = 2;
	write_packet(packet, 40 + put_udp(packet + 40, is_reply, text));
}

/* What the system says of a datagram that nobody took. */
static void icmp(const char *text)
{
	unsigned char packet[2048];
	size_t len = put_ip(packet, 2, true, 1, 8 + 20 + 8 + strlen(text));

	memset(packet + len, 0, 8);
	packet[len] = 3;
	packet[len + 1] = 3;
	len += 8;
	len += put_ip(packet + len, 2, false, 17, 8 + strlen(text));
	len += put_udp(packet + len, false, text);
	write_packet(packet, len);
}

static void tcp(bool is_reply, unsigned flags, uint32_t seq, uint32_t ack,
		const char *text)
{
	unsigned char packet[2048];
	size_t n = strlen(text);
	size_t len = put_ip(packet, 2, is_reply, 6, 20 + n);

	len += put_ports(packet + len, is_reply);
	seq = htonl(seq);
	ack = htonl(ack);
	memcpy(packet + len, &seq, 4);
	memcpy(packet + len + 4, &ack, 4);
	memset(packet + len + 8, 0, 8);
	packet[len + 8] = 0x50;
	packet[len + 9] = (unsigned char)flags;
	packet[len + 10] = 0xff;
	len += 16;
	memcpy(packet + len, text, n);
	write_packet(packet, len + n);
}

/* The first three packets: the client's bytes begin at 1001, ours at 5001. */
static void open_connection(void)
{
	tcp(false, SYN, 1000, 0, "");
	tcp(true, SYN | ACK, 5000, 1001, "");
	tcp(false, ACK, 1001, 5001, "");
}

/* --- reading --- */

static const char *dissector(void)
{
	const char *given = getenv("DISSECTOR");

	return given ? given : "wireshark/uppercase.lua";
}

/* Nothing is to be heard of errors in the script. */
static struct outcome dissect(const char *const fields[])
{
	char script[512];
	const char *argv[40] = {"tshark", "-n", "-2",	      "-R",   "frame",
				"-r",	  path, "-X",	      script, "-T",
				"fields", "-E", "separator=|"};
	size_t n = 13;
	struct outcome outcome;

	(void)snprintf(script, sizeof(script), "lua_script:%s", dissector());
	for (; *fields; fields++) {
		argv[n++] = "-e";
		argv[n++] = *fields;
	}
	(void)fclose(file);
	outcome = program_run(argv, "", 0);
	if (outcome.status != 0 || strstr(outcome.err, "Lua") ||
	    strstr(outcome.out, "Lua"))
		harness_fail("status %d: %s%s", outcome.status, outcome.out,
			     outcome.err);
	return outcome;
}

#define PAIR_FIELDS  8
#define PAIR_NUMBERS 3 /* of packets; the others are flags */
#define NONE	     "|||||||\n"

/* A packet's fields: first the pairs, a letter for what is wrong, then why. */
static const char *const all_fields[] = {
	"uppercase.reply_in",	"uppercase.reply_to",
	"uppercase.again",	"uppercase.no_reply",
	"uppercase.no_request", "uppercase.duplicate",
	"uppercase.not_upper",	"uppercase.after_close",
	"uppercase.why",	NULL,
};

/* Packets at addresses of their own, and what was said of each. */
struct part {
	void (*write)(void);
	unsigned long before; /* packets of other parts */
	unsigned long n;
	size_t pairs_len, whys_len;
	char pairs[1200 * 10], whys[1 << 18]; /* a line for each */
};

static void add_text(char *text, size_t size, size_t *len, const char *more)
{
	*len += (size_t)snprintf(text + *len, size - *len, "%s", more);
	ck_assert_uint_lt(*len, size);
}

static void add_pairs(struct part *part, const char *more)
{
	add_text(part->pairs, sizeof(part->pairs), &part->pairs_len, more);
}

static void add_whys(struct part *part, const char *more)
{
	add_text(part->whys, sizeof(part->whys), &part->whys_len, more);
}

/* A packet's number, counted from the part's first. */
static const char *number_within(const struct part *part, unsigned long n)
{
	static char text[24];

	ck_assert_uint_gt(n, part->before);
	(void)snprintf(text, sizeof(text), "%lu", n - part->before);
	return text;
}

/* Takes the pairs off the line; returns what follows. */
static char *take_pairs(struct part *part, char *line)
{
	for (int i = 0; i < PAIR_FIELDS; i++) {
		char *end = strchr(line, '|'), *rest;
		unsigned long n;

		ck_assert_ptr_nonnull(end);
		*end = '\0';
		n = strtoul(line, &rest, 10);
		if (strcmp(line, "True") == 0)
			add_pairs(part, "1");
		else if (i < PAIR_NUMBERS && *line && *rest == '\0')
			add_pairs(part, number_within(part, n));
		else
			add_pairs(part, line);
		add_pairs(part, i < PAIR_FIELDS - 1 ? "|" : "\n");
		line = end + 1;
	}
	return line;
}

/* The rest of the line; other packets are called "packet 7" there. */
static void take_why(struct part *part, char *line)
{
	static const char word[] = "packet ";
	char *at, *rest;

	while ((at = strstr(line, word))) {
		unsigned long n;

		at += strlen(word);
		n = strtoul(at, &rest, 10);
		if (rest == at)
			break;
		*at = '\0';
		add_whys(part, line);
		add_whys(part, number_within(part, n));
		line = rest;
	}
	add_whys(part, line);
	add_whys(part, "\n");
}

static char *take_lines(struct part *part, char *at)
{
	for (unsigned long i = 0; i < part->n; i++) {
		char *end = strchr(at, '\n');

		ck_assert_msg(end != NULL, "%lu lines", i);
		*end = '\0';
		take_why(part, take_pairs(part, at));
		at = end + 1;
	}
	return at;
}

/* All of them in one capture, since tshark takes long to begin. */
static void dissect_parts(struct part *parts, size_t n)
{
	struct outcome outcome;
	char *at;

	for (size_t i = 0; i < n; i++) {
		net = (unsigned char)(2 + i);
		parts[i].before = n_packets;
		parts[i].write();
		parts[i].n = n_packets - parts[i].before;
	}
	outcome = dissect(all_fields);
	at = outcome.out;
	for (size_t i = 0; i < n; i++)
		at = take_lines(&parts[i], at);
	ck_assert_str_eq(at, "");
	outcome_clear(&outcome);
}

static struct part *part_of(void (*write)(void));

/*
 * Each packet's row: the reply is in, it is the reply to, it is the same as,
 * and a letter for what is wrong.
 */
static void expect_pairs(void (*write)(void), const char *rows)
{
	ck_assert_str_eq(part_of(write)->pairs, rows);
}

/* What each packet is for has this in it. */
static void expect_whys(void (*write)(void), const char *const whys[])
{
	char *at = part_of(write)->whys;

	for (size_t i = 0; whys[i]; i++) {
		char *end = strchr(at, '\n');

		ck_assert_msg(end != NULL, "%zu lines", i);
		*end = '\0';
		ck_assert_msg(strstr(at, whys[i]), "packet %zu is for: %s",
			      i + 1, at);
		at = end + 1;
	}
	ck_assert_str_eq(at, "");
}

/* --- UDP --- */

static void write_replies(void)
{
	udp(2, false, "hello");
	udp(3, false, "hello");
	udp(3, true, "HELLO");
	udp(2, false, "again");
	udp(2, true, "AGAIN");
	udp(2, true, "HELLO");
}

START_TEST(a_datagram_has_its_reply)
{
	expect_pairs(write_replies, "6|||||||\n"
				    "3|||||||\n"
				    "|2||||||\n"
				    "5|||||||\n"
				    "|4||||||\n"
				    "|1||||||\n");
}
END_TEST

static void write_wrong_datagrams(void)
{
	udp(2, false, "lost");
	udp(2, false, "twice");
	udp(2, true, "TWICE");
	udp(2, true, "TWICE");
	udp(3, false, "bad");
	udp(3, true, "bad");
	udp(4, true, "UNASKED");
}

START_TEST(what_is_wrong_with_a_datagram_is_told)
{
	expect_pairs(write_wrong_datagrams, "|||1||||\n"
					    "3|||||||\n"
					    "|2||||||\n"
					    "|2|3|||1||\n"
					    "6|||||||\n"
					    "|5|||||1|\n"
					    "||||1|||\n");
}
END_TEST

static void write_asked_again(void)
{
	udp(2, false, "hello");
	udp(2, false, "hello");
	udp(2, true, "HELLO");
}

/* The packets do not say which of the two the reply is for. */
START_TEST(a_request_without_a_reply_may_come_again)
{
	expect_pairs(write_asked_again, "3|||||||\n"
					"||1|1||||\n"
					"|1||||||\n");
	expect_whys(write_asked_again,
		    (const char *const[]){"a request of 5 bytes; UDP",
					  "the same request again: that in",
					  "the reply", NULL});
}
END_TEST

static void write_ipv6(void)
{
	udp6(false, "hello");
	udp6(true, "HELLO");
}

START_TEST(ipv6_has_replies_too)
{
	expect_pairs(write_ipv6, "2|||||||\n"
				 "|1||||||\n");
}
END_TEST

static void write_to_nobody(void)
{
	udp(2, false, "hello");
	icmp("hello");
}

START_TEST(a_port_where_nobody_listens_is_explained)
{
	expect_whys(write_to_nobody,
		    (const char *const[]){"a request of 5 bytes; UDP",
					  "nobody listens on that UDP port",
					  NULL});
}
END_TEST

/* Of many that nobody answers the last ones are remembered. */
static void write_flood(void)
{
	char text[16];

	for (unsigned i = 0; i < 1100; i++) {
		(void)snprintf(text, sizeof(text), "message %u", i);
		udp(2, false, text);
	}
	udp(2, true, "MESSAGE 1099");
}

START_TEST(a_flood_is_forgotten_from_its_beginning)
{
	static struct part part = {.write = write_flood};
	static char rows[sizeof(part.pairs)];
	size_t len = 0;

	for (unsigned i = 0; i < 1100; i++)
		len += (size_t)snprintf(rows + len, sizeof(rows) - len,
					i == 1099 ? "1101|||||||\n"
						  : "|||1||||\n");
	(void)snprintf(rows + len, sizeof(rows) - len, "|1100||||||\n");
	dissect_parts(&part, 1);
	ck_assert_str_eq(part.pairs, rows);
}
END_TEST

/* --- TCP --- */

static void write_exercise(void)
{
	open_connection();
	tcp(false, ACK, 1001, 5001, "hello");
	tcp(true, ACK, 5001, 1006, "");
	tcp(true, ACK, 5001, 1006, "HELLO");
	tcp(false, ACK, 1006, 5006, "");
	tcp(true, FIN | ACK, 5006, 1006, "");
	tcp(false, FIN | ACK, 1006, 5007, "");
	tcp(true, ACK, 5007, 1007, "");
}

START_TEST(each_packet_of_the_exercise_is_explained)
{
	expect_whys(write_exercise,
		    (const char *const[]){
			    "asks for a connection (1 of 3", "agrees",
			    "(3 of 3)", "a request of 5 bytes",
			    "acknowledges 5 bytes so far, up to "
			    "packet 4",
			    "the reply", "up to packet 6",
			    "the server has nothing more to send; the other "
			    "side still "
			    "may",
			    "the client has nothing more to send either",
			    "acknowledges the end in packet 9", NULL});
}
END_TEST

static void write_segments(void)
{
	open_connection();
	tcp(false, ACK, 1001, 5001, "hel");
	tcp(false, ACK, 1004, 5001, "lo");
	tcp(true, ACK, 5001, 1006, "HELLO");
	tcp(false, ACK, 1006, 5006, "again");
	tcp(true, ACK, 5006, 1011, "AG");
	tcp(true, ACK, 5008, 1011, "AIN");
}

START_TEST(segments_may_split_and_join_messages)
{
	expect_pairs(write_segments, NONE NONE NONE "6|||||||\n"
						    "6|||||||\n"
						    "|4||||||\n"
						    "9|||||||\n"
						    "|7||||||\n"
						    "|7||||||\n");
}
END_TEST

static void write_again(void)
{
	open_connection();
	tcp(false, ACK, 1001, 5001, "hello");
	tcp(false, ACK, 1001, 5001, "hello");
	tcp(true, ACK, 5001, 1006, "HELLO");
}

START_TEST(what_is_sent_again_is_no_other_message)
{
	expect_pairs(write_again, NONE NONE NONE "6|||||||\n"
						 "||4|||||\n"
						 "|4||||||\n");
}
END_TEST

static void write_middle(void)
{
	tcp(false, ACK, 4294967294U, 77, "hello");
	tcp(true, ACK, 77, 3, "HELLO");
}

START_TEST(a_capture_may_begin_in_the_middle)
{
	expect_pairs(write_middle, "2|||||||\n"
				   "|1||||||\n");
}
END_TEST

static void write_wrong_stream(void)
{
	open_connection();
	tcp(false, ACK, 1001, 5001, "hello");
	tcp(true, ACK, 5001, 1006, "HELLo");
	tcp(false, ACK, 1006, 5006, "lost");
	tcp(false, FIN | ACK, 1010, 5006, "");
	tcp(false, ACK, 1011, 5006, "more");
}

START_TEST(what_is_wrong_in_a_stream_is_told)
{
	expect_pairs(write_wrong_stream,
		     NONE NONE NONE "5|||||||\n"
				    "|4|||||1|\n"
				    "|||1||||\n" NONE "|||||||1\n");
}
END_TEST

static void write_refusal(void)
{
	tcp(false, SYN, 1000, 0, "");
	tcp(false, SYN, 1000, 0, "");
	tcp(true, RST | ACK, 0, 1001, "");
}

START_TEST(a_refused_connection_is_explained)
{
	expect_whys(write_refusal,
		    (const char *const[]){"asks for a connection (1 of 3",
					  "again, as in packet 1",
					  "nobody listens on this port", NULL});
}
END_TEST

static void write_reset(void)
{
	open_connection();
	tcp(true, RST | ACK, 5001, 1001, "");
}

START_TEST(a_reset_is_explained)
{
	expect_whys(write_reset,
		    (const char *const[]){"1 of 3", "2 of 3", "3 of 3",
					  "the server breaks the connection",
					  NULL});
}
END_TEST

/* Who has it among his plugins may name it once more. */
START_TEST(it_may_be_loaded_twice)
{
	char script[512];
	const char *const argv[] = {"tshark", "-r", path,   "-X",
				    script,   "-X", script, NULL};
	struct outcome outcome;

	udp(2, false, "hello");
	(void)fclose(file);
	(void)snprintf(script, sizeof(script), "lua_script:%s", dissector());
	outcome = program_run(argv, "", 0);
	ck_assert_msg(!strstr(outcome.err, "Lua"), "%s", outcome.err);
	ck_assert_ptr_nonnull(strstr(outcome.out, "| a request of 5 bytes"));
	outcome_clear(&outcome);
}
END_TEST

/* --- what is no capture of ours --- */

/* As many bytes are gone of each packet. */
START_TEST(packets_that_are_cut_short_do_no_harm)
{
	static const char *const fields[] = {"uppercase.why", NULL};
	struct outcome outcome;

	for (cut = 0; cut < 44; cut++) {
		udp(2, false, "hello");
		udp(2, true, "HELLO");
		open_connection();
		tcp(false, ACK, 1001, 5001, "hello");
		tcp(true, FIN | ACK, 5001, 1006, "HELLO");
		icmp("hello");
	}
	outcome = dissect(fields);
	outcome_clear(&outcome);
}
END_TEST

START_TEST(bytes_at_random_do_no_harm)
{
	static const char *const fields[] = {"uppercase.why", NULL};
	unsigned char noise[4096], packet[80];
	struct outcome outcome;

	bytes_pattern(noise, sizeof(noise), 3);
	for (size_t i = 0; i + 60 < sizeof(noise); i += 3) {
		size_t len = put_ip(packet, 2, i % 2, i % 5 ? 6 : 17, 60);

		memcpy(packet + len, noise + i, 60);
		(void)put_ports(packet + len, i % 2);
		write_packet(packet, len + 60);
	}
	outcome = dissect(fields);
	outcome_clear(&outcome);
}
END_TEST

static struct part parts[] = {
	{.write = write_replies},     {.write = write_wrong_datagrams},
	{.write = write_asked_again}, {.write = write_ipv6},
	{.write = write_to_nobody},   {.write = write_exercise},
	{.write = write_segments},    {.write = write_again},
	{.write = write_middle},      {.write = write_wrong_stream},
	{.write = write_refusal},     {.write = write_reset},
};

static struct part *part_of(void (*write)(void))
{
	size_t i = 0;

	while (parts[i].write != write)
		i++;
	return &parts[i];
}

static void set_up_parts(void)
{
	set_up();
	dissect_parts(parts, ARRAY_LEN(parts));
}

int main(void)
{
	Suite *suite = suite_create("dissector");
	TCase *tcase;

	if (!program_exists("tshark"))
		return harness_run(suite);
	tcase = harness_shared_case(suite, "dissector", set_up_parts,
				    tear_down);
	tcase_add_test(tcase, a_datagram_has_its_reply);
	tcase_add_test(tcase, what_is_wrong_with_a_datagram_is_told);
	tcase_add_test(tcase, a_request_without_a_reply_may_come_again);
	tcase_add_test(tcase, ipv6_has_replies_too);
	tcase_add_test(tcase, a_port_where_nobody_listens_is_explained);
	tcase_add_test(tcase, each_packet_of_the_exercise_is_explained);
	tcase_add_test(tcase, segments_may_split_and_join_messages);
	tcase_add_test(tcase, what_is_sent_again_is_no_other_message);
	tcase_add_test(tcase, a_capture_may_begin_in_the_middle);
	tcase_add_test(tcase, what_is_wrong_in_a_stream_is_told);
	tcase_add_test(tcase, a_refused_connection_is_explained);
	tcase_add_test(tcase, a_reset_is_explained);

	tcase = harness_case(suite, "alone");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_flood_is_forgotten_from_its_beginning);
	tcase_add_test(tcase, it_may_be_loaded_twice);
	tcase_add_test(tcase, packets_that_are_cut_short_do_no_harm);
	tcase_add_test(tcase, bytes_at_random_do_no_harm);
	return harness_run(suite);
}
