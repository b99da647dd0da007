/* SPDX-License-Identifier: MIT */
/*
 * Command lines over a small table: every spelling of an option, where options
 * end and operands begin, what is said of wrong ones, and --help.
 */
#include "cli/arguments.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"

#define WORDS_MAX 10

struct kept {
	bool flag;
	uint64_t n;
	const char *text;
	const char *operands[4];
	size_t n_operands;
};

/* "rest" takes all that follows with it. */
static int take(void *config, char **words, int n, char *cause)
{
	struct kept *kept = config;

	if (strcmp(words[0], "wrong") == 0) {
		settings_cause(cause, "a wrong operand");
		return -1;
	}
	kept->operands[kept->n_operands++] = words[0];
	return strcmp(words[0], "rest") == 0 ? n : 1;
}

static int judge(void *config, char *cause)
{
	if (((struct kept *)config)->n != 13)
		return 0;
	settings_cause(cause, "13 of all numbers");
	return -1;
}

/* As wide as what is said of an option. */
#define LINE	   "aaaaaaaaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbbbbbbbbb"

#define AT(member) SETTING_AT(struct kept, member)

static const struct setting rows[] = {
	{.name = "flag",
	 .letter = 'f',
	 .type = SETTING_FLAG,
	 AT(flag),
	 .help = "is set"},
	{.name = "number",
	 .letter = 'n',
	 .type = SETTING_COUNT,
	 AT(n),
	 .max = 99,
	 .standard = "5",
	 .value = "N",
	 .help = "how many of the things that this line is long enough for"},
	{.name = "often",
	 .letter = 'o',
	 .type = SETTING_COUNT,
	 AT(n),
	 .max = 99,
	 .value = "N",
	 .bare = "42",
	 .help = "so often, or as often as it is usual"},
	{.name = "name-that-is-very-long-indeed",
	 .type = SETTING_TEXT,
	 AT(text),
	 .value = "TEXT",
	 .help = "a text"},
	{.name = "lines",
	 .type = SETTING_FLAG,
	 AT(flag),
	 .help = LINE " " LINE " c"},
	ARGUMENTS_ROWS,
};

static char cause[SETTINGS_CAUSE_SIZE];
static struct kept kept;

static const struct arguments arguments = {
	.program = "program",
	.usage = "HOST PORT\nFILE",
	.what = "Does what it does.",
	.manual = "The manual.\n",
	.rows = rows,
	.n_rows = ARRAY_LEN(rows),
	.take = take,
	.judge = judge,
	.cause = cause,
};

/* Whatever a caller has left where the next ones keep their things. */
static __attribute__((noinline)) void dirty_the_stack(void)
{
	volatile unsigned char dirt[16384];

	for (size_t i = 0; i < sizeof(dirt); i++)
		dirt[i] = 0xa5;
}

static enum arguments_verdict read_with(const struct arguments *with,
					const char *const words[WORDS_MAX])
{
	struct settings settings;
	char lines[WORDS_MAX + 1][64], *argv[WORDS_MAX + 2];
	int argc = 0;

	argv[argc++] = strcpy(lines[0], "program");
	for (; argc <= WORDS_MAX && words[argc - 1]; argc++)
		argv[argc] = strcpy(lines[argc], words[argc - 1]);
	argv[argc] = NULL;
	cause[0] = '\0';
	settings_init(&settings, rows, ARRAY_LEN(rows), &kept, sizeof(kept));
	dirty_the_stack();
	return arguments_read(with, &settings, argc, argv);
}

static const struct {
	const char *words[WORDS_MAX];
	bool flag;
	uint64_t n;
	size_t n_operands;
	const char *why;
} good[] = {
	{{NULL}, false, 5, 0, "nothing: the defaults"},
	{{"-f"}, true, 5, 0, "a letter"},
	{{"--flag"}, true, 5, 0, "a name"},
	{{"--fl"}, true, 5, 0, "the beginning of one name alone"},
	{{"-n7"}, false, 7, 0, "a value in the same word"},
	{{"-n", "7"}, false, 7, 0, "in the next"},
	{{"--number=7"}, false, 7, 0, "behind a sign"},
	{{"--number", "7"}, false, 7, 0, "and in the next"},
	{{"-fn7"}, true, 7, 0, "letters in one word"},
	{{"-n", "1", "-n", "7"}, false, 7, 0, "the last one counts"},
	{{"--often"}, false, 42, 0, "a value that may be left out"},
	{{"--often=7"}, false, 7, 0, "and need not be"},
	{{"--often", "7"}, false, 42, 1, "what follows is not it"},
	{{"-o"}, false, 42, 0, "the same of its letter"},
	{{"-o7"}, false, 7, 0, "with a value"},
	{{"a", "-f", "b", "-n7"}, true, 7, 2, "between operands"},
	{{"--", "-f"}, false, 5, 1, "no option any more"},
	{{"a", "--", "-f", "--"}, false, 5, 3, "nor here"},
	{{"-"}, false, 5, 1, "a dash is an operand"},
	{{"rest", "-f", "-x", "--y"}, false, 5, 1, "what takes all the rest"},
};

START_TEST(every_spelling_is_understood)
{
	ck_assert_msg(read_with(&arguments, good[_i].words) == ARGUMENTS_RUN,
		      "%s: %s", good[_i].why, cause);
	ck_assert_msg(kept.flag == good[_i].flag && kept.n == good[_i].n &&
			      kept.n_operands == good[_i].n_operands,
		      "%s", good[_i].why);
}
END_TEST

static const struct {
	const char *words[WORDS_MAX];
	const char *cause;
} bad[] = {
	{{"-x"}, "-x: unknown"},
	{{"-fx"}, "-x: unknown"},
	{{"--nothing"}, "--nothing: unknown, or the beginning of several"},
	{{"--n"}, "--n: unknown, or the beginning of several"},
	{{"-n"}, "-n: needs a value"},
	{{"--number"}, "--number: needs a value"},
	{{"--flag=yes"}, "--flag=yes: takes no value"},
	{{"-of"}, "--often='f': not a whole number from 0 to 99"},
	{{"--often="}, "--often='': not a whole number from 0 to 99"},
	{{"-n", "100"}, "--number='100': not a whole number from 0 to 99"},
	{{"--number="}, "--number='': not a whole number from 0 to 99"},
	{{"--name-that-is-very-long-indeed="},
	 "--name-that-is-very-long-indeed='': empty"},
	{{"a", "wrong"}, "a wrong operand"},
	{{"-n13"}, "13 of all numbers"},
	{{"-n13", "-x"}, "-x: unknown"}, /* all are read first */
};

START_TEST(what_is_wrong_is_said)
{
	ck_assert_int_eq(read_with(&arguments, bad[_i].words), ARGUMENTS_WRONG);
	ck_assert_str_eq(cause, bad[_i].cause);
}
END_TEST

START_TEST(without_operands_a_word_is_wrong)
{
	struct arguments none = arguments;

	none.take = NULL;
	ck_assert_int_eq(read_with(&none, (const char *const[WORDS_MAX]){"a"}),
			 ARGUMENTS_WRONG);
	ck_assert_str_eq(cause, "'a' is not an option");
}
END_TEST

/* Another time, with other words: nothing is left of the first. */
START_TEST(a_command_line_is_read_again)
{
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(read_with(&arguments,
					   (const char *const[WORDS_MAX]){
						   "-fn7", "a", "--", "-b"}),
				 ARGUMENTS_RUN);
		ck_assert_uint_eq(kept.n_operands, 2);
		ck_assert_int_eq(
			read_with(&arguments,
				  (const char *const[WORDS_MAX]){"-fx"}),
			ARGUMENTS_WRONG);
	}
}
END_TEST

START_TEST(help_has_every_row_within_the_width)
{
	static const char expected[] =
		"Usage: program [OPTION]... HOST PORT\n"
		"       program [OPTION]... FILE\n"
		"Does what it does.\n"
		"\n"
		"  -f, --flag               is set\n"
		"  -n, --number=N           how many of the things that this "
		"line is long enough\n"
		"                           for (default 5)\n"
		"  -o, --often[=N]          so often, or as often as it is "
		"usual\n"
		"      --name-that-is-very-long-indeed=TEXT\n"
		"                           a text\n"
		"      --lines              " LINE "\n"
		"                           " LINE "\n"
		"                           c\n"
		"  -h, --help               show this help and exit\n"
		"  -V, --version            show the version and exit\n"
		"\n"
		"The manual.\n";
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	ck_assert_ptr_nonnull(out);
	arguments_help(&arguments, out);
	ck_assert_int_eq(fclose(out), 0);
	ck_assert_str_eq(text, expected);
	free(text);
}
END_TEST

/* --- what is shown --- */

/* Reads with this descriptor for standard output or error; returns its text. */
static const char *read_into(int to, const char *path,
			     const struct arguments *with,
			     const char *const words[WORDS_MAX],
			     enum arguments_verdict wanted)
{
	static char text[4096];
	int saved = dup(to),
	    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	enum arguments_verdict verdict;
	ssize_t n;

	ck_assert_int_ge(fd, 0);
	(void)fflush(NULL);
	ck_assert_int_eq(dup2(fd, to), to);
	verdict = read_with(with, words);
	(void)fflush(NULL);
	clearerr(stdout);
	ck_assert_int_eq(dup2(saved, to), to);
	ck_assert_int_eq(verdict, wanted);
	n = pread(fd, text, sizeof(text) - 1, 0);
	text[n > 0 ? n : 0] = '\0';
	(void)close(fd);
	(void)close(saved);
	return text;
}

static const struct {
	const char *words[WORDS_MAX];
	const char *begin; /* of what is shown */
} shown[] = {
	{{"--help"}, "Usage: program [OPTION]... HOST PORT\n"},
	{{"-fh", "-x"}, "Usage: program [OPTION]... HOST PORT\n"},
	{{"--version"}, "program " PACKAGE_VERSION "\n"},
	{{"a", "-V"}, "program " PACKAGE_VERSION "\n"},
};

START_TEST(what_is_asked_for_is_shown)
{
	char *folder = folder_new(), *path = folder_path(folder, "out");
	const char *text = read_into(STDOUT_FILENO, path, &arguments,
				     shown[_i].words, ARGUMENTS_SHOWN);

	ck_assert_msg(strncmp(text, shown[_i].begin, strlen(shown[_i].begin)) ==
			      0,
		      "%s", text);
	free(path);
	free(folder);
}
END_TEST

START_TEST(what_cannot_be_shown_is_a_failure)
{
	char *folder = folder_new(), *path = folder_path(folder, "err");
	int saved = dup(STDERR_FILENO),
	    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	char text[256];
	ssize_t n;

	if (access("/dev/full", W_OK) < 0) {
		harness_skip("no /dev/full here");
		return;
	}
	ck_assert_int_eq(dup2(fd, STDERR_FILENO), STDERR_FILENO);
	(void)read_into(STDOUT_FILENO, "/dev/full", &arguments, shown[_i].words,
			ARGUMENTS_FAILED);
	ck_assert_int_eq(dup2(saved, STDERR_FILENO), STDERR_FILENO);
	n = pread(fd, text, sizeof(text) - 1, 0);
	ck_assert_int_gt(n, 0);
	text[n] = '\0';
	ck_assert_msg(strncmp(text, "program: standard output: ", 26) == 0,
		      "%s", text);
	(void)close(fd);
	(void)close(saved);
	free(path);
	free(folder);
}
END_TEST

/* Where nobody wants to have the sentence it goes to standard error. */
START_TEST(what_is_wrong_is_told_with_where_help_is)
{
	struct arguments alone = arguments;
	char *folder = folder_new(), *path = folder_path(folder, "err");
	char wanted[512];

	alone.cause = NULL;
	(void)snprintf(wanted, sizeof(wanted),
		       "program: -x: unknown (see %s --help)\n",
		       program_invocation_name);
	ck_assert_str_eq(read_into(STDERR_FILENO, path, &alone,
				   (const char *const[WORDS_MAX]){"-x"},
				   ARGUMENTS_WRONG),
			 wanted);
	free(path);
	free(folder);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("arguments");
	TCase *tcase = harness_case(suite, "arguments");

	tcase_add_loop_test(tcase, every_spelling_is_understood, 0,
			    ARRAY_LEN(good));
	tcase_add_loop_test(tcase, what_is_wrong_is_said, 0, ARRAY_LEN(bad));
	tcase_add_test(tcase, without_operands_a_word_is_wrong);
	tcase_add_test(tcase, a_command_line_is_read_again);
	tcase_add_test(tcase, help_has_every_row_within_the_width);
	tcase_add_loop_test(tcase, what_is_asked_for_is_shown, 0,
			    ARRAY_LEN(shown));
	tcase_add_loop_test(tcase, what_cannot_be_shown_is_a_failure, 0,
			    ARRAY_LEN(shown));
	tcase_add_test(tcase, what_is_wrong_is_told_with_where_help_is);
	return harness_run_together(suite);
}
