/* queue.c - what a message costs: `queue chan|bare SENDERS MESSAGES` passes MESSAGES messages of 16
 * bytes through a queue with room for 64, from SENDERS threads to as many receivers, and prints the
 * nanoseconds a message took. 0 senders: one thread that sends and receives in turn.
 *
 * `chan` is chan/chan.h. `bare` is what one writes without it: a ring, a mutex, two condition
 * variables; no deadline, no close, no reserved slots. */
#include "chan/chan.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SLOTS 64

struct message {
    long number, kind;
};

struct bare {
    pthread_mutex_t lock;
    pthread_cond_t not_empty, not_full;
    size_t first, used;
    struct message ring[SLOTS];
};

struct run {
    struct chan *chan; /* NULL: bare */
    struct bare bare;
    long each; /* messages of a thread */
};

static void bare_send(struct bare *q, const struct message *m)
{
    pthread_mutex_lock(&q->lock);
    while (q->used == SLOTS)
        pthread_cond_wait(&q->not_full, &q->lock);
    q->ring[(q->first + q->used++) % SLOTS] = *m;
    pthread_cond_signal(&q->not_empty);
    pthread_mutex_unlock(&q->lock);
}

static void bare_recv(struct bare *q, struct message *out_message)
{
    pthread_mutex_lock(&q->lock);
    while (q->used == 0)
        pthread_cond_wait(&q->not_empty, &q->lock);
    *out_message = q->ring[q->first];
    q->first = (q->first + 1) % SLOTS;
    q->used--;
    pthread_cond_signal(&q->not_full);
    pthread_mutex_unlock(&q->lock);
}

static void send_one(struct run *run, const struct message *m)
{
    if (!run->chan)
        bare_send(&run->bare, m);
    else if (chan_send(run->chan, m, CHAN_FOREVER) < 0)
        abort();
}

static void recv_one(struct run *run, struct message *out_message)
{
    if (!run->chan)
        bare_recv(&run->bare, out_message);
    else if (chan_recv(run->chan, out_message, CHAN_FOREVER) < 0)
        abort();
}

static void *sender(void *arg)
{
    struct run *run = arg;
    for (long i = 0; i < run->each; i++)
        send_one(run, &(struct message){ i, 1 });
    return NULL;
}

static void *receiver(void *arg)
{
    struct run *run = arg;
    struct message m;
    for (long i = 0; i < run->each; i++)
        recv_one(run, &m);
    return NULL;
}

static void take_turns(struct run *run, long messages)
{
    struct message m = { 0, 1 };
    for (long i = 0; i < messages; i++) {
        send_one(run, &m);
        recv_one(run, &m);
    }
}

static int pass_between_threads(struct run *run, int senders, long messages)
{
    pthread_t threads[2 * 64];
    run->each = messages / senders;
    for (int i = 0; i < 2 * senders; i++)
        if (pthread_create(&threads[i], NULL, i % 2 ? sender : receiver, run) != 0)
            return 1;
    for (int i = 0; i < 2 * senders; i++)
        pthread_join(threads[i], NULL);
    return 0;
}

static double now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

int main(int argc, char **argv)
{
    int senders = argc == 4 ? atoi(argv[2]) : -1;
    long messages = argc == 4 ? atol(argv[3]) : 0;
    if (senders < 0 || senders > 64 || messages < 1)
        return 2;
    struct run run = { .bare = { .lock = PTHREAD_MUTEX_INITIALIZER,
                                 .not_empty = PTHREAD_COND_INITIALIZER,
                                 .not_full = PTHREAD_COND_INITIALIZER } };
    if (strcmp(argv[1], "chan") == 0 && !(run.chan = chan_new(sizeof(struct message), SLOTS)))
        return 1;
    double began = now_ns();
    int err = 0;
    if (senders == 0)
        take_turns(&run, messages);
    else
        err = pass_between_threads(&run, senders, messages);
    printf("%.1f\n", (now_ns() - began) / (double)messages);
    chan_free(run.chan);
    return err;
}
