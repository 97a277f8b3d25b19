/* trace_story.h - a trace of one instance that lives under a virtual clock, made line by line, and
 * what a replay of it comes to. */
#ifndef TRACE_STORY_H
#define TRACE_STORY_H

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "fsm_sim.h"
#include "replay.h"
#include "trace.h"

struct story {
    struct sim sim;
    char *text; /* complete after each step */
    size_t bytes;
    FILE *out;
};

static inline void story_add(struct story *s, const struct trace_record *record)
{
    char *line;
    size_t bytes;
    cr_assert_eq(trace_line(record, &line, &bytes), 0);
    fwrite(line, 1, bytes, s->out);
    fflush(s->out);
    free(line);
}

static inline void story_state(struct story *s, const struct fsm *fsm)
{
    story_add(s, &(struct trace_record){ .kind = TRACE_STATE, .name = "web", .fsm = *fsm });
}

/* Introduces an instance 'web', which is STOPPED. */
static inline void story_init(struct story *s)
{
    *s = (struct story){ .sim = sim_new(RESTART_ON_FAILURE) };
    s->out = open_memstream(&s->text, &s->bytes);
    cr_assert_not_null(s->out);
    story_add(s, &(struct trace_record){
                     .kind = TRACE_BEGIN, .pid = 7, .wall_ms = 1700000000000, .mono_ms = 1000 });
    story_state(s, &s->sim.f);
    story_add(s, &(struct trace_record){ .kind = TRACE_POLICY, .policy = s->sim.policy });
}

static inline void story_release(struct story *s)
{
    fclose(s->out);
    free(s->text);
}

/* What happens, as it would be recorded; with `tamper`, as if something else had been decided. */
static inline void story_event(struct story *s, struct fsm_event ev,
                               void (*tamper)(struct trace_outcome *outcome))
{
    ev.now_ms = s->sim.now_ms;
    ev.chance = s->sim.chance;
    sim_feed(&s->sim, ev);
    struct trace_record record = {
        .kind = TRACE_EVENT,
        .event = ev,
        .outcome = { s->sim.f.state, s->sim.actions, s->sim.f.why.why, trace_sum_of(&s->sim.f) },
    };
    if (tamper)
        tamper(&record.outcome);
    story_add(s, &record);
}

static inline void story_kind(struct story *s, enum fsm_event_kind kind)
{
    story_event(s, (struct fsm_event){ .kind = kind, .why.why = WHY_USER }, NULL);
}

static inline void story_exit(struct story *s, int code)
{
    struct fsm_event ev = { .kind = EV_EXITED, .exit = { true, code, 0 }, .group_empty = true };
    story_event(s, ev, NULL);
}

struct told {
    int error;
    struct replay_counts counts;
    char problem[2000];
    char *story; /* to free() */
};

static inline struct told replay_of(const char *bytes, size_t count)
{
    struct told told = { 0 };
    size_t size;
    FILE *out = open_memstream(&told.story, &size);
    struct replay *replay = replay_new(out);
    cr_assert_not_null(replay);
    told.error = replay_feed(replay, bytes, count);
    if (!told.error)
        told.error = replay_finish(replay);
    told.counts = replay_counts(replay);
    if (told.error)
        snprintf(told.problem, sizeof told.problem, "%s", replay_problem(replay));
    replay_free(replay);
    fclose(out);
    return told;
}

#endif
