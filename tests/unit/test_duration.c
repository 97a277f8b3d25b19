/* test_duration.c - durations as people write and read them. */
#include "duration.h"

#include <criterion/criterion.h>
#include <errno.h>

static void expect_ms(const char *text, int64_t expected)
{
    int64_t ms = -1;
    cr_expect_eq(duration_parse(text, &ms), 0, "'%s'", text);
    cr_expect_eq(ms, expected, "'%s' is %ld", text, (long)ms);
}

Test(duration, plain_numbers_are_seconds)
{
    expect_ms("0", 0);
    expect_ms("10", 10000);
    expect_ms("0.5", 500);
    expect_ms(".5", 500);
    expect_ms("1.25", 1250);
}

Test(duration, units_from_large_to_small)
{
    expect_ms("500ms", 500);
    expect_ms("10s", 10000);
    expect_ms("5m", 300000);
    expect_ms("2h", 7200000);
    expect_ms("1m30s", 90000);
    expect_ms("1h2m3s4ms", 3723004);
    expect_ms("1.5h", 5400000);
    expect_ms("0.1m", 6000);
}

Test(duration, more_than_nothing_is_at_least_a_millisecond)
{
    expect_ms("0.0001", 1);
    expect_ms("0.00000000000001", 1);
    expect_ms("0.000", 0);
    expect_ms("0.1ms", 1);
    expect_ms("1.0001", 1001);
}

Test(duration, refuses_what_is_no_duration)
{
    const char *const wrong[] = { "",     " ",    "abc", "s",  "10x",  "10 s",  "1e3",  "inf",
                                  "nan",  "0x10", "5.",  ".",  "1m30", "30s1m", "1s1s", "--1",
                                  "1:30", "10S",  "1,5", "1d", "-",    "+1" };
    int64_t ms = 7;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        cr_expect_eq(duration_parse(wrong[i], &ms), -EINVAL, "'%s'", wrong[i]);
    cr_expect_eq(ms, 7);
}

Test(duration, tells_out_of_range_from_nonsense)
{
    int64_t ms = 7;
    cr_expect_eq(duration_parse("-1", &ms), -ERANGE);
    cr_expect_eq(duration_parse("-1m", &ms), -ERANGE);
    cr_expect_eq(duration_parse("99999999999999999999", &ms), -ERANGE);
    cr_expect_eq(duration_parse("9223372036854775807h", &ms), -ERANGE);
    cr_expect_eq(ms, 7);
}

Test(duration, what_is_printed_reads_back)
{
    const int64_t some[] = {
        0,     1,     999,   1000,    1500,    1001,     1010,        59999,
        60000, 60001, 90000, 3600000, 3661001, 86400000, 31536000000, INT64_MAX
    };
    for (size_t i = 0; i < sizeof some / sizeof some[0]; i++) {
        char text[DURATION_TEXT_BYTES];
        duration_print(some[i], text);
        expect_ms(text, some[i]);
    }
}

static void expect_text(int64_t ms, const char *exact, const char *uptime)
{
    char text[DURATION_TEXT_BYTES];
    duration_print(ms, text);
    cr_expect_str_eq(text, exact);
    duration_print_uptime(ms, text);
    cr_expect_str_eq(text, uptime);
}

Test(duration, prints_exactly_and_as_uptime)
{
    expect_text(0, "0s", "0s");
    expect_text(-5, "0s", "0s");
    expect_text(500, "500ms", "0s");
    expect_text(1500, "1.5s", "1s");
    expect_text(1005, "1.005s", "1s");
    expect_text(12000, "12s", "12s");
    expect_text(60000, "1m", "1m0s");
    expect_text(135000, "2m15s", "2m15s");
    expect_text(11040000, "3h4m", "3h4m");
    expect_text(11041000, "3h4m1s", "3h4m");
    expect_text(439200000, "122h", "5d2h");
}
