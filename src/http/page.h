/* SPDX-License-Identifier: MIT */
#ifndef HTTP_PAGE_H
#define HTTP_PAGE_H

#include "base/text.h"

#define HTTP_PAGE_MAX  1024 /* bytes that http_page_write() adds at most */
#define HTTP_PAGE_TYPE "text/html; charset=utf-8"

/*
 * Adds a small valid HTML page whose heading is the status and its reason,
 * such as "404 Not Found", and below it the advice, which is HTML; NULL for
 * what http_status_advice() has. Says nothing that a peer sent.
 */
void http_page_write(struct text *text, unsigned status, const char *advice);

/* For a 404 whose target ends in a slash, on a server that lists nothing. */
extern const char http_page_no_index[];

#endif
