/* instance.c - see instance.h. Only here is a decision of the state machine acted upon. */
#include "instance.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "instance_parts.h"
#include "launch.h"
#include "log.h"
#include "recorder.h"
#include "spawn.h"

/* So long the next process waits for what the last one wrote. */
#define DRAIN_PATIENCE_MS 1000

/* What a start takes from the configuration takes effect now. */
static void take_policy(struct instance *in)
{
    fsm_policy_of(in->id->task, &in->policy);
    in->child.stop_signal = in->id->task->stop_signal;
    in->child.stop_target = in->id->task->stop_target;
}

void instance_init(struct instance *in, const struct monitor_env *env, struct identity *id,
                   enum needs needs)
{
    *in = (struct instance){ .env = env, .id = identity_ref(id) };
    in->fsm = fsm_initial(clock_ms());
    in->fsm.needs = needs;
    in->chance = (unsigned)(uintptr_t)in ^ (unsigned)in->fsm.since_ms;
    take_policy(in);
    published_init(&in->published, id, &in->fsm);
    published_set_kill(&in->published, env->cgroups != NULL);
}

void instance_release(struct instance *in)
{
    vitals_release(in);
    identity_unref(in->id);
    child_release(&in->child);
    published_release(&in->published);
    free(in->detail);
    free(in->needs_text);
}

/* ---- orders and their answers ---- */

static void answer(struct instance *in, struct order *order, struct answer what)
{
    what.id = identity_ref(in->id);
    order_answer(order, &what);
}

void instance_refuse(struct instance *in, struct order *order)
{
    struct answer what = { .outcome = OUT_SHUTTING_DOWN };
    if (order->kind == ORDER_RETIRE || order->kind == ORDER_STOP)
        what.outcome = OUT_NOTHING; /* it is what has happened */
    else if (in->fsm.why.why == WHY_REMOVED) {
        what.outcome = OUT_OVERTAKEN;
        what.text = strdup("no longer in the configuration");
    }
    answer(in, order, what);
}

/* Answers the orders that a step settles; `fresh` is the one that caused it, or NULL. */
static void settle(struct instance *in, const struct fsm *before, const struct fsm_event *ev,
                   const struct order *fresh)
{
    struct order_view view = {
        .before = before,
        .ev = ev,
        .after = &in->fsm,
        .pid = in->child.last_pid,
        .grace_ms = in->policy.grace_ms,
        .killed = in->child.killed ? in->child.killed : 1,
        .detail = in->detail,
    };
    for (struct order **at = &in->waiting; *at;) {
        struct order *order = *at;
        struct answer what = { 0 };
        view.fresh = order == fresh;
        if (order_settled(order, &view, &what)) {
            *at = order->next;
            answer(in, order, what);
        } else {
            at = &order->next;
        }
    }
}

/* ---- steps ---- */

/* Evenly spread and different for each instance is all that the spread of delays needs. */
static unsigned next_chance(struct instance *in)
{
    in->chance = in->chance * 1664525U + 1013904223U;
    return in->chance >> 22;
}

/* The text of a failure goes to in->detail. */
static int start_process(struct instance *in)
{
    struct launch_id id = { .task = in->id->task->name,
                            .instance = in->id->number,
                            .name = in->id->name,
                            .supervisor = in->env->marker };
    struct launch *launch;
    int error = vitals_prepare(in, &id, &in->detail);
    if (error)
        return error;
    error = launch_new(in->id->task, &id, in->env->environment, &launch, &in->detail);
    if (error)
        return error == -ENOMEM ? -EAGAIN : error;
    error = child_start(&in->child, in->env, launch, &in->published, &in->hooks, &in->detail);
    if (!error)
        published_set_kill(&in->published, in->child.in_cgroup);
    launch_free(launch);
    return error;
}

static struct fsm_event spawn(struct instance *in)
{
    take_policy(in);
    free(in->detail);
    in->detail = NULL;
    bool turn = spawner_take_turn(in->env->spawner);
    int error = start_process(in);
    if (turn)
        spawner_end_turn(in->env->spawner);
    in->spawn_error = error;
    return (struct fsm_event){
        .kind = error ? EV_SPAWN_FAILED : EV_SPAWNED,
        .now_ms = clock_ms(),
        .transient = error == -EAGAIN,
    };
}

static void record(const struct instance *in, const struct fsm_event *ev,
                   const struct fsm_step *decided)
{
    struct recorder_step what = {
        .who = in,
        .id = in->id,
        .before = &in->fsm,
        .policy = &in->policy,
        .event = ev,
        .step = decided,
    };
    recorder_note(in->env->recorder, &what);
}

static void step(struct instance *in, struct fsm_event ev, const struct order *fresh)
{
    for (;;) {
        ev.chance = next_chance(in);
        struct fsm before = in->fsm;
        struct fsm_step next = fsm_next(before, &in->policy, ev);
        if (in->env->recorder)
            record(in, &ev, &next);
        if (next.actions & ACT_BUG) {
            log_write(LOG_ERROR, "%s: event %u cannot happen in state %s", in->id->name,
                      (unsigned)ev.kind, state_name(before.state));
            return;
        }
        in->fsm = next.next;
        if (before.state == ST_STOPPING && before.killed && in->fsm.state != ST_STOPPING)
            log_write(LOG_WARN, "'%s' did not stop in time, killed (%zu process%s)", in->id->name,
                      in->child.killed ? in->child.killed : 1, in->child.killed > 1 ? "es" : "");
        instance_publish(in, &before);
        instance_judge(in, &before);
        settle(in, &before, &ev, fresh);
        vitals_follow(in);
        if (next.actions & ACT_SIGNAL)
            child_stop(&in->child);
        if (next.actions & ACT_KILL)
            child_kill(&in->child);
        if (next.actions & ACT_GONE)
            in->gone = true;
        if (!(next.actions & ACT_SPAWN))
            return;
        ev = spawn(in);
        fresh = NULL;
    }
}

void instance_step(struct instance *in, struct fsm_event ev)
{
    step(in, ev, NULL);
}

static struct fsm_event event(enum fsm_event_kind kind)
{
    return (struct fsm_event){ .kind = kind, .now_ms = clock_ms() };
}

void instance_needs(struct instance *in, enum needs needs, char *text)
{
    free(in->needs_text);
    in->needs_text = text;
    struct fsm_event ev = event(EV_NEEDS);
    ev.needs = needs;
    step(in, ev, NULL);
}

void instance_kill(struct instance *in)
{
    step(in, event(EV_KILL), NULL);
}

/* ---- the end of the process ---- */

static void tell_group(struct instance *in, bool empty)
{
    struct fsm_event ev = event(EV_EMPTY);
    if (in->asked_group) {
        ev.kind = EV_EXITED;
        ev.now_ms = in->exited_ms;
        ev.exit = in->child.exit;
        ev.group_empty = empty;
        in->asked_group = false;
    }
    if (empty)
        child_bury(&in->child);
    step(in, ev, NULL);
}

static void ask_what_is_left(struct instance *in)
{
    switch (child_ask_what_is_left(&in->child)) {
    case CHILD_REST_SOME: tell_group(in, false); break;
    case CHILD_REST_NONE: instance_group_known(in, true); break;
    case CHILD_REST_ASKED: break; /* instance_group_known() follows */
    }
}

void instance_exited(struct instance *in, int64_t now_ms)
{
    vitals_look(in); /* what it said before its end counts */
    child_read_exit(&in->child);
    in->exited_ms = now_ms;
    in->asked_group = true;
    vitals_follow(in);
    if (vitals_linger(in))
        in->probe_left = true; /* instance_vitals() goes on */
    else
        ask_what_is_left(in);
}

void instance_vitals(struct instance *in)
{
    vitals_look(in);
    if (in->probe_left && !vitals_linger(in)) {
        in->probe_left = false;
        ask_what_is_left(in);
    }
}

void instance_cgroup_changed(struct instance *in)
{
    /* If it watches none any more, the note is about a process that is long gone. */
    if (in->child.watches_cgroup && child_ask_what_is_left(&in->child) == CHILD_REST_NONE)
        instance_group_known(in, true);
}

/* What it wrote last is to be in its logs before anything follows; until then its zombie is kept,
 * and so the number that is shown as its pid. */
static void begin_drain(struct instance *in)
{
    in->draining = true;
    in->drain_deadline_ms = clock_ms() + DRAIN_PATIENCE_MS;
    pump_ask(in->env->pump, &in->drained, in->child.sources, in->on_drained, in->hooks.arg);
}

void instance_group_known(struct instance *in, bool empty)
{
    bool pumped = in->child.sources[LAUNCH_STDOUT] || in->child.sources[LAUNCH_STDERR];
    if (empty && pumped)
        begin_drain(in);
    else if (empty || in->asked_group) /* else it is known that something is left */
        tell_group(in, empty);
}

static void end_drain(struct instance *in)
{
    in->draining = false;
    tell_group(in, true);
}

void instance_drained(struct instance *in)
{
    if (in->draining) /* else the answer came when it was not waited for any more */
        end_drain(in);
}

/* ---- deadlines ---- */

int64_t instance_deadline_ms(const struct instance *in)
{
    if (in->draining)
        return in->drain_deadline_ms;
    /* main answers a question about the group at once. Without a deadline until then, nothing can
     * be decided that the exit, which has already happened, would contradict. */
    if (in->asked_group)
        return INT64_MAX;
    int64_t own_ms = clock_first(fsm_deadline(&in->fsm, &in->policy), vitals_deadline_ms(in));
    return clock_first(own_ms, child_look_ms(&in->child));
}

void instance_deadline_passed(struct instance *in)
{
    if (!in->draining) {
        child_look(&in->child);
        vitals_look(in); /* what is known counts first */
        if (fsm_deadline(&in->fsm, &in->policy) <= clock_ms())
            step(in, event(EV_DEADLINE), NULL);
        else
            vitals_due(in);
        return;
    }
    /* An answer that was given all the same is in the inbox by now, and so it will be received
     * before any other can be asked for: the next question follows the next exit. */
    pump_cancel(in->env->pump, &in->drained);
    log_write(LOG_WARN, "what '%s' wrote last is not in its log yet", in->id->name);
    end_drain(in);
}

/* ---- orders ---- */

static void run_order(struct instance *in, struct order *order, enum fsm_event_kind kind)
{
    struct fsm_event ev = event(kind);
    ev.why = order->why;
    order->next = in->waiting;
    in->waiting = order;
    step(in, ev, order);
}

static void send_signal(struct instance *in, struct order *order)
{
    bool there = in->child.pid && !in->asked_group && !in->draining;
    if (there)
        child_signal(&in->child, order->signal);
    answer(in, order,
           (struct answer){
               .outcome = there ? OUT_SIGNALED : OUT_NOT_RUNNING,
               .count = (size_t)order->signal,
               .pid = in->child.pid,
           });
}

static void configure(struct instance *in, struct order *order)
{
    identity_unref(in->id);
    in->id = identity_ref(order->id);
    bool restart = order->change == CONFIG_RESTART;
    int64_t old_grace_ms = in->policy.grace_ms;
    int old_signal = in->child.stop_signal;
    enum stop_target old_target = in->child.stop_target;
    take_policy(in);
    if (restart && in->fsm.alive) { /* the old process is stopped in the old way */
        in->policy.grace_ms = old_grace_ms;
        in->child.stop_signal = old_signal;
        in->child.stop_target = old_target;
    }
    struct fsm unchanged = in->fsm;
    instance_publish(in, &unchanged);
    /* What will start again anyhow does so with the new configuration. */
    bool starts_anyhow = in->fsm.state == ST_WAITING ||
                         (in->fsm.state == ST_STOPPING && in->fsm.after == AFTER_START);
    if (restart && fsm_is_wanted(&in->fsm) && !starts_anyhow)
        run_order(in, order, EV_RESTART);
    else
        answer(in, order, (struct answer){ .outcome = OUT_NOTHING });
}

void instance_take_order(struct instance *in, struct order *order)
{
    switch (order->kind) {
    case ORDER_START:
        if (in->fsm.retiring)
            instance_refuse(in, order);
        else
            run_order(in, order, EV_START);
        break;
    case ORDER_RESTART:
        if (in->fsm.retiring)
            instance_refuse(in, order);
        else
            run_order(in, order, EV_RESTART);
        break;
    case ORDER_STOP: run_order(in, order, EV_STOP); break;
    case ORDER_RETIRE: run_order(in, order, EV_RETIRE); break;
    case ORDER_SIGNAL: send_signal(in, order); break;
    case ORDER_CONFIGURE: configure(in, order); break;
    }
}
