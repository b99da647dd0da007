/* SPDX-License-Identifier: MIT */
/*
 * From a configuration to a site: what of the settings it takes, and what is
 * said when it cannot be had.
 */
#include "server/webroot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "harness.h"
#include "http_fixture.h"
#include "leak.h"
#include "scarce.h"

static struct loop loop;
static struct config config;
static char *folder, *cause;

static void set_up(void)
{
	ck_assert_int_eq(loop_init(&loop), 0);
	folder = folder_new();
	folder_write_text(folder, "a.html", "text");
	folder_write_text(folder, "a.own", "text");
	folder_write_text(folder, "a.unknown", "text");
	folder_write_text(folder, ".hidden", "text");
	folder_add(folder, "sub");
	config = (struct config){
		.root = folder,
		.max_age_ns = SETTING_OFF,
		.limits = limits_standard,
	};
	cause = NULL;
}

static void tear_down(void)
{
	loop_clear(&loop);
	free(folder);
	free(cause);
}

static struct site *open_site(void)
{
	struct site *site = webroot_open_site(&loop, &config, 4, &cause);

	ck_assert_msg(site, "%s", cause);
	return site;
}

/* The head and content that this target is answered with. */
static const char *answer_for(const char *target)
{
	static char text[SITE_TEXT_MAX], head[256];
	struct site *site = open_site();
	struct gather out;
	struct site_reply reply;

	(void)snprintf(head, sizeof(head), "GET %s HTTP/1.1\r\nHost: h\r\n\r\n",
		       target);
	gather_init(&out, text, sizeof(text) - 1);
	reply = site_answer(site, &http_fixture_ask(head)->request, false,
			    &out);
	body_free(reply.body);
	text[out.text.len] = '\0';
	site_free(site);
	return text;
}

static void expect_answer(const char *target, const char *piece, bool is_there)
{
	const char *text = answer_for(target);

	ck_assert_msg((strstr(text, piece) != NULL) == is_there, "%s: %s",
		      piece, text);
}

START_TEST(a_setting_is_taken_as_it_is)
{
	expect_answer("/.hidden", "HTTP/1.1 404 ", true);
	expect_answer("/sub/", "HTTP/1.1 404 ", true);
	expect_answer("/a.html", "HTTP/1.1 200 ", true);
	expect_answer("/a.html", "Cache-Control", false);
	config.hidden = true;
	expect_answer("/.hidden", "HTTP/1.1 200 ", true);
	expect_answer("/sub/", "HTTP/1.1 404 ", true);
	config.listing = true;
	expect_answer("/sub/", "HTTP/1.1 200 ", true);
	config.max_age_ns = 60 * CLOCK_NS_PER_S;
	expect_answer("/a.html", "max-age=60\r\n", true);
	config.max_age_ns = 0;
	expect_answer("/a.html", "max-age=60", false);
}
END_TEST

START_TEST(types_are_those_of_the_table_and_the_rest)
{
	char *path = folder_path(folder, "types");

	folder_write_text(folder, "types", "a/own own\n");
	expect_answer("/a.own", "Content-Type: a/own\r\n", false);
	config.mime_types = path;
	config.default_type = "x/rest";
	expect_answer("/a.own", "Content-Type: a/own\r\n", true);
	expect_answer("/a.unknown", "Content-Type: x/rest\r\n", true);
	free(path);
}
END_TEST

static const struct {
	const char *root, *types; /* NULL: there is one, and none */
	const char *cause;
} refused[] = {
	{"/nowhere", NULL,
	 "document root /nowhere: No such file or directory (name a folder "
	 "with --root, or --http-port=off)"},
	{HTDOCS_DIR "/nowhere", NULL,
	 "document root " HTDOCS_DIR "/nowhere: No such file or directory "
	 "(name a folder with --root, or --http-port=off)"},
	{NULL, "/nowhere", "--mime-types=/nowhere: No such file or directory"},
};

START_TEST(what_cannot_be_had_is_said)
{
	if (refused[_i].root)
		config.root = refused[_i].root;
	config.mime_types = refused[_i].types;
	ck_assert_ptr_null(webroot_open_site(&loop, &config, 4, &cause));
	ck_assert_str_eq(cause, refused[_i].cause);
}
END_TEST

START_TEST(a_malformed_table_is_said_with_its_line)
{
	char *path = folder_path(folder, "types"), wanted[512];

	folder_write_text(folder, "types", "a/own own\nnonsense\n");
	config.mime_types = path;
	ck_assert_ptr_null(webroot_open_site(&loop, &config, 4, &cause));
	(void)snprintf(wanted, sizeof(wanted),
		       "--mime-types=%s: line 2: not a media type and its "
		       "extensions",
		       path);
	ck_assert_str_eq(cause, wanted);
	free(path);
}
END_TEST

/* Whatever allocation it is; the root's own says so in its words. */
START_TEST(without_memory_there_is_no_site)
{
	unsigned n = 0;
	bool has_failed;

	do {
		struct site *site;

		cause = NULL;
		scarce_memory(++n);
		site = webroot_open_site(&loop, &config, 4, &cause);
		has_failed = scarce_memory_end();
		ck_assert_msg((site == NULL) == has_failed, "%u", n);
		if (!site)
			ck_assert_msg(strstr(cause, "out of memory") ||
					      strstr(cause, "allocate memory"),
				      "%s", cause);
		free(cause);
		site_free(site);
	} while (has_failed && n < 100);
	ck_assert_uint_ge(n, 6);
	cause = NULL;
}
END_TEST

static void open_all_ways(void)
{
	struct site *none;

	site_free(open_site());
	config.mime_types = "/nowhere";
	ck_assert_ptr_null(webroot_open_site(&loop, &config, 4, &cause));
	free(cause);
	config.mime_types = NULL;
	for (unsigned n = 1; n <= 5; n++) {
		cause = NULL;
		scarce_memory(n);
		none = webroot_open_site(&loop, &config, 4, &cause);
		(void)scarce_memory_end();
		ck_assert_ptr_null(none);
		free(cause);
	}
	cause = NULL;
}

START_TEST(a_site_leaves_nothing_behind)
{
	leak_check(open_all_ways);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("webroot");
	TCase *tcase = harness_case(suite, "webroot");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_setting_is_taken_as_it_is);
	tcase_add_test(tcase, types_are_those_of_the_table_and_the_rest);
	tcase_add_loop_test(tcase, what_cannot_be_had_is_said, 0,
			    ARRAY_LEN(refused));
	tcase_add_test(tcase, a_malformed_table_is_said_with_its_line);
	tcase_add_test(tcase, without_memory_there_is_no_site);
	tcase_add_test(tcase, a_site_leaves_nothing_behind);
	return harness_run(suite);
}
