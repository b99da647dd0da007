/* SPDX-License-Identifier: MIT */
/*
 * Every status that the server can answer with, in one list: its code, its
 * reason phrase, and what it tells a person who meets it in a browser.
 */
#include "http/status.h"

struct status {
	unsigned code;
	const char *reason;
	const char *advice;
};

static const struct status statuses[HTTP_STATUSES] = {
	{200, "OK", "Here it is."},
	{206, "Partial Content", "Here is a part of it."},
	{301, "Moved Permanently", "The folder's address ends in a slash."},
	{304, "Not Modified", "You have it already."},
	{400, "Bad Request", "The server could not read the request."},
	{403, "Forbidden", "The server may not or will not read this file."},
	{404, "Not Found",
	 "There is no such file on this server. Names are spelt as on the "
	 "disk, "
	 "upper and lower case apart."},
	{405, "Method Not Allowed", "Files here can only be read."},
	{406, "Not Acceptable",
	 "The file is not to be had in an encoding that was asked for."},
	{408, "Request Timeout", "The request took too long to arrive."},
	{412, "Precondition Failed", "The file is not as expected."},
	{414, "URI Too Long", "The request's first line is too long."},
	{416, "Range Not Satisfiable", "The file is shorter than that."},
	{417, "Expectation Failed", "The server cannot do what is expected."},
	{421, "Misdirected Request",
	 "The server is not the one that was meant."},
	{429, "Too Many Requests",
	 "More was asked for than one address may. Try again later."},
	{431, "Request Header Fields Too Large",
	 "The request's header section is too large."},
	{500, "Internal Server Error", "The file could not be read."},
	{501, "Not Implemented", "The server does not know this method."},
	{503, "Service Unavailable", "The server is busy. Try again later."},
	{505, "HTTP Version Not Supported",
	 "The server speaks HTTP/1.1 and HTTP/1.0."},
	{0, "Unknown", ""},
};

unsigned http_status_index(unsigned status)
{
	unsigned i = 0;

	while (i < HTTP_STATUSES - 1 && statuses[i].code != status)
		i++;
	return i;
}

unsigned http_status_at(unsigned index)
{
	return statuses[index].code;
}

const char *http_status_reason(unsigned status)
{
	return statuses[http_status_index(status)].reason;
}

const char *http_status_advice(unsigned status)
{
	return statuses[http_status_index(status)].advice;
}
