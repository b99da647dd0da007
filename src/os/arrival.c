/* SPDX-License-Identifier: MIT */
/*
 * When a datagram came, and not when we got round to it: a program that was
 * kept waiting would else take its own delay for the network's.
 *
 * The kernel stamps by the time of day, which may be set meanwhile. So only the
 * age is taken from it, and only one that can be true.
 */
#include "os/arrival.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>

#include "base/clock.h"

#define ARRIVAL_AGE_MAX_S 3600 /* more means that the clock was set */

int arrival_listen(int fd)
{
	int on = 1;

	return setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on));
}

/* How long ago that was; 0 when it cannot be told. */
static uint64_t age_ns(const struct timespec *stamp)
{
	struct timespec now = clock_wall();
	int64_t age_s = (int64_t)now.tv_sec - (int64_t)stamp->tv_sec;
	int64_t age =
		age_s * (int64_t)CLOCK_NS_PER_S + now.tv_nsec - stamp->tv_nsec;

	return age_s > ARRIVAL_AGE_MAX_S || age < 0 ? 0 : (uint64_t)age;
}

/* The time of what was just received. */
static uint64_t arrival_time(struct msghdr *header)
{
	uint64_t now_ns = clock_mono_ns(), age = 0;
	struct timespec stamp;

	for (struct cmsghdr *each = CMSG_FIRSTHDR(header); each;
	     each = CMSG_NXTHDR(header, each)) {
		if (each->cmsg_level != SOL_SOCKET ||
		    each->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		memcpy(&stamp, CMSG_DATA(each), sizeof(stamp));
		age = age_ns(&stamp);
	}
	return age < now_ns ? now_ns - age : now_ns;
}

ssize_t arrival_receive(int fd, void *buf, size_t size, struct address *from,
			uint64_t *at_ns)
{
	_Alignas(struct cmsghdr) char control[256];
	struct iovec iov = {buf, size};
	struct msghdr header = {
		.msg_name = &from->sa,
		.msg_namelen = sizeof(from->sa),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n;

	do
		n = recvmsg(fd, &header, MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -1;
	from->len = header.msg_namelen;
	*at_ns = arrival_time(&header);
	return n;
}
