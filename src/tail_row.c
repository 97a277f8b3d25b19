/* tail_row.c - see tail_row.h. */
#include "tail_row.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TRIES 8
#define NOWHERE (-1L)

/* A file and its place in the row: 0 is the path itself. */
struct seat {
    long place;
    struct stat st;
};

/* The name of a place; false where it would be too long to exist. */
static bool name_of(const char *path, long place, char name[static PATH_MAX])
{
    int length = place == 0 ? snprintf(name, PATH_MAX, "%s", path)
                            : snprintf(name, PATH_MAX, "%s.%ld", path, place);
    return length >= 0 && length < PATH_MAX;
}

/* Is there a file at that place? Whatever it is, at the path itself. */
static bool look_at(const char *path, long place, struct stat *out_st)
{
    char name[PATH_MAX];
    struct stat st;
    if (!name_of(path, place, name) || stat(name, &st) < 0)
        return false;
    if (place > 0 && !S_ISREG(st.st_mode))
        return false;
    *out_st = st;
    return true;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_dev == b->st_dev;
}

/* Was it written to after (or at the same moment as) the other one? */
static bool is_newer(const struct stat *st, const struct stat *than)
{
    if (st->st_mtim.tv_sec != than->st_mtim.tv_sec)
        return st->st_mtim.tv_sec > than->st_mtim.tv_sec;
    return st->st_mtim.tv_nsec >= than->st_mtim.tv_nsec;
}

/* The place of a file, or NOWHERE. Looking upwards cannot miss one that moves upwards. The row ends
 * where two are missing: one may be, in the middle of a rotation. *out_after is the end of those
 * that are newer: where the file would stand, had it not been removed. */
static long find(const char *path, const struct stat *ours, long *out_after)
{
    struct stat st;
    int missing = 0;
    bool newer = true;
    *out_after = 0;
    for (long place = 0; missing < 2; place++) {
        if (!look_at(path, place, &st)) {
            missing++;
            continue;
        }
        missing = 0;
        if (is_same(&st, ours))
            return place;
        newer = newer && (place == 0 || is_newer(&st, ours));
        if (newer)
            *out_after = place + 1;
    }
    return NOWHERE;
}

/* Which file came after `ours` (NULL: none has been read)? False: there is none. */
static bool choose(const char *path, const struct stat *ours, struct seat *out_seat)
{
    long after = 0;
    long place = ours ? find(path, ours, &after) : 1;
    if (place == NOWHERE)
        place = after;
    while (--place >= 0) {
        if (look_at(path, place, &out_seat->st)) {
            out_seat->place = place;
            return true;
        }
    }
    return false;
}

/* O_NONBLOCK: a FIFO must not hold us up before we see what it is. */
static int open_place(const char *path, long place, int *out_fd, struct stat *out_st)
{
    char name[PATH_MAX];
    struct stat st;
    if (!name_of(path, place, name))
        return -ENAMETOOLONG;
    int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return -errno;
    int error = fstat(fd, &st) < 0 ? -errno : S_ISREG(st.st_mode) ? 0 : -EINVAL;
    if (error) {
        close(fd);
        return error;
    }
    *out_fd = fd;
    *out_st = st;
    return 0;
}

int tail_row_next(const char *path, int fd, int (*look)(void *arg), void *arg, int *out_fd)
{
    struct stat ours;
    if (fd >= 0 && fstat(fd, &ours) < 0)
        return -errno;
    const struct stat *known = fd >= 0 ? &ours : NULL;
    for (int i = 0; i < TRIES; i++) {
        struct seat before, after;
        struct stat st = { 0 };
        int next = -1;
        if (!choose(path, known, &before))
            return -ENOENT;
        int error = open_place(path, before.place, &next, &st);
        if (error == -ENOENT)
            continue;
        if (error)
            return error;
        if (before.place == 0 && look)
            error = look(arg);
        /* What was chosen and what was opened are one file only if nothing has moved meanwhile. */
        if (!error && is_same(&st, &before.st) && choose(path, known, &after) &&
            after.place == before.place && is_same(&after.st, &st)) {
            *out_fd = next;
            return 0;
        }
        close(next);
        if (error)
            return error;
    }
    return -EAGAIN;
}

int tail_row_previous(const char *path, int fd, int *out_fd)
{
    struct stat ours, st = { 0 };
    long after;
    if (fstat(fd, &ours) < 0)
        return -errno;
    for (int i = 0; i < TRIES; i++) {
        int previous = -1;
        long place = find(path, &ours, &after);
        if (place == NOWHERE || open_place(path, place + 1, &previous, &st) < 0)
            return -ENOENT;
        if (find(path, &ours, &after) == place) {
            *out_fd = previous;
            return 0;
        }
        close(previous);
    }
    return -EAGAIN;
}

int tail_row_latest(const char *path, bool rotated, int *out_fd)
{
    struct stat st;
    int error = open_place(path, 0, out_fd, &st);
    /* In the middle of a rotation there is no file at the path. */
    if (error == -ENOENT && rotated && open_place(path, 1, out_fd, &st) == 0)
        error = 0;
    return error;
}
