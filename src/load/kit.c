/* SPDX-License-Identifier: MIT */
/*
 * What is taken at the beginning of a job and given back at its end.
 */
#include "load/kit.h"

#include <stdlib.h>

#define SLOT_SPARE 64 /* for answers that are too long */

bool kit_init(struct kit *kit, const struct load_options *options)
{
	bool is_udp = options->protocol == PROTOCOL_UDP;

	*kit = (struct kit){
		.buf = malloc(KIT_BUF_SIZE),
		.messages = messages_new(options->seed, options->size_min,
					 options->size_max),
		.n_digits = options->size_min < MESSAGE_DIGITS
				    ? options->size_min
				    : MESSAGE_DIGITS,
		.batch = is_udp ? datagram_batch_new_connected(
					  options->size_max + SLOT_SPARE)
				: NULL,
	};
	return kit->buf && kit->messages && (kit->batch || !is_udp);
}

void kit_clear(struct kit *kit)
{
	free(kit->buf);
	messages_free(kit->messages);
	datagram_batch_free(kit->batch);
}
