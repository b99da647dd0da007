/* SPDX-License-Identifier: MIT */
/*
 * Files that change when they are complete: what a name leads to before, and
 * after; what else is in the folder; and whatever a name may stand for.
 */
#include "os/draft.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

/* What so many calls fail with; it stands before the C library's. */
static int link_error;
static unsigned n_failures, n_links;

int linkat(int from_fd, const char *from, int to_fd, const char *to, int flags)
{
	n_links++;
	if (n_failures > 0) {
		n_failures--;
		errno = link_error;
		return -1;
	}
	return (int)syscall(SYS_linkat, from_fd, from, to_fd, to, flags);
}

static char *folder, *path;
static struct draft draft;

/* Into the folder that holds all of the tests' own. */
static void let_others_in(void)
{
	char *parent = folder_path(folder, "..");

	ck_assert_int_eq(chmod(parent, 0711), 0);
	ck_assert_int_eq(chmod(folder, 0755), 0);
	free(parent);
}

static void set_up(void)
{
	folder = folder_new();
	path = folder_path(folder, "file");
	(void)umask(022);
	let_others_in();
}

static void tear_down(void)
{
	free(path);
	free(folder);
}

/* What stands in the file; NULL when there is none. */
static const char *content(const char *name)
{
	static char text[64];
	FILE *file = fopen(name, "re");
	size_t len;

	if (!file)
		return NULL;
	len = fread(text, 1, sizeof(text) - 1, file);
	text[len] = '\0';
	(void)fclose(file);
	return text;
}

/* Names in the folder, but . and .. */
static size_t count_names(void)
{
	DIR *dir = opendir(folder);
	size_t n = 0;

	ck_assert_ptr_nonnull(dir);
	while (readdir(dir))
		n++;
	(void)closedir(dir);
	return n - 2;
}

static mode_t mode_of(const char *name)
{
	struct stat st;

	ck_assert_int_eq(stat(name, &st), 0);
	return st.st_mode & 07777;
}

static void put(const char *text)
{
	ck_assert_int_eq(write(draft.fd, text, strlen(text)),
			 (ssize_t)strlen(text));
}

START_TEST(a_new_file_is_there_when_it_is_kept)
{
	ck_assert_int_eq(draft_open(&draft, path), 0);
	ck_assert(!draft_replaces(&draft));
	put("new");
	ck_assert_uint_eq(count_names(), 0);
	ck_assert_int_eq(draft_keep(&draft), 0);
	draft_clear(&draft);
	ck_assert_str_eq(content(path), "new");
	ck_assert_uint_eq(count_names(), 1);
	ck_assert_uint_eq(mode_of(path), 0644);
}
END_TEST

static const struct {
	int error;
	unsigned n_failures;
	unsigned n_links; /* calls */
	bool is_kept;
} names[] = {
	{EEXIST, 1, 2, true},
	{EEXIST, 15, 16, true},
	{EEXIST, 16, 16, false},
	{EPERM, 1, 1, true}, /* the file itself can be written */
};

/* A name that somebody else has is not the only one. */
START_TEST(a_draft_finds_a_name)
{
	folder_write_text(folder, "file", "old");
	ck_assert_int_eq(draft_open(&draft, path), 0);
	put("new");
	n_links = 0;
	link_error = names[_i].error;
	n_failures = names[_i].n_failures;
	ck_assert_int_eq(draft_keep(&draft), names[_i].is_kept ? 0 : -1);
	ck_assert(names[_i].is_kept || errno == EEXIST);
	ck_assert_uint_eq(n_links, names[_i].n_links);
	draft_clear(&draft);
	ck_assert_str_eq(content(path), names[_i].is_kept ? "new" : "old");
	ck_assert_uint_eq(count_names(), 1);
}
END_TEST

START_TEST(an_earlier_file_stays_until_then)
{
	folder_write_text(folder, "file", "a longer, earlier one");
	ck_assert_int_eq(chmod(path, 0640), 0);
	ck_assert_int_eq(draft_open(&draft, path), 0);
	ck_assert(draft_replaces(&draft));
	put("new");
	ck_assert_str_eq(content(path), "a longer, earlier one");
	ck_assert_int_eq(draft_keep(&draft), 0);
	draft_clear(&draft);
	ck_assert_str_eq(content(path), "new");
	ck_assert_uint_eq(count_names(), 1);
	ck_assert_uint_eq(mode_of(path), 0640);
}
END_TEST

START_TEST(what_is_not_kept_leaves_nothing)
{
	folder_write_text(folder, "file", "earlier");
	ck_assert_int_eq(draft_open(&draft, path), 0);
	put("new");
	draft_clear(&draft);
	ck_assert_str_eq(content(path), "earlier");
	ck_assert_uint_eq(count_names(), 1);
}
END_TEST

/* The way a second Ctrl-C ends a program. */
START_TEST(a_program_that_is_killed_leaves_nothing)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		ck_assert_int_eq(draft_open(&draft, path), 0);
		put("new");
		(void)raise(SIGKILL);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(WTERMSIG(status), SIGKILL);
	ck_assert_uint_eq(count_names(), 0);
}
END_TEST

START_TEST(a_link_stays_and_its_file_is_replaced)
{
	char *link = folder_path(folder, "link");

	folder_add(folder, "runs");
	folder_write_text(folder, "runs/1", "earlier");
	ck_assert_int_eq(symlink("runs/1", link), 0);
	ck_assert_int_eq(draft_open(&draft, link), 0);
	put("new");
	ck_assert_int_eq(draft_keep(&draft), 0);
	draft_clear(&draft);
	free(path);
	path = folder_path(folder, "runs/1");
	ck_assert_str_eq(content(path), "new");
	ck_assert_int_eq(readlink(link, (char[8]){0}, 8), 6);
	free(link);
}
END_TEST

START_TEST(a_link_to_nothing_makes_its_file)
{
	char *link = folder_path(folder, "link");

	ck_assert_int_eq(symlink("file", link), 0);
	ck_assert_int_eq(draft_open(&draft, link), 0);
	put("new");
	ck_assert_int_eq(draft_keep(&draft), 0);
	draft_clear(&draft);
	ck_assert_str_eq(content(path), "new");
	free(link);
}
END_TEST

START_TEST(a_file_of_two_names_keeps_both)
{
	char *other = folder_path(folder, "other");

	folder_write_text(folder, "file", "a longer, earlier one");
	ck_assert_int_eq(link(path, other), 0);
	ck_assert_int_eq(draft_open(&draft, path), 0);
	put("new");
	ck_assert_str_eq(content(other), "a longer, earlier one");
	ck_assert_int_eq(draft_keep(&draft), 0);
	draft_clear(&draft);
	ck_assert_str_eq(content(other), "new");
	ck_assert_uint_eq(count_names(), 2);
	free(other);
}
END_TEST

/* Somebody made it meanwhile, or took it away. */
START_TEST(what_changes_meanwhile_is_replaced_too)
{
	ck_assert_int_eq(draft_open(&draft, path), 0);
	put("new");
	folder_write_text(folder, "file", "meanwhile");
	ck_assert_int_eq(draft_keep(&draft), 0);
	draft_clear(&draft);
	ck_assert_str_eq(content(path), "new");
	ck_assert_int_eq(draft_open(&draft, path), 0);
	put("newer");
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(draft_keep(&draft), 0);
	draft_clear(&draft);
	ck_assert_str_eq(content(path), "newer");
}
END_TEST

START_TEST(a_fifo_and_a_device_are_written_at_once)
{
	char buf[8] = {0};
	int fd;

	ck_assert_int_eq(mkfifo(path, 0600), 0);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ck_assert_int_eq(draft_open(&draft, path), 0);
	put("new");
	ck_assert_int_eq(read(fd, buf, sizeof(buf)), 3);
	ck_assert_int_eq(draft_keep(&draft), 0);
	draft_clear(&draft);
	(void)close(fd);
	ck_assert_int_eq(draft_open(&draft, "/dev/null"), 0);
	put("new");
	ck_assert_int_eq(draft_keep(&draft), 0);
	draft_clear(&draft);
	ck_assert_int_eq(draft_open(&draft, "/dev/full"), 0);
	ck_assert_int_eq(write(draft.fd, "x", 1), -1);
	draft_clear(&draft);
	ck_assert_uint_eq(count_names(), 1);
}
END_TEST

/* What the shell redirected is not taken away from it. */
START_TEST(standard_output_is_written_where_it_is)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct stat before, after;

	ck_assert_int_eq(dup2(fd, STDOUT_FILENO), STDOUT_FILENO);
	ck_assert_int_eq(write(STDOUT_FILENO, "first ", 6), 6);
	ck_assert_int_eq(fstat(fd, &before), 0);
	ck_assert_int_eq(draft_open(&draft, "/dev/stdout"), 0);
	put("second");
	ck_assert_int_eq(draft_keep(&draft), 0);
	draft_clear(&draft);
	ck_assert_int_eq(stat(path, &after), 0);
	ck_assert_uint_eq(before.st_ino, after.st_ino);
	ck_assert_str_eq(content(path), "first second");
}
END_TEST

static const struct {
	const char *name; /* below the folder */
	int error;
} refused[] = {
	{".", EISDIR},
	{"no/file", ENOENT},
	{"plain/file", ENOTDIR},
	{"loop", ELOOP},
};

START_TEST(what_cannot_be_written_is_known_at_once)
{
	char *name = folder_path(folder, refused[_i].name);
	char *loop = folder_path(folder, "loop");

	folder_write_text(folder, "plain", "");
	ck_assert_int_eq(symlink("loop", loop), 0);
	ck_assert_int_eq(draft_open(&draft, name), -1);
	ck_assert_int_eq(errno, refused[_i].error);
	free(loop);
	free(name);
}
END_TEST

/* Runs in a child as nobody, to whom permissions apply. */
static void as_nobody(void (*body)(void))
{
	int status;
	pid_t pid;

	if (geteuid() != 0) {
		body();
		return;
	}
	pid = fork();
	if (pid == 0) {
		ck_assert_int_eq(setgid(65534), 0);
		ck_assert_int_eq(setuid(65534), 0);
		body();
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}

static void write_new(void)
{
	ck_assert_int_eq(draft_open(&draft, path), 0);
	put("new");
	ck_assert_int_eq(draft_keep(&draft), 0);
	draft_clear(&draft);
}

static void be_refused(void)
{
	struct stat st;

	ck_assert_int_eq(stat(folder, &st), 0);
	ck_assert_int_eq(draft_open(&draft, path), -1);
	ck_assert_int_eq(errno, EACCES);
}

/* The file's own number may be 0. */
START_TEST(a_folder_that_takes_no_file_lets_one_be_written)
{
	if (_i == 1)
		(void)close(STDIN_FILENO);
	folder_write_text(folder, "file", "a longer, earlier one");
	ck_assert_int_eq(chmod(path, 0666), 0);
	ck_assert_int_eq(chmod(folder, 0555), 0);
	as_nobody(write_new);
	ck_assert_str_eq(content(path), "new");
	ck_assert_int_eq(chmod(folder, 0755), 0);
}
END_TEST

/* A rename would not ask. */
START_TEST(a_file_that_may_not_be_written_is_not)
{
	folder_write_text(folder, "file", "earlier");
	ck_assert_int_eq(chmod(path, 0444), 0);
	ck_assert_int_eq(chmod(folder, 0777), 0);
	as_nobody(be_refused);
	ck_assert_str_eq(content(path), "earlier");
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(chmod(folder, 0555), 0);
	as_nobody(be_refused);
	ck_assert_int_eq(chmod(folder, 0755), 0);
}
END_TEST

/* Somebody put a folder there meanwhile. */
START_TEST(what_cannot_be_replaced_leaves_no_draft)
{
	int next = dup(2);

	(void)close(next);
	ck_assert_int_eq(draft_open(&draft, path), 0);
	put("new");
	folder_add(folder, "file");
	errno = 0;
	ck_assert_int_eq(draft_keep(&draft), -1);
	ck_assert_int_eq(errno, EISDIR);
	draft_clear(&draft);
	ck_assert_uint_eq(count_names(), 1);
	ck_assert_int_eq(dup(2), next);
}
END_TEST

START_TEST(what_is_open_already_is_written_at_once)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	ck_assert_int_eq(draft_open_descriptor(&draft, fd), 0);
	ck_assert_int_ne(draft.fd, fd);
	ck_assert_int_eq(fcntl(draft.fd, F_GETFD), FD_CLOEXEC);
	put("new");
	ck_assert(!draft_replaces(&draft));
	ck_assert_int_eq(draft_keep(&draft), 0);
	draft_clear(&draft);
	ck_assert_str_eq(content(path), "new");
	(void)close(fd);
	/* If it can be written. */
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(draft_open_descriptor(&draft, fd), -1);
	ck_assert_int_eq(errno, EBADF);
	draft_clear(&draft);
	(void)close(fd);
}
END_TEST

START_TEST(a_draft_of_number_0_is_closed)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	(void)close(STDIN_FILENO);
	ck_assert_int_eq(draft_open_descriptor(&draft, fd), 0);
	ck_assert_int_eq(draft.fd, STDIN_FILENO);
	draft_clear(&draft);
	ck_assert_int_lt(fcntl(STDIN_FILENO, F_GETFD), 0);
	ck_assert_int_eq(draft.fd, -1);
	ck_assert_int_eq(draft.old_fd, -1);
}
END_TEST

START_TEST(no_descriptor_to_be_had_is_an_error)
{
	int next = dup(2);
	struct rlimit limit;
	rlim_t usual;

	(void)close(next);
	folder_write_text(folder, "file", "earlier");
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	usual = limit.rlim_cur;
	for (int n = 0; n <= 1; n++) {
		limit.rlim_cur = (rlim_t)(next + n);
		ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
		errno = 0;
		ck_assert_int_eq(draft_open(&draft, path), -1);
		ck_assert_int_eq(errno, EMFILE);
		ck_assert_int_eq(dup(2), n == 0 ? -1 : next);
	}
	errno = 0;
	ck_assert_int_eq(draft_open_descriptor(&draft, STDOUT_FILENO), -1);
	ck_assert_int_eq(errno, EMFILE);
	/* For what looks at the process when it ends. */
	limit.rlim_cur = usual;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("draft");
	TCase *tcase = harness_case(suite, "draft");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_new_file_is_there_when_it_is_kept);
	tcase_add_loop_test(tcase, a_draft_finds_a_name, 0,
			    (int)ARRAY_LEN(names));
	tcase_add_test(tcase, an_earlier_file_stays_until_then);
	tcase_add_test(tcase, what_is_not_kept_leaves_nothing);
	tcase_add_test(tcase, a_program_that_is_killed_leaves_nothing);
	tcase_add_test(tcase, a_link_stays_and_its_file_is_replaced);
	tcase_add_test(tcase, a_link_to_nothing_makes_its_file);
	tcase_add_test(tcase, a_file_of_two_names_keeps_both);
	tcase_add_test(tcase, what_changes_meanwhile_is_replaced_too);
	tcase_add_test(tcase, a_fifo_and_a_device_are_written_at_once);
	tcase_add_test(tcase, standard_output_is_written_where_it_is);
	tcase_add_loop_test(tcase, what_cannot_be_written_is_known_at_once, 0,
			    (int)ARRAY_LEN(refused));
	tcase_add_loop_test(
		tcase, a_folder_that_takes_no_file_lets_one_be_written, 0, 2);
	tcase_add_test(tcase, what_cannot_be_replaced_leaves_no_draft);
	tcase_add_test(tcase, what_is_open_already_is_written_at_once);
	tcase_add_test(tcase, a_draft_of_number_0_is_closed);
	tcase_add_test(tcase, no_descriptor_to_be_had_is_an_error);
	tcase_add_test(tcase, a_file_that_may_not_be_written_is_not);
	return harness_run(suite);
}
