/* identities.h - the identity of one instance of one task, for unit tests. */
#ifndef TESTS_UNIT_IDENTITIES_H
#define TESTS_UNIT_IDENTITIES_H

#include "instances.h"

#include <stdio.h>

/* Instance `number` of a task; `keys` is the inside of a YAML flow map: "command: x". */
static inline struct identity *instance_of(const char *task, const char *keys, long number)
{
    char *yaml = NULL;
    cr_assert_gt(asprintf(&yaml, "tasks: { %s: { %s } }\n", task, keys), 0);
    struct config *config = config_of(yaml);
    struct identity *id = identity_new(config->tasks[0], number);
    cr_assert_not_null(id);
    config_free(config);
    free(yaml);
    return id;
}

#endif
