/* SPDX-License-Identifier: MIT */
/*
 * The limits when nobody has chosen others. The server's settings have the same
 * in words; a test holds the two together.
 */
#include "loop/limits.h"

#include "base/clock.h"

const struct limits limits_standard = {
	.max_connections = UINT64_MAX,
	.max_per_address = UINT64_MAX,
	.tcp_idle_ns = 300 * CLOCK_NS_PER_S,
	.http_idle_ns = 65 * CLOCK_NS_PER_S,
	.header_ns = 10 * CLOCK_NS_PER_S,
	.send_ns = 60 * CLOCK_NS_PER_S,
	.linger_ns = 5 * CLOCK_NS_PER_S,
	.parting_ns = CLOCK_NS_PER_S,
	.drain_ns = 30 * CLOCK_NS_PER_S,
	.accept_pause_ns = 100 * CLOCK_NS_PER_MS,
	.turn_bytes = 2 << 20, /* half a millisecond of copying */
	.turn_requests = 64,
	.header_fields = 100,
	.header_size = 16 << 10,
	.request_line_size = 8 << 10,
	.cache_size = 64 << 20,
	.cache_files = 16384,
	.cache_file_size = 64 << 10,
	.cache_open_ns = 10 * CLOCK_NS_PER_S,
	.listing_size = 16 << 20,
	.listings_size = 64 << 20,
};
