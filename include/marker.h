/* marker.h - which supervisor a process belongs to: a text that every child gets in its
 * environment, and that its cgroups bear in their name.
 *
 * "PIDNS:PID:START:CONFIG:SOCKET": the inode of the pid namespace, the supervisor's pid there, when
 * it was started (field 22 of proc(5)), and hashes of the paths of its configuration and of its
 * control socket ("-": it has none), each in 16 hexadecimal digits. The first three say which
 * supervisor it is, whatever runs later with its pid; the last two, whose successor may clean up
 * after it. Pure; any thread. */
#ifndef MARKER_H
#define MARKER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define MARKER_VARIABLE "TASKMASTER_SUPERVISOR"
#define MARKER_BYTES 96

struct marker {
    uint64_t pid_namespace;
    pid_t pid;
    uint64_t start;
    uint64_t config;
    uint64_t socket; /* 0: none */
};

void marker_print(const struct marker *marker, char out_text[MARKER_BYTES]);

/* 0, or -EINVAL for anything that marker_print() does not print. */
int marker_parse(const char *text, struct marker *out_marker) __attribute__((warn_unused_result));

/* Of an absolute path, for one user: what another left behind is none of ours. Never 0. */
uint64_t marker_hash(const char *path, uid_t uid);

/* The same configuration, or the same socket. */
bool marker_same_place(const struct marker *a, const struct marker *b);

#endif
