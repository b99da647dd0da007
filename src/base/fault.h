/* SPDX-License-Identifier: MIT */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/slice.h"

/*
 * Faults on demand: what a rule says, and what it does to which message. All of
 * it is arithmetic: the same seed, rule, client and message give the same fault
 * everywhere. uppercase-fault(7) has grammar and generator for others to
 * follow.
 */
enum fault_service {
	FAULT_UDP,
	FAULT_TCP,
	FAULT_HTTP,
	FAULT_SERVICES
};

/* What comes behind the name of a fault. */
enum fault_takes {
	FAULT_TAKES_NOTHING,
	FAULT_TAKES_DELAY,  /* TIME[~TIME[/DISTRIBUTION]] */
	FAULT_TAKES_UNIT,   /* bit or byte; may be missing */
	FAULT_TAKES_BYTES,  /* likewise */
	FAULT_TAKES_PACE,   /* BYTES/TIME */
	FAULT_TAKES_AFTER,  /* after BYTES */
	FAULT_TAKES_STATUS, /* 200 to 599 */
	FAULT_TAKES_DELTA,  /* +N or -N */
};

#define FAULT_BIT(service) (1u << FAULT_##service)
#define FAULT_STREAMS	   (FAULT_BIT(TCP) | FAULT_BIT(HTTP))

/*
 * Every kind: name, as rules and counters have it; services that know it; what
 * it takes. The order is that of the fault log's lines for one message.
 */
#define FAULTS(X)                                                              \
	X(DROP, drop, "drop", FAULT_BIT(UDP), NOTHING)                         \
	X(DELAY, delay, "delay", FAULT_BIT(UDP) | FAULT_STREAMS, DELAY)        \
	X(DUPLICATE, duplicate, "duplicate", FAULT_BIT(UDP), NOTHING)          \
	X(REORDER, reorder, "reorder", FAULT_BIT(UDP), NOTHING)                \
	X(CORRUPT, corrupt, "corrupt", FAULT_BIT(UDP), UNIT)                   \
	X(TRUNCATE, truncate, "truncate", FAULT_BIT(UDP), BYTES)               \
	X(FOREIGN_PORT, foreign_port, "foreign-port", FAULT_BIT(UDP), NOTHING) \
	X(DRIP, drip, "drip", FAULT_STREAMS, PACE)                             \
	X(STALL, stall, "stall", FAULT_STREAMS, AFTER)                         \
	X(RESET, reset, "reset", FAULT_STREAMS, AFTER)                         \
	X(CLOSE, close, "close", FAULT_STREAMS, AFTER)                         \
	X(STATUS, status, "status", FAULT_BIT(HTTP), STATUS)                   \
	X(LENGTH, length, "length", FAULT_BIT(HTTP), DELTA)                    \
	X(NO_LENGTH, no_length, "no-length", FAULT_BIT(HTTP), NOTHING)         \
	X(LF, lf, "lf", FAULT_BIT(HTTP), NOTHING)                              \
	X(NO_EMPTY_LINE, no_empty_line, "no-empty-line", FAULT_BIT(HTTP),      \
	  NOTHING)                                                             \
	X(CHUNK, chunk, "chunk", FAULT_BIT(HTTP), NOTHING)

enum fault_kind {
#define X(KIND, name, text, services, takes) FAULT_##KIND,
	FAULTS(X)
#undef X
	FAULT_KINDS
};

/* "drop", "delay", ... and "udp", "tcp", "http". */
const char *fault_kind_name(enum fault_kind kind);
const char *fault_service_name(enum fault_service service);

/* Which of a client's messages. */
enum fault_which {
	FAULT_ALL,
	FAULT_SHARE, /* so many in a million */
	FAULT_LIST,
	FAULT_EVERY,
	FAULT_FIRST,
	FAULT_BURST,
};

enum fault_distribution {
	FAULT_UNIFORM,
	FAULT_NORMAL,
	FAULT_PARETO,
};

#define FAULT_RANGES_MAX  16  /* of a list */
#define FAULT_RULE_FAULTS 12  /* of a rule */
#define FAULT_TEXT_MAX	  512 /* bytes of a rule */
#define FAULT_MILLION	  1000000

/* Messages that a burst's state is followed through; then it is drawn anew. */
#define FAULT_BURST_BLOCK 1024

struct fault {
	enum fault_kind kind;
	enum fault_which which;
	uint32_t share;	   /* FAULT_SHARE; of a burst, to begin, and ... */
	uint32_t recovery; /* ... to end, with each message */
	uint64_t n;	   /* of EVERY and FIRST */
	size_t n_ranges;
	struct {
		uint64_t first, last;
	} ranges[FAULT_RANGES_MAX];
	uint64_t bytes;	  /* of DRIP, STALL, RESET, CLOSE and TRUNCATE */
	bool has_bytes;	  /* TRUNCATE: otherwise it is drawn */
	bool is_byte;	  /* CORRUPT: not a bit */
	unsigned status;  /* of STATUS */
	int64_t delta;	  /* of LENGTH */
	uint64_t time_ns; /* of DELAY and DRIP */
	uint64_t jitter_ns;
	enum fault_distribution distribution;
};

struct fault_rule {
	enum fault_service service;
	char from[64];		   /* as typed; "" for everybody */
	char path[FAULT_TEXT_MAX]; /* a pattern, see glob(7); "" for any */
	uint64_t from_ns, to_ns;   /* since the client's first message */
	size_t n;
	struct fault faults[FAULT_RULE_FAULTS];
};

#define FAULT_CAUSE_SIZE 256

/*
 * Reads a rule. Returns 0, or -1 with a sentence in cause that says in which
 * column, from 1, what is wrong. `from` is not looked into.
 */
int fault_rule_parse(const char *text, struct fault_rule *rule,
		     char cause[FAULT_CAUSE_SIZE]) MUST_CHECK;

/* The rules that a text stands for, of a preset several. */
#define FAULT_PRESET_RULES 3

/*
 * Writes rule i of a text that may be a preset's name, with selectors behind
 * it; any other text is its own rule 0. False when there is no such rule.
 */
bool fault_expand(const char *text, size_t i, char rule[2 * FAULT_TEXT_MAX]);

/* The address of a client: IPv6's halves, or 0 and IPv4's, as numbers. */
struct fault_client {
	uint64_t high, low;
};

/*
 * The generator's number for draw 0, 1, ... of fault number `fault` of rule
 * number `rule`, both from 1, about the client's message `index`, from 1.
 */
struct fault_draw {
	uint64_t seed;
	uint64_t rule;
	uint64_t fault;
	struct fault_client client;
	uint64_t index;
};

uint64_t fault_number(const struct fault_draw *draw, uint64_t i);

/* Whether the fault is for that message: draw 0, of a burst those before. */
bool fault_hits(const struct fault *fault, const struct fault_draw *draw);

/* What a DELAY is that hits: draws 1 to 12. */
uint64_t fault_delay_ns(const struct fault *fault,
			const struct fault_draw *draw);

/* CORRUPT changes one bit or byte of bytes[0..len), not empty: draws 1, 2. */
void fault_corrupt(const struct fault *fault, const struct fault_draw *draw,
		   char *bytes, size_t len);

/* The length that TRUNCATE leaves of a message; the same if it is no longer. */
size_t fault_truncated(const struct fault *fault, const struct fault_draw *draw,
		       size_t len);

/* Whether the rule is in force for such a message. */
bool fault_rule_applies(const struct fault_rule *rule, uint64_t age_ns,
			struct slice target);

#endif
