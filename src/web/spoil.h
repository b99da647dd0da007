/* SPDX-License-Identifier: MIT */
#ifndef WEB_SPOIL_H
#define WEB_SPOIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "web/gather.h"

/*
 * Spoils the head of an answer as --fault asks for it. The answer was added to
 * out last, and its text begins at text_at. Returns false when the head is not
 * one that could be spoilt so: one without Content-Length has none to be wrong.
 * Behind LF only NO_EMPTY_LINE can follow. fault is for LENGTH alone.
 */
bool spoil_head(struct gather *out, size_t text_at, enum fault_kind kind,
		const struct fault *fault);

#endif
