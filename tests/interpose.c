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
 *	clock+11		the monotonic clock is 11 s ahead, as if the
 *				program had been stopped for so long; it never
 *				goes back
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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "interpose.h"

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

static const char *shared; /* INTERPOSE_SIZE bytes, or NULL */
static char text[INTERPOSE_SIZE + 1];
static struct rule rules[RULES_MAX];
static size_t n_rules;
static time_t later_s; /* the clock is ahead by so much */

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

	if (!shared || memcmp(shared, text, INTERPOSE_SIZE) == 0)
		return;
	memcpy(text, shared, INTERPOSE_SIZE);
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

/* Whether this call fails, with errno set; it has waited before. */
static bool fails(const char *name)
{
	bool failed = false;

	refresh();
	for (size_t i = 0; i < n_rules; i++) {
		struct rule *rule = &rules[i];
		struct timespec wait = {.tv_nsec = rule->wait_us * 1000L};

		if (strcmp(rule->name, name) != 0 &&
		    strcmp(rule->name, "*") != 0)
			continue;
		rule->n_calls++;
		if (rule->n_calls < rule->first || rule->n_calls > rule->last)
			continue;
		if (rule->wait_us)
			(void)nanosleep(&wait, NULL);
		if (rule->error) {
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
WRAP(bind)
WRAP(close)
WRAP(connect)
WRAP(epoll_create)
WRAP(epoll_create1)
WRAP(epoll_ctl)
WRAP(epoll_wait)
WRAP(eventfd)
WRAP(fcntl)
WRAP(fork)
WRAP(fstat)
WRAP(fstatat)
WRAP(getrlimit)
WRAP(getsockname)
WRAP(getsockopt)
WRAP(ioctl)
WRAP(listen)
WRAP(open)
WRAP(pipe)
WRAP(pipe2)
WRAP(poll)
WRAP(pread)
WRAP(read)
WRAP(recv)
WRAP(recvmmsg)
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
WRAP(syscall)
WRAP(timerfd_create)
WRAP(timerfd_settime)
WRAP(waitpid)
WRAP(write)
WRAP(writev)

/* What a fortified program calls instead. */
WRAP_AS(__open_2, open, -1)
WRAP_AS(__openat_2, openat, -1)
WRAP_AS(__pread_chk, pread, -1)
WRAP_AS(__read_chk, read, -1)

#ifdef INTERPOSE_MEMORY
/* Not beside a sanitizer, which has an allocator of its own. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);

void *malloc(size_t size)
{
	return fails("malloc") ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	return fails("calloc") ? NULL : __libc_calloc(n, size);
}

void *realloc(void *old, size_t size)
{
	return fails("realloc") ? NULL : __libc_realloc(old, size);
}
#endif

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
	return result;
}

/* --- the rules' file --- */

/* By the raw calls, since those above may be told to fail. */
__attribute__((constructor)) static void attach(void)
{
	const char *path = getenv("INTERPOSE");
	call_fn *real_open = next("open"), *real_mmap = next("mmap"),
		*real_close = next("close");
	const long read_only = 0, for_reading = 1, is_shared = 1;
	long fd;

	if (!path)
		return;
	fd = (int)real_open((long)path, read_only, 0, 0, 0, 0, 0);
	if (fd < 0)
		return;
	shared = (const char *)real_mmap(0, INTERPOSE_SIZE, for_reading,
					 is_shared, fd, 0, 0);
	if (shared == (const char *)-1L)
		shared = NULL;
	(void)real_close(fd, 0, 0, 0, 0, 0, 0);
}
