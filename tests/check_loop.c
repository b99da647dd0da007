/* SPDX-License-Identifier: MIT */
/*
 * The loop's turns: what is buried lives until the turn's end and is freed
 * once, the time stands still within a turn and moves between turns, and the
 * loop ends when it is told to.
 */
#include "loop/loop.h"

#include <event2/event_struct.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "harness.h"
#include "leak.h"
#include "scarce.h"

struct fixture {
	struct loop loop;
	struct event stop;
};

static void stop_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	loop_stop(arg);
}

static struct fixture *fixture_new(void)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	ck_assert_ptr_nonnull(fixture);
	ck_assert_int_eq(loop_init(&fixture->loop), 0);
	ck_assert_int_eq(event_assign(&fixture->stop, fixture->loop.base, -1, 0,
				      stop_cb, &fixture->loop),
			 0);
	return fixture;
}

static void fixture_free(struct fixture *fixture)
{
	(void)event_del(&fixture->stop);
	loop_clear(&fixture->loop);
	free(fixture);
}

static void turn(struct fixture *fixture)
{
	event_active(&fixture->stop, EV_TIMEOUT, 0);
	ck_assert_int_eq(loop_run(&fixture->loop), 0);
}

/* --- corpses --- */

struct body {
	struct loop_corpse corpse;
	unsigned n_freed;
	unsigned place;
};

static unsigned n_freed;

static void free_cb(struct loop_corpse *corpse)
{
	struct body *body = CONTAINER_OF(corpse, struct body, corpse);

	body->n_freed++;
	body->place = ++n_freed;
}

static void bury(struct fixture *fixture, struct body *body)
{
	*body = (struct body){.corpse.free_cb = free_cb};
	loop_bury(&fixture->loop, &body->corpse);
}

START_TEST(what_is_buried_is_freed_at_the_end_of_the_turn)
{
	struct fixture *fixture = fixture_new();
	struct body body;

	bury(fixture, &body);
	ck_assert_uint_eq(body.n_freed, 0);
	turn(fixture);
	ck_assert_uint_eq(body.n_freed, 1);
	turn(fixture);
	ck_assert_uint_eq(body.n_freed, 1);
	fixture_free(fixture);
}
END_TEST

START_TEST(the_dead_are_freed_in_order)
{
	struct fixture *fixture = fixture_new();
	struct body bodies[20];

	for (size_t i = 0; i < ARRAY_LEN(bodies); i++)
		bury(fixture, &bodies[i]);
	turn(fixture);
	for (unsigned i = 0; i < ARRAY_LEN(bodies); i++) {
		ck_assert_uint_eq(bodies[i].n_freed, 1);
		ck_assert_uint_eq(bodies[i].place, i + 1);
	}
	fixture_free(fixture);
}
END_TEST

START_TEST(a_loop_that_is_cleared_frees_its_dead)
{
	struct fixture *fixture = fixture_new();
	struct body body;

	bury(fixture, &body);
	fixture_free(fixture);
	ck_assert_uint_eq(body.n_freed, 1);
}
END_TEST

/* A corpse is alive for the callbacks of its turn. */
static struct body victim;
static bool was_alive;

static void bury_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	bury(arg, &victim);
}

static void look_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	was_alive = victim.corpse.free_cb == free_cb && victim.n_freed == 0;
}

START_TEST(callbacks_of_one_turn_all_come_before_its_end)
{
	struct fixture *fixture = fixture_new();
	struct event first, second;

	(void)event_assign(&first, fixture->loop.base, -1, 0, bury_cb, fixture);
	(void)event_assign(&second, fixture->loop.base, -1, 0, look_cb, NULL);
	event_active(&first, EV_TIMEOUT, 0);
	event_active(&second, EV_TIMEOUT, 0);
	turn(fixture);
	ck_assert(was_alive);
	ck_assert_uint_eq(victim.n_freed, 1);
	fixture_free(fixture);
}
END_TEST

/* --- turns and time --- */

START_TEST(every_turn_has_its_number)
{
	struct fixture *fixture = fixture_new();
	uint64_t first = fixture->loop.turn;

	/* 0 would be the number of the turn in which nothing was read yet. */
	ck_assert_uint_gt(first, 0);
	for (unsigned i = 1; i <= 5; i++) {
		turn(fixture);
		ck_assert_uint_eq(fixture->loop.turn, first + i);
	}
	fixture_free(fixture);
}
END_TEST

/* Until the clock has moved on, which takes some nanoseconds. */
static void wait_for_the_clock(uint64_t than)
{
	while (clock_mono_ns() <= than)
		;
}

START_TEST(within_a_turn_the_time_stands_still)
{
	struct fixture *fixture = fixture_new();
	uint64_t before_ns = clock_mono_ns(), now_ns;

	now_ns = loop_now_ns(&fixture->loop);
	ck_assert_uint_ge(now_ns, before_ns);
	wait_for_the_clock(now_ns);
	ck_assert_uint_eq(loop_now_ns(&fixture->loop), now_ns);
	turn(fixture);
	ck_assert_uint_gt(loop_now_ns(&fixture->loop), now_ns);
	ck_assert_uint_le(loop_now_ns(&fixture->loop), clock_mono_ns());
	fixture_free(fixture);
}
END_TEST

START_TEST(the_time_of_day_is_read_once_a_turn)
{
	struct fixture *fixture = fixture_new();
	struct timespec before = clock_wall(), now, again;

	now = loop_wall(&fixture->loop);
	ck_assert_int_ge(now.tv_sec, before.tv_sec);
	ck_assert_int_le(now.tv_sec, clock_wall().tv_sec);
	wait_for_the_clock(clock_mono_ns());
	again = loop_wall(&fixture->loop);
	ck_assert_mem_eq(&now, &again, sizeof(now));
	turn(fixture);
	again = loop_wall(&fixture->loop);
	ck_assert_mem_ne(&now, &again, sizeof(now));
	fixture_free(fixture);
}
END_TEST

/* --- running --- */

static void count_cb(evutil_socket_t fd, short what, void *arg)
{
	unsigned *n = arg;
	char byte;

	(void)what;
	ck_assert_int_eq(read((int)fd, &byte, 1), 1);
	++*n;
}

START_TEST(the_loop_runs_until_it_is_stopped)
{
	struct fixture *fixture = fixture_new();
	struct timeval soon = {.tv_usec = 1000};

	ck_assert_int_eq(event_add(&fixture->stop, &soon), 0);
	ck_assert_int_eq(loop_run(&fixture->loop), 0);
	ck_assert(!fixture->loop.running);
	/* And it can run again. */
	ck_assert_int_eq(event_add(&fixture->stop, &soon), 0);
	ck_assert_int_eq(loop_run(&fixture->loop), 0);
	fixture_free(fixture);
}
END_TEST

START_TEST(descriptors_are_served_turn_by_turn)
{
	struct fixture *fixture = fixture_new();
	struct event readable;
	unsigned n = 0;
	int fds[2];

	harness_pipe(fds);
	(void)event_assign(&readable, fixture->loop.base, fds[0],
			   EV_READ | EV_PERSIST, count_cb, &n);
	ck_assert_int_eq(event_add(&readable, NULL), 0);
	ck_assert_int_eq(write(fds[1], "abc", 3), 3);
	for (unsigned i = 1; i <= 3; i++) {
		turn(fixture);
		ck_assert_uint_eq(n, i);
	}
	turn(fixture);
	ck_assert_uint_eq(n, 3);
	(void)event_del(&readable);
	(void)close(fds[0]);
	(void)close(fds[1]);
	fixture_free(fixture);
}
END_TEST

START_TEST(the_buffers_have_their_sizes)
{
	struct fixture *fixture = fixture_new();

	/* A sanitizer or the allocator would object. */
	memset(fixture->loop.in, 'i', LOOP_IN_SIZE);
	memset(fixture->loop.out, 'o', LOOP_OUT_SIZE);
	ck_assert_int_eq(fixture->loop.in[LOOP_IN_SIZE - 1], 'i');
	fixture_free(fixture);
}
END_TEST

/* After a crowd, and once it is down to a quarter; seen by what is noted. */
static const struct {
	size_t peak, n_conns, noted;
	const char *why;
} crowds[] = {
	{1024, 1024, 1024, "they are all there"},
	{1024, 257, 1024, "more than a quarter is left"},
	{1024, 256, 256, "a quarter is left"},
	{1024, 0, 0, "none is left"},
	{256, 0, 0, "the least crowd"},
	{255, 0, 255, "no crowd"},
	{0, 0, 0, "nobody came"},
};

START_TEST(memory_is_given_back_after_a_crowd)
{
	struct fixture *fixture = fixture_new();

	fixture->loop.n_conns = crowds[_i].peak;
	turn(fixture);
	ck_assert_uint_eq(fixture->loop.peak_conns, crowds[_i].peak);
	fixture->loop.n_conns = crowds[_i].n_conns;
	turn(fixture);
	ck_assert_msg(fixture->loop.peak_conns == crowds[_i].noted, "%s: %zu",
		      crowds[_i].why, fixture->loop.peak_conns);
	fixture->loop.n_conns = 0;
	fixture_free(fixture);
}
END_TEST

/* --- the end of a turn --- */

static unsigned n_ended;

static void ended_cb(void *arg)
{
	ck_assert_ptr_eq(arg, &n_ended);
	n_ended++;
}

START_TEST(the_end_of_a_turn_is_told_and_begins_a_new_budget)
{
	struct fixture *fixture = fixture_new();

	fixture->loop.turn_ended_cb = ended_cb;
	fixture->loop.turn_ended_arg = &n_ended;
	loop_spend(&fixture->loop, limits_standard.turn_bytes - 1);
	ck_assert_uint_eq(loop_budget(&fixture->loop, 7, 3), 7);
	loop_spend(&fixture->loop, 1);
	ck_assert_uint_eq(loop_budget(&fixture->loop, 7, 3), 3);
	ck_assert_uint_eq(loop_budget(&fixture->loop, 1, 3), 1);
	turn(fixture);
	ck_assert_uint_eq(n_ended, 1);
	ck_assert_uint_eq(loop_budget(&fixture->loop, 7, 3), 7);
	fixture_free(fixture);
}
END_TEST

/* --- a drain --- */

static const struct {
	bool draining;
	size_t n_conns, n_waiting;
	bool ends;
} drains[] = {
	{false, 0, 0, false},
	{true, 0, 0, true},
	{true, 1, 0, false},
	{true, 0, 1, false},
};

START_TEST(a_drain_ends_when_nobody_is_left)
{
	struct fixture *fixture = fixture_new();
	struct loop *loop = &fixture->loop;

	loop->running = true;
	loop->draining = drains[_i].draining;
	loop->n_conns = drains[_i].n_conns;
	loop->n_waiting = drains[_i].n_waiting;
	loop_stop_if_drained(loop);
	ck_assert(loop->running != drains[_i].ends);
	fixture_free(fixture);
}
END_TEST

/* --- room --- */

START_TEST(room_is_what_connections_and_files_leave)
{
	struct loop loop = {.max_descriptors = 10, .n_conns = 4, .n_held = 5};

	ck_assert_uint_eq(loop_room(&loop), 1);
	loop.n_held = 6;
	ck_assert_uint_eq(loop_room(&loop), 0);
	loop.n_held = 7;
	ck_assert_uint_eq(loop_room(&loop), 0);
}
END_TEST

/* --- libevent's own log --- */

/* It exits after this complaint, and nothing else writes it out. */
START_TEST(what_libevent_ends_the_program_for_is_told)
{
	char text[512];
	int fds[2], status;
	ssize_t n;
	pid_t pid;

	harness_pipe(fds);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		struct loop loop;

		log_open("test", fds[1]);
		if (loop_init(&loop) == 0)
			event_enable_debug_mode(); /* it is too late for that */
		_exit(99);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) != 99);
	(void)close(fds[1]);
	n = read(fds[0], text, sizeof(text) - 1);
	ck_assert_int_gt(n, 0);
	text[n] = '\0';
	ck_assert_ptr_nonnull(strstr(text, "libevent: "));
	(void)close(fds[0]);
}
END_TEST

/* --- scarcity --- */

START_TEST(a_loop_needs_memory)
{
	struct loop loop;
	unsigned n = 0;
	bool has_failed, is_whole;
	int result;

	do {
		scarce_memory(++n);
		result = loop_init(&loop);
		has_failed = scarce_memory_end();
		/* libevent does without some of it. */
		ck_assert_msg(has_failed || result == 0, "%u", n);
		is_whole = loop.base && loop.in && loop.out;
		ck_assert_msg(is_whole == (result == 0), "%u", n);
		/* Whatever came of it, it may be cleared. */
		loop_clear(&loop);
		ck_assert_ptr_null(loop.base);
		ck_assert_ptr_null(loop.in);
		ck_assert_ptr_null(loop.out);
	} while (has_failed && n < 1000);
	ck_assert_int_eq(result, 0);
	ck_assert_uint_ge(n, 5);
}
END_TEST

START_TEST(a_loop_may_be_cleared_twice)
{
	struct loop loop;

	ck_assert_int_eq(loop_init(&loop), 0);
	loop_clear(&loop);
	loop_clear(&loop);
	ck_assert_ptr_null(loop.base);
	/* Nor has it any connection. */
	ck_assert(list_is_empty(&loop.conns));
	ck_assert(list_is_empty(&loop.drained));
	ck_assert(list_is_empty(&loop.apart));
}
END_TEST

static void make_and_clear(void)
{
	struct loop loop;

	ck_assert_int_eq(loop_init(&loop), 0);
	loop_clear(&loop);
}

START_TEST(a_loop_leaves_nothing_behind)
{
	leak_check(make_and_clear);
}
END_TEST

/* A user's environment is not to make the server slow. */
START_TEST(libevent_uses_epoll_whatever_the_environment_says)
{
	struct loop loop;

	ck_assert_int_eq(setenv("EVENT_NOEPOLL", "1", 1), 0);
	ck_assert_int_eq(loop_init(&loop), 0);
	ck_assert_str_eq(event_base_get_method(loop.base), "epoll");
	loop_clear(&loop);
}
END_TEST

/* Its descriptor is closed under it: every wait is an error then. */
START_TEST(a_loop_that_fails_ends)
{
	struct timeval late = {.tv_sec = 3600};
	struct event timer;
	struct loop loop;
	char path[64], name[64] = "";
	int fd = dup(STDIN_FILENO);

	(void)close(fd);
	ck_assert_int_eq(loop_init(&loop), 0);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ck_assert_int_gt(readlink(path, name, sizeof(name) - 1), 0);
	ck_assert_str_eq(name, "anon_inode:[eventpoll]");
	(void)event_assign(&timer, loop.base, -1, 0, stop_cb, &loop);
	ck_assert_int_eq(event_add(&timer, &late), 0);
	(void)close(fd);
	ck_assert_int_eq(loop_run(&loop), -1);
	/* So that the descriptor is not another's when the loop closes it. */
	ck_assert_int_eq(open("/dev/null", O_RDONLY | O_CLOEXEC), fd);
	(void)event_del(&timer);
	loop_clear(&loop);
}
END_TEST

/* Not once per message, and not before the turn is over. */
START_TEST(refusals_are_told_by_the_loop)
{
	struct fixture *fixture = fixture_new();
	struct address peer = address_any(AF_INET, 1);
	int fds[2];

	harness_pipe(fds);
	log_open("test", fds[1]);
	refusals_note(&fixture->loop.refusals, REFUSAL_tcp_access_refused,
		      &peer);
	ck_assert_uint_eq(fixture->loop.counters.tcp_access_refused, 1);
	ck_assert(
		event_pending(&fixture->loop.refusals.timer, EV_TIMEOUT, NULL));
	(void)close(fds[0]);
	fixture_free(fixture);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("loop");
	TCase *tcase = harness_case(suite, "turns");

	tcase_add_test(tcase, what_is_buried_is_freed_at_the_end_of_the_turn);
	tcase_add_test(tcase, the_dead_are_freed_in_order);
	tcase_add_test(tcase, a_loop_that_is_cleared_frees_its_dead);
	tcase_add_test(tcase, callbacks_of_one_turn_all_come_before_its_end);
	tcase_add_test(tcase, every_turn_has_its_number);
	tcase_add_test(tcase, within_a_turn_the_time_stands_still);
	tcase_add_test(tcase, the_time_of_day_is_read_once_a_turn);
	tcase_add_test(tcase, the_loop_runs_until_it_is_stopped);
	tcase_add_test(tcase, descriptors_are_served_turn_by_turn);
	tcase_add_test(tcase, the_buffers_have_their_sizes);
	tcase_add_loop_test(tcase, memory_is_given_back_after_a_crowd, 0,
			    (int)ARRAY_LEN(crowds));
	tcase_add_test(tcase,
		       the_end_of_a_turn_is_told_and_begins_a_new_budget);
	tcase_add_loop_test(tcase, a_drain_ends_when_nobody_is_left, 0,
			    (int)ARRAY_LEN(drains));
	tcase_add_test(tcase, room_is_what_connections_and_files_leave);
	tcase_add_test(tcase, what_libevent_ends_the_program_for_is_told);
	tcase_add_test(tcase, a_loop_needs_memory);
	tcase_add_test(tcase, a_loop_may_be_cleared_twice);
	tcase_add_test(tcase, a_loop_leaves_nothing_behind);
	tcase_add_test(tcase,
		       libevent_uses_epoll_whatever_the_environment_says);
	tcase_add_test(tcase, a_loop_that_fails_ends);
	tcase_add_test(tcase, refusals_are_told_by_the_loop);
	return harness_run(suite);
}
