/* SPDX-License-Identifier: MIT */
/*
 * The sandbox around the test's own process: what the plan allows works, and
 * nothing else does. What this kernel lacks is named.
 */
#include "os/sandbox.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "harness.h"

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#endif

static char *folder, *readable, *logs, *sockets;
static uint16_t port, other_port;
static int listener;

/* A port that is free at the moment, and the socket that has it. */
static int open_port(uint16_t *number)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, len), 0);
	ck_assert_int_eq(listen(fd, 4), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	*number = ntohs(address.sin_port);
	return fd;
}

static void set_up(void)
{
	int fd;

	folder = folder_new();
	folder_add(folder, "readable");
	folder_add(folder, "logs");
	folder_add(folder, "sockets");
	folder_write_text(folder, "outside", "secret");
	folder_write_text(folder, "readable/file", "text");
	folder_write_text(folder, "logs/old", "line\n");
	readable = folder_path(folder, "readable");
	logs = folder_path(folder, "logs");
	sockets = folder_path(folder, "sockets");
	listener = open_port(&other_port);
	fd = open_port(&port);
	(void)close(fd);
}

static void tear_down(void)
{
	(void)close(listener);
	free(readable);
	free(logs);
	free(sockets);
	free(folder);
}

/* What this kernel and build lack, asked in the test's own way. */
static unsigned expected_gaps(void)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, 1U);
	unsigned gaps = 0;

#ifdef NO_SANDBOX
	return SANDBOX_NO_BUILD;
#endif
	if (version <= 0)
		gaps |= SANDBOX_NO_FILES;
	if (version < 4)
		gaps |= SANDBOX_NO_PORTS;
#ifndef HAVE_LIBSECCOMP
	return gaps | SANDBOX_NO_LIBRARY;
#endif
	return prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0 ? gaps | SANDBOX_NO_CALLS
						     : gaps;
}

/* Returns whether there is none of these gaps, and says so if there is. */
static bool enter_without(unsigned gaps, bool binds_any_port)
{
	const struct sandbox_place places[] = {
		{readable, SANDBOX_READ_FILES | SANDBOX_READ_FOLDERS},
		{logs, SANDBOX_WRITE},
		{sockets, SANDBOX_SOCKETS | SANDBOX_REMOVE},
		{"/nonexistent", SANDBOX_READ_FILES},
	};
	const struct sandbox_plan plan = {
		.places = places,
		.n_places = ARRAY_LEN(places),
		.tcp_ports = &port,
		.n_tcp_ports = 1,
		.binds_any_port = binds_any_port,
	};
	unsigned found, expected;

	ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	expected = expected_gaps();
	ck_assert_int_eq(sandbox_enter(&plan, &found), 0);
	ck_assert_uint_eq(found, expected);
	found &= gaps | SANDBOX_NO_BUILD;
	if (found & SANDBOX_NO_BUILD)
		harness_skip("a build with sanitizers has no sandbox");
	else if (found & SANDBOX_NO_FILES)
		harness_skip("this kernel has no Landlock");
	else if (found & SANDBOX_NO_PORTS)
		harness_skip("this kernel's Landlock knows no ports");
	else if (found & SANDBOX_NO_CALLS)
		harness_skip("this kernel has no seccomp");
	else if (found & SANDBOX_NO_LIBRARY)
		harness_skip("built without libseccomp");
	return found == 0;
}

/* Opens what is in the folder; returns 0 or errno. */
static int try_open(const char *name, int flags)
{
	char *path = *name == '/' ? strdup(name) : folder_path(folder, name);
	int fd = open(path, flags | O_CLOEXEC, 0600), error = errno;

	free(path);
	if (fd < 0)
		return error;
	(void)close(fd);
	return 0;
}

/* --- files --- */

static const struct {
	const char *name;
	int flags;
	int error;
	const char *why;
} opened[] = {
	{"readable/file", O_RDONLY, 0, "below what is allowed"},
	{"readable", O_RDONLY | O_DIRECTORY, 0, "the folder itself"},
	{"outside", O_RDONLY, EACCES, "beside it"},
	{"readable/../outside", O_RDONLY, EACCES, "a name that leads out"},
	{"logs/old", O_WRONLY | O_APPEND, 0, "a log"},
	{"logs/new", O_WRONLY | O_APPEND | O_CREAT, 0, "a new log"},
	{"logs/old", O_RDONLY, EACCES, "logs are not for reading"},
	{"logs/old", O_WRONLY | O_TRUNC, EACCES, "nor to be cut"},
	{"readable/file", O_WRONLY, EACCES, "files are not for writing"},
	{"readable/new", O_WRONLY | O_CREAT, EACCES, "nor made"},
	{"sockets/new", O_WRONLY | O_CREAT, EACCES, "no files among sockets"},
	{"/etc/passwd", O_RDONLY, EACCES, "elsewhere"},
	{"/", O_RDONLY | O_DIRECTORY, EACCES, "the top"},
};

START_TEST(files_are_opened_as_the_plan_says)
{
	if (!enter_without(SANDBOX_NO_FILES, false))
		return;
	ck_assert_msg(try_open(opened[_i].name, opened[_i].flags) ==
			      opened[_i].error,
		      "%s: %s", opened[_i].name, opened[_i].why);
}
END_TEST

START_TEST(nothing_is_removed_or_moved_but_sockets)
{
	char *file = folder_path(folder, "readable/file");
	char *log = folder_path(folder, "logs/old");
	char *moved = folder_path(folder, "logs/moved");

	if (!enter_without(SANDBOX_NO_FILES, false))
		return;
	ck_assert_int_lt(unlink(file), 0);
	ck_assert_int_lt(unlink(log), 0);
	ck_assert_int_lt(rename(log, moved), 0);
	ck_assert_int_lt(mkdir(moved, 0700), 0);
	ck_assert_int_lt(symlink("/", moved), 0);
	free(file);
	free(log);
	free(moved);
}
END_TEST

START_TEST(unix_sockets_come_and_go_in_their_folder)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	struct sockaddr_un elsewhere = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(at.sun_path, sizeof(at.sun_path), "%s/s", sockets);
	(void)snprintf(elsewhere.sun_path, sizeof(elsewhere.sun_path), "%s/s",
		       logs);
	if (!enter_without(SANDBOX_NO_FILES, false))
		return;
	ck_assert_int_lt(
		bind(fd, (struct sockaddr *)&elsewhere, sizeof(elsewhere)), 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	ck_assert_int_eq(chmod(at.sun_path, 0666), 0);
	ck_assert_int_eq(unlink(at.sun_path), 0);
	(void)close(fd);
}
END_TEST

/* --- the network --- */

static int bind_to(uint16_t number)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(number),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int on = 1, error = 0;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		error = errno;
	(void)close(fd);
	return error;
}

START_TEST(no_other_port_is_bound)
{
	if (!enter_without(SANDBOX_NO_FILES | SANDBOX_NO_PORTS, false))
		return;
	ck_assert_int_eq(bind_to(port), 0);
	(void)close(listener);
	ck_assert_int_eq(bind_to(other_port), EACCES);
	ck_assert_int_eq(bind_to(0), EACCES);
}
END_TEST

START_TEST(any_port_is_bound_where_that_is_planned)
{
	if (!enter_without(SANDBOX_NO_FILES | SANDBOX_NO_PORTS, true))
		return;
	(void)close(listener);
	ck_assert_int_eq(bind_to(other_port), 0);
}
END_TEST

static struct sockaddr_in listening(void)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons(other_port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

START_TEST(nobody_is_connected_to)
{
	struct sockaddr_in address = listening();
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	/* Either of both keeps it from that. */
	if (!enter_without(SANDBOX_NO_LIBRARY | SANDBOX_NO_CALLS, true))
		return;
	ck_assert_int_lt(
		connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert(errno == EACCES || errno == ENOSYS);
}
END_TEST

START_TEST(nobody_is_connected_to_by_sending)
{
	struct sockaddr_in address = listening();
	char byte = 'x';
	struct iovec iov = {&byte, 1};
	struct msghdr msg = {
		.msg_name = &address,
		.msg_namelen = sizeof(address),
		.msg_iov = &iov,
		.msg_iovlen = 1,
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (!enter_without(SANDBOX_NO_LIBRARY | SANDBOX_NO_CALLS, true))
		return;
	ck_assert_int_lt(sendto(fd, "x", 1, MSG_FASTOPEN,
				(struct sockaddr *)&address, sizeof(address)),
			 0);
	ck_assert_int_eq(errno, ENOSYS);
	ck_assert_int_lt(sendmsg(fd, &msg, MSG_FASTOPEN), 0);
	ck_assert_int_eq(errno, ENOSYS);
}
END_TEST

/* --- calls --- */

START_TEST(no_other_call_is_there)
{
	if (!enter_without(SANDBOX_NO_LIBRARY | SANDBOX_NO_CALLS, false))
		return;
	ck_assert_int_lt(kill(getppid(), 0), 0);
	ck_assert_int_eq(errno, ENOSYS);
}
END_TEST

/* Opened anew by its number, where nothing else may be written. */
START_TEST(standard_output_stays_open_for_writing)
{
	char *path = folder_path(folder, "outside");
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);

	ck_assert_int_eq(dup2(fd, STDERR_FILENO), STDERR_FILENO);
	if (!enter_without(SANDBOX_NO_FILES, false))
		return;
	ck_assert_int_eq(try_open("/proc/self/fd/2", O_WRONLY), 0);
	ck_assert_int_eq(try_open("outside", O_RDONLY), EACCES);
	free(path);
}
END_TEST

/* Else it would stand there with less than the plan allows. */
START_TEST(without_descriptors_it_is_not_entered)
{
	const struct sandbox_place place = {readable, SANDBOX_READ_FILES};
	const struct sandbox_plan plan = {.places = &place, .n_places = 1};
	struct rlimit limit;
	unsigned gaps;
	int next = dup(2);

	(void)close(next);
	if (expected_gaps() & (SANDBOX_NO_FILES | SANDBOX_NO_BUILD)) {
		harness_skip("no Landlock in this kernel or build");
		return;
	}
	ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	for (int n = 0; n <= 1; n++) {
		limit.rlim_cur = (rlim_t)(next + n);
		ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
		errno = 0;
		ck_assert_int_eq(sandbox_enter(&plan, &gaps), -1);
		ck_assert_int_eq(errno, EMFILE);
	}
	limit.rlim_cur = limit.rlim_max;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	ck_assert_int_eq(dup(2), next);
	ck_assert_int_eq(try_open("outside", O_RDONLY), 0);
}
END_TEST

/* Standard input was closed: the first place is opened as number 0. */
START_TEST(a_places_descriptor_may_be_0)
{
	(void)close(STDIN_FILENO);
	if (!enter_without(SANDBOX_NO_FILES, false))
		return;
	ck_assert_int_eq(try_open("readable/file", O_RDONLY), 0);
	ck_assert_int_eq(try_open("outside", O_RDONLY), EACCES);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sandbox");
	TCase *tcase = harness_case(suite, "sandbox");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, files_are_opened_as_the_plan_says, 0,
			    ARRAY_LEN(opened));
	tcase_add_test(tcase, nothing_is_removed_or_moved_but_sockets);
	tcase_add_test(tcase, unix_sockets_come_and_go_in_their_folder);
	tcase_add_test(tcase, no_other_port_is_bound);
	tcase_add_test(tcase, any_port_is_bound_where_that_is_planned);
	tcase_add_test(tcase, nobody_is_connected_to);
	tcase_add_test(tcase, nobody_is_connected_to_by_sending);
	tcase_add_test(tcase, no_other_call_is_there);
	tcase_add_test(tcase, standard_output_stays_open_for_writing);
	tcase_add_test(tcase, a_places_descriptor_may_be_0);
	tcase_add_test(tcase, without_descriptors_it_is_not_entered);
	return harness_run(suite);
}
