/* test_vital_rules.c - when a probe is due, what its result means, and that there is never more
 * than one. */
#include "vital_rules.h"

#include <criterion/criterion.h>
#include <string.h>

#define NOW 1000000

static struct task_config task_with(struct config_probe ready, struct config_probe health)
{
    return (struct task_config){ .ready = ready, .health = health };
}

static const struct config_probe none = { .kind = PROBE_NONE };
static const struct config_probe ready_exec = { .kind = PROBE_EXEC,
                                                .interval_ms = 1000,
                                                .timeout_ms = 30000 };
static const struct config_probe health_exec = {
    .kind = PROBE_EXEC, .interval_ms = 10000, .timeout_ms = 2000, .retries = 3
};
static const struct config_probe watchdog = { .kind = PROBE_WATCHDOG, .timeout_ms = 30000 };
static const struct config_probe notify = { .kind = PROBE_NOTIFY, .timeout_ms = 30000 };

static struct vital_state in_phase(const struct task_config *task, enum vital_phase phase)
{
    struct vital_state s = { .due_ms = INT64_MAX };
    cr_assert_eq(vital_enter(&s, task, phase, NOW), VITAL_NOTHING);
    return s;
}

Test(vital_rules, readiness_is_asked_at_once_and_again_an_interval_after_the_last_answer)
{
    struct task_config task = task_with(ready_exec, none);
    struct vital_state s = in_phase(&task, VITAL_STARTING);
    cr_assert_eq(s.due_ms, NOW);
    cr_assert_eq(vital_due(&s, &task, NOW), VITAL_PROBE);
    cr_expect_eq(vital_probed(&s, &task, VITAL_BAD, NOW + 700), VITAL_WORSE);
    cr_expect_eq(s.due_ms, NOW + 1700);
    cr_assert_eq(vital_due(&s, &task, NOW + 1700), VITAL_PROBE);
    cr_expect_eq(vital_probed(&s, &task, VITAL_GOOD, NOW + 1800), VITAL_READY);
}

Test(vital_rules, health_begins_an_interval_after_running_and_fails_after_so_many_in_a_row)
{
    struct task_config task = task_with(none, health_exec);
    struct vital_state s = in_phase(&task, VITAL_STARTING);
    cr_expect_eq(s.due_ms, INT64_MAX);
    cr_expect_eq(vital_enter(&s, &task, VITAL_RUNNING, NOW), VITAL_NOTHING);
    cr_assert_eq(s.due_ms, NOW + 10000);
    static const struct {
        enum vital_result result;
        unsigned actions;
    } story[] = {
        { VITAL_GOOD, VITAL_NOTHING }, { VITAL_BAD, VITAL_WORSE },
        { VITAL_BAD, VITAL_NOTHING },  { VITAL_GOOD, VITAL_BETTER },
        { VITAL_BAD, VITAL_WORSE },    { VITAL_UNKNOWN, VITAL_NOTHING },
        { VITAL_BAD, VITAL_NOTHING },  { VITAL_BAD, VITAL_UNHEALTHY },
    };
    for (size_t i = 0; i < sizeof story / sizeof story[0]; i++) {
        int64_t now_ms = s.due_ms;
        cr_assert_eq(vital_due(&s, &task, now_ms), VITAL_PROBE);
        cr_expect_eq(vital_probed(&s, &task, story[i].result, now_ms + 5), story[i].actions, "%zu",
                     i);
    }
    cr_expect_eq(s.checks, 7);
    cr_expect_eq(s.failures, 3);
}

Test(vital_rules, a_probe_over_its_time_has_failed_and_the_next_waits_for_its_end)
{
    struct task_config task = task_with(none, health_exec);
    struct vital_state s = in_phase(&task, VITAL_RUNNING);
    vital_due(&s, &task, NOW + 10000);
    cr_assert_eq(s.due_ms, NOW + 12000);
    cr_expect_eq(vital_due(&s, &task, NOW + 12000), VITAL_KILL | VITAL_LATE | VITAL_WORSE);
    cr_expect_eq(s.due_ms, INT64_MAX, "a second one beside it");
    cr_expect_eq(vital_probed(&s, &task, VITAL_BAD, NOW + 99000), VITAL_NOTHING, "counted twice");
    cr_expect_eq(s.failures, 1);
    cr_expect_eq(s.due_ms, NOW + 109000);
}

Test(vital_rules, what_is_not_wanted_any_more_is_killed_and_means_nothing)
{
    struct task_config task = task_with(ready_exec, health_exec);
    struct vital_state s = in_phase(&task, VITAL_STARTING);
    vital_due(&s, &task, NOW);
    cr_expect_eq(vital_enter(&s, &task, VITAL_OFF, NOW + 1), VITAL_KILL);
    cr_expect_eq(s.due_ms, INT64_MAX);
    cr_expect_eq(vital_probed(&s, &task, VITAL_GOOD, NOW + 2), VITAL_NOTHING);
    cr_expect_eq(s.due_ms, INT64_MAX);
}

Test(vital_rules, a_slow_interval_gives_a_probe_of_readiness_more_time)
{
    struct config_probe slow = ready_exec;
    slow.interval_ms = 20000;
    cr_expect_eq(vital_patience_ms(&ready_exec, VITAL_STARTING), 5000);
    cr_expect_eq(vital_patience_ms(&slow, VITAL_STARTING), 20000);
    cr_expect_eq(vital_patience_ms(&health_exec, VITAL_RUNNING), 2000);
}

static unsigned tell(struct vital_state *s, const struct task_config *task, const char *text,
                     int64_t now_ms)
{
    struct notice notice;
    notice_parse(text, strlen(text), &notice);
    return vital_told(s, task, &notice, now_ms);
}

Test(vital_rules, ready_is_heard_only_where_and_when_it_is_asked_for)
{
    struct task_config notifies = task_with(notify, none), asks = task_with(ready_exec, none);
    struct vital_state s = in_phase(&notifies, VITAL_STARTING);
    cr_expect_eq(tell(&s, &notifies, "STATUS=nearly", NOW), VITAL_NOTHING);
    cr_expect_eq(tell(&s, &notifies, "READY=1", NOW), VITAL_READY);
    s = in_phase(&notifies, VITAL_RUNNING);
    cr_expect_eq(tell(&s, &notifies, "READY=1", NOW), VITAL_NOTHING);
    s = in_phase(&asks, VITAL_STARTING);
    cr_expect_eq(tell(&s, &asks, "READY=1", NOW), VITAL_NOTHING);
}

Test(vital_rules, each_sign_of_life_winds_the_watchdog_up_again)
{
    struct task_config task = task_with(notify, watchdog);
    struct vital_state s = in_phase(&task, VITAL_RUNNING);
    cr_assert_eq(s.due_ms, NOW + 30000);
    cr_expect_eq(tell(&s, &task, "WATCHDOG=1", NOW + 20000), VITAL_NOTHING);
    cr_assert_eq(s.due_ms, NOW + 50000);
    cr_expect_eq(tell(&s, &task, "STATUS=x", NOW + 40000), VITAL_NOTHING);
    cr_assert_eq(s.due_ms, NOW + 50000);
    cr_expect_eq(vital_due(&s, &task, NOW + 50000), VITAL_LATE | VITAL_UNHEALTHY);
}

Test(vital_rules, the_task_may_change_its_watchdog_or_set_it_off)
{
    struct task_config task = task_with(notify, watchdog);
    struct vital_state s = in_phase(&task, VITAL_STARTING);
    tell(&s, &task, "WATCHDOG_USEC=5000000", NOW);
    cr_expect_eq(tell(&s, &task, "WATCHDOG=trigger", NOW), VITAL_NOTHING, "not RUNNING");
    vital_enter(&s, &task, VITAL_RUNNING, NOW);
    cr_expect_eq(s.due_ms, NOW + 5000);
    tell(&s, &task, "WATCHDOG_USEC=0", NOW);
    cr_expect_eq(s.due_ms, INT64_MAX);
    cr_expect_eq(tell(&s, &task, "WATCHDOG=trigger", NOW), VITAL_UNHEALTHY);
    vital_enter(&s, &task, VITAL_OFF, NOW);
    vital_enter(&s, &task, VITAL_RUNNING, NOW);
    cr_expect_eq(s.due_ms, NOW + 30000, "what the last life said");
}
