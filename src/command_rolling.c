/* command_rolling.c - restart --rolling: the instances one after the other, each only once the one
 * before is RUNNING. The first that fails ends it, and so does whoever gives up waiting: nothing
 * that was not asked for yet is. */
#include "command_outcomes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NAMES_SHOWN 10

struct rolling {
    char **names; /* in the order of the configuration */
    size_t count;
    size_t next;
    bool failed; /* a target named nothing */
};

void rolling_free(struct rolling *rolling)
{
    if (!rolling)
        return;
    for (size_t i = 0; i < rolling->count; i++)
        free(rolling->names[i]);
    free(rolling->names);
    free(rolling);
}

/* What is stopping for good does not take part. */
static struct rolling *rolling_new(const struct snapshot_set *set)
{
    struct rolling *rolling = calloc(1, sizeof *rolling);
    if (!rolling)
        return NULL;
    rolling->names = calloc(set->count + 1, sizeof *rolling->names);
    if (!rolling->names) {
        free(rolling);
        return NULL;
    }
    for (size_t i = 0; i < set->count; i++) {
        if (set->items[i].why.why == WHY_REMOVED)
            continue;
        char *name = strdup(set->items[i].id->name);
        if (!name) {
            rolling_free(rolling);
            return NULL;
        }
        rolling->names[rolling->count++] = name;
    }
    return rolling;
}

void rolling_stop(struct call *call, FILE *out)
{
    const struct outcomes *outcomes = call->state;
    const struct rolling *rolling = outcomes->rolling;
    char *text = NULL;
    size_t bytes = 0;
    FILE *list = rolling->next < rolling->count ? open_memstream(&text, &bytes) : NULL;
    if (!list)
        return;
    for (size_t i = rolling->next; i < rolling->count && i < rolling->next + NAMES_SHOWN; i++)
        fprintf(list, "%s%s", i > rolling->next ? ", " : "", rolling->names[i]);
    if (rolling->count > rolling->next + NAMES_SHOWN)
        fprintf(list, " and %zu more", rolling->count - rolling->next - NAMES_SHOWN);
    if (fclose(list) == 0 && text)
        call_complain(call, out, "Rolling restart stopped at '%s'; not restarted: %s",
                      rolling->names[rolling->next - 1], text);
    free(text);
}

static void go_on(struct call *call, FILE *out)
{
    struct outcomes *outcomes = call->state;
    struct rolling *rolling = outcomes->rolling;
    if (rolling->next == rolling->count) {
        call_finish(call, rolling->failed ? EXIT_FAILED : EXIT_DONE);
        return;
    }
    const struct request request = { .kind = REQ_RESTART,
                                     .targets = &rolling->names[rolling->next++],
                                     .target_count = 1,
                                     .wait = true };
    outcomes_ask_next(call, out, &request);
}

void rolling_step_done(struct call *call, FILE *out)
{
    const struct outcomes *outcomes = call->state;
    if (outcomes->tally.failed) {
        rolling_stop(call, out);
        call_finish(call, EXIT_FAILED);
    } else {
        go_on(call, out);
    }
}

static void begin(struct call *call, struct snapshot_set *set, FILE *out)
{
    struct rolling *rolling = rolling_new(set);
    if (!rolling) {
        call_refuse(call, out, -ENOMEM);
        return;
    }
    rolling->failed = call->exit_status != EXIT_DONE;
    outcomes_roll(call, out, rolling);
    if (!call->done)
        go_on(call, out);
}

void command_rolling(struct call *call, FILE *out)
{
    call_ask(call, out, call->options.operands, call->options.operand_count, false, begin);
}
