/* SPDX-License-Identifier: MIT */
#ifndef WEB_WEB_H
#define WEB_WEB_H

#include <stddef.h>

#include "base/compiler.h"
#include "loop/loop.h"
#include "os/address.h"
#include "web/accesslog.h"
#include "web/site.h"

/* The HTTP service: static files below a document root (RFC 9110, RFC 9112). */
struct web_service;

/*
 * Serves this site; log may be NULL. Both must outlive the service. NULL when
 * out of memory.
 */
struct web_service *web_service_new(struct loop *loop, struct site *site,
				    struct access_log *log) MUST_CHECK;

/* No connection of it may be open. Harmless on NULL. */
void web_service_free(struct web_service *service);

/* A listener_accepted_cb: takes over the socket. */
void web_service_accept_cb(void *service, int fd, const struct address *peer);

#endif
