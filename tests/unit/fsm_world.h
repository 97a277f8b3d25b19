/* fsm_world.h - the world around one state machine: kernel, user and clock, as fsm_model.h has it.
 *
 * Draws the next event from those that can happen now. Where the draws come from is the caller's:
 * random numbers, or the bytes of a fuzzer. */
#ifndef FSM_WORLD_H
#define FSM_WORLD_H

#include "fsm.h"

#define MODEL_TRACE 24
#define MODEL_LEAST_GAP_MS 10 /* between two automatic starts */

enum model_child { CHILD_NONE, CHILD_SPAWNING, CHILD_UP, CHILD_REST };

/* Why the child that there is will go, or went. */
enum model_end { END_SELF, END_FAULT, END_STOPPED, END_START_AGAIN };

struct model_line {
    struct fsm_event ev;
    enum state from;
    enum state to;
    unsigned actions;
};

struct model {
    uint32_t (*draw)(void *source);
    void *source;
    struct fsm f;
    struct fsm_policy policy;
    int64_t now_ms;
    enum model_child child;
    enum model_end end;
    bool wanted; /* the last that a user asked for was a start */
    bool early;  /* the last exit came before the start timeout */
    bool retired;
    bool gone;
    bool killed; /* SIGKILL was sent since STOPPING began */
    bool asked;  /* a start was asked for since the last ACT_SPAWN */
    long failed; /* failed starts in a row */
    int64_t up_ms;
    int64_t spawn_ms;   /* of the last ACT_SPAWN */
    int64_t due_ms;     /* when the last event was EV_DEADLINE: its time */
    int same_due;       /* how many of those in a row had that time, less one */
    const char *broken; /* the invariant that does not hold, or NULL */
    unsigned long steps;
    struct model_line trace[MODEL_TRACE];
};

#define MODEL_PICK(m, array) (array)[(m)->draw((m)->source) % (sizeof(array) / sizeof((array)[0]))]

static inline bool model_chance(struct model *m, uint32_t one_in)
{
    return m->draw(m->source) % one_in == 0;
}

/* Any policy that a checked configuration can ask for. */
static inline struct fsm_policy model_policy(struct model *m)
{
    static const enum restart_policy restarts[] = { RESTART_NEVER, RESTART_ON_FAILURE,
                                                    RESTART_ALWAYS };
    static const long attempts[] = { CONFIG_NO_LIMIT, 0, 1, 2, 3, 10 };
    static const int64_t starts[] = { 0, 1, 20, 5000 };
    static const int64_t readies[] = { 0, 0, 0, 20, 5000 };
    static const int64_t delays[] = { 0, 5, 10, 500, 2000 };
    static const int64_t most[] = { 0, 100, 30000 };
    static const int64_t fatal[] = { 0, 0, 20, 60000 };
    static const int64_t graces[] = { 0, 1, 10000 };
    struct fsm_policy p = {
        .restart = MODEL_PICK(m, restarts),
        .attempts = MODEL_PICK(m, attempts),
        .start_ms = MODEL_PICK(m, starts),
        .ready_ms = MODEL_PICK(m, readies),
        .delay_ms = MODEL_PICK(m, delays),
        .delay_max_ms = MODEL_PICK(m, most),
        .fatal_retry_ms = MODEL_PICK(m, fatal),
        .grace_ms = MODEL_PICK(m, graces),
    };

    if (p.restart == RESTART_ALWAYS && p.attempts == 0)
        p.attempts = CONFIG_NO_LIMIT;
    p.expected.bits[0] = m->draw(m->source) % 8;
    p.expected.bits[2] = model_chance(m, 2) ? UINT64_C(1) << 15 : 0;
    return p;
}

static inline struct model model_new(uint32_t (*draw)(void *source), void *source)
{
    const int64_t boot_ms = 1000;
    struct model m = {
        .draw = draw, .source = source, .now_ms = boot_ms, .f = fsm_initial(boot_ms), .due_ms = -1
    };

    m.policy = model_policy(&m);
    return m;
}

/* ---- what can happen ---- */

static inline struct fsm_event model_exit(struct model *m)
{
    static const int signals[] = { 0, 0, 9, 15 };
    int signal = MODEL_PICK(m, signals);

    return (struct fsm_event){
        .kind = EV_EXITED,
        .exit = { .known = true,
                  .signal = signal,
                  .code = signal ? 0 : (int)(m->draw(m->source) % 5) },
        .group_empty = !model_chance(m, 3),
    };
}

static inline enum fsm_event_kind model_kind(struct model *m)
{
    static const enum fsm_event_kind asked[] = { EV_START, EV_START,   EV_START,    EV_STOP,
                                                 EV_STOP,  EV_RESTART, EV_KILL,     EV_NEEDS,
                                                 EV_READY, EV_READY,   EV_UNHEALTHY };

    if (m->child == CHILD_SPAWNING)
        return model_chance(m, 4) ? EV_SPAWN_FAILED : EV_SPAWNED;
    switch (m->draw(m->source) % 4) {
    case 0:
        if (m->child == CHILD_UP)
            return EV_EXITED;
        if (m->child == CHILD_REST)
            return EV_EMPTY;
        break;
    case 1:
    case 2:
        if (fsm_deadline(&m->f, &m->policy) != INT64_MAX)
            return EV_DEADLINE;
        break;
    default: break;
    }
    return model_chance(m, 500) ? EV_RETIRE : MODEL_PICK(m, asked);
}

static inline struct fsm_event model_event(struct model *m, enum fsm_event_kind kind)
{
    static const enum needs needs[] = { NEEDS_MET, NEEDS_MET, NEEDS_PENDING, NEEDS_FAILED };
    static const int64_t passes[] = { 0, 0, 1, 4, 10, 11, 300, 3000, 70000 };
    struct fsm_event ev = { .kind = kind };

    m->now_ms += MODEL_PICK(m, passes);
    if (kind == EV_EXITED)
        ev = model_exit(m);
    if (kind == EV_DEADLINE && m->now_ms < fsm_deadline(&m->f, &m->policy))
        m->now_ms = fsm_deadline(&m->f, &m->policy);
    if (kind == EV_START || kind == EV_STOP || kind == EV_RESTART || kind == EV_RETIRE)
        ev.why.why = WHY_USER;
    if (kind == EV_UNHEALTHY)
        ev.why.why = WHY_UNHEALTHY;
    if (kind == EV_NEEDS)
        ev.needs = MODEL_PICK(m, needs);
    ev.transient = kind == EV_SPAWN_FAILED && model_chance(m, 2);
    ev.chance = m->draw(m->source) % 1024;
    ev.now_ms = m->now_ms;
    return ev;
}

#endif
