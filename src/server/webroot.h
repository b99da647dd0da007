/* SPDX-License-Identifier: MIT */
#ifndef SERVER_WEBROOT_H
#define SERVER_WEBROOT_H

#include <stddef.h>

#include "base/compiler.h"
#include "loop/loop.h"
#include "server/config.h"
#include "web/site.h"

/*
 * The site that a configuration asks for: its document root, media types and
 * choices; max_open is how many files its cache may keep open. Nothing of
 * config is kept. NULL and a cause when it cannot be had.
 */
struct site *webroot_open_site(struct loop *loop, const struct config *config,
			       size_t max_open, char **cause) MUST_CHECK;

#endif
