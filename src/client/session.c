/* SPDX-License-Identifier: MIT */
/*
 * The client put together: which of the three ways to run was asked for, and
 * the loop over messages that the terminal and the UDP filter share. The TCP
 * filter has no messages, only bytes, and is a loop of its own (pump).
 *
 *	        MESSAGE        terminal       pipe
 *	TCP     one exchange   converse       pump
 *	UDP     one exchange   converse       converse
 */
#include "client/session.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/client_options.h"
#include "client/editor.h"
#include "client/lines.h"
#include "client/narrator.h"
#include "client/output.h"
#include "client/ping.h"
#include "client/pump.h"
#include "client/route.h"
#include "client/tcp_exchange.h"
#include "client/udp_exchange.h"
#include "os/process.h"

_Static_assert(LINES_MAX == UDP_MESSAGE_MAX, "a line is a datagram");

#define CLIENT_SOURCE_PORT_MIN 1024 /* what the server answers, over UDP */

/* Everything of one run. Too large for a stack. */
struct session {
	struct client_options options;
	struct report report;
	struct route route;
	struct transcript transcript;
	struct tcp tcp;
	struct udp udp;
	struct lines lines;
	struct editor *editor; /* NULL: lines are read as they come */
	const char *reply_prefix;
};

/* Where the prompt goes: not into the file that collects the replies. */
static int prompt_fd(void)
{
	return isatty(STDOUT_FILENO) ? STDOUT_FILENO : STDERR_FILENO;
}

/*
 * Ctrl-C at the prompt. Nothing here is buffered, so there is nothing to save,
 * and a handler that ends the program itself cannot come too early or late.
 * isatty() and the editor's part are an ioctl(2) each, so they may be called
 * from here.
 */
static void session_interrupt_cb(int signo)
{
	ssize_t ignored;

	editor_release_terminal();
	ignored = write(prompt_fd(), "\n", 1);
	(void)signo;
	(void)ignored;
	_exit(CLIENT_INTERRUPTED);
}

static void on_signal(int signo, void (*handler)(int))
{
	struct sigaction action = {.sa_handler = handler};

	(void)sigemptyset(&action.sa_mask);
	/* Fails only for a signal that does not exist. */
	(void)sigaction(signo, &action, NULL);
}

/* Sends one message and prints the reply as a line. */
static enum client_status exchange_tcp(struct session *c, struct slice message,
				       bool is_last)
{
	enum client_status status, line_status = CLIENT_OK;
	size_t n_written;

	status = tcp_exchange(&c->tcp, message, is_last, c->reply_prefix,
			      &n_written);
	/* A reply that broke off gets its newline too. */
	if (status == CLIENT_OK || n_written > 0)
		line_status = output_end_line();
	return status != CLIENT_OK ? status : line_status;
}

static enum client_status exchange_udp(struct session *c, struct slice message)
{
	enum client_status status;
	struct slice reply;

	status = udp_exchange(&c->udp, message, &reply);
	if (status == CLIENT_OK)
		status = output_write(reply);
	if (status == CLIENT_OK)
		status = output_write(slice_of("\n"));
	return status;
}

static enum client_status exchange(struct session *c, struct slice message,
				   bool is_last)
{
	return c->options.is_udp ? exchange_udp(c, message)
				 : exchange_tcp(c, message, is_last);
}

/* The words with single spaces between them; the caller frees. */
static char *join_words(char *const *words, size_t n, size_t *len)
{
	size_t size = 0, at = 0;
	char *message;

	for (size_t i = 0; i < n; i++)
		size += strlen(words[i]) + 1;
	message = malloc(size);
	if (!message)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		size_t word_len = strlen(words[i]);

		memcpy(message + at, words[i], word_len);
		at += word_len;
		message[at++] = ' ';
	}
	*len = at - 1;
	return message;
}

static enum client_status run_message(struct session *c)
{
	enum client_status status;
	char *message;
	size_t len;

	message = join_words(c->options.words, c->options.n_words, &len);
	if (!message) {
		report_error("memory: %s", strerror(errno));
		return CLIENT_FAILED;
	}
	status = exchange(c, (struct slice){message, len},
			  c->options.is_half_closing);
	free(message);
	return status;
}

#define PROMPT "Input lowercase sentence: "

static void write_prompt(const char *text)
{
	ssize_t ignored = write(prompt_fd(), text, strlen(text));

	report_shown(prompt_fd(), slice_of(text));
	/* If the terminal is gone, reading from it will tell. */
	(void)ignored;
}

/* The prompt once more, below what was shown meanwhile. */
static void show_prompt_again(struct session *c)
{
	if (!c->editor) {
		write_prompt(PROMPT);
		return;
	}
	editor_show(c->editor);
	report_shown(prompt_fd(), slice_of(PROMPT));
}

/*
 * Waits for what is typed, and meanwhile for the end of the connection: one
 * that the server has closed is closed here too, and not only when somebody
 * has typed the next line.
 */
static void watch_cb(void *arg)
{
	struct session *c = arg;

	while (c->tcp.fd >= 0) {
		struct pollfd pfds[] = {
			{.fd = STDIN_FILENO, .events = POLLIN},
			{.fd = c->tcp.fd, .events = POLLRDHUP},
		};

		/* A signal may have something to do with the terminal. */
		if (poll(pfds, ARRAY_LEN(pfds), -1) < 0)
			return;
		if (pfds[1].revents && tcp_take_end(&c->tcp))
			show_prompt_again(c);
		if (pfds[0].revents)
			return;
	}
}

static enum client_status tell_input_failure(const struct session *c,
					     enum lines_result result)
{
	if (result == LINES_TOO_LONG) {
		report_error("standard input: line %llu: longer than %d bytes, "
			     "not sent (a datagram holds no more: shorten it, "
			     "or use TCP)",
			     (unsigned long long)c->lines.n_lines + 1,
			     LINES_MAX);
		return CLIENT_USAGE;
	}
	report_error("standard input: %s", strerror(errno));
	return CLIENT_FAILED;
}

/*
 * Whether the next line can be sent after how the last one ended. A datagram
 * without an answer spoils nothing for the next one, and a person sees which
 * one it was. A filter's output would be short of a line, though, and a stream
 * would take a late answer for the next one's.
 */
static bool may_go_on(const struct session *c, enum client_status status,
		      bool is_prompting)
{
	if (status == CLIENT_OK)
		return true;
	if (!is_prompting && status == CLIENT_NO_REPLY)
		report_error("standard input: line %llu: not answered, nothing "
			     "behind it is sent",
			     (unsigned long long)c->lines.n_lines);
	return is_prompting && c->options.is_udp && status == CLIENT_NO_REPLY;
}

/* The next line; for a person, behind the prompt. */
static enum lines_result session_next_line(struct session *c, bool is_prompting,
					   struct slice *line)
{
	if (c->editor) {
		report_shown(prompt_fd(), slice_of(PROMPT));
		return editor_next(c->editor, line);
	}
	if (is_prompting)
		write_prompt(PROMPT);
	return lines_next(&c->lines, line);
}

/* Line for line: reads one, exchanges it, until the input ends. */
static enum client_status converse(struct session *c, bool is_prompting)
{
	enum client_status status, worst = CLIENT_OK;
	enum lines_result result;
	struct slice line;

	lines_init(&c->lines, STDIN_FILENO, is_prompting ? watch_cb : NULL, c);
	for (;;) {
		result = session_next_line(c, is_prompting, &line);
		/* The terminal has shown the newline that was typed. */
		if (is_prompting && result == LINES_LINE)
			report_shown(prompt_fd(), slice_of("\n"));
		if (result == LINES_END && is_prompting)
			write_prompt("\n");
		if (result == LINES_END)
			return worst;
		if (result != LINES_LINE)
			return tell_input_failure(c, result);
		status = exchange(c, line, false);
		if (!may_go_on(c, status, is_prompting))
			return status;
		if (status != CLIENT_OK)
			worst = status;
	}
}

static enum client_status run_prompt(struct session *c)
{
	enum client_status status = CLIENT_OK;

	on_signal(SIGINT, session_interrupt_cb);
	/* Better told before somebody has typed a sentence. */
	if (!c->options.is_udp) {
		c->reply_prefix = "From Server: ";
		status = tcp_open(&c->tcp);
	}
	if (status != CLIENT_OK)
		return status;
	c->editor = editor_open(PROMPT, prompt_fd(), watch_cb, c);
	status = converse(c, true);
	editor_close(c->editor);
	return status;
}

static enum client_status run_filter(struct session *c)
{
	enum client_status status;

	if (c->options.is_udp)
		return converse(c, false);
	status = tcp_open(&c->tcp);
	if (status == CLIENT_OK)
		status = pump_run(&c->route, c->tcp.fd);
	return status;
}

/* A request from there is taken for a reply of another service. */
static void warn_of_source(const struct client_options *options)
{
	if (!options->is_udp || options->source_port == 0 ||
	    options->source_port >= CLIENT_SOURCE_PORT_MIN)
		return;
	report_error("udp source port %u: uppercase-server does not answer "
		     "ports below %d, where services sit that could answer "
		     "back for ever (choose another source port)",
		     (unsigned)options->source_port, CLIENT_SOURCE_PORT_MIN);
}

/* The way to run that was asked for. */
static enum client_status run_way(struct session *c)
{
	enum client_status status;

	tcp_init(&c->tcp, &c->route);
	udp_init(&c->udp, &c->route);
	c->reply_prefix = "";
	if (c->options.is_pinging)
		status = ping_run(&c->route);
	else if (c->options.n_words > 0)
		status = run_message(c);
	else if (isatty(STDIN_FILENO))
		status = run_prompt(c);
	else
		status = run_filter(c);
	tcp_clear(&c->tcp);
	udp_clear(&c->udp);
	return status;
}

/* A record is kept when one was asked for; in a file, it says of what. */
static enum client_status begin_record(struct session *c)
{
	const struct client_options *options = &c->options;
	enum client_status status;

	if (!options->transcript && !options->is_hex)
		return CLIENT_OK;
	status = transcript_open(&c->transcript, options->transcript,
				 options->is_hex, c->report.start_ns);
	if (status == CLIENT_OK && options->transcript)
		transcript_note(&c->transcript,
				"uppercase-client %s, to %s port %u over %s",
				PACKAGE_VERSION, options->host,
				(unsigned)options->port,
				options->is_udp ? "UDP" : "TCP");
	return status;
}

static enum client_status session_run(struct session *c)
{
	enum client_status status = begin_record(c);

	if (status != CLIENT_OK)
		return status;
	c->report.verbose = c->options.verbose;
	warn_of_source(&c->options);
	c->route.transcript = &c->transcript;
	status = route_resolve(&c->route, &c->options, &c->report);
	if (status == CLIENT_OK)
		status = run_way(c);
	if (transcript_close(&c->transcript) != CLIENT_OK &&
	    status == CLIENT_OK)
		status = CLIENT_FAILED;
	return status;
}

static enum client_status act(struct session *c, int argc, char **argv)
{
	switch (client_options_read(&c->options, argc, argv)) {
	case ARGUMENTS_RUN:
		break;
	case ARGUMENTS_SHOWN:
		return CLIENT_OK;
	case ARGUMENTS_FAILED:
		return CLIENT_FAILED;
	case ARGUMENTS_WRONG:
		return CLIENT_USAGE;
	}
	return session_run(c);
}

enum client_status client_main(int argc, char **argv)
{
	enum client_status status;
	struct session *c;

	if (process_begin() < 0)
		return CLIENT_FAILED;
	c = calloc(1, sizeof(*c));
	if (!c) {
		report_error("memory: %s", strerror(errno));
		return CLIENT_FAILED;
	}
	report_init(&c->report);
	status = act(c, argc, argv);
	free(c);
	if (output_close() != CLIENT_OK && status == CLIENT_OK)
		status = CLIENT_FAILED;
	return status;
}
