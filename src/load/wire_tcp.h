/* SPDX-License-Identifier: MIT */
#ifndef LOAD_WIRE_TCP_H
#define LOAD_WIRE_TCP_H

#include "load/wire.h"

/* The uppercase service over TCP. */
extern const struct wire wire_tcp;

#endif
