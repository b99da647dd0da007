/* SPDX-License-Identifier: MIT */
#include "snapshot_fixture.h"

#include <arpa/inet.h>
#include <string.h>

#include "harness.h"
#include "loop/faults.h"

static struct counters counters;
static struct outcomes outcomes;
static struct config config;
static struct sockets sockets;
static struct reload_note reload;
static struct peer peers[2];
static struct snapshot snapshot;

static struct address make_v4(uint32_t host, uint16_t port)
{
	struct address address = address_any(AF_INET, port);

	address.sa.in4.sin_addr.s_addr = htonl(host);
	return address;
}

static void make_sockets(void)
{
	memset(&sockets, 0, sizeof(sockets));
	sockets.list[0] =
		(struct served_socket){.service = SERVER_HTTP,
				       .address = make_v4(0x7f000001, 80),
				       .is_handed = true};
	sockets.list[1] = (struct served_socket){.service = SERVER_ADMIN};
	(void)snprintf(sockets.list[1].path, sizeof(sockets.list[1].path),
		       "/run/%s", SNAPSHOT_HOSTILE);
	sockets.n = 2;
}

static void make_peers(void)
{
	peers[0] = (struct peer){
		.service = "http",
		.address = make_v4(0xc0000201, 40000),
		.age_ns = 1500000000,
		.n_sent = 123456,
		.has_tcp = true,
		.n_received = 789,
		.rtt_us = 250,
		.n_retransmitted = 3,
	};
	peers[1] = (struct peer){.service = "tcp",
				 .address.sa.any.sa_family = AF_UNIX};
}

static void make_sources(void)
{
	struct address v6 = address_any(AF_INET6, 0);

	v6.sa.in6.sin6_addr.s6_addr[0] = 0x20;
	v6.sa.in6.sin6_addr.s6_addr[1] = 0x01;
	snapshot.sources[0] = (struct account_share){v6, 12};
	snapshot.sources[1] = (struct account_share){make_v4(0xc0000201, 0), 2};
	snapshot.n_sources = 2;
}

static struct faults *make_faults(void)
{
	static const char *const rules[] = {
		"http path=/a\"<b>*: status 503",
		"tcp: close after 10B",
	};
	static struct faults *faults;
	char cause[FAULT_CAUSE_SIZE];

	faults_free(faults);
	faults = faults_new(7, rules, ARRAY_LEN(rules), cause);
	ck_assert_msg(faults, "%s", cause);
	return faults;
}

struct snapshot *snapshot_make(void)
{
	static const char log[] =
		"2026-11-26T19:11:34Z ready: " SNAPSHOT_HOSTILE "\n"
		"2026-11-26T19:11:35Z second line\n";

	counters = (struct counters){
		.udp_datagrams = 7,
		.http_requests = 9,
		.tcp_bytes = 3 << 20,
		.accept_paused_ns = 1250000000,
	};
	memset(&outcomes, 0, sizeof(outcomes));
	outcomes_note(&outcomes, HTTP_METHOD_HEAD, 404);
	outcomes_note_durations(&outcomes, 0, 5);
	config = (struct config){
		.root = SNAPSHOT_HOSTILE,
		.config_file = "/etc/server.conf",
		.listing = true,
		.access_log = "-",
		.limits = {.max_connections = UINT64_MAX,
			   .max_per_address = 50,
			   .min_rate = 4096,
			   .udp_rate = {16, 32},
			   .request_rate = {8, 9},
			   .tcp_idle_ns = 300500000000,
			   .http_idle_ns = 65000000000,
			   .header_ns = 10000000000,
			   .drain_ns = 30000000000},
	};
	reload = (struct reload_note){.at_s = 1795720294};
	strcpy(reload.cause, SNAPSHOT_HOSTILE);
	make_sockets();
	make_peers();
	snapshot = (struct snapshot){
		.started_s = 1234.5,
		.uptime_s = 93784,
		.counters = &counters,
		.outcomes = &outcomes,
		.n_open = {[SERVER_TCP] = 5,
			   [SERVER_HTTP] = 3,
			   [SERVER_ADMIN] = 2},
		.n_open_most = 100,
		.n_descriptors_most = 128,
		.lag_ns = 2500000,
		.usage = {1500000000, 4096, 17},
		.config = &config,
		.sockets = &sockets,
		.reload = &reload,
		.faults = make_faults(),
		.log = {log, sizeof(log) - 1},
		.peers = peers,
		.n_peers = 2,
	};
	make_sources();
	return &snapshot;
}

struct snapshot *snapshot_make_bare(void)
{
	static const struct sockets none = {.n = 0};
	static const struct reload_note never = {0};
	struct snapshot *bare = snapshot_make();

	bare->outcomes = NULL;
	bare->faults = NULL;
	bare->sockets = &none;
	bare->reload = &never;
	bare->n_peers = bare->n_sources = bare->log.len = 0;
	return bare;
}
