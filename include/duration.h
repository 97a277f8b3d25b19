/* duration.h - durations as people write and read them. Pure; any thread. */
#ifndef DURATION_H
#define DURATION_H

#include <stddef.h>
#include <stdint.h>

#define DURATION_TEXT_BYTES 48 /* holds every text that is made here */

/* Reads "10", "0.5" (seconds), "500ms", "10s", "5m", "2h", or units from large to small as in
 * "1m30s". What is more than nothing is at least a millisecond. 0 with *out_ms; -EINVAL when it
 * is no duration; -ERANGE when it is negative or does not fit. */
int duration_parse(const char *text, int64_t *out_ms) __attribute__((warn_unused_result));

/* Writes the exact duration, as duration_parse() reads it: "10s", "1m30s", "1.5s", "0s". */
void duration_print(int64_t ms, char text[DURATION_TEXT_BYTES]);

/* Writes an uptime, its two largest units at most: "12s", "2m15s", "3h4m", "5d2h". */
void duration_print_uptime(int64_t ms, char text[DURATION_TEXT_BYTES]);

#endif
