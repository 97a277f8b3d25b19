/* test_command.c - words, options, the table, and what needs no running supervisor to answer. */
#include "call.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- words --------------------------------------------------------------------------------- */

static void expect_words(const char *line, const char *joined)
{
    char **words = NULL;
    size_t count = 0;
    char text[200] = "";
    cr_assert_eq(command_split(line, &words, &count), 0);
    for (size_t i = 0; i < count; i++) {
        size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "[%s]", words[i]);
    }
    cr_assert_null(words[count]);
    cr_assert_str_eq(text, joined);
    command_words_free(words);
}

Test(command, a_line_is_split_at_blanks)
{
    expect_words("", "");
    expect_words(" \t\r\n", "");
    expect_words("  stop  web\tdb \n", "[stop][web][db]");
    expect_words("a b c d", "[a][b][c][d]");
}

Test(command, quotes_are_as_in_sh)
{
    expect_words("'a b' \"c d\"", "[a b][c d]");
    expect_words("a'b'\"c\"d", "[abcd]");
    expect_words("'' \"\"", "[][]");
    expect_words("'a\\'", "[a\\]");
    expect_words("\"a\\\"b\\\\c\\d\"", "[a\"b\\c\\d]");
    expect_words("a\\ b \\'", "[a b][']");
    expect_words("worker_*", "[worker_*]");
    expect_words("end\\", "[end\\]");
}

Test(command, an_open_quote_is_an_error)
{
    static const char *const lines[] = { "'", "stop 'web", "a\"b", "\"a\\\"", "\"\\" };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        char **words = NULL;
        size_t count = 77;
        cr_assert_eq(command_split(lines[i], &words, &count), -EINVAL);
        cr_assert_null(words);
        cr_assert_eq(count, 77u);
    }
    command_words_free(NULL);
}

/* ---- options ------------------------------------------------------------------------------- */

/* Splits the line and parses what follows the command. */
static int parse(const char *line, struct command_options *out_options, char *out_operands,
                 size_t room)
{
    char **words;
    size_t count;
    char *problem = NULL;
    cr_assert_eq(command_split(line, &words, &count), 0);
    int error = command_options_parse(command_find(words[0]), count - 1, words + 1, out_options,
                                      &problem);
    out_operands[0] = '\0';
    for (size_t i = 0; error == 0 && i < out_options->operand_count; i++) {
        size_t used = strlen(out_operands);
        snprintf(out_operands + used, room - used, "[%s]", out_options->operands[i]);
    }
    if (error == -EINVAL)
        snprintf(out_operands, room, "%s", problem);
    free(problem);
    command_words_free(words);
    return error;
}

static void expect_options(const char *line, unsigned given, int64_t timeout_ms,
                           const char *operands)
{
    struct command_options options = { 0 };
    char text[200];
    cr_assert_eq(parse(line, &options, text, sizeof text), 0, "%s: %s", line, text);
    cr_assert_eq(options.given, given, "%s", line);
    cr_assert_eq(options.timeout_ms, timeout_ms, "%s", line);
    cr_assert_str_eq(text, operands);
    command_options_release(&options);
}

static void expect_problem(const char *line, const char *problem)
{
    struct command_options options = { 0 };
    char text[200];
    cr_assert_eq(parse(line, &options, text, sizeof text), -EINVAL, "%s", line);
    cr_assert_str_eq(text, problem);
    cr_assert_null(options.operands);
}

Test(command, options_stand_anywhere)
{
    expect_options("start web db", 0, 0, "[web][db]");
    expect_options("start --wait web db", OPT_WAIT, 0, "[web][db]");
    expect_options("start web --wait db --wait", OPT_WAIT, 0, "[web][db]");
    expect_options("logs -f web 5 --stderr", OPT_FOLLOW | OPT_STDERR, 0, "[web][5]");
    expect_options("status -v", OPT_VERBOSE, 0, "");
}

Test(command, two_dashes_end_the_options)
{
    expect_options("start --wait -- -web --wait", OPT_WAIT, 0, "[-web][--wait]");
    expect_options("start -", 0, 0, "[-]");
}

Test(command, a_timeout_is_a_duration_in_either_form)
{
    expect_options("stop web --timeout 30s", OPT_TIMEOUT, 30000, "[web]");
    expect_options("stop --timeout=500ms web", OPT_TIMEOUT, 500, "[web]");
    expect_options("stop --timeout 2 web", OPT_TIMEOUT, 2000, "[web]");
}

Test(command, what_is_wrong_with_options_is_named)
{
    expect_problem("start web --frob", "unknown option '--frob'");
    expect_problem("start web --frob=1", "unknown option '--frob'");
    expect_problem("stop web --wait", "unknown option '--wait'");
    expect_problem("start web --force", "unknown option '--force'");
    expect_problem("start web --rolling", "unknown option '--rolling'");
    expect_problem("start web --wait=yes", "option '--wait' takes no value");
    expect_problem("stop web --timeout", "option '--timeout' needs a value");
    expect_problem("stop web --timeout=", "'' is no duration, such as 30s or 2m");
    expect_problem("stop web --timeout soon", "'soon' is no duration, such as 30s or 2m");
    expect_problem("stop web --timeout=-5", "'-5' is no duration, such as 30s or 2m");
    expect_problem("start", "too few arguments");
    expect_problem("exit now", "unexpected argument 'now'");
}

/* ---- the table ----------------------------------------------------------------------------- */

Test(command, every_row_is_complete)
{
    for (size_t i = 0; i < command_count(); i++) {
        const struct command *command = command_find(command_at(i)->name);
        cr_assert_eq(&command->info, command_at(i));
        cr_assert_not_null(command->begin);
        cr_assert_not_null(command->info.arguments);
        cr_assert_gt(strlen(command->info.help), 0u);
        cr_assert_gt(strlen(command->details), 0u);
        cr_assert_eq(command->info.takes_targets,
                     strstr(command->info.arguments, "TARGET") != NULL);
        cr_assert_leq(command->min_operands, command->max_operands);
    }
    cr_assert_null(command_find("frob"));
    cr_assert_null(command_find(""));
}

/* ---- calls --------------------------------------------------------------------------------- */

/* Runs a call that has to finish at once. What it printed, to free(). */
static char *run(const char *line, int *out_exit)
{
    static const struct command_env env = { 0 };
    static const struct command_style style = { 0 };
    char **words;
    size_t count;
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    cr_assert_eq(command_split(line, &words, &count), 0);
    struct call *call = call_new(&env, &style, count, words);
    cr_assert_not_null(call);
    command_words_free(words);
    *out_exit = -1;
    cr_assert(call_run(call, out, out_exit));
    cr_assert_eq(call_deadline_ms(call), INT64_MAX);
    cr_assert_null(call_waiting_for(call));
    call_free(call);
    fclose(out);
    return text;
}

static void expect_run(const char *line, int exit_status, const char *output)
{
    int exited;
    char *text = run(line, &exited);
    cr_assert_str_eq(text, output);
    cr_assert_eq(exited, exit_status, "%s: %d", line, exited);
    free(text);
}

Test(command, an_empty_line_does_nothing)
{
    expect_run("", EXIT_DONE, "");
    expect_run("   ", EXIT_DONE, "");
}

Test(command, an_unknown_command_is_bad_usage)
{
    expect_run("frob web", EXIT_USAGE,
               "Unknown command: frob. Type 'help' for a list of commands.\n");
    expect_run("help frob", EXIT_USAGE,
               "Unknown command: frob. Type 'help' for a list of commands.\n");
}

Test(command, bad_usage_shows_the_usage)
{
    expect_run("start", EXIT_USAGE,
               "start: too few arguments\n"
               "usage: start TARGET... [--wait] [--timeout DURATION] [--json]\n");
    expect_run("exit now", EXIT_USAGE,
               "exit: unexpected argument 'now'\n"
               "usage: exit\n");
    expect_run("signal FOO web", EXIT_USAGE,
               "signal: unknown signal 'FOO'\n"
               "usage: signal SIG TARGET... [--json]\n");
    expect_run("signal HUP", EXIT_USAGE,
               "signal: too few arguments\n"
               "usage: signal SIG TARGET... [--json]\n");
}

Test(command, help_names_every_command)
{
    int exited;
    char *text = run("help", &exited);
    cr_assert_eq(exited, EXIT_DONE);
    for (size_t i = 0; i < command_count(); i++)
        cr_assert_eq(strstr(text, command_at(i)->help) == NULL, command_at(i)->hidden);
    free(text);
}

Test(command, help_explains_one_command)
{
    int exited;
    char *text = run("help start", &exited);
    cr_assert_eq(exited, EXIT_DONE);
    cr_assert_eq(strncmp(text, "usage: start TARGET...", 22), 0);
    cr_assert_not_null(strstr(text, "--timeout stops waiting"));
    free(text);
    text = run("start --help", &exited);
    cr_assert_eq(exited, EXIT_DONE);
    cr_assert_not_null(strstr(text, "--timeout stops waiting"));
    free(text);
}

Test(command, pid_without_a_target_is_the_supervisors)
{
    char expected[32];
    snprintf(expected, sizeof expected, "%d\n", (int)getpid());
    expect_run("pid", EXIT_DONE, expected);
}
