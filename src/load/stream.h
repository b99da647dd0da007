/* SPDX-License-Identifier: MIT */
#ifndef LOAD_STREAM_H
#define LOAD_STREAM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "load/client.h"

/*
 * What TCP and HTTP have in common: bytes go out in the order of the messages
 * and are never stored, for they can be made again from where a short write
 * left off.
 */

/* Writes up to size bytes of what is to be sent into buf; returns how many. */
typedef size_t stream_fill(const struct client *client, char *buf, size_t size);

/* The length of message n. */
typedef size_t stream_length(const struct client *client, uint64_t n);

/* Sends all that was started, as far as the socket takes it, and waits for
 * room for the rest. */
void stream_flush(struct client *client, stream_fill *fill,
		  stream_length *length);

/*
 * Receives once into the kit's buffer. Returns the number of bytes; 0 when
 * there is nothing to look at, the client having failed or nothing having
 * come; -1 at the end of the stream, which the caller handles.
 */
ssize_t stream_receive(struct client *client);

/* Whether there is more to read, which is then read into the kit's buffer:
 * how much, or 0. */
size_t stream_read_surplus(struct client *client);

/* The end of the stream: an error when answers are missing. */
void stream_ended(struct client *client);

#endif
