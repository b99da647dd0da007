/* SPDX-License-Identifier: MIT */
#ifndef BASE_UPPER_H
#define BASE_UPPER_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Turns each byte a..z of buf[0..len) into A..Z, in place. Every other byte,
 * 0x80..0xFF included, stays as it is, so valid UTF-8 stays valid.
 * Any length and alignment; buf may be NULL when len is 0. Returns whether
 * there was any such byte.
 */
bool upper_ascii(char *buf, size_t len);

#endif
