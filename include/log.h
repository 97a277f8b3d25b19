/* log.h - the supervisor's own log: one line a record, and never a wait for its caller.
 *
 * A record's text is formatted by the caller and put into a bounded queue, which a writer (the log
 * pump, pump.h) empties: who logs never waits for a disk or a reader. What does not fit into the
 * queue, or cannot be written, is dropped, and its number is logged as soon as that is possible.
 * The log is the one piece of global state: every layer above the pure one may write to it, from
 * any thread. */
#ifndef LOG_H
#define LOG_H

#include <stdbool.h>
#include <stddef.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };
enum log_format { LOG_TEXT, LOG_JSON };

/* What a record is about, for the JSON form; fields may be NULL or 0. */
struct log_about {
    const char *task;
    const char *instance;
    int pid;
    const char *from;
    const char *to;
};

/* Begins to take records. 0, -ENOMEM, or -EALREADY. */
int log_start(enum log_level level, enum log_format format) __attribute__((warn_unused_result));

/* Drops what no writer has taken. Before log_start() and after this, records are dropped. */
void log_stop(void);

void log_set_level(enum log_level level);
bool log_enabled(enum log_level level);

/* Writes one record. The text is cut at 4 KiB; a newline in it becomes a space. */
void log_write(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
void log_about(enum log_level level, const struct log_about *about, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- for the writer ---- */

/* From now on hook(arg) is called after each record, on the thread that logged; it must not block
 * or log. NULL: no more, and it is not called any more when this returns. */
void log_attach(void (*hook)(void *arg), void *arg);

/* The next line, with its end: a string to free(), with its length. -EAGAIN: there is none. Each
 * line is followed by log_settle(), before the next is taken. One thread. */
int log_take(char **out_line, size_t *out_bytes) __attribute__((warn_unused_result));

/* What became of the line that was taken: 0, or why it was lost: a negative errno, -ETIMEDOUT where
 * nobody read it. */
void log_settle(int error);

#endif
