/* SPDX-License-Identifier: MIT */
/*
 * libconfuse reads the file, one line after the other, so that each value's
 * line is known: what it counts itself goes wrong behind comments. It knows
 * quotes, lists and comments; what a value means is the table's business.
 */
#include "cli/config_file.h"

#include <confuse.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/room.h"
#include "os/process.h"

#define CONFIG_LINE_MAX 8192

/* libconfuse ends the program when memory is short; for a line it needs less.
 */
#define CONFIG_ROOM ((size_t)128 << 10)

struct config_file {
	struct settings *settings;
	char *path;
	cfg_opt_t options[SETTINGS_MAX + 1];
	unsigned line;
	cfg_opt_t *touched; /* by the line that is read */
	char *cause;	    /* where to say what is wrong with it */
	char **texts;	    /* every value, since the settings point there */
	size_t n_texts;
};

/* The one that reads, since libconfuse's callbacks know nothing of it. */
static struct config_file *reading;

static void PRINTF_LIKE(2, 0)
	complain_cb(cfg_t *cfg, const char *fmt, va_list args)
{
	char text[SETTINGS_CAUSE_SIZE];

	(void)cfg;
	(void)vsnprintf(text, sizeof(text), fmt, args);
	settings_cause(reading->cause, "%s:%u: %.300s", reading->path,
		       reading->line, text);
}

/* Called for each value; what one line sets is one setting. */
static int touch_cb(cfg_t *cfg, cfg_opt_t *option)
{
	(void)cfg;
	if (reading->touched && reading->touched != option) {
		settings_cause(reading->cause,
			       "%s:%u: %s and %s: give each a line of its own",
			       reading->path, reading->line,
			       reading->touched->name, option->name);
		return -1;
	}
	reading->touched = option;
	return 0;
}

static void config_add_options(struct config_file *file)
{
	cfg_opt_t *option = file->options;

	for (size_t i = 0; i < file->settings->n; i++) {
		const struct setting *row = &file->settings->rows[i];

		if (!row->in_file)
			continue;
		*option++ = row->type == SETTING_LIST
				    ? (cfg_opt_t)CFG_STR_LIST(row->name, NULL,
							      CFGF_NODEFAULT)
				    : (cfg_opt_t)CFG_STR(row->name, NULL,
							 CFGF_NODEFAULT);
	}
	*option = (cfg_opt_t)CFG_END();
}

/* Keeps a value for as long as the file. */
static const char *config_keep(struct config_file *file, const char *text)
{
	char **texts =
		reallocarray(file->texts, file->n_texts + 1, sizeof(*texts));
	char *copy = strdup(text);

	if (texts)
		file->texts = texts;
	if (!texts || !copy) {
		free(copy);
		return NULL;
	}
	return texts[file->n_texts++] = copy;
}

/* Hands the values of the touched option over. */
static int config_set_values(struct config_file *file)
{
	const struct setting_origin origin = {file->path, file->line};
	const struct setting *row =
		settings_find(file->settings, file->touched->name);
	char why[SETTINGS_CAUSE_SIZE];

	for (unsigned i = 0; i < cfg_opt_size(file->touched); i++) {
		const char *text =
			config_keep(file, cfg_opt_getnstr(file->touched, i));

		if (!text) {
			settings_cause(file->cause, "%s: out of memory",
				       file->path);
			return -1;
		}
		if (settings_set(file->settings, row, text, origin, why) < 0) {
			settings_cause(file->cause, "%s:%u: %s = '%.100s': %s",
				       file->path, file->line, row->name, text,
				       why);
			return -1;
		}
	}
	return 0;
}

static int config_parse_line(struct config_file *file, const char *line)
{
	struct room *room = room_begin(CONFIG_ROOM);
	/* A new one for each: a list that goes on begins anew in its line. */
	cfg_t *cfg = room ? cfg_init(file->options, CFGF_NONE) : NULL;
	int result = -1;

	file->touched = NULL;
	if (!cfg) {
		settings_cause(file->cause, "%s: out of memory", file->path);
		room_end(room);
		return -1;
	}
	(void)cfg_set_error_function(cfg, complain_cb);
	for (cfg_opt_t *option = file->options; option->name; option++)
		(void)cfg_set_validate_func(cfg, option->name, touch_cb);
	if (cfg_parse_buf(cfg, line) == CFG_SUCCESS)
		result = file->touched ? config_set_values(file) : 0;
	else if (file->cause[0] == '\0')
		settings_cause(file->cause, "%s:%u: %s", file->path, file->line,
			       strerror(errno));
	(void)cfg_free(cfg);
	room_end(room);
	return result;
}

static int config_read_line(struct config_file *file, const char *line,
			    size_t len)
{
	char buf[CONFIG_LINE_MAX];

	if (len >= sizeof(buf) || memchr(line, '\0', len)) {
		settings_cause(file->cause,
			       "%s:%u: longer than %d bytes, or no text",
			       file->path, file->line, CONFIG_LINE_MAX - 1);
		return -1;
	}
	memcpy(buf, line, len);
	buf[len] = '\0';
	/* It takes an empty buffer for a file that is not there. */
	if (buf[strspn(buf, " \t\r")] == '\0')
		return 0;
	return config_parse_line(file, buf);
}

static int config_read_lines(struct config_file *file, struct slice text)
{
	while (text.len > 0) {
		const char *end = memchr(text.ptr, '\n', text.len);
		size_t len = end ? (size_t)(end - text.ptr) : text.len;

		file->line++;
		if (config_read_line(file, text.ptr, len) < 0)
			return -1;
		len += end ? 1 : 0;
		text.ptr += len;
		text.len -= len;
	}
	return 0;
}

struct config_file *config_file_read(struct settings *settings,
				     const char *path, int fd,
				     char cause[SETTINGS_CAUSE_SIZE])
{
	struct config_file *file = calloc(1, sizeof(*file));
	struct slice text;
	int result = -1;

	cause[0] = '\0';
	if (!file || (fd < 0 ? process_read_file(path, &text)
			     : process_read_open(fd, &text)) < 0) {
		settings_cause(cause, "%s: %s", path, strerror(errno));
		free(file);
		return NULL;
	}
	file->settings = settings;
	file->cause = cause;
	reading = file;
	config_add_options(file);
	if ((file->path = strdup(path)))
		result = config_read_lines(file, text);
	else
		settings_cause(cause, "%s: out of memory", path);
	reading = NULL;
	process_free_file(text);
	if (result == 0)
		return file;
	config_file_free(file);
	return NULL;
}

void config_file_free(struct config_file *file)
{
	if (!file)
		return;
	for (size_t i = 0; i < file->n_texts; i++)
		free(file->texts[i]);
	free(file->texts);
	free(file->path);
	free(file);
}
