/* SPDX-License-Identifier: MIT */
/*
 * The access log as its readers know it. It is a file that another process
 * writes to, so it is read again and again until it has what is waited for.
 */
#include "e2e_log.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

char *log_read(const char *path, size_t *len)
{
	FILE *file = fopen(path, "re");
	char *text = bytes_new(1);
	size_t n;

	*len = 0;
	if (!file)
		harness_fail("%s: %s", path, strerror(errno));
	do {
		text = realloc(text, *len + 65536 + 1);
		ck_assert_ptr_nonnull(text);
		n = fread(text + *len, 1, 65536, file);
		*len += n;
	} while (n > 0);
	text[*len] = '\0';
	(void)fclose(file);
	return text;
}

size_t log_count_lines(const char *text)
{
	size_t n = 0;

	for (; (text = strchr(text, '\n')); text++)
		n++;
	return n;
}

char *log_wait_lines(const char *path, size_t n)
{
	int64_t deadline = harness_deadline();
	size_t len;

	for (;;) {
		char *text = log_read(path, &len);
		size_t got = log_count_lines(text);

		if (got == n && (len == 0 || text[len - 1] == '\n'))
			return text;
		if (got > n || harness_left_ms(deadline) == 0)
			harness_fail("%zu lines, not %zu, in:\n%s", got, n,
				     text);
		free(text);
		/* Nothing tells when another process writes to a file. */
		(void)poll(NULL, 0, 5);
	}
}

const char *log_expect_combined(const char *line, const char *request,
				int status, size_t bytes, const char *referer,
				const char *agent)
{
	char expected[2048];
	int year, day, hour, minute, second, end = 0;
	char month[4];

	if (sscanf(line,
		   "127.0.0.1 - - [%2d/%3[A-Za-z]/%4d:%2d:%2d:%2d +0000] %n",
		   &day, month, &year, &hour, &minute, &second, &end) != 6 ||
	    end != 43)
		harness_fail("not a line's beginning: %s", line);
	line += end;
	(void)snprintf(expected, sizeof(expected),
		       "\"%s\" %d %zu \"%s\" \"%s\"\n", request, status, bytes,
		       referer, agent);
	if (strncmp(line, expected, strlen(expected)) != 0)
		harness_fail("%.*s\nis not\n%s", (int)strcspn(line, "\n"), line,
			     expected);
	return line + strlen(expected);
}
