/* SPDX-License-Identifier: MIT */
/*
 * uppercase-load in every way, on the real server.
 */
#include "load_ways.h"

#include <poll.h>
#include <stdlib.h>

#include "e2e_sock.h"

const struct way ways[WAYS] = {
	{false, false, false, 1}, {false, false, false, 4},
	{false, false, true, 1},  {false, true, false, 1},
	{false, true, false, 4},  {false, true, true, 1},
	{true, false, false, 1},  {true, false, false, 4},
	{true, false, true, 1},	  {true, true, false, 1},
	{true, true, false, 4},	  {true, true, true, 1},
};

void way_args_add_list(struct way_args *args, const char *const *words)
{
	for (; *words; words++) {
		ck_assert_uint_lt(args->n, WAYS_ARGS_MAX);
		args->list[args->n++] = *words;
	}
}

void way_args_add_way(struct way_args *args, const struct way *way,
		      const char *rate)
{
	way_args_add(args, way->is_http ? "-w" : "-t");
	if (way->is_open_loop)
		way_args_add(args, "-R", rate);
	if (way->pipeline > 1)
		way_args_add(args, "-P", "4");
	if (way->is_per_request)
		way_args_add(args, "--connect-per-request");
}

/* A root of its own, with a page. */
static const char *way_root(void)
{
	static char *root;

	if (!root) {
		root = folder_new();
		folder_write_text(root, "index.html", "<p>hello</p>\n");
	}
	return root;
}

struct server *way_start_server(bool is_http, char port[8])
{
	struct server_options options = {.root = way_root()};
	struct server *server;

	*(is_http ? &options.http : &options.tcp) = port;
	server = server_start(&options);
	(void)port_text(
		server_endpoint(server, is_http ? SERVICE_HTTP : SERVICE_TCP)
			->port,
		port);
	return server;
}

struct way_run way_run_start(const struct way *way, const char *duration,
			     const char *timeout)
{
	struct way_run run = {.port = "0"};
	struct way_args args = {0};
	char *folder = folder_new();

	run.json = folder_path(folder, "r.json");
	free(folder);
	run.server = way_start_server(way->is_http, run.port);
	way_args_add(&args, "-q", "-o", run.json, "-o", "-.ndjson", "127.0.0.1",
		     run.port, "-d", duration, "--timeout", timeout);
	way_args_add_way(&args, way, "1000");
	run.client = client_start(args.list);
	sock_must_wait(run.client.fd, POLLIN, harness_deadline(),
		       "an interval");
	return run;
}

void way_run_end(struct way_run *run, int status)
{
	client_expect_exit(&run->client, status);
	run->result = json_load_file(run->json, 0, NULL);
	load_expect_complete(run->result);
	load_expect_sums(run->result);
}

void way_run_clear(struct way_run *run)
{
	json_decref(run->result);
	free(run->json);
}

const char *way_run_verdict(const struct way_run *run)
{
	return json_string_value(json_object_get(run->result, "verdict"));
}
