/* spawn_child.h - the child's side of a start, between clone and exec; for spawn.c only. */
#ifndef SPAWN_CHILD_H
#define SPAWN_CHILD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/resource.h>

#include "launch.h"

/* A child that shares our descriptors goes on with a copy of so many, the lowest. */
#define SPAWN_DESCRIPTORS_COPIED 64

enum spawn_step {
    SPAWN_UNSHARE,
    SPAWN_SESSION,
    SPAWN_NULL,
    SPAWN_STDOUT,
    SPAWN_STDERR,
    SPAWN_NICE,
    SPAWN_OOM,
    SPAWN_LIMIT, /* detail: the index of its kind in config_limit_kinds */
    SPAWN_GROUPS,
    SPAWN_GROUP,
    SPAWN_USER,
    SPAWN_DIRECTORY,
    SPAWN_PRIVILEGES,
    SPAWN_EXEC,
};

struct spawn_report {
    enum spawn_step step; /* the last one begun */
    int detail;           /* says more of it */
    int error;            /* errno of it; 0: it did not fail */
    int cgroup_error;     /* errno of entering the cgroup */
};

struct spawn_child {
    const struct launch *launch;
    int pipes[LAUNCH_STREAMS]; /* for the outputs that are pumped; all copied */
    struct rlimit nofile;      /* where the task's limits say nothing of it */
    bool is_root;              /* and may become somebody else */
    bool in_cgroup;            /* it was born there */
    atomic_bool ran;           /* it was not killed before its first instruction */
    bool shares_descriptors;   /* with the parent, until the child has unshared them */
    int report_fd;             /* where the report is written to as well; -1: nowhere */
    int pidfd;                 /* the kernel's: of the child, but for a clone that fails stale */
    atomic_int *door;          /* see spawn.h */
    struct spawn_report report;
};

/* Runs in the child, with all signals blocked: never returns. Makes only raw system calls: it may
 * be running on the memory of its parent, whose errno it shares. `arg` is a struct spawn_child. */
int spawn_child_main(void *arg);

#endif
