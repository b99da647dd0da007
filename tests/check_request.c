/* SPDX-License-Identifier: MIT */
/*
 * The request parser's contract, as tables: what is a request and what it
 * means, what is none, and with which status it is refused. Every row is fed
 * in every way (request_ways.h).
 *
 * The rows of refused_heads are the ways in which two readers of one connection
 * have been made to see different requests. A section without the name of its
 * document is one of RFC 9112.
 */
#include "http/request.h"

#include <string.h>

#include "guard.h"
#include "harness.h"
#include "request_ways.h"

/* --- what is a request --- */

#define KEEP	true
#define CLOSE	false
#define CONTENT true
#define EMPTY	false

static const struct accepted_head {
	const char *text;
	size_t len;
	enum http_method method;
	unsigned minor;
	bool keep_alive;
	bool has_content;
	size_t n_fields;
	const char *why;
} accepted_heads[] = {
	{TEXT(GET "\r\n"), HTTP_METHOD_GET, 1, KEEP, EMPTY, 1,
	 "the smallest request of HTTP/1.1"},
	{TEXT("GET / HTTP/1.0\r\n\r\n"), HTTP_METHOD_GET, 0, CLOSE, EMPTY, 0,
	 "HTTP/1.0 needs no field at all"},
	{TEXT("\r\n" GET "\r\n"), HTTP_METHOD_GET, 1, KEEP, EMPTY, 1,
	 "2.2: one empty line ahead is passed over"},
	{TEXT("HEAD / HTTP/1.1\r\nHost: a" END), HTTP_METHOD_HEAD, 1, KEEP,
	 EMPTY, 1, "HEAD"},
	{TEXT("OPTIONS * HTTP/1.1\r\nHost: a" END), HTTP_METHOD_OPTIONS, 1,
	 KEEP, EMPTY, 1, "3.2.4: asterisk-form"},
	{TEXT("POST / HTTP/1.1\r\nHost: a" END), HTTP_METHOD_KNOWN, 1, KEEP,
	 EMPTY, 1, "6.3: no framing field, no content"},
	{TEXT("PUT / HTTP/1.1\r\nHost: a" END), HTTP_METHOD_KNOWN, 1, KEEP,
	 EMPTY, 1, "a method that is known but not served"},
	{TEXT("DELETE / HTTP/1.1\r\nHost: a" END), HTTP_METHOD_KNOWN, 1, KEEP,
	 EMPTY, 1, "a method that is known but not served"},
	{TEXT("CONNECT a:1 HTTP/1.1\r\nHost: a:1" END), HTTP_METHOD_KNOWN, 1,
	 KEEP, EMPTY, 1, "3.2.3: authority-form is well-formed"},
	{TEXT("TRACE / HTTP/1.1\r\nHost: a" END), HTTP_METHOD_KNOWN, 1, KEEP,
	 EMPTY, 1, "a method that is known but not served"},
	{TEXT("PATCH / HTTP/1.1\r\nHost: a" END), HTTP_METHOD_KNOWN, 1, KEEP,
	 EMPTY, 1, "RFC 5789: a method that is known but not served"},
	{TEXT("BREW / HTTP/1.1\r\nHost: a" END), HTTP_METHOD_UNKNOWN, 1, KEEP,
	 EMPTY, 1, "a method is any token"},
	{TEXT("get / HTTP/1.1\r\nHost: a" END), HTTP_METHOD_UNKNOWN, 1, KEEP,
	 EMPTY, 1, "3.1: methods are case-sensitive"},
	{TEXT("Get / HTTP/1.1\r\nHost: a" END), HTTP_METHOD_UNKNOWN, 1, KEEP,
	 EMPTY, 1, "3.1: methods are case-sensitive"},
	{TEXT("GETS / HTTP/1.1\r\nHost: a" END), HTTP_METHOD_UNKNOWN, 1, KEEP,
	 EMPTY, 1, "a method is compared whole"},
	{TEXT("GE / HTTP/1.1\r\nHost: a" END), HTTP_METHOD_UNKNOWN, 1, KEEP,
	 EMPTY, 1, "a method is compared whole"},
	{TEXT("!#$%&'*+-.^_`|~0Az / HTTP/1.1\r\nHost: a" END),
	 HTTP_METHOD_UNKNOWN, 1, KEEP, EMPTY, 1,
	 "RFC 9110, 5.6.2: every character of a token"},
	{TEXT("GET http://a/b HTTP/1.1\r\nHost: a" END), HTTP_METHOD_GET, 1,
	 KEEP, EMPTY, 1, "3.2.2: absolute-form"},
	{TEXT("GET /%zz HTTP/1.1\r\nHost: a" END), HTTP_METHOD_GET, 1, KEEP,
	 EMPTY, 1, "the target is not decoded here"},
	{TEXT("GET / HTTP/1.2\r\nHost: a" END), HTTP_METHOD_GET, 2, CLOSE,
	 EMPTY, 1, "2.3: a later 1.x is understood, but not trusted to go on"},
	{TEXT("GET / HTTP/1.9\r\nHost: a\r\nConnection: keep-alive" END),
	 HTTP_METHOD_GET, 9, CLOSE, EMPTY, 2,
	 "2.3: a later 1.x is understood, but not trusted to go on"},

	/* target */
	{TEXT("GET /-._~!$&'()*+,;=:@%41/?-._~!$&'()*+,;=:@%41/?"
	      " HTTP/1.1\r\nHost: a" END),
	 HTTP_METHOD_GET, 1, KEEP, EMPTY, 1,
	 "RFC 3986, 3.3 and 3.4: all that may stand in a path and a query"},
	{TEXT("GET /a[1].txt?b[]=c HTTP/1.1\r\nHost: a" END), HTTP_METHOD_GET,
	 1, KEEP, EMPTY, 1, "brackets, which browsers send as they are"},

	/* Host */
	{TEXT("GET / HTTP/1.1\r\nhOST:a" END), HTTP_METHOD_GET, 1, KEEP, EMPTY,
	 1, "RFC 9110, 5.1: names are case-insensitive; white space may lack"},
	{TEXT("GET / HTTP/1.1\r\nHost:\t a \t" END), HTTP_METHOD_GET, 1, KEEP,
	 EMPTY, 1, "5: white space around the value is none of it"},
	{TEXT("GET / HTTP/1.1\r\nHost: lab.example:6789" END), HTTP_METHOD_GET,
	 1, KEEP, EMPTY, 1, "a name and a port"},
	{TEXT("GET / HTTP/1.1\r\nHost: [::1]:6789" END), HTTP_METHOD_GET, 1,
	 KEEP, EMPTY, 1, "RFC 3986, 3.2.2: IP-literal"},
	{TEXT("GET / HTTP/1.0\r\nHost: a" END), HTTP_METHOD_GET, 0, CLOSE,
	 EMPTY, 1, "HTTP/1.0 may have a Host"},

	/* content */
	{TEXT(POST "Content-Length: 0" END), HTTP_METHOD_KNOWN, 1, KEEP, EMPTY,
	 2, "6.2: a length of nothing is no content"},
	{TEXT(POST "Content-Length: 000" END), HTTP_METHOD_KNOWN, 1, KEEP,
	 EMPTY, 2, "RFC 9110, 8.6: 1*DIGIT, leading zeros included"},
	{TEXT(POST "Content-Length: 5" END "hello"), HTTP_METHOD_KNOWN, 1, KEEP,
	 CONTENT, 2, "6.2: content follows the head"},
	{TEXT(POST "content-length:\t0005 " END), HTTP_METHOD_KNOWN, 1, KEEP,
	 CONTENT, 2, "case, white space and zeros change nothing"},
	{TEXT(POST "Content-Length: 999999999999999999" END), HTTP_METHOD_KNOWN,
	 1, KEEP, CONTENT, 2, "the longest number of 18 digits"},
	{TEXT(GET "Content-Length: 1" END "x"), HTTP_METHOD_GET, 1, KEEP,
	 CONTENT, 2,
	 "RFC 9110, 9.3.1: GET with content is framed all the same"},
	{TEXT(POST "Transfer-Encoding: chunked" END), HTTP_METHOD_KNOWN, 1,
	 KEEP, CONTENT, 2, "7.1: chunked"},
	{TEXT(POST "tRANSFER-eNCODING:CHUNKED" END), HTTP_METHOD_KNOWN, 1, KEEP,
	 CONTENT, 2, "7: codings are case-insensitive"},
	{TEXT(GET "Transfer-Encoding: chunked" END), HTTP_METHOD_GET, 1, KEEP,
	 CONTENT, 2, "chunked with GET"},

	/* names that only look like framing fields */
	{TEXT(GET "Transfer_Encoding: chunked" END), HTTP_METHOD_GET, 1, KEEP,
	 EMPTY, 2, "an underscore makes another name"},
	{TEXT(GET "X-Transfer-Encoding: chunked" END), HTTP_METHOD_GET, 1, KEEP,
	 EMPTY, 2, "a name is compared whole"},
	{TEXT(GET "Content-Length-X: 5" END), HTTP_METHOD_GET, 1, KEEP, EMPTY,
	 2, "a name is compared whole"},
	{TEXT(GET "Content-Lengt: 5" END), HTTP_METHOD_GET, 1, KEEP, EMPTY, 2,
	 "a name is compared whole"},

	/* persistence */
	{TEXT(GET "Connection: close" END), HTTP_METHOD_GET, 1, CLOSE, EMPTY, 2,
	 "9.6: close"},
	{TEXT(GET "Connection: CLOSE" END), HTTP_METHOD_GET, 1, CLOSE, EMPTY, 2,
	 "RFC 9110, 7.6.1: options are case-insensitive"},
	{TEXT(GET "Connection: keep-alive" END), HTTP_METHOD_GET, 1, KEEP,
	 EMPTY, 2, "9.3: what HTTP/1.1 does anyway"},
	{TEXT(GET "Connection: keep-alive, close" END), HTTP_METHOD_GET, 1,
	 CLOSE, EMPTY, 2, "9.3: close wins"},
	{TEXT(GET "Connection: close, keep-alive" END), HTTP_METHOD_GET, 1,
	 CLOSE, EMPTY, 2, "9.3: close wins, wherever it stands"},
	{TEXT(GET "Connection: upgrade\r\nConnection: close" END),
	 HTTP_METHOD_GET, 1, CLOSE, EMPTY, 3,
	 "RFC 9110, 5.3: two lines are one list"},
	{TEXT(GET "Connection: ,,\t,close ," END), HTTP_METHOD_GET, 1, CLOSE,
	 EMPTY, 2, "RFC 9110, 5.6.1.2: empty elements are ignored"},
	{TEXT(GET "Connection: closed" END), HTTP_METHOD_GET, 1, KEEP, EMPTY, 2,
	 "an option is compared whole"},
	{TEXT("GET / HTTP/1.0\r\nConnection: Keep-Alive" END), HTTP_METHOD_GET,
	 0, KEEP, EMPTY, 1, "9.3: HTTP/1.0 may ask to stay"},
	{TEXT("GET / HTTP/1.0\r\nConnection: close, keep-alive" END),
	 HTTP_METHOD_GET, 0, CLOSE, EMPTY, 1, "9.3: close wins in 1.0 too"},

	/* other fields */
	{TEXT(GET "X:" END), HTTP_METHOD_GET, 1, KEEP, EMPTY, 2,
	 "5.1: a value may be empty"},
	{TEXT(GET "X: a\tb: c\"\x80\xff" END), HTTP_METHOD_GET, 1, KEEP, EMPTY,
	 2, "RFC 9110, 5.5: a tab, a colon and obs-text in a value"},
	{TEXT(GET "!#$%&'*+-.^_`|~09Az: x" END), HTTP_METHOD_GET, 1, KEEP,
	 EMPTY, 2, "5.1: a name is any token"},
	{TEXT(GET "\r\nGET /2 HTTP/1.1\r\nHost: a" END), HTTP_METHOD_GET, 1,
	 KEEP, EMPTY, 1, "9.3.2: the next request is none of this one"},
	{TEXT(GET "\r\n\0\n\x16"), HTTP_METHOD_GET, 1, KEEP, EMPTY, 1,
	 "what follows the head is not judged with it"},
};

static size_t head_len_of(const char *text)
{
	return (size_t)(strstr(text, END) - text) + sizeof(END) - 1;
}

START_TEST(a_valid_head_is_accepted_however_it_arrives)
{
	const struct accepted_head *row = &accepted_heads[_i];
	struct outcome want = {HTTP_REQUEST_DONE, 0, head_len_of(row->text),
			       row->why};

	assert_every_way(row->text, row->len, want);
}
END_TEST

START_TEST(a_valid_head_means_what_it_says)
{
	const struct accepted_head *row = &accepted_heads[_i];
	struct http_request request;
	size_t scanned = 0;

	ck_assert_int_eq(http_request_parse(&request, &http_limits_standard,
					    row->text, row->len, &scanned),
			 HTTP_REQUEST_DONE);
	ck_assert_msg(request.method == row->method, "method: %s", row->why);
	ck_assert_msg(request.minor == row->minor, "version: %s", row->why);
	ck_assert_msg(request.keep_alive == row->keep_alive, "keep: %s",
		      row->why);
	ck_assert_msg(request.has_content == row->has_content, "content: %s",
		      row->why);
	ck_assert_msg(request.n_fields == row->n_fields, "fields: %s",
		      row->why);
}
END_TEST

START_TEST(a_head_that_is_cut_short_asks_for_more)
{
	const struct accepted_head *row = &accepted_heads[_i];
	size_t len = head_len_of(row->text);
	char *guard = guard_new();

	for (size_t n = 0; n < len; n++)
		ck_assert_msg(parse_anew(guard, row->text, n).verdict ==
				      HTTP_REQUEST_PARTIAL,
			      "%zu bytes: %s", n, row->why);
}
END_TEST

/* --- what is none --- */

static const struct refused_head {
	const char *text;
	size_t len;
	unsigned status;
	const char *why;
} refused_heads[] = {
	/* two framings, in every order and spelling */
	{TEXT("GET / HTTP/1.1\r\nHost:" END), 400,
	 "RFC 9110, 4.2.1: an http URI's host is not empty"},
	{TEXT("GET / HTTP/1.0\r\nHost: \t" END), 400, "nor in HTTP/1.0"},
	{TEXT("GET / HTTP/1.1\r\nHost: [1::2::3]" END), 400,
	 "RFC 3986, 3.2.2: no address in the brackets"},
	{TEXT(POST "Content-Length: 5\r\nTransfer-Encoding: chunked" END), 400,
	 "6.1: CL.TE"},
	{TEXT(POST "Transfer-Encoding: chunked\r\nContent-Length: 5" END), 400,
	 "6.1: TE.CL"},
	{TEXT(POST "Content-Length: 0\r\nTransfer-Encoding: chunked" END), 400,
	 "6.1: even a length of nothing"},
	{TEXT(POST "content-length: 5\r\nTRANSFER-ENCODING: Chunked" END), 400,
	 "6.1: in any case"},
	{TEXT(POST
	      "Content-Length: 5\r\nX: y\r\nTransfer-Encoding: identity" END),
	 400, "6.1: whatever the coding"},
	{TEXT(POST "Content-Length: 5\r\nTransfer-Encoding:" END), 400,
	 "6.1: even an empty one"},
	{TEXT(GET "Content-Length: 5\r\nTransfer-Encoding: chunked" END), 400,
	 "6.1: with GET too"},
	{TEXT("BREW / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n"
	      "Transfer-Encoding: chunked" END),
	 400, "the framing is judged before the method"},
	{TEXT("POST / HTTP/1.0\r\nContent-Length: 5\r\n"
	      "Transfer-Encoding: chunked" END),
	 400, "6.1: in HTTP/1.0 too"},

	/* Content-Length */
	{TEXT(POST "Content-Length: 5\r\nContent-Length: 6" END), 400,
	 "6.3: two lengths"},
	{TEXT(POST "Content-Length: 5\r\nContent-Length: 5" END), 400,
	 "6.3: two lengths, even equal ones"},
	{TEXT(POST "Content-Length: 5\r\nX: y\r\ncontent-length: 0" END), 400,
	 "6.3: two lengths, apart and in another case"},
	{TEXT(POST "Content-Length: 5, 5" END), 400, "6.3: a list"},
	{TEXT(POST "Content-Length: 5,6" END), 400, "6.3: a list"},
	{TEXT(POST "Content-Length: 5," END), 400, "6.3: a list"},
	{TEXT(POST "Content-Length: ,5" END), 400, "6.3: a list"},
	{TEXT(POST "Content-Length: +5" END), 400, "RFC 9110, 8.6: a sign"},
	{TEXT(POST "Content-Length: -5" END), 400, "RFC 9110, 8.6: a sign"},
	{TEXT(POST "Content-Length: 0x5" END), 400, "not decimal"},
	{TEXT(POST "Content-Length: 5 5" END), 400, "white space in a number"},
	{TEXT(POST "Content-Length: 5\t0" END), 400, "white space in a number"},
	{TEXT(POST "Content-Length: 5\v" END), 400, "5.5: a vertical tab"},
	{TEXT(POST "Content-Length: 5.0" END), 400, "a fraction"},
	{TEXT(POST "Content-Length: 5;q=1" END), 400, "a parameter"},
	{TEXT(POST "Content-Length: \"5\"" END), 400, "a quoted number"},
	{TEXT(POST "Content-Length: five" END), 400, "a word"},
	{TEXT(POST "Content-Length:" END), 400, "no number"},
	{TEXT(POST "Content-Length: \t " END), 400, "no number"},
	{TEXT(POST "Content-Length: \xb5" END), 400, "a byte above ASCII"},
	{TEXT(POST "Content-Length: 1000000000000000000" END), 400,
	 "19 digits: longer than anything"},
	{TEXT(POST "Content-Length: 18446744073709551621" END), 400,
	 "2^64 + 5, which is 5 to who counts in 64 bits"},

	/* Transfer-Encoding */
	{TEXT(POST
	      "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked" END),
	 400, "7.1: chunked twice"},
	{TEXT(POST
	      "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity" END),
	 400, "two lines: some readers take the first"},
	{TEXT(POST
	      "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked" END),
	 400, "two lines: some readers take the last"},
	{TEXT(POST "Transfer-Encoding: chunked, chunked" END), 400,
	 "7.1: chunked twice"},
	{TEXT(POST "Transfer-Encoding: chunked, gzip" END), 400,
	 "6.1: chunked is not last, so the length is unknown"},
	{TEXT(POST "Transfer-Encoding: gzip" END), 400, "6.3: no chunked"},
	{TEXT(POST "Transfer-Encoding: identity" END), 400,
	 "7: identity is no coding any more"},
	{TEXT(POST "Transfer-Encoding: gzip, chunked" END), 501,
	 "6.1: well framed, in a coding that is not known here"},
	{TEXT(POST "Transfer-Encoding: xchunked" END), 400,
	 "a coding is compared whole"},
	{TEXT(POST "Transfer-Encoding: chunke" END), 400,
	 "a coding is compared whole"},
	{TEXT(POST "Transfer-Encoding: chunked;a=b" END), 400,
	 "7.1: chunked has no parameter"},
	{TEXT(POST "Transfer-Encoding: \"chunked\"" END), 400,
	 "a quoted coding"},
	{TEXT(POST "Transfer-Encoding: 'chunked'" END), 400, "a quoted coding"},
	{TEXT(POST "Transfer-Encoding: chunked\v" END), 400,
	 "5.5: a vertical tab"},
	{TEXT(POST "Transfer-Encoding: \vchunked" END), 400,
	 "5.5: a vertical tab"},
	{TEXT(POST "Transfer-Encoding: \x7f"
		   "chunked" END),
	 400, "5.5: DEL"},
	{TEXT(POST "Transfer-Encoding: chunked\xff" END), 400,
	 "a coding is compared whole"},
	{TEXT(POST "Transfer-Encoding: chun ked" END), 400,
	 "white space in a coding"},
	{TEXT(POST "Transfer-Encoding:" END), 400, "no coding"},
	{TEXT(POST "Transfer-Encoding: ," END), 400, "no coding"},
	{TEXT("POST / HTTP/1.0\r\nTransfer-Encoding: chunked" END), 400,
	 "6.1: HTTP/1.0 has no codings"},

	/* white space where a name ends or a line begins */
	{TEXT(POST "Transfer-Encoding : chunked" END), 400,
	 "5.1: a space before the colon"},
	{TEXT(POST "Transfer-Encoding\t: chunked" END), 400,
	 "5.1: a tab before the colon"},
	{TEXT(POST "Content-Length : 5" END), 400,
	 "5.1: a space before the colon"},
	{TEXT("GET / HTTP/1.1\r\nHost : a" END), 400,
	 "5.1: a space before the colon"},
	{TEXT(POST " Transfer-Encoding: chunked" END), 400,
	 "5.2: obs-fold, which hides a field"},
	{TEXT(POST "\tTransfer-Encoding: chunked" END), 400,
	 "5.2: obs-fold by a tab"},
	{TEXT(POST "Transfer-Encoding:\r\n chunked" END), 400,
	 "5.2: obs-fold, which hides a value"},
	{TEXT(POST "X: a\r\n b\r\nContent-Length: 5" END), 400,
	 "5.2: obs-fold"},
	{TEXT("GET / HTTP/1.1\r\n Host: a" END), 400,
	 "2.2: white space before the first field"},
	{TEXT("GET / HTTP/1.1\r\n \r\nHost: a" END), 400,
	 "2.2: a line of white space"},
	{TEXT(GET " \r\n\r\n"), 400, "a last line of white space"},

	/* names */
	{TEXT(GET "X" END), 400, "5: no colon"},
	{TEXT(GET ": x" END), 400, "5.1: no name"},
	{TEXT(GET "A B: x" END), 400, "5.1: a space in a name"},
	{TEXT(GET "A(b): x" END), 400, "5.1: no token"},
	{TEXT(GET "A/b: x" END), 400, "5.1: no token"},
	{TEXT(GET "\"A\": x" END), 400, "5.1: no token"},
	{TEXT(GET "\xc3\xa4: x" END), 400, "5.1: a byte above ASCII"},
	{TEXT(POST "Content-Length\x80: 5" END), 400,
	 "5.1: a byte above ASCII"},
	{TEXT(POST "Content-Length\x01: 5" END), 400, "5.1: a control byte"},
	{TEXT(GET "X: y\r\nbroken\r\nA: b" END), 400, "any line counts"},

	/* values */
	{TEXT(GET "X: \x01" END), 400, "5.5: a control byte"},
	{TEXT(GET "X: \x1b[31m" END), 400, "5.5: a control byte"},
	{TEXT(GET "X: a\x7f"
		  "b" END),
	 400, "5.5: DEL"},
	{TEXT(GET "X: a\bb" END), 400, "5.5: a control byte"},

	/* line ends */
	{TEXT("GET / HTTP/1.1\nHost: a\n\n"), 400, "2.2: bare LF throughout"},
	{TEXT("GET / HTTP/1.1\nHost: a" END), 400,
	 "2.2: bare LF after the request-line"},
	{TEXT("GET / HTTP/1.1\r\nHost: a\n\r\n"), 400,
	 "2.2: bare LF after a field"},
	{TEXT(GET "\n"), 400, "2.2: bare LF as the empty line"},
	{TEXT(GET "X: y\nContent-Length: 5" END), 400,
	 "2.2: bare LF, which hides a field"},
	{TEXT("\nGET / HTTP/1.1\r\nHost: a" END), 400, "2.2: bare LF ahead"},
	{TEXT("GET / HTTP/1.1\rHost: a" END), 400,
	 "2.2: bare CR in the request-line"},
	{TEXT(GET "X: y\rContent-Length: 5" END), 400,
	 "2.2: bare CR, which hides a field"},
	{TEXT(GET "X\r: y" END), 400, "2.2: bare CR in a name"},
	{TEXT(GET "X: y\r\r\n\r\n"), 400, "2.2: CR CR LF"},
	{TEXT(GET "\r\r\n\r\n"), 400, "2.2: CR CR LF as the empty line"},
	{TEXT(GET "\rX: y" END), 400, "2.2: bare CR where a line begins"},
	{TEXT("\r\n\r\n" GET "\r\n"), 400, "2.2: two empty lines ahead"},
	{TEXT("\r\rGET / HTTP/1.1\r\nHost: a" END), 400, "2.2: bare CR ahead"},
	{TEXT("\rGET / HTTP/1.1\r\nHost: a" END), 400, "2.2: bare CR ahead"},

	/* NUL */
	{TEXT("\0GET / HTTP/1.1\r\nHost: a" END), 400, "NUL ahead"},
	{TEXT("G\0ET / HTTP/1.1\r\nHost: a" END), 400, "NUL in the method"},
	{TEXT("GET /\0 HTTP/1.1\r\nHost: a" END), 400, "NUL in the target"},
	{TEXT("GET / HTTP/1.1\0\r\nHost: a" END), 400, "NUL in the version"},
	{TEXT(GET "X\0: y" END), 400, "NUL in a name"},
	{TEXT(GET "X: \0" END), 400, "RFC 9110, 5.5: NUL in a value"},
	{TEXT(POST "Content-Length: 5\0" END), 400, "NUL after a number"},
	{TEXT("GET / HTTP/1.1\r\nHost: a\0b" END), 400, "NUL in the host"},

	/* request-line */
	{TEXT(" GET / HTTP/1.1\r\nHost: a" END), 400, "3: space ahead"},
	{TEXT("GET  / HTTP/1.1\r\nHost: a" END), 400, "3: two spaces"},
	{TEXT("GET /  HTTP/1.1\r\nHost: a" END), 400, "3: two spaces"},
	{TEXT("GET / HTTP/1.1 \r\nHost: a" END), 400, "3: space at the end"},
	{TEXT("GET\t/ HTTP/1.1\r\nHost: a" END), 400, "3: a tab"},
	{TEXT("GET /\tHTTP/1.1\r\nHost: a" END), 400, "3: a tab"},
	{TEXT("GET /\vHTTP/1.1\r\nHost: a" END), 400, "3: a vertical tab"},
	{TEXT("GET /a b HTTP/1.1\r\nHost: a" END), 400,
	 "3.2: a space in the target"},
	{TEXT("GET / HTTP/1.1 HTTP/1.1\r\nHost: a" END), 400,
	 "3: two versions"},
	{TEXT("GET / x HTTP/1.1\r\nHost: a" END), 400, "3: four words"},
	{TEXT("GET /\r\n\r\n"), 400, "HTTP/0.9, which has no version"},
	{TEXT("GET /\r\nHost: a" END), 400, "3: no version"},
	{TEXT("GET / \r\nHost: a" END), 400, "3: an empty version"},
	{TEXT("GET HTTP/1.1\r\nHost: a" END), 400, "3: no target"},
	{TEXT("GET  HTTP/1.1\r\nHost: a" END), 400, "3: an empty target"},
	{TEXT("/ HTTP/1.1\r\nHost: a" END), 400, "3: no method"},
	{TEXT("GET\r\n\r\n"), 400, "3: a method alone"},
	{TEXT("G(T / HTTP/1.1\r\nHost: a" END), 400, "3.1: no token"},
	{TEXT("\"GET\" / HTTP/1.1\r\nHost: a" END), 400, "3.1: no token"},
	{TEXT("\xc7"
	      "ET / HTTP/1.1\r\nHost: a" END),
	 400, "3.1: no token"},
	{TEXT("GET /a#b HTTP/1.1\r\nHost: a" END), 400,
	 "3.2: a fragment is never sent"},
	{TEXT("GET /a\\b HTTP/1.1\r\nHost: a" END), 400,
	 "RFC 3986, 2: a backslash in the target"},
	{TEXT("GET /\"a\" HTTP/1.1\r\nHost: a" END), 400,
	 "RFC 3986, 2: quotes in the target"},
	{TEXT("GET /<a> HTTP/1.1\r\nHost: a" END), 400,
	 "RFC 3986, 2: angle brackets in the target"},
	{TEXT("GET /{a} HTTP/1.1\r\nHost: a" END), 400,
	 "RFC 3986, 2: braces in the target"},
	{TEXT("GET /a|b HTTP/1.1\r\nHost: a" END), 400,
	 "RFC 3986, 2: a bar in the target"},
	{TEXT("GET /a^b HTTP/1.1\r\nHost: a" END), 400,
	 "RFC 3986, 2: a caret in the target"},
	{TEXT("GET /`a` HTTP/1.1\r\nHost: a" END), 400,
	 "RFC 3986, 2: backquotes in the target"},
	{TEXT("GET /?a|b HTTP/1.1\r\nHost: a" END), 400,
	 "RFC 3986, 3.4: in the query, too"},
	{TEXT("GET /?\x1f HTTP/1.1\r\nHost: a" END), 400,
	 "a control byte in the query"},
	{TEXT("GET /?\xc3\xa4 HTTP/1.1\r\nHost: a" END), 400,
	 "RFC 3986, 2: a byte above ASCII in the query"},
	{TEXT("GET /\xc3\xa4 HTTP/1.1\r\nHost: a" END), 400,
	 "RFC 3986, 2: a byte above ASCII in the target"},
	{TEXT("GET /\x7f HTTP/1.1\r\nHost: a" END), 400, "DEL in the target"},
	{TEXT("GET /\x01 HTTP/1.1\r\nHost: a" END), 400,
	 "a control byte in the target"},

	/* version */
	{TEXT("GET / HTTP/2.0\r\nHost: a" END), 505, "2.3: another major"},
	{TEXT("GET / HTTP/3.0\r\nHost: a" END), 505, "2.3: another major"},
	{TEXT("GET / HTTP/0.9\r\nHost: a" END), 505, "2.3: another major"},
	{TEXT("GET / HTTP/9.9\r\nHost: a" END), 505, "2.3: another major"},
	{TEXT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505,
	 "RFC 9113, 3.4: the preface of HTTP/2"},
	{TEXT("GET / HTTP/1.1x\r\nHost: a" END), 400, "2.3: DIGIT . DIGIT"},
	{TEXT("GET / HTTP/1.10\r\nHost: a" END), 400, "2.3: DIGIT . DIGIT"},
	{TEXT("GET / HTTP/01.1\r\nHost: a" END), 400, "2.3: DIGIT . DIGIT"},
	{TEXT("GET / HTTP/1.\r\nHost: a" END), 400, "2.3: DIGIT . DIGIT"},
	{TEXT("GET / HTTP/1\r\nHost: a" END), 400, "2.3: DIGIT . DIGIT"},
	{TEXT("GET / HTTP/1,1\r\nHost: a" END), 400, "2.3: DIGIT . DIGIT"},
	{TEXT("GET / HTTP/-1.1\r\nHost: a" END), 400, "2.3: DIGIT . DIGIT"},
	{TEXT("GET / HTTP/a.b\r\nHost: a" END), 400, "2.3: DIGIT . DIGIT"},
	{TEXT("GET / HTTP 1.1\r\nHost: a" END), 400, "2.3: no slash"},
	{TEXT("GET / http/1.1\r\nHost: a" END), 400,
	 "2.3: the name is case-sensitive"},
	{TEXT("GET / Http/1.1\r\nHost: a" END), 400,
	 "2.3: the name is case-sensitive"},
	{TEXT("GET / HTTPS/1.1\r\nHost: a" END), 400, "2.3: another name"},
	{TEXT("GET / ICY/1.1\r\nHost: a" END), 400, "2.3: another name"},

	/* Host */
	{TEXT("GET / HTTP/1.1\r\n\r\n"), 400, "3.2: no Host"},
	{TEXT("GET / HTTP/1.2\r\n\r\n"), 400, "3.2: no Host in a later 1.x"},
	{TEXT("GET http://a/ HTTP/1.1\r\n\r\n"), 400,
	 "3.2.2: no Host beside an absolute-form"},
	{TEXT("GET / HTTP/1.1\r\nHost: a\r\nHost: a" END), 400,
	 "3.2: two Hosts, even equal ones"},
	{TEXT("GET / HTTP/1.1\r\nHost: a\r\nX: y\r\nhost: b" END), 400,
	 "3.2: two Hosts, apart and in another case"},
	{TEXT("GET / HTTP/1.0\r\nHost: a\r\nHost: b" END), 400,
	 "3.2: two Hosts in HTTP/1.0"},
	{TEXT("GET / HTTP/1.0\r\nHost: a b" END), 400,
	 "3.2: an invalid Host in HTTP/1.0"},
	{TEXT("GET / HTTP/1.1\r\nHost: a b" END), 400, "3.2: a space"},
	{TEXT("GET / HTTP/1.1\r\nHost: a/b" END), 400, "3.2: a slash"},
	{TEXT("GET / HTTP/1.1\r\nHost: http://a" END), 400, "3.2: a URI"},
	{TEXT("GET / HTTP/1.1\r\nHost: u@a" END), 400,
	 "RFC 9110, 7.2: user information"},
	{TEXT("GET / HTTP/1.1\r\nHost: a:b" END), 400,
	 "3.2: a port of letters"},
	{TEXT("GET / HTTP/1.1\r\nHost: \xc3\xa4" END), 400,
	 "a byte above ASCII"},
	{TEXT("BREW / HTTP/1.1\r\n\r\n"), 400,
	 "3.2: no Host, whatever the method"},

	/* not HTTP at all */
	{TEXT("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"), 400,
	 "TLS to a plain port"},
	{TEXT("\x80\x2e\x01"), 400, "binary"},
	{TEXT("hello\n"), 400, "a line by hand, with netcat"},
};

/* --- what needs no empty line to be none --- */

static const struct {
	const char *text;
	size_t len;
	size_t at; /* bytes of it until it is told */
	const char *why;
} early_heads[] = {
	{TEXT("hello\r\n"), 6, "a word: the CR is no space"},
	{TEXT("hello\n"), 6, "a word and a bare LF"},
	{TEXT("GET /\r\n"), 6, "HTTP/0.9"},
	{TEXT("GET / HTTP/1.1\n"), 15, "a bare LF"},
	{TEXT("GET / hello\r\n"), 13, "no version"},
	{TEXT("\x16\x03\x01\x02"), 1, "TLS"},
	{TEXT("\0\0\0\x10"), 1, "a binary protocol"},
	{TEXT("{\"a\": 1}"), 1, "JSON"},
	{TEXT("<a/>"), 1, "XML"},
	{TEXT("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"), 31, "SSH: two words"},
	{TEXT("*1\r\n$4\r\nPING\r\n"), 3, "Redis: the CR is no space"},
	{TEXT("user@host"), 5, "no token"},
	{TEXT("GET  /"), 5, "two spaces"},
	{TEXT("GET \t/"), 5, "a tab"},
	{TEXT("GET /a\\b"), 7, "a backslash"},
	{TEXT("GET /\xc3\xa4"), 6, "a byte above ASCII"},
	{TEXT("\r\n\r\n"), 3, "two empty lines"},
	{TEXT("\rG"), 2, "a bare CR"},
};

START_TEST(what_cannot_begin_a_request_is_told_at_once)
{
	char *guard = guard_new();

	for (size_t len = 0; len <= early_heads[_i].len; len++) {
		struct outcome got =
			parse_anew(guard, early_heads[_i].text, len);
		bool is_bad = got.verdict == HTTP_REQUEST_BAD;

		ck_assert_msg(is_bad == (len >= early_heads[_i].at), "%zu: %s",
			      len, early_heads[_i].why);
		if (is_bad)
			ck_assert_uint_eq(got.status, 400);
	}
}
END_TEST

START_TEST(a_wrong_head_is_refused_however_it_arrives)
{
	const struct refused_head *row = &refused_heads[_i];
	struct outcome want = {HTTP_REQUEST_BAD, row->status, 0, row->why};

	assert_every_way(row->text, row->len, want);
}
END_TEST

START_TEST(what_can_never_become_a_request_is_refused_at_once)
{
	char *guard = guard_new();
	struct outcome want = {HTTP_REQUEST_BAD, 400, 0, NULL};

	assert_same(parse_anew(guard, "\x16", 1), want, 1);
	assert_same(parse_anew(guard, "\n", 1), want, 1);
	assert_same(parse_anew(guard, "GET /\n", 6), want, 6);
	assert_same(parse_anew(guard, "G\0", 2), want, 2);
	assert_same(parse_anew(guard, "\r\n\r\n", 4), want, 4);
}
END_TEST

static const struct {
	const char *text;
	size_t len;
	const char *advice; /* a piece of it; NULL: there is none */
	const char *why;
} advices[] = {
	{TEXT("GET / HTTP/1.1\nHost: a\n\n"), "CR LF", "a bare LF"},
	{TEXT("\r\n\r\n"), "begins with a line", "two empty lines"},
	{TEXT("hello\r\nHost: a" END), "begins with a line", "one word"},
	{TEXT("GET /\r\nHost: a" END), "begins with a line", "no version"},
	{TEXT("GET  / HTTP/1.1\r\nHost: a" END), "begins with a line",
	 "a second space"},
	{TEXT("GET / HTTP/1.1x\r\nHost: a" END), "begins with a line",
	 "no such version"},
	{TEXT("GET /a\\b HTTP/1.1\r\nHost: a" END), "percent-encoded",
	 "a backslash"},
	{TEXT("GET \\ HTTP/1.1\r\nHost: a" END), "percent-encoded",
	 "a backslash alone"},
	{TEXT("GET /a\\\r\nHost: a" END), "percent-encoded",
	 "a backslash at the end"},
	{TEXT("GET /a b HTTP/1.1\r\nHost: a" END), "percent-encoded",
	 "a space in the target"},
	{TEXT("GET / HTTP/1.1\r\n\r\n"), "Host: localhost", "no Host"},
	{TEXT("GET / HTTP/2.0\r\nHost: a" END), NULL, "another version"},
};

START_TEST(a_mistake_that_hands_make_is_explained)
{
	static struct http_request request;
	const char *wanted = advices[_i].advice;
	size_t scanned = 0;

	ck_assert_int_eq(http_request_parse(&request, &http_limits_standard,
					    advices[_i].text, advices[_i].len,
					    &scanned),
			 HTTP_REQUEST_BAD);
	if (!wanted)
		ck_assert_ptr_null(request.advice);
	else
		ck_assert_msg(request.advice && strstr(request.advice, wanted),
			      "%s: %s", advices[_i].why, request.advice);
}
END_TEST

/* --- what the slices point at --- */

START_TEST(the_parts_of_a_request_point_into_the_buffer)
{
	static const char text[] = "OPTIONS http://h/a?b HTTP/1.1\r\n"
				   "Host: \t h:80 \r\n"
				   "X: y z\r\n"
				   "Connection: close" END "rest";
	char *buf = guard_copy(guard_new(), text, sizeof(text) - 1);
	struct http_request request;
	size_t scanned = 0;

	ck_assert_int_eq(http_request_parse(&request, &http_limits_standard,
					    buf, sizeof(text) - 1, &scanned),
			 HTTP_REQUEST_DONE);
	ck_assert(slice_is(request.method_text, "OPTIONS"));
	ck_assert_ptr_eq(request.method_text.ptr, buf);
	ck_assert(slice_is(request.target, "http://h/a?b"));
	ck_assert_ptr_eq(request.target.ptr, buf + strlen("OPTIONS "));
	ck_assert_uint_eq(request.n_fields, 3);
	ck_assert(slice_is(request.fields[0].value, "h:80"));
	ck_assert_int_eq(request.fields[0].id, HTTP_FIELD_HOST);
	ck_assert(slice_is(request.fields[1].value, "y z"));
	ck_assert_int_eq(request.fields[1].id, HTTP_FIELD_OTHER);
	ck_assert(slice_is(request.fields[2].value, "close"));
	ck_assert_int_eq(request.fields[2].id, HTTP_FIELD_CONNECTION);
	ck_assert_uint_eq(request.head_len, sizeof(text) - 1 - strlen("rest"));
}
END_TEST

START_TEST(pipelined_requests_are_taken_off_one_by_one)
{
	static const char text[] =
		"GET /1 HTTP/1.1\r\nHost: a" END "\r\nHEAD /22 HTTP/1.0" END
		"POST /3 HTTP/1.1\r\nHost: a\r\n"
		"Content-Length: 4" END "GET ";
	static const char *const targets[] = {"/1", "/22", "/3"};
	static const bool contents[] = {false, false, true};
	static struct http_request request;
	size_t at = 0, left = sizeof(text) - 1;

	for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
		size_t scanned = 0;

		ck_assert_int_eq(
			http_request_parse(&request, &http_limits_standard,
					   text + at, left - at, &scanned),
			HTTP_REQUEST_DONE);
		ck_assert(slice_is(request.target, targets[i]));
		ck_assert_int_eq(request.has_content, contents[i]);
		at += request.head_len;
	}
	ck_assert_str_eq(text + at, "GET ");
}
END_TEST

START_TEST(nothing_of_an_earlier_request_is_left_in_the_struct)
{
	struct http_request request;
	size_t scanned = 0;

	memset(&request, 0xff, sizeof(request));
	ck_assert_int_eq(http_request_parse(&request, &http_limits_standard,
					    TEXT(GET "\r\n"), &scanned),
			 HTTP_REQUEST_DONE);
	ck_assert_uint_eq(request.n_fields, 1);
	ck_assert_uint_eq(request.minor, 1);
	ck_assert(!request.has_content);
	ck_assert(request.keep_alive);
}
END_TEST

static const struct method_row {
	const char *head;
	enum http_method method;
	const char *why;
} bad_methods[] = {
	{"HEAD / HTTP/1.1" END, HTTP_METHOD_HEAD, "no Host"},
	{"HEAD / HTTP/2.0" END, HTTP_METHOD_HEAD, "another version"},
	{"GET / HTTP/1.1" END, HTTP_METHOD_GET, "no Host"},
	{"GET / HTTP/1.1\n", HTTP_METHOD_UNKNOWN, "not read so far"},
	{"\x16\x03\x01", HTTP_METHOD_UNKNOWN, "no method at all"},
};

/* The answer to HEAD has no content, even when it is an error. */
START_TEST(a_refused_head_has_its_method_or_none)
{
	const struct method_row *row = &bad_methods[_i];
	static struct http_request request;
	size_t scanned = 0;

	request.method = HTTP_METHOD_HEAD;
	if (row->method == HTTP_METHOD_HEAD)
		request.method = HTTP_METHOD_GET;
	ck_assert_int_eq(http_request_parse(&request, &http_limits_standard,
					    row->head, strlen(row->head),
					    &scanned),
			 HTTP_REQUEST_BAD);
	ck_assert_msg(request.method == row->method, "%s", row->why);
}
END_TEST

START_TEST(the_lines_of_one_field_are_found_in_order)
{
	static const char text[] = GET "Connection: a\r\nX: b\r\n"
				       "connection: c" END;
	const struct http_field *field;
	struct http_request request;
	size_t scanned = 0, at = 0;

	ck_assert_int_eq(http_request_parse(&request, &http_limits_standard,
					    text, sizeof(text) - 1, &scanned),
			 HTTP_REQUEST_DONE);
	field = http_request_next(&request, HTTP_FIELD_CONNECTION, &at);
	ck_assert_ptr_nonnull(field);
	ck_assert(slice_is(field->value, "a"));
	field = http_request_next(&request, HTTP_FIELD_CONNECTION, &at);
	ck_assert_ptr_nonnull(field);
	ck_assert(slice_is(field->value, "c"));
	ck_assert_ptr_null(
		http_request_next(&request, HTTP_FIELD_CONNECTION, &at));
	ck_assert_ptr_null(
		http_request_next(&request, HTTP_FIELD_CONNECTION, &at));
	at = 0;
	ck_assert_ptr_null(
		http_request_next(&request, HTTP_FIELD_TRANSFER_ENCODING, &at));
}
END_TEST

/* --- the suite --- */

static void add_tables(Suite *suite)
{
	TCase *tcase = harness_case(suite, "accepted");
	int n = (int)ARRAY_LEN(accepted_heads);

	tcase_add_loop_test(tcase, a_valid_head_is_accepted_however_it_arrives,
			    0, n);
	tcase_add_loop_test(tcase, a_valid_head_means_what_it_says, 0, n);
	tcase_add_loop_test(tcase, a_head_that_is_cut_short_asks_for_more, 0,
			    n);

	tcase = harness_case(suite, "refused");
	tcase_add_loop_test(tcase, what_cannot_begin_a_request_is_told_at_once,
			    0, (int)ARRAY_LEN(early_heads));
	tcase_add_loop_test(tcase, a_wrong_head_is_refused_however_it_arrives,
			    0, (int)ARRAY_LEN(refused_heads));
	tcase_add_test(tcase,
		       what_can_never_become_a_request_is_refused_at_once);
	tcase_add_loop_test(tcase, a_mistake_that_hands_make_is_explained, 0,
			    (int)ARRAY_LEN(advices));
}

static void add_parts(Suite *suite)
{
	TCase *tcase = harness_case(suite, "parts");

	tcase_add_test(tcase, the_parts_of_a_request_point_into_the_buffer);
	tcase_add_test(tcase, pipelined_requests_are_taken_off_one_by_one);
	tcase_add_test(tcase,
		       nothing_of_an_earlier_request_is_left_in_the_struct);
	tcase_add_loop_test(tcase, a_refused_head_has_its_method_or_none, 0,
			    (int)ARRAY_LEN(bad_methods));
	tcase_add_test(tcase, the_lines_of_one_field_are_found_in_order);
}

int main(void)
{
	Suite *suite = suite_create("request");

	add_tables(suite);
	add_parts(suite);
	return harness_run_together(suite);
}
