/* SPDX-License-Identifier: MIT */
/*
 * uppercase-client: sends text to an uppercase server, prints what comes back.
 * All of it is in the library, where tests reach it.
 */
#include "client/session.h"

int main(int argc, char **argv)
{
	return (int)client_main(argc, argv);
}
