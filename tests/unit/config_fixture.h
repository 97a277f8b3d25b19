/* config_fixture.h - what the tests of configurations share: texts in, configurations or
 * complaints out. They see an environment of three variables, whatever runs them. */
#ifndef CONFIG_FIXTURE_H
#define CONFIG_FIXTURE_H

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"

static char *const fixture_environment[] = { (char[]){ "HOME=/home/me" },
                                             (char[]){ "PATH=/usr/bin:/bin" }, (char[]){ "EMPTY=" },
                                             NULL };

static inline struct config *config_good(const char *yaml)
{
    struct config *config = NULL;
    char *errors = NULL;
    int result = config_parse("t.yaml", yaml, strlen(yaml), fixture_environment, &config, &errors);
    cr_assert_eq(result, 0, "%s", errors);
    return config;
}

/* Expects exactly these lines. */
static inline void config_bad_bytes(const char *yaml, size_t size, const char *expected)
{
    struct config *config = NULL;
    char *errors = NULL;
    int result = config_parse("t.yaml", yaml, size, fixture_environment, &config, &errors);
    cr_assert_neq(result, 0, "it was accepted: %s", yaml);
    cr_expect_str_eq(errors, expected);
    free(errors);
}

static inline void config_bad(const char *yaml, const char *expected)
{
    config_bad_bytes(yaml, strlen(yaml), expected);
}

/* The same for one key of a task: "KEY: VALUE" on line 4, column 5. */
static inline void config_bad_key(const char *line, const char *expected)
{
    char *yaml;
    cr_assert(asprintf(&yaml, "tasks:\n  web:\n    command: x\n    %s\n", line) > 0);
    config_bad(yaml, expected);
    free(yaml);
}

/* A task with `command: x` and these lines, each indented by 4. */
static inline struct config *config_with(const char *lines)
{
    char *yaml;
    cr_assert(asprintf(&yaml, "tasks:\n  web:\n    command: x\n%s\n", lines) > 0);
    struct config *config = config_good(yaml);
    free(yaml);
    return config;
}

#endif
