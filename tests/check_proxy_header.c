/* SPDX-License-Identifier: MIT */
/*
 * Headers of the PROXY protocol: what is one, whom it names, and where it ends.
 * Each is read whole, with a request behind it, and in every prefix of it,
 * which ends at a guard page: a good one asks for more until its last byte has
 * come, and a bad one is never taken for good.
 */
#include "base/proxy_header.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "guard.h"
#include "harness.h"

#define BEHIND	  "GET / HTTP/1.1\r\n"
#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"

/* The bytes of a literal, which may hold NUL. */
#define BYTES(text) (text), sizeof(text) - 1

#define HOSTS_4	    "\xc0\x00\x02\x01\xc0\x00\x02\x02"
#define PORTS	    "\x13\x88\x00\x50" /* 5000 and 80 */
#define SOURCE_6    "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07"
#define HOSTS_6	    SOURCE_6 "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x08"
#define MAPPED_6    "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\x00\x02\x01"

#define ZEROS_12    "\0\0\0\0\0\0\0\0\0\0\0\0"
#define ZEROS_108                                                              \
	ZEROS_12 ZEROS_12 ZEROS_12 ZEROS_12 ZEROS_12 ZEROS_12 ZEROS_12         \
		ZEROS_12 ZEROS_12

static char *guard;

static void set_up(void)
{
	if (!guard)
		guard = guard_new();
}

static enum proxy_verdict read_bytes(const char *bytes, size_t len,
				     struct proxy_origin *origin,
				     size_t *header_len)
{
	memset(origin, 0xee, sizeof(*origin));
	*header_len = SIZE_MAX;
	return proxy_header_read(guard_copy(guard, bytes, len), len, origin,
				 header_len);
}

/* "192.0.2.1 5000", or "none". */
static const char *describe(const struct proxy_origin *origin)
{
	static char text[INET6_ADDRSTRLEN + 8];
	size_t len;

	if (origin->family == 0)
		return "none";
	ck_assert_ptr_nonnull(
		inet_ntop(origin->family, origin->host, text, sizeof(text)));
	len = strlen(text);
	(void)snprintf(text + len, sizeof(text) - len, " %u", origin->port);
	return text;
}

/* --- headers --- */

static const struct good_row {
	const char *bytes;
	size_t len;
	const char *origin;
	const char *reason;
} good_rows[] = {
	{BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 5000 80\r\n"), "192.0.2.1 5000",
	 "the standard's form"},
	{BYTES("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n"),
	 "255.255.255.255 65535", "2.1: the longest for TCP4"},
	{BYTES("PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n"), "0.0.0.0 0",
	 "the shortest"},
	{BYTES("PROXY TCP6 2001:db8::7 2001:db8::8 5000 80\r\n"),
	 "2001:db8::7 5000", "IPv6"},
	{BYTES("PROXY TCP6 ffff:f:f:f:f:f:f:ffff ::1 65535 1\r\n"),
	 "ffff:f:f:f:f:f:f:ffff 65535", "without a gap"},
	{BYTES("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
	       "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"),
	 "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535",
	 "2.1: the longest for TCP6"},
	{BYTES("PROXY TCP6 ::ffff:192.0.2.1 ::1 5000 80\r\n"),
	 "::ffff:192.0.2.1 5000", "IPv4 in IPv6's clothes"},
	{BYTES("PROXY UNKNOWN\r\n"), "none", "2.1: the short form"},
	{BYTES("PROXY UNKNOWN anything \x80 at all\r\n"), "none",
	 "2.1: what stands there is ignored"},
	{BYTES("PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
	       "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"),
	 "none", "2.1: the longest of all, 107 bytes"},
	{BYTES(SIGNATURE "\x21\x11\x00\x0c" HOSTS_4 PORTS), "192.0.2.1 5000",
	 "2.2: TCP over IPv4"},
	{BYTES(SIGNATURE "\x21\x12\x00\x0c" HOSTS_4 PORTS), "192.0.2.1 5000",
	 "2.2: UDP over IPv4"},
	{BYTES(SIGNATURE "\x21\x21\x00\x24" HOSTS_6 PORTS), "2001:db8::7 5000",
	 "2.2: TCP over IPv6"},
	{BYTES(SIGNATURE "\x21\x22\x00\x24" HOSTS_6 PORTS), "2001:db8::7 5000",
	 "2.2: UDP over IPv6"},
	{BYTES(SIGNATURE "\x21\x21\x00\x24" MAPPED_6 SOURCE_6 PORTS),
	 "::ffff:192.0.2.1 5000", "IPv4 in IPv6's clothes"},
	{BYTES(SIGNATURE "\x21\x31\x00\xd8" ZEROS_108 ZEROS_108), "none",
	 "2.2: Unix stream sockets"},
	{BYTES(SIGNATURE "\x21\x32\x00\xd8" ZEROS_108 ZEROS_108), "none",
	 "2.2: Unix datagram sockets"},
	{BYTES(SIGNATURE "\x21\x00\x00\x00"), "none", "2.2: unspecified"},
	{BYTES(SIGNATURE "\x21\x00\x00\x03"
			 "abc"),
	 "none", "2.2: unspecified, with something to be ignored"},
	{BYTES(SIGNATURE "\x20\x00\x00\x00"), "none", "2.2: LOCAL"},
	{BYTES(SIGNATURE "\x20\x11\x00\x0c" HOSTS_4 PORTS), "none",
	 "2.2: LOCAL: the addresses are not to be used"},
	{BYTES(SIGNATURE "\x20\xff\x00\x02"
			 "ab"),
	 "none", "2.2: LOCAL: the family is to be ignored"},
	{BYTES(SIGNATURE "\x21\x11\x00\x13" HOSTS_4 PORTS "\x01\x00\x04"
			 "http"),
	 "192.0.2.1 5000", "2.2.1: a TLV"},
	{BYTES(SIGNATURE "\x21\x11\x00\x0d" HOSTS_4 PORTS "\xff"),
	 "192.0.2.1 5000", "what is behind the addresses is passed over"},
};

START_TEST(a_header_names_whom_it_is_for)
{
	const struct good_row *row = &good_rows[_i];
	char bytes[512];
	struct proxy_origin origin;
	size_t len;

	(void)memcpy(bytes, row->bytes, row->len);
	(void)memcpy(bytes + row->len, BEHIND, sizeof(BEHIND) - 1);
	for (size_t behind = 0; behind < sizeof(BEHIND); behind++) {
		ck_assert_msg(read_bytes(bytes, row->len + behind, &origin,
					 &len) == PROXY_DONE,
			      "%s", row->reason);
		ck_assert_msg(len == row->len, "%s: %zu", row->reason, len);
		ck_assert_str_eq(describe(&origin), row->origin);
	}
}
END_TEST

START_TEST(every_part_of_a_header_asks_for_more)
{
	const struct good_row *row = &good_rows[_i];
	struct proxy_origin origin;
	size_t len;

	for (size_t part = 0; part < row->len; part++)
		ck_assert_msg(read_bytes(row->bytes, part, &origin, &len) ==
				      PROXY_PARTIAL,
			      "%s: %zu bytes", row->reason, part);
}
END_TEST

/* --- what is none --- */

static const struct bad_row {
	const char *bytes;
	size_t len;
	const char *reason;
} bad_rows[] = {
	{BYTES("G"), "HTTP, by its first byte"},
	{BYTES("PUT / HTTP/1.1\r\n\r\n"), "HTTP that begins alike"},
	{BYTES("PROXY\r"), "nothing but the name"},
	{BYTES("proxy "), "upper case"},
	{BYTES("PROXY  TCP4 192.0.2.1 192.0.2.2 1 2\r\n"), "two spaces"},
	{BYTES("PROXY TCP4  192.0.2.1 192.0.2.2 1 2\r\n"), "two spaces"},
	{BYTES("PROXY TCP4 192.0.2.1 192.0.2.2  1 2\r\n"), "two spaces"},
	{BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 1  2\r\n"), "two spaces"},
	{BYTES("PROXY TCP4\t192.0.2.1 192.0.2.2 1 2\r\n"), "a tab"},
	{BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 1 2 \r\n"), "a space behind"},
	{BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3\r\n"), "too many parts"},
	{BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n"), "too few"},
	{BYTES("PROXY TCP4 192.0.2.1 192.0.2.2\r\n"), "too few"},
	{BYTES("PROXY TCP4 192.0.2.1\r\n"), "too few"},
	{BYTES("PROXY TCP4\r\n"), "too few"},
	{BYTES("PROXY \r\n"), "too few"},
	{BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n\r\n"), "no CR before LF"},
	{BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n"), "LF alone"},
	{BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\r\n"), "two CR"},
	{BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\rG"), "CR alone"},
	{BYTES("PROXY TCP4 2001:db8::7 2001:db8::8 1 2\r\n"), "another family"},
	{BYTES("PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n"), "another family"},
	{BYTES("PROXY TCP4 192.0.2.1 2001:db8::8 1 2\r\n"), "two families"},
	{BYTES("PROXY TCP4 192.0.2.256 192.0.2.2 1 2\r\n"), "no such address"},
	{BYTES("PROXY TCP4 192.0.2.01 192.0.2.2 1 2\r\n"), "a leading zero"},
	{BYTES("PROXY TCP4 192.0.2 192.0.2.2 1 2\r\n"), "three numbers"},
	{BYTES("PROXY TCP4 192.0.2.1 192.0.2.x 1 2\r\n"),
	 "the other address matters, too"},
	{BYTES("PROXY TCP4 localhost 192.0.2.2 1 2\r\n"), "a name"},
	{BYTES("PROXY TCP4 192.0.2.1\0 192.0.2.2 1 2\r\n"), "a NUL"},
	{BYTES("PROXY TCP6 [2001:db8::7] ::1 1 2\r\n"), "brackets"},
	{BYTES("PROXY TCP6 fe80::1%lo ::1 1 2\r\n"), "a scope"},
	{BYTES("PROXY TCP6 1::2::3 ::1 1 2\r\n"), "two gaps"},
	{BYTES("PROXY TCP6 0000:0000:0000:0000:0000:0000:0000:0000:0000 ::1 "
	       "1 2\r\n"),
	 "too long for an address"},
	{BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 65536 2\r\n"), "no such port"},
	{BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 1 65536\r\n"), "no such port"},
	{BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 99999999999999999999 2\r\n"),
	 "no such port"},
	{BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 -1 2\r\n"), "a sign"},
	{BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 +1 2\r\n"), "a sign"},
	{BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n"), "a leading zero"},
	{BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 1 00\r\n"), "a leading zero"},
	{BYTES("PROXY TCP5 192.0.2.1 192.0.2.2 1 2\r\n"), "no such protocol"},
	{BYTES("PROXY UDP4 192.0.2.1 192.0.2.2 1 2\r\n"), "no such protocol"},
	{BYTES("PROXY TCP42 192.0.2.1 192.0.2.2 1 2\r\n"), "no such protocol"},
	{BYTES("PROXY unknown\r\n"), "upper case"},
	{BYTES("PROXY UNKNOWNS\r\n"), "no such protocol"},
	{BYTES("PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
	       "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 655355\r\n"),
	 "108 bytes"},
	{BYTES("PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
	       "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 655355\r"),
	 "107 bytes, and no LF can come in time"},
	{BYTES("\r\nG"), "HTTP behind an empty line"},
	{BYTES("\r\n\r\n\0\r\nQUIT\r"), "not the signature"},
	{BYTES("\r\n\r\n\0\r\nquit\n"), "not the signature"},
	{BYTES(SIGNATURE "\x11"), "version 1"},
	{BYTES(SIGNATURE "\x31"), "version 3"},
	{BYTES(SIGNATURE "\x22"), "no such command"},
	{BYTES(SIGNATURE "\x2f"), "no such command"},
	{BYTES(SIGNATURE "\x21\x01"), "no family, but a transport"},
	{BYTES(SIGNATURE "\x21\x10"), "a family, but no transport"},
	{BYTES(SIGNATURE "\x21\x13"), "no such transport"},
	{BYTES(SIGNATURE "\x21\x41"), "no such family"},
	{BYTES(SIGNATURE "\x21\xff"), "no such family"},
	{BYTES(SIGNATURE "\x21\x11\x00\x0b"), "shorter than its addresses"},
	{BYTES(SIGNATURE "\x21\x11\x00\x00"), "shorter than its addresses"},
	{BYTES(SIGNATURE "\x21\x21\x00\x23"), "shorter than its addresses"},
	{BYTES(SIGNATURE "\x21\x31\x00\xd7"), "shorter than its addresses"},
	{BYTES(SIGNATURE "\x21\x11\x0f\xf1"), "longer than any may be"},
	{BYTES(SIGNATURE "\x21\x00\xff\xff"), "longer than any may be"},
	{BYTES(SIGNATURE "\x20\x00\xff\xff"), "longer than any may be"},
};

START_TEST(what_is_no_header_is_refused)
{
	const struct bad_row *row = &bad_rows[_i];
	struct proxy_origin origin;
	bool was_bad = false;
	size_t len;

	for (size_t part = 0; part <= row->len; part++) {
		enum proxy_verdict verdict =
			read_bytes(row->bytes, part, &origin, &len);

		ck_assert_msg(verdict != PROXY_DONE, "%s", row->reason);
		ck_assert_msg(!was_bad || verdict == PROXY_BAD,
			      "%s: better with more", row->reason);
		was_bad = verdict == PROXY_BAD;
	}
	ck_assert_msg(was_bad, "%s", row->reason);
}
END_TEST

/* --- bounds --- */

/* A header of that length, which is all TLVs behind the addresses. */
static size_t make_long(char bytes[PROXY_HEADER_MAX + 1], size_t len)
{
	static const char begin[] = SIGNATURE "\x21\x11";

	memset(bytes, 0, PROXY_HEADER_MAX + 1);
	memcpy(bytes, begin, sizeof(begin) - 1);
	bytes[14] = (char)((len - 16) >> 8);
	bytes[15] = (char)((len - 16) & 0xff);
	memcpy(bytes + 16, HOSTS_4 PORTS, 12);
	return len;
}

START_TEST(a_header_may_be_so_long_and_no_longer)
{
	static char bytes[PROXY_HEADER_MAX + 1];
	struct proxy_origin origin;
	size_t len, max = PROXY_HEADER_MAX;

	(void)make_long(bytes, max);
	ck_assert_int_eq(read_bytes(bytes, max - 1, &origin, &len),
			 PROXY_PARTIAL);
	ck_assert_int_eq(read_bytes(bytes, max, &origin, &len), PROXY_DONE);
	ck_assert_uint_eq(len, max);
	ck_assert_str_eq(describe(&origin), "192.0.2.1 5000");
	(void)make_long(bytes, max + 1);
	ck_assert_int_eq(read_bytes(bytes, max, &origin, &len), PROXY_BAD);
}
END_TEST

/* The first byte of anything else settles it. */
START_TEST(other_protocols_are_known_by_their_first_byte)
{
	struct proxy_origin origin;
	size_t len;

	for (int c = 0; c < 256; c++) {
		char byte = (char)c;
		bool may_be = byte == 'P' || byte == '\r';

		ck_assert_int_eq(read_bytes(&byte, 1, &origin, &len),
				 may_be ? PROXY_PARTIAL : PROXY_BAD);
	}
}
END_TEST

/* No byte of version 2's fixed part is passed over. */
START_TEST(every_bit_of_the_signature_counts)
{
	static const char header[] = SIGNATURE "\x21\x11\x00\x0c" HOSTS_4 PORTS;
	struct proxy_origin origin;
	char bytes[sizeof(header) - 1];
	size_t len;

	for (size_t bit = 0; bit < (size_t)8 * 12; bit++) {
		memcpy(bytes, header, sizeof(bytes));
		bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
		ck_assert_int_eq(
			read_bytes(bytes, sizeof(bytes), &origin, &len),
			PROXY_BAD);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("proxy_header");
	TCase *tcase = harness_case(suite, "headers");

	tcase_add_checked_fixture(tcase, set_up, NULL);
	tcase_add_loop_test(tcase, a_header_names_whom_it_is_for, 0,
			    ARRAY_LEN(good_rows));
	tcase_add_loop_test(tcase, every_part_of_a_header_asks_for_more, 0,
			    ARRAY_LEN(good_rows));
	tcase_add_loop_test(tcase, what_is_no_header_is_refused, 0,
			    ARRAY_LEN(bad_rows));
	tcase_add_test(tcase, a_header_may_be_so_long_and_no_longer);
	tcase_add_test(tcase, other_protocols_are_known_by_their_first_byte);
	tcase_add_test(tcase, every_bit_of_the_signature_counts);
	return harness_run_together(suite);
}
