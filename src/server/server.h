/* SPDX-License-Identifier: MIT */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include "base/compiler.h"
#include "server/config.h"

/* The daemon: one loop, the services that the configuration asks for. */
struct server;

/*
 * Makes every socket, but with test_config, and says so in the log ("ready: udp
 * 127.0.0.1:12000"). Returns NULL when it cannot do its work, and *cause is a
 * sentence that names the thing and the system's reason; the caller frees it.
 */
struct server *server_new(const struct config *config, char **cause) MUST_CHECK;

/*
 * The same, and confines the process as the configuration says, for good, when
 * everything is open and before it says that anything is ready.
 */
struct server *server_new_confined(const struct config *config,
				   char **cause) MUST_CHECK;

/*
 * What SIGHUP reads again, beside the configuration file; without it there is
 * nothing that could have changed. argv must outlive the server.
 */
void server_read_again(struct server *server, int argc, char **argv);

/*
 * Serves until SIGTERM or SIGINT, then drains; a second one ends it at once.
 * Returns the process's exit status: 0 after a clean stop, 1 otherwise.
 */
int server_run(struct server *server) MUST_CHECK;

void server_free(struct server *server);

#endif
