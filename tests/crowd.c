/* SPDX-License-Identifier: MIT */
/*
 * One loop over all clients. What it counts stands in memory that the test
 * shares; of failures, the first few are told in words.
 */
#include "crowd.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "e2e_server.h"
#include "e2e_sock.h"
#include "harness.h"

#define REQUEST	    "GET /" CROWD_FILE " HTTP/1.1\r\nHost: localhost\r\n"
#define HELLO	    "hello, " /* and a number, so that no answer is another's */

#define N_MEMBERS   24
#define N_UDP	    3
#define N_TCP	    5
#define N_KEPT	    60 /* requests on a connection */
#define SLOW_MS	    50
#define REST_MS_MAX 30 /* of those who think before they ask again */

/* What the test sees of it. */
struct crowd_page {
	volatile unsigned n_answers, n_http, n_slow, n_failed, longest_ms;
	volatile bool is_to_end;
	char failures[2048];
};

struct crowd {
	pid_t pid;
	bool is_calm;
	struct crowd_page *page;
	uint16_t ports[3];
};

struct member {
	enum service service;
	int fd;
	unsigned number;
	unsigned n_left;  /* requests on this connection */
	unsigned rest_ms; /* how long it rests, at most */
	int64_t asked_ms; /* 0: it rests, or has ended */
	int64_t rests_until_ms;
	char asked[64];
	size_t len;
	char got[2048];
};

static void note_failure(struct crowd *crowd, const struct member *member,
			 const char *what)
{
	static const char *const names[] = {"udp", "tcp", "http"};
	struct crowd_page *page = crowd->page;
	size_t len = strlen(page->failures);

	page->n_failed++;
	(void)snprintf(page->failures + len, sizeof(page->failures) - len,
		       "%s %u after %u answers: %s: %s\n",
		       names[member->service], member->number, page->n_answers,
		       what, strerror(errno));
}

/* --- one of them --- */

static void member_connect(struct crowd *crowd, struct member *member)
{
	uint16_t port = crowd->ports[member->service];

	if (member->fd >= 0)
		(void)close(member->fd);
	member->n_left = N_KEPT;
	if (member->service == SERVICE_UDP) {
		member->fd = udp_bind("127.0.0.1", 0);
		udp_connect_to(member->fd, "127.0.0.1", port);
		return;
	}
	member->fd = tcp_try_connect("127.0.0.1", port);
	if (member->fd < 0)
		note_failure(crowd, member, "refused");
}

static void member_ask(struct crowd *crowd, struct member *member)
{
	bool is_last = --member->n_left == 0;
	char request[256];

	if (member->service == SERVICE_HTTP) {
		(void)snprintf(request, sizeof(request), "%s%s\r\n", REQUEST,
			       is_last ? "Connection: close\r\n" : "");
	} else {
		int len = snprintf(member->asked, sizeof(member->asked),
				   HELLO "%u", crowd->page->n_answers);

		memcpy(request, member->asked, (size_t)len + 1);
		bytes_upper((unsigned char *)member->asked,
			    (const unsigned char *)request, (size_t)len);
	}
	member->len = 0;
	member->asked_ms = harness_now_ms();
	if (send(member->fd, request, strlen(request), MSG_NOSIGNAL) < 0)
		note_failure(crowd, member, "send");
}

/* -1 when it is wrong, 0 when it is not whole; 2: the connection ends. */
static int judge_http(const struct member *member)
{
	const char *end = strstr(member->got, "\r\n\r\n");

	if (!end || strlen(end + 4) < strlen(CROWD_TEXT))
		return member->len + 1 < sizeof(member->got) ? 0 : -1;
	if (strncmp(member->got, "HTTP/1.1 200 OK\r\n", 17) != 0 ||
	    strcmp(end + 4, CROWD_TEXT) != 0)
		return -1;
	return strstr(member->got, "\r\nConnection: close\r\n") ? 2 : 1;
}

static int judge_answer(const struct member *member)
{
	size_t len = strlen(member->asked);

	if (member->service == SERVICE_HTTP)
		return judge_http(member);
	if (strncmp(member->got, member->asked, member->len) != 0 ||
	    member->len > len)
		return -1;
	return member->len == len;
}

static void member_take_answer(struct crowd *crowd, struct member *member,
			       bool is_last)
{
	unsigned took = (unsigned)(harness_now_ms() - member->asked_ms);

	crowd->page->n_answers++;
	crowd->page->n_http += member->service == SERVICE_HTTP;
	crowd->page->n_slow += took > SLOW_MS;
	if (took > crowd->page->longest_ms)
		crowd->page->longest_ms = took;
	member->asked_ms = 0;
	member->rests_until_ms = harness_now_ms();
	if (member->rest_ms > 0)
		member->rests_until_ms +=
			crowd->page->n_answers % member->rest_ms;
	if (is_last || member->n_left == 0)
		member_connect(crowd, member);
}

/* What was asked is given up. */
static void member_fail(struct crowd *crowd, struct member *member,
			const char *what)
{
	note_failure(crowd, member, what);
	member->asked_ms = 0;
	member_connect(crowd, member);
}

static void member_end(struct crowd *crowd, struct member *member, ssize_t n)
{
	if (member->asked_ms == 0 && n == 0)
		member_connect(crowd, member);
	else if (n < 0)
		member_fail(crowd, member, "recv");
	else
		member_fail(crowd, member,
			    member->len > 0 ? "cut short" : "no answer");
}

static void member_receive(struct crowd *crowd, struct member *member)
{
	ssize_t n = recv(member->fd, member->got + member->len,
			 sizeof(member->got) - 1 - member->len, MSG_DONTWAIT);
	int verdict;

	if (n < 0 && errno == EAGAIN)
		return;
	errno = n < 0 ? errno : 0;
	if (n <= 0) {
		member_end(crowd, member, n);
		return;
	}
	member->len += (size_t)n;
	member->got[member->len] = '\0';
	verdict = member->asked_ms == 0 ? -1 : judge_answer(member);
	if (verdict < 0)
		member_fail(crowd, member, "wrong answer");
	else if (verdict > 0)
		member_take_answer(crowd, member, verdict == 2);
}

/* --- all of them --- */

static void member_go_on(struct crowd *crowd, struct member *member)
{
	int64_t now = harness_now_ms();

	if (member->fd < 0)
		member_connect(crowd, member);
	if (member->asked_ms > 0 && now - member->asked_ms > HARNESS_WAIT_MS)
		member_fail(crowd, member, "not in time");
	if (member->fd >= 0 && member->asked_ms == 0 &&
	    now >= member->rests_until_ms && !crowd->page->is_to_end)
		member_ask(crowd, member);
}

/* Those who rest must see an end before they ask. */
static bool play_once(struct crowd *crowd, struct member *members)
{
	struct pollfd waits[N_MEMBERS];
	bool is_more = !crowd->page->is_to_end;

	for (size_t i = 0; i < N_MEMBERS; i++)
		waits[i] = (struct pollfd){members[i].fd, POLLIN, 0};
	(void)poll(waits, N_MEMBERS, 1);
	for (size_t i = 0; i < N_MEMBERS; i++) {
		if (waits[i].revents)
			member_receive(crowd, &members[i]);
		else
			member_go_on(crowd, &members[i]);
		is_more = is_more || members[i].asked_ms > 0;
	}
	return is_more;
}

static void play_crowd(struct crowd *crowd)
{
	struct member members[N_MEMBERS] = {0};

	for (unsigned i = 0; i < N_MEMBERS; i++) {
		members[i].number = i;
		members[i].fd = -1;
		members[i].service = i < N_UDP		 ? SERVICE_UDP
				     : i < N_UDP + N_TCP ? SERVICE_TCP
							 : SERVICE_HTTP;
		members[i].rest_ms =
			crowd->is_calm || i % 3 == 0 ? REST_MS_MAX : 0;
	}
	while (play_once(crowd, members))
		;
}

struct crowd *crowd_start(uint16_t udp, uint16_t tcp, uint16_t http,
			  bool is_calm)
{
	struct crowd *crowd = bytes_new(sizeof(*crowd));

	*crowd = (struct crowd){.is_calm = is_calm, .ports = {udp, tcp, http}};
	crowd->page = mmap(NULL, sizeof(*crowd->page), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(crowd->page, MAP_FAILED);
	crowd->pid = fork();
	ck_assert_int_ge(crowd->pid, 0);
	if (crowd->pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		play_crowd(crowd);
		_exit(EXIT_SUCCESS);
	}
	return crowd;
}

static void expect_none_failed(const struct crowd *crowd)
{
	if (crowd->page->n_failed > 0)
		harness_fail("%u of %u requests failed:\n%s",
			     crowd->page->n_failed, crowd->page->n_answers,
			     crowd->page->failures);
}

void crowd_wait(const struct crowd *crowd, unsigned n)
{
	unsigned seen = 0;
	int64_t deadline = harness_deadline();

	while (crowd->page->n_answers < n) {
		if (crowd->page->n_answers != seen)
			deadline = harness_deadline();
		seen = crowd->page->n_answers;
		expect_none_failed(crowd);
		if (harness_left_ms(deadline) == 0)
			harness_fail("nobody is answered any more");
		(void)poll(NULL, 0, 1);
	}
}

unsigned crowd_count(const struct crowd *crowd)
{
	expect_none_failed(crowd);
	return crowd->page->n_answers;
}

unsigned crowd_count_http(const struct crowd *crowd)
{
	return crowd->page->n_http;
}

unsigned crowd_count_slow(const struct crowd *crowd)
{
	return crowd->page->n_slow;
}

unsigned crowd_longest_ms(const struct crowd *crowd)
{
	return crowd->page->longest_ms;
}

unsigned crowd_finish(struct crowd *crowd)
{
	int status;

	crowd->page->is_to_end = true;
	ck_assert_int_eq(waitpid(crowd->pid, &status, 0), crowd->pid);
	expect_none_failed(crowd);
	return crowd->page->n_answers;
}

void crowd_free(struct crowd *crowd)
{
	(void)munmap(crowd->page, sizeof(*crowd->page));
	free(crowd);
}
