/* SPDX-License-Identifier: MIT */
#ifndef TESTS_HARNESS_H
#define TESTS_HARNESS_H

#include <check.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What the end-to-end tests share. They start the real daemon and speak to it
 * over real sockets.
 *
 * Every function that waits does so for a condition and with a deadline, and
 * fails the running test, with what the server has said on its standard error,
 * when the deadline passes. Nothing here returns an error unless it says so.
 *
 * Sockets are blocking; the functions poll before they would block. Whoever
 * opens a descriptor closes it, or leaves it to the end of the test's process.
 */

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* How long anything may take, on a busy machine and under sanitizers. */
#define HARNESS_WAIT_MS 10000

/* For tcase_set_timeout(): a last resort above the waits of one test. */
#define HARNESS_TEST_S 60

/*
 * Runs the suite, frees it, and removes the folders that its tests made.
 * Returns what main() returns.
 */
int harness_run(Suite *suite);

/*
 * The same for tests that leave nothing behind in their process: one process
 * runs them all, where making one for each row of a table would take far longer
 * than the row. A crash ends the program and says after which line. With
 * CK_FORK=yes in the environment each has its own process all the same.
 */
int harness_run_together(Suite *suite);

/* In libcheck's stead: marks where the test is, as often as is of use. */
void harness_mark(const char *file, int line);
#define _mark_point harness_mark

/* Adds a test case to the suite, with the time limit set. */
TCase *harness_case(Suite *suite, const char *name);

/*
 * Adds one whose tests share what set_up makes, once, before the first of them:
 * for rows of a table that change nothing. What fails in tear_down fails the
 * whole program. All such cases of a program share one tear_down.
 */
TCase *harness_shared_case(Suite *suite, const char *name, void (*set_up)(void),
			   void (*tear_down)(void));

/* Milliseconds on a clock that never jumps. */
int64_t harness_now_ms(void);

/* HARNESS_WAIT_MS from now on that clock, and what is left until then. */
int64_t harness_deadline(void);
int harness_left_ms(int64_t deadline);

/* What is called before a test fails, to show more; NULL for nothing. */
void harness_on_failure(void (*show)(void));

/* Fails the test with a message, after showing what is known. */
void harness_fail(const char *fmt, ...)
	__attribute__((format(printf, 1, 2), noreturn));

/*
 * Says on standard output that a test, or what of it, is not run and why. The
 * test counts as skipped, once (tests/summary).
 */
void harness_skip(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * Gives the test's process a network of its own, loopback alone, where every
 * port is free and the caller is root. Returns false where the system does
 * not allow that.
 */
bool harness_own_network(void);

/* Whether ::1 exists here. Says so when it does not. */
bool harness_has_ipv6(void);

/* A pipe that no child inherits. */
void harness_pipe(int fds[2]);

/* Raises the descriptor limit; returns how many the process may have. */
size_t harness_raise_descriptors(void);

/* --- bytes --- */

/* The rule of the services, written a second time: a..z become A..Z. */
void bytes_upper(unsigned char *out, const unsigned char *in, size_t len);

/* Fills with every byte value in an order that does not repeat soon. */
void bytes_pattern(unsigned char *out, size_t len, uint32_t seed);

/* malloc that does not fail. */
void *bytes_new(size_t len);

/* --- folders and files --- */

/* A new empty folder, removed with all in it when the program ends. */
char *folder_new(void);

/* Writes a file; name may have folders in it, which must exist. */
void folder_write(const char *folder, const char *name, const void *data,
		  size_t len);
void folder_write_text(const char *folder, const char *name, const char *text);

/* A text with the folder in place of each "@"; the caller frees it. */
char *folder_insert(const char *folder, const char *text);

/* Writes such a text. */
void folder_write_inserted(const char *folder, const char *name,
			   const char *text);

/* Makes a folder in the folder. */
void folder_add(const char *folder, const char *name);

/* "folder/name"; the caller frees it. */
char *folder_path(const char *folder, const char *name);

#endif
