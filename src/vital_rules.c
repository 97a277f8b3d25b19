/* vital_rules.c - see vital_rules.h. */
#include "vital_rules.h"

#include <stddef.h>

/* A probe of readiness has no timeout of its own. */
#define READY_PATIENCE_MS 5000

static const struct config_probe nothing = { .kind = PROBE_NONE };

const struct config_probe *vital_asked(const struct task_config *task, enum vital_phase phase)
{
    switch (phase) {
    case VITAL_STARTING: return &task->ready;
    case VITAL_RUNNING: return &task->health;
    case VITAL_OFF: break;
    }
    return &nothing;
}

int64_t vital_patience_ms(const struct config_probe *probe, enum vital_phase phase)
{
    if (phase != VITAL_STARTING)
        return probe->timeout_ms;
    return probe->interval_ms > READY_PATIENCE_MS ? probe->interval_ms : READY_PATIENCE_MS;
}

static int64_t watchdog_due(const struct vital_state *s, int64_t now_ms)
{
    return s->watchdog_ms > 0 ? now_ms + s->watchdog_ms : INT64_MAX;
}

/* When the first probe is due: readiness is what one waits for, and health takes its time. */
static int64_t first_due(const struct vital_state *s, const struct config_probe *asked,
                         int64_t now_ms)
{
    switch (asked->kind) {
    case PROBE_EXEC:
    case PROBE_TCP: return s->phase == VITAL_STARTING ? now_ms : now_ms + asked->interval_ms;
    case PROBE_WATCHDOG: return watchdog_due(s, now_ms);
    case PROBE_NONE:
    case PROBE_NOTIFY: break;
    }
    return INT64_MAX;
}

/* A new life of it begins at OFF; what a task says of its watchdog before it is RUNNING counts. */
static void begin_phase(struct vital_state *s, const struct task_config *task,
                        enum vital_phase phase)
{
    bool told = s->phase != VITAL_OFF && s->watchdog_told;
    *s = (struct vital_state){
        .phase = phase,
        .probing = s->probing,
        .watchdog_told = told,
        .watchdog_ms = told ? s->watchdog_ms : task->health.timeout_ms,
    };
}

unsigned vital_enter(struct vital_state *s, const struct task_config *task, enum vital_phase phase,
                     int64_t now_ms)
{
    if (phase == VITAL_OFF)
        s->phase = phase; /* the rest of what is known stays, for showing */
    else
        begin_phase(s, task, phase);
    s->settled = s->probing;
    s->due_ms = s->probing ? INT64_MAX : first_due(s, vital_asked(task, phase), now_ms);
    return s->probing ? VITAL_KILL : VITAL_NOTHING;
}

static unsigned good(struct vital_state *s)
{
    unsigned actions = s->failures > 0 ? VITAL_BETTER : VITAL_NOTHING;
    s->checks++;
    s->failures = 0;
    return s->phase == VITAL_STARTING ? VITAL_READY : actions;
}

static unsigned bad(struct vital_state *s, const struct config_probe *asked)
{
    unsigned actions = s->failures == 0 ? VITAL_WORSE : VITAL_NOTHING;
    s->checks++;
    s->failures++;
    if (s->phase == VITAL_RUNNING && s->failures >= asked->retries)
        actions |= VITAL_UNHEALTHY;
    return actions;
}

static unsigned watchdog_missed(struct vital_state *s)
{
    s->due_ms = INT64_MAX;
    s->checks++;
    s->failures++;
    return VITAL_UNHEALTHY;
}

unsigned vital_due(struct vital_state *s, const struct task_config *task, int64_t now_ms)
{
    const struct config_probe *asked = vital_asked(task, s->phase);
    if (s->phase == VITAL_RUNNING && asked->kind == PROBE_WATCHDOG)
        return VITAL_LATE | watchdog_missed(s);
    if (!s->probing) {
        s->probing = true;
        s->settled = false;
        s->due_ms = now_ms + vital_patience_ms(asked, s->phase);
        return VITAL_PROBE;
    }
    s->settled = true;
    s->due_ms = INT64_MAX;
    return VITAL_KILL | VITAL_LATE | bad(s, asked);
}

unsigned vital_probed(struct vital_state *s, const struct task_config *task,
                      enum vital_result result, int64_t now_ms)
{
    const struct config_probe *asked = vital_asked(task, s->phase);
    bool counts = !s->settled;
    s->probing = s->settled = false;
    bool again = asked->kind == PROBE_EXEC || asked->kind == PROBE_TCP;
    s->due_ms = again ? now_ms + asked->interval_ms : INT64_MAX;
    if (!counts)
        return VITAL_NOTHING;
    switch (result) {
    case VITAL_GOOD: return good(s);
    case VITAL_BAD: return bad(s, asked);
    case VITAL_UNKNOWN: break;
    }
    return VITAL_NOTHING;
}

static unsigned told_watchdog(struct vital_state *s, const struct notice *notice, int64_t now_ms)
{
    if (notice->watchdog_ms >= 0) {
        s->watchdog_ms = notice->watchdog_ms;
        s->watchdog_told = true;
    }
    if (s->phase != VITAL_RUNNING)
        return VITAL_NOTHING;
    if (notice->watchdog == NOTICE_TRIGGER)
        return watchdog_missed(s);
    if (notice->watchdog == NOTICE_ALIVE)
        s->checks++;
    if (notice->watchdog == NOTICE_ALIVE || notice->watchdog_ms >= 0)
        s->due_ms = watchdog_due(s, now_ms);
    return VITAL_NOTHING;
}

unsigned vital_told(struct vital_state *s, const struct task_config *task,
                    const struct notice *notice, int64_t now_ms)
{
    unsigned actions = VITAL_NOTHING;
    if (task->health.kind == PROBE_WATCHDOG && s->phase != VITAL_OFF)
        actions = told_watchdog(s, notice, now_ms);
    if (s->phase == VITAL_STARTING && task->ready.kind == PROBE_NOTIFY && notice->ready)
        actions |= VITAL_READY;
    return actions;
}
