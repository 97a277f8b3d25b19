/* How long it is before the next try: delays, their doubling, their spread and their end. */
#include <criterion/criterion.h>

#include "fsm_sim.h"

/* In BACKOFF with this delay; lets it pass. */
static void waits(struct sim *s, int64_t ms)
{
    IS_IN(s, ST_BACKOFF);
    DOES(s, ACT_NONE);
    cr_assert(sim_left(s) == ms, "waits %lld ms instead of %lld", (long long)sim_left(s),
              (long long)ms);
    sim_timer(s);
    IS_IN(s, ST_STARTED);
    DOES(s, ACT_SPAWN);
}

static void restarts_at_once(struct sim *s)
{
    IS_IN(s, ST_STARTED);
    DOES(s, ACT_SPAWN);
}

Test(fsm_delay, doubles_after_each_failed_start_up_to_the_maximum)
{
    static const int64_t delays[] = { 500, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000 };
    struct sim s = sim_new(RESTART_ALWAYS);

    sim_event(&s, EV_START);
    for (size_t i = 0; i < sizeof(delays) / sizeof(delays[0]); i++) {
        sim_life(&s, 1, 1);
        waits(&s, delays[i]);
    }
}

Test(fsm_delay, doubles_after_failed_execs_too)
{
    struct sim s = sim_new(RESTART_ALWAYS);

    sim_event(&s, EV_START);
    for (int64_t delay_ms = 500; delay_ms <= 16000; delay_ms *= 2) {
        sim_spawn_fails(&s, false);
        waits(&s, delay_ms);
    }
}

Test(fsm_delay, never_overflows)
{
    struct sim s = sim_new(RESTART_ALWAYS);

    s.policy.delay_max_ms = INT64_C(1) << 53;
    s.chance = 1023;
    sim_event(&s, EV_START);
    for (int i = 0; i < 200; i++) {
        sim_life(&s, 1, 1);
        IS_IN(&s, ST_BACKOFF);
        cr_assert(sim_left(&s) >= 500 && sim_left(&s) <= (INT64_C(1) << 53) / 10 * 11 + 11);
        s.now_ms = 1000000; /* or the clock would be what overflows */
        s.f.since_ms = s.now_ms;
        s.now_ms = sim_deadline(&s);
        sim_event(&s, EV_DEADLINE);
        s.now_ms = 1000000;
    }
}

Test(fsm_delay, the_reason_of_a_retry_names_the_delay)
{
    struct sim s = sim_new(RESTART_ON_FAILURE);

    sim_start(&s);
    sim_pass(&s, 1);
    sim_exits(&s, 4);
    IS_IN(&s, ST_BACKOFF);
    cr_assert(s.f.why.why == WHY_EXITED && s.f.why.arg == 4);
    sim_timer(&s);
    cr_assert(s.f.why.why == WHY_RETRY && s.f.why.ms == 500 && s.f.since_ms == s.now_ms);
}

Test(fsm_delay, after_running_a_restart_is_immediate)
{
    struct sim s = sim_new(RESTART_ON_FAILURE);

    sim_event(&s, EV_START);
    for (int i = 0; i < 100; i++) {
        sim_life(&s, 5100, 1);
        restarts_at_once(&s);
    }
}

Test(fsm_delay, after_a_short_run_the_delay_is_waited_for)
{
    struct sim s = sim_new(RESTART_ALWAYS);

    s.policy.start_ms = 100;
    sim_event(&s, EV_START);
    for (int64_t delay_ms = 500; delay_ms <= 16000; delay_ms *= 2) {
        sim_life(&s, 499, 0);
        waits(&s, delay_ms);
    }
    sim_life(&s, 501, 0);
    restarts_at_once(&s);
}

Test(fsm_delay, short_runs_use_no_attempts)
{
    struct sim s = sim_new(RESTART_ON_FAILURE);

    s.policy.start_ms = 0;
    s.policy.attempts = 1;
    sim_event(&s, EV_START);
    for (int i = 0; i < 100; i++) {
        sim_life(&s, 1, 1);
        IS_IN(&s, ST_BACKOFF);
        cr_assert(s.f.failures == 0);
        sim_timer(&s);
    }
}

Test(fsm_delay, is_reset_by_an_uptime_longer_than_the_last_delay_and_the_start_timeout)
{
    struct sim s = sim_new(RESTART_ALWAYS);

    sim_event(&s, EV_START);
    for (int64_t delay_ms = 500; delay_ms <= 8000; delay_ms *= 2) {
        sim_life(&s, 1, 1);
        waits(&s, delay_ms);
    }
    sim_life(&s, 8001, 1);
    restarts_at_once(&s);
    sim_life(&s, 1, 1);
    waits(&s, 500);
}

Test(fsm_delay, is_not_reset_by_reaching_running_alone)
{
    struct sim s = sim_new(RESTART_ALWAYS);

    s.policy.start_ms = 1000;
    sim_event(&s, EV_START);
    for (int64_t delay_ms = 500; delay_ms <= 8000; delay_ms *= 2) {
        sim_life(&s, 1, 1);
        waits(&s, delay_ms);
    }
    sim_life(&s, 7999, 1); /* RUNNING for 7 s, but not longer than the last delay of 8 s */
    restarts_at_once(&s);
    sim_life(&s, 1, 1);
    waits(&s, 16000);
}

Test(fsm_delay, is_not_reset_by_an_uptime_within_the_start_timeout)
{
    struct sim s = sim_new(RESTART_ALWAYS);

    sim_event(&s, EV_START);
    sim_life(&s, 1, 1);
    waits(&s, 500);
    sim_life(&s, 4999, 1); /* longer than the delay, but a failed start */
    waits(&s, 1000);
    sim_life(&s, 4999, 1);
    waits(&s, 2000);
}

Test(fsm_delay, of_0_counts_as_10_ms_and_cannot_spin)
{
    struct sim s = sim_new(RESTART_ALWAYS);

    s.policy.start_ms = 0;
    s.policy.delay_ms = 0;
    sim_event(&s, EV_START);
    for (int64_t delay_ms = 10; delay_ms <= 20480; delay_ms *= 2) {
        sim_life(&s, 0, 0);
        waits(&s, delay_ms);
    }
}

Test(fsm_delay, of_0_with_a_maximum_of_0_cannot_spin_either)
{
    struct sim s = sim_new(RESTART_ALWAYS);

    s.policy.start_ms = 0;
    s.policy.delay_ms = 0;
    s.policy.delay_max_ms = 0;
    sim_event(&s, EV_START);
    for (int i = 0; i < 100; i++) {
        sim_life(&s, 0, 0);
        IS_IN(&s, ST_BACKOFF);
        cr_assert(sim_left(&s) >= 10, "%lld ms", (long long)sim_left(&s));
        sim_timer(&s);
    }
}

Test(fsm_delay, nothing_starts_more_than_100_times_a_second)
{
    for (int64_t life_ms = 0; life_ms <= 20; life_ms++) {
        struct sim s = sim_new(RESTART_ALWAYS);
        s.policy.start_ms = 0;
        s.policy.delay_ms = 0;
        s.policy.delay_max_ms = 0;
        sim_event(&s, EV_START);
        int64_t end_ms = s.now_ms + 1000;
        int starts = 0;
        for (; s.now_ms < end_ms && starts <= 100; starts++) {
            sim_life(&s, life_ms, 0);
            if (s.f.state == ST_BACKOFF)
                sim_timer(&s);
            DOES(&s, ACT_SPAWN);
        }
        cr_assert(starts <= 100, "%d starts in a second with lives of %lld ms", starts,
                  (long long)life_ms);
    }
}

Test(fsm_delay, carries_up_to_a_tenth_of_chance_that_does_not_add_up)
{
    struct sim calm = sim_new(RESTART_ALWAYS);
    struct sim odd = sim_new(RESTART_ALWAYS);

    odd.chance = 1023;
    sim_event(&calm, EV_START);
    sim_event(&odd, EV_START);
    for (int i = 0; i < 10; i++) {
        sim_life(&calm, 1, 1);
        sim_life(&odd, 1, 1);
        int64_t least = sim_left(&calm);
        int64_t most = sim_left(&odd);
        cr_assert(most > least + least / 20 && most <= least + least / 10, "%lld to %lld ms",
                  (long long)least, (long long)most);
        cr_assert(calm.f.delay_ms == odd.f.delay_ms && calm.f.delay_ms == least);
        sim_timer(&calm);
        sim_timer(&odd);
    }
}

Test(fsm_delay, fatal_is_final_without_a_retry_delay)
{
    struct sim s = sim_new(RESTART_NEVER);

    sim_run(&s);
    sim_exits(&s, 1);
    IS_IN(&s, ST_FATAL);
    cr_assert(sim_left(&s) == -1);
}

Test(fsm_delay, a_fatal_retry_gives_all_attempts_back)
{
    struct sim s = sim_new(RESTART_ON_FAILURE);

    s.policy.attempts = 2;
    s.policy.fatal_retry_ms = 60000;
    sim_event(&s, EV_START);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 2; i++) {
            sim_life(&s, 1, 1);
            IS_IN(&s, ST_BACKOFF);
            sim_timer(&s);
        }
        sim_life(&s, 1, 1);
        IS_IN(&s, ST_FATAL);
        cr_assert(sim_left(&s) >= 60000 && sim_left(&s) <= 66000);
        sim_timer(&s);
        IS_IN(&s, ST_STARTED);
        DOES(&s, ACT_SPAWN);
        cr_assert(s.f.failures == 0);
    }
    cr_assert(s.f.restarts == 3 * 3, "%lu restarts", s.f.restarts);
}

Test(fsm_delay, a_replaced_policy_takes_effect_at_once)
{
    struct sim s = sim_new(RESTART_NEVER);

    sim_start(&s);
    s.policy.start_ms = 1000;
    cr_assert(sim_left(&s) == 1000);
    sim_timer(&s);
    IS_IN(&s, ST_RUNNING);

    sim_event(&s, EV_STOP);
    cr_assert(sim_left(&s) == 10000);
    s.policy.grace_ms = 2000;
    cr_assert(sim_left(&s) == 2000);

    sim_exits(&s, 0);
    sim_run(&s);
    sim_exits(&s, 1);
    IS_IN(&s, ST_FATAL);
    s.policy.fatal_retry_ms = 3000;
    cr_assert(sim_left(&s) >= 3000 && sim_left(&s) <= 3300, "%lld ms", (long long)sim_left(&s));
    sim_timer(&s);
    DOES(&s, ACT_SPAWN);
}
