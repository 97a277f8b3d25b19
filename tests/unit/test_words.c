/* test_words.c - what is words, and what needs a shell. */
#include "words.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* Expects `text` to be the words of `expected`, which are shown with '|' between them. */
static void direct(const char *text, const char *expected)
{
    char **words = NULL;
    size_t count = 0;
    const char *problem = "";
    int error = words_split(text, &words, &count, &problem);
    cr_assert_eq(error, 0, "'%s': %d %s", text, error, problem);
    char shown[512] = "";
    size_t length = 0;
    for (size_t i = 0; i < count; i++)
        length += (size_t)snprintf(shown + length, sizeof shown - length, "%s%s", i ? "|" : "",
                                   words[i]);
    cr_expect_str_eq(shown, expected, "'%s' gave '%s'", text, shown);
    cr_expect_null(words[count]);
    words_free(words);
}

static void fails(const char *text, int expected)
{
    char **words = NULL;
    size_t count = 0;
    const char *problem = NULL;
    int error = words_split(text, &words, &count, &problem);
    cr_expect_eq(error, expected, "'%s' gave %d", text, error);
    if (expected == -EINVAL)
        cr_expect_not_null(problem);
    if (error == 0)
        words_free(words);
}

static void shell(const char *text)
{
    fails(text, -ENOEXEC);
}

Test(words, plain_words_are_split_at_blanks)
{
    direct("sleep 10", "sleep|10");
    direct("  a\t b  ", "a|b");
    direct("a\n", "a");
    direct("\na b\n\n", "a|b");
    direct("a \\\n  b", "a|b");
    direct("nginx -c x=y --flag=z", "nginx|-c|x=y|--flag=z");
    direct("a{b,c} x~ y#z 1=2 a!b %d @f +x ^y", "a{b,c}|x~|y#z|1=2|a!b|%d|@f|+x|^y");
}

Test(words, quotes_and_backslashes_make_one_word)
{
    direct("a 'b c' \"d e\"", "a|b c|d e");
    direct("a b'c d'e\"f g\"h", "a|bc def gh");
    direct("a '' \"\"", "a||");
    direct("a\\ b", "a b");
    direct("a \\; '|' \"&\"", "a|;|||&");
    direct("a \"x\\\"y\\\\z\\n\"", "a|x\"y\\z\\n");
    direct("a 'x\\y'", "a|x\\y");
    direct("a \"b\\\nc\"", "a|bc");
    direct("a 'b\nc'", "a|b\nc");
    direct("a '*' \"?\" \\[", "a|*|?|[");
}

Test(words, braces_count_as_plain)
{
    direct("a ${B} x${C:-d e}y", "a|${B}|x${C:-d e}y");
    direct("a '${B}' \"${C}\"", "a|${B}|${C}");
    direct("${PROGRAM} x", "${PROGRAM}|x");
}

Test(words, dollars_that_are_literal_stay_so_when_expanded)
{
    direct("a \\$b", "a|$$b");
    direct("a \"\\$b\"", "a|$$b");
    direct("awk '{print $1}'", "awk|{print $$1}");
    direct("a '$'{B}", "a|$${B}");
    direct("a '$$' '$${B}'", "a|$$|$${B}");
}

Test(words, operators_need_a_shell)
{
    const char *const texts[] = { "a; b",  "a | b", "a && b", "a &",       "a < b", "a > b", "(a)",
                                  "a `b`", "a\nb",  "a 2>&1", "a \"`b`\"", "a;",    "$(a)" };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        shell(texts[i]);
}

Test(words, other_uses_of_dollar_need_a_shell)
{
    const char *const texts[] = { "a $b",       "a $$",        "a $1",     "a $(b)",   "a ${b%c}",
                                  "a ${b:-$c}", "a ${b:-'c'}", "a \"$b\"", "a ${b",    "a ${}",
                                  "a '${b%c}'", "a \"$$\"",    "a $",      "a ${b-c}", "a ${1}" };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        shell(texts[i]);
}

Test(words, globs_tildes_comments_and_assignments_need_a_shell)
{
    const char *const texts[] = { "a *.c", "a ?", "a [ab]", "a ~/x",     "~/a",
                                  "a # b", "# a", "A=1 b",  "_a1='x' b", "A=" };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        shell(texts[i]);
}

Test(words, first_words_that_only_a_shell_knows_need_one)
{
    const char *const texts[] = { "cd /tmp", "exec a", "exit 3",   "ulimit -n 5", "export A",
                                  ". /x",    ":",      "eval a",   "set -e",      "trap x INT",
                                  "umask 0", "wait",   "if a",     "while a",     "{ a",
                                  "! a",     "read x", "'exit' 3", "command a",   "exit" };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        shell(texts[i]);
    direct("env exit 3", "env|exit|3");
    direct("true", "true");
    direct("echo x", "echo|x");
    direct("printf x", "printf|x");
    direct("kill 1", "kill|1");
}

Test(words, what_is_not_closed_is_an_error)
{
    fails("a 'b", -EINVAL);
    fails("a \"b", -EINVAL);
    fails("a \"b\\\"", -EINVAL);
    fails("a \\", -EINVAL);
    fails("", -EINVAL);
    fails(" \t\n", -EINVAL);
}

static void joined(char *const *words, const char *expected)
{
    char *text = words_join(words);
    cr_expect_str_eq(text, expected);
    free(text);
}

Test(words, are_joined_as_one_would_type_them)
{
    joined((char *[]){ "echo", "a b", "it's", "", "x=y", NULL }, "echo 'a b' 'it'\\''s' '' x=y");
    joined((char *[]){ "a", "${B}", "$C", "*", NULL }, "a ${B} '$C' '*'");
    joined((char *[]){ NULL }, "");
}
