/* SPDX-License-Identifier: MIT */
#ifndef HTTP_CODING_H
#define HTTP_CODING_H

#include <stdbool.h>

#include "http/request.h"

/*
 * Content codings that a file can be stored in beside itself, best first: the
 * order is ours where the peer has no preference.
 */
enum http_coding {
	HTTP_CODING_BR,
	HTTP_CODING_ZSTD,
	HTTP_CODING_GZIP,
	HTTP_CODING_IDENTITY,
	HTTP_CODING_N,
	HTTP_CODING_REFUSED = HTTP_CODING_N, /* nothing that we have will do */
};

/* The name of a coding, as in Content-Encoding: "br", "zstd", "gzip". */
const char *http_coding_name(enum http_coding coding);

/* The file name's suffix: ".br", ".zst", ".gz"; "" for identity. */
const char *http_coding_suffix(enum http_coding coding);

/*
 * Chooses by Accept-Encoding (RFC 9110, 12.5.3) among the codings whose bit
 * (1 << coding) is set in available; identity always is.
 */
enum http_coding http_coding_choose(const struct http_request *request,
				    unsigned available);

/*
 * Whether Accept prefers JSON to HTML (12.5.1); the more specific range wins,
 * and HTML wins a tie.
 */
bool http_accept_prefers_json(const struct http_request *request);

#endif
