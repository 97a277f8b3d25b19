/* command_logs.c - logs: the last lines of what instances have written, and with -f what they
 * go on to write. Several files get a header each, `==> NAME <==`, as in tail(1). */
#include "call.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "logview.h"
#include "tail.h"
#include "termsafe.h"

#define DEFAULT_LINES 10
#define MOST_LINES 1000000000UL

struct log_file {
    char *path;
    char *name;     /* of the first instance that writes to it */
    size_t sharers; /* how many others do */
    struct tail *tail;
    struct termsafe filter;
};

struct logs {
    struct log_file *files;
    size_t count;
    const struct log_file *shown; /* whose header was printed last */
    bool mid_line;                /* what was printed last has no end of line yet */
    bool stderr_log;
    size_t lines;
};

static void logs_release(struct call *call)
{
    struct logs *logs = call->state;
    for (size_t i = 0; i < logs->count; i++) {
        tail_free(logs->files[i].tail);
        free(logs->files[i].path);
        free(logs->files[i].name);
    }
    free(logs->files);
    free(logs);
    call->state = NULL;
}

static void end_line(struct logs *logs, FILE *out)
{
    if (logs->mid_line)
        fputc('\n', out);
    logs->mid_line = false;
}

static void print_header(struct logs *logs, const struct log_file *file, FILE *out)
{
    if (logs->count == 1 || logs->shown == file)
        return;
    end_line(logs, out);
    fprintf(out, "%s==> %s", logs->shown ? "\n" : "", file->name);
    if (file->sharers > 0)
        fprintf(out, " and %zu more", file->sharers);
    fputs(" <==\n", out);
    logs->shown = file;
}

static void print_bytes(struct call *call, struct log_file *file, const char *bytes, size_t count,
                        FILE *out)
{
    struct logs *logs = call->state;
    if (count == 0)
        return;
    if (call->style.width != 0)
        termsafe_write(&file->filter, out, bytes, count);
    else
        fwrite(bytes, 1, count, out);
    logs->mid_line = bytes[count - 1] != '\n';
}

/* Says what stands in the way of showing a log, as a failure. */
static void print_problem(struct call *call, const struct log_file *file, int error, FILE *out)
{
    end_line(call->state, out);
    if (error == -EINVAL)
        fprintf(out, "Process '%s' logs to '%s', which is not a regular file\n", file->name,
                file->path);
    else
        fprintf(out, "cannot read '%s': %s\n", file->path, strerror(-error));
    call->exit_status = EXIT_FAILED;
}

/* The last lines of a file; *out_size is where following goes on. False: it cannot be read. */
static bool print_last(struct call *call, struct log_file *file, FILE *out, long long *out_size)
{
    struct logs *logs = call->state;
    char *text = NULL;
    size_t bytes = 0;
    int error = logview_read(file->path, logs->lines, &text, &bytes, out_size);
    if (error == -ENOENT && (call->options.given & OPT_FOLLOW)) {
        *out_size = 0;
        return true;
    }
    if (error == 0 || error == -ENOENT)
        print_header(logs, file, out);
    if (error == -ENOENT)
        fprintf(out, "Process '%s' has not written to '%s' yet\n", file->name, file->path);
    else if (error)
        print_problem(call, file, error, out);
    else
        print_bytes(call, file, text, bytes, out);
    free(text);
    return error == 0;
}

static void follow(struct call *call, struct log_file *file, long long size, FILE *out)
{
    struct epoll_event interest = { .events = EPOLLIN };
    int error = tail_new(file->path, size, &file->tail);
    if (!error && epoll_ctl(call->epoll_fd, EPOLL_CTL_ADD, tail_fd(file->tail), &interest) < 0) {
        error = -errno;
        tail_free(file->tail);
        file->tail = NULL;
    }
    if (error)
        print_problem(call, file, error, out);
}

static void stop_following(struct call *call, struct log_file *file)
{
    (void)epoll_ctl(call->epoll_fd, EPOLL_CTL_DEL, tail_fd(file->tail), NULL);
    tail_free(file->tail);
    file->tail = NULL;
}

/* Prints what is new in one file, a block at most. */
static void follow_on(struct call *call, struct log_file *file, FILE *out)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *buffer = open_memstream(&text, &bytes);
    int more = buffer ? tail_read(file->tail, buffer) : -ENOMEM;
    if (buffer && fclose(buffer) != 0)
        more = -ENOMEM;
    if (more >= 0 && bytes > 0) {
        print_header(call->state, file, out);
        print_bytes(call, file, text, bytes, out);
    }
    free(text);
    if (more > 0)
        call_wake(call);
    if (more < 0) {
        print_problem(call, file, more, out);
        stop_following(call, file);
    }
}

static void logs_step(struct call *call, FILE *out)
{
    struct logs *logs = call->state;
    bool following = false;
    for (size_t i = 0; i < logs->count; i++) {
        if (logs->files[i].tail)
            follow_on(call, &logs->files[i], out);
        following |= logs->files[i].tail != NULL;
    }
    if (!following) {
        end_line(logs, out);
        call_finish(call, call->exit_status);
    }
}

/* Adds the log of an instance, unless another one's is the same file. 0 or -ENOMEM; `path` is
 * taken over. */
static int add_file(struct logs *logs, const char *name, char *path)
{
    for (size_t i = 0; i < logs->count; i++) {
        if (strcmp(logs->files[i].path, path) == 0) {
            logs->files[i].sharers++;
            free(path);
            return 0;
        }
    }
    char *copy = strdup(name);
    struct log_file *more = reallocarray(logs->files, logs->count + 1, sizeof *more);
    if (more)
        logs->files = more;
    if (!copy || !more) {
        free(copy);
        free(path);
        return -ENOMEM;
    }
    logs->files[logs->count++] = (struct log_file){ .path = path, .name = copy };
    return 0;
}

/* 0 or -ENOMEM; that an instance has no log is said here. */
static int add_instance(struct call *call, const struct identity *id, FILE *out)
{
    struct logs *logs = call->state;
    const char *stream = logs->stderr_log ? "stderr" : "stdout";
    char *path = NULL;
    char *problem = NULL;
    int error = logview_path(id, call->env.environment, logs->stderr_log, &path, &problem);
    if (!error)
        return add_file(logs, id->name, path);
    if (error == -ENOMEM)
        return error;
    if (error == -ENOENT)
        fprintf(out, "Process '%s' has no %s log (set '%s' in its task)\n", id->name, stream,
                stream);
    else
        fprintf(out, "Process '%s': %s\n", id->name, problem);
    free(problem);
    call->exit_status = EXIT_FAILED;
    return 0;
}

static size_t parse_lines(const char *text)
{
    errno = 0;
    unsigned long lines = strtoul(text, NULL, 10);
    return lines > MOST_LINES ? MOST_LINES : lines;
}

static bool is_number(const char *text)
{
    return text[0] != '\0' && text[strspn(text, "0123456789")] == '\0';
}

/* Among several operands, a last one that is a number is LINES. */
static bool last_is_lines(const struct command_options *options)
{
    return options->operand_count > 1 && is_number(options->operands[options->operand_count - 1]);
}

static void show_logs(struct call *call, const struct snapshot_set *set, FILE *out)
{
    static const struct call_ops ops = { .step = logs_step, .release = logs_release };
    const struct command_options *options = &call->options;
    struct logs *logs = calloc(1, sizeof *logs);
    int error = logs ? 0 : -ENOMEM;
    if (logs) {
        call->state = logs;
        call->ops = &ops;
        logs->stderr_log = (options->given & OPT_STDERR) != 0;
        logs->lines = last_is_lines(options)
                          ? parse_lines(options->operands[options->operand_count - 1])
                          : DEFAULT_LINES;
    }
    for (size_t i = 0; i < set->count && !error; i++)
        error = add_instance(call, set->items[i].id, out);
    if (error) {
        call_refuse(call, out, error);
        return;
    }
    for (size_t i = 0; i < logs->count; i++) {
        long long size = 0;
        if (print_last(call, &logs->files[i], out, &size) && (options->given & OPT_FOLLOW))
            follow(call, &logs->files[i], size, out);
    }
    /* What follows, and the end, is up to logs_step(): it runs next. */
}

void command_logs(struct call *call, FILE *out)
{
    size_t targets = call->options.operand_count - (last_is_lines(&call->options) ? 1 : 0);
    call_ask(call, out, call->options.operands, targets, false, show_logs);
}
