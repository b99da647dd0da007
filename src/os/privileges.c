/* SPDX-License-Identifier: MIT */
/*
 * From root to somebody who may little. The order matters: the bounding set and
 * the groups can be changed by root alone, and the user comes last of them. The
 * kernel then takes the capabilities itself, but for the inheritable ones; all
 * are set to nothing all the same, and asked for again.
 */
#include "os/privileges.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/room.h"

/* The first look-up ends the program where there is no memory for it. */
#define PRIVILEGES_ROOM ((size_t)256 << 10)

static const struct passwd *privileges_look_up(const char *name)
{
	struct room *room = room_begin(PRIVILEGES_ROOM);
	const struct passwd *found = NULL;
	int error = ENOMEM;

	errno = 0;
	if (room) {
		found = getpwnam(name);
		error = errno;
	}
	room_end(room);
	errno = error;
	return found;
}

int privileges_find(const char *name, struct privileges_user *user)
{
	const struct passwd *found = privileges_look_up(name);

	if (!found) {
		/* What "not found" is called depends on the name service. */
		if (errno != ENOMEM && errno != EMFILE && errno != ENFILE &&
		    errno != EIO)
			errno = ENOENT;
		return -1;
	}
	if (snprintf(user->name, sizeof(user->name), "%s", name) >=
	    (int)sizeof(user->name)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	user->uid = found->pw_uid;
	user->gid = found->pw_gid;
	return 0;
}

int privileges_lock(void)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/* So that not even a set-user-ID program could have one again. */
static void empty_bounding_set(void)
{
	for (unsigned long i = 0; prctl(PR_CAPBSET_READ, i, 0, 0, 0) >= 0; i++)
		(void)prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
}

static int change_capabilities(int call, struct __user_cap_data_struct *sets)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};

	return (int)syscall(call, &head, sets);
}

static bool has_none(void)
{
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};
	struct __user_cap_data_struct left[_LINUX_CAPABILITY_U32S_3];

	return change_capabilities(SYS_capget, left) == 0 &&
	       memcmp(none, left, sizeof(none)) == 0;
}

/*
 * The ambient ones go with the permitted ones. Who has none may not even be let
 * ask to have none (systemd's @privileged).
 */
static int empty_capabilities(void)
{
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};

	if (has_none())
		return 0;
	if (change_capabilities(SYS_capset, none) < 0)
		return -1;
	if (has_none())
		return 0;
	errno = EPERM;
	return -1;
}

static int become(const struct privileges_user *user)
{
	if (initgroups(user->name, user->gid) < 0 ||
	    setresgid(user->gid, user->gid, user->gid) < 0 ||
	    setresuid(user->uid, user->uid, user->uid) < 0)
		return -1;
	return 0;
}

/* Whoever can get root's number back has not dropped it. */
static int try_way_back(void)
{
	if (setresuid(0, 0, 0) < 0 && setresgid(0, 0, 0) < 0 &&
	    setgroups(0, NULL) < 0)
		return 0;
	errno = EPERM;
	return -1;
}

int privileges_give_up(void)
{
	empty_bounding_set();
	return empty_capabilities();
}

int privileges_drop(const struct privileges_user *user)
{
	empty_bounding_set();
	if (become(user) < 0 || empty_capabilities() < 0)
		return -1;
	return try_way_back();
}
