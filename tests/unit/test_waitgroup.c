/* test_waitgroup.c - the WaitGroup: counting, waiting under a deadline, several waiters, reuse. */
#include "chan/waitgroup.h"

#include "chan/chan.h"
#include "threads.h"

#include <criterion/criterion.h>
#include <errno.h>

TestSuite(waitgroup, .timeout = 120);

static void run_wait(struct call *call)
{
    call->result = waitgroup_wait(call->on, call->deadline_ms);
}

static void run_done(struct call *call)
{
    waitgroup_done(call->on);
}

static struct call waiting_call(struct waitgroup *wg)
{
    return (struct call){ .run = run_wait, .on = wg, .deadline_ms = now_ms() + PATIENCE_MS };
}

Test(waitgroup, waiting_for_nothing_returns_at_once_whatever_the_deadline)
{
    struct waitgroup *wg = waitgroup_new();
    cr_assert_eq(waitgroup_wait(wg, CHAN_FOREVER), 0);
    cr_assert_eq(waitgroup_wait(wg, CHAN_NOW), 0);
    waitgroup_add(wg, 0);
    cr_assert_eq(waitgroup_wait(wg, CHAN_NOW), 0);
    waitgroup_free(wg);
    waitgroup_free(NULL);
}

Test(waitgroup, left_counts_what_was_added_and_not_done)
{
    struct waitgroup *wg = waitgroup_new();
    waitgroup_add(wg, 2);
    waitgroup_add(wg, 1);
    for (size_t left = 3; left > 0; left--) {
        cr_assert_eq(waitgroup_left(wg), left);
        cr_assert_eq(waitgroup_wait(wg, CHAN_NOW), -ETIMEDOUT);
        waitgroup_done(wg);
    }
    cr_assert_eq(waitgroup_left(wg), 0);
    cr_assert_eq(waitgroup_wait(wg, CHAN_NOW), 0);
    waitgroup_free(wg);
}

Test(waitgroup, a_wait_that_times_out_does_so_no_earlier_than_its_deadline)
{
    struct waitgroup *wg = waitgroup_new();
    waitgroup_add(wg, 1);
    for (int round = 0; round < 10; round++) {
        int64_t deadline_ms = now_ms() + (round % 2 ? 1 : 20);
        cr_assert_eq(waitgroup_wait(wg, deadline_ms), -ETIMEDOUT);
        cr_assert_geq(now_ms(), deadline_ms);
    }
    cr_assert_eq(waitgroup_left(wg), 1);
    waitgroup_free(wg);
}

Test(waitgroup, several_threads_wait_for_the_same_zero)
{
    struct waitgroup *wg = waitgroup_new();
    struct call waiting[4];
    waitgroup_add(wg, 2);
    for (int i = 0; i < 4; i++) {
        waiting[i] = waiting_call(wg);
        if (i % 2)
            waiting[i].deadline_ms = CHAN_FOREVER;
        call_start(&waiting[i]);
        call_await_blocked(&waiting[i]);
    }
    waitgroup_done(wg);
    for (int i = 0; i < 4; i++)
        cr_assert(thread_is_blocked(atomic_load(&waiting[i].tid)), "woken with one left");
    waitgroup_done(wg);
    for (int i = 0; i < 4; i++)
        cr_assert_eq(call_join(&waiting[i]), 0);
    waitgroup_free(wg);
}

Test(waitgroup, whoever_waits_for_a_zero_returns_even_if_the_group_is_reused_at_once)
{
    struct waitgroup *wg = waitgroup_new();
    waitgroup_add(wg, 1);
    for (int round = 0; round < 200; round++) {
        struct call waiting = waiting_call(wg);
        call_start(&waiting);
        call_await_blocked(&waiting);
        waitgroup_done(wg);
        waitgroup_add(wg, 1);
        cr_assert_eq(call_join(&waiting), 0);
    }
    cr_assert_eq(waitgroup_left(wg), 1);
    waitgroup_free(wg);
}

Test(waitgroup, threads_that_are_done_release_a_waiter_who_may_free_the_group)
{
    for (int round = 0; round < 200; round++) {
        struct waitgroup *wg = waitgroup_new();
        struct call done[4];
        waitgroup_add(wg, 4);
        for (int i = 0; i < 4; i++) {
            done[i] = (struct call){ .run = run_done, .on = wg };
            call_start(&done[i]);
        }
        cr_assert_eq(waitgroup_wait(wg, now_ms() + PATIENCE_MS), 0);
        waitgroup_free(wg);
        for (int i = 0; i < 4; i++)
            call_join(&done[i]);
    }
}
