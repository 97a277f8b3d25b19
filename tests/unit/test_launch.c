/* test_launch.c - what one start of one instance needs. */
#include "launch.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "config_fixture.h"

static const struct launch_id web_2 = { .task = "web", .instance = 2, .name = "web_2" };

static struct launch *launch_of(const struct config *config, char *const *environment)
{
    struct launch *launch = NULL;
    char *error = NULL;
    int result = launch_new(config->tasks[0], &web_2, environment, &launch, &error);
    cr_assert_eq(result, 0, "%s", error);
    return launch;
}

/* The launch of a task of these lines, to launch_free(). */
static struct launch *launch_with(const char *lines)
{
    struct config *config = config_with(lines);
    struct launch *launch = launch_of(config, fixture_environment);
    config_free(config); /* it keeps nothing of it */
    return launch;
}

/* The same of a task with only a command. */
static struct launch *launch_command(const char *command)
{
    char *yaml;
    cr_assert(asprintf(&yaml, "tasks:\n  web:\n    command: %s\n", command) > 0);
    struct config *config = config_good(yaml);
    free(yaml);
    struct launch *launch = launch_of(config, fixture_environment);
    config_free(config);
    return launch;
}

/* Expects these texts, shown with a '|' behind each. */
static void expect_list(char *const *list, const char *expected)
{
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    for (; *list; list++)
        fprintf(out, "%s|", *list);
    fclose(out);
    cr_expect_str_eq(text, expected);
    free(text);
}

static void expect_output(const struct launch *launch, unsigned stream, enum launch_kind kind,
                          const char *text, bool pumped)
{
    const struct launch_output *output = &launch->outputs[stream];
    cr_expect_eq(output->kind, kind, "%s", text);
    cr_expect_str_eq(launch_output_text(output), text);
    cr_expect_eq(output->pumped, pumped, "%s", text);
}

Test(launch, words_are_expanded_and_stay_words)
{
    struct launch *launch = launch_command("x ${HOME} '${NOPE:-a b}' ${NAME}.${INSTANCE} \\$y $z");
    cr_expect_str_eq(launch->argv[0], "/bin/sh"); /* because of $z */
    launch_free(launch);
    launch = launch_command("x ${HOME} '${NOPE:-a b}' ${NAME}.${INSTANCE} \\$y '$$'");
    expect_list(launch->argv, "x|/home/me|a b|web_2.2|$y|$|");
    launch_free(launch);
}

Test(launch, lists_are_expanded_element_by_element)
{
    struct launch *launch = launch_command("[x, '${HOME} y', '', '$$z', '$z']");
    expect_list(launch->argv, "x|/home/me y||$z|$z|");
    launch_free(launch);
}

Test(launch, shell_lines_get_the_identity_only)
{
    struct launch *launch = launch_command("cd /${TASK} && echo ${HOME} $$ ${NAME}");
    expect_list(launch->argv, "/bin/sh|-c|cd /web && echo ${HOME} $$ web_2|");
    expect_list(launch->paths, "/bin/sh|");
    launch_free(launch);
}

Test(launch, bare_names_are_looked_up_in_the_tasks_path)
{
    struct launch *launch = launch_command("x");
    expect_list(launch->paths, "/usr/bin/x|/bin/x|");
    launch_free(launch);
    launch = launch_with("    environment: {PATH: '/opt:${PATH}::rel:'}");
    expect_list(launch->paths, "/opt/x|/usr/bin/x|/bin/x|./x|rel/x|./x|");
    launch_free(launch);
    launch = launch_with("    environment: {PATH: }");
    expect_list(launch->paths, "./x|");
    launch_free(launch);
}

Test(launch, names_with_a_slash_are_taken_as_they_are)
{
    struct launch *launch = launch_command("./x");
    expect_list(launch->paths, "./x|");
    launch_free(launch);
    launch = launch_command("${HOME}/x");
    expect_list(launch->paths, "/home/me/x|");
    launch_free(launch);
}

Test(launch, without_any_path_there_is_a_default)
{
    struct config *config = config_with("");
    struct launch *launch = launch_of(config, (char *[]){ NULL });
    expect_list(launch->paths, "/usr/local/sbin/x|/usr/local/bin/x|/usr/sbin/x|/usr/bin/x|/sbin/x"
                               "|/bin/x|");
    launch_free(launch);
    config_free(config);
}

Test(launch, environment_is_the_supervisors_the_tasks_and_ours)
{
    struct config *config = config_with("    environment: {B: '${A}!', A: own, C: , "
                                        "TASKMASTER_NAME: x, LISTEN_X: 1}");
    struct launch *launch = launch_of(
        config, (char *[]){ "A=1", "Z=2", "NOTIFY_SOCKET=x", "WATCHDOG_USEC=1", "WATCHDOG_PID=1",
                            "LISTEN_FDS=1", "LISTEN_PID=1", "INVOCATION_ID=1", "JOURNAL_STREAM=1",
                            "NOTIFY_SOCKETS=kept", "TASKMASTER_TASK=outer", "noequals", NULL });
    expect_list(launch->envp, "Z=2|NOTIFY_SOCKETS=kept|B=own!|A=own|C=|LISTEN_X=1|"
                              "TASKMASTER_TASK=web|TASKMASTER_INSTANCE=2|TASKMASTER_NAME=web_2|");
    launch_free(launch);
    config_free(config);
}

static bool has_entry(char *const *list, const char *entry)
{
    while (*list && strcmp(*list, entry) != 0)
        list++;
    return *list;
}

Test(launch, who_notifies_gets_our_socket_and_a_probe_of_it_does_not)
{
    struct config *config = config_with("    environment: {NOTIFY_SOCKET: '@theirs', "
                                        "WATCHDOG_PID: '7'}\n"
                                        "    stdout: /tmp/out\n"
                                        "    health: {exec: 'check ${NAME}'}\n");
    struct launch_id id = web_2;
    id.notify_socket = "@ours";
    id.watchdog_ms = 1500;
    struct launch *launch = NULL, *probe = NULL;
    char *error = NULL;
    cr_assert_eq(launch_new(config->tasks[0], &id, fixture_environment, &launch, &error), 0);
    cr_expect(has_entry(launch->envp, "NOTIFY_SOCKET=@ours"));
    cr_expect(has_entry(launch->envp, "WATCHDOG_USEC=1500000"));
    cr_expect_not(has_entry(launch->envp, "NOTIFY_SOCKET=@theirs"));
    cr_expect_not(has_entry(launch->envp, "WATCHDOG_PID=7"));
    cr_assert_eq(launch_probe_new(config->tasks[0], &config->tasks[0]->health.exec, &web_2,
                                  fixture_environment, &probe, &error),
                 0);
    expect_list(probe->argv, "check|web_2|");
    cr_expect_not(has_entry(probe->envp, "NOTIFY_SOCKET=@ours"));
    cr_expect(has_entry(probe->envp, "TASKMASTER_NAME=web_2"));
    expect_output(probe, LAUNCH_STDOUT, LAUNCH_NULL, "/dev/null", false);
    launch_free(launch);
    launch_free(probe);
    config_free(config);
}

Test(launch, paths_directory_and_mask)
{
    struct launch *launch = launch_with("    stdout: logs/${NAME}.log\n    stderr: ${HOME}/e\n"
                                        "    workingDirectory: ${HOME}\n    umask: 027");
    expect_output(launch, LAUNCH_STDOUT, LAUNCH_FILE, "logs/web_2.log", false);
    expect_output(launch, LAUNCH_STDERR, LAUNCH_FILE, "/home/me/e", false);
    cr_expect_str_eq(launch->directory, "/home/me");
    cr_expect_str_eq(launch->name, "web_2");
    cr_expect_eq(launch->umask, 027);
    launch_free(launch);
}

Test(launch, nothing_given_is_nothing)
{
    struct launch *launch = launch_with("");
    expect_output(launch, LAUNCH_STDOUT, LAUNCH_NULL, "/dev/null", false);
    expect_output(launch, LAUNCH_STDERR, LAUNCH_NULL, "/dev/null", false);
    cr_expect_null(launch->directory);
    launch_free(launch);
    launch_free(NULL);
}

Test(launch, stderr_may_go_where_stdout_goes)
{
    struct launch *launch = launch_with(
        "    stdout: x\n    stderr: stdout\n    logTimestamps: yes");
    expect_output(launch, LAUNCH_STDOUT, LAUNCH_FILE, "x", true);
    expect_output(launch, LAUNCH_STDERR, LAUNCH_SAME, "stdout", false);
    launch_free(launch);
    launch = launch_with("    stdout: stdout");
    expect_output(launch, LAUNCH_STDOUT, LAUNCH_FILE, "stdout", false);
    launch_free(launch);
}

Test(launch, files_are_pumped_when_they_are_rotated_or_have_times)
{
    static const char *const lines[] = { "    stdout: x\n    logMaxSize: 1MB\n    logBackups: 3",
                                         "    stdout: x\n    logTimestamps: yes" };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct launch *launch = launch_with(lines[i]);
        expect_output(launch, LAUNCH_STDOUT, LAUNCH_FILE, "x", true);
        expect_output(launch, LAUNCH_STDERR, LAUNCH_NULL, "/dev/null", false);
        cr_expect_eq(launch->log_max_bytes, i == 0 ? 1024 * 1024 : 0);
        cr_expect_eq(launch->log_backups, i == 0 ? 3 : 10);
        cr_expect_eq(launch->log_timestamps, i == 1);
        launch_free(launch);
    }
    struct launch *launch = launch_with("    stdout: x\n    logBackups: 3");
    expect_output(launch, LAUNCH_STDOUT, LAUNCH_FILE, "x", false);
    launch_free(launch);
}

Test(launch, outputs_that_are_no_files)
{
    static const struct {
        const char *text;
        enum launch_kind kind;
        bool pumped;
    } outputs[] = {
        { "/dev/null", LAUNCH_NULL, false },         { "/dev/stdout", LAUNCH_OWN_STDOUT, false },
        { "/dev/stderr", LAUNCH_OWN_STDERR, false }, { "inherit", LAUNCH_INHERIT, true },
        { "syslog", LAUNCH_SYSLOG, true },
    };
    for (size_t i = 0; i < sizeof outputs / sizeof outputs[0]; i++) {
        char *lines;
        cr_assert(asprintf(&lines, "    stdout: %s\n    stderr: ${NOPE:-%s}\n    logMaxSize: %d",
                           outputs[i].text, outputs[i].text, (int)i % 2) > 0);
        struct launch *launch = launch_with(lines);
        for (unsigned j = 0; j < LAUNCH_STREAMS; j++)
            expect_output(launch, j, outputs[i].kind, outputs[i].text, outputs[i].pumped);
        launch_free(launch);
        free(lines);
    }
}

Test(launch, what_is_no_longer_set_is_an_error_that_names_it)
{
    static const char *const lines[] = { "    stdout: ${HOME}", "    environment: {A: '${HOME}'}",
                                         "    workingDirectory: ${HOME}" };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct config *config = config_with(lines[i]);
        struct launch *launch = NULL;
        char *error = NULL;
        int result = launch_new(config->tasks[0], &web_2, (char *[]){ NULL }, &launch, &error);
        cr_expect_eq(result, -EINVAL);
        cr_expect_null(launch);
        cr_expect(strstr(error, "'${HOME}' is not set"), "%s", error);
        free(error);
        config_free(config);
    }
}

Test(launch, command_is_shown_with_the_identity_filled_in)
{
    struct config *config = config_good("tasks: {web: {command: 'x ${NAME} ${HOME} \"a b\"'}}\n");
    char *text = launch_command_text(config->tasks[0], &web_2);
    cr_expect_str_eq(text, "x web_2 ${HOME} \"a b\"");
    free(text);
    config_free(config);
}
