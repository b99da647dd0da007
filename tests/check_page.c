/* SPDX-License-Identifier: MIT */
/*
 * The page that goes with an error: it has its status as heading, it is
 * complete, and it is bounded.
 */
#include "http/page.h"

#include <stdio.h>
#include <string.h>

#include "guard.h"
#include "harness.h"
#include "http/status.h"

static const unsigned statuses[] = {
	301, 400, 403, 404, 405, 408, 414, 431, 500, 501, 503, 505, 999,
};

/* Writes the page to `page`, with a NUL. */
static void write_page(unsigned status, char page[HTTP_PAGE_MAX + 1])
{
	struct text text = text_in(page, HTTP_PAGE_MAX);

	http_page_write(&text, status, NULL);
	ck_assert(!text.overflow);
	page[text.len] = '\0';
	ck_assert_uint_eq(strlen(page), text.len);
}

static unsigned count_of(const char *page, const char *word)
{
	unsigned n = 0;

	while ((page = strstr(page, word))) {
		n++;
		page += strlen(word);
	}
	return n;
}

START_TEST(the_heading_is_the_status_and_its_reason)
{
	char page[HTTP_PAGE_MAX + 1], heading[128];

	write_page(statuses[_i], page);
	(void)snprintf(heading, sizeof(heading), "<h1>%u %s</h1>", statuses[_i],
		       http_status_reason(statuses[_i]));
	ck_assert_uint_eq(count_of(page, heading), 1);
	(void)snprintf(heading, sizeof(heading), "<title>%u %s</title>",
		       statuses[_i], http_status_reason(statuses[_i]));
	ck_assert_uint_eq(count_of(page, heading), 1);
	ck_assert_ptr_nonnull(strstr(page, http_status_advice(statuses[_i])));
}
END_TEST

START_TEST(not_found_reads_as_the_manual_says)
{
	char page[HTTP_PAGE_MAX + 1];

	write_page(404, page);
	ck_assert_ptr_nonnull(strstr(page, "<h1>404 Not Found</h1>"));
}
END_TEST

START_TEST(a_folder_without_index_says_what_helps)
{
	char page[HTTP_PAGE_MAX + 1];
	struct text text = text_in(page, HTTP_PAGE_MAX);

	http_page_write(&text, 404, http_page_no_index);
	ck_assert(!text.overflow);
	page[text.len] = '\0';
	ck_assert_ptr_nonnull(strstr(page, "<h1>404 Not Found</h1>"));
	ck_assert_ptr_nonnull(strstr(page, "--listing"));
	ck_assert_ptr_null(strstr(page, http_status_advice(404)));
}
END_TEST

START_TEST(a_page_is_whole)
{
	static const char *const elements[] = {"html", "head", "title",
					       "body", "h1",   "p"};
	static const char start[] = "<!DOCTYPE html>\n", end[] = "</html>\n";
	char page[HTTP_PAGE_MAX + 1], tag[32];

	write_page(statuses[_i], page);
	ck_assert_int_eq(strncmp(page, start, strlen(start)), 0);
	ck_assert_str_eq(page + strlen(page) - strlen(end), end);
	for (size_t i = 0; i < ARRAY_LEN(elements); i++) {
		(void)snprintf(tag, sizeof(tag), "</%s>", elements[i]);
		ck_assert_uint_eq(count_of(page, tag), 1);
	}
	ck_assert_ptr_nonnull(strstr(page, "<meta charset=\"utf-8\">"));
	ck_assert_ptr_nonnull(strstr(page, "lang=\"en\""));
}
END_TEST

START_TEST(a_page_names_no_outside_resource)
{
	char page[HTTP_PAGE_MAX + 1];

	write_page(statuses[_i], page);
	ck_assert_uint_eq(count_of(page, "://"), 0);
	ck_assert_uint_eq(count_of(page, "src="), 0);
	ck_assert_uint_eq(count_of(page, "<script"), 0);
}
END_TEST

START_TEST(a_page_that_does_not_fit_is_an_overflow)
{
	char page[HTTP_PAGE_MAX + 1], *guard = guard_new();
	size_t len;

	write_page(404, page);
	len = strlen(page);
	for (size_t size = 0; size <= len; size++) {
		struct text text = text_in(guard - size, size);

		http_page_write(&text, 404, NULL);
		ck_assert_uint_le(text.len, size);
		if (size < len)
			ck_assert(text.overflow);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("page");
	TCase *tcase = harness_case(suite, "page");
	int n = (int)ARRAY_LEN(statuses);

	tcase_add_loop_test(tcase, the_heading_is_the_status_and_its_reason, 0,
			    n);
	tcase_add_test(tcase, not_found_reads_as_the_manual_says);
	tcase_add_test(tcase, a_folder_without_index_says_what_helps);
	tcase_add_loop_test(tcase, a_page_is_whole, 0, n);
	tcase_add_loop_test(tcase, a_page_names_no_outside_resource, 0, n);
	tcase_add_test(tcase, a_page_that_does_not_fit_is_an_overflow);
	return harness_run_together(suite);
}
