/* SPDX-License-Identifier: MIT */
/* Small files, read into memory whole. */
#include "web/content.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

/* Of a file that does not tell its size: read at first, and at most. */
#define CONTENT_MADE_SIZE 4096
#define CONTENT_MADE_MAX  (1 << 20)

/* Makes room for more of a file; false with errno, EFBIG for too much. */
static bool grow_content(char **content, size_t *size)
{
	size_t wanted =
		*size < CONTENT_MADE_MAX / 2 ? *size * 2 : CONTENT_MADE_MAX;
	char *more = NULL;

	if (*size >= CONTENT_MADE_MAX)
		errno = EFBIG;
	else
		more = realloc(*content, wanted);
	if (!more)
		return false;
	*content = more;
	*size = wanted;
	return true;
}

static ssize_t content_read_at(int fd, char *buf, size_t size, size_t off)
{
	ssize_t n;

	do
		n = pread(fd, buf, size, (off_t)off);
	while (n < 0 && errno == EINTR);
	return n;
}

char *content_read(int fd, size_t told, size_t *len)
{
	/* With room for one byte more, one call shows that this is all. */
	size_t size = told > 0 ? told + 1 : CONTENT_MADE_SIZE;
	char *content = malloc(size), *fitting;
	ssize_t n = content ? 1 : -1;

	for (*len = 0; n > 0; *len += (size_t)n) {
		if (*len == size && !grow_content(&content, &size))
			break;
		n = content_read_at(fd, content + *len, size - *len, *len);
		if (n > 0 && *len + (size_t)n == told) {
			*len = told;
			return content;
		}
		if (n < 0)
			break;
	}
	if (n != 0) {
		free(content);
		return NULL;
	}
	fitting = realloc(content, *len + 1);
	return fitting ? fitting : content;
}
