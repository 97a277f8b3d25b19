/* test_config_values.c - what good values mean: types, defaults, spellings. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>

#include "config.h"
#include "config_fixture.h"

/* A configuration with one task, made of these lines, and that task. */
#define WITH(lines)                                    \
    struct config *config = config_with("    " lines); \
    const struct task_config *task = config->tasks[0]

Test(config_values, defaults_are_those_of_the_contract)
{
    WITH("");
    cr_expect_str_eq(task->name, "web");
    cr_expect_str_eq(task->file, "t.yaml");
    cr_expect_eq(task->line, 2);
    cr_expect_eq(task->instances, 1);
    cr_expect_not(task->auto_launch);
    cr_expect_eq(task->restart, RESTART_NEVER);
    for (int code = -1; code <= 256; code++)
        cr_expect_eq(config_codes_has(&task->expected, code), code == 0, "%d", code);
    cr_expect_eq(task->start_ms, 5000);
    cr_expect_eq(task->delay_ms, 500);
    cr_expect_eq(task->delay_max_ms, 30000);
    cr_expect_eq(task->fatal_retry_ms, 0);
    cr_expect_eq(task->stop_signal, SIGTERM);
    cr_expect_eq(task->grace_ms, 10000);
    cr_expect_null(task->stdout_path);
    cr_expect_null(task->stderr_path);
    cr_expect_eq(task->environment.count, 0);
    cr_expect_str_eq(task->working_directory, ".");
    cr_expect_eq(task->umask, 022);
    cr_expect_null(config->supervisor.log_file);
    cr_expect_eq(config->supervisor.log_level, LOG_INFO);
    cr_expect_eq(config->supervisor.log_format, LOG_TEXT);
    config_free(config);
}

static void expect_mask(const char *line, mode_t expected)
{
    struct config *config = config_with(line);
    cr_expect_eq(config->tasks[0]->umask, expected, "%s", line);
    config_free(config);
}

Test(config_values, masks_are_octal_however_written)
{
    expect_mask("    umask: 022", 022);
    expect_mask("    umask: \"022\"", 022);
    expect_mask("    umask: 0o22", 022);
    expect_mask("    umask: 22", 022);
    expect_mask("    unmask: 0", 0);
    expect_mask("    unmask: 0777", 0777);
}

static void expect_bool(const char *text, bool expected)
{
    char *line;
    cr_assert(asprintf(&line, "    autoLaunch: %s", text) > 0);
    struct config *config = config_with(line);
    cr_expect_eq(config->tasks[0]->auto_launch, expected, "%s", text);
    config_free(config);
    free(line);
}

Test(config_values, booleans_are_those_of_yaml)
{
    const char *const yes[] = { "true", "True", "TRUE", "yes", "Yes", "on", "ON", "y", "'true'" };
    const char *const no[] = { "false", "no", "NO", "off", "Off", "n", "\"false\"", "~", "" };
    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++) {
        expect_bool(yes[i], true);
        expect_bool(no[i], false);
    }
}

static void expect_attempts(const char *lines, long expected)
{
    struct config *config = config_with(lines);
    cr_expect_eq(config->tasks[0]->attempts, expected, "%s", lines);
    config_free(config);
}

Test(config_values, attempts_mean_what_the_policy_makes_of_them)
{
    expect_attempts("    restart: always", CONFIG_NO_LIMIT);
    expect_attempts("    restart: always\n    restartsAttempts: 0", CONFIG_NO_LIMIT);
    expect_attempts("    restart: always\n    restartsAttempts: 3", 3);
    expect_attempts("    restart: on-failure", 3);
    expect_attempts("    restart: on-failure\n    restartsAttempts: 0", 0);
    expect_attempts("    restart: on-failure\n    restartsAttempts: 7", 7);
    expect_attempts("    restart: never\n    restartsAttempts: 7", 0);
    struct config *config = config_good("defaults: {restartsAttempts: 4}\n"
                                        "tasks: {a: {command: x, restart: always}}\n");
    cr_expect_eq(config->tasks[0]->attempts, 4);
    config_free(config);
}

static void expect_signal(const char *line, int expected)
{
    struct config *config = config_with(line);
    cr_expect_eq(config->tasks[0]->stop_signal, expected, "%s", line);
    config_free(config);
}

Test(config_values, stop_signal_has_two_spellings_and_many_values)
{
    expect_signal("    stopingSignal: USR1", SIGUSR1);
    expect_signal("    stoppingSignal: SIGINT", SIGINT);
    expect_signal("    stoppingSignal: 1", SIGHUP);
    expect_signal("    stoppingSignal: \"2\"", SIGINT);
    expect_signal("    stoppingSignal: KILL", SIGKILL);
    expect_signal("    stoppingSignal: ", SIGTERM);
    expect_signal("    stoppingSignal: RTMIN+1", SIGRTMIN + 1);
}

Test(config_values, durations_and_numbers)
{
    WITH("instances: \"3\"\n    successfulStartTimeout: 1m30s\n    restartDelay: .25\n"
         "    gracefulStopTimeout: '1.5'\n    fatalRetryDelay: 2h");
    cr_expect_eq(task->instances, 3);
    cr_expect_eq(task->start_ms, 90000);
    cr_expect_eq(task->delay_ms, 250);
    cr_expect_eq(task->grace_ms, 1500);
    cr_expect_eq(task->fatal_retry_ms, 7200000);
    config_free(config);
}

Test(config_values, exit_codes_are_one_or_a_list)
{
    WITH("expectedExitCodes: [0, 2, 255, 2]");
    cr_expect(config_codes_has(&task->expected, 0));
    cr_expect(config_codes_has(&task->expected, 2));
    cr_expect(config_codes_has(&task->expected, 255));
    cr_expect_not(config_codes_has(&task->expected, 1));
    config_free(config);
    config = config_with("    expectedExitCodes: 137");
    cr_expect(config_codes_has(&config->tasks[0]->expected, 137));
    cr_expect_not(config_codes_has(&config->tasks[0]->expected, 0));
    config_free(config);
}

Test(config_values, environment_keeps_scalars_as_written)
{
    WITH("environment: {A: 1, B: yes, C: , D: 0x1F, E: \"\", F: ~, G: \"a b\", h.i: 1.50}");
    static const char *const expected[] = { "1", "yes", "", "0x1F", "", "", "a b", "1.50" };
    cr_assert_eq(task->environment.count, 8);
    for (size_t i = 0; i < 8; i++)
        cr_expect_str_eq(task->environment.values[i], expected[i]);
    cr_expect_str_eq(task->environment.names[7], "h.i");
    config_free(config);
}

Test(config_values, commands_are_words_or_a_shell_line_or_a_list)
{
    struct config *config = config_good("tasks:\n"
                                        "  a: {command: 'nginx -g \"daemon off;\"'}\n"
                                        "  b: {command: 'cd /tmp && x'}\n"
                                        "  c: {command: [sleep, 10, '', '$x && y']}\n"
                                        "  d:\n    command: |\n      sleep 5\n"
                                        "  e: {command: 42}\n");
    const struct config_command *a = &config->tasks[0]->command;
    cr_expect_not(a->shell);
    cr_expect_eq(a->argc, 3);
    cr_expect_str_eq(a->argv[2], "daemon off;");
    cr_expect_null(a->argv[3]);
    const struct config_command *b = &config->tasks[1]->command;
    cr_expect(b->shell);
    cr_expect_str_eq(b->argv[0], "cd /tmp && x");
    cr_expect_null(b->argv[1]);
    const struct config_command *c = &config->tasks[2]->command;
    cr_expect_not(c->shell);
    cr_expect_eq(c->argc, 4);
    cr_expect_str_eq(c->argv[3], "$x && y");
    cr_expect_str_eq(c->text, "sleep 10 '' '$x && y'");
    const struct config_command *d = &config->tasks[3]->command;
    cr_expect_not(d->shell);
    cr_expect_str_eq(d->text, "sleep 5");
    cr_expect_str_eq(config->tasks[4]->command.argv[0], "42");
    config_free(config);
}

Test(config_values, every_value_may_use_variables)
{
    struct config *config = config_good(
        "supervisor: {logFile: '${HOME}/log', logLevel: '${LEVEL:-warn}'}\n"
        "defaults: {restart: '${POLICY:-never}'}\n"
        "tasks:\n"
        "  a:\n"
        "    command: x ${HOME} ${POLICY}\n"
        "    instances: ${COUNT:-4}\n"
        "    stdout: ${HOME}/${TASK}-${NAME}.log\n"
        "    gracefulStopTimeout: ${GRACE}\n"
        "    environment: {POLICY: always, GRACE: 2s, X: 'a${GRACE}'}\n"
        "  b: {command: x}\n");
    cr_expect_str_eq(config->supervisor.log_file, "/home/me/log");
    cr_expect_eq(config->supervisor.log_level, LOG_WARN);
    const struct task_config *task = config->tasks[0];
    cr_expect_eq(task->instances, 4);
    cr_expect_eq(task->restart, RESTART_ALWAYS);
    cr_expect_eq(task->grace_ms, 2000);
    cr_expect_str_eq(task->stdout_path, "${HOME}/${TASK}-${NAME}.log"); /* filled in at a start */
    cr_expect_str_eq(task->command.argv[1], "${HOME}");
    cr_expect_eq(config->tasks[1]->restart, RESTART_NEVER);
    config_free(config);
}

Test(config_values, defaults_stand_behind_tasks_and_environments_merge)
{
    struct config *config = config_good(
        "defaults:\n"
        "  command: x\n  umask: 027\n  expectedExitCodes: [1, 2]\n  instances: 2\n"
        "  environment: {A: 1, B: 2}\n"
        "tasks:\n"
        "  a:\n"
        "  b: {unmask: 0, expectedExitCodes: 3, instances: , environment: {B: 3, C: 4}}\n");
    const struct task_config *a = config->tasks[0], *b = config->tasks[1];
    cr_expect_eq(a->umask, 027);
    cr_expect_eq(a->environment.count, 2);
    cr_expect_eq(b->umask, 0);
    cr_expect_eq(b->instances, 2);
    cr_expect_not(config_codes_has(&b->expected, 1));
    cr_assert_eq(b->environment.count, 3);
    cr_expect_str_eq(b->environment.names[1], "B");
    cr_expect_str_eq(b->environment.values[1], "3");
    cr_expect_str_eq(b->environment.values[2], "4");
    config_free(config);
}

Test(config_values, an_empty_map_of_tasks_is_fine)
{
    struct config *config = config_good("tasks: {}\n");
    cr_expect_eq(config->task_count, 0);
    config_free(config);
    config = config_good("tasks:\nx-anything: [1, {a: b}]\nsupervisor:\ndefaults:\ninclude:\n");
    cr_expect_eq(config->task_count, 0);
    config_free(config);
}

Test(config_values, instances_are_named)
{
    struct config *config = config_good("tasks: {a: {command: x}, "
                                        "b: {command: x, instances: 3}}\n");
    char *name = config_instance_name(config->tasks[0], 1);
    cr_expect_str_eq(name, "a");
    free(name);
    name = config_instance_name(config->tasks[1], 3);
    cr_expect_str_eq(name, "b_3");
    free(name);
    config_free(config);
}

Test(config_values, a_task_outlives_its_configuration)
{
    struct config *config = config_good("tasks: {a: {command: x}}\n");
    struct task_config *task = task_config_ref(config->tasks[0]);
    config_free(config);
    cr_expect_str_eq(task->name, "a");
    task_config_unref(task);
    task_config_unref(NULL);
    config_free(NULL);
}

Test(config_values, sizes_count_in_1024)
{
    struct config *config = config_good("tasks: {}\nsupervisor: {logMaxSize: 1.5 KB}\n");
    cr_expect_eq(config->supervisor.log_max_bytes, 1536);
    cr_expect_eq(config->supervisor.log_backups, 10);
    config_free(config);
    config = config_good("tasks: {}\nsupervisor: {logMaxSize: 10mb, logBackups: 0}\n");
    cr_expect_eq(config->supervisor.log_max_bytes, 10 << 20);
    cr_expect_eq(config->supervisor.log_backups, 0);
    config_free(config);
    config_bad("tasks: {}\nsupervisor: {logMaxSize: 10 PB}\n",
               "t.yaml:2:26: 'logMaxSize' must be a size such as 4096, 512KB, 10MB or 1GB, not "
               "'10 PB'\n");
}
