/* SPDX-License-Identifier: MIT */
#ifndef LOAD_SILENCE_H
#define LOAD_SILENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Times without any answer although something was asked. Means hide them: half
 * a second is 5 % of ten, and in the closed loop a server that is gone is not
 * even asked. A job follows its own silences; those that all jobs have at the
 * same time are the server's.
 */
#define SILENCE_SPANS  16
#define SILENCE_MIN_NS UINT64_C(200000000) /* what is shorter is not kept */

struct silence_span {
	uint64_t from_ns, to_ns;
};

/* The longest ones of a job, and since when there was none at its end. All
 * zero: none. No pointers, so it can lie in shared memory. */
struct silences {
	struct silence_span spans[SILENCE_SPANS];
	uint32_t n;
	uint64_t stopped_ns; /* 0: it answered to the end */
};

/* The one that may be under way. All zero: nobody waits. */
struct silence {
	uint64_t since_ns; /* 0: nobody waits */
	uint64_t n_asked;  /* since then */
	bool is_broken;	   /* something failed otherwise than by its timeout */
};

/*
 * What tells the silence of a server from answers that were lost. Who waits
 * for one that is lost asks nothing else, at most for a timeout; so a silence
 * counts when more was asked in it than can wait, when it was longer than
 * that, or when connections broke.
 */
struct silence_rule {
	uint64_t capacity; /* how many can wait at once */
	uint64_t timeout_ns;
};

/* Something waits for an answer; and it was sent. */
void silence_wait(struct silence *silence, uint64_t now_ns);
void silence_ask(struct silence *silence, uint64_t now_ns);

/* Something failed, and not by its timeout. */
void silence_break(struct silence *silence);

/* We ourselves stood still for so long: nobody else is to blame for that. */
void silence_forgive(struct silence *silence, uint64_t ns);

/*
 * An answer came, to what was sent waited_ns ago: keeps the silence that it
 * ended, when it was one. is_waiting: for more.
 */
void silence_answer(struct silence *silence, const struct silence_rule *rule,
		    struct silences *out, uint64_t now_ns, uint64_t waited_ns,
		    bool is_waiting);

/* The sending has ended, at end_ns, and no answer came any more. */
void silence_end(const struct silence *silence, const struct silence_rule *rule,
		 struct silences *out, uint64_t end_ns);

/* Keeps in `common` what lies in other's spans as well; the same with the
 * end, where the later one counts. */
void silence_intersect(struct silences *common, const struct silences *other);

/* The longest; NULL when there is none. */
const struct silence_span *silence_longest(const struct silences *silences);

#endif
