/* waitgroup.h - waits until a number of things are done, like Go's sync.WaitGroup.
 *
 * Threads: any thread may call anything here, except waitgroup_free() (last user only).
 * waitgroup_add() for a thing must happen before the thing can be done: call it before
 * the thread that will call waitgroup_done() is created. May be reused once it is back at zero:
 * those who waited for that zero return even if more was added before they ran. */
#ifndef CHAN_WAITGROUP_H
#define CHAN_WAITGROUP_H

#include <stddef.h>
#include <stdint.h>

struct waitgroup;

/* Returns a group at zero, to waitgroup_free(), or NULL when out of memory. */
struct waitgroup *waitgroup_new(void);

/* No thread may be waiting. Whose wait returned 0 may free at once: the waitgroup_done() that
 * reached zero no longer touches the group. NULL is fine. */
void waitgroup_free(struct waitgroup *wg);

/* `n` more things are to be done. */
void waitgroup_add(struct waitgroup *wg, size_t n);

/* One thing is done; never called more often than was added (asserted). */
void waitgroup_done(struct waitgroup *wg);

/* Waits until none is left, until deadline_ms (absolute, CLOCK_MONOTONIC, see chan.h).
 * 0 or -ETIMEDOUT. */
int waitgroup_wait(struct waitgroup *wg, int64_t deadline_ms) __attribute__((warn_unused_result));

/* How many are left now: for a report after a wait that timed out. */
size_t waitgroup_left(struct waitgroup *wg);

#endif
