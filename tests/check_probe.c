/* SPDX-License-Identifier: MIT */
/*
 * A ping's messages: how they are written, padded to what length, and which of
 * what comes back has a number.
 */
#include "client/probe.h"

#include <string.h>

#include "harness.h"

static char buf[PROBE_SIZE_MAX + 1];

static const struct {
	struct probe probe;
	const char *text;
} probes[] = {
	{{.seq = 1, .wall = {1764201600, 123456789}},
	 "Ping 1 1764201600.123456"},
	{{.seq = 12, .wall = {0, 999}}, "Ping 12 0.000000"},
	{{.seq = UINT64_MAX, .wall = {1, 1000}},
	 "Ping 18446744073709551615 1.000001"},
	{{.seq = 1, .wall = {0, 0}, .size = 17}, "Ping 1 0.000000 a"},
	{{.seq = 1, .wall = {0, 0}, .size = 16}, "Ping 1 0.000000 "},
	{{.seq = 1, .wall = {0, 0}, .size = 15}, "Ping 1 0.000000"},
	{{.seq = 1, .wall = {0, 0}, .size = 44},
	 "Ping 1 0.000000 abcdefghijklmnopqrstuvwxyzab"},
};

START_TEST(a_message_is_written)
{
	size_t len = probe_write(&probes[_i].probe, buf);

	buf[len] = '\0';
	ck_assert_str_eq(buf, probes[_i].text);
	if (probes[_i].probe.size > 0)
		ck_assert_uint_eq(len, probes[_i].probe.size);
}
END_TEST

static const struct {
	const char *text;
	uint64_t seq; /* 0: it has none */
} texts[] = {
	{"Ping 1 0.000000", 1},
	{"PING 1 0.000000", 1},
	{"pInG 7 x", 7},
	{"Ping 18446744073709551615 x", UINT64_MAX},
	{"Ping 1 ", 1},
	{"Ping 1", 0},			     /* ends where it may go on */
	{"Ping  1 x", 0},		     /* two blanks */
	{"Ping 0 x", 0},		     /* none begins with it */
	{"Ping 18446744073709551616 x", 0},  /* too large */
	{"Ping 000000000000000000001 x", 0}, /* as long, but for nothing */
	{"Ping -1 x", 0},
	{"Ping a x", 0},
	{"Ping ", 0},
	{"Ping", 0},
	{"", 0},
	{"Pong 1 x", 0},
	{" Ping 1 x", 0},
};

START_TEST(a_number_is_found_again)
{
	uint64_t seq = 0;

	ck_assert_msg(probe_read_seq(slice_of(texts[_i].text), &seq) ==
			      (texts[_i].seq > 0),
		      "%s", texts[_i].text);
	ck_assert(texts[_i].seq == 0 || seq == texts[_i].seq);
}
END_TEST

/* Every prefix of one; what is not there is not looked at. */
START_TEST(half_a_message_has_no_number)
{
	static const char text[] = "Ping 12 0.000000";
	uint64_t seq;

	for (size_t len = 0; len < sizeof(text); len++)
		ck_assert(probe_read_seq((struct slice){text, len}, &seq) ==
			  (len >= strlen("Ping 12 ")));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("probe");
	TCase *tcase = harness_case(suite, "probe");

	tcase_add_loop_test(tcase, a_message_is_written, 0, ARRAY_LEN(probes));
	tcase_add_loop_test(tcase, a_number_is_found_again, 0,
			    ARRAY_LEN(texts));
	tcase_add_test(tcase, half_a_message_has_no_number);
	return harness_run_together(suite);
}
