/* SPDX-License-Identifier: MIT */
#ifndef HTTP_HOST_H
#define HTTP_HOST_H

#include <stdbool.h>

#include "base/slice.h"

/*
 * Whether s is uri-host [":" port] (RFC 9110, 7.2; RFC 3986, 3.2.2) of an http
 * URI, as a Host field and the authority of a target have it. Such a host is
 * not empty (RFC 9110, 4.2.1).
 */
bool http_host_is_valid(struct slice s);

/*
 * Whether a valid one is an IP address or localhost (RFC 6761, 6.3): what no
 * name server has a say in.
 */
bool http_host_is_literal(struct slice s);

#endif
