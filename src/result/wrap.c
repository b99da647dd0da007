/* SPDX-License-Identifier: MIT */
/*
 * Running text for a terminal or a mail: a byte is a column.
 */
#include "result/wrap.h"

#include <string.h>

/* How much of the text goes into a line. */
static size_t line_len(struct slice text, size_t room)
{
	if (text.len <= room)
		return text.len;
	for (size_t len = room; len > 0; len--)
		if (text.ptr[len] == ' ')
			return len;
	return room;
}

void wrap_print(FILE *out, const char *indent, struct slice text)
{
	while (text.len > 0) {
		size_t len = line_len(text, WRAP_WIDTH - strlen(indent));

		(void)fprintf(out, "%s%.*s\n", indent, (int)len, text.ptr);
		while (len < text.len && text.ptr[len] == ' ')
			len++;
		text.ptr += len;
		text.len -= len;
	}
}
