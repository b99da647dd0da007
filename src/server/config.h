/* SPDX-License-Identifier: MIT */
#ifndef SERVER_CONFIG_H
#define SERVER_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "http/logline.h"

#define CONFIG_LISTEN_MAX 16 /* --listen options */

/* A service's port: a number, 0 for a free one, or off. */
struct config_port {
	bool off;
	uint16_t number;
};

/* What the command line asks for. The strings are argv's. */
struct config {
	const char *listen[CONFIG_LISTEN_MAX];
	size_t n_listen; /* 0 for every address */
	struct config_port udp;
	struct config_port tcp;
	struct config_port http;
	const char *root;
	bool tcp_once;
	bool defer_accept;
	bool listing;
	bool hidden;
	const char *mime_types;	  /* a file, or NULL */
	const char *default_type; /* a media type, or NULL */
	int64_t max_age_s;	  /* -1 for none */
	const char *access_log;	  /* a file, "-", or NULL */
	enum http_log_format log_format;
	uint64_t cache_size; /* bytes */
	uint64_t cache_files;
};

enum config_result {
	CONFIG_RUN,
	CONFIG_SHOWN,  /* --help or --version: done, exit 0 */
	CONFIG_FAILED, /* standard output would not take it: exit 1 */
	CONFIG_WRONG,  /* wrong usage, told on standard error: exit 2 */
};

/* Reads the command line (getopt_long(3)); fills in the defaults. */
enum config_result config_parse(struct config *config, int argc,
				char **argv) MUST_CHECK;

#endif
