/* SPDX-License-Identifier: MIT */
#ifndef OS_DATAGRAM_H
#define OS_DATAGRAM_H

#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "os/address.h"

#define DATAGRAM_BATCH		 32    /* datagrams per system call */
#define DATAGRAM_CONNECTED_BATCH 64    /* the same over a connected socket */
#define DATAGRAM_MAX		 65507 /* the most that fits in an IPv4 packet */

/*
 * A batch of datagrams, received together and answered together. Each answer
 * goes to where its datagram came from and leaves from the address that it
 * came to. The bytes are changed in place between the two.
 */
struct datagram_batch;

/* NULL when out of memory. */
struct datagram_batch *datagram_batch_new(void) MUST_CHECK;
void datagram_batch_free(struct datagram_batch *batch);

/*
 * Receives up to most (1 to DATAGRAM_BATCH) datagrams that wait at the socket.
 * Returns how many, or -1 with errno (EAGAIN when none waits). What the batch
 * held before is gone. *kernel_lost becomes the number of datagrams that the
 * kernel has lost at this socket since it was opened (SO_RXQ_OVFL; wraps at
 * 2^32), and is left alone when the kernel does not tell.
 */
int datagram_receive(int fd, struct datagram_batch *batch, size_t most,
		     uint32_t *kernel_lost) MUST_CHECK;

/* The bytes of datagram i, to be changed in place. */
char *datagram_bytes(struct datagram_batch *batch, size_t i, size_t *len);

/* Where datagram i came from; lives until the next receive. */
const struct address *datagram_source(struct datagram_batch *batch, size_t i);

/* Leaves datagram i without an answer. */
void datagram_drop(struct datagram_batch *batch, size_t i);

/*
 * Sends the answers to the first n datagrams, in order, but those that were
 * dropped, or sent before. Returns how many the kernel would not take: one that
 * it refuses is passed over; when it has no room the rest is dropped.
 */
size_t datagram_send(int fd, struct datagram_batch *batch, size_t n);

/* --- one answer, kept for later --- */

struct datagram_letter;

/* A copy of the answer i; NULL when out of memory. The caller frees it. */
struct datagram_letter *datagram_keep(const struct datagram_batch *batch,
				      size_t i) MUST_CHECK;

/* Sends it. Returns 0, or -1 with errno. */
int datagram_send_letter(int fd, struct datagram_letter *letter) MUST_CHECK;

/* --- over a connected socket, sent and received in turns --- */

/* Slots of that many bytes each. NULL when out of memory. */
struct datagram_batch *datagram_batch_new_connected(size_t slot_size)
	MUST_CHECK;

/*
 * Receives up to most datagrams, cut off at the slots' size. Returns how many,
 * or -1 with errno. What the batch held before is gone.
 */
int datagram_receive_connected(int fd, struct datagram_batch *batch,
			       size_t most) MUST_CHECK;

/* So many bytes of slot i are to be sent; returns where they go. */
char *datagram_set_len(struct datagram_batch *batch, size_t i, size_t len);

/* Sends the first n slots. Returns how many were sent, or -1 with errno. */
int datagram_send_connected(int fd, struct datagram_batch *batch,
			    size_t n) MUST_CHECK;

#endif
