/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_PUMP_H
#define CLIENT_PUMP_H

#include "base/compiler.h"
#include "client/route.h"
#include "client/status.h"

/*
 * Passes standard input to the server on the connected TCP socket fd and what
 * comes back to standard output, both at the same time, byte for byte, in
 * constant memory. At the end of the input it half-closes, then reads until
 * the server closes. Tells its own failure. The caller closes fd.
 */
enum client_status pump_run(struct route *route, int fd) MUST_CHECK;

#endif
