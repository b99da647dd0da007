/* SPDX-License-Identifier: MIT */
/*
 * A ping's lines for programs, each kind of them byte for byte; and what is
 * told when there is no room or memory for one.
 */
#include "client/ping_json.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "harness.h"
#include "leak.h"

#define MS   CLOCK_NS_PER_MS
#define PEER "192.0.2.1:7"

static char buf[4096], all[4096];

static void expect(const struct text *text, const char *wanted)
{
	ck_assert(!text->overflow);
	buf[text->len] = '\0';
	ck_assert_str_eq(buf, wanted);
}

/* --- the beginning --- */

static struct client_options options_of(bool is_udp, uint32_t n_pings)
{
	return (struct client_options){
		.host = "host",
		.is_udp = is_udp,
		.is_flooding = is_udp,
		.n_pings = n_pings,
		.interval_ns = 100 * MS,
		.timeout_ns = 1500 * MS,
	};
}

START_TEST(it_begins_with_what_is_asked)
{
	struct text text = text_in(buf, sizeof(buf) - 1);
	struct client_options options = options_of(_i == 0, _i == 0 ? 0 : 7);

	ping_json_add_begin(&text, PEER, &options);
	expect(&text,
	       _i == 0 ? "{\"event\":\"begin\",\"host\":\"host\",\"peer\":"
			 "\"192.0.2.1:7\",\"protocol\":\"udp\",\"count\":null,"
			 "\"interval_ms\":100.0,\"timeout_ms\":1500.0,"
			 "\"flood\":true}\n"
		       : "{\"event\":\"begin\",\"host\":\"host\",\"peer\":"
			 "\"192.0.2.1:7\",\"protocol\":\"tcp\",\"count\":7,"
			 "\"interval_ms\":100.0,\"timeout_ms\":1500.0,"
			 "\"flood\":false}\n");
}
END_TEST

/* --- events --- */

#define TIME ",\"time\":\"2026-11-26T19:11:34.125000Z\""
#define FROM ",\"from\":\"192.0.2.1:7\""

static const struct {
	struct ping_event event;
	const char *line;
} events[] = {
	{{.kind = PING_REPLY,
	  .seq = 1,
	  .len = 24,
	  .from = PEER,
	  .has_rtt = true,
	  .rtt_ns = 123456},
	 "{\"event\":\"reply\"" TIME ",\"seq\":1,\"bytes\":24" FROM
	 ",\"rtt_ms\":0.123456}\n"},
	{{.kind = PING_TIMEOUT, .seq = 2},
	 "{\"event\":\"timeout\"" TIME ",\"seq\":2}\n"},
	{{.kind = PING_LATE, .seq = 3, .len = 24, .from = PEER},
	 "{\"event\":\"late\"" TIME ",\"seq\":3,\"bytes\":24" FROM "}\n"},
	{{.kind = PING_FOREIGN, .from = PEER},
	 "{\"event\":\"foreign\"" TIME ",\"bytes\":0" FROM "}\n"},
	{{.kind = PING_CORRUPT, .len = 5, .from = PEER, .why = "\"short\""},
	 "{\"event\":\"corrupt\"" TIME ",\"bytes\":5" FROM
	 ",\"why\":\"\\\"short\\\"\"}\n"},
	{{.kind = PING_ERROR, .seq = 6, .len = 9, .why = "no route"},
	 "{\"event\":\"error\"" TIME ",\"seq\":6,\"why\":\"no route\"}\n"},
};

static struct ping_event event_at(size_t i)
{
	struct ping_event event = events[i].event;

	/* 2026-11-26, 19:11:34 */
	event.wall = (struct timespec){1795720294, 125000000};
	return event;
}

START_TEST(each_event_is_an_object)
{
	struct text text = text_in(buf, sizeof(buf) - 1);
	struct ping_event event = event_at((size_t)_i);

	ping_json_add_event(&text, &event);
	expect(&text, events[_i].line);
}
END_TEST

/* --- the end --- */

static void add(struct ping_figures *figures, enum ping_kind kind,
		uint64_t rtt_ns)
{
	const struct ping_event event = {
		.kind = kind, .has_rtt = true, .rtt_ns = rtt_ns};

	ping_figures_add(figures, &event);
}

static struct ping_figures make_figures(void)
{
	struct ping_figures figures = ping_figures_new(1000);

	figures.n_sent = 10;
	figures.n_waiting = 2;
	figures.elapsed_ns = 9012 * MS;
	add(&figures, PING_REPLY, 2 * MS);
	add(&figures, PING_REPLY, 4 * MS);
	for (enum ping_kind kind = PING_TIMEOUT; kind < PING_N_KINDS; kind++)
		for (unsigned i = 0; i <= (unsigned)kind; i++)
			add(&figures, kind, 0);
	return figures;
}

START_TEST(the_statistics_of_everything)
{
	struct text text = text_in(buf, sizeof(buf) - 1);
	struct ping_figures figures = make_figures();

	ping_json_add_end(&text, PEER, &figures);
	expect(&text,
	       "{\"event\":\"statistics\",\"peer\":\"192.0.2.1:7\",\"counts\":"
	       "{\"sent\":10,\"reply\":2,\"timeout\":2,\"late\":3,"
	       "\"duplicate\":4,\"corrupt\":5,\"foreign\":6,\"error\":7},"
	       "\"waiting\":2,\"lost\":6,\"loss\":0.75,\"elapsed_ms\":9012.0,"
	       "\"rtt_ms\":{\"min\":2.0,\"avg\":3.0,\"max\":4.0,\"mdev\":1.0},"
	       "\"rfc6298\":{\"alpha\":0.125,\"beta\":0.25,\"k\":4,"
	       "\"granularity_ms\":0.001,\"minimum_ms\":1000.0,"
	       "\"estimated_rtt_ms\":2.25,\"dev_rtt_ms\":1.25,"
	       "\"computed_ms\":7.25,\"timer_ms\":1000.0}}\n");
}
END_TEST

START_TEST(the_statistics_of_nothing)
{
	struct text text = text_in(buf, sizeof(buf) - 1);
	struct ping_figures figures = ping_figures_new(1);

	figures.n_sent = figures.n_waiting = 1;
	ping_json_add_end(&text, PEER, &figures);
	buf[text.len] = '\0';
	ck_assert_ptr_nonnull(strstr(
		buf, "\"waiting\":1,\"lost\":0,\"loss\":null,\"elapsed_ms\":"
		     "0.0,\"rtt_ms\":null,\"rfc6298\":"));
	ck_assert_ptr_nonnull(
		strstr(buf, "\"estimated_rtt_ms\":null,\"dev_rtt_ms\":null,"
			    "\"computed_ms\":null,\"timer_ms\":1000.0}}\n"));
}
END_TEST

/* --- scarcity --- */

static unsigned n_left; /* until jansson has no memory; 0: it has */
static bool was_scarce;

static void *scarce_malloc(size_t size)
{
	if (n_left > 0 && --n_left == 0) {
		was_scarce = true;
		return NULL;
	}
	return malloc(size);
}

/*
 * It is told by the overflow, and never by half a line. The library does
 * without some of it.
 */
static void write_scarcely(void (*write)(struct text *text))
{
	struct text whole = text_in(all, sizeof(all));
	unsigned n = 0, n_told = 0;

	write(&whole);

	do {
		struct text text = text_in(buf, sizeof(buf) - 1);

		was_scarce = false;
		n_left = ++n;
		write(&text);
		n_left = 0;
		n_told += text.overflow;
		ck_assert_msg(text.overflow ? was_scarce
					    : text.len == whole.len &&
						      memcmp(buf, all,
							     whole.len) == 0,
			      "%u: %.*s", n, (int)text.len, buf);
	} while (was_scarce && n < 1000);
	ck_assert_uint_ge(n_told + 2, n - 1);
}

static void write_begin(struct text *text)
{
	struct client_options options = options_of(true, 7);

	ping_json_add_begin(text, PEER, &options);
}

static void write_event(struct text *text)
{
	struct ping_event event = event_at(0);

	event.why = "why";
	ping_json_add_event(text, &event);
}

static void write_end(struct text *text)
{
	struct ping_figures figures = make_figures();

	ping_json_add_end(text, PEER, &figures);
}

static void (*const writers[])(struct text *text) = {write_begin, write_event,
						     write_end};

static void write_all_scarcely(void)
{
	for (size_t i = 0; i < ARRAY_LEN(writers); i++)
		write_scarcely(writers[i]);
}

START_TEST(without_memory_there_is_no_line)
{
	json_set_alloc_funcs(scarce_malloc, free);
	write_scarcely(writers[_i]);
}
END_TEST

/* A byte less than the line and its end. */
START_TEST(without_room_there_is_no_line)
{
	struct text text = text_in(buf, sizeof(buf) - 1), less;

	writers[_i](&text);
	ck_assert(!text.overflow);
	less = text_in(all, text.len);
	writers[_i](&less);
	ck_assert(!less.overflow);
	for (size_t i = 1; i <= 2; i++) {
		less = text_in(all, text.len - i);
		writers[_i](&less);
		ck_assert(less.overflow);
	}
}
END_TEST

START_TEST(nothing_is_left_behind)
{
	json_set_alloc_funcs(scarce_malloc, free);
	leak_check(write_all_scarcely);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ping_json");
	TCase *tcase = harness_case(suite, "ping_json");

	tcase_add_loop_test(tcase, it_begins_with_what_is_asked, 0, 2);
	tcase_add_loop_test(tcase, each_event_is_an_object, 0,
			    ARRAY_LEN(events));
	tcase_add_test(tcase, the_statistics_of_everything);
	tcase_add_test(tcase, the_statistics_of_nothing);
	tcase_add_loop_test(tcase, without_memory_there_is_no_line, 0,
			    ARRAY_LEN(writers));
	tcase_add_loop_test(tcase, without_room_there_is_no_line, 0,
			    ARRAY_LEN(writers));
	tcase_add_test(tcase, nothing_is_left_behind);
	return harness_run(suite);
}
