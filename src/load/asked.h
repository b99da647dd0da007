/* SPDX-License-Identifier: MIT */
#ifndef LOAD_ASKED_H
#define LOAD_ASKED_H

#include "load/load_options.h"
#include "result/result.h"

/* Sets what the options ask for, on which host, and that it begins now. Strings
 * stay theirs. */
void asked_set(struct result *result, const struct load_options *options,
	       const char *command);

#endif
