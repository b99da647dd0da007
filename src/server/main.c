/* SPDX-License-Identifier: MIT */
/*
 * uppercase-server: UDP uppercase, TCP uppercase and HTTP files from one event
 * loop in one thread.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/failure.h"
#include "os/detach.h"
#include "os/pidfile.h"
#include "os/process.h"
#include "server/config.h"
#include "server/messages.h"
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

/* Locks the file; without one that is no work. Says what is wrong. */
static int lock_pid_file(const char *path, int *fd)
{
	pid_t holder;

	*fd = path ? pidfile_open(path, &holder) : -1;
	if (!path || *fd >= 0)
		return 0;
	if (errno == EAGAIN)
		log_info("--pid-file=%s: process %d has locked it: a server "
			 "runs already",
			 path, (int)holder);
	else
		log_info("--pid-file=%s: %s", path, strerror(errno));
	return -1;
}

/* For --daemon: the process that goes on is another one from here on. */
static int leave_terminal(const struct config *config, struct detach *detach)
{
	detach->pipe_fd = -1;
	if (!config->daemon || config->test_config || detach_begin(detach) == 0)
		return 0;
	log_info("--daemon: %s", strerror(errno));
	return -1;
}

/* Serves, or only tries to; returns the exit status. */
static int run_server(const struct config *config, int argc, char **argv)
{
	const char *pid_file = config->test_config ? NULL : config->pid_file;
	int status = EXIT_FAILURE, fd;
	struct detach detach;
	struct server *server;
	char *cause;

	if (leave_terminal(config, &detach) < 0 ||
	    lock_pid_file(pid_file, &fd) < 0)
		return EXIT_FAILURE;
	server = server_new_confined(config, &cause);
	if (!server) {
		log_info("%s", cause ? cause : "out of memory");
	} else if (config->test_config) {
		status = EXIT_SUCCESS;
	} else {
		server_read_again(server, argc, argv);
		log_flush();
		detach_finish(&detach);
		status = server_run(server);
	}
	server_free(server);
	free(cause);
	pidfile_close(fd, pid_file);
	return status;
}

int main(int argc, char **argv)
{
	struct config_set set;
	int status;

	if (process_begin() < 0)
		return EXIT_FAILURE;
	messages_begin("uppercase-server");
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
