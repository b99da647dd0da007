/* SPDX-License-Identifier: MIT */
/*
 * The admin pages' connections: one request at a time, answered from memory.
 * What follows behind it waits for the next turn, so that whoever sends many
 * holds nobody up. Its rules on what a request is are the file server's.
 */
#include "server/admin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "http/date.h"
#include "http/host.h"
#include "http/page.h"
#include "http/request.h"
#include "http/status.h"
#include "http/target.h"
#include "loop/conn.h"
#include "server/dashboard.h"
#include "server/history.h"
#include "server/metrics.h"
#include "server/peers.h"
#include "server/readings.h"
#include "server/state_json.h"

#define ADMIN_HEAD_SIZE 1024 /* of an answer */
#define ADMIN_TICK_NS	CLOCK_NS_PER_S
#define ADMIN_EVENT_NS	(60 * ADMIN_TICK_NS) /* longer than we are ever late */

/* 128 random bits, so that nobody can write a script that passes for ours. */
#define ADMIN_NONCE_BYTES 16
#define ADMIN_NONCE_SIZE  (2 * ADMIN_NONCE_BYTES + 1)

struct admin {
	struct loop *loop;
	admin_look_cb look_cb;
	void *look_arg;
	const struct access *access; /* NULL: nobody yet */
	size_t n_open;
	struct deadline_queue head;
	struct deadline_queue idle;
	struct deadline_queue event; /* until a reader's next one */
	struct conn_stall stall;
	struct deadline_queue linger;
	struct event tick;
	uint64_t tick_at_ns; /* when it is due */
	uint64_t lag_ns;
	size_t n_readers; /* of /events */
	struct history history;
	struct http_date_memo date;
};

struct admin_conn {
	struct conn conn;
	struct admin *admin;
	struct conn_held in; /* input that could not be used yet */
	uint32_t scanned;    /* how far the parser looked at it */
	bool in_head;	     /* the head deadline runs for it */
	bool is_last;	     /* close when the output is gone */
	bool is_reader;	     /* gets events until it closes */
	bool is_local; /* the peer is on this host, by a loopback address */
};

static struct admin_conn *admin_conn_of(struct conn *conn)
{
	return CONTAINER_OF(conn, struct admin_conn, conn);
}

/* --- pages --- */

/* An answer on its way; the content is in the loop's `out` buffer. */
struct admin_answer {
	unsigned status;
	const char *media_type;
	bool has_allow;
	bool is_close;
	bool is_head_only;
	bool is_stream; /* without a length: the connection's end is its */
	char nonce[ADMIN_NONCE_SIZE]; /* of a page with a script; or "" */
	struct text content;
};

static void answer_failure(struct admin_answer *answer, unsigned status,
			   const char *advice)
{
	answer->status = status;
	answer->media_type = HTTP_PAGE_TYPE;
	answer->content.len = 0;
	answer->content.overflow = false;
	http_page_write(&answer->content, status, advice);
}

/* Writes the content, and may choose another status than 200. */
typedef void (*admin_page_fn)(struct admin *admin, struct admin_answer *answer,
			      struct snapshot *snapshot);

static void show_metrics(struct admin *admin, struct admin_answer *answer,
			 struct snapshot *snapshot)
{
	(void)admin;
	metrics_write(&answer->content, snapshot);
}

static void show_state(struct admin *admin, struct admin_answer *answer,
		       struct snapshot *snapshot)
{
	struct peer peers[PEERS_MAX];

	snapshot->peers = peers;
	snapshot->n_peers = peers_list(admin->loop, peers);
	state_json_write(&answer->content, snapshot);
}

/* False when the system has no randomness yet. */
static bool make_nonce(char nonce[ADMIN_NONCE_SIZE])
{
	unsigned char bytes[ADMIN_NONCE_BYTES];

	if (getrandom(bytes, sizeof(bytes), GRND_NONBLOCK) !=
	    (ssize_t)sizeof(bytes))
		return false;
	for (size_t i = 0; i < sizeof(bytes); i++)
		(void)snprintf(nonce + 2 * i, 3, "%02x", bytes[i]);
	return true;
}

static void show_dashboard(struct admin *admin, struct admin_answer *answer,
			   struct snapshot *snapshot)
{
	struct readings readings;
	struct peer peers[PEERS_MAX];

	if (!make_nonce(answer->nonce)) {
		answer_failure(answer, 503, NULL);
		return;
	}
	snapshot->peers = peers;
	snapshot->n_peers = peers_list(admin->loop, peers);
	readings_take(&readings, snapshot, &admin->history);
	dashboard_write(&answer->content, snapshot, &readings, &admin->history,
			answer->nonce);
}

/* The numbers as they are now, as an event without a name. */
static void add_event(const struct admin *admin, struct text *text,
		      const struct snapshot *snapshot)
{
	struct readings readings;

	readings_take(&readings, snapshot, &admin->history);
	text_add_str(text, "data: ");
	readings_write(text, &readings, &admin->history);
	text_add_str(text, "\n\n");
}

/* What was before comes first; the rest comes by the tick. */
static void show_events(struct admin *admin, struct admin_answer *answer,
			struct snapshot *snapshot)
{
	(void)snapshot;
	answer->is_stream = true;
	answer->is_close = true;
	text_add_str(&answer->content, "retry: 2000\n"
				       "event: history\ndata: ");
	readings_write_history(&answer->content, &admin->history);
	text_add_str(&answer->content, "\n\n");
}

/* For balancers: the next request should go to another server. */
static void show_health(struct admin *admin, struct admin_answer *answer,
			struct snapshot *snapshot)
{
	(void)admin;
	answer->status = snapshot->is_draining ? 503 : 200;
	text_add_str(&answer->content,
		     snapshot->is_draining ? "draining\n" : "ok\n");
}

static const struct admin_page {
	const char *path; /* without its first slash */
	const char *media_type;
	admin_page_fn show;
} admin_pages[] = {
	{"", DASHBOARD_TYPE, show_dashboard},
	{"events", "text/event-stream", show_events},
	{"metrics", METRICS_TYPE, show_metrics},
	{"status.json", STATE_JSON_TYPE, show_state},
	{"healthz", "text/plain; charset=utf-8", show_health},
};

static const struct admin_page *find_page(struct slice path)
{
	for (size_t i = 0; i < ARRAY_LEN(admin_pages); i++)
		if (slice_is(path, admin_pages[i].path))
			return &admin_pages[i];
	return NULL;
}

/* --- answering --- */

static void answer_page(struct admin *admin, const struct admin_page *page,
			struct admin_answer *answer)
{
	struct snapshot snapshot = {0};

	admin->look_cb(admin->look_arg, &snapshot);
	answer->status = 200;
	answer->media_type = page->media_type;
	page->show(admin, answer, &snapshot);
	if (answer->content.overflow)
		answer_failure(answer, 500, "The answer is too long.");
}

static void answer_target(struct admin *admin,
			  const struct http_request *request,
			  struct admin_answer *answer)
{
	char path[HTTP_LINE_MAX + 1];
	const struct admin_page *page;
	struct http_target target;

	if (request->target.len >= sizeof(path) ||
	    !http_target_parse(request->target, &target, path, sizeof(path))) {
		answer_failure(answer, 400, NULL);
		return;
	}
	page = find_page(target.path);
	if (page && (!target.is_directory || target.path.len == 0))
		answer_page(admin, page, answer);
	else
		answer_failure(answer, 404, "There is no such page here.");
}

static void answer_method(struct admin *admin,
			  const struct http_request *request,
			  struct admin_answer *answer)
{
	bool is_get = request->method == HTTP_METHOD_GET;

	answer->is_head_only = request->method == HTTP_METHOD_HEAD;
	answer->is_close = !request->keep_alive || request->has_content ||
			   admin->loop->draining;
	if (is_get || answer->is_head_only) {
		answer_target(admin, request, answer);
	} else if (request->method == HTTP_METHOD_UNKNOWN) {
		answer_failure(answer, 501, NULL);
	} else {
		answer->has_allow = true;
		answer_failure(answer, 405, "Pages here can only be read.");
	}
}

/* Nothing but what is in the page itself, and nobody may frame it. */
#define ADMIN_POLICY                                                           \
	"Content-Security-Policy: default-src 'none'; connect-src 'self'; "    \
	"style-src 'nonce-%s'; script-src 'nonce-%s'; base-uri 'none'; "       \
	"form-action 'none'; frame-ancestors 'none'\r\n"                       \
	"Referrer-Policy: no-referrer\r\n"

static void add_answer_head(struct admin *admin, struct text *text,
			    const struct admin_answer *answer)
{
	const char *date =
		http_date_now(&admin->date, loop_wall(admin->loop).tv_sec);

	text_addf(text,
		  "HTTP/1.1 %u %s\r\n"
		  "Server: uppercase-server\r\n"
		  "Date: %.*s\r\n"
		  "Content-Type: %s\r\n"
		  "Cache-Control: no-store\r\n"
		  "X-Content-Type-Options: nosniff\r\n",
		  answer->status, http_status_reason(answer->status),
		  HTTP_DATE_LEN, date, answer->media_type);
	if (!answer->is_stream)
		text_addf(text, "Content-Length: %zu\r\n", answer->content.len);
	if (answer->nonce[0])
		text_addf(text, ADMIN_POLICY, answer->nonce, answer->nonce);
	if (answer->has_allow)
		text_add_str(text, "Allow: GET, HEAD\r\n");
	/* Also to one of HTTP/1.0, who must be told that it may go on. */
	text_add_str(text, answer->is_close ? "Connection: close\r\n\r\n"
					    : "Connection: keep-alive\r\n\r\n");
}

static struct admin_answer begin_answer(const struct admin *admin)
{
	return (struct admin_answer){
		.content = text_in(admin->loop->out, LOOP_OUT_SIZE)};
}

static enum conn_sent send_answer(struct admin_conn *ac,
				  const struct admin_answer *answer)
{
	char buf[ADMIN_HEAD_SIZE];
	struct text head = text_in(buf, sizeof(buf));
	struct iovec iov[2];

	add_answer_head(ac->admin, &head, answer);
	ac->conn.loop->counters.admin_requests++;
	ac->is_reader = answer->is_stream && !answer->is_head_only;
	ac->admin->n_readers += ac->is_reader;
	ac->is_last = answer->is_close && !ac->is_reader;
	iov[0] = (struct iovec){head.ptr, head.len};
	iov[1] = (struct iovec){answer->content.ptr, answer->content.len};
	return conn_send_iov(&ac->conn, iov, answer->is_head_only ? 1 : 2,
			     ac->is_last);
}

/* Answers what is no request, and what has not come in time. */
static enum conn_sent send_failure(struct admin_conn *ac, unsigned status,
				   const char *advice)
{
	struct admin_answer answer = begin_answer(ac->admin);

	answer.is_close = true;
	answer_failure(&answer, status, advice);
	return send_answer(ac, &answer);
}

/*
 * A page from elsewhere can make the browser of whoever sits at this host ask
 * for ours, by a name of its own that leads to a loopback address, and read
 * them (DNS rebinding). Nobody else has such a name in what he asks for.
 */
static bool is_misled(const struct admin_conn *ac,
		      const struct http_request *request)
{
	size_t at = 0;
	const struct http_field *host =
		http_request_next(request, HTTP_FIELD_HOST, &at);

	return ac->is_local && host && !http_host_is_literal(host->value);
}

static enum conn_sent send_reply(struct admin_conn *ac,
				 const struct http_request *request)
{
	struct admin_answer answer = begin_answer(ac->admin);

	if (is_misled(ac, request))
		return send_failure(ac, 421,
				    "On this host ask for an address, or for "
				    "localhost.");
	answer_method(ac->admin, request, &answer);
	return send_answer(ac, &answer);
}

/* --- what to wait for --- */

/* Who asked last stands last: the first is the one to be replaced. */
static void admin_note_use(struct admin_conn *ac)
{
	list_remove(&ac->conn.node);
	list_add_last(&ac->conn.loop->apart, &ac->conn.node);
}

static void await_request(struct admin_conn *ac)
{
	struct admin *admin = ac->admin;

	if (!ac->in.ptr)
		deadline_start(&admin->idle, &ac->conn.deadline);
	else if (!ac->in_head)
		deadline_start(&admin->head, &ac->conn.deadline);
	ac->in_head = ac->in.ptr != NULL;
	conn_wait_readable(&ac->conn);
}

/* Nothing more is asked by a reader; each event gives it another period. */
static void await_event(struct admin_conn *ac)
{
	deadline_start(&ac->admin->event, &ac->conn.deadline);
	conn_wait_readable(&ac->conn);
}

/* An answer has been given to the connection. */
static void admin_settle(struct admin_conn *ac, enum conn_sent sent)
{
	if (sent == CONN_BROKEN)
		return;
	if (sent == CONN_HELD || (!ac->is_last && !ac->is_reader && ac->in.ptr))
		conn_wait_writable(&ac->conn, &ac->admin->stall);
	else if (ac->is_reader)
		await_event(ac);
	else if (ac->is_last)
		conn_linger(&ac->conn, &ac->admin->linger);
	else
		await_request(ac);
}

/* Keeps what is left of the input; false when the connection has ended. */
static bool keep_input(struct admin_conn *ac, struct slice in)
{
	if (conn_hold(&ac->in, in.ptr, in.len) == 0)
		return true;
	conn_close(&ac->conn, CONN_NO_MEMORY);
	return false;
}

static void admin_serve(struct admin_conn *ac, struct slice in)
{
	const struct limits *limits = ac->conn.loop->limits;
	const struct http_limits heads = {
		.line_size = (size_t)limits->request_line_size,
		.head_size = (size_t)limits->header_size,
		.n_fields = limits->header_fields,
	};
	size_t scanned = ac->scanned;
	struct http_request request;

	switch (http_request_parse(&request, &heads, in.ptr, in.len,
				   &scanned)) {
	case HTTP_REQUEST_PARTIAL:
		ac->scanned = (uint32_t)scanned;
		if (keep_input(ac, in))
			await_request(ac);
		break;
	case HTTP_REQUEST_BAD:
		admin_settle(ac,
			     send_failure(ac, request.status, request.advice));
		break;
	case HTTP_REQUEST_DONE:
		ac->scanned = 0;
		ac->in_head = false;
		admin_note_use(ac);
		in.ptr += request.head_len;
		in.len -= request.head_len;
		if (keep_input(ac, in))
			admin_settle(ac, send_reply(ac, &request));
		break;
	}
}

/* --- connections --- */

static void admin_readable(struct conn *conn)
{
	struct admin_conn *ac = admin_conn_of(conn);
	char *buf = conn->loop->in;
	size_t kept = ac->in.len, n;

	if (ac->is_reader)
		kept = 0;
	switch (conn_receive(conn, buf + kept, HTTP_HEAD_MAX - kept, &n)) {
	case CONN_GOT_BYTES:
		if (ac->is_reader)
			break;
		(void)conn_held_take(&ac->in, buf);
		admin_serve(ac, (struct slice){buf, kept + n});
		break;
	case CONN_GOT_END:
		conn_close(conn, CONN_FINISHED);
		break;
	case CONN_GOT_NOTHING:
		conn_wait_readable(conn);
		break;
	case CONN_GOT_BROKEN:
		break;
	}
}

/* What was held is sent; more requests may have come meanwhile. */
static void admin_writable(struct conn *conn)
{
	struct admin_conn *ac = admin_conn_of(conn);

	if (ac->is_last || ac->is_reader || !ac->in.ptr)
		admin_settle(ac, CONN_SENT);
	else
		admin_serve(ac, (struct slice){conn->loop->in,
					       conn_held_take(&ac->in,
							      conn->loop->in)});
}

/* Nobody waits for it, and it may ask on until the server ends. */
static void admin_drain(struct conn *conn)
{
	(void)conn;
}

static void admin_closed(struct conn *conn, enum conn_reason reason)
{
	struct admin_conn *ac = admin_conn_of(conn);

	(void)reason;
	ac->admin->n_open--;
	ac->admin->n_readers -= ac->is_reader;
	conn_held_clear(&ac->in);
}

static void admin_conn_free(struct conn *conn)
{
	free(admin_conn_of(conn));
}

static const struct conn_ops admin_ops = {
	.service = "admin",
	.readable = admin_readable,
	.writable = admin_writable,
	.drain = admin_drain,
	.closed = admin_closed,
	.free = admin_conn_free,
};

static void admin_head_expired_cb(struct deadline *deadline)
{
	struct conn *conn = CONTAINER_OF(deadline, struct conn, deadline);
	struct admin_conn *ac = admin_conn_of(conn);

	if (conn_look(conn))
		return;
	conn_held_clear(&ac->in);
	admin_settle(ac, send_failure(ac, 408, NULL));
}

/* Who asked for nothing for longest makes room for a new one. */
static void replace_oldest(struct admin *admin)
{
	struct list_node *oldest = admin->loop->apart.next;

	admin->loop->counters.admin_replaced++;
	conn_close(CONTAINER_OF(oldest, struct conn, node), CONN_SHED);
}

/* The list of the services is none of the operator's. */
static bool admin_lets_in(struct admin *admin, const struct address *peer)
{
	/* All of its rules are for every service: whichever is asked for. */
	if (admin->access && access_permits(admin->access, ACCESS_HTTP, peer))
		return true;
	refusals_note(&admin->loop->refusals, REFUSAL_admin_access_refused,
		      peer);
	return false;
}

void admin_accept_cb(void *arg, int fd, const struct address *peer)
{
	struct admin *admin = arg;
	struct admin_conn *ac;

	if (!admin_lets_in(admin, peer)) {
		(void)close(fd);
		return;
	}
	ac = calloc(1, sizeof(*ac));
	if (!ac) {
		admin->loop->counters.out_of_memory++;
		(void)close(fd);
		return;
	}
	if (admin->n_open == ADMIN_CONNECTIONS_MAX)
		replace_oldest(admin);
	admin->loop->counters.admin_connections++;
	admin->n_open++;
	ac->admin = admin;
	ac->is_local = address_is_loopback(peer);
	conn_init_apart(&ac->conn, admin->loop, fd, &admin_ops);
	deadline_start(&admin->idle, &ac->conn.deadline);
	conn_wait_readable(&ac->conn);
}

/* --- the service --- */

static bool wants_event(const struct admin_conn *ac)
{
	return ac->is_reader && conn_is_reading(&ac->conn);
}

/*
 * One event for all readers. One that has not taken the last ones gets none: it
 * sees the next when it has.
 */
static void send_events(struct admin *admin)
{
	struct text event = text_in(admin->loop->out, LOOP_OUT_SIZE);
	struct list_node *node, *following;
	struct snapshot snapshot = {0};

	admin->look_cb(admin->look_arg, &snapshot);
	add_event(admin, &event, &snapshot);
	LIST_FOR_EACH (node, following, &admin->loop->apart) {
		struct conn *conn = CONTAINER_OF(node, struct conn, node);
		struct admin_conn *ac = admin_conn_of(conn);

		if (wants_event(ac))
			admin_settle(ac, conn_send(conn, event.ptr, event.len,
						   false));
	}
}

static void take_sample(struct admin *admin, uint64_t now_ns)
{
	uint64_t begun_ns = admin->tick_at_ns - ADMIN_TICK_NS;

	history_add(&admin->history, &admin->loop->counters, now_ns - begun_ns,
		    admin->loop->n_conns, admin->lag_ns);
}

/*
 * Once a second, and while there is an admin service only: how late this is
 * tells how long others have to wait for the loop. The loop's own clock is that
 * of the turn's beginning, and what it did since counts too.
 */
static void admin_tick_cb(evutil_socket_t fd, short what, void *arg)
{
	struct timeval period = clock_timeval(ADMIN_TICK_NS);
	struct admin *admin = arg;
	uint64_t now_ns = clock_mono_ns();

	(void)fd;
	(void)what;
	admin->lag_ns =
		now_ns > admin->tick_at_ns ? now_ns - admin->tick_at_ns : 0;
	take_sample(admin, now_ns);
	admin->tick_at_ns = now_ns + ADMIN_TICK_NS;
	if (admin->n_readers > 0)
		send_events(admin);
	/* It was allocated before: this cannot fail for want of memory. */
	(void)event_add(&admin->tick, &period);
}

static int start_tick(struct admin *admin)
{
	struct timeval period = clock_timeval(ADMIN_TICK_NS);

	(void)evtimer_assign(&admin->tick, admin->loop->base, admin_tick_cb,
			     admin);
	admin->tick_at_ns = clock_mono_ns() + ADMIN_TICK_NS;
	return event_add(&admin->tick, &period);
}

struct admin *admin_new(struct loop *loop, admin_look_cb look_cb, void *arg)
{
	struct admin *admin = calloc(1, sizeof(*admin));
	const struct limits *limits = loop->limits;

	if (!admin)
		return NULL;
	admin->loop = loop;
	admin->look_cb = look_cb;
	admin->look_arg = arg;
	history_begin(&admin->history, &loop->counters);
	deadline_queue_init(&admin->head, loop, limits->header_ns,
			    admin_head_expired_cb);
	deadline_queue_init(&admin->idle, loop, limits->http_idle_ns,
			    conn_idle_expired_cb);
	deadline_queue_init(&admin->event, loop, ADMIN_EVENT_NS,
			    conn_idle_expired_cb);
	conn_stall_init(&admin->stall, loop, limits->send_ns);
	deadline_queue_init(&admin->linger, loop, limits->linger_ns,
			    conn_linger_expired_cb);
	if (start_tick(admin) == 0)
		return admin;
	admin_free(admin);
	return NULL;
}

void admin_change(struct admin *admin, const struct access *access)
{
	const struct limits *limits = admin->loop->limits;

	admin->access = access;
	deadline_queue_set_limit(&admin->head, limits->header_ns);
	deadline_queue_set_limit(&admin->idle, limits->http_idle_ns);
	conn_stall_set_limit(&admin->stall, limits->send_ns);
	deadline_queue_set_limit(&admin->linger, limits->linger_ns);
}

size_t admin_count(const struct admin *admin)
{
	return admin ? admin->n_open : 0;
}

uint64_t admin_lag_ns(const struct admin *admin)
{
	return admin ? admin->lag_ns : 0;
}

void admin_free(struct admin *admin)
{
	if (!admin)
		return;
	(void)event_del(&admin->tick);
	deadline_queue_clear(&admin->head);
	deadline_queue_clear(&admin->idle);
	deadline_queue_clear(&admin->event);
	conn_stall_clear(&admin->stall);
	deadline_queue_clear(&admin->linger);
	free(admin);
}
