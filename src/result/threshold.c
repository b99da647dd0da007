/* SPDX-License-Identifier: MIT */
/*
 * Conditions are read into (metric, operator, value) once, and judged against
 * counters as often as needed: after each step of a search and at the end.
 */
#include "result/threshold.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/amount.h"

enum kind {
	KIND_TIME,
	KIND_PERCENT,
	KIND_NUMBER
};

/* Shares of 10,000 for percentiles; others have a number below 0. */
enum {
	SHARE_NONE = -1,
	SHARE_MIN = -2,
	SHARE_MEAN = -3,
	SHARE_MAX = -4
};

#define NO_COUNTER offsetof(struct stats, latency)

static const struct metric {
	const char *name;
	enum kind kind;
	int share;
	size_t counter; /* where it is in struct stats, or NO_COUNTER */
} metrics[] = {
	{"min", KIND_TIME, SHARE_MIN, NO_COUNTER},
	{"mean", KIND_TIME, SHARE_MEAN, NO_COUNTER},
	{"max", KIND_TIME, SHARE_MAX, NO_COUNTER},
	{"p50", KIND_TIME, 5000, NO_COUNTER},
	{"p75", KIND_TIME, 7500, NO_COUNTER},
	{"p90", KIND_TIME, 9000, NO_COUNTER},
	{"p95", KIND_TIME, 9500, NO_COUNTER},
	{"p99", KIND_TIME, 9900, NO_COUNTER},
	{"p999", KIND_TIME, 9990, NO_COUNTER},
	{"p99.9", KIND_TIME, 9990, NO_COUNTER},
	{"p9999", KIND_TIME, 9999, NO_COUNTER},
	{"p99.99", KIND_TIME, 9999, NO_COUNTER},
	{"loss", KIND_PERCENT, SHARE_NONE, NO_COUNTER},
	{"rate", KIND_NUMBER, SHARE_NONE, NO_COUNTER},
	{"errors", KIND_NUMBER, SHARE_NONE, NO_COUNTER},
	{"exchanges", KIND_NUMBER, SHARE_NONE,
	 offsetof(struct stats, exchanges)},
	{"lost", KIND_NUMBER, SHARE_NONE, offsetof(struct stats, lost)},
	{"late", KIND_NUMBER, SHARE_NONE, offsetof(struct stats, late)},
	{"duplicate", KIND_NUMBER, SHARE_NONE,
	 offsetof(struct stats, duplicate)},
	{"reordered", KIND_NUMBER, SHARE_NONE,
	 offsetof(struct stats, reordered)},
	{"corrupt", KIND_NUMBER, SHARE_NONE, offsetof(struct stats, corrupt)},
	{"failed", KIND_NUMBER, SHARE_NONE, offsetof(struct stats, failed)},
	{"unsent", KIND_NUMBER, SHARE_NONE, offsetof(struct stats, unsent)},
};

static const struct {
	const char *sign;
	enum condition_operator operator;
} operators[] = {
	/* The longer ones first. */
	{"<=", CONDITION_AT_MOST}, {">=", CONDITION_AT_LEAST},
	{"==", CONDITION_EQUAL},   {"<", CONDITION_LESS},
	{">", CONDITION_MORE},	   {"=", CONDITION_EQUAL},
};

/* Which metric has this name; ARRAY_LEN(metrics) when none. */
static size_t find_metric(struct slice name)
{
	size_t i = 0;

	while (i < ARRAY_LEN(metrics) && !slice_is(name, metrics[i].name))
		i++;
	return i;
}

/* Only 0 is the same in every unit. */
static bool lacks_unit(const char *text, double value)
{
	return value > 0 && text[strspn(text, "0123456789.")] == '\0';
}

static const char *parse_time(const char *text, double *out)
{
	uint64_t ns;

	if (amount_parse_time(text, &ns) < 0)
		return "not a time, as 5ms";
	*out = (double)ns;
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
	if (amount_parse_number(text, out) < 0)
		return "not a percentage, as 0.1%";
	return !has_sign && *out > 0 ? "a percentage needs its sign, as 0.1%"
				     : NULL;
}

/* Returns what is wrong with it, or NULL. */
static const char *parse_value(struct slice text, enum kind kind, double *out)
{
	char buf[32] = "";

	if (text.len < sizeof(buf))
		memcpy(buf, text.ptr, text.len);
	switch (kind) {
	case KIND_TIME:
		return parse_time(buf, out);
	case KIND_PERCENT:
		return parse_percent(buf, out);
	default:
		return amount_parse_number(buf, out) < 0 ? "not a number"
							 : NULL;
	}
}

/* Takes the operator at the front of *rest. */
static bool take_operator(struct slice *rest, enum condition_operator *out)
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
static const char *parse_one(struct slice text, struct condition *c)
{
	struct slice name = text, value;

	c->text = text.ptr;
	c->text_len = text.len;
	for (name.len = 0; name.len < text.len; name.len++)
		if (strchr("<>=", text.ptr[name.len]))
			break;
	value = (struct slice){text.ptr + name.len, text.len - name.len};
	c->metric = find_metric(slice_trim(name));
	if (c->metric == ARRAY_LEN(metrics))
		return "no such metric (there are min mean p50 p75 p90 p95 p99 "
		       "p99.9 p99.99 max loss rate errors exchanges lost late "
		       "duplicate reordered corrupt failed unsent)";
	if (!take_operator(&value, &c->operator))
		return "an operator is missing (< <= > >= or =)";
	return parse_value(slice_trim(value), metrics[c->metric].kind,
			   &c->value);
}

int conditions_parse(struct conditions *conditions, const char *text,
		     struct slice *bad, const char **cause)
{
	const char *at = text;

	if (!conditions->text)
		conditions->text = text;
	for (;;) {
		*bad = (struct slice){at, strcspn(at, ",")};
		if (conditions->n == CONDITION_MAX)
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

static enum condition_verdict compare(const struct condition *c, double value)
{
	bool holds = false;

	switch (c->operator) {
	case CONDITION_LESS:
		holds = value < c->value;
		break;
	case CONDITION_AT_MOST:
		holds = value <= c->value;
		break;
	case CONDITION_MORE:
		holds = value > c->value;
		break;
	case CONDITION_AT_LEAST:
		holds = value >= c->value;
		break;
	case CONDITION_EQUAL:
		holds = !(value < c->value) && !(value > c->value);
		break;
	}
	return holds ? CONDITION_TRUE : CONDITION_FALSE;
}

/* A percentile of too few: it lies somewhere between these. */
static enum condition_verdict compare_between(const struct condition *c,
					      double min, double max)
{
	enum condition_verdict verdict = compare(c, min);

	if (verdict != compare(c, max) ||
	    (c->operator== CONDITION_EQUAL && c->value> min && c->value<max))
		return CONDITION_UNKNOWN;
	return verdict;
}

static enum condition_verdict judge_time(const struct condition *c, int share,
					 const struct histogram *h)
{
	if (h->n == 0)
		return compare(c, (double)INFINITY);
	if (share == SHARE_MIN)
		return compare(c, (double)h->min_ns);
	if (share == SHARE_MAX)
		return compare(c, (double)h->max_ns);
	if (share == SHARE_MEAN)
		return compare(c, histogram_mean_ns(h));
	if (!histogram_supports(h, (unsigned)share))
		return compare_between(c, (double)h->min_ns, (double)h->max_ns);
	return compare(c, (double)histogram_percentile(h, (unsigned)share));
}

static double value_of(const struct metric *metric, const struct stats *stats,
		       double rate)
{
	uint64_t counter;

	if (metric->kind == KIND_PERCENT)
		return stats_loss_percent(stats);
	if (strcmp(metric->name, "rate") == 0)
		return rate;
	if (strcmp(metric->name, "errors") == 0)
		return (double)stats_errors(stats);
	memcpy(&counter, (const char *)stats + metric->counter,
	       sizeof(counter));
	return (double)counter;
}

enum condition_verdict condition_judge(const struct condition *condition,
				       const struct stats *stats, double rate)
{
	const struct metric *metric = &metrics[condition->metric];

	if (metric->kind == KIND_TIME)
		return judge_time(condition, metric->share, &stats->latency);
	return compare(condition, value_of(metric, stats, rate));
}

bool conditions_all_hold(const struct conditions *conditions,
			 const struct stats *stats, double rate)
{
	for (size_t i = 0; i < conditions->n; i++)
		if (condition_judge(&conditions->list[i], stats, rate) !=
		    CONDITION_TRUE)
			return false;
	return true;
}
