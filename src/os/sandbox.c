/* SPDX-License-Identifier: MIT */
/*
 * Landlock by its system calls, since no C library has them. A ruleset names
 * all that it judges, which is then forbidden but for the rules' exceptions, so
 * what this kernel does not know must be left out: its version says.
 *
 * Opening for writing and making new files is one right here, for logs. Writing
 * over old bytes is not told apart from appending by any kernel; cutting a file
 * is, and forbidden.
 *
 * The names below are the kernel's (linux/landlock.h), written out because the
 * header may be older than the kernel.
 */
#include "os/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/callfilter.h"

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule	    445
#define SYS_landlock_restrict_self  446
#endif

#define FS_WRITE_FILE	UINT64_C(0x2)
#define FS_READ_FILE	UINT64_C(0x4)
#define FS_READ_DIR	UINT64_C(0x8)
#define FS_REMOVE_FILE	UINT64_C(0x20)
#define FS_MAKE_REG	UINT64_C(0x100)
#define FS_MAKE_SOCK	UINT64_C(0x200)
#define FS_FIRST	UINT64_C(0x1fff) /* version 1 */
#define FS_REFER	UINT64_C(0x2000) /* version 2 */
#define FS_TRUNCATE	UINT64_C(0x4000) /* version 3 */
#define FS_IOCTL_DEV	UINT64_C(0x8000) /* version 5 */
#define NET_BIND_TCP	UINT64_C(0x1)	 /* version 4 */
#define NET_CONNECT_TCP UINT64_C(0x2)
#define SCOPE_SIGNAL	UINT64_C(0x2) /* version 6 */

#define CREATE_VERSION	1U
#define RULE_PATH	1
#define RULE_PORT	2

/* The kernel's structs; it takes longer ones whose end is 0. */
struct landlock_ruleset {
	uint64_t fs;
	uint64_t net;
	uint64_t scoped;
};

struct landlock_place {
	uint64_t allowed;
	int32_t fd;
} __attribute__((packed));

struct landlock_port {
	uint64_t allowed;
	uint64_t port;
};

/* Of Landlock here; 0 when there is none. */
static int landlock_version(void)
{
	long version =
		syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_VERSION);

	return version > 0 ? (int)version : 0;
}

static struct landlock_ruleset all_that_is_judged(int version)
{
	struct landlock_ruleset all = {.fs = FS_FIRST};

	if (version >= 2)
		all.fs |= FS_REFER;
	if (version >= 3)
		all.fs |= FS_TRUNCATE;
	if (version >= 4)
		all.net = NET_BIND_TCP | NET_CONNECT_TCP;
	if (version >= 5)
		all.fs |= FS_IOCTL_DEV;
	if (version >= 6)
		all.scoped = SCOPE_SIGNAL;
	return all;
}

static uint64_t landlock_rights(unsigned rights)
{
	uint64_t fs = 0;

	if (rights & SANDBOX_READ_FILES)
		fs |= FS_READ_FILE;
	if (rights & SANDBOX_READ_FOLDERS)
		fs |= FS_READ_DIR;
	if (rights & SANDBOX_WRITE)
		fs |= FS_WRITE_FILE | FS_MAKE_REG;
	if (rights & SANDBOX_REMOVE)
		fs |= FS_REMOVE_FILE;
	if (rights & SANDBOX_SOCKETS)
		fs |= FS_MAKE_SOCK;
	return fs;
}

/* A file has no others in it. */
static uint64_t rights_on(int fd, uint64_t fs)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		return fs;
	return fs & (FS_READ_FILE | FS_WRITE_FILE);
}

static int allow_descriptor(int ruleset, int fd, uint64_t fs)
{
	struct landlock_place place = {.allowed = rights_on(fd, fs), .fd = fd};

	if (place.allowed == 0)
		return 0;
	return (int)syscall(SYS_landlock_add_rule, ruleset, RULE_PATH, &place,
			    0U);
}

/* What is not there, or out of this user's reach, cannot be used anyway. */
static int allow_place(int ruleset, const struct sandbox_place *place)
{
	int fd = open(place->path, O_PATH | O_CLOEXEC);
	int result;

	if (fd < 0)
		return errno == ENOMEM || errno == EMFILE || errno == ENFILE
			       ? -1
			       : 0;
	result = allow_descriptor(ruleset, fd, landlock_rights(place->rights));
	(void)close(fd);
	return result;
}

/* Opened anew by its number; a pipe or socket needs no leave. */
static void allow_standard(int ruleset)
{
	for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++)
		(void)allow_descriptor(ruleset, fd, FS_WRITE_FILE);
}

static int allow_bind(int ruleset, uint16_t number)
{
	struct landlock_port port = {NET_BIND_TCP, number};

	return (int)syscall(SYS_landlock_add_rule, ruleset, RULE_PORT, &port,
			    0U);
}

static int allow_planned(int ruleset, const struct sandbox_plan *plan,
			 const struct landlock_ruleset *all)
{
	allow_standard(ruleset);
	for (size_t i = 0; i < plan->n_places; i++)
		if (allow_place(ruleset, &plan->places[i]) < 0)
			return -1;
	if (!(all->net & NET_BIND_TCP))
		return 0;
	for (size_t i = 0; i < plan->n_tcp_ports; i++)
		if (allow_bind(ruleset, plan->tcp_ports[i]) < 0)
			return -1;
	return 0;
}

static int close_landlock(int ruleset, int result)
{
	int saved = errno;

	(void)close(ruleset);
	errno = saved;
	return result;
}

static int enter_landlock(const struct sandbox_plan *plan, int version)
{
	struct landlock_ruleset all = all_that_is_judged(version);
	int ruleset;

	if (plan->binds_any_port)
		all.net &= ~NET_BIND_TCP;
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof(all),
			       0U);
	if (ruleset < 0)
		return -1;
	if (allow_planned(ruleset, plan, &all) < 0 ||
	    syscall(SYS_landlock_restrict_self, ruleset, 0U) < 0)
		return close_landlock(ruleset, -1);
	return close_landlock(ruleset, 0);
}

#ifdef NO_SANDBOX

int sandbox_enter(const struct sandbox_plan *plan, unsigned *gaps)
{
	(void)plan;
	(void)landlock_version;
	(void)enter_landlock;
	*gaps = SANDBOX_NO_BUILD;
	return 0;
}

#else

int sandbox_enter(const struct sandbox_plan *plan, unsigned *gaps)
{
	int version = landlock_version();

	*gaps = 0;
	if (version == 0)
		*gaps |= SANDBOX_NO_FILES;
	else if (enter_landlock(plan, version) < 0)
		return -1;
	if (version < 4)
		*gaps |= SANDBOX_NO_PORTS;
	switch (callfilter_enter(version >= 4)) {
	case CALLFILTER_STANDS:
		return 0;
	case CALLFILTER_NO_KERNEL:
		*gaps |= SANDBOX_NO_CALLS;
		return 0;
	case CALLFILTER_NO_LIBRARY:
		*gaps |= SANDBOX_NO_LIBRARY;
		return 0;
	case CALLFILTER_FAILED:
		break;
	}
	return -1;
}

#endif
