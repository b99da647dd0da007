/* SPDX-License-Identifier: MIT */
/*
 * Files read to their end, whether they have the size that they say, another,
 * or none.
 */
#include "web/content.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "harness.h"
#include "leak.h"
#include "scarce.h"

#define MOST (1 << 20)

/* What the next read fails with; it stands before the C library's. */
static int read_error;
static size_t sizes_read[64]; /* that it was asked for */
static size_t n_reads;

static ssize_t read_at(int fd, void *buf, size_t size, off_t off)
{
	struct iovec iov = {buf, size};

	if (n_reads < ARRAY_LEN(sizes_read))
		sizes_read[n_reads++] = size;
	if (read_error == 0)
		return preadv(fd, &iov, 1, off);
	errno = read_error;
	read_error = 0;
	return -1;
}

ssize_t pread(int fd, void *buf, size_t size, off_t off)
{
	return read_at(fd, buf, size, off);
}

/* What it is where the compiler knows the room. */
ssize_t __pread_chk(int fd, void *buf, size_t size, off_t off, size_t room)
{
	(void)room;
	return read_at(fd, buf, size, off);
}

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

/* Its room is what it needs, so that a cache holds what it counts. */
START_TEST(no_more_memory_is_kept_than_it_has)
{
	size_t is = sizes[_i].is, len;
	int fd = open_file(is);
	char *got = content_read(fd, sizes[_i].told, &len);

	/* The allocator's own rounding is less than this. */
	ck_assert_uint_le(malloc_usable_size(got), is + 64);
	free(got);
	(void)close(fd);
}
END_TEST

/* One more than it says; or else the room doubles. */
START_TEST(reads_are_as_long_as_the_room)
{
	static const size_t unknown[] = {4096,	4096,  8192,  16384,
					 32768, 65536, 131072};
	int fd = open_file(100000);
	size_t len;

	free(content_read(fd, 0, &len));
	for (size_t i = 0; i < 6; i++)
		ck_assert_uint_eq(sizes_read[i], unknown[i]);
	(void)close(fd);
	n_reads = 0;
	fd = open_file(1);
	free(content_read(fd, 1, &len));
	ck_assert_uint_eq(n_reads, 1);
	ck_assert_uint_eq(sizes_read[0], 2);
	(void)close(fd);
}
END_TEST

/* It counts for one read, and not for the end of the file behind it. */
START_TEST(an_interrupted_read_is_made_again)
{
	int fd = open_file(10);
	size_t len;
	char *got;

	read_error = EINTR;
	got = content_read(fd, 0, &len);
	ck_assert_ptr_nonnull(got);
	ck_assert_uint_eq(len, 10);
	ck_assert_uint_eq(n_reads, 3);
	free(got);
	read_error = EIO;
	ck_assert_ptr_null(content_read(fd, 0, &len));
	ck_assert_int_eq(errno, EIO);
	(void)close(fd);
}
END_TEST

static int leak_fd;

static void read_all_ways(void)
{
	size_t len;

	free(content_read(leak_fd, 10, &len));
	free(content_read(leak_fd, 0, &len));
	read_error = EIO;
	ck_assert_ptr_null(content_read(leak_fd, 0, &len));
	/* The first room, more of it, and less. */
	for (unsigned n = 1; n <= 3; n++) {
		char *got;

		scarce_memory(n);
		got = content_read(leak_fd, 0, &len);
		ck_assert(scarce_memory_end());
		ck_assert((got != NULL) == (n == 3));
		free(got);
	}
}

START_TEST(reading_leaves_nothing_behind)
{
	leak_fd = open_file(5000);
	leak_check(read_all_ways);
	(void)close(leak_fd);
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
	tcase_add_loop_test(tcase, no_more_memory_is_kept_than_it_has, 0,
			    (int)ARRAY_LEN(sizes));
	tcase_add_test(tcase, reads_are_as_long_as_the_room);
	tcase_add_test(tcase, an_interrupted_read_is_made_again);
	tcase_add_test(tcase, reading_leaves_nothing_behind);
	tcase_add_test(tcase, a_file_without_an_end_is_too_much);
	tcase_add_test(tcase, a_file_that_cannot_be_read_says_why);
	return harness_run(suite);
}
