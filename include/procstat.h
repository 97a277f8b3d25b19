/* procstat.h - what /proc says about the CPU time and memory of a process. */
#ifndef PROCSTAT_H
#define PROCSTAT_H

#include <stdint.h>
#include <sys/types.h>

struct procstat {
    double cpu_percent; /* of one core, averaged over the life of the process */
    int64_t rss_bytes;
};

/* Reads /proc/PID/stat (proc(5)). 0 or a negative errno; -ESRCH when there is no such process. */
int procstat_read(pid_t pid, struct procstat *out_stat) __attribute__((warn_unused_result));

#endif
