/* test_text.c - foreign bytes made fit for a terminal and for JSON. */
#include "text.h"

#include <criterion/criterion.h>
#include <stdlib.h>

TestSuite(text, .timeout = 60);

static void expect_printable(const char *bytes, const char *expected)
{
    char *text = text_printable(bytes);
    cr_expect_str_eq(text, expected);
    free(text);
}

static void expect_utf8(const char *bytes, const char *expected)
{
    char *text = text_utf8(bytes);
    cr_expect_str_eq(text, expected);
    free(text);
}

Test(text, what_can_be_shown_stays_as_it_is)
{
    expect_printable("", "");
    expect_printable("sh -c 'x | y' \\x1b", "sh -c 'x | y' \\x1b");
    expect_printable("caf\u00e9 \u65e5\u672c \U0001f600 end",
                     "caf\u00e9 \u65e5\u672c \U0001f600 end");
}

Test(text, control_characters_are_escaped)
{
    expect_printable("a\nb\rc\td", "a\\nb\\rc\\td");
    expect_printable("\033[31mred\a\177", "\\x1b[31mred\\x07\\x7f");
    expect_printable("\302\23331m", "\\x9b31m"); /* a control sequence to some terminals */
    expect_printable("a\u202eb", "a\\u202eb");   /* turns the direction of writing */
}

Test(text, what_is_not_utf8_is_replaced_byte_by_byte)
{
    expect_printable("a\xff z", "a\ufffd z");
    expect_printable("\xc3", "\ufffd");
    expect_printable("\xe2\x82x", "\ufffd\ufffdx");
    expect_printable("\xc0\xaf", "\ufffd\ufffd");                     /* not the shortest form */
    expect_printable("\xed\xa0\x80", "\ufffd\ufffd\ufffd");           /* a surrogate */
    expect_printable("\xf4\x90\x80\x80", "\ufffd\ufffd\ufffd\ufffd"); /* above U+10FFFF */
}

Test(text, for_json_only_what_is_not_utf8_is_replaced)
{
    expect_utf8("", "");
    expect_utf8("a\033\n\xc2\x9b\u00e9", "a\033\n\xc2\x9b\u00e9");
    expect_utf8("a\xff\xfe z", "a\ufffd\ufffd z");
    expect_utf8("\xf0\x9f\x98", "\ufffd\ufffd\ufffd");
}
