/* SPDX-License-Identifier: MIT */
#ifndef LOOP_COUNTERS_H
#define LOOP_COUNTERS_H

#include <stdint.h>

/*
 * Everything that the server counts, in one list: name, what it means, and how
 * Prometheus calls it behind "uppercase_": a name in "_total" that several may
 * share, each with labels of its own then. They only grow. SIGUSR1 writes them
 * to the log, and so does the end; the admin pages show them.
 */
#define COUNTERS(X)                                                            \
	X(udp_datagrams, "datagrams received", "udp_datagrams_received_total") \
	X(udp_kernel_lost, "datagrams lost in the kernel's queue",             \
	  "udp_datagrams_lost_total")                                          \
	X(udp_source_refused, "datagrams from a port or address not answered", \
	  "udp_datagrams_refused_total{reason=\"source\"}")                    \
	X(udp_loop_refused, "datagrams that may be part of an endless loop",   \
	  "udp_datagrams_refused_total{reason=\"loop\"}")                      \
	X(udp_access_refused, "datagrams refused by --allow and --deny",       \
	  "udp_datagrams_refused_total{reason=\"access\"}")                    \
	X(udp_rate_refused, "datagrams refused by --udp-rate",                 \
	  "udp_datagrams_refused_total{reason=\"rate\"}")                      \
	X(udp_send_refused, "answers that the kernel would not take",          \
	  "udp_replies_failed_total")                                          \
	X(udp_pauses, "times that receiving stopped for an error",             \
	  "udp_pauses_total")                                                  \
	X(tcp_connections, "connections accepted",                             \
	  "connections_accepted_total{service=\"tcp\"}")                       \
	X(tcp_bytes, "bytes answered", "tcp_bytes_total")                      \
	X(tcp_timeouts, "connections closed for being idle",                   \
	  "connections_failed_total{service=\"tcp\",reason=\"timeout\"}")      \
	X(tcp_slow, "connections closed by --min-rate",                        \
	  "connections_failed_total{service=\"tcp\",reason=\"rate\"}")         \
	X(tcp_errors, "connections that failed, resets included",              \
	  "connections_failed_total{service=\"tcp\",reason=\"error\"}")        \
	X(tcp_access_refused, "connections refused by --allow and --deny",     \
	  "connections_rejected_total{service=\"tcp\",reason=\"access\"}")     \
	X(tcp_address_refused, "connections refused by --max-per-address",     \
	  "connections_rejected_total{service=\"tcp\",reason=\"address\"}")    \
	X(tcp_limit_refused, "connections refused by --max-connections",       \
	  "connections_rejected_total{service=\"tcp\",reason=\"limit\"}")      \
	X(tcp_proxy_refused, "connections without a valid PROXY header",       \
	  "connections_rejected_total{service=\"tcp\",reason=\"proxy\"}")      \
	X(http_connections, "connections accepted",                            \
	  "connections_accepted_total{service=\"http\"}")                      \
	X(http_requests, "requests answered", "http_requests_answered_total")  \
	X(http_bad_requests, "requests refused as malformed or too large",     \
	  "http_requests_refused_total")                                       \
	X(http_timeouts, "connections closed for being idle or too slow",      \
	  "connections_failed_total{service=\"http\",reason=\"timeout\"}")     \
	X(http_slow, "connections closed by --min-rate",                       \
	  "connections_failed_total{service=\"http\",reason=\"rate\"}")        \
	X(http_errors, "connections that failed, resets included",             \
	  "connections_failed_total{service=\"http\",reason=\"error\"}")       \
	X(http_access_refused, "connections refused by --allow and --deny",    \
	  "connections_rejected_total{service=\"http\",reason=\"access\"}")    \
	X(http_address_refused, "connections refused by --max-per-address",    \
	  "connections_rejected_total{service=\"http\",reason=\"address\"}")   \
	X(http_limit_refused, "connections refused by --max-connections",      \
	  "connections_rejected_total{service=\"http\",reason=\"limit\"}")     \
	X(http_proxy_refused, "connections without a valid PROXY header",      \
	  "connections_rejected_total{service=\"http\",reason=\"proxy\"}")     \
	X(http_rate_refused, "requests refused by --request-rate",             \
	  "http_requests_limited_total")                                       \
	X(http_aborted, "requests broken off before their answer was sent",    \
	  "http_responses_aborted_total")                                      \
	X(http_files_shrunk, "files that shrank while they were sent",         \
	  "http_files_shrunk_total")                                           \
	X(admin_connections, "connections accepted",                           \
	  "connections_accepted_total{service=\"admin\"}")                     \
	X(admin_replaced, "admin connections that made room for newer ones",   \
	  "connections_rejected_total{service=\"admin\",reason=\"limit\"}")    \
	X(admin_access_refused, "connections refused by --admin-allow",        \
	  "connections_rejected_total{service=\"admin\",reason=\"access\"}")   \
	X(admin_requests, "requests for the admin pages answered",             \
	  "admin_requests_total")                                              \
	X(log_lines_lost, "lines of the access or connection log lost",        \
	  "log_lines_lost_total")                                              \
	X(accept_pauses, "times that accepting stopped for a while",           \
	  "accept_pauses_total")                                               \
	X(accept_paused_ns, "time for which accepting was stopped",            \
	  "accept_paused_seconds_total")                                       \
	X(accept_errors, "connections that died before they were accepted",    \
	  "accept_errors_total")                                               \
	X(shed, "idle connections closed to make room",                        \
	  "connections_shed_total")                                            \
	X(fault_drop, "replies dropped by --fault",                            \
	  "faults_total{kind=\"drop\"}")                                       \
	X(fault_delay, "replies delayed by --fault",                           \
	  "faults_total{kind=\"delay\"}")                                      \
	X(fault_duplicate, "replies sent twice by --fault",                    \
	  "faults_total{kind=\"duplicate\"}")                                  \
	X(fault_reorder, "replies sent behind the next by --fault",            \
	  "faults_total{kind=\"reorder\"}")                                    \
	X(fault_corrupt, "replies changed by --fault",                         \
	  "faults_total{kind=\"corrupt\"}")                                    \
	X(fault_truncate, "replies cut by --fault",                            \
	  "faults_total{kind=\"truncate\"}")                                   \
	X(fault_foreign_port, "replies from another port by --fault",          \
	  "faults_total{kind=\"foreign-port\"}")                               \
	X(fault_drip, "replies sent little by little by --fault",              \
	  "faults_total{kind=\"drip\"}")                                       \
	X(fault_stall, "connections stalled by --fault",                       \
	  "faults_total{kind=\"stall\"}")                                      \
	X(fault_reset, "connections reset by --fault",                         \
	  "faults_total{kind=\"reset\"}")                                      \
	X(fault_close, "connections closed by --fault",                        \
	  "faults_total{kind=\"close\"}")                                      \
	X(fault_status, "requests answered with a status by --fault",          \
	  "faults_total{kind=\"status\"}")                                     \
	X(fault_length, "responses with a wrong length by --fault",            \
	  "faults_total{kind=\"length\"}")                                     \
	X(fault_no_length, "responses without their length by --fault",        \
	  "faults_total{kind=\"no-length\"}")                                  \
	X(fault_lf, "responses with bare line feeds by --fault",               \
	  "faults_total{kind=\"lf\"}")                                         \
	X(fault_no_empty_line, "responses without the empty line by --fault",  \
	  "faults_total{kind=\"no-empty-line\"}")                              \
	X(fault_chunk, "responses with a wrong chunk size by --fault",         \
	  "faults_total{kind=\"chunk\"}")                                      \
	X(fault_skipped, "faults that could not be had",                       \
	  "faults_skipped_total")                                              \
	X(out_of_memory, "connections refused for lack of memory",             \
	  "connections_rejected_total{service=\"any\",reason=\"memory\"}")

struct counters {
#define X(name, meaning, metric) uint64_t name;
	COUNTERS(X)
#undef X
};

/* Logs every counter that is not 0, one line each. */
void counters_log(const struct counters *counters);

#endif
