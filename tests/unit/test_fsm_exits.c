/* What an exit or a failed start leads to: expected codes, restart policies, attempts. */
#include <criterion/criterion.h>
#include <signal.h>

#include "fsm_sim.h"

/* Fails to start until it is no longer tried again; returns the number of starts there were. */
static long starts_until_given_up(struct sim *s, long limit)
{
    long starts = 1;

    sim_event(s, EV_START);
    for (;;) {
        sim_life(s, 1, 1);
        if (s->f.state != ST_BACKOFF || starts == limit)
            return starts;
        sim_timer(s);
        DOES(s, ACT_SPAWN);
        starts++;
    }
}

Test(fsm_exits, started_becomes_running_after_the_start_timeout)
{
    struct sim s = sim_new(RESTART_NEVER);

    sim_start(&s);
    IS_IN(&s, ST_STARTED);
    cr_assert(s.f.alive && s.f.up_ms == s.now_ms);
    cr_assert(sim_left(&s) == 5000);
    sim_timer(&s);
    IS_IN(&s, ST_RUNNING);
    DOES(&s, ACT_NONE);
    cr_assert(s.f.why.why == WHY_ALIVE && s.f.why.ms == 5000 && s.f.since_ms == s.now_ms);
    cr_assert(sim_left(&s) == -1);
}

Test(fsm_exits, a_life_begins_when_the_exec_succeeds)
{
    struct sim s = sim_new(RESTART_NEVER);

    sim_event(&s, EV_START);
    sim_pass(&s, 4000); /* a slow disk */
    sim_event(&s, EV_SPAWNED);
    cr_assert(s.f.up_ms == s.now_ms && sim_left(&s) == 5000);
    sim_pass(&s, 4000);
    sim_exits(&s, 0);
    cr_assert(s.f.lived_ms == 4000);
}

Test(fsm_exits, with_a_start_timeout_of_0_running_comes_with_the_exec)
{
    struct sim s = sim_new(RESTART_NEVER);

    s.policy.start_ms = 0;
    sim_start(&s);
    IS_IN(&s, ST_RUNNING);
    DOES(&s, ACT_NONE);
}

/* code, signal, then the state it leads to from STARTED and from RUNNING for each policy. */
struct exit_row {
    int code;
    int signal;
    enum state started[3];
    enum state running[3];
};

Test(fsm_exits, every_policy_by_kind_of_exit)
{
    static const struct exit_row rows[] = {
        { 0, 0, { ST_STOPPED, ST_STOPPED, ST_BACKOFF }, { ST_STOPPED, ST_STOPPED, ST_STARTED } },
        { 1, 0, { ST_FATAL, ST_BACKOFF, ST_BACKOFF }, { ST_FATAL, ST_STARTED, ST_STARTED } },
        { 3, 0, { ST_STOPPED, ST_STOPPED, ST_BACKOFF }, { ST_STOPPED, ST_STOPPED, ST_STARTED } },
        { 255, 0, { ST_STOPPED, ST_STOPPED, ST_BACKOFF }, { ST_STOPPED, ST_STOPPED, ST_STARTED } },
        { 0, SIGKILL, { ST_FATAL, ST_BACKOFF, ST_BACKOFF }, { ST_FATAL, ST_STARTED, ST_STARTED } },
        { 0,
          SIGTERM,
          { ST_STOPPED, ST_STOPPED, ST_BACKOFF },
          { ST_STOPPED, ST_STOPPED, ST_STARTED } },
        { 143, 0, { ST_STOPPED, ST_STOPPED, ST_BACKOFF }, { ST_STOPPED, ST_STOPPED, ST_STARTED } },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (enum restart_policy restart = RESTART_NEVER; restart <= RESTART_ALWAYS; restart++) {
            for (int up = 0; up < 2; up++) {
                const struct exit_row *row = &rows[i];
                struct sim s = sim_new(restart);
                s.policy.expected = (struct config_codes){ { 9, 0, 1u << 15, UINT64_C(1) << 63 } };
                sim_start(&s);
                if (up)
                    sim_timer(&s);
                sim_pass(&s, 1000);
                sim_ends(&s, row->code, row->signal, true);
                enum state want = up ? row->running[restart] : row->started[restart];
                cr_expect(s.f.state == want, "row %zu policy %d up %d: %s, not %s", i, restart, up,
                          state_name(s.f.state), state_name(want));
                cr_expect(s.actions == (want == ST_STARTED ? ACT_SPAWN : ACT_NONE));
            }
        }
    }
}

Test(fsm_exits, an_exit_is_remembered_and_is_the_reason)
{
    struct sim s = sim_new(RESTART_NEVER);

    sim_run(&s);
    sim_exits(&s, 7);
    IS_IN(&s, ST_FATAL);
    cr_assert(s.f.why.why == WHY_EXITED && s.f.why.arg == 7);
    cr_assert(s.f.exit.known && s.f.exit.code == 7 && s.f.exit.signal == 0 && !s.f.alive);

    sim_run(&s);
    sim_ends(&s, 0, SIGSEGV, true);
    IS_IN(&s, ST_FATAL);
    cr_assert(s.f.why.why == WHY_SIGNALED && s.f.why.arg == SIGSEGV);
    cr_assert(s.f.exit.signal == SIGSEGV);
}

Test(fsm_exits, an_expected_exit_names_itself_too)
{
    struct sim s = sim_new(RESTART_ON_FAILURE);

    sim_run(&s);
    sim_exits(&s, 0);
    IS_IN(&s, ST_STOPPED);
    cr_assert(s.f.why.why == WHY_EXITED && s.f.why.arg == 0);
}

Test(fsm_exits, n_attempts_are_n_plus_1_starts)
{
    static const enum restart_policy both[] = { RESTART_ON_FAILURE, RESTART_ALWAYS };

    for (int i = 0; i < 2; i++) {
        for (long attempts = 1; attempts <= 20; attempts++) {
            struct sim s = sim_new(both[i]);
            s.policy.attempts = attempts;
            long starts = starts_until_given_up(&s, 100);
            IS_IN(&s, ST_FATAL);
            cr_assert(starts == attempts + 1, "%ld starts of %ld attempts", starts, attempts);
            cr_assert(s.f.failures == attempts + 1 && s.f.restarts == (unsigned long)attempts);
        }
    }
}

Test(fsm_exits, attempts_of_0_under_on_failure_are_one_start)
{
    struct sim s = sim_new(RESTART_ON_FAILURE);

    s.policy.attempts = 0;
    cr_assert(starts_until_given_up(&s, 100) == 1);
    IS_IN(&s, ST_FATAL);
}

Test(fsm_exits, without_a_limit_it_is_never_given_up)
{
    struct sim s = sim_new(RESTART_ALWAYS);

    cr_assert(starts_until_given_up(&s, 100000) == 100000);
    IS_IN(&s, ST_BACKOFF);
}

Test(fsm_exits, always_counts_an_expected_early_exit_as_a_failed_start)
{
    struct sim s = sim_new(RESTART_ALWAYS);

    s.policy.attempts = 1;
    sim_event(&s, EV_START);
    sim_life(&s, 1, 0);
    IS_IN(&s, ST_BACKOFF);
    sim_timer(&s);
    sim_life(&s, 1, 0);
    IS_IN(&s, ST_FATAL);
}

Test(fsm_exits, an_exec_that_fails_is_a_failed_start)
{
    static const enum state ends[3] = {
        [RESTART_NEVER] = ST_FATAL,
        [RESTART_ON_FAILURE] = ST_BACKOFF,
        [RESTART_ALWAYS] = ST_BACKOFF,
    };

    for (enum restart_policy restart = RESTART_NEVER; restart <= RESTART_ALWAYS; restart++) {
        struct sim s = sim_new(restart);
        s.policy.start_ms = 0;
        s.policy.expected.bits[1] = UINT64_MAX; /* 126 and 127 are expected: no matter */
        sim_event(&s, EV_START);
        sim_spawn_fails(&s, false);
        IS_IN(&s, ends[restart]);
        DOES(&s, ACT_NONE);
        cr_assert(s.f.why.why == WHY_NOT_SPAWNED && !s.f.alive);
    }
}

Test(fsm_exits, failed_execs_and_early_exits_share_the_attempts)
{
    struct sim s = sim_new(RESTART_ON_FAILURE);

    s.policy.attempts = 2;
    sim_event(&s, EV_START);
    sim_spawn_fails(&s, false);
    sim_timer(&s);
    sim_life(&s, 1, 1);
    IS_IN(&s, ST_BACKOFF);
    sim_timer(&s);
    sim_spawn_fails(&s, false);
    IS_IN(&s, ST_FATAL);
    cr_assert(s.f.why.why == WHY_NOT_SPAWNED);
}

Test(fsm_exits, want_of_resources_is_retried_and_is_no_failed_start)
{
    for (enum restart_policy restart = RESTART_NEVER; restart <= RESTART_ALWAYS; restart++) {
        struct sim s = sim_new(restart);
        s.policy.attempts = 0;
        s.policy.delay_ms = 0;
        sim_event(&s, EV_START);
        for (int i = 0; i < 1000; i++) {
            sim_spawn_fails(&s, true);
            IS_IN(&s, ST_BACKOFF);
            DOES(&s, ACT_NONE);
            cr_assert(s.f.failures == 0 && s.f.why.why == WHY_NO_RESOURCES);
            cr_assert(sim_left(&s) >= 10, "after %lld ms", (long long)sim_left(&s));
            sim_timer(&s);
            DOES(&s, ACT_SPAWN);
        }
        sim_event(&s, EV_SPAWNED);
        IS_IN(&s, ST_STARTED);
    }
}

Test(fsm_exits, reaching_running_gives_all_attempts_back)
{
    struct sim s = sim_new(RESTART_ON_FAILURE);

    s.policy.attempts = 2;
    sim_event(&s, EV_START);
    for (int i = 0; i < 2; i++) {
        sim_life(&s, 1, 1);
        sim_timer(&s);
    }
    cr_assert(s.f.failures == 2);
    sim_life(&s, 6000, 1);
    DOES(&s, ACT_SPAWN);
    cr_assert(s.f.failures == 0);
    for (int i = 0; i < 2; i++) {
        sim_life(&s, 1, 1);
        IS_IN(&s, ST_BACKOFF);
        sim_timer(&s);
    }
    sim_life(&s, 1, 1);
    IS_IN(&s, ST_FATAL);
}

Test(fsm_exits, a_users_start_gives_all_attempts_back)
{
    struct sim s = sim_new(RESTART_ON_FAILURE);

    cr_assert(starts_until_given_up(&s, 100) == 4);
    cr_assert(starts_until_given_up(&s, 100) == 4);
    IS_IN(&s, ST_FATAL);

    sim_event(&s, EV_START);
    sim_life(&s, 1, 1);
    sim_timer(&s);
    sim_life(&s, 1, 1);
    IS_IN(&s, ST_BACKOFF);
    cr_assert(starts_until_given_up(&s, 100) == 4);
}

Test(fsm_exits, an_exit_after_the_timeout_is_no_failed_start_even_if_seen_before_it)
{
    struct sim s = sim_new(RESTART_ON_FAILURE);

    s.policy.attempts = 0;
    sim_start(&s);
    sim_pass(&s, 5001); /* the exit and the deadline are both there; the exit is looked at first */
    sim_exits(&s, 1);
    IS_IN(&s, ST_STARTED);
    DOES(&s, ACT_SPAWN);
}

Test(fsm_exits, restarts_count_automatic_ones_since_the_users_last_start)
{
    struct sim s = sim_new(RESTART_ALWAYS);

    sim_run(&s);
    cr_assert(s.f.restarts == 0);
    for (unsigned long i = 1; i <= 5; i++) {
        sim_life(&s, 100000, 0);
        DOES(&s, ACT_SPAWN);
        cr_assert(s.f.restarts == i, "%lu restarts, not %lu", s.f.restarts, i);
    }
    sim_life(&s, 1, 1);
    cr_assert(s.f.restarts == 5);
    sim_timer(&s);
    cr_assert(s.f.restarts == 6);
    sim_event(&s, EV_SPAWNED);

    sim_event(&s, EV_RESTART);
    sim_exits(&s, 0);
    DOES(&s, ACT_SPAWN);
    cr_assert(s.f.restarts == 0, "%lu restarts after the user's", s.f.restarts);
}

Test(fsm_exits, the_policy_comes_from_the_task)
{
    struct task_config task = {
        .restart = RESTART_ALWAYS,
        .expected.bits = { 1, 2, 3, 4 },
        .attempts = 5,
        .start_ms = 6,
        .delay_ms = 7,
        .delay_max_ms = 8,
        .fatal_retry_ms = 9,
        .grace_ms = 10,
    };
    struct fsm_policy policy;

    fsm_policy_of(&task, &policy);
    cr_assert(policy.restart == RESTART_ALWAYS && policy.attempts == 5 && policy.start_ms == 6);
    cr_assert(policy.delay_ms == 7 && policy.delay_max_ms == 8 && policy.fatal_retry_ms == 9);
    cr_assert(policy.grace_ms == 10);
    for (size_t i = 0; i < 4; i++)
        cr_assert(policy.expected.bits[i] == i + 1);
}
