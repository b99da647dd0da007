/* SPDX-License-Identifier: MIT */
/* Sentences about failures, alike in all programs. */
#include "cli/failure.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/advice.h"

const char *failure_text(char buf[FAILURE_SIZE], const char *reason,
			 const char *advice)
{
	if (advice)
		(void)snprintf(buf, FAILURE_SIZE, "%s (%s)", reason, advice);
	else
		(void)snprintf(buf, FAILURE_SIZE, "%s", reason);
	return buf;
}

const char *failure_of_output(char buf[FAILURE_SIZE], int error)
{
	char reason[FAILURE_SIZE];

	(void)snprintf(reason, sizeof(reason), "standard output: %.200s",
		       strerror(error));
	return failure_text(buf, reason, advice_for_output(error));
}

int failure_flush_output(char buf[FAILURE_SIZE])
{
	/* Of what failed earlier, errno is the last that is known. */
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	(void)failure_of_output(buf, errno);
	return -1;
}
