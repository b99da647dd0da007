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
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "harness.h"

#define NAME_LEN_MAX 255 /* of one segment, on every file system here */

static const struct opener {
	int (*open)(int root, const char *path);
	bool follows; /* links that stay below the root */
	const char *name;
} openers[] = {
	{docroot_open_file, true, "docroot_open_file"},
	{docroot_walk_file, false, "docroot_walk_file"},
};

#define N_OPENERS ((int)ARRAY_LEN(openers))

/* --- the folder --- */

static char *folder;
static int root = -1;

static void add_link(const char *target, const char *name)
{
	ck_assert_int_eq(symlinkat(target, root, name), 0);
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
	ck_assert_int_ge(root, 0);
	free(path);
}

static void tear_down(void)
{
	(void)close(root);
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
	int fd = openers[which].open(root, path);
	char got[16] = "";

	ck_assert_msg(fd >= 0, "%s: %s: %s", openers[which].name, path,
		      strerror(errno));
	ck_assert_int_eq(read(fd, got, sizeof(got) - 1),
			 (ssize_t)strlen(content));
	ck_assert_str_eq(got, content);
	(void)close(fd);
}

static mode_t type_of(int which, const char *path)
{
	int fd = openers[which].open(root, path);
	struct stat st;

	ck_assert_msg(fd >= 0, "%s: %s: %s", openers[which].name, path,
		      strerror(errno));
	ck_assert_int_eq(fstat(fd, &st), 0);
	(void)close(fd);
	return st.st_mode & S_IFMT;
}

static void assert_fails(int which, const char *path, int want)
{
	int before = lowest_free();
	int fd = openers[which].open(root, path);
	int error = errno;

	ck_assert_msg(fd < 0, "%s: %s opens", openers[which].name, path);
	ck_assert_msg(error == want, "%s: %s: %s, not %s", openers[which].name,
		      path, strerror(error), strerror(want));
	ck_assert_msg(lowest_free() == before, "%s: %s leaks a descriptor",
		      openers[which].name, path);
}

/* --- the root itself --- */

START_TEST(a_root_must_be_a_directory)
{
	char *path = folder_path(folder, "secret");

	errno = 0;
	ck_assert_int_eq(docroot_open(path), -1);
	ck_assert_int_eq(errno, ENOTDIR);
	free(path);
}
END_TEST

START_TEST(a_root_must_exist)
{
	char *path = folder_path(folder, "absent");

	errno = 0;
	ck_assert_int_eq(docroot_open(path), -1);
	ck_assert_int_eq(errno, ENOENT);
	free(path);
}
END_TEST

START_TEST(a_root_may_be_named_by_a_link)
{
	char *path = folder_path(folder, "root/self");
	int fd;

	add_link("../root", "self");
	fd = docroot_open(path);
	ck_assert_int_ge(fd, 0);
	(void)close(fd);
	free(path);
}
END_TEST

START_TEST(descriptors_are_not_inherited_by_programs)
{
	int fd = openers[_i].open(root, "file");

	ck_assert_int_eq(fcntl(root, F_GETFD), FD_CLOEXEC);
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

START_TEST(a_file_opens_for_reading_only)
{
	int fd = openers[_i].open(root, "file");

	ck_assert_int_eq(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY);
	(void)close(fd);
}
END_TEST

START_TEST(directories_open_as_directories)
{
	ck_assert_int_eq(type_of(_i, ""), S_IFDIR);
	ck_assert_int_eq(type_of(_i, "sub"), S_IFDIR);
	ck_assert_int_eq(type_of(_i, "sub/deep"), S_IFDIR);
}
END_TEST

START_TEST(the_empty_path_is_the_root)
{
	struct stat want, got;
	int fd = openers[_i].open(root, "");

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fstat(root, &want), 0);
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
	ck_assert_int_eq(mkdirat(root, name, 0755), 0);
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
	int fd, before = lowest_free();

	for (size_t i = 0; i < N; i++)
		path[i] = i % 2 ? '/' : 'a';
	path[N - 1] = 'a';
	path[N] = '\0';
	fd = openers[_i].open(root, path);
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

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = (rlim_t)before;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	ck_assert_int_eq(openers[_i].open(root, "sub/file"), -1);
	ck_assert_int_eq(errno, EMFILE);
	/* Room for one: the walk needs two at a time. */
	none.rlim_cur++;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	if (openers[_i].open(root, "sub/deep/file") < 0)
		ck_assert_int_eq(errno, EMFILE);
	else
		(void)close(before);
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
	"../root/file", /* out and in again is out */
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
	int fd = openers[_i].open(root, path);

	ck_assert_int_lt(fd, 0);
	ck_assert_int_lt(openers[_i].open(root, "/"), 0);
	ck_assert_int_lt(openers[_i].open(root, "/etc/passwd"), 0);
	free(path);
}
END_TEST

/* A link that leads out: EXDEV, or ELOOP from who follows none at all. */
static void assert_link_refused(int which, const char *path)
{
	assert_fails(which, path, openers[which].follows ? EXDEV : ELOOP);
}

START_TEST(a_relative_link_does_not_lead_out)
{
	add_link("../secret", "file-out");
	add_link("..", "folder-out");
	add_link("../rootless", "folder-beside");
	add_link("../root/file", "out-and-in");
	assert_link_refused(_i, "file-out");
	assert_link_refused(_i, "folder-out");
	assert_link_refused(_i, "folder-out/secret");
	assert_link_refused(_i, "folder-beside/secret");
	assert_link_refused(_i, "out-and-in");
}
END_TEST

START_TEST(an_absolute_link_does_not_lead_out)
{
	add_absolute_link("secret", "file-out");
	add_absolute_link("rootless", "folder-out");
	add_link("/", "slash");
	assert_link_refused(_i, "file-out");
	assert_link_refused(_i, "folder-out");
	assert_link_refused(_i, "folder-out/secret");
	assert_link_refused(_i, "slash");
	assert_link_refused(_i, "slash/etc/passwd");
}
END_TEST

START_TEST(an_absolute_link_is_refused_even_when_it_leads_in)
{
	add_absolute_link("root/file", "file-in");
	add_absolute_link("root/sub", "folder-in");
	assert_link_refused(_i, "file-in");
	assert_link_refused(_i, "folder-in/file");
}
END_TEST

START_TEST(a_link_in_a_subfolder_does_not_lead_out)
{
	add_link("../../secret", "sub/file-out");
	add_link("../..", "sub/folder-out");
	assert_link_refused(_i, "sub/file-out");
	assert_link_refused(_i, "sub/folder-out/secret");
}
END_TEST

START_TEST(a_link_to_a_link_does_not_lead_out)
{
	add_link("two", "one");
	add_link("sub/three", "two");
	add_link("../../secret", "sub/three");
	assert_link_refused(_i, "one");
	assert_link_refused(_i, "two");
}
END_TEST

START_TEST(the_magic_links_of_proc_do_not_lead_out)
{
	int proc = docroot_open("/proc/self");
	int fd;

	if (proc < 0) {
		harness_skip("no /proc here");
		return;
	}
	fd = openers[_i].open(proc, "root/etc/passwd");
	ck_assert_int_lt(fd, 0);
	fd = openers[_i].open(proc, "cwd");
	ck_assert_int_lt(fd, 0);
	(void)close(proc);
}
END_TEST

START_TEST(a_link_that_stays_below_is_followed_or_refused)
{
	static const struct {
		const char *path;
		const char *content;
	} rows[] = {
		{"file-in", "file"},
		{"folder-in/file", "sub"},
		{"sub/up-and-in", "file"},
		{"chain", "file"},
	};

	add_link("file", "file-in");
	add_link("sub", "folder-in");
	add_link("../file", "sub/up-and-in");
	add_link("file-in", "chain");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (openers[_i].follows)
			assert_opens(_i, rows[i].path, rows[i].content);
		else
			assert_fails(_i, rows[i].path, ELOOP);
	}
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
	assert_fails(_i, "dangling", openers[_i].follows ? ENOENT : ELOOP);
}
END_TEST

/* --- what is no file --- */

START_TEST(a_queue_without_a_writer_does_not_block)
{
	ck_assert_int_eq(mkfifoat(root, "fifo", 0644), 0);
	ck_assert_int_eq(type_of(_i, "fifo"), S_IFIFO);
	assert_fails(_i, "fifo/file", ENOTDIR);
}
END_TEST

START_TEST(a_queue_does_not_block_when_it_is_read)
{
	int fd;
	char byte;

	ck_assert_int_eq(mkfifoat(root, "fifo", 0644), 0);
	fd = openers[_i].open(root, "fifo");
	ck_assert_int_ge(fd, 0);
	ck_assert_int_ne(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
	ck_assert_int_le(read(fd, &byte, 1), 0);
	(void)close(fd);
}
END_TEST

START_TEST(a_socket_does_not_open)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX,
				      .sun_path = "socket"};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(fchdir(root), 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)),
			 0);
	ck_assert_int_eq(chdir("/"), 0);
	assert_fails(_i, "socket", ENXIO);
	(void)close(fd);
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
	ck_assert_int_eq(fchmodat(root, "private", 0, 0), 0);
	ck_assert_int_eq(mkdirat(root, "closed", 0755), 0);
	folder_write_text(folder, "root/closed/file", "closed");
	ck_assert_int_eq(fchmodat(root, "closed", 0, 0), 0);
	ck_assert_msg(become_nobody(), "setuid: %s", strerror(errno));
	assert_fails(_i, "private", EACCES);
	assert_fails(_i, "closed", EACCES);
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

static struct stat stat_of(const char *path)
{
	struct stat st;

	ck_assert_msg(docroot_stat(root, path, &st) == 0, "%s: %s", path,
		      strerror(errno));
	return st;
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
					    "sub", ""};
	int before = lowest_free();

	become_kernel(kernels[_i]);
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		struct stat got = stat_of(paths[i]), want;
		int fd = docroot_open_file(root, paths[i]);

		ck_assert_int_ge(fd, 0);
		ck_assert_int_eq(fstat(fd, &want), 0);
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
	ck_assert_int_eq(renameat(root, "new", root, "file"), 0);
	after = stat_of("file");
	ck_assert_uint_ne(before.st_ino, after.st_ino);
	ck_assert_int_eq(unlinkat(root, "file", 0), 0);
	assert_no_stat("file", ENOENT);
}
END_TEST

START_TEST(stat_does_not_look_outside)
{
	become_kernel(kernels[_i]);
	add_link("../secret", "out");
	add_link("..", "up");
	add_absolute_link("secret", "absolute");
	/* Without openat2 no link is followed, wherever it leads. */
	assert_no_stat("out", kernels[_i] == 0 ? EXDEV : ELOOP);
	assert_no_stat("up/secret", kernels[_i] == 0 ? EXDEV : ELOOP);
	assert_no_stat("absolute", kernels[_i] == 0 ? EXDEV : ELOOP);
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
		int fd = docroot_open_file(root, paths[i]);

		if (fd < 0)
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
	ck_assert_int_eq(fchmodat(root, "private", 0, 0), 0);
	ck_assert_int_eq(mkfifoat(root, "queue", 0), 0);
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
	add_both(tcase, descriptors_are_not_inherited_by_programs);
}

static void add_below(Suite *suite)
{
	TCase *tcase = add_case(suite, "below");

	add_both(tcase, files_below_the_root_open);
	add_both(tcase, a_file_opens_for_reading_only);
	add_both(tcase, directories_open_as_directories);
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
	add_both(tcase, an_absolute_link_is_refused_even_when_it_leads_in);
	add_both(tcase, a_link_in_a_subfolder_does_not_lead_out);
	add_both(tcase, a_link_to_a_link_does_not_lead_out);
	add_both(tcase, the_magic_links_of_proc_do_not_lead_out);
	add_both(tcase, a_link_that_stays_below_is_followed_or_refused);
	add_both(tcase, a_loop_of_links_ends);
	add_both(tcase, a_link_to_nothing_is_no_file);
}

static void add_other(Suite *suite)
{
	TCase *tcase = add_case(suite, "other");

	add_both(tcase, a_queue_without_a_writer_does_not_block);
	add_both(tcase, a_queue_does_not_block_when_it_is_read);
	add_both(tcase, a_socket_does_not_open);
	add_both(tcase, what_may_not_be_read_is_refused);
}

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
