/* waitq.h - a queue of threads waiting under somebody's mutex; internal to this library.
 *
 * Each waiting thread brings a condition variable of its own, on its stack. That costs the
 * owner two pointers instead of a pthread_cond_t, wakes whoever has waited longest, and keeps
 * clear of the wake-up that several glibc releases (2.36 for one) can lose when many threads
 * share one condition variable (sourceware bug 25847).
 *
 * Threads: every function is called with the owner's mutex held. */
#ifndef CHAN_WAITQ_H
#define CHAN_WAITQ_H

#include <pthread.h>
#include <stdint.h>
#include <sys/queue.h>

struct waiter;
TAILQ_HEAD(waitq, waiter);

/* Makes *q empty. There is nothing to release. */
void waitq_init(struct waitq *q);

/* Lets go of *lock until woken or until deadline_ms, and takes it again.
 * 0: woken, even if the deadline has passed meanwhile; the caller checks again what it waits
 * for. -ETIMEDOUT: not woken; at once, and without letting go, when deadline_ms is past. */
int waitq_wait(struct waitq *q, pthread_mutex_t *lock, int64_t deadline_ms)
    __attribute__((warn_unused_result));

/* Wakes the thread that has waited longest, if any. A thread is woken once for each wait. */
void waitq_wake_one(struct waitq *q);

/* Wakes all who wait now. */
void waitq_wake_all(struct waitq *q);

#endif
