/* timetext.h - times as people and programs read them. Any thread. */
#ifndef TIMETEXT_H
#define TIMETEXT_H

#include <stdint.h>

#define TIMETEXT_BYTES 48 /* holds every text that is made here */

/* How long: "500ms", "1.5s", "10s", "1m30s", "2h". From a minute on, to the second. */
void timetext_span(int64_t ms, char text[static TIMETEXT_BYTES]);

/* The same for what was measured: "5s" for 5003 ms, "1.2s" for 1234 ms. */
void timetext_about(int64_t ms, char text[static TIMETEXT_BYTES]);

/* When, for milliseconds since the epoch: "2026-05-01 10:00:00" in local time, and
 * "2026-05-01T08:00:00.123Z" as ISO 8601 has it. */
void timetext_local(int64_t wall_ms, char text[static TIMETEXT_BYTES]);
void timetext_iso(int64_t wall_ms, char text[static TIMETEXT_BYTES]);

#endif
