/* SPDX-License-Identifier: MIT */
/*
 * What a configuration needs of files and ports, and whether what was allowed
 * to one is enough for the next.
 */
#include "server/allowance.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness.h"

#define ARGS_MAX 10

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

/* Of a command line, in which "@" is the folder. */
static void look_at(struct allowance *allowance, const char *line)
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
	set.config.file_read = NULL; /* whatever this machine has */
	ck_assert_int_eq(allowance_init(allowance, &set.config), 0);
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
	return harness_run(suite);
}
