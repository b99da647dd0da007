/* SPDX-License-Identifier: MIT */
/*
 * Values by the table: each type has one reader and one sentence about what it
 * takes, so all programs read alike and refuse alike. The text of a value is
 * kept beside it, because what was typed is the best way to show it again.
 */
#include "cli/settings.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "base/units.h"

#define SETTING_RATE_MIN 0.001
#define SETTING_RATE_MAX 1e9

void settings_cause(char cause[SETTINGS_CAUSE_SIZE], const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(cause, SETTINGS_CAUSE_SIZE, fmt, args);
	va_end(args);
	for (char *c = cause; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
}

/* --- what each type takes, in words --- */

static void explain_time(const struct setting *row, char *cause)
{
	char min[UNITS_TEXT_SIZE], max[UNITS_TEXT_SIZE];

	units_format_time(row->min, min);
	units_format_time(row->max, max);
	settings_cause(cause,
		       "not a time from %s to %s, such as 500ms, 10s "
		       "or 2m%s",
		       min, max, row->may_be_off ? ", or off" : "");
}

static void explain_size(const struct setting *row, char *cause)
{
	char min[UNITS_TEXT_SIZE], max[UNITS_TEXT_SIZE];

	units_format_size(row->min, min);
	units_format_size(row->max, max);
	settings_cause(cause,
		       "not a number of bytes from %s to %s, such as "
		       "64k or 1M%s",
		       min, max, row->may_be_off ? ", or off" : "");
}

static void explain_choice(const struct setting *row, char *cause)
{
	size_t len = 0;

	settings_cause(cause, "not one of");
	for (size_t i = 0; row->choices[i]; i++) {
		len = strlen(cause);
		(void)snprintf(cause + len, SETTINGS_CAUSE_SIZE - len, "%s %s",
			       i > 0 ? "," : "", row->choices[i]);
	}
}

static void explain(const struct setting *row, char *cause)
{
	switch (row->type) {
	case SETTING_FLAG:
		settings_cause(cause, "not yes or no");
		break;
	case SETTING_TEXT:
		settings_cause(cause, "empty");
		break;
	case SETTING_LIST:
		settings_cause(cause, "empty, or more than %" PRIu64 " of them",
			       row->max);
		break;
	case SETTING_TIME:
		explain_time(row, cause);
		break;
	case SETTING_SIZE:
		explain_size(row, cause);
		break;
	case SETTING_COUNT:
		settings_cause(
			cause,
			"not a whole number from %" PRIu64 " to %" PRIu64 "%s",
			row->min, row->max, row->may_be_off ? ", or off" : "");
		break;
	case SETTING_RATE:
		settings_cause(cause, "not a number a second from 0.001 to "
				      "1000M");
		break;
	case SETTING_CHOICE:
		explain_choice(row, cause);
		break;
	case SETTING_PICK:
	case SETTING_OWN:
	case SETTING_ASK:
		break; /* row->take() has said it */
	}
}

/* --- reading --- */

static int take_flag(bool *at, const char *text)
{
	bool is_yes = strcmp(text, "yes") == 0;

	if (!is_yes && strcmp(text, "no") != 0)
		return -1;
	*at = is_yes;
	return 0;
}

static void take_pick(const struct setting *row, char *at)
{
	bool is_set = row->pick != 0;

	if (row->size == sizeof(is_set))
		memcpy(at, &is_set, sizeof(is_set));
	else
		memcpy(at, &row->pick, sizeof(row->pick));
}

static int settings_take_text(const char **at, const char *text)
{
	if (text[0] == '\0')
		return -1;
	*at = text;
	return 0;
}

/* The list's items are judged by `take`, where the row has one. */
static int take_item(const struct setting *row, struct setting_list *list,
		     const char *text, char *cause)
{
	if (list->n == row->max || text[0] == '\0')
		return -1;
	if (row->take && row->take(NULL, text, cause) < 0)
		return -1;
	list->items[list->n++] = text;
	return 0;
}

static int take_choice(int *at, const char *text, const char *const *choices)
{
	for (int i = 0; choices[i]; i++)
		if (strcmp(choices[i], text) == 0) {
			*at = i;
			return 0;
		}
	return -1;
}

static int take_rate(double *at, const char *text)
{
	double rate;

	if (units_parse_number(text, &rate) < 0 || rate < SETTING_RATE_MIN ||
	    rate > SETTING_RATE_MAX)
		return -1;
	*at = rate;
	return 0;
}

static int parse_integer(const struct setting *row, const char *text,
			 uint64_t *out)
{
	if (row->may_be_off && strcmp(text, "off") == 0) {
		*out = SETTING_OFF;
		return 0;
	}
	if (row->type == SETTING_COUNT)
		return units_parse_count(text, row->min, row->max, out);
	if (row->type == SETTING_SIZE
		    ? units_parse_size(text, out) < 0
		    : units_parse_time(text, row->takes_seconds, out) < 0)
		return -1;
	return *out < row->min || *out > row->max ? -1 : 0;
}

/* Into a member of two, four or eight bytes. */
static int take_integer(const struct setting *row, char *at, const char *text)
{
	uint64_t value;

	if (parse_integer(row, text, &value) < 0)
		return -1;
	if (row->size == sizeof(uint16_t))
		memcpy(at, &(uint16_t){(uint16_t)value}, row->size);
	else if (row->size == sizeof(uint32_t))
		memcpy(at, &(uint32_t){(uint32_t)value}, row->size);
	else
		memcpy(at, &value, sizeof(value));
	return 0;
}

static int settings_take(const struct setting *row, void *config,
			 const char *text, char *cause)
{
	char *at = (char *)config + row->offset;

	switch (row->type) {
	case SETTING_FLAG:
		return take_flag((void *)at, text);
	case SETTING_PICK:
		take_pick(row, at);
		return 0;
	case SETTING_TEXT:
		return settings_take_text((void *)at, text);
	case SETTING_LIST:
		return take_item(row, (void *)at, text, cause);
	case SETTING_TIME:
	case SETTING_SIZE:
	case SETTING_COUNT:
		return take_integer(row, at, text);
	case SETTING_RATE:
		return take_rate((void *)at, text);
	case SETTING_CHOICE:
		return take_choice((void *)at, text, row->choices);
	case SETTING_OWN:
		return row->take(config, text, cause);
	case SETTING_ASK:
		break;
	}
	return 0;
}

void settings_init(struct settings *settings, const struct setting *rows,
		   size_t n, void *config, size_t config_size)
{
	char cause[SETTINGS_CAUSE_SIZE];

	*settings = (struct settings){.rows = rows, .n = n, .config = config};
	memset(config, 0, config_size);
	for (size_t i = 0; i < n; i++)
		if (rows[i].standard)
			(void)settings_take(&rows[i], config, rows[i].standard,
					    cause);
}

const struct setting *settings_find(const struct settings *settings,
				    const char *name)
{
	for (size_t i = 0; i < settings->n; i++)
		if (strcmp(settings->rows[i].name, name) == 0)
			return &settings->rows[i];
	return NULL;
}

static struct setting_list *list_at(const struct settings *settings,
				    const struct setting *row)
{
	return (void *)((char *)settings->config + row->offset);
}

/* A list from elsewhere, or the default, is replaced. */
static bool is_replaced(const struct settings *settings, size_t i,
			struct setting_origin origin)
{
	return !settings->given[i].text ||
	       settings->given[i].origin.file != origin.file;
}

int settings_set(struct settings *settings, const struct setting *row,
		 const char *text, struct setting_origin origin,
		 char cause[SETTINGS_CAUSE_SIZE])
{
	size_t i = (size_t)(row - settings->rows), n_before = 0;
	struct setting_list *list =
		row->type == SETTING_LIST ? list_at(settings, row) : NULL;

	if (list) {
		n_before = list->n;
		list->n = is_replaced(settings, i, origin) ? 0 : list->n;
	}
	cause[0] = '\0';
	if (settings_take(row, settings->config, text, cause) < 0) {
		if (cause[0] == '\0')
			explain(row, cause);
		if (list)
			list->n = n_before;
		return -1;
	}
	settings->given[i].text = text ? text : "yes";
	settings->given[i].origin = origin;
	return 0;
}

/* --- showing --- */

/* In quotes, as a configuration file has it. */
static void show_text(const char *text, FILE *out)
{
	(void)putc('"', out);
	for (; *text; text++) {
		if ((unsigned char)*text < ' ' || *text == 0x7f) {
			(void)fprintf(out, "\\x%02x", (unsigned char)*text);
			continue;
		}
		if (strchr("\"\\$", *text))
			(void)putc('\\', out);
		(void)putc(*text, out);
	}
	(void)putc('"', out);
}

static void show_list(const struct setting_list *list, FILE *out)
{
	(void)putc('{', out);
	for (size_t i = 0; i < list->n; i++) {
		(void)fputs(i > 0 ? ", " : "", out);
		show_text(list->items[i], out);
	}
	(void)putc('}', out);
}

static void show_origin(const struct settings *settings, size_t i, FILE *out)
{
	const struct setting_origin *origin = &settings->given[i].origin;

	if (!settings->given[i].text)
		(void)fputs("  # default\n", out);
	else if (!origin->file)
		(void)fputs("  # command line\n", out);
	else
		(void)fprintf(out, "  # %s:%u\n", origin->file, origin->line);
}

static void show_value(const struct settings *settings, size_t i,
		       const char *text, FILE *out)
{
	const struct setting *row = &settings->rows[i];

	if (row->type == SETTING_LIST)
		show_list(list_at(settings, row), out);
	else if (row->type == SETTING_FLAG)
		(void)fputs(text ? text : "no", out);
	else
		show_text(text ? text : "", out);
}

/* What has no value at all is shown as a comment. */
static void show_row(const struct settings *settings, size_t i, FILE *out)
{
	const struct setting *row = &settings->rows[i];
	const char *text = settings->given[i].text;
	bool is_optional =
		row->type != SETTING_LIST && row->type != SETTING_FLAG;

	text = text ? text : row->standard;
	(void)fprintf(out, "%s%s = ", !text && is_optional ? "# " : "",
		      row->name);
	show_value(settings, i, text, out);
	show_origin(settings, i, out);
}

void settings_show(const struct settings *settings, FILE *out)
{
	for (size_t i = 0; i < settings->n; i++)
		if (settings->rows[i].in_file)
			show_row(settings, i, out);
}
