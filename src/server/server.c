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
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/units.h"
#include "loop/account.h"
#include "loop/conn.h"
#include "loop/listener.h"
#include "loop/loop.h"
#include "os/address.h"
#include "os/docroot.h"
#include "os/process.h"
#include "os/socket.h"
#include "os/supervisor.h"
#include "server/activation.h"
#include "server/binding.h"
#include "server/tcp_service.h"
#include "server/udp_service.h"
#include "web/accesslog.h"
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
 * three, the root, a spare one, what whoever started us has left open, and what
 * is open for a moment while a file is looked at.
 */
#define SERVER_OWN 16

enum {
	SIGNAL_TERM,
	SIGNAL_INT,
	SIGNAL_HUP,
	SIGNAL_USR1,
	SIGNAL_N
};

/* A socket to be told of. */
struct ready {
	int service;
	struct address address;
	const char *path; /* of a Unix socket, instead; or NULL */
};

struct server {
	struct loop loop;
	struct listener_set listeners;
	struct udp_service *udp;
	struct tcp_service *tcp;
	struct web_service *web;
	struct site *site;
	struct access_log *log; /* NULL for none */
	const struct config *config;
	struct binding bindings[SERVER_SERVICES];
	struct activation activation; /* until its sockets are handed over */
	struct ready ready[SERVER_SERVICES * BINDING_SOCKETS_MAX];
	size_t n_ready;
	struct event signals[SIGNAL_N];
	struct event watchdog_timer;
	struct event drain_timer;
	struct event drain_step;
	size_t n_left_late; /* connections when the drain's time was over */
	size_t n_descriptors;
	bool was_cut; /* the end was not clean */
};

/* Hands an open socket over to its service. */
typedef int (*add_fn)(struct server *server, int fd);

/* --- sockets --- */

static int add_udp(struct server *server, int fd)
{
	return udp_service_add(server->udp, fd);
}

static int add_tcp(struct server *server, int fd)
{
	return listener_add(&server->listeners, fd, tcp_service_accept_cb,
			    server->tcp);
}

static int add_web(struct server *server, int fd)
{
	return listener_add(&server->listeners, fd, web_service_accept_cb,
			    server->web);
}

/* How each service is told of, and where its sockets go. */
static const struct {
	const char *name;
	int socktype;
	add_fn add;
} services[SERVER_SERVICES] = {
	[SERVER_UDP] = {"udp", SOCK_DGRAM, add_udp},
	[SERVER_TCP] = {"tcp", SOCK_STREAM, add_tcp},
	[SERVER_HTTP] = {"http", SOCK_STREAM, add_web},
};

/* Notes what to tell when every socket is there. path may be NULL. */
static void note_ready(struct server *server, int service, const char *path,
		       int fd)
{
	struct ready *ready = &server->ready[server->n_ready];

	*ready = (struct ready){.service = service, .path = path};
	if (!path && socket_local_address(fd, &ready->address) < 0)
		return;
	server->n_ready++;
}

/* Whoever waits for these lines may take each for "the server runs". */
static void tell_ready(const struct server *server)
{
	char text[ADDRESS_TEXT_SIZE];

	for (size_t i = 0; i < server->n_ready; i++) {
		const struct ready *ready = &server->ready[i];
		bool has_root = ready->service == SERVER_HTTP;

		address_format(&ready->address, text);
		log_info("ready: %s %s%s%s%s", services[ready->service].name,
			 ready->path ? "unix:" : "",
			 ready->path ? ready->path : text,
			 has_root ? " root " : "",
			 has_root ? server->config->root : "");
	}
}

/* A service's first port; 0 when it has none. */
static uint16_t port_of(const struct server *server, int service)
{
	for (size_t i = 0; i < server->n_ready; i++)
		if (server->ready[i].service == service &&
		    !server->ready[i].path)
			return address_port(&server->ready[i].address);
	return 0;
}

/* For the start page. */
static void tell_site(struct server *server)
{
	const struct site_ports ports = {
		.udp = port_of(server, SERVER_UDP),
		.tcp = port_of(server, SERVER_TCP),
		.http = port_of(server, SERVER_HTTP),
	};

	if (server->site)
		site_set_ports(server->site, &ports);
}

static const struct setting_list *endpoints_of(const struct config *config,
					       int service)
{
	return service == SERVER_UDP   ? &config->udp
	       : service == SERVER_TCP ? &config->tcp
				       : &config->http;
}

static unsigned socket_options_of(const struct config *config, int service)
{
	unsigned options = config->reuse_port ? SOCKET_REUSE_PORT : 0;

	if (service == SERVER_HTTP && config->defer_accept)
		options |= SOCKET_DEFER_ACCEPT;
	return options;
}

/* Opens a service's sockets and hands them over. */
static int open_sockets(struct server *server, int service, char **cause)
{
	const struct binding *binding = &server->bindings[service];
	int fds[BINDING_SOCKETS_MAX];

	if (binding_open(binding, socket_options_of(server->config, service),
			 fds, cause) < 0)
		return -1;
	for (size_t i = 0; i < binding->n; i++) {
		if (fds[i] < 0)
			continue;
		if (services[service].add(server, fds[i]) < 0) {
			binding_close(fds + i, binding->n - i);
			return binding_fail(cause, "%s: out of memory",
					    binding->service);
		}
		note_ready(server, service, binding->places[i].path, fds[i]);
	}
	return 0;
}

/* Hands over what the supervisor has opened for the service. */
static int use_sockets(struct server *server, int service, char **cause)
{
	struct activation *activation = &server->activation;

	if (config_is_off(endpoints_of(server->config, service)))
		return binding_fail(cause,
				    "a socket for %s came from the service "
				    "manager, but --%s-port is off",
				    services[service].name,
				    services[service].name);
	while (activation->n[service] > 0) {
		int fd = activation->fds[service][activation->n[service] - 1];

		if (services[service].add(server, fd) < 0)
			return binding_fail(cause, "%s: out of memory",
					    services[service].name);
		activation->n[service]--;
		note_ready(server, service, NULL, fd);
	}
	return 0;
}

static int start_sockets(struct server *server, int service, char **cause)
{
	return server->activation.n[service] > 0
		       ? use_sockets(server, service, cause)
		       : open_sockets(server, service, cause);
}

/* A path leads to nobody from now on. What has connected is served. */
static void unlink_paths(struct server *server)
{
	for (size_t i = 0; i < server->n_ready; i++)
		if (server->ready[i].path)
			(void)unlink(server->ready[i].path);
	server->n_ready = 0;
}

/* Finds out where every service is to be. */
static int resolve(struct server *server, char **cause)
{
	const struct config *config = server->config;
	unsigned options[SERVER_SERVICES];
	struct binding_hosts hosts;

	for (int i = 0; i < SERVER_SERVICES; i++)
		options[i] = socket_options_of(config, i);
	if (activation_take(&server->activation, options, cause) < 0 ||
	    binding_find_hosts(&hosts, &config->listen, cause) < 0)
		return -1;
	for (int i = 0; i < SERVER_SERVICES; i++) {
		server->bindings[i].service = services[i].name;
		if (binding_resolve(&server->bindings[i],
				    endpoints_of(config, i),
				    services[i].socktype, &hosts, cause) < 0)
			return -1;
	}
	return 0;
}

/* --- services --- */

static size_t count_sockets(const struct server *server)
{
	size_t n = 0;

	for (int i = 0; i < SERVER_SERVICES; i++)
		n += server->bindings[i].n;
	return n;
}

/*
 * Descriptors that are not for connections. Sockets beyond those of two
 * addresses are on top: there may be many.
 */
static size_t count_reserve(const struct server *server)
{
	size_t reserve = server->n_descriptors / 8, n = count_sockets(server);

	if (reserve < SERVER_RESERVE_MIN)
		reserve = SERVER_RESERVE_MIN;
	if (reserve > SERVER_RESERVE_MAX)
		reserve = SERVER_RESERVE_MAX;
	return reserve +
	       (n > 2 * SERVER_SERVICES ? n - 2 * SERVER_SERVICES : 0);
}

/* Half of them are for files that the cache keeps open, but for our own. */
static size_t count_cached(const struct server *server)
{
	size_t reserve = count_reserve(server);
	size_t own = SERVER_OWN + count_sockets(server);
	size_t left = reserve > own ? reserve - own : 0;

	return left < reserve / 2 ? left : reserve / 2;
}

/* Reads --mime-types into *media; without it, that is an empty table. */
static int read_media(struct server *server, struct http_media **media,
		      char **cause)
{
	const char *path = server->config->mime_types;
	struct slice text = {"", 0};
	unsigned line;

	if (path && process_read_file(path, &text) < 0)
		return binding_fail(cause, "--mime-types=%s: %s", path,
				    strerror(errno));
	*media = http_media_parse(text, &line);
	if (path)
		process_free_file(text);
	if (!*media && line == 0)
		return binding_fail(cause, "out of memory");
	if (!*media)
		return binding_fail(
			cause,
			"--mime-types=%s: line %u: not a media type and "
			"its extensions",
			path, line);
	if (server->config->default_type)
		http_media_set_default(*media, server->config->default_type);
	return 0;
}

static int new_site(struct server *server, struct docroot *root,
		    struct http_media *media, char **cause)
{
	const struct config *config = server->config;
	struct site_options options = {
		.listing = config->listing,
		.hidden = config->hidden,
		.max_age_s = config->max_age_ns == SETTING_OFF
				     ? -1
				     : (int64_t)(config->max_age_ns /
						 CLOCK_NS_PER_S),
		.cache = {.max_bytes = (size_t)config->limits.cache_size,
			  .max_files = (size_t)config->limits.cache_files,
			  .max_open = count_cached(server)},
	};

	server->site = site_new(&server->loop, root, media, &options);
	if (server->site)
		return 0;
	http_media_free(media);
	docroot_close(root);
	return binding_fail(cause, "out of memory");
}

static int new_site_at_root(struct server *server, char **cause)
{
	struct http_media *media;
	struct docroot *root = docroot_open(server->config->root);

	if (!root)
		return binding_fail(
			cause,
			"document root %s: %s (%sname a folder with "
			"--root, or --http-port=off)",
			server->config->root, strerror(errno),
			strcmp(server->config->root, HTDOCS_DIR) == 0
				? "it comes with make install; before, "
				: "");
	if (read_media(server, &media, cause) < 0) {
		docroot_close(root);
		return -1;
	}
	return new_site(server, root, media, cause);
}

static int open_access_log(struct server *server, char **cause)
{
	const struct config *config = server->config;

	if (!config->access_log)
		return 0;
	server->log = access_log_open(&server->loop, config->access_log,
				      config->log_format);
	if (!server->log)
		return binding_fail(cause, "--access-log=%s: %s",
				    config->access_log, strerror(errno));
	return 0;
}

static int new_web_service(struct server *server, char **cause)
{
	if (open_access_log(server, cause) < 0 ||
	    new_site_at_root(server, cause) < 0)
		return -1;
	server->web = web_service_new(&server->loop, server->site, server->log);
	if (!server->web)
		return binding_fail(cause, "out of memory");
	return 0;
}

static int new_services(struct server *server, char **cause)
{
	const struct config *config = server->config;

	if (!config_is_off(&config->udp)) {
		server->udp = udp_service_new(&server->loop);
		if (!server->udp)
			return binding_fail(cause, "out of memory");
	}
	if (!config_is_off(&config->tcp)) {
		server->tcp = tcp_service_new(&server->loop, config->tcp_once);
		if (!server->tcp)
			return binding_fail(cause, "out of memory");
	}
	return config_is_off(&config->http) ? 0
					    : new_web_service(server, cause);
}

static int start_services(struct server *server, char **cause)
{
	for (int i = 0; i < SERVER_SERVICES; i++)
		if (start_sockets(server, i, cause) < 0)
			return -1;
	tell_site(server);
	tell_ready(server);
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
	unlink_paths(server);
	listener_set_drain(&server->listeners);
	if (server->udp)
		udp_service_drain(server->udp);
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

/* Without an access log there is nothing to open anew, and no reason to die. */
static void hup_cb(evutil_socket_t signal, short what, void *arg)
{
	struct server *server = arg;

	(void)signal;
	(void)what;
	if (server->log)
		access_log_reopen(server->log);
}

static void turn_ended_cb(void *arg)
{
	struct server *server = arg;

	if (server->log)
		access_log_flush(server->log);
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
		 server->n_descriptors, server->loop.max_descriptors, tcp_idle,
		 (size_t)limits->header_size, header, http_idle);
}

static int start(struct server *server, char **cause)
{
	size_t n_needed;

	server->n_descriptors = process_raise_descriptor_limit();
	if (loop_init(&server->loop) < 0)
		return binding_fail(cause,
				    "event loop: no memory, or no epoll here");
	server->loop.limits = &server->config->limits;
	if (resolve(server, cause) < 0)
		return -1;
	n_needed = count_reserve(server) + SERVER_CONNECTIONS_MIN;
	if (server->n_descriptors < n_needed)
		return binding_fail(
			cause,
			"the limit on descriptors is %zu: at least %zu are "
			"needed (ulimit -n)",
			server->n_descriptors, n_needed);
	listener_set_init(&server->listeners, &server->loop,
			  server->n_descriptors - count_reserve(server));
	listener_set_shed(&server->listeners, conn_shed);
	server->loop.accounts = accounts_new(server->loop.max_descriptors);
	if (!server->loop.accounts)
		return binding_fail(cause, "out of memory");
	server->loop.turn_ended_cb = turn_ended_cb;
	server->loop.turn_ended_arg = server;
	if (catch_signals(server, cause) < 0 ||
	    start_watchdog(server, cause) < 0 ||
	    new_services(server, cause) < 0)
		return -1;
	if (server->config->test_config)
		return 0;
	tell_limits(server);
	return start_services(server, cause);
}

struct server *server_new(const struct config *config, char **cause)
{
	struct server *server = calloc(1, sizeof(*server));

	*cause = NULL;
	if (!server)
		return NULL;
	server->config = config;
	if (start(server, cause) == 0)
		return server;
	server_free(server);
	return NULL;
}

int server_run(struct server *server)
{
	log_flush();
	supervisor_tell_status("serving on %zu sockets", server->n_ready);
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
	activation_close(&server->activation);
	unlink_paths(server);
	listener_set_clear(&server->listeners);
	conn_close_all(&server->loop);
	udp_service_free(server->udp);
	tcp_service_free(server->tcp);
	web_service_free(server->web);
	site_free(server->site);
	access_log_close(server->log);
	accounts_free(server->loop.accounts);
	loop_clear(&server->loop);
	free(server);
}
