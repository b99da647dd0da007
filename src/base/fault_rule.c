/* SPDX-License-Identifier: MIT */
/*
 * Reading rules:
 *
 *	SERVICE [from=CIDR] [path=GLOB] [for=TIME[-TIME]]: FAULT[, FAULT]...
 *
 * word by word, each of which is judged where it stands, so that an error can
 * say in which column it is.
 */
#include "base/fault.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/list.h"
#include "base/units.h"

#define WORD_MAX      64 /* bytes of one that is a number or a name */
#define COUNT_MAX     UINT64_C(1000000000000)
#define BYTES_MAX     (UINT64_C(1) << 40)
#define DRIP_MAX      (UINT64_C(1) << 20)
#define DELAY_MAX_NS  UINT64_C(600000000000)
#define DELTA_MAX     1000000000
#define PERCENT_SCALE 10000 /* steps of a percent */

static const char blanks[] = " \t";

struct kind_row {
	const char *name;
	unsigned services;
	enum fault_takes takes;
};

static const struct kind_row kinds[FAULT_KINDS] = {
#define X(KIND, name, text, services, takes)                                   \
	[FAULT_##KIND] = {text, services, FAULT_TAKES_##takes},
	FAULTS(X)
#undef X
};

static const char *const services[FAULT_SERVICES] = {
	[FAULT_UDP] = "udp",
	[FAULT_TCP] = "tcp",
	[FAULT_HTTP] = "http",
};

const char *fault_kind_name(enum fault_kind kind)
{
	return kinds[kind].name;
}

const char *fault_service_name(enum fault_service service)
{
	return services[service];
}

/* A rule being read, up to `at`. */
struct reader {
	const char *text;
	const char *at;
	char *cause;
};

/* Says what is wrong at this place; returns -1. */
static int refuse_rule(const struct reader *reader, const char *at,
		       const char *fmt, ...) PRINTF_LIKE(3, 4);

static int refuse_rule(const struct reader *reader, const char *at,
		       const char *fmt, ...)
{
	int len = snprintf(reader->cause, FAULT_CAUSE_SIZE,
			   "column %zu: ", (size_t)(at - reader->text) + 1);
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(reader->cause + len, FAULT_CAUSE_SIZE - (size_t)len,
			fmt, args);
	va_end(args);
	return -1;
}

static void pass_blanks(struct reader *reader)
{
	reader->at += strspn(reader->at, blanks);
}

/* Passes over this text if it stands here. */
static bool take_literal(struct reader *reader, const char *text)
{
	size_t len = strlen(text);

	if (strncmp(reader->at, text, len) != 0)
		return false;
	reader->at += len;
	return true;
}

/* The same for a word, behind which none of its letters follows. */
static bool take_name(struct reader *reader, const char *word)
{
	const char *from = reader->at;

	if (take_literal(reader, word) &&
	    strspn(reader->at, "abcdefghijklmnopqrstuvwxyz-") == 0)
		return true;
	reader->at = from;
	return false;
}

/* Copies what stands before one of these ends. */
static int copy_until(struct reader *reader, const char *ends, char *out,
		      size_t size)
{
	size_t len = strcspn(reader->at, ends);

	if (len >= size)
		return refuse_rule(reader, reader->at, "longer than %zu bytes",
				   size - 1);
	memcpy(out, reader->at, len);
	out[len] = '\0';
	reader->at += len;
	return 0;
}

/* --- values --- */

static int take_count(struct reader *reader, uint64_t *out)
{
	char word[WORD_MAX];
	const char *from = reader->at;

	if (copy_until(reader, " \t,-)", word, sizeof(word)) < 0)
		return -1;
	if (units_parse_uint(word, 1, COUNT_MAX, out) == 0)
		return 0;
	return refuse_rule(reader, from, "%s: not a number from 1", word);
}

/* "64B" is "64". */
static int take_bytes(struct reader *reader, uint64_t most, uint64_t *out)
{
	char word[WORD_MAX];
	const char *from = reader->at;
	size_t len;

	if (copy_until(reader, " \t,/", word, sizeof(word)) < 0)
		return -1;
	len = strlen(word);
	if (len > 1 && word[len - 1] == 'B')
		word[len - 1] = '\0';
	if (units_parse_size(word, out) == 0 && *out <= most)
		return 0;
	return refuse_rule(reader, from,
			   "%s: not bytes, such as 64, 64B or 4k, up to %llu",
			   word, (unsigned long long)most);
}

static int take_time(struct reader *reader, const char *ends, uint64_t *out)
{
	char word[WORD_MAX];
	const char *from = reader->at;

	if (copy_until(reader, ends, word, sizeof(word)) < 0)
		return -1;
	if (units_parse_time(word, false, out) == 0)
		return 0;
	return refuse_rule(reader, from, "%s: not a time, such as 50ms or 2s",
			   word);
}

static int take_delay_part(struct reader *reader, uint64_t *out)
{
	const char *from = reader->at;

	if (take_time(reader, " \t,~/@", out) < 0)
		return -1;
	return *out <= DELAY_MAX_NS
		       ? 0
		       : refuse_rule(reader, from, "more than 10m");
}

/* Of a percentage to four decimals, so many in a million; *out is up to most */
static int take_percent(struct reader *reader, const char *ends, uint32_t *out)
{
	char word[WORD_MAX];
	const char *from = reader->at;
	uint64_t whole = 0, part = 0;
	char *point;
	size_t n_decimals = 0;

	if (copy_until(reader, ends, word, sizeof(word)) < 0)
		return -1;
	point = strchr(word, '.');
	if (point) {
		*point++ = '\0';
		n_decimals = strlen(point);
	}
	if (*reader->at != '%' || units_parse_uint(word, 0, 100, &whole) < 0 ||
	    n_decimals > 4 ||
	    (point && units_parse_uint(point, 0, UINT64_MAX, &part) < 0))
		return refuse_rule(reader, from,
				   "not a percentage, such as 30%% or 0.5%%");
	reader->at++;
	for (; n_decimals < 4; n_decimals++)
		part *= 10;
	*out = (uint32_t)(whole * PERCENT_SCALE + part);
	return *out <= FAULT_MILLION
		       ? 0
		       : refuse_rule(reader, from, "more than 100%%");
}

/* --- which messages --- */

static int take_range(struct reader *reader, struct fault *fault)
{
	const char *from = reader->at;
	uint64_t first, last;

	if (take_count(reader, &first) < 0)
		return -1;
	last = first;
	if (take_literal(reader, "-") && take_count(reader, &last) < 0)
		return -1;
	if (last < first)
		return refuse_rule(reader, from,
				   "a range that ends before it "
				   "begins");
	if (fault->n_ranges == FAULT_RANGES_MAX)
		return refuse_rule(reader, from,
				   "more than %d numbers and ranges",
				   FAULT_RANGES_MAX);
	fault->ranges[fault->n_ranges].first = first;
	fault->ranges[fault->n_ranges].last = last;
	fault->n_ranges++;
	return 0;
}

/* A number behind a comma goes on with the list; a fault has a name. */
static bool goes_on(struct reader *reader)
{
	const char *at = reader->at + strspn(reader->at, blanks);

	if (*at != ',')
		return false;
	at++;
	at += strspn(at, blanks);
	if (*at < '0' || *at > '9')
		return false;
	reader->at = at;
	return true;
}

static int take_list(struct reader *reader, struct fault *fault)
{
	fault->which = FAULT_LIST;
	do
		if (take_range(reader, fault) < 0)
			return -1;
	while (goes_on(reader));
	return 0;
}

/* Behind "burst(". */
static int take_burst(struct reader *reader, struct fault *fault)
{
	const char *from = reader->at;

	fault->which = FAULT_BURST;
	if (take_percent(reader, "%,) \t", &fault->share) < 0)
		return -1;
	pass_blanks(reader);
	if (!take_literal(reader, ","))
		return refuse_rule(reader, reader->at,
				   "burst(BEGIN%%,END%%): a comma is missing");
	pass_blanks(reader);
	if (take_percent(reader, "%,) \t", &fault->recovery) < 0)
		return -1;
	pass_blanks(reader);
	if (!take_literal(reader, ")"))
		return refuse_rule(reader, reader->at,
				   "burst(BEGIN%%,END%%): ) is missing");
	if (fault->share == 0 || fault->recovery == 0)
		return refuse_rule(reader, from,
				   "a burst that never begins, or "
				   "never ends");
	return 0;
}

static int take_number_behind(struct reader *reader, struct fault *fault,
			      enum fault_which which)
{
	fault->which = which;
	pass_blanks(reader);
	return take_count(reader, &fault->n);
}

/* Nothing is every message. */
static int take_which(struct reader *reader, struct fault *fault)
{
	pass_blanks(reader);
	if (take_literal(reader, "#"))
		return take_list(reader, fault);
	if (take_name(reader, "every"))
		return take_number_behind(reader, fault, FAULT_EVERY);
	if (take_name(reader, "first"))
		return take_number_behind(reader, fault, FAULT_FIRST);
	if (take_literal(reader, "burst("))
		return take_burst(reader, fault);
	if (!take_literal(reader, "@") &&
	    (*reader->at < '0' || *reader->at > '9'))
		return 0;
	fault->which = FAULT_SHARE;
	return take_percent(reader, "%, \t", &fault->share);
}

/* --- what comes behind a fault's name --- */

static int take_delay(struct reader *reader, struct fault *fault)
{
	const char *from = reader->at;

	if (take_delay_part(reader, &fault->time_ns) < 0)
		return -1;
	if (!take_literal(reader, "~"))
		return 0;
	if (take_delay_part(reader, &fault->jitter_ns) < 0)
		return -1;
	if (take_literal(reader, "/")) {
		if (take_name(reader, "normal"))
			fault->distribution = FAULT_NORMAL;
		else if (take_name(reader, "pareto"))
			fault->distribution = FAULT_PARETO;
		else if (!take_name(reader, "uniform"))
			return refuse_rule(reader, reader->at,
					   "uniform, normal or pareto");
	}
	if (fault->jitter_ns > fault->time_ns &&
	    fault->distribution == FAULT_UNIFORM)
		return refuse_rule(reader, from,
				   "the jitter is more than the "
				   "delay");
	return 0;
}

static int take_rule_pace(struct reader *reader, struct fault *fault)
{
	const char *from = reader->at;

	if (take_bytes(reader, DRIP_MAX, &fault->bytes) < 0)
		return -1;
	if (!take_literal(reader, "/"))
		return refuse_rule(reader, reader->at,
				   "BYTES/TIME: / is missing");
	if (take_delay_part(reader, &fault->time_ns) < 0)
		return -1;
	if (fault->bytes == 0 || fault->time_ns == 0)
		return refuse_rule(reader, from, "no bytes, or no time");
	return 0;
}

static int take_status(struct reader *reader, struct fault *fault)
{
	const char *from = reader->at;
	uint64_t status;

	if (take_count(reader, &status) < 0)
		return -1;
	if (status < 200 || status > 599)
		return refuse_rule(reader, from,
				   "not a status from 200 to 599");
	fault->status = (unsigned)status;
	return 0;
}

static int take_delta(struct reader *reader, struct fault *fault)
{
	const char *from = reader->at;
	bool is_less = take_literal(reader, "-");
	uint64_t delta;

	if (!is_less && !take_literal(reader, "+"))
		return refuse_rule(reader, from, "+N or -N");
	if (take_count(reader, &delta) < 0)
		return -1;
	if (delta > DELTA_MAX)
		return refuse_rule(reader, from, "more than %d", DELTA_MAX);
	fault->delta = is_less ? -(int64_t)delta : (int64_t)delta;
	return 0;
}

static bool is_followed_by_bytes(const struct reader *reader)
{
	size_t len = strspn(reader->at, "0123456789.");

	return len > 0 && reader->at[len] != '%';
}

static int take_argument(struct reader *reader, struct fault *fault)
{
	pass_blanks(reader);
	switch (kinds[fault->kind].takes) {
	case FAULT_TAKES_NOTHING:
		return 0;
	case FAULT_TAKES_DELAY:
		return take_delay(reader, fault);
	case FAULT_TAKES_UNIT:
		fault->is_byte = take_name(reader, "byte");
		(void)take_name(reader, "bit");
		return 0;
	case FAULT_TAKES_BYTES:
		fault->has_bytes = is_followed_by_bytes(reader);
		return fault->has_bytes
			       ? take_bytes(reader, BYTES_MAX, &fault->bytes)
			       : 0;
	case FAULT_TAKES_PACE:
		return take_rule_pace(reader, fault);
	case FAULT_TAKES_AFTER:
		if (!take_name(reader, "after"))
			return refuse_rule(reader, reader->at,
					   "after BYTES is missing");
		pass_blanks(reader);
		return take_bytes(reader, BYTES_MAX, &fault->bytes);
	case FAULT_TAKES_STATUS:
		return take_status(reader, fault);
	case FAULT_TAKES_DELTA:
		return take_delta(reader, fault);
	}
	return 0;
}

/* --- faults and rules --- */

/* "drop, delay, ...": those that the service knows. */
static const char *list_kinds(enum fault_service service, char out[160])
{
	size_t len = 0;

	out[0] = '\0';
	for (int kind = 0; kind < FAULT_KINDS; kind++)
		if (kinds[kind].services & 1u << service)
			len += (size_t)snprintf(out + len, 160 - len, "%s%s",
						len > 0 ? ", " : "",
						kinds[kind].name);
	return out;
}

static int take_kind(struct reader *reader, const struct fault_rule *rule,
		     struct fault *fault)
{
	size_t len = strspn(reader->at, "abcdefghijklmnopqrstuvwxyz-");
	char known[160];

	for (int kind = 0; kind < FAULT_KINDS; kind++)
		if ((kinds[kind].services & 1u << rule->service) &&
		    take_name(reader, kinds[kind].name)) {
			fault->kind = (enum fault_kind)kind;
			return 0;
		}
	return refuse_rule(
		reader, reader->at, "%.*s%s %s knows %s",
		len < WORD_MAX ? (int)len : WORD_MAX, reader->at,
		len > 0 ? ":" : "a fault is missing:", services[rule->service],
		list_kinds(rule->service, known));
}

/* Of these one alone can happen to a message. */
static bool excludes(const struct fault *a, const struct fault *b)
{
	static const unsigned groups[] = {
		1u << FAULT_STALL | 1u << FAULT_RESET | 1u << FAULT_CLOSE,
		1u << FAULT_LENGTH | 1u << FAULT_NO_LENGTH | 1u << FAULT_CHUNK,
	};

	if (a->kind == b->kind)
		return true;
	if (a->which != FAULT_ALL || b->which != FAULT_ALL)
		return false;
	if (a->kind == FAULT_DROP || b->kind == FAULT_DROP)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(groups); i++)
		if ((groups[i] & 1u << a->kind) && (groups[i] & 1u << b->kind))
			return true;
	return false;
}

static int take_fault(struct reader *reader, struct fault_rule *rule)
{
	const char *from = reader->at;
	struct fault *fault = &rule->faults[rule->n];

	if (rule->n == FAULT_RULE_FAULTS)
		return refuse_rule(reader, from,
				   "more than %d faults in a rule",
				   FAULT_RULE_FAULTS);
	if (take_kind(reader, rule, fault) < 0 ||
	    take_argument(reader, fault) < 0 || take_which(reader, fault) < 0)
		return -1;
	for (size_t i = 0; i < rule->n; i++)
		if (excludes(&rule->faults[i], fault))
			return refuse_rule(
				reader, from,
				"%s cannot stand beside %s in a rule",
				kinds[fault->kind].name,
				kinds[rule->faults[i].kind].name);
	rule->n++;
	return 0;
}

static int take_rule_faults(struct reader *reader, struct fault_rule *rule)
{
	for (;;) {
		pass_blanks(reader);
		if (take_fault(reader, rule) < 0)
			return -1;
		pass_blanks(reader);
		if (*reader->at == '\0')
			return 0;
		if (!take_literal(reader, ","))
			return refuse_rule(
				reader, reader->at,
				"a comma and a fault, or nothing more");
	}
}

/* TIME is until then; TIME-TIME is between the two. */
static int take_window(struct reader *reader, struct fault_rule *rule)
{
	const char *from = reader->at;

	if (take_time(reader, " \t:-", &rule->to_ns) < 0)
		return -1;
	if (take_literal(reader, "-")) {
		rule->from_ns = rule->to_ns;
		if (take_time(reader, " \t:", &rule->to_ns) < 0)
			return -1;
	}
	return rule->from_ns < rule->to_ns
		       ? 0
		       : refuse_rule(reader, from,
				     "no time is between the two");
}

/* Up to a blank, or the colon that ends them all: an address has some, too. */
static int take_network(struct reader *reader, struct fault_rule *rule)
{
	size_t len = strcspn(reader->at, blanks);
	const char *from = reader->at;

	if (len > 0 && reader->at[len - 1] == ':')
		len--;
	if (len == 0 || len >= sizeof(rule->from))
		return refuse_rule(
			reader, from,
			"not a network, such as 10.0.0.0/8, with a blank "
			"or a colon and a blank behind it");
	memcpy(rule->from, from, len);
	reader->at += len;
	return 0;
}

static int take_rule_path(struct reader *reader, struct fault_rule *rule)
{
	const char *from = reader->at;

	if (rule->service != FAULT_HTTP)
		return refuse_rule(reader, from, "only http has paths");
	if (copy_until(reader, " \t:", rule->path, sizeof(rule->path)) < 0)
		return -1;
	return rule->path[0] == '/' || rule->path[0] == '*'
		       ? 0
		       : refuse_rule(reader, from, "a path begins with / or *");
}

typedef int (*take_selector_fn)(struct reader *reader, struct fault_rule *rule);

static int take_selectors(struct reader *reader, struct fault_rule *rule)
{
	static const struct {
		const char *name;
		take_selector_fn take;
	} each[] = {
		{"from=", take_network},
		{"path=", take_rule_path},
		{"for=", take_window},
	};
	unsigned seen = 0;

	for (;;) {
		size_t i = 0;

		pass_blanks(reader);
		if (take_literal(reader, ":"))
			return 0;
		while (i < ARRAY_LEN(each) &&
		       strncmp(reader->at, each[i].name,
			       strlen(each[i].name)) != 0)
			i++;
		if (i == ARRAY_LEN(each))
			return refuse_rule(
				reader, reader->at,
				"from=, path= or for=, or a colon and "
				"the faults");
		if (seen & 1u << i)
			return refuse_rule(reader, reader->at, "%s twice",
					   each[i].name);
		seen |= 1u << i;
		reader->at += strlen(each[i].name);
		if (each[i].take(reader, rule) < 0)
			return -1;
	}
}

static int take_service(struct reader *reader, struct fault_rule *rule)
{
	for (int i = 0; i < FAULT_SERVICES; i++)
		if (take_name(reader, services[i])) {
			rule->service = (enum fault_service)i;
			return 0;
		}
	return refuse_rule(reader, reader->at,
			   "udp, tcp or http and a colon, or one of pinger, "
			   "satellite, wifi, congested and hostile-http");
}

int fault_rule_parse(const char *text, struct fault_rule *rule,
		     char cause[FAULT_CAUSE_SIZE])
{
	struct reader reader = {text, text, cause};

	*rule = (struct fault_rule){.to_ns = UINT64_MAX};
	if (strlen(text) > FAULT_TEXT_MAX)
		return refuse_rule(&reader, text + FAULT_TEXT_MAX,
				   "a rule is longer than %d bytes",
				   FAULT_TEXT_MAX);
	pass_blanks(&reader);
	if (take_service(&reader, rule) < 0 ||
	    take_selectors(&reader, rule) < 0)
		return -1;
	return take_rule_faults(&reader, rule);
}

/* --- presets --- */

struct preset {
	const char *name;
	struct {
		const char *service;
		const char *faults;
	} rules[FAULT_PRESET_RULES];
};

static const struct preset presets[] = {
	/* As the textbook's server: of the numbers 0 to 10 those below 4. */
	{"pinger", {{"udp", "drop 36.3636%"}}},
	{"satellite",
	 {{"udp", "delay 600ms~20ms/normal, drop 0.5%"},
	  {"tcp", "delay 600ms~20ms/normal"},
	  {"http", "delay 600ms~20ms/normal"}}},
	{"wifi",
	 {{"udp", "delay 3ms~2ms/pareto, drop burst(1%,30%), duplicate 0.5%"},
	  {"tcp", "delay 3ms~2ms/pareto"},
	  {"http", "delay 3ms~2ms/pareto"}}},
	{"congested",
	 {{"udp", "delay 80ms~40ms/pareto, drop burst(3%,40%), reorder 3%"},
	  {"tcp", "delay 80ms~40ms/pareto, drip 2k/50ms"},
	  {"http", "delay 80ms~40ms/pareto, drip 2k/50ms"}}},
	{"hostile-http",
	 {{"http",
	   "status 503 @10%, reset after 100B @10%, drip 10B/20ms @10%, "
	   "length +1 @10%, no-length @10%, chunk @10%, lf @10%, "
	   "no-empty-line @5%"}}},
};

static const struct preset *find_preset(const char *text)
{
	size_t len = strcspn(text, blanks);

	for (size_t i = 0; i < ARRAY_LEN(presets); i++)
		if (strlen(presets[i].name) == len &&
		    memcmp(text, presets[i].name, len) == 0)
			return &presets[i];
	return NULL;
}

bool fault_expand(const char *text, size_t i, char rule[2 * FAULT_TEXT_MAX])
{
	const struct preset *preset;

	text += strspn(text, blanks);
	preset = find_preset(text);
	if (!preset) {
		(void)snprintf(rule, 2 * FAULT_TEXT_MAX, "%s", text);
		return i == 0;
	}
	if (i >= FAULT_PRESET_RULES || !preset->rules[i].service)
		return false;
	(void)snprintf(rule, 2 * FAULT_TEXT_MAX, "%s%s: %s",
		       preset->rules[i].service, text + strlen(preset->name),
		       preset->rules[i].faults);
	return true;
}
