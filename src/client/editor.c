/* SPDX-License-Identifier: MIT */
/*
 * The prompt on top of libedit. Keys are read here and not by the library, so
 * that the connection can be watched while somebody types.
 *
 * While a line is typed the terminal is the library's; it gives it back when
 * the line is there, and before a signal does what it does without it (Ctrl-C
 * ends the program, Ctrl-Z stops it).
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

/* One byte; 1, 0 at the end, -1 with the editor's error. */
static int editor_read_byte(struct editor *editor, char *byte)
{
	ssize_t n;

	for (;;) {
		editor->wait(editor->arg);
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
	(void)el_set(line, EL_SIGNAL, 1);
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
static void remember(struct editor *editor, const char *text, size_t len)
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
	remember(editor, text, len);
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
