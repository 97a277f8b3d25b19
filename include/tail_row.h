/* tail_row.h - the files of a log, from the one at its path backwards: PATH, PATH.1, PATH.2, ...
 * Internal to tail*.c.
 *
 * They are renamed at any time, always from the oldest on, so that a file only ever moves up in the
 * row. A file is known by its device and inode; it is held open meanwhile, so that these cannot
 * become another's. */
#ifndef TAIL_ROW_H
#define TAIL_ROW_H

#include <stdbool.h>

/* Opens the file that came after the one open as `fd` (-1: none, then the one at the path).
 * look(arg), unless NULL, is called when that is the file at the path, before it is made sure that
 * it still is. 0 with *out_fd to close(); -ENOENT: there is none (yet); -EAGAIN: they were
 * moving all the time; or another negative errno: -EINVAL, it is no regular file. */
int tail_row_next(const char *path, int fd, int (*look)(void *arg), void *arg, int *out_fd)
    __attribute__((warn_unused_result));

/* Opens the file that came before the one open as `fd`. 0 with *out_fd to close(); -ENOENT: there
 * is none that can be read; or -EAGAIN. */
int tail_row_previous(const char *path, int fd, int *out_fd) __attribute__((warn_unused_result));

/* Opens the latest of the row; only the file at the path unless `rotated`. */
int tail_row_latest(const char *path, bool rotated, int *out_fd)
    __attribute__((warn_unused_result));

#endif
