/* SPDX-License-Identifier: MIT */
/*
 * The part of a result that is known before anything is sent.
 */
#include "load/asked.h"

#include <stdio.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/clock.h"

static void set_host(struct result_host *host)
{
	struct utsname name;

	host->cpus = (double)sysconf(_SC_NPROCESSORS_ONLN);
	if (uname(&name) < 0)
		return;
	(void)snprintf(host->name_buf, RESULT_HOST_SIZE, "%s", name.nodename);
	(void)snprintf(host->kernel_buf, RESULT_HOST_SIZE, "%s %s",
		       name.sysname, name.release);
	(void)snprintf(host->machine_buf, RESULT_HOST_SIZE, "%s", name.machine);
	host->name = host->name_buf;
	host->kernel = host->kernel_buf;
	host->machine = host->machine_buf;
}

void asked_set(struct result *result, const struct load_options *options,
	       const char *command)
{
	struct timespec wall = clock_wall();

	result->command = command;
	result->version = PACKAGE_VERSION;
	result_format_time(result->started, (double)wall.tv_sec, false);
	set_host(&result->host);
	result->protocol = load_options_protocol(options);
	result->server_host = options->host;
	result->server_port = options->port;
	if (options->protocol == PROTOCOL_HTTP) {
		result->path = options->path;
	} else {
		result->size_bytes[0] = (double)options->size_min;
		result->size_bytes[1] = (double)options->size_max;
	}
	result->pipeline = options->pipeline;
	result->connect_per_request = options->connect_per_request;
	result->timeout_us = (double)options->timeout_ns / 1e3;
	result->warmup_us = (double)options->warmup_ns / 1e3;
	result->seed = options->seed;
	result->generator.jobs = options->jobs;
}
