/* journal.c - see journal.h.
 *
 * Lock order: the followers' lock, then the ring's (a hook may read). journal_add() never holds
 * both, and whatever an entry pointed to is freed with neither held. */
#include "journal.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

struct follower {
    void (*hook)(void *arg);
    void *arg;
    LIST_ENTRY(follower) entry;
};

struct journal {
    pthread_mutex_t ring_lock; /* guards ring and next */
    struct change ring[JOURNAL_ROOM];
    uint64_t next;
    pthread_mutex_t followers_lock; /* guards the list, and is held while hooks run */
    LIST_HEAD(follower_list, follower) followers;
};

struct journal *journal_new(void)
{
    struct journal *journal = calloc(1, sizeof *journal);
    if (!journal)
        return NULL;
    pthread_mutex_init(&journal->ring_lock, NULL);
    pthread_mutex_init(&journal->followers_lock, NULL);
    LIST_INIT(&journal->followers);
    return journal;
}

void journal_free(struct journal *journal)
{
    if (!journal)
        return;
    assert(LIST_EMPTY(&journal->followers));
    for (size_t i = 0; i < JOURNAL_ROOM; i++)
        change_release(&journal->ring[i]);
    pthread_mutex_destroy(&journal->ring_lock);
    pthread_mutex_destroy(&journal->followers_lock);
    free(journal);
}

static void copy_change(const struct change *change, struct change *out)
{
    *out = *change;
    if (out->id)
        identity_ref(out->id);
    if (out->detail)
        out->detail = strdup(out->detail);
}

static void call_hooks(struct journal *journal)
{
    pthread_mutex_lock(&journal->followers_lock);
    struct follower *follower = LIST_FIRST(&journal->followers);
    for (; follower; follower = LIST_NEXT(follower, entry))
        follower->hook(follower->arg);
    pthread_mutex_unlock(&journal->followers_lock);
}

void journal_add(struct journal *journal, const struct change *change)
{
    struct change copy;
    copy_change(change, &copy);
    pthread_mutex_lock(&journal->ring_lock);
    struct change *slot = &journal->ring[journal->next++ % JOURNAL_ROOM];
    struct change old = *slot;
    *slot = copy;
    pthread_mutex_unlock(&journal->ring_lock);
    change_release(&old);
    call_hooks(journal);
}

uint64_t journal_next(struct journal *journal)
{
    pthread_mutex_lock(&journal->ring_lock);
    uint64_t next = journal->next;
    pthread_mutex_unlock(&journal->ring_lock);
    return next;
}

int journal_read(struct journal *journal, uint64_t *number, struct change *out_change,
                 uint64_t *out_missed)
{
    int error = -EAGAIN;
    pthread_mutex_lock(&journal->ring_lock);
    uint64_t oldest = journal->next > JOURNAL_ROOM ? journal->next - JOURNAL_ROOM : 0;
    uint64_t wanted = *number < oldest ? oldest : *number;
    if (wanted < journal->next) {
        copy_change(&journal->ring[wanted % JOURNAL_ROOM], out_change);
        *out_missed = wanted - *number;
        *number = wanted + 1;
        error = 0;
    }
    pthread_mutex_unlock(&journal->ring_lock);
    return error;
}

struct follower *journal_follow(struct journal *journal, void (*hook)(void *arg), void *arg)
{
    struct follower *follower = malloc(sizeof *follower);
    if (!follower)
        return NULL;
    follower->hook = hook;
    follower->arg = arg;
    pthread_mutex_lock(&journal->followers_lock);
    LIST_INSERT_HEAD(&journal->followers, follower, entry);
    pthread_mutex_unlock(&journal->followers_lock);
    return follower;
}

void journal_unfollow(struct journal *journal, struct follower *follower)
{
    if (!follower)
        return;
    pthread_mutex_lock(&journal->followers_lock);
    LIST_REMOVE(follower, entry);
    pthread_mutex_unlock(&journal->followers_lock);
    free(follower);
}
