/* logview.c - see logview.h. */
#include "logview.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "launch.h"
#include "tail.h"
#include "termsafe.h"

int logview_path(const struct identity *id, char *const *environment, bool use_stderr,
                 char **out_path, char **out_error)
{
    const struct launch_id who = { id->task->name, id->number, id->name };
    struct launch *launch;
    int error = launch_new(id->task, &who, environment, &launch, out_error);
    if (error)
        return error;
    const struct launch_output *outputs = launch->outputs;
    bool merged = outputs[LAUNCH_STDERR].kind == LAUNCH_SAME;
    const struct launch_output *output =
        &outputs[use_stderr && !merged ? LAUNCH_STDERR : LAUNCH_STDOUT];
    const char *path = output->path;
    char *copy = NULL;
    if (!path || output->kind == LAUNCH_INHERIT || output->kind == LAUNCH_SYSLOG)
        error = -ENOENT;
    else if (!(copy = strdup(path)))
        error = -ENOMEM;
    launch_free(launch);
    if (!error)
        *out_path = copy;
    return error;
}

int logview_read(const char *path, size_t lines, char **out_text, size_t *out_bytes,
                 long long *out_size)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *buffer = open_memstream(&text, &bytes);
    if (!buffer)
        return -ENOMEM;
    int error = tail_print(buffer, path, lines, out_size);
    if (fclose(buffer) != 0 && !error)
        error = -ENOMEM;
    if (error) {
        free(text);
        return error;
    }
    *out_text = text;
    *out_bytes = bytes;
    return 0;
}

static void print_line(FILE *out, bool terminal, const char *line, size_t bytes)
{
    struct termsafe filter = { 0 };
    size_t shown = bytes > LOGVIEW_LINE_BYTES ? LOGVIEW_LINE_BYTES : bytes;
    if (terminal) {
        termsafe_write(&filter, out, line, shown);
        termsafe_end(&filter, out);
    } else {
        fwrite(line, 1, shown, out);
    }
    fputs(shown < bytes ? "...\n" : "\n", out);
}

bool logview_print_stderr(FILE *out, const struct identity *id, char *const *environment,
                          const struct command_style *style, const char *indent, size_t lines)
{
    char *path = NULL;
    char *problem = NULL;
    char *text = NULL;
    size_t bytes = 0;
    long long size;
    if (logview_path(id, environment, true, &path, &problem) == 0 &&
        logview_read(path, lines, &text, &bytes, &size) < 0)
        bytes = 0;
    const char *end = text + bytes;
    for (const char *line = text; line < end;) {
        const char *newline = memchr(line, '\n', (size_t)(end - line));
        const char *stop = newline ? newline : end;
        fputs(indent, out);
        print_line(out, style->width != 0, line, (size_t)(stop - line));
        line = stop + 1;
    }
    free(text);
    free(path);
    free(problem);
    return bytes > 0;
}
