/* SPDX-License-Identifier: MIT */
/*
 * Content of files in slices. A descriptor's bytes go from the page cache to
 * the socket by sendfile(2) and never come here; content in memory is sent from
 * there. Either way a callback sends a bounded slice and then lets others have
 * their turn.
 */
#include "web/body.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>

#include "base/log.h"
#include "base/text.h"
#include "http/head.h"

/* Bytes of a file per wake-up, and when the turn is old. */
#define BODY_SLICE	 (2 << 20)
#define BODY_SLICE_LEAST (256 << 10)

/* What each part of several costs beside its bytes: two system calls. */
#define BODY_PART_COST (16 << 10)

#define PATH_SHOWN     256 /* bytes of a path in the log */

struct file_body {
	struct body body;
	struct cache_entry *entry;
	char boundary[HTTP_BOUNDARY_LEN];
	size_t part; /* the next one of the ranges */
	uint64_t off;
	uint64_t left; /* of the present range */
	/* Last, and of its list there is only as much as it has ranges. */
	struct http_answer answer;
};

void body_set_owner(struct body *body, struct body_owner *owner)
{
	if (!body)
		return;
	body->owner = owner;
	owner->n_bodies++;
}

void body_free(struct body *body)
{
	struct body_owner *owner;

	if (!body)
		return;
	owner = body->owner;
	body->free(body);
	if (owner && --owner->n_bodies == 0)
		owner->left_cb(owner);
}

static struct file_body *file_body_of(struct body *body)
{
	return CONTAINER_OF(body, struct file_body, body);
}

static void file_body_free(struct body *body)
{
	struct file_body *fb = file_body_of(body);

	cache_release(fb->entry);
	free(fb);
}

/* Names a file of which less is left than its head has promised. */
static void tell_shrunk(struct cache_entry *entry)
{
	struct slice path = cache_path(entry);
	char buf[4 * PATH_SHOWN];
	struct text text = text_in(buf, sizeof(buf));

	if (path.len > PATH_SHOWN)
		path.len = PATH_SHOWN;
	text_add_escaped(&text, path);
	log_warn("%.*s: shrank while it was sent: the connection is closed",
		 (int)text.len, text.ptr);
}

/* Sends at most budget bytes from the descriptor and takes them off it. */
static enum conn_sent send_from_file(struct file_body *fb, struct conn *conn,
				     size_t *budget)
{
	off_t off = (off_t)fb->off;
	size_t len = conn_grant(conn, fb->left < *budget ? (size_t)fb->left
							 : *budget);
	ssize_t n;

	if (len == 0)
		return CONN_HELD;
	do
		n = sendfile(conn->fd, fb->entry->fd, &off, len);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		return CONN_HELD;
	if (n <= 0) {
		if (n == 0)
			tell_shrunk(fb->entry);
		conn_close(conn, n == 0 ? CONN_SHRUNK : CONN_FAILED);
		return CONN_BROKEN;
	}
	conn_note_sent(conn, (size_t)n);
	loop_spend(conn->loop, (size_t)n);
	fb->off += (uint64_t)n;
	fb->left -= (uint64_t)n;
	*budget -= (size_t)n;
	return conn_note_shaped(conn, (size_t)n) ? CONN_SENT : CONN_BROKEN;
}

/* A small file is sent whole; what the socket does not take is held. */
static enum conn_sent send_from_memory(struct file_body *fb, struct conn *conn)
{
	size_t off = (size_t)fb->off, len = (size_t)fb->left;

	fb->left = 0;
	loop_spend(conn->loop, len);
	return conn_send(conn, fb->entry->content + off, len, false);
}

/*
 * Goes on to the next range, with the bytes that stand before it, or to what
 * stands behind the last. False when there is nothing more.
 */
static bool next_part(struct file_body *fb, struct text *head)
{
	const struct http_ranges *ranges = &fb->answer.ranges;

	if (fb->part >= ranges->n + (ranges->n > 1))
		return false;
	if (ranges->n > 1)
		http_part_write(head, &fb->answer, fb->part, fb->boundary);
	if (fb->part < ranges->n) {
		fb->off = ranges->list[fb->part].first;
		fb->left = ranges->list[fb->part].len;
	}
	fb->part++;
	return true;
}

static enum conn_sent file_body_send(struct body *body, struct conn *conn)
{
	struct file_body *fb = file_body_of(body);
	size_t budget = loop_budget(conn->loop, BODY_SLICE, BODY_SLICE_LEAST);
	enum conn_sent sent = CONN_SENT;
	char buf[HTTP_PART_MAX];

	while (sent == CONN_SENT) {
		struct text head = text_in(buf, sizeof(buf));

		if (budget == 0)
			return CONN_HELD;
		if (fb->left > 0) {
			sent = fb->entry->content
				       ? send_from_memory(fb, conn)
				       : send_from_file(fb, conn, &budget);
			continue;
		}
		if (!next_part(fb, &head))
			return CONN_SENT;
		if (head.len == 0)
			continue;
		sent = conn_send(conn, head.ptr, head.len, fb->left > 0);
		loop_spend(conn->loop, BODY_PART_COST);
		budget -= budget < BODY_PART_COST ? budget : BODY_PART_COST;
	}
	return sent;
}

struct body *body_new_file(struct cache_entry *entry,
			   const struct http_answer *answer,
			   const char *boundary)
{
	size_t n = answer->ranges.n > 0 ? answer->ranges.n : 1;
	size_t len = offsetof(struct http_answer, ranges.list) +
		     n * sizeof(answer->ranges.list[0]);
	struct file_body *fb =
		calloc(1, offsetof(struct file_body, answer) + len);

	if (!fb)
		return NULL;
	fb->body.send = file_body_send;
	fb->body.free = file_body_free;
	fb->entry = entry;
	memcpy(&fb->answer, answer, len);
	memcpy(fb->boundary, boundary, HTTP_BOUNDARY_LEN);
	if (answer->ranges.n == 0) {
		fb->answer.ranges.n = 1;
		fb->answer.ranges.list[0] =
			(struct http_range){0, answer->size};
	}
	cache_hold(entry);
	return &fb->body;
}
