/* SPDX-License-Identifier: MIT */
/*
 * Conditions are read into (metric, operator, value) once, and judged against
 * counters as often as needed: after each step of a search and at the end.
 */
#include "result/threshold.h"

#include <math.h>
#include <string.h>

#include "base/units.h"
#include "result/times.h"

/* A time's id, or one of these, or METRIC_COUNTS and a counter's id. */
enum {
	METRIC_LOSS = TIME_N,
	METRIC_RATE,
	METRIC_ERRORS,
	METRIC_COUNTS,
	METRIC_NONE = METRIC_COUNTS + COUNTER_N
};

static const char *const sums[] = {"loss", "rate", "errors"};

static const enum counter_id counts[] = {
	COUNTER_EXCHANGES, COUNTER_LOST,    COUNTER_LATE,   COUNTER_DUPLICATE,
	COUNTER_REORDERED, COUNTER_CORRUPT, COUNTER_FAILED, COUNTER_UNSENT,
};

static const struct {
	const char *sign;
	enum threshold_operator operator;
} operators[] = {
	/* The longer ones first. */
	{"<=", THRESHOLD_AT_MOST}, {">=", THRESHOLD_AT_LEAST},
	{"==", THRESHOLD_EQUAL},   {"<", THRESHOLD_LESS},
	{">", THRESHOLD_MORE},	   {"=", THRESHOLD_EQUAL},
};

/* Which metric has this name, that of files or that for people. */
static size_t find_metric(struct slice name)
{
	for (size_t i = 0; i < TIME_N; i++)
		if (slice_is(name, times_key(i)) ||
		    slice_is(name, times_label(i)))
			return i;
	for (size_t i = 0; i < ARRAY_LEN(sums); i++)
		if (slice_is(name, sums[i]))
			return METRIC_LOSS + i;
	for (size_t i = 0; i < ARRAY_LEN(counts); i++)
		if (slice_is(name, stats_key(counts[i])))
			return METRIC_COUNTS + counts[i];
	return METRIC_NONE;
}

/* Only 0 is the same in every unit. */
static bool lacks_unit(const char *text, double value)
{
	return value > 0 && text[strspn(text, "0123456789.")] == '\0';
}

static const char *parse_time(const char *text, double *out)
{
	uint64_t ns;

	if (units_parse_time(text, true, &ns) < 0)
		return "not a time, as 5ms";
	*out = (double)ns / 1e3;
	return lacks_unit(text, *out) ? "a time needs its unit, as 5us, 5ms or "
					"5s"
				      : NULL;
}

static const char *parse_percent(char *text, double *out)
{
	size_t len = strlen(text);
	bool has_sign = len > 0 && text[len - 1] == '%';

	if (has_sign)
		text[len - 1] = '\0';
	if (units_parse_number(text, out) < 0)
		return "not a percentage, as 0.1%";
	return !has_sign && *out > 0 ? "a percentage needs its sign, as 0.1%"
				     : NULL;
}

/* Returns what is wrong with it, or NULL. */
static const char *parse_value(struct slice text, size_t metric, double *out)
{
	char buf[32] = "";

	if (text.len < sizeof(buf))
		memcpy(buf, text.ptr, text.len);
	if (metric < TIME_N)
		return parse_time(buf, out);
	if (metric == METRIC_LOSS)
		return parse_percent(buf, out);
	return units_parse_number(buf, out) < 0 ? "not a number" : NULL;
}

/* Takes the operator at the front of *rest. */
static bool take_operator(struct slice *rest, enum threshold_operator *out)
{
	for (size_t i = 0; i < ARRAY_LEN(operators); i++) {
		size_t len = strlen(operators[i].sign);

		if (rest->len < len ||
		    memcmp(rest->ptr, operators[i].sign, len) != 0)
			continue;
		rest->ptr += len;
		rest->len -= len;
		*out = operators[i].operator;
		return true;
	}
	return false;
}

/* Reads one; returns why not, or NULL. */
static const char *parse_one(struct slice text, struct threshold *c)
{
	struct slice name = text, value;

	c->text = text.ptr;
	c->text_len = text.len;
	for (name.len = 0; name.len < text.len; name.len++)
		if (strchr("<>=", text.ptr[name.len]))
			break;
	value = (struct slice){text.ptr + name.len, text.len - name.len};
	c->metric = find_metric(slice_trim(name));
	if (c->metric == METRIC_NONE)
		return "no such metric (there are min mean p50 p75 p90 p95 p99 "
		       "p99.9 p99.99 max loss rate errors exchanges lost late "
		       "duplicate reordered corrupt failed unsent)";
	if (!take_operator(&value, &c->operator))
		return "an operator is missing (< <= > >= or =)";
	return parse_value(slice_trim(value), c->metric, &c->value);
}

int thresholds_parse(struct thresholds *conditions, const char *text,
		     struct slice *bad, const char **cause)
{
	const char *at = text;

	if (!conditions->text)
		conditions->text = text;
	for (;;) {
		*bad = (struct slice){at, strcspn(at, ",")};
		if (conditions->n == THRESHOLD_MAX)
			*cause = "too many conditions";
		else
			*cause = parse_one(*bad,
					   &conditions->list[conditions->n]);
		if (*cause)
			return -1;
		conditions->n++;
		at += bad->len;
		if (*at == '\0')
			return 0;
		at++;
	}
}

static enum threshold_verdict compare(const struct threshold *c, double value)
{
	bool holds = false;

	switch (c->operator) {
	case THRESHOLD_LESS:
		holds = value < c->value;
		break;
	case THRESHOLD_AT_MOST:
		holds = value <= c->value;
		break;
	case THRESHOLD_MORE:
		holds = value > c->value;
		break;
	case THRESHOLD_AT_LEAST:
		holds = value >= c->value;
		break;
	case THRESHOLD_EQUAL:
		holds = !(value < c->value) && !(value > c->value);
		break;
	}
	return holds ? THRESHOLD_TRUE : THRESHOLD_FALSE;
}

/* A percentile of too few: it lies somewhere between these. */
static enum threshold_verdict compare_between(const struct threshold *c,
					      double min, double max)
{
	enum threshold_verdict verdict = compare(c, min);

	if (verdict != compare(c, max) ||
	    (c->operator== THRESHOLD_EQUAL && c->value> min && c->value<max))
		return THRESHOLD_UNKNOWN;
	return verdict;
}

static enum threshold_verdict judge_time(const struct threshold *c,
					 const struct histogram *h)
{
	struct times times = times_of(h);

	if (h->n == 0)
		return compare(c, (double)INFINITY);
	if (!isfinite(times.us[c->metric]))
		return compare_between(c, times.us[TIME_MIN],
				       times.us[TIME_MAX]);
	return compare(c, times.us[c->metric]);
}

static double threshold_value(size_t metric, const struct stats *stats,
			      double rate)
{
	switch (metric) {
	case METRIC_LOSS:
		return stats_loss_percent(stats);
	case METRIC_RATE:
		return rate;
	case METRIC_ERRORS:
		return (double)stats_errors(stats);
	default:
		return (double)stats_count(stats, metric - METRIC_COUNTS);
	}
}

enum threshold_verdict threshold_judge(const struct threshold *condition,
				       const struct stats *stats, double rate)
{
	if (condition->metric < TIME_N)
		return judge_time(condition, &stats->latency);
	return compare(condition,
		       threshold_value(condition->metric, stats, rate));
}

bool thresholds_all_hold(const struct thresholds *conditions,
			 const struct stats *stats, double rate)
{
	for (size_t i = 0; i < conditions->n; i++)
		if (threshold_judge(&conditions->list[i], stats, rate) !=
		    THRESHOLD_TRUE)
			return false;
	return true;
}
