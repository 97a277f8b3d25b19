/* resolver.c - see resolver.h. */
#include "resolver.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

struct resolver {
    resolver_lookup *lookup;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* there is a question, or no more will come */
    pthread_t thread;
    bool has_thread;
    bool ending;
    bool looking;                      /* a lookup is under way: the thread cannot be joined */
    struct resolver_question *current; /* whom it is for; NULL: cancelled meanwhile */
    struct resolver_question *first;   /* those that wait, in the order they came */
    struct resolver_question **last;
};

static void release(struct resolver *r)
{
    pthread_mutex_destroy(&r->lock);
    pthread_cond_destroy(&r->changed);
    free(r);
}

/* With the lock held, which is given back for as long as it takes. */
static void look_up_first(struct resolver *r)
{
    struct address_list list = { .count = 0 };
    struct endpoint endpoint = r->first->endpoint;
    r->current = r->first;
    r->first = r->first->next;
    if (!r->first)
        r->last = &r->first;
    r->looking = true;
    pthread_mutex_unlock(&r->lock);
    int error = r->lookup(&endpoint, &list);
    pthread_mutex_lock(&r->lock);
    r->looking = false;
    struct resolver_question *q = r->current;
    r->current = NULL;
    if (!q) {
        address_list_release(&list);
        return;
    }
    q->error = error;
    q->list = list;
    q->answered = true;
    q->hook(q->arg);
}

static void *resolver_run(void *arg)
{
    struct resolver *r = arg;
    pthread_mutex_lock(&r->lock);
    bool left_behind = false;
    while (!r->ending) {
        if (r->first) {
            look_up_first(r);
            left_behind = r->ending;
        } else {
            pthread_cond_wait(&r->changed, &r->lock); /* ended by resolver_free() */
        }
    }
    pthread_mutex_unlock(&r->lock);
    if (left_behind)
        release(r);
    return NULL;
}

struct resolver *resolver_new(resolver_lookup *lookup)
{
    struct resolver *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    r->lookup = lookup;
    r->last = &r->first;
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->changed, NULL);
    return r;
}

void resolver_free(struct resolver *r)
{
    if (!r)
        return;
    pthread_mutex_lock(&r->lock);
    r->ending = true;
    bool left_behind = r->looking; /* the thread sees to the rest, whenever that is */
    bool joins = r->has_thread && !left_behind;
    if (left_behind)
        pthread_detach(r->thread);
    pthread_cond_signal(&r->changed);
    pthread_mutex_unlock(&r->lock);
    if (joins)
        pthread_join(r->thread, NULL);
    if (!left_behind)
        release(r);
}

int resolver_ask(struct resolver *r, struct resolver_question *q, const struct endpoint *endpoint,
                 resolver_hook *hook, void *arg)
{
    int error = 0;
    pthread_mutex_lock(&r->lock);
    if (!r->has_thread)
        error = -pthread_create(&r->thread, NULL, resolver_run, r);
    if (!error) {
        r->has_thread = true;
        *q = (struct resolver_question){ .endpoint = *endpoint, .hook = hook, .arg = arg };
        *r->last = q;
        r->last = &q->next;
        pthread_cond_signal(&r->changed);
    }
    pthread_mutex_unlock(&r->lock);
    return error;
}

/* With the lock held. */
static void take_out(struct resolver *r, const struct resolver_question *q)
{
    struct resolver_question **at = &r->first;
    while (*at && *at != q)
        at = &(*at)->next;
    if (*at) {
        *at = q->next;
        if (!*at)
            r->last = at;
    }
}

void resolver_cancel(struct resolver *r, struct resolver_question *q)
{
    pthread_mutex_lock(&r->lock);
    if (r->current == q)
        r->current = NULL;
    else if (!q->answered)
        take_out(r, q);
    address_list_release(&q->list);
    pthread_mutex_unlock(&r->lock);
}

bool resolver_take(struct resolver *r, struct resolver_question *q, int *out_error,
                   struct address_list *out_list)
{
    pthread_mutex_lock(&r->lock);
    bool answered = q->answered;
    if (answered) {
        *out_error = q->error;
        *out_list = q->list;
        q->list = (struct address_list){ .count = 0 };
    }
    pthread_mutex_unlock(&r->lock);
    return answered;
}
