/* timetext.c - see timetext.h. */
#include "timetext.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "duration.h"

#define SECOND_MS 1000
#define MINUTE_MS 60000

_Static_assert(TIMETEXT_BYTES >= DURATION_TEXT_BYTES, "a duration must fit");

void timetext_span(int64_t ms, char text[static TIMETEXT_BYTES])
{
    if (ms < SECOND_MS || ms >= MINUTE_MS || ms % SECOND_MS == 0) {
        duration_print(ms < SECOND_MS ? ms : ms - ms % SECOND_MS, text);
        return;
    }
    int length = snprintf(text, TIMETEXT_BYTES, "%" PRId64 ".%03" PRId64, ms / SECOND_MS,
                          ms % SECOND_MS);
    while (text[length - 1] == '0')
        length--;
    memcpy(text + length, "s", sizeof "s");
}

void timetext_about(int64_t ms, char text[static TIMETEXT_BYTES])
{
    timetext_span(ms < SECOND_MS ? ms : ms - ms % 100, text);
}

void timetext_local(int64_t wall_ms, char text[static TIMETEXT_BYTES])
{
    time_t s = (time_t)(wall_ms / 1000);
    struct tm tm = { 0 };
    localtime_r(&s, &tm);
    strftime(text, TIMETEXT_BYTES, "%Y-%m-%d %H:%M:%S", &tm);
}

void timetext_iso(int64_t wall_ms, char text[static TIMETEXT_BYTES])
{
    time_t s = (time_t)(wall_ms / 1000);
    struct tm tm = { 0 };
    gmtime_r(&s, &tm);
    size_t used = strftime(text, TIMETEXT_BYTES, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(text + used, TIMETEXT_BYTES - used, ".%03dZ", (int)(wall_ms % 1000));
}
