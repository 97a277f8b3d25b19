/* logview.c - see logview.h. */
#include "logview.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "launch.h"
#include "tail.h"
#include "termsafe.h"

#define WITHIN_BYTES (1LL << 20) /* the last lines are not looked for further back */
#define BLOCK_BYTES 16384

/* ---- where a log is ---- */

/* One output of a start, as far as it matters here. */
struct output {
    const char *file;  /* NULL: it goes elsewhere */
    const char *other; /* where that is, in words; NULL: nowhere */
};

static struct output output_of(const struct launch *launch, bool of_stderr)
{
    static const char own_stdout[] = "the supervisor's stdout";
    static const char own_stderr[] = "the supervisor's stderr";
    const struct launch_output *output =
        &launch->outputs[of_stderr ? LAUNCH_STDERR : LAUNCH_STDOUT];
    switch (output->kind) {
    case LAUNCH_NULL: /* a path only where /dev/null was asked for */
    case LAUNCH_FILE: return (struct output){ .file = output->path };
    case LAUNCH_OWN_STDOUT: return (struct output){ .other = own_stdout };
    case LAUNCH_OWN_STDERR: return (struct output){ .other = own_stderr };
    case LAUNCH_INHERIT: return (struct output){ .other = of_stderr ? own_stderr : own_stdout };
    case LAUNCH_SYSLOG: return (struct output){ .other = "syslog" };
    case LAUNCH_SAME: return output_of(launch, false);
    }
    return (struct output){ 0 };
}

/* Why there is no file to show. */
static int say_why(const char *name, const struct output *output, bool use_stderr,
                   char **out_problem)
{
    const char *stream = use_stderr ? "stderr" : "stdout";
    char *problem;
    int length = output->other
                     ? asprintf(&problem, "Process '%s' logs to %s, not to a file", name,
                                output->other)
                     : asprintf(&problem, "Process '%s' has no %s log (set '%s' in its task)", name,
                                stream, stream);
    if (length < 0)
        return -ENOMEM;
    *out_problem = problem;
    return -EINVAL;
}

int logview_find(const struct identity *id, char *const *environment, bool use_stderr,
                 struct log_place *out_place, char **out_problem)
{
    const struct launch_id who = { .task = id->task->name,
                                   .instance = id->number,
                                   .name = id->name };
    struct launch *launch = NULL;
    char *why = NULL;
    int error = launch_new(id->task, &who, environment, &launch, &why);
    if (error == -EINVAL) {
        error = asprintf(out_problem, "Process '%s': %s", id->name, why) < 0 ? -ENOMEM : -EINVAL;
        free(why);
    }
    if (error)
        return error;
    const struct output output = output_of(launch, use_stderr);
    char *copy = output.file ? strdup(output.file) : NULL;
    if (!output.file)
        error = say_why(id->name, &output, use_stderr, out_problem);
    else if (!copy)
        error = -ENOMEM;
    else
        *out_place = (struct log_place){ copy, id->task->log_max_bytes > 0 };
    launch_free(launch);
    return error;
}

/* ---- the last lines ---- */

/* A line as it comes in pieces; only its beginning is kept. */
struct clipped {
    FILE *out;
    const struct logview_form *form;
    bool begun; /* there is a line */
    bool cut;
    size_t kept;
    char bytes[LOGVIEW_LINE_BYTES];
};

static void end_line(struct clipped *line)
{
    struct termsafe filter = { 0 };
    if (!line->begun)
        return;
    fputs(line->form->indent, line->out);
    if (line->form->terminal) {
        termsafe_write(&filter, line->out, line->bytes, line->kept);
        termsafe_end(&filter, line->out);
    } else {
        fwrite(line->bytes, 1, line->kept, line->out);
    }
    fputs(line->cut ? "...\n" : "\n", line->out);
    line->begun = line->cut = false;
    line->kept = 0;
}

static void add_bytes(struct clipped *line, const char *bytes, size_t count)
{
    for (const char *end = bytes + count; bytes < end;) {
        const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));
        size_t length = (size_t)((newline ? newline : end) - bytes);
        size_t room = sizeof line->bytes - line->kept;
        memcpy(line->bytes + line->kept, bytes, length < room ? length : room);
        line->kept += length < room ? length : room;
        line->cut |= length > room;
        line->begun = true;
        bytes += length;
        if (newline) {
            end_line(line);
            bytes++;
        }
    }
}

void logview_print_last(FILE *out, const struct log_place *place, const struct logview_form *form)
{
    struct clipped line = { .out = out, .form = form };
    const struct tail_want want = { form->lines, place->rotated, WITHIN_BYTES };
    struct tail *tail = tail_new(place->path);
    char *block = malloc(BLOCK_BYTES);
    ssize_t n = -ENOMEM;
    if (tail && block && tail_begin(tail, &want) == 0)
        n = -EAGAIN;
    while (n > 0 || n == -EAGAIN) {
        n = tail_read(tail, block, BLOCK_BYTES);
        if (n > 0)
            add_bytes(&line, block, (size_t)n);
    }
    end_line(&line);
    free(block);
    tail_free(tail);
}
