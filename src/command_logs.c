/* command_logs.c - logs: the last lines of what instances have written, and with -f what they
 * go on to write. Several files get a header each, `==> NAME <==`, as in tail(1).
 *
 * A run prints a block at most, so that no more than that waits to be taken by a slow front. */
#include "call.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "logshow.h"
#include "logview.h"
#include "tail.h"
#include "tail_watch.h"
#include "textmap.h"

#define DEFAULT_LINES 10
#define MOST_LINES 1000000000UL
#define BLOCK_BYTES 65536
#define JSON_BLOCK_BYTES 8192 /* short lines become objects of many times their length */

struct log_file {
    struct log_place place;
    char *name;     /* of the first instance that writes to it */
    size_t sharers; /* how many others do */
    struct tail *tail;
    struct logshow show;
};

struct logs {
    struct log_file *files;
    size_t count;
    struct tail_watch *watch;     /* of those that are followed; NULL: none is yet */
    size_t current;               /* whose last lines are being shown; `count`: done with that */
    size_t next;                  /* of those that are followed, the one whose turn it is */
    const struct log_file *shown; /* whose header was printed last */
    bool mid_line;                /* what was printed last has no end of line yet */
    bool stderr_log;
    size_t lines;
    char block[BLOCK_BYTES];
};

static void close_file(struct log_file *file)
{
    tail_free(file->tail);
    file->tail = NULL;
    logshow_release(&file->show);
}

static void logs_release(struct call *call)
{
    struct logs *logs = call->state;
    for (size_t i = 0; i < logs->count; i++) {
        close_file(&logs->files[i]);
        free(logs->files[i].place.path);
        free(logs->files[i].name);
    }
    if (logs->watch)
        (void)epoll_ctl(call->epoll_fd, EPOLL_CTL_DEL, tail_watch_fd(logs->watch), NULL);
    tail_watch_free(logs->watch);
    free(logs->files);
    free(logs);
    call->state = NULL;
}

/* ---- printing ---- */

static void end_line(struct logs *logs, FILE *out)
{
    if (logs->mid_line)
        fputc('\n', out);
    logs->mid_line = false;
}

/* An object says by itself whose line it has. */
static void print_header(struct call *call, const struct log_file *file, FILE *out)
{
    struct logs *logs = call->state;
    if (logs->count == 1 || logs->shown == file || call->style.json)
        return;
    end_line(logs, out);
    fprintf(out, "%s==> %s", logs->shown ? "\n" : "", file->name);
    if (file->sharers > 0)
        fprintf(out, " and %zu more", file->sharers);
    fputs(" <==\n", out);
    logs->shown = file;
}

/* Prints what is in the block. 0 or -ENOMEM. */
static int print_block(struct call *call, struct log_file *file, size_t count, FILE *out)
{
    struct logs *logs = call->state;
    print_header(call, file, out);
    logs->mid_line = !call->style.json && logs->block[count - 1] != '\n';
    return logshow_write(&file->show, logs->block, count, out);
}

/* Says what stands in the way of showing a log, as a failure. */
static void print_problem(struct call *call, const struct log_file *file, int error, FILE *out)
{
    end_line(call->state, out);
    if (error == -EINVAL)
        call_complain(call, out, "Process '%s' logs to '%s', which is not a regular file",
                      file->name, file->place.path);
    else
        call_complain(call, out, "cannot read '%s': %s", file->place.path, strerrordesc_np(-error));
    call->exit_status = EXIT_FAILED;
}

static void print_missing(struct call *call, const struct log_file *file, FILE *out)
{
    const struct render_style style = call_style(call);
    char *text;
    print_header(call, file, out);
    if (asprintf(&text, "Process '%s' has not written to '%s' yet", file->name, file->place.path) <
        0) {
        print_problem(call, file, -ENOMEM, out);
        return;
    }
    render_text(out, text, &style);
    free(text);
}

static ssize_t read_block(struct call *call, struct log_file *file)
{
    struct logs *logs = call->state;
    return tail_read(file->tail, logs->block, call->style.json ? JSON_BLOCK_BYTES : BLOCK_BYTES);
}

/* ---- the last lines ---- */

static bool follows(const struct call *call)
{
    return (call->options.given & OPT_FOLLOW) != 0;
}

/* False, once it was said, where there is nothing to show of this file (now). */
static bool open_file(struct call *call, struct log_file *file, FILE *out)
{
    struct logs *logs = call->state;
    const struct tail_want want = { logs->lines, file->place.rotated, LLONG_MAX };
    file->tail = tail_new(file->place.path);
    int error = file->tail ? tail_begin(file->tail, &want) : -ENOMEM;
    logshow_init(&file->show, file->name, logs->stderr_log ? "stderr" : "stdout", &call->style);
    if (!error)
        print_header(call, file, out);
    if (!error || (error == -ENOENT && follows(call)))
        return true;
    if (error == -ENOENT)
        print_missing(call, file, out);
    else
        print_problem(call, file, error, out);
    close_file(file);
    return false;
}

static int open_watch(struct call *call)
{
    struct logs *logs = call->state;
    struct epoll_event interest = { .events = EPOLLIN };
    struct tail_watch *watch = NULL;
    int error = tail_watch_new(&watch);
    if (!error && epoll_ctl(call->epoll_fd, EPOLL_CTL_ADD, tail_watch_fd(watch), &interest) < 0)
        error = -errno;
    if (error)
        tail_watch_free(watch);
    else
        logs->watch = watch;
    return error;
}

static int follow(struct call *call, struct log_file *file)
{
    struct logs *logs = call->state;
    int error = logs->watch ? 0 : open_watch(call);
    return error ? error : tail_follow(file->tail, logs->watch);
}

/* All of the last lines have been printed. */
static int end_last(struct call *call, struct log_file *file, FILE *out)
{
    if (follows(call))
        return follow(call, file);
    int error = logshow_end(&file->show, out);
    if (!error)
        close_file(file);
    return error;
}

/* Prints a block of the last lines; the next one, or the next file, is for the next run. */
static void show_last(struct call *call, FILE *out)
{
    struct logs *logs = call->state;
    struct log_file *file = &logs->files[logs->current];
    call_wake(call);
    if (!file->tail && !open_file(call, file, out)) {
        logs->current++;
        return;
    }
    ssize_t n = read_block(call, file);
    if (n == -EAGAIN)
        return;
    int error = n > 0 ? print_block(call, file, (size_t)n, out) : (int)n;
    if (n == 0)
        error = end_last(call, file, out);
    if (error) {
        print_problem(call, file, error, out);
        close_file(file);
    }
    if (n <= 0 || error)
        logs->current++;
}

/* ---- what follows ---- */

/* Prints what is new in one file; false: nothing. */
static bool follow_on(struct call *call, struct log_file *file, FILE *out)
{
    ssize_t n = read_block(call, file);
    int error = n > 0 ? print_block(call, file, (size_t)n, out) : (int)n;
    if (error) {
        print_problem(call, file, error, out);
        close_file(file);
    }
    return n != 0;
}

/* Prints a block of the first file that has one, from the one whose turn it is. False: there is
 * no file to follow. */
static bool follow_all(struct call *call, FILE *out)
{
    struct logs *logs = call->state;
    bool following = false;
    if (logs->watch)
        tail_watch_look(logs->watch);
    for (size_t i = 0; i < logs->count; i++) {
        size_t index = (logs->next + i) % logs->count;
        if (!logs->files[index].tail)
            continue;
        following = true;
        if (follow_on(call, &logs->files[index], out)) {
            logs->next = index + 1;
            call_wake(call);
            break;
        }
    }
    return following;
}

static void logs_step(struct call *call, FILE *out)
{
    struct logs *logs = call->state;
    if (logs->current < logs->count) {
        show_last(call, out);
    } else if (!follow_all(call, out)) {
        end_line(logs, out);
        call_finish(call, call->exit_status);
    }
}

/* ---- which files ---- */

/* Adds the log of an instance, for which there is room, unless another one's is the same file. 0 or
 * -ENOMEM; the place is taken over. */
static int add_file(struct logs *logs, struct textmap *by_path, const char *name,
                    struct log_place place)
{
    struct log_file *file = textmap_find(by_path, place.path);
    if (file) {
        file->sharers++;
        free(place.path);
        return 0;
    }
    file = &logs->files[logs->count];
    char *copy = strdup(name);
    if (!copy || textmap_set(by_path, place.path, file) < 0) {
        free(copy);
        free(place.path);
        return -ENOMEM;
    }
    *file = (struct log_file){ .place = place, .name = copy };
    logs->count++;
    return 0;
}

/* 0 or -ENOMEM; that an instance has no log is said here. */
static int add_instance(struct call *call, const struct identity *id, struct textmap *by_path,
                        FILE *out)
{
    struct logs *logs = call->state;
    struct log_place place;
    char *problem = NULL;
    int error = logview_find(id, call->env.environment, logs->stderr_log, &place, &problem);
    if (!error)
        return add_file(logs, by_path, id->name, place);
    if (error == -ENOMEM)
        return error;
    call_complain(call, out, "%s", problem);
    free(problem);
    call->exit_status = EXIT_FAILED;
    return 0;
}

static int add_instances(struct call *call, const struct snapshot_set *set, FILE *out)
{
    struct logs *logs = call->state;
    struct textmap *by_path = textmap_new();
    logs->files = calloc(set->count + 1, sizeof *logs->files);
    int error = by_path && logs->files ? 0 : -ENOMEM;
    for (size_t i = 0; i < set->count && !error; i++)
        error = add_instance(call, set->items[i].id, by_path, out);
    textmap_free(by_path);
    return error;
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
    if (!error)
        error = add_instances(call, set, out);
    if (error)
        call_refuse(call, out, error);
    /* The rest is up to logs_step(): it runs next. */
}

void command_logs(struct call *call, FILE *out)
{
    size_t targets = call->options.operand_count - (last_is_lines(&call->options) ? 1 : 0);
    call_ask(call, out, call->options.operands, targets, false, show_logs);
}
