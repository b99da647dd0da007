/* SPDX-License-Identifier: MIT */
#ifndef LOAD_METER_H
#define LOAD_METER_H

#include <stdint.h>

/* What this process has had of the processor, and what it has missed. */
struct meter {
	uint64_t at_ns;
	uint64_t cpu_ns;   /* used, in user space and in the kernel */
	uint64_t delay_ns; /* ready to run, but others ran; 0 when unknown */
};

void meter_read(struct meter *meter);

#endif
