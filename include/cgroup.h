/* cgroup.h - a cgroup for each instance, so that nothing of it gets away: whatever its processes
 * start is born in it.
 *
 * Where a cgroup v2 hierarchy may be written to, the supervisor makes "taskmaster-MARKER" (see
 * marker.h) below its own cgroup, and in that one cgroup for each instance. No controller is
 * enabled, so that processes and cgroups may be beside each other.
 *
 * Threads: cgroup_new() from any; one cgroup belongs to one thread; the rest is main's. Functions
 * return 0 or a negative errno. */
#ifndef CGROUP_H
#define CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "proctree.h"

#define CGROUP_PREFIX "taskmaster-"

struct cgroup_tree;
struct cgroup;

/* The directory of our own cgroup, to free(). -ENOENT: there is none in a version 2 hierarchy. */
int cgroup_own_dir(char **out_dir) __attribute__((warn_unused_result));

/* Makes the supervisor's cgroup. Any failure means: do without. */
int cgroups_new(const char *marker, struct cgroup_tree **out_cgroups)
    __attribute__((warn_unused_result));

/* Removes it and all that is in it; processes stay, and keep theirs. NULL is fine. */
void cgroups_free(struct cgroup_tree *cgroups);

int cgroup_new(struct cgroup_tree *cgroups, const char *name, struct cgroup **out_cgroup)
    __attribute__((warn_unused_result));

/* Removes it, where no process is left in it. NULL is fine. */
void cgroup_free(struct cgroup *cgroup);

/* Its directory, and the file through which a process enters it. */
const char *cgroup_path(const struct cgroup *cgroup);
const char *cgroup_procs(const struct cgroup *cgroup);

/* Opens what tells by EPOLLPRI that the last process has left, or the first has come. */
int cgroup_open_events(const struct cgroup *cgroup, int *out_fd)
    __attribute__((warn_unused_result));

/* Whether there is a process in it or in a cgroup below it; the next EPOLLPRI is for a change after
 * this. True where it cannot be told. */
bool cgroup_is_populated(int events_fd);

/* Who a signal is for: those in the cgroup itself; those in cgroups below it, which somebody in it
 * has made to manage others; or both. */
enum cgroup_reach { CGROUP_ITSELF = 1, CGROUP_BELOW = 2, CGROUP_ALL = 3 };

/* Sends `signo` and SIGCONT to every process there that is not in the process group `except`: by
 * pidfd, after a second look at who is there. */
void cgroup_signal(const struct cgroup *cgroup, int signo, pid_t except, enum cgroup_reach reach);

/* SIGKILL to all that is in it and below it, all at once. Returns how many there were. */
size_t cgroup_kill(const struct cgroup *cgroup);

/* ---- by directory, for what a supervisor that was killed left behind ---- */

/* Adds the processes in a cgroup and in those below it. */
int cgroup_members(const char *dir, struct pids *pids) __attribute__((warn_unused_result));

/* Removes a cgroup and those below it, as far as no process is in them. */
void cgroup_remove(const char *dir);

#endif
