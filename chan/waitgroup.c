/* waitgroup.c - see waitgroup.h: a counter and the threads waiting for it to reach zero.
 *
 * One mutex guards both. A waiting thread is woken by the very waitgroup_done() that reached zero,
 * and so returns even if the group is in use again before it runs. Nothing of the group is
 * touched after the unlock: who has waited may free it. */
#include "chan/waitgroup.h"

#include "chan/waitq.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

struct waitgroup {
    pthread_mutex_t lock;
    struct waitq waiting;
    size_t left;
};

struct waitgroup *waitgroup_new(void)
{
    struct waitgroup *wg = calloc(1, sizeof(*wg));
    if (!wg)
        return NULL;
    pthread_mutex_init(&wg->lock, NULL);
    waitq_init(&wg->waiting);
    return wg;
}

void waitgroup_free(struct waitgroup *wg)
{
    if (!wg)
        return;
    assert(TAILQ_EMPTY(&wg->waiting));
    pthread_mutex_destroy(&wg->lock);
    free(wg);
}

void waitgroup_add(struct waitgroup *wg, size_t n)
{
    pthread_mutex_lock(&wg->lock);
    assert(n <= SIZE_MAX - wg->left);
    wg->left += n;
    pthread_mutex_unlock(&wg->lock);
}

void waitgroup_done(struct waitgroup *wg)
{
    pthread_mutex_lock(&wg->lock);
    assert(wg->left > 0);
    if (--wg->left == 0)
        waitq_wake_all(&wg->waiting);
    pthread_mutex_unlock(&wg->lock);
}

int waitgroup_wait(struct waitgroup *wg, int64_t deadline_ms)
{
    int err = 0;
    pthread_mutex_lock(&wg->lock);
    if (wg->left > 0)
        err = waitq_wait(&wg->waiting, &wg->lock, deadline_ms);
    pthread_mutex_unlock(&wg->lock);
    return err;
}

size_t waitgroup_left(struct waitgroup *wg)
{
    pthread_mutex_lock(&wg->lock);
    size_t left = wg->left;
    pthread_mutex_unlock(&wg->lock);
    return left;
}
