/* history.h - the file that keeps the command lines of former shells.
 *
 * Each line is appended when it is typed, so that a shell that is killed loses nothing. Where the
 * file cannot be read or written, nothing is kept and nothing is said. One thread. */
#ifndef HISTORY_H
#define HISTORY_H

#include <stdbool.h>
#include <stddef.h>

#define HISTORY_MAX_LINES 1000

struct history;

/* $XDG_STATE_HOME/taskmaster/history, else ~/.local/state/taskmaster/history. A string to free(),
 * or NULL: neither variable is an absolute path, or out of memory. Either may be NULL. */
char *history_path(const char *state_home, const char *home);

/* Calls each(arg, line) for the last HISTORY_MAX_LINES lines of the file at `path`, and cuts a
 * file that is longer. Makes its directories (0700) where missing, as the first line that is kept
 * makes the file (0600). `path` may be NULL. To history_free(), or NULL when out of memory. */
struct history *history_load(const char *path, void (*each)(void *arg, const char *line),
                             void *arg);

/* Keeps a line, unless it is blank or the same as the one before. Returns whether it is kept. */
bool history_keep(struct history *history, const char *line);

void history_free(struct history *history); /* NULL is fine */

#endif
