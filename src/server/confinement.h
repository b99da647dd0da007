/* SPDX-License-Identifier: MIT */
#ifndef SERVER_CONFINEMENT_H
#define SERVER_CONFINEMENT_H

#include "base/compiler.h"
#include "server/config.h"

/* What this process has been confined to. */
struct confinement;

/*
 * When everything is bound and open: becomes --user, if it is root, and puts
 * the sandbox around itself, unless --no-sandbox, for good. Logs that are new
 * become that user's. With test_config the sandbox is left out. Returns NULL
 * and a cause when it could not be done, or when that user could not serve.
 */
struct confinement *confinement_enter(const struct config *config,
				      char **cause) MUST_CHECK;

/*
 * Whether another configuration can be served in it. Returns 0, or -1 and a
 * cause; 0 on NULL.
 */
int confinement_judge(const struct confinement *confinement,
		      const struct config *config, char **cause) MUST_CHECK;

/*
 * Opens the file that the configuration at the start was read from, where this
 * process cannot do that any more; -1 otherwise, and when it is not there.
 */
int confinement_open_config(const struct confinement *confinement) MUST_CHECK;

/* Forgets what it was; the process stays in it. Harmless on NULL. */
void confinement_free(struct confinement *confinement);

#endif
