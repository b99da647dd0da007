/* SPDX-License-Identifier: MIT */
/*
 * The list of system calls, by libseccomp. It holds what the loop, a reload,
 * logs, the drain and the C library below them use, as this library and kernel
 * call it and as others do; what a machine does not have is left out.
 *
 * A call that is not there fails with ENOSYS, as on a kernel that has not got
 * it: libraries know how to do without. To kill for it would make every update
 * of a library a danger to the service.
 */
#include "os/callfilter.h"

#ifdef HAVE_LIBSECCOMP

#include <errno.h>
#include <net/if.h>
#include <seccomp.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/room.h"

#include <linux/sockios.h>

/*
 * When memory is short libseccomp goes round for ever, or makes a filter that
 * lets nobody exit. It needs a fifth of this.
 */
#define CALLFILTER_ROOM ((size_t)1 << 20)

#define TYPE_MASK	0xfU /* of socket(2); the rest of it are flags */

/* Whatever their arguments are. */
static const char *const plain[] = {
	/* what is open */
	"read",
	"readv",
	"write",
	"writev",
	"pread64",
	"preadv",
	"pwrite64",
	"pwritev",
	"lseek",
	"_llseek",
	"close",
	"close_range",
	"dup",
	"dup2",
	"dup3",
	"fcntl",
	"fcntl64",
	"flock",
	"fstat",
	"fstat64",
	"fstatfs",
	"fstatfs64",
	"sendfile",
	"sendfile64",
	"splice",
	"ftruncate",
	"ftruncate64",
	"fsync",
	"fdatasync",
	"fadvise64",
	"fadvise64_64",
	"arm_fadvise64_64",
	"readahead",
	"pipe",
	"pipe2",
	"eventfd2",
	/* files by name: which ones, Landlock says */
	"open",
	"openat",
	"openat2",
	"stat",
	"stat64",
	"lstat",
	"lstat64",
	"newfstatat",
	"fstatat64",
	"statx",
	"statfs",
	"statfs64",
	"readlink",
	"readlinkat",
	"getdents",
	"getdents64",
	"getcwd",
	"access",
	"faccessat",
	"faccessat2",
	"unlink",
	"unlinkat",
	"umask",
	/* waiting */
	"poll",
	"ppoll",
	"ppoll_time64",
	"select",
	"_newselect",
	"pselect6",
	"pselect6_time64",
	"epoll_create",
	"epoll_create1",
	"epoll_ctl",
	"epoll_wait",
	"epoll_pwait",
	"epoll_pwait2",
	"timerfd_create",
	"timerfd_settime",
	"timerfd_settime64",
	"restart_syscall",
	"nanosleep",
	"clock_nanosleep",
	"clock_nanosleep_time64",
	/* the network */
	"accept",
	"accept4",
	"bind",
	"listen",
	"shutdown",
	"getsockname",
	"getpeername",
	"getsockopt",
	"setsockopt",
	"recvfrom",
	"recvmsg",
	"recvmmsg",
	"recvmmsg_time64",
	"recv",
	"socketpair",
	/* memory */
	"brk",
	"munmap",
	"mremap",
	"madvise",
	/* threads' and signals' affairs of one process */
	"futex",
	"futex_time64",
	"set_robust_list",
	"rseq",
	"membarrier",
	"sched_yield",
	"sched_getaffinity",
	"rt_sigaction",
	"rt_sigprocmask",
	"rt_sigreturn",
	"sigreturn",
	"sigaltstack",
	"exit",
	"exit_group",
	/* what time it is, who we are, how much there is */
	"clock_gettime",
	"clock_gettime64",
	"clock_getres",
	"clock_getres_time64",
	"gettimeofday",
	"time",
	"getrandom",
	"getpid",
	"getppid",
	"gettid",
	"getuid",
	"getuid32",
	"geteuid",
	"geteuid32",
	"getgid",
	"getgid32",
	"getegid",
	"getegid32",
	"getrusage",
	"getrlimit",
	"ugetrlimit",
	"sysinfo",
	"uname",
	"times",
	"getpriority",
};

static int allow_call(scmp_filter_ctx filter, const char *name, unsigned n,
		      const struct scmp_arg_cmp *args)
{
	int call = seccomp_syscall_resolve_name(name);
	int result;

	/* What this library does not know, it lets nobody call. */
	if (call == __NR_SCMP_ERROR)
		return 0;
	result = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call, n, args);
	if (result == 0 || result == -EDOM)
		return 0;
	errno = -result;
	return -1;
}

static int allow_plain(scmp_filter_ctx filter)
{
	for (size_t i = 0; i < ARRAY_LEN(plain); i++)
		if (allow_call(filter, plain[i], 0, NULL) < 0)
			return -1;
	return 0;
}

/* Whose argument number arg is, under the mask, the value. */
static int allow_if(scmp_filter_ctx filter, const char *name, unsigned arg,
		    scmp_datum_t mask, scmp_datum_t value)
{
	const struct scmp_arg_cmp cmp =
		SCMP_CMP(arg, SCMP_CMP_MASKED_EQ, mask, value);

	return allow_call(filter, name, 1, &cmp);
}

static int allow_socket(scmp_filter_ctx filter, int family, int type)
{
	const struct scmp_arg_cmp args[] = {
		SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)family, 0),
		SCMP_A1(SCMP_CMP_MASKED_EQ, TYPE_MASK, (scmp_datum_t)type),
	};

	return allow_call(filter, "socket", ARRAY_LEN(args), args);
}

/*
 * For a reload: those of the services, the table of interfaces, and words to a
 * service manager or log.
 */
static int allow_sockets(scmp_filter_ctx filter)
{
	static const struct {
		int family, type;
	} sockets[] = {
		{AF_INET, SOCK_STREAM},	 {AF_INET, SOCK_DGRAM},
		{AF_INET6, SOCK_STREAM}, {AF_INET6, SOCK_DGRAM},
		{AF_UNIX, SOCK_STREAM},	 {AF_UNIX, SOCK_DGRAM},
		{AF_NETLINK, SOCK_RAW},
	};

	for (size_t i = 0; i < ARRAY_LEN(sockets); i++)
		if (allow_socket(filter, sockets[i].family, sockets[i].type) <
		    0)
			return -1;
	return 0;
}

/* Sending can connect too (TCP Fast Open), past what watches connect(2). */
static int allow_sending(scmp_filter_ctx filter)
{
	static const struct {
		const char *name;
		unsigned flags;
	} calls[] = {
		{"send", 3},
		{"sendto", 3},
		{"sendmsg", 2},
		{"sendmmsg", 3},
	};

	for (size_t i = 0; i < ARRAY_LEN(calls); i++)
		if (allow_if(filter, calls[i].name, calls[i].flags,
			     MSG_FASTOPEN, 0) < 0)
			return -1;
	return 0;
}

/* What asks about one socket or terminal, and the index of an interface. */
static int allow_ioctls(scmp_filter_ctx filter)
{
	static const unsigned long requests[] = {
		FIONREAD,   FIONBIO,	  SIOCOUTQ,    TCGETS,
		TIOCGWINSZ, SIOCGIFINDEX, SIOCGIFNAME,
	};

	for (size_t i = 0; i < ARRAY_LEN(requests); i++)
		if (allow_if(filter, "ioctl", 1, UINT32_MAX, requests[i]) < 0)
			return -1;
	return 0;
}

/* No byte of it may become a program. */
static int allow_memory(scmp_filter_ctx filter)
{
	if (allow_if(filter, "mmap", 2, PROT_EXEC, 0) < 0 ||
	    allow_if(filter, "mmap2", 2, PROT_EXEC, 0) < 0 ||
	    allow_if(filter, "mprotect", 2, PROT_EXEC, 0) < 0)
		return -1;
	return 0;
}

/*
 * abort(3) signals itself. Unix sockets are for everybody. Limits are asked
 * for.
 */
static int allow_rest(scmp_filter_ctx filter)
{
	if (allow_if(filter, "tgkill", 0, UINT32_MAX, (scmp_datum_t)getpid()) <
		    0 ||
	    allow_if(filter, "chmod", 1, UINT32_MAX, 0666) < 0 ||
	    allow_if(filter, "fchmodat", 2, UINT32_MAX, 0666) < 0 ||
	    allow_if(filter, "prlimit64", 2, UINT64_MAX, 0) < 0 ||
	    allow_if(filter, "prctl", 0, UINT32_MAX, PR_GET_NAME) < 0)
		return -1;
	return 0;
}

static int add_rules(scmp_filter_ctx filter, bool may_connect)
{
	/* Older libraries search the list one by one; that is no error. */
	(void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (allow_plain(filter) < 0 || allow_sockets(filter) < 0 ||
	    allow_sending(filter) < 0 || allow_ioctls(filter) < 0 ||
	    allow_memory(filter) < 0 || allow_rest(filter) < 0)
		return -1;
	return may_connect ? allow_call(filter, "connect", 0, NULL) : 0;
}

static bool has_seccomp(void)
{
	return prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0;
}

static enum callfilter_result load_rules(scmp_filter_ctx filter)
{
	int result = seccomp_load(filter);

	if (result == 0)
		return CALLFILTER_STANDS;
	errno = -result;
	return CALLFILTER_FAILED;
}

static enum callfilter_result make_filter(bool may_connect)
{
	enum callfilter_result result = CALLFILTER_FAILED;
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));

	if (!filter) {
		errno = ENOMEM;
		return CALLFILTER_FAILED;
	}
	if (add_rules(filter, may_connect) == 0)
		result = load_rules(filter);
	seccomp_release(filter);
	return result;
}

enum callfilter_result callfilter_enter(bool may_connect)
{
	enum callfilter_result result;
	struct room *room;
	int error;

	if (!has_seccomp())
		return CALLFILTER_NO_KERNEL;
	room = room_begin(CALLFILTER_ROOM);
	if (!room) {
		errno = ENOMEM;
		return CALLFILTER_FAILED;
	}
	result = make_filter(may_connect);
	error = errno;
	room_end(room);
	errno = error;
	return result;
}

#else

enum callfilter_result callfilter_enter(bool may_connect)
{
	(void)may_connect;
	return CALLFILTER_NO_LIBRARY;
}

#endif
