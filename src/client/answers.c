/* SPDX-License-Identifier: MIT */
/*
 * Which datagram answers which message. Nothing in a datagram says so, and a
 * message that was sent again may be answered twice, the second time while the
 * next message waits. Taking that for the next answer would shift all answers
 * from there on by one.
 *
 * An uppercase server can be held to its word: the message in upper case is
 * the answer, and one that repeats an earlier answer is late, whoever doubled
 * it. A server that has ever answered something else is shown as it is; it may
 * well say the same thing to everybody, so there a repetition is late only as
 * long as a copy that we sent ourselves is due.
 *
 * Earlier answers are kept as hashes. They decide about bytes that the server
 * may choose freely anyway, so a weak hash gives nothing away.
 */
#include "client/answers.h"

static bool is_same(const struct answer *answer, struct slice got,
		    uint64_t hash)
{
	return answer->len == got.len && answer->hash == hash;
}

enum answers_verdict answers_judge(struct answers *answers, struct slice got,
				   struct slice expected)
{
	bool is_other = answers->n_other > 0;
	uint64_t hash;
	size_t n;

	if (slice_eq(got, expected))
		return ANSWERS_EXPECTED;
	hash = slice_hash(got);
	n = answers->n_answered < ANSWERS_MAX ? answers->n_answered
					      : ANSWERS_MAX;
	for (size_t i = 0; i < n; i++) {
		struct answer *answer = &answers->ring[i];

		if (!is_same(answer, got, hash) ||
		    (is_other && answer->n_due == 0))
			continue;
		if (answer->n_due > 0)
			answer->n_due--;
		return ANSWERS_LATE;
	}
	return ANSWERS_OTHER;
}

void answers_add(struct answers *answers, struct slice got,
		 enum answers_verdict verdict, unsigned n_sent)
{
	struct answer *answer =
		&answers->ring[answers->n_answered % ANSWERS_MAX];

	*answer = (struct answer){slice_hash(got), got.len, n_sent - 1};
	answers->n_answered++;
	if (verdict == ANSWERS_OTHER)
		answers->n_other++;
}
