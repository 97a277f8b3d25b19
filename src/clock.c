/* clock.c - see clock.h. */
#include "clock.h"

#include <limits.h>
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

int64_t clock_wall_ms(void)
{
    return read_ms(CLOCK_REALTIME);
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
