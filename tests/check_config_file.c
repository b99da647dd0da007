/* SPDX-License-Identifier: MIT */
/*
 * Configuration files over a small table: what each line means, which line a
 * value comes from, and that whatever is wrong is told with file and line.
 */
#include "cli/config_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "harness.h"
#include "leak.h"
#include "scarce.h"

struct kept {
	uint64_t wait_ns;
	uint64_t size;
	uint32_t n;
	bool flag;
	int choice;
	const char *text;
	struct setting_list list;
	bool secret;
};

static const char *const choices[] = {"red", "green", NULL};

#define AT(member) SETTING_AT(struct kept, member)

static const struct setting rows[] = {
	{.name = "wait",
	 .type = SETTING_TIME,
	 AT(wait_ns),
	 .in_file = true,
	 .max = 3600 * CLOCK_NS_PER_S,
	 .standard = "2s"},
	{.name = "size",
	 .type = SETTING_SIZE,
	 AT(size),
	 .in_file = true,
	 .max = 1 << 30,
	 .may_be_off = true,
	 .standard = "1k"},
	{.name = "how-many",
	 .type = SETTING_COUNT,
	 AT(n),
	 .in_file = true,
	 .max = 100000,
	 .standard = "3"},
	{.name = "flag", .type = SETTING_FLAG, AT(flag), .in_file = true},
	{.name = "choice",
	 .type = SETTING_CHOICE,
	 AT(choice),
	 .in_file = true,
	 .choices = choices,
	 .standard = "red"},
	{.name = "text", .type = SETTING_TEXT, AT(text), .in_file = true},
	{.name = "list",
	 .type = SETTING_LIST,
	 AT(list),
	 .in_file = true,
	 .max = 3},
	{.name = "secret", .type = SETTING_FLAG, AT(secret)},
};

/* Room for values runs out when that many have been kept; 0: it does not. */
static unsigned n_kept_at_most;
static unsigned n_kept;

/* It stands before the C library's. */
void *reallocarray(void *old, size_t n, size_t size)
{
	if (n_kept_at_most > 0 && n_kept == n_kept_at_most) {
		errno = ENOMEM;
		return NULL;
	}
	n_kept++;
	return realloc(old, n * size);
}

static struct settings settings;
static struct kept kept;
static struct config_file *file;
static char cause[SETTINGS_CAUSE_SIZE];
static char *folder, *path;

static void set_up(void)
{
	folder = folder_new();
	path = folder_path(folder, "a.conf");
	settings_init(&settings, rows, ARRAY_LEN(rows), &kept, sizeof(kept));
}

static void tear_down(void)
{
	config_file_free(file);
	file = NULL;
}

static bool read_bytes(const char *text, size_t len)
{
	folder_write(folder, "a.conf", text, len);
	config_file_free(file);
	file = config_file_read(&settings, path, -1, cause);
	return file != NULL;
}

static bool read_text(const char *text)
{
	return read_bytes(text, strlen(text));
}

static unsigned line_of(const char *name)
{
	const struct setting *row = settings_find(&settings, name);

	return settings.given[row - rows].origin.line;
}

START_TEST(each_line_is_a_setting)
{
	ck_assert_msg(read_text("# all of them\n"
				"wait = 500ms\n"
				"\n"
				"size=64k # behind a value\n"
				"\thow-many = 7\r\n"
				"flag = yes\n"
				"choice = \"green\"\n"
				"text = \"a # b = {c}, \\\"d\\\"\"\n"
				"list = {one, \"two, too\"}"),
		      "%s", cause);
	ck_assert_uint_eq(kept.wait_ns, 500 * CLOCK_NS_PER_MS);
	ck_assert_uint_eq(kept.size, 64 << 10);
	ck_assert_uint_eq(kept.n, 7);
	ck_assert(kept.flag);
	ck_assert_int_eq(kept.choice, 1);
	ck_assert_str_eq(kept.text, "a # b = {c}, \"d\"");
	ck_assert_uint_eq(kept.list.n, 2);
	ck_assert_str_eq(kept.list.items[0], "one");
	ck_assert_str_eq(kept.list.items[1], "two, too");
	ck_assert_uint_eq(line_of("wait"), 2);
	ck_assert_uint_eq(line_of("size"), 4);
	ck_assert_uint_eq(line_of("text"), 8);
	ck_assert_uint_eq(line_of("list"), 9);
}
END_TEST

START_TEST(what_is_not_named_keeps_its_default)
{
	ck_assert(read_text(""));
	ck_assert_uint_eq(kept.wait_ns, 2 * CLOCK_NS_PER_S);
	ck_assert_uint_eq(kept.n, 3);
	ck_assert(!kept.flag);
	ck_assert_ptr_null(kept.text);
	ck_assert_uint_eq(kept.list.n, 0);
	ck_assert(read_text("# nothing but a comment"));
	ck_assert(read_text("\n\n  \n"));
}
END_TEST

START_TEST(a_list_may_go_on_in_later_lines)
{
	ck_assert(read_text("list = a\nlist = {b}\nlist += c\n"));
	ck_assert_uint_eq(kept.list.n, 3);
	ck_assert_str_eq(kept.list.items[0], "a");
	ck_assert_str_eq(kept.list.items[2], "c");
}
END_TEST

START_TEST(the_last_line_counts_and_the_command_line_wins)
{
	const struct setting_origin typed = {NULL, 0};
	const struct setting *list = settings_find(&settings, "list");
	const struct setting *text = settings_find(&settings, "text");

	ck_assert(read_text("text = a\ntext = b\nlist = {x, y}\n"));
	ck_assert_str_eq(kept.text, "b");
	ck_assert_uint_eq(line_of("text"), 2);
	ck_assert_int_eq(settings_set(&settings, text, "c", typed, cause), 0);
	ck_assert_int_eq(settings_set(&settings, list, "z", typed, cause), 0);
	ck_assert_int_eq(settings_set(&settings, list, "w", typed, cause), 0);
	ck_assert_str_eq(kept.text, "c");
	ck_assert_uint_eq(kept.list.n, 2);
	ck_assert_str_eq(kept.list.items[0], "z");
}
END_TEST

static const struct wrong_row {
	const char *text;
	const char *said;
} wrong_rows[] = {
	{"flag = yes\nnone = 1\n", ":2: no such option 'none'"},
	{"# one\n# two\nwait = 5\n", ":3: wait = '5': not a time from 0 to 1h"},
	{"wait = 2h", ":1: wait = '2h': not a time"},
	{"size = 2G", ":1: size = '2G': not a number of bytes"},
	{"how-many = 1.5", ":1: how-many = '1.5': not a whole number from 0"},
	{"flag = true", ":1: flag = 'true': not yes or no"},
	{"flag", ":1: "},
	{"flag yes", ":1: "},
	{"flag = ", ":1: "},
	{"choice = blue", ":1: choice = 'blue': not one of red, green"},
	{"text = \"\"", ":1: text = '': empty"},
	{"text = a b", ":1: no such option 'b'"},
	{"text = \"open", ":1: "},
	{"text = {a}", ":1: "},
	{"flag = yes text = a", ":1: flag and text: give each a line"},
	{"list = {a} flag = no", ":1: list and flag: give each a line"},
	{"list = {a", ":1: "},
	{"list = {a, b, c, d}", ":1: list = 'd': empty, or more than 3"},
	{"list = a\nlist = {b, c}\nlist = d", ":3: list = 'd': "},
	{"secret = yes", ":1: no such option 'secret'"},
	{"\x1b[31m = 1", ":1: "},
	{"text = \"\x1b[31m\"\nflag = \x1b", ":2: flag = '?': not yes or no"},
};

START_TEST(what_is_wrong_is_told_with_file_and_line)
{
	const struct wrong_row *row = &wrong_rows[_i];

	ck_assert_msg(!read_text(row->text), "\"%s\" passes", row->text);
	ck_assert_msg(strncmp(cause, path, strlen(path)) == 0, "%s", cause);
	ck_assert_msg(strstr(cause, row->said), "\"%s\": %s", row->text, cause);
	ck_assert_ptr_null(strchr(cause, '\n'));
	ck_assert_ptr_null(strchr(cause, '\x1b'));
}
END_TEST

START_TEST(what_is_no_text_is_refused)
{
	static char line[20000];

	ck_assert(!read_bytes("text = a\0b\n", 11));
	ck_assert_ptr_nonnull(strstr(cause, ":1: "));
	memset(line, 'a', sizeof(line));
	ck_assert(!read_bytes(line, sizeof(line)));
	ck_assert_ptr_nonnull(strstr(cause, ":1: longer than"));
}
END_TEST

START_TEST(what_cannot_be_read_is_told_with_the_reason)
{
	ck_assert_ptr_null(config_file_read(&settings, path, -1, cause));
	ck_assert_ptr_nonnull(strstr(cause, "No such file"));
	ck_assert_ptr_null(config_file_read(&settings, folder, -1, cause));
	ck_assert_ptr_nonnull(strstr(cause, "Is a directory"));
}
END_TEST

/* The longest line, and a byte more. */
START_TEST(a_line_has_so_many_bytes)
{
	static char line[8192];
	char said[512];

	memset(line, ' ', sizeof(line));
	memcpy(line, "how-many = 7", 12);
	ck_assert_msg(read_bytes(line, 8191), "%s", cause);
	ck_assert_uint_eq(kept.n, 7);
	ck_assert(!read_bytes(line, 8192));
	(void)snprintf(said, sizeof(said),
		       "%s:1: longer than 8191 bytes, or no text", path);
	ck_assert_str_eq(cause, said);
}
END_TEST

/* Somebody else has opened it. */
START_TEST(an_open_file_is_read_under_the_name)
{
	int fd;

	folder_write_text(folder, "b.conf", "how-many = 7\nwait = x\n");
	free(path);
	path = folder_path(folder, "b.conf");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_ptr_null(config_file_read(&settings, "name", fd, cause));
	ck_assert_ptr_eq(strstr(cause, "name:2: wait = 'x': "), cause);
	ck_assert_uint_eq(kept.n, 7);
}
END_TEST

#define SOME "text = a\nlist = {b, c}\n"

/* Whatever of it fails, that is told, and nothing is there. */
START_TEST(without_memory_a_file_is_not_read)
{
	unsigned n = 0;
	bool has_failed;

	folder_write_text(folder, "a.conf", SOME);
	do {
		scarce_memory(++n);
		file = config_file_read(&settings, path, -1, cause);
		has_failed = scarce_memory_end();
		ck_assert_msg((file == NULL) == has_failed, "%u: %s", n, cause);
		if (!file)
			ck_assert_msg(strstr(cause, "out of memory") ||
					      strstr(cause, strerror(ENOMEM)),
				      "%u: %s", n, cause);
		config_file_free(file);
		file = NULL;
	} while (has_failed && n < 100);
	ck_assert_uint_ge(n, 4);
}
END_TEST

START_TEST(without_room_for_a_value_a_file_is_not_read)
{
	char said[512];

	n_kept_at_most = 2;
	ck_assert(!read_text(SOME));
	(void)snprintf(said, sizeof(said), "%s: out of memory", path);
	ck_assert_str_eq(cause, said);
}
END_TEST

static void read_all_ways(void)
{
	settings_init(&settings, rows, ARRAY_LEN(rows), &kept, sizeof(kept));
	ck_assert(read_text(SOME));
	ck_assert(!read_text("nonsense"));
	ck_assert(!read_text("text = a\nwait = x\n"));
	n_kept = 0;
	n_kept_at_most = 2;
	ck_assert(!read_text(SOME));
	n_kept_at_most = 0;
	scarce_memory(2);
	file = config_file_read(&settings, path, -1, cause);
	(void)scarce_memory_end();
	ck_assert_ptr_null(file);
	ck_assert_ptr_null(config_file_read(&settings, "/none", -1, cause));
}

START_TEST(a_file_leaves_nothing_behind)
{
	leak_check(read_all_ways);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config_file");
	TCase *tcase = harness_case(suite, "right");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, each_line_is_a_setting);
	tcase_add_test(tcase, what_is_not_named_keeps_its_default);
	tcase_add_test(tcase, a_list_may_go_on_in_later_lines);
	tcase_add_test(tcase, the_last_line_counts_and_the_command_line_wins);

	tcase = harness_case(suite, "wrong");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, what_is_wrong_is_told_with_file_and_line, 0,
			    (int)ARRAY_LEN(wrong_rows));
	tcase_add_test(tcase, what_is_no_text_is_refused);
	tcase_add_test(tcase, what_cannot_be_read_is_told_with_the_reason);
	tcase_add_test(tcase, a_line_has_so_many_bytes);
	tcase_add_test(tcase, an_open_file_is_read_under_the_name);
	tcase_add_test(tcase, without_memory_a_file_is_not_read);
	tcase_add_test(tcase, without_room_for_a_value_a_file_is_not_read);
	tcase_add_test(tcase, a_file_leaves_nothing_behind);
	return harness_run(suite);
}
