/* leftovers.h - what a supervisor that was killed left behind: found and dealt with before this one
 * starts anything. For the main thread, before there is any other that starts processes. */
#ifndef LEFTOVERS_H
#define LEFTOVERS_H

#include "config.h"
#include "marker.h"

/* Our own marker: who we are, and where our configuration and (NULL: none) our socket are. 0 or a
 * negative errno: /proc does not say. */
int leftovers_marker(const char *config_path, const char *socket_path, struct marker *out_marker)
    __attribute__((warn_unused_result));

/* Looks for processes of supervisors of the same place that are dead, by marker or by cgroup, and
 * does with them what `what` says; each is named in the log. Waits up to 10 seconds for what was
 * told to stop, and as long as it takes the kernel to kill the rest. Also removes the empty cgroups
 * of dead supervisors. 0; -ECANCELED: a signal from `signal_fd` tells us to end; -EEXIST: refused,
 * said on stderr. */
int leftovers_deal(const struct marker *ours, enum leftovers what, int signal_fd)
    __attribute__((warn_unused_result));

#endif
