/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_ANSWERS_H
#define CLIENT_ANSWERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

#define ANSWERS_MAX 64 /* answered messages that are remembered */

/* Zero-initialise; nothing to free. */
struct answers {
	size_t n_answered; /* messages so far */
	size_t n_other;	   /* of them, with something else than uppercase */
	struct answer {
		uint64_t hash;
		size_t len;
		unsigned n_due; /* copies sent that nothing came back for */
	} ring[ANSWERS_MAX];
};

enum answers_verdict {
	ANSWERS_EXPECTED, /* the message in upper case */
	ANSWERS_OTHER,	  /* something else, to be shown as the answer */
	ANSWERS_LATE,	  /* the answer to an earlier message once more */
};

/*
 * What a datagram that came while waiting is. expected is the message in
 * upper case. A late answer is counted off.
 */
enum answers_verdict answers_judge(struct answers *answers, struct slice got,
				   struct slice expected);

/*
 * Remembers the answer that was accepted, and that its message had been sent
 * n_sent times, 1 or more.
 */
void answers_add(struct answers *answers, struct slice got,
		 enum answers_verdict verdict, unsigned n_sent);

#endif
