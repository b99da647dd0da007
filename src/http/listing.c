/* SPDX-License-Identifier: MIT */
/*
 * A directory as HTML for people and as JSON for programs. File names are
 * bytes that somebody chose: they are escaped for where they stand, as text, as
 * a link's target, and as a JSON string.
 */
#include "http/listing.h"

#include "base/calendar.h"

static const char style[] =
	"<style>\n"
	":root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}\n"
	"body{margin:0 auto;max-width:60rem;padding:1rem}\n"
	"h1{font-size:1.2rem;overflow-wrap:anywhere}\n"
	"table{border-collapse:collapse;width:100%}\n"
	"th,td{padding:.25rem .5rem;text-align:left;vertical-align:top}\n"
	"tr+tr{border-top:1px solid #8884}\n"
	"td:first-child{overflow-wrap:anywhere}\n"
	"td+td{white-space:nowrap;font-variant-numeric:tabular-nums}\n"
	"th:nth-child(2),td:nth-child(2){text-align:right}\n"
	"@media(max-width:30rem){td:nth-child(3),th:nth-child(3)"
	"{display:none}}\n"
	"</style>\n";

static void add_path(struct text *text, struct slice path,
		     void (*add)(struct text *, struct slice))
{
	text_add_char(text, '/');
	if (path.len > 0) {
		add(text, path);
		text_add_char(text, '/');
	}
}

static void begin_html(struct text *text, struct slice path)
{
	text_add_str(text, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
			   "<meta charset=\"utf-8\">\n"
			   "<meta name=\"viewport\" content=\"width=device-"
			   "width,initial-scale=1\">\n<title>");
	add_path(text, path, text_add_html);
	text_add_str(text, "</title>\n");
	text_add_str(text, style);
	text_add_str(text, "</head>\n<body>\n<h1>");
	add_path(text, path, text_add_html);
	text_add_str(text, "</h1>\n<table>\n"
			   "<tr><th>Name</th><th>Size</th>"
			   "<th>Changed (UTC)</th></tr>\n");
	if (path.len > 0)
		text_add_str(text, "<tr><td><a href=\"../\">../</a></td>"
				   "<td></td><td></td></tr>\n");
}

void http_listing_begin(struct text *text, bool as_json, struct slice path)
{
	if (!as_json) {
		begin_html(text, path);
		return;
	}
	text_add_str(text, "{\"path\":\"");
	add_path(text, path, text_add_json);
	text_add_str(text, "\",\"entries\":[");
}

/* "2026-11-22 09:51:54" with this byte in the middle. */
static void add_time(struct text *text, int64_t time_s, char middle)
{
	/* Nobody's file is from then; something must stand there. */
	bool is_odd = time_s < CALENDAR_MIN_S || time_s > CALENDAR_MAX_S;
	struct calendar at = calendar_of(is_odd ? 0 : time_s);

	calendar_add(text, &at, middle);
}

/* Three digits in powers of 1000, cut and not rounded: "612 B", "1.23 MB". */
static void add_size(struct text *text, uint64_t size)
{
	static const char *const units[] = {"B",  "kB", "MB", "GB",
					    "TB", "PB", "EB"};
	uint64_t unit = 1;
	size_t i = 0;

	for (; size / unit >= 1000; i++)
		unit *= 1000;
	text_add_uint(text, size / unit);
	if (i > 0 && size / unit < 10) {
		text_add_char(text, '.');
		text_add_padded(text, size % unit / (unit / 100), 2);
	}
	if (i > 0 && size / unit >= 10 && size / unit < 100)
		text_addf(text, ".%u", (unsigned)(size % unit / (unit / 10)));
	text_add_char(text, ' ');
	text_add_str(text, units[i]);
}

/* For people; whoever wants to know it to the byte rests the pointer on it. */
static void cell_size(struct text *text, uint64_t size)
{
	text_add_str(text, "<td title=\"");
	text_add_uint(text, size);
	text_add_str(text, " bytes\">");
	add_size(text, size);
	text_add_str(text, "</td>");
}

/* The "./" keeps a colon in a name from looking like a scheme. */
static void row_html(struct text *text, const struct http_listing_row *row)
{
	const char *slash = row->is_directory ? "/" : "";

	text_add_str(text, "<tr><td><a href=\"./");
	text_add_uri_path(text, row->name);
	text_add_str(text, slash);
	text_add_str(text, "\">");
	text_add_html(text, row->name);
	text_add_str(text, slash);
	text_add_str(text, "</a></td>");
	if (row->is_directory)
		text_add_str(text, "<td></td>");
	else
		cell_size(text, row->size);
	text_add_str(text, "<td>");
	add_time(text, row->mtime_s, ' ');
	text_add_str(text, "</td></tr>\n");
}

static void row_json(struct text *text, const struct http_listing_row *row,
		     bool is_first)
{
	text_add_str(text, is_first ? "\n{\"name\":\"" : ",\n{\"name\":\"");
	text_add_json(text, row->name);
	text_add_str(text, row->is_directory ? "\",\"type\":\"directory\""
					     : "\",\"type\":\"file\"");
	if (!row->is_directory) {
		text_add_str(text, ",\"size\":");
		text_add_uint(text, row->size);
	}
	text_add_str(text, ",\"modified\":\"");
	add_time(text, row->mtime_s, 'T');
	text_add_str(text, "Z\"}");
}

void http_listing_row(struct text *text, bool as_json,
		      const struct http_listing_row *row, bool is_first)
{
	if (as_json)
		row_json(text, row, is_first);
	else
		row_html(text, row);
}

void http_listing_end(struct text *text, bool as_json, bool is_cut)
{
	if (as_json) {
		text_add_str(text, "\n],\"complete\":");
		text_add_str(text, is_cut ? "false}\n" : "true}\n");
		return;
	}
	text_add_str(text, "</table>\n");
	if (is_cut)
		text_add_str(text, "<p>There are more names than can be "
				   "listed.</p>\n");
	text_add_str(text, "</body>\n</html>\n");
}
