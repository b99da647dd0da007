/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_PING_LINES_H
#define CLIENT_PING_LINES_H

#include "base/text.h"
#include "client/client_options.h"
#include "client/ping_event.h"
#include "client/ping_figures.h"

/* Lines as ping(8) has them, for people; each ends with a newline. */

/* Who is asked, how often; peer is the address, "127.0.0.1:12000". */
void ping_lines_add_begin(struct text *text, const char *peer,
			  const struct client_options *options);

/* "24 bytes from 127.0.0.1:12000: seq=1 time=0.123 ms", and so on. */
void ping_lines_add_event(struct text *text, const struct ping_event *event);

/* The statistics. */
void ping_lines_add_end(struct text *text, const char *peer,
			const struct ping_figures *figures);

#endif
