/* SPDX-License-Identifier: MIT */
/*
 * A terminal obeys what it is sent: ESC and the C1 controls begin commands
 * that move the cursor, change the title, or have the terminal type something.
 * So what a server sends is shown, and obeyed only in what a text consists of.
 */
#include "client/visible.h"

#include <stdbool.h>
#include <string.h>

#include "base/text.h"

/*
 * Length of what a terminal may have as it is: 0 for none. CR is harmless in
 * front of LF; alone it has a line overwritten.
 */
static size_t plain_len(struct slice s)
{
	unsigned char c = (unsigned char)s.ptr[0];
	size_t len = text_utf8_len(s);

	if (c == '\r')
		return s.len > 1 && s.ptr[1] == '\n' ? 2 : 0;
	if (len == 1)
		return (c >= ' ' && c != 0x7f) || c == '\t' || c == '\n';
	/* C1, U+0080 to U+009F */
	if (c == 0xc2 && len == 2 && (unsigned char)s.ptr[1] < 0xa0)
		return 0;
	return len;
}

/* Could s, which is not plain, be the beginning of what is? */
static bool is_beginning(struct slice s)
{
	/* Between them they continue every sequence that can be continued. */
	static const char tails[] = {'\n', '\x80', '\xbf'};
	char whole[VISIBLE_HELD_MAX];

	if (s.len >= VISIBLE_HELD_MAX)
		return false;
	for (size_t i = 0; i < sizeof(tails); i++) {
		memset(whole, tails[i], sizeof(whole));
		memcpy(whole, s.ptr, s.len);
		if (plain_len((struct slice){whole, sizeof(whole)}) > s.len)
			return true;
	}
	return false;
}

static void add_byte(struct text *text, char c)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char byte = (unsigned char)c;

	text_add_str(text, "\\x");
	text_add_char(text, digits[byte >> 4]);
	text_add_char(text, digits[byte & 15]);
}

/* Writes of what is held all that is known not to go on. */
static void settle(struct visible *visible, struct text *text, bool is_end)
{
	while (visible->n_held > 0) {
		struct slice held = {visible->held, visible->n_held};
		size_t len = plain_len(held);

		if (len == 0 && !is_end && is_beginning(held))
			return;
		if (len == 0)
			add_byte(text, visible->held[0]);
		else
			text_add(text, (struct slice){held.ptr, len});
		len += len == 0;
		visible->n_held -= len;
		memmove(visible->held, visible->held + len, visible->n_held);
	}
}

size_t visible_add(struct visible *visible, struct slice s, char *out)
{
	struct text text = text_in(out, VISIBLE_ROOM(s.len));

	for (size_t i = 0; i < s.len; i++) {
		visible->held[visible->n_held++] = s.ptr[i];
		settle(visible, &text, false);
	}
	return text.len;
}

size_t visible_end(struct visible *visible, char *out)
{
	struct text text = text_in(out, VISIBLE_ROOM(0));

	settle(visible, &text, true);
	return text.len;
}
