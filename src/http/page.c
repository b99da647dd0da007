/* SPDX-License-Identifier: MIT */
/*
 * The page that goes with an error. It repeats nothing of the request, so
 * there is nothing in it to inject.
 */
#include "http/page.h"

#include "http/status.h"

void http_page_write(struct text *text, unsigned status)
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
		  status, reason, status, reason, http_status_advice(status));
}
