/* SPDX-License-Identifier: MIT */
/*
 * Logs that write to a file.
 */
#include "spool_fixture.h"

#include "harness.h"

struct spool *spool_fixture_open(struct loop *loop, const char *path, int form)
{
	struct spool *spool = spool_new(loop, "access log");
	int fd = spool_open_file(path);

	ck_assert_ptr_nonnull(spool);
	if (fd >= 0) {
		spool_use(spool, fd, path, form);
		return spool;
	}
	spool_close(spool);
	return NULL;
}
