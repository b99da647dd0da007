/* SPDX-License-Identifier: MIT */
#ifndef LOAD_BATCH_H
#define LOAD_BATCH_H

#include <stddef.h>

#include "base/compiler.h"

/*
 * Memory for datagrams that are sent or received together in one system call.
 */
#define BATCH_MAX 64

struct batch;

/* Slots of that many bytes each. NULL when out of memory. */
struct batch *batch_new(size_t slot_size) MUST_CHECK;
void batch_free(struct batch *batch);

/* The memory of slot i, below BATCH_MAX. */
char *batch_slot(struct batch *batch, size_t i);

/*
 * Receives up to max datagrams from a connected socket, cut off at the slots'
 * size. Returns how many, or -1 with errno.
 */
int batch_receive(struct batch *batch, int fd, size_t max) MUST_CHECK;

/* The length of a received datagram, or of one to be sent. */
size_t batch_len(const struct batch *batch, size_t i);
void batch_set_len(struct batch *batch, size_t i, size_t len);

/* Sends the first n slots. Returns how many were sent, or -1 with errno. */
int batch_send(struct batch *batch, int fd, size_t n) MUST_CHECK;

#endif
