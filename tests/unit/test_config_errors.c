/* test_config_errors.c - what is refused, and in which words. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "config_fixture.h"

Test(config_errors, unknown_keys_get_a_suggestion)
{
    config_bad_key("instnces: 3",
                   "t.yaml:4:5: unknown key 'instnces', did you mean 'instances'?\n");
    config_bad_key("frobnicate: 3", "t.yaml:4:5: unknown key 'frobnicate'\n");
    config_bad("taks: {}\n", "t.yaml:1:1: unknown key 'taks', did you mean 'tasks'?\n"
                             "t.yaml:1:1: no 'tasks': write at least 'tasks: {}'\n");
    config_bad("tasks: {}\nsupervisor: {loglevel: info}\n",
               "t.yaml:2:14: unknown key 'loglevel', did you mean 'logLevel'?\n");
    config_bad("tasks: {}\ndefaults: {x-y: 1}\n", "t.yaml:2:12: unknown key 'x-y'\n");
}

Test(config_errors, names_that_other_tools_have_for_a_key_are_known)
{
    config_bad_key("numprocs: 3",
                   "t.yaml:4:5: unknown key 'numprocs', did you mean 'instances'?\n");
    config_bad_key("stopsignal: INT",
                   "t.yaml:4:5: unknown key 'stopsignal', did you mean 'stopingSignal'?\n");
    config_bad_key("startsec: 3", "t.yaml:4:5: unknown key 'startsec'\n");
}

Test(config_errors, wrong_types_and_ranges)
{
    config_bad_key("instances: 0", "t.yaml:4:16: 'instances' must be from 1 to 10000, not '0'\n");
    config_bad_key("instances: 10001",
                   "t.yaml:4:16: 'instances' must be from 1 to 10000, not '10001'\n");
    config_bad_key("instances: -1", "t.yaml:4:16: 'instances' must be from 1 to 10000, not '-1'\n");
    config_bad_key("instances: 99999999999999999999", "t.yaml:4:16: 'instances' must be from 1 "
                                                      "to 10000, not '99999999999999999999'\n");
    config_bad_key("instances: two",
                   "t.yaml:4:16: 'instances' must be a whole number, not 'two'\n");
    config_bad_key("instances: 1.0",
                   "t.yaml:4:16: 'instances' must be a whole number, not '1.0'\n");
    config_bad_key("instances: 010",
                   "t.yaml:4:16: 'instances' must be a whole number, not '010'\n");
    config_bad_key("instances: [1]",
                   "t.yaml:4:16: 'instances' must be a whole number, not a list\n");
    config_bad_key("instances: ''", "t.yaml:4:16: 'instances' must be a whole number, not ''\n");
    config_bad_key("autoLaunch: maybe",
                   "t.yaml:4:17: 'autoLaunch' must be true or false, not 'maybe'\n");
    config_bad_key("restart: sometimes", "t.yaml:4:14: 'restart' must be always, never or "
                                         "on-failure, not 'sometimes'\n");
    config_bad_key("restart: on_failure",
                   "t.yaml:4:14: 'restart' must be always, never or "
                   "on-failure, not 'on_failure', did you mean 'on-failure'?\n");
    config_bad_key("restart: yes", "t.yaml:4:14: 'restart' must be always, never or "
                                   "on-failure, not 'yes'\n");
    config_bad_key("stoppingSignal: FOO", "t.yaml:4:21: 'stoppingSignal' must be a signal such "
                                          "as SIGTERM, TERM or 15, not 'FOO'\n");
    config_bad_key("stopingSignal: 65", "t.yaml:4:20: 'stopingSignal' must be a signal such "
                                        "as SIGTERM, TERM or 15, not '65'\n");
    config_bad_key("restartsAttempts: -1",
                   "t.yaml:4:23: 'restartsAttempts' must be from 0 to 1000000, not '-1'\n");
}

Test(config_errors, durations)
{
    config_bad_key("restartDelay: soon", "t.yaml:4:19: 'restartDelay' must be a duration such as "
                                         "10, 0.5, 500ms, 5m or 2h, not 'soon'\n");
    config_bad_key("restartDelay: -1", "t.yaml:4:19: 'restartDelay' must be from 0 to 31536000 "
                                       "seconds, not '-1'\n");
    config_bad_key("restartDelay: 8761h", "t.yaml:4:19: 'restartDelay' must be from 0 to "
                                          "31536000 seconds, not '8761h'\n");
    config_bad_key("restartDelay: {}", "t.yaml:4:19: 'restartDelay' must be a duration such as "
                                       "10, 0.5, 500ms, 5m or 2h, not a map\n");
}

Test(config_errors, masks)
{
    static const char *const wrong[] = { "18", "09", "1000", "-1", "rwx", "0x12", "0o" };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char line[64], expected[128];
        snprintf(line, sizeof line, "umask: %s", wrong[i]);
        snprintf(expected, sizeof expected,
                 "t.yaml:4:12: 'umask' must be an octal number from 0 "
                 "to 777, not '%s'\n",
                 wrong[i]);
        config_bad_key(line, expected);
    }
}

Test(config_errors, exit_codes)
{
    config_bad_key("expectedExitCodes: [0, 256, x, ~]",
                   "t.yaml:4:28: 'expectedExitCodes' must be an exit code from 0 to 255, or a "
                   "list of them, not '256'\n"
                   "t.yaml:4:33: 'expectedExitCodes' must be an exit code from 0 to 255, or a "
                   "list of them, not 'x'\n"
                   "t.yaml:4:36: 'expectedExitCodes' must be an exit code from 0 to 255, or a "
                   "list of them, not empty\n");
}

Test(config_errors, environments)
{
    config_bad_key("environment: [A=1]",
                   "t.yaml:4:18: 'environment' must be a map of variables, not a list\n");
    config_bad_key("environment: {A: [1], 'B=C': 1, '': 2}",
                   "t.yaml:4:22: 'A' in 'environment' must be a text, a number or a boolean, "
                   "not a list\n"
                   "t.yaml:4:27: bad variable name 'B=C': it must not be empty or hold '='\n"
                   "t.yaml:4:37: bad variable name '': it must not be empty or hold '='\n");
}

Test(config_errors, commands)
{
    config_bad("tasks: {a: {}, b: , c: {command: ~}}\n",
               "t.yaml:1:9: task 'a' has no 'command'\n"
               "t.yaml:1:16: task 'b' has no 'command'\n"
               "t.yaml:1:21: task 'c' has no 'command'\n");
    config_bad("tasks: {a: {command: []}}\n", "t.yaml:1:22: 'command' is empty: name a program\n");
    config_bad("tasks: {a: {command: ''}}\n", "t.yaml:1:22: 'command' is empty: ''\n");
    config_bad("tasks: {a: {command: [x, [y], ~]}}\n",
               "t.yaml:1:26: element 2 of 'command' must be a text, not a list: quote it\n"
               "t.yaml:1:31: element 3 of 'command' must be a text, not empty: quote it\n");
    config_bad("tasks: {a: {command: ['']}}\n",
               "t.yaml:1:23: 'command' begins with an empty text: name a program\n");
    config_bad("tasks: {a: {command: {x: y}}}\n",
               "t.yaml:1:22: 'command' must be a text or a list of texts, not a map\n");
    config_bad("tasks: {a: {command: \"x 'y\"}}\n",
               "t.yaml:1:22: 'command' has a ' without its end: 'x 'y'\n");
    config_bad("tasks: {a: {command: '${EMPTY} x'}}\n",
               "t.yaml:1:22: 'command' names no program: '${EMPTY}' expands to nothing\n");
}

Test(config_errors, paths)
{
    config_bad_key("stdout: ''", "t.yaml:4:13: 'stdout' must be a path, not an empty text\n");
    config_bad_key("stderr: [a]", "t.yaml:4:13: 'stderr' must be a path, not a list\n");
    config_bad_key("workingDirectory: ${EMPTY}", "t.yaml:4:23: 'workingDirectory' must be a "
                                                 "path, and '${EMPTY}' expands to nothing\n");
}

Test(config_errors, names_of_tasks)
{
    config_bad("tasks:\n  all: {command: x}\n  .: {command: x}\n  ..: {command: x}\n"
               "  a b: {command: x}\n  '': {command: x}\n  \xC3\xA9: {command: x}\n",
               "t.yaml:2:3: bad task name 'all': it is reserved, it stands for every task\n"
               "t.yaml:3:3: bad task name '.': it is the name of a directory\n"
               "t.yaml:4:3: bad task name '..': it is the name of a directory\n"
               "t.yaml:5:3: bad task name 'a b': use letters, digits, '.', '_' and '-'\n"
               "t.yaml:6:3: bad task name '': use letters, digits, '.', '_' and '-'\n"
               "t.yaml:7:3: bad task name '\xC3\xA9': use letters, digits, '.', '_' and '-'\n");
}

Test(config_errors, names_that_collide_with_instances)
{
    config_bad("tasks:\n  web_2: {command: x}\n  web: {command: x, instances: 2}\n",
               "t.yaml:2:3: task 'web_2' has the name of an instance of task 'web' at t.yaml:3: "
               "rename one\n");
    config_free(config_good("tasks:\n  web: {command: x, instances: 2}\n  web_3: {command: x}\n"
                            "  web_0: {command: x}\n  web_01: {command: x}\n"
                            "  a: {command: x}\n  a_1: {command: x}\n"));
}

Test(config_errors, duplicates_name_the_first)
{
    config_bad("tasks:\n  web: {command: x}\n  db: {command: x, command: y}\n"
               "  web: {command: x}\n",
               "t.yaml:3:20: duplicate key 'command', first at line 3\n"
               "t.yaml:4:3: duplicate key 'web', first at line 2\n");
    config_bad_key("umask: 0\n    unmask: 0",
                   "t.yaml:5:5: 'unmask' is the same key as 'umask', given at line 4\n");
}

Test(config_errors, shapes)
{
    config_bad("tasks: [a]\n", "t.yaml:1:8: 'tasks' must be a map of tasks, not a list\n");
    config_bad("tasks: {a: 7}\n", "t.yaml:1:12: task 'a' must be a map of keys, not '7'\n");
    config_bad("[tasks]\n", "t.yaml:1:1: the top level must be a map with 'tasks', "
                            "not a list\n");
    config_bad("tasks: {}\nsupervisor: 7\ndefaults: [a]\n",
               "t.yaml:2:13: 'supervisor' must be a map of keys, not '7'\n"
               "t.yaml:3:11: 'defaults' must be a map of keys, not a list\n");
    config_bad("{}\n", "t.yaml:1:1: no 'tasks': write at least 'tasks: {}'\n");
    config_bad("tasks: {}\n[a]: 1\n{b: c}: 2\n", "t.yaml:2:1: a key must be a text, not a list\n"
                                                 "t.yaml:3:1: a key must be a text, not a map\n");
}

Test(config_errors, variables)
{
    config_bad_key("stdout: ${NOPE}.log", "t.yaml:4:13: 'stdout': '${NOPE}' is not set: set it, "
                                          "or give a default: '${NOPE:-TEXT}'\n");
    config_bad_key("instances: ${NAME}", "t.yaml:4:16: 'instances': '${NAME}' is not known here\n");
    config_bad_key("environment: {A: '${B}', B: '${C}'}",
                   "t.yaml:4:22: 'environment': '${C}' is not set: set it, or give a default: "
                   "'${C:-TEXT}'\n"
                   "t.yaml:4:33: 'environment': '${C}' is not set: set it, or give a default: "
                   "'${C:-TEXT}'\n");
    config_bad("tasks: {}\nsupervisor: {logFile: '${TASK}'}\n",
               "t.yaml:2:23: 'logFile': '${TASK}' is not known here\n");
    config_bad("tasks: {a: {command: [x, '${NOPE}']}}\n",
               "t.yaml:1:26: 'command': '${NOPE}' is not set: set it, or give a default: "
               "'${NOPE:-TEXT}'\n");
    config_free(config_good("tasks: {a: {command: 'cd ${NOPE}; x'}}\n")); /* the shell's */
}

Test(config_errors, defaults_are_complained_about_once)
{
    config_bad("defaults:\n  instances: 0\n  stdout: ${NOPE}\n"
               "tasks: {a: {command: x}, b: {command: x}, c: {command: x, instances: 1}}\n",
               "t.yaml:2:14: 'instances' must be from 1 to 10000, not '0'\n"
               "t.yaml:3:11: 'stdout': '${NOPE}' is not set: set it, or give a default: "
               "'${NOPE:-TEXT}'\n");
    config_bad("defaults: {instances: 0, nope: 1}\ntasks: {}\n",
               "t.yaml:1:23: 'instances' must be from 1 to 10000, not '0'\n"
               "t.yaml:1:26: unknown key 'nope'\n");
}

Test(config_errors, long_and_odd_values_are_shown_short_and_clean)
{
    config_bad_key("restart: \"a\\e[31m\\nb\"", "t.yaml:4:14: 'restart' must be always, never or "
                                                "on-failure, not 'a?[31m?b'\n");
    char line[400] = "instances: ";
    memset(line + strlen(line), 'x', 300);
    char expected[200];
    snprintf(expected, sizeof expected,
             "t.yaml:4:16: 'instances' must be a whole number, not "
             "'%.90s...'\n",
             line + strlen("instances: "));
    config_bad_key(line, expected);
}
