/* SPDX-License-Identifier: MIT */
#ifndef LOAD_WIRE_UDP_H
#define LOAD_WIRE_UDP_H

#include "load/wire.h"

/* The uppercase service over UDP. */
extern const struct wire wire_udp;

#endif
