/* SPDX-License-Identifier: MIT */
/*
 * The page that goes with an error. It repeats nothing of the request, so
 * there is nothing in it to inject.
 */
#include "http/page.h"

#include "http/status.h"

const char http_page_no_index[] =
	"There is no such folder on this server, or it has no index.html. The "
	"server lists such folders when it is started with --listing.";

void http_page_write(struct text *text, unsigned status, const char *advice)
{
	const char *reason = http_status_reason(status);

	text_addf(text,
		  "<!DOCTYPE html>\n"
		  "<html lang=\"en\">\n"
		  "<head>\n"
		  "<meta charset=\"utf-8\">\n"
		  "<meta name=\"viewport\" content=\"width=device-width\">\n"
		  "<meta name=\"color-scheme\" content=\"light dark\">\n"
		  "<title>%u %s</title>\n"
		  "</head>\n"
		  "<body>\n"
		  "<h1>%u %s</h1>\n"
		  "<p>%s</p>\n"
		  "</body>\n"
		  "</html>\n",
		  status, reason, status, reason,
		  advice ? advice : http_status_advice(status));
}
