/* SPDX-License-Identifier: MIT */
/*
 * From the system's reason to the next thing to look at. The system says what
 * is wrong ("Connection refused"); the people in a network lab want to know
 * what that means about their server, their address or their route.
 */
#include "cli/advice.h"

#include <errno.h>
#include <stddef.h>

const char *advice_for(int error, bool is_udp)
{
	switch (error) {
	case ECONNREFUSED:
		return is_udp ? "nothing listens there: is the server running, "
				"and is this its UDP port?"
			      : "nothing listens there: is the server running, "
				"and is this its TCP port?";
	case ETIMEDOUT:
		return "is the address right, is that host up, and does a "
		       "firewall between drop what is sent there?";
	case ENETUNREACH:
	case EHOSTUNREACH:
	case ENETDOWN:
	case EHOSTDOWN:
		return "no way there from this host: is the address right, and "
		       "is this host connected to that network?";
	case ECONNRESET:
	case EPIPE:
		return "the server ended the connection: see what it says "
		       "itself";
	case EACCES:
	case EPERM:
		return "this host does not let it out: is it a broadcast "
		       "address, or does a local firewall forbid it?";
	case EADDRNOTAVAIL:
		return "this pair of address and port is in use: choose "
		       "another source port or leave it out";
	case EMSGSIZE:
		return "too long for a datagram on this way: shorten it, or "
		       "use TCP";
	case EINVAL:
		return "can that destination be reached from that source "
		       "address?";
	case EAFNOSUPPORT:
		return "this host does not speak that version of IP";
	default:
		return NULL;
	}
}

const char *advice_for_bind(int error)
{
	switch (error) {
	case EADDRINUSE:
		return "another program has this port: choose another source "
		       "port or leave it out";
	case EADDRNOTAVAIL:
		return "is that an address of this host?";
	case EACCES:
		return "ports below 1024 are for the administrator: choose "
		       "another source port or leave it out";
	default:
		return NULL;
	}
}

const char *advice_for_output(int error)
{
	switch (error) {
	case EPIPE:
		return "whoever read it has left";
	case ENOSPC:
	case EDQUOT:
		return "make room there, or write elsewhere";
	case EBADF:
		return "it is closed, or open for reading only";
	default:
		return NULL;
	}
}
