/* SPDX-License-Identifier: MIT */
/*
 * A folder's listing as a body, over a socket pair with the smallest buffers:
 * every name that could be served stands in it once and in order, however many
 * there are; it is framed right, goes in steps, keeps to its memory, and says
 * when it had to leave names out.
 */
#include "web/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conn_fixture.h"
#include "harness.h"
#include "leak.h"
#include "scarce.h"

/* Three runs of names, and one that is not full. */
#define N_MANY	   2500
#define N_TWO	   1500 /* one run, and one that is not full */
#define N_MOST	   6500 /* seven, whose heap is three deep */

#define TURN_BYTES (2 << 20) /* by default */

static struct fixture *fixture;
static struct docroot *root;
static struct limits limits;
static struct listing_budget budget;
static char *folder;
static char got[2 << 20];
static size_t n_got;

static void set_up(void)
{
	/* What nobody has written is no name's end by chance. */
	(void)mallopt(M_PERTURB, 0xa5);
	folder = folder_new();
	fixture = fixture_new(LONG_NS);
	root = docroot_open(folder);
	ck_assert_ptr_nonnull(root);
	limits = limits_standard;
	budget = (struct listing_budget){.limits = &limits,
					 .n_held = &fixture->loop.n_held};
}

static void tear_down(void)
{
	ck_assert_uint_eq(budget.used, 0);
	ck_assert_uint_eq(fixture->loop.n_held, 0);
	docroot_close(root);
	fixture_free(fixture);
	free(folder);
}

static void add_link(const char *name, const char *to)
{
	char *path = folder_path(folder, name);

	ck_assert_int_eq(symlink(to, path), 0);
	free(path);
}

/* Names f0, f1 and so on, made in this order or from the last one on. */
static void add_files(int n, bool backwards)
{
	char name[32];

	for (int i = 0; i < n; i++) {
		(void)snprintf(name, sizeof(name), "f%d",
			       backwards ? n - 1 - i : i);
		folder_write(folder, name, "", 0);
	}
}

static void add_many(void)
{
	add_files(N_MANY, false);
}

static struct listing *open_path(const char *path, bool hidden, bool as_json)
{
	struct listing *listing =
		listing_open(&budget, root, slice_of(path), hidden, as_json);

	ck_assert_msg(listing, "%s: %s", path, strerror(errno));
	return listing;
}

static void drink(void)
{
	ssize_t n;

	while ((n = recv(fixture->peer, got + n_got, sizeof(got) - 1 - n_got,
			 MSG_DONTWAIT)) > 0)
		n_got += (size_t)n;
	got[n_got] = '\0';
}

/* The peer takes what is held for it. */
static void take_held(void)
{
	drink();
	while (!fixture->conn->closed && conn_has_held(fixture->conn)) {
		size_t cost = fixture->loop.spent;

		conn_wait_writable(fixture->conn, &fixture->stall);
		turn(fixture);
		fixture->loop.spent = cost;
		drink();
	}
}

/* One step, and what it brings; each is counted in a turn that is so old. */
static enum conn_sent step(struct body *body, size_t spent)
{
	enum conn_sent sent;

	fixture->loop.spent = spent;
	sent = body->send(body, fixture->conn);
	take_held();
	return sent;
}

/* The whole, as it comes; returns how many steps it took. */
static size_t send_all(struct listing *listing, bool chunked)
{
	struct body *body = listing_body(listing, chunked);
	enum conn_sent sent;
	size_t n = 0;

	n_got = 0;
	do {
		sent = step(body, 0);
		n++;
	} while (sent == CONN_HELD);
	ck_assert_int_eq(sent, CONN_SENT);
	ck_assert_int_eq(step(body, 0), CONN_SENT);
	body_free(body);
	return n;
}

/* The names in a listing in JSON, each with a blank behind it. */
static const char *names(void)
{
	static char list[N_MOST * 8];
	size_t len = 0;

	list[0] = '\0';
	for (const char *at = got; (at = strstr(at, "\"name\":\""));) {
		size_t n = strcspn(at += 8, "\"");

		ck_assert_uint_lt(len + n + 2, sizeof(list));
		memcpy(list + len, at, n);
		len += n;
		list[len++] = at[n + 10] == 'd' ? '/' : ' ';
		list[len] = '\0';
	}
	return list;
}

static void expect_names(const char *path, bool hidden, const char *wanted)
{
	(void)send_all(open_path(path, hidden, true), false);
	ck_assert_msg(!strcmp(names(), wanted), "%s: \"%s\", not \"%s\"", path,
		      names(), wanted);
	ck_assert_ptr_nonnull(strstr(got, "\"complete\":true"));
}

/* --- what stands in it --- */

static void make_tree(const char *below)
{
	static const char *const files[] = {"b", "a10", "a9", ".dot"};
	static const char *const links[][2] = {
		{"link-file", "b"},	    {"link-folder", "sub"},
		{"link-nowhere", "absent"}, {"link-out", "/etc/passwd"},
		{"link-pipe", "pipe"},
	};
	char name[64], *path;

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		(void)snprintf(name, sizeof(name), "%s%s", below, files[i]);
		folder_write_text(folder, name, "text");
	}
	for (size_t i = 0; i < ARRAY_LEN(links); i++) {
		(void)snprintf(name, sizeof(name), "%s%s", below, links[i][0]);
		add_link(name, links[i][1]);
	}
	(void)snprintf(name, sizeof(name), "%ssub", below);
	folder_add(folder, name);
	(void)snprintf(name, sizeof(name), "%s.hidden", below);
	folder_add(folder, name);
	(void)snprintf(name, sizeof(name), "%spipe", below);
	path = folder_path(folder, name);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	free(path);
}

#define SEEN "link-folder/sub/a9 a10 b link-file "

START_TEST(what_could_be_served_stands_in_it_once)
{
	folder_add(folder, "x");
	folder_add(folder, "x/long");
	make_tree("");
	make_tree("x/");
	make_tree("x/long/");
	expect_names("", false, "link-folder/sub/x/a9 a10 b link-file ");
	expect_names("x", false, "link-folder/long/sub/a9 a10 b link-file ");
	expect_names("x/long", false, SEEN);
	expect_names("x/long", true,
		     ".hidden/link-folder/sub/.dot a9 a10 b "
		     "link-file ");
	expect_names("x/long/sub", true, "");
}
END_TEST

START_TEST(a_row_tells_of_what_a_link_leads_to)
{
	folder_add(folder, "x");
	folder_write_text(folder, "x/file", "12345");
	add_link("x/link", "file");
	(void)send_all(open_path("x", false, true), false);
	ck_assert_ptr_nonnull(strstr(
		got, "{\"name\":\"link\",\"type\":\"file\",\"size\":5,"));
	ck_assert_ptr_nonnull(strstr(got, "{\"path\":\"/x/\","));
	(void)send_all(open_path("x", false, false), false);
	ck_assert_ptr_nonnull(strstr(got, "<h1>/x/</h1>"));
	ck_assert_ptr_nonnull(strstr(got, "<a href=\"./link\">"));
}
END_TEST

/*
 * A folder is mostly read in the order in which it was filled, or against it,
 * so that the first name stands in the first run or in the last.
 */
static const struct {
	int n;
	bool backwards;
} orders[] = {
	{N_MANY, false}, {N_MANY, true},  {N_TWO, false},
	{N_TWO, true},	 {N_MOST, false}, {N_MOST, true},
};

START_TEST(many_names_come_in_order)
{
	char *wanted = bytes_new((size_t)N_MOST * 8);
	size_t len = 0;

	add_files(orders[_i].n, orders[_i].backwards);
	folder_add(folder, "g");
	len += (size_t)sprintf(wanted, "g/");
	for (int i = 0; i < orders[_i].n; i++)
		len += (size_t)sprintf(wanted + len, "f%d ", i);
	expect_names("", false, wanted);
	free(wanted);
}
END_TEST

START_TEST(what_is_gone_meanwhile_is_left_out)
{
	char *path = folder_path(folder, "a");
	struct listing *listing;
	struct body *body;

	folder_write_text(folder, "a", "text");
	folder_write_text(folder, "b", "text");
	listing = open_path("", false, true);
	body = listing_body(listing, false);
	n_got = 0;
	ck_assert_int_eq(step(body, 0), CONN_HELD); /* it has been read */
	ck_assert_int_eq(unlink(path), 0);
	while (step(body, 0) == CONN_HELD)
		;
	ck_assert_str_eq(names(), "b ");
	body_free(body);
	free(path);
}
END_TEST

START_TEST(what_is_no_folder_is_an_error)
{
	folder_write_text(folder, "file", "text");
	ck_assert_ptr_null(
		listing_open(&budget, root, slice_of("absent"), false, true));
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_ptr_null(
		listing_open(&budget, root, slice_of("file"), false, true));
	ck_assert_int_eq(errno, ENOTDIR);
}
END_TEST

/* --- how it is sent --- */

/* Takes the chunks of what came apart; it is whole then. */
static void join_chunks(void)
{
	char *from = got, *to = got;
	size_t len;

	do {
		char *end;

		len = strtoul(from, &end, 16);
		ck_assert_mem_eq(end, "\r\n", 2);
		ck_assert_uint_le(len, LOOP_OUT_SIZE);
		memmove(to, end + 2, len);
		to += len;
		from = end + 2 + len;
		ck_assert_mem_eq(from, "\r\n", 2);
		from += 2;
	} while (len > 0);
	ck_assert_ptr_eq(from, got + n_got);
	*to = '\0';
}

START_TEST(in_chunks_it_is_the_same)
{
	char *plain;

	if (_i > 0)
		add_many();
	(void)send_all(open_path("", false, true), false);
	plain = strdup(got);
	ck_assert_ptr_nonnull(plain);
	(void)send_all(open_path("", false, true), true);
	join_chunks();
	ck_assert_str_eq(got, plain);
	free(plain);
}
END_TEST

/* A step that brings no row, since all files were gone, is no last chunk. */
START_TEST(a_step_without_rows_is_not_the_end)
{
	struct body *body;
	size_t n_steps = 0;
	char name[32];

	add_many();
	body = listing_body(open_path("", false, true), true);
	n_got = 0;
	while (n_got == 0)
		ck_assert_int_eq(step(body, 0), CONN_HELD);
	for (int i = 0; i < N_MANY; i++) {
		char *path;

		(void)snprintf(name, sizeof(name), "f%d", i);
		path = folder_path(folder, name);
		ck_assert_int_eq(unlink(path), 0);
		free(path);
	}
	while (step(body, 0) == CONN_HELD)
		n_steps++;
	ck_assert_uint_ge(n_steps, 2);
	join_chunks();
	ck_assert_ptr_nonnull(strstr(got, "\"complete\":true"));
	body_free(body);
}
END_TEST

static const struct {
	size_t spent; /* before */
	size_t least, most;
} steps[] = {
	{0, 450 << 10, 530 << 10},
	{TURN_BYTES, 60 << 10, 80 << 10},
};

/* Reading a name costs, and so does looking at it. */
START_TEST(a_step_is_bounded)
{
	struct body *body;
	size_t spent = steps[_i].spent, n_full = 0;
	enum conn_sent sent;

	add_many();
	body = listing_body(open_path("", false, true), true);
	n_got = 0;
	do {
		size_t cost;

		sent = step(body, spent);
		cost = fixture->loop.spent - spent;
		ck_assert_uint_le(cost, steps[_i].most);
		n_full += cost >= steps[_i].least;
	} while (sent == CONN_HELD);
	ck_assert_uint_ge(n_full, 9);
	body_free(body);
}
END_TEST

START_TEST(a_peer_that_is_gone_takes_the_listing_along)
{
	struct body *body;

	folder_write_text(folder, "a", "text");
	body = listing_body(open_path("", false, true), true);
	ck_assert_int_eq(step(body, 0), CONN_HELD);
	close_peer(fixture);
	ck_assert_int_eq(body->send(body, fixture->conn), CONN_BROKEN);
	body_free(body);
	turn(fixture);
}
END_TEST

/* What is counted as sent is what the peer gets, and no more. */
START_TEST(steps_without_bytes_send_nothing)
{
	add_files(10, false);
	(void)send_all(open_path("", false, true), true);
	ck_assert_uint_eq(fixture->conn->n_sent, n_got);
}
END_TEST

/* What all steps cost together. */
static size_t cost_of(const char *path)
{
	struct body *body = listing_body(open_path(path, false, true), false);
	enum conn_sent sent;
	size_t cost = 0;

	do {
		sent = step(body, 0);
		cost += fixture->loop.spent;
	} while (sent == CONN_HELD);
	body_free(body);
	return cost;
}

/* To look where a link leads is dear, so there are fewer in a step. */
START_TEST(a_link_costs_more_than_a_file)
{
	char name[32];

	folder_add(folder, "files");
	folder_add(folder, "links");
	for (int i = 0; i < 100; i++) {
		(void)snprintf(name, sizeof(name), "files/%d", i);
		folder_write_text(folder, name, "");
		(void)snprintf(name, sizeof(name), "links/%d", i);
		add_link(name, "../files/0");
	}
	n_got = 0;
	ck_assert_uint_gt(cost_of("links"), 2 * cost_of("files"));
}
END_TEST

/* Whoever has started us may have closed it. */
START_TEST(descriptor_0_is_a_folder_like_others)
{
	struct listing *none;

	folder_write_text(folder, "a", "text");
	(void)close(STDIN_FILENO);
	scarce_memory(1);
	none = listing_open(&budget, root, slice_of(""), false, true);
	ck_assert(scarce_memory_end());
	ck_assert_ptr_null(none);
	ck_assert_int_eq(fcntl(0, F_GETFD), -1);
	expect_names("", false, "a ");
	ck_assert_int_eq(fcntl(0, F_GETFD), -1);
}
END_TEST

static void list_and_free(void)
{
	(void)send_all(open_path("", false, true), true);
	/* One that is given up with names read, and one that is not begun. */
	listing_free(open_path("", true, false));
	ck_assert_ptr_null(
		listing_open(&budget, root, slice_of("none"), false, true));
}

START_TEST(a_listing_leaves_nothing_behind)
{
	add_files(1100, false);
	leak_check(list_and_free);
}
END_TEST

/* --- scarcity --- */

START_TEST(listings_share_their_memory)
{
	struct listing *listing;
	size_t one;

	folder_write_text(folder, "a", "text");
	listing = open_path("", false, true);
	one = budget.used;
	ck_assert_uint_gt(one, 64 << 10);
	ck_assert_uint_eq(fixture->loop.n_held, 1);
	listing_free(listing);
	budget.used = limits.listings_size - one;
	listing = open_path("", false, true);
	ck_assert_ptr_null(
		listing_open(&budget, root, slice_of(""), false, true));
	ck_assert_int_eq(errno, ENOMEM);
	listing_free(listing);
	budget.used++;
	ck_assert_ptr_null(
		listing_open(&budget, root, slice_of(""), false, true));
	ck_assert_uint_eq(budget.used, limits.listings_size - one + 1);
	budget.used = 0;
}
END_TEST

/* Room for the first block and run, and no more, of one limit or the other. */
START_TEST(what_had_no_room_is_told_as_cut)
{
	struct listing *listing;

	add_many();
	listing = open_path("", false, true);
	if (_i == 0)
		limits.listing_size = budget.used;
	else
		limits.listings_size = budget.used;
	(void)send_all(listing, false);
	ck_assert_ptr_nonnull(strstr(got, "\"complete\":false"));
	ck_assert_uint_ge(strlen(names()), 1024 * 3);
	limits = limits_standard;
	(void)send_all(open_path("", false, true), false);
	ck_assert_ptr_nonnull(strstr(got, "\"complete\":true"));
}
END_TEST

/* Whatever allocation fails, it is refused, cut, or ends the connection. */
START_TEST(without_memory_it_is_refused_or_cut)
{
	unsigned n = 0, n_refused = 0, n_cut = 0, n_broken = 0;
	bool has_failed;

	add_many();
	do {
		struct listing *listing;
		struct body *body;
		enum conn_sent sent = CONN_HELD;

		scarce_memory(++n);
		listing =
			listing_open(&budget, root, slice_of(""), false, true);
		if (!listing) {
			int error = errno;

			has_failed = scarce_memory_end();
			ck_assert(has_failed);
			ck_assert_int_eq(error, ENOMEM);
			ck_assert_uint_eq(budget.used, 0);
			n_refused++;
			continue;
		}
		body = listing_body(listing, false);
		/* What is held of the first rows is the last to be had. */
		while (sent == CONN_HELD && !conn_has_held(fixture->conn))
			sent = body->send(body, fixture->conn);
		has_failed = scarce_memory_end();
		n_got = 0;
		take_held();
		while (sent == CONN_HELD)
			sent = step(body, 0);
		n_broken += sent == CONN_BROKEN;
		n_cut += strstr(got, "\"complete\":false") != NULL;
		body_free(body);
		if (sent == CONN_BROKEN)
			break;
	} while (has_failed && n < 100);
	ck_assert_uint_ge(n_refused, 3);
	ck_assert_uint_ge(n_cut, 2);
	ck_assert_uint_eq(n_broken, 1);
	ck_assert_int_eq(fixture->seen.reason, CONN_NO_MEMORY);
	turn(fixture);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("folder");
	TCase *tcase = harness_case(suite, "folder");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, what_could_be_served_stands_in_it_once);
	tcase_add_test(tcase, a_row_tells_of_what_a_link_leads_to);
	tcase_add_loop_test(tcase, many_names_come_in_order, 0,
			    (int)ARRAY_LEN(orders));
	tcase_add_test(tcase, what_is_gone_meanwhile_is_left_out);
	tcase_add_test(tcase, what_is_no_folder_is_an_error);
	tcase_add_loop_test(tcase, in_chunks_it_is_the_same, 0, 2);
	tcase_add_test(tcase, a_step_without_rows_is_not_the_end);
	tcase_add_loop_test(tcase, a_step_is_bounded, 0, (int)ARRAY_LEN(steps));
	tcase_add_test(tcase, a_peer_that_is_gone_takes_the_listing_along);
	tcase_add_test(tcase, steps_without_bytes_send_nothing);
	tcase_add_test(tcase, a_link_costs_more_than_a_file);
	tcase_add_test(tcase, descriptor_0_is_a_folder_like_others);
	tcase_add_test(tcase, a_listing_leaves_nothing_behind);
	tcase_add_test(tcase, listings_share_their_memory);
	tcase_add_loop_test(tcase, what_had_no_room_is_told_as_cut, 0, 2);
	tcase_add_test(tcase, without_memory_it_is_refused_or_cut);
	return harness_run(suite);
}
