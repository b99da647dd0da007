/* SPDX-License-Identifier: MIT */
#ifndef LOAD_KIT_H
#define LOAD_KIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/message.h"
#include "http/response.h"
#include "load/load_options.h"
#include "os/datagram.h"

/*
 * What the clients of a job share to make messages and to read answers: none
 * of them owns a buffer. Messages are not stored, see message.h.
 */
#define KIT_BUF_SIZE (256 << 10)

struct kit {
	char *buf;
	struct messages *messages;
	size_t n_digits; /* of the number that every message holds */
	struct datagram_batch *batch; /* UDP */
	struct response_memo memo;
	uint64_t body_len; /* of the first HTTP answer, + 1 */
};

/* False when out of memory; kit_clear() is due all the same. */
bool kit_init(struct kit *kit, const struct load_options *options) MUST_CHECK;
void kit_clear(struct kit *kit);

#endif
