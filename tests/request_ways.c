/* SPDX-License-Identifier: MIT */
/*
 * Feeding the request parser the same bytes in every way in which a connection
 * can bring them: whole, cut off at every length, and piece by piece with the
 * memory of how far was looked; always from a buffer that ends at an
 * inaccessible page. However they arrive, the verdict must be the same.
 */
#include "request_ways.h"

#include "guard.h"
#include "harness.h"

static struct outcome parse(struct http_request *request, const char *buf,
			    size_t len, size_t *scanned)
{
	struct outcome outcome = {
		.verdict = http_request_parse(request, &http_limits_standard,
					      buf, len, scanned)};

	if (outcome.verdict == HTTP_REQUEST_BAD)
		outcome.status = request->status;
	if (outcome.verdict == HTTP_REQUEST_DONE)
		outcome.head_len = request->head_len;
	return outcome;
}

struct outcome parse_anew(char *guard, const char *text, size_t len)
{
	struct http_request request;
	size_t scanned = 0;

	return parse(&request, guard_copy(guard, text, len), len, &scanned);
}

void assert_same(struct outcome got, struct outcome want, size_t len)
{
	ck_assert_msg(
		got.verdict == want.verdict && got.status == want.status &&
			got.head_len == want.head_len,
		"%s: after %zu bytes: verdict %d status %u head %zu, "
		"not verdict %d status %u head %zu",
		want.why ? want.why : "", len, (int)got.verdict, got.status,
		got.head_len, (int)want.verdict, want.status, want.head_len);
}

void assert_grows_to(const char *text, size_t len, size_t step,
		     struct outcome want)
{
	static struct http_request request;
	char *guard = guard_new();
	size_t scanned = 0;
	bool is_final = false;

	for (size_t n = 0; !is_final; n = n + step < len ? n + step : len) {
		struct outcome anew = parse_anew(guard, text, n);
		struct outcome kept = parse(
			&request, guard_copy(guard, text, n), n, &scanned);

		assert_same(kept, anew, n);
		ck_assert_uint_le(scanned, n);
		is_final = anew.verdict != HTTP_REQUEST_PARTIAL || n == len;
		if (is_final)
			assert_same(anew, want, n);
	}
}

/* A verdict once given stands, however much follows. */
static void assert_stays(const char *text, size_t len, struct outcome want)
{
	char *guard = guard_new();
	bool was_final = false;

	for (size_t n = 0; n <= len; n++) {
		struct outcome outcome = parse_anew(guard, text, n);

		if (was_final || n == len)
			assert_same(outcome, want, n);
		was_final |= outcome.verdict != HTTP_REQUEST_PARTIAL;
	}
}

void assert_every_way(const char *text, size_t len, struct outcome want)
{
	static const size_t steps[] = {1, 2, 3, 7, 1000};

	assert_same(parse_anew(guard_new(), text, len), want, len);
	assert_stays(text, len, want);
	for (size_t i = 0; i < ARRAY_LEN(steps); i++)
		assert_grows_to(text, len, steps[i], want);
}
