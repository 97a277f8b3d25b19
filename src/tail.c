/* tail.c - see tail.h. Where the last lines begin is found by reading backwards, block by block,
 * and file by file; following waits for events of the file and, since it may be replaced, of its
 * directory. */
#include "tail.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tail_row.h"
#include "tail_watch.h"

#define LOOK_BYTES (1LL << 20) /* in one call */
#define LINE_BLOCK_BYTES 4096

struct tail {
    char *path;
    int fd; /* -1: none has been there yet */
    long long offset;
    long long carried; /* what was read of a line that has moved to the next file since */

    /* While it looks for where the lines begin: */
    bool looking;
    struct tail_want left; /* to go back by */
    long long at;          /* what is before this in the file has not been looked at */
    bool end_skipped;      /* the very last byte: the end of a line there does not begin another */

    /* Until it follows: */
    size_t files;  /* that come after this one */
    long long end; /* of the last of them */

    struct tail_watch *watch; /* NULL until it follows */
    bool changed;             /* by an event, or it has not been read to its end yet */
    struct tail_interest directory;
    struct tail_interest watched[2]; /* in the file, and in one that may take its place */
    int ours;                        /* which of them is in the file */
};

struct tail *tail_new(const char *path)
{
    struct tail *tail = malloc(sizeof *tail);
    if (!tail)
        return NULL;
    *tail = (struct tail){ .path = strdup(path), .fd = -1 };
    struct tail_interest *const interests[] = { &tail->directory, &tail->watched[0],
                                                &tail->watched[1] };
    for (size_t i = 0; i < sizeof interests / sizeof *interests; i++)
        *interests[i] = (struct tail_interest){ .wd = TAIL_UNWATCHED,
                                                .out_changed = &tail->changed };
    if (tail->path)
        return tail;
    free(tail);
    return NULL;
}

static void unwatch(struct tail *tail)
{
    tail_watch_remove(tail->watch, &tail->directory);
    tail_watch_remove(tail->watch, &tail->watched[0]);
    tail_watch_remove(tail->watch, &tail->watched[1]);
    tail->watch = NULL;
}

void tail_free(struct tail *tail)
{
    if (!tail)
        return;
    if (tail->watch)
        unwatch(tail);
    if (tail->fd >= 0)
        close(tail->fd);
    free(tail->path);
    free(tail);
}

static ssize_t read_at(int fd, char *block, size_t bytes, long long offset)
{
    ssize_t n;
    do {
        n = pread(fd, block, bytes, (off_t)offset);
    } while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : n;
}

/* ---- the last lines ---- */

/* Turns to a file, from whose end it will look backwards; `fd` is taken over. */
static int look_into(struct tail *tail, int fd)
{
    struct stat st;
    if (fstat(fd, &st) < 0) {
        int error = -errno;
        close(fd);
        return error;
    }
    if (tail->fd >= 0)
        close(tail->fd);
    tail->fd = fd;
    tail->at = st.st_size;
    tail->offset = st.st_size;
    if (st.st_size > 0 && !tail->end_skipped) {
        tail->at--;
        tail->end_skipped = true;
    }
    return 0;
}

int tail_begin(struct tail *tail, const struct tail_want *want)
{
    int fd = -1;
    int error = tail_row_latest(tail->path, want->rotated, &fd);
    if (!error)
        error = look_into(tail, fd);
    if (error)
        return error;
    tail->end = tail->offset;
    tail->left = *want;
    tail->looking = want->lines > 0;
    return 0;
}

static int begin_at(struct tail *tail, long long offset)
{
    tail->offset = offset;
    tail->looking = false;
    return 0;
}

/* The file has been looked through. -EAGAIN: there is one before it. */
static int go_back(struct tail *tail)
{
    int fd = -1;
    if (!tail->left.rotated || tail_row_previous(tail->path, tail->fd, &fd) < 0)
        return begin_at(tail, 0);
    int error = look_into(tail, fd);
    if (error)
        return error;
    tail->files++;
    return -EAGAIN;
}

/* Looks through the block before `at`. 0: the lines begin in it; -EAGAIN: before it. */
static int look_through(struct tail *tail, char *block, size_t bytes)
{
    ssize_t n = read_at(tail->fd, block, bytes, tail->at - (long long)bytes);
    if (n < 0)
        return (int)n;
    if ((size_t)n < bytes) /* truncated meanwhile */
        return begin_at(tail, 0);
    for (char *end = block + bytes, *newline;
         (newline = memrchr(block, '\n', (size_t)(end - block))); end = newline) {
        if (--tail->left.lines == 0)
            return begin_at(tail, tail->at - (block + bytes - newline) + 1);
    }
    tail->at -= (long long)bytes;
    tail->left.within_bytes -= (long long)bytes;
    return -EAGAIN;
}

static long long least(long long a, long long b)
{
    return a < b ? a : b;
}

/* 0: it has been found; -EAGAIN: not yet. */
static int look(struct tail *tail, char *block, size_t room)
{
    int error = -EAGAIN;
    for (long long looked = 0; error == -EAGAIN && looked < LOOK_BYTES;) {
        long long bytes = least((long long)room, least(tail->at, tail->left.within_bytes));
        if (tail->left.within_bytes <= 0)
            error = begin_at(tail, tail->at);
        else if (bytes == 0)
            error = go_back(tail);
        else
            error = look_through(tail, block, (size_t)bytes);
        looked += bytes;
    }
    return error;
}

/* ---- following ---- */

static struct tail_interest *next_file(struct tail *tail)
{
    return &tail->watched[1 - tail->ours];
}

static int watch_file(struct tail *tail, struct tail_interest *interest)
{
    int error = tail_watch_add(tail->watch, tail->path, IN_MODIFY | IN_ATTRIB | IN_MOVE_SELF,
                               interest);
    return error == -ENOENT ? 0 : error;
}

/* The file at the path, which may be missing. */
static int watch_next(void *arg)
{
    struct tail *tail = arg;
    return watch_file(tail, next_file(tail));
}

static int watch_directory(struct tail *tail)
{
    const char *slash = strrchr(tail->path, '/');
    char *directory = slash == NULL         ? strdup(".")
                      : slash == tail->path ? strdup("/")
                                            : strndup(tail->path, (size_t)(slash - tail->path));
    if (!directory)
        return -ENOMEM;
    tail->directory.name = slash ? slash + 1 : tail->path;
    int error = tail_watch_add(tail->watch, directory, IN_CREATE | IN_MOVED_TO | IN_ONLYDIR,
                               &tail->directory);
    free(directory);
    return error;
}

/* The watches come before the first read: what is appended or put in place after it is an event. If
 * the file that is open is no longer the one at the path, then another one is, or will be. */
int tail_follow(struct tail *tail, struct tail_watch *watch)
{
    tail->watch = watch;
    int error = watch_directory(tail);
    if (!error && tail->fd >= 0)
        error = watch_file(tail, &tail->watched[tail->ours]);
    if (error) {
        unwatch(tail);
        return error;
    }
    tail->changed = true;
    return 0;
}

/* ---- reading ---- */

/* Is the file that is open the one at the path? */
static bool is_at_path(const struct tail *tail, const struct stat *st)
{
    struct stat at_path;
    return stat(tail->path, &at_path) == 0 && at_path.st_ino == st->st_ino &&
           at_path.st_dev == st->st_dev;
}

/* Has it become shorter than what was read of it? At the path it was truncated, to begin anew. One
 * that was rotated away has lost its unfinished last line to the next file. */
static void see_shrinking(struct tail *tail)
{
    struct stat st;
    if (fstat(tail->fd, &st) < 0 || st.st_size >= tail->offset)
        return;
    bool moved = !is_at_path(tail, &st);
    tail->carried = moved ? tail->offset - st.st_size : 0;
    tail->offset = moved ? st.st_size : 0;
}

/* What comes next in the file that is open. */
static ssize_t read_on(struct tail *tail, char *block, size_t room)
{
    size_t want = room;
    if (tail->fd < 0)
        return 0;
    if (tail->watch)
        see_shrinking(tail);
    if (!tail->watch && tail->files == 0) {
        if (tail->offset >= tail->end)
            return 0;
        want = (size_t)least((long long)room, tail->end - tail->offset);
    }
    ssize_t n = read_at(tail->fd, block, want, tail->offset);
    if (n > 0)
        tail->offset += n;
    return n;
}

/* Where the unfinished line at the end of the file begins; 0: nowhere, or with the file. */
static long long start_of_last_line(const struct tail *tail)
{
    char block[LINE_BLOCK_BYTES];
    long long at = tail->offset;
    while (at > 0) {
        long long bytes = least(at, (long long)sizeof block);
        ssize_t n = read_at(tail->fd, block, (size_t)bytes, at - bytes);
        if (n < bytes)
            return 0;
        const char *newline = memrchr(block, '\n', (size_t)n);
        if (newline)
            return at - bytes + (newline - block) + 1;
        at -= bytes;
    }
    return 0;
}

/* Whoever moves an unfinished line copies it to the next file first, and writes on only when it is
 * gone from this one: while the next file has nothing but that copy, or part of it, this is still
 * to come, and is an event. */
static bool is_moving_line(const struct tail *tail, int next)
{
    char ours[LINE_BLOCK_BYTES], theirs[LINE_BLOCK_BYTES];
    struct stat st;
    long long start = start_of_last_line(tail);
    if (start == 0 || start == tail->offset)
        return false;
    if (fstat(next, &st) < 0 || st.st_size > tail->offset - start)
        return false;
    for (long long at = 0; at < st.st_size;) {
        size_t bytes = (size_t)least(st.st_size - at, (long long)sizeof ours);
        if (read_at(next, theirs, bytes, at) != (ssize_t)bytes ||
            read_at(tail->fd, ours, bytes, start + at) != (ssize_t)bytes ||
            memcmp(ours, theirs, bytes) != 0)
            return false;
        at += (long long)bytes;
    }
    return true;
}

static void turn_to(struct tail *tail, int fd)
{
    struct stat st;
    if (tail->fd >= 0)
        close(tail->fd);
    if (tail->watch)
        tail_watch_remove(tail->watch, &tail->watched[tail->ours]);
    tail->ours = 1 - tail->ours;
    tail->fd = fd;
    tail->offset = fstat(fd, &st) == 0 ? least(tail->carried, st.st_size) : 0;
    tail->carried = 0;
    if (tail->files > 0)
        tail->files--;
}

/* Goes on with the next file, but not before this one has been read to its end: what was appended
 * to it came before there was a next one, and so it is all there now. */
static ssize_t read_next(struct tail *tail, char *block, size_t room)
{
    int fd = -1;
    if (!tail->watch && tail->files == 0)
        return 0;
    if (tail->watch)
        tail_watch_remove(tail->watch, next_file(tail));
    int error = tail_row_next(tail->path, tail->fd, tail->watch ? watch_next : NULL, tail, &fd);
    if (error == -EAGAIN || error == -ENOENT)
        return 0; /* what keeps moving is another event */
    if (error)
        return error;
    bool moving = next_file(tail)->wd != TAIL_UNWATCHED && is_moving_line(tail, fd);
    ssize_t n = read_on(tail, block, room);
    if (n != 0 || (moving && tail->carried == 0)) {
        close(fd);
        return n;
    }
    turn_to(tail, fd);
    return -EAGAIN;
}

ssize_t tail_read(struct tail *tail, char *block, size_t room)
{
    ssize_t n = tail->looking ? look(tail, block, room) : 0;
    if (n < 0)
        return n;
    if (tail->watch && !tail->changed)
        return 0;
    do {
        n = read_on(tail, block, room);
        if (n == 0)
            n = read_next(tail, block, room);
    } while (n == -EAGAIN);
    tail->changed = n != 0;
    return n;
}
