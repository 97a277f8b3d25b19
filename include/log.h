/* log.h - the supervisor's own log: one line a record, and never a wait for its caller.
 *
 * A record's text is formatted by the caller, put into a bounded queue, and written by a thread of
 * the log's own; what does not fit (a disk that hangs), or cannot be written (a disk that is full,
 * a pipe that nobody reads for a second), is dropped, and its number is logged as soon as that is
 * possible. The log is the one piece of global state: every layer above the pure one may write to
 * it, from any thread. */
#ifndef LOG_H
#define LOG_H

#include <stdbool.h>

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

/* Starts the log's thread, writing to `path` (opened for appending, created with mode 0640), or
 * to stderr where `path` is NULL. 0 or a negative errno: of open(2), or of the thread. */
int log_start(const char *path, enum log_level level, enum log_format format)
    __attribute__((warn_unused_result));

/* Opens the file anew (it was moved away by logrotate). No effect on stderr. */
void log_reopen(void);

void log_set_level(enum log_level level);
bool log_enabled(enum log_level level);

/* Writes one record. The text is cut at 4 KiB; a newline in it becomes a space. Before
 * log_start() and after log_stop() records are dropped. */
void log_write(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
void log_about(enum log_level level, const struct log_about *about, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Writes what is queued, for at most a second, and ends the thread. */
void log_stop(void);

#endif
