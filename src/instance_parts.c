/* instance_parts.c - see instance_parts.h. */
#include "instance_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "journal.h"
#include "log.h"
#include "reason.h"
#include "verdict.h"

bool instance_needs_are_why(const struct fsm *f)
{
    return (f->why.why == WHY_NEEDS && f->state == ST_WAITING) || f->why.why == WHY_NEEDS_FAILED;
}

void instance_explain_needs(struct instance *in, const struct fsm *before)
{
    bool fresh = before->state != in->fsm.state || in->fsm.state == ST_WAITING;
    if (!fresh || !instance_needs_are_why(&in->fsm))
        return;
    free(in->detail);
    in->detail = in->needs_text ? strdup(in->needs_text) : NULL;
}

void instance_judge(const struct instance *in, const struct fsm *before)
{
    if (!in->env->on_verdict || !verdict_is_due(in->id->task, before, &in->fsm))
        return;
    const char *what = in->fsm.state == ST_FATAL ? "is FATAL" : "has ended";
    char *why = reason_text(in->fsm.why, in->detail);
    char *text;
    if (asprintf(&text, "'%s' %s: %s", in->id->name, what, why ? why : "") < 0)
        text = NULL;
    in->env->on_verdict(in->env->on_verdict_arg, verdict_code(&in->fsm, in->spawn_error), text);
    free(why);
}

/* ---- what has become of it ---- */

static void log_change(struct instance *in, const struct fsm *before, int pid)
{
    bool fault = in->fsm.why.why == WHY_NOT_READY || in->fsm.why.why == WHY_UNHEALTHY;
    enum log_level level = in->fsm.state == ST_FATAL              ? LOG_ERROR
                           : in->fsm.state == ST_BACKOFF || fault ? LOG_WARN
                                                                  : LOG_INFO;
    if (!log_enabled(level))
        return;
    struct log_about about = {
        .task = in->id->task->name,
        .instance = in->id->name,
        .pid = pid,
        .from = state_name(before->state),
        .to = state_name(in->fsm.state),
    };
    char *why = reason_text(in->fsm.why, in->detail);
    log_about(level, &about, "%s -> %s: %s", about.from, about.to, why ? why : "");
    free(why);
}

void instance_publish(struct instance *in, const struct fsm *before)
{
    instance_explain_needs(in, before);
    bool has_detail = reason_has_detail(in->fsm.why) || instance_needs_are_why(&in->fsm);
    struct change change = {
        .wall_ms = clock_wall_ms(),
        .id = in->id,
        .from = before->state,
        .to = in->fsm.state,
        .pid = in->fsm.leader_gone ? 0 : in->child.pid,
        .why = in->fsm.why,
        .detail = has_detail ? in->detail : NULL,
    };
    published_set(&in->published, in->id, &in->fsm, fsm_deadline(&in->fsm, &in->policy), &change);
    if (before->state == in->fsm.state)
        return;
    journal_add(in->env->journal, &change);
    log_change(in, before, change.pid);
}
