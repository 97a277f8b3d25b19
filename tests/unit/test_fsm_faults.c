/* What is not ready in time, or not healthy: it is stopped, and that counts as an unexpected
 * exit. */
#include <criterion/criterion.h>
#include <signal.h>

#include "fsm_sim.h"

static struct sim with_readiness(enum restart_policy restart)
{
    struct sim s = sim_new(restart);

    s.policy.ready_ms = 30000;
    return s;
}

static void become_ready(struct sim *s)
{
    sim_start(s);
    sim_pass(s, 1200);
    sim_event(s, EV_READY);
    IS_IN(s, ST_RUNNING);
}

Test(fsm_faults, ready_is_running_and_says_how_long_it_took)
{
    struct sim s = with_readiness(RESTART_NEVER);

    become_ready(&s);
    DOES(&s, ACT_NONE);
    cr_assert(s.f.why.why == WHY_READY && s.f.why.ms == 1200);
    cr_assert(sim_left(&s) == -1);
}

Test(fsm_faults, readiness_takes_the_place_of_the_start_timeout)
{
    struct sim s = with_readiness(RESTART_NEVER);

    s.policy.start_ms = 0;
    sim_start(&s);
    IS_IN(&s, ST_STARTED);
    cr_assert(sim_left(&s) == 30000);
}

Test(fsm_faults, an_exit_before_it_was_ready_is_a_failed_start_however_late)
{
    struct sim s = with_readiness(RESTART_ON_FAILURE);

    sim_start(&s);
    sim_pass(&s, 20000);
    sim_exits(&s, 1);
    IS_IN(&s, ST_BACKOFF);
    cr_assert(s.f.failures == 1);
}

Test(fsm_faults, not_ready_in_time_is_a_failed_start_once_all_is_gone)
{
    struct sim s = with_readiness(RESTART_ON_FAILURE);

    sim_start(&s);
    sim_timer(&s);
    IS_IN(&s, ST_STOPPING);
    DOES(&s, ACT_SIGNAL);
    cr_assert(s.f.why.why == WHY_NOT_READY && s.f.why.ms == 30000);
    cr_assert(sim_left(&s) == s.policy.grace_ms);
    sim_exits(&s, 0); /* an expected code, but it was not asked to exit for nothing */
    IS_IN(&s, ST_BACKOFF);
    cr_assert(s.f.failures == 1 && s.f.why.why == WHY_NOT_READY);
}

Test(fsm_faults, what_never_gets_ready_is_fatal_when_its_attempts_are_spent)
{
    struct sim s = with_readiness(RESTART_ALWAYS);
    int starts = 1;

    s.policy.attempts = 2;
    sim_start(&s);
    for (;; starts++) {
        sim_timer(&s);
        sim_exits(&s, 0);
        if (s.f.state == ST_FATAL)
            break;
        sim_timer(&s);
        DOES(&s, ACT_SPAWN);
        sim_event(&s, EV_SPAWNED);
    }
    cr_assert(starts == 3 && s.f.why.why == WHY_NOT_READY);
}

Test(fsm_faults, what_is_not_healthy_is_restarted_as_after_a_crash)
{
    struct sim s = with_readiness(RESTART_ON_FAILURE);

    become_ready(&s);
    sim_pass(&s, 60000);
    sim_feed(&s, (struct fsm_event){ .kind = EV_UNHEALTHY, .why = { WHY_UNHEALTHY, 3, 0 } });
    IS_IN(&s, ST_STOPPING);
    DOES(&s, ACT_SIGNAL);
    sim_ends(&s, 0, SIGTERM, false);
    IS_IN(&s, ST_STOPPING); /* others of its group are left */
    sim_event(&s, EV_EMPTY);
    IS_IN(&s, ST_STARTED);
    DOES(&s, ACT_SPAWN);
    cr_assert(s.f.restarts == 1 && s.f.why.why == WHY_UNHEALTHY && s.f.why.arg == 3);
}

Test(fsm_faults, never_restarted_means_fatal_with_the_fault_as_its_reason)
{
    struct sim s = with_readiness(RESTART_NEVER);

    become_ready(&s);
    sim_feed(&s, (struct fsm_event){ .kind = EV_UNHEALTHY, .why = { WHY_UNHEALTHY, 3, 0 } });
    sim_exits(&s, 0);
    IS_IN(&s, ST_FATAL);
    cr_assert(s.f.why.why == WHY_UNHEALTHY);
}

Test(fsm_faults, a_stop_meanwhile_wins_and_a_start_begins_anew)
{
    struct sim s = with_readiness(RESTART_ALWAYS);

    become_ready(&s);
    sim_event(&s, EV_UNHEALTHY);
    struct sim stopped = s;
    sim_event(&stopped, EV_STOP);
    sim_exits(&stopped, 1);
    IS_IN(&stopped, ST_STOPPED);
    sim_event(&s, EV_START);
    sim_exits(&s, 1);
    IS_IN(&s, ST_STARTED);
    cr_assert(s.f.restarts == 0);
}

Test(fsm_faults, a_late_ready_or_unhealthy_changes_nothing)
{
    struct sim s = with_readiness(RESTART_ALWAYS);

    become_ready(&s);
    sim_event(&s, EV_STOP);
    const struct fsm before = s.f;
    sim_event(&s, EV_READY);
    DOES(&s, ACT_NONE);
    sim_event(&s, EV_UNHEALTHY);
    DOES(&s, ACT_NONE);
    cr_assert(fsm_same(&before, &s.f));
}

Test(fsm_faults, launched_is_since_it_was_last_told_to_start)
{
    struct sim s = sim_new(RESTART_ON_FAILURE);

    cr_assert(!s.f.launched);
    sim_start(&s);
    cr_assert(s.f.launched);
    sim_exits(&s, 1);
    IS_IN(&s, ST_BACKOFF);
    cr_assert(s.f.launched);
    sim_event(&s, EV_START);
    cr_assert(!s.f.launched); /* until its exec succeeds */
}
