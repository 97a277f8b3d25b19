/* clock.h - the one clock that timing depends on. Setting the wall clock changes nothing here. */
#ifndef CLOCK_H
#define CLOCK_H

#include <stddef.h>
#include <stdint.h>

/* Milliseconds of CLOCK_MONOTONIC. Any thread; never fails (clock_gettime(2)). */
int64_t clock_ms(void);

/* The same in microseconds. */
int64_t clock_us(void);

/* Milliseconds since the epoch, for showing to people only; never for timing. */
int64_t clock_wall_ms(void);

/* "2026-01-02T03:04:05.678+01:00": ISO 8601 in local time. The text's length. */
#define CLOCK_TEXT_BYTES 48
size_t clock_text(int64_t wall_ms, char text[static CLOCK_TEXT_BYTES]);

/* Of two deadlines the one that comes first; INT64_MAX is never. */
static inline int64_t clock_first(int64_t a_ms, int64_t b_ms)
{
    return a_ms < b_ms ? a_ms : b_ms;
}

/* The poll(2) timeout that ends at deadline_ms: milliseconds from now,
 * 0 for one in the past, -1 for INT64_MAX, at most INT_MAX. */
int clock_poll_timeout(int64_t deadline_ms);

#endif
