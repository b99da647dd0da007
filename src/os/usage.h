/* SPDX-License-Identifier: MIT */
#ifndef OS_USAGE_H
#define OS_USAGE_H

#include <stddef.h>
#include <stdint.h>

/*
 * Where the kernel tells what this process uses, opened once: later there may
 * be no descriptor for it, or no permission.
 */
struct usage_source {
	int statm_fd; /* -1 for none */
	void *folder; /* a DIR of open descriptors; NULL for none */
};

/* What this process uses now; 0 where nobody tells. */
struct usage {
	uint64_t cpu_ns; /* of processor time, user's and system's */
	uint64_t resident_bytes;
	size_t n_descriptors; /* that are open */
};

/* What cannot be opened is left out. */
void usage_open(struct usage_source *source);
void usage_close(struct usage_source *source);

void usage_read(const struct usage_source *source, struct usage *usage);

#endif
