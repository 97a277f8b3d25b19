/* log_parts.h - the log from inside: a record, and the file that records go to. */
#ifndef LOG_PARTS_H
#define LOG_PARTS_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "log.h"
#include "sink.h"

#define LOG_TEXT_MAX 4096

/* One record on its way to the writer; a block to free(). Texts are NULL where there is none. */
struct log_record {
    enum log_level level;
    int64_t wall_ms;
    int pid;
    const char *message;
    const char *task;
    const char *instance;
    const char *from;
    const char *to;
};

/* Formats the message and copies the rest. NULL: out of memory. Uses little stack, because
 * monitors have little. */
struct log_record *log_record_new(enum log_level level, const struct log_about *about,
                                  const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

/* The record as a line, in local time. A string to free() with its length, or NULL. */
char *log_record_line(const struct log_record *record, enum log_format format, size_t *out_bytes);

/* Where lines go. One thread. */
struct log_file {
    char *path; /* NULL: stderr */
    int fd;
    struct sink sink;
    bool torn; /* half a line was written */
};

/* Opens `path`, or takes stderr for NULL. 0 or a negative errno. */
int log_file_open(struct log_file *file, const char *path) __attribute__((warn_unused_result));
void log_file_close(struct log_file *file);

/* Opens it anew; the old one goes on where that fails. 0 or a negative errno. */
int log_file_reopen(struct log_file *file) __attribute__((warn_unused_result));

/* Writes a whole line, waiting for room until deadline_ms. 0, -ETIMEDOUT, or a negative errno. */
int log_file_write(struct log_file *file, const char *line, size_t bytes, int64_t deadline_ms)
    __attribute__((warn_unused_result));

#endif
