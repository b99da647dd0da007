/* SPDX-License-Identifier: MIT */
#ifndef SERVER_CONFINEMENT_H
#define SERVER_CONFINEMENT_H

#include "base/compiler.h"
#include "server/config.h"

/* What this process has been confined to. */
struct confinement;

/*
 * When everything is bound and open: becomes --user, if it is root, and puts
 * the sandbox around itself, unless --no-sandbox, for good. log_fd is the open
 * access log, which becomes that user's when it is new; or -1. With test_config
 * the sandbox is left out. Returns NULL and a cause when it could not be done,
 * or when that user could not serve.
 */
struct confinement *confinement_enter(const struct config *config, int log_fd,
				      char **cause) MUST_CHECK;

/*
 * Whether another configuration can be served in it. Returns 0, or -1 and a
 * cause; 0 on NULL.
 */
int confinement_judge(const struct confinement *confinement,
		      const struct config *config, char **cause) MUST_CHECK;

/*
 * What to add when the file that config was read from could not be read again:
 * a static string, empty when confinement has no part in it.
 */
const char *confinement_advice(const struct confinement *confinement,
			       const struct config *config);

/* Forgets what it was; the process stays in it. Harmless on NULL. */
void confinement_free(struct confinement *confinement);

#endif
