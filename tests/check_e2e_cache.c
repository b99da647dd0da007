/* SPDX-License-Identifier: MIT */
/*
 * The file cache of the running daemon, as somebody meets it who changes files
 * and asks for them: whatever becomes of a file, a request that is sent after
 * the change is answered by what is there then.
 *
 * A cache that trusts the times of a file must know that two changes within
 * one tick of the clock leave the same time behind. So everything is done
 * twice: to files that were made this moment, and to files that are older than
 * any such doubt, of which a cache may well keep what it has.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "e2e_http.h"
#include "e2e_server.h"
#include "e2e_sock.h"
#include "harness.h"

#define SMALL_SIZE 1000		/* kept in memory */
#define LARGE_SIZE (100 * 1024) /* of which the descriptor is kept */

/* No cache may be in doubt about a file that is as old as that. */
#define OLD_S 3

static char *outside; /* holds the root and what is beside it */
static char *root;
static struct server *server;

/* --- files --- */

/*
 * Each test changes a place of its own, a folder of the root:
 *
 *	dir/f	   version 1		alias -> dir/f
 *	dir/g	   version 2		link  -> dir
 *	other/f	   version 2
 */
struct place {
	char path[512]; /* of the folder */
	char name[64];	/* below the root */
	size_t size;	/* of its files */
};

/* Content of one size: the version can be told from each byte. */
static unsigned char *new_version(size_t size, int version)
{
	unsigned char *data = bytes_new(size);

	memset(data, 'a' + version % 26, size);
	(void)snprintf((char *)data, size, "version %d", version);
	return data;
}

/* path/name, in a buffer that the fourth call after this one uses again. */
static const char *in(const struct place *place, const char *name)
{
	static char paths[4][600];
	static unsigned next;
	char *path = paths[next++ % 4];

	(void)snprintf(path, sizeof(paths[0]), "%s/%s", place->path, name);
	return path;
}

static void write_version(const struct place *place, const char *name,
			  int version)
{
	unsigned char *data = new_version(place->size, version);

	folder_write(place->path, name, data, place->size);
	free(data);
}

static void make_link(const struct place *place, const char *to,
		      const char *name)
{
	ck_assert_int_eq(symlink(to, in(place, name)), 0);
}

static void place_make(struct place *place, const char *name, size_t size)
{
	*place = (struct place){.size = size};
	(void)snprintf(place->name, sizeof(place->name), "%s", name);
	(void)snprintf(place->path, sizeof(place->path), "%s/%s", root, name);
	folder_add(root, name);
	folder_add(place->path, "dir");
	folder_add(place->path, "other");
	write_version(place, "dir/f", 1);
	write_version(place, "dir/g", 2);
	write_version(place, "other/f", 2);
	make_link(place, "dir/f", "alias");
	make_link(place, "dir", "link");
}

static void make_root(void)
{
	unsigned char *secret = new_version(LARGE_SIZE, 9);

	outside = folder_new();
	folder_add(outside, "root");
	root = folder_path(outside, "root");
	folder_add(outside, "secrets");
	folder_write(outside, "secrets/f", secret, LARGE_SIZE);
	free(secret);
}

static void start_server(void)
{
	server = server_start(&(struct server_options){
		.http = "0", .root = root, .obeys_modes = true});
}

static void stop_server(void)
{
	server_stop(server);
}

static void set_up(void)
{
	make_root();
	start_server();
}

static void tear_down(void)
{
	stop_server();
	free(root);
	free(outside);
}

/* --- asking --- */

/* How a test asks: over one connection, or a new one for each request. */
struct asker {
	bool keeps;
	int fd; /* -1 for none */
};

static void ask(struct asker *asker, const struct place *place,
		const char *name, struct response *response)
{
	if (asker->fd < 0)
		asker->fd = tcp_connect(server, SERVICE_HTTP);
	http_ask(asker->fd, response, "GET /%s/%s HTTP/1.1", place->name, name);
	if (!asker->keeps) {
		(void)close(asker->fd);
		asker->fd = -1;
	}
}

static void asker_clear(struct asker *asker)
{
	if (asker->fd >= 0)
		(void)close(asker->fd);
	asker->fd = -1;
}

static void expect_version(const struct response *response, size_t size,
			   int version)
{
	unsigned char *data = new_version(size, version);

	http_expect_status(response, 200);
	if (response->len != size || memcmp(response->content, data, size) != 0)
		harness_fail("version %d (%zu bytes) expected, got %.12s "
			     "(%zu bytes)",
			     version, size, (const char *)response->content,
			     response->len);
	free(data);
}

static void ask_version(struct asker *asker, const struct place *place,
			const char *name, int version)
{
	struct response response;

	ask(asker, place, name, &response);
	expect_version(&response, place->size, version);
	http_clear(&response);
}

/* --- ways to change a file --- */

/* Not a byte is cut off before the new ones are there. */
static void overwrite(const struct place *place, const char *name, int version)
{
	unsigned char *data = new_version(place->size, version);
	int file = open(in(place, name), O_WRONLY | O_CLOEXEC);

	ck_assert_int_eq(pwrite(file, data, place->size, 0),
			 (ssize_t)place->size);
	ck_assert_int_eq(close(file), 0);
	free(data);
}

static void write_in_place(const struct place *place)
{
	overwrite(place, "dir/f", 2);
}

static void write_anew(const struct place *place)
{
	write_version(place, "dir/f", 2);
}

static void write_by_mapping(const struct place *place)
{
	int file = open(in(place, "dir/f"), O_RDWR | O_CLOEXEC);
	unsigned char *data = new_version(place->size, 2);
	void *map = mmap(NULL, place->size, PROT_READ | PROT_WRITE, MAP_SHARED,
			 file, 0);

	ck_assert_ptr_ne(map, MAP_FAILED);
	memcpy(map, data, place->size);
	ck_assert_int_eq(munmap(map, place->size), 0);
	ck_assert_int_eq(close(file), 0);
	free(data);
}

/* The size and both times that can be set are what they were. */
static void write_in_disguise(const struct place *place)
{
	struct timespec times[2];
	struct stat st;

	ck_assert_int_eq(stat(in(place, "dir/f"), &st), 0);
	write_in_place(place);
	times[0] = st.st_atim;
	times[1] = st.st_mtim;
	ck_assert_int_eq(utimensat(AT_FDCWD, in(place, "dir/f"), times, 0), 0);
}

static void replace(const struct place *place, const char *name, int version)
{
	write_version(place, "new", version);
	ck_assert_int_eq(rename(in(place, "new"), in(place, name)), 0);
}

static void rename_over(const struct place *place)
{
	ck_assert_int_eq(rename(in(place, "dir/g"), in(place, "dir/f")), 0);
}

static void set_times_of(const char *path, const char *of)
{
	struct stat st;

	ck_assert_int_eq(stat(of, &st), 0);
	ck_assert_int_eq(utimensat(AT_FDCWD, path,
				   (struct timespec[]){st.st_atim, st.st_mtim},
				   0),
			 0);
}

static void rename_over_in_disguise(const struct place *place)
{
	set_times_of(in(place, "dir/g"), in(place, "dir/f"));
	rename_over(place);
}

static void rename_from_elsewhere(const struct place *place)
{
	ck_assert_int_eq(rename(in(place, "other/f"), in(place, "dir/f")), 0);
}

static void exchange(const struct place *place)
{
	ck_assert_int_eq(renameat2(AT_FDCWD, in(place, "dir/f"), AT_FDCWD,
				   in(place, "dir/g"), RENAME_EXCHANGE),
			 0);
}

static void delete (const struct place *place)
{
	ck_assert_int_eq(unlink(in(place, "dir/f")), 0);
}

static void delete_and_make(const struct place *place)
{
	delete (place);
	write_anew(place);
}

static void link_over(const struct place *place)
{
	delete (place);
	ck_assert_int_eq(link(in(place, "dir/g"), in(place, "dir/f")), 0);
}

static void change_mode(const struct place *place)
{
	ck_assert_int_eq(chmod(in(place, "dir/f"), 0), 0);
}

static void link_out(const struct place *place)
{
	delete (place);
	make_link(place, "../../../secrets/f", "dir/f");
}

static void link_inside(const struct place *place)
{
	delete (place);
	make_link(place, "../other/f", "dir/f");
}

static void link_to_itself(const struct place *place)
{
	delete (place);
	make_link(place, "f", "dir/f");
}

static void make_fifo(const struct place *place)
{
	delete (place);
	ck_assert_int_eq(mkfifo(in(place, "dir/f"), 0644), 0);
}

static void make_folder(const struct place *place)
{
	delete (place);
	folder_add(place->path, "dir/f");
}

static void move_folder(const struct place *place)
{
	ck_assert_int_eq(rename(in(place, "dir"), in(place, "gone")), 0);
}

static void replace_folder(const struct place *place)
{
	move_folder(place);
	set_times_of(in(place, "other/f"), in(place, "gone/f"));
	ck_assert_int_eq(rename(in(place, "other"), in(place, "dir")), 0);
}

static void exchange_folder(const struct place *place)
{
	ck_assert_int_eq(renameat2(AT_FDCWD, in(place, "dir"), AT_FDCWD,
				   in(place, "other"), RENAME_EXCHANGE),
			 0);
}

static void link_folder_out(const struct place *place)
{
	move_folder(place);
	make_link(place, "../../secrets", "dir");
}

/* The very file, but by a path that leaves the root on its way. */
static void link_folder_out_and_in(const struct place *place)
{
	char to[128];

	move_folder(place);
	(void)snprintf(to, sizeof(to), "../../root/%s/gone", place->name);
	make_link(place, to, "dir");
}

static void link_folder_inside(const struct place *place)
{
	move_folder(place);
	make_link(place, "other", "dir");
}

static void close_folder(const struct place *place)
{
	ck_assert_int_eq(chmod(in(place, "dir"), 0), 0);
}

static void close_place(const struct place *place)
{
	ck_assert_int_eq(chmod(place->path, 0), 0);
}

static void move_place(const struct place *place)
{
	char to[600];

	(void)snprintf(to, sizeof(to), "%s-gone", place->path);
	ck_assert_int_eq(rename(place->path, to), 0);
}

static void link_place_out(const struct place *place)
{
	move_place(place);
	ck_assert_int_eq(symlink(outside, place->path), 0);
}

static void retarget_link(const struct place *place)
{
	make_link(place, "other", "new");
	ck_assert_int_eq(rename(in(place, "new"), in(place, "link")), 0);
}

static void retarget_alias(const struct place *place)
{
	make_link(place, "other/f", "new");
	ck_assert_int_eq(rename(in(place, "new"), in(place, "alias")), 0);
}

/* Not a byte is written where the file system can do without. */
static void zero_out(const struct place *place)
{
	int file = open(in(place, "dir/f"), O_WRONLY | O_CLOEXEC);
	void *zeros = calloc(1, place->size);

	if (fallocate(file, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, 0,
		      (off_t)place->size) != 0)
		ck_assert_int_eq(pwrite(file, zeros, place->size, 0),
				 (ssize_t)place->size);
	ck_assert_int_eq(close(file), 0);
	free(zeros);
}

#define NO_VERSION 0

static const struct {
	void (*change)(const struct place *place);
	const char *target; /* below the place; NULL: "dir/f" */
	int status;	    /* of a request after it */
	int version;	    /* of the content then */
} changes[] = {
	{write_in_place, NULL, 200, 2},
	{write_anew, NULL, 200, 2},
	{write_by_mapping, NULL, 200, 2},
	{write_in_disguise, NULL, 200, 2},
	{rename_over, NULL, 200, 2},
	{rename_over_in_disguise, NULL, 200, 2},
	{rename_from_elsewhere, NULL, 200, 2},
	{exchange, NULL, 200, 2},
	{delete_and_make, NULL, 200, 2},
	{link_over, NULL, 200, 2},
	{zero_out, NULL, 200, NO_VERSION},
	{delete, NULL, 404, NO_VERSION},
	{change_mode, NULL, 403, NO_VERSION},
	{link_out, NULL, 403, NO_VERSION},
	{link_inside, NULL, 200, 2},
	{link_to_itself, NULL, 404, NO_VERSION},
	{make_fifo, NULL, 403, NO_VERSION},
	{make_folder, NULL, 301, NO_VERSION},
	{move_folder, NULL, 404, NO_VERSION},
	{replace_folder, NULL, 200, 2},
	{exchange_folder, NULL, 200, 2},
	{link_folder_out, NULL, 403, NO_VERSION},
	{link_folder_out_and_in, NULL, 200, 1},
	{link_folder_inside, NULL, 200, 2},
	{close_folder, NULL, 403, NO_VERSION},
	{close_place, NULL, 403, NO_VERSION},
	{move_place, NULL, 404, NO_VERSION},
	{link_place_out, NULL, 403, NO_VERSION},
	/* By a path with a link in it. */
	{write_in_place, "link/f", 200, 2},
	{delete, "link/f", 404, NO_VERSION},
	{move_folder, "link/f", 404, NO_VERSION},
	{exchange_folder, "link/f", 200, 2},
	{retarget_link, "link/f", 200, 2},
	{write_in_place, "alias", 200, 2},
	{write_in_disguise, "alias", 200, 2},
	{rename_over_in_disguise, "alias", 200, 2},
	{change_mode, "alias", 403, NO_VERSION},
	{delete, "alias", 404, NO_VERSION},
	{retarget_alias, "alias", 200, 2},
	{link_folder_out, "alias", 403, NO_VERSION},
};

/* Each of these has a place of its own for each change. */
static const struct {
	const char *name;
	size_t size;
	bool keeps;
} manners[] = {
	{"small-kept", SMALL_SIZE, true},
	{"small-new", SMALL_SIZE, false},
	{"large-kept", LARGE_SIZE, true},
	{"large-new", LARGE_SIZE, false},
};

static void make_place(struct place *place, int change, size_t manner)
{
	char name[64];

	(void)snprintf(name, sizeof(name), "%s-%d", manners[manner].name,
		       change);
	place_make(place, name, manners[manner].size);
}

/* The one of these paths, made by another process. */
static struct place find_place(int change, size_t manner)
{
	struct place place = {.size = manners[manner].size};

	(void)snprintf(place.name, sizeof(place.name), "%s-%d",
		       manners[manner].name, change);
	(void)snprintf(place.path, sizeof(place.path), "%s/%s", root,
		       place.name);
	return place;
}

static void expect_change(const struct response *response,
			  const struct place *place, int change)
{
	http_expect_status(response, changes[change].status);
	if (changes[change].version != NO_VERSION) {
		expect_version(response, place->size, changes[change].version);
	} else if (response->status == 200) {
		ck_assert_uint_eq(response->len, place->size);
		for (size_t i = 0; i < response->len; i++)
			ck_assert_uint_eq(response->content[i], 0);
	}
}

/* Asks until it must be in the cache, changes, and asks again. */
static void try_change(const struct place *place, int change, bool keeps)
{
	const char *target = changes[change].target;
	struct asker asker = {keeps, -1};
	struct response response;

	if (!target)
		target = "dir/f";
	for (int i = 0; i < 3; i++)
		ask_version(&asker, place, target, 1);
	changes[change].change(place);
	for (int i = 0; i < 3; i++) {
		ask(&asker, place, target, &response);
		expect_change(&response, place, change);
		http_clear(&response);
	}
	asker_clear(&asker);
}

START_TEST(a_new_file_that_changes_is_served_as_it_is_now)
{
	for (size_t i = 0; i < ARRAY_LEN(manners); i++) {
		struct place place;

		make_place(&place, _i, i);
		try_change(&place, _i, manners[i].keeps);
	}
}
END_TEST

START_TEST(an_old_file_that_changes_is_served_as_it_is_now)
{
	for (size_t i = 0; i < ARRAY_LEN(manners); i++) {
		struct place place = find_place(_i, i);

		try_change(&place, _i, manners[i].keeps);
	}
}
END_TEST

/* --- files beside the one that is asked for --- */

/* As in a place, and beside it what is served for it or in its stead. */
static void make_neighbours(const char *name)
{
	struct place place;

	place_make(&place, name, SMALL_SIZE);
	write_version(&place, "dir/f.gz", 3);
}

static void ask_encoded(int fd, const struct place *place, bool is_encoded,
			int version)
{
	struct response response;

	http_ask(fd, &response,
		 "GET /%s/dir/f HTTP/1.1\r\nAccept-Encoding: gzip",
		 place->name);
	http_expect_field(&response, "Content-Encoding",
			  is_encoded ? "gzip" : NULL);
	expect_version(&response, place->size, version);
	http_clear(&response);
}

/* --- a root of files that are old --- */

static const char *const neighbours[] = {"beside-deleted", "beside-written",
					 "beside-outdated", "beside-made",
					 "beside-main"};

static void wait_until_old(const char *path)
{
	struct timespec until;
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	until = (struct timespec){.tv_sec = st.st_ctim.tv_sec + OLD_S};
	/* A condition: that the clock shows so much. */
	while (clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &until, NULL) ==
	       EINTR)
		;
}

static void make_old_root(void)
{
	struct place place;

	make_root();
	for (size_t i = 0; i < ARRAY_LEN(changes); i++)
		for (size_t j = 0; j < ARRAY_LEN(manners); j++)
			make_place(&place, (int)i, j);
	for (size_t i = 0; i < ARRAY_LEN(neighbours); i++)
		make_neighbours(neighbours[i]);
	place_make(&place, "mapped", SMALL_SIZE);
	folder_write_text(root, "404.html", "version 1");
	folder_write_text(root, "last", "");
	wait_until_old(in(&place, "../last"));
}

static void free_root(void)
{
	free(root);
	free(outside);
}

static struct place old_place(const char *name)
{
	struct place place = {.size = SMALL_SIZE};

	(void)snprintf(place.name, sizeof(place.name), "%s", name);
	(void)snprintf(place.path, sizeof(place.path), "%s/%s", root, name);
	return place;
}

START_TEST(an_encoded_sibling_that_is_deleted_is_not_served)
{
	struct place place = old_place("beside-deleted");
	int fd = tcp_connect(server, SERVICE_HTTP);

	ask_encoded(fd, &place, true, 3);
	ck_assert_int_eq(unlink(in(&place, "dir/f.gz")), 0);
	ask_encoded(fd, &place, false, 1);
	(void)close(fd);
}
END_TEST

START_TEST(an_encoded_sibling_that_is_written_is_served_as_it_is_now)
{
	struct place place = old_place("beside-written");
	int fd = tcp_connect(server, SERVICE_HTTP);

	for (int version = 4; version < 10; version++) {
		write_version(&place, "dir/f.gz", version);
		ask_encoded(fd, &place, true, version);
	}
	(void)close(fd);
}
END_TEST

START_TEST(an_encoded_sibling_that_grows_old_is_not_served)
{
	struct place place = old_place("beside-outdated");
	const struct timespec old[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
	int fd = tcp_connect(server, SERVICE_HTTP);

	ask_encoded(fd, &place, true, 3);
	ck_assert_int_eq(utimensat(AT_FDCWD, in(&place, "dir/f.gz"), old, 0),
			 0);
	ask_encoded(fd, &place, false, 1);
	(void)close(fd);
}
END_TEST

START_TEST(an_encoded_sibling_that_appears_is_served)
{
	struct place place = old_place("beside-made");
	int fd = tcp_connect(server, SERVICE_HTTP);

	ck_assert_int_eq(unlink(in(&place, "dir/f.gz")), 0);
	ask_encoded(fd, &place, false, 1);
	write_version(&place, "dir/f.gz", 5);
	ask_encoded(fd, &place, true, 5);
	(void)close(fd);
}
END_TEST

START_TEST(an_encoded_sibling_of_an_older_file_is_not_served)
{
	struct place place = old_place("beside-main");
	int fd = tcp_connect(server, SERVICE_HTTP);

	ask_encoded(fd, &place, true, 3);
	write_version(&place, "dir/f", 7);
	ask_encoded(fd, &place, false, 7);
	(void)close(fd);
}
END_TEST

static void ask_absent(int fd, const char *content)
{
	struct response response;

	http_ask(fd, &response, "GET /none HTTP/1.1");
	http_expect(&response, 404, content, strlen(content));
	http_clear(&response);
}

START_TEST(an_own_page_for_404_is_served_as_it_is_now)
{
	int fd = tcp_connect(server, SERVICE_HTTP);

	ask_absent(fd, "version 1");
	folder_write_text(root, "404.html", "version 2");
	ask_absent(fd, "version 2");
	folder_write_text(root, "404.html", "version 3");
	ask_absent(fd, "version 3");
	(void)close(fd);
}
END_TEST

/* --- many changes in a row --- */

/* The order of changes and requests is known, and nothing lies between. */
static const struct {
	void (*write)(const struct place *place, const char *name, int version);
	size_t size;
	bool keeps;
	int n;
} rows[] = {
	{write_version, SMALL_SIZE, true, 500},
	{write_version, SMALL_SIZE, false, 200},
	{write_version, LARGE_SIZE, true, 500},
	{write_version, LARGE_SIZE, false, 200},
	{overwrite, SMALL_SIZE, true, 500},
	{overwrite, LARGE_SIZE, true, 500},
	{replace, SMALL_SIZE, true, 500},
	{replace, SMALL_SIZE, false, 200},
	{replace, LARGE_SIZE, true, 500},
};

START_TEST(each_of_many_quick_changes_is_seen)
{
	struct asker asker = {rows[_i].keeps, -1};
	struct place place;

	place_make(&place, "place", rows[_i].size);
	for (int version = 1; version <= rows[_i].n; version++) {
		rows[_i].write(&place, "dir/f", version);
		ask_version(&asker, &place, "dir/f", version);
	}
	asker_clear(&asker);
}
END_TEST

/*
 * A validator must tell two versions apart, however quickly one follows; or
 * there must be none yet. The clock of a file system may tick 100 times a
 * second only.
 */
START_TEST(what_a_client_has_is_not_confirmed_after_a_change)
{
	struct place place;
	struct response response;
	char etag[128] = "\"none\"";
	int fd = tcp_connect(server, SERVICE_HTTP);

	place_make(&place, "place", rows[_i].size);
	for (int version = 1; version <= rows[_i].n; version++) {
		rows[_i].write(&place, "dir/f", version);
		http_ask(fd, &response,
			 "GET /%s/dir/f HTTP/1.1\r\nIf-None-Match: %s",
			 place.name, etag);
		expect_version(&response, place.size, version);
		if (!http_field(&response, "ETag", etag, sizeof(etag)))
			(void)strcpy(etag, "\"none\"");
		http_clear(&response);
	}
	(void)close(fd);
}
END_TEST

/*
 * The server hears of many connections at once, and may look at the file once
 * for all of them. What it has seen then must not be the answer to a request
 * that came after the change, though a request before it was heard of earlier.
 * Standing still for a moment, the server gets much to do at once.
 */
START_TEST(a_request_behind_another_is_answered_as_of_its_own_time)
{
	enum {
		N_FDS = 100,
		N_ROUNDS = 50
	};
	struct place place;
	struct response response;
	char request[128];
	int fds[N_FDS];

	place_make(&place, "place", SMALL_SIZE);
	(void)snprintf(request, sizeof(request),
		       "GET /%s/dir/f HTTP/1.1\r\nHost: h\r\n\r\n", place.name);
	for (int i = 0; i < N_FDS; i++)
		fds[i] = tcp_connect(server, SERVICE_HTTP);
	for (int version = 2; version < N_ROUNDS; version++) {
		server_signal(server, SIGSTOP);
		for (int i = 0; i < N_FDS; i++)
			tcp_send_text(fds[i], request);
		server_signal(server, SIGCONT);
		/* It is at work: the first answer is there. */
		sock_must_wait(fds[0], POLLIN, harness_deadline(), "an answer");
		write_version(&place, "dir/f", version);
		for (int i = N_FDS - 1; i >= 0; i--)
			tcp_send_text(fds[i], request);
		for (int i = 0; i < N_FDS; i++) {
			http_read(fds[i], &response, true);
			http_clear(&response);
			http_read(fds[i], &response, true);
			expect_version(&response, place.size, version);
			http_clear(&response);
		}
	}
	for (int i = 0; i < N_FDS; i++)
		(void)close(fds[i]);
}
END_TEST

/*
 * Only the first write to a page changes the file's times, so a cache must not
 * trust a time that it sees right after one.
 */
START_TEST(what_is_being_written_to_a_mapping_is_served)
{
	struct place place = old_place("mapped");
	struct asker asker = {true, -1};
	int file = open(in(&place, "dir/f"), O_RDWR | O_CLOEXEC);
	char *map = mmap(NULL, place.size, PROT_READ | PROT_WRITE, MAP_SHARED,
			 file, 0);
	unsigned char *data;

	ck_assert_ptr_ne(map, MAP_FAILED);
	ask_version(&asker, &place, "dir/f", 1);
	for (int version = 2; version < 20; version++) {
		data = new_version(place.size, version);
		memcpy(map, data, place.size);
		ask_version(&asker, &place, "dir/f", version);
		free(data);
	}
	asker_clear(&asker);
}
END_TEST

/* --- a root that is turned to another folder --- */

#define N_RELEASES 2

/* A release: files whose content is its number, and a link by whole name. */
static void make_release(int number)
{
	char name[32], *path;
	struct place place;

	(void)snprintf(name, sizeof(name), "release-%d", number);
	for (size_t i = 0; i < 2; i++) {
		place = (struct place){.size = i ? LARGE_SIZE : SMALL_SIZE};
		(void)snprintf(place.path, sizeof(place.path), "%s/%s", outside,
			       name);
		if (i == 0) {
			folder_add(outside, name);
			folder_add(place.path, "sub");
		}
		write_version(&place, i ? "large" : "small", number);
		write_version(&place, i ? "sub/large" : "sub/small", number);
	}
	path = folder_path(place.path, "sub/small");
	make_link(&place, path, "link");
	free(path);
}

static void turn_root(int number)
{
	char to[32], *next = folder_path(outside, "next");

	(void)snprintf(to, sizeof(to), "release-%d", number);
	ck_assert_int_eq(symlink(to, next), 0);
	ck_assert_int_eq(rename(next, root), 0);
	free(next);
}

static void set_up_releases(void)
{
	outside = folder_new();
	root = folder_path(outside, "current");
	for (int number = 1; number <= N_RELEASES; number++)
		make_release(number);
	turn_root(1);
	start_server();
}

static void expect_release(int fd, int number)
{
	static const struct {
		const char *target;
		size_t size;
	} files[] = {
		{"/small", SMALL_SIZE},	    {"/large", LARGE_SIZE},
		{"/sub/small", SMALL_SIZE}, {"/sub/large", LARGE_SIZE},
		{"/link", SMALL_SIZE},
	};
	struct response response;

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		http_get(fd, files[i].target, &response);
		expect_version(&response, files[i].size, number);
		http_clear(&response);
	}
}

START_TEST(a_root_that_is_turned_is_served_at_once)
{
	int fd = tcp_connect(server, SERVICE_HTTP);

	for (int i = 0; i < 20; i++) {
		expect_release(fd, 1 + i % N_RELEASES);
		turn_root(1 + (i + 1) % N_RELEASES);
	}
	expect_release(fd, 1);
	server_wait_log(server, "another folder goes by its name now");
	(void)close(fd);
}
END_TEST

START_TEST(what_is_being_sent_of_an_old_release_arrives_whole)
{
	int fd = tcp_connect_small(server, SERVICE_HTTP);
	struct response response;

	http_send_get(fd, "/sub/large");
	http_read_head(fd, &response);
	turn_root(2);
	expect_release(tcp_connect(server, SERVICE_HTTP), 2);
	response.content = bytes_new(LARGE_SIZE);
	tcp_read(fd, response.content, LARGE_SIZE);
	expect_version(&response, LARGE_SIZE, 1);
	http_clear(&response);
	(void)close(fd);
}
END_TEST

/* Between the two there is no root: the old one is as good as any. */
START_TEST(a_root_that_is_moved_away_and_made_anew_is_served)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	char *away = folder_path(outside, "away");
	char *second = folder_path(outside, "release-2"), *link;
	struct response response;

	expect_release(fd, 1);
	ck_assert_int_eq(rename(root, away), 0);
	http_get(fd, "/sub/small", &response);
	expect_version(&response, SMALL_SIZE, 1);
	http_clear(&response);
	ck_assert_int_eq(rename(second, root), 0);
	/* Its link by whole name was of the folder's name. */
	link = folder_path(root, "link");
	ck_assert_int_eq(unlink(link), 0);
	ck_assert_int_eq(symlink("sub/small", link), 0);
	expect_release(fd, 2);
	free(link);
	free(away);
	free(second);
	(void)close(fd);
}
END_TEST

static void add_releases(Suite *suite)
{
	TCase *tcase = harness_case(suite, "releases");

	tcase_add_checked_fixture(tcase, set_up_releases, tear_down);
	tcase_add_test(tcase, a_root_that_is_turned_is_served_at_once);
	tcase_add_test(tcase,
		       what_is_being_sent_of_an_old_release_arrives_whole);
	tcase_add_test(tcase,
		       a_root_that_is_moved_away_and_made_anew_is_served);
}

static void add_old(Suite *suite)
{
	TCase *tcase = harness_case(suite, "old files");

	/* Once for all tests: it takes as long as files need to be old. */
	tcase_add_unchecked_fixture(tcase, make_old_root, free_root);
	tcase_add_checked_fixture(tcase, start_server, stop_server);
	tcase_add_loop_test(tcase,
			    an_old_file_that_changes_is_served_as_it_is_now, 0,
			    ARRAY_LEN(changes));
	tcase_add_test(tcase, an_encoded_sibling_that_is_deleted_is_not_served);
	tcase_add_test(
		tcase,
		an_encoded_sibling_that_is_written_is_served_as_it_is_now);
	tcase_add_test(tcase, an_encoded_sibling_that_grows_old_is_not_served);
	tcase_add_test(tcase, an_encoded_sibling_that_appears_is_served);
	tcase_add_test(tcase,
		       an_encoded_sibling_of_an_older_file_is_not_served);
	tcase_add_test(tcase, an_own_page_for_404_is_served_as_it_is_now);
	tcase_add_test(tcase, what_is_being_written_to_a_mapping_is_served);
}

static void add_new(Suite *suite)
{
	TCase *tcase = harness_case(suite, "new files");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase,
			    a_new_file_that_changes_is_served_as_it_is_now, 0,
			    ARRAY_LEN(changes));
	tcase_add_loop_test(tcase, each_of_many_quick_changes_is_seen, 0,
			    ARRAY_LEN(rows));
	tcase_add_loop_test(tcase,
			    what_a_client_has_is_not_confirmed_after_a_change,
			    0, ARRAY_LEN(rows));
	tcase_add_test(tcase,
		       a_request_behind_another_is_answered_as_of_its_own_time);
}

int main(void)
{
	Suite *suite = suite_create("e2e cache");

	add_old(suite);
	add_new(suite);
	add_releases(suite);
	return harness_run(suite);
}
