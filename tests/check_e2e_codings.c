/* SPDX-License-Identifier: MIT */
/*
 * Files that stand precompressed beside themselves, as the running daemon
 * chooses among them by Accept-Encoding (RFC 9110, 12.5.3): which one is sent,
 * what its head says, and which one may not be sent at all. The siblings have
 * contents of their own here, so that one can be told from the other; that
 * real ones can be decoded is shown with curl in check_e2e_clients.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "e2e_http.h"
#include "e2e_server.h"
#include "e2e_sock.h"
#include "harness.h"

#define MODIFIED_S 784111777

static char *outside; /* holds the root and what is beside it */
static char *root;
static struct server *server;

/* What stands for one file, and what Content-Encoding calls it. */
static const struct variant {
	const char *name;
	const char *coding; /* NULL: identity */
	const char *content;
} variants[] = {
	{"file.txt", NULL, "the file itself, which is the longest of them\n"},
	{"file.txt.gz", "gzip", "as gzip has it, longer\n"},
	{"file.txt.br", "br", "as brotli has it\n"},
	{"file.txt.zst", "zstd", "as zstandard\n"},
};

static void set_mtime(const char *name, time_t s, long ns)
{
	char *path = folder_path(root, name);
	const struct timespec times[2] = {{s, ns}, {s, ns}};

	ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
	free(path);
}

static void delete (const char *name)
{
	char *path = folder_path(root, name);

	ck_assert_int_eq(unlink(path), 0);
	free(path);
}

static void set_up(void)
{
	outside = folder_new();
	folder_add(outside, "root");
	folder_write_text(outside, "secret", "nobody may see this\n");
	root = folder_path(outside, "root");
	for (size_t i = 0; i < ARRAY_LEN(variants); i++) {
		folder_write_text(root, variants[i].name, variants[i].content);
		set_mtime(variants[i].name, MODIFIED_S, 0);
	}
	folder_write_text(root, "alone.txt", "alone\n");
	server = server_start(&(struct server_options){
		.http = "0", .root = root, .obeys_modes = true});
}

static void tear_down(void)
{
	server_stop(server);
	free(root);
	free(outside);
}

static const struct variant *variant_of(const char *coding)
{
	for (size_t i = 0; i < ARRAY_LEN(variants); i++)
		if (coding ? variants[i].coding &&
				     strcmp(variants[i].coding, coding) == 0
			   : !variants[i].coding)
			return &variants[i];
	harness_fail("no variant %s", coding);
}

/* That it is this variant, whole, with the head that belongs to it. */
static void expect_variant(const struct response *response, const char *coding)
{
	const struct variant *variant = variant_of(coding);

	http_expect_status(response, 200);
	http_expect_field(response, "Content-Encoding", coding);
	http_expect_field(response, "Content-Type",
			  "text/plain; charset=utf-8");
	http_expect_field(response, "Vary", "Accept-Encoding");
	ck_assert_uint_eq(response->len, strlen(variant->content));
	if (response->content)
		ck_assert_mem_eq(response->content, variant->content,
				 response->len);
}

/* GET of file.txt with this Accept-Encoding, NULL for none. */
static void ask(int fd, struct response *response, const char *accept)
{
	if (accept)
		http_ask(fd, response,
			 "GET /file.txt HTTP/1.1\r\nAccept-Encoding: %s",
			 accept);
	else
		http_ask(fd, response, "GET /file.txt HTTP/1.1");
}

static void expect_coding(int fd, const char *accept, const char *coding)
{
	struct response response;

	ask(fd, &response, accept);
	expect_variant(&response, coding);
	http_clear(&response);
}

/* --- the choice --- */

#define REFUSED "406"

static const struct {
	const char *accept;
	const char *coding; /* NULL: identity; REFUSED: none will do */
} choices[] = {
	{NULL, NULL},
	{"", NULL},
	{"gzip", "gzip"},
	{"br", "br"},
	{"zstd", "zstd"},
	{"identity", NULL},
	{"deflate", NULL},
	{"compress, deflate", NULL},
	{"gzip, deflate", "gzip"},
	{"GZip", "gzip"},
	{"BR", "br"},
	{"x-gzip", "gzip"}, /* 8.4.1.3 */
	/* Of those that are equally welcome, ours. */
	{"gzip, br", "br"},
	{"gzip, deflate, br, zstd", "br"},
	{"gzip, zstd", "zstd"},
	{"*", "br"},
	{"gzip, *", "br"},
	{"identity, gzip", "gzip"},
	/* Weights. */
	{"gzip;q=1, br;q=0.5", "gzip"},
	{"br;q=0.5, gzip;q=1", "gzip"},
	{"gzip;q=0.5, br;q=0.501", "br"},
	{"gzip;q=0.502, br;q=0.501, zstd;q=0.503", "zstd"},
	{"gzip; q=0.2 , zstd ; q=0.3", "zstd"},
	{"gzip;Q=0.2, zstd;Q=0.3", "zstd"},
	{"gzip;q=0.001", "gzip"},
	{"gzip;q=1.000", "gzip"},
	{"br;q=0, gzip", "gzip"},
	{"br;q=0.0, gzip;q=0.00, zstd;q=0.000", NULL},
	{"gzip;q=0", NULL},
	{"gzip;q=0, *", "br"},
	{"*;q=0, gzip", "gzip"},
	{"*;q=0.1, gzip;q=0.2", "gzip"},
	{"br;q=0, *;q=0.5", "zstd"},
	/* Identity, when it is said to be better. */
	{"identity;q=1, gzip;q=0.5", NULL},
	{"identity;q=0.5, gzip;q=0.4", NULL},
	{"identity;q=0.4, gzip;q=0.5", "gzip"},
	{"identity, *;q=0.1", NULL},
	/* Identity refused. */
	{"identity;q=0, gzip", "gzip"},
	{"identity;q=0, *", "br"},
	{"gzip;q=0, identity;q=0, br;q=0.1", "br"},
	{"identity;q=0", REFUSED},
	{"identity;q=0, deflate", REFUSED},
	{"*;q=0", REFUSED},
	{"gzip;q=0, br;q=0, zstd;q=0, identity;q=0", REFUSED},
	{"*;q=0, identity", NULL},
	{"*;q=0, identity;q=0.1", NULL},
	/* What cannot be read is no wish. */
	{"gzip;q=", NULL},
	{"gzip;q=x", NULL},
	{"gzip;q=2", NULL},
	{"gzip;q=1.001", NULL},
	{"gzip;q=-1", NULL},
	{"gzip;q=0.1234", NULL},
	{"gzip;q=.5", NULL},
	{"gzi", NULL},
	{"gzipp", NULL},
	{"gzip br", NULL},
	{"\"gzip\"", NULL},
	{";q=1", NULL},
	{",,, gzip ,,", "gzip"},
	/* What a browser sends, and what a crawler does. */
	{"gzip, deflate, br, zstd;q=0.9", "br"},
	{"gzip;q=1.0, identity; q=0.5, *;q=0", "gzip"},
};

START_TEST(the_coding_is_chosen_by_what_the_client_accepts)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	const char *coding = choices[_i].coding;
	struct response response;

	ask(fd, &response, choices[_i].accept);
	if (coding && strcmp(coding, REFUSED) == 0) {
		http_expect_status(&response, 406);
		http_expect_field(&response, "Vary", "Accept-Encoding");
	} else {
		expect_variant(&response, coding);
	}
	http_clear(&response);
	/* And the connection goes on. */
	expect_coding(fd, "gzip", "gzip");
	(void)close(fd);
}
END_TEST

START_TEST(several_lines_are_one_list)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;

	http_ask(fd, &response,
		 "GET /file.txt HTTP/1.1\r\nAccept-Encoding: gzip;q=0.5\r\n"
		 "A: b\r\naccept-encoding: br;q=0, zstd;q=0.6");
	expect_variant(&response, "zstd");
	http_clear(&response);
	(void)close(fd);
}
END_TEST

START_TEST(head_says_the_same)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;

	http_ask(fd, &response,
		 "HEAD /file.txt HTTP/1.1\r\nAccept-Encoding: gzip");
	expect_variant(&response, "gzip");
	http_ask(fd, &response, "HEAD /file.txt HTTP/1.1");
	expect_variant(&response, NULL);
	(void)close(fd);
}
END_TEST

START_TEST(a_file_that_stands_alone_does_not_vary)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;

	http_ask(fd, &response,
		 "GET /alone.txt HTTP/1.1\r\nAccept-Encoding: gzip, br");
	http_expect(&response, 200, "alone\n", 6);
	http_expect_field(&response, "Vary", NULL);
	http_expect_field(&response, "Content-Encoding", NULL);
	http_clear(&response);
	(void)close(fd);
}
END_TEST

/* --- names of encoded files --- */

#define JS   "text/javascript; charset=utf-8"
#define TEXT "text/plain; charset=utf-8"

static const struct {
	const char *name;
	const char *accept; /* NULL for none */
	const char *type;
	const char *coding; /* NULL for none */
	bool varies;
} encoded[] = {
	{"a.js.gz", "gzip", JS, "gzip", true},
	{"a.js.gz", "br, gzip;q=0.5", JS, "gzip", true},
	{"a.js.gz", "*", JS, "gzip", true},
	{"a.js.gz", NULL, "application/gzip", NULL, true},
	{"a.js.gz", "identity", "application/gzip", NULL, true},
	{"a.js.gz", "gzip;q=0", "application/gzip", NULL, true},
	{"a.js.gz", "br", "application/gzip", NULL, true},
	{"a.js.gz", "br, identity;q=0", "application/gzip", NULL, true},
	{"a.wasm.br", "br", "application/wasm", "br", true},
	{"a.wasm.br", "gzip", "application/octet-stream", NULL, true},
	{"a.css.zst", "zstd", "text/css; charset=utf-8", "zstd", true},
	{"a.css.zst", NULL, "application/zstd", NULL, true},
	{"A.JS.GZ", "gzip", JS, "gzip", true},
	{"a.svgz", "gzip", "image/svg+xml", "gzip", true},
	{"a.svgz", NULL, "application/gzip", NULL, true},
	{"README.gz", "gzip", TEXT, "gzip", true},
	{"sub/a.html.gz", "gzip", "text/html; charset=utf-8", "gzip", true},
	/* Saved under its name, and must be what that says. */
	{"a.tar.gz", "gzip", "application/gzip", NULL, false},
	{"a.tgz", "gzip", "application/gzip", NULL, false},
	{"a.pcap.gz", "gzip", "application/gzip", NULL, false},
	{"a.iso.zst", "zstd", "application/zstd", NULL, false},
	{"a.bin.br", "br", "application/octet-stream", NULL, false},
	{"a.gz", "gzip", "application/gzip", NULL, false},
	{"a.unheard-of.gz", "gzip", "application/gzip", NULL, false},
	{"js.gz", "gzip", "application/gzip", NULL, false},
	{".gz", "gzip", "application/gzip", NULL, false},
};

START_TEST(a_file_asked_for_by_its_encoded_name_is_what_is_inside)
{
	static const char *const hidden[] = {"--hidden", NULL};
	struct response response;
	int fd;

	server_stop(server);
	server = server_start(&(struct server_options){
		.http = "0", .root = root, .more = hidden});
	fd = tcp_connect(server, SERVICE_HTTP);
	if (strchr(encoded[_i].name, '/'))
		folder_add(root, "sub");
	folder_write_text(root, encoded[_i].name, "encoded");
	if (encoded[_i].accept)
		http_ask(fd, &response,
			 "GET /%s HTTP/1.1\r\nAccept-Encoding: %s",
			 encoded[_i].name, encoded[_i].accept);
	else
		http_ask(fd, &response, "GET /%s HTTP/1.1", encoded[_i].name);
	http_expect(&response, 200, "encoded", 7);
	http_expect_field(&response, "Content-Type", encoded[_i].type);
	http_expect_field(&response, "Content-Encoding", encoded[_i].coding);
	http_expect_field(&response, "Vary",
			  encoded[_i].varies ? "Accept-Encoding" : NULL);
	http_clear(&response);
	(void)close(fd);
}
END_TEST

/* A cache must not take one for the other, and a range is of its own bytes. */
START_TEST(what_is_inside_and_the_file_itself_have_two_tags)
{
	const struct variant *variant = variant_of("gzip");
	int fd = tcp_connect(server, SERVICE_HTTP);
	char inside[128], itself[128];
	struct response response;

	http_ask(fd, &response,
		 "GET /file.txt.gz HTTP/1.1\r\nAccept-Encoding: gzip");
	http_expect(&response, 200, variant->content, strlen(variant->content));
	ck_assert(http_field(&response, "ETag", inside, sizeof(inside)));
	http_clear(&response);
	http_ask(fd, &response, "GET /file.txt.gz HTTP/1.1");
	http_expect(&response, 200, variant->content, strlen(variant->content));
	ck_assert(http_field(&response, "ETag", itself, sizeof(itself)));
	http_clear(&response);
	ck_assert_str_ne(inside, itself);
	http_ask(fd, &response,
		 "GET /file.txt.gz HTTP/1.1\r\nIf-None-Match: %s", inside);
	http_expect_status(&response, 200);
	http_clear(&response);
	http_ask(fd, &response,
		 "GET /file.txt.gz HTTP/1.1\r\nAccept-Encoding: gzip\r\n"
		 "If-None-Match: %s",
		 inside);
	http_expect_status(&response, 304);
	http_expect_field(&response, "ETag", inside);
	http_clear(&response);
	http_ask(fd, &response,
		 "GET /file.txt.gz HTTP/1.1\r\nAccept-Encoding: gzip\r\n"
		 "Range: bytes=1-2\r\nIf-Range: %s",
		 inside);
	http_expect(&response, 206, variant->content + 1, 2);
	http_expect_field(&response, "Content-Encoding", "gzip");
	http_clear(&response);
	(void)close(fd);
}
END_TEST

START_TEST(the_index_of_a_folder_has_siblings_too)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;

	folder_add(root, "sub");
	folder_write_text(root, "sub/index.html", "plain");
	folder_write_text(root, "sub/index.html.gz", "packed!");
	http_ask(fd, &response, "GET /sub/ HTTP/1.1\r\nAccept-Encoding: gzip");
	http_expect(&response, 200, "packed!", 7);
	http_expect_field(&response, "Content-Encoding", "gzip");
	http_expect_field(&response, "Content-Type",
			  "text/html; charset=utf-8");
	http_clear(&response);
	(void)close(fd);
}
END_TEST

START_TEST(a_large_sibling_is_sent_whole)
{
	const size_t size = 1000003;
	unsigned char *bytes = bytes_new(size);
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;

	bytes_pattern(bytes, size, 5);
	folder_write(root, "file.txt.gz", bytes, size);
	ask(fd, &response, "gzip");
	http_expect(&response, 200, bytes, size);
	http_expect_field(&response, "Content-Encoding", "gzip");
	http_clear(&response);
	expect_coding(fd, NULL, NULL);
	free(bytes);
	(void)close(fd);
}
END_TEST

/* --- validators, conditions and ranges --- */

static void get_etag(int fd, const char *accept, char etag[128])
{
	struct response response;

	ask(fd, &response, accept);
	ck_assert(http_field(&response, "ETag", etag, 128));
	http_clear(&response);
}

/* 8.8.3.3: they are not the same bytes. */
START_TEST(each_variant_has_its_own_tag)
{
	char tags[ARRAY_LEN(variants)][128];
	int fd = tcp_connect(server, SERVICE_HTTP);

	for (size_t i = 0; i < ARRAY_LEN(variants); i++) {
		get_etag(fd, variants[i].coding, tags[i]);
		for (size_t j = 0; j < i; j++)
			ck_assert_str_ne(tags[i], tags[j]);
	}
	(void)close(fd);
}
END_TEST

START_TEST(a_condition_is_about_the_variant_that_is_chosen)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	char packed[128], plain[128];
	struct response response;

	get_etag(fd, "gzip", packed);
	get_etag(fd, NULL, plain);
	http_ask(fd, &response,
		 "GET /file.txt HTTP/1.1\r\nAccept-Encoding: gzip\r\n"
		 "If-None-Match: %s",
		 packed);
	http_expect_status(&response, 304);
	http_expect_field(&response, "ETag", packed);
	http_expect_field(&response, "Vary", "Accept-Encoding");
	http_clear(&response);
	http_ask(fd, &response, "GET /file.txt HTTP/1.1\r\nIf-None-Match: %s",
		 packed);
	expect_variant(&response, NULL);
	http_clear(&response);
	http_ask(fd, &response,
		 "GET /file.txt HTTP/1.1\r\nAccept-Encoding: gzip\r\n"
		 "If-None-Match: %s",
		 plain);
	expect_variant(&response, "gzip");
	http_clear(&response);
	http_ask(fd, &response,
		 "GET /file.txt HTTP/1.1\r\nAccept-Encoding: gzip\r\n"
		 "If-Match: %s",
		 plain);
	http_expect_status(&response, 412);
	http_clear(&response);
	(void)close(fd);
}
END_TEST

/* 14.2: of the bytes of the selected representation. */
START_TEST(a_range_is_of_the_variant_that_is_chosen)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	const struct variant *variant = variant_of("gzip");
	char range[64];
	struct response response;

	http_ask(fd, &response,
		 "GET /file.txt HTTP/1.1\r\nAccept-Encoding: gzip\r\n"
		 "Range: bytes=3-9");
	http_expect(&response, 206, variant->content + 3, 7);
	(void)snprintf(range, sizeof(range), "bytes 3-9/%zu",
		       strlen(variant->content));
	http_expect_field(&response, "Content-Range", range);
	http_expect_field(&response, "Content-Encoding", "gzip");
	http_expect_field(&response, "Vary", "Accept-Encoding");
	http_clear(&response);
	http_ask(fd, &response,
		 "GET /file.txt HTTP/1.1\r\nAccept-Encoding: gzip\r\n"
		 "Range: bytes=%zu-",
		 strlen(variant->content));
	http_expect_status(&response, 416);
	http_expect_field(&response, "Vary", "Accept-Encoding");
	http_expect_field(&response, "Content-Encoding", NULL);
	http_clear(&response);
	(void)close(fd);
}
END_TEST

START_TEST(a_range_of_another_variant_is_not_mixed_in)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	char plain[128];
	struct response response;

	get_etag(fd, NULL, plain);
	http_ask(fd, &response,
		 "GET /file.txt HTTP/1.1\r\nAccept-Encoding: gzip\r\n"
		 "Range: bytes=3-9\r\nIf-Range: %s",
		 plain);
	expect_variant(&response, "gzip");
	http_clear(&response);
	(void)close(fd);
}
END_TEST

/* --- siblings that may not be used --- */

/* Times of the file and of its gzip sibling, and whether that is used. */
static const struct {
	struct timespec file;
	struct timespec sibling;
	bool is_used;
} ages[] = {
	{{MODIFIED_S, 0}, {MODIFIED_S, 0}, true},
	{{MODIFIED_S, 0}, {MODIFIED_S + 1, 0}, true},
	{{MODIFIED_S, 0}, {MODIFIED_S - 1, 0}, true}, /* as made in one go */
	{{MODIFIED_S, 0}, {MODIFIED_S - 2, 0}, true},
	{{MODIFIED_S, 0}, {MODIFIED_S - 3, 999999999}, false},
	{{MODIFIED_S, 999999999}, {MODIFIED_S - 2, 0}, true},
	{{MODIFIED_S, 0}, {MODIFIED_S - 86400, 999999999}, false},
	{{MODIFIED_S, 5}, {MODIFIED_S, 5}, true},
	{{MODIFIED_S, 5}, {MODIFIED_S, 6}, true},
	{{MODIFIED_S, 500000000}, {MODIFIED_S, 400000000}, true},
	{{MODIFIED_S, 500000000}, {MODIFIED_S, 0}, true}, /* "brotli -k" */
	{{0, 0}, {0, 0}, true}, /* as an archive without times has it */
	{{0, 0}, {MODIFIED_S, 0}, true},
	{{MODIFIED_S, 0}, {0, 0}, false},
};

START_TEST(a_sibling_older_than_the_file_is_not_used)
{
	int fd = tcp_connect(server, SERVICE_HTTP);

	set_mtime("file.txt", ages[_i].file.tv_sec, ages[_i].file.tv_nsec);
	set_mtime("file.txt.gz", ages[_i].sibling.tv_sec,
		  ages[_i].sibling.tv_nsec);
	expect_coding(fd, "gzip", ages[_i].is_used ? "gzip" : NULL);
	(void)close(fd);
}
END_TEST

START_TEST(the_next_best_sibling_is_used_instead_of_an_old_one)
{
	int fd = tcp_connect(server, SERVICE_HTTP);

	set_mtime("file.txt.br", MODIFIED_S - 3, 0);
	expect_coding(fd, "gzip, br, zstd", "zstd");
	expect_coding(fd, "gzip;q=0.5, br", "gzip");
	expect_coding(fd, "br", NULL);
	set_mtime("file.txt.zst", MODIFIED_S - 3, 0);
	expect_coding(fd, "gzip, br, zstd", "gzip");
	(void)close(fd);
}
END_TEST

static void make_unreadable(void)
{
	char *path = folder_path(root, "file.txt.gz");

	ck_assert_int_eq(chmod(path, 0), 0);
	free(path);
}

static void make_folder(void)
{
	delete ("file.txt.gz");
	folder_add(root, "file.txt.gz");
}

static void link_to(const char *to)
{
	char *path = folder_path(root, "file.txt.gz");

	delete ("file.txt.gz");
	ck_assert_int_eq(symlink(to, path), 0);
	free(path);
}

static void link_out(void)
{
	link_to("../secret");
}

static void link_to_nothing(void)
{
	link_to("nothing");
}

static void link_to_itself(void)
{
	link_to("file.txt.gz");
}

static void make_fifo(void)
{
	char *path = folder_path(root, "file.txt.gz");

	delete ("file.txt.gz");
	ck_assert_int_eq(mkfifo(path, 0644), 0);
	free(path);
}

static void (*const spoilers[])(void) = {
	make_unreadable, make_folder,	 link_out,
	link_to_nothing, link_to_itself, make_fifo,
};

/* The file can be had as it is, so there is nothing to refuse. */
START_TEST(a_sibling_that_cannot_be_read_is_passed_over)
{
	int fd = tcp_connect(server, SERVICE_HTTP);

	spoilers[_i]();
	expect_coding(fd, "gzip", NULL);
	expect_coding(fd, "gzip, zstd;q=0.5", "zstd");
	(void)close(fd);
}
END_TEST

START_TEST(a_sibling_of_nothing_is_not_served_for_it)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;

	delete ("file.txt");
	ask(fd, &response, "gzip");
	http_expect_status(&response, 404);
	http_clear(&response);
	(void)close(fd);
}
END_TEST

static Suite *codings_suite(void)
{
	Suite *suite = suite_create("e2e codings");
	TCase *tcase = harness_shared_case(suite, "choices", set_up, tear_down);

	tcase_add_loop_test(tcase,
			    the_coding_is_chosen_by_what_the_client_accepts, 0,
			    ARRAY_LEN(choices));
	tcase_add_test(tcase, several_lines_are_one_list);
	tcase_add_test(tcase, head_says_the_same);
	tcase_add_test(tcase, a_file_that_stands_alone_does_not_vary);

	tcase = harness_case(suite, "siblings");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(
		tcase, a_file_asked_for_by_its_encoded_name_is_what_is_inside,
		0, ARRAY_LEN(encoded));
	tcase_add_test(tcase, what_is_inside_and_the_file_itself_have_two_tags);
	tcase_add_test(tcase, the_index_of_a_folder_has_siblings_too);
	tcase_add_test(tcase, a_large_sibling_is_sent_whole);
	tcase_add_test(tcase, each_variant_has_its_own_tag);
	tcase_add_test(tcase, a_condition_is_about_the_variant_that_is_chosen);
	tcase_add_test(tcase, a_range_is_of_the_variant_that_is_chosen);
	tcase_add_test(tcase, a_range_of_another_variant_is_not_mixed_in);
	tcase_add_loop_test(tcase, a_sibling_older_than_the_file_is_not_used, 0,
			    ARRAY_LEN(ages));
	tcase_add_test(tcase,
		       the_next_best_sibling_is_used_instead_of_an_old_one);
	tcase_add_loop_test(tcase, a_sibling_that_cannot_be_read_is_passed_over,
			    0, ARRAY_LEN(spoilers));
	tcase_add_test(tcase, a_sibling_of_nothing_is_not_served_for_it);
	return suite;
}

int main(void)
{
	return harness_run_together(codings_suite());
}
