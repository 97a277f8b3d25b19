/* test_suggest.c - "did you mean". */
#include "suggest.h"

#include <criterion/criterion.h>

static const char *const words[] = { "instances",   "restart", "restartDelay",
                                     "environment", "stdout",  "pid" };

static const char *near(const char *word)
{
    return suggest(word, words, sizeof words / sizeof words[0]);
}

Test(suggest, finds_misspellings)
{
    cr_expect_str_eq(near("instnces"), "instances");
    cr_expect_str_eq(near("INSTANCES"), "instances");
    cr_expect_str_eq(near("restrat"), "restart");
    cr_expect_str_eq(near("restart_delay"), "restartDelay");
    cr_expect_str_eq(near("stdotu"), "stdout");
}

Test(suggest, finds_beginnings)
{
    cr_expect_str_eq(near("env"), "environment");
}

Test(suggest, is_silent_where_nothing_is_near)
{
    cr_expect_null(near(""));
    cr_expect_null(near("x"));
    cr_expect_null(near("cmd"));
    cr_expect_null(near("volumes"));
    cr_expect_null(near("a_very_long_word_that_is_longer_than_any_key_there_could_ever_be"));
    cr_expect_null(suggest("restart", words, 0));
}
