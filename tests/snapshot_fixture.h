/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SNAPSHOT_FIXTURE_H
#define TESTS_SNAPSHOT_FIXTURE_H

#include "server/snapshot.h"

/* What stands for quotes, markup, control bytes and what is no UTF-8. */
#define SNAPSHOT_HOSTILE "a\"b\\c</script><b>&\x01\xff'"

/*
 * A snapshot with something of everything: names are hostile, the first
 * counters and outcomes are counted. Good until the next call.
 */
struct snapshot *snapshot_make(void);

/* The same, with nothing of what there may be nothing of. */
struct snapshot *snapshot_make_bare(void);

#endif
