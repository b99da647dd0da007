/* SPDX-License-Identifier: MIT */
#ifndef TESTS_CONN_END_H
#define TESTS_CONN_END_H

#include <check.h>

/* Part of check_conn: how it ends. */
void conn_end_add(Suite *suite);

#endif
