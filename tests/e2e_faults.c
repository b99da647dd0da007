/* SPDX-License-Identifier: MIT */
/*
 * Rules for the library in interpose.c: a small file that the program maps.
 */
#include "e2e_faults.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "interpose.h"

struct faults {
	char *folder;
	char *path;
	int fd;
};

void faults_set(struct faults *faults, const char *rules)
{
	char text[INTERPOSE_SIZE] = "";

	ck_assert_uint_lt(strlen(rules), sizeof(text));
	memcpy(text, rules, strlen(rules));
	ck_assert_int_eq(pwrite(faults->fd, text, sizeof(text), 0),
			 sizeof(text));
}

struct faults *faults_new(const char *rules)
{
	struct faults *faults = bytes_new(sizeof(*faults));

	faults->folder = folder_new();
	faults->path = folder_path(faults->folder, "rules");
	faults->fd = open(faults->path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	ck_assert_int_ge(faults->fd, 0);
	faults_set(faults, rules);
	return faults;
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

void faults_apply(const struct faults *faults)
{
	const char *library = getenv("INTERPOSE_LIBRARY");

	calm_sanitizer();
	(void)setenv("INTERPOSE", faults->path, 1);
	(void)setenv("LD_PRELOAD", library ? library : "tests/interpose.so", 1);
}

void faults_free(struct faults *faults)
{
	if (!faults)
		return;
	(void)close(faults->fd);
	free(faults->path);
	free(faults->folder);
	free(faults);
}
