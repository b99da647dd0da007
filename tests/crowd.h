/* SPDX-License-Identifier: MIT */
#ifndef TESTS_CROWD_H
#define TESTS_CROWD_H

#include <stdbool.h>
#include <stdint.h>

#define CROWD_FILE "file.txt" /* that they ask for, with this text */
#define CROWD_TEXT "the text of the file that everybody wants\n"

/*
 * Clients of all three services in a process of their own, each of which asks
 * again when it is answered, until they are told to end. They behave well, and
 * so each of these is a failure:
 *
 *	a connection that is refused or reset
 *	one that ends in an answer, or after a request without any
 *	an answer that is wrong, or that does not come in time
 *
 * A connection on which nothing has been asked may end, and one whose answer
 * says "Connection: close" must; then they connect anew. Nothing is asked
 * twice: a request that crosses an end that was not announced has failed.
 */
struct crowd;

/*
 * To these ports of 127.0.0.1. Some, or with is_calm all, rest a little before
 * they ask again.
 */
struct crowd *crowd_start(uint16_t udp, uint16_t tcp, uint16_t http,
			  bool is_calm);

/* Waits until so many requests have been answered in all. */
void crowd_wait(const struct crowd *crowd, unsigned n);

/* What has been answered so far, and by the HTTP service alone. */
unsigned crowd_count(const struct crowd *crowd);
unsigned crowd_count_http(const struct crowd *crowd);

/* How many answers took more than 50 ms. */
unsigned crowd_count_slow(const struct crowd *crowd);

/* How many there were at most between two answers to one of them, in ms. */
unsigned crowd_longest_ms(const struct crowd *crowd);

/*
 * Lets each have its last answer, ends them, and fails the test when a request
 * has failed. Returns how many were answered.
 */
unsigned crowd_finish(struct crowd *crowd);

void crowd_free(struct crowd *crowd);

#endif
