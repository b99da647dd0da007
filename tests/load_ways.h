/* SPDX-License-Identifier: MIT */
#ifndef TESTS_LOAD_WAYS_H
#define TESTS_LOAD_WAYS_H

#include <stdbool.h>
#include <stddef.h>

#include "e2e_client.h"
#include "e2e_server.h"
#include "load_fixture.h"

/* Every way in which uppercase-load can use connections. */
#define WAYS 12

struct way {
	bool is_http;
	bool is_open_loop;
	bool is_per_request;
	unsigned pipeline;
};

extern const struct way ways[WAYS];

/* --- arguments --- */

#define WAYS_ARGS_MAX 24

struct way_args {
	const char *list[WAYS_ARGS_MAX + 1];
	size_t n;
};

#define way_args_add(args, ...)                                                \
	way_args_add_list(args, (const char *const[]){__VA_ARGS__, NULL})
void way_args_add_list(struct way_args *args, const char *const *words);

/* What makes it this way; rate is for the open loop. */
void way_args_add_way(struct way_args *args, const struct way *way,
		      const char *rate);

/* --- the real server, loaded in a way --- */

#define WAYS_STOPPED 3 /* uppercase-load's status when answers stop coming */

/* On this port, or with "0" on any; tells which. */
struct server *way_start_server(bool is_http, char port[8]);

/* A load that runs, and the server's port. */
struct way_run {
	struct server *server;
	struct client client;
	json_t *result; /* after way_run_end() */
	char port[8];
	char *json;
};

/* Starts both, and waits until the load has seen an interval. */
struct way_run way_run_start(const struct way *way, const char *duration,
			     const char *timeout);

/* Waits for the load's end with this status, and reads its result. */
void way_run_end(struct way_run *run, int status);
void way_run_clear(struct way_run *run);

const char *way_run_verdict(const struct way_run *run);

#endif
