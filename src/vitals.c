/* vitals.c - see vitals.h. */
#include "vitals.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "instance.h"
#include "launch.h"
#include "timetext.h"
#include "vitals_parts.h"

/* ---- on other threads ---- */

void vitals_on_news(void *arg, int64_t now_ms)
{
    struct instance *in = arg;
    (void)now_ms;
    if (!atomic_exchange(&in->vitals->noted, true))
        in->on_vitals(in->hooks.arg);
}

/* ---- what is said about it ---- */

void vitals_log(const struct instance *in, enum log_level level, const char *what, const char *more)
{
    const struct log_about about = {
        .task = in->id->task->name,
        .instance = in->id->name,
        .pid = in->child.pid,
    };
    log_about(level, &about, "%s%s", what, more ? more : "");
}

static void publish(struct instance *in)
{
    struct vitals *v = in->vitals;
    v->signs.checks = v->state.checks;
    v->signs.failures = v->state.failures;
    published_set_vitals(&in->published, vital_signs_copy(&v->signs));
}

void vitals_note_failure(struct instance *in, char *reason)
{
    struct vitals *v = in->vitals;
    char **last = v->state.phase == VITAL_STARTING ? &v->signs.not_ready : &v->signs.unhealthy;
    free(*last);
    *last = reason;
    free(in->detail); /* what the state machine makes of it is explained by it */
    in->detail = reason ? strdup(reason) : NULL;
}

/* ---- doing what the rules say ---- */

static const struct config_probe *asked(const struct instance *in)
{
    return vital_asked(in->id->task, in->vitals->state.phase);
}

static void note_late(struct instance *in)
{
    struct vitals *v = in->vitals;
    char span[TIMETEXT_BYTES];
    char *text = NULL;
    bool watchdog = asked(in)->kind == PROBE_WATCHDOG;
    timetext_span(watchdog ? v->state.watchdog_ms : vital_patience_ms(asked(in), v->state.phase),
                  span);
    int length = watchdog ? asprintf(&text, "no WATCHDOG=1 for %s", span)
                          : asprintf(&text, "no answer within %s", span);
    vitals_note_failure(in, length < 0 ? NULL : text);
}

/* What the rules make of a probe that has ended meanwhile. */
static unsigned harvest(struct instance *in)
{
    struct vitals *v = in->vitals;
    enum vital_result result = VITAL_UNKNOWN;
    char *reason = NULL;
    if (!v->state.probing || !probe_look(&v->probe, in, &result, &reason))
        return VITAL_NOTHING;
    if (result == VITAL_GOOD || v->state.settled)
        free(reason);
    else
        vitals_note_failure(in, reason);
    unsigned actions = vital_probed(&v->state, in->id->task, result, clock_ms());
    publish(in);
    return actions;
}

static void tell(struct instance *in, unsigned actions)
{
    struct vitals *v = in->vitals;
    if (v->state.phase == VITAL_RUNNING && actions & VITAL_WORSE)
        vitals_log(in, LOG_WARN, "health check failed: ", v->signs.unhealthy);
    if (v->state.phase == VITAL_RUNNING && actions & VITAL_BETTER)
        vitals_log(in, LOG_INFO, "healthy again", NULL);
    if (actions & VITAL_READY) {
        v->signs.ready = true;
        v->signs.ready_ms = clock_ms() - in->fsm.up_ms;
    }
    publish(in);
}

/* Neither event starts or ends a process before instance_step() returns. */
static void step(struct instance *in, unsigned actions)
{
    struct fsm_event ev = { .kind = EV_READY, .now_ms = clock_ms() };
    if (actions & VITAL_UNHEALTHY) {
        ev.kind = EV_UNHEALTHY;
        ev.why = (struct reason){ .why = WHY_UNHEALTHY, .arg = (int)in->vitals->state.failures };
    }
    if (actions & (VITAL_READY | VITAL_UNHEALTHY))
        instance_step(in, ev);
}

void vitals_act(struct instance *in, unsigned actions)
{
    struct vitals *v = in->vitals;
    if (actions & VITAL_LATE)
        note_late(in);
    if (actions & VITAL_KILL)
        probe_kill(&v->probe);
    if (actions & VITAL_PROBE)
        probe_start(&v->probe, in, asked(in), vitals_on_news, in);
    if (actions & (VITAL_KILL | VITAL_PROBE)) /* it may be over already */
        actions |= harvest(in);
    tell(in, actions);
    step(in, actions);
}

/* ---- its life ---- */

/* There is no process, and so nothing under way. */
void vitals_release(struct instance *in)
{
    if (!in->vitals)
        return;
    vitals_close_socket(in);
    vital_signs_release(&in->vitals->signs);
    free(in->vitals);
    in->vitals = NULL;
}

static int begin(struct instance *in, struct launch_id *id)
{
    const struct task_config *task = in->id->task;
    if (!in->vitals) {
        in->vitals = calloc(1, sizeof *in->vitals);
        if (!in->vitals)
            return -ENOMEM;
        in->vitals->socket = -1;
    }
    struct vitals *v = in->vitals;
    vital_signs_release(&v->signs);
    v->state = (struct vital_state){ .phase = VITAL_OFF, .due_ms = INT64_MAX };
    publish(in);
    v->stranger_logged = v->main_pid_logged = false;
    vitals_close_socket(in);
    if (task->ready.kind != PROBE_NOTIFY && task->health.kind != PROBE_WATCHDOG)
        return 0;
    int error = vitals_open_socket(in);
    if (error)
        return error;
    id->notify_socket = v->socket_name;
    id->watchdog_ms = task->health.kind == PROBE_WATCHDOG ? task->health.timeout_ms : 0;
    return 0;
}

int vitals_prepare(struct instance *in, struct launch_id *id, char **out_error)
{
    const struct task_config *task = in->id->task;
    if (task->ready.kind == PROBE_NONE && task->health.kind == PROBE_NONE) {
        if (in->vitals)
            published_set_vitals(&in->published, NULL);
        vitals_release(in);
        return 0;
    }
    int error = begin(in, id);
    if (!error)
        return 0;
    char *text = NULL;
    if (asprintf(&text, "cannot make a notify socket: %s", strerrordesc_np(-error)) < 0)
        text = NULL;
    *out_error = text;
    return -EAGAIN;
}

static enum vital_phase phase_of(const struct instance *in)
{
    if (!in->fsm.alive || in->asked_group) /* it has exited */
        return VITAL_OFF;
    if (in->fsm.state == ST_STARTED)
        return VITAL_STARTING;
    return in->fsm.state == ST_RUNNING ? VITAL_RUNNING : VITAL_OFF;
}

void vitals_follow(struct instance *in)
{
    struct vitals *v = in->vitals;
    if (!v)
        return;
    enum vital_phase phase = phase_of(in);
    if (phase != v->state.phase)
        vitals_act(in, vital_enter(&v->state, in->id->task, phase, clock_ms()));
    if (!in->fsm.alive)
        vitals_close_socket(in);
}

void vitals_look(struct instance *in)
{
    struct vitals *v = in->vitals;
    if (!v)
        return;
    atomic_store(&v->noted, false);
    unsigned actions = harvest(in);
    if (actions)
        vitals_act(in, actions);
    if (v->socket >= 0)
        vitals_read_socket(in);
}

int64_t vitals_deadline_ms(const struct instance *in)
{
    return in->vitals ? in->vitals->state.due_ms : INT64_MAX;
}

void vitals_due(struct instance *in)
{
    int64_t now_ms = clock_ms();
    if (vitals_deadline_ms(in) <= now_ms)
        vitals_act(in, vital_due(&in->vitals->state, in->id->task, now_ms));
}

bool vitals_linger(const struct instance *in)
{
    return in->vitals && in->vitals->state.probing;
}
