/* pump_trouble.c - see pump_trouble.h. */
#include "pump_trouble.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "log.h"
#include "log_open.h"

#define MINUTE_MS 60000
#define TOLD_A_MINUTE 10

static const char *reason(int error)
{
    return error == -ETIMEDOUT ? "nobody reads it" : log_open_reason(-error);
}

static void tell(struct pump_trouble *t, const char *what)
{
    if (t->error) {
        log_write(LOG_ERROR, "'%s': %s, %" PRIu64 " bytes dropped so far", what, reason(t->error),
                  t->dropped_bytes);
    } else {
        log_write(LOG_WARN, "'%s': writing again, %" PRIu64 " bytes were dropped", what,
                  t->dropped_bytes);
        t->dropped_bytes = 0;
    }
    t->untold = false;
}

/* A change: at once, while it does not come too often. */
static void announce(struct pump_trouble *t, const char *what, int64_t now_ms)
{
    if (t->told == 0 || now_ms >= t->window_ms + MINUTE_MS) {
        t->window_ms = now_ms;
        t->told = 0;
    }
    t->untold = true;
    t->tell_ms = t->told < TOLD_A_MINUTE ? now_ms : t->window_ms + MINUTE_MS;
    pump_trouble_tell(t, what, now_ms, false);
}

void pump_trouble_tell(struct pump_trouble *t, const char *what, int64_t now_ms, bool last)
{
    if (!t->untold || (now_ms < t->tell_ms && !last))
        return;
    tell(t, what);
    t->told++;
    t->tell_ms = now_ms + MINUTE_MS;
}

void pump_trouble_dropped(struct pump_trouble *t, const char *what, int error, size_t bytes,
                          int64_t now_ms)
{
    bool begins = t->error == 0;
    t->error = error;
    t->dropped_bytes += bytes;
    if (begins)
        announce(t, what, now_ms);
    t->untold = t->untold || !begins;
    pump_trouble_tell(t, what, now_ms, false);
}

void pump_trouble_over(struct pump_trouble *t, const char *what, int64_t now_ms)
{
    if (t->error == 0)
        return;
    t->error = 0;
    announce(t, what, now_ms);
}
