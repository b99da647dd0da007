/* SPDX-License-Identifier: MIT */
#ifndef TESTS_E2E_SERVICE_H
#define TESTS_E2E_SERVICE_H

#include "e2e_server.h"

#define SERVICE_FILE_TEXT "some text\n" /* of file.txt */

/* Makes the file that the functions below ask for. */
void service_write_file(const char *root);

/* That the file comes, on a connection to the HTTP service. */
void service_expect_file(int fd);

/* That the service behind this socket of the server works. */
void service_expect(const struct endpoint *endpoint);

/* The same of all sockets that the server has told of. */
void service_expect_all(const struct server *server);

#endif
