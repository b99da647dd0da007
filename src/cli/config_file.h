/* SPDX-License-Identifier: MIT */
#ifndef CLI_CONFIG_FILE_H
#define CLI_CONFIG_FILE_H

#include "base/compiler.h"
#include "cli/settings.h"

/*
 * A configuration file: a setting a line, "name = value", "name = {a, b}" for
 * one that may be repeated, which may as well stand in several lines; comments
 * from "#" on; values that hold blanks or any of "#{}=," in quotes. The names
 * are those of the table's long options.
 */
struct config_file;

/*
 * Reads the file into settings, whose texts live as long as what is returned.
 * Where fd is not -1 it is the file, opened already.
 * NULL and a cause, which names file, line, setting and what is allowed, when
 * it cannot be read or anything in it is wrong.
 */
struct config_file *config_file_read(
	struct settings *settings, const char *path, int fd,
	char cause[SETTINGS_CAUSE_SIZE]) MUST_CHECK;

/* Harmless on NULL. */
void config_file_free(struct config_file *file);

#endif
