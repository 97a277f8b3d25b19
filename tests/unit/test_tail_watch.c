/* test_tail_watch.c - several tails that share what they watch. */
#include "tail_watch.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

static void touch(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    cr_assert_geq(fd, 0);
    close(fd);
}

Test(tail_watch, tells_those_who_share_a_directory_of_their_own_files_until_they_leave)
{
    char directory[] = "/tmp/test_tail_watch.XXXXXX", log[64], rotated[64], other[64];
    bool a = false, b = false, all = false;
    struct tail_interest in_log = { .wd = TAIL_UNWATCHED, .name = "log", .out_changed = &a };
    struct tail_interest in_log2 = { .wd = TAIL_UNWATCHED, .name = "log2", .out_changed = &b };
    struct tail_interest in_all = { .wd = TAIL_UNWATCHED, .out_changed = &all };
    struct tail_watch *watch = NULL;
    cr_assert_not_null(mkdtemp(directory));
    snprintf(log, sizeof log, "%s/log", directory);
    snprintf(rotated, sizeof rotated, "%s/log.1", directory);
    snprintf(other, sizeof other, "%s/log2", directory);
    cr_assert_eq(tail_watch_new(&watch), 0);
    cr_assert_eq(tail_watch_add(watch, directory, IN_CREATE, &in_log), 0);
    cr_assert_eq(tail_watch_add(watch, directory, IN_MOVED_TO, &in_log2), 0);
    cr_assert_eq(tail_watch_add(watch, directory, IN_MOVED_TO, &in_all), 0);
    touch(log);
    tail_watch_look(watch);
    cr_assert(a && !b && all);
    a = all = false;
    tail_watch_remove(watch, &in_all);
    touch(rotated);
    tail_watch_look(watch);
    cr_assert(a && !b && !all);
    a = false;
    tail_watch_remove(watch, &in_log);
    touch(other);
    tail_watch_look(watch);
    cr_assert(!a && b && !all);
    tail_watch_remove(watch, &in_log2);
    tail_watch_free(watch);
    unlink(log);
    unlink(rotated);
    unlink(other);
    rmdir(directory);
}
