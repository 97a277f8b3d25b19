/* log_record.c - see log_parts.h: a record from its making to the line that it becomes. */
#include "log_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "clock.h"
#include "text.h"

static size_t room_for(const char *text)
{
    return text == NULL ? 0 : strlen(text) + 1;
}

static const char *copy(char **at, const char *text)
{
    if (text == NULL)
        return NULL;
    char *start = *at;
    *at = stpcpy(start, text) + 1;
    return start;
}

static const char level_names[][6] = {
    [LOG_DEBUG] = "debug",
    [LOG_INFO] = "info",
    [LOG_WARN] = "warn",
    [LOG_ERROR] = "error",
};

/* One line, of at most LOG_TEXT_MAX bytes. */
static const char *print_line(char **at, size_t length, const char *format, va_list args)
{
    char *start = *at;
    vsnprintf(start, length + 1, format, args);
    for (char *end = strchr(start, '\n'); end != NULL; end = strchr(end, '\n'))
        *end = ' ';
    *at = start + strlen(start) + 1;
    return start;
}

static size_t line_length(const char *format, va_list args)
{
    va_list copy;
    va_copy(copy, args);
    int length = vsnprintf(NULL, 0, format, copy);
    va_end(copy);
    return length < 0 ? 0 : length < LOG_TEXT_MAX ? (size_t)length : LOG_TEXT_MAX;
}

/* One allocation: a record is freed on another thread, and what this one had for a moment besides
 * would stay in its own cache of the allocator, thousands of times. */
struct log_record *log_record_new(enum log_level level, const struct log_about *about,
                                  const char *format, va_list args)
{
    static const struct log_about nothing;
    const struct log_about *of = about == NULL ? &nothing : about;
    size_t length = line_length(format, args);
    struct log_record *record = malloc(sizeof *record + length + 1 + room_for(of->task) +
                                       room_for(of->instance) + room_for(of->from) +
                                       room_for(of->to));
    if (record == NULL)
        return NULL;
    char *at = (char *)(record + 1);
    record->level = level;
    record->wall_ms = clock_wall_ms();
    record->pid = of->pid;
    record->message = print_line(&at, length, format, args);
    record->task = copy(&at, of->task);
    record->instance = copy(&at, of->instance);
    record->from = copy(&at, of->from);
    record->to = copy(&at, of->to);
    return record;
}

static void print_text(FILE *out, const struct log_record *record)
{
    char at[CLOCK_TEXT_BYTES];
    clock_text(record->wall_ms, at);
    fprintf(out, "%s %-5s ", at, level_names[record->level]);
    const char *about = record->instance == NULL ? record->task : record->instance;
    if (about != NULL) {
        text_put(out, about);
        fputs(": ", out);
    }
    text_put(out, record->message);
}

static void add_text(cJSON *object, const char *name, const char *text)
{
    char *valid = text == NULL ? NULL : text_utf8(text);
    if (valid != NULL)
        cJSON_AddStringToObject(object, name, valid);
    free(valid);
}

static void print_json(FILE *out, const struct log_record *record)
{
    char at[CLOCK_TEXT_BYTES];
    cJSON *object = cJSON_CreateObject();
    clock_text(record->wall_ms, at);
    add_text(object, "at", at);
    add_text(object, "level", level_names[record->level]);
    add_text(object, "task", record->task);
    add_text(object, "instance", record->instance);
    if (record->pid > 0)
        cJSON_AddNumberToObject(object, "pid", record->pid);
    add_text(object, "from", record->from);
    add_text(object, "to", record->to);
    add_text(object, "message", record->message);
    char *text = cJSON_PrintUnformatted(object);
    fputs(text == NULL ? "{}" : text, out);
    cJSON_free(text);
    cJSON_Delete(object);
}

char *log_record_line(const struct log_record *record, enum log_format format, size_t *out_bytes)
{
    char *line = NULL;
    FILE *out = open_memstream(&line, out_bytes);
    if (out == NULL)
        return NULL;
    switch (format) {
    case LOG_TEXT: print_text(out, record); break;
    case LOG_JSON: print_json(out, record); break;
    }
    fputc('\n', out);
    fclose(out);
    return line;
}
