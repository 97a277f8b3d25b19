/* test_shell_above.c - bytes from a pipe as whole lines. */
#include "shell_above.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct scene {
    int ends[2];
    struct shell_above *above;
};

static void scene_init(struct scene *s)
{
    cr_assert_eq(pipe(s->ends), 0);
    s->above = shell_above_new(s->ends[0]);
}

static void scene_release(struct scene *s)
{
    shell_above_free(s->above);
    close(s->ends[0]);
    if (s->ends[1] >= 0)
        close(s->ends[1]);
}

static void put(struct scene *s, const char *bytes, size_t count)
{
    cr_assert_eq(write(s->ends[1], bytes, count), (ssize_t)count);
}

/* NULL: nothing is printed. */
static void expect(struct scene *s, bool terminal, const char *expected)
{
    size_t length = 0;
    char *text = shell_above_take(s->above, terminal, &length);
    if (expected == NULL)
        cr_expect_null(text);
    else
        cr_expect_str_eq(text, expected);
    cr_expect(text == NULL || strlen(text) == length);
    free(text);
}

Test(shell_above, gives_whole_lines_and_keeps_the_rest)
{
    struct scene s;
    scene_init(&s);
    expect(&s, true, NULL);
    put(&s, "one\ntwo\nth", 10);
    expect(&s, true, "one\ntwo\n");
    expect(&s, true, NULL);
    put(&s, "ree\n", 4);
    expect(&s, true, "three\n");
    scene_release(&s);
}

Test(shell_above, ends_what_was_left_unfinished_when_no_more_comes)
{
    struct scene s;
    scene_init(&s);
    put(&s, "one\ntw", 6);
    expect(&s, true, "one\n");
    close(s.ends[1]);
    s.ends[1] = -1;
    expect(&s, true, "tw\n");
    cr_assert_eq(shell_above_fd(s.above), -1);
    expect(&s, true, NULL);
    scene_release(&s);
}

Test(shell_above, a_terminal_is_safe_from_it_and_colours_pass)
{
    struct scene s;
    scene_init(&s);
    put(&s, "\033[36mweb\033[0m | \033]0;x\007\n", 22);
    expect(&s, true, "\033[36mweb\033[0m | ^[]0;x^G\n");
    put(&s, "\033]0;x\007\n", 7);
    expect(&s, false, "\033]0;x\007\n");
    scene_release(&s);
}

Test(shell_above, a_line_that_is_too_long_is_cut)
{
    struct scene s;
    char piece[4096];
    size_t length = 0;
    char *text = NULL;
    scene_init(&s);
    memset(piece, 'x', sizeof piece);
    for (int i = 0; i < 16; i++) {
        cr_assert_null(text);
        put(&s, piece, sizeof piece);
        text = shell_above_take(s.above, true, &length);
    }
    cr_assert_not_null(text);
    cr_assert_eq(length, 65537u);
    cr_assert_eq(text[length - 1], '\n');
    free(text);
    put(&s, "end\n", 4);
    expect(&s, true, "end\n");
    scene_release(&s);
}

Test(shell_above, without_a_descriptor_there_is_nothing)
{
    struct shell_above *above = shell_above_new(-1);
    size_t length;
    cr_assert_eq(shell_above_fd(above), -1);
    cr_assert_null(shell_above_take(above, true, &length));
    shell_above_free(above);
}
