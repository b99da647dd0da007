/* SPDX-License-Identifier: MIT */
/*
 * Rules of faults as people type them: what the right ones mean, and where the
 * wrong ones are wrong.
 */
#include "base/fault.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "harness.h"

#define MS UINT64_C(1000000)
#define NINES                                                                  \
	"99999999999999999999999999999999"                                     \
	"99999999999999999999999999999999"

static struct fault_rule rule;
static char cause[FAULT_CAUSE_SIZE];

static void parse(const char *text)
{
	cause[0] = '\0';
	if (fault_rule_parse(text, &rule, cause) < 0)
		ck_abort_msg("%s: %s", text, cause);
}

/* A rule as it was understood. */
static const char *describe(void)
{
	static char text[1024];
	size_t len = (size_t)snprintf(text, sizeof(text),
				      "%s from=%s path=%s for=%" PRIu64,
				      fault_service_name(rule.service),
				      rule.from, rule.path, rule.from_ns / MS);

	if (rule.to_ns != UINT64_MAX)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
					"-%" PRIu64, rule.to_ns / MS);
	for (size_t i = 0; i < rule.n; i++) {
		const struct fault *f = &rule.faults[i];

		len += (size_t)snprintf(
			text + len, sizeof(text) - len,
			"; %s b%" PRIu64 "%s%s s%u d%" PRId64 " t%" PRIu64
			"~%" PRIu64 "/%d w%d",
			fault_kind_name(f->kind), f->bytes,
			f->has_bytes ? "!" : "", f->is_byte ? "B" : "",
			f->status, f->delta, f->time_ns / MS, f->jitter_ns / MS,
			(int)f->distribution, (int)f->which);
		len += (size_t)snprintf(text + len, sizeof(text) - len,
					" %u %u %" PRIu64, f->share,
					f->recovery, f->n);
		for (size_t k = 0; k < f->n_ranges; k++)
			len += (size_t)snprintf(text + len, sizeof(text) - len,
						" #%" PRIu64 "-%" PRIu64,
						f->ranges[k].first,
						f->ranges[k].last);
	}
	return text;
}

static const struct {
	const char *text;
	const char *meaning;
} good_rows[] = {
	{"udp: drop", "udp from= path= for=0; drop b0 s0 d0 t0~0/0 w0 0 0 0"},
	{"  udp :drop  ",
	 "udp from= path= for=0; drop b0 s0 d0 t0~0/0 w0 0 0 0"},
	{"udp: drop 30%",
	 "udp from= path= for=0; drop b0 s0 d0 t0~0/0 w1 300000 0 0"},
	{"udp: drop @0.5%",
	 "udp from= path= for=0; drop b0 s0 d0 t0~0/0 w1 5000 0 0"},
	{"udp: drop 36.3636%",
	 "udp from= path= for=0; drop b0 s0 d0 t0~0/0 w1 363636 0 0"},
	{"udp: drop 100%",
	 "udp from= path= for=0; drop b0 s0 d0 t0~0/0 w1 1000000 0 0"},
	{"udp: drop 0%",
	 "udp from= path= for=0; drop b0 s0 d0 t0~0/0 w1 0 0 0"},
	{"udp: drop #3,7-9",
	 "udp from= path= for=0; drop b0 s0 d0 t0~0/0 w2 0 0 0 #3-3 #7-9"},
	{"udp: drop #3 , 7-9, duplicate #1",
	 "udp from= path= for=0; drop b0 s0 d0 t0~0/0 w2 0 0 0 #3-3 #7-9"
	 "; duplicate b0 s0 d0 t0~0/0 w2 0 0 0 #1-1"},
	{"udp: drop every 5",
	 "udp from= path= for=0; drop b0 s0 d0 t0~0/0 w3 0 0 5"},
	{"udp: drop first 2",
	 "udp from= path= for=0; drop b0 s0 d0 t0~0/0 w4 0 0 2"},
	{"udp: drop burst(2%,25%)",
	 "udp from= path= for=0; drop b0 s0 d0 t0~0/0 w5 20000 250000 0"},
	{"udp: drop burst(2% , 25% )",
	 "udp from= path= for=0; drop b0 s0 d0 t0~0/0 w5 20000 250000 0"},
	{"udp from=10.0.0.0/8: delay 50ms~10ms/normal @30%, duplicate #5",
	 "udp from=10.0.0.0/8 path= for=0; delay b0 s0 d0 t50~10/1 w1 300000 0 "
	 "0; duplicate b0 s0 d0 t0~0/0 w2 0 0 0 #5-5"},
	{"udp from=::1 : drop",
	 "udp from=::1 path= for=0; drop b0 s0 d0 t0~0/0 w0 0 0 0"},
	{"udp from=::1: drop",
	 "udp from=::1 path= for=0; drop b0 s0 d0 t0~0/0 w0 0 0 0"},
	{"udp from=fe80::: drop",
	 "udp from=fe80:: path= for=0; drop b0 s0 d0 t0~0/0 w0 0 0 0"},
	{"udp: delay 1s~1s/uniform",
	 "udp from= path= for=0; delay b0 s0 d0 t1000~1000/0 w0 0 0 0"},
	{"udp: delay 3ms~20ms/pareto",
	 "udp from= path= for=0; delay b0 s0 d0 t3~20/2 w0 0 0 0"},
	{"udp: corrupt, truncate",
	 "udp from= path= for=0; corrupt b0 s0 d0 t0~0/0 w0 0 0 0; truncate "
	 "b0 s0 d0 t0~0/0 w0 0 0 0"},
	{"udp: corrupt byte 1%, truncate 10B every 2",
	 "udp from= path= for=0; corrupt b0B s0 d0 t0~0/0 w1 10000 0 0; "
	 "truncate b10! s0 d0 t0~0/0 w3 0 0 2"},
	{"udp: corrupt bit 1%, truncate 5%, reorder 10%, foreign-port #2",
	 "udp from= path= for=0; corrupt b0 s0 d0 t0~0/0 w1 10000 0 0; "
	 "truncate b0 s0 d0 t0~0/0 w1 50000 0 0; reorder b0 s0 d0 t0~0/0 w1 "
	 "100000 0 0; foreign-port b0 s0 d0 t0~0/0 w2 0 0 0 #2-2"},
	{"udp for=10s: drop",
	 "udp from= path= for=0-10000; drop b0 s0 d0 t0~0/0 w0 0 0 0"},
	{"udp for=1s-2m: drop",
	 "udp from= path= for=1000-120000; drop b0 s0 d0 t0~0/0 w0 0 0 0"},
	{"tcp: reset after 64B",
	 "tcp from= path= for=0; reset b64 s0 d0 t0~0/0 w0 0 0 0"},
	{"tcp: stall after 1k",
	 "tcp from= path= for=0; stall b1024 s0 d0 t0~0/0 w0 0 0 0"},
	{"tcp: close after 0 #1",
	 "tcp from= path= for=0; close b0 s0 d0 t0~0/0 w2 0 0 0 #1-1"},
	{"tcp: drip 1B/50ms, delay 200ms",
	 "tcp from= path= for=0; drip b1 s0 d0 t50~0/0 w0 0 0 0; delay b0 s0 "
	 "d0 t200~0/0 w0 0 0 0"},
	{"http path=/x/*: status 503 @20%",
	 "http from= path=/x/* for=0; status b0 s503 d0 t0~0/0 w1 200000 0 0"},
	{"http: length +1",
	 "http from= path= for=0; length b0 s0 d1 t0~0/0 w0 0 0 0"},
	{"http: length -20 #2",
	 "http from= path= for=0; length b0 s0 d-20 t0~0/0 w2 0 0 0 #2-2"},
	{"http: no-length, lf, no-empty-line",
	 "http from= path= for=0; no-length b0 s0 d0 t0~0/0 w0 0 0 0; lf b0 s0 "
	 "d0 t0~0/0 w0 0 0 0; no-empty-line b0 s0 d0 t0~0/0 w0 0 0 0"},
	{"http: length +1 @10%, chunk @10%",
	 "http from= path= for=0; length b0 s0 d1 t0~0/0 w1 100000 0 0; chunk "
	 "b0 s0 d0 t0~0/0 w1 100000 0 0"},
};

START_TEST(a_rule_means_what_it_says)
{
	parse(good_rows[_i].text);
	ck_assert_str_eq(describe(), good_rows[_i].meaning);
}
END_TEST

/* What is wrong, and in which column. */
static const struct {
	const char *text;
	const char *cause;
} bad_rows[] = {
	{"", "column 1: udp, tcp or http"},
	{"icmp: drop", "column 1: udp, tcp or http"},
	{"udps: drop", "column 1: udp, tcp or http"},
	{"udp", "column 4: from="},
	{"udp drop", "column 5: from="},
	{"udp to=10.0.0.1: drop", "column 5: from="},
	{"udp:", "column 5: a fault is missing: udp knows drop, delay, "},
	{"udp: dorp", "column 6: dorp: udp knows drop, delay, "},
	{"udp: drops", "column 6: drops: udp knows"},
	{"udp: stall after 1", "column 6: stall: udp knows"},
	{"tcp: drop", "column 6: drop: tcp knows delay, drip, stall, reset, "},
	{"tcp: status 503", "column 6: status: tcp knows"},
	{"udp: drop,", "column 11: a fault is missing"},
	{"udp: drop 1%, reorder x", "column 23: a comma and a fault, or"},
	{"udp: drop 30", "column 11: not a percentage"},
	{"udp: drop 101%", "column 11: not a percentage"},
	{"udp: drop 100.5%", "column 11: more than 100%"},
	{"udp: drop 1.23456%", "column 11: not a percentage"},
	{"udp: drop 1.%", "column 11: not a percentage"},
	{"udp: drop -1%", "column 11: a comma and a fault, or"},
	{"udp: drop @%", "column 12: not a percentage"},
	{"udp: drop 30% #3", "column 15: a comma and a fault, or"},
	{"udp: drop #0", "column 12: 0: not a number from 1"},
	{"udp: drop #", "column 12: : not a number from 1"},
	{"udp: drop #9-3", "column 12: a range that ends before it begins"},
	{"udp: drop #1-x", "column 14: x: not a number from 1"},
	{"udp: drop #1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17",
	 "column 51: more than 16 numbers and ranges"},
	{"udp: drop every 0", "column 17: 0: not a number from 1"},
	{"udp: drop every", "column 16: : not a number from 1"},
	{"udp: drop first x", "column 17: x: not a number from 1"},
	{"udp: drop burst(1%)", "column 19: burst(BEGIN%,END%): a comma"},
	{"udp: drop burst(1%,2%", "column 22: burst(BEGIN%,END%): ) is"},
	{"udp: drop burst(0%,2%)", "column 17: a burst that never begins"},
	{"udp: drop burst(1%,0%)", "column 17: a burst that never begins"},
	{"udp: drop burst(x,1%)", "column 17: not a percentage"},
	{"udp: delay", "column 11: : not a time"},
	{"udp: delay 50", "column 12: 50: not a time"},
	{"udp: delay 11m", "column 12: more than 10m"},
	{"udp: delay 1s~", "column 15: : not a time"},
	{"udp: delay 10ms~20ms", "column 12: the jitter is more than the"},
	{"udp: delay 10ms~5ms/gauss", "column 21: uniform, normal or pareto"},
	{"tcp: drip 1B", "column 13: BYTES/TIME: / is missing"},
	{"tcp: drip 0B/1s", "column 11: no bytes, or no time"},
	{"tcp: drip 1B/0s", "column 11: no bytes, or no time"},
	{"tcp: drip 2M/1s", "column 11: 2M: not bytes"},
	{"tcp: reset", "column 11: after BYTES is missing"},
	{"tcp: reset 5", "column 12: after BYTES is missing"},
	{"tcp: reset after x", "column 18: x: not bytes"},
	{"http: status", "column 13: : not a number from 1"},
	{"http: status 199", "column 14: not a status from 200 to 599"},
	{"http: status 600", "column 14: not a status from 200 to 599"},
	{"http: length 1", "column 14: +N or -N"},
	{"http: length +0", "column 15: 0: not a number from 1"},
	{"http: length +2000000000", "column 14: more than 1000000000"},
	{"udp: drop 1%, drop 2%", "column 15: drop cannot stand beside drop"},
	{"udp: drop, delay 1s", "column 12: delay cannot stand beside drop"},
	{"udp: delay 1s, drop", "column 16: drop cannot stand beside delay"},
	{"tcp: reset after 1, close after 2", "column 21: close cannot stand"},
	{"http: length +1, chunk", "column 18: chunk cannot stand beside le"},
	{"udp path=/x: drop", "column 10: only http has paths"},
	{"http path=x: lf", "column 11: a path begins with / or *"},
	{"http path=: lf", "column 11: a path begins with / or *"},
	{"http path=/a path=/b: lf", "column 14: path= twice"},
	{"udp from=: drop", "column 10: not a network"},
	{"udp for=x: drop", "column 9: x: not a time"},
	{"udp for=3s-1s: drop", "column 9: no time is between the two"},
	{"udp: drop #" NINES, "column 12: longer than 63 bytes"},
	{"udp: drop " NINES "%", "column 11: longer than 63 bytes"},
	{"udp: delay " NINES "s", "column 12: longer than 63 bytes"},
	{"udp: delay 1s~" NINES "s", "column 15: longer than 63 bytes"},
	{"udp: truncate " NINES "B", "column 15: longer than 63 bytes"},
	{"tcp: drip 1B/" NINES "s", "column 14: longer than 63 bytes"},
	{"udp for=1s-" NINES "s: drop", "column 12: longer than 63 bytes"},
	{"udp from=" NINES ": drop", "column 10: not a network"},
	{"udp for=0s: drop", "column 9: no time is between the two"},
};

START_TEST(what_is_no_rule_is_refused_with_its_column)
{
	ck_assert_int_eq(fault_rule_parse(bad_rows[_i].text, &rule, cause), -1);
	ck_assert_msg(strncmp(cause, bad_rows[_i].cause,
			      strlen(bad_rows[_i].cause)) == 0,
		      "%s: %s, not %s", bad_rows[_i].text, cause,
		      bad_rows[_i].cause);
}
END_TEST

START_TEST(a_rule_may_be_so_long_and_no_longer)
{
	char text[FAULT_TEXT_MAX + 2];

	memset(text, ' ', sizeof(text));
	memcpy(text, "udp: drop", 9);
	text[FAULT_TEXT_MAX] = '\0';
	parse(text);
	text[FAULT_TEXT_MAX] = ' ';
	text[FAULT_TEXT_MAX + 1] = '\0';
	ck_assert_int_eq(fault_rule_parse(text, &rule, cause), -1);
	ck_assert_str_eq(cause, "column 513: a rule is longer than 512 bytes");
}
END_TEST

START_TEST(a_preset_stands_for_rules)
{
	static const struct {
		const char *text;
		size_t n;
		const char *second;
	} rows[] = {
		{"pinger", 1, NULL},
		{"satellite", 3, "tcp: delay 600ms~20ms/normal"},
		{" wifi from=10.0.0.0/8", 3,
		 "tcp from=10.0.0.0/8: delay 3ms~2ms/pareto"},
		{"congested for=1m", 3,
		 "tcp for=1m: delay 80ms~40ms/pareto, drip 2k/50ms"},
		{"hostile-http", 1, NULL},
		{"udp: drop", 1, NULL},
		{"pingers", 1, NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[2 * FAULT_TEXT_MAX];
		size_t n = 0;

		for (; fault_expand(rows[i].text, n, text); n++) {
			if (rows[i].n == 1 && strncmp(text, "pingers", 7) == 0)
				continue;
			parse(text);
			if (n == 1)
				ck_assert_str_eq(text, rows[i].second);
		}
		ck_assert_uint_eq(n, rows[i].n);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("fault_rule");
	TCase *tcase = harness_case(suite, "rules");

	tcase_add_loop_test(tcase, a_rule_means_what_it_says, 0,
			    ARRAY_LEN(good_rows));
	tcase_add_loop_test(tcase, what_is_no_rule_is_refused_with_its_column,
			    0, ARRAY_LEN(bad_rows));
	tcase_add_test(tcase, a_rule_may_be_so_long_and_no_longer);
	tcase_add_test(tcase, a_preset_stands_for_rules);
	return harness_run_together(suite);
}
