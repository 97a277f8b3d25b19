/* What an instance waits for: what its main process left behind, and what it depends on. */
#include <criterion/criterion.h>

#include "fsm_sim.h"

/* RUNNING, then its main process exits with `code` and others of its group do not. */
static struct sim with_leftovers(enum restart_policy restart, int code)
{
    struct sim s = sim_new(restart);

    sim_run(&s);
    sim_ends(&s, code, 0, false);
    IS_IN(&s, ST_STOPPING);
    DOES(&s, ACT_SIGNAL);
    cr_assert(s.f.why.why == WHY_LEFTOVERS && s.f.alive && s.f.leader_gone);
    return s;
}

Test(fsm_waits, leftovers_are_waited_for_then_the_exit_decides)
{
    struct sim s = with_leftovers(RESTART_ON_FAILURE, 1);
    sim_pass(&s, 2000);
    sim_event(&s, EV_EMPTY);
    IS_IN(&s, ST_STARTED);
    DOES(&s, ACT_SPAWN);
    cr_assert(s.f.restarts == 1);

    s = with_leftovers(RESTART_ON_FAILURE, 0);
    sim_event(&s, EV_EMPTY);
    IS_IN(&s, ST_STOPPED);
    DOES(&s, ACT_NONE);
    cr_assert(s.f.why.why == WHY_EXITED);

    s = with_leftovers(RESTART_NEVER, 1);
    sim_event(&s, EV_EMPTY);
    IS_IN(&s, ST_FATAL);
    cr_assert(s.f.why.why == WHY_EXITED && s.f.why.arg == 1);
}

Test(fsm_waits, leftovers_do_not_make_a_life_longer)
{
    struct sim s = sim_new(RESTART_ON_FAILURE);

    sim_start(&s);
    sim_pass(&s, 10);
    sim_ends(&s, 1, 0, false);
    IS_IN(&s, ST_STOPPING);
    DOES(&s, ACT_SIGNAL);
    sim_pass(&s, 9000);
    sim_event(&s, EV_EMPTY);
    IS_IN(&s, ST_BACKOFF);
    cr_assert(s.f.failures == 1 && s.f.lived_ms == 10 && sim_left(&s) == 500);
}

Test(fsm_waits, leftovers_have_a_whole_grace_then_are_killed)
{
    struct sim s = with_leftovers(RESTART_ALWAYS, 0);

    cr_assert(sim_left(&s) == 10000);
    sim_timer(&s);
    DOES(&s, ACT_KILL);
    sim_event(&s, EV_EMPTY);
    IS_IN(&s, ST_STARTED);
    DOES(&s, ACT_SPAWN);
}

Test(fsm_waits, a_stop_wins_over_the_exit_that_left_something)
{
    for (enum restart_policy restart = RESTART_NEVER; restart <= RESTART_ALWAYS; restart++) {
        struct sim s = with_leftovers(restart, 1);
        sim_event(&s, EV_STOP);
        IS_IN(&s, ST_STOPPING);
        sim_event(&s, EV_EMPTY);
        IS_IN(&s, ST_STOPPED);
        DOES(&s, ACT_NONE);
    }
}

Test(fsm_waits, a_start_while_leftovers_go_starts_whatever_the_policy)
{
    struct sim s = with_leftovers(RESTART_NEVER, 1);

    sim_event(&s, EV_START);
    IS_IN(&s, ST_STOPPING);
    sim_event(&s, EV_EMPTY);
    IS_IN(&s, ST_STARTED);
    DOES(&s, ACT_SPAWN);
    cr_assert(s.f.restarts == 0);
}

Test(fsm_waits, waiting_starts_when_its_needs_are_met)
{
    struct sim s = sim_waiting(RESTART_NEVER);

    cr_assert(s.f.why.why == WHY_NEEDS && sim_left(&s) == -1);
    sim_needs(&s, NEEDS_PENDING);
    IS_IN(&s, ST_WAITING);
    DOES(&s, ACT_NONE);
    sim_needs(&s, NEEDS_MET);
    IS_IN(&s, ST_STARTED);
    DOES(&s, ACT_SPAWN);
    cr_assert(s.f.restarts == 0);
}

Test(fsm_waits, waiting_is_fatal_when_its_needs_failed)
{
    struct sim s = sim_waiting(RESTART_ALWAYS);

    sim_needs(&s, NEEDS_FAILED);
    IS_IN(&s, ST_FATAL);
    DOES(&s, ACT_NONE);
    cr_assert(s.f.why.why == WHY_NEEDS_FAILED);
}

Test(fsm_waits, a_restart_waits_for_needs_too)
{
    struct sim s = sim_new(RESTART_NEVER);

    sim_run(&s);
    sim_event(&s, EV_RESTART);
    sim_needs(&s, NEEDS_PENDING);
    IS_IN(&s, ST_STOPPING);
    sim_exits(&s, 0);
    IS_IN(&s, ST_WAITING);
    DOES(&s, ACT_NONE);
    sim_needs(&s, NEEDS_MET);
    DOES(&s, ACT_SPAWN);
}

Test(fsm_waits, a_process_that_runs_does_not_mind_lost_needs)
{
    struct sim s = sim_new(RESTART_NEVER);

    sim_run(&s);
    sim_needs(&s, NEEDS_PENDING);
    IS_IN(&s, ST_RUNNING);
    DOES(&s, ACT_NONE);
    sim_needs(&s, NEEDS_FAILED);
    IS_IN(&s, ST_RUNNING);
    DOES(&s, ACT_NONE);
}
