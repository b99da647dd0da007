/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ALLOWANCE_H
#define SERVER_ALLOWANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/compiler.h"
#include "os/sandbox.h"
#include "server/config.h"

#define ALLOWANCE_PLACES_MAX 128
#define ALLOWANCE_PORTS_MAX  (3 * CONFIG_LISTEN_MAX) /* of TCP */

/* What names this file or folder had when it was looked at. */
struct allowance_fact {
	char *path;	/* what places has */
	bool is_needed; /* by the configuration, or only of use */
	dev_t dev;
	ino_t ino;
};

/*
 * Which files and ports a configuration needs, by their real names: what a
 * sandbox is made of.
 */
struct allowance {
	struct sandbox_place places[ALLOWANCE_PLACES_MAX];
	struct allowance_fact facts[ALLOWANCE_PLACES_MAX];
	size_t n_places;
	uint16_t ports[ALLOWANCE_PORTS_MAX];
	size_t n_ports;
	bool binds_any_port; /* a configuration file may name others */
	bool is_file_alone;  /* that file's folder is not allowed */
};

/*
 * Looks at what the configuration names. Returns 0, or -1 with errno, ENOMEM or
 * E2BIG; to be cleared in either case.
 */
int allowance_init(struct allowance *allowance,
		   const struct config *config) MUST_CHECK;
void allowance_clear(struct allowance *allowance);

/*
 * A place that wanted needs and that what was allowed does not cover: it lies
 * elsewhere, or another file goes by its name. NULL when there is none.
 */
const char *allowance_find_place(const struct allowance *allowed,
				 const struct allowance *wanted) MUST_CHECK;

/* The same of ports; -1 when there is none. */
int allowance_find_port(const struct allowance *allowed,
			const struct allowance *wanted) MUST_CHECK;

/* The folder that is allowed to write to and that holds the root, or NULL. */
const char *allowance_find_overlap(const struct allowance *allowance,
				   const char *root) MUST_CHECK;

#endif
