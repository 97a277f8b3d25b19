/* test_verdict.c - which ends of an instance end the supervisor, and with which code. */
#include "verdict.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <signal.h>

static const struct task_config on_fatal = { .on_fatal = ON_END_SHUTDOWN };
static const struct task_config on_exit_too = { .on_exit = ON_END_SHUTDOWN };
static const struct task_config ignored = { .on_fatal = ON_END_IGNORE };

static bool due(const struct task_config *task, enum state from, enum state to, enum why why)
{
    const struct fsm before = { .state = from };
    const struct fsm after = { .state = to, .why.why = why };
    return verdict_is_due(task, &before, &after);
}

Test(verdict, on_fatal_minds_only_fatal)
{
    cr_assert(due(&on_fatal, ST_STARTED, ST_FATAL, WHY_EXITED));
    cr_assert(due(&on_fatal, ST_WAITING, ST_FATAL, WHY_NEEDS_FAILED));
    cr_assert_not(due(&on_fatal, ST_RUNNING, ST_STOPPED, WHY_EXITED));
    cr_assert_not(due(&on_fatal, ST_FATAL, ST_FATAL, WHY_NEEDS_FAILED));
}

Test(verdict, on_exit_minds_every_end_for_good_but_a_users_stop)
{
    cr_assert(due(&on_exit_too, ST_RUNNING, ST_STOPPED, WHY_EXITED));
    cr_assert(due(&on_exit_too, ST_STOPPING, ST_STOPPED, WHY_SIGNALED));
    cr_assert(due(&on_exit_too, ST_STARTED, ST_FATAL, WHY_NOT_SPAWNED));
    cr_assert_not(due(&on_exit_too, ST_STOPPING, ST_STOPPED, WHY_USER));
    cr_assert_not(due(&on_exit_too, ST_STOPPING, ST_STOPPED, WHY_RELOAD));
    cr_assert_not(due(&on_exit_too, ST_RUNNING, ST_STARTED, WHY_EXITED));
    cr_assert_not(due(&on_exit_too, ST_RUNNING, ST_BACKOFF, WHY_EXITED));
    cr_assert_not(due(&ignored, ST_RUNNING, ST_FATAL, WHY_EXITED));
}

Test(verdict, fatal_is_not_for_good_where_it_is_tried_again)
{
    const struct task_config again = { .on_exit = ON_END_SHUTDOWN, .fatal_retry_ms = 1000 };
    const struct task_config both = { .on_fatal = ON_END_SHUTDOWN, .fatal_retry_ms = 1000 };
    cr_assert_not(due(&again, ST_RUNNING, ST_FATAL, WHY_EXITED));
    cr_assert(due(&both, ST_RUNNING, ST_FATAL, WHY_EXITED));
}

static int code(enum why why, struct fsm_exit exit, int spawn_error)
{
    const struct fsm fsm = { .state = ST_FATAL, .why.why = why, .exit = exit };
    return verdict_code(&fsm, spawn_error);
}

Test(verdict, the_code_is_the_tasks)
{
    const struct fsm_exit three = { .known = true, .code = 3 };
    const struct fsm_exit killed = { .known = true, .signal = SIGKILL };
    const struct fsm_exit zero = { .known = true };
    cr_assert_eq(code(WHY_EXITED, three, 0), 3);
    cr_assert_eq(code(WHY_EXITED, zero, 0), 0);
    cr_assert_eq(code(WHY_SIGNALED, killed, 0), 128 + SIGKILL);
    cr_assert_eq(code(WHY_NOT_SPAWNED, three, -ENOENT), 127);
    cr_assert_eq(code(WHY_NOT_SPAWNED, three, -EINVAL), 126);
    cr_assert_eq(code(WHY_NEEDS_FAILED, zero, 0), 1);
    cr_assert_eq(code(WHY_UNHEALTHY, killed, 0), 128 + SIGKILL);
    cr_assert_eq(code(WHY_NOT_READY, zero, 0), 1);
}
