/* SPDX-License-Identifier: MIT */
#ifndef LOAD_WIRE_HTTP_H
#define LOAD_WIRE_HTTP_H

#include "load/wire.h"

/* GET requests over HTTP/1.1. */
extern const struct wire wire_http;

#endif
