/* spawn.h - starts one process: its own session and group, its three descriptors, its exec; and
 * says exactly which step failed.
 *
 * The child shares our memory until its exec, as after vfork(2), so nothing is copied; it makes
 * only raw system calls. Where that cannot work (valgrind) fork(2) does it, and the failed step
 * comes back through a pipe.
 *
 * Threads: spawn_run() may run in any number of threads at once. It waits for the child's exec,
 * and so as long as a hung mount holds that up; whoever sees it stuck may kill the child through
 * the door. The starter is the child's parent and the one thread that may reap it. */
#ifndef SPAWN_H
#define SPAWN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "launch.h"

enum spawn_method { SPAWN_SHARE_MEMORY, SPAWN_FORK };

struct spawner;

/* What all starts share. `nofile` is the limit of open files that children get (ours is higher).
 * 0 or a negative errno. */
int spawner_new(enum spawn_method method, const struct rlimit *nofile, struct spawner **out_spawner)
    __attribute__((warn_unused_result));
void spawner_free(struct spawner *spawner); /* NULL is fine; no start may be under way */

/* The method that works here. */
enum spawn_method spawn_method_here(void);

/* Waits for a turn: a few starts for each CPU are prepared and made at a time, so that thousands of
 * them together take no more memory than those few. Where no start gets on for 100 ms, because
 * those that have turns are stuck, the others go on without. True: to be followed by
 * spawner_end_turn(). False: go on without one. */
bool spawner_take_turn(struct spawner *spawner) __attribute__((warn_unused_result));
void spawner_end_turn(struct spawner *spawner);

#define SPAWN_DOOR_CLOSED (-1)

/* Starts what `launch` says. `pipes` are the ends to write to of its outputs that are pumped, -1
 * for others; they stay the caller's, to be closed at once. *door, SPAWN_DOOR_CLOSED before,
 * holds the child's pidfd from before its first instruction on; it is the caller's to close,
 * after a failure too (others may be about to use it, under a lock of the caller's). 0 once the
 * exec succeeded, with the pid. On failure no process is left and *out_error is a text to free()
 * ("exec /no/such: No such file or directory"; NULL when out of memory): -EAGAIN for want of
 * processes, memory or descriptors, which may pass; -ENOENT where there is no such program; -EINVAL
 * for anything else. */
int spawn_run(struct spawner *spawner, const struct launch *launch, const int pipes[LAUNCH_STREAMS],
              atomic_int *door, pid_t *out_pid, char **out_error)
    __attribute__((warn_unused_result));

#endif
