/* SPDX-License-Identifier: MIT */
/*
 * The document root against real folders: what is below it opens, nothing else
 * does, whatever links, loops, queues and long names lie there. Both ways to a
 * file are held to the same contract: openat2(2), and the walk for kernels that
 * do not have it. What stat says is what opening would say.
 *
 * Every test has a folder with a root in it and a secret beside that root:
 *
 *	folder/root/...		the document root
 *	folder/secret		must never be opened
 *	folder/rootless/secret	a name that begins like the root's
 */
#include "os/docroot.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "harness.h"

#define NAME_LEN_MAX 255 /* of one segment, on every file system here */

static const struct opener {
	int (*open)(const struct docroot *root, const char *path,
		    struct stat *st);
	const char *name;
} openers[] = {
	{docroot_open_file, "docroot_open_file"},
	{docroot_walk_file, "docroot_walk_file"},
};

#define N_OPENERS ((int)ARRAY_LEN(openers))

/* --- the folder --- */

static char *folder;
static struct docroot *root;

static void add_link(const char *target, const char *name)
{
	ck_assert_int_eq(symlinkat(target, docroot_fd(root), name), 0);
}

/* A link to the absolute path of what lies at name in the folder. */
static void add_absolute_link(const char *name, const char *link)
{
	char *target = folder_path(folder, name);

	add_link(target, link);
	free(target);
}

static void set_up(void)
{
	char *path;

	folder = folder_new();
	path = folder_path(folder, "root");
	folder_add(folder, "root");
	folder_add(folder, "rootless");
	folder_write_text(folder, "secret", "secret");
	folder_write_text(folder, "rootless/secret", "secret");
	folder_add(folder, "root/sub");
	folder_add(folder, "root/sub/deep");
	folder_write_text(folder, "root/file", "file");
	folder_write_text(folder, "root/sub/file", "sub");
	folder_write_text(folder, "root/sub/deep/file", "deep");
	folder_write_text(folder, "root/..name", "dots");
	root = docroot_open(path);
	ck_assert_ptr_nonnull(root);
	free(path);
}

static void tear_down(void)
{
	docroot_close(root);
	free(folder);
}

/* --- what is asked of it --- */

/* The lowest descriptor that is free: a leak moves it. */
static int lowest_free(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	(void)close(fd);
	return fd;
}

static void assert_opens(int which, const char *path, const char *content)
{
	struct stat st, open_st;
	int fd = openers[which].open(root, path, &st);
	char got[16] = "";

	ck_assert_msg(fd >= 0, "%s: %s: %s", openers[which].name, path,
		      strerror(errno));
	ck_assert_int_eq(read(fd, got, sizeof(got) - 1),
			 (ssize_t)strlen(content));
	ck_assert_str_eq(got, content);
	ck_assert_int_eq(fstat(fd, &open_st), 0);
	ck_assert_uint_eq(st.st_ino, open_st.st_ino);
	ck_assert_int_eq(st.st_size, open_st.st_size);
	(void)close(fd);
}

static void assert_fails(int which, const char *path, int want)
{
	int before = lowest_free();
	struct stat st;
	int fd = openers[which].open(root, path, &st);
	int error = errno;

	ck_assert_msg(fd < 0, "%s: %s opens", openers[which].name, path);
	ck_assert_msg(error == want, "%s: %s: %s, not %s", openers[which].name,
		      path, strerror(error), strerror(want));
	ck_assert_msg(lowest_free() == before, "%s: %s leaks a descriptor",
		      openers[which].name, path);
}

static struct stat stat_of(const char *path)
{
	struct stat st;

	ck_assert_msg(docroot_stat(root, path, &st) == 0, "%s: %s", path,
		      strerror(errno));
	return st;
}

/* --- the root itself --- */

START_TEST(a_root_must_be_a_directory)
{
	char *path = folder_path(folder, "secret");

	errno = 0;
	ck_assert_ptr_null(docroot_open(path));
	ck_assert_int_eq(errno, ENOTDIR);
	free(path);
}
END_TEST

START_TEST(a_root_must_exist)
{
	char *path = folder_path(folder, "absent");

	errno = 0;
	ck_assert_ptr_null(docroot_open(path));
	ck_assert_int_eq(errno, ENOENT);
	free(path);
}
END_TEST

START_TEST(a_root_may_be_named_by_a_link)
{
	char *path = folder_path(folder, "root/self");
	struct docroot *self;

	add_link("../root", "self");
	self = docroot_open(path);
	ck_assert_ptr_nonnull(self);
	docroot_close(self);
	free(path);
}
END_TEST

/* What the root is now, after a look at its name. */
static enum docroot_change look(struct docroot *at, struct stat *st)
{
	struct stat want;
	enum docroot_change change = docroot_look(at, st);
	int error = errno;

	ck_assert_int_eq(fstat(docroot_fd(at), &want), 0);
	errno = error;
	ck_assert_uint_eq(st->st_ino, want.st_ino);
	return change;
}

static void turn_link(const char *to)
{
	char *name = folder_path(folder, "current");
	char *next = folder_path(folder, "next");

	ck_assert_int_eq(symlink(to, next), 0);
	ck_assert_int_eq(rename(next, name), 0);
	free(name);
	free(next);
}

START_TEST(a_root_whose_link_is_turned_is_the_other_folder)
{
	char *name = folder_path(folder, "current");
	struct docroot *current;
	struct stat before, after;
	int lowest;

	turn_link("root");
	current = docroot_open(name);
	ck_assert_ptr_nonnull(current);
	lowest = lowest_free();
	ck_assert_int_eq(look(current, &before), DOCROOT_SAME);
	turn_link("rootless");
	ck_assert_int_eq(look(current, &after), DOCROOT_TURNED);
	ck_assert_uint_ne(before.st_ino, after.st_ino);
	ck_assert_int_eq(look(current, &after), DOCROOT_SAME);
	ck_assert_int_le(lowest_free(), lowest);
	ck_assert_int_eq(docroot_stat(current, "secret", &after), 0);
	ck_assert_int_eq(docroot_stat(current, "file", &after), -1);
	docroot_close(current);
	free(name);
}
END_TEST

START_TEST(a_root_without_a_name_stays_what_it_was)
{
	char *name = folder_path(folder, "root");
	char *away = folder_path(folder, "away");
	struct stat st;

	ck_assert_int_eq(rename(name, away), 0);
	ck_assert_int_eq(look(root, &st), DOCROOT_SAME);
	ck_assert_int_eq(docroot_stat(root, "file", &st), 0);
	folder_write_text(folder, "root", "no folder");
	ck_assert_int_eq(look(root, &st), DOCROOT_SAME);
	ck_assert_int_eq(docroot_stat(root, "file", &st), 0);
	ck_assert_int_eq(unlink(name), 0);
	ck_assert_int_eq(mkdir(name, 0755), 0);
	ck_assert_int_eq(look(root, &st), DOCROOT_TURNED);
	ck_assert_int_eq(docroot_stat(root, "file", &st), -1);
	free(name);
	free(away);
}
END_TEST

START_TEST(a_root_that_cannot_be_opened_leaves_the_old_one)
{
	char *name = folder_path(folder, "current");
	struct docroot *current;
	struct rlimit limit, none;
	struct stat st;

	turn_link("root");
	current = docroot_open(name);
	ck_assert_ptr_nonnull(current);
	turn_link("rootless");
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = (rlim_t)lowest_free();
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	ck_assert_int_eq(look(current, &st), DOCROOT_LOST);
	ck_assert_int_eq(errno, EMFILE);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	ck_assert_int_eq(docroot_stat(current, "file", &st), 0);
	ck_assert_int_eq(look(current, &st), DOCROOT_TURNED);
	docroot_close(current);
	free(name);
}
END_TEST

START_TEST(a_relative_name_is_of_the_folder_that_one_was_in)
{
	struct docroot *here;
	struct stat st;

	ck_assert_int_eq(chdir(folder), 0);
	here = docroot_open("root");
	ck_assert_ptr_nonnull(here);
	ck_assert_int_eq(docroot_name(here)[0], '/');
	ck_assert_int_eq(chdir("/"), 0);
	add_absolute_link("root/file", "in");
	ck_assert_int_eq(look(here, &st), DOCROOT_SAME);
	ck_assert_int_eq(docroot_stat(here, "in", &st), 0);
	docroot_close(here);
}
END_TEST

/* Of what is in the folder. */
static off_t stat_size(const char *name)
{
	char *path = folder_path(folder, name);
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	free(path);
	return st.st_size;
}

START_TEST(the_root_of_all_may_be_the_root)
{
	struct docroot *all = docroot_open("/");
	struct stat st;
	char *path = folder_path(folder, "root/in");

	ck_assert_ptr_nonnull(all);
	add_absolute_link("secret", "in");
	ck_assert_int_eq(docroot_stat(all, path + 1, &st), 0);
	ck_assert_int_eq(st.st_size, stat_size("secret"));
	docroot_close(all);
	free(path);
}
END_TEST

START_TEST(descriptors_are_not_inherited_by_programs)
{
	struct stat st;
	int fd = openers[_i].open(root, "file", &st);

	ck_assert_int_eq(fcntl(docroot_fd(root), F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	(void)close(fd);
}
END_TEST

/* --- what lies below it --- */

START_TEST(files_below_the_root_open)
{
	int before = lowest_free();

	assert_opens(_i, "file", "file");
	assert_opens(_i, "sub/file", "sub");
	assert_opens(_i, "sub/deep/file", "deep");
	assert_opens(_i, "..name", "dots");
	ck_assert_int_eq(lowest_free(), before);
}
END_TEST

/* Standard input was closed; what errno says is of another call. */
START_TEST(a_descriptor_may_be_0)
{
	(void)close(STDIN_FILENO);
	errno = ENOENT;
	assert_opens(_i, "file", "file");
	errno = EAGAIN;
	assert_opens(_i, "sub/deep/file", "deep");
	ck_assert_int_eq(lowest_free(), STDIN_FILENO);
}
END_TEST

START_TEST(a_file_opens_for_reading_only)
{
	struct stat st;
	int fd = openers[_i].open(root, "file", &st);

	ck_assert_int_eq(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY);
	ck_assert_int_ne(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
	(void)close(fd);
}
END_TEST

START_TEST(directories_are_said_to_be_directories)
{
	assert_fails(_i, "", EISDIR);
	assert_fails(_i, "sub", EISDIR);
	assert_fails(_i, "sub/deep", EISDIR);
}
END_TEST

START_TEST(the_empty_path_is_the_root)
{
	struct stat want, got;
	int fd = docroot_open_directory(root, "");

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fstat(docroot_fd(root), &want), 0);
	ck_assert_int_eq(fstat(fd, &got), 0);
	ck_assert_uint_eq(got.st_ino, want.st_ino);
	ck_assert_uint_eq(got.st_dev, want.st_dev);
	(void)close(fd);
}
END_TEST

START_TEST(what_is_not_there_is_not_found)
{
	assert_fails(_i, "absent", ENOENT);
	assert_fails(_i, "sub/absent", ENOENT);
	assert_fails(_i, "absent/file", ENOENT);
	assert_fails(_i, "sub/deep/absent/file", ENOENT);
}
END_TEST

START_TEST(a_file_is_no_directory)
{
	assert_fails(_i, "file/file", ENOTDIR);
	assert_fails(_i, "sub/file/deep/file", ENOTDIR);
	assert_fails(_i, "file/", ENOTDIR);
}
END_TEST

START_TEST(a_name_may_be_as_long_as_the_file_system_allows)
{
	char name[NAME_LEN_MAX + 1], path[2 * sizeof(name) + sizeof("root//")];

	memset(name, 'n', NAME_LEN_MAX);
	name[NAME_LEN_MAX] = '\0';
	ck_assert_int_eq(mkdirat(docroot_fd(root), name, 0755), 0);
	(void)snprintf(path, sizeof(path), "root/%s/%s", name, name);
	folder_write_text(folder, path, "long");
	assert_opens(_i, path + strlen("root/"), "long");
}
END_TEST

START_TEST(a_longer_name_is_refused)
{
	char path[NAME_LEN_MAX + 16];

	memset(path, 'n', sizeof(path));
	path[NAME_LEN_MAX + 1] = '\0';
	assert_fails(_i, path, ENAMETOOLONG);
	strcpy(path + NAME_LEN_MAX + 1, "/file");
	assert_fails(_i, path, ENAMETOOLONG);
	memmove(path + strlen("sub/"), path, NAME_LEN_MAX + 1);
	memcpy(path, "sub/", strlen("sub/"));
	path[strlen("sub/") + NAME_LEN_MAX + 1] = '\0';
	assert_fails(_i, path, ENAMETOOLONG);
}
END_TEST

START_TEST(a_path_of_any_length_does_no_harm)
{
	enum {
		N = 100000
	};
	char *path = bytes_new(N + 1);
	struct stat st;
	int fd, before = lowest_free();

	for (size_t i = 0; i < N; i++)
		path[i] = i % 2 ? '/' : 'a';
	path[N - 1] = 'a';
	path[N] = '\0';
	fd = openers[_i].open(root, path, &st);
	ck_assert_int_lt(fd, 0);
	ck_assert(errno == ENAMETOOLONG || errno == ENOENT);
	ck_assert_int_eq(lowest_free(), before);
	free(path);
}
END_TEST

START_TEST(running_out_of_descriptors_is_an_error_that_heals)
{
	struct rlimit limit, none;
	int before = lowest_free();
	struct stat st;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = (rlim_t)before;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	ck_assert_int_eq(openers[_i].open(root, "sub/file", &st), -1);
	ck_assert_int_eq(errno, EMFILE);
	/* Room for one: two are needed at a time. */
	none.rlim_cur++;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	ck_assert_int_eq(openers[_i].open(root, "sub/deep/file", &st), -1);
	ck_assert_int_eq(errno, EMFILE);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	ck_assert_int_eq(lowest_free(), before);
	assert_opens(_i, "sub/deep/file", "deep");
}
END_TEST

/* --- ways out --- */

static const char *const ways_out[] = {
	"..",
	"../secret",
	"../rootless/secret",
	"sub/../../secret",
	"sub/deep/../../../secret",
	"../root/file", /* a path that climbs is no path of the root */
};

START_TEST(dot_segments_do_not_lead_out)
{
	for (size_t i = 0; i < ARRAY_LEN(ways_out); i++)
		assert_fails(_i, ways_out[i], EXDEV);
}
END_TEST

START_TEST(an_absolute_path_does_not_lead_out)
{
	char *path = folder_path(folder, "secret");
	struct stat st;

	ck_assert_int_lt(openers[_i].open(root, path, &st), 0);
	ck_assert_int_lt(openers[_i].open(root, "/", &st), 0);
	ck_assert_int_lt(openers[_i].open(root, "/etc/passwd", &st), 0);
	free(path);
}
END_TEST

START_TEST(a_relative_link_does_not_lead_out)
{
	add_link("../secret", "file-out");
	add_link("..", "folder-out");
	add_link("../rootless", "folder-beside");
	assert_fails(_i, "file-out", EXDEV);
	assert_fails(_i, "folder-out", EXDEV);
	assert_fails(_i, "folder-out/secret", EXDEV);
	assert_fails(_i, "folder-beside/secret", EXDEV);
}
END_TEST

START_TEST(an_absolute_link_does_not_lead_out)
{
	add_absolute_link("secret", "file-out");
	add_absolute_link("rootless", "folder-out");
	add_link("/", "slash");
	assert_fails(_i, "file-out", EXDEV);
	assert_fails(_i, "folder-out", EXDEV);
	assert_fails(_i, "folder-out/secret", EXDEV);
	assert_fails(_i, "slash", EXDEV);
	assert_fails(_i, "slash/etc/passwd", EXDEV);
}
END_TEST

/* Whether there is something outside is nobody's business. */
START_TEST(a_link_to_nothing_outside_leads_out_as_well)
{
	ck_assert_int_eq(mkdirat(docroot_fd(root), "via", 0755), 0);
	add_absolute_link("absent", "none");
	add_absolute_link("rootless/absent", "none-beside");
	add_link("../../absent", "via/none");
	assert_fails(_i, "none", EXDEV);
	assert_fails(_i, "none/file", EXDEV);
	assert_fails(_i, "none-beside", EXDEV);
	assert_fails(_i, "via/none", EXDEV);
}
END_TEST

START_TEST(a_link_in_a_subfolder_does_not_lead_out)
{
	add_link("../../secret", "sub/file-out");
	add_link("../..", "sub/folder-out");
	assert_fails(_i, "sub/file-out", EXDEV);
	assert_fails(_i, "sub/folder-out/secret", EXDEV);
}
END_TEST

START_TEST(a_link_to_a_link_does_not_lead_out)
{
	add_link("two", "one");
	add_link("sub/three", "two");
	add_link("../../secret", "sub/three");
	assert_fails(_i, "one", EXDEV);
	assert_fails(_i, "two", EXDEV);
}
END_TEST

START_TEST(the_magic_links_of_proc_do_not_lead_out)
{
	struct docroot *proc = docroot_open("/proc/self");
	struct stat st;

	if (!proc) {
		harness_skip("no /proc here");
		return;
	}
	ck_assert_int_lt(openers[_i].open(proc, "root/etc/passwd", &st), 0);
	ck_assert_int_lt(openers[_i].open(proc, "cwd", &st), 0);
	ck_assert_int_lt(openers[_i].open(proc, "exe", &st), 0);
	docroot_close(proc);
}
END_TEST

/* Links below the root; "@" stands for the folder's absolute name. */
static const struct inner_link {
	const char *name;
	const char *to;
	const char *path; /* to be opened */
	const char *content;
	const char *why;
} inner_links[] = {
	{"in", "file", "in", "file", "beside itself"},
	{"in", "sub", "in/file", "sub", "a folder, in mid-path"},
	{"sub/in", "../file", "sub/in", "file", "up and in"},
	{"in", "sub/../sub/./deep", "in/file", "deep", "written oddly"},
	{"in", "@/root/file", "in", "file", "absolute"},
	{"in", "@/root/sub", "in/file", "sub", "absolute, in mid-path"},
	{"sub/in", "@/root/sub/deep", "sub/in/file", "deep", "from below"},
	{"in", "@/root", "in/sub/file", "sub", "the root itself"},
	{"in", "@/root/", "in/in/in/file", "file", "over and over"},
	{"in", "../root/file", "in", "file", "out and in again"},
	{"in", "@/rootless/../root/file", "in", "file", "absolute, oddly"},
	{"in", "@/way", "in/file", "file", "by a link outside that leads in"},
	{"in", "@/root//sub///file", "in", "sub", "slashes that say nothing"},
	{"in", "chain", "in", "sub", "to an absolute link"},
	{"sub/in", "../chain-folder", "sub/in/file", "deep", "to one in turn"},
};

/* Makes the link, with the folder's name for the "@" in front. */
static void add_inner_link(const struct inner_link *row)
{
	char *to = folder_path(folder, row->to[0] == '@' ? row->to + 2 : "");

	add_link(row->to[0] == '@' ? to : row->to, row->name);
	free(to);
}

START_TEST(a_link_that_ends_inside_is_followed)
{
	const struct inner_link *row = &inner_links[_i];
	char *way = folder_path(folder, "way");

	ck_assert_int_eq(symlink("root", way), 0);
	add_absolute_link("root/sub/file", "chain");
	add_absolute_link("root/sub/deep", "chain-folder");
	add_inner_link(row);
	for (int which = 0; which < N_OPENERS; which++) {
		int before = lowest_free();

		assert_opens(which, row->path, row->content);
		ck_assert_int_eq(lowest_free(), before);
	}
	ck_assert(S_ISREG(stat_of(row->path).st_mode));
	free(way);
}
END_TEST

START_TEST(a_directory_behind_an_absolute_link_can_be_read)
{
	int fd;

	add_absolute_link("root/sub", "in");
	fd = docroot_open_directory(root, "in");
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(faccessat(fd, "deep", F_OK, 0), 0);
	(void)close(fd);
	add_absolute_link("rootless", "out");
	ck_assert_int_eq(docroot_open_directory(root, "out"), -1);
	ck_assert_int_eq(errno, EXDEV);
}
END_TEST

START_TEST(a_loop_of_links_ends)
{
	add_link("self", "self");
	add_link("pong", "ping");
	add_link("ping", "pong");
	assert_fails(_i, "self", ELOOP);
	assert_fails(_i, "ping", ELOOP);
	assert_fails(_i, "ping/file", ELOOP);
}
END_TEST

START_TEST(a_link_to_nothing_is_no_file)
{
	add_link("absent", "dangling");
	add_absolute_link("root/sub/absent", "dangling-too");
	assert_fails(_i, "dangling", ENOENT);
	assert_fails(_i, "dangling-too", ENOENT);
	assert_fails(_i, "dangling-too/file", ENOENT);
}
END_TEST

/* --- what is no file --- */

START_TEST(a_queue_without_a_writer_does_not_block)
{
	ck_assert_int_eq(mkfifoat(docroot_fd(root), "fifo", 0644), 0);
	assert_fails(_i, "fifo", ENXIO);
	assert_fails(_i, "fifo/file", ENOTDIR);
	assert_fails(_i, "fifo/", ENOTDIR);
}
END_TEST

/* Whoever opens a queue lets go a writer that waits for a reader. */
START_TEST(a_queue_is_not_opened)
{
	int dir = docroot_fd(root);
	int events = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	char *path = folder_path(folder, "root/fifo");
	char event[sizeof(struct inotify_event) + NAME_LEN_MAX + 1];

	ck_assert_int_eq(mkfifoat(dir, "fifo", 0644), 0);
	ck_assert_int_eq(symlinkat("fifo", dir, "link"), 0);
	ck_assert_int_ge(inotify_add_watch(events, path, IN_OPEN), 0);
	assert_fails(_i, "fifo", ENXIO);
	assert_fails(_i, "link", ENXIO);
	errno = 0;
	ck_assert_int_eq(read(events, event, sizeof(event)), -1);
	ck_assert_int_eq(errno, EAGAIN);
	(void)close(events);
	free(path);
}
END_TEST

START_TEST(a_socket_does_not_open)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX,
				      .sun_path = "socket"};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(fchdir(docroot_fd(root)), 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)),
			 0);
	ck_assert_int_eq(chdir("/"), 0);
	assert_fails(_i, "socket", ENXIO);
	(void)close(fd);
}
END_TEST

/* Hides /proc below an empty file system, until the end of the process. */
static bool lose_proc(void)
{
	return unshare(CLONE_NEWNS) == 0 &&
	       mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("none", "/proc", "tmpfs", 0, NULL) == 0;
}

START_TEST(without_proc_files_open_all_the_same)
{
	if (!lose_proc()) {
		harness_skip("cannot hide /proc: %s", strerror(errno));
		return;
	}
	ck_assert_int_eq(mkfifoat(docroot_fd(root), "fifo", 0644), 0);
	assert_opens(_i, "file", "file");
	assert_opens(_i, "sub/deep/file", "deep");
	assert_fails(_i, "absent", ENOENT);
	assert_fails(_i, "fifo", ENXIO);
	assert_fails(_i, "sub", EISDIR);
	/* For what a sanitizer looks at when the process ends. */
	ck_assert_int_eq(umount("/proc"), 0);
}
END_TEST

/* --- what may not be read --- */

/* Becomes somebody without privileges; false when the test is nobody's root. */
static bool become_nobody(void)
{
	if (geteuid() != 0)
		return true; /* one has none */
	return setgroups(0, NULL) == 0 && setgid(65534) == 0 &&
	       setuid(65534) == 0;
}

START_TEST(what_may_not_be_read_is_refused)
{
	folder_write_text(folder, "root/private", "private");
	ck_assert_int_eq(fchmodat(docroot_fd(root), "private", 0, 0), 0);
	ck_assert_int_eq(mkdirat(docroot_fd(root), "closed", 0755), 0);
	folder_write_text(folder, "root/closed/file", "closed");
	ck_assert_int_eq(fchmodat(docroot_fd(root), "closed", 0, 0), 0);
	ck_assert_msg(become_nobody(), "setuid: %s", strerror(errno));
	assert_fails(_i, "private", EACCES);
	assert_fails(_i, "closed", EISDIR); /* that much can be seen */
	assert_fails(_i, "closed/file", EACCES);
	assert_opens(_i, "file", "file");
}
END_TEST

/* --- stat --- */

/* How the kernel answers openat2(2); 0: as it does. */
static const int kernels[] = {0, ENOSYS, EPERM};

#define N_KERNELS ((int)ARRAY_LEN(kernels))

/* An old kernel, or a container's filter, until the end of the process. */
static void become_kernel(int error)
{
	const uint32_t nr_openat2 = 437; /* on every architecture */
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr_openat2, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {ARRAY_LEN(code), code};

	if (error == 0)
		return;
	ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	ck_assert_int_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program),
			 0);
}

static void assert_no_stat(const char *path, int want)
{
	int before = lowest_free();
	struct stat st;

	errno = 0;
	ck_assert_msg(docroot_stat(root, path, &st) == -1, "%s: there", path);
	ck_assert_msg(errno == want, "%s: %s, not %s", path, strerror(errno),
		      strerror(want));
	ck_assert_int_eq(lowest_free(), before);
}

START_TEST(stat_says_what_the_open_file_says)
{
	static const char *const paths[] = {"file", "sub/file", "sub/deep/file",
					    "absolute"};
	int before = lowest_free();

	become_kernel(kernels[_i]);
	add_absolute_link("root/sub/file", "absolute");
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		struct stat got = stat_of(paths[i]), want;
		int fd = docroot_open_file(root, paths[i], &want);

		ck_assert_int_ge(fd, 0);
		(void)close(fd);
		ck_assert_uint_eq(got.st_ino, want.st_ino);
		ck_assert_uint_eq(got.st_dev, want.st_dev);
		ck_assert_uint_eq(got.st_mode, want.st_mode);
		ck_assert_int_eq(got.st_size, want.st_size);
		ck_assert_int_eq(got.st_mtim.tv_nsec, want.st_mtim.tv_nsec);
	}
	ck_assert_int_eq(lowest_free(), before);
}
END_TEST

START_TEST(stat_sees_each_change)
{
	struct stat before, after;

	become_kernel(kernels[_i]);
	before = stat_of("file");
	folder_write_text(folder, "root/file", "longer");
	after = stat_of("file");
	ck_assert_int_eq(after.st_size, (off_t)strlen("longer"));
	ck_assert_int_ne(before.st_size, after.st_size);
	folder_write_text(folder, "root/new", "new");
	ck_assert_int_eq(
		renameat(docroot_fd(root), "new", docroot_fd(root), "file"), 0);
	after = stat_of("file");
	ck_assert_uint_ne(before.st_ino, after.st_ino);
	ck_assert_int_eq(unlinkat(docroot_fd(root), "file", 0), 0);
	assert_no_stat("file", ENOENT);
}
END_TEST

START_TEST(stat_does_not_look_outside)
{
	become_kernel(kernels[_i]);
	add_link("../secret", "out");
	add_link("..", "up");
	add_absolute_link("secret", "absolute");
	assert_no_stat("out", EXDEV);
	assert_no_stat("up/secret", EXDEV);
	assert_no_stat("absolute", EXDEV);
	assert_no_stat("..", EXDEV);
	assert_no_stat("../secret", EXDEV);
	assert_no_stat("sub/../../secret", EXDEV);
}
END_TEST

/* Whoever may open a path may stat it, and nobody else: the same errors. */
START_TEST(stat_fails_as_opening_does)
{
	static const char *const paths[] = {
		"absent", "absent/file", "file/file", "file/",
		"loop",	  "dead",	 "inner",     "inner/file",
	};

	become_kernel(kernels[_i]);
	add_link("loop", "loop");
	add_link("absent", "dead");
	add_link("sub", "inner");
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		struct stat st;
		int fd = docroot_open_file(root, paths[i], &st);

		if (fd < 0 && errno != EISDIR)
			assert_no_stat(paths[i], errno);
		else
			ck_assert(!S_ISLNK(stat_of(paths[i]).st_mode));
		if (fd >= 0)
			(void)close(fd);
	}
}
END_TEST

/* Nothing is opened for reading: neither a queue nor a mode is in the way. */
START_TEST(stat_needs_no_right_to_read)
{
	folder_write_text(folder, "root/private", "private");
	ck_assert_int_eq(fchmodat(docroot_fd(root), "private", 0, 0), 0);
	ck_assert_int_eq(mkfifoat(docroot_fd(root), "queue", 0), 0);
	ck_assert_msg(become_nobody(), "setuid: %s", strerror(errno));
	become_kernel(kernels[_i]);
	ck_assert(S_ISREG(stat_of("private").st_mode));
	ck_assert(S_ISFIFO(stat_of("queue").st_mode));
}
END_TEST

START_TEST(stat_without_a_descriptor_is_an_error_that_heals)
{
	struct rlimit limit, none;
	struct stat st;
	int before = lowest_free();

	become_kernel(kernels[_i]);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = (rlim_t)before;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	ck_assert_int_eq(docroot_stat(root, "sub/file", &st), -1);
	ck_assert_int_eq(errno, EMFILE);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	ck_assert(S_ISREG(stat_of("sub/file").st_mode));
}
END_TEST

/* --- the suite --- */

static TCase *add_case(Suite *suite, const char *name)
{
	TCase *tcase = harness_case(suite, name);

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	return tcase;
}

static void add_both(TCase *tcase, const TTest *test)
{
	tcase_add_loop_test(tcase, test, 0, N_OPENERS);
}

static void add_root(Suite *suite)
{
	TCase *tcase = add_case(suite, "root");

	tcase_add_test(tcase, a_root_must_be_a_directory);
	tcase_add_test(tcase, a_root_must_exist);
	tcase_add_test(tcase, a_root_may_be_named_by_a_link);
	tcase_add_test(tcase, a_root_whose_link_is_turned_is_the_other_folder);
	tcase_add_test(tcase, a_root_without_a_name_stays_what_it_was);
	tcase_add_test(tcase, a_root_that_cannot_be_opened_leaves_the_old_one);
	tcase_add_test(tcase, a_relative_name_is_of_the_folder_that_one_was_in);
	tcase_add_test(tcase, the_root_of_all_may_be_the_root);
	add_both(tcase, descriptors_are_not_inherited_by_programs);
}

static void add_below(Suite *suite)
{
	TCase *tcase = add_case(suite, "below");

	add_both(tcase, files_below_the_root_open);
	add_both(tcase, a_descriptor_may_be_0);
	add_both(tcase, a_file_opens_for_reading_only);
	add_both(tcase, directories_are_said_to_be_directories);
	add_both(tcase, the_empty_path_is_the_root);
	add_both(tcase, what_is_not_there_is_not_found);
	add_both(tcase, a_file_is_no_directory);
	add_both(tcase, a_name_may_be_as_long_as_the_file_system_allows);
	add_both(tcase, a_longer_name_is_refused);
	add_both(tcase, a_path_of_any_length_does_no_harm);
	add_both(tcase, running_out_of_descriptors_is_an_error_that_heals);
}

static void add_out(Suite *suite)
{
	TCase *tcase = add_case(suite, "out");

	add_both(tcase, dot_segments_do_not_lead_out);
	add_both(tcase, an_absolute_path_does_not_lead_out);
	add_both(tcase, a_relative_link_does_not_lead_out);
	add_both(tcase, an_absolute_link_does_not_lead_out);
	add_both(tcase, a_link_to_nothing_outside_leads_out_as_well);
	add_both(tcase, a_link_in_a_subfolder_does_not_lead_out);
	add_both(tcase, a_link_to_a_link_does_not_lead_out);
	add_both(tcase, the_magic_links_of_proc_do_not_lead_out);
	tcase_add_loop_test(tcase, a_link_that_ends_inside_is_followed, 0,
			    ARRAY_LEN(inner_links));
	tcase_add_test(tcase, a_directory_behind_an_absolute_link_can_be_read);
	add_both(tcase, a_loop_of_links_ends);
	add_both(tcase, a_link_to_nothing_is_no_file);
}

static void add_other(Suite *suite)
{
	TCase *tcase = add_case(suite, "other");

	add_both(tcase, a_queue_without_a_writer_does_not_block);
	add_both(tcase, a_queue_is_not_opened);
	add_both(tcase, a_socket_does_not_open);
	add_both(tcase, without_proc_files_open_all_the_same);
	add_both(tcase, what_may_not_be_read_is_refused);
}

START_TEST(the_top_is_of_the_folder_that_has_the_name_now)
{
	char *outer = folder_new(), *link = folder_path(outer, "l"),
	     *inner = folder_path(outer, "two/b");
	struct docroot *turned;
	struct stat st;

	folder_add(outer, "one");
	folder_add(outer, "two");
	folder_write_text(outer, "one/a", "1");
	folder_write_text(outer, "two/a", "22");
	ck_assert_int_eq(symlink("a", inner), 0);
	ck_assert_int_eq(symlink("one", link), 0);
	turned = docroot_open(link);
	ck_assert_ptr_nonnull(turned);
	ck_assert_int_eq(docroot_stat_top(turned, "a", &st), 0);
	ck_assert_int_eq(st.st_size, 1);
	ck_assert_int_eq(unlink(link), 0);
	ck_assert_int_eq(symlink("two", link), 0);
	ck_assert_int_eq(docroot_stat_top(turned, "a", &st), 0);
	ck_assert_int_eq(st.st_size, 2);
	ck_assert_int_eq(docroot_stat_top(turned, "b", &st), 0);
	ck_assert(S_ISLNK(st.st_mode));
	ck_assert_int_eq(docroot_stat_top(turned, "c", &st), -1);
	ck_assert_int_eq(errno, ENOENT);
	docroot_close(turned);
	free(link);
	free(inner);
	free(outer);
}
END_TEST

START_TEST(a_name_too_long_for_a_path_is_no_top)
{
	char *name = bytes_new(PATH_MAX + 1), *outer = folder_new();
	struct docroot *top = docroot_open(outer);
	struct stat st;

	memset(name, 'a', PATH_MAX);
	name[PATH_MAX] = '\0';
	/* One that is longer than the root's own, and fits. */
	folder_write_text(outer, name + PATH_MAX - 200, "x");
	ck_assert_int_eq(docroot_stat_top(top, name + PATH_MAX - 200, &st), 0);
	for (size_t at = 0; at < PATH_MAX; at += 50) {
		if (at == PATH_MAX - 200)
			continue;
		ck_assert_int_eq(docroot_stat_top(top, name + at, &st), -1);
		ck_assert(errno == ENAMETOOLONG || errno == ENOENT);
	}
	docroot_close(top);
	free(name);
	free(outer);
}
END_TEST

static void add_stat(Suite *suite)
{
	TCase *tcase = add_case(suite, "stat");

	tcase_add_loop_test(tcase, stat_says_what_the_open_file_says, 0,
			    N_KERNELS);
	tcase_add_loop_test(tcase, stat_sees_each_change, 0, N_KERNELS);
	tcase_add_loop_test(tcase, stat_does_not_look_outside, 0, N_KERNELS);
	tcase_add_loop_test(tcase, stat_fails_as_opening_does, 0, N_KERNELS);
	tcase_add_loop_test(tcase, stat_needs_no_right_to_read, 0, N_KERNELS);
	tcase_add_loop_test(tcase,
			    stat_without_a_descriptor_is_an_error_that_heals, 0,
			    N_KERNELS);
	tcase_add_test(tcase, the_top_is_of_the_folder_that_has_the_name_now);
	tcase_add_test(tcase, a_name_too_long_for_a_path_is_no_top);
}

int main(void)
{
	Suite *suite = suite_create("docroot");

	add_root(suite);
	add_below(suite);
	add_out(suite);
	add_other(suite);
	add_stat(suite);
	return harness_run(suite);
}
