/* launch_output.c - see launch_output.h. */
#include "launch_output.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "expand.h"

/* Paths that are none: what is meant by each. */
static const struct {
    const char *text;
    enum launch_kind kind;
} words[] = {
    { "/dev/null", LAUNCH_NULL },         { "/dev/stdout", LAUNCH_OWN_STDOUT },
    { "/dev/stderr", LAUNCH_OWN_STDERR }, { "inherit", LAUNCH_INHERIT },
    { "syslog", LAUNCH_SYSLOG },          { "stdout", LAUNCH_SAME },
};
#define WORD_COUNT (sizeof words / sizeof words[0])

bool launch_pumps_files(const struct task_config *task)
{
    return task->log_max_bytes > 0 || task->log_timestamps;
}

int launch_expand_path(const struct expand_scope *scope, const char *key, const char *text,
                       char **out_path, char **out_error)
{
    char *path;
    int error = expand(scope, text, &path, out_error);
    if (error)
        return error;
    if (*path) {
        *out_path = path;
        return 0;
    }
    free(path);
    if (asprintf(out_error, "'%s' expands to nothing", key) < 0) {
        *out_error = NULL;
        return -ENOMEM;
    }
    return -EINVAL;
}

static enum launch_kind kind_of(const char *path, enum launch_stream stream)
{
    for (size_t i = 0; i < WORD_COUNT; i++) {
        if (strcmp(words[i].text, path) != 0)
            continue;
        bool means_itself = words[i].kind == LAUNCH_SAME && stream == LAUNCH_STDOUT;
        return means_itself ? LAUNCH_FILE : words[i].kind;
    }
    return LAUNCH_FILE;
}

int launch_output_init(const struct task_config *task, const struct expand_scope *scope,
                       enum launch_stream stream, struct launch_output *out_output,
                       char **out_error)
{
    const char *text = stream == LAUNCH_STDERR ? task->stderr_path : task->stdout_path;
    struct launch_output output = { .kind = LAUNCH_NULL };
    if (text) {
        const char *key = stream == LAUNCH_STDERR ? "stderr" : "stdout";
        int error = launch_expand_path(scope, key, text, &output.path, out_error);
        if (error)
            return error;
        output.kind = kind_of(output.path, stream);
    }
    output.pumped = output.kind == LAUNCH_INHERIT || output.kind == LAUNCH_SYSLOG ||
                    (output.kind == LAUNCH_FILE && launch_pumps_files(task));
    *out_output = output;
    return 0;
}

void launch_output_release(struct launch_output *output)
{
    free(output->path);
    *output = (struct launch_output){ .kind = LAUNCH_NULL };
}

const char *launch_output_text(const struct launch_output *output)
{
    return output->path ? output->path : "/dev/null";
}
