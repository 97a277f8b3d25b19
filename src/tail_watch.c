/* tail_watch.c - see tail_watch.h. Files that are one for the kernel have one watch descriptor, and
 * share it here too: it is given back with the last interest in it. */
#include "tail_watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

struct watched {
    int wd;
    struct tail_interest *interests;
    UT_hash_handle hh;
};

struct tail_watch {
    int fd;
    struct watched *by_wd;
};

int tail_watch_new(struct tail_watch **out_watch)
{
    struct tail_watch *watch = calloc(1, sizeof *watch);
    if (!watch)
        return -ENOMEM;
    watch->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (watch->fd < 0) {
        int error = -errno;
        free(watch);
        return error;
    }
    *out_watch = watch;
    return 0;
}

static void forget(struct tail_watch *watch, struct watched *watched)
{
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it does not see that this unlinks */
    HASH_DEL(watch->by_wd, watched);
    free(watched);
}

void tail_watch_free(struct tail_watch *watch)
{
    struct watched *watched = NULL, *next;
    if (!watch)
        return;
    HASH_ITER (hh, watch->by_wd, watched, next) {
        forget(watch, watched);
    }
    close(watch->fd);
    free(watch);
}

int tail_watch_fd(const struct tail_watch *watch)
{
    return watch->fd;
}

/* ---- events ---- */

static bool concerns(const struct tail_interest *interest, const struct inotify_event *event)
{
    if (!interest->name || event->len == 0)
        return true;
    size_t length = strlen(interest->name);
    return strncmp(event->name, interest->name, length) == 0 &&
           (event->name[length] == '\0' || event->name[length] == '.');
}

static void mark(const struct watched *watched, const struct inotify_event *event)
{
    for (struct tail_interest *i = watched->interests; i; i = i->next) {
        if (!event || concerns(i, event))
            *i->out_changed = true;
    }
}

/* Some were lost: it may concern anybody. */
static void mark_all(const struct tail_watch *watch)
{
    for (const struct watched *watched = watch->by_wd; watched; watched = watched->hh.next)
        mark(watched, NULL);
}

static void take(const struct tail_watch *watch, const struct inotify_event *event)
{
    struct watched *watched;
    if (event->mask & IN_Q_OVERFLOW) {
        mark_all(watch);
        return;
    }
    HASH_FIND_INT(watch->by_wd, &event->wd, watched);
    if (watched)
        mark(watched, event);
}

void tail_watch_look(struct tail_watch *watch)
{
    char events[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
    ssize_t n;
    while ((n = read(watch->fd, events, sizeof events)) > 0) {
        const char *at = events;
        while (at < events + n) {
            const struct inotify_event *event = (const void *)at;
            take(watch, event);
            at += sizeof *event + event->len;
        }
    }
}

/* ---- interests ---- */

static struct watched *watched_of(struct tail_watch *watch, int wd)
{
    struct watched *watched;
    HASH_FIND_INT(watch->by_wd, &wd, watched);
    if (watched)
        return watched;
    watched = calloc(1, sizeof *watched);
    if (!watched)
        return NULL;
    watched->wd = wd;
    HASH_ADD_INT(watch->by_wd, wd, watched);
    if (watched->hh.tbl)
        return watched;
    free(watched); /* there was no room for it */
    return NULL;
}

/* IN_MASK_ADD: whoever else watches it is to go on hearing of it. */
int tail_watch_add(struct tail_watch *watch, const char *path, uint32_t mask,
                   struct tail_interest *interest)
{
    tail_watch_remove(watch, interest);
    int wd = inotify_add_watch(watch->fd, path, mask | IN_MASK_ADD);
    if (wd < 0)
        return -errno;
    struct watched *watched = watched_of(watch, wd);
    if (!watched) {
        (void)inotify_rm_watch(watch->fd, wd);
        return -ENOMEM;
    }
    interest->wd = wd;
    interest->next = watched->interests;
    interest->link = &watched->interests;
    if (interest->next)
        interest->next->link = &interest->next;
    watched->interests = interest;
    return 0;
}

void tail_watch_remove(struct tail_watch *watch, struct tail_interest *interest)
{
    struct watched *watched;
    if (interest->wd == TAIL_UNWATCHED)
        return;
    *interest->link = interest->next;
    if (interest->next)
        interest->next->link = interest->link;
    HASH_FIND_INT(watch->by_wd, &interest->wd, watched);
    interest->wd = TAIL_UNWATCHED;
    if (!watched || watched->interests)
        return;
    (void)inotify_rm_watch(watch->fd, watched->wd);
    forget(watch, watched);
}
