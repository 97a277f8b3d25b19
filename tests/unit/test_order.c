/* test_order.c - what an order is answered, and when: the state machine is stepped for real, the
 * process is not. */
#include <criterion/criterion.h>

#include <stdlib.h>

#include "order.h"

/* An instance as an order sees it: its state, and the answer once there is one. */
struct scene {
    struct fsm fsm;
    struct fsm_policy policy;
    struct order *order;
    bool answered;
    struct answer answer;
};

static struct scene scene_of(enum order_kind kind)
{
    struct scene s = {
        .fsm = fsm_initial(1000),
        .policy = { .restart = RESTART_ON_FAILURE,
                    .expected = { { 1 } },
                    .attempts = 1,
                    .start_ms = 100,
                    .delay_ms = 50,
                    .delay_max_ms = 1000,
                    .grace_ms = 500 },
        .order = order_new(kind, (struct reason){ .why = WHY_USER }, NULL),
    };
    cr_assert(s.order);
    return s;
}

static void step(struct scene *s, struct fsm_event ev, bool fresh)
{
    struct fsm before = s->fsm;
    if (ev.now_ms == 0)
        ev.now_ms = before.since_ms + 10;
    struct fsm_step next = fsm_next(before, &s->policy, ev);
    cr_assert_eq(next.actions & ACT_BUG, 0);
    s->fsm = next.next;
    struct order_view view = {
        .before = &before,
        .ev = &ev,
        .after = &s->fsm,
        .fresh = fresh,
        .pid = 42,
        .grace_ms = s->policy.grace_ms,
        .detail = "exec x: No such file or directory",
    };
    if (!s->answered)
        s->answered = order_settled(s->order, &view, &s->answer);
}

/* Brings the instance somewhere before the order exists. */
static void before(struct scene *s, struct fsm_event ev)
{
    struct fsm_step next = fsm_next(s->fsm, &s->policy, ev);
    cr_assert_eq(next.actions & ACT_BUG, 0);
    s->fsm = next.next;
}

static struct fsm_event event(enum fsm_event_kind kind)
{
    return (struct fsm_event){ .kind = kind, .why = { .why = WHY_USER } };
}

static struct fsm_event exited(int code)
{
    return (struct fsm_event){ .kind = EV_EXITED, .exit = { .code = code }, .group_empty = true };
}

static void bring_to(struct scene *s, enum state state)
{
    if (state == ST_STOPPED)
        return;
    struct fsm_event ev = event(EV_START);
    ev.now_ms = 1000;
    before(s, ev);
    ev = event(EV_SPAWNED);
    ev.now_ms = 1000;
    before(s, ev);
    if (state == ST_RUNNING) {
        ev = event(EV_DEADLINE);
        ev.now_ms = 1100;
        before(s, ev);
    } else if (state == ST_BACKOFF) {
        ev = exited(1);
        ev.now_ms = 1010;
        before(s, ev);
    }
    cr_assert_eq(s->fsm.state, state);
}

static void end(struct scene *s)
{
    answer_release(&s->answer);
    order_free(s->order);
}

static void expect(struct scene *s, enum outcome outcome)
{
    cr_assert(s->answered);
    cr_expect_eq(s->answer.outcome, outcome, "outcome %d", s->answer.outcome);
}

Test(order, a_start_is_answered_once_the_exec_succeeded)
{
    struct scene s = scene_of(ORDER_START);
    step(&s, event(EV_START), true);
    cr_assert_not(s.answered);
    step(&s, event(EV_SPAWNED), false);
    expect(&s, OUT_STARTED);
    cr_expect_eq(s.answer.pid, 42);
    end(&s);
}

Test(order, a_start_whose_exec_failed_says_why_although_it_is_tried_again)
{
    struct scene s = scene_of(ORDER_START);
    step(&s, event(EV_START), true);
    step(&s, event(EV_SPAWN_FAILED), false);
    expect(&s, OUT_FAILED);
    cr_expect_str_eq(s.answer.text, "exec x: No such file or directory");
    cr_expect_eq(s.fsm.state, ST_BACKOFF);
    end(&s);
}

Test(order, a_start_for_want_of_resources_is_answered_although_it_is_tried_again)
{
    struct scene s = scene_of(ORDER_START);
    struct fsm_event failed = event(EV_SPAWN_FAILED);
    failed.transient = true;
    step(&s, event(EV_START), true);
    step(&s, failed, false);
    expect(&s, OUT_FAILED);
    cr_expect_eq(s.fsm.state, ST_BACKOFF);
    end(&s);
}

Test(order, a_start_that_waits_outlives_a_want_of_resources)
{
    struct scene s = scene_of(ORDER_START);
    struct fsm_event failed = event(EV_SPAWN_FAILED);
    failed.transient = true;
    s.order->wait = true;
    step(&s, event(EV_START), true);
    step(&s, failed, false);
    cr_assert_not(s.answered);
    end(&s);
}

Test(order, a_stop_that_was_cut_short_says_how_long_it_had)
{
    struct scene s = scene_of(ORDER_STOP);
    struct fsm_event kill = event(EV_KILL);
    bring_to(&s, ST_RUNNING);
    step(&s, event(EV_STOP), true);
    kill.now_ms = s.fsm.since_ms + 200;
    step(&s, kill, false);
    step(&s, exited(0), false);
    expect(&s, OUT_KILLED);
    cr_expect_eq(s.answer.ms, 200);
    end(&s);
}

Test(order, a_start_of_what_runs_changes_nothing)
{
    struct scene s = scene_of(ORDER_START);
    bring_to(&s, ST_RUNNING);
    step(&s, event(EV_START), true);
    expect(&s, OUT_ALREADY_RUNNING);
    end(&s);
}

Test(order, a_start_that_waits_is_answered_at_running)
{
    struct scene s = scene_of(ORDER_START);
    s.order->wait = true;
    step(&s, event(EV_START), true);
    step(&s, event(EV_SPAWNED), false);
    cr_assert_not(s.answered);
    step(&s, event(EV_DEADLINE), false);
    expect(&s, OUT_STARTED);
    end(&s);
}

Test(order, a_start_that_waits_joins_one_that_is_on_its_way)
{
    struct scene s = scene_of(ORDER_START);
    s.order->wait = true;
    bring_to(&s, ST_STARTED);
    step(&s, event(EV_START), true);
    cr_assert_not(s.answered);
    step(&s, event(EV_DEADLINE), false);
    expect(&s, OUT_STARTED);
    end(&s);
}

Test(order, a_start_that_waits_outlives_failed_starts_until_it_is_given_up)
{
    struct scene s = scene_of(ORDER_START);
    s.order->wait = true;
    step(&s, event(EV_START), true);
    step(&s, event(EV_SPAWNED), false);
    step(&s, exited(3), false);
    step(&s, event(EV_DEADLINE), false);
    step(&s, event(EV_SPAWNED), false);
    cr_assert_not(s.answered);
    step(&s, exited(3), false);
    expect(&s, OUT_FAILED);
    cr_expect_str_eq(s.answer.text, "exited with code 3");
    end(&s);
}

Test(order, a_start_that_waits_is_content_with_an_end_that_was_expected)
{
    struct scene s = scene_of(ORDER_START);
    s.order->wait = true;
    step(&s, event(EV_START), true);
    step(&s, event(EV_SPAWNED), false);
    step(&s, exited(0), false);
    expect(&s, OUT_STARTED);
    end(&s);
}

Test(order, a_stop_overtakes_a_start_that_waits)
{
    struct scene s = scene_of(ORDER_START);
    s.order->wait = true;
    step(&s, event(EV_START), true);
    step(&s, event(EV_SPAWNED), false);
    step(&s, event(EV_STOP), false);
    expect(&s, OUT_OVERTAKEN);
    cr_expect_str_eq(s.answer.text, "start overtaken by stop");
    end(&s);
}

Test(order, a_shutdown_says_that_it_is_one)
{
    struct scene s = scene_of(ORDER_START);
    struct fsm_event retire = { .kind = EV_RETIRE, .why = { .why = WHY_SHUTDOWN } };
    s.order->wait = true;
    step(&s, event(EV_START), true);
    step(&s, event(EV_SPAWNED), false);
    step(&s, retire, false);
    expect(&s, OUT_SHUTTING_DOWN);
    end(&s);
}

Test(order, a_stop_is_answered_when_nothing_is_left)
{
    struct scene s = scene_of(ORDER_STOP);
    struct fsm_event left = exited(0);
    left.group_empty = false;
    bring_to(&s, ST_RUNNING);
    step(&s, event(EV_STOP), true);
    step(&s, left, false);
    cr_assert_not(s.answered);
    step(&s, event(EV_EMPTY), false);
    expect(&s, OUT_STOPPED);
    end(&s);
}

Test(order, a_stop_that_had_to_kill_says_after_how_long)
{
    struct scene s = scene_of(ORDER_STOP);
    struct fsm_event deadline = event(EV_DEADLINE);
    bring_to(&s, ST_RUNNING);
    step(&s, event(EV_STOP), true);
    deadline.now_ms = s.fsm.since_ms + 500;
    step(&s, deadline, false);
    step(&s, exited(0), false);
    expect(&s, OUT_KILLED);
    cr_expect_eq(s.answer.ms, 500);
    end(&s);
}

Test(order, a_stop_of_what_is_stopped_says_so)
{
    struct scene s = scene_of(ORDER_STOP);
    step(&s, event(EV_STOP), true);
    expect(&s, OUT_NOT_RUNNING);
    end(&s);
}

Test(order, a_stop_cancels_what_was_pending)
{
    struct scene s = scene_of(ORDER_STOP);
    bring_to(&s, ST_BACKOFF);
    step(&s, event(EV_STOP), true);
    expect(&s, OUT_STOPPED);
    end(&s);
}

Test(order, a_stop_is_answered_even_if_a_start_follows_it)
{
    struct scene s = scene_of(ORDER_STOP);
    bring_to(&s, ST_RUNNING);
    step(&s, event(EV_STOP), true);
    step(&s, event(EV_START), false);
    cr_assert_not(s.answered);
    step(&s, exited(0), false);
    expect(&s, OUT_STOPPED);
    end(&s);
}

Test(order, a_retirement_speaks_only_of_what_it_ended)
{
    struct scene s = scene_of(ORDER_RETIRE);
    step(&s, event(EV_RETIRE), true);
    expect(&s, OUT_NOTHING);
    end(&s);
}

Test(order, a_restart_is_answered_with_the_new_process)
{
    struct scene s = scene_of(ORDER_RESTART);
    bring_to(&s, ST_RUNNING);
    step(&s, event(EV_RESTART), true);
    step(&s, exited(0), false);
    cr_assert_not(s.answered);
    step(&s, event(EV_SPAWNED), false);
    expect(&s, OUT_RESTARTED);
    cr_expect_eq(s.answer.ms, 0);
    end(&s);
}

Test(order, a_restart_that_had_to_kill_says_so_too)
{
    struct scene s = scene_of(ORDER_RESTART);
    struct fsm_event deadline = event(EV_DEADLINE);
    bring_to(&s, ST_RUNNING);
    step(&s, event(EV_RESTART), true);
    deadline.now_ms = s.fsm.since_ms + 500;
    step(&s, deadline, false);
    step(&s, exited(0), false);
    step(&s, event(EV_SPAWNED), false);
    expect(&s, OUT_RESTARTED);
    cr_expect_eq(s.answer.ms, 500);
    end(&s);
}

Test(order, a_restart_starts_what_was_stopped)
{
    struct scene s = scene_of(ORDER_RESTART);
    step(&s, event(EV_RESTART), true);
    step(&s, event(EV_SPAWNED), false);
    expect(&s, OUT_STARTED);
    end(&s);
}

Test(order, a_stop_overtakes_a_restart)
{
    struct scene s = scene_of(ORDER_RESTART);
    bring_to(&s, ST_RUNNING);
    step(&s, event(EV_RESTART), true);
    step(&s, event(EV_STOP), false);
    expect(&s, OUT_OVERTAKEN);
    cr_expect_str_eq(s.answer.text, "restart overtaken by stop");
    end(&s);
}
