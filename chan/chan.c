/* chan.c - see chan.h: a ring of copied messages under one mutex.
 *
 * The locking choice: one mutex and two queues of waiting threads (waitq.h), and no lock-free
 * ring. What a channel is for here (a monitor's inbox, a reply) moves a few messages at a time
 * between threads that sleep; an uncontended mutex costs less than the system call that wakes
 * the other side, and one lock over ring, `closed` and both queues leaves no gap between
 * looking and falling asleep for a message, a freed slot or a close to slip through.
 *
 * Wake-ups: a message wakes one receiver, a freed ordinary slot one sender, a close everybody.
 * As long as a receiver waits, at least as many woken ones are on their way as there are messages
 * (for senders: as there are free ordinary slots), so none is left asleep beside something to
 * do. A receive that leaves `slots` messages or more, because reserved ones are queued, has
 * freed nothing an ordinary sender could use, and wakes none.
 *
 * They are given with the mutex held, and nothing of the channel is touched after the unlock (the
 * hook is called from copies): whoever received the last message may free the channel at once. */
#include "chan/chan.h"

#include "chan/waitq.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct chan {
    pthread_mutex_t lock;
    struct waitq senders; /* ordinary ones: reserved ones never wait */
    struct waitq receivers;
    void (*hook)(void *arg);
    void *hook_arg;
    unsigned char *ring;
    size_t bytes;    /* of one message */
    size_t capacity; /* of the ring, in messages: slots + the most ever reserved at once */
    size_t slots;
    size_t reserved;
    size_t head; /* index of the oldest message */
    size_t used;
    bool closed;
    bool placed;           /* in memory of the caller's */
    unsigned char first[]; /* the ring, until more room is reserved */
};

size_t chan_bytes(size_t bytes, size_t slots)
{
    return sizeof(struct chan) + slots * bytes;
}

struct chan *chan_place(void *memory, size_t bytes, size_t slots, size_t reserved)
{
    assert(bytes > 0 && slots > 0);
    struct chan *c = memory;
    *c = (struct chan){
        .ring = c->first,
        .bytes = bytes,
        .capacity = slots + reserved,
        .slots = slots,
        .reserved = reserved,
        .placed = true,
    };
    pthread_mutex_init(&c->lock, NULL);
    waitq_init(&c->senders);
    waitq_init(&c->receivers);
    return c;
}

struct chan *chan_new(size_t bytes, size_t slots)
{
    size_t size;
    bool fits = !__builtin_mul_overflow(bytes, slots, &size) && size <= PTRDIFF_MAX / 2;
    void *memory = fits ? malloc(chan_bytes(bytes, slots)) : NULL;
    if (!memory)
        return NULL;
    struct chan *c = chan_place(memory, bytes, slots, 0);
    c->placed = false;
    return c;
}

static void free_ring(struct chan *c)
{
    if (c->ring != c->first)
        free(c->ring);
}

void chan_free(struct chan *c)
{
    if (!c)
        return;
    assert(TAILQ_EMPTY(&c->senders) && TAILQ_EMPTY(&c->receivers));
    pthread_mutex_destroy(&c->lock);
    free_ring(c);
    if (!c->placed)
        free(c);
}

static unsigned char *slot_at(const struct chan *c, size_t index)
{
    return c->ring + index * c->bytes;
}

/* A larger ring begins with the oldest message. */
static int grow_ring(struct chan *c, size_t capacity)
{
    unsigned char *ring = reallocarray(NULL, capacity, c->bytes);
    if (!ring)
        return -ENOMEM;
    size_t to_end = c->capacity - c->head;
    size_t there = c->used < to_end ? c->used : to_end;
    memcpy(ring, slot_at(c, c->head), there * c->bytes);
    memcpy(ring + there * c->bytes, c->ring, (c->used - there) * c->bytes);
    free_ring(c);
    c->ring = ring;
    c->head = 0;
    c->capacity = capacity;
    return 0;
}

int chan_reserve(struct chan *c, size_t n)
{
    int err = 0;
    pthread_mutex_lock(&c->lock);
    size_t taken = c->slots + c->reserved;
    if (n > SIZE_MAX - taken)
        err = -ENOMEM;
    else if (taken + n > c->capacity)
        err = grow_ring(c, taken + n);
    if (!err)
        c->reserved += n;
    pthread_mutex_unlock(&c->lock);
    return err;
}

void chan_unreserve(struct chan *c, size_t n)
{
    pthread_mutex_lock(&c->lock);
    assert(n <= c->reserved && c->used <= c->slots + c->reserved - n);
    c->reserved -= n;
    pthread_mutex_unlock(&c->lock);
}

void chan_on_send(struct chan *c, void (*hook)(void *arg), void *arg)
{
    c->hook = hook;
    c->hook_arg = arg;
}

/* Unlocks. The hook may receive the last message and free the channel: only copies after that. */
static void unlock_and_call_hook(struct chan *c)
{
    void (*hook)(void *arg) = c->hook;
    void *arg = c->hook_arg;
    pthread_mutex_unlock(&c->lock);
    if (hook)
        hook(arg);
}

static void push(struct chan *c, const void *msg)
{
    size_t tail = c->head + c->used;
    if (tail >= c->capacity)
        tail -= c->capacity;
    memcpy(slot_at(c, tail), msg, c->bytes);
    c->used++;
    waitq_wake_one(&c->receivers);
}

static void pop(struct chan *c, void *out_msg)
{
    memcpy(out_msg, slot_at(c, c->head), c->bytes);
    if (++c->head == c->capacity)
        c->head = 0;
    c->used--;
    if (c->used < c->slots)
        waitq_wake_one(&c->senders);
}

int chan_send(struct chan *c, const void *msg, int64_t deadline_ms)
{
    int err = 0;
    pthread_mutex_lock(&c->lock);
    while (c->used >= c->slots && !c->closed && !err)
        err = waitq_wait(&c->senders, &c->lock, deadline_ms);
    if (c->closed || c->used >= c->slots) {
        err = c->closed ? -EPIPE : err;
        pthread_mutex_unlock(&c->lock);
        return err;
    }
    push(c, msg);
    unlock_and_call_hook(c);
    return 0;
}

int chan_send_reserved(struct chan *c, const void *msg)
{
    pthread_mutex_lock(&c->lock);
    if (c->closed || c->used >= c->slots + c->reserved) {
        int err = c->closed ? -EPIPE : -ENOBUFS;
        pthread_mutex_unlock(&c->lock);
        return err;
    }
    push(c, msg);
    unlock_and_call_hook(c);
    return 0;
}

int chan_recv(struct chan *c, void *out_msg, int64_t deadline_ms)
{
    int err = 0;
    pthread_mutex_lock(&c->lock);
    while (c->used == 0 && !c->closed && !err)
        err = waitq_wait(&c->receivers, &c->lock, deadline_ms);
    if (c->used > 0) {
        pop(c, out_msg);
        err = 0;
    } else if (c->closed) {
        err = -EPIPE;
    }
    pthread_mutex_unlock(&c->lock);
    return err;
}

void chan_close(struct chan *c)
{
    pthread_mutex_lock(&c->lock);
    c->closed = true;
    waitq_wake_all(&c->senders);
    waitq_wake_all(&c->receivers);
    unlock_and_call_hook(c);
}
