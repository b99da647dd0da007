/* SPDX-License-Identifier: MIT */
/*
 * The floor under the end-to-end tests: how they run and fail, what they ask
 * of the system, bytes and folders. The real server as a child process is in
 * e2e_server.c, clients made of plain sockets in e2e_sock.c and e2e_http.c,
 * programs that nobody here wrote in e2e_program.c.
 *
 * None of it shares code with the server, so that one mistake cannot hide
 * another.
 *
 * A test runs in a process of its own and may end anywhere, by a failed
 * assertion. Its folders lie in one that the first process of the program
 * removes when all tests are done.
 */
#include "harness.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#undef _mark_point

/* More than any program's tests leave in their folders. */
#define SCRATCH_MIN ((fsblkcnt_t)1 << 29)

static void (*show_more)(void);

/* What the cases that share something end with, and how often that failed. */
static void (*shared_tear_down)(void);
static int n_torn;

/* Holds the folders of all tests of this program. */
static char scratch[256];

/* --- marks: where a test was when it crashed or hung --- */

static const char *mark_file;
static int mark_line;
static bool are_together; /* all tests in one process */

/*
 * libcheck writes a mark for every assertion that holds, and reads the last
 * one alone. Where millions hold, the writing would take most of the time.
 */
void harness_mark(const char *file, int line)
{
	static struct timespec told;
	struct timespec now;

	mark_file = file;
	mark_line = line;
	(void)clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	if (now.tv_sec == told.tv_sec && now.tv_nsec == told.tv_nsec)
		return;
	told = now;
	_mark_point(file, line);
}

/* The signal comes again, and then ends the test. */
static void mark_crash(int signal)
{
	(void)signal;
	if (!mark_file)
		return;
	(void)alarm(1); /* a broken heap may hold what a mark needs */
	if (are_together)
		fprintf(stderr, "a crash after %s:%d\n", mark_file, mark_line);
	else
		_mark_point(mark_file, mark_line);
}

/* Leaves a sanitizer the signals that it explains better. */
static void mark_crashes(void)
{
	static const int signals[] = {SIGABRT, SIGALRM, SIGBUS,
				      SIGFPE,  SIGILL,	SIGSEGV};
	const struct sigaction act = {
		.sa_handler = mark_crash,
		.sa_flags = (int)SA_RESETHAND,
	};
	struct sigaction old;

	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		if (sigaction(signals[i], NULL, &old) == 0 &&
		    old.sa_handler == SIG_DFL)
			(void)sigaction(signals[i], &act, NULL);
}

/* --- the run --- */

static bool is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/*
 * Removes a folder with all in it. Nothing is looked at that can be removed at
 * sight: there may be a hundred thousand names. A test may have left a folder
 * that not even its owner may enter.
 */
static void remove_folder(int parent, const char *name)
{
	const struct dirent *entry;
	DIR *dir;
	int fd;

	if (fchmodat(parent, name, S_IRWXU, 0) != 0)
		return;
	fd = openat(parent, name,
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return;
	dir = fdopendir(fd);
	while (dir && (entry = readdir(dir)))
		if (!is_dots(entry->d_name) &&
		    unlinkat(fd, entry->d_name, 0) != 0)
			remove_folder(fd, entry->d_name);
	if (dir)
		(void)closedir(dir);
	(void)unlinkat(parent, name, AT_REMOVEDIR);
}

/* Whether there is room for what the tests of one program write. */
static bool has_room(const char *folder)
{
	struct statvfs st;

	return access(folder, W_OK | X_OK) == 0 && statvfs(folder, &st) == 0 &&
	       st.f_bavail >= SCRATCH_MIN / st.f_frsize;
}

/* In memory where that is possible: a disk makes many small files slowly. */
static const char *scratch_home(void)
{
	const char *tmp = getenv("TMPDIR");

	if (tmp)
		return tmp;
	return has_room("/dev/shm") ? "/dev/shm" : "/tmp";
}

static void make_scratch(void)
{
	(void)snprintf(scratch, sizeof(scratch), "%s/uppercase-e2e-XXXXXX",
		       scratch_home());
	/* Programs under test may be of another user. */
	if (!mkdtemp(scratch) || chmod(scratch, 0755) != 0) {
		perror(scratch);
		exit(EXIT_FAILURE);
	}
	/* Where libcheck keeps what a test tells it. */
	(void)setenv("TEMP", scratch, 1);
}

/* What a test frees it asks for again at once, with the next message. */
static void keep_memory(void)
{
#ifdef __GLIBC__
	(void)mallopt(M_TRIM_THRESHOLD, INT_MAX);
	(void)mallopt(M_MMAP_THRESHOLD, 1 << 25);
#endif
}

/* Whoever runs the tests, as nohup(1), may have some ignored. */
static void take_signals(void)
{
	static const int ending[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE};

	for (size_t i = 0; i < ARRAY_LEN(ending); i++)
		(void)signal(ending[i], SIG_DFL);
}

static int run(Suite *suite, enum fork_status fork)
{
	SRunner *runner = srunner_create(suite);
	int n_failed;

	take_signals();
	srunner_set_fork_status(runner, fork);
	make_scratch();
	mark_crashes();
	keep_memory();
	srunner_run_all(runner, CK_ENV);
	n_failed = srunner_ntests_failed(runner) + n_torn;
	if (n_torn > 0)
		fprintf(stderr, "failed when its tests were done: %s:%d\n",
			mark_file, mark_line);
	srunner_free(runner);
	remove_folder(AT_FDCWD, scratch);
	return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int harness_run(Suite *suite)
{
	return run(suite, CK_FORK_GETENV);
}

int harness_run_together(Suite *suite)
{
	if (getenv("CK_FORK"))
		return run(suite, CK_FORK_GETENV);
	are_together = true;
	(void)alarm(HARNESS_TEST_S);
	return run(suite, CK_NOFORK);
}

TCase *harness_case(Suite *suite, const char *name)
{
	TCase *tcase = tcase_create(name);

	tcase_set_timeout(tcase, HARNESS_TEST_S);
	suite_add_tcase(suite, tcase);
	return tcase;
}

/* Outside of a test libcheck takes a failure for the end, and tells nobody. */
static void tear_down_shared(void)
{
	n_torn++;
	shared_tear_down();
	n_torn--;
}

TCase *harness_shared_case(Suite *suite, const char *name, void (*set_up)(void),
			   void (*tear_down)(void))
{
	TCase *tcase = harness_case(suite, name);

	shared_tear_down = tear_down;
	tcase_add_unchecked_fixture(tcase, set_up, tear_down_shared);
	return tcase;
}

int64_t harness_now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t harness_deadline(void)
{
	return harness_now_ms() + HARNESS_WAIT_MS;
}

int harness_left_ms(int64_t deadline)
{
	int64_t left = deadline - harness_now_ms();

	return left > 0 ? (int)left : 0;
}

void harness_on_failure(void (*show)(void))
{
	show_more = show;
}

void harness_fail(const char *fmt, ...)
{
	char text[1024];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (show_more)
		show_more();
	if (n_torn > 0)
		fprintf(stderr, "%s\n", text);
	ck_abort_msg("%s", text);
	abort(); /* not reached, but the compiler cannot know */
}

void harness_skip(const char *fmt, ...)
{
	static bool is_counted; /* in the process of this one test */
	va_list args;

	va_start(args, fmt);
	printf(is_counted ? "skipped with it: " : "skipped: ");
	is_counted = true;
	vprintf(fmt, args);
	printf("\n");
	fflush(stdout);
	va_end(args);
}

/* --- what the system offers --- */

static void write_proc(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, text, strlen(text)) < 0)
		perror(path);
	(void)close(fd);
}

/* A new network needs root, or a new user name space in which one is root. */
static bool unshare_network(void)
{
	unsigned uid = geteuid(), gid = getegid();
	char map[64];

	if (unshare(CLONE_NEWNET) == 0)
		return true;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
		return false;
	(void)snprintf(map, sizeof(map), "0 %u 1", uid);
	write_proc("/proc/self/uid_map", map);
	write_proc("/proc/self/setgroups", "deny");
	(void)snprintf(map, sizeof(map), "0 %u 1", gid);
	write_proc("/proc/self/gid_map", map);
	return true;
}

bool harness_own_network(void)
{
	struct ifreq lo = {.ifr_name = "lo"};
	int fd, result;

	if (!unshare_network())
		return false;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	lo.ifr_flags = IFF_UP | IFF_RUNNING;
	result = ioctl(fd, SIOCSIFFLAGS, &lo);
	(void)close(fd);
	return result == 0;
}

bool harness_has_ipv6(void)
{
	struct sockaddr_in6 address = {
		.sin6_family = AF_INET6,
		.sin6_addr = IN6ADDR_LOOPBACK_INIT,
	};
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int result =
		fd < 0 ? -1
		       : bind(fd, (struct sockaddr *)&address, sizeof(address));

	if (result != 0)
		harness_skip("no IPv6 loopback here: %s", strerror(errno));
	if (fd >= 0)
		(void)close(fd);
	return result == 0;
}

size_t harness_raise_descriptors(void)
{
	struct rlimit limit;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	return (size_t)limit.rlim_cur;
}

void harness_pipe(int fds[2])
{
	if (pipe2(fds, O_CLOEXEC) != 0)
		harness_fail("pipe: %s", strerror(errno));
}

/* --- bytes --- */

void bytes_upper(unsigned char *out, const unsigned char *in, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = in[i];

		out[i] = c >= 97 && c <= 122 ? (unsigned char)(c - 32) : c;
	}
}

void bytes_pattern(unsigned char *out, size_t len, uint32_t seed)
{
	uint32_t state = seed * 2654435761u + 12345;

	for (size_t i = 0; i < len; i++) {
		state = state * 1664525u + 1013904223u;
		out[i] = (unsigned char)(state >> 24);
	}
}

/*
 * What a test makes may live as long as its process, which is short: pointers
 * that stand here are no leaks.
 */
static void *bytes_made[4096];

void *bytes_new(size_t len)
{
	static size_t n;
	void *bytes = malloc(len > 0 ? len : 1);

	ck_assert_ptr_nonnull(bytes);
	bytes_made[n++ % ARRAY_LEN(bytes_made)] = bytes;
	return bytes;
}

/* --- folders and files --- */

char *folder_path(const char *folder, const char *name)
{
	size_t size = strlen(folder) + strlen(name) + 2;
	char *path = bytes_new(size);

	(void)snprintf(path, size, "%s/%s", folder, name);
	return path;
}

char *folder_new(void)
{
	char *path = folder_path(scratch, "XXXXXX");

	if (!mkdtemp(path) || chmod(path, 0755) != 0)
		harness_fail("folder %s: %s", path, strerror(errno));
	return path;
}

void folder_add(const char *folder, const char *name)
{
	char *path = folder_path(folder, name);

	if (mkdir(path, 0755) != 0)
		harness_fail("folder %s: %s", path, strerror(errno));
	free(path);
}

void folder_write(const char *folder, const char *name, const void *data,
		  size_t len)
{
	char *path = folder_path(folder, name);
	FILE *file = fopen(path, "we");

	if (!file || fwrite(data, 1, len, file) != len || fclose(file) != 0)
		harness_fail("file %s: %s", path, strerror(errno));
	free(path);
}

void folder_write_text(const char *folder, const char *name, const char *text)
{
	folder_write(folder, name, text, strlen(text));
}

char *folder_insert(const char *folder, const char *text)
{
	size_t size = 4096, len = 0;
	char *all = (char *)bytes_new(size);

	all[0] = '\0';
	for (; *text; text++)
		len += (size_t)snprintf(all + len, size - len, "%.*s",
					*text == '@' ? (int)strlen(folder) : 1,
					*text == '@' ? folder : text);
	ck_assert_uint_lt(len, size);
	return all;
}

void folder_write_inserted(const char *folder, const char *name,
			   const char *text)
{
	char *all = folder_insert(folder, text);

	folder_write_text(folder, name, all);
	free(all);
}
