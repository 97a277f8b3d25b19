/* published.h - what a monitor lets others see of its instance, and the door of a start under way.
 *
 * One writer (the monitor's thread), any readers. Lock: one mutex, held for copying only; no other
 * lock of ours is taken in it. */
#ifndef PUBLISHED_H
#define PUBLISHED_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "needs.h"
#include "snapshot.h"

struct published {
    pthread_mutex_t lock;
    struct snapshot now;      /* without history */
    bool launched;            /* fsm.launched */
    unsigned long orders;     /* that have been carried out, or refused */
    unsigned long exits_seen; /* fsm.exits when exit_wall_ms was taken */
    struct change *history;   /* a ring of `history_room`; grows up to HISTORY_MAX */
    size_t history_room;
    size_t history_first;
    size_t history_count;
    int64_t spawning_since_ms; /* 0: no start is under way */
    atomic_int door;           /* the child's pidfd meanwhile, written by the child */
};

void published_init(struct published *p, struct identity *id, const struct fsm *fsm);
void published_release(struct published *p);

/* Replaces what is seen. Where the state changed, *change is added to the history. */
void published_set(struct published *p, struct identity *id, const struct fsm *fsm, int64_t next_ms,
                   const struct change *change);

/* How what is left of it is killed: see struct snapshot. */
void published_set_kill(struct published *p, bool cgroup);

/* The same for readiness and health. It is the instance's then; NULL: nothing is known. */
void published_set_vitals(struct published *p, struct vital_signs *vitals);

enum state published_state(struct published *p);

/* An order has had its effect on what is seen. */
void published_count_order(struct published *p);

/* Where it stands, but for `settled`; and how many orders have had their effect on that. */
void published_standing(struct published *p, struct standing *out_standing,
                        unsigned long *out_orders);

/* A copy; where there is no memory for it, without texts and history. */
void published_get(struct published *p, bool history, struct snapshot *out_snapshot);

/* A start begins: returns the door for it. It ends: takes the pidfd out of the door. */
atomic_int *published_open_door(struct published *p);
int published_close_door(struct published *p);

/* Kills the child of a start that began before `since_ms` and is still under way. */
void published_unstick(struct published *p, int64_t since_ms);

#endif
