/* test_config_logs.c - tasks that log to one file must agree on how it is kept. */
#include <criterion/criterion.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "config_fixture.h"

static char directory[32];

/* Relative paths are in an empty directory of the test's own. */
static void open_box(void)
{
    snprintf(directory, sizeof directory, "/tmp/test_config.XXXXXX");
    cr_assert(mkdtemp(directory));
    cr_assert_eq(chdir(directory), 0);
}

static void close_box(void)
{
    static const char *const names[] = { "out.log", "link", "fifo", "sub", "." };
    for (size_t i = 0; i < sizeof names / sizeof names[0] - 1; i++)
        remove(names[i]);
    cr_assert_eq(chdir("/"), 0);
    cr_assert_eq(rmdir(directory), 0);
}

TestSuite(config_logs, .init = open_box, .fini = close_box);

/* Tasks a and b, each with these keys. */
static char *two_tasks(const char *a, const char *b)
{
    char *yaml;
    cr_assert(asprintf(&yaml, "tasks:\n  a: {command: x, %s}\n  b: {command: x, %s}\n", a, b) > 0);
    return yaml;
}

static void expect_fine(const char *a, const char *b)
{
    char *yaml = two_tasks(a, b);
    config_free(config_good(yaml));
    free(yaml);
}

/* Expects that a, which rotates, and b, which does not, are told to log to one file. */
static void expect_same_file(const char *a, const char *b, const char *path)
{
    char *rotated, *expected;
    cr_assert(asprintf(&rotated, "%s, logMaxSize: 1KB", a) > 0);
    cr_assert(asprintf(&expected,
                       "t.yaml:3:3: 'logMaxSize' of task 'b' is not that of task 'a' at t.yaml:2, "
                       "and both log to '%s': make them the same\n",
                       path) > 0);
    char *yaml = two_tasks(rotated, b);
    config_bad(yaml, expected);
    free(yaml);
    free(expected);
    free(rotated);
}

static void expect_other_file(const char *a, const char *b)
{
    char *rotated;
    cr_assert(asprintf(&rotated, "%s, logMaxSize: 1KB", a) > 0);
    expect_fine(rotated, b);
    free(rotated);
}

Test(config_logs, each_key_that_differs_is_named_at_its_place)
{
    char *yaml = two_tasks("stdout: o, logMaxSize: 1KB, logBackups: 2",
                           "stderr: o, logTimestamps: yes, logBackups: 3");
    config_bad(yaml,
               "t.yaml:3:3: 'logMaxSize' of task 'b' is not that of task 'a' at t.yaml:2, "
               "and both log to 'o': make them the same\n"
               "t.yaml:3:45: 'logTimestamps' of task 'b' is not that of task 'a' at t.yaml:2, "
               "and both log to 'o': make them the same\n"
               "t.yaml:3:62: 'logBackups' of task 'b' is not that of task 'a' at t.yaml:2, "
               "and both log to 'o': make them the same\n");
    free(yaml);
}

Test(config_logs, who_agrees_or_pumps_nothing_may_share)
{
    expect_fine("stdout: o, logMaxSize: 1KB", "stdout: o, logMaxSize: 1024, logBackups: 10");
    expect_fine("stdout: o, logBackups: 2", "stdout: o, logBackups: 3");
    expect_fine("stdout: o, stderr: o, instances: 3, logMaxSize: 1KB", "stdout: p");
}

Test(config_logs, outputs_that_are_no_files_are_shared_by_all)
{
    static const char *const shared[] = { "inherit",     "syslog",    "/dev/null",
                                          "/dev/stdout", "/dev/full", "fifo" };
    cr_assert_eq(mkfifo("fifo", 0600), 0);
    for (size_t i = 0; i < sizeof shared / sizeof shared[0]; i++) {
        char keys[64];
        snprintf(keys, sizeof keys, "stdout: %s", shared[i]);
        expect_other_file(keys, keys);
    }
    expect_other_file("stdout: o, stderr: stdout", "stdout: p, stderr: stdout");
}

Test(config_logs, a_file_is_known_by_all_its_names)
{
    char absolute[64];
    snprintf(absolute, sizeof absolute, "stdout: %s/new/x/out.log", directory);
    for (int there = 0; there < 2; there++) {
        expect_same_file("stdout: out.log", "stderr: .//./out.log", ".//./out.log");
        expect_same_file("stdout: sub/out.log", "stdout: sub/x/../out.log", "sub/x/../out.log");
        expect_same_file("stdout: '${NOPE:-out}.log'", "stdout: out.log", "out.log");
        expect_same_file(absolute, "stdout: new/x//out.log", "new/x//out.log");
        expect_other_file("stdout: sub/out.log", "stdout: out.log");
        expect_other_file("stdout: out.log.1", "stdout: out.log");
        cr_assert_eq(close(open("out.log", O_CREAT | O_WRONLY | O_CLOEXEC, 0600)), 0);
        mkdir("sub", 0700);
    }
    cr_assert_eq(link("out.log", "link"), 0);
    expect_same_file("stdout: link", "stdout: out.log", "out.log");
    unlink("link");
    cr_assert_eq(symlink("sub", "link"), 0);
    expect_same_file("stdout: link/o", "stdout: sub/o", "sub/o");
}

Test(config_logs, every_instance_counts)
{
    expect_same_file("stdout: o3, instances: 1", "stdout: 'o${INSTANCE}', instances: 3", "o3");
    expect_same_file("stdout: '${X}', environment: {X: 'log-${NAME}'}, instances: 3",
                     "stdout: log-a_3", "log-a_3");
    expect_other_file("stdout: o4", "stdout: 'o${INSTANCE}', instances: 3");
}

Test(config_logs, a_task_that_is_wrong_itself_is_not_compared)
{
    char *yaml = two_tasks("stdout: o, logMaxSize: 1KB", "stdout: o, logMaxSize: x");
    config_bad(yaml, "t.yaml:3:42: 'logMaxSize' must be a size such as 4096, 512KB, 10MB or 1GB, "
                     "not 'x'\n");
    free(yaml);
}

Test(config_logs, ten_thousand_instances_are_checked_in_no_time)
{
    static const char keys[] = "stdout: 'logs/${NAME}/out.log', stderr: 'logs/${NAME}/err.log', "
                               "instances: 10000";
    struct timespec before, after;
    clock_gettime(CLOCK_MONOTONIC, &before);
    expect_other_file(keys, keys);
    clock_gettime(CLOCK_MONOTONIC, &after);
    cr_expect_lt(after.tv_sec - before.tv_sec, 10);
}
