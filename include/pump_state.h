/* pump_state.h - the pump as a whole: what its thread (pump_loop.c) and those who call it (pump.c)
 * share, and the table of sources (pump_table.c). */
#ifndef PUMP_STATE_H
#define PUMP_STATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "pump_parts.h"

#define PUMP_NO_SLOT UINT32_MAX

/* A source's number is (generation, slot): an event of one that is gone finds nobody. */
struct pump_slot {
    struct pump_source *source; /* NULL: free */
    uint32_t generation;
    uint32_t next_free;
};

struct pump {
    int wake_fd;
    atomic_bool woken;
    pthread_t thread;
    struct waitgroup *running;

    pthread_mutex_t lock; /* guards what is below, up to the blank line */
    struct pump_slot *slots;
    uint32_t slot_count;
    uint32_t first_free;
    size_t source_count;
    struct pump_source *fresh; /* the thread has not seen them */
    struct pump_question *asked;
    struct pump_question *open; /* the thread has seen them */
    bool reopen;
    bool ending;
    int64_t end_ms;

    /* The thread's own: */
    struct pump_works works;
    struct pump_dest *own; /* where the supervisor's own log goes */
    char *line;            /* of it, for which there was no room yet */
    size_t line_bytes;
    bool more_lines; /* may be there */
    bool told_to_end;
};

/* The thread; `arg` is the pump. */
void *pump_main(void *arg);

/* ---- the table; with the lock held ---- */

/* NULL: there is none any more. */
struct pump_source *pump_find(const struct pump *pump, uint64_t number);

/* Gives the source its number, and has epoll look at its pipe. 0 or a negative errno. */
int pump_add(struct pump *pump, struct pump_source *source) __attribute__((warn_unused_result));

void pump_remove(struct pump *pump, const struct pump_source *source);

#endif
