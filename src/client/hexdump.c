/* SPDX-License-Identifier: MIT */
/* Bytes as people look at them. */
#include "client/hexdump.h"

static char printable(char c)
{
	return c >= ' ' && c <= '~' ? c : '.';
}

/* "68 " in the two halves of a line, or as many blanks. */
static void hexdump_add_byte(struct text *text, struct slice bytes, size_t i)
{
	if (i == HEXDUMP_WIDTH / 2)
		text_add_char(text, ' ');
	if (i < bytes.len)
		text_addf(text, " %02x", (unsigned char)bytes.ptr[i]);
	else
		text_add_str(text, "   ");
}

void hexdump_add_line(struct text *text, size_t offset, struct slice bytes)
{
	text_addf(text, "%04zx ", offset);
	for (size_t i = 0; i < HEXDUMP_WIDTH; i++)
		hexdump_add_byte(text, bytes, i);
	text_add_str(text, "   ");
	for (size_t i = 0; i < bytes.len; i++)
		text_add_char(text, printable(bytes.ptr[i]));
	text_add_char(text, '\n');
}
