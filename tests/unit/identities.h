/* identities.h - identities for unit tests, from a few lines of configuration. */
#ifndef TESTS_UNIT_IDENTITIES_H
#define TESTS_UNIT_IDENTITIES_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "snapshot.h"

/* Instance `number` of a task; `keys` is the inside of a YAML flow map: "command: x". */
static inline struct identity *instance_of(const char *task, const char *keys, long number)
{
    char *yaml = NULL;
    char *errors = NULL;
    char *const no_environment[] = { NULL };
    struct config *config = NULL;
    cr_assert_gt(asprintf(&yaml, "tasks: { %s: { %s } }\n", task, keys), 0);
    int error = config_parse("test.yaml", yaml, strlen(yaml), no_environment, &config, &errors);
    cr_assert_eq(error, 0, "%s", errors);
    struct identity *id = identity_new(config->tasks[0], number);
    cr_assert_not_null(id);
    config_free(config);
    free(yaml);
    return id;
}

#endif
