/* test_trace.c - the lines of a trace: what is written comes back, and what is damaged does not. */
#include "trace.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct trace_record event_record(void)
{
    return (struct trace_record){
        .kind = TRACE_EVENT,
        .number = 9999,
        .event = { .kind = EV_EXITED,
                   .now_ms = 86400000,
                   .exit = { .known = true, .signal = 9 },
                   .group_empty = true,
                   .needs = NEEDS_FAILED,
                   .chance = 1023 },
        .outcome = { ST_BACKOFF, ACT_SIGNAL, WHY_SIGNALED, 0x0badcafe },
    };
}

/* Written, and read again. The name points into *out_line, to free(). */
static struct trace_record through(const struct trace_record *record, char **out_line)
{
    size_t bytes;
    struct trace_record back;
    cr_assert_eq(trace_line(record, out_line, &bytes), 0);
    cr_assert_eq(strlen(*out_line), bytes);
    cr_assert_eq((*out_line)[bytes - 1], '\n');
    (*out_line)[bytes - 1] = '\0';
    cr_assert_eq(trace_parse(*out_line, &back), 0);
    cr_assert_eq(back.kind, record->kind);
    cr_assert_eq(back.number, record->number);
    return back;
}

Test(trace, an_event_comes_back_as_it_was)
{
    struct trace_record was = event_record();
    for (unsigned kind = 0; kind < EV_COUNT; kind++) {
        char *line;
        was.event.kind = (enum fsm_event_kind)kind;
        was.event.exit.known = kind == EV_EXITED;
        was.event.transient = kind % 2;
        was.event.why = (struct reason){ (enum why)kind, -(int)kind, (int64_t)kind << 33 };
        struct trace_record now = through(&was, &line);
        cr_expect_eq(memcmp(&now.event, &was.event, sizeof now.event), 0, "event %u", kind);
        cr_expect_eq(memcmp(&now.outcome, &was.outcome, sizeof now.outcome), 0, "event %u", kind);
        free(line);
    }
}

Test(trace, a_state_and_a_policy_come_back_as_they_were)
{
    char *line;
    struct trace_record was = {
        .kind = TRACE_STATE,
        .number = 3,
        .name = "web_10000",
        .fsm = { .state = ST_STOPPING,
                 .since_ms = 1,
                 .why = { WHY_EXITED, 2, 3 },
                 .alive = true,
                 .leader_gone = true,
                 .after = AFTER_FAULT,
                 .exited_in = ST_RUNNING,
                 .needs = NEEDS_PENDING,
                 .up_ms = 4,
                 .lived_ms = 5,
                 .kill_ms = 6,
                 .exit = { true, 7, 8 },
                 .exits = 9,
                 .failures = 10,
                 .restarts = 11,
                 .delay_ms = 12,
                 .wait_ms = 13 },
    };
    struct trace_record now = through(&was, &line);
    cr_expect_str_eq(now.name, "web_10000");
    cr_expect(trace_same_state(&now.fsm, &was.fsm));
    cr_expect_eq(trace_sum_of(&now.fsm), trace_sum_of(&was.fsm));
    now.fsm.wait_ms++;
    cr_expect_not(trace_same_state(&now.fsm, &was.fsm));
    cr_expect_neq(trace_sum_of(&now.fsm), trace_sum_of(&was.fsm));
    free(line);

    was = (struct trace_record){
        .kind = TRACE_POLICY,
        .policy = { .restart = RESTART_ALWAYS,
                    .expected.bits = { 1, UINT64_MAX, 0, INT64_MAX },
                    .attempts = CONFIG_NO_LIMIT,
                    .ready_ms = 3,
                    .grace_ms = 31536000000 },
    };
    now = through(&was, &line);
    cr_expect(trace_same_policy(&now.policy, &was.policy));
    now.policy.expected.bits[3]--;
    cr_expect_not(trace_same_policy(&now.policy, &was.policy));
    free(line);
}

Test(trace, a_usual_event_takes_64_bytes)
{
    struct trace_record record = event_record();
    char *line;
    size_t bytes;
    record.number = 99;
    record.event.needs = NEEDS_MET;
    record.event.chance = 500;
    cr_assert_eq(trace_line(&record, &line, &bytes), 0);
    cr_expect_leq(bytes, 64, "%zu: %s", bytes, line);
    free(line);
}

Test(trace, no_changed_byte_gets_through)
{
    struct trace_record record = event_record();
    char *line;
    size_t bytes;
    cr_assert_eq(trace_line(&record, &line, &bytes), 0);
    line[--bytes] = '\0';
    for (size_t at = 0; at < bytes; at++)
        for (int flip = 1; flip < 256; flip++) {
            char *copy = strdup(line);
            copy[at] = (char)(copy[at] ^ flip);
            if (copy[at]) /* a NUL does not get that far */
                cr_assert_neq(trace_parse(copy, &record), 0, "byte %zu of '%s'", at, line);
            free(copy);
        }
    free(line);
}

/* With a checksum that is right. */
static int parse_sealed(const char *text)
{
    char line[400];
    struct trace_record record;
    snprintf(line, sizeof line, "%s %08x", text, 0U);
    snprintf(line, sizeof line, "%s %08x", text, trace_sum(line, strlen(text) + 1));
    return trace_parse(line, &record);
}

Test(trace, only_what_the_state_machine_can_take_gets_through)
{
    cr_expect_eq(parse_sealed("g 5"), 0);
    cr_expect_eq(parse_sealed("e 0 5 exited c3 g1 r5 > STOPPED 0 7 00000000"), 0);
    static const char *const bad[] = {
        "",
        "x 1",
        "g",
        "g -1",
        "g 5 6",
        "g 5x",
        "g  5",
        "e 0 5 exit > STOPPED 0 7 00000000",
        "e 0 5 exited c256 > STOPPED 0 7 00000000",
        "e 0 5 exited s128 > STOPPED 0 7 00000000",
        "e 0 5 exited n3 > STOPPED 0 7 00000000",
        "e 0 5 exited r1024 > STOPPED 0 7 00000000",
        "e 0 5 exited g0 > STOPPED 0 7 00000000",
        "e 0 5 exited w18 > STOPPED 0 7 00000000",
        "e 0 5 exited z1 > STOPPED 0 7 00000000",
        "e 0 99999999999999999 exited > STOPPED 0 7 00000000",
        "e 0 5 exited > stopped 0 7 00000000",
        "e 0 5 exited > STOPPED 32 7 00000000",
        "e 0 5 exited > STOPPED 0 7 0",
        "e 0 5 exited",
        "e 4294967296 5 exited > STOPPED 0 7 00000000",
        "p 0 1 2 3",
        "i 0 web 1",
        "taskmaster-trace 1 5",
        "taskmaster-trace",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_expect_eq(parse_sealed(bad[i]), -EBADMSG, "'%s'", bad[i]);
    cr_expect_eq(parse_sealed("taskmaster-trace 2 and whatever it may have"), -EPROTONOSUPPORT);
}
