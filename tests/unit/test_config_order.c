/* test_config_order.c - dependsOn, ready and health: what they mean, and what is refused. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "config.h"
#include "config_fixture.h"

#define TASKS "tasks:\n  db: {command: x}\n  job: {command: x}\n  web:\n    command: x\n    "

/* The needs of a third task, as they are printed. */
static void expect_needs(const char *line, const char *expected)
{
    char *yaml, *text;
    size_t size;
    cr_assert(asprintf(&yaml, TASKS "%s\n", line) > 0);
    struct config *config = config_good(yaml);
    FILE *out = open_memstream(&text, &size);
    task_config_print(out, "", config->tasks[2]);
    fclose(out);
    cr_expect(strstr(text, expected), "%s: %s", line, text);
    free(text);
    free(yaml);
    config_free(config);
}

Test(config_order, dependencies_are_one_a_list_or_a_map)
{
    expect_needs("dependsOn: db", "\ndependsOn: [db]\n");
    expect_needs("dependsOn: [job, db]", "\ndependsOn: [job, db]\n");
    expect_needs("dependsOn: []", "\ndependsOn: []\n");
    expect_needs("dependsOn: {db: , job: {}}", "\ndependsOn: [db, job]\n");
    expect_needs("dependsOn: {db: started, job: {condition: completed}}",
                 "\ndependsOn: {db: started, job: completed}\n");
    expect_needs("dependsOn: {db: {condition: running}}", "\ndependsOn: [db]\n");
    expect_needs("dependsOn: [\"${NO:-db}\"]", "\ndependsOn: [db]\n");
}

static void expect_bad(const char *line, const char *expected)
{
    char *yaml;
    cr_assert(asprintf(&yaml, TASKS "%s\n", line) > 0);
    config_bad(yaml, expected);
    free(yaml);
}

Test(config_order, dependencies_that_cannot_be_are_refused)
{
    expect_bad("dependsOn: [db, jbo]",
               "t.yaml:6:21: 'dependsOn': there is no task 'jbo', did you mean 'job'?\n");
    expect_bad("dependsOn: web", "t.yaml:6:16: task 'web' depends on itself\n");
    expect_bad("dependsOn: [db, db]", "t.yaml:6:21: 'db' stands in 'dependsOn' twice\n");
    expect_bad("dependsOn: {db: {conditoin: started}}",
               "t.yaml:6:22: unknown key 'conditoin', did you mean 'condition'?\n");
    expect_bad("dependsOn: {db: complete}",
               "t.yaml:6:21: 'condition' must be running, started or completed, not 'complete', "
               "did you mean 'completed'?\n");
    expect_bad("dependsOn: [[]]", "t.yaml:6:17: 'dependsOn' must be a task, a list of tasks, or a "
                                  "map of tasks to conditions, not a list\n");
    config_bad("tasks:\n  db: {command: x, restart: always, instances: 2}\n"
               "  web: {command: x, dependsOn: {db: completed}}\n"
               "  api: {command: x, dependsOn: [db_2]}\n",
               "t.yaml:3:33: 'dependsOn': task 'db' is never completed, it has 'restart: always'\n"
               "t.yaml:4:33: 'dependsOn': 'db_2' is an instance, and only a task can be depended "
               "on, did you mean 'db'?\n");
    config_bad("defaults: {dependsOn: db}\ntasks:\n  db: {command: x}\n  web: {command: x}\n",
               "t.yaml:1:23: task 'db' depends on itself by 'defaults': give it a 'dependsOn' of "
               "its own\n");
}

Test(config_order, what_a_task_says_replaces_what_defaults_say)
{
    struct config *config = config_good("defaults: {dependsOn: db, ready: {tcp: \"h:1\"}}\ntasks:\n"
                                        "  db: {command: x, dependsOn: [], ready: none}\n"
                                        "  web: {command: x}\n");
    cr_expect_eq(config->tasks[0]->needs.count, 0);
    cr_expect_eq(config->tasks[0]->ready.kind, PROBE_NONE);
    cr_assert_eq(config->tasks[1]->needs.count, 1);
    cr_expect_str_eq(config->tasks[1]->needs.items[0].task, "db");
    cr_expect_eq(config->tasks[1]->ready.kind, PROBE_TCP);
    config_free(config);
}

Test(config_order, each_cycle_is_told_once_with_its_path)
{
    config_bad("tasks:\n"
               "  a: {command: x, dependsOn: [b, e]}\n"
               "  b: {command: x, dependsOn: c}\n"
               "  c: {command: x, dependsOn: {a: started}}\n"
               "  d: {command: x, dependsOn: [a, e]}\n"
               "  e: {command: x, dependsOn: f}\n"
               "  f: {command: x, dependsOn: e}\n",
               "t.yaml:2:31: tasks wait for each other: 'a' depends on 'b' on 'c' on 'a'\n"
               "t.yaml:6:30: tasks wait for each other: 'e' depends on 'f' on 'e'\n");
    struct config *config = config_good("tasks:\n" /* the same task by two ways is no cycle */
                                        "  a: {command: x, dependsOn: [b, c]}\n"
                                        "  b: {command: x, dependsOn: d}\n"
                                        "  c: {command: x, dependsOn: d}\n"
                                        "  d: {command: x}\n");
    config_free(config);
}

Test(config_order, a_chain_of_thousands_is_gone_through)
{
    char *yaml, *errors = NULL;
    size_t size;
    struct config *config = NULL;
    FILE *out = open_memstream(&yaml, &size);
    fputs("tasks:\n", out);
    for (int i = 0; i < 5000; i++)
        fprintf(out, "  t%d: {command: x, dependsOn: t%d}\n", i, (i + 1) % 5000);
    fclose(out);
    cr_assert_neq(config_parse("t.yaml", yaml, size, fixture_environment, &config, &errors), 0);
    cr_expect(strstr(errors, "'t0' depends on 't1' on 't2'"), "%s", errors);
    cr_expect(strstr(errors, " on 4987 more on 't0'\n"), "%s", errors);
    free(errors);
    free(yaml);
}

/* -- probes -------------------------------------------------------------------------------- */

static const struct task_config *with(struct config **config, const char *line)
{
    char *lines;
    cr_assert(asprintf(&lines, "    %s", line) > 0);
    *config = config_with(lines);
    free(lines);
    return (*config)->tasks[0];
}

Test(config_order, a_probe_has_one_kind_and_its_defaults)
{
    struct config *config;
    const struct config_probe *probe = &with(&config, "ready: {exec: [a, b c]}")->ready;
    cr_expect_eq(probe->kind, PROBE_EXEC);
    cr_expect_str_eq(probe->exec.argv[1], "b c");
    cr_expect(probe->interval_ms == 1000 && probe->timeout_ms == 30000);
    config_free(config);
    probe = &with(&config, "health: {tcp: \"[::1]:80\", timeout: 500ms, retries: 1}")->health;
    cr_expect_eq(probe->kind, PROBE_TCP);
    cr_expect_str_eq(probe->tcp, "[::1]:80");
    cr_expect(probe->interval_ms == 10000 && probe->timeout_ms == 500 && probe->retries == 1);
    config_free(config);
    probe = &with(&config, "ready: {notify: yes, timeout: 1m}")->ready;
    cr_expect(probe->kind == PROBE_NOTIFY && probe->timeout_ms == 60000);
    config_free(config);
    probe = &with(&config, "health: {watchdog: 1.5}")->health;
    cr_expect(probe->kind == PROBE_WATCHDOG && probe->timeout_ms == 1500);
    config_free(config);
    probe = &with(&config, "health: {exec: 'a | b', interval: 2, timeout: 3, retries: 4}")->health;
    cr_expect(probe->exec.shell && probe->interval_ms == 2000 && probe->timeout_ms == 3000 &&
              probe->retries == 4);
    config_free(config);
}

Test(config_order, probes_without_a_kind_or_with_two_are_refused)
{
    config_bad_key("ready: {}", "t.yaml:4:12: 'ready' needs one of 'notify: true', 'exec' and "
                                "'tcp'\n");
    config_bad_key("ready: {notify: false}", "t.yaml:4:12: 'ready' needs one of 'notify: true', "
                                             "'exec' and 'tcp'\n");
    config_bad_key("health: {exec: x, watchdog: 1}", "t.yaml:4:13: 'health' takes only one of "
                                                     "'exec', 'tcp' and 'watchdog'\n");
    config_bad_key("health: {notify: true}", "t.yaml:4:13: 'health' needs one of 'exec', 'tcp' and "
                                             "'watchdog'\n"
                                             "t.yaml:4:14: unknown key 'notify'\n");
    config_bad_key("ready: yes", "t.yaml:4:12: 'ready' must be a map with 'notify: true', 'exec' "
                                 "or 'tcp', not 'yes'\n");
}

Test(config_order, every_bad_value_of_a_probe_is_told)
{
    config_bad_key("health: {exec: [], interval: 9ms, timeout: 0, retries: 0}",
                   "t.yaml:4:20: 'exec' is empty: name a program\n"
                   "t.yaml:4:34: 'interval' must be at least 10ms, not '9ms'\n"
                   "t.yaml:4:48: 'timeout' must be at least 10ms, not '0'\n"
                   "t.yaml:4:60: 'retries' must be from 1 to 1000000, not '0'\n");
    config_bad_key("health: {watchdog: 0, retries: 3, timeuot: 1}",
                   "t.yaml:4:24: 'watchdog' must be at least 10ms, not '0'\n"
                   "t.yaml:4:36: 'retries' means nothing with 'watchdog'\n"
                   "t.yaml:4:39: unknown key 'timeuot', did you mean 'timeout'?\n");
    config_bad_key("ready: {notify: true, interval: 1}",
                   "t.yaml:4:37: 'interval' means nothing with 'notify'\n");
    config_bad_key("ready: {tcp: nowhere}", "t.yaml:4:18: 'tcp': 'nowhere' has no port: write "
                                            "HOST:PORT, as in localhost:80\n");
    config_bad_key("ready: {tcp: \"h:${PORT}\"}",
                   "t.yaml:4:18: 'tcp': '${PORT}' is not set: set it, or give a default: "
                   "'${PORT:-TEXT}'\n");
    config_bad_key("ready: {tcp: \"h:${PORT:-x}\"}",
                   "t.yaml:4:18: 'tcp': 'h:x' has no port from 1 to 65535 at its end\n");
    config_bad_key("ready: {exec: [\"${NO_SUCH}\"]}",
                   "t.yaml:4:20: 'exec': '${NO_SUCH}' is not set: set it, or give a default: "
                   "'${NO_SUCH:-TEXT}'\n");
}

Test(config_order, a_probe_may_use_the_environment_of_its_task)
{
    struct config *config = config_good("defaults: {ready: {tcp: \"localhost:${PORT}\"}}\ntasks:\n"
                                        "  web: {command: x, environment: {PORT: 80}}\n");
    cr_expect_str_eq(config->tasks[0]->ready.tcp, "localhost:${PORT}");
    config_free(config);
}
