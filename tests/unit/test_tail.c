/* test_tail.c - the last lines of a file, and following what is appended, truncated, replaced. */
#include "tail.h"
#include "tail_watch.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"

#define PATIENCE_MS 30000

/* A directory for one test, and a path in it. */
struct place {
    char directory[64];
    char path[96];
    char other[96];
    struct tail_watch *watch;
};

static struct place place_new(void)
{
    struct place place = { .directory = "/tmp/test_tail.XXXXXX" };
    cr_assert_not_null(mkdtemp(place.directory));
    snprintf(place.path, sizeof place.path, "%s/log", place.directory);
    snprintf(place.other, sizeof place.other, "%s/log.1", place.directory);
    cr_assert_eq(tail_watch_new(&place.watch), 0);
    return place;
}

static void place_remove(const struct place *place)
{
    unlink(place->path);
    unlink(place->other);
    rmdir(place->directory);
    tail_watch_free(place->watch);
}

static void put(const char *path, int flags, const char *bytes, size_t count)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0600);
    cr_assert_geq(fd, 0);
    cr_assert_eq(write(fd, bytes, count), (ssize_t)count);
    close(fd);
}

static void write_text(const char *path, const char *text)
{
    put(path, O_TRUNC, text, strlen(text));
}

static void append_text(const char *path, const char *text)
{
    put(path, O_APPEND, text, strlen(text));
}

static char block[65536];

static void begin(struct tail *tail, size_t lines, bool rotated)
{
    const struct tail_want want = { lines, rotated, LLONG_MAX };
    cr_assert_eq(tail_begin(tail, &want), 0);
}

/* What there is to be read, in pieces of `room` at most, as a string to free(). */
static char *read_all(struct tail *tail, size_t room)
{
    char *text = NULL;
    size_t bytes = 0;
    ssize_t n;
    FILE *out = open_memstream(&text, &bytes);
    while ((n = tail_read(tail, block, room)) != 0) {
        cr_assert(n > 0 || n == -EAGAIN);
        if (n > 0)
            fwrite(block, 1, (size_t)n, out);
    }
    fclose(out);
    return text;
}

/* The last lines as a string to free(). */
static char *last_lines(const char *path, size_t lines)
{
    struct tail *tail = tail_new(path);
    begin(tail, lines, false);
    char *text = read_all(tail, sizeof block);
    tail_free(tail);
    return text;
}

static void expect_last(const char *content, size_t lines, const char *expected)
{
    struct place place = place_new();
    write_text(place.path, content);
    char *text = last_lines(place.path, lines);
    cr_assert_str_eq(text, expected);
    free(text);
    place_remove(&place);
}

Test(tail, prints_the_last_lines)
{
    expect_last("one\ntwo\nthree\n", 2, "two\nthree\n");
    expect_last("one\ntwo\nthree\n", 1, "three\n");
}

Test(tail, prints_a_shorter_file_whole)
{
    expect_last("one\ntwo\n", 2, "one\ntwo\n");
    expect_last("one\ntwo\n", 3, "one\ntwo\n");
    expect_last("x", 10, "x");
    expect_last("", 10, "");
}

Test(tail, leaves_a_last_line_without_an_end_as_it_is)
{
    expect_last("one\ntwo\nthr", 2, "two\nthr");
}

Test(tail, counts_empty_lines)
{
    expect_last("one\n\n\n", 2, "\n\n");
    expect_last("\n", 1, "\n");
}

Test(tail, prints_nothing_for_no_lines)
{
    expect_last("one\ntwo\n", 0, "");
}

Test(tail, finds_lines_wherever_the_blocks_end)
{
    struct place place = place_new();
    size_t count = 300000;
    char *bytes = malloc(count + 1);
    for (size_t i = 0; i < count; i++)
        bytes[i] = i % 37 == 36 ? '\n' : (char)('a' + i % 23);
    bytes[count] = '\0';
    put(place.path, O_TRUNC, bytes, count);
    for (size_t lines = 1; lines < count / 37; lines += 641) {
        const char *start = bytes + count;
        for (size_t left = lines + (count % 37 == 0); left > 0; left--)
            start = memrchr(bytes, '\n', (size_t)(start - bytes));
        char *text = last_lines(place.path, lines);
        cr_assert_str_eq(text, start + 1);
        free(text);
    }
    free(bytes);
    place_remove(&place);
}

Test(tail, prints_lines_longer_than_any_block)
{
    struct place place = place_new();
    size_t count = 1000000;
    char *bytes = malloc(count + 1);
    memset(bytes, 'x', count);
    bytes[count - 1] = '\n';
    bytes[count] = '\0';
    write_text(place.path, "first\n");
    append_text(place.path, bytes);
    char *text = last_lines(place.path, 1);
    cr_assert_str_eq(text, bytes);
    free(text);
    free(bytes);
    place_remove(&place);
}

static int begun(const char *path)
{
    const struct tail_want want = { 10, true, LLONG_MAX };
    struct tail *tail = tail_new(path);
    int error = tail_begin(tail, &want);
    tail_free(tail);
    return error;
}

Test(tail, refuses_what_is_no_regular_file)
{
    struct place place = place_new();
    cr_assert_eq(begun(place.path), -ENOENT);
    cr_assert_eq(begun(place.directory), -EINVAL);
    cr_assert_eq(begun("/dev/null"), -EINVAL);
    cr_assert_eq(mkfifo(place.path, 0600), 0);
    cr_assert_eq(begun(place.path), -EINVAL);
    struct tail *tail = tail_new(place.path);
    cr_assert_eq(tail_follow(tail, place.watch), 0);
    cr_assert_eq(tail_read(tail, block, sizeof block), -EINVAL);
    tail_free(tail);
    place_remove(&place);
}

Test(tail, ends_where_the_file_ended_when_it_began)
{
    struct place place = place_new();
    struct tail *tail = tail_new(place.path);
    write_text(place.path, "one\ntwo\n");
    begin(tail, 1, false);
    append_text(place.path, "three\n");
    char *text = read_all(tail, 1);
    cr_assert_str_eq(text, "two\n");
    free(text);
    tail_free(tail);
    place_remove(&place);
}

Test(tail, looks_no_further_back_than_it_is_told)
{
    struct place place = place_new();
    struct tail *tail = tail_new(place.path);
    const struct tail_want want = { 5, false, 6 };
    write_text(place.path, "one\ntwo\nthree\n");
    cr_assert_eq(tail_begin(tail, &want), 0);
    char *text = read_all(tail, 4);
    cr_assert_str_eq(text, "\nthree\n");
    free(text);
    tail_free(tail);
    place_remove(&place);
}

/* ---- following ------------------------------------------------------------------------------ */

/* Reads until what came begins with `expected`, waiting on the watch's descriptor. */
static void expect_next(const struct place *place, struct tail *tail, const char *expected)
{
    char *text = NULL;
    size_t bytes = 0;
    int64_t deadline_ms = clock_ms() + PATIENCE_MS;
    FILE *out = open_memstream(&text, &bytes);
    for (;;) {
        tail_watch_look(place->watch);
        ssize_t n = tail_read(tail, block, sizeof block);
        cr_assert_geq(n, 0);
        fwrite(block, 1, (size_t)n, out);
        fflush(out);
        if (bytes >= strlen(expected))
            break;
        struct pollfd wait = { .fd = tail_watch_fd(place->watch), .events = POLLIN };
        if (n == 0)
            cr_assert_eq(poll(&wait, 1, clock_poll_timeout(deadline_ms)), 1, "still '%s'", text);
    }
    fclose(out);
    cr_assert_str_eq(text, expected);
    free(text);
}

static void expect_nothing(const struct place *place, struct tail *tail)
{
    tail_watch_look(place->watch);
    cr_assert_eq(tail_read(tail, block, sizeof block), 0);
}

/* Follows a file that it has read all of, or that is missing. */
static struct tail *follow(const struct place *place)
{
    struct tail *tail = tail_new(place->path);
    const struct tail_want want = { 0, false, LLONG_MAX };
    int error = tail_begin(tail, &want);
    cr_assert(error == 0 || error == -ENOENT);
    cr_assert_eq(tail_follow(tail, place->watch), 0);
    return tail;
}

Test(tail, follows_what_is_appended)
{
    struct place place = place_new();
    write_text(place.path, "old\n");
    struct tail *tail = follow(&place);
    expect_nothing(&place, tail);
    append_text(place.path, "one\n");
    expect_next(&place, tail, "one\n");
    append_text(place.path, "tw");
    expect_next(&place, tail, "tw");
    append_text(place.path, "o\n");
    expect_next(&place, tail, "o\n");
    expect_nothing(&place, tail);
    tail_free(tail);
    place_remove(&place);
}

Test(tail, goes_on_from_the_last_lines)
{
    struct place place = place_new();
    write_text(place.path, "one\ntwo\n");
    struct tail *tail = tail_new(place.path);
    begin(tail, 1, false);
    append_text(place.path, "three\n");
    cr_assert_eq(tail_follow(tail, place.watch), 0);
    expect_next(&place, tail, "two\nthree\n");
    tail_free(tail);
    place_remove(&place);
}

Test(tail, reads_a_truncated_file_from_its_start)
{
    struct place place = place_new();
    write_text(place.path, "one\ntwo\n");
    struct tail *tail = follow(&place);
    write_text(place.path, "new\n");
    expect_next(&place, tail, "new\n");
    tail_free(tail);
    place_remove(&place);
}

Test(tail, finishes_a_replaced_file_before_it_reads_the_new_one)
{
    struct place place = place_new();
    write_text(place.path, "one\n");
    struct tail *tail = follow(&place);
    append_text(place.path, "rest\n");
    cr_assert_eq(rename(place.path, place.other), 0);
    append_text(place.path, "new\n");
    expect_next(&place, tail, "rest\nnew\n");
    append_text(place.path, "more\n");
    expect_next(&place, tail, "more\n");
    tail_free(tail);
    place_remove(&place);
}

Test(tail, goes_on_with_a_moved_file_until_there_is_another)
{
    struct place place = place_new();
    write_text(place.path, "one\n");
    struct tail *tail = follow(&place);
    cr_assert_eq(rename(place.path, place.other), 0);
    append_text(place.other, "late\n");
    expect_next(&place, tail, "late\n");
    write_text(place.path, "new\n");
    expect_next(&place, tail, "new\n");
    tail_free(tail);
    place_remove(&place);
}

Test(tail, waits_for_a_file_that_is_missing)
{
    struct place place = place_new();
    struct tail *tail = follow(&place);
    expect_nothing(&place, tail);
    write_text(place.path, "born\n");
    expect_next(&place, tail, "born\n");
    tail_free(tail);
    place_remove(&place);
}

Test(tail, needs_the_directory_of_the_file)
{
    struct place place = place_new();
    snprintf(place.path, sizeof place.path, "%s/no/log", place.directory);
    struct tail *tail = tail_new(place.path);
    cr_assert_eq(tail_follow(tail, place.watch), -ENOENT);
    tail_free(tail);
    tail_free(NULL);
    place_remove(&place);
}
