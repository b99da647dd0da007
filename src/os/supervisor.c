/* SPDX-License-Identifier: MIT */
/*
 * systemd's side of a service, through libsystemd where configure found it.
 * A message that does not arrive is the supervisor's own trouble: nobody here
 * could do better by knowing.
 */
#include "os/supervisor.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef HAVE_LIBSYSTEMD

#include <systemd/sd-daemon.h>

#include "base/clock.h"

#define NS_PER_US (CLOCK_NS_PER_S / 1000000)

int supervisor_take_sockets(struct supervisor_socket *list, size_t max,
			    size_t *n, const char **cause)
{
	char **names = NULL;
	int n_found = sd_listen_fds_with_names(1, &names);
	int error = 0;

	if (n_found < 0)
		error = -n_found;
	else if ((size_t)n_found > max)
		error = E2BIG;
	*n = error == 0 ? (size_t)n_found : 0;
	for (size_t i = 0; i < *n; i++) {
		list[i].fd = SD_LISTEN_FDS_START + (int)i;
		(void)snprintf(list[i].name, sizeof(list[i].name), "%s",
			       names[i]);
	}
	for (char **name = names; name && *name; name++)
		free(*name);
	free(names);
	*cause = strerror(error);
	return error == 0 ? 0 : -1;
}

void supervisor_tell(enum supervisor_state state)
{
	switch (state) {
	case SUPERVISOR_READY:
		(void)sd_notify(0, "READY=1");
		break;
	case SUPERVISOR_RELOADING:
		/* Type=notify-reload wants to know when. */
		(void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
				 clock_mono_ns() / NS_PER_US);
		break;
	case SUPERVISOR_STOPPING:
		(void)sd_notify(0, "STOPPING=1");
		break;
	}
}

void supervisor_tell_status(const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	(void)sd_notifyf(0, "STATUS=%s", text);
}

uint64_t supervisor_watchdog_ns(void)
{
	uint64_t usec;

	return sd_watchdog_enabled(0, &usec) > 0 ? usec * NS_PER_US : 0;
}

void supervisor_tell_alive(void)
{
	(void)sd_notify(0, "WATCHDOG=1");
}

#else

int supervisor_take_sockets(struct supervisor_socket *list, size_t max,
			    size_t *n, const char **cause)
{
	const char *given = getenv("LISTEN_FDS");

	(void)list;
	(void)max;
	*n = 0;
	*cause = "this program was built without libsystemd";
	return given ? -1 : 0;
}

void supervisor_tell(enum supervisor_state state)
{
	(void)state;
}

void supervisor_tell_status(const char *fmt, ...)
{
	(void)fmt;
}

uint64_t supervisor_watchdog_ns(void)
{
	return 0;
}

void supervisor_tell_alive(void)
{
}

#endif
