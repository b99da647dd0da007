/* SPDX-License-Identifier: MIT */
/*
 * From a request to its answer, in three steps: decide what can be decided
 * without a file (src/http), find the file (the cache), decide the rest; then
 * write. Everything that is decided is decided in src/http; here is what needs
 * the file system to be asked.
 */
#include "web/site.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "http/etag.h"
#include "web/folder.h"

#define SITE_INDEX "index.html"
#define SITE_NOT_FOUND                                                         \
	"404.html" /* at the root: shown in place of our page                  \
		    */

#define SITE_SAME_AGE_S 2 /* times of one making may lie so far apart */

#define SITE_PATH_SIZE	(HTTP_LINE_MAX + sizeof("/" SITE_INDEX))

/* Where the ports are told, unless there is a file. */
#define SITE_PORTS ".well-known/uppercase"

/* An entity tag with the name of a coding. */
#define SITE_ETAG_SIZE (HTTP_ETAG_SIZE + sizeof("-gzip"))

struct site {
	struct loop *loop;
	struct body_owner owner; /* of the bodies that are being sent */
	bool is_retired;	 /* goes with the last of them */
	struct limits limits;	 /* of listings; those of the loop may change */
	struct docroot *root;
	struct http_media *media;
	struct cache *cache;
	struct site_options options;
	char boundary[HTTP_BOUNDARY_LEN];
	struct listing_budget listings;
	char ports[64]; /* as JSON */
	struct http_date_memo date;
};

/* A request on its way to its answer. */
struct question {
	const struct http_request *request;
	struct http_target target;
	struct http_answer answer;
	struct cache_entry *entry; /* of HTTP_CONTENT_FILE */
	struct listing *listing;   /* of HTTP_CONTENT_LISTING */
	char target_buf[HTTP_LINE_MAX];
	char etag[SITE_ETAG_SIZE];
};

/* --- finding --- */

/* Names with a leading dot, but for the one that all may ask for (RFC 8615). */
static bool is_hidden(struct slice path)
{
	static const char well_known[] = ".well-known";
	size_t len = sizeof(well_known) - 1;
	bool is_well_known = path.len >= len &&
			     memcmp(path.ptr, well_known, len) == 0 &&
			     (path.len == len || path.ptr[len] == '/');

	for (size_t i = is_well_known ? len : 0; i < path.len; i++)
		if (path.ptr[i] == '.' && (i == 0 || path.ptr[i - 1] == '/'))
			return true;
	return false;
}

/* The value of Date, as of this turn. */
static const char *date_of(struct site *site)
{
	return http_date_now(&site->date, loop_wall(site->loop).tv_sec);
}

/* Writes path, a slash unless it is the root, and a name; NUL-ended. */
static struct slice site_join(struct slice path, const char *name,
			      char buf[SITE_PATH_SIZE])
{
	struct text text = text_in(buf, SITE_PATH_SIZE - 1);

	text_add(&text, path);
	if (path.len > 0)
		text_add_char(&text, '/');
	text_add_str(&text, name);
	buf[text.len] = '\0';
	return text_slice(&text);
}

/* Writes path and a coding's suffix; NUL-ended. */
static struct slice add_suffix(struct slice path, const char *suffix,
			       char buf[SITE_PATH_SIZE])
{
	struct text text = text_in(buf, SITE_PATH_SIZE - 1);

	text_add(&text, path);
	text_add_str(&text, suffix);
	buf[text.len] = '\0';
	return text_slice(&text);
}

/*
 * Compressors and archives keep whole seconds or two, and who copies a folder
 * writes its files in any order.
 */
static bool is_older(const struct http_file *a, const struct http_file *b)
{
	/* Some file systems keep times to the very ends of their type. */
	return b->mtime_s > 0 && a->mtime_s < b->mtime_s - SITE_SAME_AGE_S;
}

/* The same bytes, as of two empty files, are no encoding of themselves. */
static bool is_encoding_of(const struct http_file *a, const struct http_file *b)
{
	return !is_older(a, b) && (!a->etag.ptr || !slice_eq(a->etag, b->etag));
}

/*
 * Chooses the encoded sibling that the peer likes best, if any: *entry becomes
 * it, and *file says so. One that is older than the file is of an older file.
 */
static void negotiate(struct site *site, const struct http_request *request,
		      struct slice path, struct cache_entry **entry,
		      struct http_file *file)
{
	unsigned available = file->codings;
	char buf[SITE_PATH_SIZE];

	while (file->codings != 0) {
		struct http_file refusal;
		struct cache_entry *sibling;

		file->coding = http_coding_choose(request, available);
		if (file->coding >= HTTP_CODING_IDENTITY)
			return;
		sibling = cache_get(
			site->cache,
			add_suffix(path, http_coding_suffix(file->coding), buf),
			&refusal);
		if (sibling && is_encoding_of(&sibling->file, file)) {
			*entry = sibling;
			file->size = sibling->file.size;
			file->mtime_s = sibling->file.mtime_s;
			file->etag = sibling->file.etag;
			return;
		}
		available &= ~(1U << file->coding);
	}
}

/*
 * A file that is asked for by the name of its encoded form is sent as what is
 * inside to whoever takes the coding, and as what it is to others. These are
 * two representations, and have two tags.
 */
static void negotiate_inner(struct question *q, struct http_file *file)
{
	struct text etag = text_in(q->etag, sizeof(q->etag));

	file->codings = 1U << file->inner_coding;
	if (http_coding_choose(q->request, file->codings) != file->inner_coding)
		return;
	file->coding = file->inner_coding;
	file->media_type = file->inner_type;
	if (!file->etag.ptr)
		return;
	text_add(&etag, (struct slice){file->etag.ptr, file->etag.len - 1});
	text_add_char(&etag, '-');
	text_add_str(&etag, http_coding_name(file->coding));
	text_add_char(&etag, '"');
	file->etag = text_slice(&etag);
}

/*
 * Opens the listing of a directory that has no index. False when it cannot be
 * listed; *status is why.
 */
static bool try_listing(struct site *site, struct question *q, unsigned *status)
{
	bool as_json = http_accept_prefers_json(q->request);

	http_answer_listing(q->request, &q->target, as_json, &q->answer);
	if (q->answer.content != HTTP_CONTENT_LISTING)
		return true;
	q->listing = listing_open(&site->listings, site->root, q->target.path,
				  site->options.hidden, as_json);
	if (!q->listing)
		*status = cache_status_of_error(errno);
	return q->listing != NULL;
}

/* Puts the operator's own page in place of ours. */
static void use_own_page(struct site *site, struct question *q)
{
	static const struct slice path = {SITE_NOT_FOUND,
					  sizeof(SITE_NOT_FOUND) - 1};
	struct http_file refusal;
	struct cache_entry *entry = cache_get(site->cache, path, &refusal);

	if (!entry)
		return;
	q->entry = entry;
	q->answer.content = HTTP_CONTENT_FILE;
	q->answer.size = entry->file.size;
	q->answer.media_type = entry->file.media_type;
}

/* What helps when there is no such file, or takes its place. */
static void answer_without_file(struct site *site, struct question *q)
{
	if (!q->target.is_directory && slice_is(q->target.path, SITE_PORTS)) {
		http_answer_ports(&q->answer);
		return;
	}
	if (q->target.is_directory && !site->options.listing)
		q->answer.advice = http_page_no_index;
	use_own_page(site, q);
}

/* Decides with the file that the target names. */
static void answer_by_file(struct site *site, struct question *q)
{
	const struct http_policy policy = {
		.now_s = loop_wall(site->loop).tv_sec,
		.max_age_s = site->options.max_age_s,
	};
	struct http_file file = {.kind = HTTP_FILE_REFUSED, .status = 404};
	struct slice path = q->target.path;
	char buf[SITE_PATH_SIZE];

	if (q->target.is_directory)
		path = site_join(path, SITE_INDEX, buf);
	if (site->options.hidden || !is_hidden(path))
		q->entry = cache_get(site->cache, path, &file);
	if (q->entry) {
		file = q->entry->file;
		if (file.inner_type)
			negotiate_inner(q, &file);
		else
			negotiate(site, q->request, path, &q->entry, &file);
	} else if (q->target.is_directory) {
		/* A directory called index.html is no index. */
		if (file.kind == HTTP_FILE_DIRECTORY) {
			file.kind = HTTP_FILE_REFUSED;
			file.status = 404;
		}
		if (file.status == 404 && site->options.listing &&
		    (site->options.hidden || !is_hidden(q->target.path)) &&
		    try_listing(site, q, &file.status))
			return;
	}
	http_answer_file(q->request, &q->target, &file, &policy, &q->answer);
	if (q->answer.status == 404)
		answer_without_file(site, q);
}

static void decide(struct site *site, struct question *q)
{
	bool is_valid = http_target_parse(q->request->target, &q->target,
					  q->target_buf, sizeof(q->target_buf));

	if (!http_answer_early(q->request, is_valid ? &q->target : NULL,
			       &q->answer))
		answer_by_file(site, q);
}

/* --- writing --- */

static void write_page(struct site *site, const struct http_answer *answer,
		       struct gather *out, struct site_reply *reply)
{
	char buf[HTTP_PAGE_MAX];
	struct text page = text_in(buf, sizeof(buf));

	if (answer->content == HTTP_CONTENT_PAGE)
		http_page_write(&page, answer->status, answer->advice);
	if (answer->content == HTTP_CONTENT_PORTS)
		text_add_str(&page, site->ports);
	http_head_write(&out->text, answer, page.len, date_of(site),
			site->boundary);
	gather_note_text(out);
	if (answer->head_only)
		return;
	gather_add(out, text_slice(&page));
	reply->content_len = page.len;
}

/* The whole of a small file, or one range of it, joins its head. */
static bool is_inline(const struct question *q)
{
	return q->entry->content && q->answer.ranges.n <= 1;
}

static void write_file(struct site *site, struct question *q,
		       struct gather *out, struct site_reply *reply)
{
	const struct http_answer *answer = &q->answer;
	uint64_t length = http_content_length(answer, site->boundary);
	size_t before = out->text.len;
	uint64_t first =
		answer->ranges.n == 1 ? answer->ranges.list[0].first : 0;

	http_head_write(&out->text, answer, length, date_of(site),
			site->boundary);
	gather_note_text(out);
	if (answer->head_only)
		return;
	if (is_inline(q)) {
		gather_add(out, (struct slice){q->entry->content + first,
					       (size_t)length});
		reply->content_len = length;
		return;
	}
	reply->body = body_new_file(q->entry, answer, site->boundary);
	body_set_owner(reply->body, &site->owner);
	if (!reply->body) {
		out->text.len = before;
		gather_note_text(out);
		reply->failed = true;
	}
}

static void write_listing(struct site *site, struct question *q,
			  struct gather *out, struct site_reply *reply)
{
	http_head_write(&out->text, &q->answer, 0, date_of(site),
			site->boundary);
	gather_note_text(out);
	if (q->answer.head_only)
		listing_free(q->listing);
	else
		reply->body = listing_body(q->listing, q->answer.chunked);
	body_set_owner(reply->body, &site->owner);
}

static void note_last(struct http_answer *answer, bool is_last)
{
	if (!is_last)
		return;
	answer->close = true;
	answer->keep_said = false;
}

struct site_reply site_answer(struct site *site,
			      const struct http_request *request, bool is_last,
			      struct gather *out)
{
	struct question q;
	struct site_reply reply = {0};

	q.request = request;
	q.entry = NULL;
	q.listing = NULL;
	decide(site, &q);
	note_last(&q.answer, is_last);
	reply.status = q.answer.status;
	reply.close = q.answer.close;
	switch (q.answer.content) {
	case HTTP_CONTENT_NONE:
	case HTTP_CONTENT_PAGE:
	case HTTP_CONTENT_PORTS:
		write_page(site, &q.answer, out, &reply);
		break;
	case HTTP_CONTENT_FILE:
		write_file(site, &q, out, &reply);
		break;
	case HTTP_CONTENT_LISTING:
		write_listing(site, &q, out, &reply);
		break;
	}
	return reply;
}

void site_expire(struct site *site)
{
	cache_expire(site->cache);
}

struct site_reply site_answer_refused(struct site *site,
				      const struct http_request *request,
				      unsigned status, bool is_last,
				      struct gather *out)
{
	struct site_reply reply = {.status = status};
	struct http_answer answer;

	http_answer_refused(request, status, &answer);
	note_last(&answer, is_last);
	reply.close = answer.close;
	write_page(site, &answer, out, &reply);
	return reply;
}

struct site_reply site_answer_bad(struct site *site,
				  const struct http_request *request,
				  unsigned status, struct gather *out)
{
	struct site_reply reply = {.status = status, .close = true};
	struct http_answer answer;

	http_answer_bad(request, status, &answer);
	write_page(site, &answer, out, &reply);
	return reply;
}

/* --- the site --- */

static void add_port(struct text *text, const char *before, uint16_t port)
{
	text_add_str(text, before);
	if (port == 0)
		text_add_str(text, "null");
	else
		text_add_uint(text, port);
}

void site_set_ports(struct site *site, const struct site_ports *ports)
{
	struct text text = text_in(site->ports, sizeof(site->ports) - 1);

	add_port(&text, "{\"udp\":", ports->udp);
	add_port(&text, ",\"tcp\":", ports->tcp);
	add_port(&text, ",\"http\":", ports->http);
	text_add_str(&text, "}\n");
}

/* What separates parts must not be guessed by who writes the files. */
static void make_boundary(char boundary[HTTP_BOUNDARY_LEN])
{
	unsigned char random[HTTP_BOUNDARY_LEN] = {0};

	/* Without randomness it is only easier to guess. */
	(void)!getrandom(random, sizeof(random), GRND_NONBLOCK);
	for (size_t i = 0; i < HTTP_BOUNDARY_LEN; i++)
		boundary[i] = (char)('a' + random[i] % 26);
}

static void bodies_left_cb(struct body_owner *owner)
{
	struct site *site = CONTAINER_OF(owner, struct site, owner);

	if (site->is_retired)
		site_free(site);
}

void site_retire(struct site *site)
{
	if (!site)
		return;
	site->is_retired = true;
	if (site->owner.n_bodies == 0)
		site_free(site);
}

struct site *site_new(struct loop *loop, struct docroot *root,
		      struct http_media *media,
		      const struct site_options *options)
{
	struct site *site = calloc(1, sizeof(*site));

	if (!site)
		return NULL;
	site->loop = loop;
	site->limits = *loop->limits;
	site->owner.left_cb = bodies_left_cb;
	site->listings = (struct listing_budget){.limits = &site->limits,
						 .n_held = &loop->n_held};
	site->options = *options;
	make_boundary(site->boundary);
	site->cache = cache_new(loop, root, media, &options->cache);
	if (!site->cache) {
		free(site);
		return NULL;
	}
	site->root = root;
	site->media = media;
	return site;
}

void site_free(struct site *site)
{
	if (!site)
		return;
	cache_free(site->cache);
	http_media_free(site->media);
	docroot_close(site->root);
	free(site);
}
