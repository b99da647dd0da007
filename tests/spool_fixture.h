/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SPOOL_FIXTURE_H
#define TESTS_SPOOL_FIXTURE_H

#include "loop/spool.h"

/* An access log that writes to this file in this form; NULL with errno. */
struct spool *spool_fixture_open(struct loop *loop, const char *path, int form);

#endif
