/* command_show.c - status, pid, describe: what is known, shown once. */
#include "call.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "logview.h"
#include "render.h"

#define STDERR_LINES 5 /* of one that is FATAL */

struct asked {
    struct snapshot_set *set;
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

/* The answers are complete: passes on to show(), which may put a state of its own in place. */
static void show(struct call *call, FILE *out)
{
    const struct snapshot_set nothing = { .count = 0 };
    struct asked *asked = call->state;
    call->state = NULL;
    call->ops = NULL;
    if (asked->refused)
        call_finish(call, EXIT_FAILED);
    else
        asked->show(call, asked->set ? asked->set : &nothing, out);
    snapshot_set_free(asked->set);
    free(asked);
}

static void asked_answer(struct call *call, struct answer *answer, FILE *out)
{
    struct asked *asked = call->state;
    switch (answer->kind) {
    case ANSWER_NO_TARGET:
        fprintf(out, "Task '%s' not found.\n", answer->text ? answer->text : "");
        call->exit_status = EXIT_FAILED;
        break;
    case ANSWER_SNAPSHOTS:
        snapshot_set_free(asked->set);
        asked->set = answer->set;
        answer->set = NULL;
        break;
    case ANSWER_ERRORS:
        fputs(answer->text ? answer->text : "", out);
        asked->refused = true;
        break;
    case ANSWER_ROUTED: show(call, out); break;
    case ANSWER_OUTCOME:
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
        *asked = (struct asked){ .show = shown };
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

static struct render_style render_style_of(const struct call *call)
{
    return (struct render_style){ .colour = call->style.colour,
                                  .width = call->style.width,
                                  .detail = (call->options.given & OPT_VERBOSE) != 0 };
}

/* Has every instance asked for by name its process? */
static bool all_up(const struct snapshot_set *set)
{
    for (size_t i = 0; i < set->count; i++)
        if (set->items[i].state != ST_RUNNING && set->items[i].state != ST_STARTED)
            return false;
    return true;
}

static void show_status(struct call *call, const struct snapshot_set *set, FILE *out)
{
    const struct render_style style = render_style_of(call);
    bool named = call->options.operand_count > 0;
    int error = 0;
    if (call->options.given & OPT_JSON)
        error = render_status_json(out, set);
    else if (set->count > 0 || !named)
        error = render_table(out, set, &style);
    if (error)
        call_refuse(call, out, error);
    else if (call->exit_status == EXIT_DONE && named && !all_up(set))
        call_finish(call, EXIT_NOT_RUNNING);
    else
        call_finish(call, call->exit_status);
}

void command_status(struct call *call, FILE *out)
{
    ask_operands(call, out, false, show_status);
}

static void show_pids(struct call *call, const struct snapshot_set *set, FILE *out)
{
    for (size_t i = 0; i < set->count; i++) {
        if (set->items[i].pid > 0) {
            fprintf(out, "%d\n", set->items[i].pid);
            continue;
        }
        fprintf(out, "Process '%s' is not running\n", set->items[i].id->name);
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
    fprintf(out, "%d\n", (int)getpid());
    call_finish(call, EXIT_DONE);
}

/* The last words of what has failed for good, under their heading. */
static void print_last_words(struct call *call, const struct snapshot *item, FILE *out)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *buffer = open_memstream(&text, &bytes);
    if (!buffer)
        return;
    bool some = logview_print_stderr(buffer, item->id, call->env.environment, &call->style, "  ",
                                     STDERR_LINES);
    if (fclose(buffer) == 0 && some) {
        fputs("last lines of stderr:\n", out);
        fwrite(text, 1, bytes, out);
    }
    free(text);
}

static void show_descriptions(struct call *call, const struct snapshot_set *set, FILE *out)
{
    const struct render_style style = render_style_of(call);
    for (size_t i = 0; i < set->count; i++) {
        const struct snapshot *item = &set->items[i];
        if (i > 0)
            fputc('\n', out);
        int error = render_describe(out, item, call->env.environment, &style);
        if (error) {
            call_refuse(call, out, error);
            return;
        }
        if (item->state == ST_FATAL)
            print_last_words(call, item, out);
    }
    call_finish(call, call->exit_status);
}

void command_describe(struct call *call, FILE *out)
{
    ask_operands(call, out, true, show_descriptions);
}
