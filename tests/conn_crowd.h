/* SPDX-License-Identifier: MIT */
#ifndef TESTS_CONN_CROWD_H
#define TESTS_CONN_CROWD_H

#include <check.h>

/* Part of check_conn: whose it is, and who goes when there is no room. */
void conn_crowd_add(Suite *suite);

#endif
