/* spawn_slots.h - descriptors with low numbers for what a child is to inherit; for spawn.c only.
 *
 * A child starts with a copy of our lowest descriptors only, and a pipe that was just opened may
 * have any number. So some low ones are taken at the beginning, as /dev/null, and lent.
 *
 * Threads: any. Lock: one mutex guards which are free; held for a few instructions, and nothing
 * else is locked in it. */
#ifndef SPAWN_SLOTS_H
#define SPAWN_SLOTS_H

#include <stdbool.h>

#define SPAWN_SLOTS 16

struct spawn_slots;

/* Takes as many of SPAWN_SLOTS as there are below `limit`. 0 or a negative errno. */
int spawn_slots_new(int limit, struct spawn_slots **out_slots) __attribute__((warn_unused_result));
void spawn_slots_free(struct spawn_slots *slots); /* NULL is fine; all must have been returned */

/* Makes each of two descriptors (-1: none) known by a low number as well. False, with nothing done,
 * where there are not enough. */
bool spawn_slots_lend(struct spawn_slots *slots, const int fds[2], int out_low[2])
    __attribute__((warn_unused_result));

/* Takes the numbers back: they are /dev/null again. */
void spawn_slots_return(struct spawn_slots *slots, const int low[2]);

#endif
