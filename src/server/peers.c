/* SPDX-License-Identifier: MIT */
/*
 * Connections one by one, for who looks at them: three calls to the kernel for
 * each, so there is a bound, however many there are.
 */
#include "server/peers.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>

#include "loop/conn.h"

/* Older kernels tell less: what they leave out is 0. */
static void ask_kernel(int fd, struct peer *peer)
{
	struct tcp_info info = {0};
	socklen_t len = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0)
		return;
	peer->has_tcp = true;
	peer->n_received = info.tcpi_bytes_received;
	peer->rtt_us = info.tcpi_rtt;
	peer->n_retransmitted = info.tcpi_total_retrans;
}

/* Returns false for one that the peer has left in this moment. */
static bool describe_peer(struct conn *conn, struct peer *peer)
{
	*peer = (struct peer){
		.service = conn->ops->service,
		.age_ns = loop_now_ns(conn->loop) - conn->since_ns,
		.n_sent = conn->n_sent,
	};
	if (conn_address(conn, &peer->address) < 0)
		return false;
	ask_kernel(conn->fd, peer);
	return true;
}

size_t peers_list(struct loop *loop, struct peer list[PEERS_MAX])
{
	const struct list_node *const heads[] = {&loop->conns, &loop->drained};
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(heads); i++)
		for (struct list_node *node = heads[i]->prev;
		     node != heads[i] && n < PEERS_MAX; node = node->prev)
			n += describe_peer(
				CONTAINER_OF(node, struct conn, node),
				&list[n]);
	return n;
}
