/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_PING_REPORT_H
#define CLIENT_PING_REPORT_H

#include "client/client_options.h"
#include "client/ping_event.h"
#include "client/ping_figures.h"
#include "client/status.h"
#include "os/address.h"

/*
 * A run of numbered messages on standard output: as lines or as JSON; in a
 * flood a dot on a terminal for each that was lost. The caller's storage.
 */
struct ping_report {
	const struct client_options *options;
	char peer[ADDRESS_TEXT_SIZE];
	bool has_dots;
	enum client_status status; /* of standard output; told when it failed */
};

void ping_report_begin(struct ping_report *report,
		       const struct client_options *options,
		       const struct address *peer);
void ping_report_event(struct ping_report *report,
		       const struct ping_event *event);
void ping_report_end(struct ping_report *report,
		     const struct ping_figures *figures);

#endif
