/* waitq.c - see waitq.h. The wake-ups are given under the owner's mutex: the condition variable
 * lives on the stack of the thread that waits, which cannot leave before it has that mutex. */
#include "chan/waitq.h"

#include "chan/chan.h"

#include <errno.h>
#include <stdbool.h>
#include <time.h>

struct waiter {
    TAILQ_ENTRY(waiter) link;
    pthread_cond_t cond;
    bool woken; /* and so no longer in the queue */
};

void waitq_init(struct waitq *q)
{
    TAILQ_INIT(q);
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void cond_init_monotonic(pthread_cond_t *cond)
{
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(cond, &attr);
    pthread_condattr_destroy(&attr);
}

static void wait_until_woken(struct waiter *w, pthread_mutex_t *lock, int64_t deadline_ms)
{
    if (deadline_ms == CHAN_FOREVER) {
        while (!w->woken)
            pthread_cond_wait(&w->cond, lock);
        return;
    }
    struct timespec deadline = {
        .tv_sec = (time_t)(deadline_ms / 1000),
        .tv_nsec = (long)(deadline_ms % 1000) * 1000000,
    };
    int err = 0;
    while (!w->woken && err != ETIMEDOUT)
        err = pthread_cond_timedwait(&w->cond, lock, &deadline);
}

int waitq_wait(struct waitq *q, pthread_mutex_t *lock, int64_t deadline_ms)
{
    if (deadline_ms <= now_ms())
        return -ETIMEDOUT;

    struct waiter w = { .woken = false };
    cond_init_monotonic(&w.cond);
    TAILQ_INSERT_TAIL(q, &w, link);
    wait_until_woken(&w, lock, deadline_ms);
    if (!w.woken)
        TAILQ_REMOVE(q, &w, link);
    pthread_cond_destroy(&w.cond);
    return w.woken ? 0 : -ETIMEDOUT;
}

void waitq_wake_one(struct waitq *q)
{
    struct waiter *w = TAILQ_FIRST(q);
    if (!w)
        return;
    TAILQ_REMOVE(q, w, link);
    w->woken = true;
    pthread_cond_signal(&w->cond);
}

void waitq_wake_all(struct waitq *q)
{
    while (!TAILQ_EMPTY(q))
        waitq_wake_one(q);
}
