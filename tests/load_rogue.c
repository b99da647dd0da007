/* SPDX-License-Identifier: MIT */
/*
 * One loop over a UDP socket, or a listening one and its connections. Every
 * message goes through misbehave(), which answers it or not, now or later.
 */
#include "load_rogue.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "harness.h"

#define MESSAGE_MAX 2048
#define DELAYED_MAX 4096
#define CONNS_MAX   64
#define STALL_MS    250
#define STALL_CYCLE 1000
#define CEILING_MS  50
#define HELD_MS	    50 /* a held message goes out at last */

struct message {
	int fd;
	struct sockaddr_in to; /* UDP */
	size_t len;
	int64_t due_ms;
	bool is_hung, is_over;
	unsigned char bytes[MESSAGE_MAX];
};

static struct rogue_plan plan;
static struct score *score;
static int64_t started_ms;

/* Answers that go out later, oldest first. */
static struct message delayed[DELAYED_MAX];
static size_t n_delayed;

/* MISCHIEF_REORDER: goes out after the next one. */
static struct message held;
static bool is_held;

/* MISCHIEF_CEILING */
static int64_t window;
static unsigned in_window;

static void send_now(const struct message *m)
{
	ssize_t n;

	if (m->to.sin_port != 0)
		n = sendto(m->fd, m->bytes, m->len, 0,
			   (const struct sockaddr *)&m->to, sizeof(m->to));
	else
		n = send(m->fd, m->bytes, m->len, MSG_NOSIGNAL);
	/* A client that has gone is no concern of ours. */
	(void)n;
}

static void delay(const struct message *m, unsigned ms)
{
	if (n_delayed == DELAYED_MAX)
		_exit(1);
	delayed[n_delayed] = *m;
	delayed[n_delayed++].due_ms = harness_now_ms() + ms;
}

static void send_delayed(void)
{
	size_t n = 0;

	while (n < n_delayed && delayed[n].due_ms <= harness_now_ms())
		send_now(&delayed[n++]);
	n_delayed -= n;
	memmove(delayed, delayed + n, n_delayed * sizeof(delayed[0]));
	if (is_held && held.due_ms <= harness_now_ms()) {
		send_now(&held);
		is_held = false;
	}
}

static void hold(const struct message *m)
{
	held = *m;
	held.due_ms = harness_now_ms() + HELD_MS;
	is_held = true;
}

/* Sends m, and then what was held back until it came. */
static void send_both(const struct message *m)
{
	send_now(m);
	if (!is_held)
		return;
	send_now(&held);
	is_held = false;
	score->tampered++;
}

static void flip_a_byte(struct message *m)
{
	m->bytes[score->tampered * 7 % m->len] ^= 0x80;
}

static void keep_ceiling(const struct message *m)
{
	int64_t now = (harness_now_ms() - started_ms) / CEILING_MS;

	if (now != window)
		in_window = 0;
	window = now;
	if (in_window++ < plan.every)
		send_now(m);
	else
		score->tampered++;
}

/* Sleeps through the third quarter of each second. */
static void stall(void)
{
	int64_t at = (harness_now_ms() - started_ms) % STALL_CYCLE;
	int64_t left = STALL_CYCLE / 2 + STALL_MS - at;
	struct timespec t = {.tv_nsec = left * 1000000};

	if (at < STALL_CYCLE / 2 || left <= 0)
		return;
	score->tampered++;
	(void)nanosleep(&t, NULL);
}

static void reset(const struct message *m)
{
	const struct linger at_once = {.l_onoff = 1};

	(void)setsockopt(m->fd, SOL_SOCKET, SO_LINGER, &at_once,
			 sizeof(at_once));
}

/* What is done to every n-th one. Counts it, but for what is held. */
static void tamper(struct message *m, const unsigned char *original)
{
	switch (plan.mischief) {
	case MISCHIEF_DUPLICATE:
		send_now(m);
		send_now(m);
		break;
	case MISCHIEF_CORRUPT:
		flip_a_byte(m);
		send_now(m);
		break;
	case MISCHIEF_ECHO:
		memcpy(m->bytes, original, m->len);
		send_now(m);
		break;
	case MISCHIEF_CUT:
		m->len--;
		send_now(m);
		if (m->to.sin_port == 0)
			(void)shutdown(m->fd, SHUT_RDWR);
		break;
	case MISCHIEF_LATE:
		delay(m, plan.ms);
		break;
	case MISCHIEF_SURPLUS:
		m->bytes[m->len++] = '!';
		send_now(m);
		break;
	case MISCHIEF_RESET:
		reset(m);
		m->is_over = true;
		break;
	case MISCHIEF_HANG:
		m->is_hung = true;
		break;
	default:
		break;
	}
	score->tampered++;
}

static void work(void)
{
	struct timespec t = {.tv_nsec = plan.ms * 1000000L};

	(void)nanosleep(&t, NULL);
}

static void answer(struct message *m, const unsigned char *original)
{
	static const char response[] =
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

	if (plan.is_http) {
		m->len = strlen(response);
		memcpy(m->bytes, response, m->len);
	} else {
		bytes_upper(m->bytes, original, m->len);
	}
}

static void misbehave(struct message *m)
{
	unsigned char original[MESSAGE_MAX];
	bool is_chosen;

	if (score->received++ == 0)
		started_ms = harness_now_ms();
	memcpy(original, m->bytes, m->len);
	answer(m, original);
	is_chosen = plan.every > 0 && score->received % plan.every == 0;
	if (plan.mischief == MISCHIEF_SLOW)
		work();
	if (plan.mischief == MISCHIEF_CEILING)
		keep_ceiling(m);
	else if (plan.mischief == MISCHIEF_REORDER && is_chosen)
		hold(m);
	else if (plan.mischief == MISCHIEF_NONE || !is_chosen)
		send_both(m);
	else
		tamper(m, original);
}

static int wait_ms(void)
{
	int64_t due_ms = INT64_MAX;

	if (n_delayed > 0)
		due_ms = delayed[0].due_ms;
	if (is_held && held.due_ms < due_ms)
		due_ms = held.due_ms;
	return due_ms == INT64_MAX ? -1 : harness_left_ms(due_ms);
}

static void serve_udp(int fd)
{
	static struct message m;
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

	for (;;) {
		socklen_t len = sizeof(m.to);
		ssize_t n;

		(void)poll(&poll_fd, 1, wait_ms());
		if (plan.mischief == MISCHIEF_STALL)
			stall();
		send_delayed();
		m.fd = fd;
		n = recvfrom(fd, m.bytes, sizeof(m.bytes), MSG_DONTWAIT,
			     (struct sockaddr *)&m.to, &len);
		if (n < 0)
			continue;
		m.len = (size_t)n;
		misbehave(&m);
	}
}

/* --- TCP --- */

static struct message conns[CONNS_MAX];
static struct pollfd fds[CONNS_MAX + 1];
static nfds_t n_fds;

static void take_conn(int listener)
{
	int fd = accept(listener, NULL, NULL);

	int at_once = 1;

	/* Else each answer after another would wait for its ACK. */
	if (fd < 0 || n_fds > CONNS_MAX ||
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &at_once,
		       sizeof(at_once)) < 0)
		_exit(1);
	score->connections++;
	conns[n_fds - 1] = (struct message){.fd = fd};
	fds[n_fds++] = (struct pollfd){.fd = fd, .events = POLLIN};
}

static void drop_conn(nfds_t i)
{
	(void)close(fds[i].fd);
	n_fds--;
	fds[i] = fds[n_fds];
	conns[i - 1] = conns[n_fds - 1];
}

/* How long the first message in there is; 0: it is not whole. */
static size_t whole_len(const struct message *m)
{
	const char *end;

	if (!plan.is_http)
		return m->len < plan.size ? 0 : plan.size;
	end = memmem(m->bytes, m->len, "\r\n\r\n", 4);
	return end ? (size_t)(end + 4 - (const char *)m->bytes) : 0;
}

/* Takes the first message off and answers it. False when that was the last. */
static bool take_message(struct message *m, size_t len)
{
	struct message whole = *m;

	m->len -= len;
	memmove(m->bytes, m->bytes + len, m->len);
	whole.len = len;
	misbehave(&whole);
	m->is_hung = whole.is_hung;
	return !whole.is_over;
}

/* False when the connection has ended. */
static bool read_conn(struct message *m)
{
	size_t room = (plan.is_http ? MESSAGE_MAX : plan.size) - m->len, len;
	ssize_t n = recv(m->fd, m->bytes + m->len, room, 0);

	if (n <= 0)
		return false;
	m->len += (size_t)n;
	while (!m->is_hung && (len = whole_len(m)) > 0)
		if (!take_message(m, len))
			return false;
	if (m->is_hung)
		m->len = 0;
	return true;
}

static void serve_tcp(int listener)
{
	fds[0] = (struct pollfd){.fd = listener, .events = POLLIN};
	n_fds = 1;
	for (;;) {
		(void)poll(fds, n_fds, wait_ms());
		if (plan.mischief == MISCHIEF_STALL)
			stall();
		send_delayed();
		for (nfds_t i = n_fds - 1; i > 0; i--)
			if (fds[i].revents && !read_conn(&conns[i - 1]))
				drop_conn(i);
		if (fds[0].revents)
			take_conn(listener);
	}
}

static void make_score(void)
{
	score = mmap(NULL, sizeof(*score), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(score, MAP_FAILED);
}

struct peer rogue_start(int type, struct rogue_plan wanted)
{
	plan = wanted;
	make_score();
	return peer_start(type, type == SOCK_DGRAM ? serve_udp : serve_tcp);
}

void rogue_stop(struct peer *rogue)
{
	peer_stop(rogue);
}

const struct score *rogue_score(void)
{
	return score;
}

/* --- HTTP --- */

static const char *const *http_answers;

/* Reads one request; false at the end. */
static bool read_request(int fd)
{
	char end[4] = "";

	while (memcmp(end, "\r\n\r\n", 4) != 0) {
		memmove(end, end + 1, 3);
		if (recv(fd, end + 3, 1, 0) <= 0)
			return false;
	}
	return true;
}

static void serve_http(int listener)
{
	size_t i = 0;

	for (;;) {
		int fd = accept(listener, NULL, NULL);
		bool is_last = false;

		if (fd < 0)
			_exit(1);
		score->connections++;
		while (!is_last && read_request(fd)) {
			const char *text = http_answers[i++];
			size_t len = strlen(text);

			if (!http_answers[i])
				i = 0;
			score->received++;
			is_last = len > 0 && text[len - 1] == '\001';
			(void)send(fd, text, len - is_last, MSG_NOSIGNAL);
		}
		(void)close(fd);
	}
}

struct peer rogue_start_http(const char *const *answers)
{
	http_answers = answers;
	make_score();
	return peer_start(SOCK_STREAM, serve_http);
}
