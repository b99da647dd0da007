/* SPDX-License-Identifier: MIT */
#ifndef TESTS_E2E_CLIENT_H
#define TESTS_E2E_CLIENT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "e2e_program.h"

/* The program under test: $CLIENT or src/uppercase-client. */
const char *client_program(void);

/* Runs it to its end with this text as standard input and these arguments. */
#define client_run(input, ...)                                                 \
	client_run_args(input, (const char *const[]){__VA_ARGS__, NULL})
struct outcome client_run_args(const char *input, const char *const args[]);

/* The same through the shell, as "$0" in the script; $1 is arg. */
struct outcome client_run_shell(const char *script, const char *arg);

/*
 * Checks how a run ended and frees it. err is a text that standard error must
 * contain; with "" it must be empty.
 */
void outcome_expect(struct outcome outcome, int status, const char *out,
		    const char *err);

/* A client that is running. */
struct client {
	pid_t pid;
	int fd;	     /* its standard input and output: a socket or terminal */
	int life_fd; /* a pipe that ends when the client does */
};

/* With a socket as standard input and output; for the functions of e2e_sock. */
struct client client_start(const char *const args[]);

/*
 * With a terminal as standard input, output and error; one that can only go on
 * to the right, or one whose cursor can be moved, so that lines can be edited.
 */
struct client client_start_on_terminal(const char *const args[]);
struct client client_start_on_editing_terminal(const char *const args[]);

/* Waits until the terminal shows this text, which is then passed over. */
void client_expect_shown(struct client *client, const char *text);

/*
 * Waits until this text shows up, whatever is before it. shown receives all of
 * that, the text at its end.
 */
void client_read_until(struct client *client, const char *text, char *shown,
		       size_t size);

/* Types on the terminal. */
void client_type(struct client *client, const char *text);

/* Waits for its end, checks the exit status, closes what is open. */
void client_expect_exit(struct client *client, int status);

/* The most memory that it has had so far. */
size_t client_memory_kib(const struct client *client);

/* A small server on 127.0.0.1, as bad as the test wants it. */
struct peer {
	pid_t pid;
	char port[8];
};

/*
 * Runs serve(fd) in a process of its own; fd is a bound UDP socket or a
 * listening TCP one. It blocks. What serve() does with it ends at peer_stop().
 */
struct peer peer_start(int type, void (*serve)(int fd));
void peer_stop(struct peer *peer);

/* For serve(): the next connection; the next bytes, which must come. */
int peer_accept(int fd);
size_t peer_read(int fd, void *buf, size_t size);
void peer_write(int fd, const char *text);

/* For serve(): waits until what was written has arrived over there. */
void peer_drain(int fd);

/*
 * For serve(): the next datagram as a text of less than 64 bytes, and a
 * datagram to where the last one came from.
 */
const char *peer_receive(int fd);
void peer_answer(int fd, const char *text);

/* A port of 127.0.0.1 on which nothing listens, as text in buf. */
const char *port_without_server(int type, char buf[8]);

/* "12000" in buf. */
const char *port_text(uint16_t port, char buf[8]);

#endif
