/* SPDX-License-Identifier: MIT */
#ifndef LOOP_FAULTS_H
#define LOOP_FAULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/fault.h"
#include "base/slice.h"
#include "loop/loop.h"
#include "loop/roll.h"
#include "os/address.h"

/*
 * The rules of --fault that are in force, for loop->faults, which is NULL when
 * there are none: nothing of this costs more than that branch then.
 */
struct faults;

#define FAULTS_RULES_MAX 32 /* those that presets stand for included */

/*
 * Reads rules and presets. NULL with a sentence in cause, which names the rule,
 * when one is wrong or memory has run out.
 */
struct faults *faults_new(uint64_t seed, const char *const *texts, size_t n,
			  char cause[FAULT_CAUSE_SIZE]) MUST_CHECK;

/* Harmless on NULL. */
void faults_free(struct faults *faults);

/* Whether a text is a rule or a preset; returns 0, or -1 with the cause. */
int faults_check(const char *text, char cause[FAULT_CAUSE_SIZE]) MUST_CHECK;

/* Takes over how many messages each client has sent. Either may be NULL. */
void faults_inherit(struct faults *faults, struct faults *before);

uint64_t faults_seed(const struct faults *faults);

/* Rule i from 0, as it is counted and as text; NULL behind the last. */
const char *faults_rule(const struct faults *faults, size_t i);

/* What happens to a message: at most one fault of each kind. */
struct faults_verdict {
	unsigned kinds; /* 1 << FAULT_DROP, ... */
	struct address client;
	enum fault_service service;
	struct fault_draw draw; /* but for rule and fault */
	struct roll_entry *entry;
	struct {
		const struct fault *fault;
		unsigned rule, number; /* from 1 */
	} by[FAULT_KINDS];
};

/*
 * Counts a client's message, which for TCP is a connection, and judges it. The
 * client is settled. target is that of an HTTP request. True when any fault is
 * to happen; *verdict is to be used before the next message comes.
 */
bool faults_judge(struct loop *loop, enum fault_service service,
		  const struct address *client, struct slice target,
		  struct faults_verdict *verdict);

static inline bool faults_has(const struct faults_verdict *verdict,
			      enum fault_kind kind)
{
	return (verdict->kinds & 1u << kind) != 0;
}

/* The numbers of a fault that happens. */
struct fault_draw faults_draw(const struct faults_verdict *verdict,
			      enum fault_kind kind);

/*
 * Counts a fault that has happened, and logs it with its parameter; or, with
 * is_skipped, that it could not be.
 */
void faults_note(struct loop *loop, const struct faults_verdict *verdict,
		 enum fault_kind kind, uint64_t value, bool is_skipped);

/* The entry of a UDP client of before, or NULL. */
struct roll_entry *faults_find(struct loop *loop, const struct address *client);

/* What of a verdict is to be known later, when a connection meets its end. */
struct faults_event {
	struct address client;
	uint64_t index;
	unsigned rule;
	uint16_t service, kind;
};

struct faults_event faults_event(const struct faults_verdict *verdict,
				 enum fault_kind kind);
void faults_note_event(struct loop *loop, const struct faults_event *event,
		       uint64_t value, bool is_skipped);

#endif
