/* SPDX-License-Identifier: MIT */
#ifndef TESTS_CONN_PACE_H
#define TESTS_CONN_PACE_H

#include <check.h>

/* Part of check_conn: how fast its peer has to take what it asked for. */
void conn_pace_add(Suite *suite);

#endif
