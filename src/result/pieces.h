/* SPDX-License-Identifier: MIT */
#ifndef RESULT_PIECES_H
#define RESULT_PIECES_H

/*
 * What in a report is always the same, as files of their own beside this one
 * that are built in (src/local.mk makes pieces.c of them).
 */

/* report.css */
const char *pieces_style(void);

/* report.html: the page, with the names of what is to be put in in braces. */
const char *pieces_page(void);

/* report_open.html, report_closed.html: how latency is counted. */
const char *pieces_open(void);
const char *pieces_closed(void);

#endif
