/* SPDX-License-Identifier: MIT */
#ifndef TESTS_JSON_READER_H
#define TESTS_JSON_READER_H

#include <stdbool.h>
#include <stddef.h>

/* Whether text[0..len) is one JSON text of RFC 8259, in valid UTF-8. */
bool json_is_valid(const char *text, size_t len);

/*
 * Writes the first member of this name, decoded when it is a string and as it
 * stands when it is none, to out with a NUL. Returns its length in bytes; fails
 * the running test when there is none. The text must be valid.
 */
size_t json_member(const char *text, size_t len, const char *name, char *out,
		   size_t size);

#endif
