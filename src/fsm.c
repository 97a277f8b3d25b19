/* fsm.c - see fsm.h. The table of rules: an empty cell is a pair of state and event that cannot
 * happen, and is answered with ACT_BUG. */
#include "fsm.h"

#include <stddef.h>

#include "fsm_rules.h"

/* SIGKILL cannot be ignored, but the group can gain a member while it is being killed. */
#define KILL_AGAIN_MS 1000

const char *state_name(enum state state)
{
    static const char *const names[ST_COUNT] = {
        [ST_STOPPED] = "STOPPED", [ST_WAITING] = "WAITING", [ST_STARTED] = "STARTED",
        [ST_RUNNING] = "RUNNING", [ST_BACKOFF] = "BACKOFF", [ST_STOPPING] = "STOPPING",
        [ST_FATAL] = "FATAL",
    };
    return names[state];
}

static fsm_rule *const rules[ST_COUNT][EV_COUNT] = {
    [ST_STOPPED] = {
        [EV_START] = rule_start,
        [EV_STOP] = rule_ignore,
        [EV_RESTART] = rule_start,
        [EV_RETIRE] = rule_retire,
        [EV_KILL] = rule_ignore,
        [EV_NEEDS] = rule_note_needs,
        [EV_READY] = rule_ignore,
        [EV_UNHEALTHY] = rule_ignore,
    },
    [ST_WAITING] = {
        [EV_START] = rule_ignore,
        [EV_STOP] = rule_stop_nothing,
        [EV_RESTART] = rule_ignore,
        [EV_RETIRE] = rule_retire,
        [EV_KILL] = rule_ignore,
        [EV_NEEDS] = rule_needs_changed,
        [EV_READY] = rule_ignore,
        [EV_UNHEALTHY] = rule_ignore,
    },
    [ST_STARTED] = {
        [EV_START] = rule_ignore,
        [EV_STOP] = rule_stop,
        [EV_RESTART] = rule_restart,
        [EV_RETIRE] = rule_retire,
        [EV_KILL] = rule_ignore,
        [EV_SPAWNED] = rule_spawned,
        [EV_SPAWN_FAILED] = rule_spawn_failed,
        [EV_EXITED] = rule_exited_by_itself,
        [EV_DEADLINE] = rule_start_over,
        [EV_NEEDS] = rule_note_needs,
        [EV_READY] = rule_ready,
        [EV_UNHEALTHY] = rule_unhealthy,
    },
    [ST_RUNNING] = {
        [EV_START] = rule_ignore,
        [EV_STOP] = rule_stop,
        [EV_RESTART] = rule_restart,
        [EV_RETIRE] = rule_retire,
        [EV_KILL] = rule_ignore,
        [EV_EXITED] = rule_exited_by_itself,
        [EV_NEEDS] = rule_note_needs,
        [EV_READY] = rule_ignore,
        [EV_UNHEALTHY] = rule_unhealthy,
    },
    [ST_BACKOFF] = {
        [EV_START] = rule_start,
        [EV_STOP] = rule_stop_nothing,
        [EV_RESTART] = rule_start,
        [EV_RETIRE] = rule_retire,
        [EV_KILL] = rule_ignore,
        [EV_DEADLINE] = rule_retry,
        [EV_NEEDS] = rule_note_needs,
        [EV_READY] = rule_ignore,
        [EV_UNHEALTHY] = rule_ignore,
    },
    [ST_STOPPING] = {
        [EV_START] = rule_start_after_stop,
        [EV_STOP] = rule_stop_wins,
        [EV_RESTART] = rule_start_after_stop,
        [EV_RETIRE] = rule_retire,
        [EV_KILL] = rule_kill_now,
        [EV_EXITED] = rule_exited_as_asked,
        [EV_EMPTY] = rule_group_empty,
        [EV_DEADLINE] = rule_kill_now,
        [EV_NEEDS] = rule_note_needs,
        [EV_READY] = rule_ignore,
        [EV_UNHEALTHY] = rule_ignore,
    },
    [ST_FATAL] = {
        [EV_START] = rule_start,
        [EV_STOP] = rule_stop_nothing,
        [EV_RESTART] = rule_start,
        [EV_RETIRE] = rule_retire,
        [EV_KILL] = rule_ignore,
        [EV_DEADLINE] = rule_retry,
        [EV_NEEDS] = rule_note_needs,
        [EV_READY] = rule_ignore,
        [EV_UNHEALTHY] = rule_ignore,
    },
};

struct fsm_step fsm_next(struct fsm cur, const struct fsm_policy *policy, struct fsm_event ev)
{
    fsm_rule *r = rules[cur.state][ev.kind];
    struct fsm_step step = r ? r(cur, policy, ev) : (struct fsm_step){ cur, ACT_BUG };
    if (step.actions & ACT_BUG)
        step.next = cur;
    return step;
}

int64_t fsm_deadline(const struct fsm *cur, const struct fsm_policy *policy)
{
    switch (cur->state) {
    case ST_STARTED:
        return cur->since_ms + (policy->ready_ms ? policy->ready_ms : policy->start_ms);
    case ST_BACKOFF: return cur->since_ms + cur->wait_ms;
    case ST_STOPPING:
        return cur->killed ? cur->kill_ms + KILL_AGAIN_MS : cur->since_ms + policy->grace_ms;
    case ST_FATAL:
        if (policy->fatal_retry_ms == 0)
            return INT64_MAX;
        return cur->since_ms + (cur->wait_ms ? cur->wait_ms : policy->fatal_retry_ms);
    case ST_STOPPED:
    case ST_WAITING:
    case ST_RUNNING:
    case ST_COUNT: break;
    }
    return INT64_MAX;
}

bool fsm_is_up(const struct fsm *cur)
{
    return cur->state == ST_STARTED || cur->state == ST_RUNNING || cur->state == ST_BACKOFF ||
           cur->state == ST_WAITING;
}

bool fsm_is_wanted(const struct fsm *cur)
{
    if (cur->state == ST_STOPPING)
        return cur->after != AFTER_STOPPED && !cur->retiring;
    return fsm_is_up(cur) || cur->state == ST_FATAL;
}

struct fsm fsm_initial(int64_t now_ms)
{
    return (struct fsm){ .state = ST_STOPPED, .since_ms = now_ms };
}

void fsm_policy_of(const struct task_config *task, struct fsm_policy *out_policy)
{
    *out_policy = (struct fsm_policy){
        .restart = task->restart,
        .expected = task->expected,
        .attempts = task->attempts,
        .start_ms = task->start_ms,
        .ready_ms = task->ready.kind == PROBE_NONE ? 0 : task->ready.timeout_ms,
        .delay_ms = task->delay_ms,
        .delay_max_ms = task->delay_max_ms,
        .fatal_retry_ms = task->fatal_retry_ms,
        .grace_ms = task->grace_ms,
    };
}
