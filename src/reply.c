/* reply.c - see reply.h: a channel with a reserved slot for each answer owed.
 *
 * The wake hook is called here and not by the channel, under a lock that guards it alone, so that
 * reply_leave() can take it away from senders that are under way. No other lock is taken in it. */
#include "reply.h"

#include "chan/chan.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct reply {
    atomic_size_t refs;
    struct chan *answers;
    pthread_mutex_t hook_lock; /* guards hook, and is held while it runs */
    void (*hook)(void *arg);   /* NULL: none, or the requester has left */
    void *hook_arg;
};

void answer_release(struct answer *answer)
{
    identity_unref(answer->id);
    free(answer->text);
    free(answer->json);
    snapshot_set_free(answer->set);
    *answer = (struct answer){ 0 };
}

struct reply *reply_new(void (*hook)(void *arg), void *arg)
{
    struct reply *reply = malloc(sizeof *reply);
    if (!reply)
        return NULL;
    *reply = (struct reply){ .hook = hook, .hook_arg = arg };
    reply->answers = chan_new(sizeof(struct answer), 1);
    if (!reply->answers) {
        free(reply);
        return NULL;
    }
    atomic_init(&reply->refs, 1);
    pthread_mutex_init(&reply->hook_lock, NULL);
    return reply;
}

static void drop_share(struct reply *reply)
{
    if (atomic_fetch_sub_explicit(&reply->refs, 1, memory_order_acq_rel) != 1)
        return;
    chan_free(reply->answers);
    pthread_mutex_destroy(&reply->hook_lock);
    free(reply);
}

int reply_recv(struct reply *reply, struct answer *out_answer, int64_t deadline_ms)
{
    return chan_recv(reply->answers, out_answer, deadline_ms);
}

void reply_leave(struct reply *reply)
{
    if (!reply)
        return;
    pthread_mutex_lock(&reply->hook_lock);
    reply->hook = NULL;
    pthread_mutex_unlock(&reply->hook_lock);
    chan_close(reply->answers); /* from here on none is added: what is drained is all */
    struct answer answer;
    while (chan_recv(reply->answers, &answer, CHAN_NOW) == 0)
        answer_release(&answer);
    drop_share(reply);
}

int reply_owe(struct reply *reply, size_t n)
{
    int error = chan_reserve(reply->answers, n);
    if (!error)
        atomic_fetch_add_explicit(&reply->refs, n, memory_order_relaxed);
    return error;
}

static void call_hook(struct reply *reply)
{
    pthread_mutex_lock(&reply->hook_lock);
    if (reply->hook)
        reply->hook(reply->hook_arg);
    pthread_mutex_unlock(&reply->hook_lock);
}

void reply_send(struct reply *reply, struct answer *answer)
{
    int error = chan_send_reserved(reply->answers, answer);
    assert(!error || error == -EPIPE); /* else more was sent than was owed */
    if (error)
        answer_release(answer);
    else
        call_hook(reply);
    *answer = (struct answer){ 0 };
    drop_share(reply);
}
