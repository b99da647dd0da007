/* SPDX-License-Identifier: MIT */
/*
 * A library for LD_PRELOAD that stands between a program under test and the C
 * library, and lets calls fail, or wait, that hardly ever do. The rules are a
 * text in a file that $INTERPOSE names; it is mapped, so a test can change them
 * while the program runs (see e2e_faults.h):
 *
 *	accept4=1		every accept4() fails with this errno
 *	epoll_ctl@3=28		the third one does, counted from the rule on
 *	write@3-=28		and all that follow
 *	accept4+300		takes 300 us longer
 *	*@17=12			the 17th of all calls, whichever it is
 *	memory@17=12		the 17th allocation
 *	clock+11		the monotonic clock is 11 s ahead, as if the
 *				program had been stopped for so long; it never
 *				goes back
 *	wall-86400		the wall clock is set back by a day; + ahead
 *
 * All wrappers are alike: on the machines that Linux runs on, a call with up to
 * seven whole numbers or pointers can be passed on without knowing more of it.
 * So nothing here includes a header that declares what is wrapped.
 */
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "interpose.h"

int getpid(void);

#define RULES_MAX    8
#define NAME_MAX_LEN 24

struct rule {
	char name[NAME_MAX_LEN];
	unsigned first, last; /* which calls it is for; 1 is the next */
	unsigned n_calls;
	int error; /* 0 for none */
	unsigned wait_us;
};

typedef long call_fn(long, long, long, long, long, long, long);

static struct interpose_page *shared; /* or NULL */
static long owner;		      /* the process that notes what it does */
static char text[INTERPOSE_SIZE + 1];
static struct rule rules[RULES_MAX];
static size_t n_rules;
static time_t later_s; /* the clock is ahead by so much */
static time_t wall_s;  /* and the wall clock */

/* What stands behind a call's name: which ones, and what happens to them. */
static void parse_effect(struct rule *rule, char *at)
{
	rule->first = 1;
	rule->last = UINT_MAX;
	if (*at == '@') {
		rule->first = (unsigned)strtoul(at + 1, &at, 10);
		if (*at == '-')
			at++;
		else
			rule->last = rule->first;
	}
	if (*at == '=')
		rule->error = atoi(at + 1);
	else if (*at == '+')
		rule->wait_us = (unsigned)atoi(at + 1);
}

static void parse_rule(char *word)
{
	size_t len = strcspn(word + 1, "@=+") + 1;
	struct rule *rule = &rules[n_rules];

	if (strncmp(word, "clock+", 6) == 0) {
		later_s = atoi(word + 6);
		return;
	}
	if (strncmp(word, "wall", 4) == 0) {
		wall_s = atoi(word + 4);
		return;
	}
	if (n_rules == RULES_MAX || len >= NAME_MAX_LEN)
		abort();
	*rule = (struct rule){0};
	memcpy(rule->name, word, len);
	parse_effect(rule, word + len);
	n_rules++;
}

/* Reads the rules anew when the test has changed them. */
static void refresh(void)
{
	char copy[sizeof(text)], *rest = copy;

	if (!shared || memcmp(shared->rules, text, INTERPOSE_SIZE) == 0)
		return;
	memcpy(text, shared->rules, INTERPOSE_SIZE);
	memcpy(copy, text, sizeof(copy));
	n_rules = 0;
	while (*(rest += strspn(rest, " ")) != '\0') {
		char *word = rest;

		rest += strcspn(rest, " ");
		if (*rest)
			*rest++ = '\0';
		parse_rule(word);
	}
}

static bool is_memory(const char *name)
{
	size_t len = strlen(name);

	return len >= 5 && strcmp(name + len - 5, "alloc") == 0;
}

static bool rule_is_for(const struct rule *rule, const char *name)
{
	return strcmp(rule->name, name) == 0 || strcmp(rule->name, "*") == 0 ||
	       (strcmp(rule->name, "memory") == 0 && is_memory(name));
}

/* A child of the program has the page too. */
static void note_failure(void)
{
	if ((long)getpid() == owner)
		shared->n_failed++;
}

/* Whether this call fails, with errno set; it has waited before. */
static bool fails(const char *name)
{
	bool failed = false;

	refresh();
	for (size_t i = 0; i < n_rules; i++) {
		struct rule *rule = &rules[i];
		struct timespec wait = {.tv_nsec = rule->wait_us * 1000L};

		if (!rule_is_for(rule, name))
			continue;
		rule->n_calls++;
		if (rule->n_calls < rule->first || rule->n_calls > rule->last)
			continue;
		if (rule->wait_us)
			(void)nanosleep(&wait, NULL);
		if (rule->error) {
			note_failure();
			errno = rule->error;
			failed = true;
		}
	}
	return failed;
}

/* The C library's own; never NULL for what the program could link with. */
static call_fn *next(const char *symbol)
{
	return (call_fn *)dlsym(RTLD_NEXT, symbol);
}

#define WRAP_AS(symbol, name, failure)                                         \
	long symbol(long a, long b, long c, long d, long e, long f, long g);   \
	long symbol(long a, long b, long c, long d, long e, long f, long g)    \
	{                                                                      \
		static call_fn *real;                                          \
                                                                               \
		if (!real)                                                     \
			real = next(#symbol);                                  \
		if (fails(#name))                                              \
			return failure;                                        \
		return real(a, b, c, d, e, f, g);                              \
	}
#define WRAP(name) WRAP_AS(name, name, -1)

WRAP(accept4)
WRAP(access)
WRAP(bind)
WRAP(connect)
WRAP(dup2)
WRAP(epoll_create)
WRAP(epoll_create1)
WRAP(epoll_ctl)
WRAP(eventfd)
WRAP(fchownat)
WRAP(fcntl)
WRAP(fork)
WRAP(fstat)
WRAP(fstatat)
WRAP(getpeername)
WRAP(getrlimit)
WRAP(getsockname)
WRAP(getsockopt)
WRAP(ioctl)
WRAP(listen)
WRAP(lstat)
WRAP(open)
WRAP(openat)
WRAP(pipe)
WRAP(pipe2)
WRAP(poll)
WRAP(pread)
WRAP(pwrite)
WRAP(readlinkat)
WRAP(recv)
WRAP(recvmmsg)
WRAP(recvmsg)
WRAP(send)
WRAP(sendfile)
WRAP(sendmmsg)
WRAP(sendmsg)
WRAP(setrlimit)
WRAP(setsockopt)
WRAP(shutdown)
WRAP(sigaction)
WRAP(socket)
WRAP(socketpair)
WRAP(stat)
WRAP(syscall)
WRAP(timerfd_create)
WRAP(timerfd_settime)
WRAP(waitpid)
WRAP(write)
WRAP(writev)

/* These tell by NULL that they failed. */
WRAP_AS(fdopendir, fdopendir, 0)
WRAP_AS(fopen, fopen, 0)
WRAP_AS(opendir, opendir, 0)
WRAP_AS(readdir, readdir, 0)
WRAP_AS(__realpath_chk, realpath, 0)

/* What a fortified program calls instead. */
WRAP_AS(__open_2, open, -1)
WRAP_AS(__openat_2, openat, -1)
WRAP_AS(__pread_chk, pread, -1)
WRAP_AS(__read_chk, read, -1)

/* Whether a call is made by the library with this in its name. */
static bool is_by(const void *caller, const char *library)
{
	Dl_info info;

	return dladdr(caller, &info) != 0 && strstr(info.dli_fname, library);
}

/*
 * libevent ends the program when the pair by which it notes signals cannot be
 * read, which the kernel has no reason for.
 */
long read(long a, long b, long c, long d, long e, long f, long g);
long read(long a, long b, long c, long d, long e, long f, long g)
{
	static call_fn *real;

	if (!real)
		real = next("read");
	refresh();
	if (n_rules > 0 && !is_by(__builtin_return_address(0), "libevent") &&
	    fails("read"))
		return -1;
	return real(a, b, c, d, e, f, g);
}

/* The descriptor is closed all the same, as Linux does it. */
long close(long fd, long b, long c, long d, long e, long f, long g);
long close(long fd, long b, long c, long d, long e, long f, long g)
{
	static call_fn *real;
	long result;

	if (!real)
		real = next("close");
	result = real(fd, b, c, d, e, f, g);
	return fails("close") ? -1 : result;
}

long epoll_wait(long a, long b, long c, long d, long e, long f, long g);
long epoll_wait(long a, long b, long c, long d, long e, long f, long g)
{
	static call_fn *real;
	long result;

	if (!real)
		real = next("epoll_wait");
	if (fails("epoll_wait"))
		return -1;
	if (shared)
		shared->is_waiting = 1;
	result = real(a, b, c, d, e, f, g);
	if (shared)
		shared->is_waiting = 0;
	return result;
}

/* --- memory --- */

/*
 * These end the program, or worse, when they get no memory, so the program sees
 * to it beforehand that there is some (base/room.h): two libraries, and whoever
 * looks names up in the C library.
 */
static bool is_looking_up;

static bool is_provided(const void *caller)
{
	return is_looking_up || is_by(caller, "libconfuse") ||
	       is_by(caller, "libseccomp");
}

static bool memory_fails(const char *name, const void *caller)
{
	refresh();
	for (size_t i = 0; i < n_rules; i++)
		if (rule_is_for(&rules[i], name))
			return !is_provided(caller) && fails(name);
	return false;
}

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);

/* A sanitizer has an allocator of its own. */
#define SANITIZERS_OWN __attribute__((weak))
void *__interceptor_malloc(size_t size) SANITIZERS_OWN;
void *__interceptor_calloc(size_t n, size_t size) SANITIZERS_OWN;
void *__interceptor_realloc(void *old, size_t size) SANITIZERS_OWN;

void *malloc(size_t size)
{
	if (memory_fails("malloc", __builtin_return_address(0)))
		return NULL;
	return __interceptor_malloc ? __interceptor_malloc(size)
				    : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	if (memory_fails("calloc", __builtin_return_address(0)))
		return NULL;
	return __interceptor_calloc ? __interceptor_calloc(n, size)
				    : __libc_calloc(n, size);
}

void *realloc(void *old, size_t size)
{
	if (memory_fails("realloc", __builtin_return_address(0)))
		return NULL;
	return __interceptor_realloc ? __interceptor_realloc(old, size)
				     : __libc_realloc(old, size);
}

#define WRAP_LOOK_UP(name)                                                     \
	long name(long a, long b, long c, long d, long e, long f, long g);     \
	long name(long a, long b, long c, long d, long e, long f, long g)      \
	{                                                                      \
		static call_fn *real;                                          \
		long result;                                                   \
                                                                               \
		if (!real)                                                     \
			real = next(#name);                                    \
		is_looking_up = true;                                          \
		result = real(a, b, c, d, e, f, g);                            \
		is_looking_up = false;                                         \
		return result;                                                 \
	}

WRAP_LOOK_UP(getaddrinfo)
WRAP_LOOK_UP(getpwnam)
WRAP_LOOK_UP(getservbyname)

/* --- time --- */

int clock_gettime(clockid_t id, struct timespec *now)
{
	static call_fn *real;
	int result;

	if (!real)
		real = next("clock_gettime");
	refresh();
	result = (int)real(id, (long)now, 0, 0, 0, 0, 0);
	if (id == CLOCK_MONOTONIC || id == CLOCK_MONOTONIC_COARSE)
		now->tv_sec += later_s;
	if (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)
		now->tv_sec += wall_s;
	return result;
}

/* --- the rules' file --- */

/* By the raw calls, since those above may be told to fail. */
__attribute__((constructor)) static void attach(void)
{
	const char *path = getenv("INTERPOSE");
	call_fn *real_open = next("open"), *real_mmap = next("mmap"),
		*real_close = next("close");
	const long read_write = 2, for_both = 3, is_shared = 1;
	long fd;

	if (!path)
		return;
	fd = (int)real_open((long)path, read_write, 0, 0, 0, 0, 0);
	if (fd < 0)
		return;
	shared = (struct interpose_page *)real_mmap(
		0, sizeof(*shared), for_both, is_shared, fd, 0, 0);
	if (shared == (struct interpose_page *)-1L)
		shared = NULL;
	owner = (long)getpid();
	(void)real_close(fd, 0, 0, 0, 0, 0, 0);
}
