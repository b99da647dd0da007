/* SPDX-License-Identifier: MIT */
/*
 * The command line by the table. getopt_long(3) runs in its "+" mode, which
 * stops at the first operand; operands are handed over one after the other, so
 * that a program can say from which word on everything is text.
 */
#include "cli/arguments.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli/failure.h"

#define HELP_COLUMN 27
#define HELP_WIDTH  79

/* getopt_long() gives the row behind these. */
#define ARGUMENTS_LONG 256

/* The table in getopt's form. */
struct getopt_form {
	struct option options[SETTINGS_MAX + 1];
	char letters[2 + 3 * SETTINGS_MAX + 1];
};

static bool takes_value(const struct setting *row)
{
	return row->type != SETTING_FLAG && row->type != SETTING_PICK &&
	       row->type != SETTING_ASK;
}

/* What getopt calls it. A value that may be left out stands behind "=". */
static int value_kind(const struct setting *row)
{
	if (!takes_value(row))
		return no_argument;
	return row->bare ? optional_argument : required_argument;
}

static void make_form(const struct arguments *arguments,
		      struct getopt_form *form)
{
	char *letter = form->letters;

	memset(form, 0, sizeof(*form));
	*letter++ = '+';
	*letter++ = ':';
	for (size_t i = 0; i < arguments->n_rows; i++) {
		const struct setting *row = &arguments->rows[i];

		form->options[i] = (struct option){
			.name = row->name,
			.has_arg = value_kind(row),
			.val = ARGUMENTS_LONG + (int)i,
		};
		if (!row->letter)
			continue;
		*letter++ = row->letter;
		for (int n = value_kind(row); n > 0; n--)
			*letter++ = ':';
	}
}

/* The row of what getopt_long() found. */
static const struct setting *find_row(const struct arguments *arguments,
				      int option)
{
	if (option >= ARGUMENTS_LONG)
		return &arguments->rows[option - ARGUMENTS_LONG];
	for (size_t i = 0; i < arguments->n_rows; i++)
		if (arguments->rows[i].letter == option)
			return &arguments->rows[i];
	return NULL;
}

/* --- telling --- */

static enum arguments_verdict wrong(const struct arguments *arguments,
				    const char *cause)
{
	if (arguments->cause) {
		settings_cause(arguments->cause, "%s", cause);
		return ARGUMENTS_WRONG;
	}
	/* As it was called: before make install it is in no PATH. */
	fprintf(stderr, "%s: %s (see %s --help)\n", arguments->program, cause,
		program_invocation_name);
	return ARGUMENTS_WRONG;
}

/* What getopt_long answered '?' or ':' to, in words. */
static enum arguments_verdict refuse(const struct arguments *arguments,
				     int answer, const char *word)
{
	char cause[SETTINGS_CAUSE_SIZE];
	bool is_long = strncmp(word, "--", 2) == 0;
	const char *why = "unknown";

	if (answer == ':')
		why = "needs a value";
	else if (is_long && optopt != 0)
		why = "takes no value";
	else if (is_long)
		why = "unknown, or the beginning of several";
	if (is_long)
		settings_cause(cause, "%.100s: %s", word, why);
	else
		settings_cause(cause, "-%c: %s", optopt, why);
	return wrong(arguments, cause);
}

static enum arguments_verdict arguments_show(const struct arguments *arguments,
					     const struct setting *row)
{
	char text[FAILURE_SIZE];

	if (strcmp(row->name, "help") == 0)
		arguments_help(arguments, stdout);
	else
		printf("%s %s\n", arguments->program, PACKAGE_VERSION);
	if (failure_flush_output(text) == 0)
		return ARGUMENTS_SHOWN;
	fprintf(stderr, "%s: %s\n", arguments->program, text);
	return ARGUMENTS_FAILED;
}

/* --- reading --- */

static enum arguments_verdict apply(const struct arguments *arguments,
				    struct settings *settings,
				    const struct setting *row)
{
	const struct setting_origin typed = {NULL, 0};
	char why[SETTINGS_CAUSE_SIZE], cause[SETTINGS_CAUSE_SIZE];
	const char *text = takes_value(row) ? optarg : "yes";

	if (!text)
		text = row->bare;

	if (row->type == SETTING_ASK)
		return arguments_show(arguments, row);
	if (settings_set(settings, row, text, typed, why) == 0)
		return ARGUMENTS_RUN;
	settings_cause(cause, "--%s='%.100s': %s", row->name, text, why);
	return wrong(arguments, cause);
}

/*
 * Takes in options up to the next operand. *is_text is set by "--", which is
 * the only thing that getopt_long steps over without reporting it.
 */
static enum arguments_verdict read_options(const struct arguments *arguments,
					   struct settings *settings, int argc,
					   char **argv, bool *is_text)
{
	struct getopt_form form;
	enum arguments_verdict verdict = ARGUMENTS_RUN;
	int before, option;

	make_form(arguments, &form);
	while (verdict == ARGUMENTS_RUN) {
		before = optind > 0 ? optind : 1;
		option = getopt_long(argc, argv, form.letters, form.options,
				     NULL);
		if (option == -1) {
			*is_text = optind > before;
			break;
		}
		if (option == '?' || option == ':')
			return refuse(arguments, option, argv[before]);
		verdict =
			apply(arguments, settings, find_row(arguments, option));
	}
	return verdict;
}

/* Hands over the operands at optind. */
static enum arguments_verdict read_operand(const struct arguments *arguments,
					   struct settings *settings, int argc,
					   char **argv)
{
	char cause[SETTINGS_CAUSE_SIZE];
	int n = -1;

	if (arguments->take)
		n = arguments->take(settings->config, argv + optind,
				    argc - optind, cause);
	else
		settings_cause(cause, "'%.100s' is not an option",
			       argv[optind]);
	if (n < 0)
		return wrong(arguments, cause);
	optind += n;
	return ARGUMENTS_RUN;
}

enum arguments_verdict arguments_read(const struct arguments *arguments,
				      struct settings *settings, int argc,
				      char **argv)
{
	enum arguments_verdict verdict = ARGUMENTS_RUN;
	char cause[SETTINGS_CAUSE_SIZE];
	bool is_text = false;

	opterr = 0;
	optind = 0; /* glibc: from the beginning, whoever read before */
	do {
		if (!is_text)
			verdict = read_options(arguments, settings, argc, argv,
					       &is_text);
		if (verdict == ARGUMENTS_RUN && optind < argc)
			verdict = read_operand(arguments, settings, argc, argv);
	} while (verdict == ARGUMENTS_RUN && optind < argc);
	if (verdict != ARGUMENTS_RUN)
		return verdict;
	if (arguments->judge && arguments->judge(settings->config, cause) < 0)
		return wrong(arguments, cause);
	return ARGUMENTS_RUN;
}

/* --- --help --- */

/* "  -u, --udp-port=PORT"; returns its width. */
static int help_name(const struct setting *row, FILE *out)
{
	const char *value = takes_value(row) ? row->value : NULL;
	bool is_optional = value && row->bare;
	char letter[] = "-x, ";

	letter[1] = row->letter;
	return fprintf(out, "  %s--%s%s%s%s%s", row->letter ? letter : "    ",
		       row->name, is_optional ? "[" : "", value ? "=" : "",
		       value ? value : "", is_optional ? "]" : "");
}

/* A word behind column, or on the next line; returns where it ends. */
static int help_word(const char *word, int len, int column, FILE *out)
{
	if (column + 1 + len > HELP_WIDTH) {
		(void)fprintf(out, "\n%*s", HELP_COLUMN - 1, "");
		column = HELP_COLUMN - 1;
	}
	(void)fprintf(out, " %.*s", len, word);
	return column + 1 + len;
}

static void help_row(const struct setting *row, FILE *out)
{
	char standard[SETTINGS_CAUSE_SIZE];
	int column = help_name(row, out);

	if (column >= HELP_COLUMN - 1) {
		(void)putc('\n', out);
		column = 0;
	}
	(void)fprintf(out, "%*s", HELP_COLUMN - 1 - column, "");
	column = HELP_COLUMN - 1;
	for (const char *word = row->help; *word;) {
		int len = (int)strcspn(word, " ");

		column = help_word(word, len, column, out);
		word += len + (word[len] == ' ');
	}
	if (row->standard)
		(void)help_word(standard,
				snprintf(standard, sizeof(standard),
					 "(default %s)", row->standard),
				column, out);
	(void)putc('\n', out);
}

/* Each line of text behind the program's name. */
static void help_usage(const struct arguments *arguments, FILE *out)
{
	const char *line = arguments->usage;
	const char *before = "Usage:";

	do {
		int len = (int)strcspn(line, "\n");

		(void)fprintf(out, "%s %s [OPTION]...%s%.*s\n", before,
			      arguments->program, len > 0 ? " " : "", len,
			      line);
		before = "      ";
		line += len + (line[len] == '\n');
	} while (*line);
}

void arguments_help(const struct arguments *arguments, FILE *out)
{
	help_usage(arguments, out);
	(void)fprintf(out, "%s\n\n", arguments->what);
	for (size_t i = 0; i < arguments->n_rows; i++)
		help_row(&arguments->rows[i], out);
	(void)fprintf(out, "\n%s", arguments->manual);
}
