/* SPDX-License-Identifier: MIT */
/*
 * Extension to media type, for what a lab's document root holds. Text is
 * declared as UTF-8: a browser that must guess may guess wrongly, and guessing
 * is how a text file becomes a script.
 */
#include "http/media.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct media {
	const char *extension;
	const char *type;
};

/* The strings lie in one piece of memory that only grows while it is read. */
struct http_media {
	struct media *list; /* sorted by extension once it is read */
	size_t n;
	size_t size;
	char *strings;
	size_t strings_len;
};

#define UTF8 "; charset=utf-8"

/* Sorted by extension, for the binary search below. */
static const struct media media_types[] = {
	{"7z", "application/x-7z-compressed"},
	{"aac", "audio/aac"},
	{"avif", "image/avif"},
	{"bin", "application/octet-stream"},
	{"bmp", "image/bmp"},
	{"bz2", "application/x-bzip2"},
	{"c", "text/plain" UTF8},
	{"cc", "text/plain" UTF8},
	{"conf", "text/plain" UTF8},
	{"cpp", "text/plain" UTF8},
	{"css", "text/css" UTF8},
	{"csv", "text/csv" UTF8},
	{"deb", "application/vnd.debian.binary-package"},
	{"epub", "application/epub+zip"},
	{"flac", "audio/flac"},
	{"gif", "image/gif"},
	{"go", "text/plain" UTF8},
	{"gz", "application/gzip"},
	{"h", "text/plain" UTF8},
	{"htm", "text/html" UTF8},
	{"html", "text/html" UTF8},
	{"ico", "image/vnd.microsoft.icon"},
	{"ics", "text/calendar" UTF8},
	{"iso", "application/x-iso9660-image"},
	{"jar", "application/java-archive"},
	{"java", "text/plain" UTF8},
	{"jpeg", "image/jpeg"},
	{"jpg", "image/jpeg"},
	{"js", "text/javascript" UTF8},
	{"json", "application/json"},
	{"log", "text/plain" UTF8},
	{"m4a", "audio/mp4"},
	{"map", "application/json"},
	{"md", "text/markdown" UTF8},
	{"mjs", "text/javascript" UTF8},
	{"mkv", "video/matroska"},
	{"mov", "video/quicktime"},
	{"mp3", "audio/mpeg"},
	{"mp4", "video/mp4"},
	{"oga", "audio/ogg"},
	{"ogg", "audio/ogg"},
	{"ogv", "video/ogg"},
	{"opus", "audio/ogg"},
	{"otf", "font/otf"},
	{"pcap", "application/vnd.tcpdump.pcap"},
	{"pcapng", "application/octet-stream"},
	{"pdf", "application/pdf"},
	{"png", "image/png"},
	{"py", "text/x-python" UTF8},
	{"rs", "text/plain" UTF8},
	{"rss", "application/rss+xml"},
	{"rtf", "application/rtf"},
	{"sh", "text/x-shellscript" UTF8},
	{"svg", "image/svg+xml"},
	{"tar", "application/x-tar"},
	{"tex", "text/x-tex" UTF8},
	{"tif", "image/tiff"},
	{"tiff", "image/tiff"},
	{"toml", "application/toml"},
	{"ts", "text/plain" UTF8},
	{"tsv", "text/tab-separated-values" UTF8},
	{"ttf", "font/ttf"},
	{"txt", "text/plain" UTF8},
	{"vtt", "text/vtt" UTF8},
	{"wasm", "application/wasm"},
	{"wav", "audio/wav"},
	{"weba", "audio/webm"},
	{"webm", "video/webm"},
	{"webmanifest", "application/manifest+json"},
	{"webp", "image/webp"},
	{"woff", "font/woff"},
	{"woff2", "font/woff2"},
	{"xhtml", "application/xhtml+xml"},
	{"xml", "text/xml" UTF8},
	{"xz", "application/x-xz"},
	{"yaml", "application/yaml"},
	{"yml", "application/yaml"},
	{"zip", "application/zip"},
	{"zst", "application/zstd"},
};

#define MEDIA_EXTENSION_MAX 16 /* longer ones are in nobody's table */

/* Writes the lower-case extension of path's last segment to out. */
static bool extension_of(struct slice path, char out[MEDIA_EXTENSION_MAX + 1])
{
	const char *dot =
		path.len > 0 ? memrchr(path.ptr, '.', path.len) : NULL;
	size_t len;

	if (!dot)
		return false;
	len = path.len - (size_t)(dot - path.ptr) - 1;
	if (len == 0 || len > MEDIA_EXTENSION_MAX || memchr(dot, '/', len + 1))
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = dot[i + 1];

		out[i] = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
	}
	out[len] = '\0';
	return true;
}

static int by_extension(const void *a, const void *b)
{
	return strcmp(((const struct media *)a)->extension,
		      ((const struct media *)b)->extension);
}

static const char *find(const struct media *list, size_t n,
			const char *extension)
{
	struct media key = {.extension = extension};
	const struct media *found =
		n > 0 ? bsearch(&key, list, n, sizeof(*list), by_extension)
		      : NULL;

	return found ? found->type : NULL;
}

const char *http_media_type(const struct http_media *media, struct slice path)
{
	char extension[MEDIA_EXTENSION_MAX + 1];
	const char *type = NULL;

	if (!extension_of(path, extension))
		return "application/octet-stream";
	if (media)
		type = find(media->list, media->n, extension);
	if (!type)
		type = find(media_types, ARRAY_LEN(media_types), extension);
	return type ? type : "application/octet-stream";
}

/* --- reading a table --- */

/* Takes the next word off a line; false when there is none. */
static bool next_word(struct slice *line, struct slice *word)
{
	size_t i = 0;

	*line = slice_trim(*line);
	while (i < line->len && line->ptr[i] != ' ' && line->ptr[i] != '\t')
		i++;
	*word = (struct slice){line->ptr, i};
	*line = (struct slice){line->ptr + i, line->len - i};
	return i > 0;
}

/* Cuts the next line, without its end and any comment, off the text. */
static struct slice next_line(struct slice *text)
{
	const char *lf = memchr(text->ptr, '\n', text->len);
	size_t len = lf ? (size_t)(lf - text->ptr) : text->len;
	struct slice line = {text->ptr, len};
	const char *comment = len > 0 ? memchr(line.ptr, '#', len) : NULL;

	len += lf != NULL;
	*text = (struct slice){text->ptr + len, text->len - len};
	if (comment)
		line.len = (size_t)(comment - line.ptr);
	if (line.len > 0 && line.ptr[line.len - 1] == '\r')
		line.len--;
	return line;
}

/* type "/" subtype, of what may stand in a field value. */
static bool is_type(struct slice word)
{
	const char *slash = memchr(word.ptr, '/', word.len);

	for (size_t i = 0; i < word.len; i++)
		if (word.ptr[i] <= ' ' || word.ptr[i] > '~')
			return false;
	return word.len <= 100 && slash && slash > word.ptr &&
	       slash < word.ptr + word.len - 1;
}

/* Whether a type says its charset already. */
static bool has_charset(struct slice type)
{
	static const char name[] = "charset=";
	size_t len = sizeof(name) - 1;

	for (size_t i = 0; i + len <= type.len; i++)
		if (slice_is_nocase((struct slice){type.ptr + i, len}, name))
			return true;
	return false;
}

/* Copies a word, in lower case, with a suffix; the room was made before. */
static const char *keep(struct http_media *media, struct slice word,
			const char *suffix)
{
	char *start = media->strings + media->strings_len;
	size_t len = strlen(suffix);

	for (size_t i = 0; i < word.len; i++) {
		char c = word.ptr[i];

		start[i] = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
	}
	memcpy(start + word.len, suffix, len + 1);
	media->strings_len += word.len + len + 1;
	return start;
}

/* A later line wins over an earlier one. */
static bool add(struct http_media *media, const char *extension,
		const char *type)
{
	for (size_t i = 0; i < media->n; i++) {
		if (strcmp(media->list[i].extension, extension) == 0) {
			media->list[i].type = type;
			return true;
		}
	}
	if (media->n == media->size) {
		size_t size = media->size * 2 + 64;
		struct media *list = realloc(media->list, size * sizeof(*list));

		if (!list)
			return false;
		media->list = list;
		media->size = size;
	}
	media->list[media->n++] = (struct media){extension, type};
	return true;
}

/* Reads one line. 1: fine, 0: malformed, -1: out of memory. */
static int parse_line(struct http_media *media, struct slice line)
{
	struct slice word;
	const char *type;
	bool is_text;

	if (!next_word(&line, &word))
		return 1;
	if (!is_type(word))
		return 0;
	is_text = word.len > 5 &&
		  slice_is_nocase((struct slice){word.ptr, 5}, "text/") &&
		  !has_charset(word);
	type = keep(media, word, is_text ? UTF8 : "");
	while (next_word(&line, &word))
		if (!add(media, keep(media, word, ""), type))
			return -1;
	return 1;
}

struct http_media *http_media_parse(struct slice text, unsigned *line)
{
	struct http_media *media = calloc(1, sizeof(*media));
	int result = 1;

	*line = 0;
	/* A word of a byte and its separator may come to be a type. */
	if (media)
		media->strings = malloc(text.len * sizeof(UTF8) + sizeof(UTF8));
	if (!media || !media->strings) {
		http_media_free(media);
		return NULL;
	}
	for (unsigned n = 1; text.len > 0 && result == 1; n++) {
		result = parse_line(media, next_line(&text));
		if (result == 0)
			*line = n;
	}
	if (result != 1) {
		http_media_free(media);
		return NULL;
	}
	if (media->n > 0)
		qsort(media->list, media->n, sizeof(*media->list),
		      by_extension);
	return media;
}

void http_media_free(struct http_media *media)
{
	if (!media)
		return;
	free(media->list);
	free(media->strings);
	free(media);
}
