/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_SESSION_H
#define CLIENT_SESSION_H

#include "client/status.h"

/* The whole program: what main() was given, and what it returns. */
enum client_status client_main(int argc, char **argv);

#endif
