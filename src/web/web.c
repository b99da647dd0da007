/* SPDX-License-Identifier: MIT */
/*
 * The HTTP service's connections. A wake-up goes through four steps:
 *
 *	receive   bytes behind what was left of the last wake-up
 *	answer    each whole request, into the loop's `out` buffer, in order
 *	send      what was gathered in one go, then a slice of a body behind it
 *	settle    keep what is left of the input, choose what to wait for
 *
 * Until a body's last byte has gone no further request is answered. What a
 * request means is decided in src/http, what it names in web/site.
 */
#include "web/web.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "http/chunk.h"
#include "http/request.h"
#include "loop/conn.h"
#include "loop/gate.h"
#include "loop/shape.h"
#include "web/body.h"
#include "web/outcomes.h"
#include "web/spoil.h"
#include "web/trace.h"

/* Requests per wake-up when the turn is old, and what one counts in bytes. */
#define WEB_BUDGET_LEAST 4
#define WEB_REQUEST_COST (8 << 10)

_Static_assert(LOOP_OUT_SIZE >= SITE_TEXT_MAX,
	       "an answer must fit into an empty buffer");
_Static_assert(LOOP_IN_SIZE >= HTTP_HEAD_MAX, "a head must fit");
_Static_assert(HTTP_HEAD_MAX <= UINT16_MAX, "it must be countable");

struct web_service {
	struct loop *loop;
	struct site *site;
	struct spool *log;
	struct outcomes outcomes;
	size_t n_open;
	struct http_limits heads;
	struct gate gate;
	struct deadline_queue head;
	struct deadline_queue idle;
	struct conn_stall stall;
	struct deadline_queue linger;
	struct deadline_queue parting; /* in a drain; see conn_dismiss() */
};

struct web_conn {
	struct conn conn;
	struct web_service *service;
	struct conn_held in; /* input that could not be used yet */
	uint16_t scanned;    /* how far the parser looked at it */
	uint16_t n_unsent;   /* answers that are not yet with the kernel ... */
	uint32_t unsent_ms;  /* ... and the turn that they are of */
	bool in_head;	     /* the head deadline runs for it */
	bool last;	     /* close when the output is gone */
	bool has_skipped;    /* the one empty line before a request */
	bool must_linger;    /* closing at once could cost the peer answers */
	uint32_t number;     /* among connections, modulo 2^32 */
	struct body *body;   /* content behind the last head, or NULL */
	struct trace *trace; /* NULL without an access log, or memory */
};

static struct web_conn *web_conn_of(struct conn *conn)
{
	return CONTAINER_OF(conn, struct web_conn, conn);
}

/* --- answering: from a request to bytes in `out` --- */

/* The empty line that may come before a request, or its beginning. */
static bool is_spare(struct slice in)
{
	return slice_is(in, "\r\n") || slice_is(in, "\r") || in.len == 0;
}

/* True when this must be the connection's last answer, as the server ends. */
static bool is_last_in_drain(struct web_conn *wc, struct slice behind)
{
	return wc->conn.loop->draining && is_spare(behind) &&
	       !conn_has_input(&wc->conn);
}

/* Takes over what the site has answered, by which out has grown. */
static struct trace_answer take_reply(struct web_conn *wc,
				      const struct gather *out,
				      const struct site_reply *reply)
{
	uint64_t end_at = wc->conn.n_sent + out->len;

	wc->n_unsent++;
	wc->last = reply->close;
	wc->body = reply->body;
	/* It may hold a descriptor, and those are meant for connections too. */
	if (wc->body)
		conn_make_room(&wc->conn);
	return (struct trace_answer){
		.status = reply->status,
		.content_at = end_at - reply->content_len,
		.end_at = reply->body ? TRACE_END_UNKNOWN : end_at,
	};
}

/* What is logged as broken off when the connection ends, which it does. */
static const struct trace_answer no_answer = {
	.content_at = TRACE_END_UNKNOWN,
	.end_at = TRACE_END_UNKNOWN,
};

/* A log that has been turned on since is for connections of before, too. */
static void begin_trace(struct web_conn *wc)
{
	struct web_service *service = wc->service;
	struct address peer;

	if (wc->trace || !spool_is_on(service->log) ||
	    conn_address(&wc->conn, &peer) < 0)
		return;
	wc->trace = trace_new(service->loop, service->log, &peer, wc->number);
}

/*
 * Whether this peer has asked for more than one may; counts it then. Peers of
 * Unix sockets are one to us, but not in truth.
 */
static bool asks_too_often(const struct conn *conn)
{
	struct loop *loop = conn->loop;
	const struct address *owner;

	if (!loop->request_rate)
		return false;
	owner = account_owner(&conn->member);
	if (!owner || owner->sa.any.sa_family == AF_UNIX ||
	    bucket_take(loop->request_rate, owner, loop_now_ns(loop)))
		return false;
	refusals_note(&loop->refusals, REFUSAL_http_rate_refused, owner);
	return true;
}

/*
 * What --fault does to this answer. Of an IPv4 peer the account has all that a
 * rule looks at: the kernel is asked for the port, for the log, of those alone
 * whom something happens to.
 */
static bool is_to_fail(struct web_conn *wc, const struct http_request *request,
		       struct faults_verdict *verdict)
{
	struct conn *conn = &wc->conn;
	const struct address *owner = account_owner(&conn->member);
	bool is_known = owner && owner->sa.any.sa_family == AF_INET;
	struct address peer;

	if (is_known)
		peer = *owner;
	else if (conn_address(conn, &peer) < 0)
		return false;
	if (!faults_judge(conn->loop, FAULT_HTTP, &peer, request->target,
			  verdict))
		return false;
	return !is_known || conn_address(conn, &verdict->client) == 0;
}

static struct site_reply reply_to(struct web_conn *wc, struct gather *out,
				  const struct http_request *request,
				  const struct faults_verdict *verdict,
				  bool is_last)
{
	struct site *site = wc->service->site;

	if (asks_too_often(&wc->conn))
		return site_answer_refused(site, request, 429, is_last, out);
	if (verdict && faults_has(verdict, FAULT_STATUS)) {
		unsigned status = verdict->by[FAULT_STATUS].fault->status;

		faults_note(wc->conn.loop, verdict, FAULT_STATUS, status,
			    false);
		return site_answer_refused(site, request, status, is_last, out);
	}
	return site_answer(site, request, is_last, out);
}

/* Spoils the head that begins at text_at. */
static void spoil_answer(struct web_conn *wc, struct gather *out,
			 size_t text_at, const struct site_reply *reply,
			 const struct faults_verdict *verdict)
{
	static const enum fault_kind spoiling[] = {
		FAULT_LENGTH, FAULT_NO_LENGTH,	   FAULT_CHUNK,
		FAULT_LF,     FAULT_NO_EMPTY_LINE,
	};
	bool has_content = reply->content_len > 0 || reply->body;

	for (size_t i = 0; i < ARRAY_LEN(spoiling); i++) {
		enum fault_kind kind = spoiling[i];
		const struct fault *fault;
		bool is_done;

		if (!faults_has(verdict, kind))
			continue;
		fault = verdict->by[kind].fault;
		is_done = (kind != FAULT_CHUNK || has_content) &&
			  spoil_head(out, text_at, kind, fault);
		faults_note(wc->conn.loop, verdict, kind,
			    kind == FAULT_LENGTH ? (uint64_t)fault->delta : 0,
			    !is_done);
	}
}

/* Answers one request; the input behind its head may be another. */
static void answer_request(struct web_conn *wc, struct gather *out,
			   const struct http_request *request,
			   struct slice behind)
{
	bool is_last = is_last_in_drain(wc, behind), is_faulty;
	uint64_t from = wc->conn.n_sent + out->len;
	size_t text_at = out->text.len;
	struct faults_verdict verdict;
	struct site_reply reply;
	struct trace_answer answer;

	is_faulty = wc->conn.loop->faults && is_to_fail(wc, request, &verdict);
	reply = reply_to(wc, out, request, is_faulty ? &verdict : NULL,
			 is_last);
	wc->conn.loop->counters.http_requests++;
	outcomes_note(&wc->service->outcomes, request->method, reply.status);
	begin_trace(wc);
	if (reply.failed) {
		trace_add(wc->trace, request, &no_answer);
		conn_close(&wc->conn, CONN_NO_MEMORY);
		return;
	}
	/*
	 * A peer that did not ask for the end may have sent on; and much of a
	 * body is still on its way when its last byte is with the kernel.
	 */
	wc->must_linger = request->has_content || reply.body ||
			  (reply.close && request->keep_alive);
	if (is_faulty)
		spoil_answer(wc, out, text_at, &reply, &verdict);
	answer = take_reply(wc, out, &reply);
	trace_add(wc->trace, request, &answer);
	if (is_faulty)
		conn_take_shape(&wc->conn,
				shape_new(wc->conn.loop, &verdict, from,
					  answer.content_at - from),
				&wc->service->linger);
}

/*
 * Answers what is no request and begins the input; request is NULL when its
 * head has not arrived.
 */
static void answer_bad(struct web_conn *wc, struct gather *out, struct slice in,
		       const struct http_request *request, unsigned status)
{
	struct trace_answer answer;
	struct site_reply reply =
		site_answer_bad(wc->service->site, request, status, out);

	outcomes_note(&wc->service->outcomes,
		      request ? request->method : HTTP_METHOD_UNKNOWN, status);
	wc->must_linger = true;
	begin_trace(wc);
	answer = take_reply(wc, out, &reply);
	trace_add_unread(wc->trace, in, &answer);
}

/*
 * Parses the head at the front of the input, and judges what has come of a
 * chunked body behind it: bad framing is bad before the method is looked at.
 */
static enum http_verdict parse_request(struct web_conn *wc, struct slice in,
				       struct http_request *request)
{
	size_t scanned = wc->scanned;
	enum http_verdict verdict = http_request_parse(
		request, &wc->service->heads, in.ptr, in.len, &scanned);

	wc->scanned = verdict == HTTP_REQUEST_PARTIAL ? (uint16_t)scanned : 0;
	if (verdict != HTTP_REQUEST_DONE || !request->is_chunked)
		return verdict;
	if (http_chunk_is_sound((struct slice){in.ptr + request->head_len,
					       in.len - request->head_len}))
		return verdict;
	request->status = 400;
	return HTTP_REQUEST_BAD;
}

/*
 * Answers the whole requests at the front of *in, as far as there is room and
 * budget, and cuts them off. Returns true when what is left may hold another
 * whole one.
 */
static bool answer_input(struct web_conn *wc, struct gather *out,
			 struct slice *in)
{
	struct loop *loop = wc->conn.loop;
	struct http_request request;
	size_t budget = loop_budget(loop, loop->limits->turn_requests,
				    WEB_BUDGET_LEAST);

	for (size_t i = 0; i < budget; i++) {
		if (wc->last || wc->conn.closed || in->len == 0)
			return false;
		if (wc->body || wc->conn.shape ||
		    !gather_has_room(out, SITE_TEXT_MAX))
			return true;
		if (wc->has_skipped && in->ptr[0] == '\r') {
			wc->conn.loop->counters.http_bad_requests++;
			answer_bad(wc, out, *in, NULL, 400);
			return false;
		}
		switch (parse_request(wc, *in, &request)) {
		case HTTP_REQUEST_PARTIAL:
			return false;
		case HTTP_REQUEST_BAD:
			wc->conn.loop->counters.http_bad_requests++;
			answer_bad(wc, out, *in, &request, request.status);
			return false;
		case HTTP_REQUEST_DONE:
			break;
		}
		wc->in_head = false;
		wc->has_skipped = false;
		loop_spend(loop, WEB_REQUEST_COST);
		/*
		 * What stands behind the first request may have been sent
		 * after files were last looked at in this turn.
		 */
		if (i == 1)
			site_expire(wc->service->site);
		in->ptr += request.head_len;
		in->len -= request.head_len;
		answer_request(wc, out, &request, *in);
	}
	return !wc->last && in->len > 0;
}

/* --- sending --- */

/* Sends a slice of the body, if there is one, and frees it when it is sent. */
static enum conn_sent send_body(struct web_conn *wc)
{
	enum conn_sent sent;

	if (!wc->body)
		return CONN_SENT;
	sent = wc->body->send(wc->body, &wc->conn);
	if (sent == CONN_SENT) {
		body_free(wc->body);
		wc->body = NULL;
		trace_end_known(wc->trace, wc->conn.n_sent);
	}
	return sent;
}

static uint32_t web_now_ms(const struct web_conn *wc)
{
	return (uint32_t)(loop_now_ns(wc->conn.loop) / CLOCK_NS_PER_MS);
}

/* All that was answered is with the kernel. */
static void note_sent(struct web_conn *wc, uint32_t duration_ms)
{
	outcomes_note_durations(&wc->service->outcomes,
				duration_ms * CLOCK_NS_PER_MS, wc->n_unsent);
	wc->n_unsent = 0;
	conn_clear_shape(&wc->conn);
}

/*
 * Sends what was gathered, and the first slice of a body behind it. The last
 * answer waits for its FIN, which follows at once, to leave in one segment.
 */
static enum conn_sent send_gathered(struct web_conn *wc,
				    const struct gather *out)
{
	enum conn_sent sent = CONN_SENT;
	struct iovec iov[GATHER_IOV_MAX];

	if (out->len > 0)
		sent = conn_send_iov(&wc->conn, iov, gather_iov(out, iov),
				     wc->body || wc->last);
	if (sent == CONN_SENT)
		sent = send_body(wc);
	if (sent == CONN_SENT)
		note_sent(wc, 0);
	else
		wc->unsent_ms = web_now_ms(wc);
	trace_sent(wc->trace, wc->conn.n_sent);
	return sent;
}

/* --- settling: what to wait for next --- */

/* The last answer has been sent. */
static void web_finish(struct web_conn *wc)
{
	struct deadline_queue *queue = wc->conn.loop->draining
					       ? &wc->service->parting
					       : &wc->service->linger;

	if (wc->must_linger)
		conn_linger(&wc->conn, queue);
	else
		conn_leave(&wc->conn, queue);
}

/* A drain waits for nobody who has nothing to ask. */
static void web_dismiss(struct web_conn *wc)
{
	if (conn_is_reading(&wc->conn) && !conn_has_input(&wc->conn) &&
	    is_spare((struct slice){wc->in.ptr, wc->in.len}))
		conn_dismiss(&wc->conn, &wc->service->idle,
			     &wc->service->parting);
}

/* Waits for a request, or for the rest of one. */
static void wait_for_request(struct web_conn *wc)
{
	struct web_service *service = wc->service;

	if (!wc->in.ptr)
		deadline_start(&service->idle, &wc->conn.deadline);
	else if (!wc->in_head)
		deadline_start(&service->head, &wc->conn.deadline);
	/* The head's limit is absolute: more bytes do not renew it. */
	wc->in_head = wc->in.ptr != NULL;
	conn_wait_readable(&wc->conn);
	if (wc->conn.loop->draining && wc->conn.n_sent > 0)
		web_dismiss(wc);
}

static void wait_for_room(struct web_conn *wc)
{
	conn_wait_writable(&wc->conn, &wc->service->stall);
}

/*
 * Answers the input, which lies in the loop's buffer, keeps what is left of it,
 * sends, and settles.
 */
static void web_serve(struct web_conn *wc, struct slice in)
{
	struct gather out;
	bool is_unfinished;

	gather_init(&out, wc->conn.loop->out, LOOP_OUT_SIZE);
	is_unfinished = answer_input(wc, &out, &in);

	/* An empty line before the next request does not begin its head. */
	if (!is_unfinished && slice_is(in, "\r\n")) {
		in.len = wc->scanned = 0;
		wc->has_skipped = true;
	}
	if (wc->conn.closed)
		return;
	if (wc->last) {
		wc->must_linger |= !is_spare(in);
	} else if (conn_hold(&wc->in, in.ptr, in.len) < 0) {
		conn_close(&wc->conn, CONN_NO_MEMORY);
		return;
	}
	switch (send_gathered(wc, &out)) {
	case CONN_BROKEN:
		return;
	case CONN_HELD:
		wait_for_room(wc);
		return;
	case CONN_SENT:
		break;
	}
	if (wc->last)
		web_finish(wc);
	else if (is_unfinished)
		wait_for_room(wc);
	else
		wait_for_request(wc);
}

static void web_readable(struct conn *conn)
{
	struct web_conn *wc = web_conn_of(conn);
	char *buf = conn->loop->in;
	size_t held = wc->in.len, n;

	switch (conn_receive(conn, buf + held, HTTP_HEAD_MAX - held, &n)) {
	case CONN_GOT_BYTES:
		(void)conn_held_take(&wc->in, buf);
		web_serve(wc, (struct slice){buf, held + n});
		break;
	case CONN_GOT_END:
		conn_close(conn, held > 0 ? CONN_ABANDONED : CONN_FINISHED);
		break;
	case CONN_GOT_NOTHING:
		conn_wait_readable(conn);
		break;
	case CONN_GOT_BROKEN:
		break;
	}
}

static void web_writable(struct conn *conn)
{
	struct web_conn *wc = web_conn_of(conn);

	switch (send_body(wc)) {
	case CONN_SENT:
		break;
	case CONN_HELD:
		trace_sent(wc->trace, conn->n_sent);
		wait_for_room(wc);
		return;
	case CONN_BROKEN:
		return;
	}
	note_sent(wc, web_now_ms(wc) - wc->unsent_ms);
	trace_sent(wc->trace, conn->n_sent);
	if (wc->last)
		web_finish(wc);
	else
		web_serve(wc, (struct slice){
				      conn->loop->in,
				      conn_held_take(&wc->in, conn->loop->in)});
}

/* Requests that have come, whole or in part, and will get no answer. */
static void trace_unanswered(struct web_conn *wc)
{
	struct slice in = {wc->in.ptr, wc->in.len};
	struct http_request request;
	size_t scanned = 0;

	if (!wc->trace)
		return;
	while (in.len > 0 &&
	       http_request_parse(&request, &wc->service->heads, in.ptr, in.len,
				  &scanned) == HTTP_REQUEST_DONE) {
		trace_add(wc->trace, &request, &no_answer);
		in.ptr += request.head_len;
		in.len -= request.head_len;
		scanned = 0;
		if (request.has_content)
			return;
	}
	if (in.len > 0)
		trace_add_unread(wc->trace, in, &no_answer);
}

/* Requests that have begun are finished; who has none is let go. */
static void web_drain(struct conn *conn)
{
	struct web_conn *wc = web_conn_of(conn);

	if (conn->lingering)
		deadline_start(&wc->service->parting, &conn->deadline);
	if (!conn_is_reading(conn))
		return;
	web_readable(conn);
	web_dismiss(wc);
}

static void web_closed(struct conn *conn, enum conn_reason reason)
{
	struct web_conn *wc = web_conn_of(conn);
	struct counters *counters = &conn->loop->counters;

	wc->service->n_open--;
	counters->http_aborted += wc->body || conn_has_held(conn);
	body_free(wc->body);
	wc->body = NULL;
	trace_unanswered(wc);
	conn_held_clear(&wc->in);
	trace_free(wc->trace, conn->n_sent);
	wc->trace = NULL;
	if (reason == CONN_SHRUNK)
		counters->http_files_shrunk++;
	else if (reason == CONN_TIMED_OUT)
		counters->http_timeouts++;
	else if (reason == CONN_TOO_SLOW)
		counters->http_slow++;
	else if (reason == CONN_FAILED)
		counters->http_errors++;
}

static void web_free(struct conn *conn)
{
	free(web_conn_of(conn));
}

static const struct conn_ops web_ops = {
	.service = "http",
	.readable = web_readable,
	.writable = web_writable,
	.drain = web_drain,
	.closed = web_closed,
	.free = web_free,
};

/* The last answer, though there is no request. */
static void answer_unread(struct web_conn *wc, unsigned status)
{
	struct gather out;

	gather_init(&out, wc->conn.loop->out, LOOP_OUT_SIZE);
	answer_bad(wc, &out, (struct slice){wc->in.ptr, wc->in.len}, NULL,
		   status);
	conn_held_clear(&wc->in);
	switch (send_gathered(wc, &out)) {
	case CONN_SENT:
		web_finish(wc);
		break;
	case CONN_HELD:
		wait_for_room(wc);
		break;
	case CONN_BROKEN:
		break;
	}
}

/* --- deadlines --- */

/* A head took too long: tell the peer, then close. */
static void head_expired_cb(struct deadline *deadline)
{
	struct conn *conn = CONTAINER_OF(deadline, struct conn, deadline);
	struct web_conn *wc = web_conn_of(conn);

	if (conn_look(conn))
		return;
	conn->loop->counters.http_timeouts++;
	answer_unread(wc, 408);
}

/* --- the service --- */

/* What a visitor gets. */
enum web_welcome {
	WEB_SERVED,
	WEB_UNAVAILABLE, /* 503: there are too many */
	WEB_TURNED_AWAY, /* no answer: those cost something, too */
};

/* Counts whoever is not served. As many as may be are told that it is full. */
static enum web_welcome web_welcome(struct loop *loop,
				    const struct visitor *visitor)
{
	const struct address *address = &visitor->address;
	struct refusals *refusals = &loop->refusals;

	if (loop_denies(loop, ACCESS_HTTP, address)) {
		refusals_note(refusals, REFUSAL_http_access_refused, address);
		return WEB_TURNED_AWAY;
	}
	if (conn_is_surplus(loop, visitor, 1)) {
		refusals_note(refusals, REFUSAL_http_address_refused, address);
		return conn_is_surplus(loop, visitor, 2) ? WEB_TURNED_AWAY
							 : WEB_UNAVAILABLE;
	}
	if (conn_find_place(loop))
		return WEB_SERVED;
	refusals_note(refusals, REFUSAL_http_limit_refused, address);
	return loop->n_conns / 2 < loop->limits->max_connections
		       ? WEB_UNAVAILABLE
		       : WEB_TURNED_AWAY;
}

static void web_admit_cb(void *arg, int fd, const struct visitor *visitor)
{
	struct web_service *service = arg;
	struct web_conn *wc;
	enum web_welcome welcome = web_welcome(service->loop, visitor);

	if (welcome == WEB_TURNED_AWAY) {
		(void)close(fd);
		return;
	}
	wc = malloc(sizeof(*wc));
	if (!wc) {
		service->loop->counters.out_of_memory++;
		(void)close(fd);
		return;
	}
	service->loop->counters.http_connections++;
	service->n_open++;
	*wc = (struct web_conn){
		.service = service,
		.number = (uint32_t)service->loop->counters.http_connections,
	};
	if (spool_is_on(service->log))
		wc->trace = trace_new(service->loop, service->log,
				      &visitor->address,
				      service->loop->counters.http_connections);
	conn_init(&wc->conn, service->loop, fd, &web_ops);
	deadline_start(&service->idle, &wc->conn.deadline);
	if (!conn_join(&wc->conn, visitor))
		return;
	if (welcome == WEB_UNAVAILABLE) {
		answer_unread(wc, 503);
		return;
	}
	/*
	 * A new peer has mostly sent its request by now. If it is answered and
	 * closed in this turn, epoll never hears of the connection. It may have
	 * sent it after files were last looked at in this turn.
	 */
	site_expire(service->site);
	web_readable(&wc->conn);
}

static void set_head_limits(struct web_service *service)
{
	const struct limits *limits = service->loop->limits;

	service->heads = (struct http_limits){
		.line_size = (size_t)limits->request_line_size,
		.head_size = (size_t)limits->header_size,
		.n_fields = limits->header_fields,
	};
}

struct web_service *web_service_new(struct loop *loop, struct spool *log)
{
	struct web_service *service = calloc(1, sizeof(*service));
	const struct limits *limits = loop->limits;

	if (!service)
		return NULL;
	service->loop = loop;
	service->log = log;
	set_head_limits(service);
	gate_init(&service->gate, loop, ACCESS_HTTP, web_admit_cb, service);
	deadline_queue_init(&service->head, loop, limits->header_ns,
			    head_expired_cb);
	deadline_queue_init(&service->idle, loop, limits->http_idle_ns,
			    conn_idle_expired_cb);
	conn_stall_init(&service->stall, loop, limits->send_ns);
	deadline_queue_init(&service->linger, loop, limits->linger_ns,
			    conn_linger_expired_cb);
	deadline_queue_init(&service->parting, loop, limits->parting_ns,
			    conn_linger_expired_cb);
	return service;
}

void web_service_change(struct web_service *service, struct site *site)
{
	const struct limits *limits = service->loop->limits;

	service->site = site;
	set_head_limits(service);
	gate_change(&service->gate);
	deadline_queue_set_limit(&service->head, limits->header_ns);
	deadline_queue_set_limit(&service->idle, limits->http_idle_ns);
	conn_stall_set_limit(&service->stall, limits->send_ns);
	deadline_queue_set_limit(&service->linger, limits->linger_ns);
	deadline_queue_set_limit(&service->parting, limits->parting_ns);
}

void web_service_accept_cb(void *arg, int fd, const struct address *peer)
{
	struct web_service *service = arg;

	gate_pass(&service->gate, fd, peer);
}

size_t web_service_count(const struct web_service *service)
{
	return service ? service->n_open : 0;
}

const struct outcomes *web_service_outcomes(const struct web_service *service)
{
	return service ? &service->outcomes : NULL;
}

void web_service_free(struct web_service *service)
{
	if (!service)
		return;
	gate_clear(&service->gate);
	deadline_queue_clear(&service->head);
	deadline_queue_clear(&service->idle);
	conn_stall_clear(&service->stall);
	deadline_queue_clear(&service->linger);
	deadline_queue_clear(&service->parting);
	free(service);
}
