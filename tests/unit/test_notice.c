/* test_notice.c - what a datagram of sd_notify(3) means, and that no bytes do harm. */
#include "notice.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct notice parse(const char *text)
{
    struct notice notice;
    notice_parse(text, strlen(text), &notice);
    return notice;
}

Test(notice, takes_every_line_and_leaves_out_what_it_does_not_know)
{
    struct notice n = parse(
        "X=1\nREADY=1\nSTATUS=half way\nFDSTORE=1\nMAINPID=7\nERRNO=2\n\nSTOPPING=1");
    cr_expect(n.ready);
    cr_expect(n.stopping);
    cr_expect(n.main_pid);
    cr_expect_str_eq(n.status, "half way");
    cr_expect_eq(n.watchdog, NOTICE_NO_WATCHDOG);
    cr_expect_eq(n.watchdog_ms, -1);
    cr_expect_eq(n.extend_ms, -1);
}

Test(notice, takes_no_other_value_for_true)
{
    struct notice n = parse("READY=0\nREADY=10\nREADY\n READY=1\nSTOPPING=\nWATCHDOG=2");
    cr_expect_not(n.ready);
    cr_expect_not(n.stopping);
    cr_expect_eq(n.watchdog, NOTICE_NO_WATCHDOG);
    cr_expect_not(n.has_status);
}

Test(notice, reads_the_watchdog)
{
    cr_expect_eq(parse("WATCHDOG=1\n").watchdog, NOTICE_ALIVE);
    cr_expect_eq(parse("WATCHDOG=trigger").watchdog, NOTICE_TRIGGER);
}

Test(notice, reads_microseconds_as_milliseconds_without_making_a_time_nothing)
{
    cr_expect_eq(parse("WATCHDOG_USEC=20000000").watchdog_ms, 20000);
    cr_expect_eq(parse("WATCHDOG_USEC=1").watchdog_ms, 1);
    cr_expect_eq(parse("WATCHDOG_USEC=0").watchdog_ms, 0);
    cr_expect_eq(parse("EXTEND_TIMEOUT_USEC=5000").extend_ms, 5);
    cr_expect_eq(parse("WATCHDOG_USEC=99999999999999999999999").watchdog_ms, 31536000000);
    cr_expect_eq(parse("WATCHDOG_USEC=").watchdog_ms, -1);
    cr_expect_eq(parse("WATCHDOG_USEC=-5").watchdog_ms, -1);
    cr_expect_eq(parse("WATCHDOG_USEC=5s").watchdog_ms, -1);
}

Test(notice, keeps_256_bytes_of_a_status_and_whole_characters_only)
{
    char text[600] = "STATUS=";
    memset(text + 7, 'a', 255);
    memcpy(text + 7 + 255, "\xc3\xa4zzz", 6);
    struct notice n = parse(text);
    cr_expect_eq(strlen(n.status), 255);
    struct notice empty = parse("STATUS=");
    cr_expect(empty.has_status);
    cr_expect_str_empty(empty.status);
}

Test(notice, survives_any_bytes)
{
    char bytes[NOTICE_BYTES];
    srand(7);
    for (int round = 0; round < 2000; round++) {
        size_t count = (size_t)rand() % sizeof bytes;
        for (size_t i = 0; i < count; i++)
            bytes[i] = (char)(rand() % 4 ? rand() : '\n');
        if (round % 2)
            memcpy(bytes, "STATUS=", 7);
        struct notice n;
        notice_parse(bytes, count, &n);
        cr_assert_leq(strlen(n.status), NOTICE_STATUS_BYTES);
    }
}
