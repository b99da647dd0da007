/* SPDX-License-Identifier: MIT */
/*
 * Network interfaces by name: what addresses they have at this moment.
 */
#include "os/interface.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>

bool interface_exists(const char *name)
{
	return if_nametoindex(name) != 0;
}

/* Adds the address, if it is one of ours and there is room. */
static void interface_add(const struct sockaddr *sa, struct address *list,
			  size_t max, size_t *n)
{
	struct address *address = &list[*n];

	if (!sa || *n == max ||
	    (sa->sa_family != AF_INET && sa->sa_family != AF_INET6))
		return;
	*address = address_any(sa->sa_family, 0);
	memcpy(&address->sa, sa, address->len);
	address_set_port(address, 0);
	(*n)++;
}

int interface_addresses(const char *name, struct address *list, size_t max,
			size_t *n, const char **cause)
{
	struct ifaddrs *all;

	*n = 0;
	if (getifaddrs(&all) < 0) {
		*cause = strerror(errno);
		return -1;
	}
	for (struct ifaddrs *each = all; each; each = each->ifa_next)
		if (strcmp(each->ifa_name, name) == 0)
			interface_add(each->ifa_addr, list, max, n);
	freeifaddrs(all);
	*cause = "the interface has no address";
	return *n > 0 ? 0 : -1;
}
