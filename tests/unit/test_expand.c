/* test_expand.c - "${...}" in texts. */
#include "expand.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "launch.h"

static char *const inherited[] = { "HOME=/home/me", "PATH=/bin", "EMPTY=", "HOMER=no", NULL };
static const struct launch_id web = { .task = "web", .instance = 2, .name = "web_2" };

static char *run(const struct config_env *own, const char *text, int expected)
{
    const struct expand_scope scope = { .id = &web, .own = own, .environment = inherited };
    char *out = NULL, *error = NULL;
    int result = expand(&scope, text, &out, &error);
    cr_assert_eq(result, expected, "'%s': %d %s", text, result, error ? error : out);
    return result == 0 ? out : error;
}

static void gives(const char *text, const char *expected)
{
    char *out = run(NULL, text, 0);
    cr_expect_str_eq(out, expected);
    free(out);
}

static void fails(const char *text, const char *expected)
{
    char *error = run(NULL, text, -EINVAL);
    cr_expect_str_eq(error, expected);
    free(error);
}

static void gives_with(const struct config_env *own, const char *text, const char *expected)
{
    char *out = run(own, text, 0);
    cr_expect_str_eq(out, expected);
    free(out);
}

Test(expand, identity_and_inherited_variables)
{
    gives("", "");
    gives("plain", "plain");
    gives("${TASK}-${INSTANCE}-${NAME}", "web-2-web_2");
    gives("${HOME}/x", "/home/me/x");
    gives("${EMPTY}", "");
}

Test(expand, defaults_stand_for_unset_and_empty)
{
    gives("${NOPE:-a b}", "a b");
    gives("${EMPTY:-x}", "x");
    gives("${HOME:-x}", "/home/me");
    gives("${NOPE:-}", "");
    gives("${NAME:-x}", "web_2");
}

Test(expand, dollars)
{
    gives("$$", "$");
    gives("$${HOME}", "${HOME}");
    gives("$$$${HOME}", "$${HOME}");
    gives("$HOME $1 $", "$HOME $1 $");
    gives("a$$b", "a$b");
}

Test(expand, says_what_is_wrong)
{
    fails("${NOPE}", "'${NOPE}' is not set: set it, or give a default: '${NOPE:-TEXT}'");
    const char *const malformed[] = { "${A%b}", "${}", "${1}", "${A:-${B}}", "${A b}" };
    for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++) {
        char *error = run(NULL, malformed[i], -EINVAL);
        cr_expect(strstr(error, "is not understood"), "%s", error);
        free(error);
    }
    fails("x ${A", "'${A' is not understood: write ${VAR}, ${VAR:-TEXT}, or $$ for a dollar sign");
}

Test(expand, identity_that_is_not_known_is_an_error)
{
    const struct launch_id task_only = { .task = "web" };
    const struct expand_scope scope = { .id = &task_only, .environment = inherited };
    char *out = NULL, *error = NULL;
    cr_assert_eq(expand(&scope, "${TASK}", &out, &error), 0);
    cr_expect_str_eq(out, "web");
    free(out);
    cr_assert_eq(expand(&scope, "${INSTANCE}", &out, &error), -EINVAL);
    cr_expect_str_eq(error, "'${INSTANCE}' is not known here");
    free(error);
}

Test(expand, own_variables_come_first_in_whatever_order)
{
    const struct config_env own = {
        .names = (char *[]){ "A", "B", "HOME", "TASK" },
        .values = (char *[]){ "<${B}>", "b${HOME}", "/own", "never" },
        .count = 4,
    };
    gives_with(&own, "${A} ${TASK}", "<b/own> web");
}

Test(expand, own_name_means_the_supervisors)
{
    const struct config_env own = {
        .names = (char *[]){ "PATH", "X" },
        .values = (char *[]){ "/opt/bin:${PATH}", "${X:-none}" },
        .count = 2,
    };
    gives_with(&own, "${PATH} ${X}", "/opt/bin:/bin none");
    const struct expand_scope scope = { .id = &web, .own = &own, .environment = inherited };
    char *out = NULL, *error = NULL;
    cr_assert_eq(expand_variable(&scope, 0, &out, &error), 0);
    cr_expect_str_eq(out, "/opt/bin:/bin");
    free(out);
}

Test(expand, circles_and_towers_end)
{
    const struct config_env circle = {
        .names = (char *[]){ "A", "B" },
        .values = (char *[]){ "${B}", "${A}" },
        .count = 2,
    };
    char *error = run(&circle, "${A}", -EINVAL);
    cr_expect(strstr(error, "'${A}' is not set"), "%s", error);
    free(error);

    char names[40][16], values[40][40];
    char *name_list[40], *value_list[40];
    for (int i = 0; i < 40; i++) {
        snprintf(names[i], sizeof names[i], "V%d", i);
        snprintf(values[i], sizeof values[i], "${V%d}${V%d}", i + 1, i + 1);
        name_list[i] = names[i];
        value_list[i] = values[i];
    }
    value_list[39] = "";
    struct config_env tower = { .names = name_list, .values = value_list, .count = 40 };
    free(run(&tower, "${V0}", -EINVAL));
    free(run(&tower, "${V25}", -EINVAL)); /* 2^14 lookups */
    gives_with(&tower, "${V30}", "");
}

Test(expand, results_are_bounded)
{
    char big[60001];
    memset(big, 'x', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    const struct config_env own = { .names = (char *[]){ "BIG" },
                                    .values = (char *[]){ big },
                                    .count = 1 };
    free(run(&own, "${BIG}${BIG}", 0));
    char *error = run(&own, "${BIG}${BIG}${BIG}", -EINVAL);
    cr_expect_str_eq(error, "the text expands to more than 128 KiB");
    free(error);
}

static void identity(const char *text, const char *expected)
{
    char *out = NULL, *error = NULL;
    cr_assert_eq(expand_identity(&web, text, &out, &error), 0);
    cr_expect_str_eq(out, expected);
    free(out);
}

Test(expand, a_shell_gets_the_identity_only)
{
    identity("cd /${TASK} && x ${NAME} ${INSTANCE}", "cd /web && x web_2 2");
    identity("echo ${HOME} $$ $x ${A%b} ${", "echo ${HOME} $$ $x ${A%b} ${");
    identity("$${TASK} \\${TASK} \\", "$${TASK} \\${TASK} \\");
}

Test(expand, tells_the_length_of_a_form)
{
    cr_expect_eq(expand_form_length("${A}b"), 4);
    cr_expect_eq(expand_form_length("${A_1:-x y}z"), 11);
    cr_expect_eq(expand_form_length("${A:-"), 0);
    cr_expect_eq(expand_form_length("$A"), 0);
    cr_expect_eq(expand_form_length("a${A}"), 0);
}
