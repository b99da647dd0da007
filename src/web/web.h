/* SPDX-License-Identifier: MIT */
#ifndef WEB_WEB_H
#define WEB_WEB_H

#include <stddef.h>

#include "base/compiler.h"
#include "loop/loop.h"
#include "loop/spool.h"
#include "os/address.h"
#include "web/site.h"

/* The HTTP service: static files below a document root (RFC 9110, RFC 9112). */
struct web_service;

/*
 * The log must outlive the service. It has no site yet, see
 * web_service_change(). NULL when out of memory.
 */
struct web_service *web_service_new(struct loop *loop,
				    struct spool *log) MUST_CHECK;

/*
 * From now on serves this site, which must outlive the service or be replaced
 * by another, and has the loop's limits, which may have changed. Bodies of the
 * site before are sent to their ends.
 */
void web_service_change(struct web_service *service, struct site *site);

/* Connections that are open; 0 for NULL. */
size_t web_service_count(const struct web_service *service);

/* How requests were answered so far; NULL for NULL. */
struct outcomes;
const struct outcomes *web_service_outcomes(const struct web_service *service);

/* No connection of it may be open. Harmless on NULL. */
void web_service_free(struct web_service *service);

/* A listener_accepted_cb: takes over the socket. */
void web_service_accept_cb(void *service, int fd, const struct address *peer);

#endif
