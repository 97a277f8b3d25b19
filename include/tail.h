/* tail.h - the last lines of a log, and what is appended to it from then on.
 *
 * A log is the file at a path and, where it is rotated, those that were there before: PATH.1 is the
 * latest, then PATH.2. A tail holds the file that it reads open, and where that one stands in this
 * row tells which comes next: so nothing is left out and nothing comes twice, however often the
 * log is rotated between two looks, as long as no file is removed before it was read.
 *
 * Bytes are given as they are: a last line that has no end yet gets none, since the rest of it may
 * follow. A tail belongs to one thread, and blocks on the disk only. */
#ifndef TAIL_H
#define TAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct tail;
struct tail_watch;

/* For the log at `path`, which is not looked at yet. To tail_free(); NULL: out of memory. */
struct tail *tail_new(const char *path);
void tail_free(struct tail *tail); /* NULL is fine */

/* Which lines to begin with. */
struct tail_want {
    size_t lines;           /* the last ones */
    bool rotated;           /* where the file has fewer, those of PATH.1, PATH.2, ... too */
    long long within_bytes; /* lines are looked for no further back than that */
};

/* Has tail_read() give the last lines of what there is now. 0 or a negative errno: -ENOENT, there
 * is no file; -EINVAL, it is no regular file. */
int tail_begin(struct tail *tail, const struct tail_want *want) __attribute__((warn_unused_result));

/* Has tail_read() go on from where it is: with what is appended, and with the file that replaces
 * this one (or that is truncated) from its start. Without a tail_begin(), or after -ENOENT from it,
 * from the start of the file, which may be missing. Once tail_read() has returned 0 it has
 * nothing before a tail_watch_look() at `watch`, which is to outlive the tail. 0 or a negative
 * errno: -ENOENT when its directory is missing. */
int tail_follow(struct tail *tail, struct tail_watch *watch) __attribute__((warn_unused_result));

/* Puts what comes next into `block`, which has room for `room` (>= 1) bytes. Returns how many these
 * are; 0: that is all (when following: for now); -EAGAIN: where the lines begin has not been found
 * yet, call again (a call looks through a MiB at most, so that it takes no longer than a moment);
 * or another negative errno. */
ssize_t tail_read(struct tail *tail, char *block, size_t room) __attribute__((warn_unused_result));

#endif
