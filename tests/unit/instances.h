/* instances.h - identities and snapshots of the instances of a small configuration, for tests of
 * what is shown and said about them. */
#ifndef INSTANCES_H
#define INSTANCES_H

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "snapshot.h"

/* The configuration that the text stands for. */
static inline struct config *config_of(const char *yaml)
{
    static char *nothing[] = { NULL };
    struct config *config = NULL;
    char *errors = NULL;
    int error = config_parse("test.yaml", yaml, strlen(yaml), nothing, &config, &errors);
    cr_assert_eq(error, 0, "%s", errors);
    return config;
}

/* Snapshots of all instances, STOPPED. */
static inline struct snapshot_set *snapshots_of(const struct config *config)
{
    struct snapshot_set *set = calloc(1, sizeof *set);
    for (size_t i = 0; i < config->task_count; i++) {
        for (long n = 1; n <= config->tasks[i]->instances; n++) {
            set->items = reallocarray(set->items, set->count + 1, sizeof *set->items);
            set->items[set->count++] = (struct snapshot){
                .id = identity_new(config->tasks[i], n),
                .state = ST_STOPPED,
                .next_ms = INT64_MAX,
            };
        }
    }
    return set;
}

#endif
