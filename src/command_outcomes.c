/* command_outcomes.c - start, stop, restart, signal, shutdown: what is asked of instances, each of
 * which answers with an outcome; and reload, whose starts and stops answer the same way.
 *
 * Who has not answered yet is found out only when somebody wants to know, by asking for the
 * status of the same targets: after a moment for call_waiting_for(), and at the timeout. */
#include "command_outcomes.h"

#include <errno.h>
#include <stdlib.h>

#include "chan/chan.h"
#include "clock.h"
#include "signame.h"

#define NOTICE_MS 700 /* after that a user wants to know what is waited for */

static void drop_status(struct outcomes *outcomes)
{
    if (outcomes->status)
        reply_leave(outcomes->status);
    outcomes->status = NULL;
    snapshot_set_free(outcomes->set);
    outcomes->set = NULL;
}

static void outcomes_release(struct call *call)
{
    struct outcomes *outcomes = call->state;
    drop_status(outcomes);
    tally_release(&outcomes->tally);
    rolling_free(outcomes->rolling);
    free(outcomes);
    call->state = NULL;
}

/* Has the answer about who is late come? */
static bool take_status(struct outcomes *outcomes)
{
    struct answer answer;
    bool complete = false;
    while (outcomes->status && !complete && reply_recv(outcomes->status, &answer, CHAN_NOW) == 0) {
        if (answer.kind == ANSWER_SNAPSHOTS) {
            snapshot_set_free(outcomes->set);
            outcomes->set = answer.set;
            answer.set = NULL;
        }
        complete = answer.kind == ANSWER_ROUTED;
        answer_release(&answer);
    }
    if (complete) {
        reply_leave(outcomes->status);
        outcomes->status = NULL;
    }
    return complete;
}

static void give_up(struct call *call, FILE *out)
{
    struct outcomes *outcomes = call->state;
    const struct snapshot_set nobody = { .count = 0 };
    tally_print_late(&outcomes->tally, outcomes->set ? outcomes->set : &nobody,
                     call->options.timeout_ms, out);
    if (outcomes->rolling)
        rolling_stop(call, out);
    call_finish(call, EXIT_FAILED);
}

static void outcomes_step(struct call *call, FILE *out)
{
    struct outcomes *outcomes = call->state;
    int64_t now_ms = clock_ms();
    bool known = take_status(outcomes);
    if (outcomes->late && known) {
        give_up(call, out);
        return;
    }
    if (!outcomes->late && now_ms >= outcomes->timeout_ms) {
        outcomes->late = true;
        drop_status(outcomes);
        if (call_post(call, &outcomes->targets, &outcomes->status) < 0) {
            give_up(call, out);
            return;
        }
    } else if (!outcomes->late && now_ms >= outcomes->notice_ms) {
        outcomes->notice_ms = INT64_MAX;
        if (call_post(call, &outcomes->targets, &outcomes->status) < 0)
            outcomes->status = NULL; /* then nothing is said */
    }
    call->deadline_ms = outcomes->late                               ? INT64_MAX
                        : outcomes->notice_ms < outcomes->timeout_ms ? outcomes->notice_ms
                                                                     : outcomes->timeout_ms;
}

static void finish_if_complete(struct call *call)
{
    const struct outcomes *outcomes = call->state;
    if (tally_finished(&outcomes->tally))
        call_finish(call, outcomes->tally.failed ? EXIT_FAILED : EXIT_DONE);
}

static void outcomes_answer(struct call *call, struct answer *answer, FILE *out)
{
    struct outcomes *outcomes = call->state;
    tally_take(&outcomes->tally, answer, out);
    if (outcomes->rolling && tally_finished(&outcomes->tally))
        rolling_step_done(call, out);
    else
        finish_if_complete(call);
}

static char *outcomes_waiting_for(const struct call *call)
{
    const struct outcomes *outcomes = call->state;
    return outcomes->set ? tally_waiting_for(&outcomes->tally, outcomes->set) : NULL;
}

static const struct call_ops outcomes_ops = {
    .answer = outcomes_answer,
    .step = outcomes_step,
    .waiting_for = outcomes_waiting_for,
    .release = outcomes_release,
};

/* Makes the state for outcomes of `request`; `ops` take over. NULL, with the call finished, when
 * out of memory. */
static struct outcomes *open_outcomes(struct call *call, FILE *out, enum request_kind request,
                                      const struct call_ops *ops)
{
    struct outcomes *outcomes = malloc(sizeof *outcomes);
    if (!outcomes) {
        call_refuse(call, out, -ENOMEM);
        return NULL;
    }
    *outcomes = (struct outcomes){ .notice_ms = INT64_MAX, .timeout_ms = INT64_MAX };
    const struct render_style style = call_style(call);
    tally_init(&outcomes->tally, request, &style);
    call->state = outcomes;
    call->ops = ops;
    return outcomes;
}

static void limit_time(struct call *call, struct outcomes *outcomes)
{
    if ((call->options.given & OPT_TIMEOUT) &&
        __builtin_add_overflow(clock_ms(), call->options.timeout_ms, &outcomes->timeout_ms))
        outcomes->timeout_ms = INT64_MAX;
}

/* Posts what is asked, in the place of what has been answered. */
static void post(struct call *call, FILE *out, const struct request *request)
{
    struct outcomes *outcomes = call->state;
    if (call->reply)
        reply_leave(call->reply);
    call->reply = NULL;
    drop_status(outcomes);
    outcomes->targets = (struct request){ .kind = REQ_STATUS,
                                          .targets = request->targets,
                                          .target_count = request->target_count };
    outcomes->notice_ms = clock_ms() + NOTICE_MS;
    int error = call_post(call, request, &call->reply);
    if (error == -EPIPE && request->kind == REQ_SHUTDOWN)
        call_finish(call, EXIT_DONE); /* it is done already */
    else if (error)
        call_refuse(call, out, error);
}

/* Asks instances for something, and waits for their outcomes. */
static void ask(struct call *call, FILE *out, const struct request *request)
{
    struct outcomes *outcomes = open_outcomes(call, out, request->kind, &outcomes_ops);
    if (!outcomes)
        return;
    limit_time(call, outcomes);
    post(call, out, request);
}

void outcomes_roll(struct call *call, FILE *out, struct rolling *rolling)
{
    struct outcomes *outcomes = open_outcomes(call, out, REQ_RESTART, &outcomes_ops);
    if (!outcomes) {
        rolling_free(rolling);
        return;
    }
    outcomes->rolling = rolling;
    limit_time(call, outcomes);
}

void outcomes_ask_next(struct call *call, FILE *out, const struct request *request)
{
    struct outcomes *outcomes = call->state;
    tally_release(&outcomes->tally);
    post(call, out, request);
}

void command_change(struct call *call, FILE *out)
{
    if (call->options.given & OPT_ROLLING) {
        command_rolling(call, out);
        return;
    }
    const struct request request = { .kind = call->command->request,
                                     .targets = call->options.operands,
                                     .target_count = call->options.operand_count,
                                     .wait = (call->options.given & OPT_WAIT) != 0,
                                     .force = (call->options.given & OPT_FORCE) != 0 };
    ask(call, out, &request);
}

void command_signal(struct call *call, FILE *out)
{
    struct request request = { .kind = REQ_SIGNAL,
                               .targets = call->options.operands + 1,
                               .target_count = call->options.operand_count - 1 };
    request.signal = signame_parse(call->options.operands[0]);
    if (request.signal < 0)
        call_usage_error(call, out, "unknown signal '%s'", call->options.operands[0]);
    else
        ask(call, out, &request);
}

void command_shutdown(struct call *call, FILE *out)
{
    const struct render_style style = call_style(call);
    const struct request request = { .kind = REQ_SHUTDOWN };
    if (call->style.width != 0) /* somebody is watching, and it may take a while */
        render_text(out, "Shutting down.", &style);
    ask(call, out, &request);
}

static void reload_answer(struct call *call, struct answer *answer, FILE *out)
{
    struct outcomes *outcomes = call->state;
    outcomes->planned |= answer->kind == ANSWER_PLAN;
    tally_take(&outcomes->tally, answer, out);
    if (!tally_finished(&outcomes->tally))
        return;
    if (!outcomes->planned && !outcomes->tally.refused) {
        call_refuse(call, out, -EPIPE); /* the manager has ended meanwhile */
        return;
    }
    if (!outcomes->tally.refused && !(call->options.given & OPT_DRY_RUN))
        render_text(out, "Configuration reloaded.", &outcomes->tally.style);
    finish_if_complete(call);
}

static char *reload_waiting_for(const struct call *call)
{
    const struct outcomes *outcomes = call->state;
    const struct tally *tally = &outcomes->tally;
    char *text = NULL;
    int length = tally->routed
                     ? asprintf(&text, "waiting for %zu %s to start or stop",
                                tally->owed - tally->received,
                                tally->owed - tally->received == 1 ? "process" : "processes")
                     : asprintf(&text, "waiting for the configuration to be read");
    return length < 0 ? NULL : text;
}

static const struct call_ops reload_ops = {
    .answer = reload_answer,
    .waiting_for = reload_waiting_for,
    .release = outcomes_release,
};

void command_reload(struct call *call, FILE *out)
{
    struct reply *reply;
    if (!open_outcomes(call, out, REQ_RELOAD, &reload_ops))
        return;
    int error = call_open_reply(call, &reply);
    if (!error) {
        call->reply = reply;
        error = call->post_reload(call->env.loader, reply,
                                  (call->options.given & OPT_DRY_RUN) != 0);
        if (error)
            call_return_share(reply);
    }
    if (error)
        call_refuse(call, out, error);
}
