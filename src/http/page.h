/* SPDX-License-Identifier: MIT */
#ifndef HTTP_PAGE_H
#define HTTP_PAGE_H

#include "base/text.h"

#define HTTP_PAGE_MAX  1024 /* bytes that http_page_write() adds at most */
#define HTTP_PAGE_TYPE "text/html; charset=utf-8"

/*
 * Adds a small valid HTML page whose heading is the status and its reason,
 * such as "404 Not Found". Says nothing that a peer sent.
 */
void http_page_write(struct text *text, unsigned status);

#endif
