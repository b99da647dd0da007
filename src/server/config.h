/* SPDX-License-Identifier: MIT */
#ifndef SERVER_CONFIG_H
#define SERVER_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/log.h"
#include "cli/arguments.h"
#include "cli/config_file.h"
#include "http/logline.h"
#include "loop/access.h"
#include "loop/limits.h"

#define CONFIG_LISTEN_MAX 16 /* of an option that tells where to serve */

/* What the settings say. The strings are argv's. */
struct config {
	struct setting_list listen; /* hosts; empty for every address */
	struct setting_list udp;    /* endpoints of each service */
	struct setting_list tcp;
	struct setting_list http;
	struct setting_list admin;
	struct setting_list allow; /* networks, see access_add() */
	struct setting_list deny;
	struct access access;		    /* the same, understood */
	struct setting_list proxy_protocol; /* see access_add_proxy() */
	struct access_list proxies;	    /* the same, understood */
	struct setting_list admin_allow;
	struct access admin_access; /* all of it is for the admin pages */
	const char *root;
	bool tcp_once;
	bool defer_accept;
	bool reuse_port;
	bool listing;
	bool hidden;
	const char *mime_types;	  /* a file, or NULL */
	const char *default_type; /* a media type */
	uint64_t max_age_ns;	  /* SETTING_OFF for none */
	const char *access_log;	  /* a file, "-", or NULL */
	const char *connection_log;
	const char *log; /* where messages go, or NULL; see config_log() */
	enum log_level log_level;
	bool daemon;
	enum http_log_format log_format;
	const char *pid_file; /* NULL for none */
	const char *user;     /* NULL for the standard one */
	bool no_sandbox;
	struct setting_list spare_roots; /* which the sandbox lets be read */
	struct limits limits;
	struct setting_list faults; /* rules, see faults.h */
	uint64_t fault_seed;	    /* SETTING_OFF: one is drawn */
	const char *fault_log;	    /* a file, "-", or NULL */
	const char *config_file;    /* NULL: the standard one, if any */
	const char *file_read;	    /* the one that it was; NULL for none */
	bool show_config;
	bool test_config;
};

enum config_log {
	CONFIG_LOG_ACCESS,
	CONFIG_LOG_CONNECTIONS,
	CONFIG_LOG_FAULTS,
	CONFIG_SPOOLS, /* those before */
	CONFIG_LOG_MESSAGES = CONFIG_SPOOLS,
	CONFIG_LOGS
};

/* The files that are appended to, "-" and NULL among them. */
void config_logs(const struct config *config, const char *paths[CONFIG_LOGS]);

/* Where messages go: "stderr", "syslog" or a file; and that, if it is one. */
const char *config_log(const struct config *config);
const char *config_log_file(const struct config *config);

/* Whether a service's endpoints are "off". */
bool config_is_off(const struct setting_list *service);

/* A configuration, and what it was read from. */
struct config_set {
	struct config config;
	struct settings settings;
	struct config_file *file; /* whose texts config may have; or NULL */
};

/*
 * Reads the configuration file and the command line, which wins; fills in the
 * defaults. What is wrong goes to cause, which has SETTINGS_CAUSE_SIZE bytes,
 * or to standard error when it is NULL. The caller frees set->file.
 */
enum arguments_verdict config_read(struct config_set *set, int argc,
				   char **argv, char *cause) MUST_CHECK;

/* The same; where fd is not -1 it is the configuration file, open already. */
enum arguments_verdict config_read_open(struct config_set *set, int argc,
					char **argv, int fd,
					char *cause) MUST_CHECK;

/* One from malloc(3), and its file. Harmless on NULL. */
void config_set_free(struct config_set *set);

#endif
