/* SPDX-License-Identifier: MIT */
/*
 * recvmmsg(2) and sendmmsg(2) over slots of equal size. A single datagram
 * goes by recv(2) and send(2), which cost less.
 */
#include "load/batch.h"

#include <stdlib.h>
#include <sys/socket.h>

struct batch {
	size_t slot_size;
	char *slots;
	struct iovec iov[BATCH_MAX];
	struct mmsghdr msgs[BATCH_MAX];
};

struct batch *batch_new(size_t slot_size)
{
	struct batch *batch = calloc(1, sizeof(*batch));

	if (!batch)
		return NULL;
	batch->slot_size = slot_size;
	batch->slots = malloc(slot_size * BATCH_MAX);
	if (!batch->slots) {
		free(batch);
		return NULL;
	}
	for (size_t i = 0; i < BATCH_MAX; i++) {
		batch->iov[i].iov_base = batch_slot(batch, i);
		batch->msgs[i].msg_hdr.msg_iov = &batch->iov[i];
		batch->msgs[i].msg_hdr.msg_iovlen = 1;
	}
	return batch;
}

void batch_free(struct batch *batch)
{
	if (!batch)
		return;
	free(batch->slots);
	free(batch);
}

char *batch_slot(struct batch *batch, size_t i)
{
	return batch->slots + i * batch->slot_size;
}

int batch_receive(struct batch *batch, int fd, size_t max)
{
	if (max == 1) {
		ssize_t n = recv(fd, batch->slots, batch->slot_size, 0);

		if (n < 0)
			return -1;
		batch->msgs[0].msg_len = (unsigned)n;
		return 1;
	}
	for (size_t i = 0; i < max; i++)
		batch->iov[i].iov_len = batch->slot_size;
	return recvmmsg(fd, batch->msgs, (unsigned)max, 0, NULL);
}

size_t batch_len(const struct batch *batch, size_t i)
{
	return batch->msgs[i].msg_len;
}

void batch_set_len(struct batch *batch, size_t i, size_t len)
{
	batch->iov[i].iov_len = len;
}

int batch_send(struct batch *batch, int fd, size_t n)
{
	if (n == 1) {
		ssize_t sent = send(fd, batch->slots, batch->iov[0].iov_len,
				    MSG_NOSIGNAL);

		return sent < 0 ? -1 : 1;
	}
	return sendmmsg(fd, batch->msgs, (unsigned)n, MSG_NOSIGNAL);
}
