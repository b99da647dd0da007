/* SPDX-License-Identifier: MIT */
/*
 * The document root of the running daemon as a fence: targets and symbolic
 * links that lead out of it, files that are no files, names too long to be.
 * All of it twice: as the kernel's openat2(2) holds the fence, and as the
 * server does itself on a kernel that does not have that call.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include "e2e_http.h"
#include "e2e_server.h"
#include "e2e_sock.h"
#include "harness.h"

#define FILE_TEXT   "some text\n"
#define SECRET_TEXT "nobody may see this\n"

static char *outside; /* holds the root and what is beside it */
static char *root;
static struct server *server;

static void make_link(const char *name, const char *to)
{
	char *path = folder_path(root, name);

	ck_assert_int_eq(symlink(to, path), 0);
	free(path);
}

static void make_root(void)
{
	outside = folder_new();
	folder_write_text(outside, "secret.txt", SECRET_TEXT);
	folder_add(outside, "secrets");
	folder_write_text(outside, "secrets/index.html", SECRET_TEXT);
	folder_write_text(outside, "secrets/secret.txt", SECRET_TEXT);
	folder_add(outside, "root");
	root = folder_path(outside, "root");
	folder_add(root, "sub");
	folder_write_text(root, "file.txt", FILE_TEXT);
	folder_write_text(root, "sub/file.txt", FILE_TEXT);
	/* A name that begins like the root's: no prefix may be compared. */
	folder_add(outside, "root-secrets");
	folder_write_text(outside, "root-secrets/secret.txt", SECRET_TEXT);
}

static void set_up(void)
{
	make_root();
	server = server_start(&(struct server_options){
		.http = "0", .root = root, .obeys_modes = true});
}

static void set_up_walking(void)
{
	make_root();
	server = server_start(&(struct server_options){.http = "0",
						       .root = root,
						       .obeys_modes = true,
						       .lacks_openat2 = true});
}

static void tear_down(void)
{
	server_stop(server);
	free(root);
	free(outside);
}

static void expect_status(const struct response *response, int status)
{
	if (response->status != status)
		harness_fail("status %d expected:\n%s", status, response->head);
}

/* That the server is there and serves. */
static void expect_service(void)
{
	struct response response;

	http_fetch(server, "/file.txt", &response);
	http_expect(&response, 200, FILE_TEXT, strlen(FILE_TEXT));
	http_clear(&response);
}

/* --- the way out of the root --- */

static const char *const escapes[] = {
	"/../secret.txt",
	"/../secrets/",
	"/../root-secrets/secret.txt",
	"/..",
	"/../",
	"/../../../../../../etc/passwd",
	"/sub/../../secret.txt",
	"/sub/../../root/../secret.txt",
	"/%2e%2e/secret.txt",
	"/%2E%2E/secret.txt",
	"/.%2e/secret.txt",
	"/%2e./secret.txt",
	"/..%2fsecret.txt",
	"/..%2Fsecret.txt",
	"/%2e%2e%2fsecret.txt",
	"/sub%2f..%2f..%2fsecret.txt",
	"/%2fetc/passwd",
	"/%252e%252e/secret.txt", /* decoding twice would find it */
	"/%252e%252e%252fsecret.txt",
	"/..%5csecret.txt",
	"/..\\secret.txt",
	"/....//secret.txt", /* "../" taken out once leaves it */
	"/..././secret.txt",
	"/.../secret.txt",
	"/%c0%ae%c0%ae/secret.txt", /* overlong UTF-8 */
	"/%c0%ae%c0%ae%c0%afsecret.txt",
	"/%u002e%u002e/secret.txt",
	"/..%00/secret.txt",
	"/..;/secret.txt",
	"//../secret.txt",
	"/./../secret.txt",
	"//etc/passwd",
	"/etc/passwd",
	"http://h/../secret.txt",
	"http://h/%2e%2e/secret.txt",
	"file:///etc/passwd",
	"/proc/self/cwd/secret.txt",
	"/~root/",
};

static bool holds_secret(const struct response *response)
{
	const char *content = (const char *)response->content;

	return strstr(content, SECRET_TEXT) || strstr(content, "root:");
}

START_TEST(no_target_leads_out_of_the_root)
{
	struct response response;

	http_fetch(server, escapes[_i], &response);
	if (response.status != 400 && response.status != 403 &&
	    response.status != 404)
		harness_fail("%s:\n%s", escapes[_i], response.head);
	ck_assert(!holds_secret(&response));
	http_clear(&response);
	expect_service();
}
END_TEST

static const struct {
	const char *name;
	const char *to;
	const char *target;
} out_links[] = {
	{"out.txt", "../secret.txt", "/out.txt"},
	{"out", "../secrets", "/out"},
	{"out", "../secrets", "/out/"},
	{"out", "../secrets", "/out/secret.txt"},
	{"up", "..", "/up/secret.txt"},
	{"passwd", "/etc/passwd", "/passwd"},
	{"all", "/", "/all/etc/passwd"},
	{"sub/out.txt", "../../secret.txt", "/sub/out.txt"},
	{"chain", "out2", "/chain"},
	{"fd", "/proc/self/fd", "/fd/0"},
	{"cwd", "/proc/self/cwd", "/cwd/"},
	{"sub/index.html", "../../secret.txt", "/sub/"}, /* an index too */
};

START_TEST(no_symbolic_link_leads_out_of_the_root)
{
	struct response response;

	make_link("out2", "../secret.txt");
	make_link(out_links[_i].name, out_links[_i].to);
	http_fetch(server, out_links[_i].target, &response);
	if (response.status != 403 && response.status != 404)
		harness_fail("%s:\n%s", out_links[_i].target, response.head);
	ck_assert(!holds_secret(&response));
	http_clear(&response);
}
END_TEST

/* "@" stands for the absolute name of the folder that the root is in. */
static const struct {
	const char *name;
	const char *to;
	const char *target;
} in_links[] = {
	{"link.txt", "file.txt", "/link.txt"},
	{"sub/link.txt", "../file.txt", "/sub/link.txt"},
	{"folder", "sub", "/folder/file.txt"},
	{"link.txt", "@/root/file.txt", "/link.txt"},
	{"folder", "@/root/sub", "/folder/file.txt"},
	{"sub/up", "@/root", "/sub/up/sub/up/file.txt"},
	{"link.txt", "../root/file.txt", "/link.txt"},
	{"folder", "@/current/sub", "/folder/file.txt"},
	{"sub/index.html", "@/root/file.txt", "/sub/"},
};

static void make_link_in(const char *name, const char *to)
{
	char *path = folder_path(outside, to[0] == '@' ? to + 2 : "");

	make_link(name, to[0] == '@' ? path : to);
	free(path);
}

START_TEST(a_symbolic_link_within_the_root_is_followed)
{
	char *current = folder_path(outside, "current");
	struct response response;

	ck_assert_int_eq(symlink("root", current), 0);
	make_link_in(in_links[_i].name, in_links[_i].to);
	for (int i = 0; i < 2; i++) { /* from the cache as well */
		http_fetch(server, in_links[_i].target, &response);
		http_expect(&response, 200, FILE_TEXT, strlen(FILE_TEXT));
		http_clear(&response);
	}
	free(current);
}
END_TEST

static const struct {
	const char *name;
	const char *to;
} dead_links[] = {
	{"loop", "loop"},     /* to itself */
	{"loop", "sub/back"}, /* through another, made below */
	{"loop", "none"},     /* to nothing */
};

START_TEST(a_symbolic_link_to_nowhere_is_not_an_error_of_the_server)
{
	struct response response;

	make_link("sub/back", "../loop");
	make_link(dead_links[_i].name, dead_links[_i].to);
	http_fetch(server, "/loop", &response);
	ck_assert(response.status == 403 || response.status == 404);
	http_clear(&response);
	http_fetch(server, "/loop/file.txt", &response);
	ck_assert(response.status == 403 || response.status == 404);
	http_clear(&response);
}
END_TEST

/* The two meanings of a link that changes all the time: in, and out. */
static const struct {
	const char *in;
	const char *out;
} turning_links[] = {
	{"sub", "../secrets"},
	{"@/root/sub", "@/secrets"},
	{"../root/sub", "../root-secrets"},
};

START_TEST(a_link_that_changes_all_the_time_never_leads_out)
{
	char *link = folder_path(root, "link");
	char *in = folder_path(root, "in"), *out = folder_path(root, "out");
	int fd = tcp_connect(server, SERVICE_HTTP);
	struct response response;

	for (int i = 0; i < 500; i++) {
		make_link_in("in", turning_links[_i].in);
		make_link_in("out", turning_links[_i].out);
		/* The server looks while the name changes its meaning. */
		http_send_get(fd, "/link/secret.txt");
		ck_assert_int_eq(rename(in, link), 0);
		ck_assert_int_eq(rename(out, link), 0);
		http_read(fd, &response, true);
		ck_assert_int_ge(response.status, 400);
		ck_assert_int_lt(response.status, 500);
		ck_assert(!holds_secret(&response));
		http_clear(&response);
	}
	free(link);
	free(in);
	free(out);
	(void)close(fd);
}
END_TEST

/* --- files that are no files --- */

static void expect_refused_at_once(const char *target, int status)
{
	struct response response;

	http_fetch(server, target, &response);
	expect_status(&response, status);
	http_clear(&response);
	expect_service();
}

START_TEST(a_fifo_is_forbidden_and_does_not_block)
{
	char *path = folder_path(root, "fifo");
	int events = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	char event[sizeof(struct inotify_event) + NAME_MAX + 1];

	ck_assert_int_eq(mkfifo(path, 0666), 0);
	ck_assert_int_ge(inotify_add_watch(events, path, IN_OPEN), 0);
	expect_refused_at_once("/fifo", 403);
	/* With a slash it would be a directory, and there is none. */
	expect_refused_at_once("/fifo/", 404);
	/* A writer that waits for a reader must not have met one. */
	ck_assert_int_eq(read(events, event, sizeof(event)), -1);
	ck_assert_int_eq(errno, EAGAIN);
	(void)close(events);
	free(path);
}
END_TEST

START_TEST(a_fifo_as_index_is_forbidden_and_does_not_block)
{
	char *path = folder_path(root, "sub/index.html");

	ck_assert_int_eq(mkfifo(path, 0666), 0);
	expect_refused_at_once("/sub/", 403);
	free(path);
}
END_TEST

START_TEST(a_socket_is_forbidden)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_lt(snprintf(address.sun_path, sizeof(address.sun_path),
				  "%s/socket", root),
			 (int)sizeof(address.sun_path));
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)),
			 0);
	expect_refused_at_once("/socket", 403);
	(void)close(fd);
}
END_TEST

static const struct {
	const char *name;
	mode_t type;
	unsigned major, minor;
} devices[] = {
	{"zero", S_IFCHR, 1, 5},   /* would never end */
	{"tty", S_IFCHR, 5, 0},	   /* could become the server's own */
	{"none", S_IFCHR, 240, 9}, /* has no driver */
	{"loop", S_IFBLK, 7, 200},
};

START_TEST(a_device_is_forbidden)
{
	char *path = folder_path(root, devices[_i].name);
	char target[16];

	(void)snprintf(target, sizeof(target), "/%s", devices[_i].name);
	if (mknod(path, devices[_i].type | 0666,
		  makedev(devices[_i].major, devices[_i].minor)) == 0)
		expect_refused_at_once(target, 403);
	else
		harness_skip("cannot make a device: %s", strerror(errno));
	free(path);
}
END_TEST

START_TEST(a_file_that_may_not_be_read_is_forbidden)
{
	char *path = folder_path(root, "file.bin");

	folder_write_text(root, "file.bin", "x");
	ck_assert_int_eq(chmod(path, 0), 0);
	expect_refused_at_once("/file.bin", 403);
	free(path);
	path = folder_path(root, "sub");
	ck_assert_int_eq(chmod(path, 0), 0);
	expect_refused_at_once("/sub/file.txt", 403);
	expect_refused_at_once("/sub/", 403);
	/* That it is a folder can be seen all the same. */
	expect_refused_at_once("/sub", 301);
	ck_assert_int_eq(chmod(path, 0700), 0);
	free(path);
}
END_TEST

static const struct {
	size_t segment; /* bytes of each segment */
	size_t total;
} long_names[] = {
	{255, 255},   /* the longest name that there can be */
	{256, 256},   /* one more */
	{4000, 4000}, /* no name */
	{100, 4090},  /* near the longest path */
	{100, 4096},  {100, 4097}, {1, 8000}, {254, 8000},
};

START_TEST(a_name_too_long_is_not_an_error_of_the_server)
{
	char target[8192] = "";
	struct response response;

	for (size_t i = 0; i < long_names[_i].total; i++)
		target[i] = i % (long_names[_i].segment + 1) ? 'a' : '/';
	http_fetch(server, target, &response);
	ck_assert(response.status == 403 || response.status == 404);
	http_clear(&response);
	expect_service();
}
END_TEST

/* These change nothing in the root. */
static void add_targets(TCase *tcase)
{
	tcase_add_loop_test(tcase, no_target_leads_out_of_the_root, 0,
			    ARRAY_LEN(escapes));
	tcase_add_loop_test(tcase,
			    a_name_too_long_is_not_an_error_of_the_server, 0,
			    ARRAY_LEN(long_names));
}

static void add_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, no_symbolic_link_leads_out_of_the_root, 0,
			    ARRAY_LEN(out_links));
	tcase_add_loop_test(
		tcase, a_symbolic_link_to_nowhere_is_not_an_error_of_the_server,
		0, ARRAY_LEN(dead_links));
	tcase_add_loop_test(tcase, a_symbolic_link_within_the_root_is_followed,
			    0, ARRAY_LEN(in_links));
	tcase_add_loop_test(tcase,
			    a_link_that_changes_all_the_time_never_leads_out, 0,
			    ARRAY_LEN(turning_links));
	tcase_add_test(tcase, a_fifo_is_forbidden_and_does_not_block);
	tcase_add_test(tcase, a_fifo_as_index_is_forbidden_and_does_not_block);
	tcase_add_test(tcase, a_socket_is_forbidden);
	tcase_add_loop_test(tcase, a_device_is_forbidden, 0,
			    ARRAY_LEN(devices));
	tcase_add_test(tcase, a_file_that_may_not_be_read_is_forbidden);
}

static Suite *confined_suite(void)
{
	Suite *suite = suite_create("e2e confined");
	TCase *tcase = harness_case(suite, "openat2");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	add_tests(tcase);

	tcase = harness_case(suite, "without openat2");
	tcase_add_checked_fixture(tcase, set_up_walking, tear_down);
	add_tests(tcase);

	add_targets(harness_shared_case(suite, "targets", set_up, tear_down));
	add_targets(harness_shared_case(suite, "targets without openat2",
					set_up_walking, tear_down));
	return suite;
}

int main(void)
{
	return harness_run(confined_suite());
}
