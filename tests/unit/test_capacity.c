/* test_capacity.c - whether there is room for a configuration. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capacity.h"

static struct config *load(long instances, const char *keys)
{
    char *text, *errors = NULL;
    struct config *config;
    int length = asprintf(&text, "tasks: {a: {command: a, instances: %ld, %s}}", instances, keys);
    int error = config_parse("c.yaml", text, (size_t)length, NULL, &config, &errors);
    cr_assert_eq(error, 0, "%s", errors);
    free(text);
    return config;
}

static struct capacity plenty(void)
{
    struct capacity capacity;
    for (int i = 0; i < CAPACITY_KINDS; i++)
        capacity.limits[i] = INT64_MAX;
    return capacity;
}

/* The text of the refusal, or NULL. */
static char *check(enum capacity_kind kind, int64_t limit, long instances, const char *keys)
{
    struct capacity capacity = plenty();
    struct config *config = load(instances, keys);
    char *problem = NULL;
    capacity.limits[kind] = limit;
    int error = capacity_check(&capacity, config, &problem);
    cr_expect_eq(error, problem ? -ERANGE : 0);
    config_free(config);
    return problem;
}

static void expect_limit(enum capacity_kind kind, const char *keys, int64_t least, const char *text)
{
    char *none = check(kind, least, 100, keys);
    cr_expect_null(none, "%s", none);
    char *problem = check(kind, least - 1, 100, keys);
    cr_expect_str_eq(problem, text);
    free(problem);
}

Test(capacity, each_instance_is_a_thread_and_a_process)
{
    expect_limit(CAPACITY_USER, "", 205,
                 "100 instances need 205 processes and threads, and the user's limit "
                 "(RLIMIT_NPROC) is 204: raise it with 'ulimit -u 225' or a service's "
                 "LimitNPROC=, or configure fewer");
    expect_limit(CAPACITY_PIDS, "", 205,
                 "100 instances need 205 processes and threads, and kernel.pid_max is 204: raise "
                 "it with 'sysctl kernel.pid_max=225', or configure fewer");
}

Test(capacity, each_has_a_descriptor_and_one_for_each_pumped_output)
{
    const char *text = "100 instances need 150 open files, and the hard limit of open files "
                       "(RLIMIT_NOFILE) is 149: raise it with 'ulimit -Hn 165' or a service's "
                       "LimitNOFILE=, or configure fewer";
    char *problem;
    expect_limit(CAPACITY_DESCRIPTORS, "stdout: /tmp/a", 150, text);
    problem = check(CAPACITY_DESCRIPTORS, 249, 100, "stdout: /tmp/a, logMaxSize: 1MB");
    cr_expect_not_null(strstr(problem ? problem : "", "need 250 open files"), "%s", problem);
    free(problem);
    problem = check(CAPACITY_DESCRIPTORS, 349, 100,
                    "stdout: /tmp/a, stderr: stdout, logMaxSize: 1MB, ready: {notify: true}");
    cr_expect_not_null(strstr(problem ? problem : "", "need 350 open files"), "%s", problem);
    free(problem);
}

Test(capacity, what_this_system_has_is_known)
{
    struct capacity capacity;
    capacity_read(&capacity);
    for (int i = 0; i < CAPACITY_KINDS; i++)
        cr_expect_gt(capacity.limits[i], 0);
    cr_expect_lt(capacity.limits[CAPACITY_PIDS], INT64_MAX);
    cr_expect_lt(capacity.limits[CAPACITY_THREADS], INT64_MAX);
    cr_expect_lt(capacity.limits[CAPACITY_MAPPINGS], INT64_MAX);
}
