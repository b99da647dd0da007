/* SPDX-License-Identifier: MIT */
/*
 * Listing a directory of any size without holding up the loop. The steps:
 *
 *	read	a thousand names at a time, each thousand sorted for itself
 *	merge	the sorted runs by a heap of their first names, row by row
 *
 * so no step sorts or stats more than a bounded number of names. Names are
 * kept in blocks that never move; sizes and times are asked for as a row is
 * written. What is gone by then is left out.
 *
 * A name is stored with one byte before it, '0' for a directory and '1' for a
 * file, by which directories come first.
 */
#include "web/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/natural.h"
#include "http/listing.h"

#define LISTING_RUN 1024 /* names read and sorted in a step */

/*
 * What a step may cost, in bytes moved, and when the turn is old: each name
 * that is read, each that is looked at, and what each link costs besides, which
 * is looked up from the root.
 */
#define LISTING_STEP	   (512 << 10)
#define LISTING_STEP_LEAST (64 << 10)
#define LISTING_NAME_COST  512
#define LISTING_LOOK_COST  2048
#define LISTING_LINK_COST  8192

#define LISTING_BLOCK	   (64 << 10) /* memory is taken in pieces of this size */

#define MARK_DIRECTORY	   '0'
#define MARK_FILE	   '1'

struct block {
	struct block *next;
	size_t len;
	char bytes[LISTING_BLOCK];
};

/* Names in order; the ones before `at` are written. */
struct name_run {
	const char **names;
	size_t n;
	size_t at;
};

struct listing {
	struct body body;
	struct listing_budget *budget;
	size_t used; /* of the budget */
	size_t cost; /* of this step so far */
	const struct docroot *root;
	DIR *dir;
	bool hidden;
	bool as_json;
	bool chunked;
	bool is_read;
	bool is_cut; /* names were left out for want of memory */
	bool has_begun;
	bool has_rows;
	bool has_ended;
	struct block *blocks;
	struct name_run
		*runs; /* a heap by their first names once all is read */
	size_t n_runs;
	size_t path_len;
	char path[]; /* NUL-ended */
};

/* --- memory --- */

static bool folder_take(struct listing *listing, size_t size)
{
	const struct listing_budget *budget = listing->budget;

	if (listing->used + size > budget->limits->listing_size ||
	    budget->used + size > budget->limits->listings_size)
		return false;
	listing->used += size;
	listing->budget->used += size;
	return true;
}

/* One more block for names; NULL when there is no memory for it. */
static struct block *new_block(struct listing *listing)
{
	struct block *block;

	if (!folder_take(listing, sizeof(*block)))
		return NULL;
	block = malloc(sizeof(*block));
	if (!block)
		return NULL;
	block->next = listing->blocks;
	block->len = 0;
	listing->blocks = block;
	return block;
}

/* A copy of mark and name that lives as long as the listing, or NULL. */
static const char *folder_keep(struct listing *listing, char mark,
			       const char *name)
{
	size_t len = strlen(name) + 2;
	struct block *block = listing->blocks;
	char *copy;

	if (LISTING_BLOCK - block->len < len)
		block = new_block(listing);
	if (!block)
		return NULL;
	copy = block->bytes + block->len;
	copy[0] = mark;
	memcpy(copy + 1, name, len - 1);
	block->len += len;
	return copy;
}

void listing_free(struct listing *listing)
{
	struct block *block;

	while ((block = listing->blocks)) {
		listing->blocks = block->next;
		free(block);
	}
	for (size_t i = 0; i < listing->n_runs; i++)
		free(listing->runs[i].names);
	free(listing->runs);
	listing->budget->used -= listing->used;
	if (listing->budget->n_held)
		--*listing->budget->n_held;
	(void)closedir(listing->dir);
	free(listing);
}

/* --- reading --- */

/* What a link leads to, as far as that lies below the root. */
static bool stat_link(struct listing *listing, const char *name,
		      struct stat *st)
{
	char path[PATH_MAX];
	struct text text = text_in(path, sizeof(path) - 1);

	text_add(&text, (struct slice){listing->path, listing->path_len});
	if (listing->path_len > 0)
		text_add_char(&text, '/');
	text_add_str(&text, name);
	path[text.len] = '\0';
	return !text.overflow && docroot_stat(listing->root, path, st) == 0;
}

/* Looks at a name in the directory; true for what could be served. */
static bool folder_stat_name(struct listing *listing, const char *name,
			     struct stat *st)
{
	listing->cost += LISTING_LOOK_COST;
	if (fstatat(dirfd(listing->dir), name, st, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	if (S_ISLNK(st->st_mode)) {
		listing->cost += LISTING_LINK_COST;
		if (!stat_link(listing, name, st))
			return false;
	}
	return S_ISREG(st->st_mode) || S_ISDIR(st->st_mode);
}

/* The mark of a directory entry; 0 for what is not listed. */
static char mark_of(struct listing *listing, const struct dirent *entry)
{
	struct stat st;

	if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
		return 0;
	if (entry->d_name[0] == '.' && !listing->hidden)
		return 0;
	if (entry->d_type == DT_REG)
		return MARK_FILE;
	if (entry->d_type == DT_DIR)
		return MARK_DIRECTORY;
	if (entry->d_type != DT_LNK && entry->d_type != DT_UNKNOWN)
		return 0;
	if (!folder_stat_name(listing, entry->d_name, &st))
		return 0;
	return S_ISDIR(st.st_mode) ? MARK_DIRECTORY : MARK_FILE;
}

/* Orders stored names: directories first, then as people count. */
static int compare_stored(const char *a, const char *b)
{
	return *a != *b ? *a - *b : natural_compare(a + 1, b + 1);
}

static int folder_by_name(const void *a, const void *b)
{
	return compare_stored(*(const char *const *)a, *(const char *const *)b);
}

/* Room for one more run; NULL when there is none. */
static struct name_run *new_run(struct listing *listing)
{
	size_t size = LISTING_RUN * sizeof(char *);
	struct name_run *runs;
	struct name_run run = {0};

	if (!folder_take(listing, size + sizeof(run)))
		return NULL;
	runs = realloc(listing->runs, (listing->n_runs + 1) * sizeof(run));
	if (!runs)
		return NULL;
	listing->runs = runs;
	run.names = malloc(size);
	if (!run.names)
		return NULL;
	runs[listing->n_runs] = run;
	return &runs[listing->n_runs++];
}

/* Reads names into the run; false at the end, or without memory. */
static bool read_names(struct listing *listing, struct name_run *run,
		       size_t budget)
{
	while (run->n < LISTING_RUN && listing->cost < budget) {
		const struct dirent *entry = readdir(listing->dir);
		const char *name;
		char mark;

		if (!entry)
			return false;
		listing->cost += LISTING_NAME_COST;
		mark = mark_of(listing, entry);
		if (!mark)
			continue;
		name = folder_keep(listing, mark, entry->d_name);
		if (!name) {
			listing->is_cut = true;
			return false;
		}
		run->names[run->n++] = name;
	}
	return true;
}

/* Reads and sorts one run of names; the first one is there already. */
static void read_run(struct listing *listing, struct loop *loop)
{
	size_t budget = loop_budget(loop, LISTING_STEP, LISTING_STEP_LEAST);
	struct name_run *run = &listing->runs[listing->n_runs - 1];

	if (run->n == LISTING_RUN)
		run = new_run(listing);
	if (!run) {
		listing->is_cut = true;
		listing->is_read = true;
		return;
	}
	listing->is_read = !read_names(listing, run, budget);
	if (listing->is_read || run->n == LISTING_RUN)
		qsort(run->names, run->n, sizeof(char *), folder_by_name);
}

/* --- merging --- */

static bool is_before(const struct name_run *a, const struct name_run *b)
{
	return compare_stored(a->names[a->at], b->names[b->at]) < 0;
}

/* Lets the run at i sink until no run below it begins with a lesser name. */
static void sink(struct listing *listing, size_t i)
{
	struct name_run *runs = listing->runs;

	for (;;) {
		size_t least = i, child = 2 * i + 1;
		struct name_run swap;

		for (size_t end = child + 2;
		     child < end && child < listing->n_runs; child++)
			if (is_before(&runs[child], &runs[least]))
				least = child;
		if (least == i)
			return;
		swap = runs[i];
		runs[i] = runs[least];
		runs[least] = swap;
		i = least;
	}
}

/* Takes the run at i out; the last one takes its place. */
static void remove_run(struct listing *listing, size_t i)
{
	listing->used -= LISTING_RUN * sizeof(char *);
	listing->budget->used -= LISTING_RUN * sizeof(char *);
	free(listing->runs[i].names);
	listing->runs[i] = listing->runs[--listing->n_runs];
}

static void make_heap(struct listing *listing)
{
	for (size_t i = listing->n_runs; i-- > 0;)
		if (listing->runs[i].n == 0)
			remove_run(listing, i);
	for (size_t i = listing->n_runs / 2; i-- > 0;)
		sink(listing, i);
}

/* The next name in order, with its mark; NULL after the last. */
static const char *next_name(struct listing *listing)
{
	const char *name;

	if (listing->n_runs == 0)
		return NULL;
	name = listing->runs[0].names[listing->runs[0].at++];
	if (listing->runs[0].at == listing->runs[0].n)
		remove_run(listing, 0);
	sink(listing, 0);
	return name;
}

/* --- writing --- */

static void write_row(struct listing *listing, const char *name,
		      struct text *text)
{
	struct http_listing_row row = {.name = slice_of(name)};
	struct stat st;

	if (!folder_stat_name(listing, name, &st))
		return;
	row.is_directory = S_ISDIR(st.st_mode);
	row.size = (uint64_t)st.st_size;
	row.mtime_s = st.st_mtim.tv_sec;
	http_listing_row(text, listing->as_json, &row, !listing->has_rows);
	listing->has_rows = true;
}

/* Writes the next rows, as many as a step may and the text has room for. */
static void write_rows(struct listing *listing, struct loop *loop,
		       struct text *text)
{
	const size_t need = HTTP_LISTING_ROW_MAX + HTTP_LISTING_END_MAX;
	size_t budget = loop_budget(loop, LISTING_STEP, LISTING_STEP_LEAST);

	if (!listing->has_begun)
		http_listing_begin(
			text, listing->as_json,
			(struct slice){listing->path, listing->path_len});
	listing->has_begun = true;
	while (listing->cost < budget && text->size - text->len > need) {
		const char *name = next_name(listing);

		if (!name) {
			http_listing_end(text, listing->as_json,
					 listing->is_cut);
			listing->has_ended = true;
			return;
		}
		write_row(listing, name + 1, text);
	}
}

#define CHUNK_HEAD_MAX 18 /* the size in hexadecimal and CRLF */
#define CHUNK_END_MAX  7  /* CRLF, and the last chunk */

/* Puts the chunk's size before the text at buf + CHUNK_HEAD_MAX. */
static struct slice frame_chunk(char *buf, size_t len, bool is_last)
{
	char head_buf[CHUNK_HEAD_MAX];
	struct text head = text_in(head_buf, sizeof(head_buf));
	struct text end = text_in(buf + CHUNK_HEAD_MAX + len, CHUNK_END_MAX);
	char *start;

	/* A chunk of size 0 would be the last. */
	if (len > 0) {
		text_add_hex(&head, len);
		text_add_str(&head, "\r\n");
		text_add_str(&end, "\r\n");
	}
	if (is_last)
		text_add_str(&end, "0\r\n\r\n");
	start = buf + CHUNK_HEAD_MAX - head.len;
	memcpy(start, head.ptr, head.len);
	return (struct slice){start, head.len + len + end.len};
}

/* Reads on, and says that work was done, though nothing goes out yet. */
static enum conn_sent read_step(struct listing *listing, struct conn *conn)
{
	read_run(listing, conn->loop);
	if (listing->is_read)
		make_heap(listing);
	loop_spend(conn->loop, listing->cost);
	conn_note_sent(conn, 0);
	return CONN_HELD;
}

/* Writes rows and sends them. A peer that is gone takes the listing along. */
static enum conn_sent write_step(struct listing *listing, struct conn *conn)
{
	char *buf = conn->loop->out;
	struct text text =
		text_in(buf + CHUNK_HEAD_MAX,
			LOOP_OUT_SIZE - CHUNK_HEAD_MAX - CHUNK_END_MAX);
	enum conn_sent sent;
	struct slice out;
	bool is_last;

	write_rows(listing, conn->loop, &text);
	loop_spend(conn->loop, listing->cost);
	is_last = listing->has_ended;
	out = text_slice(&text);
	if (listing->chunked)
		out = frame_chunk(buf, text.len, is_last);
	conn_note_sent(conn, 0); /* even when every row's file was gone */
	sent = conn_send(conn, out.ptr, out.len, false);
	return sent == CONN_SENT && !is_last ? CONN_HELD : sent;
}

static enum conn_sent listing_send(struct body *body, struct conn *conn)
{
	struct listing *listing = CONTAINER_OF(body, struct listing, body);

	if (listing->has_ended)
		return CONN_SENT;
	listing->cost = 0;
	return listing->is_read ? write_step(listing, conn)
				: read_step(listing, conn);
}

static void listing_body_free(struct body *body)
{
	listing_free(CONTAINER_OF(body, struct listing, body));
}

struct body *listing_body(struct listing *listing, bool chunked)
{
	listing->chunked = chunked;
	return &listing->body;
}

struct listing *listing_open(struct listing_budget *budget,
			     const struct docroot *root, struct slice path,
			     bool hidden, bool as_json)
{
	struct listing *listing = calloc(1, sizeof(*listing) + path.len + 1);
	int saved, fd = docroot_open_directory(root, path.ptr);

	if (listing && fd >= 0)
		listing->dir = fdopendir(fd);
	saved = listing ? errno : ENOMEM;
	if (!listing || !listing->dir) {
		if (fd >= 0)
			(void)close(fd);
		free(listing);
		errno = saved;
		return NULL;
	}
	listing->body.send = listing_send;
	listing->body.free = listing_body_free;
	listing->budget = budget;
	if (budget->n_held)
		++*budget->n_held;
	listing->root = root;
	listing->hidden = hidden;
	listing->as_json = as_json;
	memcpy(listing->path, path.ptr, path.len);
	listing->path_len = path.len;
	/* Whoever cannot list a single name is better told now. */
	if (new_block(listing) && new_run(listing))
		return listing;
	listing_free(listing);
	errno = ENOMEM;
	return NULL;
}
