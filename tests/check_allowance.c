/* SPDX-License-Identifier: MIT */
/*
 * What a configuration needs of files and ports, and whether what was allowed
 * to one is enough for the next.
 */
#include "server/allowance.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness.h"
#include "leak.h"

#define ARGS_MAX 40

/* The real name that is not had for want of memory; 0: all are. */
static unsigned scarce_at;

/* It stands before the C library's. */
char *realpath(const char *path, char *resolved)
{
	ck_assert_ptr_null(resolved);
	if (scarce_at == 0 || --scarce_at > 0)
		return canonicalize_file_name(path);
	errno = ENOMEM;
	return NULL;
}

static char *folder;
static struct allowance first, second;

static void set_up(void)
{
	char *path;

	folder = folder_new();
	folder_add(folder, "root");
	folder_add(folder, "root/below");
	folder_add(folder, "rooted");
	folder_add(folder, "logs");
	path = folder_path(folder, "link");
	ck_assert_int_eq(symlink("root", path), 0);
	free(path);
}

static void tear_down(void)
{
	allowance_clear(&first);
	allowance_clear(&second);
	free(folder);
}

/* Of a command line, in which "@" is the folder, and a configuration file. */
static int look(struct allowance *allowance, const char *line, const char *file)
{
	static struct config_set set;
	char text[2048], words[2048], *argv[ARGS_MAX + 1] = {NULL};
	char name[] = "uppercase-server", *rest;
	size_t len = 0;
	int argc = 0;

	for (; *line; line++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%.*s",
					*line == '@' ? (int)strlen(folder) : 1,
					*line == '@' ? folder : line);
	strcpy(words, text);
	argv[argc++] = name;
	for (char *word = strtok_r(words, " ", &rest); word;
	     word = strtok_r(NULL, " ", &rest)) {
		ck_assert_int_lt(argc, ARGS_MAX);
		argv[argc++] = word;
	}
	ck_assert_int_eq(config_read(&set, argc, argv, NULL), ARGUMENTS_RUN);
	set.config.file_read = file; /* whatever this machine has */
	return allowance_init(allowance, &set.config);
}

static void look_at(struct allowance *allowance, const char *line)
{
	ck_assert_int_eq(look(allowance, line, NULL), 0);
}

static void look_at_file(const char *line, const char *file)
{
	char *path = folder_path(folder, file);

	ck_assert_int_eq(look(&first, line, path), 0);
	free(path);
}

/* What is allowed in exactly this place below the folder. */
static unsigned rights_of(const char *place)
{
	char *path = *place ? folder_path(folder, place) : strdup(folder);
	unsigned rights = 0;

	for (size_t i = 0; i < first.n_places; i++)
		if (strcmp(first.places[i].path, path) == 0)
			rights |= first.places[i].rights;
	free(path);
	return rights;
}

static const struct {
	const char *first;
	const char *second;
	const char *missing; /* below the folder; NULL for nothing */
	const char *why;
} pairs[] = {
	{"-r@/root", "-r@/root", NULL, "the same"},
	{"-r@/root", "-r@/link", NULL, "another name of the same"},
	{"-r@/root", "-r@/root/below", NULL, "below it"},
	{"-r@/root/below", "-r@/root", "/root", "above it"},
	{"-r@/root", "-r@/rooted", "/rooted", "a name that begins alike"},
	{"-r@/root", "-woff", NULL, "less than before"},
	{"-woff", "-r@/root", "/root", "more than before"},
	{"-r@/root --spare-root=@", "-r@/rooted", NULL, "announced"},
	{"-woff --access-log=@/logs/a", "-woff --access-log=@/logs/b", NULL,
	 "another log of the folder"},
	{"-woff --access-log=@/logs/a", "-woff --access-log=@/root/a", "/root",
	 "a log elsewhere"},
	{"-woff --access-log=-", "-woff --access-log=-", NULL,
	 "standard output"},
	{"-r@/root", "-r@/root --access-log=@/root/a", "/root",
	 "readable is not writable"},
	{"-woff -t0", "-woff -tunix:@/logs/s", "/logs", "a socket"},
};

START_TEST(what_the_next_one_lacks_is_found)
{
	const char *found, *missing = pairs[_i].missing;
	char path[512];

	look_at(&first, pairs[_i].first);
	look_at(&second, pairs[_i].second);
	found = allowance_find_place(&first, &second);
	(void)snprintf(path, sizeof(path), "%s%s", folder,
		       missing ? missing : "");
	ck_assert_msg((found == NULL) == (missing == NULL) &&
			      (!found || strcmp(found, path) == 0),
		      "%s: %s", pairs[_i].why, found ? found : "nothing");
}
END_TEST

START_TEST(another_folder_of_the_name_is_another_place)
{
	char *root = folder_path(folder, "root");
	char *old = folder_path(folder, "old");

	look_at(&first, "-r@/root");
	ck_assert_int_eq(rename(root, old), 0);
	folder_add(folder, "root");
	look_at(&second, "-r@/root");
	ck_assert_str_eq(allowance_find_place(&first, &second), root);
	free(root);
	free(old);
}
END_TEST

START_TEST(ports_are_those_of_the_streams)
{
	look_at(&first, "-woff -u1000 -t2000 -t127.0.0.1:3000");
	ck_assert_uint_eq(first.n_ports, 2);
	look_at(&second, "-woff -t3000");
	ck_assert_int_eq(allowance_find_port(&first, &second), -1);
	allowance_clear(&second);
	look_at(&second, "-woff -t1000");
	ck_assert_int_eq(allowance_find_port(&first, &second), 1000);
	first.binds_any_port = true;
	ck_assert_int_eq(allowance_find_port(&first, &second), -1);
}
END_TEST

START_TEST(a_log_above_the_root_is_found)
{
	char root[512];

	(void)snprintf(root, sizeof(root), "%s/root", folder);
	look_at(&first, "-r@/root --access-log=@/logs/a");
	ck_assert_ptr_null(allowance_find_overlap(&first, root));
	look_at(&second, "-r@/root --access-log=@/a");
	ck_assert_str_eq(allowance_find_overlap(&second, root), folder);
}
END_TEST

/* Nothing is known of where it would be. */
START_TEST(what_is_not_there_is_not_allowed)
{
	look_at(&first, "-woff");
	look_at(&second, "-woff --access-log=@/none/a --mime-types=@/none");
	ck_assert_uint_eq(first.n_places, second.n_places);
}
END_TEST

/* --- what is needed for what --- */

#define READ   (SANDBOX_READ_FILES | SANDBOX_READ_FOLDERS)
#define SOCKET (SANDBOX_SOCKETS | SANDBOX_REMOVE)

static const struct {
	const char *line;
	const char *place;
	unsigned rights;
	const char *why;
} needs[] = {
	{"-r@/root", "root", READ, "the root"},
	{"-r@/root", "", 0, "and not its folder"},
	{"-r@/link", "root", READ, "where it leads"},
	{"-r@/link", "", READ, "and where the next one would stand"},
	{"-r@/link/", "", READ, "whatever slashes are behind it"},
	{"-r@/link///", "", READ, "however many"},
	{"-r@/away", "root", READ, "a link to elsewhere"},
	{"-r@/rooted/inside", "root", READ, "a link out of its folder"},
	{"-r@/rooted/inside", "", 0, "has no releases beside it"},
	{"-woff -r@/root", "root", 0, "no HTTP needs no root"},
	{"-woff --spare-root=@/root", "root", READ, "a spare one may be read"},
	{"-woff --access-log=@/logs/a", "logs", SANDBOX_WRITE, "a log"},
	{"-woff --connection-log=@/logs/a", "logs", SANDBOX_WRITE, "another"},
	{"-woff --log=@/logs/a", "logs", SANDBOX_WRITE, "the third"},
	{"-woff --access-log=@/alog", "logs", SANDBOX_WRITE, "a link to one"},
	{"-woff --access-log=@/alog", "", 0, "and not where the link is"},
	{"-woff --access-log=@/fifo", "fifo", SANDBOX_WRITE, "a FIFO alone"},
	{"-woff --access-log=@/fifo", "", 0, "and not its folder"},
	{"-woff -tunix:@/logs/s", "logs", SOCKET, "a socket of TCP"},
	{"-woff --admin=unix:@/logs/s", "logs", SOCKET, "of the pages"},
	{"-wunix:@/logs/s -r@/root", "logs", SOCKET, "of HTTP"},
	{"-woff --pid-file=@/logs/p", "logs", SANDBOX_REMOVE, "a pid file"},
	{"-woff --mime-types=@/types", "types", SANDBOX_READ_FILES, "types"},
};

static void link_to(const char *target, const char *name)
{
	char *path = folder_path(folder, name);

	ck_assert_int_eq(symlink(target, path), 0);
	free(path);
}

START_TEST(each_name_needs_this_much)
{
	char *path = folder_path(folder, "fifo");

	link_to("../root", "rooted/inside");
	link_to("rooted/inside", "away");
	folder_write_text(folder, "logs/real", "");
	link_to("logs/real", "alog");
	folder_write_text(folder, "types", "");
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	free(path);
	look_at(&first, needs[_i].line);
	ck_assert_msg(rights_of(needs[_i].place) == needs[_i].rights, "%s: %u",
		      needs[_i].why, rights_of(needs[_i].place));
	ck_assert(!first.binds_any_port);
}
END_TEST

/* What names are looked up in, wherever that is here. */
START_TEST(tables_of_names_are_readable)
{
	char *hosts = canonicalize_file_name("/etc/hosts");
	unsigned rights = 0, own = 0;

	look_at(&first, "-woff");
	for (size_t i = 0; i < first.n_places; i++) {
		const struct sandbox_place *place = &first.places[i];

		if (hosts && strcmp(place->path, hosts) == 0)
			rights = place->rights;
		if (strncmp(place->path, "/proc/", 6) == 0)
			own = place->rights;
		ck_assert(!first.facts[i].is_needed);
	}
	ck_assert_uint_eq(rights, hosts ? SANDBOX_READ_FILES : 0);
	ck_assert_uint_eq(own, READ);
	free(hosts);
}
END_TEST

/* --- the configuration file --- */

static const struct {
	const char *line;
	unsigned n_files;
	const char *other; /* a folder beside it, or NULL */
	bool is_alone;
	const char *why;
} files[] = {
	{"-woff", 1, NULL, false, "nothing else is there"},
	{"-woff", 62, NULL, false, "as many as one looks at"},
	{"-woff", 63, NULL, true, "more than that"},
	{"-woff", 1, "conf/d", true, "somebody's folder"},
	{"-woff --access-log=@/conf/d/a", 1, "conf/d", false, "our folder"},
	{"-woff --access-log=@/conf/d/e/a", 1, "conf/d", true, "not all ours"},
};

START_TEST(the_files_folder_may_be_read_when_nothing_else_is_there)
{
	char name[32];

	folder_add(folder, "conf");
	for (unsigned i = 0; i < files[_i].n_files; i++) {
		(void)snprintf(name, sizeof(name), "conf/%u", i);
		folder_write_text(folder, name, "");
	}
	if (files[_i].other) {
		folder_add(folder, "conf/d");
		folder_add(folder, "conf/d/e");
	}
	look_at_file(files[_i].line, "conf/0");
	ck_assert_msg(first.is_file_alone == files[_i].is_alone, "%s",
		      files[_i].why);
	ck_assert_uint_eq(rights_of("conf/0"), SANDBOX_READ_FILES);
	ck_assert_uint_eq(rights_of("conf"),
			  files[_i].is_alone ? 0 : SANDBOX_READ_FILES);
	/* A file may name other ports when it is read again. */
	ck_assert(first.binds_any_port);
}
END_TEST

START_TEST(a_file_that_is_gone_is_not_allowed)
{
	look_at(&second, "-woff");
	look_at_file("-woff", "none");
	ck_assert_uint_eq(first.n_places, second.n_places);
	ck_assert(!first.is_file_alone);
}
END_TEST

/* --- too much --- */

#define ALL                                                                    \
	"-r@/link --spare-root=@/rooted --access-log=@/logs/a "                \
	"--pid-file=@/logs/p -tunix:@/logs/s --mime-types=@/types "            \
	"--admin=unix:@/logs/b"

/* Each name in turn. */
START_TEST(without_memory_nothing_is_allowed_halfway)
{
	char *file = folder_path(folder, "types");
	unsigned n = 0;
	int result;

	folder_write_text(folder, "types", "");
	do {
		/* What a log and a link are called otherwise is not needed. */
		unsigned at = ++n;
		bool is_scarce;

		scarce_at = at;
		errno = 0;
		result = look(&first, ALL, file);
		is_scarce = scarce_at == 0;
		scarce_at = 0;
		ck_assert(result == 0 || (is_scarce && errno == ENOMEM));
		allowance_clear(&first);
		if (!is_scarce)
			break;
		ck_assert_msg(result < 0 || at == 3 || at == 4 || at == 6, "%u",
			      at);
	} while (n < 100);
	ck_assert_uint_gt(n, 15);
	ck_assert_int_eq(result, 0);
	free(file);
}
END_TEST

static const struct {
	unsigned n_more;
	int result;
} amounts[] = {{0, 0}, {1, -1}};

/* So many are what the kernel is told one by one. */
START_TEST(more_places_than_there_can_be_are_too_many)
{
	static struct config_set set;
	char name[] = "uppercase-server", off[] = "--http-port=off";
	char *argv[] = {name, off, NULL};
	struct config *config = &set.config;
	size_t n;

	ck_assert_int_eq(config_read(&set, 2, argv, NULL), ARGUMENTS_RUN);
	config->file_read = NULL;
	ck_assert_int_eq(allowance_init(&first, config), 0);
	n = ALLOWANCE_PLACES_MAX - first.n_places + amounts[_i].n_more;
	allowance_clear(&first);
	while (n > 0 && config->spare_roots.n < SETTING_LIST_MAX) {
		config->spare_roots.items[config->spare_roots.n++] = folder;
		n--;
	}
	config->tcp.n = config->admin.n = 0;
	while (n > 0) {
		struct setting_list *list = config->tcp.n < SETTING_LIST_MAX
						    ? &config->tcp
						    : &config->admin;

		ck_assert_uint_lt(list->n, SETTING_LIST_MAX);
		list->items[list->n++] = "unix:/s";
		n--;
	}
	errno = 0;
	ck_assert_int_eq(allowance_init(&first, config), amounts[_i].result);
	ck_assert_int_eq(errno == E2BIG, amounts[_i].result < 0);
	ck_assert_uint_eq(first.n_places, ALLOWANCE_PLACES_MAX);
}
END_TEST

static void look_and_clear(void)
{
	char *file = folder_path(folder, "types");

	ck_assert_int_eq(look(&first, ALL, file), 0);
	ck_assert_ptr_null(allowance_find_overlap(&first, "/"));
	allowance_clear(&first);
	ck_assert_uint_eq(first.n_places, 0);
	free(file);
}

START_TEST(an_allowance_leaves_nothing_behind)
{
	folder_write_text(folder, "types", "");
	leak_check(look_and_clear);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("allowance");
	TCase *tcase = harness_case(suite, "allowance");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, what_the_next_one_lacks_is_found, 0,
			    ARRAY_LEN(pairs));
	tcase_add_test(tcase, another_folder_of_the_name_is_another_place);
	tcase_add_test(tcase, ports_are_those_of_the_streams);
	tcase_add_test(tcase, a_log_above_the_root_is_found);
	tcase_add_test(tcase, what_is_not_there_is_not_allowed);
	tcase_add_loop_test(tcase, each_name_needs_this_much, 0,
			    ARRAY_LEN(needs));
	tcase_add_test(tcase, tables_of_names_are_readable);
	tcase_add_loop_test(
		tcase, the_files_folder_may_be_read_when_nothing_else_is_there,
		0, ARRAY_LEN(files));
	tcase_add_test(tcase, a_file_that_is_gone_is_not_allowed);
	tcase_add_test(tcase, without_memory_nothing_is_allowed_halfway);
	tcase_add_loop_test(tcase, more_places_than_there_can_be_are_too_many,
			    0, ARRAY_LEN(amounts));
	tcase_add_test(tcase, an_allowance_leaves_nothing_behind);
	return harness_run(suite);
}
