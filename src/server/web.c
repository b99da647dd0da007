/* SPDX-License-Identifier: MIT */
/*
 * The HTTP service's connections. A wake-up goes through four steps:
 *
 *	receive   bytes behind what was left of the last wake-up
 *	answer    each whole request, into the loop's `out` buffer, in order
 *	send      what was gathered in one go, then a slice of a large file
 *	settle    keep what is left of the input, choose what to wait for
 *
 * A small file's content joins its head in `out`; a large one is sent from its
 * descriptor, and until its last byte has gone no further request is answered.
 * What a request means is decided in src/http, what it names in server/file.
 */
#include "server/web.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "http/answer.h"
#include "http/head.h"
#include "http/page.h"
#include "http/request.h"
#include "http/target.h"
#include "server/conn.h"
#include "server/file.h"

#define WEB_SMALL_MAX (64 << 10)  /* content that is sent with its head */
#define WEB_BUDGET    64	  /* requests per wake-up, then others' turn */
#define WEB_SLICE     (512 << 10) /* bytes of a large file per wake-up */

/* The same when the turn is old, and what a request counts in bytes moved. */
#define WEB_BUDGET_LEAST 4
#define WEB_SLICE_LEAST	 (64 << 10)
#define WEB_REQUEST_COST (8 << 10)

#define WEB_SHED_LOOK	 1024 /* idle connections looked at in a shortage */
#define WEB_FRESH_NS	 CLOCK_NS_PER_S /* a peer is not idle so soon */

/* The most that one answer adds to `out` besides a small file's content. */
#define WEB_ANSWER_MAX (HTTP_HEAD_FIXED_MAX + 4 * HTTP_LINE_MAX + HTTP_PAGE_MAX)

_Static_assert(LOOP_OUT_SIZE >= WEB_ANSWER_MAX + WEB_SMALL_MAX,
	       "an answer must fit into an empty buffer");
_Static_assert(LOOP_IN_SIZE >= HTTP_HEAD_MAX, "a head must fit");

struct web_service {
	struct loop *loop;
	int root;
	struct list_node conns;
	struct deadline_queue head;
	struct deadline_queue idle;
	struct conn_stall stall;
	struct deadline_queue linger;
};

struct web_conn {
	struct conn conn;
	struct web_service *service;
	struct conn_held in; /* input that could not be used yet */
	uint32_t scanned;    /* how far the parser looked at it */
	bool in_head;	     /* the head deadline runs for it */
	bool last;	     /* close when the output is gone */
	bool must_linger;    /* closing at once could cost the peer answers */
	int file;	     /* large content being sent, or -1 */
	off_t file_off;
	uint64_t file_left;
};

static struct web_conn *web_conn_of(struct conn *conn)
{
	return CONTAINER_OF(conn, struct web_conn, conn);
}

static void close_file(struct web_conn *wc)
{
	if (wc->file >= 0)
		(void)close(wc->file);
	wc->file = -1;
}

/* --- answering: from a request to bytes in `out` --- */

/*
 * Reads a whole small file. A file that is shorter than its facts said has
 * shrunk since; the head that promises the length must not go out.
 */
static bool read_small(int fd, struct text *out, uint64_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = pread(fd, out->ptr + out->len + done,
				  (size_t)size - done, (off_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		done += (size_t)n;
	}
	out->len += done;
	return true;
}

static void add_page_answer(struct web_conn *wc, struct text *out,
			    const struct http_answer *answer)
{
	char buf[HTTP_PAGE_MAX];
	struct text page = text_in(buf, sizeof(buf));

	if (answer->content == HTTP_CONTENT_PAGE)
		http_page_write(&page, answer->status);
	http_head_write(out, answer, page.len, loop_date(wc->conn.loop));
	if (!answer->head_only)
		text_add(out, text_slice(&page));
}

/* Takes over fd. */
static void add_file_answer(struct web_conn *wc, struct text *out,
			    const struct http_answer *answer, int fd)
{
	size_t start = out->len;
	bool is_large = answer->length > WEB_SMALL_MAX;

	http_head_write(out, answer, answer->length, loop_date(wc->conn.loop));
	if (!answer->head_only && is_large) {
		/* Much of it will be on its way when the last byte is sent. */
		wc->must_linger = true;
		wc->file = fd;
		wc->file_off = 0;
		wc->file_left = answer->length;
		return;
	}
	if (!answer->head_only && !read_small(fd, out, answer->length)) {
		struct http_answer failed = http_answer_bad(NULL, 500);

		out->len = start;
		wc->last = true;
		wc->must_linger = true;
		wc->conn.loop->counters.http_files_shrunk++;
		add_page_answer(wc, out, &failed);
	}
	(void)close(fd);
}

/* True when this must be the connection's last answer, as the server ends. */
static bool is_last_in_drain(struct web_conn *wc, size_t n_behind)
{
	return wc->conn.loop->draining && n_behind == 0 &&
	       !conn_has_input(&wc->conn);
}

/* Answers one request; n_behind bytes of input stand behind its head. */
static void answer_request(struct web_conn *wc, struct text *out,
			   const struct http_request *request, size_t n_behind)
{
	char target_buf[HTTP_LINE_MAX], path_buf[FILE_PATH_SIZE];
	struct http_target target;
	struct http_file file = {0};
	struct http_answer answer;
	int fd = -1;
	bool is_valid = http_target_parse(request->target, &target, target_buf,
					  sizeof(target_buf));

	wc->conn.loop->counters.http_requests++;
	if (!http_answer_early(request, is_valid ? &target : NULL, &answer)) {
		fd = file_open(wc->service->root, &target, &file, path_buf);
		answer = http_answer_file(request, &target, &file);
	}
	if (is_last_in_drain(wc, n_behind)) {
		answer.close = true;
		answer.keep_said = false;
	}
	wc->last = answer.close;
	/* A peer that did not ask for the end may have sent on. */
	wc->must_linger =
		request->has_content || (answer.close && request->keep_alive);
	if (fd >= 0)
		add_file_answer(wc, out, &answer, fd);
	else
		add_page_answer(wc, out, &answer);
}

/* request is NULL when its head has not arrived. */
static void answer_bad(struct web_conn *wc, struct text *out,
		       const struct http_request *request, unsigned status)
{
	struct http_answer answer = http_answer_bad(request, status);

	wc->last = true;
	wc->must_linger = true;
	add_page_answer(wc, out, &answer);
}

/*
 * Answers the whole requests at the front of *in, as far as there is room and
 * budget, and cuts them off. Returns true when what is left may hold another
 * whole one.
 */
static bool answer_input(struct web_conn *wc, struct text *out,
			 struct slice *in)
{
	struct loop *loop = wc->conn.loop;
	struct http_request request;
	size_t budget = loop_budget(loop, WEB_BUDGET, WEB_BUDGET_LEAST);

	for (size_t i = 0; i < budget; i++) {
		size_t scanned = wc->scanned;

		if (wc->last || in->len == 0)
			return false;
		if (wc->file >= 0 ||
		    out->size - out->len < WEB_ANSWER_MAX + WEB_SMALL_MAX)
			return true;
		switch (http_request_parse(&request, in->ptr, in->len,
					   &scanned)) {
		case HTTP_REQUEST_PARTIAL:
			wc->scanned = (uint32_t)scanned;
			return false;
		case HTTP_REQUEST_BAD:
			wc->conn.loop->counters.http_bad_requests++;
			answer_bad(wc, out, &request, request.status);
			return false;
		case HTTP_REQUEST_DONE:
			break;
		}
		wc->scanned = 0;
		wc->in_head = false;
		loop_spend(loop, WEB_REQUEST_COST);
		answer_request(wc, out, &request, in->len - request.head_len);
		in->ptr += request.head_len;
		in->len -= request.head_len;
	}
	return !wc->last && in->len > 0;
}

/* --- sending --- */

/* Sends one slice of the large file. */
static enum conn_sent send_file_slice(struct web_conn *wc)
{
	struct conn *conn = &wc->conn;
	size_t budget = loop_budget(conn->loop, WEB_SLICE, WEB_SLICE_LEAST);

	while (wc->file_left > 0) {
		size_t len =
			wc->file_left < budget ? (size_t)wc->file_left : budget;
		ssize_t n;

		if (len == 0)
			return CONN_HELD;
		n = sendfile(conn->fd, wc->file, &wc->file_off, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return CONN_HELD;
		if (n <= 0) {
			conn->loop->counters.http_files_shrunk += n == 0;
			conn_close(conn, n == 0 ? CONN_FINISHED : CONN_FAILED);
			return CONN_BROKEN;
		}
		conn_note_sent(conn);
		loop_spend(conn->loop, (size_t)n);
		wc->file_left -= (uint64_t)n;
		budget -= (size_t)n;
	}
	close_file(wc);
	return CONN_SENT;
}

/* --- settling: what to wait for next --- */

/* The last answer has been sent. */
static void finish(struct web_conn *wc)
{
	if (wc->must_linger)
		conn_linger(&wc->conn, &wc->service->linger);
	else
		conn_finish(&wc->conn, &wc->service->linger);
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
}

static void wait_for_room(struct web_conn *wc)
{
	conn_wait_writable(&wc->conn, &wc->service->stall);
}

/* Sends what was gathered, and the first slice of a large file behind it. */
static enum conn_sent send_gathered(struct web_conn *wc, const struct text *out)
{
	bool has_file = wc->file >= 0;
	enum conn_sent sent = CONN_SENT;

	if (out->len > 0)
		sent = conn_send(&wc->conn, out->ptr, out->len, has_file);
	if (sent == CONN_SENT && has_file)
		sent = send_file_slice(wc);
	return sent;
}

/*
 * Answers the input, which lies in the loop's buffer, keeps what is left of it,
 * sends, and settles.
 */
static void serve(struct web_conn *wc, struct slice in)
{
	struct text out = text_in(wc->conn.loop->out, LOOP_OUT_SIZE);
	bool is_unfinished = answer_input(wc, &out, &in);

	/* An empty line before the next request does not begin its head. */
	if (!is_unfinished && slice_is(in, "\r\n"))
		in.len = wc->scanned = 0;
	if (wc->last) {
		wc->must_linger |= in.len > 0;
	} else if (conn_hold(&wc->in, in.ptr, in.len) < 0) {
		conn_close(&wc->conn, CONN_NO_MEMORY);
		return;
	}
	switch (send_gathered(wc, &out)) {
	case CONN_BROKEN:
		break;
	case CONN_HELD:
		wait_for_room(wc);
		break;
	case CONN_SENT:
		if (wc->last)
			finish(wc);
		else if (is_unfinished)
			wait_for_room(wc);
		else
			wait_for_request(wc);
	}
}

/* Moves the kept input to the front of the loop's buffer. */
static size_t take_held_input(struct web_conn *wc)
{
	size_t len = wc->in.len;

	if (!wc->in.ptr)
		return 0;
	memcpy(wc->conn.loop->in, wc->in.ptr, len);
	conn_held_clear(&wc->in);
	return len;
}

static void web_readable(struct conn *conn)
{
	struct web_conn *wc = web_conn_of(conn);
	char *buf = conn->loop->in;
	size_t held = wc->in.len, n;

	switch (conn_receive(conn, buf + held, HTTP_HEAD_MAX - held, &n)) {
	case CONN_GOT_BYTES:
		(void)take_held_input(wc);
		serve(wc, (struct slice){buf, held + n});
		break;
	case CONN_GOT_END:
		conn_close(conn, held > 0 ? CONN_ABANDONED : CONN_FINISHED);
		break;
	case CONN_GOT_NOTHING:
		if (conn->loop->draining && held == 0)
			conn_finish(conn, &wc->service->linger);
		break;
	case CONN_GOT_BROKEN:
		break;
	}
}

static void web_writable(struct conn *conn)
{
	struct web_conn *wc = web_conn_of(conn);

	if (wc->file >= 0) {
		switch (send_file_slice(wc)) {
		case CONN_SENT:
			break;
		case CONN_HELD:
			wait_for_room(wc);
			return;
		case CONN_BROKEN:
			return;
		}
	}
	if (wc->last)
		finish(wc);
	else
		serve(wc, (struct slice){conn->loop->in, take_held_input(wc)});
	/* A drain waits for nobody who has nothing to ask. */
	if (conn->loop->draining && conn_is_reading(conn))
		web_readable(conn);
}

static void web_closed(struct conn *conn, enum conn_reason reason)
{
	struct web_conn *wc = web_conn_of(conn);
	struct counters *counters = &conn->loop->counters;

	close_file(wc);
	conn_held_clear(&wc->in);
	if (reason == CONN_TIMED_OUT)
		counters->http_timeouts++;
	else if (reason == CONN_FAILED)
		counters->http_errors++;
}

static void web_free(struct conn *conn)
{
	free(web_conn_of(conn));
}

static const struct conn_ops web_ops = {
	.readable = web_readable,
	.writable = web_writable,
	.closed = web_closed,
	.free = web_free,
};

/* --- deadlines --- */

/* A head took too long: tell the peer, then close. */
static void head_expired_cb(struct deadline *deadline)
{
	struct conn *conn = CONTAINER_OF(deadline, struct conn, deadline);
	struct web_conn *wc = web_conn_of(conn);
	struct text out = text_in(conn->loop->out, LOOP_OUT_SIZE);

	conn->loop->counters.http_timeouts++;
	conn_held_clear(&wc->in);
	answer_bad(wc, &out, NULL, 408);
	switch (send_gathered(wc, &out)) {
	case CONN_SENT:
		finish(wc);
		break;
	case CONN_HELD:
		wait_for_room(wc);
		break;
	case CONN_BROKEN:
		break;
	}
}

/* --- the service --- */

struct web_service *web_service_new(struct loop *loop, int root)
{
	struct web_service *service = calloc(1, sizeof(*service));

	if (!service)
		return NULL;
	service->loop = loop;
	service->root = root;
	list_init(&service->conns);
	deadline_queue_init(&service->head, loop, WEB_HEAD_S * CLOCK_NS_PER_S,
			    head_expired_cb);
	deadline_queue_init(&service->idle, loop, WEB_IDLE_S * CLOCK_NS_PER_S,
			    conn_idle_expired_cb);
	conn_stall_init(&service->stall, loop, WEB_STALL_S * CLOCK_NS_PER_S);
	deadline_queue_init(&service->linger, loop,
			    WEB_LINGER_S * CLOCK_NS_PER_S,
			    conn_linger_expired_cb);
	return service;
}

void web_service_accept_cb(void *arg, int fd)
{
	struct web_service *service = arg;
	struct web_conn *wc = malloc(sizeof(*wc));

	if (!wc) {
		service->loop->counters.out_of_memory++;
		(void)close(fd);
		return;
	}
	service->loop->counters.http_connections++;
	*wc = (struct web_conn){.service = service, .file = -1};
	conn_init(&wc->conn, service->loop, fd, &web_ops);
	list_add_last(&service->conns, &wc->conn.node);
	wait_for_request(wc);
}

/* Whether a peer has asked for nothing for a while, now included. */
static bool is_sheddable(struct web_conn *wc, uint64_t now_ns)
{
	struct conn *conn = &wc->conn;
	uint64_t idle_since_ns =
		conn->deadline.at_ns - wc->service->idle.limit_ns;

	return now_ns - idle_since_ns > WEB_FRESH_NS && !conn_has_input(conn);
}

size_t web_service_shed_cb(void *arg, size_t n_wanted)
{
	struct web_service *service = arg;
	uint64_t now_ns = loop_now_ns(service->loop);
	struct list_node *node, *following;
	size_t n = 0, n_looked = 0;

	LIST_FOR_EACH (node, following, &service->idle.head) {
		struct conn *conn =
			CONTAINER_OF(node, struct conn, deadline.node);

		if (n == n_wanted || n_looked++ == WEB_SHED_LOOK)
			break;
		if (is_sheddable(web_conn_of(conn), now_ns)) {
			conn_close(conn, CONN_SHED);
			n++;
		}
	}
	return n;
}

void web_service_drain(struct web_service *service)
{
	struct list_node *node, *following;

	LIST_FOR_EACH (node, following, &service->conns) {
		struct conn *conn = CONTAINER_OF(node, struct conn, node);

		if (conn_is_reading(conn))
			web_readable(conn);
	}
}

void web_service_stop(struct web_service *service)
{
	conn_close_all(&service->conns);
}

void web_service_free(struct web_service *service)
{
	if (!service)
		return;
	deadline_queue_clear(&service->head);
	deadline_queue_clear(&service->idle);
	conn_stall_clear(&service->stall);
	deadline_queue_clear(&service->linger);
	(void)close(service->root);
	free(service);
}
