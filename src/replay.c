/* replay.c - see replay.h. */
#include "replay.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "clock.h"
#include "lines.h"
#include "replay_words.h"
#include "trace.h"

struct actor {
    unsigned number;
    unsigned long line; /* the latest about it */
    bool has_policy;
    char *name;
    struct fsm fsm;
    struct fsm_policy policy;
    UT_hash_handle hh;
};

struct replay {
    FILE *story;
    struct lines *lines;
    struct actor *actors;
    struct replay_counts counts;
    bool begun;
    int64_t wall_ms; /* when CLOCK_MONOTONIC was 0 */
    unsigned long gap_line;
    unsigned long torn_line; /* the last line was no record: torn, or wrong? 0: it was one */
    int torn_error;
    char *problem;
};

/* ---- beginning and end ---- */

static void remove_actor(struct replay *r, struct actor *a)
{
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it does not see that this unlinks */
    HASH_DEL(r->actors, a);
    free(a->name);
    free(a);
}

static void remove_all(struct replay *r)
{
    while (r->actors)
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it does not see that this unlinks */
        remove_actor(r, r->actors);
}

struct replay *replay_new(FILE *story)
{
    struct replay *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    r->story = story;
    r->lines = lines_new();
    if (r->lines)
        return r;
    free(r);
    return NULL;
}

void replay_free(struct replay *r)
{
    if (!r)
        return;
    remove_all(r);
    lines_free(r->lines);
    free(r->problem);
    free(r);
}

const char *replay_problem(const struct replay *r)
{
    return r->problem ? r->problem : "out of memory";
}

struct replay_counts replay_counts(const struct replay *r)
{
    return r->counts;
}

/* ---- what is said ---- */

static int bad(struct replay *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int bad(struct replay *r, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = vasprintf(&r->problem, format, args);
    va_end(args);
    if (length < 0)
        r->problem = NULL;
    return length < 0 ? -ENOMEM : -EBADMSG;
}

static void put_time(struct replay *r, int64_t mono_ms)
{
    char text[CLOCK_TEXT_BYTES];
    clock_text(r->wall_ms + mono_ms, text);
    fputs(text, r->story);
}

static void tell(struct replay *r, const struct trace_record *record, const struct actor *a,
                 const struct fsm_step *step)
{
    if (!r->story)
        return;
    put_time(r, record->event.now_ms);
    fprintf(r->story, " %s: ", a->name);
    replay_put_event(r->story, &record->event);
    fputs(": ", r->story);
    replay_put_step(r->story, &a->fsm, step);
    fputc('\n', r->story);
}

/* ---- differences ---- */

static bool is_same(const struct trace_outcome *came, const struct fsm_step *step)
{
    return came->state == step->next.state && came->actions == step->actions &&
           came->why == step->next.why.why && came->sum == trace_sum_of(&step->next);
}

static void put_outcome(FILE *out, const struct trace_outcome *came)
{
    fprintf(out, "%s, why %d, to do: ", state_name(came->state), (int)came->why);
    replay_put_actions(out, came->actions);
    fprintf(out, ", sum %08x", (unsigned)came->sum);
}

static int end_problem(struct replay *r, FILE *out)
{
    if (fclose(out) == 0)
        return -ECANCELED;
    free(r->problem);
    r->problem = NULL;
    return -ENOMEM;
}

static int differs(struct replay *r, const struct trace_record *record, const struct actor *a,
                   const struct fsm_step *step)
{
    size_t bytes;
    FILE *out = open_memstream(&r->problem, &bytes);
    if (!out)
        return -ENOMEM;
    const struct trace_outcome now = { step->next.state, step->actions, step->next.why.why,
                                       trace_sum_of(&step->next) };
    fprintf(out, "'%s' differs, in state %s: ", a->name, state_name(a->fsm.state));
    replay_put_event(out, &record->event);
    fputs("\n  the trace: ", out);
    put_outcome(out, &record->outcome);
    fputs("\n  now:       ", out);
    put_outcome(out, &now);
    fputs("\n  before:    ", out);
    replay_put_state(out, &a->fsm);
    fputs("\n  after:     ", out);
    replay_put_state(out, &step->next);
    return end_problem(r, out);
}

static int changed_meanwhile(struct replay *r, const struct actor *a, const struct fsm *says)
{
    size_t bytes;
    FILE *out = open_memstream(&r->problem, &bytes);
    if (!out)
        return -ENOMEM;
    fprintf(out, "'%s' has changed without an event\n  the trace: ", a->name);
    replay_put_state(out, says);
    fputs("\n  now:       ", out);
    replay_put_state(out, &a->fsm);
    return end_problem(r, out);
}

static int too_early(struct replay *r, const struct actor *a, int64_t early_ms)
{
    int error = bad(r, "'%s' differs, in state %s: its time is over, %lld ms too early", a->name,
                    state_name(a->fsm.state), (long long)early_ms);
    return error == -EBADMSG ? -ECANCELED : error;
}

/* ---- records ---- */

static void take_begin(struct replay *r, const struct trace_record *record)
{
    remove_all(r);
    r->begun = true;
    r->gap_line = 0;
    r->wall_ms = record->wall_ms - record->mono_ms;
    r->counts.supervisors++;
    if (!r->story)
        return;
    put_time(r, record->mono_ms);
    fprintf(r->story, " a supervisor begins, pid %d\n", record->pid);
}

static int new_actor(struct replay *r, const struct trace_record *record)
{
    struct actor *a = calloc(1, sizeof *a);
    if (!a)
        return -ENOMEM;
    a->name = strdup(record->name);
    a->number = record->number;
    a->fsm = record->fsm;
    a->line = r->counts.lines;
    HASH_ADD_INT(r->actors, number, a);
    if (!a->name || !a->hh.tbl) {
        if (a->hh.tbl)
            HASH_DEL(r->actors, a);
        free(a->name);
        free(a);
        return -ENOMEM;
    }
    r->counts.instances++;
    return 0;
}

/* Only where events were lost may the state be another one. */
static int take_state(struct replay *r, struct actor *a, const struct trace_record *record)
{
    if (!a)
        return new_actor(r, record);
    bool same = trace_same_state(&a->fsm, &record->fsm);
    if (!same && r->gap_line <= a->line)
        return changed_meanwhile(r, a, &record->fsm);
    char *name = strdup(record->name);
    if (!name)
        return -ENOMEM;
    if (!same && r->story)
        fprintf(r->story, "  what happened to %s is lost: it was %s and is %s\n", a->name,
                state_name(a->fsm.state), state_name(record->fsm.state));
    else if (r->story)
        fprintf(r->story, "  %s is %s now\n", a->name, name);
    free(a->name);
    a->name = name;
    a->fsm = record->fsm;
    a->line = r->counts.lines;
    return 0;
}

static int take_policy(struct replay *r, struct actor *a, const struct trace_record *record)
{
    if (!a)
        return bad(r, "the policy of an instance that was not introduced");
    if (a->has_policy && r->story)
        fprintf(r->story, "  %s has another policy now\n", a->name);
    a->policy = record->policy;
    a->has_policy = true;
    a->line = r->counts.lines;
    return 0;
}

static int take_event(struct replay *r, struct actor *a, const struct trace_record *record)
{
    if (!a || !a->has_policy)
        return bad(r, "an event of an instance that was not introduced");
    const struct fsm_event *ev = &record->event;
    struct fsm_step step = fsm_next(a->fsm, &a->policy, *ev);
    int64_t due_ms = fsm_deadline(&a->fsm, &a->policy);
    r->counts.events++;
    tell(r, record, a, &step);
    if (ev->kind == EV_DEADLINE && ev->now_ms < due_ms)
        return too_early(r, a, due_ms == INT64_MAX ? INT64_MAX : due_ms - ev->now_ms);
    if (!is_same(&record->outcome, &step))
        return differs(r, record, a, &step);
    a->fsm = step.next;
    a->line = r->counts.lines;
    if (step.actions & ACT_GONE)
        remove_actor(r, a);
    return 0;
}

static void take_gap(struct replay *r, const struct trace_record *record)
{
    r->gap_line = r->counts.lines;
    r->counts.lost += record->lost;
    if (r->story)
        fprintf(r->story, "  %lu events were lost here\n", record->lost);
}

static int take_record(struct replay *r, const struct trace_record *record)
{
    struct actor *a = NULL;
    if (!r->begun && record->kind != TRACE_BEGIN)
        return bad(r, "a record before the beginning of a trace");
    HASH_FIND_INT(r->actors, &record->number, a);
    switch (record->kind) {
    case TRACE_BEGIN: take_begin(r, record); return 0;
    case TRACE_STATE: return take_state(r, a, record);
    case TRACE_POLICY: return take_policy(r, a, record);
    case TRACE_EVENT: return take_event(r, a, record);
    case TRACE_GAP: take_gap(r, record); return 0;
    }
    return -EBADMSG;
}

/* ---- lines ---- */

static int not_a_record(struct replay *r, int error)
{
    if (!r->begun)
        return bad(r, "no trace of taskmaster");
    if (error == -EILSEQ)
        return bad(r, "the record is damaged: its checksum is wrong");
    return bad(r, "the record is damaged");
}

static void forgive(struct replay *r)
{
    if (r->torn_line && r->story)
        fputs("  a record is torn here\n", r->story);
    r->counts.torn += r->torn_line > 0;
    r->torn_line = 0;
}

/* A line that is no record is torn if what follows at once says so, by beginning anew. */
static int judge_torn(struct replay *r, bool begins_anew)
{
    if (!r->torn_line)
        return 0;
    if (begins_anew) {
        forgive(r);
        return 0;
    }
    r->counts.lines = r->torn_line;
    return not_a_record(r, r->torn_error);
}

static int take_line(struct replay *r, int broken, char *line)
{
    struct trace_record record = { .kind = TRACE_STATE };
    r->counts.lines++;
    bool empty = !broken && !*line;
    int error = broken ? broken : empty ? 0 : trace_parse(line, &record);
    bool anew = !empty && !error && (record.kind == TRACE_BEGIN || record.kind == TRACE_GAP);
    int torn = judge_torn(r, anew);
    if (torn || empty)
        return torn;
    if (error == -EPROTONOSUPPORT)
        return bad(r, "a trace of another version: this is version %d", TRACE_VERSION);
    if (error) {
        r->torn_line = r->counts.lines;
        r->torn_error = error;
        return 0;
    }
    return take_record(r, &record);
}

static int take_lines(struct replay *r)
{
    char *line;
    int error;
    while ((error = lines_next(r->lines, &line)) != -EAGAIN) {
        if (error == -ENOMEM)
            return error;
        bool broken = error != 0;
        error = take_line(r, error, broken ? NULL : line);
        if (!broken)
            free(line);
        if (error)
            return error;
    }
    return 0;
}

int replay_feed(struct replay *r, const char *bytes, size_t count)
{
    int error = lines_add(r->lines, bytes, count);
    return error ? error : take_lines(r);
}

int replay_finish(struct replay *r)
{
    bool torn = !lines_is_empty(r->lines);
    lines_finish(r->lines);
    int error = take_lines(r);
    if (error)
        return error;
    /* A last line that lacks its end may be torn; one that has it may not. */
    if (r->torn_line && !(torn && r->begun))
        return judge_torn(r, false);
    forgive(r);
    return r->begun ? 0 : bad(r, "no trace of taskmaster");
}
