/* SPDX-License-Identifier: MIT */
/*
 * Fields that are added to a request: which are taken, which are refused and
 * why, and what stands in the request then.
 */
#include "load/fields.h"

#include <string.h>

#include "harness.h"

static const struct {
	const char *text;
	const char *why; /* a piece of it; NULL: it is taken */
} rows[] = {
	{"Host: x", NULL},
	{"X:", NULL},
	{"X: a b\tc", NULL},
	{"X: \xe9", NULL},
	{"X:y:z", NULL},
	{"", "not \"Name: value\""},
	{"X", "not \"Name: value\""},
	{": x", "not \"Name: value\""},
	{"X : y", "not \"Name: value\""},
	{"X Y: z", "not \"Name: value\""},
	{"X\r: y", "not \"Name: value\""},
	{"X: y\r\nZ: a", "control byte"},
	{"X: \x7f", "control byte"},
	{"Content-Length: 0", "no content"},
	{"content-LENGTH:0", "no content"},
	{"Transfer-Encoding: chunked", "no content"},
	{"Content-Lengths: 0", NULL},
};

START_TEST(a_field_is_taken_whole_or_refused)
{
	struct fields fields = {.n = 0};
	const char *why = fields_add(&fields, rows[_i].text);

	ck_assert_msg((why != NULL) == (rows[_i].why != NULL), "%s: %s",
		      rows[_i].text, why ? why : "-");
	if (why)
		ck_assert_ptr_nonnull(strstr(why, rows[_i].why));
	ck_assert_uint_eq(fields.n, why == NULL);
}
END_TEST

START_TEST(there_is_room_for_so_many)
{
	struct fields fields = {.n = 0};

	for (size_t i = 0; i < FIELDS_MAX; i++)
		ck_assert_ptr_null(fields_add(&fields, "A: b"));
	ck_assert_ptr_nonnull(strstr(fields_add(&fields, "A: b"), "too many"));
	ck_assert_uint_eq(fields.n, FIELDS_MAX);
}
END_TEST

START_TEST(a_name_is_found_in_any_case_and_whole)
{
	struct fields fields = {.n = 0};

	ck_assert(!fields_has(&fields, "Host"));
	ck_assert_ptr_null(fields_add(&fields, "Host: x"));
	ck_assert_ptr_null(fields_add(&fields, "Accept: y"));
	ck_assert(fields_has(&fields, "Host"));
	ck_assert(fields_has(&fields, "accept"));
	ck_assert(!fields_has(&fields, "Accept-Encoding"));
	ck_assert(!fields_has(&fields, "Acc"));
	ck_assert(!fields_has(&fields, "x"));
	/* Those that count, and no more. */
	fields.n = 1;
	ck_assert(!fields_has(&fields, "Accept"));
}
END_TEST

START_TEST(all_stand_in_the_request_as_lines)
{
	struct fields fields = {.n = 0};
	char buf[64];
	struct text text = text_in(buf, sizeof(buf));

	ck_assert_uint_eq(fields_size(&fields), 0);
	fields_write(&fields, &text);
	ck_assert_uint_eq(text.len, 0);
	ck_assert_ptr_null(fields_add(&fields, "Host: x"));
	ck_assert_ptr_null(fields_add(&fields, "A:"));
	fields_write(&fields, &text);
	ck_assert(slice_is(text_slice(&text), "Host: x\r\nA:\r\n"));
	ck_assert_uint_eq(fields_size(&fields), text.len);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("fields");
	TCase *tcase = harness_case(suite, "fields");

	tcase_add_loop_test(tcase, a_field_is_taken_whole_or_refused, 0,
			    (int)ARRAY_LEN(rows));
	tcase_add_test(tcase, there_is_room_for_so_many);
	tcase_add_test(tcase, a_name_is_found_in_any_case_and_whole);
	tcase_add_test(tcase, all_stand_in_the_request_as_lines);
	return harness_run_together(suite);
}
