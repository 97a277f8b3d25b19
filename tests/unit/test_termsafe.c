/* test_termsafe.c - what of a log reaches a terminal. */
#include "termsafe.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

/* What the filter makes of the bytes, given in pieces of `piece` bytes. */
static char *filtered(const char *bytes, size_t count, size_t piece)
{
    struct termsafe filter = { 0 };
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    for (size_t i = 0; i < count; i += piece)
        termsafe_write(&filter, out, bytes + i, count - i < piece ? count - i : piece);
    termsafe_end(&filter, out);
    fclose(out);
    return text;
}

static void expect(const char *bytes, const char *expected)
{
    char *text = filtered(bytes, strlen(bytes), strlen(bytes) + 1);
    cr_assert_str_eq(text, expected);
    free(text);
}

/* For what has no colours: these end with each piece. */
static void expect_however_split(const char *bytes, const char *expected)
{
    for (size_t piece = 1; piece <= strlen(bytes); piece++) {
        char *text = filtered(bytes, strlen(bytes), piece);
        cr_assert_str_eq(text, expected, "in pieces of %zu: %s", piece, text);
        free(text);
    }
}

Test(termsafe, text_tabs_and_ends_of_lines_pass)
{
    expect_however_split("plain\ttext\nGr\xc3\xbc\xc3\x9f"
                         "e \xe2\x82\xac \xf0\x9f\x98\x80\n",
                         "plain\ttext\nGr\xc3\xbc\xc3\x9f"
                         "e \xe2\x82\xac \xf0\x9f\x98\x80\n");
}

Test(termsafe, control_characters_are_shown)
{
    expect_however_split("a\rb\ac\x7f\b\n", "a^Mb^Gc^?^H\n");
}

Test(termsafe, sequences_that_are_no_colours_lose_their_escape)
{
    expect_however_split("\033[2J", "^[[2J");
    expect_however_split("\033]0;title\a", "^[]0;title^G");
    expect_however_split("\033c", "^[c");
    expect_however_split("\033[1;2", "^[[1;2");
    expect_however_split("\033\033[H", "^[^[[H");
    expect_however_split("\033[?25lm", "^[[?25lm");
}

Test(termsafe, eight_bit_control_characters_are_replaced)
{
    expect_however_split("\x9b"
                         "2J",
                         "\xef\xbf\xbd"
                         "2J");
    expect_however_split("\xc2\x9b"
                         "2J",
                         "\xef\xbf\xbd\xef\xbf\xbd"
                         "2J");
}

Test(termsafe, what_is_not_utf8_is_replaced)
{
    expect_however_split("a\xff"
                         "b",
                         "a\xef\xbf\xbd"
                         "b");
    expect_however_split("\xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd");
    expect_however_split("\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd");
    expect_however_split("\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}

Test(termsafe, colours_pass_and_end_with_the_piece)
{
    expect("\033[31mred\033[0m\n", "\033[31mred\033[0m\n");
    expect("\033[31mred\033[m\n", "\033[31mred\033[m\n");
    expect("\033[1;38;5;9mred\n", "\033[1;38;5;9mred\n\033[0m");
}

Test(termsafe, a_colour_may_be_split)
{
    char *text = filtered("\033[31mred\033[0m", 12, 2);
    cr_assert_not_null(strstr(text, "\033[31m"));
    cr_assert_null(strstr(text, "^["));
    free(text);
}

Test(termsafe, a_sequence_without_end_is_not_waited_for)
{
    char bytes[300] = "\033[";
    memset(bytes + 2, '1', sizeof bytes - 2);
    char *text = filtered(bytes, sizeof bytes, 7);
    cr_assert_eq(strlen(text), sizeof bytes + 1);
    cr_assert_eq(strncmp(text, "^[[111", 6), 0);
    free(text);
}
