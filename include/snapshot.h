/* snapshot.h - what is known about one instance at one moment: a copy, for showing.
 *
 * An identity is shared by reference count and never changes; a scaled task's survivor gets a
 * new one. A snapshot and a change belong to whoever holds the copy. Any thread. */
#ifndef SNAPSHOT_H
#define SNAPSHOT_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "fsm.h"
#include "vital_signs.h"

struct identity {
    atomic_uint refs;
    struct task_config *task; /* a reference */
    long number;              /* from 1 */
    char name[];              /* of the instance */
};

/* An identity with a reference of its own to `task`, to identity_unref(). NULL: out of memory. */
struct identity *identity_new(struct task_config *task, long number);
struct identity *identity_ref(struct identity *id);
void identity_unref(struct identity *id); /* NULL is fine */

/* One change of state. */
struct change {
    int64_t wall_ms;     /* when, since the epoch: for people */
    struct identity *id; /* a reference; NULL inside a snapshot's history */
    enum state from;
    enum state to;
    int pid; /* 0: none */
    struct reason why;
    char *detail; /* the text that some reasons have beside them, or NULL */
};
void change_release(struct change *change); /* leaves it empty; so does the next */

#define HISTORY_MAX 32

struct snapshot {
    struct identity *id; /* a reference */
    enum state state;
    bool wanted; /* fsm_is_wanted() */
    int pid;     /* 0: none */
    struct reason why;
    char *detail;     /* of `why`, or NULL */
    int64_t since_ms; /* of this state, CLOCK_MONOTONIC */
    int64_t up_ms;    /* when the process was started, CLOCK_MONOTONIC */
    bool cgroup;      /* SIGKILL reaches all in its cgroup; else its group and orphans */
    int64_t next_ms;  /* the next deadline (a retry, the end of a grace), or INT64_MAX */
    unsigned long restarts;
    long failures;              /* failed starts in a row */
    struct fsm_exit exit;       /* the last one */
    int64_t exit_wall_ms;       /* when, since the epoch */
    struct vital_signs *vitals; /* NULL: nothing is known */
    struct change *history;     /* oldest first; only where it was asked for */
    size_t history_count;
};
void snapshot_release(struct snapshot *snapshot);

struct snapshot_set {
    struct snapshot *items; /* in the order of the configuration, instances by number */
    size_t count;
};
void snapshot_set_free(struct snapshot_set *set); /* NULL is fine */

#endif
