/* SPDX-License-Identifier: MIT */
/*
 * The running daemon and the programs that people use with servers of static
 * files: curl and wget, that fetch, resume and revalidate; Chromium, that
 * shows a page; goaccess, that reads the access log; git, that clones a
 * repository of plain files; apt, that pipelines.
 *
 * A test whose program is not installed says so and is not run.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "e2e_http.h"
#include "e2e_program.h"
#include "e2e_server.h"
#include "e2e_sock.h"
#include "harness.h"

#define PAGE "<!DOCTYPE html><title>x</title><p>some text\n"

static char *work; /* a folder for what the clients write */
static char *root;
static char *log_path;
static struct server *server;
static char base[64]; /* "http://127.0.0.1:PORT" */

static void start(const char *document_root)
{
	char log_option[320];
	const char *const more[] = {"--listing", log_option,
				    "--log-format=json", NULL};

	(void)snprintf(log_option, sizeof(log_option), "--access-log=%s",
		       log_path);
	server = server_start(&(struct server_options){
		.http = "0", .root = document_root, .more = more});
	(void)snprintf(base, sizeof(base), "http://127.0.0.1:%u",
		       (unsigned)server_endpoint(server, SERVICE_HTTP)->port);
}

/* The clients have no home, no proxy, no language but this test's. */
static void make_work(void)
{
	work = folder_new();
	log_path = folder_path(work, "access.log");
	(void)setenv("HOME", work, 1);
	(void)setenv("LC_ALL", "C.UTF-8", 1);
	(void)setenv("no_proxy", "*", 1);
	(void)setenv("NO_PROXY", "*", 1);
	(void)setenv("WORK", work, 1);
	root = folder_new();
	folder_write_text(root, "page.html", PAGE);
}

static void set_up(void)
{
	make_work();
	start(root);
	(void)setenv("BASE", base, 1);
	(void)setenv("ROOT", root, 1);
}

static void tear_down(void)
{
	server_stop(server);
	free(root);
	free(log_path);
	free(work);
}

/*
 * Runs a shell script, in which $BASE, $ROOT and $WORK are what they are here;
 * it must succeed, and print this.
 */
static void expect_script(const char *script, const char *text)
{
	const char *const argv[] = {"sh", "-euc", script, NULL};
	struct outcome outcome = program_run(argv, "", 0);

	if (outcome.status != 0)
		harness_fail("status %d: %s\n%s", outcome.status, outcome.out,
			     outcome.err);
	if (strcmp(outcome.out, text) != 0)
		harness_fail("printed:\n%s\ninstead of:\n%s\n%s", outcome.out,
			     text, outcome.err);
	outcome_clear(&outcome);
}

static void write_pattern(const char *name, size_t size)
{
	unsigned char *bytes = bytes_new(size);

	bytes_pattern(bytes, size, 6);
	folder_write(root, name, bytes, size);
	free(bytes);
}

/* Sizes below and above what the server keeps in memory. */
static const size_t sizes[] = {50000, 3000017};

/* --- curl --- */

START_TEST(curl_fetches_a_page)
{
	if (!program_exists("curl"))
		return;
	expect_script("curl -sS --fail -w '%{http_code} %{content_type}\\n'"
		      " $BASE/page.html",
		      PAGE "200 text/html; charset=utf-8\n");
}
END_TEST

START_TEST(curl_resumes_a_download)
{
	if (!program_exists("curl"))
		return;
	write_pattern("file.bin", sizes[_i]);
	expect_script("cd $WORK\n"
		      "head -c 12345 $ROOT/file.bin >part\n"
		      "curl -sS --fail -C - -o part -w '%{http_code}\\n'"
		      " $BASE/file.bin\n"
		      "cmp part $ROOT/file.bin\n"
		      "curl -sS --fail -r 5-9 $BASE/file.bin >five\n"
		      "tail -c +6 $ROOT/file.bin | head -c 5 | cmp - five\n"
		      "curl -sS --fail -r -7 $BASE/file.bin >end\n"
		      "tail -c 7 $ROOT/file.bin | cmp - end\n",
		      "206\n");
}
END_TEST

/*
 * By date and by tag: not again while it is the same, and then again. A file
 * that is not read has no tag until a change would have another time.
 */
START_TEST(curl_revalidates_what_it_has)
{
	if (!program_exists("curl"))
		return;
	write_pattern("file.bin", sizes[_i]);
	expect_script("cd $WORK\n"
		      "touch -d '2001-02-03 04:05:06.789 UTC' $ROOT/file.bin\n"
		      "code='%{http_code} %{size_download}\\n'\n"
		      "until curl -sSI $BASE/file.bin | grep -qi '^etag:'\n"
		      "do :; done\n"
		      "curl -sS -R -o had --etag-save tag $BASE/file.bin\n"
		      "cmp had $ROOT/file.bin\n"
		      "curl -sS -z had -o got -w \"$code\" $BASE/file.bin\n"
		      "curl -sS --etag-compare tag -o got -w \"$code\" "
		      "$BASE/file.bin\n"
		      "test ! -s got\n"
		      "printf new >$ROOT/file.bin\n"
		      "curl -sS -z had -o got -w \"$code\" $BASE/file.bin\n"
		      "curl -sS --etag-compare tag -o got -w \"$code\" "
		      "$BASE/file.bin\n",
		      "304 0\n304 0\n200 3\n200 3\n");
}
END_TEST

static const struct {
	const char *program; /* that makes it, and with which arguments */
	const char *coding;
	const char *suffix;
	const char *feature; /* of curl */
} codings[] = {
	{"gzip -9", "gzip", ".gz", "libz"},
	{"zstd -q -19", "zstd", ".zst", "zstd"},
	{"brotli -q 5", "br", ".br", "brotli"},
};

START_TEST(curl_decodes_a_precompressed_sibling)
{
	char name[16], script[1024];

	(void)snprintf(name, sizeof(name), "%.*s",
		       (int)strcspn(codings[_i].program, " "),
		       codings[_i].program);
	if (!program_exists("curl") || !program_exists(name))
		return;
	(void)setenv("FEATURE", codings[_i].feature, 1);
	(void)snprintf(
		script, sizeof(script),
		"cd $WORK\n"
		"if ! curl -V | grep -q $FEATURE; then\n"
		"    echo \"skipped: curl is without $FEATURE\" >&2\n"
		"    echo yes; exit\n"
		"fi\n"
		"seq 100000 >$ROOT/numbers.txt\n"
		"%s -k $ROOT/numbers.txt 2>&1\n"
		"touch $ROOT/numbers.txt%s\n"
		"curl -sS --fail --compressed -D head -o got "
		"$BASE/numbers.txt\n"
		"cmp got $ROOT/numbers.txt\n"
		"grep -qi '^content-encoding: %s' head\n"
		"grep -qi '^content-type: text/plain; charset=utf-8' head\n"
		"echo yes\n",
		codings[_i].program, codings[_i].suffix, codings[_i].coding);
	expect_script(script, "yes\n");
}
END_TEST

/* --- wget --- */

START_TEST(wget_fetches_a_page)
{
	if (!program_exists("wget"))
		return;
	expect_script("wget -q -O - $BASE/page.html", PAGE);
}
END_TEST

START_TEST(wget_resumes_a_download)
{
	if (!program_exists("wget"))
		return;
	write_pattern("file.bin", sizes[_i]);
	expect_script("cd $WORK\n"
		      "head -c 12345 $ROOT/file.bin >file.bin\n"
		      "wget -q -c $BASE/file.bin\n"
		      "cmp file.bin $ROOT/file.bin\n"
		      /* There is nothing left of it to fetch. */
		      "wget -c $BASE/file.bin 2>&1 | "
		      "grep -o 'already fully retrieved'\n",
		      "already fully retrieved\n");
}
END_TEST

START_TEST(wget_revalidates_what_it_has)
{
	if (!program_exists("wget"))
		return;
	write_pattern("file.bin", sizes[_i]);
	expect_script(
		"cd $WORK\n"
		"wget -q -N $BASE/file.bin\n"
		"cmp file.bin $ROOT/file.bin\n"
		"wget -N $BASE/file.bin 2>&1 | grep -o '304 Not Modified'\n"
		"printf new >$ROOT/file.bin\n"
		"touch -d tomorrow $ROOT/file.bin\n"
		"touch -d '2001-02-03' file.bin\n"
		"wget -q -N $BASE/file.bin\n"
		"cat file.bin\n",
		"304 Not Modified\nnew");
}
END_TEST

/* By the links of the listings, whatever the names are. */
START_TEST(wget_copies_a_tree_by_its_listings)
{
	if (!program_exists("wget"))
		return;
	expect_script(
		"mkdir -p \"$ROOT/tree/a b/c&d\" $ROOT/tree/empty\n"
		"cd $ROOT/tree\n"
		"for name in one 'two words' 'a?b' 'a#b' '100%' 'x:y' \\\n"
		"        'a&amp;b' '<i>' \"it's\" '\"quoted\"' 'ä' "
		"'a+b;c=d'\n"
		"do\n"
		"    echo \"$name\" >\"$name\"\n"
		"    echo \"$name\" >\"a b/c&d/$name\"\n"
		"done\n"
		"rmdir empty\n"
		"cd $WORK\n"
		"wget -q -r -np -nH --reject-regex '[?]' "
		"--restrict-file-names=nocontrol $BASE/tree/ || test $? -eq 8\n"
		"find tree -name 'index.html*' -exec rm {} +\n"
		"diff -r tree $ROOT/tree\n"
		"find tree -type f | wc -l\n",
		"24\n");
}
END_TEST

/* --- Chromium --- */

#define CHROMIUM                                                               \
	"chromium --headless --no-sandbox --disable-gpu --no-first-run "       \
	"--disable-background-networking --disable-component-update "          \
	"--disable-sync --no-proxy-server --user-data-dir=$WORK/chromium "     \
	"--dump-dom "

/* The document as the browser understood it: each name is a link's text. */
START_TEST(chromium_shows_a_listing)
{
	if (!program_exists("chromium"))
		return;
	folder_add(root, "sub");
	folder_write_text(root, "sub/plain.txt", "x");
	folder_write_text(root, "sub/<b>bold", "x");
	expect_script("cd $WORK\n" CHROMIUM
		      "$BASE/sub/ 2>err >dom || { cat err >&2; exit 1; }\n"
		      "grep -o '<h1>.*</h1>' dom\n"
		      "grep -o '<a href.*</a>' dom\n",
		      "<h1>/sub/</h1>\n"
		      "<a href=\"../\">../</a>\n"
		      "<a href=\"./%3Cb%3Ebold\">&lt;b&gt;bold</a>\n"
		      "<a href=\"./plain.txt\">plain.txt</a>\n");
}
END_TEST

/* --- goaccess --- */

/* Requests of every kind that a log has to tell of. */
static void make_traffic(void)
{
	static const char *const heads[] = {
		"GET /page.html HTTP/1.1",
		"GET /page.html?a=b&c=%20d HTTP/1.1",
		"HEAD /page.html HTTP/1.1",
		"GET /page.html HTTP/1.0",
		"GET /page.html HTTP/1.1\r\nIf-None-Match: *",
		"GET /page.html HTTP/1.1\r\nRange: bytes=0-3",
		"GET /page.html HTTP/1.1\r\nRange: bytes=900-",
		"GET / HTTP/1.1",
		"GET /none HTTP/1.1",
		"GET /%C3%A4%22 HTTP/1.1",
		"GET /\"x\\ HTTP/1.1",
		"OPTIONS * HTTP/1.1",
		"POST /page.html HTTP/1.1",
		("GET /page.html HTTP/1.1\r\nUser-Agent: Mozilla/5.0 (X11)\r\n"
		 "Referer: http://127.0.0.1/a?b"),
		"GET /page.html HTTP/1.1\r\nUser-Agent: a \"quoted\" one",
		"GET /page.html HTTP/1.1\r\nUser-Agent: back\\slash\\",
		"GET /page.html HTTP/1.1\r\nUser-Agent: \"",
		"GET /page.html HTTP/1.1\r\nUser-Agent: tab\there",
		"GET /page.html HTTP/1.1\r\nUser-Agent: \xc3\xa4\xff",
		"GET /page.html HTTP/1.1\r\nUser-Agent: [x] (y) - -",
		"GET /page.html HTTP/1.1\r\nUser-Agent: -",
		"GET /page.html HTTP/1.1\r\nReferer: \"'<script>",
		"GET /page.html HTTP/1.1\r\nReferer: a b",
	};
	struct response response;

	for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
		int fd = tcp_connect(server, SERVICE_HTTP);

		http_ask(fd, &response, "%s", heads[i]);
		http_clear(&response);
		(void)close(fd);
	}
}

/* The line of each: how many the log has, how many goaccess could read. */
static const char goaccess_script[] =
	"cd $WORK\n"
	"goaccess access.log --log-format=COMBINED --no-global-config "
	"--no-progress -o report.json >out 2>&1 || { cat out >&2; exit 1; }\n"
	"python3 -S -c \"\n"
	"import json\n"
	"g = json.load(open('report.json', encoding='utf-8',\n"
	"                   errors='replace'))['general']\n"
	"lines = open('access.log', 'rb').read().count(b'\\n')\n"
	"assert g['failed_requests'] == 0, g\n"
	"assert g['valid_requests'] == lines, g\n"
	"print(lines)\n"
	"\"\n";

static void start_combined(void)
{
	char log_option[320];
	const char *const more[] = {"--listing", log_option, NULL};

	(void)snprintf(log_option, sizeof(log_option), "--access-log=%s",
		       log_path);
	server_stop(server);
	server = server_start(&(struct server_options){
		.http = "0", .root = root, .more = more});
}

START_TEST(goaccess_reads_every_line_of_the_log)
{
	if (!program_exists("goaccess") || !program_exists("python3"))
		return;
	start_combined();
	make_traffic();
	server_signal(server, SIGTERM);
	server_expect_exit(server, 0);
	expect_script(goaccess_script, "23\n");
}
END_TEST

/* A head that is none has a line too; it has no request to tell of. */
START_TEST(goaccess_reads_the_line_of_what_was_no_request)
{
	int fd;
	struct response response;

	if (!program_exists("goaccess") || !program_exists("python3"))
		return;
	start_combined();
	fd = tcp_connect(server, SERVICE_HTTP);
	http_ask(fd, &response, "GET / HTTP/1.1\r\nA : b");
	http_expect_status(&response, 400);
	http_clear(&response);
	(void)close(fd);
	server_signal(server, SIGTERM);
	server_expect_exit(server, 0);
	expect_script(goaccess_script, "1\n");
}
END_TEST

/* --- git --- */

/* History, a large file, tags and branches; packed in part. */
static const char make_repository[] =
	"export GIT_CONFIG_NOSYSTEM=1 GIT_TERMINAL_PROMPT=0\n"
	"git config --global user.name x\n"
	"git config --global user.email x@localhost\n"
	"git config --global init.defaultBranch main\n"
	"git config --global gc.auto 0\n"
	"git init -q $WORK/from\n"
	"cd $WORK/from\n"
	"for i in 1 2 3 4 5 6 7 8 9 10; do\n"
	"    echo $i >file$i\n"
	"    seq $i 20000 >numbers\n"
	"    git add . && git commit -q -m \"commit $i\"\n"
	"    git tag -m $i v$i\n"
	"done\n"
	"head -c 300000 $ROOT/random.bin >random.bin\n"
	"git add . && git commit -q -m large\n"
	"git branch side HEAD~3\n"
	"git clone -q --bare . $ROOT/repository.git\n"
	"cd $ROOT/repository.git\n"
	"git repack -q -a -d\n"
	/* What is pushed later lies there as single objects. */
	"cd $WORK/from\n"
	"echo later >later\n"
	"git add . && git commit -q -m later\n"
	"git push -q $ROOT/repository.git main\n"
	"git -C $ROOT/repository.git update-server-info\n";

START_TEST(git_clones_a_repository_of_plain_files)
{
	if (!program_exists("git"))
		return;
	write_pattern("random.bin", 300000);
	expect_script(make_repository, "");
	expect_script("export GIT_CONFIG_NOSYSTEM=1 GIT_TERMINAL_PROMPT=0\n"
		      "cd $WORK\n"
		      "git clone -q $BASE/repository.git to\n"
		      "git -C to fsck --full --strict 2>&1\n"
		      "test \"$(git -C to rev-parse HEAD)\" = "
		      "\"$(git -C from rev-parse HEAD)\"\n"
		      "git -C to rev-parse origin/side v7 >a\n"
		      "git -C from rev-parse side v7 >b\n"
		      "cmp a b\n"
		      "rm -rf $WORK/to/.git/x && diff -r -x .git from to\n"
		      /* And what comes later is fetched. */
		      "cd from && echo more >more && git add . && "
		      "git commit -q -m more\n"
		      "git push -q $ROOT/repository.git main\n"
		      "git -C $ROOT/repository.git update-server-info\n"
		      "cd ../to && git pull -q\n"
		      "git fsck --full --strict 2>&1\n"
		      "cat more\n",
		      "more\n");
}
END_TEST

/* --- apt --- */

/*
 * Forty packages, the last one large, as a repository of one folder: archives
 * of ar and tar as deb(5) has them, which dpkg-deb would make one by one.
 */
static const char make_packages[] =
	"mkdir -p $ROOT/debian\n"
	"python3 -S -c \"\n"
	"import io, os, tarfile\n"
	"root = os.environ['ROOT']\n"
	"def tar(files):\n"
	"    out = io.BytesIO()\n"
	"    with tarfile.open(fileobj=out, mode='w') as archive:\n"
	"        for name, data in files:\n"
	"            info = tarfile.TarInfo(name)\n"
	"            info.size = len(data)\n"
	"            archive.addfile(info, io.BytesIO(data))\n"
	"    return out.getvalue()\n"
	"def member(name, data):\n"
	"    head = '%-16s%-12d%-6d%-6d%-8s%-10d' % (name, 0, 0, 0, '100644',\n"
	"                                            len(data))\n"
	"    return head.encode() + bytes([96, 10]) + data + (\n"
	"        bytes([10]) if len(data) % 2 else b'')\n"
	"for i in range(1, 41):\n"
	"    control = ('Package: p%d\\nVersion: 1.0\\nArchitecture: all\\n'\n"
	"               'Maintainer: x <x@localhost>\\nDescription: x\\n' % "
	"i)\n"
	"    files = [('./p%d/numbers' % i, b'%d\\n' % i * 900)]\n"
	"    if i == 40:\n"
	"        data = open(root + '/random.bin', 'rb').read()\n"
	"        files.append(('./p40/random.bin', data))\n"
	"    with open('%s/debian/p%d_1.0_all.deb' % (root, i), 'wb') as deb:\n"
	"        deb.write(b'!<arch>\\n' + member('debian-binary', b'2.0\\n') "
	"+\n"
	"                  member('control.tar',\n"
	"                         tar([('./control', control.encode())])) +\n"
	"                  member('data.tar', tar(files)))\n"
	"\"\n"
	"cd $ROOT/debian\n"
	"apt-ftparchive packages . >Packages\n"
	"gzip -k Packages\n"
	"apt-ftparchive release . >$WORK/Release && mv $WORK/Release .\n";

/* Folders of its own, so that neither reads what is the system's. */
static const char configure_apt[] =
	"mkdir -p $WORK/apt/lists/partial $WORK/apt/cache/archives/partial "
	"$WORK/apt/etc $WORK/apt/parts $WORK/got\n"
	": >$WORK/apt/status\n"
	"echo \"deb [trusted=yes] $BASE/debian ./\" >$WORK/apt/etc/sources\n"
	"cat >$WORK/apt.conf <<-EOF\n"
	"\tDir::Etc \"$WORK/apt/etc\";\n"
	"\tDir::Etc::Parts \"$WORK/apt/parts\";\n"
	"\tDir::Etc::SourceList \"$WORK/apt/etc/sources\";\n"
	"\tDir::Etc::SourceParts \"$WORK/apt/parts\";\n"
	"\tDir::Etc::PreferencesParts \"$WORK/apt/parts\";\n"
	"\tDir::State \"$WORK/apt\";\n"
	"\tDir::State::Lists \"$WORK/apt/lists\";\n"
	"\tDir::State::Status \"$WORK/apt/status\";\n"
	"\tDir::Cache \"$WORK/apt/cache\";\n"
	"\tAPT::Sandbox::User \"\";\n"
	"\tAPT::Architecture \"amd64\";\n"
	"\tAcquire::http::Proxy \"false\";\n"
	"\tAcquire::http::Pipeline-Depth \"10\";\n"
	"\tAcquire::Languages \"none\";\n"
	"\tAcquire::Retries \"0\";\n"
	"EOF\n";

/* That it did pipeline over few connections, or this would show little. */
static const char expect_pipelining[] =
	"python3 -S -c \"\n"
	"import json, os\n"
	"lines = [json.loads(line) for line in\n"
	"         open(os.environ['WORK'] + '/access.log')]\n"
	"debs = [e for e in lines if '.deb' in e['target']]\n"
	"assert len(debs) == 40, len(debs)\n"
	"assert all(e['status'] == 200 for e in debs)\n"
	"assert max(e['request'] for e in debs) >= 40\n"
	"\"\n";

START_TEST(apt_updates_and_downloads_with_pipelining)
{
	if (!program_exists("apt-get") || !program_exists("apt-ftparchive") ||
	    !program_exists("python3"))
		return;
	write_pattern("random.bin", 5000000);
	expect_script(make_packages, "");
	expect_script(configure_apt, "");
	expect_script("export APT_CONFIG=$WORK/apt.conf\n"
		      "apt-get -q update 2>&1 | grep '^[EW]:' || :\n"
		      "cd $WORK/got\n"
		      "apt-get -q download $(seq -f p%.0f 40) >../out 2>&1 || "
		      "{ cat ../out >&2; exit 1; }\n"
		      "ls | wc -l\n"
		      "for deb in *; do cmp $deb $ROOT/debian/$deb; done\n"
		      /* What it has is still right. */
		      "apt-get update | grep -c '^Hit:'\n",
		      "40\n1\n");
	server_signal(server, SIGTERM);
	server_expect_exit(server, 0);
	expect_script(expect_pipelining, "");
}
END_TEST

static Suite *clients_suite(void)
{
	Suite *suite = suite_create("e2e clients");
	TCase *tcase = harness_case(suite, "clients");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, curl_fetches_a_page);
	tcase_add_loop_test(tcase, curl_resumes_a_download, 0,
			    ARRAY_LEN(sizes));
	tcase_add_loop_test(tcase, curl_revalidates_what_it_has, 0,
			    ARRAY_LEN(sizes));
	tcase_add_loop_test(tcase, curl_decodes_a_precompressed_sibling, 0,
			    ARRAY_LEN(codings));
	tcase_add_test(tcase, wget_fetches_a_page);
	tcase_add_loop_test(tcase, wget_resumes_a_download, 0,
			    ARRAY_LEN(sizes));
	tcase_add_loop_test(tcase, wget_revalidates_what_it_has, 0,
			    ARRAY_LEN(sizes));
	tcase_add_test(tcase, wget_copies_a_tree_by_its_listings);
	tcase_add_test(tcase, chromium_shows_a_listing);
	tcase_add_test(tcase, goaccess_reads_every_line_of_the_log);
	tcase_add_test(tcase, goaccess_reads_the_line_of_what_was_no_request);
	tcase_add_test(tcase, git_clones_a_repository_of_plain_files);
	tcase_add_test(tcase, apt_updates_and_downloads_with_pipelining);
	return suite;
}

int main(void)
{
	return harness_run(clients_suite());
}
