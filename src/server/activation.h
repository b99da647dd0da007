/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ACTIVATION_H
#define SERVER_ACTIVATION_H

#include <stddef.h>

#include "base/compiler.h"
#include "server/binding.h"

/*
 * The sockets that a supervisor has handed over, by service. It keeps them open
 * while this process is started anew, so that nobody is refused meanwhile.
 */
struct activation {
	int fds[SERVER_SERVICES][BINDING_SOCKETS_MAX];
	size_t n[SERVER_SERVICES];
};

/*
 * Takes them: one for datagrams is the UDP service's; a listening one is told
 * by its name, FileDescriptorName in a socket unit, which must be "tcp",
 * "http" or "admin". options are those of each service's sockets. Returns 0, or
 * -1 and a cause; what came is in *activation in either case.
 */
int activation_take(struct activation *activation,
		    const unsigned options[SERVER_SERVICES],
		    char **cause) MUST_CHECK;

/* Closes what has not been taken out. */
void activation_close(struct activation *activation);

#endif
