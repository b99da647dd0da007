/* SPDX-License-Identifier: MIT */
/*
 * Every millisecond some of them take their next step. A step never waits, and
 * what becomes of it is of no interest.
 */
#include "attackers.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "e2e_sock.h"
#include "harness.h"

#define STEPS_A_MS 2
#define NOISE_SIZE 1500

struct attackers_page {
	volatile bool is_paused;
	volatile bool is_calm; /* all have gone */
	volatile unsigned n_connected;
};

struct attackers {
	pid_t pid;
	unsigned n;
	uint16_t udp, tcp, http;
	const char *target;
	struct attackers_page *page;
	unsigned drawn; /* the generator's state */
};

struct attacker {
	int fd;
	const struct attack *attack;
	unsigned n_steps;
};

/* A number below n. */
static unsigned attackers_draw(struct attackers *attackers, unsigned n)
{
	attackers->drawn = attackers->drawn * 1664525U + 1013904223U;
	return (attackers->drawn >> 8) % n;
}

static void attacker_say(struct attacker *attacker, const char *text)
{
	(void)send(attacker->fd, text, strlen(text),
		   MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* --- what they do --- */

static void head_byte_by_byte(struct attackers *attackers,
			      struct attacker *attacker)
{
	static const char head[] = "GET / HTTP/1.1\r\nHost: x\r\nX: ";
	char one[2] = "x";

	(void)attackers;
	if (attacker->n_steps < sizeof(head) - 1)
		one[0] = head[attacker->n_steps];
	attacker_say(attacker, one);
}

static void content_that_is_late(struct attackers *attackers,
				 struct attacker *attacker)
{
	(void)attackers;
	attacker_say(attacker, attacker->n_steps > 0
				       ? "x"
				       : "POST / HTTP/1.1\r\nHost: x\r\n"
					 "Content-Length: 1000000\r\n\r\n");
}

/* Takes next to nothing of an answer. */
static void slow_reading(struct attackers *attackers, struct attacker *attacker)
{
	char request[128], some[16];

	if (attacker->n_steps == 0) {
		(void)snprintf(request, sizeof(request),
			       "GET %s HTTP/1.1\r\nHost: x\r\n\r\n",
			       attackers->target);
		attacker_say(attacker, request);
	}
	(void)recv(attacker->fd, some, sizeof(some), MSG_DONTWAIT);
}

static void noise(struct attackers *attackers, struct attacker *attacker)
{
	char bytes[NOISE_SIZE];
	size_t len = attackers_draw(attackers, sizeof(bytes));

	for (size_t i = 0; i < len; i++)
		bytes[i] = (char)attackers_draw(attackers, 256);
	(void)send(attacker->fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* Many requests, and no look at the answers. */
static void pipelines(struct attackers *attackers, struct attacker *attacker)
{
	static const char *const requests[] = {
		"GET /file.txt HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
		("GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
		 "\r\nffffffff\r\n"),
		"HEAD /none HTTP/1.1\r\nHost: x\r\n\r\n",
	};

	for (int i = 0; i < 16; i++)
		attacker_say(attacker,
			     requests[attackers_draw(attackers,
						     ARRAY_LEN(requests))]);
}

static void nothing(struct attackers *attackers, struct attacker *attacker)
{
	(void)attackers;
	(void)attacker;
}

static const struct attack {
	void (*step)(struct attackers *attackers, struct attacker *attacker);
	enum service service;
} attacks[] = {
	{head_byte_by_byte, SERVICE_HTTP},
	{content_that_is_late, SERVICE_HTTP},
	{slow_reading, SERVICE_HTTP},
	{pipelines, SERVICE_HTTP},
	{noise, SERVICE_HTTP},
	{nothing, SERVICE_HTTP},
	{noise, SERVICE_TCP}, /* and its answers are not taken */
	{nothing, SERVICE_TCP},
	{noise, SERVICE_UDP},
};

/* --- all of them --- */

static void attacker_leave(struct attackers *attackers,
			   struct attacker *attacker)
{
	if (attacker->fd < 0)
		return;
	if (attacker->attack->service != SERVICE_UDP &&
	    attackers_draw(attackers, 2))
		tcp_reset(attacker->fd);
	else
		(void)close(attacker->fd);
	attacker->fd = -1;
}

static void attacker_come(struct attackers *attackers,
			  struct attacker *attacker)
{
	unsigned kind = attackers_draw(attackers, ARRAY_LEN(attacks));

	attacker->attack = &attacks[kind];
	attacker->n_steps = 0;
	if (attacker->attack->service == SERVICE_UDP) {
		attacker->fd = udp_bind("127.0.0.1", 0);
		udp_connect_to(attacker->fd, "127.0.0.1", attackers->udp);
	} else {
		attacker->fd = tcp_try_connect(
			"127.0.0.1", attacker->attack->service == SERVICE_TCP
					     ? attackers->tcp
					     : attackers->http);
	}
	attackers->page->n_connected++;
}

static void attacker_step(struct attackers *attackers,
			  struct attacker *attacker)
{
	if (attacker->fd < 0)
		attacker_come(attackers, attacker);
	else if (attackers_draw(attackers, 50) == 0)
		attacker_leave(attackers, attacker);
	else
		attacker->attack->step(attackers, attacker);
	attacker->n_steps++;
}

static void attack_for_ever(struct attackers *attackers)
{
	struct attacker *all = bytes_new(attackers->n * sizeof(*all));

	for (unsigned i = 0; i < attackers->n; i++)
		all[i].fd = -1;
	for (;;) {
		bool is_paused = attackers->page->is_paused;

		for (unsigned i = 0; i < attackers->n && is_paused; i++)
			attacker_leave(attackers, &all[i]);
		attackers->page->is_calm = is_paused;
		for (int i = 0; i < STEPS_A_MS && !is_paused; i++)
			attacker_step(
				attackers,
				&all[attackers_draw(attackers, attackers->n)]);
		(void)poll(NULL, 0, 1);
	}
}

struct attackers *attackers_start(unsigned n, uint16_t udp, uint16_t tcp,
				  uint16_t http, const char *target)
{
	struct attackers *attackers = bytes_new(sizeof(*attackers));

	*attackers = (struct attackers){
		.n = n, .udp = udp, .tcp = tcp, .http = http, .target = target};
	attackers->page =
		mmap(NULL, sizeof(*attackers->page), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(attackers->page, MAP_FAILED);
	attackers->pid = fork();
	ck_assert_int_ge(attackers->pid, 0);
	if (attackers->pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		attack_for_ever(attackers);
	}
	return attackers;
}

void attackers_pause(struct attackers *attackers, bool is_paused)
{
	int64_t deadline = harness_deadline();

	attackers->page->is_paused = is_paused;
	while (attackers->page->is_calm != is_paused) {
		if (harness_left_ms(deadline) == 0)
			harness_fail("the attackers do not hear");
		(void)poll(NULL, 0, 1);
	}
}

unsigned attackers_count(const struct attackers *attackers)
{
	return attackers->page->n_connected;
}

void attackers_stop(struct attackers *attackers)
{
	int status;

	(void)kill(attackers->pid, SIGKILL);
	ck_assert_int_eq(waitpid(attackers->pid, &status, 0), attackers->pid);
	(void)munmap(attackers->page, sizeof(*attackers->page));
	free(attackers);
}
