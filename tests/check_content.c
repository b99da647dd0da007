/* SPDX-License-Identifier: MIT */
/*
 * Files read to their end, whether they have the size that they say, another,
 * or none.
 */
#include "web/content.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"

#define MOST (1 << 20)

static int open_file(size_t len)
{
	char *folder = folder_new(), *path = folder_path(folder, "f");
	char *bytes = bytes_new(len + 1);
	int fd;

	bytes_pattern((unsigned char *)bytes, len, 1);
	folder_write(folder, "f", bytes, len);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	free(bytes);
	free(path);
	free(folder);
	return fd;
}

static const struct {
	size_t told, is;
} sizes[] = {
	{10, 10},   {1, 1},    {65536, 65536}, {0, 0},	    {0, 1},
	{0, 4095},  {0, 4096}, {0, 4097},      {0, 100000}, {0, MOST - 1},
	{4096, 10}, {10, 0},   {10, 9},	       {10, 11},    {10, 100000},
};

START_TEST(a_file_is_read_to_its_end)
{
	size_t is = sizes[_i].is, len = 1;
	char *wanted = bytes_new(is + 1), *got;
	int fd = open_file(is);

	bytes_pattern((unsigned char *)wanted, is, 1);
	/* From its beginning, wherever the descriptor stands. */
	(void)lseek(fd, 0, SEEK_END);
	got = content_read(fd, sizes[_i].told, &len);
	ck_assert_ptr_nonnull(got);
	ck_assert_uint_eq(len, is);
	if (is > 0)
		ck_assert_mem_eq(got, wanted, is);
	free(got);
	free(wanted);
	(void)close(fd);
}
END_TEST

START_TEST(a_file_without_an_end_is_too_much)
{
	int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	size_t len;

	ck_assert_ptr_null(content_read(fd, 0, &len));
	ck_assert_int_eq(errno, EFBIG);
	(void)close(fd);
}
END_TEST

START_TEST(a_file_that_cannot_be_read_says_why)
{
	size_t len;

	ck_assert_ptr_null(content_read(-1, 10, &len));
	ck_assert_int_eq(errno, EBADF);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("content");
	TCase *tcase = harness_case(suite, "content");

	tcase_add_loop_test(tcase, a_file_is_read_to_its_end, 0,
			    (int)ARRAY_LEN(sizes));
	tcase_add_test(tcase, a_file_without_an_end_is_too_much);
	tcase_add_test(tcase, a_file_that_cannot_be_read_says_why);
	return harness_run(suite);
}
