/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_PING_H
#define CLIENT_PING_H

#include "base/compiler.h"
#include "client/route.h"
#include "client/status.h"

/*
 * Sends numbered messages as the route's options say and reports on standard
 * output what became of each, until all are decided or SIGINT comes; a second
 * SIGINT ends the program as it always does. CLIENT_OK when any was answered,
 * CLIENT_NO_REPLY when none was. Tells its own failure.
 */
enum client_status ping_run(struct route *route) MUST_CHECK;

#endif
