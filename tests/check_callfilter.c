/* SPDX-License-Identifier: MIT */
/*
 * The filter of system calls around the test's own process: what a server that
 * runs has need of works, and every other call is as on a kernel without it.
 */
#include "os/callfilter.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/sockios.h>

#include "harness.h"

/* Whether it can stand here; says why not. What it says of itself must agree.
 */
static bool can_stand(void)
{
#ifdef NO_SANDBOX
	harness_skip("a build with sanitizers has no sandbox");
	return false;
#elif !defined(HAVE_LIBSECCOMP)
	ck_assert_int_eq(callfilter_enter(true), CALLFILTER_NO_LIBRARY);
	harness_skip("built without libseccomp");
	return false;
#else
	if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0)
		return true;
	ck_assert_int_eq(callfilter_enter(true), CALLFILTER_NO_KERNEL);
	harness_skip("this kernel has no seccomp");
	return false;
#endif
}

/* Whether it stands. */
static bool enter(bool may_connect)
{
	if (!can_stand())
		return false;
	ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	ck_assert_int_eq(callfilter_enter(may_connect), CALLFILTER_STANDS);
	return true;
}

/* --- what is not there --- */

static int call_exec(void)
{
	char program[] = "/bin/true";
	char *argv[] = {program, NULL};

	return execv(program, argv);
}

static int call_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid;
}

static int call_ptrace(void)
{
	return (int)ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
}

static int call_kill(void)
{
	return kill(getppid(), 0);
}

static int call_packet_socket(void)
{
	return socket(AF_PACKET, SOCK_RAW, 0);
}

static int call_raw_socket(void)
{
	return socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
}

static int call_executable_memory(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED
		       ? -1
		       : 0;
}

static int call_executable_later(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ck_assert_ptr_ne(page, MAP_FAILED);
	return mprotect(page, 4096, PROT_READ | PROT_EXEC);
}

static int call_memory_file(void)
{
	return memfd_create("program", 0);
}

static int call_read_memory(void)
{
	char here[8];
	struct iovec iov = {here, sizeof(here)};

	return (int)syscall(SYS_process_vm_readv, getppid(), &iov, 1, &iov, 1,
			    0);
}

static int call_uring(void)
{
	return (int)syscall(425, 1, NULL);
}

static int call_unshare(void)
{
	return (int)syscall(SYS_unshare, 0);
}

static int call_open_mode(void)
{
	return chmod("/", 04777);
}

static const struct {
	int (*call)(void);
	const char *what;
} forbidden[] = {
	{call_exec, "executing a program"},
	{call_fork, "another process"},
	{call_ptrace, "ptrace"},
	{call_kill, "a signal to another process"},
	{call_packet_socket, "a packet socket"},
	{call_raw_socket, "a raw socket"},
	{call_executable_memory, "memory that is written and executed"},
	{call_executable_later, "memory that becomes a program"},
	{call_memory_file, "a file in memory"},
	{call_read_memory, "another process's memory"},
	{call_uring, "io_uring"},
	{call_unshare, "a name space"},
	{call_open_mode, "another mode"},
};

START_TEST(no_other_call_is_there)
{
	if (!enter(true))
		return;
	ck_assert_msg(forbidden[_i].call() < 0 && errno == ENOSYS, "%s: %s",
		      forbidden[_i].what, strerror(errno));
}
END_TEST

/* --- what is --- */

START_TEST(what_the_library_needs_works)
{
	char *large;
	int fd;

	if (!enter(true))
		return;
	/* Large enough for a mapping of its own, which then moves. */
	large = malloc(1 << 20);
	ck_assert_ptr_nonnull(large);
	large = realloc(large, 8 << 20);
	ck_assert_ptr_nonnull(large);
	free(large);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(fd, 0);
	(void)close(fd);
	ck_assert_int_gt(sysconf(_SC_NPROCESSORS_ONLN), 0);
}
END_TEST

static const struct {
	int family, type;
	bool is_there;
} sockets[] = {
	{AF_INET, SOCK_STREAM, true},
	{AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, true},
	{AF_INET6, SOCK_STREAM, true},
	{AF_INET6, SOCK_DGRAM, true},
	{AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, true},
	{AF_UNIX, SOCK_DGRAM, true},
	{AF_NETLINK, SOCK_RAW, true},
	{AF_INET, SOCK_RAW, false},
	{AF_INET6, SOCK_RAW, false},
	{AF_UNIX, SOCK_SEQPACKET, false},
	{AF_NETLINK, SOCK_DGRAM, false},
	{AF_PACKET, SOCK_DGRAM, false},
};

/* Another errno, such as of a kernel without IPv6, is the call's own. */
START_TEST(a_socket_is_of_a_kind_that_is_wanted)
{
	if (!enter(true))
		return;
	errno = 0;
	(void)socket(sockets[_i].family, sockets[_i].type, 0);
	ck_assert_int_eq(errno != ENOSYS, sockets[_i].is_there);
}
END_TEST

/* On whatever; the last argument says which. */
static int send_with(int call, int flags)
{
	struct iovec iov = {(char[]){'x'}, 1};
	struct mmsghdr msg = {.msg_hdr = {.msg_iov = &iov, .msg_iovlen = 1}};

	errno = 0;
	if (call == 0)
		(void)syscall(SYS_sendto, -1, "x", 1, flags, NULL, 0);
	else if (call == 1)
		(void)syscall(SYS_sendmsg, -1, &msg.msg_hdr, flags);
	else
		(void)syscall(SYS_sendmmsg, -1, &msg, 1, flags);
	return errno;
}

START_TEST(no_way_of_sending_connects)
{
	if (!enter(false))
		return;
	ck_assert_int_eq(send_with(_i, 0), EBADF);
	ck_assert_int_eq(send_with(_i, MSG_NOSIGNAL), EBADF);
	ck_assert_int_eq(send_with(_i, MSG_FASTOPEN), ENOSYS);
	ck_assert_int_eq(send_with(_i, MSG_FASTOPEN | MSG_NOSIGNAL), ENOSYS);
}
END_TEST

START_TEST(connecting_is_there_where_somebody_else_sees_to_it)
{
	struct sockaddr_in address = {.sin_family = AF_INET};

	if (!enter(_i == 1))
		return;
	ck_assert_int_lt(
		connect(-1, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(errno, _i == 1 ? EBADF : ENOSYS);
}
END_TEST

static const struct {
	unsigned long request;
	bool is_there;
} requests[] = {
	{FIONREAD, true},     {FIONBIO, true},	    {TCGETS, true},
	{TIOCGWINSZ, true},   {SIOCGIFINDEX, true}, {SIOCGIFNAME, true},
	{SIOCOUTQ, true},     {TIOCSTI, false},	    {TIOCLINUX, false},
	{SIOCSIFADDR, false},
};

START_TEST(a_device_is_asked_and_not_told)
{
	if (!enter(true))
		return;
	(void)ioctl(-1, requests[_i].request, NULL);
	ck_assert_int_eq(errno, requests[_i].is_there ? EBADF : ENOSYS);
}
END_TEST

START_TEST(limits_and_names_are_asked_for_and_not_set)
{
	struct rlimit limit = {1, 1};
	char name[16];

	if (!enter(true))
		return;
	ck_assert_int_eq(
		(int)syscall(SYS_prlimit64, 0, RLIMIT_CORE, NULL, &limit), 0);
	ck_assert_int_lt(
		(int)syscall(SYS_prlimit64, 0, RLIMIT_CORE, &limit, NULL), 0);
	ck_assert_int_eq(errno, ENOSYS);
	ck_assert_int_eq(prctl(PR_GET_NAME, name, 0, 0, 0), 0);
	ck_assert_int_lt(prctl(PR_SET_NAME, "other", 0, 0, 0), 0);
	ck_assert_int_eq(errno, ENOSYS);
}
END_TEST

/* That of a Unix socket, which is for everybody. */
START_TEST(one_mode_alone_is_given)
{
	char *folder = folder_new(), *path = folder_path(folder, "file");

	folder_write_text(folder, "file", "");
	if (!enter(true))
		return;
	ck_assert_int_eq(chmod(path, 0666), 0);
	ck_assert_int_eq(fchmodat(AT_FDCWD, path, 0666, 0), 0);
	ck_assert_int_lt(chmod(path, 0644), 0);
	ck_assert_int_eq(errno, ENOSYS);
	ck_assert_int_lt(fchmodat(AT_FDCWD, path, 0644, 0), 0);
	ck_assert_int_eq(errno, ENOSYS);
}
END_TEST

START_TEST(memory_is_for_data)
{
	char *page;

	if (!enter(true))
		return;
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(page, MAP_FAILED);
	page[0] = 'x';
	ck_assert_int_eq(mprotect(page, 4096, PROT_READ), 0);
	ck_assert_int_eq(munmap(page, 4096), 0);
}
END_TEST

/* Without no_new_privs only root may, and libseccomp sets it itself: so it is
 * memory that is lacking. */
START_TEST(without_memory_it_does_not_stand)
{
	const struct rlimit limit = {4096, 4096};
	int error;

	if (!can_stand())
		return;
	ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
	errno = 0;
	ck_assert_int_eq(callfilter_enter(true), CALLFILTER_FAILED);
	error = errno;
	ck_assert_int_eq(error, ENOMEM);
	ck_assert_int_eq(prctl(PR_GET_SECCOMP, 0, 0, 0, 0), 0);
}
END_TEST

/* Not even a child's: abort(3) is for oneself. */
START_TEST(it_ends_by_abort_as_before)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (!enter(true))
			raise(SIGABRT);
		abort();
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("callfilter");
	TCase *tcase = harness_case(suite, "callfilter");

	tcase_add_loop_test(tcase, no_other_call_is_there, 0,
			    (int)ARRAY_LEN(forbidden));
	tcase_add_test(tcase, what_the_library_needs_works);
	tcase_add_loop_test(tcase, a_socket_is_of_a_kind_that_is_wanted, 0,
			    (int)ARRAY_LEN(sockets));
	tcase_add_loop_test(tcase, no_way_of_sending_connects, 0, 3);
	tcase_add_loop_test(tcase,
			    connecting_is_there_where_somebody_else_sees_to_it,
			    0, 2);
	tcase_add_loop_test(tcase, a_device_is_asked_and_not_told, 0,
			    (int)ARRAY_LEN(requests));
	tcase_add_test(tcase, limits_and_names_are_asked_for_and_not_set);
	tcase_add_test(tcase, one_mode_alone_is_given);
	tcase_add_test(tcase, memory_is_for_data);
	tcase_add_test(tcase, without_memory_it_does_not_stand);
	tcase_add_test(tcase, it_ends_by_abort_as_before);
	return harness_run(suite);
}
