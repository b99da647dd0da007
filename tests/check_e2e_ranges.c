/* SPDX-License-Identifier: MIT */
/*
 * Range requests to the running daemon (RFC 9110, 14): of files that it keeps
 * in memory, of larger ones, and of one beyond 4 GiB. A multipart answer is
 * taken apart again, byte for byte.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "e2e_http.h"
#include "e2e_server.h"
#include "e2e_sock.h"
#include "harness.h"

#define GIB ((uint64_t)1 << 30)

static char *root;
static struct server *server;

/* --- files of a known content --- */

/*
 * The byte at an offset is known without a copy of the file. In a sparse file
 * all is zero but for some marks.
 */
struct file {
	const char *name;
	uint64_t size;
	bool is_sparse;
};

static const struct file files[] = {
	{"small.txt", 1000, false},
	{"large.txt", 200000, false},
	{"sparse.txt", 5 * GIB, true},
};

#define MARK_LEN 16

static const uint64_t marks[] = {0, 4 * GIB - 8, 4 * GIB + 5, 5 * GIB - 16};

static unsigned char sparse_byte(uint64_t off)
{
	for (size_t i = 0; i < ARRAY_LEN(marks); i++)
		if (off >= marks[i] && off < marks[i] + MARK_LEN)
			return (unsigned char)('A' + off % 26);
	return 0;
}

/* A prime period: no misplaced block goes unseen. */
static unsigned char byte_at(const struct file *file, uint64_t off)
{
	return file->is_sparse ? sparse_byte(off) : (unsigned char)(off % 251);
}

static void make_sparse(const struct file *file)
{
	char *path = folder_path(root, file->name);
	int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);

	ck_assert_int_eq(ftruncate(fd, (off_t)file->size), 0);
	for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
		unsigned char bytes[MARK_LEN];

		for (size_t j = 0; j < MARK_LEN; j++)
			bytes[j] = sparse_byte(marks[i] + j);
		ck_assert_int_eq(pwrite(fd, bytes, MARK_LEN, (off_t)marks[i]),
				 MARK_LEN);
	}
	ck_assert_int_eq(close(fd), 0);
	free(path);
}

static void make_plain(const struct file *file)
{
	unsigned char *bytes = bytes_new(file->size);

	for (size_t i = 0; i < file->size; i++)
		bytes[i] = byte_at(file, i);
	folder_write(root, file->name, bytes, file->size);
	free(bytes);
}

static void set_up(void)
{
	root = folder_new();
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		if (files[i].is_sparse)
			make_sparse(&files[i]);
		else
			make_plain(&files[i]);
	}
	server = server_start(
		&(struct server_options){.http = "0", .root = root});
}

static void tear_down(void)
{
	server_stop(server);
	free(root);
}

static void expect_bytes(const struct file *file, const unsigned char *bytes,
			 uint64_t first, uint64_t len)
{
	for (uint64_t i = 0; i < len; i++)
		if (bytes[i] != byte_at(file, first + i))
			harness_fail("%s: byte %" PRIu64 " is wrong",
				     file->name, first + i);
}

/* That the connection goes on, right behind the content. */
static void expect_more(int fd)
{
	struct response response;

	http_ask(fd, &response, "HEAD /small.txt HTTP/1.1");
	http_expect_status(&response, 200);
}

/* --- one range --- */

/* In a Range, $ stands for the size, and $-N and $+N for numbers near it. */
static void fill_in(const char *range, uint64_t size, char *text, size_t room)
{
	size_t len = 0;

	while (*range) {
		uint64_t value = size;
		char *end;

		if (*range != '$') {
			text[len++] = *range++;
			continue;
		}
		range++;
		if (*range == '{') { /* ${-5} is the size less 5 */
			value += (uint64_t)strtoll(range + 1, &end, 10);
			range = end + 1;
		}
		len += (size_t)snprintf(text + len, room - len, "%" PRIu64,
					value);
	}
	text[len] = '\0';
}

#define WHOLE	    (-1) /* 200 */
#define NOTHING	    (-2) /* 416 */
#define FROM_END(n) (INT64_MIN / 2 + (n))

static const struct {
	const char *range;
	int64_t first; /* WHOLE, NOTHING, or an offset; FROM_END(n): size - n */
	uint64_t len;
} singles[] = {
	{"bytes=0-0", 0, 1},
	{"bytes=0-9", 0, 10},
	{"bytes=1-1", 1, 1},
	{"bytes=500-599", 500, 100},
	{"bytes=007-0008", 7, 2},
	{"bytes=${-10}-", FROM_END(10), 10},
	{"bytes=${-1}-", FROM_END(1), 1},
	{"bytes=${-1}-${-1}", FROM_END(1), 1},
	{"bytes=${-5}-$", FROM_END(5), 5},
	{"bytes=${-5}-${1000}", FROM_END(5), 5},
	{"bytes=${-5}-99999999999999999999999999", FROM_END(5), 5},
	{"bytes=${-5}-18446744073709551615", FROM_END(5), 5},
	{"bytes=${-5}-18446744073709551616", FROM_END(5), 5},
	{"bytes=-1", FROM_END(1), 1},
	{"bytes=-10", FROM_END(10), 10},
	{"Bytes=0-0", 0, 1}, /* 14.1: units are case-insensitive */
	{"BYTES=0-0", 0, 1},
	{"bytes=0-0,", 0, 1}, /* 5.6.1: empty elements of a list */
	{"bytes=,0-0", 0, 1},
	{"bytes=, 0-0 ,\t,", 0, 1},
	/* 14.1.1: none of it lies in the file. */
	{"bytes=$-", NOTHING, 0},
	{"bytes=$-$", NOTHING, 0},
	{"bytes=${1}-${2}", NOTHING, 0},
	{"bytes=99999999999999999999999999-", NOTHING, 0},
	{"bytes=18446744073709551616-", NOTHING, 0}, /* no 0 in 64 bits */
	{"bytes=-0", NOTHING, 0},
	{"bytes=$-,${5}-,-0", NOTHING, 0},
	/* 14.2: malformed is refused. */
	{"bytes=5-4", NOTHING, 0},
	{"bytes=0-0,5-4", NOTHING, 0},
	{"bytes=", NOTHING, 0},
	{"bytes=,", NOTHING, 0},
	{"bytes=-", NOTHING, 0},
	{"bytes=--1", NOTHING, 0},
	{"bytes=0", NOTHING, 0},
	{"bytes=a-b", NOTHING, 0},
	{"bytes=0-b", NOTHING, 0},
	{"bytes=20-10", NOTHING, 0},
	{"bytes=alpha", NOTHING, 0},
	{"bytes=10", NOTHING, 0},
	{"bytes=0--", NOTHING, 0},
	{"bytes=0- 9", NOTHING, 0},
	{"bytes=0 9", NOTHING, 0},
	{"bytes=0x0-0x9", NOTHING, 0},
	{"bytes=+0-9", NOTHING, 0},
	{"bytes=0-+9", NOTHING, 0},
	{"bytes=0 - 9", NOTHING, 0},
	{"bytes=0-9-", NOTHING, 0},
	{"bytes=0-9;", NOTHING, 0},
	{"bytes=0-9,x", NOTHING, 0},
	{"bytes=1.5-9", NOTHING, 0},
	/* 14.2: another unit is ignored. */
	{"bytes 0-9", WHOLE, 0},
	{"bytes:0-9", WHOLE, 0},
	{"0-9", WHOLE, 0},
	{"items=0-9", WHOLE, 0},
	{"bytess=0-9", WHOLE, 0},
	{"", WHOLE, 0},
};

static void expect_single(int fd, const struct response *response,
			  const struct file *file, uint64_t first, uint64_t len)
{
	char value[128];
	unsigned char *bytes = bytes_new(len);

	http_expect_status(response, 206);
	(void)snprintf(value, sizeof(value),
		       "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, first,
		       first + len - 1, file->size);
	http_expect_field(response, "Content-Range", value);
	http_expect_field(response, "Content-Type",
			  "text/plain; charset=utf-8");
	http_expect_field(response, "Accept-Ranges", "bytes");
	ck_assert_uint_eq(response->len, len);
	tcp_read(fd, bytes, len);
	expect_bytes(file, bytes, first, len);
	free(bytes);
}

static void expect_nothing(int fd, const struct response *response,
			   const struct file *file)
{
	char value[128], content[4096];

	http_expect_status(response, 416);
	(void)snprintf(value, sizeof(value), "bytes */%" PRIu64, file->size);
	http_expect_field(response, "Content-Range", value);
	http_expect_field(response, "ETag", NULL);
	ck_assert_uint_lt(response->len, sizeof(content));
	tcp_read(fd, content, response->len);
}

static void expect_whole(int fd, const struct response *response,
			 const struct file *file)
{
	http_expect_status(response, 200);
	http_expect_field(response, "Content-Range", NULL);
	http_expect_field(response, "Accept-Ranges", "bytes");
	ck_assert_uint_eq(response->len, file->size);
	if (!file->is_sparse) {
		unsigned char *bytes = bytes_new(file->size);

		tcp_read(fd, bytes, file->size);
		expect_bytes(file, bytes, 0, file->size);
		free(bytes);
	}
}

static void send_range(int fd, const struct file *file, const char *fields)
{
	char request[4096];

	ck_assert_int_lt(snprintf(request, sizeof(request),
				  "GET /%s HTTP/1.1\r\nHost: h\r\n%s\r\n",
				  file->name, fields),
			 (int)sizeof(request));
	tcp_send_text(fd, request);
}

static void try_single(const struct file *file, int row)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	int64_t first = singles[row].first;
	char range[256], fields[300];
	struct response response;

	fill_in(singles[row].range, file->size, range, sizeof(range));
	(void)snprintf(fields, sizeof(fields), "Range: %s\r\n", range);
	send_range(fd, file, fields);
	http_read_head(fd, &response);
	if (first == WHOLE) {
		expect_whole(fd, &response, file);
	} else if (first == NOTHING) {
		expect_nothing(fd, &response, file);
	} else {
		if (first < 0)
			first = (int64_t)file->size - (first - FROM_END(0));
		expect_single(fd, &response, file, (uint64_t)first,
			      singles[row].len);
	}
	if (first != WHOLE || !file->is_sparse)
		expect_more(fd);
	(void)close(fd);
}

START_TEST(a_single_range_is_answered)
{
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		try_single(&files[i], _i);
}
END_TEST

/* A suffix longer than the file is all of it; so is a range from 0 on. */
START_TEST(a_range_of_all_is_partial_all_the_same)
{
	static const char *const ranges[] = {"bytes=0-", "bytes=-$",
					     "bytes=-${5}", "bytes=0-$",
					     "bytes=-99999999999999999999999"};
	int fd = tcp_connect(server, SERVICE_HTTP);

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		for (size_t j = 0; j < ARRAY_LEN(ranges) && !files[i].is_sparse;
		     j++) {
			char range[256], fields[300];
			struct response response;

			fill_in(ranges[j], files[i].size, range, sizeof(range));
			(void)snprintf(fields, sizeof(fields), "Range: %s\r\n",
				       range);
			send_range(fd, &files[i], fields);
			http_read_head(fd, &response);
			expect_single(fd, &response, &files[i], 0,
				      files[i].size);
		}
	}
	(void)close(fd);
}
END_TEST

static const struct {
	uint64_t first;
	uint64_t len;
} far_ones[] = {
	{4 * GIB - 8, 16}, /* across the border of 32 bits */
	{4 * GIB - 1, 1},	 {4 * GIB, 1},	     {4 * GIB + 5, 16},
	{2 * GIB - 1, 2},	 {5 * GIB - 16, 16}, {5 * GIB - 1, 1},
	{4 * GIB - 100, 200000},
};

START_TEST(a_range_beyond_four_gibibytes_is_the_right_one)
{
	const struct file *file = &files[2];
	int fd = tcp_connect(server, SERVICE_HTTP);
	char fields[128];
	struct response response;

	(void)snprintf(fields, sizeof(fields),
		       "Range: bytes=%" PRIu64 "-%" PRIu64 "\r\n",
		       far_ones[_i].first,
		       far_ones[_i].first + far_ones[_i].len - 1);
	send_range(fd, file, fields);
	http_read_head(fd, &response);
	expect_single(fd, &response, file, far_ones[_i].first,
		      far_ones[_i].len);
	expect_more(fd);
	(void)close(fd);
}
END_TEST

/* 14.2: no range handling is defined for it. */
START_TEST(head_takes_no_range)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		static const char *const ranges[] = {"0-0", "0-0,2-2",
						     "99999999999-"};

		for (size_t j = 0; j < ARRAY_LEN(ranges); j++) {
			http_ask(fd, &response,
				 "HEAD /%s HTTP/1.1\r\nRange: bytes=%s",
				 files[i].name, ranges[j]);
			http_expect_status(&response, 200);
			ck_assert_uint_eq(response.len, files[i].size);
			http_expect_field(&response, "Content-Range", NULL);
		}
	}
	(void)close(fd);
}
END_TEST

/* No Content-Range could say what of it is sent. */
START_TEST(a_range_of_an_empty_file_is_all_of_it)
{
	static const char *const rows[] = {"bytes=0-", "bytes=0-0", "bytes=1-",
					   "bytes=-5", "bytes=0-1048575"};
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;

	folder_write_text(root, "empty", "");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		http_ask(fd, &response, "GET /empty HTTP/1.1\r\nRange: %s",
			 rows[i]);
		http_expect(&response, 200, "", 0);
		http_expect_field(&response, "Content-Range", NULL);
		http_clear(&response);
	}
	(void)close(fd);
}
END_TEST

/* --- conditions --- */

#define MODIFIED_S 784111777
#define MODIFIED   "Sun, 06 Nov 1994 08:49:37 GMT"
#define AFTER	   "Sun, 06 Nov 1994 08:49:38 GMT"
#define BEFORE	   "Sun, 06 Nov 1994 08:49:36 GMT"

#define RANGE	   "Range: bytes=0-9\r\n"

/* In the fields, @ stands for the file's entity tag. */
static const struct {
	const char *section;
	const char *fields;
	int status;
} conditions[] = {
	{"13.1.5", RANGE "If-Range: @\r\n", 206},
	{"13.1.5", "If-Range: @\r\n" RANGE, 206},
	{"13.1.5", RANGE "If-Range: \"x\"\r\n", 200},
	{"13.1.5", RANGE "If-Range: W/@\r\n", 200},
	{"13.1.5", RANGE "If-Range: " MODIFIED "\r\n", 206},
	{"13.1.5", RANGE "If-Range: Sunday, 06-Nov-94 08:49:37 GMT\r\n", 206},
	{"13.1.5", RANGE "If-Range: " AFTER "\r\n", 200}, /* not the same */
	{"13.1.5", RANGE "If-Range: " BEFORE "\r\n", 200},
	{"13.1.5", RANGE "If-Range: yesterday\r\n", 200},
	{"13.1.5", RANGE "If-Range:\r\n", 200},
	{"13.1.5", RANGE "If-Range: *\r\n", 200},
	{"13.1.5", RANGE "If-Range: \"x\", @\r\n", 200}, /* it is no list */
	{"13.1.5", RANGE "If-Range: @\r\nIf-Range: @\r\n", 200},
	{"13.1.5", "If-Range: @\r\n", 200},
	{"13.1.5", "Range: bytes=9999999999-\r\nIf-Range: @\r\n", 416},
	{"13.1.5", "Range: bytes=9999999999-\r\nIf-Range: \"x\"\r\n", 200},
	{"13.2.2", RANGE "If-None-Match: @\r\n", 304},
	{"13.2.2", RANGE "If-None-Match: \"x\"\r\n", 206},
	{"13.2.2", RANGE "If-Modified-Since: " MODIFIED "\r\n", 304},
	{"13.2.2", RANGE "If-Match: @\r\n", 206},
	{"13.2.2", RANGE "If-Match: \"x\"\r\n", 412},
	{"13.2.2", RANGE "If-Unmodified-Since: " BEFORE "\r\n", 412},
	{"13.2.2", RANGE "If-Match: @\r\nIf-Range: \"x\"\r\n", 200},
	{"13.2.2", RANGE "If-None-Match: @\r\nIf-Range: @\r\n", 304},
	{"13.2.2", "Range: bytes=9999999999-\r\nIf-Match: \"x\"\r\n", 412},
	{"14.2", RANGE RANGE, 200}, /* a field that may not stand twice */
};

static void put_etag(const char *fields, const char *etag, char *text)
{
	for (; *fields; fields++) {
		if (*fields == '@')
			text = stpcpy(text, etag);
		else
			*text++ = *fields;
	}
	*text = '\0';
}

START_TEST(a_range_is_sent_on_its_conditions_only)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	char *path = folder_path(root, "small.txt");
	const struct timespec times[2] = {{MODIFIED_S, 5}, {MODIFIED_S, 5}};
	char etag[128], fields[1024];
	struct response response;

	ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
	http_get(fd, "/small.txt", &response);
	ck_assert(http_field(&response, "ETag", etag, sizeof(etag)));
	http_clear(&response);
	put_etag(conditions[_i].fields, etag, fields);
	send_range(fd, &files[0], fields);
	http_read(fd, &response, true);
	if (response.status != conditions[_i].status)
		harness_fail("RFC 9110, %s: %s: %d expected:\n%s",
			     conditions[_i].section, fields,
			     conditions[_i].status, response.head);
	if (response.status == 206) {
		ck_assert_uint_eq(response.len, 10);
		http_expect_field(&response, "ETag", etag);
		http_expect_field(&response, "Last-Modified", MODIFIED);
	}
	http_clear(&response);
	expect_more(fd);
	free(path);
	(void)close(fd);
}
END_TEST

/* A date of this second is not strong: the file may yet change in it. */
START_TEST(a_range_on_a_date_of_this_second_is_not_sent)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	char *path = folder_path(root, "small.txt"), date[64];
	const struct timespec times[2] = {{4000000000, 0}, {4000000000, 0}};
	struct response response;

	ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
	http_ask(fd, &response, "HEAD /small.txt HTTP/1.1");
	ck_assert(http_field(&response, "Last-Modified", date, sizeof(date)));
	http_ask(fd, &response,
		 "GET /small.txt HTTP/1.1\r\nRange: bytes=0-9\r\nIf-Range: %s",
		 date);
	http_expect_status(&response, 200);
	http_clear(&response);
	free(path);
	(void)close(fd);
}
END_TEST

/* --- several ranges --- */

struct span {
	int64_t first; /* negative: counted from the end */
	uint64_t len;
};

#define SPANS_MAX 4

static const struct {
	const char *range;
	size_t n; /* of the parts; 0: the whole, 200 */
	struct span spans[SPANS_MAX];
} multiples[] = {
	{"0-0,2-2", 2, {{0, 1}, {2, 1}}},
	{"0-9,100-199,-5", 3, {{0, 10}, {100, 100}, {-5, 5}}},
	{"0-0, 2-2 ,,\t4-4", 3, {{0, 1}, {2, 1}, {4, 1}}},
	/* Whatever the order, each byte comes once. */
	{"100-199,0-9", 2, {{0, 10}, {100, 100}}},
	{"-5,0-9", 2, {{0, 10}, {-5, 5}}},
	{"0-9,0-9,0-9,20-29", 2, {{0, 10}, {20, 10}}},
	{"0-4,3-9,20-29", 2, {{0, 10}, {20, 10}}},
	{"0-4,5-9,20-29", 2, {{0, 10}, {20, 10}}},
	{"20-29,0-100,50-60,200-201", 2, {{0, 101}, {200, 2}}},
	/* One is left, and then it is no multipart. */
	{"0-4,5-9", 1, {{0, 10}}},
	{"5-9,0-4", 1, {{0, 10}}},
	{"0-99,10-19", 1, {{0, 100}}},
	{"10-19,0-99", 1, {{0, 100}}},
	{"0-0,0-0", 1, {{0, 1}}},
	{"-1,-2,-3", 1, {{-3, 3}}},
	/* What lies beyond the file is left out. */
	{"0-0,$-", 1, {{0, 1}}},
	{"0-0,$-,2-2,${1000}-", 2, {{0, 1}, {2, 1}}},
	{"0-0,-0", 1, {{0, 1}}},
	/* Three overlaps, and more than the file. */
	{"0-9,0-9,0-9,0-9", 0, {{0, 0}}},
	{"0-,-5", 0, {{0, 0}}},
};

/* Takes one part off *at: its head must be exactly this, then its bytes. */
static const unsigned char *expect_part(const unsigned char *at,
					const struct file *file,
					const char *boundary, uint64_t first,
					uint64_t len)
{
	char head[512];
	size_t n = (size_t)snprintf(
		head, sizeof(head),
		"\r\n--%s\r\nContent-Type: text/plain; charset=utf-8\r\n"
		"Content-Range: bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64
		"\r\n\r\n",
		boundary, first, first + len - 1, file->size);

	if (strncmp((const char *)at, head, n) != 0)
		harness_fail("the part:\n%.*s\nis not:\n%s", (int)n,
			     (const char *)at, head);
	expect_bytes(file, at + n, first, len);
	return at + n + len;
}

static void get_boundary(const struct response *response, char boundary[80])
{
	static const char before[] = "multipart/byteranges; boundary=";
	char type[128];

	ck_assert(http_field(response, "Content-Type", type, sizeof(type)));
	ck_assert_int_eq(strncmp(type, before, strlen(before)), 0);
	(void)snprintf(boundary, 80, "%.70s", type + strlen(before));
	/* RFC 2046, 5.1.1 */
	ck_assert_uint_gt(strlen(boundary), 0);
	ck_assert_uint_le(strlen(boundary), 70);
	ck_assert_uint_eq(strspn(boundary, "abcdefghijklmnopqrstuvwxyz"
					   "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					   "0123456789'()+_,-./:=?"),
			  strlen(boundary));
}

static uint64_t first_of(const struct file *file, const struct span *span)
{
	return span->first < 0 ? file->size - (uint64_t)-span->first
			       : (uint64_t)span->first;
}

/* The whole content must be these parts and the end, and nothing else. */
static void expect_parts(const struct response *response,
			 const struct file *file, const struct span *spans,
			 size_t n)
{
	const unsigned char *at = response->content;
	char boundary[80], end[90];
	size_t left;

	http_expect_status(response, 206);
	/* 15.3.7.2: it stands in each part, not in the head. */
	http_expect_field(response, "Content-Range", NULL);
	get_boundary(response, boundary);
	for (size_t i = 0; i < n; i++)
		at = expect_part(at, file, boundary, first_of(file, &spans[i]),
				 spans[i].len);
	(void)snprintf(end, sizeof(end), "\r\n--%s--\r\n", boundary);
	left = response->len - (size_t)(at - response->content);
	ck_assert_uint_eq(left, strlen(end));
	ck_assert_mem_eq(at, end, left);
}

static void try_multiple(const struct file *file, int row)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	const struct span *spans = multiples[row].spans;
	char range[1024], fields[1100];
	struct response response;

	fill_in(multiples[row].range, file->size, range, sizeof(range));
	(void)snprintf(fields, sizeof(fields), "Range: bytes=%s\r\n", range);
	send_range(fd, file, fields);
	if (multiples[row].n > 1) {
		http_read(fd, &response, true);
		expect_parts(&response, file, spans, multiples[row].n);
		http_clear(&response);
	} else {
		http_read_head(fd, &response);
		if (multiples[row].n == 1)
			expect_single(fd, &response, file,
				      first_of(file, &spans[0]), spans[0].len);
		else
			expect_whole(fd, &response, file);
	}
	if (multiples[row].n > 0 || !file->is_sparse)
		expect_more(fd);
	(void)close(fd);
}

START_TEST(several_ranges_come_in_parts)
{
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		try_multiple(&files[i], _i);
}
END_TEST

START_TEST(parts_beyond_four_gibibytes_are_the_right_ones)
{
	static const struct span spans[] = {
		{0, 16}, {4 * (int64_t)GIB - 8, 24}, {-16, 16}};
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;

	send_range(fd, &files[2],
		   "Range: bytes=-16,4294967288-4294967311,0-15\r\n");
	http_read(fd, &response, true);
	expect_parts(&response, &files[2], spans, ARRAY_LEN(spans));
	http_clear(&response);
	expect_more(fd);
	(void)close(fd);
}
END_TEST

/* Larger than any buffer on the way, and read by somebody slow. */
START_TEST(large_parts_wait_for_a_slow_reader)
{
	static const struct file file = {"huge.txt", 40 << 20, false};
	static const struct span spans[] = {
		{0, 1}, {5 << 20, 10 << 20}, {20 << 20, 1 << 20}, {-5, 5}};
	int fd = tcp_connect_small(server, SERVICE_HTTP);
	struct response response;

	make_plain(&file);
	send_range(fd, &file,
		   "Range: "
		   "bytes=5242880-15728639,20971520-22020095,-5,0-0\r\n");
	/* The server is stuck until the reading begins. */
	send_range(fd, &files[0], "Range: bytes=0-0\r\n");
	http_read(fd, &response, true);
	expect_parts(&response, &file, spans, ARRAY_LEN(spans));
	http_clear(&response);
	http_read_head(fd, &response);
	expect_single(fd, &response, &files[0], 0, 1);
	(void)close(fd);
}
END_TEST

#define RANGES_MAX 128

/* As many as there may be: what a program asks for that mends a copy. */
START_TEST(a_hundred_and_twenty_eight_ranges_come_in_parts)
{
	struct span spans[RANGES_MAX];
	char fields[4096], *at = stpcpy(fields, "Range: bytes=");

	for (size_t i = 0; i < RANGES_MAX; i++) {
		spans[i] = (struct span){(int64_t)i * 5, 3};
		at += sprintf(at, "%s%zu-%zu", i > 0 ? "," : "", i * 5,
			      i * 5 + 2);
	}
	(void)stpcpy(at, "\r\n");
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		int fd = tcp_connect(server, SERVICE_HTTP);
		struct response response;

		send_range(fd, &files[i], fields);
		http_read(fd, &response, true);
		expect_parts(&response, &files[i], spans, RANGES_MAX);
		http_clear(&response);
		expect_more(fd);
		(void)close(fd);
	}
}
END_TEST

/* Sets of ranges that cost much to answer and bring nothing. */
static void make_absurd(char *text, size_t n, bool overlaps)
{
	char *at = stpcpy(text, "Range: bytes=0-");

	for (size_t i = 1; i < n; i++)
		at += sprintf(at, overlaps ? ",%zu-" : ",%zu-%zu", 2 * i,
			      2 * i);
	(void)stpcpy(at, "\r\n");
}

START_TEST(an_absurd_set_of_ranges_gets_the_whole)
{
	static const size_t counts[] = {129, 1000};
	char *fields = bytes_new(16384);
	struct response response;

	for (size_t i = 0; i < 2 * ARRAY_LEN(counts); i++) {
		int fd = tcp_connect(server, SERVICE_HTTP);
		char request[16384];

		make_absurd(fields, counts[i / 2], i % 2);
		(void)snprintf(request, sizeof(request),
			       "GET /large.txt HTTP/1.1\r\nHost: h\r\n%s\r\n",
			       fields);
		tcp_send_text(fd, request);
		http_read_head(fd, &response);
		expect_whole(fd, &response, &files[1]);
		(void)close(fd);
	}
	free(fields);
}
END_TEST

/* Ranges from everywhere, by chance, against the file itself. */
START_TEST(ranges_by_chance_are_the_right_ones)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	uint32_t state = 12345;

	for (int i = 0; i < 300; i++) {
		const struct file *file = &files[i % 2];
		struct response response;
		char fields[128];
		uint64_t first, len;

		state = state * 1664525u + 1013904223u;
		first = (state >> 8) % file->size;
		state = state * 1664525u + 1013904223u;
		len = 1 + (state >> 8) % (file->size - first);
		(void)snprintf(fields, sizeof(fields),
			       "Range: bytes=%" PRIu64 "-%" PRIu64 "\r\n",
			       first, first + len - 1);
		send_range(fd, file, fields);
		http_read_head(fd, &response);
		expect_single(fd, &response, file, first, len);
	}
	(void)close(fd);
}
END_TEST

static Suite *ranges_suite(void)
{
	Suite *suite = suite_create("e2e ranges");
	TCase *tcase = harness_shared_case(suite, "ranges", set_up, tear_down);

	tcase_add_loop_test(tcase, a_single_range_is_answered, 0,
			    ARRAY_LEN(singles));
	tcase_add_test(tcase, a_range_of_all_is_partial_all_the_same);
	tcase_add_loop_test(tcase,
			    a_range_beyond_four_gibibytes_is_the_right_one, 0,
			    ARRAY_LEN(far_ones));
	tcase_add_test(tcase, head_takes_no_range);
	tcase_add_loop_test(tcase, several_ranges_come_in_parts, 0,
			    ARRAY_LEN(multiples));
	tcase_add_test(tcase, parts_beyond_four_gibibytes_are_the_right_ones);
	tcase_add_test(tcase, large_parts_wait_for_a_slow_reader);
	tcase_add_test(tcase, a_hundred_and_twenty_eight_ranges_come_in_parts);
	tcase_add_test(tcase, an_absurd_set_of_ranges_gets_the_whole);
	tcase_add_test(tcase, ranges_by_chance_are_the_right_ones);

	tcase = harness_case(suite, "ranges of files that change");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_range_of_an_empty_file_is_all_of_it);
	tcase_add_loop_test(tcase, a_range_is_sent_on_its_conditions_only, 0,
			    ARRAY_LEN(conditions));
	tcase_add_test(tcase, a_range_on_a_date_of_this_second_is_not_sent);
	return suite;
}

int main(void)
{
	return harness_run_together(ranges_suite());
}
