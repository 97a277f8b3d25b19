/* render_outcome.c - for people: one line for an outcome, and one for a change of
 * state. */
#include "render_forms.h"

#include <errno.h>
#include <stdlib.h>

#include "paint.h"
#include "reason.h"
#include "signame.h"
#include "text.h"
#include "timetext.h"

/* A line that is made of a name and a text. */
static void put_line(FILE *out, const char *name, const char *what, const char *text)
{
    fprintf(out, "Process '%s'%s", name, what);
    text_put(out, text);
    fputc('\n', out);
}

static void put_killed(FILE *out, const char *name, const struct answer *answer)
{
    char grace[TIMETEXT_BYTES];
    timetext_span(answer->ms, grace);
    fprintf(out, "Process '%s' did not stop in %s, killed", name, grace);
    if (answer->count > 1)
        fprintf(out, " (%zu processes)", answer->count);
    fputc('\n', out);
}

void render_outcome_lines(FILE *out, const struct answer *answer)
{
    const char *name = answer->id ? answer->id->name : "?";
    const char *text = answer->text ? answer->text : "out of memory"; /* for the text itself */
    switch (answer->outcome) {
    case OUT_STARTED: fprintf(out, "Process '%s' started with PID %d\n", name, answer->pid); break;
    case OUT_RESTARTED:
        if (answer->ms > 0)
            put_killed(out, name, answer);
        fprintf(out, "Process '%s' restarted with PID %d\n", name, answer->pid);
        break;
    case OUT_STOPPED: put_line(out, name, " stopped gracefully", ""); break;
    case OUT_KILLED: put_killed(out, name, answer); break;
    case OUT_SIGNALED:
        fprintf(out, "Sent %s to process '%s'\n", signame((int)answer->count), name);
        break;
    case OUT_ALREADY_RUNNING: put_line(out, name, " is already running", ""); break;
    case OUT_NOT_RUNNING: put_line(out, name, " is not running", ""); break;
    case OUT_FAILED: put_line(out, name, " failed to start: ", text); break;
    case OUT_OVERTAKEN: put_line(out, name, ": ", text); break;
    case OUT_SHUTTING_DOWN: put_line(out, name, ": shutting down", ""); break;
    case OUT_BUSY: put_line(out, name, ": busy, try again", ""); break;
    case OUT_NOTHING: break;
    }
}

int render_change(FILE *out, const struct change *change, const struct render_style *style)
{
    char *reason = reason_text(change->why, change->detail);
    if (!reason)
        return -ENOMEM;
    char at[TIMETEXT_BYTES];
    timetext_local(change->wall_ms, at);
    fprintf(out, "%s  ", at);
    if (change->id)
        fprintf(out, "%s: ", change->id->name);
    fprintf(out, "%s -> ", state_name(change->from));
    paint_state(out, change->to, style->colour);
    if (change->pid)
        fprintf(out, " (PID %d)", change->pid);
    fputs(", ", out);
    text_put(out, reason);
    fputc('\n', out);
    free(reason);
    return 0;
}
