/* SPDX-License-Identifier: MIT */
/*
 * The daemon's command line: what each option does, what is left at its
 * default, and that whatever is wrong is told with its option and its value,
 * on standard error alone.
 */
#include "server/config.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "harness.h"
#include "leak.h"

#define ARGS_MAX 64

/* What the program has said on a descriptor; read when it has ended. */
struct capture {
	int fd;	   /* STDOUT_FILENO or STDERR_FILENO */
	int saved; /* what it was */
	FILE *file;
	char text[8192];
};

static void capture_start(struct capture *capture, int fd)
{
	fflush(NULL);
	capture->fd = fd;
	capture->file = tmpfile();
	capture->saved = dup(fd);
	ck_assert_ptr_nonnull(capture->file);
	ck_assert_int_ge(capture->saved, 0);
	ck_assert_int_eq(dup2(fileno(capture->file), fd), fd);
}

static void capture_end(struct capture *capture)
{
	size_t n;

	fflush(NULL);
	ck_assert_int_eq(dup2(capture->saved, capture->fd), capture->fd);
	(void)close(capture->saved);
	rewind(capture->file);
	n = fread(capture->text, 1, sizeof(capture->text) - 1, capture->file);
	capture->text[n] = '\0';
	(void)fclose(capture->file);
}

/* A run of config_read() and all that came of it. */
struct run {
	struct config_set set;
	enum arguments_verdict result;
	struct capture out;
	struct capture err;
	char name[sizeof("uppercase-server")];
	char words[1024];
	char *argv[ARGS_MAX + 1];
};

/* Parses a line of words with single spaces between them. */
static struct run *run(const char *line)
{
	struct run *run = calloc(1, sizeof(*run));
	int argc = 0;

	ck_assert_ptr_nonnull(run);
	strcpy(run->name, "uppercase-server");
	run->argv[argc++] = run->name;
	(void)snprintf(run->words, sizeof(run->words), "%s", line);
	for (char *word = strtok(run->words, " "); word;
	     word = strtok(NULL, " ")) {
		ck_assert_int_lt(argc, ARGS_MAX);
		run->argv[argc++] = word;
	}
	capture_start(&run->out, STDOUT_FILENO);
	capture_start(&run->err, STDERR_FILENO);
	run->result = config_read(&run->set, argc, run->argv, NULL);
	capture_end(&run->err);
	capture_end(&run->out);
	return run;
}

static struct run *run_well(const char *line)
{
	struct run *ran = run(line);

	ck_assert_msg(ran->result == ARGUMENTS_RUN, "\"%s\": %s", line,
		      ran->err.text);
	ck_assert_str_eq(ran->out.text, "");
	ck_assert_str_eq(ran->err.text, "");
	return ran;
}

/* A service's only endpoint. */
static void assert_port(const struct setting_list *endpoints, const char *text)
{
	ck_assert_uint_eq(endpoints->n, 1);
	ck_assert_str_eq(endpoints->items[0], text);
	ck_assert_int_eq(config_is_off(endpoints), strcmp(text, "off") == 0);
}

/* --- right usage --- */

START_TEST(without_options_the_defaults_hold)
{
	struct run *ran = run_well("");

	assert_port(&ran->set.config.udp, "12000");
	assert_port(&ran->set.config.tcp, "12000");
	assert_port(&ran->set.config.http, "6789");
	ck_assert_uint_eq(ran->set.config.listen.n, 0);
	ck_assert_str_eq(ran->set.config.root, HTDOCS_DIR);
	ck_assert(!ran->set.config.tcp_once);
	ck_assert(!ran->set.config.defer_accept);
	ck_assert(!ran->set.config.listing);
	ck_assert(!ran->set.config.hidden);
	ck_assert_ptr_null(ran->set.config.mime_types);
	ck_assert_str_eq(ran->set.config.default_type,
			 "application/octet-stream");
	ck_assert_ptr_null(ran->set.config.access_log);
	ck_assert_int_eq(ran->set.config.log_format, HTTP_LOG_COMBINED);
	ck_assert_uint_eq(ran->set.config.max_age_ns, SETTING_OFF);
	ck_assert_mem_eq(&ran->set.config.limits, &limits_standard,
			 sizeof(limits_standard));
	free(ran);
}
END_TEST

static const char *const all_options[] = {
	"-u 1 -t 2 -w 3 -r /srv -a ::1 -a 127.0.0.1 --tcp-once",
	"-u1 -t2 -w3 -r/srv -a::1 -a127.0.0.1 --tcp-once",
	"--udp-port 1 --tcp-port 2 --http-port 3 --root /srv --listen ::1 "
	"--listen 127.0.0.1 --tcp-once",
	"--tcp-once --listen=::1 --listen=127.0.0.1 --root=/srv --http-port=3 "
	"--tcp-port=2 --udp-port=1",
	"-u 1 -t 2 -w 3 -r /x -a ::1 -a 127.0.0.1 --tcp-once "
	"-r /srv", /* the last one counts, but every --listen does */
};

START_TEST(every_spelling_of_an_option_means_the_same)
{
	struct run *ran = run_well(all_options[_i]);

	assert_port(&ran->set.config.udp, "1");
	assert_port(&ran->set.config.tcp, "2");
	assert_port(&ran->set.config.http, "3");
	ck_assert_str_eq(ran->set.config.root, "/srv");
	ck_assert_uint_eq(ran->set.config.listen.n, 2);
	ck_assert_str_eq(ran->set.config.listen.items[0], "::1");
	ck_assert_str_eq(ran->set.config.listen.items[1], "127.0.0.1");
	ck_assert(ran->set.config.tcp_once);
	free(ran);
}
END_TEST

static const char *const ports[] = {
	"0",
	"1",
	"65535",
	"00080",
	"off",
	"domain",
	"127.0.0.1:80",
	"[::1]:0",
	"[fe80::1%lo]:80",
	"eth0:12000",
	"a-name.example:domain",
};

START_TEST(a_port_is_a_number_or_off_or_an_endpoint)
{
	char line[64];
	struct run *ran;

	(void)snprintf(line, sizeof(line), "-u %s", ports[_i]);
	ran = run_well(line);
	assert_port(&ran->set.config.udp, ports[_i]);
	free(ran);

	(void)snprintf(line, sizeof(line), "--tcp-port=%s", ports[_i]);
	ran = run_well(line);
	assert_port(&ran->set.config.tcp, ports[_i]);
	free(ran);

	(void)snprintf(line, sizeof(line), "-w%s", ports[_i]);
	ran = run_well(line);
	assert_port(&ran->set.config.http, ports[_i]);
	free(ran);
}
END_TEST

/* Each of them counts, and the defaults are gone. */
START_TEST(a_service_may_be_at_several_places)
{
	struct run *ran = run_well("-u 1 -u lo:2 -t unix:/a -t 3 -t unix:/b");

	ck_assert_uint_eq(ran->set.config.udp.n, 2);
	ck_assert_str_eq(ran->set.config.udp.items[0], "1");
	ck_assert_str_eq(ran->set.config.udp.items[1], "lo:2");
	ck_assert_uint_eq(ran->set.config.tcp.n, 3);
	ck_assert_str_eq(ran->set.config.tcp.items[2], "unix:/b");
	assert_port(&ran->set.config.http, "6789");
	free(ran);
}
END_TEST

static const char *const file_options[] = {
	"--listing --hidden --max-age=60 --mime-types=/etc/m --access-log=/l "
	"--log-format=json --cache-size=2k --cache-files=7 "
	"--default-type=text/plain",
	"--default-type text/plain --cache-files 7 --cache-size 2048 "
	"--log-format json --access-log /l "
	"--mime-types /etc/m --max-age 60 --hidden --listing",
	/* the last one counts */
	"--listing --hidden --max-age=1 --mime-types=/x --access-log=- "
	"--log-format=combined --cache-size=1G --cache-files=0 --listing "
	"--hidden --max-age=60 --mime-types=/etc/m --access-log=/l "
	"--log-format=json --cache-size=2k --cache-files=7 "
	"--default-type=a/b --default-type=text/plain",
};

START_TEST(every_spelling_of_an_option_about_files_means_the_same)
{
	struct run *ran = run_well(file_options[_i]);

	ck_assert(ran->set.config.listing);
	ck_assert(ran->set.config.hidden);
	ck_assert_uint_eq(ran->set.config.max_age_ns, 60 * CLOCK_NS_PER_S);
	ck_assert_str_eq(ran->set.config.mime_types, "/etc/m");
	ck_assert_str_eq(ran->set.config.default_type, "text/plain");
	ck_assert_str_eq(ran->set.config.access_log, "/l");
	ck_assert_int_eq(ran->set.config.log_format, HTTP_LOG_JSON);
	ck_assert_uint_eq(ran->set.config.limits.cache_size, 2048);
	ck_assert_uint_eq(ran->set.config.limits.cache_files, 7);
	free(ran);
}
END_TEST

START_TEST(options_about_files_stand_for_themselves)
{
	struct run *ran = run_well("--listing");

	ck_assert(ran->set.config.listing);
	ck_assert(!ran->set.config.hidden);
	free(ran);
	ran = run_well("--hidden");
	ck_assert(!ran->set.config.listing);
	ck_assert(ran->set.config.hidden);
	free(ran);
	ran = run_well("--access-log=-");
	ck_assert_str_eq(ran->set.config.access_log, "-");
	ck_assert_int_eq(ran->set.config.log_format, HTTP_LOG_COMBINED);
	free(ran);
	ran = run_well("--log-format=combined");
	ck_assert_ptr_null(ran->set.config.access_log);
	free(ran);
}
END_TEST

static const struct number_row {
	const char *line;
	uint64_t max_age_s;
	uint64_t cache_size;
	uint64_t cache_files;
} numbers[] = {
	{"--max-age=0 --cache-size=0 --cache-files=0", 0, 0, 0},
	{"--max-age=2147483647 --cache-size=1024G --cache-files=4194304",
	 INT32_MAX, UINT64_C(1) << 40, 1 << 22},
	{"--max-age=31536000 --cache-size=1M --cache-files=1", 31536000,
	 1 << 20, 1},
	{"--max-age=007 --cache-size=1K --cache-files=007", 7, 1024, 7},
};

START_TEST(numbers_about_files_have_bounds)
{
	const struct number_row *row = &numbers[_i];
	struct run *ran = run_well(row->line);

	ck_assert_uint_eq(ran->set.config.max_age_ns,
			  row->max_age_s * CLOCK_NS_PER_S);
	ck_assert_uint_eq(ran->set.config.limits.cache_size, row->cache_size);
	ck_assert_uint_eq(ran->set.config.limits.cache_files, row->cache_files);
	free(ran);
}
END_TEST

START_TEST(a_time_limit_has_its_unit)
{
	struct run *ran = run_well(
		"--tcp-idle-timeout=1m --http-idle-timeout=2s "
		"--header-timeout=500ms --send-timeout=1.5s "
		"--linger-timeout=1ms --drain-timeout=1h --parting-timeout=1d "
		"--accept-pause=3s --cache-open-time=4s --turn-bytes=64k "
		"--turn-requests=1 --request-line-size=64 --header-size=128 "
		"--header-fields=1 --listing-size=0 --listings-size=1k "
		"--max-connections=9 --max-per-address=8 --min-rate=3k "
		"--udp-rate=7/6 --request-rate=5000 "
		"--cache-file-size=1M --cache-size=5 --cache-files=1k");
	const struct limits wanted = {
		.max_connections = 9,
		.max_per_address = 8,
		.min_rate = 3072,
		.udp_rate = {7, 6},
		.request_rate = {5000, 1000},
		.tcp_idle_ns = 60 * CLOCK_NS_PER_S,
		.http_idle_ns = 2 * CLOCK_NS_PER_S,
		.header_ns = 500 * CLOCK_NS_PER_MS,
		.send_ns = 1500 * CLOCK_NS_PER_MS,
		.linger_ns = CLOCK_NS_PER_MS,
		.drain_ns = 3600 * CLOCK_NS_PER_S,
		.parting_ns = 86400 * CLOCK_NS_PER_S,
		.accept_pause_ns = 3 * CLOCK_NS_PER_S,
		.cache_open_ns = 4 * CLOCK_NS_PER_S,
		.turn_bytes = 64 << 10,
		.turn_requests = 1,
		.request_line_size = 64,
		.header_size = 128,
		.header_fields = 1,
		.listing_size = 0,
		.listings_size = 1024,
		.cache_file_size = 1 << 20,
		.cache_size = 5,
		.cache_files = 1000,
	};

	ck_assert_mem_eq(&ran->set.config.limits, &wanted, sizeof(wanted));
	free(ran);
}
END_TEST

static const char *const fine_lines[] = {
	"-u 7 -t 7",	      /* UDP and TCP ports are apart */
	"-u 7 -w 7",	      /* UDP and TCP ports are apart */
	"-t 0 -w 0",	      /* each takes a free one */
	"-t off -w 12000",    /* nobody else wants it */
	"-t off -w off",      /* one service is enough */
	"-u off -t off",      /* one service is enough */
	"-u off -w off -t 9", /* one service is enough */
};

START_TEST(what_can_be_served_together_is_accepted)
{
	free(run_well(fine_lines[_i]));
}
END_TEST

START_TEST(as_many_addresses_as_the_limit_may_be_named)
{
	char line[1024] = "";
	struct run *ran;

	for (int i = 0; i < CONFIG_LISTEN_MAX; i++)
		(void)snprintf(line + strlen(line), sizeof(line) - strlen(line),
			       "-a 127.0.0.%d ", i);
	ran = run_well(line);
	ck_assert_uint_eq(ran->set.config.listen.n, CONFIG_LISTEN_MAX);
	ck_assert_str_eq(ran->set.config.listen.items[CONFIG_LISTEN_MAX - 1],
			 "127.0.0.15");
	free(ran);

	(void)snprintf(line + strlen(line), sizeof(line) - strlen(line),
		       "-a 127.0.1.1");
	ran = run(line);
	ck_assert_int_eq(ran->result, ARGUMENTS_WRONG);
	ck_assert_ptr_nonnull(strstr(ran->err.text, "--listen"));
	free(ran);
}
END_TEST

/* --- help --- */

static const char *const help_lines[] = {
	"-h", "--help", "-u 1 -h",
	"-h -u nonsense", /* whoever asks for help gets it */
};

START_TEST(help_names_every_option_on_standard_output)
{
	static const char *const words[] = {
		"-a, --listen",	   "-u, --udp-port", "-t, --tcp-port",
		"-w, --http-port", "-r, --root",     "--tcp-once",
		"--defer-accept",  "--listing",	     "--hidden",
		"--max-age",	   "--mime-types",   "--access-log",
		"--log-format",	   "--cache-size",   "--cache-files",
		"-h, --help",	   "--default-type", "-V, --version",
		"12000",	   "6789",
	};
	struct run *ran = run(help_lines[_i]);

	ck_assert_int_eq(ran->result, ARGUMENTS_SHOWN);
	ck_assert_str_eq(ran->err.text, "");
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		ck_assert_msg(strstr(ran->out.text, words[i]), "no \"%s\"",
			      words[i]);
	free(ran);
}
END_TEST

START_TEST(help_fits_on_a_terminal)
{
	struct run *ran = run("-h");
	const char *line = ran->out.text;

	while (*line != '\0') {
		size_t len = strcspn(line, "\n");

		/* Where it is installed is not for us to keep short. */
		size_t indent = strspn(line, " ");
		bool is_path = line[indent] == '/' ||
			       strncmp(line + indent, "(default /", 10) == 0;

		if (!is_path)
			ck_assert_msg(len < 80, "%.*s", (int)len, line);
		line += len + 1;
	}
	free(ran);
}
END_TEST

START_TEST(what_is_in_force_is_shown_with_its_origin)
{
	static const char *const lines[] = {
		"listen = {\"::1\", \"127.0.0.1\"}  # command line\n",
		"\nudp-port = {\"7\"}  # command line\n",
		"\ntcp-port = {\"12000\"}  # default\n",
		"\ntcp-once = yes  # command line\n",
		"\nlisting = no  # default\n",
		"\nroot = \"/a\\\"b\\\\c\"  # command line\n",
		"\n# access-log = \"\"  # default\n",
		"\nmax-age = \"1h\"  # command line\n",
		"\ndrain-timeout = \"30s\"  # default\n",
	};
	struct run *ran = run_well("-a ::1 -u 7 --tcp-once --max-age=1h "
				   "--root=/a\"b\\c --listen 127.0.0.1");
	struct capture out;

	capture_start(&out, STDOUT_FILENO);
	settings_show(&ran->set.settings, stdout);
	capture_end(&out);
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		ck_assert_msg(strstr(out.text, lines[i]), "no %s in %s",
			      lines[i], out.text);
	ck_assert_ptr_null(strstr(out.text, "help"));
	ck_assert_ptr_null(strstr(out.text, "show-config"));
	free(ran);
}
END_TEST

static const char *const version_lines[] = {"-V", "--version"};

START_TEST(version_is_the_program_and_a_number)
{
	struct run *ran = run(version_lines[_i]);

	ck_assert_int_eq(ran->result, ARGUMENTS_SHOWN);
	ck_assert_str_eq(ran->out.text,
			 "uppercase-server " PACKAGE_VERSION "\n");
	ck_assert_str_eq(ran->err.text, "");
	free(ran);
}
END_TEST

START_TEST(help_that_cannot_be_written_is_no_success)
{
	struct config_set set;
	char name[] = "uppercase-server", option[] = "--help";
	char *argv[] = {name, option, NULL};
	struct capture err;
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	if (full < 0) {
		harness_skip("no /dev/full here");
		return;
	}
	fflush(stdout);
	ck_assert_int_eq(dup2(full, STDOUT_FILENO), STDOUT_FILENO);
	capture_start(&err, STDERR_FILENO);
	ck_assert_int_eq(config_read(&set, 2, argv, NULL), ARGUMENTS_FAILED);
	capture_end(&err);
	ck_assert_ptr_nonnull(strstr(err.text, "standard output"));
}
END_TEST

/* --- wrong usage --- */

static const struct wrong_row {
	const char *line;
	const char *named; /* what the message must name */
	const char *value; /* and the value, when there is one */
} wrong_rows[] = {
	{"-u 65536", "--udp-port", "65536"},
	{"-t 65536", "--tcp-port", "65536"},
	{"-w 65536", "--http-port", "65536"},
	{"-u -1", "--udp-port", "-1"},
	{"-u +1", "--udp-port", "+1"},
	{"-t 12x", "--tcp-port", "12x"},
	{"-t x", "--tcp-port", "'x'"},
	{"-t 0x50", "--tcp-port", "0x50"},
	{"-w 1.5", "--http-port", "1.5"},
	{"-w OFF", "--http-port", "OFF"},
	{"-w offf", "--http-port", "offf"},
	{"-w 99999999999999999999999", "--http-port", "9999"},
	{"--udp-port=", "--udp-port", "''"},
	{"--listen=", "--listen", NULL},
	{"-u off -t off -w off", "off", NULL},
	{"--max-age=999ms", "--max-age", "whole"},
	{"--max-age=1us", "--max-age", "whole"},
	{"-t 80 -w 80", "--http-port", "80"},
	{"-t 80 -t 81 -w 82 -w 81", "--http-port", "81"},
	{"-t 80 -w http", "--http-port", "80"},
	{"-u off -u 1", "--udp-port", "off"},
	{"-t 1 -t off", "--tcp-port", "off"},
	{"-u unix:/x", "--udp-port", "Unix"},
	{"-t unix:x", "--tcp-port", "slash"},
	{"-w unix:", "--http-port", "slash"},
	{"-w ::1", "--http-port", "PORT is missing"},
	{"-w [::1]", "--http-port", "PORT is missing"},
	{"-w 127.0.0.1:", "--http-port", "not a"},
	{"-w 127.0.0.1:65536", "--http-port", "not a"},
	{"-w :80", "--http-port", "not a"},
	{"-w [::1:80", "--http-port", "[ADDRESS]"},
	{"-w http://127.0.0.1:80", "--http-port", "slash"},
	{"-w 12000", "--tcp-port", "12000"}, /* the default of the other */
	{"stray", "stray", NULL},
	{"-t 1 stray -w 2", "stray", NULL},
	{"-- stray", "stray", NULL},
	{"-x", "x", NULL},
	{"--listing -xh", "-x: unknown", NULL}, /* not what stands before */
	{"--unknown", "unknown", NULL},
	{"-u", "u", NULL},
	{"--root", "root", NULL},
	{"--tcp-once=yes", "--tcp-once=yes: takes no value", NULL},
	{"--listing=yes", "listing", NULL},
	{"--hidden=no", "hidden", NULL},
	{"--max-age=-1", "--max-age", "'-1'"},
	{"--max-age=", "--max-age", "''"},
	{"--max-age=1y", "--max-age", "'1y'"},
	{"--max-age=1.5.", "--max-age", "'1.5.'"},
	{"--max-age=2147483648", "--max-age", "2147483648"},
	{"--max-age", "max-age", NULL},
	{"--log-format=", "--log-format", "''"},
	{"--log-format=JSON", "--log-format", "'JSON'"},
	{"--log-format=common", "--log-format", "'common'"},
	{"--log-format=json,combined", "--log-format", "json,combined"},
	{"--cache-size=", "--cache-size", "''"},
	{"--cache-size=64MB", "--cache-size", "'64MB'"},
	{"--cache-size=-1", "--cache-size", "'-1'"},
	{"--cache-size=1025G", "--cache-size", "1025G"},
	{"--cache-size=1099511627777", "--cache-size", "1099511627777"},
	{"--cache-size=18446744073709551616", "--cache-size", "551616"},
	{"--cache-files=", "--cache-files", "''"},
	{"--cache-files=1G", "--cache-files", "'1G'"},
	{"--tcp-idle-timeout=10", "--tcp-idle-timeout", "'10'"},
	{"--drain-timeout=0", "--drain-timeout", "'0'"},
	{"--header-timeout=366d", "--header-timeout", "from 1ms to 365d"},
	{"--cache-files=4194305", "--cache-files", "4194305"},
	{"--cache-files=-1", "--cache-files", "'-1'"},
	{"--mime-types", "mime-types", NULL},
	{"--default-type", "default-type", NULL},
	{"--default-type=", "--default-type", "''"},
	{"--default-type=text", "--default-type", "'text': not a media type"},
	{"--default-type=text/plain/x", "--default-type", "'text/plain/x'"},
	{"--access-log", "access-log", NULL},
	{"--cache", "cache", NULL}, /* short for two of them */
	{"-w off -w 81", "--http-port", "off and something else"},
	{"--admin 1 --admin off", "--admin", "off and something else"},
	{"--daemon --log=stderr", "--daemon has no standard error: --log=sys",
	 NULL},
	{"--daemon --access-log=-", "--daemon has no standard output for a log",
	 NULL},
	{"--daemon --connection-log=-", "--daemon has no standard output",
	 NULL},
	{"--log=-", "--log: stderr, syslog or a file", NULL},
	{"--allow=10.0.0.1/8", "--allow='10.0.0.1/8': not the address of a",
	 NULL},
	{"--deny=ftp:::1", "--deny='ftp:::1': not an IPv4 or IPv6 address",
	 NULL},
	{"--deny=", "--deny", "''"},
	{"--admin-allow=tcp:::1",
	 "--admin-allow='tcp:::1': not an IPv4 or IPv6 address", NULL},
	{"--fault=nonsense", "--fault='nonsense': ", "column 1"},
	{"--proxy-protocol=udp:::1", "--proxy-protocol",
	 "datagrams have no PROXY header"},
	{"--proxy-protocol=nobody", "--proxy-protocol", "'nobody'"},
	{"--udp-rate=0", "--udp-rate", "not off, a number a second from 1"},
	{"--udp-rate=1000001", "--udp-rate", "1000001"},
	{"--udp-rate=1/0", "--udp-rate", "'1/0'"},
	{"--udp-rate=1/1001", "--udp-rate", "'1/1001'"},
	{"--udp-rate=1/", "--udp-rate", "'1/'"},
	{"--udp-rate=/1", "--udp-rate", "'/1'"},
	{"--udp-rate=00000000000000000000000000000001", "--udp-rate", "0001'"},
	{"--request-rate=x", "--request-rate", "'x'"},
	{"--udp-port=65536", "--udp-port", "65536"},
};

START_TEST(what_is_wrong_is_named_with_its_value)
{
	const struct wrong_row *row = &wrong_rows[_i];
	struct run *ran = run(row->line);

	ck_assert_msg(ran->result == ARGUMENTS_WRONG, "\"%s\" passes",
		      row->line);
	ck_assert_str_eq(ran->out.text, "");
	ck_assert_msg(strstr(ran->err.text, row->named),
		      "\"%s\" does not say "
		      "%s: %s",
		      row->line, row->named, ran->err.text);
	if (row->value)
		ck_assert_msg(strstr(ran->err.text, row->value),
			      "\"%s\" does not say %s: %s", row->line,
			      row->value, ran->err.text);
	ck_assert_ptr_nonnull(strstr(ran->err.text, "--help"));
	ck_assert_int_eq(strncmp(ran->err.text, "uppercase-server: ",
				 strlen("uppercase-server: ")),
			 0);
	free(ran);
}
END_TEST

/* --- what is understood of it --- */

static const struct {
	const char *text;
	uint32_t per_s, burst;
} rates[] = {
	{"off", 0, 0},
	{"1", 1, 1},
	{"1000", 1000, 1000},
	{"1001", 1001, 1000},
	{"1000000", 1000000, 1000},
	{"5/1000", 5, 1000},
	{"7/1", 7, 1},
	{"0000000000000000000000000000001/2", 1, 2},
};

START_TEST(a_rate_has_a_burst)
{
	char line[128];
	struct run *ran;

	(void)snprintf(line, sizeof(line), "--udp-rate=%s", rates[_i].text);
	ran = run_well(line);
	ck_assert_uint_eq(ran->set.config.limits.udp_rate.per_s,
			  rates[_i].per_s);
	ck_assert_uint_eq(ran->set.config.limits.udp_rate.burst,
			  rates[_i].burst);
	free(ran);
}
END_TEST

static bool permits(const struct access *access, enum access_service service,
		    uint32_t host)
{
	struct address peer = address_any(AF_INET, 1);

	peer.sa.in4.sin_addr.s_addr = htonl(host);
	return access_permits(access, service, &peer);
}

START_TEST(networks_are_read_into_their_lists)
{
	struct run *ran =
		run_well("--allow=10.0.0.0/8 --allow=tcp:11.0.0.0/8 "
			 "--deny=http:10.0.0.1 --admin-allow=12.0.0.0/8 "
			 "--proxy-protocol=13.0.0.0/8 --proxy-protocol=unix");
	const struct config *config = &ran->set.config;
	struct address proxy = address_any(AF_INET, 1);

	ck_assert_uint_eq(config->access.allow.n, 2);
	ck_assert_uint_eq(config->access.deny.n, 1);
	ck_assert_uint_eq(config->admin_access.allow.n, 1);
	ck_assert_uint_eq(config->admin_access.deny.n, 0);
	ck_assert_uint_eq(config->proxies.n, 2);
	ck_assert(permits(&config->access, ACCESS_HTTP, 0x0a000002));
	ck_assert(!permits(&config->access, ACCESS_HTTP, 0x0a000001));
	ck_assert(!permits(&config->access, ACCESS_UDP, 0x0b000001));
	ck_assert(permits(&config->admin_access, ACCESS_HTTP, 0x0c000001));
	ck_assert(!permits(&config->admin_access, ACCESS_HTTP, 0x0a000001));
	proxy.sa.in4.sin_addr.s_addr = htonl(0x0d000001);
	ck_assert(access_list_has(&config->proxies, ACCESS_TCP, &proxy));
	free(ran);
}
END_TEST

static const struct {
	const char *line;
	const char *log;
	const char *paths[CONFIG_LOGS];
} logs[] = {
	{"", "stderr", {NULL}},
	{"--daemon", "syslog", {NULL}},
	{"--log=syslog", "syslog", {NULL}},
	{"--daemon --log=/m", "/m", {[CONFIG_LOG_MESSAGES] = "/m"}},
	{"--access-log=/a --connection-log=- --fault-log=/f --log=/m",
	 "/m",
	 {[CONFIG_LOG_ACCESS] = "/a",
	  [CONFIG_LOG_CONNECTIONS] = "-",
	  [CONFIG_LOG_FAULTS] = "/f",
	  [CONFIG_LOG_MESSAGES] = "/m"}},
};

START_TEST(logs_are_files_or_not)
{
	struct run *ran = run_well(logs[_i].line);
	const char *paths[CONFIG_LOGS];

	ck_assert_str_eq(config_log(&ran->set.config), logs[_i].log);
	config_logs(&ran->set.config, paths);
	for (int i = 0; i < CONFIG_LOGS; i++)
		ck_assert_pstr_eq(paths[i], logs[_i].paths[i]);
	free(ran);
}
END_TEST

static const char *const more_fine_lines[] = {
	"--max-age=1s",
	"--max-age=0s",
	"-t 127.0.0.1:80 -w 127.0.0.1:81",
	"-t unix:/a -w unix:/b",
	"-t unix:/a -w 0",
	"-t 0 -w 127.0.0.1:0",
	"--daemon --log=/x --access-log=/y",
	"--access-log=- --connection-log=-",
	"--admin=off",
	"--allow=udp:::/0 --deny=10.0.0.0/8",
};

START_TEST(what_is_no_contradiction_is_accepted)
{
	free(run_well(more_fine_lines[_i]));
}
END_TEST

/* --- from a file --- */

/* Reads with this file, "@" in the line; the caller frees it. */
static struct run *run_with_file(const char *line, const char *text)
{
	char *folder = folder_new(), *whole;
	struct run *ran;

	if (text)
		folder_write_text(folder, "conf", text);
	whole = folder_insert(folder, line);
	ran = run(whole);
	free(whole);
	free(folder);
	return ran;
}

START_TEST(a_file_is_read_and_the_command_line_stands_above_it)
{
	struct run *ran = run_with_file("--config=@/conf -u 7",
					"udp-port = {\"8\"}\nlisting = yes\n");

	ck_assert_msg(ran->result == ARGUMENTS_RUN, "%s", ran->err.text);
	assert_port(&ran->set.config.udp, "7");
	ck_assert(ran->set.config.listing);
	ck_assert_ptr_nonnull(ran->set.file);
	ck_assert_str_eq(ran->set.config.file_read,
			 ran->set.config.config_file);
	config_file_free(ran->set.file);
	free(ran);
}
END_TEST

static const struct {
	const char *text; /* NULL: there is no file */
	const char *said;
} bad_files[] = {
	{NULL, "/conf: No such file or directory"},
	{"nonsense = 1\n", "nonsense"},
	{"udp-port = {\"65536\"}\n", "65536"},
};

/* On standard error, or where whoever asks wants it. */
START_TEST(a_file_that_is_wrong_is_told)
{
	struct run *ran = run_with_file("--config=@/conf", bad_files[_i].text);
	char cause[SETTINGS_CAUSE_SIZE] = "";

	ck_assert_int_eq(ran->result, ARGUMENTS_FAILED);
	ck_assert_int_eq(strncmp(ran->err.text, "uppercase-server: ", 18), 0);
	ck_assert_msg(strstr(ran->err.text, bad_files[_i].said), "%s",
		      ran->err.text);
	ck_assert_str_eq(ran->out.text, "");
	capture_start(&ran->err, STDERR_FILENO);
	ck_assert_int_eq(config_read(&ran->set, 2, ran->argv, cause),
			 ARGUMENTS_FAILED);
	capture_end(&ran->err);
	ck_assert_str_eq(ran->err.text, "");
	ck_assert_msg(strstr(cause, bad_files[_i].said), "%s", cause);
	free(ran);
}
END_TEST

START_TEST(what_contradicts_itself_is_no_run_whoever_asks)
{
	char name[] = "uppercase-server", one[] = "-t80", two[] = "-w80";
	char *argv[] = {name, one, two, NULL};
	char cause[SETTINGS_CAUSE_SIZE] = "";
	struct config_set set;

	ck_assert_int_eq(config_read(&set, 3, argv, cause), ARGUMENTS_WRONG);
	ck_assert_str_eq(cause, "--tcp-port and --http-port are both 80: two "
				"TCP services need two ports");
}
END_TEST

/* Somebody else has opened it, under whatever name. */
START_TEST(an_open_file_is_read_instead)
{
	char *folder = folder_new(), *path;
	char name[] = "uppercase-server", option[] = "--config=/none";
	char *argv[] = {name, option, NULL};
	struct config_set *set = calloc(1, sizeof(*set));
	int fd;

	ck_assert_ptr_nonnull(set);
	folder_write_text(folder, "conf", "hidden = yes\n");
	path = folder_path(folder, "conf");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(config_read_open(set, 2, argv, fd, NULL),
			 ARGUMENTS_RUN);
	ck_assert(set->config.hidden);
	ck_assert_str_eq(set->config.file_read, "/none");
	config_set_free(set);
	config_set_free(NULL);
	free(path);
	free(folder);
}
END_TEST

static char *leak_path;

static void read_and_free(void)
{
	char name[] = "uppercase-server", option[512];
	char *argv[] = {name, option, NULL};
	struct config_set *set = calloc(1, sizeof(*set));

	ck_assert_ptr_nonnull(set);
	(void)snprintf(option, sizeof(option), "--config=%s", leak_path);
	ck_assert_int_eq(config_read(set, 2, argv, NULL), ARGUMENTS_RUN);
	config_set_free(set);
}

START_TEST(a_configuration_leaves_nothing_behind)
{
	char *folder = folder_new();

	folder_write_text(folder, "conf", "hidden = yes\n");
	leak_path = folder_path(folder, "conf");
	leak_check(read_and_free);
	free(leak_path);
	free(folder);
}
END_TEST

static void add_understood(Suite *suite)
{
	TCase *tcase = harness_case(suite, "understood");

	tcase_add_loop_test(tcase, a_rate_has_a_burst, 0,
			    (int)ARRAY_LEN(rates));
	tcase_add_test(tcase, networks_are_read_into_their_lists);
	tcase_add_loop_test(tcase, logs_are_files_or_not, 0,
			    (int)ARRAY_LEN(logs));
	tcase_add_loop_test(tcase, what_is_no_contradiction_is_accepted, 0,
			    (int)ARRAY_LEN(more_fine_lines));
}

static void add_files(Suite *suite)
{
	TCase *tcase = harness_case(suite, "files");

	tcase_add_test(tcase,
		       a_file_is_read_and_the_command_line_stands_above_it);
	tcase_add_loop_test(tcase, a_file_that_is_wrong_is_told, 0,
			    (int)ARRAY_LEN(bad_files));
	tcase_add_test(tcase, what_contradicts_itself_is_no_run_whoever_asks);
	tcase_add_test(tcase, an_open_file_is_read_instead);
	tcase_add_test(tcase, a_configuration_leaves_nothing_behind);
}

int main(void)
{
	Suite *suite = suite_create("config");
	TCase *tcase = harness_case(suite, "right");

	tcase_add_test(tcase, without_options_the_defaults_hold);
	tcase_add_loop_test(tcase, every_spelling_of_an_option_means_the_same,
			    0, (int)ARRAY_LEN(all_options));
	tcase_add_loop_test(
		tcase, every_spelling_of_an_option_about_files_means_the_same,
		0, (int)ARRAY_LEN(file_options));
	tcase_add_test(tcase, options_about_files_stand_for_themselves);
	tcase_add_loop_test(tcase, numbers_about_files_have_bounds, 0,
			    (int)ARRAY_LEN(numbers));
	tcase_add_test(tcase, a_time_limit_has_its_unit);
	tcase_add_loop_test(tcase, a_port_is_a_number_or_off_or_an_endpoint, 0,
			    (int)ARRAY_LEN(ports));
	tcase_add_test(tcase, a_service_may_be_at_several_places);
	tcase_add_loop_test(tcase, what_can_be_served_together_is_accepted, 0,
			    (int)ARRAY_LEN(fine_lines));
	tcase_add_test(tcase, as_many_addresses_as_the_limit_may_be_named);

	tcase = harness_case(suite, "help");
	tcase_add_loop_test(tcase, help_names_every_option_on_standard_output,
			    0, (int)ARRAY_LEN(help_lines));
	tcase_add_test(tcase, help_fits_on_a_terminal);
	tcase_add_test(tcase, what_is_in_force_is_shown_with_its_origin);
	tcase_add_loop_test(tcase, version_is_the_program_and_a_number, 0,
			    (int)ARRAY_LEN(version_lines));
	tcase_add_test(tcase, help_that_cannot_be_written_is_no_success);

	tcase = harness_case(suite, "wrong");
	tcase_add_loop_test(tcase, what_is_wrong_is_named_with_its_value, 0,
			    (int)ARRAY_LEN(wrong_rows));
	add_understood(suite);
	add_files(suite);
	return harness_run(suite);
}
