/* SPDX-License-Identifier: MIT */
/*
 * Whether a service works, wherever it is: one exchange over its socket.
 */
#include "e2e_service.h"

#include <string.h>
#include <unistd.h>

#include "e2e_http.h"
#include "e2e_sock.h"
#include "harness.h"

#define FILE_NAME "file.txt"

void service_write_file(const char *root)
{
	folder_write_text(root, FILE_NAME, SERVICE_FILE_TEXT);
}

void service_expect_file(int fd)
{
	struct response response;

	http_get(fd, "/" FILE_NAME, &response);
	http_expect(&response, 200, SERVICE_FILE_TEXT,
		    strlen(SERVICE_FILE_TEXT));
	http_clear(&response);
}

void service_expect(const struct endpoint *endpoint)
{
	bool is_v6 = strchr(endpoint->host, ':') != NULL;
	int fd;

	if (endpoint->service == SERVICE_UDP) {
		fd = udp_bind(is_v6 ? "::1" : "127.0.0.1", 0);
		udp_connect_to(fd, endpoint->host, endpoint->port);
		udp_exchange(fd, "hello", 5);
	} else {
		fd = tcp_try_connect(endpoint->host, endpoint->port);
		ck_assert_int_ge(fd, 0);
		if (endpoint->service == SERVICE_TCP)
			tcp_exchange(fd, "hello", 5);
		else
			service_expect_file(fd);
	}
	(void)close(fd);
}

void service_expect_all(const struct server *server)
{
	for (size_t i = 0; i < server->n_endpoints; i++)
		service_expect(&server->endpoints[i]);
}
