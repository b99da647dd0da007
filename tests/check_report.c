/* SPDX-License-Identifier: MIT */
/*
 * The report in HTML: from any result comes a page that is well formed, needs
 * nothing from outside, says what was measured, and draws it where it belongs.
 * The last word has a browser, when one is installed.
 */
#include "result/report.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "e2e_program.h"
#include "harness.h"
#include "result_fixture.h"

/* The page of a result, whose reference is taken; NULL: of one of which nothing
 * is known. The caller frees it. */
static char *page_of(json_t *json)
{
	char *page = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&page, &len);
	struct result result;

	result_init(&result);
	if (json)
		result_take(json, &result);
	ck_assert_ptr_nonnull(out);
	ck_assert_int_eq(report_write_html(out, &result), 0);
	ck_assert_int_eq(fclose(out), 0);
	ck_assert_uint_eq(strlen(page), len);
	result_clear(&result);
	return page;
}

static unsigned count_of(const char *page, const char *word)
{
	unsigned n = 0;

	while ((page = strstr(page, word))) {
		n++;
		page += strlen(word);
	}
	return n;
}

static void assert_has(const char *page, const char *word)
{
	ck_assert_msg(strstr(page, word), "\"%s\" is not in: %.2000s", word,
		      page);
}

static void assert_lacks(const char *page, const char *word)
{
	const char *at = strstr(page, word);

	ck_assert_msg(!at, "\"%s\" is in: %.200s", word, at);
}

/* The d attribute of the first path of a class in the plot with this id. */
static char *path_of(const char *page, const char *id, const char *class)
{
	char start[64];
	const char *at, *end;

	(void)snprintf(start, sizeof(start), "<svg id=\"%s\"", id);
	at = strstr(page, start);
	ck_assert_ptr_nonnull(at);
	end = strstr(at, "</svg>");
	(void)snprintf(start, sizeof(start), "<path class=\"%s\" d=\"", class);
	at = strstr(at, start);
	if (!at || at > end)
		harness_fail("%s has no path of class %s", id, class);
	at += strlen(start);
	return strndup(at, strcspn(at, "\""));
}

/* Fails unless that path is drawn so. */
static void assert_path(const char *page, const char *id, const char *class,
			const char *want)
{
	char *path = path_of(page, id, class);

	ck_assert_str_eq(path, want);
	free(path);
}

/* --- every result gives a whole page --- */

static json_t *result_unknown(void)
{
	return NULL;
}

/* With nothing to draw. */
static json_t *result_bare(void)
{
	json_t *result = result_closed();

	result_set(result, "latency_us", json_object());
	result_set(result, "service_us", json_object());
	result_set(result, "intervals", json_array());
	result_set(result, "histogram", json_array());
	return result;
}

static json_t *result_one_exchange(void)
{
	json_t *result = result_bare();

	result_set(result, "duration_s", json_real(0.0003));
	result_set(result, "exchanges", json_integer(1));
	result_set(result, "latency_us.p50", json_real(100));
	result_set(result, "intervals",
		   json_pack("[{s:f,s:f,s:f}]", "t_s", 0.0003, "rate", 3333.3,
			     "p50_us", 100.0));
	result_set(result, "histogram", json_pack("[[f,i]]", 101.0, 1));
	result_set(result, "steps",
		   json_pack("[{s:n,s:i,s:f,s:f}]", "target_rate", "clients", 5,
			     "rate", 100.0, "p50_us", 5.0));
	return result;
}

static json_t *result_extremes(void)
{
	json_t *result = result_bare();

	result_set(result, "rate", json_real(-5));
	result_set(result, "target_rate", json_real(1e300));
	result_set(result, "intervals",
		   json_pack("[{s:f,s:f,s:f,s:f},{s:f,s:f,s:f}]", "t_s", 1e9,
			     "rate", 1e300, "p50_us", 0.0, "max_us", 1e300,
			     "t_s", -1.0, "rate", -1e300, "p50_us", -3.0));
	result_set(result, "histogram",
		   json_pack("[[f,f],[f,f],[f,f]]", 0.0, 1.0, -5.0, 3.0, 1e300,
			     1e300));
	result_set(result, "steps",
		   json_pack("[{s:f,s:f,s:f},{s:f,s:f}]", "clients", 1.0,
			     "rate", 0.0, "p99_us", 0.0, "rate", -1.0, "p99_us",
			     1e-300));
	return result;
}

static json_t *result_of_three_hours(void)
{
	return result_long(10800);
}

static const struct {
	json_t *(*make)(void);
	const char *why;
} results[] = {
	{result_closed, "the plain case"},
	{result_open, "with target, service time, losses and errors"},
	{result_ramp, "with steps"},
	{result_nothing_answered, "nulls wherever an exchange is needed"},
	{result_of_three_hours, "more intervals than there is room for"},
	{result_unknown, "nothing is known"},
	{result_bare, "nothing to draw"},
	{result_one_exchange, "a single sample"},
	{result_extremes, "numbers that no run has"},
};

/* The elements that are open, by their names in the page. */
struct nesting {
	const char *names[64];
	size_t lens[64];
	size_t depth;
};

static void close_element(struct nesting *nesting, const char *name, size_t len)
{
	ck_assert_uint_gt(nesting->depth, 0);
	nesting->depth--;
	ck_assert_msg(
		nesting->lens[nesting->depth] == len &&
			memcmp(nesting->names[nesting->depth], name, len) == 0,
		"</%.*s> closes %.*s", (int)len, name,
		(int)nesting->lens[nesting->depth],
		nesting->names[nesting->depth]);
}

static void open_element(struct nesting *nesting, const char *name, size_t len)
{
	ck_assert_uint_lt(nesting->depth, ARRAY_LEN(nesting->names));
	nesting->names[nesting->depth] = name;
	nesting->lens[nesting->depth] = len;
	nesting->depth++;
}

/* Quotes of attributes come in pairs, and no tag begins within another. */
static void judge_tag(const char *tag, size_t len)
{
	unsigned quotes = 0;

	for (size_t i = 0; i < len; i++) {
		quotes += tag[i] == '"';
		ck_assert_msg(tag[i] != '<', "%.*s", (int)len, tag);
	}
	ck_assert_msg(quotes % 2 == 0, "%.*s", (int)len, tag);
}

/* Takes the tag whose name begins at `at`; returns what follows it. */
static const char *take_tag(struct nesting *nesting, const char *at)
{
	const char *end = strchr(at, '>');
	bool closes = *at == '/';
	size_t len;

	ck_assert_ptr_nonnull(end);
	judge_tag(at, (size_t)(end - at));
	at += closes;
	len = strcspn(at, " />");
	ck_assert_uint_gt(len, 0);
	if (closes)
		close_element(nesting, at, len);
	else if (end[-1] != '/' && *at != '!' && strncmp(at, "meta", 4) != 0)
		open_element(nesting, at, len);
	return end + 1;
}

static void assert_well_formed(const char *page)
{
	struct nesting nesting = {.depth = 0};
	const char *at = page;

	while (*at) {
		size_t len = strcspn(at, "<>&");
		size_t name_len;

		at += len;
		ck_assert_msg(*at != '>', "a lone >: %.60s", at);
		if (*at == '<') {
			at = take_tag(&nesting, at + 1);
		} else if (*at == '&') {
			name_len = strcspn(at, "; <");
			ck_assert_msg(at[name_len] == ';', "%.60s", at);
			at += name_len;
		}
	}
	ck_assert_uint_eq(nesting.depth, 0);
}

START_TEST(a_page_is_well_formed)
{
	static const char start[] = "<!DOCTYPE html>\n", end[] = "</html>\n";
	char *page = page_of(results[_i].make());

	ck_assert_int_eq(strncmp(page, start, strlen(start)), 0);
	ck_assert_str_eq(page + strlen(page) - strlen(end), end);
	assert_well_formed(page);
	free(page);
}
END_TEST

START_TEST(a_page_has_the_three_plots)
{
	char *page = page_of(results[_i].make());

	ck_assert_uint_eq(count_of(page, "<svg id=\"throughput\""), 1);
	ck_assert_uint_eq(count_of(page, "<svg id=\"latency\""), 1);
	ck_assert_uint_eq(count_of(page, "<svg id=\"percentiles\""), 1);
	ck_assert_uint_eq(count_of(page, "<svg "),
			  3 + count_of(page, "<svg id=\"ramp\""));
	free(page);
}
END_TEST

/* A coordinate that is none would stop the browser at that point. */
START_TEST(every_coordinate_is_a_number)
{
	char *page = page_of(results[_i].make());

	for (char *at = page; (at = strstr(at, " d=\"")); at++)
		ck_assert_uint_eq(strspn(at + 4, "MLHVZhlvz0123456789.- "),
				  strcspn(at + 4, "\""));
	for (char *at = page; (at = strstr(at, "cy=\"")); at++)
		ck_assert_uint_eq(strspn(at + 4, "0123456789."),
				  strcspn(at + 4, "\""));
	assert_lacks(page, "h=\"-"); /* of width */
	assert_lacks(page, "nan");
	assert_lacks(page, "inf");
	free(page);
}
END_TEST

START_TEST(a_page_names_no_outside_resource)
{
	static const char *const ways[] = {
		"http:",   "https:", "//",	"src=",	   "href",   "url(",
		"@import", "<link",  "<script", "<iframe", "<image", "onload",
	};
	char *page = page_of(results[_i].make());

	for (size_t i = 0; i < ARRAY_LEN(ways); i++)
		assert_lacks(page, ways[i]);
	free(page);
}
END_TEST

/* --- what it says --- */

START_TEST(it_states_how_it_was_measured)
{
	static const char *const facts[] = {
		"uppercase-load --clients=100 localhost 12000",
		"2026-11-22T10:14:03Z",
		"localhost port 12000, 100 clients for 30.0 s</p>",
		"the server was the limit",
		"<td class=\"text\">0.1.0</td>",
		"lab-client-07",
		"Linux 6.1.0-28-amd64",
		"x86_64",
		"<tr><th>CPUs</th><td>8</td></tr>",
		"<tr><th>used of a core</th><td>0.31</td></tr>",
		"<tr><th>waited for a core</th><td>0.02</td></tr>",
		"<p class=\"verdict\">",
		"closed loop</h1>",
	};
	char *page = page_of(result_closed());

	for (size_t i = 0; i < ARRAY_LEN(facts); i++)
		assert_has(page, facts[i]);
	free(page);
}
END_TEST

START_TEST(it_has_the_table_of_numbers)
{
	static const char *const rows[] = {
		"<tr><th>p50</th><td>630 \302\265s</td><td>63.0 \302\265s</td>",
		"<tr><th>p99.9</th><td>4.01 ms</td><td>401 \302\265s</td>",
		"<tr><th>max</th><td>4.83 ms</td><td>483 \302\265s</td>",
		"<tr><th>exchanges</th><td>600,000</td>",
		"<tr><th>a second</th><td>19,812</td>",
		"<tr><th>a second, target</th><td>20,000</td>",
		"<tr><th>lost</th><td>73</td>",
		"<tr><th>sent late by, 99 %</th><td>48.0 \302\265s</td></tr>",
		"<tr><th>error: timeout</th><td>82</td>",
		"<tr><th>error: ECONNREFUSED</th><td>1</td>",
		("<tr><th>bytes sent</th><td>38.4 MB</td></tr>\n"
		 "<tr><th>bytes received</th><td>38.4 MB</td>"),
		"<div><dt>exchanges/s</dt><dd>19,812</dd></div>",
		"<div class=\"bad\"><dt>lost</dt><dd>73</dd></div>",
		"<div><dt>corrupt</dt><dd>0</dd></div>",
		"<dt>errors</dt><dd>83</dd>",
		"<dt>median</dt><dd>630 \302\265s</dd>",
		"<dt>99 % within</dt>",
		"<dt>99.9 % within</dt><dd>4.01 ms</dd>",
		"<dt>longest</dt><dd>4.83 ms</dd>",
		"<table>\n<thead><tr><th></th>",
	};
	char *page = page_of(result_open());

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_has(page, rows[i]);
	free(page);
}
END_TEST

START_TEST(what_was_not_measured_is_a_dash_and_not_a_zero)
{
	json_t *result = result_closed();
	char *page;

	result_set(result, "latency_us.p9999", json_null());
	page = page_of(result);
	assert_has(page, "<tr><th>p99.99</th><td>-</td><td>471");
	free(page);
	page = page_of(result_nothing_answered());
	assert_has(page, "<tr><th>min</th><td>-</td><td>-</td></tr>");
	assert_has(page, ">no exchange was timed</text>");
	free(page);
	page = page_of(NULL);
	assert_has(page, ">no intervals</text>");
	free(page);
}
END_TEST

/* Of a run without any, they would be rows of zeros. */
START_TEST(what_failed_has_a_row_when_anything_did)
{
	json_t *result = result_closed();
	char *page = page_of(result_closed());

	assert_has(page, "<tr><th>corrupt</th><td>0</td>");
	assert_lacks(page, "<tr><th>failed</th>");
	assert_lacks(page, "<tr><th>unsent</th>");
	free(page);
	result_set(result, "failed", json_integer(1));
	page = page_of(result);
	assert_has(page, "<tr><th>failed</th><td>1</td>");
	assert_lacks(page, "<tr><th>unfinished</th>");
	free(page);
}
END_TEST

START_TEST(steps_of_a_closed_loop_are_by_their_clients)
{
	struct result_row steps[2] = {result_row_none(), result_row_none()};
	struct result result;
	char *page = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&page, &len);

	result_init(&result);
	steps[0].clients = 5;
	steps[1].target_rate = 100; /* that is none of them */
	result.steps.at = steps;
	result.steps.n = 1;
	ck_assert_int_eq(report_write_html(out, &result), 0);
	ck_assert_int_eq(fclose(out), 0);
	assert_has(page, "<th>clients</th><th>rate</th>");
	assert_has(page, "<tr><th>5</th><td>-</td>");
	free(page);
}
END_TEST

START_TEST(closed_loop_is_told_from_open_loop)
{
	char *closed = page_of(result_closed()), *open = page_of(result_open());

	assert_has(closed, "Closed loop: a client sends when it was answered");
	assert_lacks(closed, "target</");
	assert_has(open, "Latency counts from when an exchange was due");
	assert_has(open, "</i>service time</li>");
	assert_lacks(open, "Closed loop");
	free(closed);
	free(open);
}
END_TEST

START_TEST(it_warns_when_the_numbers_are_not_the_servers)
{
	json_t *result = result_closed();
	char *page;

	result_set(result, "generator.limited", json_true());
	result_set(result, "interrupted", json_true());
	page = page_of(result);
	assert_has(page, "<p class=\"verdict bad\">");
	assert_has(page, "for 30.0 s, ended early</p>");
	free(page);
}
END_TEST

START_TEST(it_tells_what_a_search_found)
{
	json_t *result = result_ramp();
	char *page;

	result_set(result, "find_max",
		   json_pack("{s:s,s:f,s:s}", "condition", "p99<5ms", "rate",
			     81250.0, "remark", "or more: it can do no more"));
	page = page_of(result);
	assert_has(page, "the highest rate with p99&lt;5ms: "
			 "<strong>81,250</strong> a second, or more");
	assert_well_formed(page);
	free(page);

	result = result_ramp();
	result_set(result, "find_max",
		   json_pack("{s:s,s:n,s:b}", "condition", "p99<5ms", "rate",
			     "generator_limited", 1));
	page = page_of(result);
	assert_has(page, "p99&lt;5ms: none was found</p>");
	free(page);
}
END_TEST

static const struct {
	const char *path;
	bool is_shown;
} texts[] = {
	{"command", true},     {"protocol", true},    {"mode", false},
	{"server_host", true}, {"verdict", true},     {"version", true},
	{"host.name", true},   {"host.kernel", true}, {"host.machine", true},
};

/* Long enough to be escaped in several pieces. */
#define HOSTILE                                                                \
	"</td></svg></style><script>alert(1)</script><b onclick='x' "          \
	"title=\"y\">&amp;\n&#60;"

START_TEST(text_of_the_result_is_no_markup)
{
	json_t *result = result_open();
	char *page;

	result_set(result, texts[_i].path, json_string(HOSTILE));
	page = page_of(result);
	assert_lacks(page, "<script");
	assert_lacks(page, "<b ");
	assert_lacks(page, "&#60;");
	if (texts[_i].is_shown)
		assert_has(page, "&lt;/td&gt;&lt;/svg&gt;&lt;/style&gt;&lt;"
				 "script&gt;alert(1)&lt;/script&gt;&lt;b "
				 "onclick=&#39;x&#39; title=&quot;y&quot;&gt;"
				 "&amp;amp;\xef\xbf\xbd&amp;#60;");
	assert_well_formed(page);
	free(page);
}
END_TEST

START_TEST(a_name_of_an_error_is_no_markup)
{
	json_t *result = result_open();
	char *page;

	result_set(result, "errors", json_pack("{s:i}", HOSTILE, 5));
	page = page_of(result);
	assert_lacks(page, "<script");
	assert_has(page, "<tr><th>error: &lt;/td&gt;");
	assert_well_formed(page);
	free(page);
}
END_TEST

/* --- where it draws --- */

static json_t *two_intervals(double first, double second)
{
	json_t *result = result_bare();

	result_set(result, "intervals",
		   json_pack("[{s:f,s:f},{s:f,s:f}]", "t_s", 1.0, "rate", first,
			     "t_s", 2.0, "rate", second));
	return result;
}

START_TEST(throughput_is_a_staircase_from_zero)
{
	char *page = page_of(two_intervals(0, 100));

	/* From the left end to the right, from the bottom to the top. */
	assert_path(page, "throughput", "line c1",
		    "M68.0 218.0h0L247.0 218.0L247.0 10.0L426.0 10.0");
	free(page);
	page = page_of(two_intervals(100, 50));
	assert_path(page, "throughput", "line c1",
		    "M68.0 10.0h0L247.0 10.0L247.0 114.0L426.0 114.0");
	assert_path(page, "throughput", "area c1",
		    "M68.0 218.0V10.0L247.0 10.0L247.0 114.0L426.0 114.0"
		    "L426.0 218.0Z");
	free(page);
}
END_TEST

START_TEST(latency_lies_on_a_logarithmic_axis)
{
	json_t *result = result_bare();
	char *page;

	result_set(result, "intervals",
		   json_pack("[{s:f,s:f,s:f}]", "t_s", 1.0, "p50_us", 100.0,
			     "max_us", 10000.0));
	page = page_of(result);
	/* It goes from 50 us to 20 ms, half and twice of what it shows. */
	assert_path(page, "latency", "line c1", "M68.0 193.9h0L426.0 193.9");
	assert_path(page, "latency", "line c5 dash", "M68.0 34.1h0L426.0 34.1");
	assert_has(page, ">20 ms</text>");
	assert_has(page, ">50 \302\265s</text>");
	free(page);
}
END_TEST

START_TEST(a_null_is_a_gap)
{
	json_t *result = result_closed();
	char *page, *path;

	result_set(json_array_get(json_object_get(result, "intervals"), 4),
		   "p99_us", json_null());
	page = page_of(result);
	path = path_of(page, "latency", "line c3");
	ck_assert_uint_eq(count_of(path, "M"), 2);
	free(path);
	path = path_of(page, "latency", "line c2");
	ck_assert_uint_eq(count_of(path, "M"), 1);
	free(path);
	free(page);
}
END_TEST

START_TEST(percentiles_stand_at_equal_distances)
{
	json_t *result = result_bare();
	char *page;

	/* 90 of 100 samples below 100 us, the others below 10 ms. */
	result_set(result, "histogram",
		   json_pack("[[f,i],[f,i]]", 100.0, 90, 10000.0, 10));
	page = page_of(result);
	/* The axis goes from 0 to the 99th, so the 90th is in the middle; from
	 * there on there are but ten samples. */
	assert_path(page, "percentiles", "line c1",
		    "M68.0 193.9h0L247.0 193.9L247.0 34.1L247.0 34.1");
	assert_path(page, "percentiles", "line c1 faint",
		    "M247.0 193.9h0L247.0 193.9L247.0 34.1L426.0 34.1");
	assert_has(page, "x=\"247.0\" y=\"235.0\" class=\"mid\">90</text>");
	free(page);
}
END_TEST

START_TEST(service_time_is_drawn_beside_open_loop_latency)
{
	char *page = page_of(result_open()), *path;

	path = path_of(page, "percentiles", "line c2 dash");
	ck_assert_uint_eq(count_of(path, "M"), 1);
	ck_assert_uint_eq(count_of(path, "L"), 6);
	free(path);
	free(page);
}
END_TEST

START_TEST(intervals_with_losses_are_flagged)
{
	char *page = page_of(result_open());

	ck_assert_uint_eq(count_of(page, "<path class=\"flag bad\""), 1);
	assert_has(page, "<title>2 to 3 s: 18,400 a second, p50 60.0 ms, p90 "
			 "80.0 ms, p99 180 ms, p99.9 400 ms, max 500 ms, 73 "
			 "lost</title>");
	free(page);
	page = page_of(result_closed());
	ck_assert_uint_eq(count_of(page, "<path class=\"flag bad\""), 0);
	free(page);
}
END_TEST

START_TEST(steps_are_drawn_in_the_order_of_their_load)
{
	char *page = page_of(result_ramp()), *path;
	double x = 0, last = 0;
	unsigned n = 0;

	ck_assert_uint_eq(count_of(page, "<svg id=\"ramp\""), 1);
	ck_assert_uint_eq(count_of(page, "<circle class=\"ring bad\""), 2);
	assert_has(page, "<tr><th>160,000</th><td>93,000</td><td>30.0 ms</td>"
			 "<td>90.0 ms</td><td>2.5 %</td><td>0</td><td>no</td>");
	assert_has(page, "</i>did not hold</li>");
	assert_lacks(page, "</i>target</li>");
	path = path_of(page, "ramp", "line c3");
	for (char *at = path; (at = strpbrk(at, "ML")); n++) {
		x = strtod(at + 1, &at);
		/* The last two are within each other's noise. */
		ck_assert_double_gt(x, last - 1);
		last = x;
	}
	ck_assert_uint_eq(n, 6);
	free(path);
	free(page);
}
END_TEST

/* A search tries them in another order. */
START_TEST(the_table_of_steps_is_in_the_order_of_their_load)
{
	static const char *const targets[] = {"20,000", "40,000",  "80,000",
					      "90,000", "120,000", "160,000"};
	char *page = page_of(result_ramp()), row[64];
	const char *at = strstr(page, "<h2>Steps</h2>");

	for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
		(void)snprintf(row, sizeof(row), "<tr><th>%s</th>", targets[i]);
		ck_assert_ptr_nonnull(at);
		at = strstr(at, row);
		ck_assert_msg(at != NULL, "%s is not there in order", row);
	}
	free(page);
}
END_TEST

/* Its own duration is that of the best step alone. */
START_TEST(a_search_tells_how_long_the_whole_took)
{
	json_t *result = result_ramp();
	char *page;

	result_set(result, "duration_s", json_real(2));
	page = page_of(result);
	assert_has(page, "100 clients, 6 steps in 10.0 s</p>");
	free(page);
	page = page_of(result_one_exchange());
	assert_has(page, "100 clients, 1 step in 300 \302\265s</p>");
	free(page);
}
END_TEST

START_TEST(a_run_without_steps_has_no_plot_of_them)
{
	char *page = page_of(result_open());

	ck_assert_uint_eq(count_of(page, "<svg id=\"ramp\""), 0);
	assert_has(page, "</i>target</li>");
	free(page);
}
END_TEST

START_TEST(a_long_run_is_drawn_by_groups_of_intervals)
{
	char *page = page_of(result_long(10800)), *path;

	assert_has(page, "exchanges a second, mean of each 54 intervals");
	assert_has(page, "per interval, worst of each 54 intervals");
	assert_has(page, ">hours since the start</text>");
	path = path_of(page, "throughput", "line c1");
	ck_assert_uint_eq(count_of(path, "L"), 2 * 200 - 1);
	free(path);
	ck_assert_uint_lt(strlen(page), 200000);
	free(page);
}
END_TEST

/* --- */

START_TEST(what_cannot_be_written_is_an_error)
{
	FILE *full = fopen("/dev/full", "we");
	struct result result;

	result_init(&result);
	ck_assert_ptr_nonnull(full);
	ck_assert_int_eq(report_write_html(full, &result), -1);
	(void)fclose(full);
}
END_TEST

/* --- a browser --- */

/* A browser takes a second for each, so these are the most telling ones. */
static json_t *(*const browsed[])(void) = {
	result_ramp, result_nothing_answered, result_of_three_hours,
	result_bare, result_extremes,
};

/* Lets Chromium load the page; the outcome's out is the DOM that it made. */
#define PAGES_SIZE ((size_t)4 << 20)

static struct outcome browse(const char *folder, const char *name,
			     const char *page)
{
	char *path = folder_path(folder, name), data[512];
	const char *const argv[] = {
		"chromium",
		"--headless",
		"--no-sandbox",
		"--disable-gpu",
		"--no-first-run",
		"--disable-background-networking",
		"--disable-component-update",
		"--disable-sync",
		data,
		"--enable-logging=stderr",
		"--dump-dom",
		path,
		NULL,
	};
	struct outcome outcome;

	(void)snprintf(data, sizeof(data), "--user-data-dir=%s/profile",
		       folder);
	folder_write_text(folder, name, page);
	outcome = program_run(argv, "", 0);
	if (outcome.status != 0)
		harness_fail("chromium: status %d: %s", outcome.status,
			     outcome.err);
	free(path);
	return outcome;
}

/*
 * All of them behind one another, since a browser takes seconds to begin; and
 * at the end one that is wrong, since else a browser that is silent would do.
 */
START_TEST(a_browser_finds_the_plots_and_complains_about_a_wrong_one_alone)
{
	static const char wrong[] = "<svg><path d=\"Mnan 1\"></path></svg>";
	const size_t n = ARRAY_LEN(browsed);
	char *folder = folder_new(), *pages = bytes_new(PAGES_SIZE);
	struct outcome outcome;
	size_t len = 0;

	if (!program_exists("chromium"))
		return;
	for (size_t i = 0; i <= n; i++) {
		char *page = i < n ? page_of(browsed[i]()) : strdup(wrong);

		len += (size_t)snprintf(pages + len, PAGES_SIZE - len, "%s",
					page);
		ck_assert_uint_lt(len, PAGES_SIZE);
		free(page);
	}
	outcome = browse(folder, "report.html", pages);
	ck_assert_uint_eq(count_of(outcome.out, "<svg id=\"throughput\""), n);
	ck_assert_uint_eq(count_of(outcome.out, "<svg id=\"latency\""), n);
	ck_assert_uint_eq(count_of(outcome.out, "<svg id=\"percentiles\""), n);
	ck_assert_uint_eq(count_of(outcome.out, "<svg id=\"ramp\""),
			  count_of(pages, "<svg id=\"ramp\""));
	ck_assert_uint_eq(count_of(outcome.out, "</path>"),
			  count_of(pages, "<path "));
	ck_assert_msg(count_of(outcome.err, "CONSOLE") == 1, "%s", outcome.err);
	assert_has(outcome.err, "Mnan 1");
	outcome_clear(&outcome);
	free(pages);
	free(folder);
}
END_TEST

static void add_page_tests(Suite *suite)
{
	TCase *tcase = harness_case(suite, "page");
	int n = (int)ARRAY_LEN(results);

	tcase_add_loop_test(tcase, a_page_is_well_formed, 0, n);
	tcase_add_loop_test(tcase, a_page_has_the_three_plots, 0, n);
	tcase_add_loop_test(tcase, every_coordinate_is_a_number, 0, n);
	tcase_add_loop_test(tcase, a_page_names_no_outside_resource, 0, n);
	tcase_add_test(tcase, what_cannot_be_written_is_an_error);

	tcase = harness_case(suite, "text");
	tcase_add_test(tcase, it_states_how_it_was_measured);
	tcase_add_test(tcase, it_has_the_table_of_numbers);
	tcase_add_test(tcase, it_tells_what_a_search_found);
	tcase_add_test(tcase, it_warns_when_the_numbers_are_not_the_servers);
	tcase_add_test(tcase, what_was_not_measured_is_a_dash_and_not_a_zero);
	tcase_add_test(tcase, what_failed_has_a_row_when_anything_did);
	tcase_add_test(tcase, steps_of_a_closed_loop_are_by_their_clients);
	tcase_add_test(tcase, closed_loop_is_told_from_open_loop);
	tcase_add_loop_test(tcase, text_of_the_result_is_no_markup, 0,
			    (int)ARRAY_LEN(texts));
	tcase_add_test(tcase, a_name_of_an_error_is_no_markup);
}

static void add_plot_tests(Suite *suite)
{
	TCase *tcase = harness_case(suite, "plots");

	tcase_add_test(tcase, throughput_is_a_staircase_from_zero);
	tcase_add_test(tcase, latency_lies_on_a_logarithmic_axis);
	tcase_add_test(tcase, a_null_is_a_gap);
	tcase_add_test(tcase, percentiles_stand_at_equal_distances);
	tcase_add_test(tcase, service_time_is_drawn_beside_open_loop_latency);
	tcase_add_test(tcase, intervals_with_losses_are_flagged);
	tcase_add_test(tcase, steps_are_drawn_in_the_order_of_their_load);
	tcase_add_test(tcase, the_table_of_steps_is_in_the_order_of_their_load);
	tcase_add_test(tcase, a_search_tells_how_long_the_whole_took);
	tcase_add_test(tcase, a_run_without_steps_has_no_plot_of_them);
	tcase_add_test(tcase, a_long_run_is_drawn_by_groups_of_intervals);
}

int main(void)
{
	Suite *suite = suite_create("report");
	TCase *tcase;

	add_page_tests(suite);
	add_plot_tests(suite);
	tcase = harness_case(suite, "browser");
	tcase_add_test(
		tcase,
		a_browser_finds_the_plots_and_complains_about_a_wrong_one_alone);
	return harness_run(suite);
}
