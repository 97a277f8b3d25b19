/* needs.c - see needs.h. */
#include "needs.h"

#include <stdio.h>

bool standing_has_ended(const struct standing *s)
{
    return s->state == ST_STOPPED && (s->why == WHY_EXITED || s->why == WHY_SIGNALED);
}

bool standing_has_process(const struct standing *s)
{
    return s->state == ST_STARTED || s->state == ST_RUNNING || s->state == ST_STOPPING;
}

bool standing_is_down(const struct standing *s)
{
    return s->settled && (s->state == ST_STOPPED || s->state == ST_FATAL);
}

/* What a user stopped, or is stopping, has not been started. */
static bool has_started(const struct standing *s)
{
    return s->launched && (s->wanted || standing_has_ended(s));
}

void needs_sums_add(struct needs_sums *sums, const struct standing *s)
{
    sums->count++;
    sums->unsettled += !s->settled;
    sums->running += s->state == ST_RUNNING;
    sums->started += has_started(s);
    sums->ended += standing_has_ended(s);
    sums->fatal += s->state == ST_FATAL;
}

void needs_sums_drop(struct needs_sums *sums, const struct standing *s)
{
    sums->count--;
    sums->unsettled -= !s->settled;
    sums->running -= s->state == ST_RUNNING;
    sums->started -= has_started(s);
    sums->ended -= standing_has_ended(s);
    sums->fatal -= s->state == ST_FATAL;
}

enum needs needs_offer(const struct needs_sums *sums, enum need_condition condition)
{
    if (sums->count == 0 || sums->unsettled > 0)
        return NEEDS_PENDING;
    if (sums->fatal > 0)
        return NEEDS_FAILED;
    switch (condition) {
    case NEED_RUNNING:
        if (sums->running == sums->count)
            return NEEDS_MET;
        return sums->ended > 0 ? NEEDS_FAILED : NEEDS_PENDING;
    case NEED_STARTED: return sums->started == sums->count ? NEEDS_MET : NEEDS_PENDING;
    case NEED_COMPLETED: return sums->ended == sums->count ? NEEDS_MET : NEEDS_PENDING;
    }
    return NEEDS_PENDING;
}

static const char *wish(enum need_condition condition)
{
    switch (condition) {
    case NEED_RUNNING: return "to be RUNNING";
    case NEED_STARTED: return "to be started";
    case NEED_COMPLETED: return "to complete";
    }
    return "";
}

char *needs_text(enum needs level, const char *task, enum need_condition condition,
                 const struct needs_sums *sums, size_t more)
{
    char *text = NULL;
    int length;
    if (level == NEEDS_FAILED)
        length = asprintf(&text, "'%s' %s", task, sums->fatal > 0 ? "is FATAL" : "has ended");
    else if (more == 0)
        length = asprintf(&text, "waits for '%s' %s", task, wish(condition));
    else
        length = asprintf(&text, "waits for '%s' %s, and %zu more", task, wish(condition), more);
    return length < 0 ? NULL : text;
}
