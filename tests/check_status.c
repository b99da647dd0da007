/* SPDX-License-Identifier: MIT */
/*
 * The statuses that the server can answer with: the registered reason phrase of
 * each (RFC 9110, 15; RFC 6585, 5), and a sentence for the person who meets it.
 */
#include "http/status.h"

#include <string.h>

#include "harness.h"

static const struct status_row {
	unsigned status;
	const char *reason;
} statuses[] = {
	{200, "OK"},
	{301, "Moved Permanently"},
	{400, "Bad Request"},
	{403, "Forbidden"},
	{404, "Not Found"},
	{405, "Method Not Allowed"},
	{408, "Request Timeout"},
	{414, "URI Too Long"},
	{431, "Request Header Fields Too Large"},
	{500, "Internal Server Error"},
	{501, "Not Implemented"},
	{429, "Too Many Requests"},
	{503, "Service Unavailable"},
	{505, "HTTP Version Not Supported"},
};

START_TEST(a_status_has_its_registered_reason)
{
	ck_assert_str_eq(http_status_reason(statuses[_i].status),
			 statuses[_i].reason);
}
END_TEST

/* For counters: each status has a place, and each place its status. */
START_TEST(a_status_has_a_place_of_its_own)
{
	unsigned index = http_status_index(statuses[_i].status);

	ck_assert_uint_lt(index, HTTP_STATUSES - 1);
	ck_assert_uint_eq(http_status_at(index), statuses[_i].status);
	ck_assert_uint_eq(http_status_index(999), HTTP_STATUSES - 1);
	ck_assert_uint_eq(http_status_at(HTTP_STATUSES - 1), 0);
}
END_TEST

START_TEST(a_status_has_a_sentence_for_people)
{
	const char *advice = http_status_advice(statuses[_i].status);
	size_t len = strlen(advice);

	ck_assert_uint_gt(len, 10);
	ck_assert_int_eq(advice[len - 1], '.');
	/* It goes into a page as it is. */
	ck_assert_uint_eq(strcspn(advice, "<>&\""), len);
}
END_TEST

START_TEST(any_other_status_is_unknown)
{
	static const unsigned others[] = {0, 1, 199, 201, 418, 999, 4294967295};

	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		ck_assert_str_eq(http_status_reason(others[i]), "Unknown");
		ck_assert_ptr_nonnull(http_status_advice(others[i]));
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("status");
	TCase *tcase = harness_case(suite, "status");
	int n = (int)ARRAY_LEN(statuses);

	tcase_add_loop_test(tcase, a_status_has_its_registered_reason, 0, n);
	tcase_add_loop_test(tcase, a_status_has_a_place_of_its_own, 0, n);
	tcase_add_loop_test(tcase, a_status_has_a_sentence_for_people, 0, n);
	tcase_add_test(tcase, any_other_status_is_unknown);
	return harness_run_together(suite);
}
