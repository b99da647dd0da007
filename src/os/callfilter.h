/* SPDX-License-Identifier: MIT */
#ifndef OS_CALLFILTER_H
#define OS_CALLFILTER_H

#include <stdbool.h>

#include "base/compiler.h"

enum callfilter_result {
	CALLFILTER_STANDS,
	CALLFILTER_NO_KERNEL,  /* it has no seccomp */
	CALLFILTER_NO_LIBRARY, /* built without libseccomp */
	CALLFILTER_FAILED,     /* errno says why */
};

/*
 * From now on this process has the system calls of a server that is running,
 * and no other: they fail with ENOSYS. may_connect is for when somebody else
 * sees to it that it connects to nobody on the network; no_new_privs must be
 * set.
 */
enum callfilter_result callfilter_enter(bool may_connect) MUST_CHECK;

#endif
