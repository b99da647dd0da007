/* SPDX-License-Identifier: MIT */
/*
 * Files given to --compare against any bytes. Beyond not crashing:
 *
 *	- What is refused has a cause of printable bytes, and leaves nothing.
 *	- What is taken has all that a comparison shows, and what is written of
 *	  it is read again and written the same.
 */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "result/codec.h"

static void check_refusal(const struct result *result, const char *cause)
{
	fuzz_require(*cause != '\0', "a refusal has a cause");
	for (; *cause; cause++)
		fuzz_require(*cause >= ' ' && *cause < 0x7f,
			     "a cause is printable");
	fuzz_require(!result->source && result->intervals.n == 0 &&
			     result->n_errors == 0,
		     "nothing is left of what is refused");
}

/* What is written of it; the caller frees it. */
static char *write_it(const struct result *result, size_t *len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, len);

	fuzz_require(out && codec_write_line(out, result) == 0 &&
			     fclose(out) == 0,
		     "what is taken can be written");
	return text;
}

static int read_it(const void *data, size_t len, struct result *result,
		   char cause[CODEC_CAUSE_SIZE])
{
	FILE *in = fmemopen((void *)(uintptr_t)data, len, "r");
	int status = codec_read(in, result, cause);

	(void)fclose(in);
	return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct result result, again;
	char cause[CODEC_CAUSE_SIZE], *text, *text_again;
	size_t len, len_again;

	if (size == 0)
		return 0;
	if (read_it(fuzz_copy(0, data, size), size, &result, cause) < 0) {
		check_refusal(&result, cause);
		return 0;
	}
	fuzz_require(result.command && result.verdict && result.protocol &&
			     result.mode && result.version,
		     "it has what a comparison shows");
	text = write_it(&result, &len);
	fuzz_require(read_it(text, len, &again, cause) == 0,
		     "what is written is read again");
	text_again = write_it(&again, &len_again);
	fuzz_require(len == len_again && memcmp(text, text_again, len) == 0,
		     "and is the same");
	free(text);
	free(text_again);
	result_clear(&result);
	result_clear(&again);
	return 0;
}
