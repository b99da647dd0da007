/* SPDX-License-Identifier: MIT */
#ifndef OS_HOLDER_H
#define OS_HOLDER_H

#include <stdbool.h>
#include <sys/types.h>

#include "os/address.h"

/* Who has a socket that stands in the way of another. */
struct holder {
	uid_t uid;
	pid_t pid;     /* 0 when its descriptors may not be looked at */
	char name[64]; /* of its program; "" without pid */
};

/*
 * Looks in /proc for the socket that keeps another from being bound to this
 * address: one of the same port, at the same address or at all of them, that
 * listens or is for UDP. socktype is SOCK_STREAM or SOCK_DGRAM. False when
 * there is none to be seen from here.
 */
bool holder_find(const struct address *address, int socktype,
		 struct holder *holder);

#endif
