/* SPDX-License-Identifier: MIT */
/*
 * Name to media type, for what a lab's document root holds. Text is declared as
 * UTF-8: a browser that must guess may guess wrongly, and guessing is how a
 * text file becomes a script. Sources and settings are plain text, so that a
 * browser shows them.
 */
#include "http/media.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "http/syntax.h"

#define UTF8	       "; charset=utf-8"
#define MEDIA_TYPE_MAX 100

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
	/* Of a path that is in no table; "" for ours. */
	char default_type[MEDIA_TYPE_MAX + sizeof(UTF8)];
};

/* Sorted by extension, for the binary search below. */
static const struct media media_types[] = {
	{"7z", "application/x-7z-compressed"},
	{"aac", "audio/aac"},
	{"abnf", "text/plain" UTF8},
	{"adoc", "text/plain" UTF8},
	{"asc", "text/plain" UTF8},
	{"asm", "text/plain" UTF8},
	{"avif", "image/avif"},
	{"awk", "text/plain" UTF8},
	{"bat", "text/plain" UTF8},
	{"bin", "application/octet-stream"},
	{"bmp", "image/bmp"},
	{"br", "application/octet-stream"},
	{"bz2", "application/x-bzip2"},
	{"c", "text/plain" UTF8},
	{"cc", "text/plain" UTF8},
	{"cfg", "text/plain" UTF8},
	{"cmake", "text/plain" UTF8},
	{"conf", "text/plain" UTF8},
	{"cpp", "text/plain" UTF8},
	{"cs", "text/plain" UTF8},
	{"css", "text/css" UTF8},
	{"csv", "text/csv" UTF8},
	{"deb", "application/vnd.debian.binary-package"},
	{"diff", "text/plain" UTF8},
	{"dot", "text/plain" UTF8},
	{"ebnf", "text/plain" UTF8},
	{"el", "text/plain" UTF8},
	{"epub", "application/epub+zip"},
	{"erl", "text/plain" UTF8},
	{"ex", "text/plain" UTF8},
	{"exs", "text/plain" UTF8},
	{"f90", "text/plain" UTF8},
	{"flac", "audio/flac"},
	{"geojson", "application/geo+json"},
	{"gif", "image/gif"},
	{"go", "text/plain" UTF8},
	{"gv", "text/plain" UTF8},
	{"gz", "application/gzip"},
	{"h", "text/plain" UTF8},
	{"hpp", "text/plain" UTF8},
	{"hs", "text/plain" UTF8},
	{"htm", "text/html" UTF8},
	{"html", "text/html" UTF8},
	{"ico", "image/vnd.microsoft.icon"},
	{"ics", "text/calendar" UTF8},
	{"inc", "text/plain" UTF8},
	{"ini", "text/plain" UTF8},
	{"ino", "text/plain" UTF8},
	{"ipynb", "application/json"},
	{"iso", "application/x-iso9660-image"},
	{"jar", "application/java-archive"},
	{"java", "text/plain" UTF8},
	{"jl", "text/plain" UTF8},
	{"jpeg", "image/jpeg"},
	{"jpg", "image/jpeg"},
	{"js", "text/javascript" UTF8},
	{"json", "application/json"},
	{"jsonl", "text/plain" UTF8},
	{"jsx", "text/plain" UTF8},
	{"kt", "text/plain" UTF8},
	{"less", "text/plain" UTF8},
	{"lisp", "text/plain" UTF8},
	{"lock", "text/plain" UTF8},
	{"log", "text/plain" UTF8},
	{"lst", "text/plain" UTF8},
	{"lua", "text/plain" UTF8},
	{"m4", "text/plain" UTF8},
	{"m4a", "audio/mp4"},
	{"map", "application/json"},
	{"md", "text/markdown" UTF8},
	{"md5", "text/plain" UTF8},
	{"mjs", "text/javascript" UTF8},
	{"mk", "text/plain" UTF8},
	{"mkv", "video/matroska"},
	{"mov", "video/quicktime"},
	{"mp3", "audio/mpeg"},
	{"mp4", "video/mp4"},
	{"ndjson", "text/plain" UTF8},
	{"nfo", "text/plain" UTF8},
	{"nim", "text/plain" UTF8},
	{"oga", "audio/ogg"},
	{"ogg", "audio/ogg"},
	{"ogv", "video/ogg"},
	{"opus", "audio/ogg"},
	{"org", "text/plain" UTF8},
	{"otf", "font/otf"},
	{"patch", "text/plain" UTF8},
	{"pcap", "application/vnd.tcpdump.pcap"},
	{"pcapng", "application/octet-stream"},
	{"pdf", "application/pdf"},
	{"pl", "text/plain" UTF8},
	{"pm", "text/plain" UTF8},
	{"png", "image/png"},
	{"properties", "text/plain" UTF8},
	{"proto", "text/plain" UTF8},
	{"ps1", "text/plain" UTF8},
	{"py", "text/x-python" UTF8},
	{"r", "text/plain" UTF8},
	{"rb", "text/plain" UTF8},
	{"rs", "text/plain" UTF8},
	{"rss", "application/rss+xml"},
	{"rst", "text/plain" UTF8},
	{"rtf", "application/rtf"},
	{"s", "text/plain" UTF8},
	{"sass", "text/plain" UTF8},
	{"scala", "text/plain" UTF8},
	{"scss", "text/plain" UTF8},
	{"service", "text/plain" UTF8},
	{"sh", "text/x-shellscript" UTF8},
	{"sha1", "text/plain" UTF8},
	{"sha256", "text/plain" UTF8},
	{"sha512", "text/plain" UTF8},
	{"sql", "text/plain" UTF8},
	{"srt", "text/plain" UTF8},
	{"svg", "image/svg+xml"},
	{"swift", "text/plain" UTF8},
	{"tar", "application/x-tar"},
	{"tcl", "text/plain" UTF8},
	{"tcsh", "text/plain" UTF8},
	{"tex", "text/x-tex" UTF8},
	{"text", "text/plain" UTF8},
	{"tf", "text/plain" UTF8},
	{"tgz", "application/gzip"},
	{"tif", "image/tiff"},
	{"tiff", "image/tiff"},
	{"toml", "text/plain" UTF8},
	{"ts", "text/plain" UTF8},
	{"tsv", "text/tab-separated-values" UTF8},
	{"tsx", "text/plain" UTF8},
	{"ttf", "font/ttf"},
	{"txt", "text/plain" UTF8},
	{"v", "text/plain" UTF8},
	{"vhd", "text/plain" UTF8},
	{"vim", "text/plain" UTF8},
	{"vtt", "text/vtt" UTF8},
	{"vue", "text/plain" UTF8},
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
	{"yaml", "text/plain" UTF8},
	{"yml", "text/plain" UTF8},
	{"zig", "text/plain" UTF8},
	{"zip", "application/zip"},
	{"zst", "application/zstd"},
};

/* Files of text that go by a name of their own, sorted. */
static const char *const text_names[] = {
	"authors",    "bugs",	      "changelog",    "changes",
	"codeowners", "contributing", "contributors", "copying",
	"copyright",  "credits",      "dockerfile",   "doxyfile",
	"faq",	      "gemfile",      "gnumakefile",  "hacking",
	"history",    "install",      "jenkinsfile",  "kbuild",
	"kconfig",    "licence",      "license",      "maintainers",
	"makefile",   "manifest",     "md5sums",      "news",
	"notes",      "notice",	      "procfile",     "rakefile",
	"readme",     "release",      "releases",     "sconscript",
	"sconstruct", "sha1sums",     "sha256sums",   "sha512sums",
	"thanks",     "todo",	      "vagrantfile",  "version",
};

#define MEDIA_DEFAULT	    "application/octet-stream"
#define MEDIA_EXTENSION_MAX 16 /* longer ones are in nobody's table */

static char media_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* Writes s in lower case, NUL-ended; false when it is empty or longer. */
static bool lower_word(struct slice s, char out[MEDIA_EXTENSION_MAX + 1])
{
	if (s.len == 0 || s.len > MEDIA_EXTENSION_MAX)
		return false;
	for (size_t i = 0; i < s.len; i++)
		out[i] = media_lower(s.ptr[i]);
	out[s.len] = '\0';
	return true;
}

/* What stands behind the last byte c; all of s when there is none. */
static struct slice behind_last(struct slice s, char c)
{
	const char *at = s.len > 0 ? memrchr(s.ptr, c, s.len) : NULL;
	size_t off = at ? (size_t)(at - s.ptr) + 1 : 0;

	return (struct slice){s.ptr + off, s.len - off};
}

static int media_by_name(const void *a, const void *b)
{
	return strcmp(a, *(const char *const *)b);
}

static int by_extension(const void *a, const void *b)
{
	return strcmp(((const struct media *)a)->extension,
		      ((const struct media *)b)->extension);
}

static const char *media_find(const struct media *list, size_t n,
			      const char *extension)
{
	struct media key = {.extension = extension};
	const struct media *found =
		n > 0 ? bsearch(&key, list, n, sizeof(*list), by_extension)
		      : NULL;

	return found ? found->type : NULL;
}

static const char *default_type(const struct http_media *media)
{
	return media && media->default_type[0] ? media->default_type
					       : MEDIA_DEFAULT;
}

static const char *find_extension(const struct http_media *media,
				  const char *extension)
{
	const char *type = NULL;

	/* Tables that say what is inside say nothing of a coding. */
	if (strcmp(extension, "svgz") == 0)
		extension = "gz";
	if (media)
		type = media_find(media->list, media->n, extension);
	if (!type)
		type = media_find(media_types, ARRAY_LEN(media_types),
				  extension);
	return type;
}

/* The type of a path; NULL when it is in no table. */
static const char *find_path(const struct http_media *media, struct slice path)
{
	struct slice name = behind_last(path, '/');
	struct slice extension = behind_last(name, '.');
	char word[MEDIA_EXTENSION_MAX + 1];

	if (!lower_word(extension, word))
		return NULL;
	if (extension.len < name.len)
		return find_extension(media, word);
	return bsearch(word, text_names, ARRAY_LEN(text_names),
		       sizeof(text_names[0]), media_by_name)
		       ? "text/plain" UTF8
		       : NULL;
}

const char *http_media_type(const struct http_media *media, struct slice path)
{
	const char *type = find_path(media, path);

	return type ? type : default_type(media);
}

/* --- files that are stored encoded --- */

/*
 * What a browser shows, or a page loads. Anything else is saved under its name,
 * and must then be what its name says: a .tar.gz stays one.
 */
static bool is_for_browsers(const char *type)
{
	static const char *const starts[] = {
		"text/",
		"image/",
		"font/",
		"application/geo+json",
		"application/javascript",
		"application/json",
		"application/manifest+json",
		"application/rss+xml",
		"application/wasm",
		"application/xhtml+xml",
		"application/xml",
	};

	for (size_t i = 0; i < ARRAY_LEN(starts); i++)
		if (strncmp(type, starts[i], strlen(starts[i])) == 0)
			return true;
	return false;
}

/* Whether path ends in suffix, in either case, behind something else. */
static bool media_has_suffix(struct slice path, const char *suffix)
{
	size_t len = strlen(suffix);

	return path.len > len &&
	       slice_is_nocase((struct slice){path.ptr + path.len - len, len},
			       suffix);
}

const char *http_media_inner_type(const struct http_media *media,
				  struct slice path, enum http_coding *coding)
{
	const char *type = NULL;

	*coding = HTTP_CODING_GZIP;
	if (media_has_suffix(path, ".svgz"))
		return "image/svg+xml";
	for (int i = 0; i < HTTP_CODING_IDENTITY && !type; i++) {
		const char *suffix = http_coding_suffix((enum http_coding)i);

		*coding = (enum http_coding)i;
		if (media_has_suffix(path, suffix))
			type = find_path(
				media,
				(struct slice){path.ptr,
					       path.len - strlen(suffix)});
	}
	return type && is_for_browsers(type) ? type : NULL;
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
static struct slice media_next_line(struct slice *text)
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

bool http_media_is_type(struct slice s)
{
	size_t len = http_span(s, HTTP_BYTE_TOKEN), sub_len;

	if (s.len > MEDIA_TYPE_MAX || len == 0 || len == s.len ||
	    s.ptr[len] != '/')
		return false;
	s = (struct slice){s.ptr + len + 1, s.len - len - 1};
	sub_len = http_span(s, HTTP_BYTE_TOKEN);
	if (sub_len > 0 && sub_len < s.len && s.ptr[sub_len] != ';')
		return false;
	for (size_t i = sub_len; i < s.len; i++)
		if (s.ptr[i] < ' ' || s.ptr[i] > '~')
			return false;
	return sub_len > 0;
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

/* What a type without a charset lacks: text is UTF-8 here. */
static const char *charset_of(struct slice type)
{
	bool is_text = type.len > 5 &&
		       slice_is_nocase((struct slice){type.ptr, 5}, "text/");

	return is_text && !has_charset(type) ? UTF8 : "";
}

/* Copies a word, in lower case, with a suffix; the room was made before. */
static const char *media_keep(struct http_media *media, struct slice word,
			      const char *suffix)
{
	char *start = media->strings + media->strings_len;
	size_t len = strlen(suffix);

	for (size_t i = 0; i < word.len; i++)
		start[i] = media_lower(word.ptr[i]);
	memcpy(start + word.len, suffix, len + 1);
	media->strings_len += word.len + len + 1;
	return start;
}

/* A later line wins over an earlier one. */
static bool media_add(struct http_media *media, const char *extension,
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

	if (!next_word(&line, &word))
		return 1;
	if (!http_media_is_type(word))
		return 0;
	type = media_keep(media, word, charset_of(word));
	while (next_word(&line, &word))
		if (!media_add(media, media_keep(media, word, ""), type))
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
		result = parse_line(media, media_next_line(&text));
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

void http_media_set_default(struct http_media *media, const char *type)
{
	struct text text =
		text_in(media->default_type, sizeof(media->default_type) - 1);

	text_add_str(&text, type);
	text_add_str(&text, charset_of(slice_of(type)));
	media->default_type[text.len] = '\0';
}

void http_media_free(struct http_media *media)
{
	if (!media)
		return;
	free(media->list);
	free(media->strings);
	free(media);
}
