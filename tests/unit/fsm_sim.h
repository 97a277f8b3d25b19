/* fsm_sim.h - one instance under a virtual clock, so that a test of the state machine reads as the
 * story of a process: start, lives for so long, exits so.
 *
 * A sim belongs to the test that made it. Each step keeps what came out in .f and .actions. */
#ifndef FSM_SIM_H
#define FSM_SIM_H

#include <criterion/criterion.h>
#include <stdio.h>

#include "fsm.h"

struct sim {
    struct fsm f;
    struct fsm_policy policy;
    int64_t now_ms;
    unsigned chance;
    enum needs needs; /* goes with EV_NEEDS */
    unsigned actions; /* of the last step */
};

static inline struct fsm_policy sim_policy(enum restart_policy restart)
{
    return (struct fsm_policy){
        .restart = restart,
        .expected.bits = { 1 }, /* code 0 */
        .attempts = restart == RESTART_ALWAYS ? CONFIG_NO_LIMIT : 3,
        .start_ms = 5000,
        .delay_ms = 500,
        .delay_max_ms = 30000,
        .grace_ms = 10000,
    };
}

static inline struct sim sim_new(enum restart_policy restart)
{
    const int64_t boot_ms = 1000000;

    return (
        struct sim){ .f = fsm_initial(boot_ms), .policy = sim_policy(restart), .now_ms = boot_ms };
}

static inline void sim_feed(struct sim *s, struct fsm_event ev)
{
    ev.now_ms = s->now_ms;
    ev.chance = s->chance;
    struct fsm_step step = fsm_next(s->f, &s->policy, ev);
    s->f = step.next;
    s->actions = step.actions;
}

/* Any event that needs no details; a user asked for it, if anybody did. */
static inline void sim_event(struct sim *s, enum fsm_event_kind kind)
{
    sim_feed(s, (struct fsm_event){ .kind = kind, .why.why = WHY_USER, .needs = s->needs });
}

static inline void sim_needs(struct sim *s, enum needs needs)
{
    s->needs = needs;
    sim_event(s, EV_NEEDS);
}

static inline void sim_pass(struct sim *s, int64_t ms)
{
    s->now_ms += ms;
}

static inline int64_t sim_deadline(const struct sim *s)
{
    return fsm_deadline(&s->f, &s->policy);
}

/* How long until the deadline; -1 for never. */
static inline int64_t sim_left(const struct sim *s)
{
    int64_t at = sim_deadline(s);
    return at == INT64_MAX ? -1 : at - s->now_ms;
}

/* Lets the time pass up to the deadline, which must exist, and says so. */
static inline void sim_timer(struct sim *s)
{
    int64_t at = sim_deadline(s);
    cr_assert(at != INT64_MAX, "%s has no deadline", state_name(s->f.state));
    if (at > s->now_ms)
        s->now_ms = at;
    sim_event(s, EV_DEADLINE);
}

/* The main process ends; `empty` says whether all of its group did. */
static inline void sim_ends(struct sim *s, int code, int signal, bool empty)
{
    sim_feed(s, (struct fsm_event){ .kind = EV_EXITED,
                                    .exit = { .known = true, .code = code, .signal = signal },
                                    .group_empty = empty });
}

static inline void sim_exits(struct sim *s, int code)
{
    sim_ends(s, code, 0, true);
}

static inline void sim_spawn_fails(struct sim *s, bool transient)
{
    sim_feed(s, (struct fsm_event){ .kind = EV_SPAWN_FAILED, .transient = transient });
}

/* A user's start, and an exec that succeeds. */
static inline void sim_start(struct sim *s)
{
    sim_event(s, EV_START);
    cr_assert(s->actions == ACT_SPAWN, "start: actions %#x in %s", s->actions,
              state_name(s->f.state));
    sim_event(s, EV_SPAWNED);
}

/* The same, up to RUNNING. */
static inline void sim_run(struct sim *s)
{
    sim_start(s);
    if (s->f.state == ST_STARTED)
        sim_timer(s);
    cr_assert(s->f.state == ST_RUNNING, "%s instead of RUNNING", state_name(s->f.state));
}

/* From a process just made or just wanted: this one lives for `ms`, then exits with `code`. */
static inline void sim_life(struct sim *s, int64_t ms, int code)
{
    if (s->actions & ACT_SPAWN)
        sim_event(s, EV_SPAWNED);
    if (s->f.state == ST_STARTED && s->policy.start_ms < ms) {
        int64_t end_ms = s->now_ms + ms;
        sim_timer(s);
        s->now_ms = end_ms;
    } else {
        sim_pass(s, ms);
    }
    sim_exits(s, code);
}

#define IS_IN(s, wanted)                                                              \
    cr_assert((s)->f.state == (wanted), "%s instead of %s", state_name((s)->f.state), \
              state_name(wanted))

#define DOES(s, wanted)                                                               \
    cr_assert((s)->actions == (unsigned)(wanted), "actions %#x instead of %#x in %s", \
              (s)->actions, (unsigned)(wanted), state_name((s)->f.state))

/* Started by a user, but what it depends on is not there. */
static inline struct sim sim_waiting(enum restart_policy restart)
{
    struct sim s = sim_new(restart);

    sim_needs(&s, NEEDS_PENDING);
    sim_event(&s, EV_START);
    IS_IN(&s, ST_WAITING);
    DOES(&s, ACT_NONE);
    return s;
}

static inline bool fsm_same_exit(const struct fsm_exit *a, const struct fsm_exit *b)
{
    return a->known == b->known && a->code == b->code && a->signal == b->signal;
}

/* Field by field, since padding is nobody's. */
static inline bool fsm_same(const struct fsm *a, const struct fsm *b)
{
    return a->state == b->state && a->since_ms == b->since_ms && a->why.why == b->why.why &&
           a->why.arg == b->why.arg && a->why.ms == b->why.ms && a->alive == b->alive &&
           a->leader_gone == b->leader_gone && a->launched == b->launched &&
           a->retiring == b->retiring && a->killed == b->killed && a->after == b->after &&
           a->exited_in == b->exited_in && a->needs == b->needs && a->up_ms == b->up_ms &&
           a->lived_ms == b->lived_ms && a->kill_ms == b->kill_ms &&
           fsm_same_exit(&a->exit, &b->exit) && a->failures == b->failures &&
           a->restarts == b->restarts && a->delay_ms == b->delay_ms && a->wait_ms == b->wait_ms;
}

#endif
