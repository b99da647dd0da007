/* SPDX-License-Identifier: MIT */
#ifndef RESULT_ERROR_H
#define RESULT_ERROR_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Everything that can go wrong with an exchange or a connection has a slot in
 * an array of counters, so that counts of several processes add up without
 * names: errno values, HTTP statuses, and what has neither.
 */
enum {
	ERROR_ERRNO = 0,    /* + errno */
	ERROR_STATUS = 256, /* + HTTP status, 0 to 999 */
	ERROR_TIMEOUT = 1256,
	ERROR_CLOSED,	 /* the server ended the connection */
	ERROR_STRAY,	 /* bytes came that answer nothing */
	ERROR_MALFORMED, /* no HTTP response: + what is wrong, as follows */
	ERROR_NOT_HTTP,
	ERROR_STATUS_LINE,
	ERROR_BARE_LF,
	ERROR_FIELD,
	ERROR_LENGTH,
	ERROR_CODING,
	ERROR_CONTENT,
	ERROR_CHUNK,
	ERROR_TOO_LONG,
	ERROR_SWITCH,
	ERROR_UNENDED,
	ERROR_SLOTS
};

/* The slot of an errno value. */
size_t error_of_errno(int error);

#define ERROR_NAME_SIZE 32

/* The name that people and files see: "ECONNREFUSED", "timeout", "HTTP 404".
 * Returns buf. */
const char *error_name(size_t slot, char buf[ERROR_NAME_SIZE]);

/* What can be changed in the load or is wrong with the replies, or NULL. */
const char *error_hint(size_t slot);

/* Whether it is this host that could not do more: ports, descriptors, memory.
 */
bool error_is_ours(size_t slot);

/* Whether it says that a reply came and was wrong. */
bool error_is_wrong_reply(size_t slot);

#endif
