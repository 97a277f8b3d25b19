/* tail_watch.h - one inotify instance for all the files that a call follows: a user may have few.
 *
 * Whoever waits polls tail_watch_fd(), has tail_watch_look() take the events, and then finds what
 * is marked. The watch belongs to one thread; it is to outlive its interests. */
#ifndef TAIL_WATCH_H
#define TAIL_WATCH_H

#include <stdbool.h>
#include <stdint.h>

struct tail_watch;

/* What one tail wants to know of one file or directory: its storage, the watch's business. */
struct tail_interest {
    int wd;            /* TAIL_UNWATCHED, or the watch's */
    const char *name;  /* in a directory: only of this file and its NAME.N; NULL: all */
    bool *out_changed; /* is set by an event */
    struct tail_interest *next, **link; /* the others in the same; what points to this one */
};

#define TAIL_UNWATCHED (-1)

/* 0 with *out_watch to tail_watch_free(), or a negative errno: -EMFILE, the user has as many as
 * there may be. */
int tail_watch_new(struct tail_watch **out_watch) __attribute__((warn_unused_result));
void tail_watch_free(struct tail_watch *watch); /* NULL is fine */

/* Readable when there are events. */
int tail_watch_fd(const struct tail_watch *watch);

/* Takes the events that have come and marks whom they are for. Never waits. */
void tail_watch_look(struct tail_watch *watch);

/* Watches `path` for events of `mask`; an interest that is in something else is ended first.
 * 0 or a negative errno, and then it is in nothing. */
int tail_watch_add(struct tail_watch *watch, const char *path, uint32_t mask,
                   struct tail_interest *interest) __attribute__((warn_unused_result));

/* Ends an interest, if it is in anything. */
void tail_watch_remove(struct tail_watch *watch, struct tail_interest *interest);

#endif
