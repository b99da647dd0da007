/* SPDX-License-Identifier: MIT */
/*
 * What a numbered message says. It is made of its number and time alone, so
 * none needs to be kept to know what its answer must be. There are always
 * small letters in it: only they show that a server did something, and a
 * message without any is one that uppercase-server answers with restraint.
 */
#include "client/probe.h"

#include <inttypes.h>

#include "base/text.h"
#include "base/units.h"

static const char probe_word[] = "Ping ";

#define PROBE_WORD_LEN (sizeof(probe_word) - 1)

/* Words of letters behind the text, so that it can still be read. */
static void probe_pad(struct text *text, size_t size)
{
	if (text->len < size)
		text_add_char(text, ' ');
	for (size_t i = 0; text->len < size; i++)
		text_add_char(text, (char)('a' + i % 26));
}

size_t probe_write(const struct probe *probe, char *buf)
{
	struct text text = text_in(buf, PROBE_SIZE_MAX);

	text_addf(&text, "%s%" PRIu64 " %lld.", probe_word, probe->seq,
		  (long long)probe->wall.tv_sec);
	text_add_padded(&text, (uint64_t)probe->wall.tv_nsec / 1000, 6);
	probe_pad(&text, probe->size);
	return text.len;
}

bool probe_read_seq(struct slice text, uint64_t *seq)
{
	char digits[21];
	size_t n = 0;

	if (text.len < PROBE_WORD_LEN ||
	    !slice_eq_nocase((struct slice){text.ptr, PROBE_WORD_LEN},
			     slice_of(probe_word)))
		return false;
	text.ptr += PROBE_WORD_LEN;
	text.len -= PROBE_WORD_LEN;
	while (n < text.len && n < sizeof(digits) - 1 && text.ptr[n] != ' ') {
		digits[n] = text.ptr[n];
		n++;
	}
	digits[n] = '\0';
	return n < text.len && text.ptr[n] == ' ' &&
	       units_parse_uint(digits, 1, UINT64_MAX, seq) == 0;
}
