/* SPDX-License-Identifier: MIT */
#ifndef SERVER_MESSAGES_H
#define SERVER_MESSAGES_H

#include "base/compiler.h"
#include "base/log.h"
#include "server/config.h"

/* Where the server's messages go, for --log. */
struct messages {
	int fd; /* -1: they stay where they are */
	enum log_form form;
	const char *name;
};

/* At first: to standard error, as the journal likes it if it is that. */
void messages_begin(const char *program);

/*
 * Opens what a configuration says, given the one before, NULL at first, without
 * changing anything. Returns 0, or -1 with *cause, which the caller frees.
 */
int messages_open(struct messages *messages, const struct config *config,
		  const struct config *before, char **cause) MUST_CHECK;

/* From now on they go there; where they went before is closed. */
void messages_use(struct messages *messages);

/* Closes what was opened and is not used. */
void messages_discard(struct messages *messages);

#endif
