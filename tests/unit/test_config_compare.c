/* test_config_compare.c - comparing by meaning, and how configurations are printed. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "config.h"
#include "config_fixture.h"
#include "schema.h"

static void expect_change(const char *was_lines, const char *now_lines, enum config_change expected)
{
    struct config *was = config_with(was_lines), *now = config_with(now_lines);
    cr_expect_eq(task_config_compare(was->tasks[0], now->tasks[0]), expected, "%s | %s", was_lines,
                 now_lines);
    cr_expect_eq(task_config_compare(now->tasks[0], was->tasks[0]), expected);
    config_free(was);
    config_free(now);
}

Test(config_compare, the_same_meaning_is_no_change)
{
    expect_change("", "    # a comment\n", CONFIG_SAME);
    expect_change("    instances: 3", "    instances: \"3\"", CONFIG_SAME);
    expect_change("    expectedExitCodes: [2, 0]", "    expectedExitCodes: [0, 2, 2]", CONFIG_SAME);
    expect_change("    expectedExitCodes: 0", "", CONFIG_SAME);
    expect_change("    restartDelay: 1m30s", "    restartDelay: 90", CONFIG_SAME);
    expect_change("    umask: 22", "    unmask: '022'", CONFIG_SAME);
    expect_change("    stopingSignal: TERM", "    stoppingSignal: 15", CONFIG_SAME);
    expect_change("    environment: {A: 1, B: 2}", "    environment: {B: '2', A: \"1\"}",
                  CONFIG_SAME);
    expect_change("    restartsAttempts: 5", "    restartsAttempts: 7", CONFIG_SAME);
    expect_change("    restart: always\n    restartsAttempts: 0", "    restart: always",
                  CONFIG_SAME);
    expect_change("    autoLaunch: yes\n    instances: 2",
                  "    instances: 2\n"
                  "    autoLaunch: true",
                  CONFIG_SAME);
}

Test(config_compare, commands_are_compared_as_they_are_run)
{
    struct config *config = config_good("tasks:\n  a: {command: 'echo  \"a b\" c'}\n"
                                        "  b: {command: [echo, a b, c]}\n"
                                        "  c: {command: 'echo a b c'}\n");
    cr_expect_eq(task_config_compare(config->tasks[0], config->tasks[1]), CONFIG_SAME);
    cr_expect_eq(task_config_compare(config->tasks[0], config->tasks[2]), CONFIG_RESTART);
    config_free(config);
}

Test(config_compare, what_a_process_is_started_with_needs_a_restart)
{
    expect_change("", "    stdout: x", CONFIG_RESTART);
    expect_change("    stdout: x", "    stdout: ${NAME}", CONFIG_RESTART);
    expect_change("    stderr: x", "    stderr: stdout", CONFIG_RESTART);
    expect_change("", "    environment: {A: 1}", CONFIG_RESTART);
    expect_change("    environment: {A: 1, B: 1}", "    environment: {A: 1, C: 1}", CONFIG_RESTART);
    expect_change("", "    workingDirectory: /", CONFIG_RESTART);
    expect_change("", "    umask: 0\n    instances: 2", CONFIG_RESTART);
}

Test(config_compare, who_it_runs_as_and_how_it_is_probed_needs_a_restart)
{
    expect_change("", "    nice: 0", CONFIG_RESTART);
    expect_change("    oomScoreAdj: inherit", "    oomScoreAdj: 1000", CONFIG_RESTART);
    expect_change("", "    noNewPrivileges: true", CONFIG_RESTART);
    expect_change("    limits: {nofile: 5}", "    limits: {nofile: 4:5}", CONFIG_RESTART);
    expect_change("    ready: {exec: a}", "    ready: {exec: b}", CONFIG_RESTART);
    expect_change("    ready: {exec: a}", "    ready: none", CONFIG_RESTART);
    expect_change("    health: {watchdog: 5}", "    health: {watchdog: 6}", CONFIG_RESTART);
    expect_change("    health: {tcp: \"h:1\"}", "    health: {tcp: \"h:1\", retries: 4}",
                  CONFIG_RESTART);
}

static void expect_needs_change(const char *was_yaml, const char *now_yaml,
                                enum config_change expected)
{
    static const char frame[] = "tasks: {web: {command: x, dependsOn: %s}, a: {command: x}, "
                                "b: {command: x}}";
    char was_text[256], now_text[256];
    snprintf(was_text, sizeof was_text, frame, was_yaml);
    snprintf(now_text, sizeof now_text, frame, now_yaml);
    struct config *was = config_good(was_text), *now = config_good(now_text);
    cr_expect_eq(task_config_compare(was->tasks[0], now->tasks[0]), expected, "%s | %s", was_yaml,
                 now_yaml);
    config_free(was);
    config_free(now);
}

Test(config_compare, dependencies_are_compared_as_a_set_and_need_no_restart)
{
    expect_needs_change("[a, b]", "{b: running, a: }", CONFIG_SAME);
    expect_needs_change("a", "[a]", CONFIG_SAME);
    expect_needs_change("a", "b", CONFIG_LIVE);
    expect_needs_change("a", "{a: started}", CONFIG_LIVE);
    expect_needs_change("a", "[]", CONFIG_LIVE);
    expect_change("", "    onFatal: shutdown\n    onExit: shutdown\n    stopSignalTo: process",
                  CONFIG_LIVE);
}

Test(config_compare, the_same_said_otherwise_is_no_change)
{
    expect_change("    limits: {nofile: 5, stack: 1MB}", "    limits: {stack: 1024KB, nofile: 5:5}",
                  CONFIG_SAME);
    expect_change("    ready: {exec: a b}", "    ready: {timeout: 30, exec: [a, b], interval: 1s}",
                  CONFIG_SAME);
    expect_change("    ready: {notify: true}", "    ready: {notify: yes, exec: }", CONFIG_SAME);
    expect_change("    health: none", "", CONFIG_SAME);
    expect_change("    nice: inherit", "", CONFIG_SAME);
}

Test(config_compare, what_only_the_supervisor_needs_is_taken_over_live)
{
    expect_change("", "    instances: 2", CONFIG_LIVE);
    expect_change("", "    autoLaunch: true", CONFIG_LIVE);
    expect_change("", "    restart: always", CONFIG_LIVE);
    expect_change("", "    expectedExitCodes: []", CONFIG_LIVE);
    expect_change("", "    successfulStartTimeout: 1", CONFIG_LIVE);
    expect_change("", "    restartDelay: 1\n    restartDelayMax: 2\n    fatalRetryDelay: 3",
                  CONFIG_LIVE);
    expect_change("", "    stopingSignal: INT", CONFIG_LIVE);
    expect_change("", "    gracefulStopTimeout: 1", CONFIG_LIVE);
}

static void expect_printed(char *text, const char *expected)
{
    cr_expect_str_eq(text, expected);
    free(text);
}

Test(config_compare, changes_are_printed_key_by_key)
{
    struct config *was = config_with("    instances: 2");
    struct config *now = config_with("    restart: always\n    gracefulStopTimeout: 1.5\n"
                                     "    environment: {A: \"x\\ny\", B: 2}\n    stdout: a.log");
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    task_config_print_changes(out, "  ", was->tasks[0], now->tasks[0]);
    fclose(out);
    expect_printed(text, "  instances: 2 -> 1\n"
                         "  restart: never -> always\n"
                         "  restartsAttempts: 0 -> no limit\n"
                         "  gracefulStopTimeout: 10s -> 1.5s\n"
                         "  stdout: none -> a.log\n"
                         "  environment: {} -> {A: x\\ny, B: 2}\n");
    config_free(was);
    config_free(now);
}

Test(config_compare, changes_of_the_supervisor_say_when_they_apply)
{
    struct config *was = config_good("tasks: {}\n");
    struct config *now = config_good("tasks: {}\n"
                                     "supervisor: {logFile: x, logLevel: debug, "
                                     "logFormat: json}\n");
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    supervisor_config_print_changes(out, "", &was->supervisor, &now->supervisor);
    fclose(out);
    expect_printed(text, "supervisor.logFile: none -> x (at the next start)\n"
                         "supervisor.logLevel: info -> debug (now)\n"
                         "supervisor.logFormat: text -> json (at the next start)\n");
    config_free(was);
    config_free(now);
}

Test(config_compare, what_is_printed_means_the_same_when_read)
{
    struct config *was = config_with("    instances: 3\n    umask: 7\n    restart: on-failure\n"
                                     "    expectedExitCodes: [3, 1]\n    stdout: o.log\n"
                                     "    stopingSignal: RTMIN+3\n    restartDelay: 0.25\n"
                                     "    environment: {A: 1, B: x}\n    stderr: stdout\n"
                                     "    stopSignalTo: process\n    onExit: shutdown\n"
                                     "    limits: {nofile: 5:6, stack: 3MB}\n    nice: 19\n"
                                     "    ready: {exec: \"a \\\"b, c\\\" | d\", interval: 90}\n"
                                     "    health: {tcp: \"[::1]:80\", retries: 7}\n");
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    fputs("tasks:\n  web:\n", out);
    task_config_print(out, "    ", was->tasks[0]);
    fclose(out);
    struct config *now = config_good(text);
    cr_expect_eq(task_config_compare(was->tasks[0], now->tasks[0]), CONFIG_SAME, "%s", text);
    config_free(was);
    config_free(now);
    free(text);
}

Test(config_compare, every_row_is_complete)
{
    for (size_t i = 0; i < config_key_count + supervisor_key_count; i++) {
        const struct config_key *key = i < config_key_count
                                           ? &config_keys[i]
                                           : &supervisor_keys[i - config_key_count];
        cr_expect_not_null(key->name);
        cr_expect_not_null(key->help, "%s", key->name);
        cr_expect_not_null(strchr("`abcdefghijklmnopqrstuvwxyz", key->help[0]), "%s", key->name);
        cr_expect_not_null(config_key_default(key));
        cr_expect_neq(key->change, CONFIG_SAME, "%s", key->name);
        cr_assert_not_null(key->type, "%s", key->name);
        cr_expect(key->type->noun && key->type->parse && key->type->equal && key->type->print);
    }
    cr_expect_str_eq(config_key_find(config_keys, config_key_count, "umask")->name, "unmask");
    cr_expect_null(config_key_find(config_keys, config_key_count, "x"));
}
