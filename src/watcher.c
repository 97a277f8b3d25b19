/* watcher.c - see watcher.h. */
#include "watcher.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "clock.h"

#define EVENTS_AT_ONCE 64
#define WAKE UINT64_MAX /* the epoll data of the eventfd that ends the thread */

/* epoll's data is (slot, generation), so that an event which was on its way when its watch was
 * removed means nothing to the slot's next user. */
struct slot {
    uint32_t generation;
    bool used;
    bool once; /* given back before its hook is called */
    watcher_hook *hook;
    void *arg;
    uint32_t next_free;
};

#define NO_SLOT UINT32_MAX

struct watcher {
    int epoll_fd;
    int wake_fd;
    pthread_t thread;
    pthread_mutex_t lock; /* guards what is below */
    struct slot *slots;
    uint32_t slot_count;
    uint32_t first_free;
    bool ending;
};

static uint64_t watch_id(uint32_t slot, uint32_t generation)
{
    return (uint64_t)generation << 32 | slot;
}

/* With the lock held. */
static void give_slot(struct watcher *w, uint32_t index)
{
    struct slot *slot = &w->slots[index];
    slot->used = false;
    slot->generation++;
    slot->next_free = w->first_free;
    w->first_free = index;
}

static void call_hook(struct watcher *w, uint64_t watch, int64_t now_ms)
{
    uint32_t index = (uint32_t)watch;
    if (index >= w->slot_count)
        return;
    struct slot *slot = &w->slots[index];
    if (!slot->used || watch_id(index, slot->generation) != watch)
        return;
    if (slot->once)
        give_slot(w, index); /* epoll forgets the descriptor when it is closed */
    slot->hook(slot->arg, now_ms);
}

static void *watch(void *arg)
{
    struct watcher *w = arg;
    struct epoll_event events[EVENTS_AT_ONCE];
    for (;;) {
        int count = epoll_wait(w->epoll_fd, events, EVENTS_AT_ONCE, -1); /* wake_fd ends it */
        int64_t now_ms = clock_ms();
        pthread_mutex_lock(&w->lock);
        for (int i = 0; i < count; i++)
            if (events[i].data.u64 != WAKE)
                call_hook(w, events[i].data.u64, now_ms);
        bool ending = w->ending;
        pthread_mutex_unlock(&w->lock);
        if (ending)
            return NULL;
    }
}

static int open_descriptors(struct watcher *w)
{
    struct epoll_event wake = { .events = EPOLLIN, .data.u64 = WAKE };
    w->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    w->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (w->epoll_fd < 0 || w->wake_fd < 0)
        return -errno;
    return epoll_ctl(w->epoll_fd, EPOLL_CTL_ADD, w->wake_fd, &wake) < 0 ? -errno : 0;
}

static void release(struct watcher *w)
{
    if (w->epoll_fd >= 0)
        close(w->epoll_fd);
    if (w->wake_fd >= 0)
        close(w->wake_fd);
    pthread_mutex_destroy(&w->lock);
    free(w->slots);
    free(w);
}

int watcher_new(struct watcher **out_watcher)
{
    struct watcher *w = calloc(1, sizeof *w);
    if (!w)
        return -ENOMEM;
    pthread_mutex_init(&w->lock, NULL);
    w->first_free = NO_SLOT;
    int error = open_descriptors(w);
    if (!error)
        error = -pthread_create(&w->thread, NULL, watch, w);
    if (error) {
        release(w);
        return error;
    }
    *out_watcher = w;
    return 0;
}

void watcher_free(struct watcher *w)
{
    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    w->ending = true;
    pthread_mutex_unlock(&w->lock);
    eventfd_write(w->wake_fd, 1);
    pthread_join(w->thread, NULL);
    release(w);
}

/* With the lock held. */
static int take_slot(struct watcher *w, uint32_t *out_index)
{
    if (w->first_free == NO_SLOT) {
        uint32_t count = w->slot_count ? w->slot_count * 2 : 16;
        struct slot *slots = realloc(w->slots, count * sizeof *slots);
        if (!slots)
            return -ENOMEM;
        w->slots = slots;
        for (uint32_t i = count; i-- > w->slot_count;) {
            slots[i] = (struct slot){ .next_free = w->first_free };
            w->first_free = i;
        }
        w->slot_count = count;
    }
    *out_index = w->first_free;
    w->first_free = w->slots[*out_index].next_free;
    return 0;
}

static int add(struct watcher *w, int fd, uint32_t events, bool once, watcher_hook *hook, void *arg,
               uint64_t *out_id)
{
    uint32_t index;
    pthread_mutex_lock(&w->lock);
    int error = take_slot(w, &index);
    if (error)
        goto unlock;
    struct slot *slot = &w->slots[index];
    slot->used = true;
    slot->once = once;
    slot->hook = hook;
    slot->arg = arg;
    uint64_t id = watch_id(index, slot->generation);
    struct epoll_event event = { .events = events | EPOLLONESHOT, .data.u64 = id };
    if (epoll_ctl(w->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0) {
        error = -errno;
        give_slot(w, index);
        goto unlock;
    }
    *out_id = id;
unlock:
    pthread_mutex_unlock(&w->lock);
    return error;
}

int watcher_add(struct watcher *w, int fd, uint32_t events, watcher_hook *hook, void *arg,
                uint64_t *out_id)
{
    return add(w, fd, events, false, hook, arg, out_id);
}

int watcher_add_once(struct watcher *w, int fd, uint32_t events, watcher_hook *hook, void *arg,
                     uint64_t *out_id)
{
    return add(w, fd, events, true, hook, arg, out_id);
}

/* Without the lock: the caller keeps the watch, and what is on its way is for it. */
int watcher_rearm(struct watcher *w, int fd, uint64_t id, uint32_t events)
{
    struct epoll_event event = { .events = events | EPOLLONESHOT, .data.u64 = id };
    return epoll_ctl(w->epoll_fd, EPOLL_CTL_MOD, fd, &event) < 0 ? -errno : 0;
}

void watcher_remove(struct watcher *w, int fd, uint64_t id)
{
    pthread_mutex_lock(&w->lock);
    epoll_ctl(w->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
    give_slot(w, (uint32_t)id);
    pthread_mutex_unlock(&w->lock);
}
