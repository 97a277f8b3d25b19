/* Stopping, restarting, retiring and killing. */
#include <criterion/criterion.h>
#include <signal.h>

#include "fsm_sim.h"

static struct sim in_backoff(void)
{
    struct sim s = sim_new(RESTART_ON_FAILURE);

    sim_start(&s);
    sim_exits(&s, 1);
    IS_IN(&s, ST_BACKOFF);
    return s;
}

static struct sim in_fatal(void)
{
    struct sim s = sim_new(RESTART_NEVER);

    s.policy.fatal_retry_ms = 1000;
    sim_start(&s);
    sim_exits(&s, 1);
    IS_IN(&s, ST_FATAL);
    return s;
}

Test(fsm_stop, a_stopped_process_is_stopped_whatever_its_code)
{
    for (enum restart_policy restart = RESTART_NEVER; restart <= RESTART_ALWAYS; restart++) {
        for (int code = 0; code < 256; code++) {
            for (int up = 0; up < 2; up++) {
                struct sim s = sim_new(restart);
                sim_start(&s);
                if (up)
                    sim_timer(&s);
                sim_event(&s, EV_STOP);
                IS_IN(&s, ST_STOPPING);
                DOES(&s, ACT_SIGNAL);
                sim_exits(&s, code);
                IS_IN(&s, ST_STOPPED);
                DOES(&s, ACT_NONE);
                cr_assert(s.f.failures == 0 && s.f.why.why == WHY_USER && !s.f.alive);
                cr_assert(s.f.exit.known && s.f.exit.code == code);
            }
        }
    }
}

Test(fsm_stop, a_restarted_process_starts_again_whatever_its_code)
{
    for (enum restart_policy restart = RESTART_NEVER; restart <= RESTART_ALWAYS; restart++) {
        struct sim s = sim_new(restart);
        s.policy.attempts = 0;
        sim_start(&s);
        sim_event(&s, EV_RESTART);
        IS_IN(&s, ST_STOPPING);
        DOES(&s, ACT_SIGNAL);
        sim_ends(&s, 0, SIGKILL, true);
        IS_IN(&s, ST_STARTED);
        DOES(&s, ACT_SPAWN);
        cr_assert(s.f.restarts == 0 && s.f.failures == 0);
    }
}

Test(fsm_stop, the_grace_is_followed_by_a_kill_each_second_until_it_is_gone)
{
    struct sim s = sim_new(RESTART_ALWAYS);

    sim_run(&s);
    sim_event(&s, EV_STOP);
    cr_assert(sim_left(&s) == 10000);
    for (int i = 0; i < 5; i++) {
        sim_timer(&s);
        IS_IN(&s, ST_STOPPING);
        DOES(&s, ACT_KILL);
        cr_assert(s.f.killed && sim_left(&s) == 1000, "%lld ms", (long long)sim_left(&s));
    }
    sim_ends(&s, 0, SIGKILL, true);
    IS_IN(&s, ST_STOPPED);
}

Test(fsm_stop, after_a_kill_the_next_stop_has_its_whole_grace)
{
    struct sim s = sim_new(RESTART_ALWAYS);

    for (int i = 0; i < 3; i++) {
        sim_run(&s);
        sim_event(&s, EV_STOP);
        cr_assert(sim_left(&s) == 10000 && !s.f.killed);
        sim_timer(&s);
        DOES(&s, ACT_KILL);
        sim_ends(&s, 0, SIGKILL, true);
    }
    sim_run(&s);
    sim_ends(&s, 1, 0, false);
    cr_assert(sim_left(&s) == 10000 && !s.f.killed);
}

Test(fsm_stop, a_grace_of_0_kills_at_once)
{
    struct sim s = sim_new(RESTART_NEVER);

    s.policy.grace_ms = 0;
    sim_run(&s);
    sim_event(&s, EV_STOP);
    DOES(&s, ACT_SIGNAL);
    cr_assert(sim_left(&s) == 0);
    sim_timer(&s);
    DOES(&s, ACT_KILL);
}

Test(fsm_stop, more_stops_do_not_prolong_the_grace)
{
    struct sim s = sim_new(RESTART_NEVER);

    sim_run(&s);
    sim_event(&s, EV_STOP);
    int64_t due_ms = sim_deadline(&s);
    for (int i = 0; i < 3; i++) {
        sim_pass(&s, 1000);
        sim_event(&s, i == 1 ? EV_RETIRE : EV_STOP);
        DOES(&s, ACT_NONE);
        cr_assert(sim_deadline(&s) == due_ms);
    }
}

Test(fsm_stop, what_is_left_after_a_stop_has_the_rest_of_the_grace)
{
    struct sim s = sim_new(RESTART_NEVER);

    sim_run(&s);
    sim_event(&s, EV_STOP);
    int64_t due_ms = sim_deadline(&s);
    sim_pass(&s, 3000);
    sim_ends(&s, 0, SIGTERM, false);
    IS_IN(&s, ST_STOPPING);
    cr_assert(sim_deadline(&s) == due_ms && s.f.leader_gone);
    sim_timer(&s);
    DOES(&s, ACT_KILL);
    sim_event(&s, EV_EMPTY);
    IS_IN(&s, ST_STOPPED);
    DOES(&s, ACT_NONE);
}

Test(fsm_stop, the_last_of_start_and_stop_wins_while_stopping)
{
    static const enum fsm_event_kind again[] = { EV_START, EV_RESTART };

    for (int i = 0; i < 2; i++) {
        struct sim s = sim_new(RESTART_ALWAYS);
        sim_run(&s);
        sim_event(&s, EV_STOP);
        sim_event(&s, again[i]);
        IS_IN(&s, ST_STOPPING);
        DOES(&s, ACT_NONE);
        sim_exits(&s, 0);
        IS_IN(&s, ST_STARTED);
        DOES(&s, ACT_SPAWN);
        sim_event(&s, EV_SPAWNED);

        sim_event(&s, EV_RESTART);
        sim_event(&s, again[i]);
        sim_event(&s, EV_STOP);
        sim_exits(&s, 0);
        IS_IN(&s, ST_STOPPED);
        DOES(&s, ACT_NONE);
    }
}

Test(fsm_stop, stop_cancels_what_is_pending)
{
    struct sim pending[] = { in_backoff(), in_fatal(), sim_waiting(RESTART_ALWAYS) };

    for (size_t i = 0; i < sizeof(pending) / sizeof(pending[0]); i++) {
        struct sim *s = &pending[i];
        sim_event(s, EV_STOP);
        IS_IN(s, ST_STOPPED);
        DOES(s, ACT_NONE);
        cr_assert(sim_left(s) == -1 && s->f.why.why == WHY_USER);
        sim_needs(s, NEEDS_MET);
        IS_IN(s, ST_STOPPED);
        DOES(s, ACT_NONE);
    }
}

Test(fsm_stop, start_and_restart_in_backoff_and_fatal_start_at_once)
{
    static const enum fsm_event_kind kinds[] = { EV_START, EV_RESTART };

    for (int i = 0; i < 2; i++) {
        struct sim pending[] = { in_backoff(), in_fatal() };
        for (int j = 0; j < 2; j++) {
            struct sim *s = &pending[j];
            sim_event(s, kinds[i]);
            IS_IN(s, ST_STARTED);
            DOES(s, ACT_SPAWN);
            cr_assert(s->f.failures == 0 && s->f.restarts == 0 && s->f.why.why == WHY_USER);
        }
    }
}

Test(fsm_stop, kill_kills_what_is_being_stopped_at_once)
{
    struct sim s = sim_new(RESTART_NEVER);

    sim_run(&s);
    sim_event(&s, EV_STOP);
    sim_pass(&s, 1);
    sim_event(&s, EV_KILL);
    IS_IN(&s, ST_STOPPING);
    DOES(&s, ACT_KILL);
    cr_assert(s.f.killed && sim_left(&s) == 1000);
    sim_ends(&s, 0, SIGKILL, true);
    IS_IN(&s, ST_STOPPED);
}

Test(fsm_stop, a_retired_instance_with_nothing_left_is_gone_at_once)
{
    struct sim at_rest[] = { sim_new(RESTART_ALWAYS), in_backoff(), in_fatal(),
                             sim_waiting(RESTART_ALWAYS) };

    for (size_t i = 0; i < sizeof(at_rest) / sizeof(at_rest[0]); i++) {
        struct sim *s = &at_rest[i];
        sim_event(s, EV_RETIRE);
        IS_IN(s, ST_STOPPED);
        DOES(s, ACT_GONE);
        cr_assert(s->f.retiring);
    }
}

Test(fsm_stop, a_retired_instance_stops_and_is_gone_and_no_start_undoes_it)
{
    struct sim s = sim_new(RESTART_ALWAYS);

    sim_run(&s);
    sim_event(&s, EV_RETIRE);
    IS_IN(&s, ST_STOPPING);
    DOES(&s, ACT_SIGNAL);
    sim_event(&s, EV_START);
    DOES(&s, ACT_NONE);
    sim_event(&s, EV_RESTART);
    DOES(&s, ACT_NONE);
    sim_ends(&s, 1, 0, false);
    IS_IN(&s, ST_STOPPING);
    sim_event(&s, EV_START);
    sim_event(&s, EV_EMPTY);
    IS_IN(&s, ST_STOPPED);
    DOES(&s, ACT_GONE);
    sim_event(&s, EV_START);
    IS_IN(&s, ST_STOPPED);
    cr_assert((s.actions & ACT_SPAWN) == 0);
}

Test(fsm_stop, a_retirement_overtakes_a_restart_and_the_decision_of_an_exit)
{
    struct sim s = sim_new(RESTART_ALWAYS);

    sim_run(&s);
    sim_event(&s, EV_RESTART);
    sim_event(&s, EV_RETIRE);
    sim_exits(&s, 0);
    IS_IN(&s, ST_STOPPED);
    DOES(&s, ACT_GONE);

    s = sim_new(RESTART_ALWAYS);
    sim_run(&s);
    sim_ends(&s, 1, 0, false);
    sim_event(&s, EV_RETIRE);
    sim_event(&s, EV_EMPTY);
    IS_IN(&s, ST_STOPPED);
    DOES(&s, ACT_GONE);
}

Test(fsm_stop, the_reason_is_who_asked)
{
    static const enum why who[] = { WHY_AUTO_LAUNCH, WHY_RELOAD, WHY_SHUTDOWN, WHY_REMOVED };

    for (size_t i = 0; i < sizeof(who) / sizeof(who[0]); i++) {
        struct sim s = sim_new(RESTART_NEVER);
        sim_feed(&s, (struct fsm_event){ .kind = EV_START, .why.why = who[i] });
        IS_IN(&s, ST_STARTED);
        cr_assert(s.f.why.why == who[i]);
        sim_event(&s, EV_SPAWNED);
        sim_timer(&s);
        sim_feed(&s, (struct fsm_event){ .kind = EV_STOP, .why.why = who[i] });
        IS_IN(&s, ST_STOPPING);
        cr_assert(s.f.why.why == who[i]);
        sim_exits(&s, 0);
        IS_IN(&s, ST_STOPPED);
        cr_assert(s.f.why.why == who[i]);
    }
}
