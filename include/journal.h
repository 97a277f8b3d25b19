/* journal.h - the latest state changes of all instances, for `events` and for the news.
 *
 * A ring of fixed size under one mutex, held for a few instructions: adding never waits for a
 * reader. A reader keeps the number of the next entry that it wants; one that is too slow is told
 * how many it missed. Monitors add, fronts read; wake hooks run outside the lock of the ring but
 * under a lock of their own, so that after journal_unfollow() the hook is never called again. */
#ifndef JOURNAL_H
#define JOURNAL_H

#include <stdint.h>

#include "snapshot.h"

struct journal;
struct follower;

#define JOURNAL_ROOM 1024

struct journal *journal_new(void);          /* NULL: out of memory */
void journal_free(struct journal *journal); /* nobody follows it any more; NULL is fine */

/* Adds a copy of *change (taking references and copies of what it points to; when there is no
 * memory for them, the entry goes without its detail). Any thread. */
void journal_add(struct journal *journal, const struct change *change);

/* The number that the next entry to be added will have; the first is 0. */
uint64_t journal_next(struct journal *journal);

/* Copies the entry *number, or the oldest one left if that is gone, and moves *number behind it.
 * *out_missed counts the entries that were passed over. 0 with *out_change to change_release(),
 * or -EAGAIN: there is none yet. */
int journal_read(struct journal *journal, uint64_t *number, struct change *out_change,
                 uint64_t *out_missed) __attribute__((warn_unused_result));

/* Has hook(arg) called after each journal_add(), on its thread. The hook must not block; it may
 * read, but not follow or unfollow. To journal_unfollow(); NULL when out of memory. */
struct follower *journal_follow(struct journal *journal, void (*hook)(void *arg), void *arg);

/* Waits for a hook that is running. NULL is fine. */
void journal_unfollow(struct journal *journal, struct follower *follower);

#endif
