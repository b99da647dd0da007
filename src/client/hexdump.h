/* SPDX-License-Identifier: MIT */
#ifndef CLIENT_HEXDUMP_H
#define CLIENT_HEXDUMP_H

#include "base/slice.h"
#include "base/text.h"

#define HEXDUMP_WIDTH 16 /* bytes in a line */

/*
 * Adds one line, as Wireshark shows bytes and text2pcap(1) reads them: the
 * offset of its first byte, up to HEXDUMP_WIDTH bytes in hexadecimal, and the
 * printable ones as text.
 */
void hexdump_add_line(struct text *text, size_t offset, struct slice bytes);

#endif
