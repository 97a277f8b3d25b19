/* command_events.c - events: what the journal still has, and with -f what comes to it. */
#include "call.h"

#include <errno.h>
#include <stdlib.h>

#include "journal.h"
#include "render.h"

struct events {
    struct follower *follower; /* NULL: not -f */
    uint64_t next;             /* the number of the next entry to print */
    bool begun;                /* some have been printed */
};

static void events_release(struct call *call)
{
    struct events *events = call->state;
    journal_unfollow(call->env.journal, events->follower);
    free(events);
    call->state = NULL;
}

static void events_step(struct call *call, FILE *out)
{
    struct events *events = call->state;
    const struct render_style style = call_style(call);
    struct change change;
    uint64_t missed = 0;
    int error = 0;
    for (int i = 0; i < JOURNAL_ROOM && !error; i++) {
        if (journal_read(call->env.journal, &events->next, &change, &missed) < 0)
            break;
        if (missed > 0)
            render_missed(out, missed, !events->begun, &style);
        error = render_event(out, &change, &style);
        change_release(&change);
        events->begun = true;
        if (i == JOURNAL_ROOM - 1)
            call_wake(call); /* the rest, after others had their turn */
    }
    if (error)
        call_refuse(call, out, error);
    else if (!events->follower)
        call_finish(call, EXIT_DONE);
}

void command_events(struct call *call, FILE *out)
{
    static const struct call_ops ops = { .step = events_step, .release = events_release };
    struct events *events = calloc(1, sizeof *events);
    if (events && (call->options.given & OPT_FOLLOW)) {
        events->follower = journal_follow(call->env.journal, call_wake, call);
        if (!events->follower) {
            free(events);
            events = NULL;
        }
    }
    if (!events) {
        call_refuse(call, out, -ENOMEM);
        return;
    }
    call->state = events;
    call->ops = &ops;
}
