/* clock.c - see clock.h. */
#include "clock.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t read_ms(clockid_t id)
{
    struct timespec ts;
    clock_gettime(id, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t clock_ms(void)
{
    return read_ms(CLOCK_MONOTONIC);
}

int64_t clock_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_wall_ms(void)
{
    return read_ms(CLOCK_REALTIME);
}

size_t clock_text(int64_t wall_ms, char text[static CLOCK_TEXT_BYTES])
{
    struct tm tm;
    time_t seconds = (time_t)(wall_ms / 1000);
    if (localtime_r(&seconds, &tm) == NULL)
        memset(&tm, 0, sizeof tm);
    long offset_min = tm.tm_gmtoff / 60;
    size_t n = strftime(text, CLOCK_TEXT_BYTES, "%Y-%m-%dT%H:%M:%S", &tm);
    int rest = snprintf(text + n, CLOCK_TEXT_BYTES - n, ".%03d%c%02ld:%02ld", (int)(wall_ms % 1000),
                        offset_min < 0 ? '-' : '+', labs(offset_min) / 60, labs(offset_min) % 60);
    return n + (size_t)rest;
}

int clock_poll_timeout(int64_t deadline_ms)
{
    if (deadline_ms == INT64_MAX)
        return -1;
    int64_t now = clock_ms();
    if (deadline_ms <= now)
        return 0;
    int64_t left = deadline_ms - now;
    return left > INT_MAX ? INT_MAX : (int)left;
}
