/* plan.h - what a reload would do: the difference between two configurations, by meaning.
 * Pure: it looks at nothing else, so that --dry-run and the reload itself cannot disagree. */
#ifndef PLAN_H
#define PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "config.h"

struct plan_task {
    const struct task_config *was; /* NULL: added */
    struct task_config *now;       /* NULL: removed */
    enum config_change change;     /* of keys other than `instances` */
    bool scaled;                   /* `instances` differs */
};

/* Both configurations must outlive the plan. Rows: the tasks of `now` in order, then what was
 * removed. */
struct plan {
    struct plan_task *tasks;
    size_t count;
    const struct config *was;
    const struct config *now;
};

/* A plan to plan_free(), or NULL when out of memory. */
struct plan *plan_new(const struct config *was, const struct config *now);
void plan_free(struct plan *plan);

/* Prints what is added, removed, changed (restarted or taken over live), scaled and unchanged,
 * task by task; with `keys` also "KEY: OLD -> NEW" for each key that differs. */
void plan_print(FILE *out, const struct plan *plan, bool keys);

/* Prints the same as one JSON object on one line, keys by their names. 0 or -ENOMEM. */
int plan_print_json(FILE *out, const struct plan *plan) __attribute__((warn_unused_result));

#endif
