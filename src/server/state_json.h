/* SPDX-License-Identifier: MIT */
#ifndef SERVER_STATE_JSON_H
#define SERVER_STATE_JSON_H

#include "base/text.h"
#include "server/snapshot.h"

#define STATE_JSON_TYPE "application/json"

/* Adds all that a snapshot has, as one JSON object (RFC 8259). */
void state_json_write(struct text *text, const struct snapshot *snapshot);

#endif
