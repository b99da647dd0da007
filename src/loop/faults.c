/* SPDX-License-Identifier: MIT */
/*
 * From rules to what happens to a message, and the truth about it: counters and
 * the lines of the fault log.
 */
#include "loop/faults.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/calendar.h"
#include "loop/spool.h"
#include "os/network.h"

struct rule_in_force {
	struct fault_rule rule;
	struct network from; /* family 0: everybody */
	char text[FAULT_TEXT_MAX + 1];
};

struct faults {
	uint64_t seed;
	size_t n;
	unsigned services; /* those that any rule is for */
	struct roll *rolls[FAULT_SERVICES];
	struct rule_in_force rules[FAULTS_RULES_MAX];
};

/* --- reading --- */

static int read_rule(struct rule_in_force *in_force, const char *text,
		     char cause[FAULT_CAUSE_SIZE])
{
	char why[NETWORK_CAUSE_SIZE];
	const char *from;

	if (fault_rule_parse(text, &in_force->rule, cause) < 0)
		return -1;
	memcpy(in_force->text, text, strlen(text) + 1);
	from = in_force->rule.from;
	in_force->from.family = AF_UNSPEC;
	if (from[0] == '\0' || network_parse(from, &in_force->from, why) == 0)
		return 0;
	(void)snprintf(cause, FAULT_CAUSE_SIZE, "column %zu: %s",
		       (size_t)(strstr(text, from) - text) + 1, why);
	return -1;
}

static int add_rule(struct faults *faults, const char *text,
		    char cause[FAULT_CAUSE_SIZE])
{
	struct rule_in_force *in_force = &faults->rules[faults->n];
	enum fault_service service;

	if (faults->n == FAULTS_RULES_MAX) {
		(void)snprintf(cause, FAULT_CAUSE_SIZE, "more than %d rules",
			       FAULTS_RULES_MAX);
		return -1;
	}
	if (read_rule(in_force, text, cause) < 0)
		return -1;
	service = in_force->rule.service;
	faults->services |= 1u << service;
	if (!faults->rolls[service])
		faults->rolls[service] = roll_new();
	if (!faults->rolls[service]) {
		(void)snprintf(cause, FAULT_CAUSE_SIZE, "out of memory");
		return -1;
	}
	faults->n++;
	return 0;
}

/* A rule, or those of a preset. */
static int add_rule_text(struct faults *faults, const char *text,
			 char cause[FAULT_CAUSE_SIZE])
{
	char rule[2 * FAULT_TEXT_MAX];

	for (size_t i = 0; fault_expand(text, i, rule); i++)
		if (add_rule(faults, rule, cause) < 0)
			return -1;
	return 0;
}

struct faults *faults_new(uint64_t seed, const char *const *texts, size_t n,
			  char cause[FAULT_CAUSE_SIZE])
{
	struct faults *faults = calloc(1, sizeof(*faults));

	if (!faults) {
		(void)snprintf(cause, FAULT_CAUSE_SIZE, "out of memory");
		return NULL;
	}
	faults->seed = seed;
	for (size_t i = 0; i < n; i++)
		if (add_rule_text(faults, texts[i], cause) < 0) {
			faults_free(faults);
			return NULL;
		}
	return faults;
}

void faults_free(struct faults *faults)
{
	if (!faults)
		return;
	for (int i = 0; i < FAULT_SERVICES; i++)
		roll_free(faults->rolls[i]);
	free(faults);
}

int faults_check(const char *text, char cause[FAULT_CAUSE_SIZE])
{
	struct rule_in_force in_force;
	char rule[2 * FAULT_TEXT_MAX];

	for (size_t i = 0; fault_expand(text, i, rule); i++)
		if (read_rule(&in_force, rule, cause) < 0)
			return -1;
	return 0;
}

void faults_inherit(struct faults *faults, struct faults *before)
{
	for (int i = 0; faults && before && i < FAULT_SERVICES; i++) {
		struct roll *roll = faults->rolls[i];

		if (!roll || !before->rolls[i])
			continue;
		faults->rolls[i] = before->rolls[i];
		before->rolls[i] = roll;
	}
}

uint64_t faults_seed(const struct faults *faults)
{
	return faults->seed;
}

const char *faults_rule(const struct faults *faults, size_t i)
{
	return faults && i < faults->n ? faults->rules[i].text : NULL;
}

/* --- judging --- */

static uint64_t read_be64(const uint8_t *bytes)
{
	uint64_t value = 0;

	for (int i = 0; i < 8; i++)
		value = value << 8 | bytes[i];
	return value;
}

static struct fault_client client_number(const struct address *address)
{
	const uint8_t *host = address->sa.in6.sin6_addr.s6_addr;

	if (address->sa.any.sa_family == AF_INET)
		return (struct fault_client){
			0, ntohl(address->sa.in4.sin_addr.s_addr)};
	if (address->sa.any.sa_family == AF_INET6)
		return (struct fault_client){read_be64(host),
					     read_be64(host + 8)};
	return (struct fault_client){0};
}

/* Whether a rule names this client for the service. */
static bool names(const struct rule_in_force *in_force,
		  enum fault_service service, const struct address *client)
{
	return in_force->rule.service == service &&
	       (in_force->from.family == AF_UNSPEC ||
		network_contains(&in_force->from, client));
}

static bool is_named(const struct loop *loop, enum fault_service service,
		     const struct address *client)
{
	const struct faults *faults = loop->faults;

	if (!(faults->services & 1u << service))
		return false;
	for (size_t i = 0; i < faults->n; i++)
		if (names(&faults->rules[i], service, client))
			return true;
	return false;
}

/* A client is who has a UDP socket, or an address that connections are from. */
static struct roll_entry *count_message(struct loop *loop,
					enum fault_service service,
					const struct address *client)
{
	struct address counted = *client;

	if (service != FAULT_UDP && counted.sa.any.sa_family != AF_UNIX)
		address_set_port(&counted, 0);
	return roll_count(loop->faults->rolls[service], &counted,
			  loop_now_ns(loop));
}

static void judge_by(struct faults_verdict *verdict,
		     const struct fault_rule *rule, unsigned number)
{
	for (unsigned i = 0; i < rule->n; i++) {
		const struct fault *fault = &rule->faults[i];

		verdict->draw.rule = number;
		verdict->draw.fault = i + 1;
		if (faults_has(verdict, fault->kind) ||
		    !fault_hits(fault, &verdict->draw))
			continue;
		verdict->kinds |= 1u << fault->kind;
		verdict->by[fault->kind].fault = fault;
		verdict->by[fault->kind].rule = number;
		verdict->by[fault->kind].number = i + 1;
	}
}

bool faults_judge(struct loop *loop, enum fault_service service,
		  const struct address *client, struct slice target,
		  struct faults_verdict *verdict)
{
	struct faults *faults = loop->faults;
	uint64_t age_ns;

	if (!is_named(loop, service, client))
		return false;
	verdict->kinds = 0;
	verdict->client = *client;
	verdict->service = service;
	verdict->entry = count_message(loop, service, client);
	verdict->draw.seed = faults->seed;
	verdict->draw.client = client_number(client);
	verdict->draw.index = verdict->entry->n;
	age_ns = verdict->entry->last_ns - verdict->entry->first_ns;
	for (unsigned i = 0; i < faults->n; i++)
		if (names(&faults->rules[i], service, client) &&
		    fault_rule_applies(&faults->rules[i].rule, age_ns, target))
			judge_by(verdict, &faults->rules[i].rule, i + 1);
	return verdict->kinds != 0;
}

struct fault_draw faults_draw(const struct faults_verdict *verdict,
			      enum fault_kind kind)
{
	struct fault_draw draw = verdict->draw;

	draw.rule = verdict->by[kind].rule;
	draw.fault = verdict->by[kind].number;
	return draw;
}

struct roll_entry *faults_find(struct loop *loop, const struct address *client)
{
	if (!loop->faults || !loop->faults->rolls[FAULT_UDP])
		return NULL;
	return roll_find(loop->faults->rolls[FAULT_UDP], client);
}

/* --- the truth --- */

struct fault_record {
	struct timespec time;
	const struct faults_event *event;
	const char *host;
	uint64_t value;
	bool is_skipped;
};

/* Whether a number goes with it. */
static bool has_value(enum fault_kind kind)
{
	return kind == FAULT_DELAY || kind == FAULT_TRUNCATE ||
	       kind == FAULT_DRIP || kind == FAULT_STALL ||
	       kind == FAULT_RESET || kind == FAULT_CLOSE ||
	       kind == FAULT_STATUS || kind == FAULT_LENGTH;
}

static void fault_write_cb(struct text *text, int form, const void *arg)
{
	const struct fault_record *record = arg;
	const struct faults_event *event = record->event;

	(void)form;
	text_add_str(text, "{\"time\":\"");
	calendar_add_time(text, &record->time);
	text_addf(text,
		  "\",\"service\":\"%s\",\"client\":\"%s\",\"port\":%u,"
		  "\"index\":%llu,\"rule\":%u,\"fault\":\"%s\"",
		  fault_service_name((enum fault_service)event->service),
		  record->host, address_port(&event->client),
		  (unsigned long long)event->index, event->rule,
		  fault_kind_name((enum fault_kind)event->kind));
	if (has_value((enum fault_kind)event->kind))
		text_addf(text, ",\"value\":%lld", (long long)record->value);
	text_add_str(text, record->is_skipped ? ",\"skipped\":true}\n" : "}\n");
}

static void count_fault(struct counters *counters, unsigned kind)
{
	switch ((enum fault_kind)kind) {
#define X(KIND, name, text, services, takes)                                   \
	case FAULT_##KIND:                                                     \
		counters->fault_##name++;                                      \
		break;
		FAULTS(X)
#undef X
	case FAULT_KINDS:
		break;
	}
}

struct faults_event faults_event(const struct faults_verdict *verdict,
				 enum fault_kind kind)
{
	return (struct faults_event){
		.client = verdict->client,
		.index = verdict->draw.index,
		.rule = verdict->by[kind].rule,
		.service = (uint16_t)verdict->service,
		.kind = (uint16_t)kind,
	};
}

void faults_note_event(struct loop *loop, const struct faults_event *event,
		       uint64_t value, bool is_skipped)
{
	char host[ADDRESS_TEXT_SIZE];
	struct fault_record record = {
		.time = loop_wall(loop),
		.event = event,
		.host = host,
		.value = value,
		.is_skipped = is_skipped,
	};

	if (is_skipped)
		loop->counters.fault_skipped++;
	else
		count_fault(&loop->counters, event->kind);
	if (!loop->faultlog || !spool_is_on(loop->faultlog))
		return;
	(void)address_format_host(&event->client, host);
	spool_add(loop->faultlog, slice_of(host), fault_write_cb, &record);
}

void faults_note(struct loop *loop, const struct faults_verdict *verdict,
		 enum fault_kind kind, uint64_t value, bool is_skipped)
{
	struct faults_event event = faults_event(verdict, kind);

	faults_note_event(loop, &event, value, is_skipped);
}
