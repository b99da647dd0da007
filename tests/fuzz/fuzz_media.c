/* SPDX-License-Identifier: MIT */
/*
 * Tables of media types, which anybody may have written, and paths, which peers
 * choose: an input is a table, and behind a NUL or the first line that begins
 * with "path:" a path. These hold:
 *
 *	- A table is refused for the line that a second reader refuses first,
 *	  and for no other reason.
 *	- What the table says of a path's extension is what he finds in it.
 *	- A type is visible, and is one for whoever judges types; so is that of
 *	  what is inside, which stands for a name that ends in a coding's
 *suffix.
 *
 * Table and path end at guard pages.
 */
#include "fuzz.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "http/coding.h"
#include "http/media.h"

#define EXTENSION_MAX 16
#define TYPE_ROOM     256

/* --- the second reader --- */

static void make_lower(char *word)
{
	for (; *word; word++)
		if (*word >= 'A' && *word <= 'Z')
			*word = (char)(*word + 32);
}

/* Writes the type as it must be told. */
static void write_type(char out[TYPE_ROOM], const char *type)
{
	bool is_text = strncasecmp(type, "text/", 5) == 0;
	bool has_charset = strcasestr(type, "charset=") != NULL;

	(void)snprintf(out, TYPE_ROOM, "%s%s", type,
		       is_text && !has_charset ? "; charset=utf-8" : "");
	make_lower(out);
}

/*
 * Reads a line that ends in a NUL. False when it is malformed. Writes the type
 * to out when it is for the extension.
 */
static bool read_line(char *line, const char *extension, char out[TYPE_ROOM])
{
	char *rest = NULL, *type, *word;
	size_t len;

	line[strcspn(line, "#")] = '\0';
	len = strlen(line);
	if (len > 0 && line[len - 1] == '\r')
		line[len - 1] = '\0';
	type = strtok_r(line, " \t", &rest);
	if (!type)
		return true;
	if (!http_media_is_type(slice_of(type)))
		return false;
	while ((word = strtok_r(NULL, " \t", &rest))) {
		make_lower(word);
		if (strcmp(word, extension) == 0)
			write_type(out, type);
	}
	return true;
}

/* Reads all lines; returns the number of the malformed one, or 0. */
static unsigned read_table(char *table, const char *extension,
			   char out[TYPE_ROOM])
{
	unsigned n = 0;
	char *line;

	while ((line = strsep(&table, "\n"))) {
		n++;
		if (!read_line(line, extension, out))
			return n;
	}
	return 0;
}

/* The extension that a table may know, in lower case; false for none. */
static bool extension_of(struct slice path, char out[EXTENSION_MAX + 1])
{
	size_t i = path.len;

	while (i > 0 && path.ptr[i - 1] != '.' && path.ptr[i - 1] != '/')
		i--;
	if (i == 0 || path.ptr[i - 1] != '.' || i == path.len ||
	    path.len - i > EXTENSION_MAX ||
	    memchr(path.ptr + i, '\0', path.len - i))
		return false;
	memcpy(out, path.ptr + i, path.len - i);
	out[path.len - i] = '\0';
	make_lower(out);
	if (strcmp(out, "svgz") == 0)
		strcpy(out, "gz");
	return true;
}

/* --- what must hold --- */

static void check_type(const char *type)
{
	fuzz_require(type != NULL, "every path has a type");
	fuzz_require(strlen(type) < TYPE_ROOM, "a type is short");
	for (const char *p = type; *p; p++)
		fuzz_require(*p >= ' ' && *p < 0x7f, "a type is visible");
	fuzz_require(strchr(type, '/') != NULL, "a type has a subtype");
}

static void check_inner(const struct http_media *media, struct slice path)
{
	enum http_coding coding;
	const char *type = http_media_inner_type(media, path, &coding);

	if (!type)
		return;
	check_type(type);
	fuzz_require(coding < HTTP_CODING_IDENTITY, "it is encoded");
	fuzz_require(path.len > strlen(http_coding_suffix(coding)),
		     "there is a name before the suffix");
}

static void check_path(const struct http_media *media, struct slice path,
		       const char *wanted)
{
	const char *type = http_media_type(media, path);

	check_type(type);
	if (wanted[0])
		fuzz_require(strcmp(type, wanted) == 0,
			     "the table's type is a second reader's");
	check_inner(media, path);
}

static void check_table(struct slice table, struct slice path)
{
	static char copy[FUZZ_INPUT_MAX + 1];
	char extension[EXTENSION_MAX + 1] = "", wanted[TYPE_ROOM] = "";
	unsigned line, wrong;
	struct http_media *media = http_media_parse(table, &line);
	bool has_extension = extension_of(path, extension);

	memcpy(copy, table.ptr, table.len);
	copy[table.len] = '\0';
	wrong = read_table(copy, extension, wanted);
	fuzz_require((media == NULL) == (wrong != 0),
		     "a second reader refuses the same tables");
	fuzz_require(line == wrong, "for the same line");
	if (!has_extension || !media)
		wanted[0] = '\0';
	check_path(media, path, wanted);
	check_path(NULL, path, "");
	http_media_free(media);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char mark[] = "path:";
	const uint8_t *end, *path;

	if (size > FUZZ_INPUT_MAX)
		return 0;
	/* A seed is a file of lines. */
	if (size > 0 && data[size - 1] == '\n')
		size--;
	end = memchr(data, '\0', size);
	path = end ? end + 1 : NULL;
	if (!end) {
		end = memmem(data, size, mark, strlen(mark));
		path = end ? end + strlen(mark) : data + size;
		end = end ? end : data + size;
	}
	check_table(
		(struct slice){fuzz_copy(0, data, (size_t)(end - data)),
			       (size_t)(end - data)},
		(struct slice){fuzz_copy(1, path, (size_t)(data + size - path)),
			       (size_t)(data + size - path)});
	return 0;
}
