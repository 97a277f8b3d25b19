/* capacity.h - whether the system lets a configuration have what it needs: one thread and one
 * process an instance, descriptors and mappings. Asked before anything is started, so that nobody
 * finds out half way.
 *
 * Threads: any; there is no shared state. */
#ifndef CAPACITY_H
#define CAPACITY_H

#include <stdint.h>

#include "config.h"

enum capacity_kind {
    CAPACITY_USER,        /* processes and threads of this user: RLIMIT_NPROC (setrlimit(2)) */
    CAPACITY_THREADS,     /* ... of the system: kernel.threads-max (proc(5)) */
    CAPACITY_PIDS,        /* ... that can have a number: kernel.pid_max */
    CAPACITY_CGROUP,      /* ... of our cgroup and of those above it: pids.max (cgroup v2) */
    CAPACITY_DESCRIPTORS, /* RLIMIT_NOFILE, hard */
    CAPACITY_MAPPINGS,    /* vm.max_map_count */
    CAPACITY_KINDS,
};

/* What there may be of each; INT64_MAX: no limit, or none that is known. */
struct capacity {
    int64_t limits[CAPACITY_KINDS];
};

void capacity_read(struct capacity *out_capacity);

/* 0; -ERANGE with *out_problem (to free()), a text that names the limit, its value, what is needed
 * and how to raise it; or -ENOMEM. It counts what it takes to run all instances at once, and not
 * what else is there. */
int capacity_check(const struct capacity *capacity, const struct config *config, char **out_problem)
    __attribute__((warn_unused_result));

#endif
