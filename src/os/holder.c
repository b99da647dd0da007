/* SPDX-License-Identifier: MIT */
/*
 * Who holds a port, as far as /proc tells: the tables of sockets name the user
 * and an inode, and some process has a descriptor of that inode. Other users'
 * descriptors are closed to all but root, so their processes have no name here.
 */
#include "os/holder.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/compiler.h"

#define HOLDER_LISTENS 0x0a /* TCP_LISTEN, in the table's "st" */

/* A line of the table: the kernel's own words, in hexadecimal. */
struct holder_entry {
	struct address address;
	unsigned state;
	unsigned uid;
	uint64_t inode;
};

/* The address's 32-bit words stand in the host's order. */
static bool read_words(const char *hex, size_t n, uint32_t *words)
{
	for (size_t i = 0; i < n; i++)
		if (sscanf(hex + 8 * i, "%8" SCNx32, &words[i]) != 1)
			return false;
	return true;
}

static bool holder_read_entry(const char *line, int family,
			      struct holder_entry *entry)
{
	bool is_v6 = family == AF_INET6;
	unsigned port;
	char hex[33];

	entry->address = address_any(family, 0);
	if (sscanf(line,
		   " %*[0-9]: %32[0-9A-F]:%x %*s %x %*s %*s %*s %u %*s "
		   "%" SCNu64,
		   hex, &port, &entry->state, &entry->uid, &entry->inode) != 5)
		return false;
	address_set_port(&entry->address, (uint16_t)port);
	if (strlen(hex) != (is_v6 ? 32 : 8))
		return false;
	return is_v6 ? read_words(hex, 4,
				  entry->address.sa.in6.sin6_addr.s6_addr32)
		     : read_words(hex, 1,
				  &entry->address.sa.in4.sin_addr.s_addr);
}

static bool is_same_host(const struct address *a, const struct address *b)
{
	/* The table has no scopes. */
	if (a->sa.any.sa_family == AF_INET6)
		return IN6_ARE_ADDR_EQUAL(&a->sa.in6.sin6_addr,
					  &b->sa.in6.sin6_addr);
	return a->sa.in4.sin_addr.s_addr == b->sa.in4.sin_addr.s_addr;
}

/* Of the other family only a socket for both is. */
static bool is_in_the_way(const struct holder_entry *entry,
			  const struct address *wanted, bool is_tcp)
{
	const struct address *held = &entry->address;

	if (is_tcp && entry->state != HOLDER_LISTENS)
		return false;
	if (address_port(held) != address_port(wanted))
		return false;
	if (held->sa.any.sa_family != wanted->sa.any.sa_family)
		return address_is_any(held);
	return address_is_any(held) || address_is_any(wanted) ||
	       is_same_host(held, wanted);
}

static bool find_in_table(const char *path, int family,
			  const struct address *wanted, bool is_tcp,
			  struct holder_entry *entry)
{
	FILE *table = fopen(path, "re");
	bool is_found = false;
	char line[512];

	if (!table)
		return false;
	while (!is_found && fgets(line, sizeof(line), table))
		is_found = holder_read_entry(line, family, entry) &&
			   is_in_the_way(entry, wanted, is_tcp);
	(void)fclose(table);
	return is_found;
}

static bool holder_find_entry(const struct address *wanted, bool is_tcp,
			      struct holder_entry *entry)
{
	const char *v4 = is_tcp ? "/proc/net/tcp" : "/proc/net/udp";
	const char *v6 = is_tcp ? "/proc/net/tcp6" : "/proc/net/udp6";

	if (wanted->sa.any.sa_family == AF_INET &&
	    find_in_table(v4, AF_INET, wanted, is_tcp, entry))
		return true;
	return find_in_table(v6, AF_INET6, wanted, is_tcp, entry);
}

/* Whether one of the descriptors in this folder, /proc/N/fd, leads there. */
static bool leads_to(int at, const char *fd_folder, const char *socket)
{
	int fd = openat(at, fd_folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *each;
	bool is_found = false;
	char target[64];

	if (!folder) {
		if (fd >= 0)
			(void)close(fd);
		return false;
	}
	while (!is_found && (each = readdir(folder))) {
		ssize_t n = readlinkat(fd, each->d_name, target,
				       sizeof(target) - 1);

		target[n > 0 ? n : 0] = '\0';
		is_found = strcmp(target, socket) == 0;
	}
	(void)closedir(folder);
	return is_found;
}

static void read_name(pid_t pid, char *name, size_t size)
{
	char path[64];
	FILE *file;

	(void)snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	file = fopen(path, "re");
	if (!file)
		return;
	if (fgets(name, (int)size, file))
		name[strcspn(name, "\n")] = '\0';
	(void)fclose(file);
}

static void find_process(uint64_t inode, struct holder *holder)
{
	DIR *processes = opendir("/proc");
	const struct dirent *each;
	char socket[64], fd_folder[300];

	if (!processes)
		return;
	(void)snprintf(socket, sizeof(socket), "socket:[%" PRIu64 "]", inode);
	while (holder->pid == 0 && (each = readdir(processes))) {
		int pid = atoi(each->d_name);

		(void)snprintf(fd_folder, sizeof(fd_folder), "%s/fd",
			       each->d_name);
		if (pid > 0 && leads_to(dirfd(processes), fd_folder, socket))
			holder->pid = (pid_t)pid;
	}
	(void)closedir(processes);
	if (holder->pid != 0)
		read_name(holder->pid, holder->name, sizeof(holder->name));
}

bool holder_find(const struct address *address, int socktype,
		 struct holder *holder)
{
	struct holder_entry entry;

	*holder = (struct holder){0};
	if (!holder_find_entry(address, socktype == SOCK_STREAM, &entry))
		return false;
	holder->uid = (uid_t)entry.uid;
	find_process(entry.inode, holder);
	return true;
}
