/* SPDX-License-Identifier: MIT */
/*
 * The prompt on top of libedit. Keys are read here and not by the library, so
 * that the connection can be watched while somebody types.
 *
 * While a line is typed the terminal is the library's, which gives it back when
 * the line is there. Signals are seen to here (the library's own handlers stay
 * away after the first one, and signal the whole process group): the terminal
 * is as it was before one ends or stops the program, and the line is shown
 * again when it goes on.
 */
#include "client/editor.h"

#ifdef HAVE_LIBEDIT

#include <errno.h>
#include <histedit.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include "base/compiler.h"
#include "os/wait.h"

#define EDITOR_HISTORY_MAX 500 /* lines; of this run alone */
#define EDITOR_CTRL_D	   '\x04'

struct editor {
	EditLine *line;
	History *history;
	const char *prompt;
	void (*wait)(void *arg);
	void *arg;
	int n_ahead; /* bytes typed before the line was asked for */
	int error;   /* of reading; 0: none */
};

/* The terminal as it was: there is one to a process, for its signals. */
static struct termios terminal_before;
static volatile sig_atomic_t is_terminal_taken;

static volatile sig_atomic_t is_to_redraw, is_to_resize;

/* Signals that take the program away, for ever or until it is continued. */
static const int leaving[] = {SIGTSTP, SIGTERM, SIGHUP, SIGQUIT};

static struct editor *editor_of(EditLine *line)
{
	void *editor = NULL;

	(void)el_get(line, EL_CLIENTDATA, &editor);
	return editor;
}

static char *editor_prompt_cb(EditLine *line)
{
	/* It is shown and never written to. */
	union {
		const char *text;
		char *shown;
	} prompt = {editor_of(line)->prompt};

	return prompt.shown;
}

/* --- signals --- */

/* Sets a handler, where the signal is not ignored (nohup). */
static void handle(int signo, void (*handler)(int))
{
	struct sigaction action = {.sa_handler = handler}, before;

	(void)sigemptyset(&action.sa_mask);
	if (sigaction(signo, NULL, &before) == 0 &&
	    before.sa_handler != SIG_IGN)
		(void)sigaction(signo, &action, NULL);
}

/*
 * Gives the terminal back and lets the signal do what it does without us. Who
 * was stopped goes on here.
 */
static void editor_leave_cb(int signo)
{
	int error = errno;
	sigset_t set;

	editor_release_terminal();
	handle(signo, SIG_DFL);
	(void)raise(signo);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, signo);
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
	handle(signo, editor_leave_cb);
	is_to_redraw = 1;
	errno = error;
}

static void editor_change_cb(int signo)
{
	if (signo == SIGWINCH)
		is_to_resize = 1;
	else
		is_to_redraw = 1;
}

static void handle_all(void)
{
	for (size_t i = 0; i < ARRAY_LEN(leaving); i++)
		handle(leaving[i], editor_leave_cb);
	handle(SIGCONT, editor_change_cb);
	handle(SIGWINCH, editor_change_cb);
}

/* What a signal has left to do; whether there was anything. */
static bool follow_signals(struct editor *editor)
{
	if (is_to_redraw) {
		is_to_redraw = 0;
		/* Whatever the library believes, others had the terminal. */
		(void)el_set(editor->line, EL_PREP_TERM, 0);
		(void)el_set(editor->line, EL_PREP_TERM, 1);
		editor_show(editor);
		return true;
	}
	if (is_to_resize) {
		is_to_resize = 0;
		el_resize(editor->line);
		return true;
	}
	return false;
}

/* --- keys --- */

/* One byte; 1, 0 at the end, -1 with the editor's error. */
static int editor_read_byte(struct editor *editor, char *byte)
{
	ssize_t n;

	for (;;) {
		editor->wait(editor->arg);
		if (follow_signals(editor))
			continue;
		n = read(STDIN_FILENO, byte, 1);
		if (n >= 0)
			return (int)n;
		if (errno == EAGAIN &&
		    wait_for(STDIN_FILENO, POLLIN, WAIT_FOREVER) > 0)
			continue;
		if (errno == EINTR)
			continue;
		editor->error = errno;
		return -1;
	}
}

/*
 * A byte that is a key. What was typed ahead has been through the terminal's
 * own handling of lines, which leaves NUL where Ctrl-D was.
 */
static int read_key_byte(struct editor *editor, char *byte)
{
	int n = editor_read_byte(editor, byte);

	if (n <= 0 || editor->n_ahead == 0)
		return n;
	editor->n_ahead--;
	if (*byte == '\0')
		*byte = EDITOR_CTRL_D;
	return n;
}

/* A key: a character of the terminal's encoding. What is none is passed over.
 */
static int editor_read_cb(EditLine *line, wchar_t *key)
{
	struct editor *editor = editor_of(line);
	mbstate_t state = {0};

	for (;;) {
		char byte;
		int n = read_key_byte(editor, &byte);
		size_t len;

		if (n <= 0)
			return n;
		len = mbrtowc(key, &byte, 1, &state);
		if (len == (size_t)-1)
			state = (mbstate_t){0};
		else if (len != (size_t)-2)
			return 1;
	}
}

/* A terminal's text is UTF-8, unless the user says otherwise. */
static void take_encoding(void)
{
	if (!setlocale(LC_CTYPE, "") || MB_CUR_MAX == 1)
		(void)setlocale(LC_CTYPE, "C.UTF-8");
}

static bool can_move(const char *terminal)
{
	return terminal && *terminal && strcmp(terminal, "dumb") != 0;
}

static void set_up_line(struct editor *editor)
{
	EditLine *line = editor->line;
	HistEvent event;

	(void)el_set(line, EL_CLIENTDATA, (void *)editor);
	(void)el_set(line, EL_PROMPT, editor_prompt_cb);
	(void)el_set(line, EL_GETCFN, editor_read_cb);
	(void)el_set(line, EL_EDITOR, "emacs");
	(void)el_set(line, EL_BIND, "^R", "em-inc-search-prev", NULL);
	(void)el_set(line, EL_HIST, history, editor->history);
	(void)history(editor->history, &event, H_SETSIZE, EDITOR_HISTORY_MAX);
	(void)history(editor->history, &event, H_SETUNIQUE, 1);
	/* What the user has in ~/.editrc, such as vi's keys. */
	(void)el_source(line, NULL);
}

struct editor *editor_open(const char *prompt, int out, void (*wait)(void *arg),
			   void *arg)
{
	struct editor *editor;

	if (!isatty(STDIN_FILENO) || !isatty(out) || !can_move(getenv("TERM")))
		return NULL;
	editor = calloc(1, sizeof(*editor));
	if (!editor)
		return NULL;
	is_terminal_taken = tcgetattr(STDIN_FILENO, &terminal_before) == 0;
	take_encoding();
	editor->prompt = prompt;
	editor->wait = wait;
	editor->arg = arg;
	editor->history = history_init();
	editor->line = el_init("uppercase-client", stdin,
			       out == STDOUT_FILENO ? stdout : stderr, stderr);
	if (!editor->line || !editor->history) {
		editor_close(editor);
		return NULL;
	}
	set_up_line(editor);
	handle_all();
	return editor;
}

/*
 * Before the prompt shows: whoever sees it may type at once, and a key that the
 * terminal handles itself would be another one.
 */
static void take_terminal(struct editor *editor)
{
	(void)el_set(editor->line, EL_PREP_TERM, 1);
	if (ioctl(STDIN_FILENO, FIONREAD, &editor->n_ahead) < 0)
		editor->n_ahead = 0;
}

/* Lines that can be had again with the arrow keys; empty ones are not worth it.
 */
static void editor_remember(struct editor *editor, const char *text, size_t len)
{
	HistEvent event;

	if (len > 0)
		(void)history(editor->history, &event, H_ENTER, text);
}

enum lines_result editor_next(struct editor *editor, struct slice *line)
{
	const char *text;
	int count = 0;
	size_t len;

	take_terminal(editor);
	is_to_redraw = 0;
	text = el_gets(editor->line, &count);
	len = count > 0 ? (size_t)count : 0;
	if (!text && editor->error != 0) {
		errno = editor->error;
		return LINES_FAILED;
	}
	if (!text || len == 0)
		return LINES_END;
	if (text[len - 1] == '\n')
		len--;
	editor_remember(editor, text, len);
	*line = (struct slice){text, len};
	return LINES_LINE;
}

void editor_show(struct editor *editor)
{
	(void)el_set(editor->line, EL_REFRESH);
}

void editor_release_terminal(void)
{
	if (is_terminal_taken)
		(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &terminal_before);
}

void editor_close(struct editor *editor)
{
	if (!editor)
		return;
	is_terminal_taken = 0;
	if (editor->line)
		el_end(editor->line);
	if (editor->history)
		history_end(editor->history);
	free(editor);
}

#else

struct editor *editor_open(const char *prompt, int out, void (*wait)(void *arg),
			   void *arg)
{
	(void)prompt;
	(void)out;
	(void)wait;
	(void)arg;
	return NULL;
}

enum lines_result editor_next(struct editor *editor, struct slice *line)
{
	(void)editor;
	(void)line;
	return LINES_END;
}

void editor_show(struct editor *editor)
{
	(void)editor;
}

void editor_release_terminal(void)
{
}

void editor_close(struct editor *editor)
{
	(void)editor;
}

#endif
