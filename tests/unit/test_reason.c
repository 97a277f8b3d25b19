/* test_reason.c - reasons, exits and times in words. */
#include "reason.h"

#include "timetext.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>

TestSuite(reason, .timeout = 60);

static void expect_reason(struct reason why, const char *detail, const char *expected)
{
    char *text = reason_text(why, detail);
    cr_expect_str_eq(text, expected);
    free(text);
}

Test(reason, says_who_asked)
{
    expect_reason((struct reason){ .why = WHY_NONE }, NULL, "never started");
    expect_reason((struct reason){ .why = WHY_USER }, NULL, "asked by a user");
    expect_reason((struct reason){ .why = WHY_AUTO_LAUNCH }, NULL, "autoLaunch");
    expect_reason((struct reason){ .why = WHY_RELOAD }, NULL, "the configuration changed");
    expect_reason((struct reason){ .why = WHY_REMOVED }, NULL, "no longer in the configuration");
    expect_reason((struct reason){ .why = WHY_SHUTDOWN }, NULL, "the supervisor is shutting down");
}

Test(reason, says_how_a_process_ended)
{
    expect_reason((struct reason){ .why = WHY_EXITED, .arg = 3, .ms = 9 }, NULL,
                  "exited with code 3");
    expect_reason((struct reason){ .why = WHY_SIGNALED, .arg = SIGKILL }, NULL,
                  "killed by SIGKILL");
    expect_reason((struct reason){ .why = WHY_LEFTOVERS }, NULL,
                  "exited, but left processes behind");
}

Test(reason, says_how_a_start_went)
{
    expect_reason((struct reason){ .why = WHY_ALIVE, .ms = 5003 }, NULL, "alive for 5s");
    expect_reason((struct reason){ .why = WHY_ALIVE }, NULL, "the exec succeeded");
    expect_reason((struct reason){ .why = WHY_READY, .ms = 1203 }, NULL, "ready after 1.2s");
    expect_reason((struct reason){ .why = WHY_NOT_READY, .ms = 30000 }, NULL,
                  "not ready within 30s");
    expect_reason((struct reason){ .why = WHY_NOT_READY, .ms = 30000 }, "exit code 1",
                  "not ready within 30s: exit code 1");
    expect_reason((struct reason){ .why = WHY_UNHEALTHY, .arg = 3 }, "exit code 1",
                  "3 health checks in a row failed: exit code 1");
    expect_reason((struct reason){ .why = WHY_UNHEALTHY, .arg = 1 }, NULL,
                  "1 health check failed: no answer");
    expect_reason((struct reason){ .why = WHY_RETRY, .arg = 2, .ms = 1049 }, NULL,
                  "automatic start 2, after 1s");
    expect_reason((struct reason){ .why = WHY_RETRY, .arg = 1 }, NULL,
                  "automatic start 1, at once");
    expect_reason((struct reason){ .why = WHY_NO_RESOURCES }, NULL,
                  "no process could be made; it is tried again");
}

Test(reason, a_failed_start_is_told_by_its_details)
{
    expect_reason((struct reason){ .why = WHY_NOT_SPAWNED },
                  "exec /no/such: No such file or directory",
                  "exec /no/such: No such file or directory");
    expect_reason((struct reason){ .why = WHY_NOT_SPAWNED }, NULL, "it could not be started");
}

Test(reason, an_exit_is_a_code_or_the_name_of_a_signal)
{
    char out[24];
    cr_expect_str_eq(exit_text(&(struct fsm_exit){ .known = false, .code = 3 }, out), "-");
    cr_expect_str_eq(exit_text(&(struct fsm_exit){ .known = true, .code = 3 }, out), "exit 3");
    cr_expect_str_eq(exit_text(&(struct fsm_exit){ .known = true }, out), "exit 0");
    cr_expect_str_eq(exit_text(&(struct fsm_exit){ .known = true, .signal = SIGKILL }, out),
                     "SIGKILL");
}

static void expect_span(void (*print)(int64_t, char *), int64_t ms, const char *expected)
{
    char text[TIMETEXT_BYTES];
    print(ms, text);
    cr_expect_str_eq(text, expected, "%lld ms: %s", (long long)ms, text);
}

Test(timetext, a_span_is_exact_below_a_minute_and_short_above)
{
    expect_span(timetext_span, 0, "0s");
    expect_span(timetext_span, 500, "500ms");
    expect_span(timetext_span, 1000, "1s");
    expect_span(timetext_span, 1500, "1.5s");
    expect_span(timetext_span, 1250, "1.25s");
    expect_span(timetext_span, 10000, "10s");
    expect_span(timetext_span, 10001, "10.001s");
    expect_span(timetext_span, 120000, "2m");
    expect_span(timetext_span, 90500, "1m30s");
    expect_span(timetext_span, 7200000, "2h");
}

Test(timetext, what_was_measured_is_told_to_a_tenth_of_a_second)
{
    expect_span(timetext_about, 12, "12ms");
    expect_span(timetext_about, 5003, "5s");
    expect_span(timetext_about, 5190, "5.1s");
}

Test(timetext, moments_are_local_for_people_and_iso_8601_for_programs)
{
    char text[TIMETEXT_BYTES];
    setenv("TZ", "UTC-2", 1); /* two hours east */
    timetext_iso(1777622400123, text);
    cr_expect_str_eq(text, "2026-05-01T08:00:00.123Z");
    timetext_local(1777622400123, text);
    cr_expect_str_eq(text, "2026-05-01 10:00:00");
}

Test(reason, what_is_waited_for_is_told_by_the_detail)
{
    const struct reason waits = { .why = WHY_NEEDS }, there = { .why = WHY_NEEDS, .arg = 1 };
    const struct reason failed = { .why = WHY_NEEDS_FAILED };
    char *texts[] = { reason_text(waits, "waits for 'db' to be RUNNING"), reason_text(waits, NULL),
                      reason_text(there, NULL), reason_text(failed, "'db' is FATAL") };
    cr_expect_str_eq(texts[0], "waits for 'db' to be RUNNING");
    cr_expect_str_eq(texts[1], "waits until its predecessor, of an older configuration, is gone");
    cr_expect_str_eq(texts[2], "what it waited for is there");
    cr_expect_str_eq(texts[3], "'db' is FATAL");
    for (size_t i = 0; i < 4; i++)
        free(texts[i]);
}
