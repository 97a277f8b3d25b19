/* test_history.c - the file of typed lines. */
#include "history.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A directory for one test, and where the history is in it. */
struct place {
    char directory[64];
    char middle[80];
    char path[96];
};

static struct place place_new(void)
{
    struct place place = { .directory = "/tmp/test_history.XXXXXX" };
    cr_assert_not_null(mkdtemp(place.directory));
    snprintf(place.middle, sizeof place.middle, "%s/taskmaster", place.directory);
    char *path = history_path(place.directory, NULL);
    snprintf(place.path, sizeof place.path, "%s", path);
    free(path);
    return place;
}

static void place_remove(const struct place *place)
{
    unlink(place->path);
    rmdir(place->middle);
    rmdir(place->directory);
}

struct seen {
    char first[64];
    char last[64];
    size_t count;
};

static void see(void *arg, const char *line)
{
    struct seen *seen = arg;
    if (seen->count++ == 0)
        snprintf(seen->first, sizeof seen->first, "%s", line);
    snprintf(seen->last, sizeof seen->last, "%s", line);
}

static mode_t mode_of(const char *path)
{
    struct stat st;
    cr_assert_eq(stat(path, &st), 0);
    return st.st_mode & 07777;
}

static void expect_path(const char *state_home, const char *home, const char *expected)
{
    char *path = history_path(state_home, home);
    cr_assert((path == NULL) == (expected == NULL));
    if (path != NULL)
        cr_assert_str_eq(path, expected);
    free(path);
}

Test(history, path_follows_the_environment)
{
    expect_path("/s", "/h", "/s/taskmaster/history");
    expect_path(NULL, "/h", "/h/.local/state/taskmaster/history");
    expect_path("", "/h", "/h/.local/state/taskmaster/history");
    expect_path("relative", "/h", "/h/.local/state/taskmaster/history");
    expect_path(NULL, NULL, NULL);
    expect_path(NULL, "", NULL);
}

Test(history, lines_are_there_for_the_next_shell_at_once)
{
    struct place place = place_new();
    struct seen seen = { .count = 0 };
    struct history *history = history_load(place.path, see, &seen);
    cr_assert_eq(seen.count, 0);
    cr_assert(history_keep(history, "status"));
    cr_assert(history_keep(history, "stop all"));
    struct history *next = history_load(place.path, see, &seen);
    cr_assert_eq(seen.count, 2);
    cr_assert_str_eq(seen.first, "status");
    cr_assert_str_eq(seen.last, "stop all");
    cr_assert_not(history_keep(next, "stop all"));
    history_free(next);
    history_free(history);
    cr_assert_eq(mode_of(place.path), 0600);
    cr_assert_eq(mode_of(place.middle), 0700);
    place_remove(&place);
}

Test(history, blank_and_repeated_lines_are_not_kept)
{
    struct history *history = history_load(NULL, see, NULL);
    cr_assert(history_keep(history, "status"));
    cr_assert_not(history_keep(history, "status"));
    cr_assert_not(history_keep(history, ""));
    cr_assert_not(history_keep(history, " \t"));
    cr_assert(history_keep(history, "exit"));
    cr_assert(history_keep(history, "status"));
    history_free(history);
}

Test(history, a_long_file_is_cut_to_its_last_lines)
{
    struct place place = place_new();
    struct seen seen = { .count = 0 };
    history_free(history_load(place.path, see, &seen));
    FILE *file = fopen(place.path, "we");
    cr_assert_not_null(file);
    for (int i = 0; i < HISTORY_MAX_LINES + 500; i++)
        fprintf(file, "status %d\n", i);
    fclose(file);
    history_free(history_load(place.path, see, &seen));
    cr_assert_eq(seen.count, HISTORY_MAX_LINES);
    cr_assert_str_eq(seen.first, "status 500");
    history_free(history_load(place.path, see, &seen));
    cr_assert_eq(seen.count, 2 * HISTORY_MAX_LINES);
    cr_assert_str_eq(seen.last, "status 1499");
    place_remove(&place);
}

Test(history, a_place_that_cannot_be_written_is_no_error)
{
    struct seen seen = { .count = 0 };
    struct history *history = history_load("/proc/nowhere/taskmaster/history", see, &seen);
    cr_assert_not_null(history);
    cr_assert(history_keep(history, "status"));
    history_free(history);
    cr_assert_eq(seen.count, 0);
}
