/* SPDX-License-Identifier: MIT */
/*
 * Runs a fuzz target over files, without a fuzzer: in make check over its seeds
 * in tests/fuzz/seeds, by hand over the input of a crash:
 *
 *	tests/fuzz/replay_request [FILE]...
 *
 * A property that does not hold ends the process; the last name printed is the
 * input that did it. No seed at all is a failure, too.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "fuzz.h"

/* Returns 0, or -1 with a message when the file could not be read. */
static int replay_file(const char *name)
{
	static uint8_t data[FUZZ_INPUT_MAX + 1];
	FILE *file = fopen(name, "rb");
	size_t size;

	if (!file) {
		perror(name);
		return -1;
	}
	printf("%s\n", name);
	fflush(stdout);
	size = fread(data, 1, sizeof(data), file);
	if (ferror(file) || size > FUZZ_INPUT_MAX) {
		fprintf(stderr, "%s: cannot be read, or is too large\n", name);
		fclose(file);
		return -1;
	}
	fclose(file);
	return LLVMFuzzerTestOneInput(data, size);
}

/* Goes there and replays every file; returns their number, or -1. */
static int replay_directory(const char *directory)
{
	DIR *dir = opendir(directory);
	struct dirent *entry;
	int n = 0;

	if (!dir || chdir(directory) < 0) {
		perror(directory);
		return -1;
	}
	while (n >= 0 && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		n = replay_file(entry->d_name) < 0 ? -1 : n + 1;
	}
	closedir(dir);
	return n;
}

int main(int argc, char **argv)
{
	const char *srcdir = getenv("srcdir");
	char seeds[4096];
	int n;

	for (int i = 1; i < argc; i++)
		if (replay_file(argv[i]) < 0)
			return 1;
	if (argc > 1)
		return 0;

	snprintf(seeds, sizeof(seeds), "%s/tests/fuzz/seeds/" SEEDS,
		 srcdir ? srcdir : ".");
	n = replay_directory(seeds);
	printf("%d seeds replayed\n", n);
	return n > 0 ? 0 : 1;
}
