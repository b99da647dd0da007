/* SPDX-License-Identifier: MIT */
/*
 * uppercase-server: UDP uppercase, TCP uppercase and HTTP files from one event
 * loop in one thread.
 */
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "os/process.h"
#include "server/config.h"
#include "server/server.h"

int main(int argc, char **argv)
{
	struct config config;
	struct server *server;
	char *cause;
	int status = EXIT_FAILURE;

	if (process_begin() < 0)
		return EXIT_FAILURE;
	log_open("uppercase-server", process_reopen_nonblocking(STDERR_FILENO));
	switch (config_parse(&config, argc, argv)) {
	case CONFIG_RUN:
		break;
	case CONFIG_SHOWN:
		return EXIT_SUCCESS;
	case CONFIG_FAILED:
		return EXIT_FAILURE;
	case CONFIG_WRONG:
		return 2;
	}
	server = server_new(&config, &cause);
	if (server)
		status = server_run(server);
	else
		log_info("%s", cause ? cause : "out of memory");
	server_free(server);
	free(cause);
	log_flush();
	return status;
}
