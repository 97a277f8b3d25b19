/* test_replay.c - what a replay finds, and what it forgives. */
#include "replay.h"

#include <criterion/criterion.h>
#include <errno.h>

#include "trace_story.h"

/* It starts, crashes, waits, starts again and stays. */
static void live(struct story *s)
{
    story_kind(s, EV_START);
    story_kind(s, EV_SPAWNED);
    sim_pass(&s->sim, 20);
    story_exit(s, 3);
    sim_pass(&s->sim, sim_left(&s->sim));
    story_kind(s, EV_DEADLINE);
    story_kind(s, EV_SPAWNED);
    sim_pass(&s->sim, sim_left(&s->sim));
    story_kind(s, EV_DEADLINE);
    IS_IN(&s->sim, ST_RUNNING);
}

static void expect(const struct story *s, int error, const char *text)
{
    struct told told = replay_of(s->text, s->bytes);
    cr_expect_eq(told.error, error, "%d: %s", told.error, told.problem);
    cr_expect_not_null(strstr(error ? told.problem : told.story, text), "no '%s' in: %s%s", text,
                       told.problem, told.story);
    free(told.story);
}

Test(replay, a_life_is_the_same_again_and_told_in_words)
{
    struct story s;
    story_init(&s);
    live(&s);
    struct told told = replay_of(s.text, s.bytes);
    cr_expect_eq(told.error, 0, "%s", told.problem);
    cr_expect_eq(told.counts.events, 6);
    cr_expect_eq(told.counts.instances, 1);
    cr_expect_eq(told.counts.lost + told.counts.torn, 0);
    cr_expect_not_null(strstr(told.story, " web: exit 3, nothing is left of it: STARTED -> BACKOFF,"
                                          " exited with code 3\n"),
                       "%s", told.story);
    free(told.story);
    story_kind(&s, EV_RETIRE);
    sim_pass(&s.sim, 1);
    story_exit(&s, 0);
    expect(&s, 0, "end its monitor");
    story_release(&s);
}

static void other_state(struct trace_outcome *outcome)
{
    outcome->state = ST_FATAL;
}

static void other_actions(struct trace_outcome *outcome)
{
    outcome->actions ^= ACT_SIGNAL;
}

static void other_insides(struct trace_outcome *outcome)
{
    outcome->sum ^= 1;
}

Test(replay, what_was_decided_otherwise_is_found)
{
    void (*const tampers[])(struct trace_outcome *) = { other_state, other_actions, other_insides };
    for (size_t i = 0; i < 3; i++) {
        struct story s;
        story_init(&s);
        live(&s);
        story_event(&s, (struct fsm_event){ .kind = EV_STOP, .why.why = WHY_USER }, tampers[i]);
        expect(&s, -ECANCELED, "'web' differs, in state RUNNING: stop (asked by a user)\n");
        story_kind(&s, EV_KILL); /* what comes after it does not matter */
        struct told told = replay_of(s.text, s.bytes);
        cr_expect_eq(told.counts.lines, 10);
        free(told.story);
        story_release(&s);
    }
}

Test(replay, a_deadline_that_is_not_due_is_found)
{
    struct story s;
    story_init(&s);
    story_kind(&s, EV_START);
    story_kind(&s, EV_SPAWNED);
    sim_pass(&s.sim, sim_left(&s.sim) - 1);
    story_kind(&s, EV_DEADLINE);
    expect(&s, -ECANCELED, "its time is over, 1 ms too early");
    story_release(&s);
}

Test(replay, a_state_that_no_event_has_brought_about_is_found_but_behind_a_gap)
{
    struct story s;
    story_init(&s);
    live(&s);
    size_t before = s.bytes;
    sim_event(&s.sim, EV_STOP); /* which is not in the trace */
    story_state(&s, &s.sim.f);
    expect(&s, -ECANCELED, "'web' has changed without an event");

    fseek(s.out, (long)before, SEEK_SET);
    story_add(&s, &(struct trace_record){ .kind = TRACE_GAP, .lost = 1 });
    story_state(&s, &s.sim.f);
    sim_pass(&s.sim, 10);
    story_exit(&s, 0);
    expect(&s, 0, "what happened to web is lost: it was RUNNING and is STOPPING");
    story_release(&s);
}

Test(replay, a_torn_last_record_is_said_and_no_error)
{
    struct story s;
    story_init(&s);
    size_t whole = s.bytes;
    live(&s);
    size_t events = 0;
    for (size_t bytes = whole; bytes < s.bytes; bytes++) {
        struct told told = replay_of(s.text, bytes);
        events += s.text[bytes - 1] == '\n' && bytes > whole;
        cr_assert_eq(told.error, 0, "%zu bytes: %s", bytes, told.problem);
        bool complete = s.text[bytes - 1] == '\n' || s.text[bytes] == '\n';
        cr_assert_eq(told.counts.torn, !complete, "%zu bytes", bytes);
        cr_assert_eq(told.counts.events, events + (s.text[bytes] == '\n'), "%zu bytes", bytes);
        free(told.story);
    }
    story_release(&s);
}

/* As after a kill, when the next supervisor goes on in the file. */
Test(replay, a_torn_record_may_be_followed_by_another_trace_but_not_by_its_own)
{
    struct story s;
    story_init(&s);
    live(&s);
    char *first = strndup(s.text, s.bytes - 5), *both;
    cr_assert_gt(asprintf(&both, "%s\n%s", first, s.text), 0);
    struct told told = replay_of(both, strlen(both));
    cr_expect_eq(told.error, 0, "%s", told.problem);
    cr_expect_eq(told.counts.supervisors, 2);
    cr_expect_eq(told.counts.torn, 1);
    free(told.story);
    free(both);
    cr_assert_gt(asprintf(&both, "%s\n%s", first, strchr(s.text, '\n') + 1), 0);
    told = replay_of(both, strlen(both));
    cr_expect_eq(told.error, -EBADMSG);
    cr_expect_eq(told.counts.lines, 9);
    cr_expect_str_eq(told.problem, "the record is damaged: its checksum is wrong");
    free(told.story);
    free(both);
    free(first);
    story_release(&s);
}

Test(replay, what_is_no_trace_is_refused)
{
    static const char *const texts[] = { "", "\n", "tasks: {}\n", "tasks: {}", "\177ELF" };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct told told = replay_of(texts[i], strlen(texts[i]));
        cr_expect_eq(told.error, -EBADMSG, "'%s'", texts[i]);
        cr_expect_str_eq(told.problem, "no trace of taskmaster");
        free(told.story);
    }
    struct story s;
    story_init(&s);
    story_add(&s, &(struct trace_record){ .kind = TRACE_EVENT, .number = 1 });
    expect(&s, -EBADMSG, "an event of an instance that was not introduced");
    story_release(&s);
}
