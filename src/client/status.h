/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_STATUS_H
#define CLIENT_STATUS_H

/* How a run ends; scripts read these as the exit status. */
enum client_status {
	CLIENT_OK = 0,
	CLIENT_FAILED = 1,	  /* the network, or a standard stream */
	CLIENT_USAGE = 2,	  /* asked for something that cannot be */
	CLIENT_NO_REPLY = 3,	  /* nothing came in time */
	CLIENT_INTERRUPTED = 130, /* Ctrl-C in the prompt: 128 + SIGINT */
};

#endif
