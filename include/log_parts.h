/* log_parts.h - the log from inside: a record, and the line that it becomes. */
#ifndef LOG_PARTS_H
#define LOG_PARTS_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "log.h"

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

#endif
