/* SPDX-License-Identifier: MIT */
/*
 * Extension to media type, for what a lab's document root holds. Text is
 * declared as UTF-8: a browser that must guess may guess wrongly, and guessing
 * is how a text file becomes a script.
 */
#include "http/media.h"

#include <string.h>

#include "base/compiler.h"

struct media {
	const char *extension;
	const char *type;
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

const char *http_media_type(struct slice path)
{
	char extension[MEDIA_EXTENSION_MAX + 1];
	size_t low = 0, high = ARRAY_LEN(media_types);

	if (!extension_of(path, extension))
		return "application/octet-stream";
	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = strcmp(extension, media_types[middle].extension);

		if (order == 0)
			return media_types[middle].type;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return "application/octet-stream";
}
