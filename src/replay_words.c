/* replay_words.c - see replay_words.h. */
#include "replay_words.h"

#include <stdlib.h>

#include "reason.h"
#include "timetext.h"

/* The texts that go with some reasons are in the log, and not in a trace. */
static const char *stand_in(struct reason why)
{
    if (why.why == WHY_NEEDS)
        return "it waits for what is not there yet";
    return why.why == WHY_UNHEALTHY ? "see the log" : NULL;
}

static void put_reason(FILE *out, struct reason why)
{
    char *text = reason_text(why, stand_in(why));
    fputs(text ? text : "?", out);
    free(text);
}

static void put_asked(FILE *out, const char *what, struct reason why)
{
    fprintf(out, "%s (", what);
    put_reason(out, why);
    fputc(')', out);
}

static void put_exit(FILE *out, const struct fsm_event *ev)
{
    char text[24];
    fprintf(out, "%s, %s", exit_text(&ev->exit, text),
            ev->group_empty ? "nothing is left of it" : "but something is left of it");
}

static const char *needs_text(enum needs needs)
{
    switch (needs) {
    case NEEDS_MET: return "what it needs is there";
    case NEEDS_PENDING: return "what it needs is not there";
    case NEEDS_FAILED: return "what it needs has failed";
    }
    return "?";
}

void replay_put_event(FILE *out, const struct fsm_event *ev)
{
    switch (ev->kind) {
    case EV_START: put_asked(out, "start", ev->why); break;
    case EV_STOP: put_asked(out, "stop", ev->why); break;
    case EV_RESTART: put_asked(out, "restart", ev->why); break;
    case EV_RETIRE: put_asked(out, "stop for good", ev->why); break;
    case EV_KILL: fputs("kill at once", out); break;
    case EV_SPAWNED: fputs("the process has started", out); break;
    case EV_SPAWN_FAILED:
        fputs(ev->transient ? "no process could be made just now" : "the start has failed", out);
        break;
    case EV_EXITED: put_exit(out, ev); break;
    case EV_EMPTY: fputs("nothing is left of it", out); break;
    case EV_DEADLINE: fputs("its time is over", out); break;
    case EV_NEEDS: fputs(needs_text(ev->needs), out); break;
    case EV_READY: fputs("it is ready", out); break;
    case EV_UNHEALTHY: put_asked(out, "it is not well", ev->why); break;
    case EV_COUNT: break;
    }
}

void replay_put_actions(FILE *out, unsigned actions)
{
    static const char *const names[] = { "send the stop signal", "kill", "start a process",
                                         "end its monitor", "this cannot happen" };
    const char *separator = "";
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!(actions & 1U << i))
            continue;
        fprintf(out, "%s%s", separator, names[i]);
        separator = ", ";
    }
    if (!actions)
        fputs("nothing", out);
}

void replay_put_step(FILE *out, const struct fsm *before, const struct fsm_step *step)
{
    const struct fsm *next = &step->next;
    if (before->state == next->state)
        fprintf(out, "stays %s", state_name(next->state));
    else
        fprintf(out, "%s -> %s", state_name(before->state), state_name(next->state));
    if (before->state != next->state || before->why.why != next->why.why) {
        fputs(", ", out);
        put_reason(out, next->why);
    }
    if (step->actions) {
        fputs("; to do: ", out);
        replay_put_actions(out, step->actions);
    }
}

void replay_put_state(FILE *out, const struct fsm *f)
{
    char text[24];
    fprintf(out,
            "%s since %lld, why %d %d %lld, alive %d, leader gone %d, launched %d, retiring %d, "
            "killed %d, after %d, exited in %s, needs %d, up %lld, lived %lld, kill %lld, exit %s, "
            "exits %lu, failures %ld, restarts %lu, delay %lld, wait %lld",
            state_name(f->state), (long long)f->since_ms, (int)f->why.why, f->why.arg,
            (long long)f->why.ms, f->alive, f->leader_gone, f->launched, f->retiring, f->killed,
            (int)f->after, state_name(f->exited_in), (int)f->needs, (long long)f->up_ms,
            (long long)f->lived_ms, (long long)f->kill_ms, exit_text(&f->exit, text), f->exits,
            f->failures, f->restarts, (long long)f->delay_ms, (long long)f->wait_ms);
}
