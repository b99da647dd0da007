/* SPDX-License-Identifier: MIT */
/*
 * The file cache over a real folder, turn by turn: what it finds, when it looks
 * again and when it need not, what it keeps and what goes, and what is left of
 * it when memory or descriptors run out. Time stands still here, and moves when
 * a test says so.
 */
#include "web/cache.h"

#include <errno.h>
#include <event2/event_struct.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "harness.h"
#include "http/coding.h"
#include "http/date.h"
#include "http/media.h"
#include "leak.h"
#include "scarce.h"

#define CACHE_SMALL_MAX (64 << 10) /* by default */
#define LARGE		(CACHE_SMALL_MAX + 1)
#define A_WHILE		1000 /* seconds; any time is settled then */

/* How far the clocks are ahead; stands before the C library's. */
static time_t later_s;
static struct timespec frozen; /* goes on by that alone; 0: by itself too */

int clock_gettime(clockid_t id, struct timespec *now)
{
	int result = (int)syscall(SYS_clock_gettime, id, now);

	if (frozen.tv_sec > 0 && id != CLOCK_REALTIME)
		*now = frozen;
	now->tv_sec += later_s;
	return result;
}

static bool is_restless; /* each look at an open file tells another time */
static unsigned n_looks;

int fstat(int fd, struct stat *st)
{
	int result = fstatat(fd, "", st, AT_EMPTY_PATH);

	if (is_restless)
		st->st_mtim.tv_nsec = (long)++n_looks;
	return result;
}

static struct loop loop;
static struct event stop;
static struct docroot *root;
static struct cache *cache;
static char *folder;
static struct http_file refusal;

static void stop_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	loop_stop(arg);
}

static void open_cache(struct cache_limits limits)
{
	cache_free(cache);
	cache = cache_new(&loop, root, NULL, &limits);
	ck_assert_ptr_nonnull(cache);
}

static void set_up(void)
{
	later_s = 0;
	folder = folder_new();
	ck_assert_int_eq(loop_init(&loop), 0);
	(void)event_assign(&stop, loop.base, -1, 0, stop_cb, &loop);
	root = docroot_open(folder);
	ck_assert_ptr_nonnull(root);
	open_cache((struct cache_limits){1 << 24, 100, 10});
}

static void tear_down(void)
{
	cache_free(cache);
	cache = NULL;
	docroot_close(root);
	(void)event_del(&stop);
	loop_clear(&loop);
	ck_assert_uint_eq(loop.n_held, 0);
	free(folder);
}

/* What is due runs, and what is dead is freed. */
static void turn(void)
{
	event_active(&stop, EV_TIMEOUT, 0);
	ck_assert_int_eq(loop_run(&loop), 0);
}

static void pass(time_t seconds)
{
	later_s += seconds;
	turn();
}

static void write_file(const char *name, size_t len, char fill)
{
	char *data = bytes_new(len);

	memset(data, fill, len);
	folder_write(folder, name, data, len);
	free(data);
}

static struct cache_entry *look(const char *path)
{
	return cache_get(cache, slice_of(path), &refusal);
}

static struct cache_entry *find(const char *path)
{
	struct cache_entry *entry = look(path);

	ck_assert_msg(entry, "%s: %u", path, refusal.status);
	ck_assert_msg(slice_is(cache_path(entry), path), "%s", path);
	return entry;
}

/* The file there has content of len bytes, all alike. */
static struct cache_entry *expect(const char *path, size_t len, char fill)
{
	struct cache_entry *entry = find(path);

	ck_assert_msg(entry->file.size == len, "%s: %llu bytes, not %zu", path,
		      (unsigned long long)entry->file.size, len);
	for (size_t i = 0; i < len; i++) {
		char c = '\0';

		if (entry->content)
			c = entry->content[i];
		else if (i % 4096 == 0)
			ck_assert_int_eq(pread(entry->fd, &c, 1, (off_t)i), 1);
		else
			continue;
		ck_assert_msg(c == fill, "%s: %c at %zu", path, c, i);
	}
	return entry;
}

static void expect_refused(const char *path, unsigned status)
{
	ck_assert_ptr_null(look(path));
	ck_assert_int_eq(refusal.kind, HTTP_FILE_REFUSED);
	ck_assert_msg(refusal.status == status, "%s: %u, not %u", path,
		      refusal.status, status);
}

static void expect_usage(size_t n_files, size_t n_open)
{
	struct cache_limits usage = cache_usage(cache);

	ck_assert_uint_eq(usage.max_files, n_files);
	ck_assert_uint_eq(usage.max_open, n_open);
	if (n_files == 0)
		ck_assert_uint_eq(usage.max_bytes, 0);
}

static int open_descriptors(void)
{
	int n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* --- what is found --- */

START_TEST(small_is_kept_in_memory_and_large_as_a_descriptor)
{
	write_file("small", CACHE_SMALL_MAX, 's');
	write_file("large", LARGE, 'l');
	ck_assert_ptr_nonnull(expect("small", CACHE_SMALL_MAX, 's')->content);
	ck_assert_int_eq(find("small")->fd, -1);
	ck_assert_ptr_null(expect("large", LARGE, 'l')->content);
	ck_assert_int_ge(find("large")->fd, 0);
	expect_usage(2, 1);
	ck_assert_uint_gt(cache_usage(cache).max_bytes, CACHE_SMALL_MAX);
	ck_assert_uint_lt(cache_usage(cache).max_bytes, 2 * CACHE_SMALL_MAX);
}
END_TEST

START_TEST(an_empty_file_is_a_file)
{
	write_file("empty", 0, ' ');
	ck_assert_ptr_nonnull(expect("empty", 0, ' ')->content);
}
END_TEST

START_TEST(an_entry_tells_what_http_wants_to_know)
{
	struct stat st;
	struct cache_entry *entry;
	char *path = folder_path(folder, "a.html");

	write_file("a.html", 10, 'a');
	ck_assert_int_eq(stat(path, &st), 0);
	entry = find("a.html");
	ck_assert_int_eq(entry->file.kind, HTTP_FILE_REGULAR);
	ck_assert_int_eq(entry->file.mtime_s, st.st_mtim.tv_sec);
	ck_assert_int_eq(entry->file.coding, HTTP_CODING_IDENTITY);
	ck_assert_str_eq(entry->file.media_type, "text/html; charset=utf-8");
	ck_assert_ptr_null(entry->file.inner_type);
	ck_assert_uint_gt(entry->file.etag.len, 2);
	free(path);
}
END_TEST

START_TEST(a_file_that_is_stored_encoded_says_what_is_inside)
{
	write_file("a.js.gz", 10, 'a');
	ck_assert_ptr_nonnull(find("a.js.gz")->file.inner_type);
	ck_assert_int_eq(find("a.js.gz")->file.inner_coding, HTTP_CODING_GZIP);
}
END_TEST

START_TEST(a_time_before_all_times_is_none)
{
	const struct timespec times[2] = {{0, 0}, {0, 0}};
	char *path = folder_path(folder, "a");

	write_file("a", 10, 'a');
	ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
	ck_assert_int_eq(find("a")->file.mtime_s, HTTP_NO_DATE);
	free(path);
}
END_TEST

START_TEST(the_first_second_is_a_time)
{
	const struct timespec times[2] = {{1, 0}, {1, 0}};
	char *path = folder_path(folder, "a");

	write_file("a", 10, 'a');
	ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
	ck_assert_int_eq(find("a")->file.mtime_s, 1);
	free(path);
}
END_TEST

START_TEST(encoded_siblings_are_noticed)
{
	write_file("a", 10, 'a');
	write_file("b", 10, 'a');
	write_file("a.br", 5, 'b');
	write_file("a.gz", 5, 'g');
	ck_assert_uint_eq(find("a")->file.codings,
			  1U << HTTP_CODING_BR | 1U << HTTP_CODING_GZIP);
	ck_assert_uint_eq(find("b")->file.codings, 0);
	write_file("b.zst", 5, 'z');
	turn();
	ck_assert_uint_eq(find("b")->file.codings, 1U << HTTP_CODING_ZSTD);
}
END_TEST

/* A path that leaves no room for a suffix has no siblings, and does no harm. */
START_TEST(a_path_as_long_as_can_be_has_no_siblings)
{
	char path[HTTP_LINE_MAX + 1];

	write_file("a", 10, 'a');
	memset(path, '/', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	for (size_t i = 0; i + 2 < sizeof(path); i += 2)
		path[i] = '.';
	memcpy(path + strlen(path) - 2, "/a", 2);
	if (look(path))
		ck_assert_uint_eq(find(path)->file.codings, 0);
	else
		ck_assert_uint_eq(refusal.status, 404);
}
END_TEST

START_TEST(what_is_no_file_is_refused_and_not_kept)
{
	char *outside = folder_path(folder, "outside");
	char *fifo = folder_path(folder, "fifo");

	folder_add(folder, "folder");
	ck_assert_int_eq(mkfifo(fifo, 0600), 0);
	ck_assert_int_eq(symlink("/etc/passwd", outside), 0);
	expect_refused("absent", 404);
	expect_refused("folder/absent", 404);
	expect_refused("absent/absent", 404);
	expect_refused("fifo", 403);
	expect_refused("outside", 403);
	ck_assert_ptr_null(look("folder"));
	ck_assert_int_eq(refusal.kind, HTTP_FILE_DIRECTORY);
	expect_usage(0, 0);
	free(outside);
	free(fifo);
}
END_TEST

static const struct {
	int error;
	unsigned status;
} errors[] = {
	{ENOENT, 404}, {ENOTDIR, 404}, {ENAMETOOLONG, 404},
	{ELOOP, 404},  {EINVAL, 404},  {EACCES, 403},
	{EPERM, 403},  {EXDEV, 403},   {ENXIO, 403},
	{ENODEV, 403}, {EFBIG, 403},   {EMFILE, 503},
	{ENFILE, 503}, {ENOMEM, 503},  {EAGAIN, 503},
	{EINTR, 503},  {EBUSY, 503},   {EIO, 500},
	{0, 500},
};

START_TEST(every_error_has_its_status)
{
	for (size_t i = 0; i < ARRAY_LEN(errors); i++)
		ck_assert_msg(cache_status_of_error(errors[i].error) ==
				      errors[i].status,
			      "%s", strerror(errors[i].error));
}
END_TEST

/* --- when it looks again --- */

START_TEST(a_settled_file_is_read_once)
{
	struct cache_entry *entry;

	write_file("a", 10, 'a');
	later_s = A_WHILE;
	entry = expect("a", 10, 'a');
	for (int i = 0; i < 5; i++) {
		turn();
		ck_assert_ptr_eq(expect("a", 10, 'a'), entry);
	}
	expect_usage(1, 0);
}
END_TEST

/* It is looked at when it is opened and each of the four times it is read. */
START_TEST(a_file_that_never_rests_is_served)
{
	is_restless = true;
	write_file("a", 10, 'a');
	(void)expect("a", 10, 'a');
	ck_assert_uint_eq(n_looks, 5);
}
END_TEST

START_TEST(a_young_file_is_read_in_every_turn)
{
	struct cache_entry *first, *second;

	write_file("a", 10, 'a');
	first = expect("a", 10, 'a');
	ck_assert_ptr_eq(expect("a", 10, 'a'), first);
	cache_expire(cache);
	second = expect("a", 10, 'a');
	ck_assert_ptr_ne(second, first);
	expect_usage(1, 0);
}
END_TEST

/* How a name comes to mean other bytes; each is seen in the next turn. */
static void write_anew(const char *path)
{
	(void)path;
	write_file("d/a", 20, 'b');
}

static void rename_over(const char *path)
{
	char *other = folder_path(folder, "d/other");

	write_file("d/other", 20, 'b');
	ck_assert_int_eq(rename(other, path), 0);
	free(other);
}

static void turn_folder(const char *path)
{
	char *old = folder_path(folder, "d"), *away = folder_path(folder, "e");

	(void)path;
	ck_assert_int_eq(rename(old, away), 0);
	folder_add(folder, "d");
	write_file("d/a", 20, 'b');
	free(old);
	free(away);
}

static void link_elsewhere(const char *path)
{
	write_file("d/other", 20, 'b');
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(symlink("other", path), 0);
}

static void (*const changes[])(const char *path) = {
	write_anew,
	rename_over,
	turn_folder,
	link_elsewhere,
};

START_TEST(a_change_is_seen_in_the_next_turn)
{
	char *path = folder_path(folder, "d/a");

	folder_add(folder, "d");
	write_file("d/a", 10, 'a');
	later_s = A_WHILE;
	(void)expect("d/a", 10, 'a');
	turn();
	(void)expect("d/a", 10, 'a');
	changes[_i](path);
	/* Whoever asks in this turn gets what it began with. */
	(void)expect("d/a", 10, 'a');
	turn();
	(void)expect("d/a", 20, 'b');
	expect_usage(1, 0);
	free(path);
}
END_TEST

START_TEST(a_change_of_large_files_is_seen_in_the_next_turn)
{
	write_file("a", LARGE, 'a');
	later_s = A_WHILE;
	(void)expect("a", LARGE, 'a');
	write_file("a", LARGE + 1, 'b');
	turn();
	(void)expect("a", LARGE + 1, 'b');
	write_file("a", 1, 'c');
	turn();
	(void)expect("a", 1, 'c');
	expect_usage(1, 0);
}
END_TEST

static void remove_file(void)
{
	char *path = folder_path(folder, "d/a");

	ck_assert_int_eq(unlink(path), 0);
	free(path);
}

static void remove_folder(void)
{
	char *path = folder_path(folder, "d"), *to = folder_path(folder, "e");

	ck_assert_int_eq(rename(path, to), 0);
	free(path);
	free(to);
}

static void replace_folder(void)
{
	remove_folder();
	write_file("d", 10, 'd');
}

static void (*const removals[])(void) = {
	remove_file,
	remove_folder,
	replace_folder,
};

START_TEST(what_is_gone_is_gone_in_the_next_turn)
{
	folder_add(folder, "d");
	write_file("d/a", 10, 'a');
	later_s = A_WHILE;
	(void)expect("d/a", 10, 'a');
	removals[_i]();
	turn();
	expect_refused("d/a", 404);
	expect_usage(0, 0);
}
END_TEST

/* The link's own folder does not change when what it leads to does. */
START_TEST(a_link_is_followed_anew_in_every_turn)
{
	char *link = folder_path(folder, "link");
	char *from = folder_path(folder, "e/x"),
	     *to = folder_path(folder, "e/a");
	struct cache_entry *entry;

	folder_add(folder, "e");
	write_file("e/a", 10, 'a');
	write_file("e/x", 10, 'b');
	ck_assert_int_eq(symlink("e/a", link), 0);
	later_s = A_WHILE;
	entry = expect("link", 10, 'a');
	turn();
	/* The same file as before keeps what was read of it. */
	ck_assert_ptr_eq(expect("link", 10, 'a'), entry);
	ck_assert_int_eq(rename(from, to), 0);
	turn();
	(void)expect("link", 10, 'b');
	free(link);
	free(from);
	free(to);
}
END_TEST

/* Of the same size, and with its time put back. */
START_TEST(a_time_that_was_put_back_deceives_nobody)
{
	char *path = folder_path(folder, "a");
	struct timespec times[2];
	struct stat st;

	write_file("a", 10, 'a');
	later_s = A_WHILE;
	(void)expect("a", 10, 'a');
	ck_assert_int_eq(stat(path, &st), 0);
	times[0] = st.st_atim;
	times[1] = st.st_mtim;
	write_file("a", 10, 'b');
	ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
	turn();
	(void)expect("a", 10, 'b');
	free(path);
}
END_TEST

/* Whether the file stands in the root itself or in a folder there. */
START_TEST(a_root_that_is_turned_is_noticed)
{
	char *one = folder_path(folder, "one"),
	     *link = folder_path(folder, "l");
	const char *path = _i == 0 ? "a" : "d/a";

	folder_add(folder, "one");
	folder_add(folder, "two");
	folder_add(folder, "one/d");
	folder_add(folder, "two/d");
	write_file(_i == 0 ? "one/a" : "one/d/a", 10, 'a');
	write_file(_i == 0 ? "two/a" : "two/d/a", 10, 'b');
	ck_assert_int_eq(symlink("one", link), 0);
	cache_free(cache);
	cache = NULL;
	docroot_close(root);
	root = docroot_open(link);
	ck_assert_ptr_nonnull(root);
	open_cache((struct cache_limits){1 << 24, 100, 10});
	later_s = A_WHILE;
	(void)expect(path, 10, 'a');
	ck_assert_int_eq(unlink(link), 0);
	ck_assert_int_eq(symlink("two", link), 0);
	(void)expect(path, 10, 'a');
	turn();
	(void)expect(path, 10, 'b');
	free(one);
	free(link);
}
END_TEST

/* A release may share a file with the one before: a hard link. */
START_TEST(a_file_that_two_roots_share_is_the_same_in_both)
{
	char *link_path = folder_path(folder, "l"),
	     *one = folder_path(folder, "one/a"),
	     *two = folder_path(folder, "two/a");

	folder_add(folder, "one");
	folder_add(folder, "two");
	write_file("one/a", 10, 'a');
	write_file("two/b", 10, 'b');
	ck_assert_int_eq(link(one, two), 0);
	ck_assert_int_eq(symlink("one", link_path), 0);
	cache_free(cache);
	cache = NULL;
	docroot_close(root);
	root = docroot_open(link_path);
	ck_assert_ptr_nonnull(root);
	open_cache((struct cache_limits){1 << 24, 100, 10});
	later_s = A_WHILE;
	(void)expect("a", 10, 'a');
	expect_refused("b", 404);
	ck_assert_int_eq(unlink(link_path), 0);
	ck_assert_int_eq(symlink("two", link_path), 0);
	turn();
	(void)expect("a", 10, 'a');
	(void)expect("b", 10, 'b');
	ck_assert_int_eq(unlink(two), 0);
	turn();
	expect_refused("a", 404);
	free(link_path);
	free(one);
	free(two);
}
END_TEST

START_TEST(a_sibling_that_appears_is_noticed_within_a_second)
{
	write_file("a", 10, 'a');
	folder_add(folder, "d");
	write_file("d/a", 10, 'a');
	later_s = A_WHILE;
	ck_assert_uint_eq(find("a")->file.codings, 0);
	ck_assert_uint_eq(find("d/a")->file.codings, 0);
	write_file("a.gz", 10, 'z');
	write_file("d/a.gz", 10, 'z');
	turn();
	ck_assert_uint_eq(find("d/a")->file.codings, 1U << HTTP_CODING_GZIP);
	pass(2);
	ck_assert_uint_eq(find("a")->file.codings, 1U << HTTP_CODING_GZIP);
}
END_TEST

/* Files that are made as they are read say 0 or a page, and any time. */
START_TEST(a_file_without_a_size_is_read_to_its_end)
{
	struct cache_entry *entry;

	cache_free(cache);
	cache = NULL;
	docroot_close(root);
	root = docroot_open("/proc/self");
	ck_assert_ptr_nonnull(root);
	open_cache((struct cache_limits){1 << 24, 100, 10});
	later_s = A_WHILE;
	entry = find("status");
	ck_assert_uint_gt(entry->file.size, 100);
	ck_assert_mem_eq(entry->content, "Name:", 5);
	ck_assert_int_eq(entry->file.mtime_s, HTTP_NO_DATE);
	/* And nothing tells that it is still the same. */
	cache_expire(cache);
	ck_assert_ptr_ne(find("status"), entry);
}
END_TEST

/* --- what it keeps --- */

START_TEST(the_least_recently_used_goes)
{
	struct cache_entry *a;

	open_cache((struct cache_limits){1 << 24, 2, 10});
	write_file("a", 10, 'a');
	write_file("b", 10, 'b');
	write_file("c", 10, 'c');
	later_s = A_WHILE;
	a = find("a");
	pass(2);
	(void)find("b");
	pass(2);
	ck_assert_ptr_eq(find("a"), a);
	pass(2);
	(void)find("c");
	expect_usage(2, 0);
	turn();
	ck_assert_ptr_eq(find("a"), a);
	expect_usage(2, 0);
	pass(2);
	/* It was b that went, so it is read again and c goes. */
	(void)find("b");
	turn();
	ck_assert_ptr_eq(find("a"), a);
}
END_TEST

START_TEST(large_and_small_ones_go_by_the_same_age)
{
	struct cache_entry *small, *large;

	open_cache((struct cache_limits){1 << 24, 2, 10});
	write_file("small", 10, 's');
	write_file("large", LARGE, 'l');
	write_file("new", 10, 'n');
	later_s = A_WHILE;
	(void)find("small");
	pass(2);
	large = find("large");
	pass(2);
	(void)find("new");
	expect_usage(2, 1);
	ck_assert_ptr_eq(find("large"), large);
	pass(2);
	(void)find("new");
	pass(2);
	small = find("small");
	expect_usage(2, 0);
	turn();
	ck_assert_ptr_eq(find("small"), small);
}
END_TEST

START_TEST(descriptors_have_a_limit_of_their_own)
{
	int before;

	open_cache((struct cache_limits){1 << 24, 100, 2});
	before = open_descriptors();
	write_file("small", 10, 's');
	(void)find("small");
	for (char name[] = "a"; name[0] < 'f'; name[0]++) {
		write_file(name, LARGE, name[0]);
		(void)expect(name, LARGE, name[0]);
		turn();
	}
	expect_usage(3, 2);
	ck_assert_int_eq(open_descriptors(), before + 2);
}
END_TEST

START_TEST(bytes_have_a_limit)
{
	open_cache((struct cache_limits){3 * CACHE_SMALL_MAX, 100, 2});
	later_s = A_WHILE;
	for (char name[] = "a"; name[0] < 'f'; name[0]++) {
		write_file(name, CACHE_SMALL_MAX, name[0]);
		(void)expect(name, CACHE_SMALL_MAX, name[0]);
		ck_assert_uint_le(cache_usage(cache).max_bytes,
				  3 * CACHE_SMALL_MAX);
	}
	expect_usage(2, 0);
}
END_TEST

START_TEST(a_cache_for_nothing_still_serves)
{
	open_cache((struct cache_limits){0, 0, 0});
	write_file("small", 10, 's');
	write_file("large", LARGE, 'l');
	(void)expect("small", 10, 's');
	(void)expect("large", LARGE, 'l');
	expect_usage(0, 0);
}
END_TEST

START_TEST(an_idle_descriptor_is_given_up)
{
	int before;

	write_file("large", LARGE, 'l');
	write_file("small", 10, 's');
	before = open_descriptors();
	later_s = A_WHILE;
	turn();
	(void)find("small");
	(void)find("large");
	pass(9);
	expect_usage(2, 1);
	(void)find("large");
	pass(9);
	expect_usage(2, 1);
	pass(9);
	expect_usage(1, 0);
	turn();
	ck_assert_int_eq(open_descriptors(), before);
}
END_TEST

/* It has waited exactly as long as is allowed. */
START_TEST(an_idle_descriptor_has_its_whole_time)
{
	ck_assert_int_eq(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &frozen),
			 0);
	open_cache((struct cache_limits){1 << 24, 100, 10});
	write_file("large", LARGE, 'l');
	turn();
	(void)find("large");
	pass(9);
	expect_usage(1, 1);
	pass(1);
	expect_usage(0, 0);
}
END_TEST

START_TEST(types_are_those_of_its_table)
{
	unsigned line;
	struct http_media *media =
		http_media_parse(slice_of("a/own own\n"), &line);

	ck_assert_ptr_nonnull(media);
	cache_free(cache);
	cache = cache_new(&loop, root, media,
			  &(struct cache_limits){1 << 24, 100, 10});
	ck_assert_ptr_nonnull(cache);
	write_file("a.own", 10, 's');
	ck_assert_str_eq(find("a.own")->file.media_type, "a/own");
	cache_free(cache);
	cache = NULL;
	http_media_free(media);
}
END_TEST

/* Of two that are equally old the small one goes: its descriptor is none. */
START_TEST(of_the_same_age_the_small_one_goes_first)
{
	write_file("small", 10, 's');
	write_file("large", LARGE, 'l');
	write_file("third", 10, 't');
	pass(A_WHILE);
	open_cache((struct cache_limits){1 << 24, 2, 10});
	(void)find("large");
	(void)find("small");
	(void)find("third");
	expect_usage(2, 1);
}
END_TEST

/* One that is held, buried, and held again dies once, and then is found anew.
 */
START_TEST(an_entry_may_die_more_than_once)
{
	struct cache_entry *entry;

	write_file("large", LARGE, 'l');
	entry = find("large");
	cache_hold(entry);
	cache_free(cache);
	cache = NULL;
	/* Released and held in turns, while it is buried already. */
	cache_release(entry);
	cache_hold(entry);
	turn();
	ck_assert_int_ge(fcntl(entry->fd, F_GETFD), 0);
	ck_assert_uint_eq(loop.n_held, 1);
	cache_release(entry);
	turn();
	ck_assert_uint_eq(loop.n_held, 0);
}
END_TEST

static void fill_and_free(void)
{
	cache_free(cache);
	cache = NULL;
	turn();
	open_cache((struct cache_limits){1 << 24, 100, 10});
	(void)find("small");
	(void)find("large");
	(void)find("folder/small");
	ck_assert_ptr_null(look("none"));
	turn();
}

START_TEST(a_cache_leaves_nothing_behind)
{
	write_file("small", 10, 's');
	write_file("large", LARGE, 'l');
	folder_add(folder, "folder");
	write_file("folder/small", 10, 's');
	leak_check(fill_and_free);
	cache_free(NULL);
}
END_TEST

static void look_without_memory(void)
{
	for (unsigned n = 1; n <= 8; n++) {
		cache_free(cache);
		cache = NULL;
		turn();
		open_cache((struct cache_limits){1 << 24, 100, 10});
		scarce_memory(n);
		(void)look("folder/small");
		(void)look("large");
		(void)scarce_memory_end();
	}
}

START_TEST(without_memory_nothing_is_left_behind_either)
{
	write_file("large", LARGE, 'l');
	folder_add(folder, "folder");
	write_file("folder/small", 10, 's');
	leak_check(look_without_memory);
}
END_TEST

/* --- who holds it --- */

START_TEST(a_held_entry_outlives_the_cache)
{
	struct cache_entry *small, *large;

	write_file("small", 10, 's');
	write_file("large", LARGE, 'l');
	small = find("small");
	large = find("large");
	cache_hold(small);
	cache_hold(large);
	cache_hold(large);
	ck_assert_uint_eq(loop.n_held, 1);
	cache_free(cache);
	cache = NULL;
	turn();
	ck_assert_int_eq(small->content[9], 's');
	ck_assert_int_ge(fcntl(large->fd, F_GETFD), 0);
	cache_release(large);
	ck_assert_uint_eq(loop.n_held, 1);
	ck_assert_int_ge(fcntl(large->fd, F_GETFD), 0);
	turn();
	ck_assert_int_ge(fcntl(large->fd, F_GETFD), 0);
	cache_release(large);
	cache_release(small);
	turn();
	ck_assert_uint_eq(loop.n_held, 0);
}
END_TEST

START_TEST(an_entry_that_is_released_stays_in_the_cache)
{
	struct cache_entry *entry;

	write_file("large", LARGE, 'l');
	later_s = A_WHILE;
	entry = find("large");
	cache_hold(entry);
	cache_hold(entry);
	cache_release(entry);
	ck_assert_uint_eq(loop.n_held, 1);
	cache_release(entry);
	ck_assert_uint_eq(loop.n_held, 0);
	turn();
	ck_assert_ptr_eq(find("large"), entry);
	expect_usage(1, 1);
}
END_TEST

/* Its file was replaced while somebody was still sending the old one. */
START_TEST(a_held_entry_outlives_its_file)
{
	struct cache_entry *old;
	int before;

	write_file("a", LARGE, 'a');
	before = open_descriptors();
	old = find("a");
	cache_hold(old);
	write_file("a", 10, 'b');
	turn();
	(void)expect("a", 10, 'b');
	turn();
	ck_assert_uint_eq(loop.n_held, 1);
	ck_assert_uint_eq(old->file.size, LARGE);
	ck_assert_int_ge(fcntl(old->fd, F_GETFD), 0);
	cache_release(old);
	turn();
	ck_assert_uint_eq(loop.n_held, 0);
	ck_assert_int_eq(open_descriptors(), before);
}
END_TEST

/* Taken hold of again in the turn in which it was to be freed. */
START_TEST(an_entry_may_be_held_after_it_was_dropped)
{
	struct cache_entry *entry;

	open_cache((struct cache_limits){0, 0, 0});
	write_file("a", 10, 'a');
	entry = find("a");
	cache_hold(entry);
	cache_release(entry);
	cache_hold(entry);
	turn();
	turn();
	ck_assert_int_eq(entry->content[9], 'a');
	cache_release(entry);
	turn();
}
END_TEST

START_TEST(folders_come_and_go_with_their_files)
{
	char name[32];

	open_cache((struct cache_limits){1 << 24, 3, 2});
	for (int i = 0; i < 60; i++) {
		(void)snprintf(name, sizeof(name), "d%d", i);
		folder_add(folder, name);
		(void)snprintf(name, sizeof(name), "d%d/a", i);
		write_file(name, 10, 'a');
		(void)expect(name, 10, 'a');
	}
	turn();
	for (int i = 0; i < 60; i++) {
		(void)snprintf(name, sizeof(name), "d%d/a", i);
		(void)expect(name, 10, 'a');
	}
	expect_usage(3, 0);
}
END_TEST

/* --- scarcity --- */

START_TEST(a_cache_needs_memory)
{
	const struct cache_limits limits = {1 << 20, 10, 10};
	int before = open_descriptors();
	unsigned n = 0;
	struct cache *one;

	do {
		scarce_memory(++n);
		one = cache_new(&loop, root, NULL, &limits);
		if (one)
			cache_free(one);
	} while (scarce_memory_end() && n < 100);
	ck_assert_ptr_nonnull(one);
	ck_assert_uint_ge(n, 4);
	ck_assert_int_eq(open_descriptors(), before);
}
END_TEST

START_TEST(without_memory_a_file_is_refused_for_a_moment)
{
	static const size_t sizes[] = {0, 10};
	int before = open_descriptors();
	unsigned n = 0, n_refused = 0;
	bool has_failed;

	folder_add(folder, "d");
	write_file("d/a", sizes[_i], 'a');
	do {
		struct cache_entry *entry;

		scarce_memory(++n);
		entry = look("d/a");
		has_failed = scarce_memory_end();
		if (!entry) {
			n_refused++;
			ck_assert_uint_eq(refusal.status, 503);
			ck_assert_int_eq(refusal.kind, HTTP_FILE_REFUSED);
			expect_usage(0, 0);
			ck_assert_int_eq(open_descriptors(), before);
		}
		(void)expect("d/a", sizes[_i], 'a');
		open_cache((struct cache_limits){1 << 20, 10, 10});
		turn();
	} while (has_failed && n < 100);
	ck_assert_uint_ge(n_refused, 3);
}
END_TEST

/* What is in the cache is served when there are no descriptors to look. */
START_TEST(without_descriptors_what_is_there_is_served)
{
	const struct rlimit none = {3, 3};
	struct rlimit saved;
	struct cache_entry *entry;

	folder_add(folder, "d");
	write_file("d/a", 10, 'a');
	write_file("d/b", 10, 'b');
	later_s = A_WHILE;
	entry = find("d/a");
	turn();
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &saved), 0);
	while (open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0 &&
	       open_descriptors() < 40)
		;
	ck_assert_int_eq(
		setrlimit(RLIMIT_NOFILE,
			  &(struct rlimit){none.rlim_cur, saved.rlim_max}),
		0);
	expect_refused("d/b", 503);
	for (int i = 0; i < 3; i++) {
		turn();
		ck_assert_ptr_eq(find("d/a"), entry);
	}
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &saved), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cache");
	TCase *tcase = harness_case(suite, "cache");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase,
		       small_is_kept_in_memory_and_large_as_a_descriptor);
	tcase_add_test(tcase, an_empty_file_is_a_file);
	tcase_add_test(tcase, an_entry_tells_what_http_wants_to_know);
	tcase_add_test(tcase,
		       a_file_that_is_stored_encoded_says_what_is_inside);
	tcase_add_test(tcase, a_time_before_all_times_is_none);
	tcase_add_test(tcase, the_first_second_is_a_time);
	tcase_add_test(tcase, encoded_siblings_are_noticed);
	tcase_add_test(tcase, a_path_as_long_as_can_be_has_no_siblings);
	tcase_add_test(tcase, what_is_no_file_is_refused_and_not_kept);
	tcase_add_test(tcase, every_error_has_its_status);
	tcase_add_test(tcase, a_settled_file_is_read_once);
	tcase_add_test(tcase, a_file_that_never_rests_is_served);
	tcase_add_test(tcase, a_young_file_is_read_in_every_turn);
	tcase_add_loop_test(tcase, a_change_is_seen_in_the_next_turn, 0,
			    (int)ARRAY_LEN(changes));
	tcase_add_test(tcase, a_change_of_large_files_is_seen_in_the_next_turn);
	tcase_add_loop_test(tcase, what_is_gone_is_gone_in_the_next_turn, 0,
			    (int)ARRAY_LEN(removals));
	tcase_add_test(tcase, a_link_is_followed_anew_in_every_turn);
	tcase_add_test(tcase, a_time_that_was_put_back_deceives_nobody);
	tcase_add_loop_test(tcase, a_root_that_is_turned_is_noticed, 0, 2);
	tcase_add_test(tcase, a_file_that_two_roots_share_is_the_same_in_both);
	tcase_add_test(tcase,
		       a_sibling_that_appears_is_noticed_within_a_second);
	tcase_add_test(tcase, a_file_without_a_size_is_read_to_its_end);
	tcase_add_test(tcase, the_least_recently_used_goes);
	tcase_add_test(tcase, large_and_small_ones_go_by_the_same_age);
	tcase_add_test(tcase, descriptors_have_a_limit_of_their_own);
	tcase_add_test(tcase, bytes_have_a_limit);
	tcase_add_test(tcase, a_cache_for_nothing_still_serves);
	tcase_add_test(tcase, an_idle_descriptor_is_given_up);
	tcase_add_test(tcase, an_idle_descriptor_has_its_whole_time);
	tcase_add_test(tcase, types_are_those_of_its_table);
	tcase_add_test(tcase, of_the_same_age_the_small_one_goes_first);
	tcase_add_test(tcase, an_entry_may_die_more_than_once);
	tcase_add_test(tcase, a_cache_leaves_nothing_behind);
	tcase_add_test(tcase, without_memory_nothing_is_left_behind_either);
	tcase_add_test(tcase, a_held_entry_outlives_the_cache);
	tcase_add_test(tcase, an_entry_that_is_released_stays_in_the_cache);
	tcase_add_test(tcase, a_held_entry_outlives_its_file);
	tcase_add_test(tcase, an_entry_may_be_held_after_it_was_dropped);
	tcase_add_test(tcase, folders_come_and_go_with_their_files);
	tcase_add_test(tcase, a_cache_needs_memory);
	tcase_add_loop_test(
		tcase, without_memory_a_file_is_refused_for_a_moment, 0, 2);
	tcase_add_test(tcase, without_descriptors_what_is_there_is_served);
	return harness_run(suite);
}
