/* render.h - turns copies of what is known into text for people and JSON for programs. Pure but
 * for what procstat.h reads where it is asked for. */
#ifndef RENDER_H
#define RENDER_H

#include <stdbool.h>
#include <stdio.h>

#include "reply.h"
#include "snapshot.h"

struct render_style {
    bool colour;
    int width;   /* columns of the terminal; 0: nothing is cut */
    bool detail; /* status -v: last exit, CPU % and memory too */
};

/* The table of `status`. 0 or -ENOMEM. */
int render_table(FILE *out, const struct snapshot_set *set, const struct render_style *style);

/* The object of `status --json`, on one line. 0 or -ENOMEM. */
int render_status_json(FILE *out, const struct snapshot_set *set);

/* The page of `describe` for one instance: effective configuration, state and why, last exit, the
 * history of its states. `environment` is for the paths of its logs. 0 or -ENOMEM. */
int render_describe(FILE *out, const struct snapshot *snapshot, char *const *environment,
                    const struct render_style *style);

/* One line of `events`, or its JSON object on one line. */
int render_change(FILE *out, const struct change *change, const struct render_style *style);
int render_change_json(FILE *out, const struct change *change);

/* The exact line for an outcome: "Process 'nginx' stopped gracefully". */
void render_outcome(FILE *out, const struct answer *answer);

#endif
