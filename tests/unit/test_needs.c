/* test_needs.c - what a task offers to those that depend on it, from where its instances stand. */
#include "needs.h"

#include <criterion/criterion.h>

#include <stdlib.h>

/* Instances that are up, that have ended as expected, and that somebody has stopped. */
static const struct standing never = { .settled = true };
static const struct standing waiting = { .state = ST_WAITING, .wanted = true, .settled = true };
static const struct standing started = {
    .state = ST_STARTED, .launched = true, .wanted = true, .settled = true
};
static const struct standing running = {
    .state = ST_RUNNING, .launched = true, .wanted = true, .settled = true
};
static const struct standing retrying = {
    .state = ST_BACKOFF, .launched = true, .wanted = true, .settled = true
};
static const struct standing completed = {
    .state = ST_STOPPED, .why = WHY_EXITED, .launched = true, .settled = true
};
static const struct standing stopping = { .state = ST_STOPPING, .launched = true, .settled = true };
static const struct standing stopped = {
    .state = ST_STOPPED, .why = WHY_USER, .launched = true, .settled = true
};
static const struct standing fatal = {
    .state = ST_FATAL, .why = WHY_EXITED, .launched = true, .wanted = true, .settled = true
};

static enum needs offer(enum need_condition condition, const struct standing *one,
                        const struct standing *other)
{
    struct needs_sums sums = { 0 };
    needs_sums_add(&sums, one);
    if (other)
        needs_sums_add(&sums, other);
    return needs_offer(&sums, condition);
}

static struct standing told(struct standing standing)
{
    standing.settled = false;
    return standing;
}

static void expect(const struct standing *standing, enum needs to_run, enum needs to_start,
                   enum needs to_complete)
{
    cr_expect_eq(offer(NEED_RUNNING, standing, NULL), to_run);
    cr_expect_eq(offer(NEED_STARTED, standing, NULL), to_start);
    cr_expect_eq(offer(NEED_COMPLETED, standing, NULL), to_complete);
}

Test(needs, are_met_by_what_the_condition_asks_for)
{
    expect(&never, NEEDS_PENDING, NEEDS_PENDING, NEEDS_PENDING);
    expect(&waiting, NEEDS_PENDING, NEEDS_PENDING, NEEDS_PENDING);
    expect(&started, NEEDS_PENDING, NEEDS_MET, NEEDS_PENDING);
    expect(&running, NEEDS_MET, NEEDS_MET, NEEDS_PENDING);
    expect(&retrying, NEEDS_PENDING, NEEDS_MET, NEEDS_PENDING);
    expect(&completed, NEEDS_FAILED, NEEDS_MET, NEEDS_MET);
    expect(&stopping, NEEDS_PENDING, NEEDS_PENDING, NEEDS_PENDING);
    expect(&stopped, NEEDS_PENDING, NEEDS_PENDING, NEEDS_PENDING);
    expect(&fatal, NEEDS_FAILED, NEEDS_FAILED, NEEDS_FAILED);
}

Test(needs, are_pending_while_an_order_is_under_way_whatever_it_looks_like)
{
    const struct standing states[] = { never, running, completed, stopped, fatal };
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        const struct standing under_way = told(states[i]);
        expect(&under_way, NEEDS_PENDING, NEEDS_PENDING, NEEDS_PENDING);
    }
}

Test(needs, are_met_by_all_instances_and_failed_by_one)
{
    cr_assert_eq(offer(NEED_RUNNING, &running, &started), NEEDS_PENDING);
    cr_assert_eq(offer(NEED_RUNNING, &running, &running), NEEDS_MET);
    cr_assert_eq(offer(NEED_RUNNING, &running, &fatal), NEEDS_FAILED);
    cr_assert_eq(offer(NEED_RUNNING, &running, &completed), NEEDS_FAILED);
    cr_assert_eq(offer(NEED_STARTED, &completed, &stopped), NEEDS_PENDING);
    cr_assert_eq(offer(NEED_COMPLETED, &completed, &running), NEEDS_PENDING);
    const struct standing again = told(fatal);
    cr_assert_eq(offer(NEED_RUNNING, &fatal, &again), NEEDS_PENDING);
}

Test(needs, of_a_task_without_instances_are_pending)
{
    const struct needs_sums none = { 0 };
    cr_assert_eq(needs_offer(&none, NEED_RUNNING), NEEDS_PENDING);
    cr_assert_eq(needs_offer(&none, NEED_COMPLETED), NEEDS_PENDING);
}

Test(needs, what_is_added_and_dropped_leaves_nothing)
{
    const struct standing all[] = { never,     waiting,  started, running, retrying,
                                    completed, stopping, stopped, fatal };
    struct needs_sums sums = { 0 };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        needs_sums_add(&sums, &all[i]);
    cr_assert_eq(sums.count, sizeof all / sizeof *all);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        needs_sums_drop(&sums, &all[i]);
    cr_assert(!sums.count && !sums.unsettled && !sums.running && !sums.started && !sums.ended &&
              !sums.fatal);
}

static void expect_text(enum needs level, enum need_condition condition, size_t fatals, size_t more,
                        const char *expected)
{
    const struct needs_sums sums = { .count = 1, .fatal = fatals };
    char *text = needs_text(level, "db", condition, &sums, more);
    cr_expect_str_eq(text, expected);
    free(text);
}

Test(needs, are_told_in_words)
{
    expect_text(NEEDS_PENDING, NEED_RUNNING, 0, 0, "waits for 'db' to be RUNNING");
    expect_text(NEEDS_PENDING, NEED_STARTED, 0, 0, "waits for 'db' to be started");
    expect_text(NEEDS_PENDING, NEED_COMPLETED, 0, 2, "waits for 'db' to complete, and 2 more");
    expect_text(NEEDS_FAILED, NEED_RUNNING, 1, 0, "'db' is FATAL");
    expect_text(NEEDS_FAILED, NEED_RUNNING, 0, 0, "'db' has ended");
}
