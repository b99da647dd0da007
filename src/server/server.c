/* SPDX-License-Identifier: MIT */
/*
 * Assembly: from a configuration to sockets, services and signals, and the way
 * down again. Starting stops at the first thing that does not work, since a
 * server that serves half of what it was asked to is worse than none.
 *
 * Going down has three steps:
 *
 *	drain   no new work; answer what has arrived; each connection ends
 *	end     the last connection is gone, or a second signal, or the time
 *		limit: the loop stops
 *	free    whatever is left is closed
 */
#include "server/server.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/units.h"
#include "loop/account.h"
#include "loop/conn.h"
#include "loop/faults.h"
#include "loop/listener.h"
#include "loop/loop.h"
#include "loop/spool.h"
#include "os/process.h"
#include "os/supervisor.h"
#include "os/usage.h"
#include "server/admin.h"
#include "server/binding.h"
#include "server/confinement.h"
#include "server/messages.h"
#include "server/sockets.h"
#include "server/tcp_service.h"
#include "server/udp_service.h"
#include "server/webroot.h"
#include "web/site.h"
#include "web/web.h"

#define DRAIN_PAUSE_US 10000 /* between two looks at who has come */

/*
 * Descriptors kept back from connections: files being sent, the loop's own,
 * and some for answering those who are there already.
 */
#define SERVER_CONNECTIONS_MIN 16
#define SERVER_RESERVE_MIN     32
#define SERVER_RESERVE_MAX     256

/*
 * Ours without the services' sockets: three standard ones, the log, the loop's
 * three, the root, two of what the process uses, a spare one, what whoever
 * started us has left open, and what is open for a moment while a file is
 * looked at.
 */
#define SERVER_OWN 18

/* Sockets of two addresses for each of the three services. */
#define SERVER_SOCKETS_USUAL 6

enum {
	SIGNAL_TERM,
	SIGNAL_INT,
	SIGNAL_HUP,
	SIGNAL_USR1,
	SIGNAL_N
};

struct server {
	struct loop loop;
	struct listener_set listeners;
	struct listener_set admin_listeners; /* a drain leaves them */
	struct udp_service *udp;
	struct tcp_service *tcp;
	struct web_service *web;
	struct admin *admin;
	struct site *site;
	struct spool *logs[CONFIG_SPOOLS];
	const struct config *config;
	struct config_set *reloaded; /* that config is of; NULL at first */
	bool is_to_confine;
	struct confinement *confinement; /* NULL for none */
	int argc;			 /* see server_read_again() */
	char **argv;
	struct reload_note last_reload;
	struct sockets sockets;
	size_t n_sockets; /* that it has, or is about to open */
	struct event signals[SIGNAL_N];
	struct event watchdog_timer;
	struct event drain_timer;
	struct event drain_step;
	size_t n_left_late; /* connections when the drain's time was over */
	size_t n_descriptors;
	struct timespec started;
	uint64_t started_ns;
	struct usage_source usage;
	bool was_cut; /* the end was not clean */
};

/* --- sockets --- */

static int add_socket(void *arg, int service, int fd)
{
	struct server *server = arg;

	if (service == SERVER_UDP)
		return udp_service_add(server->udp, fd);
	if (service == SERVER_TCP)
		return listener_add(&server->listeners, fd,
				    tcp_service_accept_cb, server->tcp);
	if (service == SERVER_ADMIN)
		return listener_add(&server->admin_listeners, fd,
				    admin_accept_cb, server->admin);
	return listener_add(&server->listeners, fd, web_service_accept_cb,
			    server->web);
}

static void remove_socket(void *arg, int service, int fd)
{
	struct server *server = arg;

	if (service == SERVER_UDP)
		udp_service_remove(server->udp, fd);
	else if (service == SERVER_ADMIN)
		listener_remove(&server->admin_listeners, fd);
	else
		listener_remove(&server->listeners, fd);
}

static void share_ports_of_leaving(void *arg, bool is_shared)
{
	struct server *server = arg;

	listener_set_share(&server->listeners, is_shared);
	listener_set_share(&server->admin_listeners, is_shared);
}

/* For the start page. */
static void tell_site(struct server *server)
{
	const struct site_ports ports = {
		.udp = sockets_port(&server->sockets, SERVER_UDP),
		.tcp = sockets_port(&server->sockets, SERVER_TCP),
		.http = sockets_port(&server->sockets, SERVER_HTTP),
	};

	if (server->site)
		site_set_ports(server->site, &ports);
}

/* --- services --- */

/*
 * Descriptors that are not for connections. Sockets beyond those of two
 * addresses are on top: there may be many.
 */
static size_t count_reserve(const struct server *server)
{
	size_t reserve = server->n_descriptors / 8, n = server->n_sockets;

	if (reserve < SERVER_RESERVE_MIN)
		reserve = SERVER_RESERVE_MIN;
	if (reserve > SERVER_RESERVE_MAX)
		reserve = SERVER_RESERVE_MAX;
	if (n > SERVER_SOCKETS_USUAL)
		reserve += n - SERVER_SOCKETS_USUAL;
	return reserve + (server->admin ? ADMIN_CONNECTIONS_MAX : 0);
}

/* Half of them are for files that the cache keeps open, but for our own. */
static size_t count_cached(const struct server *server)
{
	size_t reserve = count_reserve(server);
	size_t own = SERVER_OWN + server->n_sockets +
		     (server->admin ? ADMIN_CONNECTIONS_MAX : 0);
	size_t left = reserve > own ? reserve - own : 0;

	return left < reserve / 2 ? left : reserve / 2;
}

/* --- configurations, one after the other --- */

/* What a configuration needs that can fail. */
struct change {
	const struct config *config;
	struct binding bindings[SERVER_SERVICES];
	bool is_first;
	struct site *site;		   /* NULL when HTTP is off */
	struct bucket_table *udp_rate;	   /* NULL, new ones, or the loop's */
	struct bucket_table *request_rate; /* likewise */
	struct faults *faults;		   /* NULL for none */
	struct messages messages;
	int log_fds[CONFIG_SPOOLS]; /* -1: stays as it is, or is off */
};

/* How many connections there can be. */
static size_t count_most(const struct loop *loop)
{
	uint64_t most = loop->limits->max_connections;

	return most < loop->max_descriptors ? (size_t)most
					    : loop->max_descriptors;
}

static void look_cb(void *arg, struct snapshot *snapshot)
{
	struct server *server = arg;
	struct loop *loop = &server->loop;

	*snapshot = (struct snapshot){
		.is_draining = loop->draining,
		.started_s = (double)server->started.tv_sec +
			     (double)server->started.tv_nsec / 1e9,
		.uptime_s =
			(double)(loop_now_ns(loop) - server->started_ns) / 1e9,
		.counters = &loop->counters,
		.outcomes = web_service_outcomes(server->web),
		.faults = loop->faults,
		.n_open = {[SERVER_TCP] = tcp_service_count(server->tcp),
			   [SERVER_HTTP] = web_service_count(server->web),
			   [SERVER_ADMIN] = admin_count(server->admin)},
		.n_open_most = count_most(loop),
		.n_descriptors_most = server->n_descriptors,
		.lag_ns = admin_lag_ns(server->admin),
		.config = server->config,
		.sockets = &server->sockets,
		.reload = &server->last_reload,
		.log = log_recent(),
	};
	snapshot->n_sources = accounts_largest(
		loop->accounts, snapshot->sources, SNAPSHOT_SOURCES);
	usage_read(&server->usage, &snapshot->usage);
}

/* Also while it is found out whether there is room for it. */
static int make_admin(struct server *server, const struct config *config,
		      char **cause)
{
	if (server->admin || config_is_off(&config->admin))
		return 0;
	server->admin = admin_new(&server->loop, look_cb, server);
	return server->admin ? 0 : binding_fail(cause, "out of memory");
}

/* A service that is turned off keeps its connections. */
static int make_services(struct server *server, const struct config *config,
			 char **cause)
{
	if (!server->udp && !config_is_off(&config->udp))
		server->udp = udp_service_new(&server->loop);
	if (!server->tcp && !config_is_off(&config->tcp))
		server->tcp = tcp_service_new(&server->loop, config->tcp_once);
	if (!server->web && !config_is_off(&config->http))
		server->web = web_service_new(&server->loop,
					      server->logs[CONFIG_LOG_ACCESS]);
	if ((server->udp || config_is_off(&config->udp)) &&
	    (server->tcp || config_is_off(&config->tcp)) &&
	    (server->web || config_is_off(&config->http)))
		return 0;
	return binding_fail(cause, "out of memory");
}

/* NULL for none, as without the service that it is of. */
static const char *log_path(const struct config *config, int i)
{
	const char *paths[CONFIG_LOGS];

	config_logs(config, paths);
	if (i == CONFIG_LOG_ACCESS && config_is_off(&config->http))
		return NULL;
	return paths[i];
}

static int open_logs(const struct server *server, struct change *change,
		     char **cause)
{
	static const char *const options[CONFIG_SPOOLS] = {
		"access-log", "connection-log", "fault-log"};
	const struct config *config = change->config;

	for (int i = 0; i < CONFIG_SPOOLS; i++) {
		const char *path = log_path(config, i);

		if (!path ||
		    spool_is_at(server->logs[i], path, (int)config->log_format))
			continue;
		change->log_fds[i] = spool_open_file(path);
		if (change->log_fds[i] < 0)
			return binding_fail(cause, "--%s=%s: %s", options[i],
					    path, strerror(errno));
	}
	return messages_open(&change->messages, config,
			     change->is_first ? NULL : server->config, cause);
}

/* With the seed of before, if one has been drawn. */
static uint64_t choose_seed(const struct server *server,
			    const struct config *config)
{
	uint64_t seed = 0;

	if (config->fault_seed != SETTING_OFF)
		return config->fault_seed;
	if (server->loop.faults && server->config->fault_seed == SETTING_OFF)
		return faults_seed(server->loop.faults);
	/* Short enough to be noted down; without randomness it is 0. */
	(void)!getrandom(&seed, sizeof(uint32_t), GRND_NONBLOCK);
	return seed;
}

static int make_faults(struct server *server, struct change *change,
		       char **cause)
{
	const struct config *config = change->config;
	char why[FAULT_CAUSE_SIZE];

	if (config->faults.n == 0)
		return 0;
	change->faults =
		faults_new(choose_seed(server, config), config->faults.items,
			   config->faults.n, why);
	return change->faults ? 0 : binding_fail(cause, "--fault: %s", why);
}

static void use_faults(struct server *server, struct change *change)
{
	struct faults *before = server->loop.faults;
	const char *rule;

	faults_inherit(change->faults, before);
	server->loop.faults = change->faults;
	faults_free(before);
	for (size_t i = 0; (rule = faults_rule(change->faults, i)); i++)
		log_warn("fault %zu: %s", i + 1, rule);
	if (change->faults)
		log_warn("faults are on: --fault-seed=%llu has the same again",
			 (unsigned long long)faults_seed(change->faults));
}

/* The table stays, with what was taken from it, when the rate does. */
static int make_rate(struct bucket_table **table, struct bucket_table *had,
		     struct limits_rate before, struct limits_rate rate,
		     char **cause)
{
	bool is_same = before.per_s == rate.per_s && before.burst == rate.burst;

	*table = rate.per_s > 0 && is_same ? had : NULL;
	if (*table || rate.per_s == 0)
		return 0;
	*table = bucket_table_new(rate.burst,
				  rate.burst * CLOCK_NS_PER_S / rate.per_s);
	return *table ? 0 : binding_fail(cause, "out of memory");
}

static int make_rates(struct server *server, struct change *change,
		      char **cause)
{
	const struct limits *before = &server->config->limits;
	const struct limits *limits = &change->config->limits;
	struct loop *loop = &server->loop;

	if (make_rate(&change->udp_rate, loop->udp_rate, before->udp_rate,
		      limits->udp_rate, cause) < 0)
		return -1;
	return make_rate(&change->request_rate, loop->request_rate,
			 before->request_rate, limits->request_rate, cause);
}

/* One of two takes the other's place, which may be itself. */
static void replace_rate(struct bucket_table **table, struct bucket_table *by)
{
	if (*table != by)
		bucket_table_free(*table);
	*table = by;
}

static int open_content(struct server *server, struct change *change,
			char **cause)
{
	const struct config *config = change->config;

	if (config_is_off(&config->http))
		return 0;
	change->site = webroot_open_site(&server->loop, config,
					 count_cached(server), cause);
	return change->site ? 0 : -1;
}

static void tell_limits(const struct server *server)
{
	const struct limits *limits = server->loop.limits;
	char tcp_idle[UNITS_TEXT_SIZE], header[UNITS_TEXT_SIZE];
	char http_idle[UNITS_TEXT_SIZE];

	units_format_time(limits->tcp_idle_ns, tcp_idle);
	units_format_time(limits->header_ns, header);
	units_format_time(limits->http_idle_ns, http_idle);
	log_info("limits: %zu descriptors, %zu connections; tcp idle %s; "
		 "http request head %zu bytes in %s, idle %s",
		 server->n_descriptors, count_most(&server->loop), tcp_idle,
		 (size_t)limits->header_size, header, http_idle);
}

/* How many descriptors are for connections, beside the sockets to come. */
static int make_room(struct server *server, const struct change *change,
		     char **cause)
{
	size_t reserve;

	server->n_sockets = 0;
	for (int i = 0; i < SERVER_SERVICES; i++)
		server->n_sockets += change->bindings[i].n;
	reserve = count_reserve(server);
	if (server->n_descriptors < reserve + SERVER_CONNECTIONS_MIN)
		return binding_fail(
			cause,
			"the limit on descriptors is %zu: at least %zu are "
			"needed (ulimit -n)",
			server->n_descriptors,
			reserve + SERVER_CONNECTIONS_MIN);
	server->loop.max_descriptors = server->n_descriptors - reserve;
	return 0;
}

/* Once, when whatever needs privileges is done. */
static int server_confine(struct server *server, const struct change *change,
			  char **cause)
{
	if (!change->is_first || !server->is_to_confine)
		return 0;
	server->confinement = confinement_enter(change->config, cause);
	return server->confinement ? 0 : -1;
}

/* The sockets, which a mere test leaves alone. */
static int open_sockets(struct server *server, struct change *change,
			char **cause)
{
	if (change->is_first)
		tell_limits(server);
	if (change->is_first &&
	    sockets_take_handed(&server->sockets, change->config, cause) < 0)
		return -1;
	return sockets_open(&server->sockets, change->config, change->bindings,
			    cause);
}

/* All that can fail; the loop's limits are the new ones already. */
static int prepare_change(struct server *server, struct change *change,
			  char **cause)
{
	const struct config *config = change->config;

	if (confinement_judge(server->confinement, config, cause) < 0 ||
	    sockets_resolve(config, change->bindings, cause) < 0 ||
	    make_admin(server, config, cause) < 0 ||
	    make_room(server, change, cause) < 0 ||
	    make_services(server, config, cause) < 0 ||
	    open_logs(server, change, cause) < 0 ||
	    make_rates(server, change, cause) < 0 ||
	    make_faults(server, change, cause) < 0 ||
	    open_content(server, change, cause) < 0)
		return -1;
	if (!config->test_config && open_sockets(server, change, cause) < 0)
		return -1;
	return server_confine(server, change, cause);
}

static void change_log(struct server *server, const struct change *change,
		       int i)
{
	const struct config *config = change->config;
	const char *path = log_path(config, i);

	if (change->log_fds[i] >= 0)
		spool_use(server->logs[i], change->log_fds[i], path,
			  (int)config->log_format);
	else if (path)
		spool_reopen(server->logs[i]);
	else
		spool_use(server->logs[i], -1, NULL, 0);
}

/* What has been counted of datagrams is for the log of before. */
static void change_logs(struct server *server, const struct change *change)
{
	bool is_on = change->config->connection_log != NULL;

	if (server->udp && !is_on)
		(void)udp_service_set_log(server->udp, false);
	/* The log of a service that has been turned off has lines to come. */
	if (change->site)
		change_log(server, change, CONFIG_LOG_ACCESS);
	change_log(server, change, CONFIG_LOG_CONNECTIONS);
	change_log(server, change, CONFIG_LOG_FAULTS);
	if (server->udp && is_on && udp_service_set_log(server->udp, true) < 0)
		log_warn("connection log: out of memory: without UDP");
}

static void commit_change(struct server *server, struct change *change)
{
	const struct config *config = change->config;

	server->config = config;
	replace_rate(&server->loop.udp_rate, change->udp_rate);
	replace_rate(&server->loop.request_rate, change->request_rate);
	use_faults(server, change);
	if (server->tcp)
		tcp_service_change(server->tcp, config->tcp_once);
	if (server->admin)
		admin_change(server->admin, &config->admin_access);
	if (change->site) {
		web_service_change(server->web, change->site);
		site_retire(server->site);
		server->site = change->site;
	}
	change_logs(server, change);
	log_set_level(config->log_level);
	messages_use(&change->messages);
	sockets_tell_ready(&server->sockets, config);
	sockets_settle(&server->sockets, config);
	tell_site(server);
}

static void discard_change(struct server *server, struct change *change)
{
	/* Those of its own go; the loop's stay. */
	replace_rate(&change->udp_rate, server->loop.udp_rate);
	replace_rate(&change->request_rate, server->loop.request_rate);
	faults_free(change->faults);
	site_retire(change->site);
	messages_discard(&change->messages);
	/* Standard output may be it, and is not ours to close. */
	for (int i = 0; i < CONFIG_SPOOLS; i++)
		if (change->log_fds[i] > STDERR_FILENO)
			(void)close(change->log_fds[i]);
}

/* What the loop hands down of a configuration. */
static void use_limits(struct loop *loop, const struct config *config)
{
	loop->limits = &config->limits;
	loop->access =
		access_is_limited(&config->access) ? &config->access : NULL;
	loop->proxies = config->proxies.n > 0 ? &config->proxies : NULL;
}

/* From one configuration to the next; all stays as it was when that fails. */
static int server_apply(struct server *server, const struct config *config,
			char **cause)
{
	struct change change = {
		.config = config,
		.is_first = config == server->config,
		.messages = {.fd = -1},
		.log_fds = {-1, -1, -1},
	};
	const struct config *before = server->config;

	use_limits(&server->loop, config);
	if (prepare_change(server, &change, cause) == 0) {
		commit_change(server, &change);
		conn_shed_surplus(&server->loop);
		return 0;
	}
	use_limits(&server->loop, before);
	discard_change(server, &change);
	return -1;
}

static enum arguments_verdict read_config_again(const struct server *server,
						struct config_set *set,
						char *cause)
{
	int fd = confinement_open_config(server->confinement);
	enum arguments_verdict verdict =
		config_read_open(set, server->argc, server->argv, fd, cause);

	if (fd >= 0)
		(void)close(fd);
	return verdict;
}

/* The configuration file and what the command line says, once more. */
static int reload(struct server *server, char **cause)
{
	struct config_set *set = calloc(1, sizeof(*set));
	char why[SETTINGS_CAUSE_SIZE] = "";

	if (!set)
		return binding_fail(cause, "out of memory");
	if (read_config_again(server, set, why) != ARGUMENTS_RUN) {
		config_set_free(set);
		return binding_fail(cause, "%s", why);
	}
	if (server_apply(server, &set->config, cause) < 0) {
		config_set_free(set);
		return -1;
	}
	config_set_free(server->reloaded);
	server->reloaded = set;
	return 0;
}

/* --- signals and the way down --- */

static void cut(struct server *server, const char *why)
{
	log_warn("stopped: %s: %zu connections cut", why, server->loop.n_conns);
	server->was_cut = true;
	loop_stop(&server->loop);
}

/*
 * While a further turn ends some connections, it is this process that was late,
 * and not they.
 */
static void drain_expired_cb(evutil_socket_t fd, short what, void *arg)
{
	struct server *server = arg;
	struct timeval at_once = {0};

	(void)fd;
	(void)what;
	if (server->loop.n_conns >= server->n_left_late ||
	    event_add(&server->drain_timer, &at_once) < 0)
		cut(server, "the drain took too long");
	server->n_left_late = server->loop.n_conns;
}

/*
 * Tells the connections, some in each turn, so that signals are heard; and goes
 * on for those that the listeners still bring.
 */
static void drain_step_cb(evutil_socket_t fd, short what, void *arg)
{
	struct server *server = arg;
	struct loop *loop = &server->loop;
	bool is_more = conn_drain_some(loop);
	struct timeval pause = {.tv_usec = is_more ? 0 : DRAIN_PAUSE_US};

	(void)fd;
	(void)what;
	if ((is_more || loop->n_waiting > 0) &&
	    event_add(&server->drain_step, &pause) < 0)
		cut(server, "out of memory");
	loop_stop_if_drained(loop);
}

/* The state and the time limit come first: nothing below may hold them up. */
static void server_drain(struct server *server)
{
	struct timeval limit = clock_timeval(server->loop.limits->drain_ns);

	server->loop.draining = true;
	server->n_left_late = SIZE_MAX;
	log_info("stopping: draining %zu connections", server->loop.n_conns);
	supervisor_tell(SUPERVISOR_STOPPING);
	supervisor_tell_status("draining %zu connections",
			       server->loop.n_conns);
	if (event_add(&server->drain_timer, &limit) < 0) {
		cut(server, "out of memory");
		return;
	}
	sockets_forget_services(&server->sockets);
	if (server->udp)
		udp_service_drain(server->udp);
	listener_set_drain(&server->listeners);
	drain_step_cb(-1, 0, server);
}

static void stop_cb(evutil_socket_t signal, short what, void *arg)
{
	struct server *server = arg;

	(void)signal;
	(void)what;
	if (!server->loop.running)
		return; /* two signals in one turn, and nothing left to do */
	if (server->loop.draining)
		cut(server, "second signal");
	else
		server_drain(server);
}

static void usr1_cb(evutil_socket_t signal, short what, void *arg)
{
	struct server *server = arg;

	(void)signal;
	(void)what;
	log_info("counters: %zu connections open", server->loop.n_conns);
	counters_log(&server->loop.counters);
}

static void tell_serving(const struct server *server, const char *before)
{
	supervisor_tell_status("%sserving on %zu sockets", before,
			       server->sockets.n);
}

static void note_reload(struct server *server, bool is_good, const char *cause)
{
	struct reload_note *note = &server->last_reload;

	*note = (struct reload_note){
		.at_s = loop_wall(&server->loop).tv_sec,
		.is_good = is_good,
	};
	(void)snprintf(note->cause, sizeof(note->cause), "%s",
		       cause ? cause : "out of memory");
}

static void reopen_logs(struct server *server)
{
	struct messages messages;
	char *cause;

	for (int i = 0; i < CONFIG_SPOOLS; i++)
		spool_reopen(server->logs[i]);
	if (messages_open(&messages, server->config, server->config, &cause) <
	    0) {
		log_warn("%s", cause ? cause : "out of memory");
		free(cause);
	}
	messages_use(&messages);
}

static void hup_cb(evutil_socket_t signal, short what, void *arg)
{
	struct server *server = arg;
	char *cause = NULL;
	bool is_good;

	(void)signal;
	(void)what;
	if (server->loop.draining || !server->argv) {
		reopen_logs(server);
		return;
	}
	supervisor_tell(SUPERVISOR_RELOADING);
	is_good = reload(server, &cause) == 0;
	note_reload(server, is_good, cause);
	if (is_good) {
		log_info("reloaded: serving on %zu sockets", server->sockets.n);
		tell_serving(server, "reloaded: ");
	} else {
		log_warn("reload: %s: all stays as it was",
			 cause ? cause : "out of memory");
		tell_serving(server, "the last reload has failed: ");
		/* Who has moved it away waits for that. */
		reopen_logs(server);
	}
	supervisor_tell(SUPERVISOR_READY);
	free(cause);
}

static void turn_ended_cb(void *arg)
{
	struct server *server = arg;

	for (int i = 0; i < CONFIG_SPOOLS; i++)
		spool_flush(server->logs[i]);
}

static int catch_signals(struct server *server, char **cause)
{
	static const struct {
		int number;
		event_callback_fn cb;
	} caught[SIGNAL_N] = {
		[SIGNAL_TERM] = {SIGTERM, stop_cb},
		[SIGNAL_INT] = {SIGINT, stop_cb},
		[SIGNAL_HUP] = {SIGHUP, hup_cb},
		[SIGNAL_USR1] = {SIGUSR1, usr1_cb},
	};

	process_ignore_job_control();
	(void)evtimer_assign(&server->drain_timer, server->loop.base,
			     drain_expired_cb, server);
	(void)evtimer_assign(&server->drain_step, server->loop.base,
			     drain_step_cb, server);
	for (size_t i = 0; i < SIGNAL_N; i++) {
		(void)evsignal_assign(&server->signals[i], server->loop.base,
				      caught[i].number, caught[i].cb, server);
		if (event_add(&server->signals[i], NULL) < 0)
			return binding_fail(cause, "cannot catch signals");
	}
	return 0;
}

/* --- who looks after this process --- */

static void watchdog_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	supervisor_tell_alive();
}

/* Alive is what the loop goes round for. */
static int start_watchdog(struct server *server, char **cause)
{
	struct timeval period = clock_timeval(supervisor_watchdog_ns() / 2);

	(void)event_assign(&server->watchdog_timer, server->loop.base, -1,
			   EV_PERSIST, watchdog_cb, server);
	if (!evutil_timerisset(&period) ||
	    event_add(&server->watchdog_timer, &period) == 0)
		return 0;
	return binding_fail(cause, "out of memory");
}

/* --- the server --- */

static int make_logs(struct server *server, char **cause)
{
	static const char *const names[CONFIG_SPOOLS] = {
		"access log", "connection log", "fault log"};

	for (int i = 0; i < CONFIG_SPOOLS; i++) {
		server->logs[i] = spool_new(&server->loop, names[i]);
		if (!server->logs[i])
			return binding_fail(cause, "out of memory");
	}
	server->loop.connlog = server->logs[CONFIG_LOG_CONNECTIONS];
	server->loop.faultlog = server->logs[CONFIG_LOG_FAULTS];
	return 0;
}

static int start_loop(struct server *server, char **cause)
{
	if (loop_init(&server->loop) < 0)
		return binding_fail(cause,
				    "event loop: no memory, or no epoll here");
	server->loop.limits = &server->config->limits;
	server->loop.turn_ended_cb = turn_ended_cb;
	server->loop.turn_ended_arg = server;
	server->loop.accounts = accounts_new(server->n_descriptors);
	if (!server->loop.accounts)
		return binding_fail(cause, "out of memory");
	listener_set_init(&server->listeners, &server->loop,
			  server->n_descriptors);
	listener_set_shed(&server->listeners, conn_shed);
	listener_set_init(&server->admin_listeners, &server->loop,
			  server->n_descriptors);
	listener_set_reserve(&server->admin_listeners);
	return 0;
}

static int start(struct server *server, char **cause)
{
	const struct sockets_user user = {add_socket, remove_socket,
					  share_ports_of_leaving, server};

	server->started = clock_wall();
	server->started_ns = clock_mono_ns();
	usage_open(&server->usage);
	server->n_descriptors = process_raise_descriptor_limit();
	sockets_init(&server->sockets, &user);
	if (start_loop(server, cause) < 0 || make_logs(server, cause) < 0 ||
	    catch_signals(server, cause) < 0 ||
	    start_watchdog(server, cause) < 0)
		return -1;
	return server_apply(server, server->config, cause);
}

static struct server *server_make(const struct config *config,
				  bool is_to_confine, char **cause)
{
	struct server *server = calloc(1, sizeof(*server));

	*cause = NULL;
	if (!server)
		return NULL;
	server->config = config;
	server->is_to_confine = is_to_confine;
	if (start(server, cause) == 0)
		return server;
	server_free(server);
	return NULL;
}

struct server *server_new(const struct config *config, char **cause)
{
	return server_make(config, false, cause);
}

struct server *server_new_confined(const struct config *config, char **cause)
{
	return server_make(config, true, cause);
}

void server_read_again(struct server *server, int argc, char **argv)
{
	server->argc = argc;
	server->argv = argv;
}

int server_run(struct server *server)
{
	log_flush();
	tell_serving(server, "");
	supervisor_tell(SUPERVISOR_READY);
	if (loop_run(&server->loop) < 0) {
		log_warn("event loop: %s", strerror(errno));
		return 1;
	}
	counters_log(&server->loop.counters);
	if (!server->was_cut)
		log_info("stopped");
	return server->was_cut ? 1 : 0;
}

void server_free(struct server *server)
{
	if (!server)
		return;
	sockets_forget(&server->sockets);
	listener_set_clear(&server->listeners);
	listener_set_clear(&server->admin_listeners);
	conn_close_all(&server->loop);
	udp_service_free(server->udp);
	tcp_service_free(server->tcp);
	web_service_free(server->web);
	admin_free(server->admin);
	usage_close(&server->usage);
	site_retire(server->site);
	for (int i = 0; i < CONFIG_SPOOLS; i++)
		spool_close(server->logs[i]);
	accounts_free(server->loop.accounts);
	bucket_table_free(server->loop.udp_rate);
	bucket_table_free(server->loop.request_rate);
	faults_free(server->loop.faults);
	loop_clear(&server->loop);
	config_set_free(server->reloaded);
	confinement_free(server->confinement);
	free(server);
}
