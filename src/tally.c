/* tally.c - see tally.h. */
#include "tally.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "duration.h"

#define NAMES_SHOWN 3

void tally_init(struct tally *tally, enum request_kind request, const struct render_style *style)
{
    *tally = (struct tally){ .request = request, .style = *style };
}

void tally_release(struct tally *tally)
{
    for (size_t i = 0; i < tally->answered_count; i++)
        identity_unref(tally->answered[i]);
    free(tally->answered);
    *tally = (struct tally){ .request = tally->request, .style = tally->style };
}

/* Out of memory, an instance is shown as late that is not: no reason to fail. */
static void remember(struct tally *tally, struct identity *id)
{
    if (tally->answered_count == tally->answered_room) {
        size_t room = tally->answered_room ? tally->answered_room * 2 : 8;
        struct identity **more = reallocarray(tally->answered, room, sizeof(struct identity *));
        if (!more)
            return;
        tally->answered = more;
        tally->answered_room = room;
    }
    tally->answered[tally->answered_count++] = identity_ref(id);
}

/* Starting what runs and stopping what does not are done already. */
static bool is_failure(enum request_kind request, enum outcome outcome)
{
    switch (outcome) {
    case OUT_STARTED:
    case OUT_RESTARTED:
    case OUT_STOPPED:
    case OUT_KILLED:
    case OUT_SIGNALED:
    case OUT_ALREADY_RUNNING:
    case OUT_NOTHING: return false;
    case OUT_NOT_RUNNING: return request == REQ_SIGNAL;
    case OUT_FAILED:
    case OUT_OVERTAKEN:
    case OUT_SHUTTING_DOWN:
    case OUT_BUSY: return true;
    }
    return true;
}

static void take_errors(struct tally *tally, const char *lines, FILE *out)
{
    if (tally->request == REQ_SHUTDOWN) /* too late to be asked: it is done already */
        return;
    if (tally->request == REQ_RELOAD)
        render_problems(out, lines, &tally->style);
    else
        render_error(out, lines, &tally->style);
    tally->failed = true;
    tally->refused = true;
}

void tally_take(struct tally *tally, const struct answer *answer, FILE *out)
{
    const char *text = answer->text ? answer->text : "";
    switch (answer->kind) {
    case ANSWER_OUTCOME:
        render_outcome(out, answer, &tally->style);
        tally->failed |= is_failure(tally->request, answer->outcome);
        tally->received++;
        if (answer->id)
            remember(tally, answer->id);
        break;
    case ANSWER_NO_TARGET:
        render_no_target(out, text, &tally->style);
        tally->failed = true;
        break;
    case ANSWER_ROUTED:
        tally->routed = true;
        tally->owed = answer->count;
        break;
    case ANSWER_NOTE: render_text(out, text, &tally->style); break;
    case ANSWER_ERRORS: take_errors(tally, text, out); break;
    case ANSWER_PLAN: render_plan(out, answer, &tally->style); break;
    case ANSWER_SNAPSHOTS: break;
    }
}

bool tally_finished(const struct tally *tally)
{
    return tally->routed && tally->received >= tally->owed;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool has_process(const struct snapshot *snapshot)
{
    return snapshot->pid != 0 || snapshot->state == ST_STOPPING;
}

int tally_late(const struct tally *tally, const struct snapshot_set *set, bool live_only,
               const struct snapshot ***out_late, size_t *out_count)
{
    const char **names = calloc(tally->answered_count + 1, sizeof *names);
    const struct snapshot **late = calloc(set->count + 1, sizeof *late);
    size_t count = 0;
    if (!names || !late) {
        free(names);
        free(late);
        return -ENOMEM;
    }
    for (size_t i = 0; i < tally->answered_count; i++)
        names[i] = tally->answered[i]->name;
    qsort(names, tally->answered_count, sizeof *names, compare_names);
    for (size_t i = 0; i < set->count; i++) {
        const struct snapshot *item = &set->items[i];
        const char *name = item->id->name;
        if ((!live_only || has_process(item)) &&
            !bsearch(&name, names, tally->answered_count, sizeof *names, compare_names))
            late[count++] = item;
    }
    free(names);
    *out_late = late;
    *out_count = count;
    return 0;
}

void tally_print_late(const struct tally *tally, const struct snapshot_set *set, int64_t timeout_ms,
                      FILE *out)
{
    char text[DURATION_TEXT_BYTES + 20] = "not done after ";
    const struct snapshot **late = NULL;
    size_t count = 0;
    if (tally_late(tally, set, false, &late, &count) < 0)
        count = 0;
    for (size_t i = 0; i < count; i++)
        render_late(out, late[i], timeout_ms, &tally->style);
    if (count == 0) {
        duration_print(timeout_ms, text + strlen(text));
        render_error(out, text, &tally->style);
    }
    free(late);
}

/* What the instances are waited for to do; NULL for what does not wait. */
static const char *purpose(enum request_kind request)
{
    switch (request) {
    case REQ_START: return "start";
    case REQ_RESTART: return "restart";
    case REQ_STOP:
    case REQ_SHUTDOWN:
    case REQ_KILL: return "stop";
    case REQ_SIGNAL:
    case REQ_STATUS:
    case REQ_RELOAD: return NULL;
    }
    return NULL;
}

char *tally_waiting_for(const struct tally *tally, const struct snapshot_set *set)
{
    const char *to = purpose(tally->request);
    const struct snapshot **late = NULL;
    size_t count = 0;
    char *text = NULL;
    size_t bytes = 0;
    if (!to || tally_late(tally, set, tally->request == REQ_SHUTDOWN, &late, &count) < 0)
        return NULL;
    FILE *out = count > 0 ? open_memstream(&text, &bytes) : NULL;
    if (out) {
        fputs("waiting for ", out);
        for (size_t i = 0; i < count && i < NAMES_SHOWN; i++)
            fprintf(out, "%s%s", i > 0 ? ", " : "", late[i]->id->name);
        if (count > NAMES_SHOWN)
            fprintf(out, " and %zu more", count - NAMES_SHOWN);
        fprintf(out, " to %s", to);
        if (fclose(out) != 0) {
            free(text);
            text = NULL;
        }
    }
    free(late);
    return text;
}
