/* SPDX-License-Identifier: MIT */
#ifndef LOOP_COUNTERS_H
#define LOOP_COUNTERS_H

#include <stdint.h>

/*
 * Everything that the server counts, in one list: name, and what it means.
 * They only grow. SIGUSR1 writes them to the log, and so does the end.
 */
#define COUNTERS(X)                                                            \
	X(udp_datagrams, "datagrams received")                                 \
	X(udp_kernel_lost, "datagrams lost in the kernel's queue")             \
	X(udp_source_refused, "datagrams from a port or address not answered") \
	X(udp_loop_refused, "datagrams that may be part of an endless loop")   \
	X(udp_send_refused, "answers that the kernel would not take")          \
	X(udp_pauses, "times that receiving stopped for an error")             \
	X(tcp_connections, "connections accepted")                             \
	X(tcp_timeouts, "connections closed for being idle")                   \
	X(tcp_errors, "connections that failed, resets included")              \
	X(http_connections, "connections accepted")                            \
	X(http_requests, "requests answered")                                  \
	X(http_bad_requests, "requests refused as malformed or too large")     \
	X(http_timeouts, "connections closed for being idle or too slow")      \
	X(http_errors, "connections that failed, resets included")             \
	X(http_aborted, "requests broken off before their answer was sent")    \
	X(http_files_shrunk, "files that shrank while they were sent")         \
	X(log_lines_lost, "lines of the access log that were lost")            \
	X(accept_pauses, "times that accepting stopped for a while")           \
	X(accept_errors, "connections that died before they were accepted")    \
	X(shed, "idle connections closed to make room")                        \
	X(out_of_memory, "connections refused for lack of memory")

struct counters {
#define X(name, meaning) uint64_t name;
	COUNTERS(X)
#undef X
};

/* Logs every counter that is not 0, one line each. */
void counters_log(const struct counters *counters);

#endif
