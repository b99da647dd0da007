/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_TRANSCRIPT_H
#define CLIENT_TRANSCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/slice.h"
#include "client/status.h"
#include "os/address.h"

/*
 * What was sent and received, with times, for people. The caller's storage;
 * zero-initialised it takes nothing down.
 */
struct transcript {
	bool is_on;
	bool is_hex; /* bytes in hexadecimal, else as text in quotes */
	bool has_failed;
	int fd; /* -1: standard error */
	const char *path;
	uint64_t start_ns;
	size_t len;
	char buf[4096]; /* of what is not written yet */
};

/*
 * Opens the file, behind whose content it goes on, or for NULL standard error.
 * Times in seconds count from start_ns. Tells its own failure.
 */
enum client_status transcript_open(struct transcript *transcript,
				   const char *path, bool is_hex,
				   uint64_t start_ns) MUST_CHECK;

/* Bytes on their way to, or that came from, an address. NULL takes none. */
void transcript_sent(struct transcript *transcript, struct slice bytes,
		     const struct address *to);
void transcript_received(struct transcript *transcript, struct slice bytes,
			 const struct address *from);

/* Something else that happened. */
void transcript_note(struct transcript *transcript, const char *fmt, ...)
	PRINTF_LIKE(2, 3);

/* Closes it. CLIENT_FAILED when not all of it was written, which was told. */
enum client_status transcript_close(struct transcript *transcript) MUST_CHECK;

#endif
