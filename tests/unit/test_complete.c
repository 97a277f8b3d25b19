/* test_complete.c - what Tab offers, for the real command table and a few names. */
#include "complete.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static char *names[] = { "web", "web_1", "web_2", "db", "db", "mail-in" };

/* `line` with the cursor at its end; the candidates joined by blanks, in `text`. */
static void expect(const char *line, const char *expected)
{
    char text[4096] = "";
    char **words = NULL;
    size_t count = 0;
    size_t end = strlen(line);
    size_t start = end;
    while (start > 0 && line[start - 1] != ' ')
        start--;
    cr_assert_eq(complete(line, start, end, names, 6, &words, &count), 0);
    for (size_t i = 0; i < count; i++) {
        size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "%s%s", i > 0 ? " " : "", words[i]);
    }
    cr_assert_null(words[count]);
    cr_expect_str_eq(text, expected, "for '%s': '%s'", line, text);
    complete_free(words);
}

Test(complete, the_first_word_is_a_command)
{
    expect("re", "restart reload");
    expect("  rel", "reload");
    expect("frob", "");
}

Test(complete, help_takes_one_command)
{
    expect("help sh", "shutdown");
    expect("help start st", "");
}

Test(complete, targets_are_all_then_tasks_and_instances_in_order_and_once)
{
    expect("stop ", "all web web_1 web_2 db mail-in");
    expect("stop w", "web web_1 web_2");
    expect("stop web_1 d", "db");
    expect("status a", "all");
    expect("stop nothing", "");
}

Test(complete, each_command_has_its_own_options)
{
    expect("start -", "--wait --timeout --json");
    expect("start web --w", "--wait");
    expect("logs web --", "--stderr --json");
    expect("exit -", "");
}

Test(complete, the_value_of_an_option_is_not_a_target)
{
    expect("start --timeout ", "");
    expect("start --timeout 10s w", "web web_1 web_2");
    expect("start --wait w", "web web_1 web_2");
}

Test(complete, signals_are_offered_with_and_without_sig)
{
    expect("signal SIGTE", "SIGTERM");
    expect("signal TE", "TERM");
    expect("signal SIGUSR", "SIGUSR1 SIGUSR2");
    expect("signal HUP m", "mail-in");
}

Test(complete, a_number_of_lines_is_not_a_target)
{
    expect("logs web w", "");
    expect("reload w", "");
}

Test(complete, unknown_commands_take_nothing)
{
    expect("frob w", "");
    expect("frob -", "");
}

Test(complete, what_is_behind_the_cursor_does_not_count)
{
    char **words = NULL;
    size_t count = 0;
    cr_assert_eq(complete("sta web", 0, 3, names, 6, &words, &count), 0);
    cr_assert_eq(count, 2);
    complete_free(words);
}

Test(complete, without_names_there_is_still_all)
{
    char **words = NULL;
    size_t count = 0;
    cr_assert_eq(complete("stop ", 5, 5, NULL, 0, &words, &count), 0);
    cr_assert_eq(count, 1);
    cr_assert_str_eq(words[0], "all");
    complete_free(words);
}
