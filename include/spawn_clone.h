/* spawn_clone.h - a clone whose child is born in a cgroup; for spawn.c only.
 *
 * A process that moves itself into a cgroup waits until all processors have taken notice: 5 to
 * 20 ms for a start that comes alone. One that is born there waits for nothing, but the C library
 * has no call for that. */
#ifndef SPAWN_CLONE_H
#define SPAWN_CLONE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Where it is known how to do it; elsewhere the call below always fails. */
#if defined(__x86_64__) || defined(__aarch64__)
#define SPAWN_CLONE_KNOWN 1
#else
#define SPAWN_CLONE_KNOWN 0
#endif

/* The same as clone(2) of `run` with `flags` (CLONE_VM and CLONE_VFORK among them, no signal), but
 * that the child is born in the cgroup whose directory is `cgroup_fd`, and its exit sends SIGCHLD.
 * `run` must not return. The pid, or a negative errno: also where the kernel cannot do it. */
pid_t spawn_clone_into(int cgroup_fd, uint64_t flags, void *stack, size_t stack_bytes,
                       int (*run)(void *), void *arg, int *pidfd);

#endif
