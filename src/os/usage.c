/* SPDX-License-Identifier: MIT */
/*
 * What this process costs its host, as the kernel has it in proc(5).
 */
#include "os/usage.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

void usage_open(struct usage_source *source)
{
	source->statm_fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	source->folder = opendir("/proc/self/fd");
}

void usage_close(struct usage_source *source)
{
	if (source->statm_fd >= 0)
		(void)close(source->statm_fd);
	if (source->folder)
		(void)closedir(source->folder);
	*source = (struct usage_source){.statm_fd = -1};
}

static uint64_t timeval_ns(const struct timeval *time)
{
	return (uint64_t)time->tv_sec * 1000000000 +
	       (uint64_t)time->tv_usec * 1000;
}

static uint64_t read_cpu(void)
{
	struct rusage usage = {0};

	(void)getrusage(RUSAGE_SELF, &usage);
	return timeval_ns(&usage.ru_utime) + timeval_ns(&usage.ru_stime);
}

/* Pages: of the whole address space, and of what is resident. */
static uint64_t read_resident(int fd)
{
	unsigned long long resident;
	char text[128] = "";

	if (pread(fd, text, sizeof(text) - 1, 0) < 0 ||
	    sscanf(text, "%*u %llu", &resident) != 1)
		return 0;
	return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

static size_t count_descriptors(DIR *folder)
{
	const struct dirent *entry;
	size_t n = 0;

	if (!folder)
		return 0;
	rewinddir(folder);
	while ((entry = readdir(folder)))
		n += entry->d_name[0] != '.';
	return n;
}

void usage_read(const struct usage_source *source, struct usage *usage)
{
	usage->cpu_ns = read_cpu();
	usage->resident_bytes = read_resident(source->statm_fd);
	usage->n_descriptors = count_descriptors(source->folder);
}
