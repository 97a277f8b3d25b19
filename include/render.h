/* render.h - turns what is known and what was done into lines for people, or into JSON for
 * programs, one object a line (src/JSON.md): a command says what it has to say through these, and
 * the style chooses the form. Pure but for what procstat.h reads where it is asked for.
 *
 * Where nothing is returned, being out of memory is said in the place of what was to be said. */
#ifndef RENDER_H
#define RENDER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "reply.h"
#include "snapshot.h"

struct render_style {
    bool colour;
    int width;   /* columns of the terminal; 0: nothing is cut */
    bool detail; /* status -v: last exit, CPU % and memory too */
    bool json;   /* the other form, of which the above say nothing */
};

/* What `status` says: a table, or one object. 0 or -ENOMEM. */
int render_status(FILE *out, const struct snapshot_set *set, const struct render_style *style);

/* What `describe` says about one instance: effective configuration, state and why, last exit, the
 * history of its states. `environment` is for the paths of its logs; `last_words` are lines of
 * stderr to go with it, render_unreadable, or NULL. 0 or -ENOMEM. */
int render_description(FILE *out, const struct snapshot *snapshot, char *const *environment,
                       const char *last_words, const struct render_style *style);

/* Stands for lines of stderr that cannot be read at the moment; a line that says so. */
extern const char render_unreadable[];

/* One line of `events`. 0 or -ENOMEM. */
int render_event(FILE *out, const struct change *change, const struct render_style *style);

/* That so many events went by unseen, at the beginning or in the middle. */
void render_missed(FILE *out, uint64_t missed, bool earlier, const struct render_style *style);

/* The exact line for an outcome: "Process 'nginx' stopped gracefully". */
void render_outcome(FILE *out, const struct answer *answer, const struct render_style *style);

/* "Process 'x' is still BACKOFF after 30s". */
void render_late(FILE *out, const struct snapshot *snapshot, int64_t timeout_ms,
                 const struct render_style *style);

/* What ANSWER_PLAN says. */
void render_plan(FILE *out, const struct answer *answer, const struct render_style *style);

/* The pid of an instance that runs, or that it does not; without `id` the supervisor's. */
void render_pid(FILE *out, const struct identity *id, int pid, const struct render_style *style);

/* A line that is no data and no complaint: "Configuration reloaded." */
void render_text(FILE *out, const char *text, const struct render_style *style);

/* A complaint, of one line or more; the end of the last one is optional. */
void render_error(FILE *out, const char *text, const struct render_style *style);

/* "Task 'nope' not found." */
void render_no_target(FILE *out, const char *name, const struct render_style *style);

/* What is wrong with a configuration, line by line. */
void render_problems(FILE *out, const char *lines, const struct render_style *style);

#endif
