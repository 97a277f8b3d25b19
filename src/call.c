/* call.c - the life of a call: begun at its first run, woken through one epoll descriptor, and
 * finished by the command's functions. */
#include "call.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "chan/chan.h"
#include "loader.h"

static int copy_words(struct call *call, size_t count, char *const *words)
{
    call->words = calloc(count + 1, sizeof *call->words);
    if (!call->words)
        return -ENOMEM;
    for (; call->word_count < count; call->word_count++) {
        call->words[call->word_count] = strdup(words[call->word_count]);
        if (!call->words[call->word_count])
            return -ENOMEM;
    }
    return 0;
}

static int open_descriptors(struct call *call)
{
    struct epoll_event interest = { .events = EPOLLIN };
    call->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    call->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (call->epoll_fd < 0 || call->event_fd < 0)
        return -errno;
    return epoll_ctl(call->epoll_fd, EPOLL_CTL_ADD, call->event_fd, &interest) < 0 ? -errno : 0;
}

struct call *call_new(const struct command_env *env, const struct command_style *style,
                      size_t count, char *const *words)
{
    struct call *call = malloc(sizeof *call);
    if (!call)
        return NULL;
    *call = (struct call){
        .env = *env,
        .style = *style,
        .epoll_fd = -1,
        .event_fd = -1,
        .deadline_ms = INT64_MAX,
        .post = manager_post,
        .post_reload = loader_post,
    };
    if (copy_words(call, count, words) < 0 || open_descriptors(call) < 0) {
        call_free(call);
        return NULL;
    }
    if (count > 0)
        call->command = command_find(words[0]);
    return call;
}

int call_fd(const struct call *call)
{
    return call->epoll_fd;
}

int64_t call_deadline_ms(const struct call *call)
{
    return call->deadline_ms;
}

void call_wake(void *arg)
{
    const struct call *call = arg;
    (void)eventfd_write(call->event_fd, 1); /* full: it is readable as it is */
}

void call_finish(struct call *call, int exit_status)
{
    call->done = true;
    call->exit_status = exit_status;
    call->deadline_ms = INT64_MAX;
}

struct render_style call_style(const struct call *call)
{
    return (struct render_style){ .colour = call->style.colour,
                                  .width = call->style.width,
                                  .detail = (call->options.given & OPT_VERBOSE) != 0,
                                  .json = call->style.json };
}

void call_complain(struct call *call, FILE *out, const char *format, ...)
{
    const struct render_style style = call_style(call);
    char *text = NULL;
    va_list args;
    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        text = NULL;
    va_end(args);
    render_error(out, text ? text : strerrordesc_np(ENOMEM), &style);
    free(text);
}

void call_refuse(struct call *call, FILE *out, int error)
{
    const char *text = error == -EPIPE    ? "taskmaster is shutting down"
                       : error == -EAGAIN ? "busy, try again"
                                          : strerrordesc_np(-error);
    call_complain(call, out, "%s", text);
    call_finish(call, EXIT_FAILED);
}

void call_refuse_unknown(struct call *call, FILE *out, const char *name)
{
    call_complain(call, out, "Unknown command: %s. Type 'help' for a list of commands.", name);
    call_finish(call, EXIT_USAGE);
}

void call_usage_error(struct call *call, FILE *out, const char *format, ...)
{
    char *text = NULL;
    size_t size = 0;
    va_list args;
    FILE *lines = open_memstream(&text, &size);
    if (!lines) {
        call_refuse(call, out, -ENOMEM);
        return;
    }
    fprintf(lines, "%s: ", call->command->info.name);
    va_start(args, format);
    vfprintf(lines, format, args);
    va_end(args);
    fputc('\n', lines);
    command_print_usage(call->command, lines);
    fclose(lines);
    call_complain(call, out, "%s", text ? text : "");
    free(text);
    call_finish(call, EXIT_USAGE);
}

void call_return_share(struct reply *reply)
{
    struct answer nothing = { .kind = ANSWER_ROUTED };
    reply_send(reply, &nothing);
}

/* Posts a copy of *asked with one share of `reply`, which is used up in any case. */
static int post(struct call *call, const struct request *asked, struct reply *reply)
{
    struct request *request = request_new(asked->kind, (const char *const *)asked->targets,
                                          asked->target_count, reply);
    if (!request) {
        call_return_share(reply);
        return -ENOMEM;
    }
    request->wait = asked->wait;
    request->force = asked->force;
    request->history = asked->history;
    request->signal = asked->signal;
    int error = call->post(call->env.manager, request);
    if (error)
        request_free(request);
    return error;
}

int call_open_reply(struct call *call, struct reply **out_reply)
{
    struct reply *reply = reply_new(call_wake, call);
    if (!reply)
        return -ENOMEM;
    int error = reply_owe(reply, 1);
    if (error) {
        reply_leave(reply);
        return error;
    }
    *out_reply = reply;
    return 0;
}

int call_post(struct call *call, const struct request *request, struct reply **out_reply)
{
    struct reply *reply;
    int error = call_open_reply(call, &reply);
    if (error)
        return error;
    error = post(call, request, reply);
    if (error)
        reply_leave(reply);
    else
        *out_reply = reply;
    return error;
}

/* JSON is no matter of terminals. */
static void settle_style(struct call *call)
{
    if (command_options_ask_json(call->word_count, call->words))
        call->style.json = true;
    if (call->style.json)
        call->style = (struct command_style){ .json = true };
}

static void explain(struct call *call, FILE *out)
{
    int error = command_print_help(call->command, call->style.json, out);
    if (error)
        call_refuse(call, out, error);
    else
        call_finish(call, EXIT_DONE);
}

static void begin(struct call *call, FILE *out)
{
    char *problem = NULL;
    if (call->word_count == 0) {
        call_finish(call, EXIT_DONE);
        return;
    }
    settle_style(call);
    if (!call->command) {
        call_refuse_unknown(call, out, call->words[0]);
        return;
    }
    int error = command_options_parse(call->command, call->word_count - 1, call->words + 1,
                                      &call->options, &problem);
    if (error == -EINVAL) {
        call_usage_error(call, out, "%s", problem);
    } else if (error) {
        call_refuse(call, out, error);
    } else if (call->options.given & OPT_HELP) {
        explain(call, out);
    } else {
        call->command->begin(call, out);
    }
    free(problem);
}

static void take_answers(struct call *call, FILE *out)
{
    struct answer answer;
    while (!call->done && call->reply && reply_recv(call->reply, &answer, CHAN_NOW) == 0) {
        if (call->ops && call->ops->answer)
            call->ops->answer(call, &answer, out);
        answer_release(&answer);
    }
}

bool call_run(struct call *call, FILE *out, int *out_exit)
{
    eventfd_t woken;
    (void)eventfd_read(call->event_fd, &woken); /* before looking: what comes later wakes again */
    if (!call->begun) {
        call->begun = true;
        begin(call, out);
    }
    take_answers(call, out);
    if (!call->done && call->ops && call->ops->step)
        call->ops->step(call, out);
    if (call->done)
        *out_exit = call->exit_status;
    return call->done;
}

bool call_follows(const struct call *call)
{
    return (call->command && call->command->follows) || (call->options.given & OPT_FOLLOW) != 0;
}

char *call_waiting_for(const struct call *call)
{
    bool waits = !call->done && call->ops && call->ops->waiting_for;
    return waits ? call->ops->waiting_for(call) : NULL;
}

void call_free(struct call *call)
{
    if (!call)
        return;
    if (call->ops && call->ops->release)
        call->ops->release(call);
    if (call->reply)
        reply_leave(call->reply);
    command_options_release(&call->options);
    for (size_t i = 0; i < call->word_count; i++)
        free(call->words[i]);
    free(call->words);
    /* Last: the hooks that have just been taken off wrote to it. */
    if (call->event_fd >= 0)
        close(call->event_fd);
    if (call->epoll_fd >= 0)
        close(call->epoll_fd);
    free(call);
}
