/* test_lines.c - lines out of bytes that come in any pieces. */
#include "lines.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void add(struct lines *lines, const char *text)
{
    cr_assert_eq(lines_add(lines, text, strlen(text)), 0);
}

static void expect(struct lines *lines, const char *expected)
{
    char *line = NULL;
    cr_assert(lines_ready(lines));
    cr_assert_eq(lines_next(lines, &line), 0);
    cr_assert_str_eq(line, expected);
    free(line);
}

static void expect_error(struct lines *lines, int error)
{
    char *line = NULL;
    cr_assert_eq(lines_ready(lines), error != -EAGAIN);
    cr_assert_eq(lines_next(lines, &line), error);
    cr_assert_null(line);
}

Test(lines, come_out_in_order_whatever_the_pieces)
{
    struct lines *lines = lines_new();
    expect_error(lines, -EAGAIN);
    add(lines, "one\ntwo\nth");
    expect(lines, "one");
    add(lines, "ree\n\n");
    expect(lines, "two");
    expect(lines, "three");
    expect(lines, "");
    expect_error(lines, -EAGAIN);
    add(lines, "four\r\n");
    expect(lines, "four");
    lines_free(lines);
}

Test(lines, the_last_one_needs_no_end)
{
    struct lines *lines = lines_new();
    add(lines, "one\nlast");
    expect(lines, "one");
    expect_error(lines, -EAGAIN);
    lines_finish(lines);
    expect(lines, "last");
    expect_error(lines, -EAGAIN);
    lines_free(lines);
}

Test(lines, one_that_is_too_long_is_one_error)
{
    static char many[LINE_MAX_BYTES];
    memset(many, 'x', sizeof many);
    struct lines *lines = lines_new();
    for (int i = 0; i < 5; i++)
        cr_assert_eq(lines_add(lines, many, sizeof many), 0);
    expect_error(lines, -EAGAIN);
    add(lines, "\nnext\n");
    expect_error(lines, -E2BIG);
    expect(lines, "next");
    cr_assert_eq(lines_add(lines, many, sizeof many), 0);
    add(lines, "\n");
    char *line = NULL;
    cr_assert_eq(lines_next(lines, &line), 0);
    cr_assert_eq(strlen(line), LINE_MAX_BYTES);
    free(line);
    cr_assert_eq(lines_add(lines, many, sizeof many), 0);
    add(lines, "xx");
    add(lines, "x");
    lines_finish(lines);
    expect_error(lines, -E2BIG);
    expect_error(lines, -EAGAIN);
    lines_free(lines);
}

Test(lines, one_with_a_nul_is_an_error)
{
    struct lines *lines = lines_new();
    cr_assert_eq(lines_add(lines, "stop\0all\nnext\n", 14), 0);
    expect_error(lines, -EILSEQ);
    expect(lines, "next");
    lines_free(lines);
}
