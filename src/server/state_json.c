/* SPDX-License-Identifier: MIT */
/*
 * The whole state as JSON. What is not known is null; times are in seconds,
 * sizes in bytes. Whatever came from outside passes text_add_json().
 */
#include "server/state_json.h"

#include <string.h>

#include "base/compiler.h"
#include "os/network.h"

/* --- members; each is preceded by a comma unless it is the first --- */

static void add_name(struct text *text, const char *name)
{
	char last = text->len > 0 ? text->ptr[text->len - 1] : '\0';

	if (last != '{' && last != '[')
		text_add_char(text, ',');
	if (name)
		text_addf(text, "\"%s\":", name);
}

static void add_open_brace(struct text *text, const char *name, char brace)
{
	add_name(text, name);
	text_add_char(text, brace);
}

static void add_number(struct text *text, const char *name, uint64_t value)
{
	add_name(text, name);
	text_add_uint(text, value);
}

static void add_real(struct text *text, const char *name, double value)
{
	add_name(text, name);
	text_addf(text, "%.6f", value);
}

static void add_bool(struct text *text, const char *name, bool value)
{
	add_name(text, name);
	text_add_str(text, value ? "true" : "false");
}

static void add_bytes(struct text *text, const char *name, struct slice value)
{
	add_name(text, name);
	text_add_char(text, '"');
	text_add_json(text, value);
	text_add_char(text, '"');
}

static void add_string(struct text *text, const char *name, const char *value)
{
	if (value) {
		add_bytes(text, name, slice_of(value));
		return;
	}
	add_name(text, name);
	text_add_str(text, "null");
}

/* One that may be off. */
static void add_limit(struct text *text, const char *name, uint64_t limit)
{
	if (limit == SETTING_OFF)
		add_string(text, name, NULL);
	else
		add_number(text, name, limit);
}

/* --- parts --- */

static void add_state_config(struct text *text, const struct config *config)
{
	add_open_brace(text, "config", '{');
	add_string(text, "file", config->config_file);
	add_string(text, "root", config->root);
	add_bool(text, "tcp_once", config->tcp_once);
	add_bool(text, "listing", config->listing);
	add_bool(text, "hidden", config->hidden);
	add_string(text, "access_log", config->access_log);
	add_string(text, "connection_log", config->connection_log);
	add_string(text, "fault_log", config->fault_log);
	add_limit(text, "max_connections", config->limits.max_connections);
	add_limit(text, "max_per_address", config->limits.max_per_address);
	add_number(text, "min_rate", config->limits.min_rate);
	add_number(text, "udp_rate", config->limits.udp_rate.per_s);
	add_number(text, "request_rate", config->limits.request_rate.per_s);
	add_real(text, "tcp_idle_timeout_s",
		 (double)config->limits.tcp_idle_ns / 1e9);
	add_real(text, "http_idle_timeout_s",
		 (double)config->limits.http_idle_ns / 1e9);
	add_real(text, "header_timeout_s",
		 (double)config->limits.header_ns / 1e9);
	add_real(text, "drain_timeout_s",
		 (double)config->limits.drain_ns / 1e9);
	text_add_char(text, '}');
}

static void add_state_sockets(struct text *text, const struct sockets *sockets)
{
	char address[ADDRESS_TEXT_SIZE];

	add_open_brace(text, "sockets", '[');
	for (size_t i = 0; i < sockets->n; i++) {
		const struct served_socket *sock = &sockets->list[i];

		add_open_brace(text, NULL, '{');
		add_string(text, "service",
			   sockets_service_name(sock->service));
		if (sock->path[0])
			add_string(text, "path", sock->path);
		else
			add_string(text, "address",
				   address_format(&sock->address, address));
		add_bool(text, "from_supervisor", sock->is_handed);
		text_add_char(text, '}');
	}
	text_add_char(text, ']');
}

static void add_state_counters(struct text *text,
			       const struct counters *counters)
{
	add_open_brace(text, "counters", '{');
#define X(name, meaning, metric) add_number(text, #name, counters->name);
	COUNTERS(X)
#undef X
	text_add_char(text, '}');
}

static void add_state_faults(struct text *text, const struct faults *faults)
{
	const char *rule;

	if (!faults) {
		add_string(text, "faults", NULL);
		return;
	}
	add_open_brace(text, "faults", '{');
	add_number(text, "seed", faults_seed(faults));
	add_open_brace(text, "rules", '[');
	for (size_t i = 0; (rule = faults_rule(faults, i)); i++)
		add_string(text, NULL, rule);
	text_add_str(text, "]}");
}

static void add_state_requests(struct text *text,
			       const struct outcomes *outcomes)
{
	add_open_brace(text, "http_requests", '[');
	for (unsigned i = 0; outcomes && i < OUTCOMES_METHODS * HTTP_STATUSES;
	     i++) {
		unsigned method = i / HTTP_STATUSES, at = i % HTTP_STATUSES;

		if (outcomes->n[method][at] == 0)
			continue;
		add_open_brace(text, NULL, '{');
		add_string(text, "method", outcomes_method(method));
		add_number(text, "status", http_status_at(at));
		add_number(text, "n", outcomes->n[method][at]);
		text_add_char(text, '}');
	}
	text_add_char(text, ']');
}

static void add_peer(struct text *text, const struct peer *peer)
{
	char address[ADDRESS_TEXT_SIZE];

	add_open_brace(text, NULL, '{');
	add_string(text, "service", peer->service);
	add_string(text, "address",
		   address_format_host(&peer->address, address));
	add_number(text, "port", address_port(&peer->address));
	add_real(text, "age_s", (double)peer->age_ns / 1e9);
	add_number(text, "bytes_sent", peer->n_sent);
	if (peer->has_tcp) {
		add_number(text, "bytes_received", peer->n_received);
		add_real(text, "rtt_s", peer->rtt_us / 1e6);
		add_number(text, "segments_retransmitted",
			   peer->n_retransmitted);
	}
	text_add_char(text, '}');
}

static void add_state_connections(struct text *text,
				  const struct snapshot *snapshot)
{
	add_open_brace(text, "connections", '{');
	add_number(text, "tcp", snapshot->n_open[SERVER_TCP]);
	add_number(text, "http", snapshot->n_open[SERVER_HTTP]);
	add_number(text, "admin", snapshot->n_open[SERVER_ADMIN]);
	add_number(text, "most", snapshot->n_open_most);
	add_open_brace(text, "newest", '[');
	for (size_t i = 0; i < snapshot->n_peers; i++)
		add_peer(text, &snapshot->peers[i]);
	text_add_str(text, "]}");
}

static void add_state_sources(struct text *text,
			      const struct snapshot *snapshot)
{
	char address[ADDRESS_TEXT_SIZE];

	add_open_brace(text, "sources", '[');
	for (size_t i = 0; i < snapshot->n_sources; i++) {
		const struct account_share *share = &snapshot->sources[i];

		add_open_brace(text, NULL, '{');
		add_string(text, "address",
			   network_format_owner(&share->owner, address));
		add_number(text, "connections", share->n);
		text_add_char(text, '}');
	}
	text_add_char(text, ']');
}

static void add_state_reload(struct text *text,
			     const struct reload_note *reload)
{
	add_name(text, "last_reload");
	if (reload->at_s == 0) {
		text_add_str(text, "null");
		return;
	}
	text_add_char(text, '{');
	add_number(text, "at", (uint64_t)reload->at_s);
	add_bool(text, "succeeded", reload->is_good);
	add_string(text, "cause", reload->is_good ? NULL : reload->cause);
	text_add_char(text, '}');
}

static void add_state_process(struct text *text,
			      const struct snapshot *snapshot)
{
	const struct usage *usage = &snapshot->usage;

	add_open_brace(text, "process", '{');
	add_real(text, "started_at", snapshot->started_s);
	add_real(text, "cpu_s", (double)usage->cpu_ns / 1e9);
	add_number(text, "resident_bytes", usage->resident_bytes);
	add_number(text, "descriptors", usage->n_descriptors);
	add_number(text, "descriptors_most", snapshot->n_descriptors_most);
	text_add_char(text, '}');
}

/* Line by line: an array is easier to show than text with line ends. */
static void add_state_log(struct text *text, struct slice log)
{
	add_open_brace(text, "log", '[');
	while (log.len > 0) {
		const char *end = memchr(log.ptr, '\n', log.len);
		size_t len = end ? (size_t)(end - log.ptr) : log.len;

		add_bytes(text, NULL, (struct slice){log.ptr, len});
		len += end != NULL;
		log.ptr += len;
		log.len -= len;
	}
	text_add_char(text, ']');
}

void state_json_write(struct text *text, const struct snapshot *snapshot)
{
	text_add_char(text, '{');
	add_string(text, "program", "uppercase-server");
	add_string(text, "version", PACKAGE_VERSION);
	add_string(text, "state",
		   snapshot->is_draining ? "draining" : "serving");
	add_real(text, "uptime_s", snapshot->uptime_s);
	add_real(text, "loop_lag_s", (double)snapshot->lag_ns / 1e9);
	add_state_process(text, snapshot);
	add_state_reload(text, snapshot->reload);
	add_state_config(text, snapshot->config);
	add_state_sockets(text, snapshot->sockets);
	add_state_faults(text, snapshot->faults);
	add_state_counters(text, snapshot->counters);
	add_state_requests(text, snapshot->outcomes);
	add_state_sources(text, snapshot);
	add_state_connections(text, snapshot);
	add_state_log(text, snapshot->log);
	text_add_str(text, "}\n");
}
