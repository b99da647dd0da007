/* SPDX-License-Identifier: MIT */
/*
 * Slots of errors: which one an errno value has, what it is called, and whose
 * trouble it is.
 */
#include "result/error.h"

#include <errno.h>
#include <string.h>

#include "harness.h"

START_TEST(an_errno_value_has_its_slot_and_what_is_none_that_of_an_io_error)
{
	ck_assert_uint_eq(error_of_errno(1), 1);
	ck_assert_uint_eq(error_of_errno(ECONNREFUSED), ECONNREFUSED);
	ck_assert_uint_eq(error_of_errno(ERROR_STATUS - 1), ERROR_STATUS - 1);
	ck_assert_uint_eq(error_of_errno(ERROR_STATUS), EIO);
	ck_assert_uint_eq(error_of_errno(0), EIO);
	ck_assert_uint_eq(error_of_errno(-1), EIO);
}
END_TEST

static const struct {
	size_t slot;
	const char *name;
	const char *hint; /* a piece of it; NULL: there is none */
} slots[] = {
	{ECONNREFUSED, "ECONNREFUSED", NULL},
	{EMFILE, "EMFILE", "ulimit -n"},
	{EXDEV, "errno 18", NULL},
	{ERROR_STATUS - 1, "errno 255", NULL},
	{ERROR_STATUS, "HTTP 0", NULL},
	{ERROR_STATUS + 300, "HTTP 300", NULL},
	{ERROR_STATUS + 301, "HTTP 301", "final slash"},
	{ERROR_STATUS + 302, "HTTP 302", NULL},
	{ERROR_STATUS + 403, "HTTP 403", NULL},
	{ERROR_STATUS + 404, "HTTP 404", "no such page"},
	{ERROR_STATUS + 405, "HTTP 405", NULL},
	{ERROR_TIMEOUT - 1, "HTTP 999", NULL},
	{ERROR_TIMEOUT, "timeout", "no answer within"},
	{ERROR_UNENDED, "malformed: head without end", "empty line"},
};

START_TEST(a_slot_has_its_name_and_its_hint)
{
	char buf[ERROR_NAME_SIZE];
	const char *hint = error_hint(slots[_i].slot);

	ck_assert_str_eq(error_name(slots[_i].slot, buf), slots[_i].name);
	ck_assert_ptr_eq(error_name(slots[_i].slot, buf), buf);
	ck_assert_int_eq(hint != NULL, slots[_i].hint != NULL);
	if (hint)
		ck_assert_ptr_nonnull(strstr(hint, slots[_i].hint));
}
END_TEST

/* Names are keys in files, so no two may be alike. */
START_TEST(no_two_slots_have_one_name_and_none_is_cut)
{
	static char names[ERROR_SLOTS][ERROR_NAME_SIZE];

	for (size_t i = 0; i < ERROR_SLOTS; i++) {
		size_t len = strlen(error_name(i, names[i]));

		ck_assert_uint_gt(len, 0);
		ck_assert_uint_lt(len, ERROR_NAME_SIZE - 1);
		for (size_t j = 0; j < i; j++)
			ck_assert_str_ne(names[i], names[j]);
	}
}
END_TEST

START_TEST(limits_of_this_host_are_ours_and_nothing_else_is)
{
	static const size_t ours[] = {EADDRNOTAVAIL, EADDRINUSE, EMFILE,
				      ENFILE,	     ENOBUFS,	 ENOMEM};

	for (size_t i = 0; i < ERROR_SLOTS; i++) {
		bool is_one = false;

		for (size_t j = 0; j < ARRAY_LEN(ours); j++)
			is_one |= ours[j] == i;
		ck_assert_msg(error_is_ours(i) == is_one, "slot %zu", i);
	}
}
END_TEST

START_TEST(a_reply_is_wrong_by_its_status_or_by_its_bytes)
{
	static const struct {
		size_t slot;
		bool is_wrong;
	} cases[] = {
		{ERROR_STATUS - 1, false}, {ERROR_STATUS, true},
		{ERROR_STATUS + 1, true},  {ERROR_TIMEOUT - 1, true},
		{ERROR_TIMEOUT, false},	   {ERROR_CLOSED, false},
		{ERROR_STRAY, true},	   {ERROR_MALFORMED, true},
		{ERROR_SLOTS - 1, true},   {ERROR_SLOTS, false},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		ck_assert_msg(error_is_wrong_reply(cases[i].slot) ==
				      cases[i].is_wrong,
			      "slot %zu", cases[i].slot);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("error");
	TCase *tcase = harness_case(suite, "error");

	tcase_add_test(
		tcase,
		an_errno_value_has_its_slot_and_what_is_none_that_of_an_io_error);
	tcase_add_loop_test(tcase, a_slot_has_its_name_and_its_hint, 0,
			    (int)ARRAY_LEN(slots));
	tcase_add_test(tcase, no_two_slots_have_one_name_and_none_is_cut);
	tcase_add_test(tcase, limits_of_this_host_are_ours_and_nothing_else_is);
	tcase_add_test(tcase, a_reply_is_wrong_by_its_status_or_by_its_bytes);
	return harness_run_together(suite);
}
