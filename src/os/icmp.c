/* SPDX-License-Identifier: MIT */
/*
 * What the network says about datagrams that it did not deliver. A socket that
 * is not connected hears nothing of that by itself, since the kernel cannot
 * tell it which of many destinations an error is about; the error queue can
 * (ip(7), IP_RECVERR).
 */
#include "os/icmp.h"

#include <errno.h>
#include <string.h>
/* Before the kernel's header, which needs its timespec. */
#include <time.h>

#include <linux/errqueue.h>
#include <sys/uio.h>

int icmp_listen(int fd, int family)
{
	int on = 1;

	/* An IPv6 socket may send to IPv4, as ::ffff:192.0.2.1, too. */
	if (family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof(on)) < 0)
		return -1;
	return setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof(on));
}

/* Reads one control message; false when it is no ICMP error. */
static bool read_error(struct cmsghdr *each, struct icmp_news *news)
{
	bool is_v4 =
		each->cmsg_level == IPPROTO_IP && each->cmsg_type == IP_RECVERR;
	bool is_v6 = each->cmsg_level == IPPROTO_IPV6 &&
		     each->cmsg_type == IPV6_RECVERR;
	struct sock_extended_err *error =
		(struct sock_extended_err *)(void *)CMSG_DATA(each);
	const struct sockaddr *from = SO_EE_OFFENDER(error);

	if ((!is_v4 && !is_v6) || (error->ee_origin != SO_EE_ORIGIN_ICMP &&
				   error->ee_origin != SO_EE_ORIGIN_ICMP6))
		return false;
	news->error = (int)error->ee_errno;
	news->version = error->ee_origin == SO_EE_ORIGIN_ICMP ? 4 : 6;
	news->type = error->ee_type;
	news->code = error->ee_code;
	news->from = (struct address){0};
	if (from->sa_family == AF_INET)
		news->from.len = sizeof(news->from.sa.in4);
	else if (from->sa_family == AF_INET6)
		news->from.len = sizeof(news->from.sa.in6);
	memcpy(&news->from.sa, from, news->from.len);
	return true;
}

int icmp_take(int fd, struct icmp_news *news)
{
	_Alignas(struct cmsghdr) char control[512];
	for (;;) {
		struct iovec iov = {news->sent, sizeof(news->sent)};
		struct msghdr header = {
			.msg_name = &news->to.sa,
			.msg_namelen = sizeof(news->to.sa),
			.msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = control,
			.msg_controllen = sizeof(control),
		};

		ssize_t n = recvmsg(fd, &header, MSG_ERRQUEUE | MSG_DONTWAIT);

		if (n < 0) {
			if (errno == EINTR)
				continue;
			return errno == EAGAIN ? 0 : -1;
		}
		news->n_sent = (size_t)n;
		news->to.len = header.msg_namelen;
		for (struct cmsghdr *each = CMSG_FIRSTHDR(&header); each;
		     each = CMSG_NXTHDR(&header, each))
			if (read_error(each, news))
				return 1;
	}
}

static const struct {
	int version;
	uint8_t type;
	int code; /* -1: any */
	const char *name;
} names[] = {
	{4, 3, 0, "network unreachable"},
	{4, 3, 1, "host unreachable"},
	{4, 3, 3, "port unreachable"},
	{4, 3, 4, "fragmentation needed"},
	{4, 3, 9, "network administratively prohibited"},
	{4, 3, 10, "host administratively prohibited"},
	{4, 3, 13, "communication administratively prohibited"},
	{4, 3, -1, "destination unreachable"},
	{4, 11, -1, "time exceeded"},
	{6, 1, 0, "no route to destination"},
	{6, 1, 1, "communication administratively prohibited"},
	{6, 1, 3, "address unreachable"},
	{6, 1, 4, "port unreachable"},
	{6, 1, -1, "destination unreachable"},
	{6, 2, -1, "packet too big"},
	{6, 3, -1, "time exceeded"},
};

const char *icmp_name(const struct icmp_news *news)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (names[i].version == news->version &&
		    names[i].type == news->type &&
		    (names[i].code == news->code || names[i].code < 0))
			return names[i].name;
	return "error";
}
