/* SPDX-License-Identifier: MIT */
#ifndef LOOP_LIMITS_H
#define LOOP_LIMITS_H

#include <stddef.h>
#include <stdint.h>

/* per_s on the average, burst of them at once; 0 and 0: no limit. */
struct limits_rate {
	uint32_t per_s;
	uint32_t burst;
};

/*
 * What an operator or a test may choose about time and memory, over all
 * services. Handed down by the loop; see the settings for what each is for.
 */
struct limits {
	uint64_t max_connections;    /* of the services; or UINT64_MAX */
	uint64_t max_per_address;    /* of one of struct accounts; likewise */
	struct limits_rate udp_rate; /* datagrams of a source address */
	struct limits_rate request_rate; /* HTTP requests of one */
	uint64_t min_rate;     /* bytes a second taken over send_ns; or 0 */
	uint64_t tcp_idle_ns;  /* a TCP connection that moves no byte */
	uint64_t http_idle_ns; /* between two requests on a connection */
	uint64_t header_ns;    /* from a head's first byte to its last: 408 */
	uint64_t send_ns;      /* a peer that takes nothing of an answer */
	uint64_t linger_ns;    /* until the peer must have seen our FIN */
	uint64_t parting_ns;   /* in a drain, for a peer that is idle */
	uint64_t drain_ns;     /* what is not finished by then is cut off */
	uint64_t accept_pause_ns; /* when there is nothing to accept with */
	uint64_t turn_bytes;	  /* moved in a turn before others wait less */
	uint32_t turn_requests;	  /* of one connection in a wake-up */
	uint32_t header_fields;	  /* 431 beyond */
	uint64_t header_size;	  /* of a whole head: 431 beyond */
	uint64_t request_line_size; /* 414 or 501 beyond */
	uint64_t cache_size;	    /* content and entries, in bytes */
	uint64_t cache_files;	    /* entries */
	uint64_t cache_file_size;   /* larger files keep their descriptor */
	uint64_t cache_open_ns;	    /* how long a descriptor stays unused */
	uint64_t listing_size;	    /* of a folder's names; then cut */
	uint64_t listings_size;	    /* of all that are being made */
};

/* The defaults. */
extern const struct limits limits_standard;

#endif
