/* watcher.h - one thread that waits for descriptors of all instances: the pidfds of children, and
 * what else a monitor waits for without a thread for it.
 *
 * It reads, signals and reaps nothing: it calls a hook, and the monitor that owns the descriptor
 * does the rest. Waiting by pidfd costs the same for one child among ten thousand.
 *
 * A watch is one-shot: after its hook was called it is silent until watcher_rearm(); that of
 * watcher_add_once() is over.
 *
 * Threads: any thread may add, re-arm and remove. Lock: one mutex guards the table of watches;
 * hooks run with it held, on the watcher's thread, so that after watcher_remove() the hook is
 * never called. A hook may lock a channel and nothing else, and must not call the watcher. */
#ifndef WATCHER_H
#define WATCHER_H

#include <stdint.h>

struct watcher;

/* Called once for each time that the watch was armed; `now_ms` is when its event was seen. */
typedef void watcher_hook(void *arg, int64_t now_ms);

/* Starts the thread. 0 or a negative errno. */
int watcher_new(struct watcher **out_watcher) __attribute__((warn_unused_result));

/* Ends the thread. All watches must have been removed. NULL is fine. */
void watcher_free(struct watcher *watcher);

/* Watches `fd`, which stays the caller's and must stay open until watcher_remove(), for `events` of
 * epoll_ctl(2): EPOLLIN (of a pidfd: the process has exited), EPOLLOUT, EPOLLPRI; an error or a
 * hang-up counts as well. 0 with *out_id for the calls below, or a negative errno. */
int watcher_add(struct watcher *watcher, int fd, uint32_t events, watcher_hook *hook, void *arg,
                uint64_t *out_id) __attribute__((warn_unused_result));

/* The same for an event that comes but once: when the hook is called the watch is removed already,
 * which saves its owner a turn at the lock; the descriptor is closed then, at any time. */
int watcher_add_once(struct watcher *watcher, int fd, uint32_t events, watcher_hook *hook,
                     void *arg, uint64_t *out_id) __attribute__((warn_unused_result));

/* After a call of the hook: has it called once more, at once where the event is there already.
 * 0 or a negative errno. */
int watcher_rearm(struct watcher *watcher, int fd, uint64_t id, uint32_t events)
    __attribute__((warn_unused_result));

void watcher_remove(struct watcher *watcher, int fd, uint64_t id);

#endif
