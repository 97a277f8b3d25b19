/* fsm_model.h - what must hold of a state machine whatever happens.
 *
 * A model hands events of its world (fsm_world.h) to a state machine, and compares each step with
 * the invariants written here and with its own small reading of the restart policy. A model
 * belongs to one thread; nothing is to be freed. */
#ifndef FSM_MODEL_H
#define FSM_MODEL_H

#include <stdio.h>

#include "fsm_world.h"

/* ---- what must come of it ---- */

static inline void model_must(struct model *m, bool holds, const char *invariant)
{
    if (!holds && !m->broken)
        m->broken = invariant;
}

static inline int64_t model_least_delay(const struct model *m)
{
    return m->policy.delay_ms < MODEL_LEAST_GAP_MS ? MODEL_LEAST_GAP_MS : m->policy.delay_ms;
}

static inline bool model_expected(const struct model *m, const struct fsm_exit *exit)
{
    unsigned code = (unsigned)(exit->signal ? 128 + exit->signal : exit->code);

    return (m->policy.expected.bits[code / 64] >> (code % 64)) & 1;
}

static inline void model_failed_start(struct model *m)
{
    bool limited = m->policy.attempts != CONFIG_NO_LIMIT;

    m->failed++;
    if (m->policy.restart == RESTART_NEVER || (limited && m->failed > m->policy.attempts))
        model_must(m, m->f.state == ST_FATAL, "spent attempts end in FATAL");
    else
        model_must(m, m->f.state == ST_BACKOFF, "a failed start with attempts left is BACKOFF");
}

/* The child ended by itself, or for a fault, and nothing of it is left. */
static inline void model_decide(struct model *m)
{
    bool expected = m->end == END_SELF && model_expected(m, &m->f.exit);
    int64_t lived_ms = m->f.lived_ms;

    if (m->policy.restart != RESTART_ALWAYS && expected) {
        model_must(m, m->f.state == ST_STOPPED, "an expected exit is STOPPED");
    } else if (m->policy.restart == RESTART_NEVER) {
        model_must(m, m->f.state == ST_FATAL, "an unexpected exit under never is FATAL");
    } else if (m->early) {
        model_failed_start(m);
    } else if (lived_ms < model_least_delay(m)) {
        model_must(m, m->f.state == ST_BACKOFF, "after a short run the delay is waited for");
    } else {
        model_must(m, m->f.state == ST_STARTED, "after a long run the restart is immediate");
    }
}

/* A start that was asked for: at once, unless something that it needs is missing. */
static inline void model_begins(struct model *m)
{
    switch (m->f.needs) {
    case NEEDS_MET: model_must(m, m->f.state == ST_STARTED, "needs met: it starts"); break;
    case NEEDS_PENDING: model_must(m, m->f.state == ST_WAITING, "needs pending: it waits"); break;
    case NEEDS_FAILED: model_must(m, m->f.state == ST_FATAL, "needs failed: it is FATAL"); break;
    }
}

static inline void model_child_gone(struct model *m)
{
    m->child = CHILD_NONE;
    switch (m->end) {
    case END_SELF:
    case END_FAULT: model_decide(m); break;
    case END_STOPPED: model_must(m, m->f.state == ST_STOPPED, "stopped is STOPPED"); break;
    case END_START_AGAIN: model_begins(m); break;
    }
}

static inline void model_exited(struct model *m, const struct fsm *was, struct fsm_event ev)
{
    if (was->state == ST_STARTED || was->state == ST_RUNNING) {
        m->early = was->state == ST_STARTED &&
                   (m->policy.ready_ms > 0 || ev.now_ms - m->up_ms < m->policy.start_ms);
        if (!m->early)
            m->failed = 0;
    }
    model_must(m, m->f.lived_ms == ev.now_ms - m->up_ms, "it lived until its exit");
    model_must(m, m->f.exit.known && m->f.exit.code == ev.exit.code, "the exit is remembered");
    if (ev.group_empty) {
        model_child_gone(m);
    } else {
        m->child = CHILD_REST;
        model_must(m, m->f.state == ST_STOPPING, "what is left is STOPPING");
    }
}

/* A start or restart (`again`: whatever runs is stopped first). */
static inline void model_asked_up(struct model *m, const struct fsm *was, bool again)
{
    if (m->retired)
        return;
    m->wanted = true;
    m->asked = true;
    if (m->child == CHILD_NONE) {
        if (was->state != ST_WAITING)
            model_begins(m);
        m->failed = 0;
    } else if (again || was->state == ST_STOPPING) {
        m->end = END_START_AGAIN;
        m->failed = 0;
        model_must(m, m->f.state == ST_STOPPING, "a restart stops first");
    } else {
        model_must(m, m->f.state == was->state, "a start of what runs does nothing");
    }
}

static inline void model_asked_down(struct model *m)
{
    m->wanted = false;
    m->asked = false;
    m->end = END_STOPPED;
    model_must(m, m->f.state == (m->child == CHILD_NONE ? ST_STOPPED : ST_STOPPING),
               "a stop is STOPPED or STOPPING at once");
}

/* What was found wrong with a child that is up stops it, as if it had ended unexpectedly. */
static inline void model_fault(struct model *m, const struct fsm *was)
{
    m->early = was->state == ST_STARTED;
    m->end = END_FAULT;
    model_must(m, m->f.state == ST_STOPPING, "a fault stops it");
}

static inline void model_deadline(struct model *m, const struct fsm *was, struct fsm_event ev)
{
    if (was->state == ST_STARTED && m->policy.ready_ms > 0)
        model_fault(m, was);
    m->same_due = ev.now_ms == m->due_ms ? m->same_due + 1 : 0;
    m->due_ms = ev.now_ms;
    model_must(m, m->same_due < 2, "deadlines do not spin");
    if (was->state == ST_FATAL)
        m->failed = 0;
}

static inline void model_spawn_failed(struct model *m, struct fsm_event ev)
{
    m->child = CHILD_NONE;
    if (ev.transient)
        model_must(m, m->f.state == ST_BACKOFF, "want of resources is BACKOFF");
    else
        model_failed_start(m);
}

/* Follows an event, and checks where it led. */
static inline void model_follow(struct model *m, const struct fsm *was, struct fsm_event ev)
{
    if (ev.kind != EV_DEADLINE)
        m->due_ms = -1;
    switch (ev.kind) {
    case EV_START: model_asked_up(m, was, false); break;
    case EV_RESTART: model_asked_up(m, was, true); break;
    case EV_RETIRE:
        m->retired = true;
        model_asked_down(m);
        break;
    case EV_STOP: model_asked_down(m); break;
    case EV_SPAWNED:
        m->child = CHILD_UP;
        m->end = END_SELF;
        m->up_ms = ev.now_ms;
        if (m->policy.start_ms == 0 && m->policy.ready_ms == 0)
            model_must(m, m->f.state == ST_RUNNING, "without a start timeout it is RUNNING");
        break;
    case EV_SPAWN_FAILED: model_spawn_failed(m, ev); break;
    case EV_EXITED: model_exited(m, was, ev); break;
    case EV_EMPTY: model_child_gone(m); break;
    case EV_DEADLINE: model_deadline(m, was, ev); break;
    case EV_NEEDS:
        if (was->state == ST_WAITING)
            model_begins(m);
        break;
    case EV_READY:
        if (was->state == ST_STARTED && m->policy.ready_ms > 0)
            model_must(m, m->f.state == ST_RUNNING, "what is ready is RUNNING");
        else
            model_must(m, m->f.state == was->state, "ready changes nothing else");
        break;
    case EV_UNHEALTHY:
        if (was->state == ST_STARTED || was->state == ST_RUNNING)
            model_fault(m, was);
        else
            model_must(m, m->f.state == was->state, "what is not up cannot be unhealthy");
        break;
    case EV_KILL:
    case EV_COUNT: break;
    }
    if (m->f.state == ST_RUNNING)
        m->failed = 0;
}

static inline void model_check_actions(struct model *m, struct fsm_event ev, unsigned actions)
{
    model_must(m, !(actions & ACT_BUG), "a possible event is no bug");
    model_must(m, (actions & (actions - 1)) == 0, "one action at a time");
    if (actions & ACT_SPAWN) {
        model_must(m, m->child == CHILD_NONE, "never two children");
        model_must(m, m->wanted, "stop always wins");
        model_must(m, !m->retired, "retiring never spawns");
        model_must(m, m->f.state == ST_STARTED, "what is spawned is STARTED");
        model_must(m, m->asked || ev.now_ms - m->spawn_ms >= MODEL_LEAST_GAP_MS,
                   "automatic starts do not spin");
        m->child = CHILD_SPAWNING;
        m->spawn_ms = ev.now_ms;
        m->asked = false;
    }
    if (actions & (ACT_SIGNAL | ACT_KILL))
        model_must(m, m->child == CHILD_UP || m->child == CHILD_REST, "signals need a receiver");
    if (actions & ACT_KILL) {
        bool due = ev.kind == EV_KILL || m->killed ||
                   ev.now_ms - m->f.since_ms >= m->policy.grace_ms;
        model_must(m, due, "no SIGKILL within the grace");
        m->killed = true;
    }
    if (m->f.state != ST_STOPPING)
        m->killed = false;
    m->gone = (actions & ACT_GONE) != 0;
    model_must(m, m->gone == (m->retired && m->child == CHILD_NONE), "gone: retired, all dead");
}

static inline void model_check_state(struct model *m, const struct fsm *was, struct fsm_event ev)
{
    const struct fsm *f = &m->f;
    int64_t due_ms = fsm_deadline(f, &m->policy);
    bool timed = f->state == ST_STARTED || f->state == ST_BACKOFF || f->state == ST_STOPPING ||
                 (f->state == ST_FATAL && m->policy.fatal_retry_ms > 0);
    bool live = f->state == ST_STARTED || f->state == ST_RUNNING || f->state == ST_STOPPING;

    model_must(m, timed == (due_ms != INT64_MAX), "a deadline where one is needed, else none");
    model_must(m, live == (m->child != CHILD_NONE), "a child in the live states, else none");
    if (m->child != CHILD_SPAWNING)
        model_must(m, f->alive == live, "`alive` is true");
    model_must(m, f->state != ST_WAITING || f->needs == NEEDS_PENDING, "WAITING waits for needs");
    model_must(m, f->since_ms <= ev.now_ms, "no state began in the future");
    model_must(m, f->state == was->state || f->since_ms == ev.now_ms, "a new state begins now");
    if (f->state == ST_FATAL)
        model_must(m,
                   f->why.why == WHY_EXITED || f->why.why == WHY_SIGNALED ||
                       f->why.why == WHY_NOT_SPAWNED || f->why.why == WHY_NEEDS_FAILED ||
                       f->why.why == WHY_NOT_READY || f->why.why == WHY_UNHEALTHY,
                   "FATAL has its reason");
    if (f->state == ST_BACKOFF && was->state != ST_BACKOFF) {
        int64_t least = model_least_delay(m);
        int64_t most = m->policy.delay_max_ms < least ? least : m->policy.delay_max_ms;
        model_must(m, due_ms - ev.now_ms >= least && due_ms - ev.now_ms <= most + most / 10,
                   "delays keep their bounds");
    }
    model_must(m, f->restarts == 0 || f->restarts - was->restarts <= 1, "restarts go by one");
}

/* ---- running it ---- */

static inline void model_feed(struct model *m, struct fsm_event ev)
{
    struct fsm was = m->f;
    struct fsm_step step = fsm_next(was, &m->policy, ev);

    m->f = step.next;
    m->trace[m->steps++ % MODEL_TRACE] = (struct model_line){ ev, was.state, step.next.state,
                                                              step.actions };
    model_follow(m, &was, ev);
    model_check_actions(m, ev, step.actions);
    model_check_state(m, &was, ev);
}

/* One event, if nothing is broken and the instance is not gone. */
static inline void model_step(struct model *m)
{
    if (model_chance(m, 100) && m->child != CHILD_SPAWNING)
        m->policy = model_policy(m);
    model_feed(m, model_event(m, model_kind(m)));
}

/* Retires it: with a child that only SIGKILL ends it is gone after the grace, and stays so. */
static inline void model_finish(struct model *m)
{
    if (m->child == CHILD_SPAWNING)
        model_feed(m, model_event(m, EV_SPAWNED));
    model_feed(m, model_event(m, EV_RETIRE));
    for (int i = 0; i < 6 && !m->gone && !m->broken; i++) {
        enum fsm_event_kind dies = m->child == CHILD_UP ? EV_EXITED : EV_EMPTY;
        model_feed(m, model_event(m, m->f.killed ? dies : EV_DEADLINE));
    }
    model_must(m, m->gone, "a shutdown ends");
    struct fsm_event start = { .kind = EV_START, .now_ms = m->now_ms };
    model_must(m, !(fsm_next(m->f, &m->policy, start).actions & ACT_SPAWN), "gone is gone");
}

static inline void model_print(const struct model *m, FILE *out)
{
    unsigned long first = m->steps > MODEL_TRACE ? m->steps - MODEL_TRACE : 0;

    fprintf(out, "broken: %s\n", m->broken ? m->broken : "nothing");
    for (unsigned long i = first; i < m->steps; i++) {
        const struct model_line *line = &m->trace[i % MODEL_TRACE];
        fprintf(out, "%lld ms: %s, event %d (code %d signal %d empty %d): %s, actions %#x\n",
                (long long)line->ev.now_ms, state_name(line->from), line->ev.kind,
                line->ev.exit.code, line->ev.exit.signal, line->ev.group_empty,
                state_name(line->to), line->actions);
    }
    fprintf(out, "policy: restart %d attempts %ld start %lld delay %lld..%lld fatal %lld\n",
            m->policy.restart, m->policy.attempts, (long long)m->policy.start_ms,
            (long long)m->policy.delay_ms, (long long)m->policy.delay_max_ms,
            (long long)m->policy.fatal_retry_ms);
}

#endif
