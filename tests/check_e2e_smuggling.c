/* SPDX-License-Identifier: MIT */
/*
 * Request smuggling: requests that two readers could read in two ways, so that
 * one of them takes for a new request what the other takes for content, or the
 * other way round. Whatever stands in front of this server, the two must never
 * disagree about where a request ends.
 *
 * Each request is followed, in the same bytes, by a flawless one, the marker,
 * which must not be answered: the connection ends with the one right answer to
 * the first. Each row names the section of the RFC that the answer follows
 * from; "9112:6.1" is section 6.1 of RFC 9112.
 *
 * Rows of requests that are merely unusual are there as well: strictness that
 * refuses what the RFCs allow would be cheap.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "e2e_http.h"
#include "e2e_server.h"
#include "e2e_sock.h"
#include "harness.h"

#define FILE_TEXT   "some text\n"
#define MARKER_TEXT "the marker was answered\n"

static char *root;
static struct server *server;

static void set_up(void)
{
	root = folder_new();
	folder_write_text(root, "file.txt", FILE_TEXT);
	folder_write_text(root, "index.html", FILE_TEXT);
	folder_write_text(root, "marker", MARKER_TEXT);
	server = server_start(
		&(struct server_options){.http = "0", .root = root});
}

static void tear_down(void)
{
	server_stop(server);
	free(root);
}

#define MARKER "GET /marker HTTP/1.1\r\nHost: h\r\n\r\n"

/* Bytes with their length, since a NUL may be among them. */
struct vector {
	const char *section;
	int status;
	const char *bytes;
	size_t len;
};

#define VECTOR(section, status, text)                                          \
	{                                                                      \
		section, status, text MARKER, sizeof(text MARKER) - 1          \
	}

/* A request with these fields beside Host, and nothing behind its head. */
#define FIELDS(section, status, method, fields)                                \
	VECTOR(section, status,                                                \
	       method " / HTTP/1.1\r\nHost: h\r\n" fields "\r\n")

/* The same with content behind the head. */
#define CONTENT(section, status, method, fields, content)                      \
	VECTOR(section, status,                                                \
	       method " / HTTP/1.1\r\nHost: h\r\n" fields "\r\n" content)

#define CL(value)     "Content-Length: " value "\r\n"
#define TE(value)     "Transfer-Encoding: " value "\r\n"
#define CHUNKED	      TE("chunked")
#define EMPTY_CHUNKED "0\r\n\r\n"

static const struct vector vectors[] = {
	/* Content-Length and Transfer-Encoding together, in both orders. */
	CONTENT("9112:6.1", 400, "GET", CL("0") CHUNKED, EMPTY_CHUNKED),
	CONTENT("9112:6.1", 400, "POST", CL("0") CHUNKED, EMPTY_CHUNKED),
	CONTENT("9112:6.1", 400, "POST", CHUNKED CL("0"), EMPTY_CHUNKED),
	CONTENT("9112:6.1", 400, "POST", CHUNKED CL("5"), EMPTY_CHUNKED),
	CONTENT("9112:6.1", 400, "POST", CL("5") CHUNKED, EMPTY_CHUNKED),
	CONTENT("9112:6.1", 400, "POST", CL("5") "A: b\r\n" CHUNKED,
		EMPTY_CHUNKED),
	CONTENT("9112:6.1", 400, "POST", CL("5") CL("5") CHUNKED,
		EMPTY_CHUNKED),
	CONTENT("9112:6.1", 400, "POST", CL("5") CHUNKED CHUNKED,
		EMPTY_CHUNKED),
	CONTENT("9112:6.1", 400, "POST", CL("5") TE("identity"), "aaaaa"),
	CONTENT("9112:6.1", 400, "POST", CL("5") TE(""), "aaaaa"),
	CONTENT("9112:6.1", 400, "POST", CL("5") TE("gzip, chunked"), "aaaaa"),
	CONTENT("9112:6.1", 400, "POST",
		CL("5") "tRANSFER-eNCODING: CHUNKED\r\n", EMPTY_CHUNKED),
	CONTENT("9112:6.1", 400, "POST",
		"content-length: 5\r\ntransfer-encoding:chunked\r\n",
		EMPTY_CHUNKED),
	CONTENT("9112:6.1", 400, "POST",
		CL("5") "Transfer-Encoding:\tchunked\r\n", EMPTY_CHUNKED),
	CONTENT("9112:6.1", 400, "POST", CL("5") TE("chunked "), EMPTY_CHUNKED),
	CONTENT("9112:6.1", 400, "POST", CL("5") TE("chunked\t"),
		EMPTY_CHUNKED),

	/* Content-Length: one line with one number. */
	FIELDS("9112:6.3", 400, "GET", CL("0") CL("5")),
	FIELDS("9112:6.3", 400, "GET", CL("5") CL("0")),
	FIELDS("9112:6.3", 400, "GET", CL("0") CL("0")),
	FIELDS("9112:6.3", 400, "GET", CL("0") "content-LENGTH: 0\r\n"),
	FIELDS("9112:6.3", 400, "GET", CL("0") "A: b\r\n" CL("1")),
	FIELDS("9112:6.3", 400, "GET", CL("0, 0")),
	FIELDS("9112:6.3", 400, "GET", CL("0,5")),
	FIELDS("9112:6.3", 400, "GET", CL("0,")),
	FIELDS("9112:6.3", 400, "GET", CL(",0")),
	FIELDS("9112:6.3", 400, "GET", CL("0;0")),
	FIELDS("9110:8.6", 400, "GET", CL("+0")),
	FIELDS("9110:8.6", 400, "GET", CL("-0")),
	FIELDS("9110:8.6", 400, "GET", CL("-1")),
	FIELDS("9110:8.6", 400, "GET", CL("0x0")),
	FIELDS("9110:8.6", 400, "GET", CL("0a")),
	FIELDS("9110:8.6", 400, "GET", CL("a")),
	FIELDS("9110:8.6", 400, "GET", CL("0 0")),
	FIELDS("9110:8.6", 400, "GET", CL("0\t0")),
	FIELDS("9110:8.6", 400, "GET", CL("0.0")),
	FIELDS("9110:8.6", 400, "GET", CL("1e0")),
	FIELDS("9110:8.6", 400, "GET", CL("1_0")),
	FIELDS("9110:8.6", 400, "GET", CL("\"0\"")),
	FIELDS("9110:8.6", 400, "GET", CL("\xef\xbc\x90")), /* a wide zero */
	FIELDS("9110:8.6", 400, "GET", CL("\v0")),
	FIELDS("9110:8.6", 400, "GET", CL("")),
	FIELDS("9110:8.6", 400, "GET", CL("18446744073709551615")),
	FIELDS("9110:8.6", 400, "GET", CL("18446744073709551616")),
	FIELDS("9110:8.6", 400, "GET", CL("18446744073709551621")),
	FIELDS("9110:8.6", 400, "GET",
	       CL("100000000000000000000000000000000000000000000")),

	/* Transfer-Encoding: chunked, last and once, or not understood. */
	CONTENT("9112:6.1", 400, "POST", CHUNKED CHUNKED, EMPTY_CHUNKED),
	CONTENT("9112:6.1", 400, "POST", TE("chunked, chunked"), EMPTY_CHUNKED),
	CONTENT("9112:6.1", 400, "POST", TE("gzip") CHUNKED, EMPTY_CHUNKED),
	CONTENT("9112:6.1", 400, "POST", CHUNKED TE("identity"), EMPTY_CHUNKED),
	CONTENT("9112:6.3", 400, "POST", TE("chunked, identity"),
		EMPTY_CHUNKED),
	CONTENT("9112:6.3", 400, "POST", TE("chunked, gzip"), EMPTY_CHUNKED),
	CONTENT("9112:6.3", 400, "POST", TE("identity"), ""),
	CONTENT("9112:6.3", 400, "POST", TE("gzip"), ""),
	CONTENT("9112:6.3", 400, "POST", TE("xchunked"), EMPTY_CHUNKED),
	CONTENT("9112:6.3", 400, "POST", TE("chunkedx"), EMPTY_CHUNKED),
	CONTENT("9112:6.3", 400, "POST", TE("chunk"), EMPTY_CHUNKED),
	CONTENT("9112:6.3", 400, "POST", TE("x chunked"), EMPTY_CHUNKED),
	CONTENT("9112:6.3", 400, "POST", TE("chunked x"), EMPTY_CHUNKED),
	CONTENT("9112:6.3", 400, "POST", TE("\"chunked\""), EMPTY_CHUNKED),
	CONTENT("9112:6.3", 400, "POST", TE("'chunked'"), EMPTY_CHUNKED),
	CONTENT("9112:7", 400, "POST", TE("chunked;q=1"), EMPTY_CHUNKED),
	CONTENT("9112:7", 400, "POST", TE("chunked; a=b"), EMPTY_CHUNKED),
	CONTENT("9112:6.3", 400, "POST", TE(""), EMPTY_CHUNKED),
	CONTENT("9112:6.3", 400, "POST", TE(","), EMPTY_CHUNKED),
	CONTENT("9110:5.5", 400, "POST", TE("\vchunked"), EMPTY_CHUNKED),
	CONTENT("9110:5.5", 400, "POST", TE("\fchunked"), EMPTY_CHUNKED),
	CONTENT("9112:6.3", 400, "POST",
		TE("\xa0"
		   "chunked"),
		EMPTY_CHUNKED),
	CONTENT("9110:5.5", 400, "POST", TE("chunked\x01"), EMPTY_CHUNKED),
	CONTENT("9112:6.1", 501, "POST", TE("gzip, chunked"), EMPTY_CHUNKED),
	CONTENT("9112:6.1", 501, "POST", TE("identity, chunked"),
		EMPTY_CHUNKED),
	/* HTTP/1.0 has no transfer codings. */
	VECTOR("9112:6.1", 400,
	       "POST / HTTP/1.0\r\nHost: h\r\n" CHUNKED "\r\n" EMPTY_CHUNKED),
	VECTOR("9112:6.1", 400,
	       "POST / HTTP/1.0\r\n" CHUNKED
	       "Connection: keep-alive\r\n\r\n" EMPTY_CHUNKED),
	/* The framing is judged before the method is. */
	FIELDS("9112:6.3", 400, "BREW", CL("1") CL("2")),
	CONTENT("9112:6.1", 400, "TRACE", CL("1") CHUNKED, EMPTY_CHUNKED),
	CONTENT("9112:6.1", 400, "CONNECT", CL("1") CHUNKED, EMPTY_CHUNKED),

	/* Sound content is not read, so nothing behind it is a request. */
	CONTENT("9112:9.3", 200, "GET", CL("5"), "aaaaa"),
	CONTENT("9112:9.3", 200, "GET", CL("36"), ""),
	CONTENT("9112:9.3", 200, "GET", CL("1"), ""),
	CONTENT("9112:9.3", 200, "GET", CL("00001"), "a"),
	CONTENT("9112:9.3", 200, "GET", CL("999999999999999999"), ""),
	CONTENT("9112:9.3", 200, "GET", CHUNKED, EMPTY_CHUNKED),
	CONTENT("9112:9.3", 200, "GET", TE("Chunked"), EMPTY_CHUNKED),
	CONTENT("9112:9.3", 200, "GET", CHUNKED, "5\r\naaaaa\r\n0\r\n\r\n"),
	CONTENT("9112:9.3", 405, "POST", CL("5"), "aaaaa"),
	CONTENT("9112:9.3", 405, "POST", CHUNKED, EMPTY_CHUNKED),
	CONTENT("9110:5.6.1", 405, "POST", TE("chunked,"), EMPTY_CHUNKED),
	CONTENT("9110:5.6.1", 405, "POST", TE(", chunked"), EMPTY_CHUNKED),
	CONTENT("9110:5.6.1", 405, "POST", TE(" ,\t, chunked , "),
		EMPTY_CHUNKED),
	CONTENT("9112:7.1.1", 405, "POST", CHUNKED, "0;a=b\r\n\r\n"),
	CONTENT("9112:7.1.1", 405, "POST", CHUNKED, "0; a = \"b\"\r\n\r\n"),
	CONTENT("9112:7.1.2", 405, "POST", CHUNKED,
		"0\r\nContent-Length: 5\r\n\r\n"),
	/* A chunk that is longer than what has come hides all behind it. */
	CONTENT("9112:7.1", 405, "POST", CHUNKED, "7fffffffffffffff\r\n"),

	/* White space before the colon, and names that look alike. */
	FIELDS("9112:5.1", 400, "GET", "Content-Length : 5\r\n"),
	FIELDS("9112:5.1", 400, "GET", "Content-Length\t: 5\r\n"),
	FIELDS("9112:5.1", 400, "POST", "Transfer-Encoding : chunked\r\n"),
	FIELDS("9112:5.1", 400, "POST",
	       CL("0") "Transfer-Encoding : chunked\r\n"),
	FIELDS("9112:5.1", 400, "POST", "Transfer-Encoding\v: chunked\r\n"),
	FIELDS("9112:5.1", 400, "POST", "Transfer-Encoding\0: chunked\r\n"),
	FIELDS("9112:5.1", 400, "POST", "Transfer-Encoding\xa0: chunked\r\n"),
	FIELDS("9112:5.1", 400, "GET", "A : b\r\n"),
	FIELDS("9112:5.1", 400, "GET", "A B: c\r\n"),
	FIELDS("9112:5", 400, "GET", ": b\r\n"),
	FIELDS("9112:5", 400, "GET", "A\r\n"),
	FIELDS("9112:5", 400, "GET", "Transfer-Encoding chunked\r\n"),
	FIELDS("9110:5.1", 400, "GET", "A@: b\r\n"),
	FIELDS("9110:5.1", 400, "GET", "(A): b\r\n"),
	FIELDS("9110:5.1", 400, "GET", "\"A\": b\r\n"),
	FIELDS("9110:5.1", 400, "GET", "\xc3\xa4: b\r\n"),
	VECTOR("9112:2.2", 400, "GET / HTTP/1.1\r\n Host: h\r\n\r\n"),
	VECTOR("9112:2.2", 400, "GET / HTTP/1.1\r\n\tA: b\r\nHost: h\r\n\r\n"),
	VECTOR("9112:2.2", 400, "GET / HTTP/1.1\r\n \r\nHost: h\r\n\r\n"),

	/* Line folding. */
	FIELDS("9112:5.2", 400, "GET", "A: b\r\n c\r\n"),
	FIELDS("9112:5.2", 400, "GET", "A: b\r\n\tc\r\n"),
	FIELDS("9112:5.2", 400, "GET", "A: b\r\n \r\n"),
	FIELDS("9112:5.2", 400, "GET", "A:\r\n b\r\n"),
	FIELDS("9112:5.2", 400, "POST", "Transfer-Encoding:\r\n chunked\r\n"),
	FIELDS("9112:5.2", 400, "POST", TE("chunked") " , identity\r\n"),
	FIELDS("9112:5.2", 400, "GET", "Content-Length:\r\n 5\r\n"),
	FIELDS("9112:5.2", 400, "GET", "A: b\r\n Content-Length: 5\r\n"),
	FIELDS("9112:5.2", 400, "GET", CL("0") " 5\r\n"),

	/* Line ends: CRLF and nothing else. */
	VECTOR("9112:2.2", 400, "GET / HTTP/1.1\nHost: h\n\n"),
	VECTOR("9112:2.2", 400, "GET / HTTP/1.1\nHost: h\r\n\r\n"),
	VECTOR("9112:2.2", 400, "GET / HTTP/1.1\r\nHost: h\n\r\n"),
	VECTOR("9112:2.2", 400, "GET / HTTP/1.1\r\nHost: h\r\n\n"),
	VECTOR("9112:2.2", 400, "GET / HTTP/1.1\r\nHost: h\n\n"),
	VECTOR("9112:2.2", 400, "\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"),
	VECTOR("9112:2.2", 400, "\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"),
	FIELDS("9112:2.2", 400, "GET", "A: b\nContent-Length: 5\r\n"),
	FIELDS("9112:2.2", 400, "POST", "A: b\nTransfer-Encoding: chunked\r\n"),
	FIELDS("9112:2.2", 400, "POST", "Transfer-Encoding: chunked\nA: b\r\n"),
	VECTOR("9112:2.2", 400, "GET / HTTP/1.1\rHost: h\r\r"),
	VECTOR("9112:2.2", 400, "GET / HTTP/1.1\r\r\nHost: h\r\n\r\n"),
	VECTOR("9112:2.2", 400, "GET / HTTP/1.1\r\nHost: h\r\r\n\r\n"),
	VECTOR("9112:2.2", 400, "GET /\r HTTP/1.1\r\nHost: h\r\n\r\n"),
	VECTOR("9112:2.2", 400, "\rGET / HTTP/1.1\r\nHost: h\r\n\r\n"),
	FIELDS("9112:2.2", 400, "GET", "A: b\rContent-Length: 5\r\n"),
	FIELDS("9112:2.2", 400, "POST", "A: b\rTransfer-Encoding: chunked\r\n"),
	FIELDS("9112:2.2", 400, "GET", "A: b\r\r\n"),
	FIELDS("9112:2.2", 400, "GET", "A\r: b\r\n"),
	FIELDS("9112:2.2", 400, "GET", "\rA: b\r\n"),
	FIELDS("9112:2.2", 400, "GET", CL("0\r")),
	FIELDS("9112:2.2", 400, "POST", TE("\rchunked")),
	VECTOR("9112:2.2", 400, "\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"),

	/* NUL and other controls. */
	FIELDS("9110:5.5", 400, "GET", "A: b\0c\r\n"),
	FIELDS("9110:5.5", 400, "GET", "A: \0\r\n"),
	FIELDS("9110:5.5", 400, "GET", "\0A: b\r\n"),
	FIELDS("9110:5.5", 400, "GET", CL("5\0")),
	FIELDS("9110:5.5", 400, "GET", CL("0\0005")),
	FIELDS("9110:5.5", 400, "POST", TE("chunked\0")),
	FIELDS("9110:5.5", 400, "GET", "A: \x01\r\n"),
	FIELDS("9110:5.5", 400, "GET", "A: \x1b[2J\r\n"),
	FIELDS("9110:5.5", 400, "GET", "A: \x7f\r\n"),
	FIELDS("9110:5.5", 400, "GET", "A: \b\r\n"),
	VECTOR("9112:3.2", 400, "GET /\0 HTTP/1.1\r\nHost: h\r\n\r\n"),
	VECTOR("9112:3.2", 400, "GET /\0file.txt HTTP/1.1\r\nHost: h\r\n\r\n"),
	VECTOR("9112:3", 400, "GET\0/ HTTP/1.1\r\nHost: h\r\n\r\n"),
	VECTOR("9112:3", 400, "\0GET / HTTP/1.1\r\nHost: h\r\n\r\n"),
	VECTOR("9112:2.3", 400, "GET / HTTP/1.1\0\r\nHost: h\r\n\r\n"),

	/* Host: exactly one, and a host. */
	VECTOR("9112:3.2", 400, "GET / HTTP/1.1\r\n\r\n"),
	VECTOR("9112:3.2", 400, "GET / HTTP/1.1\r\nHos: h\r\n\r\n"),
	VECTOR("9112:3.2", 400, "GET http://h/ HTTP/1.1\r\n\r\n"),
	FIELDS("9112:3.2", 400, "GET", "Host: h\r\n"),
	FIELDS("9112:3.2", 400, "GET", "Host: i\r\n"),
	FIELDS("9112:3.2", 400, "GET", "host: i\r\n"),
	FIELDS("9112:3.2", 400, "GET", "Host:\r\n"),
	VECTOR("9112:3.2", 400,
	       "GET http://h/ HTTP/1.1\r\nHost: h\r\nHost: i\r\n\r\n"),
	VECTOR("9112:3.2", 400, "GET / HTTP/1.0\r\nHost: h\r\nHost: h\r\n\r\n"),
	VECTOR("9112:3.2", 400, "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"),
	VECTOR("9112:3.2", 400, "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"),
	VECTOR("9112:3.2", 400, "GET / HTTP/1.1\r\nHost: h/\r\n\r\n"),
	VECTOR("9112:3.2", 400, "GET / HTTP/1.1\r\nHost: http://h\r\n\r\n"),
	VECTOR("9112:3.2", 400, "GET / HTTP/1.1\r\nHost: u@h\r\n\r\n"),
	VECTOR("9112:3.2", 400, "GET / HTTP/1.1\r\nHost: h:x\r\n\r\n"),
	VECTOR("9112:3.2", 400, "GET / HTTP/1.1\r\nHost: h:65536\r\n\r\n"),
	VECTOR("9112:3.2", 400, "GET / HTTP/1.1\r\nHost: h:80:80\r\n\r\n"),
	VECTOR("9112:3.2", 400, "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n"),
	VECTOR("9112:3.2", 400, "GET / HTTP/1.1\r\nHost: ::1\r\n\r\n"),
	VECTOR("9110:4.2.1", 400, "GET / HTTP/1.1\r\nHost:\r\n\r\n"),
	VECTOR("9110:4.2.1", 400, "GET / HTTP/1.1\r\nHost: \t\r\n\r\n"),
	VECTOR("9110:4.2.1", 400, "GET / HTTP/1.0\r\nHost:\r\n\r\n"),
	VECTOR("3986:3.2.2", 400,
	       "GET / HTTP/1.1\r\nHost: [ab..cd::1]\r\n\r\n"),
	VECTOR("3986:3.2.2", 400, "GET / HTTP/1.1\r\nHost: [1::2::3]\r\n\r\n"),
	VECTOR("3986:3.2.2", 400,
	       "GET / HTTP/1.1\r\nHost: [::1.2.3.444]:80\r\n\r\n"),
	VECTOR("9112:3.2", 400, "GET / HTTP/1.1\r\nHost: h?\r\n\r\n"),
	VECTOR("9112:3.2", 400, "GET / HTTP/1.1\r\nHost: h#\r\n\r\n"),
	VECTOR("9112:3.2", 400, "GET / HTTP/1.1\r\nHost: h\\\r\n\r\n"),
	VECTOR("9112:3.2", 400, "GET / HTTP/1.1\r\nHost: \x80\r\n\r\n"),

	/* An absolute-form says whom it is for, and Host contradicts it. */
	VECTOR("9112:3.2.2", 200,
	       "GET http://h/file.txt HTTP/1.1\r\nHost: other\r\n\r\n"),
	VECTOR("9112:3.2.2", 200,
	       "GET http://h:81/file.txt HTTP/1.1\r\nHost: h\r\n\r\n"),
	VECTOR("9110:4.2.1", 400,
	       "GET http://h/file.txt HTTP/1.1\r\nHost:\r\n\r\n"),
	VECTOR("3986:3.2.2", 400,
	       "GET http://[1::2::3]/file.txt HTTP/1.1\r\n"
	       "Host: h\r\n\r\n"),
	VECTOR("3986:3.2.2", 400,
	       "GET http://[::1%25eth0]/ HTTP/1.1\r\nHost: h\r\n\r\n"),
	VECTOR("9110:4.2.1", 400,
	       "GET http:///file.txt HTTP/1.1\r\nHost: h\r\n\r\n"),
	VECTOR("9112:3.2.2", 400,
	       "GET http:/file.txt HTTP/1.1\r\nHost: h\r\n\r\n"),
	VECTOR("9112:3.2.2", 400,
	       "GET ftp://h/file.txt HTTP/1.1\r\nHost: h\r\n\r\n"),
	VECTOR("9110:4.2.4", 400,
	       "GET http://u@h/file.txt HTTP/1.1\r\nHost: h\r\n\r\n"),
	VECTOR("9110:7.4", 400,
	       "GET https://h/file.txt HTTP/1.1\r\nHost: h\r\n\r\n"),
	VECTOR("9112:3.2.3", 400, "GET h:80 HTTP/1.1\r\nHost: h\r\n\r\n"),
	VECTOR("9112:3.2.4", 400, "GET * HTTP/1.1\r\nHost: h\r\n\r\n"),
	VECTOR("9112:3.2", 400, "GET file.txt HTTP/1.1\r\nHost: h\r\n\r\n"),
	VECTOR("9112:3.2", 400, "GET ?a HTTP/1.1\r\nHost: h\r\n\r\n"),
	VECTOR("9112:3.2", 400, "GET /a#b HTTP/1.1\r\nHost: h\r\n\r\n"),
	VECTOR("9112:3.2", 400, "GET /\x80 HTTP/1.1\r\nHost: h\r\n\r\n"),
	VECTOR("3986:2", 400, "GET /a\\b HTTP/1.1\r\nHost: h\r\n\r\n"),
	VECTOR("3986:2", 400, "GET /a?\"b\" HTTP/1.1\r\nHost: h\r\n\r\n"),
	VECTOR("3986:2", 400, "GET /<b> HTTP/1.1\r\nHost: h\r\n\r\n"),
	VECTOR("9112:3", 400, "hello\r\n"),
	VECTOR("9112:3", 400, "SSH-2.0-OpenSSH_9.2p1\r\n"),
	VECTOR("9112:3", 400, "{\"jsonrpc\": \"2.0\"}"),
	VECTOR("3986:2.1", 400, "GET /%zz HTTP/1.1\r\nHost: h\r\n\r\n"),
	VECTOR("3986:2.1", 400, "GET /% HTTP/1.1\r\nHost: h\r\n\r\n"),
	VECTOR("3986:2.1", 400, "GET /%4 HTTP/1.1\r\nHost: h\r\n\r\n"),
	VECTOR("3986:7.3", 400, "GET /file.txt%00 HTTP/1.1\r\nHost: h\r\n\r\n"),
	VECTOR("3986:7.3", 400,
	       "GET /file.txt%00.png HTTP/1.1\r\nHost: h\r\n\r\n"),

	/* The request-line: three words, two single spaces. */
	VECTOR("9112:3", 400, "GET  / HTTP/1.1\r\nHost: h\r\n\r\n"),
	VECTOR("9112:3", 400, "GET /  HTTP/1.1\r\nHost: h\r\n\r\n"),
	VECTOR("9112:3", 400, "GET / HTTP/1.1 \r\nHost: h\r\n\r\n"),
	VECTOR("9112:3", 400, " GET / HTTP/1.1\r\nHost: h\r\n\r\n"),
	VECTOR("9112:3", 400, "\tGET / HTTP/1.1\r\nHost: h\r\n\r\n"),
	VECTOR("9112:3", 400, "GET\t/ HTTP/1.1\r\nHost: h\r\n\r\n"),
	VECTOR("9112:3", 400, "GET /\tHTTP/1.1\r\nHost: h\r\n\r\n"),
	VECTOR("9112:3", 400, "GET\v/ HTTP/1.1\r\nHost: h\r\n\r\n"),
	VECTOR("9112:3", 400, "GET / x HTTP/1.1\r\nHost: h\r\n\r\n"),
	VECTOR("9112:3", 400, "GET / HTTP/1.1 HTTP/1.1\r\nHost: h\r\n\r\n"),
	VECTOR("9112:3", 400,
	       "GET /file.txt\xc2\xa0HTTP/1.1\r\nHost: h\r\n\r\n"),
	VECTOR("9112:3", 400, "GET HTTP/1.1\r\nHost: h\r\n\r\n"),
	VECTOR("9112:3", 400, "GET /\r\nHost: h\r\n\r\n"),
	VECTOR("9112:3", 400, "GET\r\n\r\n"),
	VECTOR("9112:3", 400, "/ HTTP/1.1\r\nHost: h\r\n\r\n"),
	/* Methods. */
	VECTOR("9110:9.1", 400, "G@T / HTTP/1.1\r\nHost: h\r\n\r\n"),
	VECTOR("9110:9.1", 400, "GET: / HTTP/1.1\r\nHost: h\r\n\r\n"),
	VECTOR("9110:9.1", 501, "get / HTTP/1.1\r\nHost: h\r\n\r\n"),
	VECTOR("9110:9.1", 501, "Get / HTTP/1.1\r\nHost: h\r\n\r\n"),
	VECTOR("9110:9.1", 501, "GETS / HTTP/1.1\r\nHost: h\r\n\r\n"),
	VECTOR("9110:9.1", 501, "GE / HTTP/1.1\r\nHost: h\r\n\r\n"),
	VECTOR("9110:9.1", 501, "post / HTTP/1.1\r\nHost: h\r\n\r\n"),
	VECTOR("9110:9.1", 501, "head / HTTP/1.1\r\nHost: h\r\n\r\n"),

	/* Versions. */
	VECTOR("9112:2.3", 400, "GET / http/1.1\r\nHost: h\r\n\r\n"),
	VECTOR("9112:2.3", 400, "GET / Http/1.1\r\nHost: h\r\n\r\n"),
	VECTOR("9112:2.3", 400, "GET / HTTP/1\r\nHost: h\r\n\r\n"),
	VECTOR("9112:2.3", 400, "GET / HTTP/1.\r\nHost: h\r\n\r\n"),
	VECTOR("9112:2.3", 400, "GET / HTTP/.1\r\nHost: h\r\n\r\n"),
	VECTOR("9112:2.3", 400, "GET / HTTP/1.10\r\nHost: h\r\n\r\n"),
	VECTOR("9112:2.3", 400, "GET / HTTP/11.1\r\nHost: h\r\n\r\n"),
	VECTOR("9112:2.3", 400, "GET / HTTP/01.1\r\nHost: h\r\n\r\n"),
	VECTOR("9112:2.3", 400, "GET / HTTP/1,1\r\nHost: h\r\n\r\n"),
	VECTOR("9112:2.3", 400, "GET / HTTP/1.1x\r\nHost: h\r\n\r\n"),
	VECTOR("9112:2.3", 400, "GET / HTTP/-1.1\r\nHost: h\r\n\r\n"),
	VECTOR("9112:2.3", 400, "GET / HTTP /1.1\r\nHost: h\r\n\r\n"),
	VECTOR("9112:2.3", 400, "GET / HTTPS/1.1\r\nHost: h\r\n\r\n"),
	VECTOR("9112:2.3", 400, "GET / ICAP/1.0\r\nHost: h\r\n\r\n"),
	VECTOR("9110:6.2", 200, "GET / HTTP/1.2\r\nHost: h\r\n\r\n"),
	VECTOR("9110:6.2", 200, "GET / HTTP/1.9\r\nHost: h\r\n\r\n"),
	VECTOR("9110:6.2", 200,
	       "GET / HTTP/1.2\r\nHost: h\r\nConnection: keep-alive\r\n\r\n"),
	VECTOR("9112:9.3", 200, "GET / HTTP/1.0\r\n\r\n"),
	VECTOR("9112:9.3", 200, "GET / HTTP/1.0\r\nHost: h\r\n\r\n"),
	VECTOR("9112:9.6", 200,
	       "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"),
	VECTOR("9112:9.6", 200,
	       "GET / HTTP/1.1\r\nHost: h\r\nConnection: a\r\n"
	       "Connection: keep-alive, CLOSE\r\n\r\n"),
	VECTOR("9112:3", 400, "GET /\r\n"),	/* HTTP/0.9 ... */
	VECTOR("9112:3", 400, "GET /\r\n\r\n"), /* and its empty line */
	VECTOR("9112:2.2", 400, "GET /\n"),
	VECTOR("9110:15.6.6", 505, "GET / HTTP/0.9\r\nHost: h\r\n\r\n"),
	VECTOR("9110:15.6.6", 505, "GET / HTTP/2.0\r\nHost: h\r\n\r\n"),
	VECTOR("9110:15.6.6", 505, "GET / HTTP/3.0\r\n\r\n"),
	VECTOR("9113:3.4", 505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
	VECTOR("9113:3.4", 505,
	       "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
	       "\0\0\x12\4\0\0\0\0\0\0\3\0\0\0d\0\4\0\xa0\0\0\0\2\0\0\0\0"),
};

/* What has come behind the first answer must be nothing but the end. */
static void expect_end(int fd, const struct vector *vector)
{
	char buf[512];
	size_t n = tcp_read_some(fd, buf, sizeof(buf) - 1);

	buf[n] = '\0';
	if (n > 0)
		harness_fail("RFC %s: behind %s: a second answer:\n%s",
			     vector->section, vector->bytes, buf);
}

static void expect_answer(int fd, const struct vector *vector)
{
	struct response response;
	char value[32];

	http_read(fd, &response, true);
	if (response.status != vector->status)
		harness_fail("RFC %s: %s: status %d expected:\n%s",
			     vector->section, vector->bytes, vector->status,
			     response.head);
	if (!http_field(&response, "Connection", value, sizeof(value)) ||
	    strcmp(value, "close") != 0)
		harness_fail("RFC %s: %s: the end is not told:\n%s",
			     vector->section, vector->bytes, response.head);
	if (response.status == 200)
		http_expect(&response, 200, FILE_TEXT, strlen(FILE_TEXT));
	http_clear(&response);
}

static void send_at_once(const struct vector *vector)
{
	int fd = tcp_connect(server, SERVICE_HTTP);

	tcp_send(fd, vector->bytes, vector->len);
	expect_answer(fd, vector);
	expect_end(fd, vector);
	(void)close(fd);
}

/*
 * The verdict must not depend on how the bytes arrive. What the server refuses
 * early, it need not read to its end.
 */
static void send_byte_by_byte(const struct vector *vector)
{
	int fd = tcp_connect(server, SERVICE_HTTP);

	for (size_t i = 0; i < vector->len; i++) {
		if (sock_is_readable(fd))
			break;
		tcp_send(fd, vector->bytes + i, 1);
	}
	expect_answer(fd, vector);
	expect_end(fd, vector);
	(void)close(fd);
}

static void send_behind_a_flawless_one(const struct vector *vector)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	unsigned char *bytes = bytes_new(strlen(MARKER) + vector->len);
	struct response response;

	memcpy(bytes, MARKER, strlen(MARKER));
	memcpy(bytes + strlen(MARKER), vector->bytes, vector->len);
	tcp_send(fd, bytes, strlen(MARKER) + vector->len);
	http_read(fd, &response, true);
	http_expect(&response, 200, MARKER_TEXT, strlen(MARKER_TEXT));
	http_clear(&response);
	expect_answer(fd, vector);
	expect_end(fd, vector);
	free(bytes);
	(void)close(fd);
}

START_TEST(it_gets_the_one_right_answer_and_is_the_last)
{
	send_at_once(&vectors[_i]);
	send_byte_by_byte(&vectors[_i]);
	send_behind_a_flawless_one(&vectors[_i]);
}
END_TEST

/* --- chunks that have come with the head, whatever the method --- */

static const struct {
	const char *section;
	const char *content;
} bad_chunks[] = {
	{"9112:7.1.1", "0;a=\"b\r\n\"\r\n\r\n"},
	{"9112:7.1.1", "0;\n\r\n\r\n"},
	{"9112:7.1.1", "5;\r\naaaaa\r\n0\r\n\r\n"},
	{"9112:7.1.1", "0;a=\x01\r\n\r\n"},
	{"9112:7.1", "0\n\n"},
	{"9112:7.1", "0x0\r\n\r\n"},
	{"9112:7.1", "-0\r\n\r\n"},
	{"9112:7.1", "+5\r\naaaaa\r\n0\r\n\r\n"},
	{"9112:7.1", "0_2e\r\n"},
	{"9112:7.1", "5 \r\naaaaa\r\n0\r\n\r\n"},
	{"9112:7.1", "5\naaaaa\r\n0\r\n\r\n"},
	{"9112:7.1", "5\raaaaa\r\n0\r\n\r\n"},
	{"9112:7.1", "5\r\naaaaa0\r\n\r\n"},
	{"9112:7.1", "5\r\naaaaaaa\r\n0\r\n\r\n"},
	{"9112:7.1", "10000000000000000\r\n\r\n" EMPTY_CHUNKED},
	{"9112:7.1.2", "0\r\nA\r\n\r\n"},
	{"9112:7.1.2", "0\r\nA : b\r\n\r\n"},
};

/* What comes later is never read, so nothing depends on it. */
START_TEST(bad_chunks_are_400_before_the_method_is_judged)
{
	static const char *const methods[] = {"POST", "GET", "OPTIONS", "BREW"};
	char bytes[512];

	for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
		int len =
			snprintf(bytes, sizeof(bytes),
				 "%s /file.txt HTTP/1.1\r\nHost: h\r\n" CHUNKED
				 "\r\n%s" MARKER,
				 methods[i], bad_chunks[_i].content);
		struct vector vector = {bad_chunks[_i].section, 400, bytes,
					(size_t)len};

		send_at_once(&vector);
		send_behind_a_flawless_one(&vector);
	}
}
END_TEST

/* --- unusual, and yet plain: answered, and so is what follows --- */

static const struct {
	const char *section;
	const char *request;
} unusual[] = {
	{"9112:2.2", "\r\nGET /file.txt HTTP/1.1\r\nHost: h\r\n\r\n"},
	{"9110:5.1", "GET /file.txt HTTP/1.1\r\nhOST: h\r\n\r\n"},
	{"9112:5", "GET /file.txt HTTP/1.1\r\nHost:h\r\n\r\n"},
	{"9112:5", "GET /file.txt HTTP/1.1\r\nHost: \t h \t\r\n\r\n"},
	{"3986:3.2.2", "GET /file.txt HTTP/1.1\r\nHost: [::1]:80\r\n\r\n"},
	{"3986:3.2.3", "GET /file.txt HTTP/1.1\r\nHost: h:\r\n\r\n"},
	{"9112:5", "GET /file.txt HTTP/1.1\r\nHost: h\r\nA:\r\n\r\n"},
	{"9110:5.5",
	 "GET /file.txt HTTP/1.1\r\nHost: h\r\nA: \xff\t\"\\\r\n\r\n"},
	{"9110:5.6.2",
	 "GET /file.txt HTTP/1.1\r\nHost: h\r\n!#$%&'*+-.^_`|~9: b\r\n\r\n"},
	{"9110:5.3",
	 "GET /file.txt HTTP/1.1\r\nHost: h\r\nA: b\r\nA: b\r\n\r\n"},
	{"9110:8.6",
	 "GET /file.txt HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n"},
	{"9110:8.6",
	 "GET /file.txt HTTP/1.1\r\nHost: h\r\nContent-Length: 000\r\n\r\n"},
	/* Other names, whatever they look like. */
	{"9110:5.1",
	 "GET /file.txt HTTP/1.1\r\nHost: h\r\nContent_Length: 5\r\n\r\n"},
	{"9110:5.1", "GET /file.txt HTTP/1.1\r\nHost: h\r\n"
		     "Transfer_Encoding: chunked\r\n\r\n"},
	{"9110:5.1", "GET /file.txt HTTP/1.1\r\nHost: h\r\n"
		     "X-Transfer-Encoding: chunked\r\n\r\n"},
	{"9110:10.1.4",
	 "GET /file.txt HTTP/1.1\r\nHost: h\r\nTE: chunked\r\n\r\n"},
	/* The absolute-form of its very host. */
	{"9112:3.2.2", "GET http://h/file.txt HTTP/1.1\r\nHost: h\r\n\r\n"},
	{"9110:4.2.3", "GET HTTP://H/file.txt HTTP/1.1\r\nHost: h\r\n\r\n"},
	{"9112:3.2.2",
	 "GET http://h:80/file.txt HTTP/1.1\r\nHost: h:80\r\n\r\n"},
	{"9112:9.3", "GET /file.txt HTTP/1.0\r\nHost: h\r\n"
		     "Connection: keep-alive\r\n\r\n"},
};

START_TEST(it_is_answered_and_so_is_what_follows)
{
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;

	tcp_send_text(fd, unusual[_i].request);
	tcp_send_text(fd, MARKER);
	http_read(fd, &response, true);
	if (response.status != 200)
		harness_fail("RFC %s: %s: status 200 expected:\n%s",
			     unusual[_i].section, unusual[_i].request,
			     response.head);
	http_expect(&response, 200, FILE_TEXT, strlen(FILE_TEXT));
	http_clear(&response);
	http_read(fd, &response, true);
	http_expect(&response, 200, MARKER_TEXT, strlen(MARKER_TEXT));
	http_clear(&response);
	(void)close(fd);
}
END_TEST

static Suite *smuggling_suite(void)
{
	Suite *suite = suite_create("e2e smuggling");
	TCase *tcase =
		harness_shared_case(suite, "smuggling", set_up, tear_down);

	tcase_add_loop_test(tcase, it_gets_the_one_right_answer_and_is_the_last,
			    0, ARRAY_LEN(vectors));
	tcase_add_loop_test(tcase,
			    bad_chunks_are_400_before_the_method_is_judged, 0,
			    ARRAY_LEN(bad_chunks));
	tcase_add_loop_test(tcase, it_is_answered_and_so_is_what_follows, 0,
			    ARRAY_LEN(unusual));
	return suite;
}

int main(void)
{
	return harness_run_together(smuggling_suite());
}
