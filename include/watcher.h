/* watcher.h - one thread that waits for all children to exit, by their pidfds.
 *
 * It signals and reaps nothing: it calls a hook, and the monitor that started the process does the
 * rest. Waiting by pidfd costs the same for one child among ten thousand.
 *
 * Threads: any thread may add and remove. Lock: one mutex guards the table of watches; hooks run
 * with it held, on the watcher's thread, so that after watcher_remove() the hook is never called. A
 * hook may lock a channel and nothing else, and must not call the watcher. */
#ifndef WATCHER_H
#define WATCHER_H

#include <stdint.h>

struct watcher;

/* Called once, when the process has exited; `now_ms` is when that was seen. */
typedef void watcher_hook(void *arg, int64_t now_ms);

/* Starts the thread. 0 or a negative errno. */
int watcher_new(struct watcher **out_watcher) __attribute__((warn_unused_result));

/* Ends the thread. All watches must have been removed. NULL is fine. */
void watcher_free(struct watcher *watcher);

/* Watches `pidfd`, which stays the caller's and must stay open until watcher_remove().
 * 0 with *out_id for watcher_remove(), or a negative errno. */
int watcher_add(struct watcher *watcher, int pidfd, watcher_hook *hook, void *arg, uint64_t *out_id)
    __attribute__((warn_unused_result));

void watcher_remove(struct watcher *watcher, int pidfd, uint64_t id);

#endif
