/* SPDX-License-Identifier: MIT */
/*
 * Datagrams in batches: recvmmsg(2) fills the slots, sendmmsg(2) empties them.
 *
 * Over a connected socket that is all; a single datagram goes by recv(2) and
 * send(2), which cost less. Otherwise a slot's message header serves both ways,
 * so answering costs no copy: the source stays in msg_name, and control data
 * that says "came to this address" is answered by control data that says "leave
 * from this address".
 *
 * Dropped slots are closed up before sending: the headers that remain stand in
 * one row, and one cursor moves along it by what the kernel accepted.
 */
#include "os/datagram.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

/*
 * The spare bytes make a full slot's end visible, and keep the slots' starts
 * from falling on the same few sets of the processor's cache, as multiples of
 * 64 KiB would.
 */
#define SLOT_SIZE (65536 + 64 * 3)

/* Control data: which source the answer needs; and with it the drop count. */
#define ASKED_SIZE CMSG_SPACE(sizeof(struct in6_pktinfo))
#define TOLD_SIZE  (ASKED_SIZE + CMSG_SPACE(sizeof(uint32_t)))

struct slot {
	struct address source;
	struct iovec iov;
	bool dropped;
	_Alignas(struct cmsghdr) char told[TOLD_SIZE];	 /* by the kernel */
	_Alignas(struct cmsghdr) char asked[ASKED_SIZE]; /* of the kernel */
};

struct datagram_batch {
	size_t n;      /* slots in use, ... */
	size_t n_done; /* ... of which so many were sent or dropped */
	size_t slot_size;
	struct mmsghdr headers[DATAGRAM_CONNECTED_BATCH];
	struct slot slots[DATAGRAM_CONNECTED_BATCH];
	char bytes[];
};

/* Makes slot i ready to receive into. */
static void prepare_slot(struct datagram_batch *batch, size_t i)
{
	struct slot *slot = &batch->slots[i];
	struct msghdr *header = &batch->headers[i].msg_hdr;

	slot->dropped = false;
	slot->iov.iov_len = batch->slot_size;
	/* Closing up has put other slots' headers here. */
	header->msg_iov = &slot->iov;
	header->msg_name = &slot->source.sa;
	header->msg_namelen = sizeof(slot->source.sa);
	header->msg_control = slot->told;
	header->msg_controllen = TOLD_SIZE;
}

static struct datagram_batch *new_batch(size_t n, size_t slot_size,
					bool is_connected)
{
	struct datagram_batch *batch =
		calloc(1, sizeof(*batch) + n * slot_size);

	if (!batch)
		return NULL;
	batch->slot_size = slot_size;
	for (size_t i = 0; i < n; i++) {
		batch->slots[i].iov.iov_base = batch->bytes + i * slot_size;
		batch->headers[i].msg_hdr.msg_iov = &batch->slots[i].iov;
		batch->headers[i].msg_hdr.msg_iovlen = 1;
		if (!is_connected)
			prepare_slot(batch, i);
	}
	return batch;
}

struct datagram_batch *datagram_batch_new(void)
{
	return new_batch(DATAGRAM_BATCH, SLOT_SIZE, false);
}

struct datagram_batch *datagram_batch_new_connected(size_t slot_size)
{
	return new_batch(DATAGRAM_CONNECTED_BATCH, slot_size, true);
}

void datagram_batch_free(struct datagram_batch *batch)
{
	free(batch);
}

/*
 * Sets the address that the answer leaves from to the one that the datagram
 * came to. ipi_spec_dst is ours even when the datagram was a broadcast.
 */
static size_t put_ip_source(struct slot *slot, const struct cmsghdr *got)
{
	struct in_pktinfo to, from = {0};
	struct cmsghdr *out = (struct cmsghdr *)(void *)slot->asked;

	memcpy(&to, CMSG_DATA(got), sizeof(to));
	from.ipi_spec_dst = to.ipi_spec_dst;
	out->cmsg_level = IPPROTO_IP;
	out->cmsg_type = IP_PKTINFO;
	out->cmsg_len = CMSG_LEN(sizeof(from));
	memcpy(CMSG_DATA(out), &from, sizeof(from));
	return CMSG_SPACE(sizeof(from));
}

/*
 * The same for IPv6. The interface goes with it: a link-local address means
 * nothing without. A datagram sent to a group gets its answer from whatever
 * address the kernel picks.
 */
static size_t put_ipv6_source(struct slot *slot, const struct cmsghdr *got)
{
	struct in6_pktinfo to;
	struct cmsghdr *out = (struct cmsghdr *)(void *)slot->asked;

	memcpy(&to, CMSG_DATA(got), sizeof(to));
	if (IN6_IS_ADDR_MULTICAST(&to.ipi6_addr))
		return 0;
	out->cmsg_level = IPPROTO_IPV6;
	out->cmsg_type = IPV6_PKTINFO;
	out->cmsg_len = CMSG_LEN(sizeof(to));
	memcpy(CMSG_DATA(out), &to, sizeof(to));
	return CMSG_SPACE(sizeof(to));
}

/* Reads what the kernel told of slot i and writes what it needs to answer. */
static void turn_control(struct datagram_batch *batch, size_t i,
			 uint32_t *kernel_lost)
{
	struct msghdr *header = &batch->headers[i].msg_hdr;
	struct slot *slot = &batch->slots[i];
	struct cmsghdr *each, *following;
	size_t len = 0;

	for (each = CMSG_FIRSTHDR(header); each; each = following) {
		following = CMSG_NXTHDR(header, each);
		if (each->cmsg_level == SOL_SOCKET &&
		    each->cmsg_type == SO_RXQ_OVFL)
			memcpy(kernel_lost, CMSG_DATA(each),
			       sizeof(*kernel_lost));
		else if (each->cmsg_level == IPPROTO_IP &&
			 each->cmsg_type == IP_PKTINFO)
			len = put_ip_source(slot, each);
		else if (each->cmsg_level == IPPROTO_IPV6 &&
			 each->cmsg_type == IPV6_PKTINFO)
			len = put_ipv6_source(slot, each);
	}
	header->msg_control = len > 0 ? slot->asked : NULL;
	header->msg_controllen = len;
}

int datagram_receive(int fd, struct datagram_batch *batch, size_t most,
		     uint32_t *kernel_lost)
{
	int n;

	/* The slots beyond the last batch were not touched since. */
	for (size_t i = 0; i < batch->n; i++)
		prepare_slot(batch, i);
	batch->n = batch->n_done = 0;
	n = recvmmsg(fd, batch->headers, (unsigned)most, MSG_DONTWAIT, NULL);
	if (n < 0)
		return -1;
	batch->n = (size_t)n;
	for (size_t i = 0; i < batch->n; i++) {
		struct slot *slot = &batch->slots[i];

		slot->iov.iov_len = batch->headers[i].msg_len;
		slot->source.len = batch->headers[i].msg_hdr.msg_namelen;
		turn_control(batch, i, kernel_lost);
	}
	return n;
}

char *datagram_bytes(struct datagram_batch *batch, size_t i, size_t *len)
{
	*len = batch->slots[i].iov.iov_len;
	return batch->slots[i].iov.iov_base;
}

const struct address *datagram_source(struct datagram_batch *batch, size_t i)
{
	return &batch->slots[i].source;
}

void datagram_drop(struct datagram_batch *batch, size_t i)
{
	batch->slots[i].dropped = true;
}

/* Moves headers of kept slots together, from `at` on; returns their end. */
static size_t close_up(struct datagram_batch *batch, size_t at, size_t n)
{
	for (size_t i = at; i < n; i++) {
		if (batch->slots[i].dropped)
			continue;
		if (at != i)
			batch->headers[at] = batch->headers[i];
		at++;
	}
	return at;
}

size_t datagram_send(int fd, struct datagram_batch *batch, size_t n)
{
	size_t at = batch->n_done, end, n_refused = 0;

	if (n > batch->n)
		n = batch->n;
	end = close_up(batch, at, n);
	batch->n_done = n;
	while (at < end) {
		int sent = sendmmsg(fd, batch->headers + at,
				    (unsigned)(end - at), MSG_DONTWAIT);

		if (sent > 0) {
			at += (size_t)sent;
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno == EAGAIN || errno == ENOBUFS)
			return n_refused + (end - at);
		at++;
		n_refused++;
	}
	return n_refused;
}

/* --- one answer, kept for later --- */

struct datagram_letter {
	struct address to;
	struct iovec iov;
	struct msghdr header;
	_Alignas(struct cmsghdr) char asked[ASKED_SIZE];
	char bytes[];
};

struct datagram_letter *datagram_keep(const struct datagram_batch *batch,
				      size_t i)
{
	const struct slot *slot = &batch->slots[i];
	const struct msghdr *header = &batch->headers[i].msg_hdr;
	struct datagram_letter *letter =
		malloc(sizeof(*letter) + slot->iov.iov_len);

	if (!letter)
		return NULL;
	letter->to = slot->source;
	letter->iov = (struct iovec){letter->bytes, slot->iov.iov_len};
	letter->header = (struct msghdr){
		.msg_name = &letter->to.sa,
		.msg_namelen = slot->source.len,
		.msg_iov = &letter->iov,
		.msg_iovlen = 1,
		.msg_control = header->msg_control ? letter->asked : NULL,
		.msg_controllen = header->msg_controllen,
	};
	memcpy(letter->asked, slot->asked, sizeof(letter->asked));
	memcpy(letter->bytes, slot->iov.iov_base, slot->iov.iov_len);
	return letter;
}

int datagram_send_letter(int fd, struct datagram_letter *letter)
{
	ssize_t sent;

	do
		sent = sendmsg(fd, &letter->header,
			       MSG_DONTWAIT | MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? -1 : 0;
}

/* --- over a connected socket --- */

static int receive_one(int fd, struct datagram_batch *batch)
{
	struct iovec *iov = &batch->slots[0].iov;
	ssize_t n = recv(fd, iov->iov_base, batch->slot_size, 0);

	if (n < 0)
		return -1;
	iov->iov_len = (size_t)n;
	return 1;
}

int datagram_receive_connected(int fd, struct datagram_batch *batch,
			       size_t most)
{
	int n;

	if (most == 1)
		return receive_one(fd, batch);
	for (size_t i = 0; i < most; i++)
		batch->slots[i].iov.iov_len = batch->slot_size;
	n = recvmmsg(fd, batch->headers, (unsigned)most, 0, NULL);
	for (int i = 0; i < n; i++)
		batch->slots[i].iov.iov_len = batch->headers[i].msg_len;
	return n;
}

char *datagram_set_len(struct datagram_batch *batch, size_t i, size_t len)
{
	batch->slots[i].iov.iov_len = len;
	return batch->slots[i].iov.iov_base;
}

int datagram_send_connected(int fd, struct datagram_batch *batch, size_t n)
{
	const struct iovec *iov = &batch->slots[0].iov;

	if (n == 1)
		return send(fd, iov->iov_base, iov->iov_len, MSG_NOSIGNAL) < 0
			       ? -1
			       : 1;
	return sendmmsg(fd, batch->headers, (unsigned)n, MSG_NOSIGNAL);
}
