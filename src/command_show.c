/* command_show.c - status, pid, describe: what is known, shown once. */
#include "call.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "lastwords.h"
#include "render.h"

#define STDERR_LINES 5 /* of one that is FATAL */

struct asked {
    struct snapshot_set *set;
    bool named;   /* there are targets */
    bool refused; /* by a manager that ends */
    call_show *show;
};

static void asked_release(struct call *call)
{
    struct asked *asked = call->state;
    snapshot_set_free(asked->set);
    free(asked);
    call->state = NULL;
}

static void show_status(struct call *call, struct snapshot_set *set, FILE *out);

/* The answers are complete: passes on to show(), which may put a state of its own in place. */
static void show(struct call *call, FILE *out)
{
    struct snapshot_set nothing = { .count = 0 };
    struct asked *asked = call->state;
    call->state = NULL;
    call->ops = NULL;
    bool gone = asked->named && (!asked->set || asked->set->count == 0);
    if (asked->refused)
        call_finish(call, EXIT_FAILED);
    else if (gone && call->exit_status == EXIT_DONE && asked->show != show_status)
        call_refuse(call, out, -EPIPE); /* only a shutdown takes what has a name away */
    else
        asked->show(call, asked->set ? asked->set : &nothing, out);
    snapshot_set_free(asked->set);
    free(asked);
}

static void asked_answer(struct call *call, struct answer *answer, FILE *out)
{
    const struct render_style style = call_style(call);
    struct asked *asked = call->state;
    switch (answer->kind) {
    case ANSWER_NO_TARGET:
        render_no_target(out, answer->text ? answer->text : "", &style);
        call->exit_status = EXIT_FAILED;
        break;
    case ANSWER_SNAPSHOTS:
        snapshot_set_free(asked->set);
        asked->set = answer->set;
        answer->set = NULL;
        break;
    case ANSWER_ERRORS:
        render_error(out, answer->text ? answer->text : "", &style);
        asked->refused = true;
        break;
    case ANSWER_ROUTED: show(call, out); break;
    case ANSWER_OUTCOME:
    case ANSWER_NOTE:
    case ANSWER_PLAN: break;
    }
}

void call_ask(struct call *call, FILE *out, char **targets, size_t count, bool history,
              call_show *shown)
{
    static const struct call_ops ops = { .answer = asked_answer, .release = asked_release };
    const struct request request = {
        .kind = REQ_STATUS, .targets = targets, .target_count = count, .history = history
    };
    struct asked *asked = malloc(sizeof *asked);
    int error = asked ? 0 : -ENOMEM;
    if (asked) {
        *asked = (struct asked){ .show = shown, .named = count > 0 };
        call->state = asked;
        call->ops = &ops;
        error = call_post(call, &request, &call->reply);
    }
    if (error)
        call_refuse(call, out, error);
}

static void ask_operands(struct call *call, FILE *out, bool history, call_show *shown)
{
    call_ask(call, out, call->options.operands, call->options.operand_count, history, shown);
}

/* Has every instance asked for by name its process? */
static bool all_up(const struct snapshot_set *set)
{
    for (size_t i = 0; i < set->count; i++)
        if (set->items[i].state != ST_RUNNING && set->items[i].state != ST_STARTED)
            return false;
    return true;
}

static void show_status(struct call *call, struct snapshot_set *set, FILE *out)
{
    const struct render_style style = call_style(call);
    bool named = call->options.operand_count > 0;
    int error = 0;
    if (set->count > 0 || !named || style.json)
        error = render_status(out, set, &style);
    if (error)
        call_refuse(call, out, error);
    else if (call->exit_status == EXIT_DONE && named && (set->count == 0 || !all_up(set)))
        call_finish(call, EXIT_NOT_RUNNING);
    else
        call_finish(call, call->exit_status);
}

void command_status(struct call *call, FILE *out)
{
    ask_operands(call, out, false, show_status);
}

static void show_pids(struct call *call, struct snapshot_set *set, FILE *out)
{
    const struct render_style style = call_style(call);
    for (size_t i = 0; i < set->count; i++) {
        render_pid(out, set->items[i].id, set->items[i].pid, &style);
        if (set->items[i].pid == 0)
            call->exit_status = EXIT_FAILED;
    }
    call_finish(call, call->exit_status);
}

void command_pid(struct call *call, FILE *out)
{
    if (call->options.operand_count > 0) {
        ask_operands(call, out, false, show_pids);
        return;
    }
    const struct render_style style = call_style(call);
    render_pid(out, NULL, (int)getpid(), &style);
    call_finish(call, EXIT_DONE);
}

/* ---- describe ---- */

struct descriptions {
    struct snapshot_set set;
    size_t next; /* whose turn it is */
    struct lastwords *words;
};

static void descriptions_release(struct call *call)
{
    struct descriptions *d = call->state;
    lastwords_free(d->words);
    for (size_t i = 0; i < d->set.count; i++)
        snapshot_release(&d->set.items[i]);
    free(d->set.items);
    free(d);
    call->state = NULL;
}

/* Prints a page. 0, a negative errno, or -EAGAIN: what belongs on it is still being read. */
static int describe_next(struct call *call, FILE *out)
{
    const struct render_style style = call_style(call);
    struct descriptions *d = call->state;
    const struct snapshot *item = &d->set.items[d->next];
    char *words = NULL;
    int error = item->state == ST_FATAL ? lastwords_get(d->words, item->id, &words) : 0;
    if (error == -EAGAIN)
        return error;
    if (d->next > 0 && !style.json)
        fputc('\n', out);
    error = render_description(out, item, call->env.environment, error ? render_unreadable : words,
                               &style);
    free(words);
    return error;
}

static void describe_step(struct call *call, FILE *out)
{
    struct descriptions *d = call->state;
    int error = 0;
    while (d->next < d->set.count && !error) {
        error = describe_next(call, out);
        d->next += error ? 0 : 1;
    }
    if (error && error != -EAGAIN)
        call_refuse(call, out, error);
    else if (!error)
        call_finish(call, call->exit_status);
}

static void show_descriptions(struct call *call, struct snapshot_set *set, FILE *out)
{
    static const struct call_ops ops = { .step = describe_step, .release = descriptions_release };
    const struct logview_form form = { STDERR_LINES, "", call->style.width != 0 };
    struct descriptions *d = calloc(1, sizeof *d);
    struct lastwords *words = lastwords_new(call, &form);
    if (!d || !words) {
        free(d);
        lastwords_free(words);
        call_refuse(call, out, -ENOMEM);
        return;
    }
    *d = (struct descriptions){ .set = *set, .words = words };
    *set = (struct snapshot_set){ .count = 0 };
    call->state = d;
    call->ops = &ops;
    /* The rest is up to describe_step(): it runs next. */
}

void command_describe(struct call *call, FILE *out)
{
    ask_operands(call, out, true, show_descriptions);
}
