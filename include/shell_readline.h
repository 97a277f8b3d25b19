/* shell_readline.h - the line being typed: all that has to do with GNU readline, and with the
 * terminal's settings.
 *
 * Readline has one line, one terminal and no user pointer, so this is a singleton; its state is in
 * shell_readline.c and nowhere else. Readline never writes to the terminal itself but to the stream
 * it is given here. Everything is for the shell's thread, but for shell_readline_open(),
 * shell_readline_close() and shell_restore_terminal() (shell.h). */
#ifndef SHELL_READLINE_H
#define SHELL_READLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct shell_readline_user {
    void *arg;
    FILE *out;
    /* A line was entered, or NULL: end of input. It is freed by the caller. The prompt is gone. */
    void (*line)(void *arg, const char *line);
    /* The names to be completed, to shell_names_free(); NULL: none are known. */
    char **(*names)(void *arg, size_t *out_count);
    /* Waits until stdin can be read; false: the shell is to end, or the terminal is gone. */
    bool (*wait)(void *arg);
};

/* Sets readline up and reads its init file. Changes the locale to the environment's for LC_CTYPE,
 * so it is for the time before other threads start. *user must live until
 * shell_readline_close(). 0, or -ELIBACC when there is no readline, which stderr was told. */
int shell_readline_open(const struct shell_readline_user *user) __attribute__((warn_unused_result));

/* Takes the prompt away and gives back what readline holds. */
void shell_readline_close(void);

/* Is the terminal ours, that is, are we in its foreground? */
bool shell_readline_in_foreground(void);

/* Prompts for a line: the terminal is in readline's hands until a line is entered. */
void shell_readline_prompt(void);
bool shell_readline_is_prompting(void);

/* At the prompt only: */
void shell_readline_key(void);                     /* stdin can be read */
void shell_readline_interrupt(void);               /* Ctrl-C: drops the line */
void shell_readline_print_above(const char *text); /* whole lines, above the line being typed */
void shell_readline_leave(void);                   /* no more prompt, on a line of its own */
void shell_readline_retake(void); /* somebody else may have had the terminal meanwhile */

/* The terminal has another size. */
void shell_readline_resized(void);

/* Adds a line to those that the arrow keys bring back. */
void shell_readline_add_history(const char *line);

#endif
