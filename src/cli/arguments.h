/* SPDX-License-Identifier: MIT */
#ifndef CLI_ARGUMENTS_H
#define CLI_ARGUMENTS_H

#include "base/compiler.h"
#include "cli/settings.h"

/*
 * Operands, from words[0] on: n words, of which as many are used as it likes.
 * Returns how many, at least 1, or -1 and a cause.
 */
typedef int (*arguments_take_fn)(void *config, char **words, int n,
				 char cause[SETTINGS_CAUSE_SIZE]);

/* What only all arguments together can show to be wrong, and what follows from
 * them. Returns 0, or -1 and a cause. */
typedef int (*arguments_judge_fn)(void *config,
				  char cause[SETTINGS_CAUSE_SIZE]);

/* A program's command line. */
struct arguments {
	const char *program;
	const char *usage;  /* "HOST PORT" and so on, one way a line */
	const char *what;   /* what the program does, in a line */
	const char *manual; /* what --help says behind the options */
	const struct setting *rows;
	size_t n_rows;
	arguments_take_fn take; /* NULL: there are no operands */
	arguments_judge_fn judge;
	char *cause; /* SETTINGS_CAUSE_SIZE bytes that take what is wrong, or
		      * NULL: that goes to standard error */
};

enum arguments_verdict {
	ARGUMENTS_RUN,
	ARGUMENTS_SHOWN,  /* --help or --version: done, exit 0 */
	ARGUMENTS_FAILED, /* standard output would not take it: exit 1 */
	ARGUMENTS_WRONG,  /* wrong usage, told on standard error: exit 2 */
};

/*
 * Reads the command line into settings, which are initialised with the rows.
 * Options may stand before and between operands, and end at "--" or when take
 * uses up the rest. Says on standard error what is wrong.
 */
enum arguments_verdict arguments_read(const struct arguments *arguments,
				      struct settings *settings, int argc,
				      char **argv) MUST_CHECK;

/* The text of --help; errors are left to ferror(3). */
void arguments_help(const struct arguments *arguments, FILE *out);

/* Both rows that every table ends with. */
#define ARGUMENTS_ROWS                                                         \
	{.name = "help",                                                       \
	 .letter = 'h',                                                        \
	 .type = SETTING_ASK,                                                  \
	 .help = "show this help and exit"},                                   \
	{                                                                      \
		.name = "version", .letter = 'V', .type = SETTING_ASK,         \
		.help = "show the version and exit"                            \
	}

#endif
