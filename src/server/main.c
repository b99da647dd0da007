/* SPDX-License-Identifier: MIT */
/*
 * uppercase-server: UDP uppercase, TCP uppercase and HTTP files from one event
 * loop in one thread.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/failure.h"
#include "os/process.h"
#include "server/config.h"
#include "server/server.h"

/* For --show-config; returns the exit status. */
static int show_config(const struct settings *settings)
{
	char cause[FAILURE_SIZE];

	settings_show(settings, stdout);
	if (failure_flush_output(cause) == 0)
		return EXIT_SUCCESS;
	log_info("%s", cause);
	return EXIT_FAILURE;
}

/* Serves, or only tries to; returns the exit status. */
static int run_server(const struct config *config, int argc, char **argv)
{
	int status = EXIT_FAILURE;
	char *cause;
	struct server *server = server_new(config, &cause);

	if (!server) {
		log_info("%s", cause ? cause : "out of memory");
	} else if (config->test_config) {
		status = EXIT_SUCCESS;
	} else {
		server_read_again(server, argc, argv);
		status = server_run(server);
	}
	server_free(server);
	free(cause);
	return status;
}

int main(int argc, char **argv)
{
	struct config_set set;
	int status;

	if (process_begin() < 0)
		return EXIT_FAILURE;
	log_open("uppercase-server", process_reopen_nonblocking(STDERR_FILENO));
	switch (config_read(&set, argc, argv, NULL)) {
	case ARGUMENTS_RUN:
		break;
	case ARGUMENTS_SHOWN:
		return EXIT_SUCCESS;
	case ARGUMENTS_FAILED:
		return EXIT_FAILURE;
	case ARGUMENTS_WRONG:
		return 2;
	}
	if (set.config.show_config)
		status = show_config(&set.settings);
	else
		status = run_server(&set.config, argc, argv);
	config_file_free(set.file);
	log_flush();
	return status;
}
