/* command_logs.c - logs: the last lines of what instances have written, and with -f what they
 * go on to write. Which files these are is found out here; they are read on an errand's thread, a
 * step a run, so that nobody but this call waits for a disk that hangs. */
#include "call.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "clock.h"
#include "errand.h"
#include "logread.h"
#include "logview.h"

#define DEFAULT_LINES 10
#define MOST_LINES 1000000000UL
#define LONG_MS 500 /* for a step */

struct logs {
    struct logread *logread; /* the errand's, while a step is under way */
    struct errand *errand;   /* NULL: not yet */
    const char *path;        /* that the step under way reads; NULL: it looks at all */
    int64_t begun_ms;        /* that step */
    int watch_fd;            /* in the call's epoll; -1: not yet */
};

static void logs_release(struct call *call)
{
    struct logs *logs = call->state;
    if (logs->watch_fd >= 0)
        (void)epoll_ctl(call->epoll_fd, EPOLL_CTL_DEL, logs->watch_fd, NULL);
    if (logs->errand)
        errand_leave(logs->errand);
    else
        logread_free(logs->logread);
    free(logs);
    call->state = NULL;
}

/* ---- step by step ---- */

static void note_step(struct logs *logs)
{
    logs->path = logread_path(logs->logread);
    logs->begun_ms = clock_ms();
}

static int begin_first(struct call *call)
{
    struct logs *logs = call->state;
    const struct errand_work work = { logread_step, logread_free, logs->logread };
    note_step(logs);
    return errand_new(call->env.errands, &work, call_wake, call, &logs->errand);
}

/* Has the call woken, once, by what is appended: what comes while a step is under way is either
 * read by it or waits for this. */
static int wait_for_more(struct call *call)
{
    struct logs *logs = call->state;
    struct epoll_event interest = { .events = EPOLLIN | EPOLLONESHOT };
    int fd = logread_fd(logs->logread);
    int how = logs->watch_fd < 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
    if (epoll_ctl(call->epoll_fd, how, fd, &interest) < 0)
        return -errno;
    logs->watch_fd = fd;
    return 0;
}

/* After a step: what its result asks for. 0 or a negative errno. */
static int go_on(struct call *call, int next)
{
    struct logs *logs = call->state;
    if (next < 0)
        return next;
    switch ((enum logread_next)next) {
    case LOGREAD_MORE:
        note_step(logs);
        errand_begin(logs->errand);
        break;
    case LOGREAD_WAITS: return wait_for_more(call);
    case LOGREAD_OVER:
        call_finish(call, logread_has_failed(logs->logread) ? EXIT_FAILED : call->exit_status);
        break;
    }
    return 0;
}

static void logs_step(struct call *call, FILE *out)
{
    struct logs *logs = call->state;
    char *text = NULL;
    size_t bytes = 0;
    int next = LOGREAD_MORE; /* without a result: what was waited for has come */
    if (errand_take(logs->errand, &text, &bytes, &next) == -EBUSY)
        return;
    if (bytes > 0)
        fwrite(text, 1, bytes, out);
    free(text);
    int error = go_on(call, next);
    if (error)
        call_refuse(call, out, error);
}

static char *logs_waiting_for(const struct call *call)
{
    const struct logs *logs = call->state;
    char *text;
    if (!errand_is_busy(logs->errand) || clock_ms() < logs->begun_ms + LONG_MS)
        return NULL;
    int length = logs->path ? asprintf(&text, "waiting for the disk of '%s'", logs->path)
                            : asprintf(&text, "waiting for a disk");
    return length < 0 ? NULL : text;
}

/* ---- which files ---- */

/* 0 or -ENOMEM; that an instance has no log is said here. */
static int add_instance(struct call *call, const struct identity *id, bool stderr_log, FILE *out)
{
    struct logs *logs = call->state;
    struct log_place place;
    char *problem = NULL;
    int error = logview_find(id, call->env.environment, stderr_log, &place, &problem);
    if (!error)
        return logread_add(logs->logread, id->name, place);
    if (error == -ENOMEM)
        return error;
    call_complain(call, out, "%s", problem);
    free(problem);
    call->exit_status = EXIT_FAILED;
    return 0;
}

static int add_instances(struct call *call, const struct snapshot_set *set,
                         const struct logread_form *form, FILE *out)
{
    struct logs *logs = call->state;
    logs->logread = logread_new(form, set->count);
    int error = logs->logread ? 0 : -ENOMEM;
    for (size_t i = 0; i < set->count && !error; i++)
        error = add_instance(call, set->items[i].id, form->stderr_log, out);
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

static struct logread_form form_of(const struct call *call)
{
    const struct command_options *options = &call->options;
    struct logread_form form = {
        .style = call->style,
        .stderr_log = (options->given & OPT_STDERR) != 0,
        .follow = (options->given & OPT_FOLLOW) != 0,
        .lines = DEFAULT_LINES,
    };
    if (last_is_lines(options))
        form.lines = parse_lines(options->operands[options->operand_count - 1]);
    return form;
}

static void show_logs(struct call *call, struct snapshot_set *set, FILE *out)
{
    static const struct call_ops ops = { .step = logs_step,
                                         .waiting_for = logs_waiting_for,
                                         .release = logs_release };
    const struct logread_form form = form_of(call);
    struct logs *logs = malloc(sizeof *logs);
    int error = logs ? 0 : -ENOMEM;
    if (logs) {
        *logs = (struct logs){ .watch_fd = -1 };
        call->state = logs;
        call->ops = &ops;
        error = add_instances(call, set, &form, out);
    }
    if (!error)
        error = begin_first(call);
    if (error)
        call_refuse(call, out, error);
}

void command_logs(struct call *call, FILE *out)
{
    size_t targets = call->options.operand_count - (last_is_lines(&call->options) ? 1 : 0);
    call_ask(call, out, call->options.operands, targets, false, show_logs);
}
