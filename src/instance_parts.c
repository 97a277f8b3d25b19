/* instance_parts.c - see instance_parts.h. */
#include "instance_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
