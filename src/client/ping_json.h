/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_PING_JSON_H
#define CLIENT_PING_JSON_H

#include "base/text.h"
#include "client/client_options.h"
#include "client/ping_event.h"
#include "client/ping_figures.h"

/* "event": "begin". */
void ping_json_add_begin(struct text *text, const char *peer,
			 const struct client_options *options);

/*
 * The same as ping_lines.h for programs: one JSON object a line, its member
 * "event" saying what it is. Without memory, text overflows.
 */
void ping_json_add_event(struct text *text, const struct ping_event *event);

/* "event": "statistics". What cannot be known, as a mean of nothing, is null.
 */
void ping_json_add_end(struct text *text, const char *peer,
		       const struct ping_figures *figures);

#endif
