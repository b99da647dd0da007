/* SPDX-License-Identifier: MIT */
/*
 * Rules for the library in interpose.c: a small file that the program maps.
 */
#include "e2e_faults.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness.h"
#include "interpose.h"

struct call_faults {
	char *folder;
	char *path;
	struct interpose_page *page;
};

void call_faults_set(struct call_faults *faults, const char *rules)
{
	char text[INTERPOSE_SIZE] = "";

	ck_assert_uint_lt(strlen(rules), sizeof(text));
	memcpy(text, rules, strlen(rules));
	/* Nobody reads a half of them: without the first byte there are none.
	 */
	__atomic_store_n(&faults->page->rules[0], '\0', __ATOMIC_SEQ_CST);
	memcpy(faults->page->rules + 1, text + 1, sizeof(text) - 1);
	__atomic_store_n(&faults->page->rules[0], text[0], __ATOMIC_SEQ_CST);
}

struct call_faults *call_faults_new(const char *rules)
{
	struct call_faults *faults = bytes_new(sizeof(*faults));
	int fd;

	faults->folder = folder_new();
	faults->path = folder_path(faults->folder, "rules");
	fd = open(faults->path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, sizeof(*faults->page)), 0);
	faults->page = mmap(NULL, sizeof(*faults->page), PROT_READ | PROT_WRITE,
			    MAP_SHARED, fd, 0);
	ck_assert_ptr_ne(faults->page, MAP_FAILED);
	(void)close(fd);
	call_faults_set(faults, rules);
	return faults;
}

unsigned call_faults_count(const struct call_faults *faults)
{
	return faults->page->n_failed;
}

bool call_faults_is_waiting(const struct call_faults *faults)
{
	return faults->page->is_waiting != 0;
}

/* A sanitizer wants to come before all other libraries, and need not. */
static void calm_sanitizer(void)
{
	const char *had = getenv("ASAN_OPTIONS");
	char options[512];

	(void)snprintf(options, sizeof(options), "%s:verify_asan_link_order=0",
		       had ? had : "");
	(void)setenv("ASAN_OPTIONS", options, 1);
}

void call_faults_apply(const struct call_faults *faults)
{
	const char *library = getenv("INTERPOSE_LIBRARY");

	calm_sanitizer();
	(void)setenv("INTERPOSE", faults->path, 1);
	(void)setenv("LD_PRELOAD", library ? library : "tests/interpose.so", 1);
}

void call_faults_free(struct call_faults *faults)
{
	if (!faults)
		return;
	(void)munmap(faults->page, sizeof(*faults->page));
	free(faults->path);
	free(faults->folder);
	free(faults);
}
