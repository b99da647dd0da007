/* SPDX-License-Identifier: MIT */
/*
 * Whatever becomes of a connection, it has a deadline: after every turn all of
 * them are walked. The real services run over socket pairs with the smallest
 * buffers; a host that is short of TCP memory, whose sockets are called
 * writable and take nothing, is played by the senders below, which stand before
 * the C library's.
 */
#include "loop/conn.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "conn_fixture.h"
#include "harness.h"
#include "os/docroot.h"
#include "server/tcp_service.h"
#include "web/site.h"
#include "web/web.h"

static bool is_choked; /* no socket of ours takes anything */

static bool choke(void)
{
	errno = EAGAIN;
	return is_choked;
}

ssize_t send(int fd, const void *buf, size_t len, int flags)
{
	return choke() ? -1 : sendto(fd, buf, len, flags, NULL, 0);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	return choke() ? -1 : syscall(SYS_sendmsg, fd, message, flags);
}

ssize_t sendfile(int to, int from, off_t *off, size_t len)
{
	return choke() ? -1 : syscall(SYS_sendfile, to, from, off, len);
}

/* Fails when a connection has no deadline; returns how many there are. */
static size_t walk_list(const struct list_node *conns)
{
	size_t n = 0;

	for (struct list_node *node = conns->next; node != conns;
	     node = node->next, n++) {
		struct conn *conn = CONTAINER_OF(node, struct conn, node);

		ck_assert_msg(deadline_is_running(&conn->deadline),
			      "armed %d, lingering %d", conn->armed,
			      conn->lingering);
	}
	return n;
}

static void walk(const struct loop *loop)
{
	size_t n = walk_list(&loop->conns) + walk_list(&loop->drained);

	ck_assert_uint_eq(n, loop->n_conns);
}

/* --- the services --- */

#define PAIR_HOLDS 4096		       /* what the smallest buffers take */
#define HUGE_SIZE  ((size_t)256 << 10) /* a file kept open, not in memory */

struct house {
	struct loop loop;
	struct event stop;
	struct tcp_service *tcp;
	struct tcp_service *once;
	struct site *site;
	struct spool *log;
	struct web_service *web;
	char *root;
};

static void stop_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	loop_stop(arg);
}

static void house_init(struct house *house)
{
	static const struct site_options options = {
		.max_age_s = -1,
		.cache = {.max_bytes = 1 << 20, .max_files = 16, .max_open = 4},
	};
	char *huge = bytes_new(HUGE_SIZE);

	/* sendfile(2) knows no other way. */
	ck_assert(signal(SIGPIPE, SIG_IGN) != SIG_ERR);
	memset(huge, 'x', HUGE_SIZE);
	house->root = folder_new();
	folder_write_text(house->root, "small", "some text\n");
	folder_write(house->root, "huge", huge, HUGE_SIZE);
	free(huge);
	ck_assert_int_eq(loop_init(&house->loop), 0);
	(void)event_assign(&house->stop, house->loop.base, -1, 0, stop_cb,
			   &house->loop);
	house->tcp = tcp_service_new(&house->loop, false);
	house->once = tcp_service_new(&house->loop, true);
	house->site = site_new(&house->loop, docroot_open(house->root), NULL,
			       &options);
	house->log = spool_new(&house->loop, "access log");
	house->web = web_service_new(&house->loop, house->log);
	web_service_change(house->web, house->site);
	is_choked = false;
}

static void house_clear(struct house *house)
{
	conn_close_all(&house->loop);
	(void)event_del(&house->stop);
	web_service_free(house->web);
	spool_close(house->log);
	tcp_service_free(house->tcp);
	tcp_service_free(house->once);
	site_free(house->site);
	loop_clear(&house->loop);
	free(house->root);
}

static void turn_and_walk(struct house *house)
{
	event_active(&house->stop, EV_TIMEOUT, 0);
	ck_assert_int_eq(loop_run(&house->loop), 0);
	walk(&house->loop);
}

static void turns_and_walks(struct house *house, int n)
{
	while (n-- > 0)
		turn_and_walk(house);
}

/* A new connection of a service; returns the peer's end. */
static int let_in(struct house *house, char service)
{
	struct address peer = {.len = sizeof(peer.sa)};
	int fds[2], size = PAIR_HOLDS;

	ck_assert_int_eq(socketpair(AF_UNIX,
				    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
				    0, fds),
			 0);
	for (int i = 0; i < 2; i++)
		(void)setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &size,
				 sizeof(size));
	if (service == 'w')
		web_service_accept_cb(house->web, fds[0], &peer);
	else
		tcp_service_accept_cb(service == 't' ? house->tcp : house->once,
				      fds[0], &peer);
	walk(&house->loop);
	return fds[1];
}

static void drink(int fd)
{
	char buf[4096];

	while (recv(fd, buf, sizeof(buf), 0) > 0)
		;
}

/*
 * A life: each letter is an act of the peer or of the host, and after each
 * there are some turns.
 *
 *	1 2	the peer sends this text		r  it reads all
 *	f	it half-closes				x  it is gone
 *	c C	the host is short of memory, and no more
 *	w	a while passes, longer than a choked socket waits
 *	d	the server ends
 */
#define GET(target) "GET " target " HTTP/1.1\r\nHost: x\r\n\r\n"
#define GET_TEN(target)                                                        \
	GET(target)                                                            \
	GET(target)                                                            \
	GET(target)                                                            \
	GET(target)                                                            \
	GET(target) GET(target) GET(target) GET(target) GET(target) GET(target)
#define LONG_TEXT                                                              \
	"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijkl"
#define LONGER	LONG_TEXT LONG_TEXT LONG_TEXT LONG_TEXT LONG_TEXT LONG_TEXT
#define LONGEST LONGER LONGER LONGER LONGER LONGER LONGER LONGER

static const struct {
	char service; /* tcp, tcp once, web */
	const char *acts;
	const char *text[2];
} lives[] = {
	{'t', "", {NULL}},
	{'t', "1r1r", {"hello"}},
	{'t', "11111r", {LONGEST}},
	{'t', "11111w11r", {LONGEST}},
	{'t', "1fr", {"hello"}},
	{'t', "111frr", {LONGEST}},
	{'t', "1x", {"hello"}},
	{'t', "c1wCr1r", {"hello"}},
	{'t', "c1wwwCwr", {"hello"}},
	{'t', "11111cwCwwcrwCr", {LONGEST}},
	{'t', "c1wf", {"hello"}},
	{'t', "c1wx", {"hello"}},
	{'t', "d", {NULL}},
	{'t', "d1r", {"hello"}},
	{'t', "1d", {"hello"}},
	{'t', "111d11rrr", {LONGEST}},
	{'t', "c1dwCwr", {"hello"}},
	{'o', "1", {"hello"}},
	{'o', "1d", {"hello"}},
	{'o', "c1wCr", {"hello"}},
	{'o', "c1dwwCr", {LONGEST}},
	{'w', "", {NULL}},
	{'w', "1r", {GET("/small")}},
	{'w', "1rd", {GET("/small")}},
	{'w', "12r", {"GET /small HT", "TP/1.1\r\nHost: x\r\n\r\n"}},
	{'w', "1d2r", {"GET /small HT", "TP/1.1\r\nHost: x\r\n\r\n"}},
	{'w', "1d2r", {"GET /small HT", "TP/1.1\r\nHost: x\r\n\r\n\r\n"}},
	{'w', "1d2r", {"GET /small HT", "TP/1.1\r\nHost: x\r\n\r\n\r"}},
	{'w', "1r", {GET_TEN("/small")}},
	{'w', "1wrwr", {GET_TEN("/none")}},
	{'w', "1r2r", {GET("/small") "GE", "T /small HTTP/1.0\r\n\r\n"}},
	{'w', "1", {"\r\n"}},
	{'w', "12", {"\r", "\n"}},
	{'w', "12r", {"\r\n", GET("/small")}},
	{'w', "1d", {"\r"}},
	{'w', "1d", {"\r\n"}},
	{'w', "1wr", {"nonsense\r\n\r\n"}},
	{'w', "1rd", {"nonsense\r\n\r\n"}},
	{'w', "1w", {GET("/huge")}},
	{'w', "1wrwrrrrrr", {GET("/huge")}},
	{'w', "1rwrd", {GET("/huge") GET("/small")}},
	{'w', "1dwr", {GET("/huge") GET("/small")}},
	{'w', "1x", {GET("/huge")}},
	{'w', "c1wwCwr", {GET("/huge")}},
	{'w', "1rcwwCwr", {GET("/huge")}},
	{'w', "c1wwCwr2r", {GET("/small"), GET("/none")}},
	{'w', "c1dwCwr", {GET("/small")}},
	{'w', "c1wCwrd", {"nonsense\r\n\r\n"}},
	{'w', "c1wx", {GET("/small")}},
	{'w', "1fr", {GET("/small")}},
	{'w', "1f", {"GET /small HT"}},
	{'w',
	 "1r",
	 {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"}},
};

static void act(struct house *house, char what, int *peer,
		const char *const text[2])
{
	static const struct timespec a_while = {.tv_nsec = 60000000};

	if (what == '1' || what == '2')
		(void)sendto(*peer, text[what - '1'], strlen(text[what - '1']),
			     MSG_NOSIGNAL, NULL, 0);
	else if (what == 'r')
		drink(*peer);
	else if (what == 'f')
		(void)shutdown(*peer, SHUT_WR);
	else if (what == 'x')
		(void)close(*peer);
	else if (what == 'c' || what == 'C')
		is_choked = what == 'c';
	else if (what == 'w')
		(void)nanosleep(&a_while, NULL);
	else if (what == 'd')
		house->loop.draining = true;
	if (what == 'x')
		*peer = -1;
	if (what == 'd')
		(void)conn_drain_some(&house->loop);
	walk(&house->loop);
}

START_TEST(a_connection_has_a_deadline_all_its_life)
{
	struct house house = {0};
	int peer;

	house_init(&house);
	peer = let_in(&house, lives[_i].service);
	turns_and_walks(&house, 2);
	for (const char *at = lives[_i].acts; *at; at++) {
		act(&house, *at, &peer, lives[_i].text);
		turns_and_walks(&house, 3);
	}
	if (peer >= 0)
		(void)close(peer);
	turns_and_walks(&house, 3);
	house_clear(&house);
}
END_TEST

/* --- choked --- */

/* Bytes are held, and the socket is writable and takes nothing. */
static struct fixture *choked_new(uint64_t limit_ns)
{
	struct fixture *fixture = fixture_new(limit_ns);

	is_choked = true;
	ck_assert_int_eq(conn_send(fixture->conn, "hello", 5, false),
			 CONN_HELD);
	conn_wait_writable(fixture->conn, &fixture->stall);
	turn(fixture);
	ck_assert_int_eq(fixture->conn->armed, 0);
	walk(&fixture->loop);
	return fixture;
}

START_TEST(a_choked_connection_does_not_burn_the_processor)
{
	struct fixture *fixture = choked_new(300 * CLOCK_NS_PER_MS);
	uint64_t turns = fixture->loop.turn;

	run_to_the_end(fixture);
	/* It was tried every 50 ms, and not at every turn. */
	ck_assert_uint_le(fixture->loop.turn - turns, 40);
	ck_assert_int_eq(fixture->seen.reason, CONN_TIMED_OUT);
	is_choked = false;
	fixture_free(fixture);
}
END_TEST

START_TEST(a_choked_connection_goes_on_when_there_is_memory)
{
	struct fixture *fixture = choked_new(LONG_NS);

	is_choked = false;
	while (conn_has_held(fixture->conn)) {
		turn(fixture);
		walk(&fixture->loop);
	}
	peer_expects(fixture, "hello");
	fixture_free(fixture);
}
END_TEST

/* The memory is back, but now it is the peer who takes nothing. */
START_TEST(after_it_was_choked_a_connection_still_has_its_limit)
{
	struct fixture *fixture = choked_new(200 * CLOCK_NS_PER_MS);
	uint64_t begun_ns = clock_mono_ns();
	char filler[1024] = "";

	while (sendto(fixture->conn->fd, filler, sizeof(filler),
		      MSG_DONTWAIT | MSG_NOSIGNAL, NULL, 0) > 0)
		;
	is_choked = false;
	while (fixture->seen.n_closed == 0) {
		if (clock_mono_ns() - begun_ns > 10 * CLOCK_NS_PER_S)
			harness_fail("it is kept for ever");
		turn(fixture);
		walk(&fixture->loop);
	}
	ck_assert_int_eq(fixture->seen.reason, CONN_TIMED_OUT);
	fixture_free(fixture);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("conn_walk");
	TCase *tcase = harness_case(suite, "lives");

	tcase_add_loop_test(tcase, a_connection_has_a_deadline_all_its_life, 0,
			    ARRAY_LEN(lives));

	tcase = harness_case(suite, "choked");
	tcase_add_test(tcase, a_choked_connection_does_not_burn_the_processor);
	tcase_add_test(tcase, a_choked_connection_goes_on_when_there_is_memory);
	tcase_add_test(tcase,
		       after_it_was_choked_a_connection_still_has_its_limit);
	return harness_run(suite);
}
