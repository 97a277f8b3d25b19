/* shell_readline.c - see shell_readline.h. */
#include "shell_readline.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "complete.h"
#include "history.h"
#include "readline_library.h"
#include "shell.h"
#include "shell_names.h"

#define PROMPT "Taskmaster> "
#define MATCHES_MAX 200 /* shown at one Tab */

/* The one place with state of its own: readline's callbacks are given nothing that leads to it. */
static struct {
    const struct shell_readline_user *user;
    bool prompting;
    bool input_ended;
    char **matches; /* of the completion under way */
    size_t match_next;
} editor;

/* Loaded by shell_readline_open(). */
static struct readline_library lib;

/* Apart from the rest, because a crash may look at it at any time. */
static struct termios saved_settings;
static volatile sig_atomic_t settings_saved;

/* ---- the terminal ---- */

bool shell_readline_in_foreground(void)
{
    pid_t owner = tcgetpgrp(STDIN_FILENO);
    return owner < 0 || owner == getpgrp(); /* -1: not our controlling terminal, no job control */
}

/* Once, and not while it is somebody else's: their settings are not those to restore. */
static void save_settings(void)
{
    if (!settings_saved && tcgetattr(STDIN_FILENO, &saved_settings) == 0)
        settings_saved = 1;
}

void shell_restore_terminal(void)
{
    int error = errno;
    if (settings_saved && shell_readline_in_foreground())
        tcsetattr(STDIN_FILENO, TCSANOW, &saved_settings);
    errno = error;
}

/* SIGTTOU is blocked, so the kernel would not keep us from changing a terminal that our user's
 * shell has taken back. */
static void give_terminal_back(void)
{
    if (shell_readline_in_foreground())
        lib.rl_deprep_terminal();
}

/* Readline believes the terminal to be as it left it; after a stay in the background it is not. */
static void take_terminal(int meta)
{
    save_settings();
    if (*lib.rl_readline_state & RL_STATE_TERMPREPPED)
        lib.rl_deprep_terminal();
    lib.rl_prep_terminal(meta);
}

/* Readline's own reader unblocks signals while it waits. */
static int read_key(FILE *stream)
{
    (void)stream;
    while (editor.user->wait(editor.user->arg)) {
        unsigned char key;
        ssize_t n = read(STDIN_FILENO, &key, 1);
        if (n == 1)
            return key;
        bool again = n < 0 && (errno == EINTR || errno == EAGAIN);
        if (!again && shell_readline_in_foreground())
            break;
    }
    editor.input_ended = true;
    return EOF;
}

/* ---- completion ---- */

static char *next_match(const char *text, int state)
{
    (void)text;
    if (state == 0)
        editor.match_next = 0;
    const char *match = editor.matches[editor.match_next];
    if (match == NULL)
        return NULL;
    editor.match_next++;
    return strdup(match);
}

static char **attempt_completion(const char *text, int start, int end)
{
    size_t count = 0;
    size_t name_count = 0;
    char **result = NULL;
    *lib.rl_attempted_completion_over = 1; /* never file names */
    char **names = editor.user->names(editor.user->arg, &name_count);
    if (complete(*lib.rl_line_buffer, (size_t)start, (size_t)end, names, name_count,
                 &editor.matches, &count) == 0) {
        result = lib.rl_completion_matches(text, next_match);
        complete_free(editor.matches);
        editor.matches = NULL;
    }
    shell_names_free(names);
    return result;
}

/* Readline would ask whether to show so many, and wait for the answer. */
static void show_matches(char **matches, int count, int longest)
{
    int shown = count > MATCHES_MAX ? MATCHES_MAX : count;
    lib.rl_display_match_list(matches, shown, longest);
    if (shown < count)
        fprintf(*lib.rl_outstream, "... and %d more", count - shown);
    if (shown < count)
        lib.rl_crlf();
    lib.rl_on_new_line();
    lib.rl_forced_update_display();
}

/* ---- set up ---- */

int shell_readline_open(const struct shell_readline_user *user)
{
    const char *failure = readline_library_load(&lib);
    if (failure) {
        fprintf(stderr, "taskmaster: %s: install it, or go without a shell (-n, -d)\n", failure);
        return -ELIBACC;
    }
    editor.user = user;
    editor.input_ended = false;
    if (shell_readline_in_foreground())
        save_settings();
    *lib.rl_catch_signals = 0;
    *lib.rl_catch_sigwinch = 0;
    *lib.rl_change_environment = 0; /* LINES and COLUMNS would be passed on to tasks */
    *lib.rl_readline_name = "taskmaster";
    *lib.rl_outstream = user->out;
    *lib.rl_getc_function = read_key;
    *lib.rl_prep_term_function = take_terminal;
    *lib.rl_deprep_term_function = give_terminal_back;
    *lib.rl_attempted_completion_function = attempt_completion;
    *lib.rl_completion_display_matches_hook = show_matches;
    *lib.rl_completer_word_break_characters = " \t";
    *lib.rl_sort_completion_matches = 0;
    lib.rl_initialize();
    /* Pasted lines are to be executed, not to be collected in one. */
    lib.rl_variable_bind("enable-bracketed-paste", "off");
    lib.rl_variable_bind("page-completions", "off");
    lib.using_history();
    lib.stifle_history(HISTORY_MAX_LINES);
    return 0;
}

void shell_readline_close(void)
{
    if (editor.user == NULL)
        return;
    if (editor.prompting)
        lib.rl_callback_handler_remove();
    editor.prompting = false;
    shell_restore_terminal();
    lib.clear_history();
    editor.user = NULL;
}

void shell_readline_add_history(const char *line)
{
    lib.add_history(line);
}

/* ---- the prompt ---- */

static void entered(char *line)
{
    editor.prompting = false;
    lib.rl_callback_handler_remove();
    if (line == NULL && !editor.input_ended)
        fputs("exit\n", editor.user->out);
    /* What was typed when the terminal went away was not entered. */
    editor.user->line(editor.user->arg, editor.input_ended ? NULL : line);
    free(line);
}

void shell_readline_prompt(void)
{
    editor.prompting = true;
    lib.rl_callback_handler_install(PROMPT, entered);
}

bool shell_readline_is_prompting(void)
{
    return editor.prompting;
}

void shell_readline_key(void)
{
    lib.rl_callback_read_char();
}

/* To the last of the lines that the line being typed takes up. */
static void go_to_end(void)
{
    *lib.rl_point = *lib.rl_end;
    lib.rl_redisplay();
}

void shell_readline_interrupt(void)
{
    lib.rl_callback_sigcleanup(); /* ends a search, a numeric argument, half a key */
    go_to_end();
    fputs("^C\n", editor.user->out);
    lib.rl_free_line_state();
    lib.rl_callback_handler_remove();
    lib.rl_callback_handler_install(PROMPT, entered);
}

void shell_readline_print_above(const char *text)
{
    if (lib.rl_get_termcap("ce") != NULL)
        lib.rl_clear_visible_line();
    else
        fputc('\n', editor.user->out); /* a terminal that cannot clear */
    fputs(text, editor.user->out);
    lib.rl_on_new_line();
    lib.rl_forced_update_display();
}

void shell_readline_leave(void)
{
    go_to_end();
    fputc('\n', editor.user->out);
    editor.prompting = false;
    lib.rl_callback_handler_remove();
}

/* The cursor is on a new line, or, where nobody else wrote anything, still behind the prompt. */
void shell_readline_retake(void)
{
    take_terminal(1);
    lib.rl_on_new_line();
    if (lib.rl_get_termcap("ce") != NULL)
        lib.rl_clear_visible_line();
    lib.rl_on_new_line();
    lib.rl_forced_update_display();
}

void shell_readline_resized(void)
{
    if (editor.prompting)
        lib.rl_resize_terminal();
    else
        lib.rl_reset_screen_size();
}
