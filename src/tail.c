/* tail.c - see tail.h. Where the last lines begin is found by reading backwards, block by block;
 * following waits on inotify(7) for the file and, since it may be replaced, for its directory. */
#include "tail.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK_BYTES 65536

struct tail {
    char *path;
    int inotify_fd;
    int file_watch; /* -1: none */
    int fd;         /* -1: there is no file yet */
    long long offset;
    char block[BLOCK_BYTES];
};

/* O_NONBLOCK: a FIFO must not hold us up before we see what it is. */
static int open_regular(const char *path, int *out_fd, struct stat *out_stat)
{
    struct stat st = { 0 };
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return -errno;
    int error = fstat(fd, &st) < 0 ? -errno : S_ISREG(st.st_mode) ? 0 : -EINVAL;
    if (error) {
        close(fd);
        return error;
    }
    *out_fd = fd;
    *out_stat = st;
    return 0;
}

static ssize_t read_at(int fd, char *block, size_t bytes, long long offset)
{
    ssize_t n;
    do {
        n = pread(fd, block, bytes, (off_t)offset);
    } while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : n;
}

/* Where the last `lines` lines of the first `size` bytes begin. The end of the last line, if it
 * has one, does not begin another. 0 or a negative errno. */
static int find_start(int fd, char *block, size_t lines, long long size, long long *out_start)
{
    long long limit = size > TAIL_MAX_BYTES ? size - TAIL_MAX_BYTES : 0;
    long long at = size - 1;
    size_t left = lines;
    while (at > limit) {
        size_t want = at - limit < BLOCK_BYTES ? (size_t)(at - limit) : BLOCK_BYTES;
        ssize_t n = read_at(fd, block, want, at - (long long)want);
        if (n < 0)
            return (int)n;
        if ((size_t)n < want) /* truncated meanwhile */
            break;
        char *end = block + want;
        char *newline;
        while ((newline = memrchr(block, '\n', (size_t)(end - block)))) {
            if (--left == 0) {
                *out_start = at - (block + want - newline) + 1;
                return 0;
            }
            end = newline;
        }
        at -= (long long)want;
    }
    *out_start = limit;
    return 0;
}

static int print_range(FILE *out, int fd, char *block, long long start, long long size)
{
    while (start < size) {
        size_t want = size - start < BLOCK_BYTES ? (size_t)(size - start) : BLOCK_BYTES;
        ssize_t n = read_at(fd, block, want, start);
        if (n < 0)
            return (int)n;
        if (n == 0)
            break;
        fwrite(block, 1, (size_t)n, out);
        start += n;
    }
    return 0;
}

int tail_print(FILE *out, const char *path, size_t lines, long long *out_size)
{
    struct stat st = { 0 };
    int fd = -1;
    int error = open_regular(path, &fd, &st);
    if (error)
        return error;
    long long start = st.st_size;
    char *block = malloc(BLOCK_BYTES);
    if (!block)
        error = -ENOMEM;
    if (!error && lines > 0 && st.st_size > 0)
        error = find_start(fd, block, lines, st.st_size, &start);
    if (!error)
        error = print_range(out, fd, block, start, st.st_size);
    if (!error)
        *out_size = st.st_size;
    free(block);
    close(fd);
    return error;
}

static int watch_directory(const struct tail *tail)
{
    const char *slash = strrchr(tail->path, '/');
    char *directory = slash == NULL         ? strdup(".")
                      : slash == tail->path ? strdup("/")
                                            : strndup(tail->path, (size_t)(slash - tail->path));
    if (!directory)
        return -ENOMEM;
    int watch = inotify_add_watch(tail->inotify_fd, directory,
                                  IN_CREATE | IN_MOVED_TO | IN_ONLYDIR);
    int error = watch < 0 ? -errno : 0;
    free(directory);
    return error;
}

/* Turns to the file that is at the path now, if there is one. The watch comes before the open, and
 * that of the directory before both: a file put in its place between them is another event. */
static int open_current(struct tail *tail, long long offset)
{
    struct stat st = { 0 };
    int fd = -1;
    int watch = inotify_add_watch(tail->inotify_fd, tail->path,
                                  IN_MODIFY | IN_ATTRIB | IN_MOVE_SELF);
    if (watch < 0)
        return errno == ENOENT ? 0 : -errno;
    int error = open_regular(tail->path, &fd, &st);
    if (error)
        return error == -ENOENT ? 0 : error;
    if (tail->fd >= 0)
        close(tail->fd);
    if (tail->file_watch >= 0 && tail->file_watch != watch)
        (void)inotify_rm_watch(tail->inotify_fd, tail->file_watch);
    tail->fd = fd;
    tail->file_watch = watch;
    tail->offset = offset;
    return 0;
}

int tail_new(const char *path, long long offset, struct tail **out_tail)
{
    int error = -ENOMEM;
    struct tail *tail = malloc(sizeof *tail);
    if (!tail)
        return -ENOMEM;
    *tail = (struct tail){ .inotify_fd = -1, .file_watch = -1, .fd = -1 };
    tail->path = strdup(path);
    if (!tail->path)
        goto fail;
    tail->inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (tail->inotify_fd < 0) {
        error = -errno;
        goto fail;
    }
    error = watch_directory(tail);
    if (!error)
        error = open_current(tail, offset);
    if (error)
        goto fail;
    *out_tail = tail;
    return 0;
fail:
    tail_free(tail);
    return error;
}

int tail_fd(const struct tail *tail)
{
    return tail->inotify_fd;
}

/* What the events say does not matter: they only mean that it is time to look. */
static void drain_events(struct tail *tail)
{
    while (read(tail->inotify_fd, tail->block, sizeof tail->block) > 0)
        continue;
}

/* Is another file at the path than the one that is open? */
static bool was_replaced(const struct tail *tail)
{
    struct stat now;
    struct stat ours;
    if (stat(tail->path, &now) < 0)
        return false;
    if (tail->fd < 0 || fstat(tail->fd, &ours) < 0)
        return true;
    return now.st_ino != ours.st_ino || now.st_dev != ours.st_dev;
}

int tail_read(struct tail *tail, FILE *out)
{
    drain_events(tail);
    if (tail->fd >= 0) {
        struct stat st;
        if (fstat(tail->fd, &st) < 0)
            return -errno;
        if (st.st_size < tail->offset)
            tail->offset = 0;
        ssize_t n = read_at(tail->fd, tail->block, sizeof tail->block, tail->offset);
        if (n < 0)
            return (int)n;
        fwrite(tail->block, 1, (size_t)n, out);
        tail->offset += n;
        if (n > 0)
            return 1;
    }
    if (!was_replaced(tail))
        return 0;
    int was = tail->fd;
    int error = open_current(tail, 0);
    if (error)
        return error;
    return tail->fd >= 0 && tail->fd != was ? 1 : 0;
}

void tail_free(struct tail *tail)
{
    if (!tail)
        return;
    if (tail->fd >= 0)
        close(tail->fd);
    if (tail->inotify_fd >= 0)
        close(tail->inotify_fd);
    free(tail->path);
    free(tail);
}
