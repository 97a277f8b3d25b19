/* Every pair of a situation and an event: what comes out of the state machine. What cannot happen
 * is answered with ACT_BUG and changes nothing. */
#include <criterion/criterion.h>

#include "fsm_sim.h"

/* The states, with those taken apart in which the same event means different things. */
enum situation {
    SIT_STOPPED,
    SIT_WAITING,
    SIT_SPAWNING, /* STARTED, the outcome of ACT_SPAWN is owed */
    SIT_STARTED,
    SIT_UNREADY, /* STARTED, and to be RUNNING once it is ready */
    SIT_RUNNING,
    SIT_BACKOFF,
    SIT_STOPPING,
    SIT_STOPPING_REST, /* the main process is gone, others of its group are not */
    SIT_LEFTOVERS,     /* STOPPING because the main process exited by itself, and others did not */
    SIT_FAULTY,        /* STOPPING because it was not healthy */
    SIT_FATAL,
    SIT_COUNT,
};

static const enum state situation_state[SIT_COUNT] = {
    [SIT_STOPPED] = ST_STOPPED,    [SIT_WAITING] = ST_WAITING,   [SIT_SPAWNING] = ST_STARTED,
    [SIT_STARTED] = ST_STARTED,    [SIT_UNREADY] = ST_STARTED,   [SIT_RUNNING] = ST_RUNNING,
    [SIT_BACKOFF] = ST_BACKOFF,    [SIT_STOPPING] = ST_STOPPING, [SIT_STOPPING_REST] = ST_STOPPING,
    [SIT_LEFTOVERS] = ST_STOPPING, [SIT_FAULTY] = ST_STOPPING,   [SIT_FATAL] = ST_FATAL,
};

/* An instance of a task with restart: on-failure, brought where it is by what really happens. */
static struct sim bring_to(enum situation situation)
{
    struct sim s = sim_new(RESTART_ON_FAILURE);

    switch (situation) {
    case SIT_STOPPED: break;
    case SIT_WAITING:
        sim_needs(&s, NEEDS_PENDING);
        sim_event(&s, EV_START);
        break;
    case SIT_SPAWNING: sim_event(&s, EV_START); break;
    case SIT_STARTED: sim_start(&s); break;
    case SIT_UNREADY:
        s.policy.ready_ms = 3000;
        sim_start(&s);
        break;
    case SIT_RUNNING: sim_run(&s); break;
    case SIT_BACKOFF:
        sim_start(&s);
        sim_exits(&s, 1);
        break;
    case SIT_STOPPING:
    case SIT_STOPPING_REST:
        sim_run(&s);
        sim_event(&s, EV_STOP);
        if (situation == SIT_STOPPING_REST)
            sim_ends(&s, 0, 15, false);
        break;
    case SIT_LEFTOVERS:
        sim_run(&s);
        sim_ends(&s, 1, 0, false);
        break;
    case SIT_FAULTY:
        sim_run(&s);
        sim_event(&s, EV_UNHEALTHY);
        break;
    case SIT_FATAL:
        s.policy.attempts = 0;
        sim_start(&s);
        sim_exits(&s, 1);
        break;
    case SIT_COUNT: break;
    }
    cr_assert(s.f.state == situation_state[situation], "situation %d: %s", situation,
              state_name(s.f.state));
    return s;
}

struct outcome {
    enum state state;
    unsigned actions;
};

/* clang-format off */
#define BUG(state) {ST_##state, ACT_BUG}
#define TO(state) {ST_##state, ACT_NONE}
#define TO_DO(state, action) {ST_##state, ACT_##action}

/* Events that carry something: the exit is with code 1 and leaves nothing, a dependency is met. */
static const struct outcome table[SIT_COUNT][EV_COUNT] = {
    [SIT_STOPPED] = {
        [EV_START] = TO_DO(STARTED, SPAWN),   [EV_STOP] = TO(STOPPED),
        [EV_RESTART] = TO_DO(STARTED, SPAWN), [EV_RETIRE] = TO_DO(STOPPED, GONE),
        [EV_KILL] = TO(STOPPED),              [EV_SPAWNED] = BUG(STOPPED),
        [EV_SPAWN_FAILED] = BUG(STOPPED),     [EV_EXITED] = BUG(STOPPED),
        [EV_EMPTY] = BUG(STOPPED),            [EV_DEADLINE] = BUG(STOPPED),
        [EV_NEEDS] = TO(STOPPED),
        [EV_READY] = TO(STOPPED),               [EV_UNHEALTHY] = TO(STOPPED),
    },
    [SIT_WAITING] = {
        [EV_START] = TO(WAITING),             [EV_STOP] = TO(STOPPED),
        [EV_RESTART] = TO(WAITING),           [EV_RETIRE] = TO_DO(STOPPED, GONE),
        [EV_KILL] = TO(WAITING),              [EV_SPAWNED] = BUG(WAITING),
        [EV_SPAWN_FAILED] = BUG(WAITING),     [EV_EXITED] = BUG(WAITING),
        [EV_EMPTY] = BUG(WAITING),            [EV_DEADLINE] = BUG(WAITING),
        [EV_NEEDS] = TO_DO(STARTED, SPAWN),
        [EV_READY] = TO(WAITING),               [EV_UNHEALTHY] = TO(WAITING),
    },
    [SIT_SPAWNING] = {
        [EV_START] = TO(STARTED),             [EV_STOP] = BUG(STARTED),
        [EV_RESTART] = BUG(STARTED),          [EV_RETIRE] = BUG(STARTED),
        [EV_KILL] = TO(STARTED),              [EV_SPAWNED] = TO(STARTED),
        [EV_SPAWN_FAILED] = TO(BACKOFF),      [EV_EXITED] = BUG(STARTED),
        [EV_EMPTY] = BUG(STARTED),            [EV_DEADLINE] = BUG(STARTED),
        [EV_NEEDS] = TO(STARTED),
        [EV_READY] = BUG(STARTED),              [EV_UNHEALTHY] = BUG(STARTED),
    },
    [SIT_STARTED] = {
        [EV_START] = TO(STARTED),             [EV_STOP] = TO_DO(STOPPING, SIGNAL),
        [EV_RESTART] = TO_DO(STOPPING, SIGNAL), [EV_RETIRE] = TO_DO(STOPPING, SIGNAL),
        [EV_KILL] = TO(STARTED),              [EV_SPAWNED] = BUG(STARTED),
        [EV_SPAWN_FAILED] = BUG(STARTED),     [EV_EXITED] = TO(BACKOFF),
        [EV_EMPTY] = BUG(STARTED),            [EV_DEADLINE] = TO(RUNNING),
        [EV_NEEDS] = TO(STARTED),
        [EV_READY] = TO(STARTED),               [EV_UNHEALTHY] = TO_DO(STOPPING, SIGNAL),
    },
    [SIT_UNREADY] = {
        [EV_START] = TO(STARTED),             [EV_STOP] = TO_DO(STOPPING, SIGNAL),
        [EV_RESTART] = TO_DO(STOPPING, SIGNAL), [EV_RETIRE] = TO_DO(STOPPING, SIGNAL),
        [EV_KILL] = TO(STARTED),              [EV_SPAWNED] = BUG(STARTED),
        [EV_SPAWN_FAILED] = BUG(STARTED),     [EV_EXITED] = TO(BACKOFF),
        [EV_EMPTY] = BUG(STARTED),            [EV_DEADLINE] = TO_DO(STOPPING, SIGNAL),
        [EV_NEEDS] = TO(STARTED),
        [EV_READY] = TO(RUNNING),               [EV_UNHEALTHY] = TO_DO(STOPPING, SIGNAL),
    },
    [SIT_RUNNING] = {
        [EV_START] = TO(RUNNING),             [EV_STOP] = TO_DO(STOPPING, SIGNAL),
        [EV_RESTART] = TO_DO(STOPPING, SIGNAL), [EV_RETIRE] = TO_DO(STOPPING, SIGNAL),
        [EV_KILL] = TO(RUNNING),              [EV_SPAWNED] = BUG(RUNNING),
        [EV_SPAWN_FAILED] = BUG(RUNNING),     [EV_EXITED] = TO_DO(STARTED, SPAWN),
        [EV_EMPTY] = BUG(RUNNING),            [EV_DEADLINE] = BUG(RUNNING),
        [EV_NEEDS] = TO(RUNNING),
        [EV_READY] = TO(RUNNING),               [EV_UNHEALTHY] = TO_DO(STOPPING, SIGNAL),
    },
    [SIT_BACKOFF] = {
        [EV_START] = TO_DO(STARTED, SPAWN),   [EV_STOP] = TO(STOPPED),
        [EV_RESTART] = TO_DO(STARTED, SPAWN), [EV_RETIRE] = TO_DO(STOPPED, GONE),
        [EV_KILL] = TO(BACKOFF),              [EV_SPAWNED] = BUG(BACKOFF),
        [EV_SPAWN_FAILED] = BUG(BACKOFF),     [EV_EXITED] = BUG(BACKOFF),
        [EV_EMPTY] = BUG(BACKOFF),            [EV_DEADLINE] = TO_DO(STARTED, SPAWN),
        [EV_NEEDS] = TO(BACKOFF),
        [EV_READY] = TO(BACKOFF),               [EV_UNHEALTHY] = TO(BACKOFF),
    },
    [SIT_STOPPING] = {
        [EV_START] = TO(STOPPING),            [EV_STOP] = TO(STOPPING),
        [EV_RESTART] = TO(STOPPING),          [EV_RETIRE] = TO(STOPPING),
        [EV_KILL] = TO_DO(STOPPING, KILL),    [EV_SPAWNED] = BUG(STOPPING),
        [EV_SPAWN_FAILED] = BUG(STOPPING),    [EV_EXITED] = TO(STOPPED),
        [EV_EMPTY] = BUG(STOPPING),           [EV_DEADLINE] = TO_DO(STOPPING, KILL),
        [EV_NEEDS] = TO(STOPPING),
        [EV_READY] = TO(STOPPING),              [EV_UNHEALTHY] = TO(STOPPING),
    },
    [SIT_STOPPING_REST] = {
        [EV_START] = TO(STOPPING),            [EV_STOP] = TO(STOPPING),
        [EV_RESTART] = TO(STOPPING),          [EV_RETIRE] = TO(STOPPING),
        [EV_KILL] = TO_DO(STOPPING, KILL),    [EV_SPAWNED] = BUG(STOPPING),
        [EV_SPAWN_FAILED] = BUG(STOPPING),    [EV_EXITED] = BUG(STOPPING),
        [EV_EMPTY] = TO(STOPPED),             [EV_DEADLINE] = TO_DO(STOPPING, KILL),
        [EV_NEEDS] = TO(STOPPING),
        [EV_READY] = TO(STOPPING),              [EV_UNHEALTHY] = TO(STOPPING),
    },
    [SIT_LEFTOVERS] = {
        [EV_START] = TO(STOPPING),            [EV_STOP] = TO(STOPPING),
        [EV_RESTART] = TO(STOPPING),          [EV_RETIRE] = TO(STOPPING),
        [EV_KILL] = TO_DO(STOPPING, KILL),    [EV_SPAWNED] = BUG(STOPPING),
        [EV_SPAWN_FAILED] = BUG(STOPPING),    [EV_EXITED] = BUG(STOPPING),
        [EV_EMPTY] = TO_DO(STARTED, SPAWN),   [EV_DEADLINE] = TO_DO(STOPPING, KILL),
        [EV_NEEDS] = TO(STOPPING),
        [EV_READY] = TO(STOPPING),              [EV_UNHEALTHY] = TO(STOPPING),
    },
    [SIT_FAULTY] = {
        [EV_START] = TO(STOPPING),            [EV_STOP] = TO(STOPPING),
        [EV_RESTART] = TO(STOPPING),          [EV_RETIRE] = TO(STOPPING),
        [EV_KILL] = TO_DO(STOPPING, KILL),    [EV_SPAWNED] = BUG(STOPPING),
        [EV_SPAWN_FAILED] = BUG(STOPPING),    [EV_EXITED] = TO_DO(STARTED, SPAWN),
        [EV_EMPTY] = BUG(STOPPING),           [EV_DEADLINE] = TO_DO(STOPPING, KILL),
        [EV_NEEDS] = TO(STOPPING),
        [EV_READY] = TO(STOPPING),              [EV_UNHEALTHY] = TO(STOPPING),
    },
    [SIT_FATAL] = {
        [EV_START] = TO_DO(STARTED, SPAWN),   [EV_STOP] = TO(STOPPED),
        [EV_RESTART] = TO_DO(STARTED, SPAWN), [EV_RETIRE] = TO_DO(STOPPED, GONE),
        [EV_KILL] = TO(FATAL),                [EV_SPAWNED] = BUG(FATAL),
        [EV_SPAWN_FAILED] = BUG(FATAL),       [EV_EXITED] = BUG(FATAL),
        [EV_EMPTY] = BUG(FATAL),              [EV_DEADLINE] = BUG(FATAL),
        [EV_NEEDS] = TO(FATAL),
        [EV_READY] = TO(FATAL),                 [EV_UNHEALTHY] = TO(FATAL),
    },
};
/* clang-format on */

static struct fsm_event event_of(const struct sim *s, enum fsm_event_kind kind)
{
    int64_t due_ms = fsm_deadline(&s->f, &s->policy);

    return (struct fsm_event){
        .kind = kind,
        .now_ms = kind == EV_DEADLINE && due_ms != INT64_MAX ? due_ms : s->now_ms + 1000,
        .why.why = WHY_USER,
        .exit = { .known = true, .code = 1 },
        .group_empty = true,
        .needs = NEEDS_MET,
    };
}

Test(fsm_table, every_pair_gives_its_state_and_actions)
{
    for (enum situation sit = 0; sit < SIT_COUNT; sit++) {
        for (enum fsm_event_kind kind = 0; kind < EV_COUNT; kind++) {
            struct sim s = bring_to(sit);
            struct fsm_step step = fsm_next(s.f, &s.policy, event_of(&s, kind));
            const struct outcome *want = &table[sit][kind];
            cr_expect(step.next.state == want->state && step.actions == want->actions,
                      "situation %d (%s), event %d: %s with actions %#x instead of %s with %#x",
                      sit, state_name(s.f.state), kind, state_name(step.next.state), step.actions,
                      state_name(want->state), want->actions);
        }
    }
}

Test(fsm_table, what_cannot_happen_changes_nothing)
{
    for (enum situation sit = 0; sit < SIT_COUNT; sit++) {
        for (enum fsm_event_kind kind = 0; kind < EV_COUNT; kind++) {
            struct sim s = bring_to(sit);
            struct fsm_step step = fsm_next(s.f, &s.policy, event_of(&s, kind));
            if (step.actions & ACT_BUG)
                cr_expect(step.actions == ACT_BUG && fsm_same(&step.next, &s.f),
                          "situation %d, event %d changed something", sit, kind);
        }
    }
}

Test(fsm_table, same_inputs_give_the_same_answer)
{
    for (enum situation sit = 0; sit < SIT_COUNT; sit++) {
        for (enum fsm_event_kind kind = 0; kind < EV_COUNT; kind++) {
            struct sim s = bring_to(sit);
            struct fsm_event ev = event_of(&s, kind);
            struct fsm_step one = fsm_next(s.f, &s.policy, ev);
            struct fsm_step two = fsm_next(s.f, &s.policy, ev);
            cr_expect(one.actions == two.actions && fsm_same(&one.next, &two.next));
        }
    }
}

Test(fsm_table, every_state_has_a_situation)
{
    bool seen[ST_COUNT] = { false };

    for (enum situation sit = 0; sit < SIT_COUNT; sit++)
        seen[bring_to(sit).f.state] = true;
    for (enum state state = 0; state < ST_COUNT; state++)
        cr_expect(seen[state], "%s", state_name(state));
}

Test(fsm_table, a_first_instance_is_stopped_and_waits_for_nothing)
{
    struct sim s = sim_new(RESTART_ALWAYS);

    IS_IN(&s, ST_STOPPED);
    cr_assert(s.f.why.why == WHY_NONE && !s.f.alive && !s.f.exit.known);
    cr_assert(s.f.restarts == 0 && s.f.failures == 0 && s.f.since_ms == s.now_ms);
    cr_assert(sim_left(&s) == -1);
}

Test(fsm_table, states_have_the_names_that_users_see)
{
    static const char *const names[ST_COUNT] = {
        [ST_STOPPED] = "STOPPED", [ST_WAITING] = "WAITING", [ST_STARTED] = "STARTED",
        [ST_RUNNING] = "RUNNING", [ST_BACKOFF] = "BACKOFF", [ST_STOPPING] = "STOPPING",
        [ST_FATAL] = "FATAL",
    };

    for (enum state state = 0; state < ST_COUNT; state++)
        cr_expect_str_eq(state_name(state), names[state]);
}

Test(fsm_table, up_is_what_runs_or_is_on_its_way)
{
    for (enum situation sit = 0; sit < SIT_COUNT; sit++) {
        struct sim s = bring_to(sit);
        bool up = s.f.state == ST_STARTED || s.f.state == ST_RUNNING || s.f.state == ST_BACKOFF ||
                  s.f.state == ST_WAITING;
        cr_expect(fsm_is_up(&s.f) == up, "%s", state_name(s.f.state));
    }
}
