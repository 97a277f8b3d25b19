/* fsm_rules.c - what each event means; see fsm_rules.h. */
#include "fsm_rules.h"

/* A restartDelay of 0 still waits this long, so that nothing can spin. */
#define DELAY_FLOOR_MS 10

static struct fsm_step done(struct fsm next, unsigned actions)
{
    return (struct fsm_step){ next, actions };
}

static void enter(struct fsm *f, enum state state, int64_t now_ms, struct reason why)
{
    f->state = state;
    f->since_ms = now_ms;
    f->why = why;
}

/* ---- delays ---- */

static int64_t first_delay(const struct fsm_policy *p)
{
    return p->delay_ms < DELAY_FLOOR_MS ? DELAY_FLOOR_MS : p->delay_ms;
}

static int64_t next_delay(const struct fsm *f, const struct fsm_policy *p)
{
    int64_t first = first_delay(p);
    int64_t most = p->delay_max_ms < first ? first : p->delay_max_ms;
    if (f->delay_ms == 0)
        return first;
    int64_t twice = f->delay_ms * 2;
    if (twice < first)
        return first;
    return twice > most ? most : twice;
}

static int64_t spread(int64_t delay_ms, unsigned chance)
{
    return delay_ms + delay_ms / 10 * chance / 1023;
}

static struct fsm_step back_off(struct fsm f, const struct fsm_policy *p, struct fsm_event ev,
                                struct reason why)
{
    f.delay_ms = next_delay(&f, p);
    f.wait_ms = spread(f.delay_ms, ev.chance);
    enter(&f, ST_BACKOFF, ev.now_ms, why);
    return done(f, ACT_NONE);
}

static struct fsm_step give_up(struct fsm f, const struct fsm_policy *p, struct fsm_event ev,
                               struct reason why)
{
    f.wait_ms = spread(p->fatal_retry_ms, ev.chance);
    enter(&f, ST_FATAL, ev.now_ms, why);
    return done(f, ACT_NONE);
}

/* ---- starting ---- */

static struct fsm_step launch(struct fsm f, int64_t now_ms, struct reason why)
{
    enter(&f, ST_STARTED, now_ms, why);
    return done(f, ACT_SPAWN);
}

static struct fsm_step launch_when_needs_met(struct fsm f, const struct fsm_policy *p,
                                             struct fsm_event ev, struct reason why)
{
    switch (f.needs) {
    case NEEDS_MET: return launch(f, ev.now_ms, why);
    case NEEDS_PENDING:
        enter(&f, ST_WAITING, ev.now_ms, (struct reason){ .why = WHY_NEEDS });
        return done(f, ACT_NONE);
    case NEEDS_FAILED: return give_up(f, p, ev, (struct reason){ .why = WHY_NEEDS_FAILED });
    }
    return done(f, ACT_BUG);
}

/* What a user's start gives back: all attempts, the first delay, a count of restarts from 0. */
static void forget_failures(struct fsm *f)
{
    f->launched = false;
    f->failures = 0;
    f->restarts = 0;
    f->delay_ms = 0;
}

struct fsm_step rule_start(struct fsm f, const struct fsm_policy *p, struct fsm_event ev)
{
    if (f.retiring)
        return done(f, ACT_NONE);
    forget_failures(&f);
    return launch_when_needs_met(f, p, ev, ev.why);
}

struct fsm_step rule_retry(struct fsm f, const struct fsm_policy *p, struct fsm_event ev)
{
    if (f.state == ST_FATAL && p->fatal_retry_ms == 0)
        return done(f, ACT_BUG);
    int64_t waited_ms = ev.now_ms - f.since_ms;
    f.restarts++;
    struct reason why = { .why = WHY_RETRY, .arg = (int)f.restarts, .ms = waited_ms };
    if (f.state == ST_BACKOFF) /* what it needs was there when it was started */
        return launch(f, ev.now_ms, why);
    f.failures = 0;
    f.delay_ms = 0;
    return launch_when_needs_met(f, p, ev, why);
}

static void reach_running(struct fsm *f, int64_t now_ms, enum why why)
{
    f->failures = 0;
    enter(f, ST_RUNNING, now_ms, (struct reason){ .why = why, .ms = now_ms - f->up_ms });
}

struct fsm_step rule_spawned(struct fsm f, const struct fsm_policy *p, struct fsm_event ev)
{
    if (f.alive)
        return done(f, ACT_BUG);
    f.alive = true;
    f.launched = true;
    f.up_ms = ev.now_ms;
    f.since_ms = ev.now_ms;
    if (p->start_ms == 0 && p->ready_ms == 0)
        reach_running(&f, ev.now_ms, WHY_ALIVE);
    return done(f, ACT_NONE);
}

static struct fsm_step failed_start(struct fsm f, const struct fsm_policy *p, struct fsm_event ev,
                                    struct reason why)
{
    f.failures++;
    if (p->attempts != CONFIG_NO_LIMIT && f.failures > p->attempts)
        return give_up(f, p, ev, why);
    return back_off(f, p, ev, why);
}

struct fsm_step rule_spawn_failed(struct fsm f, const struct fsm_policy *p, struct fsm_event ev)
{
    if (f.alive)
        return done(f, ACT_BUG);
    if (ev.transient)
        return back_off(f, p, ev, (struct reason){ .why = WHY_NO_RESOURCES });
    struct reason why = { .why = WHY_NOT_SPAWNED };
    if (p->restart == RESTART_NEVER)
        return give_up(f, p, ev, why);
    return failed_start(f, p, ev, why);
}

/* ---- exits ---- */

static struct reason exit_reason(const struct fsm *f)
{
    if (f->exit.signal)
        return (struct reason){ .why = WHY_SIGNALED, .arg = f->exit.signal, .ms = f->lived_ms };
    return (struct reason){ .why = WHY_EXITED, .arg = f->exit.code, .ms = f->lived_ms };
}

static struct fsm_step restart_by_policy(struct fsm f, const struct fsm_policy *p,
                                         struct fsm_event ev, struct reason why)
{
    if (f.exited_in == ST_STARTED)
        return failed_start(f, p, ev, why);
    if (f.lived_ms < first_delay(p))
        return back_off(f, p, ev, why);
    f.restarts++;
    return launch(f, ev.now_ms, why);
}

/* Nothing is left of a process that ended by itself, or was stopped for a fault. */
static struct fsm_step as_the_end_decides(struct fsm f, const struct fsm_policy *p,
                                          struct fsm_event ev, bool expected, struct reason why)
{
    if (f.lived_ms > f.delay_ms && f.lived_ms > p->start_ms)
        f.delay_ms = 0;
    switch (p->restart) {
    case RESTART_ALWAYS: return restart_by_policy(f, p, ev, why);
    case RESTART_ON_FAILURE:
        if (!expected)
            return restart_by_policy(f, p, ev, why);
        break;
    case RESTART_NEVER:
        if (!expected)
            return give_up(f, p, ev, why);
        break;
    }
    enter(&f, ST_STOPPED, ev.now_ms, why);
    return done(f, ACT_NONE);
}

static struct fsm_step as_the_exit_decides(struct fsm f, const struct fsm_policy *p,
                                           struct fsm_event ev)
{
    int code = f.exit.signal ? 128 + f.exit.signal : f.exit.code;
    bool expected = config_codes_has(&p->expected, code);
    return as_the_end_decides(f, p, ev, expected, exit_reason(&f));
}

static void note_exit(struct fsm *f, struct fsm_event ev)
{
    f->exit = ev.exit;
    f->exit.known = true;
    f->exits++;
    /* The watcher may see the end of a process before we have seen its start. */
    f->lived_ms = ev.now_ms > f->up_ms ? ev.now_ms - f->up_ms : 0;
    f->alive = !ev.group_empty;
    f->leader_gone = !ev.group_empty;
}

struct fsm_step rule_exited_by_itself(struct fsm f, const struct fsm_policy *p, struct fsm_event ev)
{
    if (!f.alive)
        return done(f, ACT_BUG);
    note_exit(&f, ev);
    /* The exit may have come in before the deadline that was due first. */
    if (f.state == ST_STARTED && p->ready_ms == 0 && f.lived_ms >= p->start_ms)
        reach_running(&f, ev.now_ms, WHY_ALIVE);
    f.exited_in = f.state;
    if (ev.group_empty)
        return as_the_exit_decides(f, p, ev);
    f.after = AFTER_EXIT;
    f.killed = false;
    enter(&f, ST_STOPPING, ev.now_ms, (struct reason){ .why = WHY_LEFTOVERS });
    return done(f, ACT_SIGNAL);
}

/* ---- stopping ---- */

static struct fsm_step begin_stop(struct fsm f, struct fsm_event ev, enum after after)
{
    if (!f.alive)
        return done(f, ACT_BUG);
    f.after = after;
    f.killed = false;
    f.leader_gone = false;
    enter(&f, ST_STOPPING, ev.now_ms, ev.why);
    return done(f, ACT_SIGNAL);
}

static struct fsm_step stop_for_fault(struct fsm f, struct fsm_event ev, struct reason why)
{
    ev.why = why;
    f.exited_in = f.state;
    return begin_stop(f, ev, AFTER_FAULT);
}

/* STARTED has lasted as long as it may. */
struct fsm_step rule_start_over(struct fsm f, const struct fsm_policy *p, struct fsm_event ev)
{
    if (!f.alive)
        return done(f, ACT_BUG);
    if (p->ready_ms > 0)
        return stop_for_fault(f, ev,
                              (struct reason){ .why = WHY_NOT_READY, .ms = ev.now_ms - f.up_ms });
    reach_running(&f, ev.now_ms, WHY_ALIVE);
    return done(f, ACT_NONE);
}

struct fsm_step rule_ready(struct fsm f, const struct fsm_policy *p, struct fsm_event ev)
{
    if (!f.alive)
        return done(f, ACT_BUG);
    if (p->ready_ms > 0) /* else what is ready has to stay up all the same */
        reach_running(&f, ev.now_ms, WHY_READY);
    return done(f, ACT_NONE);
}

struct fsm_step rule_unhealthy(struct fsm f, const struct fsm_policy *p, struct fsm_event ev)
{
    (void)p;
    return stop_for_fault(f, ev, ev.why);
}

struct fsm_step rule_stop(struct fsm f, const struct fsm_policy *p, struct fsm_event ev)
{
    (void)p;
    return begin_stop(f, ev, AFTER_STOPPED);
}

struct fsm_step rule_restart(struct fsm f, const struct fsm_policy *p, struct fsm_event ev)
{
    (void)p;
    if (f.retiring)
        return done(f, ACT_NONE);
    forget_failures(&f);
    return begin_stop(f, ev, AFTER_START);
}

struct fsm_step rule_stop_nothing(struct fsm f, const struct fsm_policy *p, struct fsm_event ev)
{
    (void)p;
    enter(&f, ST_STOPPED, ev.now_ms, ev.why);
    return done(f, f.retiring ? ACT_GONE : ACT_NONE);
}

struct fsm_step rule_stop_wins(struct fsm f, const struct fsm_policy *p, struct fsm_event ev)
{
    (void)p;
    f.after = AFTER_STOPPED;
    f.why = ev.why;
    return done(f, ACT_NONE);
}

struct fsm_step rule_start_after_stop(struct fsm f, const struct fsm_policy *p, struct fsm_event ev)
{
    (void)p;
    if (f.retiring)
        return done(f, ACT_NONE);
    forget_failures(&f);
    f.after = AFTER_START;
    f.why = ev.why;
    return done(f, ACT_NONE);
}

struct fsm_step rule_retire(struct fsm f, const struct fsm_policy *p, struct fsm_event ev)
{
    f.retiring = true;
    switch (f.state) {
    case ST_STARTED:
    case ST_RUNNING: return rule_stop(f, p, ev);
    case ST_STOPPING: return rule_stop_wins(f, p, ev);
    case ST_STOPPED:
    case ST_WAITING:
    case ST_BACKOFF:
    case ST_FATAL: return rule_stop_nothing(f, p, ev);
    case ST_COUNT: break;
    }
    return done(f, ACT_BUG);
}

struct fsm_step rule_kill_now(struct fsm f, const struct fsm_policy *p, struct fsm_event ev)
{
    (void)p;
    f.killed = true;
    f.kill_ms = ev.now_ms;
    return done(f, ACT_KILL);
}

static struct fsm_step all_gone(struct fsm f, const struct fsm_policy *p, struct fsm_event ev)
{
    f.alive = false;
    f.leader_gone = false;
    switch (f.after) {
    case AFTER_STOPPED:
        enter(&f, ST_STOPPED, ev.now_ms, f.why);
        return done(f, f.retiring ? ACT_GONE : ACT_NONE);
    case AFTER_START: return launch_when_needs_met(f, p, ev, f.why);
    case AFTER_EXIT: return as_the_exit_decides(f, p, ev);
    case AFTER_FAULT: return as_the_end_decides(f, p, ev, false, f.why);
    }
    return done(f, ACT_BUG);
}

struct fsm_step rule_exited_as_asked(struct fsm f, const struct fsm_policy *p, struct fsm_event ev)
{
    if (f.leader_gone)
        return done(f, ACT_BUG);
    note_exit(&f, ev);
    return ev.group_empty ? all_gone(f, p, ev) : done(f, ACT_NONE);
}

struct fsm_step rule_group_empty(struct fsm f, const struct fsm_policy *p, struct fsm_event ev)
{
    return f.leader_gone ? all_gone(f, p, ev) : done(f, ACT_BUG);
}

/* ---- dependencies, and what changes nothing ---- */

struct fsm_step rule_note_needs(struct fsm f, const struct fsm_policy *p, struct fsm_event ev)
{
    (void)p;
    f.needs = ev.needs;
    return done(f, ACT_NONE);
}

struct fsm_step rule_needs_changed(struct fsm f, const struct fsm_policy *p, struct fsm_event ev)
{
    f.needs = ev.needs;
    if (f.needs == NEEDS_PENDING)
        return done(f, ACT_NONE);
    return launch_when_needs_met(f, p, ev, (struct reason){ .why = WHY_NEEDS, .arg = 1 });
}

struct fsm_step rule_ignore(struct fsm f, const struct fsm_policy *p, struct fsm_event ev)
{
    (void)p;
    (void)ev;
    return done(f, ACT_NONE);
}
