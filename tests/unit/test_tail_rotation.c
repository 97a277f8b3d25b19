/* test_tail_rotation.c - a log in several files: reading back through them, and not losing the way
 * while they are renamed. */
#include "tail.h"
#include "tail_watch.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEPT 12
#define AHEAD 8 /* lines that a writer may be ahead, so that no file falls off */
#define LINES 5000
#define PATIENCE_MS 30000

/* A log in a directory of its own. */
struct rotating {
    char directory[64];
    char path[96];
    struct tail *tail;
    struct tail_watch *watch;
};

static char *name_of(const struct rotating *log, int place, char name[static 128])
{
    if (place == 0)
        snprintf(name, 128, "%s", log->path);
    else
        snprintf(name, 128, "%s.%d", log->path, place);
    return name;
}

static void put(const struct rotating *log, int place, const char *text)
{
    char name[128];
    int fd = open(name_of(log, place, name), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    cr_assert_geq(fd, 0);
    cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

/* As the pump does it: from the oldest on, and the last one falls off. */
static void rotate(const struct rotating *log, int kept)
{
    char from[128], to[128];
    unlink(name_of(log, kept, from));
    for (int place = kept; place > 0; place--)
        rename(name_of(log, place - 1, from), name_of(log, place, to));
}

static struct rotating rotating_new(void)
{
    struct rotating log = { .directory = "/tmp/test_tail.XXXXXX" };
    cr_assert_not_null(mkdtemp(log.directory));
    snprintf(log.path, sizeof log.path, "%s/log", log.directory);
    log.tail = tail_new(log.path);
    cr_assert_eq(tail_watch_new(&log.watch), 0);
    return log;
}

static void rotating_remove(struct rotating *log)
{
    char name[128];
    for (int place = 0; place <= KEPT; place++)
        unlink(name_of(log, place, name));
    rmdir(log->directory);
    tail_free(log->tail);
    tail_watch_free(log->watch);
}

static void begin(const struct rotating *log, size_t lines, bool rotated)
{
    const struct tail_want want = { lines, rotated, LLONG_MAX };
    cr_assert_eq(tail_begin(log->tail, &want), 0);
}

/* All that can be read now is `expected`. */
static void expect(const struct rotating *log, const char *expected)
{
    char text[4096];
    size_t bytes = 0;
    ssize_t n;
    tail_watch_look(log->watch);
    while ((n = tail_read(log->tail, text + bytes, sizeof text - bytes)) != 0) {
        cr_assert(n > 0 || n == -EAGAIN, "%zd", n);
        bytes += n > 0 ? (size_t)n : 0;
    }
    text[bytes] = '\0';
    cr_assert_str_eq(text, expected);
}

static void expect_last(struct rotating *log, size_t lines, bool rotated, const char *expected)
{
    tail_free(log->tail);
    log->tail = tail_new(log->path);
    begin(log, lines, rotated);
    expect(log, expected);
}

Test(tail_rotation, goes_back_through_rotated_files_oldest_first)
{
    struct rotating log = rotating_new();
    put(&log, 2, "1\n2\n");
    put(&log, 1, "3\n4\n");
    put(&log, 0, "5\n6\n");
    expect_last(&log, 1, true, "6\n");
    expect_last(&log, 2, true, "5\n6\n");
    expect_last(&log, 3, true, "4\n5\n6\n");
    expect_last(&log, 4, true, "3\n4\n5\n6\n");
    expect_last(&log, 5, true, "2\n3\n4\n5\n6\n");
    expect_last(&log, 100, true, "1\n2\n3\n4\n5\n6\n");
    expect_last(&log, 100, false, "5\n6\n");
    rotating_remove(&log);
}

Test(tail_rotation, counts_lines_as_if_it_were_one_file)
{
    struct rotating log = rotating_new();
    put(&log, 2, "1\n2 goes");
    put(&log, 1, " on\n3\n");
    put(&log, 0, "");
    expect_last(&log, 1, true, "3\n");
    expect_last(&log, 2, true, "2 goes on\n3\n");
    expect_last(&log, 3, true, "1\n2 goes on\n3\n");
    put(&log, 0, "\n");
    expect_last(&log, 1, true, "\n");
    expect_last(&log, 2, true, "3\n\n");
    rotating_remove(&log);
}

Test(tail_rotation, a_file_that_is_missing_in_the_row_ends_it_when_going_back)
{
    struct rotating log = rotating_new();
    put(&log, 2, "old\n");
    put(&log, 0, "new\n");
    expect_last(&log, 10, true, "new\n");
    rotating_remove(&log);
}

Test(tail_rotation, ends_where_the_log_ended_even_when_it_rotates_meanwhile)
{
    struct rotating log = rotating_new();
    put(&log, 1, "1\n");
    put(&log, 0, "2\n");
    begin(&log, 10, true);
    put(&log, 0, "3\n");
    rotate(&log, KEPT);
    put(&log, 0, "4\n");
    expect(&log, "1\n2\n");
    rotating_remove(&log);
}

Test(tail_rotation, follows_over_rotations_without_losing_or_doubling)
{
    struct rotating log = rotating_new();
    put(&log, 1, "before\n");
    put(&log, 0, "1\n");
    begin(&log, 1, true);
    cr_assert_eq(tail_follow(log.tail, log.watch), 0);
    expect(&log, "1\n");
    for (int times = 1; times <= 3; times++) {
        /* So many between two looks. */
        for (int i = 0; i < times; i++) {
            put(&log, 0, "end\n");
            rotate(&log, KEPT);
            put(&log, 0, "begin\n");
        }
        expect(&log, times == 1   ? "end\nbegin\n"
                     : times == 2 ? "end\nbegin\nend\nbegin\n"
                                  : "end\nbegin\nend\nbegin\nend\nbegin\n");
    }
    expect(&log, "");
    rotating_remove(&log);
}

Test(tail_rotation, waits_in_the_middle_of_a_rotation)
{
    struct rotating log = rotating_new();
    char from[128], to[128];
    put(&log, 1, "1\n");
    put(&log, 0, "2\n");
    begin(&log, 10, true);
    cr_assert_eq(tail_follow(log.tail, log.watch), 0);
    expect(&log, "1\n2\n");
    rename(name_of(&log, 1, from), name_of(&log, 2, to));
    expect(&log, "");
    put(&log, 0, "3\n");
    rename(name_of(&log, 0, from), name_of(&log, 1, to));
    expect(&log, "3\n");
    put(&log, 0, "4\n");
    expect(&log, "4\n");
    rotating_remove(&log);
}

Test(tail_rotation, goes_on_with_the_oldest_that_is_left_when_its_own_fell_off)
{
    struct rotating log = rotating_new();
    put(&log, 0, "1\n");
    begin(&log, 10, true);
    cr_assert_eq(tail_follow(log.tail, log.watch), 0);
    expect(&log, "1\n");
    for (int i = 2; i <= 5; i++) {
        char text[] = { (char)('0' + i), '\n', '\0' };
        rotate(&log, 2);
        put(&log, 0, text);
    }
    expect(&log, "3\n4\n5\n");
    rotating_remove(&log);
}

Test(tail_rotation, a_file_removed_by_hand_does_not_bring_older_ones_back)
{
    struct rotating log = rotating_new();
    const struct timespec old[2] = { { .tv_sec = 1000000 }, { .tv_sec = 1000000 } };
    char name[128];
    put(&log, 1, "old\n");
    cr_assert_eq(utimensat(AT_FDCWD, name_of(&log, 1, name), old, 0), 0);
    put(&log, 0, "1\n");
    begin(&log, 1, true);
    cr_assert_eq(tail_follow(log.tail, log.watch), 0);
    expect(&log, "1\n");
    unlink(log.path);
    expect(&log, "");
    put(&log, 0, "2\n");
    expect(&log, "2\n");
    rotating_remove(&log);
}

/* The steps in which the pump moves a line that does not fit: with a look before each of them, and
 * once for each number of steps without. */
Test(tail_rotation, a_line_that_moves_to_the_next_file_comes_once)
{
    for (int blind = 0; blind <= 5; blind++) {
        struct rotating log = rotating_new();
        char name[128];
        put(&log, 0, "1\nunfin");
        begin(&log, 1, true);
        cr_assert_eq(tail_follow(log.tail, log.watch), 0);
        expect(&log, "unfin");
        for (int i = 0; i < 5; i++) {
            if (i == 0)
                rotate(&log, KEPT);
            else if (i == 1)
                put(&log, 0, "");
            else if (i == 2)
                put(&log, 0, "un");
            else if (i == 3)
                put(&log, 0, "fin");
            else
                cr_assert_eq(truncate(name_of(&log, 1, name), 2), 0);
            if (i >= blind)
                expect(&log, "");
        }
        put(&log, 0, "ished\n2\n");
        expect(&log, "ished\n2\n");
        rotating_remove(&log);
    }
}

Test(tail_rotation, a_part_that_was_read_of_a_line_that_moves_is_not_repeated)
{
    struct rotating log = rotating_new();
    char name[128];
    put(&log, 0, "1\nun");
    begin(&log, 1, true);
    cr_assert_eq(tail_follow(log.tail, log.watch), 0);
    expect(&log, "un");
    put(&log, 0, "fin");
    rotate(&log, KEPT);
    put(&log, 0, "unfinished\n");
    cr_assert_eq(truncate(name_of(&log, 1, name), 2), 0);
    expect(&log, "finished\n");
    rotating_remove(&log);
}

Test(tail_rotation, an_unfinished_line_that_stays_does_not_hold_up_the_next_file)
{
    struct rotating log = rotating_new();
    put(&log, 0, "1\nunfinished");
    begin(&log, 1, true);
    cr_assert_eq(tail_follow(log.tail, log.watch), 0);
    expect(&log, "unfinished");
    rotate(&log, KEPT);
    put(&log, 0, "up\n");
    expect(&log, "up\n");
    rotating_remove(&log);
}

struct storm {
    struct rotating log;
    sem_t room;
};

/* Writes numbered lines, each into a file of its own. */
static void *write_on(void *arg)
{
    struct storm *storm = arg;
    for (int i = 0; i < LINES; i++) {
        char text[16];
        snprintf(text, sizeof text, "%d\n", i);
        while (sem_wait(&storm->room) < 0)
            continue;
        put(&storm->log, 0, text);
        rotate(&storm->log, KEPT);
    }
    put(&storm->log, 0, "end\n");
    return NULL;
}

/* The number of the lines that are whole; these come as expected. The rest is left in `text`. */
static int take_lines(struct storm *storm, char *text, int expected)
{
    char *line = text;
    for (char *end; (end = strchr(line, '\n')); line = end + 1) {
        if (strncmp(line, "end", 3) == 0)
            return LINES + 1;
        cr_assert_eq(atoi(line), expected, "%d, and then %.10s", expected - 1, line);
        expected++;
        sem_post(&storm->room);
    }
    memmove(text, line, strlen(line) + 1);
    return expected;
}

Test(tail_rotation, finds_its_way_while_another_thread_writes_and_rotates)
{
    struct storm storm = { .log = rotating_new() };
    struct tail_watch *watch = storm.log.watch;
    pthread_t writer;
    char text[4096] = "";
    cr_assert_eq(sem_init(&storm.room, 0, AHEAD), 0);
    put(&storm.log, 0, "");
    begin(&storm.log, 1, true);
    cr_assert_eq(tail_follow(storm.log.tail, storm.log.watch), 0);
    cr_assert_eq(pthread_create(&writer, NULL, write_on, &storm), 0);
    for (int next = 0; next <= LINES;) {
        size_t kept = strlen(text);
        tail_watch_look(watch);
        ssize_t n = tail_read(storm.log.tail, text + kept, sizeof text - 1 - kept);
        struct pollfd wait = { .fd = tail_watch_fd(watch), .events = POLLIN };
        cr_assert_geq(n, 0);
        if (n == 0)
            cr_assert_eq(poll(&wait, 1, PATIENCE_MS), 1, "nothing after %d", next);
        text[kept + (size_t)n] = '\0';
        next = take_lines(&storm, text, next);
    }
    pthread_join(writer, NULL);
    sem_destroy(&storm.room);
    rotating_remove(&storm.log);
}
