/* SPDX-License-Identifier: MIT */
/*
 * From a configuration to the files and ports that it needs.
 *
 * The kernel allows files, not names: what takes the place of one later is
 * another one, and forbidden unless its folder is allowed. Therefore the folder
 * that releases of the document root stand in is allowed when the root's name
 * is a link that leads there, and the configuration file's own folder when
 * there is nothing in it that is none of the server's business.
 */
#include "server/allowance.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "server/endpoint.h"

#define READ_ALL     (SANDBOX_READ_FILES | SANDBOX_READ_FOLDERS)
#define FOLDER_NAMES 64 /* more than a folder for one program has */

/* Whether a name is that of the folder or of something below it. */
static bool allowance_is_below(const char *path, const char *folder)
{
	size_t len = strlen(folder);

	if (strcmp(folder, "/") == 0)
		return true;
	return strncmp(path, folder, len) == 0 &&
	       (path[len] == '/' || path[len] == '\0');
}

/* --- places --- */

/* Takes over path, a real one from malloc(3). */
static int take_place(struct allowance *allowance, char *path, unsigned rights,
		      bool is_needed)
{
	size_t at = allowance->n_places;
	struct stat st = {0};

	if (at == ALLOWANCE_PLACES_MAX) {
		free(path);
		errno = E2BIG;
		return -1;
	}
	(void)stat(path, &st);
	allowance->places[at] = (struct sandbox_place){path, rights};
	allowance->facts[at] =
		(struct allowance_fact){path, is_needed, st.st_dev, st.st_ino};
	allowance->n_places++;
	return 0;
}

/* What is not there has no real name, and cannot be allowed. */
static int allowance_add(struct allowance *allowance, const char *path,
			 unsigned rights, bool is_needed)
{
	char *real = realpath(path, NULL);

	if (!real)
		return errno == ENOMEM ? -1 : 0;
	return take_place(allowance, real, rights, is_needed);
}

/* The folder that a name stands in, which need not exist itself. */
static bool find_folder(const char *path, char folder[PATH_MAX])
{
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 0;

	if (len >= PATH_MAX)
		return false;
	if (!slash)
		strcpy(folder, ".");
	else if (len == 0)
		strcpy(folder, "/");
	else
		*(char *)mempcpy(folder, path, len) = '\0';
	return true;
}

static int add_folder_of(struct allowance *allowance, const char *path,
			 unsigned rights, bool is_needed)
{
	char folder[PATH_MAX];

	if (!find_folder(path, folder))
		return 0;
	return allowance_add(allowance, folder, rights, is_needed);
}

/*
 * FIFOs, devices and what goes by a descriptor's name are no files that
 * somebody moves away.
 */
static bool stands_alone(const char *path)
{
	static const char *const names[] = {"/dev/std", "/dev/fd/", "/proc/"};
	struct stat st;

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strncmp(path, names[i], strlen(names[i])) == 0)
			return true;
	return stat(path, &st) == 0 && !S_ISREG(st.st_mode);
}

/* A file that is written to, and made anew when it has been moved away. */
static int allow_log(struct allowance *allowance, const char *path)
{
	char *real;
	int result;

	if (!path || strcmp(path, "-") == 0)
		return 0;
	if (stands_alone(path))
		return allowance_add(allowance, path, SANDBOX_WRITE, false);
	/* A link is followed to where the file is. */
	real = realpath(path, NULL);
	result = add_folder_of(allowance, real ? real : path, SANDBOX_WRITE,
			       true);
	free(real);
	return result;
}

static int add_logs(struct allowance *allowance, const struct config *config)
{
	const char *paths[CONFIG_LOGS];

	config_logs(config, paths);
	for (size_t i = 0; i < CONFIG_LOGS; i++)
		if (allow_log(allowance, paths[i]) < 0)
			return -1;
	return 0;
}

/* --- the document root --- */

/* "current", a link to "releases/42": the next one stands beside that. */
static int add_releases(struct allowance *allowance, const char *root)
{
	char folder[PATH_MAX], name[PATH_MAX];
	char *real_folder, *real_root;
	size_t len = strlen(root);
	struct stat st;
	int result = 0;

	while (len > 1 && root[len - 1] == '/')
		len--;
	if (len >= PATH_MAX)
		return 0;
	*(char *)mempcpy(name, root, len) = '\0';
	if (lstat(name, &st) < 0 || !S_ISLNK(st.st_mode) ||
	    !find_folder(name, folder))
		return 0;
	real_folder = realpath(folder, NULL);
	real_root = realpath(name, NULL);
	if (real_folder && real_root && strcmp(real_folder, "/") != 0 &&
	    allowance_is_below(real_root, real_folder))
		result = add_folder_of(allowance, real_root, READ_ALL, false);
	free(real_folder);
	free(real_root);
	return result;
}

static int add_root(struct allowance *allowance, const struct config *config)
{
	for (size_t i = 0; i < config->spare_roots.n; i++)
		if (allowance_add(allowance, config->spare_roots.items[i],
				  READ_ALL, false) < 0)
			return -1;
	if (config_is_off(&config->http))
		return 0;
	if (allowance_add(allowance, config->root, READ_ALL, true) < 0)
		return -1;
	return add_releases(allowance, config->root);
}

/* --- the configuration file --- */

static bool is_allowed(const struct allowance *allowance, const char *path)
{
	for (size_t i = 0; i < allowance->n_places; i++)
		if (allowance_is_below(path, allowance->places[i].path))
			return true;
	return false;
}

/* Whether an entry is no folder that others have things in. */
static bool is_ours(const struct allowance *allowance, const char *folder,
		    const struct dirent *entry)
{
	char path[PATH_MAX];
	struct stat st;

	if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
		return true;
	if (snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name) >=
		    (int)sizeof(path) ||
	    lstat(path, &st) < 0)
		return false;
	return !S_ISDIR(st.st_mode) || is_allowed(allowance, path);
}

static bool has_only_ours(const struct allowance *allowance, const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	bool result = true;
	size_t n = 0;

	if (!dir)
		return false;
	while (result && (entry = readdir(dir)))
		result = ++n <= FOLDER_NAMES &&
			 is_ours(allowance, folder, entry);
	(void)closedir(dir);
	return result;
}

/* After all others: they tell what is ours. */
static int add_config_file(struct allowance *allowance, const char *path)
{
	char folder[PATH_MAX], *real;
	int result;

	if (!path)
		return 0;
	real = realpath(path, NULL);
	if (!real)
		return errno == ENOMEM ? -1 : 0;
	result = allowance_add(allowance, real, SANDBOX_READ_FILES, false);
	allowance->is_file_alone =
		!find_folder(real, folder) || !has_only_ours(allowance, folder);
	if (result == 0 && !allowance->is_file_alone)
		result = allowance_add(allowance, folder, SANDBOX_READ_FILES,
				       false);
	free(real);
	return result;
}

/* --- everything --- */

/* What names of hosts, services and time zones are looked up in. */
static int allow_tables(struct allowance *allowance)
{
	static const char *const files[] = {
		"/etc/hosts",	  "/etc/host.conf",  "/etc/resolv.conf",
		"/etc/gai.conf",  "/etc/services",   "/etc/nsswitch.conf",
		"/etc/localtime", "/etc/mime.types",
	};

	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		if (allowance_add(allowance, files[i], SANDBOX_READ_FILES,
				  false) < 0)
			return -1;
	/* This process alone, and the network's tables. */
	return allowance_add(allowance, "/proc/self", READ_ALL, false);
}

static int add_socket_path(struct allowance *allowance, const char *path)
{
	return add_folder_of(allowance, path, SANDBOX_SOCKETS | SANDBOX_REMOVE,
			     true);
}

static int add_endpoints(struct allowance *allowance,
			 const struct setting_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		struct endpoint endpoint;
		const char *why;
		int result = 0;

		if (endpoint_parse(list->items[i], SOCK_STREAM, &endpoint,
				   &why) < 0 ||
		    endpoint.kind == ENDPOINT_OFF)
			continue;
		if (endpoint.kind == ENDPOINT_UNIX)
			result = add_socket_path(allowance, endpoint.path);
		else
			allowance->ports[allowance->n_ports++] = endpoint.port;
		if (result < 0)
			return -1;
	}
	return 0;
}

/* What is removed at the end. */
static int add_pid_file(struct allowance *allowance, const char *path)
{
	return path ? add_folder_of(allowance, path, SANDBOX_REMOVE, false) : 0;
}

int allowance_init(struct allowance *allowance, const struct config *config)
{
	*allowance = (struct allowance){
		.binds_any_port = config->file_read != NULL,
	};
	if (add_root(allowance, config) < 0 ||
	    add_logs(allowance, config) < 0 ||
	    add_pid_file(allowance, config->pid_file) < 0 ||
	    add_endpoints(allowance, &config->tcp) < 0 ||
	    add_endpoints(allowance, &config->http) < 0 ||
	    add_endpoints(allowance, &config->admin) < 0 ||
	    allow_tables(allowance) < 0)
		return -1;
	if (config->mime_types && allowance_add(allowance, config->mime_types,
						SANDBOX_READ_FILES, true) < 0)
		return -1;
	return add_config_file(allowance, config->file_read);
}

void allowance_clear(struct allowance *allowance)
{
	for (size_t i = 0; i < allowance->n_places; i++)
		free(allowance->facts[i].path);
	allowance->n_places = 0;
}

/* --- one and the next --- */

/* By the same name it must be the same file. */
static bool covers_place(const struct allowance *allowed, size_t i,
			 const struct allowance *wanted, size_t k)
{
	const struct sandbox_place *a = &allowed->places[i];
	const struct sandbox_place *w = &wanted->places[k];

	if ((a->rights & w->rights) != w->rights ||
	    !allowance_is_below(w->path, a->path))
		return false;
	return strcmp(a->path, w->path) != 0 ||
	       (allowed->facts[i].dev == wanted->facts[k].dev &&
		allowed->facts[i].ino == wanted->facts[k].ino);
}

const char *allowance_find_place(const struct allowance *allowed,
				 const struct allowance *wanted)
{
	for (size_t k = 0; k < wanted->n_places; k++) {
		bool is_covered = !wanted->facts[k].is_needed;

		for (size_t i = 0; i < allowed->n_places && !is_covered; i++)
			is_covered = covers_place(allowed, i, wanted, k);
		if (!is_covered)
			return wanted->places[k].path;
	}
	return NULL;
}

int allowance_find_port(const struct allowance *allowed,
			const struct allowance *wanted)
{
	for (size_t k = 0; k < wanted->n_ports; k++) {
		bool is_covered = allowed->binds_any_port;

		for (size_t i = 0; i < allowed->n_ports && !is_covered; i++)
			is_covered = allowed->ports[i] == wanted->ports[k];
		if (!is_covered)
			return wanted->ports[k];
	}
	return -1;
}

const char *allowance_find_overlap(const struct allowance *allowance,
				   const char *root)
{
	char *real = realpath(root, NULL);
	const char *found = NULL;

	for (size_t i = 0; real && i < allowance->n_places && !found; i++)
		if (allowance->places[i].rights & SANDBOX_WRITE &&
		    allowance_is_below(real, allowance->places[i].path))
			found = allowance->places[i].path;
	free(real);
	return found;
}
