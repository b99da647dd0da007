/* SPDX-License-Identifier: MIT */
#ifndef WEB_SITE_H
#define WEB_SITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "http/answer.h"
#include "http/head.h"
#include "http/media.h"
#include "http/page.h"
#include "loop/loop.h"
#include "os/docroot.h"
#include "web/body.h"
#include "web/cache.h"
#include "web/gather.h"

/* What an operator has chosen about the files. */
struct site_options {
	bool listing;	   /* list directories that have no index */
	bool hidden;	   /* serve and list names with a leading dot */
	int64_t max_age_s; /* Cache-Control: max-age; negative for none */
	struct cache_limits cache;
};

/*
 * What is served: a document root with its cache and the choices about it.
 * Knows nothing of connections.
 */
struct site;

/*
 * media may be NULL. The site owns both the root and media from then on. NULL
 * when out of memory (the caller still owns them).
 */
struct site *site_new(struct loop *loop, struct docroot *root,
		      struct http_media *media,
		      const struct site_options *options) MUST_CHECK;

/* No body of it may be left. Harmless on NULL. */
void site_free(struct site *site);

/* Nobody asks it any more: it goes with the last of its bodies. */
void site_retire(struct site *site);

/* The ports of this server's services; 0 for one that is off. */
struct site_ports {
	uint16_t udp, tcp, http;
};

/*
 * Tells the site the ports, once they are known. GET /.well-known/uppercase
 * tells them to everybody, unless the document root has a file of that name:
 * it is how the start page shows the ports of the server that it came from.
 */
void site_set_ports(struct site *site, const struct site_ports *ports);

/* The most text that site_answer() adds to `out`. */
#define SITE_TEXT_MAX                                                          \
	(HTTP_HEAD_FIXED_MAX + 4 * HTTP_LINE_MAX + HTTP_PAGE_MAX +             \
	 GATHER_COPY_MAX)

/* What became of a request. */
struct site_reply {
	unsigned status;
	bool close;	      /* the connection ends after it */
	bool failed;	      /* out of memory: close now, `out` is as before */
	uint64_t content_len; /* bytes of content that `out` got */
	struct body *body;    /* the content that follows `out`, or NULL */
};

/*
 * Answers a request: adds the head, and content that is small, to out, which
 * has room for SITE_TEXT_MAX and must be sent in this turn. Large content comes
 * as a body, which the caller sends and frees. With is_last the answer says
 * that the connection ends.
 */
struct site_reply site_answer(struct site *site,
			      const struct http_request *request, bool is_last,
			      struct gather *out);

/*
 * The next request may have been sent after files were last looked at in this
 * turn.
 */
void site_expire(struct site *site);

/*
 * Answers a request with an error of this status, whatever it asks for; as
 * site_answer().
 */
struct site_reply site_answer_refused(struct site *site,
				      const struct http_request *request,
				      unsigned status, bool is_last,
				      struct gather *out);

/*
 * Answers what cannot be read as a request; request is NULL when not even its
 * method is known. The connection ends.
 */
struct site_reply site_answer_bad(struct site *site,
				  const struct http_request *request,
				  unsigned status, struct gather *out);

#endif
