/* clock.h - the one clock that timing depends on. Setting the wall clock changes nothing here. */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>

/* Milliseconds of CLOCK_MONOTONIC. Any thread; never fails (clock_gettime(2)). */
int64_t clock_ms(void);

/* Milliseconds since the epoch, for showing to people only; never for timing. */
int64_t clock_wall_ms(void);

/* The poll(2) timeout that ends at deadline_ms: milliseconds from now,
 * 0 for one in the past, -1 for INT64_MAX, at most INT_MAX. */
int clock_poll_timeout(int64_t deadline_ms);

#endif
