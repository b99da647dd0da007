/* SPDX-License-Identifier: MIT */
#ifndef SERVER_METRICS_H
#define SERVER_METRICS_H

#include "base/text.h"
#include "server/snapshot.h"

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* Adds all that there is to be measured, in Prometheus' text format 0.0.4. */
void metrics_write(struct text *text, const struct snapshot *snapshot);

#endif
