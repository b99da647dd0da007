/* SPDX-License-Identifier: MIT */
#ifndef TESTS_INTERPOSE_H
#define TESTS_INTERPOSE_H

/* The rules have this many bytes; NULs fill them up. */
#define INTERPOSE_SIZE 256

/*
 * The file that test and program share: what the one wants, and what the other
 * notes of its first process.
 */
struct interpose_page {
	char rules[INTERPOSE_SIZE];
	volatile unsigned n_failed;   /* calls that a rule let fail, ever */
	volatile unsigned is_waiting; /* it is in epoll_wait() */
};

#endif
