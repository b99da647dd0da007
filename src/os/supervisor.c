/* SPDX-License-Identifier: MIT */
/*
 * systemd's side of a service, through libsystemd where configure found it.
 * A message that does not arrive is the supervisor's own trouble: nobody here
 * could do better by knowing.
 *
 * The library brings six others with it and takes a fifth of a start's time, so
 * it is loaded only where a supervisor is, by the variables that systemd sets.
 */
#include "os/supervisor.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef HAVE_LIBSYSTEMD

#include <dlfcn.h>
#include <systemd/sd-daemon.h>

#include "base/clock.h"

#define NS_PER_US (CLOCK_NS_PER_S / 1000000)
#define LIBRARY	  "libsystemd.so.0"

/* What is used of it, with the types that its header gives. */
struct library {
	__typeof__(sd_listen_fds_with_names) *listen_fds_with_names;
	__typeof__(sd_notify) *notify;
	__typeof__(sd_watchdog_enabled) *watchdog_enabled;
};

static bool is_supervised(void)
{
	return getenv("NOTIFY_SOCKET") || getenv("LISTEN_FDS") ||
	       getenv("WATCHDOG_USEC");
}

/* Where dlsym() finds nothing the cause is dlerror()'s. */
static bool library_find(struct library *library, void *handle)
{
	/* ISO C has no cast from an object's address to a function's. */
	*(void **)&library->listen_fds_with_names =
		dlsym(handle, "sd_listen_fds_with_names");
	*(void **)&library->notify = dlsym(handle, "sd_notify");
	*(void **)&library->watchdog_enabled =
		dlsym(handle, "sd_watchdog_enabled");
	return library->listen_fds_with_names && library->notify &&
	       library->watchdog_enabled;
}

/*
 * NULL without a supervisor, and where it cannot be loaded: then *cause says
 * why. It stays for good.
 */
static const struct library *library_get(const char **cause)
{
	static struct library library;
	void *handle;

	*cause = NULL;
	if (library.notify)
		return &library;
	if (!is_supervised())
		return NULL;
	handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (handle && library_find(&library, handle))
		return &library;
	*cause = dlerror();
	return NULL;
}

static int take_names(const struct library *library, char ***names, size_t max)
{
	int n = library->listen_fds_with_names(1, names);

	if (n >= 0 && (size_t)n > max)
		n = -E2BIG;
	return n;
}

int supervisor_take_sockets(struct supervisor_socket *list, size_t max,
			    size_t *n, const char **cause)
{
	const struct library *library = library_get(cause);
	char **names = NULL;
	int n_found;

	*n = 0;
	if (!library)
		return *cause ? -1 : 0;
	n_found = take_names(library, &names, max);
	for (int i = 0; i < n_found; i++) {
		list[i].fd = SD_LISTEN_FDS_START + i;
		(void)snprintf(list[i].name, sizeof(list[i].name), "%s",
			       names[i]);
	}
	for (char **name = names; name && *name; name++)
		free(*name);
	free(names);
	if (n_found < 0) {
		*cause = strerror(-n_found);
		return -1;
	}
	*n = (size_t)n_found;
	return 0;
}

static void notify(const char *state)
{
	const char *cause;
	const struct library *library = library_get(&cause);

	if (library)
		(void)library->notify(0, state);
}

void supervisor_tell(enum supervisor_state state)
{
	char text[64];

	switch (state) {
	case SUPERVISOR_READY:
		notify("READY=1");
		break;
	case SUPERVISOR_RELOADING:
		/* Type=notify-reload wants to know when. */
		(void)snprintf(text, sizeof(text),
			       "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
			       clock_mono_ns() / NS_PER_US);
		notify(text);
		break;
	case SUPERVISOR_STOPPING:
		notify("STOPPING=1");
		break;
	}
}

void supervisor_tell_status(const char *fmt, ...)
{
	char text[sizeof("STATUS=") + 511] = "STATUS=";
	const size_t len = strlen(text);
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text + len, sizeof(text) - len, fmt, args);
	va_end(args);
	notify(text);
}

uint64_t supervisor_watchdog_ns(void)
{
	const char *cause;
	const struct library *library = library_get(&cause);
	uint64_t usec;

	return library && library->watchdog_enabled(0, &usec) > 0
		       ? usec * NS_PER_US
		       : 0;
}

void supervisor_tell_alive(void)
{
	notify("WATCHDOG=1");
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
