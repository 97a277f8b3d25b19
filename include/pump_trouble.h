/* pump_trouble.h - what a destination of the pump lost, and when that is told in the log: at once,
 * then once a minute while it lasts, and when it is over. One that comes and goes is not told more
 * than a few times a minute. Belongs to the pump's thread. */
#ifndef PUMP_TROUBLE_H
#define PUMP_TROUBLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pump_trouble {
    int error; /* 0: none */
    uint64_t dropped_bytes;
    bool untold; /* there is something to tell, at `tell_ms` */
    int64_t tell_ms;
    int64_t window_ms; /* of one minute, in which so much was told: */
    int told;
};

/* So many bytes are lost, because of `error`. */
void pump_trouble_dropped(struct pump_trouble *trouble, const char *what, int error, size_t bytes,
                          int64_t now_ms);

/* It was written to; cheap where there was no trouble. */
void pump_trouble_over(struct pump_trouble *trouble, const char *what, int64_t now_ms);

/* Tells what could not be told yet, if it is time, or if this is the end. */
void pump_trouble_tell(struct pump_trouble *trouble, const char *what, int64_t now_ms, bool last);

#endif
