/* SPDX-License-Identifier: MIT */
#ifndef CLI_SETTINGS_H
#define CLI_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/compiler.h"

/*
 * A program's settings: one table, a row each, and the struct that they are
 * kept in. The command line, a configuration file, --help, --show-config, the
 * error texts and the tests of the manuals are made from the same rows.
 */

#define SETTINGS_MAX	    64	/* rows of a table */
#define SETTINGS_CAUSE_SIZE 512 /* a sentence about what is wrong */
#define SETTING_OFF	    UINT64_MAX

enum setting_type {
	SETTING_FLAG,	/* bool: takes no value; in a file yes or no */
	SETTING_PICK,	/* int or bool: takes no value, means `pick` */
	SETTING_TEXT,	/* const char *, NULL when not given */
	SETTING_LIST,	/* struct setting_list: may be repeated, `max` times */
	SETTING_TIME,	/* uint64_t: nanoseconds */
	SETTING_SIZE,	/* unsigned integer: bytes */
	SETTING_COUNT,	/* unsigned integer */
	SETTING_RATE,	/* double: a second */
	SETTING_CHOICE, /* int: the place in `choices` */
	SETTING_OWN,	/* whatever `take` makes of it */
	SETTING_ASK,	/* no setting: shows a text and ends; command line */
};

#define SETTING_LIST_MAX 64

struct setting_list {
	const char *items[SETTING_LIST_MAX];
	size_t n;
};

/*
 * Reads text into *config, or only judges it when config is NULL. Returns 0, or
 * -1 and a cause such as "not a port", which is shown behind the setting's name
 * and the text.
 */
typedef int (*setting_take_fn)(void *config, const char *text,
			       char cause[SETTINGS_CAUSE_SIZE]);

struct setting {
	const char *name; /* "udp-port": --udp-port, and udp-port = ... */
	char letter;	  /* 'u', or 0 */
	enum setting_type type;
	bool in_file;	    /* may stand in a configuration file */
	bool takes_seconds; /* a number alone is a time in seconds */
	bool may_be_off;    /* "off" is SETTING_OFF; TIME, SIZE and COUNT */
	size_t offset;	    /* in the config struct; see SETTING_AT() */
	size_t size;
	uint64_t min, max; /* of TIME in nanoseconds, of LIST items */
	int pick;
	const char *standard;	    /* the default, as typed; NULL: none */
	const char *value;	    /* what --help calls it: "PORT" */
	const char *bare;	    /* what the option alone means; NULL: it
				     * needs a value */
	const char *const *choices; /* of CHOICE; ends with NULL */
	setting_take_fn take; /* of OWN; judges an item of LIST, or NULL */
	const char *help;     /* what it is for; the default is added */
};

/* The place of a member, for the table's rows. */
#define SETTING_AT(type, member)                                               \
	.offset = offsetof(type, member), .size = sizeof(((type *)0)->member)

/* What a value of it comes from: a file and line, or the command line. */
struct setting_origin {
	const char *file; /* NULL for the command line */
	unsigned line;
};

/* A table and what was said of its rows; the texts belong to the caller. */
struct settings {
	const struct setting *rows;
	size_t n;
	void *config;
	struct {
		const char *text; /* NULL: it is at its default */
		struct setting_origin origin;
	} given[SETTINGS_MAX];
};

/*
 * Begins with every row at its default; the config is zeroed first. The rows'
 * texts must be right, which a test sees to.
 */
void settings_init(struct settings *settings, const struct setting *rows,
		   size_t n, void *config, size_t config_size);

/* The row with this name; NULL when there is none. */
const struct setting *settings_find(const struct settings *settings,
				    const char *name);

/*
 * Gives the row a value; text must live as long as the config, and is ignored
 * for PICK. Returns 0, or -1 with cause: why this text is none of its values.
 */
int settings_set(struct settings *settings, const struct setting *row,
		 const char *text, struct setting_origin origin,
		 char cause[SETTINGS_CAUSE_SIZE]) MUST_CHECK;

/*
 * Writes what is in force in the form of a configuration file, each value with
 * its origin in a comment. Errors are left to ferror(3).
 */
void settings_show(const struct settings *settings, FILE *out);

/* Writes a cause; control characters, which a value may hold, become '?'. */
void settings_cause(char cause[SETTINGS_CAUSE_SIZE], const char *fmt, ...)
	PRINTF_LIKE(2, 3);

#endif
