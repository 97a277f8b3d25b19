/* tail.h - the last lines of a file, and what is appended to it from then on.
 *
 * A tail belongs to one thread. Bytes are given as they are in the file: a last line that has no
 * end yet gets none, since the rest of it may follow. */
#ifndef TAIL_H
#define TAIL_H

#include <stddef.h>
#include <stdio.h>

#define TAIL_MAX_BYTES (64LL << 20) /* lines are looked for no further back than that */

/* Prints the last `lines` lines of the file at `path`, reading backwards from its end so that
 * the size of the file does not matter. 0 or a negative errno; regular files only (-EINVAL).
 * *out_size is the file's size read to. */
int tail_print(FILE *out, const char *path, size_t lines, long long *out_size)
    __attribute__((warn_unused_result));

struct tail;

/* Follows the file at `path` from `offset`; the file may be missing, replaced or truncated at any
 * time (it is then read from its start). 0 or a negative errno: -ENOENT when its directory is
 * missing, -EINVAL when it is no regular file. */
int tail_new(const char *path, long long offset, struct tail **out_tail)
    __attribute__((warn_unused_result));

int tail_fd(const struct tail *tail); /* readable (inotify) when tail_read() may have something */

/* Prints what is new; at most 64 KiB a call. 1: there is more, 0: none now, or a negative errno. */
int tail_read(struct tail *tail, FILE *out) __attribute__((warn_unused_result));

void tail_free(struct tail *tail); /* NULL is fine */

#endif
