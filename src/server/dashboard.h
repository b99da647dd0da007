/* SPDX-License-Identifier: MIT */
#ifndef SERVER_DASHBOARD_H
#define SERVER_DASHBOARD_H

#include "base/text.h"
#include "server/history.h"
#include "server/readings.h"
#include "server/snapshot.h"

#define DASHBOARD_TYPE	"text/html; charset=utf-8"
#define DASHBOARD_PEERS 20 /* connections that are shown */

/*
 * Adds the live page: one HTML document that loads nothing. Every number is in
 * it, so it reads without scripts, and is loaded anew then. Its style and its
 * script have the nonce, which the Content-Security-Policy must name.
 */
void dashboard_write(struct text *text, const struct snapshot *snapshot,
		     const struct readings *readings,
		     const struct history *history, const char *nonce);

#endif
