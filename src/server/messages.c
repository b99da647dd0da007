/* SPDX-License-Identifier: MIT */
/*
 * Opening the places where messages can go. None of them may make the server
 * wait: what they do not take at once is lost and counted (base/log).
 */
#include "server/messages.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "loop/spool.h"
#include "os/process.h"
#include "server/binding.h"

#define SYSLOG_SOCKET "/dev/log"

/* Whether standard error is the journal's; see systemd.exec(5). */
static bool is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
	       fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device &&
	       st.st_ino == inode;
}

static int open_syslog(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX,
				      .sun_path = SYSLOG_SOCKET};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int error;

	if (fd < 0 ||
	    connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	error = errno;
	(void)close(fd);
	errno = error;
	return -1;
}

/* A socket and standard error need not be opened anew; a file may be moved. */
static bool may_stay(const struct config *config, const struct config *before)
{
	const char *was = before ? config_log(before) : "stderr";

	return !config_log_file(config) && strcmp(config_log(config), was) == 0;
}

static enum log_form stderr_form(void)
{
	return is_journal() ? LOG_JOURNAL : LOG_PLAIN;
}

void messages_begin(const char *program)
{
	int fd = process_reopen_nonblocking(STDERR_FILENO);

	log_open(program, fd);
	(void)log_use(fd, stderr_form(), "standard error");
}

int messages_open(struct messages *messages, const struct config *config,
		  const struct config *before, char **cause)
{
	const char *to = config_log(config);

	*messages = (struct messages){.fd = -1};
	if (may_stay(config, before))
		return 0;
	if (config_log_file(config)) {
		messages->form = LOG_STAMPED;
		messages->name = "the log";
		messages->fd = spool_open_file(to);
	} else if (strcmp(to, "syslog") == 0) {
		messages->form = LOG_SYSLOG;
		messages->name = "syslog";
		messages->fd = open_syslog();
	} else {
		messages->form = stderr_form();
		messages->name = "standard error";
		messages->fd = process_reopen_nonblocking(STDERR_FILENO);
	}
	if (messages->fd >= 0)
		return 0;
	if (strcmp(to, "syslog") == 0)
		return binding_fail(cause,
				    "syslog: %s: %s (is a syslog daemon "
				    "running? --log=FILE does without)",
				    SYSLOG_SOCKET, strerror(errno));
	return binding_fail(cause, "--log=%s: %s", to, strerror(errno));
}

static void leave_place(int fd)
{
	/* Standard error is not ours to close. */
	if (fd > STDERR_FILENO)
		(void)close(fd);
}

void messages_use(struct messages *messages)
{
	if (messages->fd < 0)
		return;
	leave_place(log_use(messages->fd, messages->form, messages->name));
	messages->fd = -1;
}

void messages_discard(struct messages *messages)
{
	leave_place(messages->fd);
}
