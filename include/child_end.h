/* child_end.h - the wait for an exit; for child.c and child_end.c only. */
#ifndef CHILD_END_H
#define CHILD_END_H

#include <signal.h>
#include <sys/types.h>

/* waitid(2) for the exit of a child that this thread has not reaped, with `flags`. */
void child_wait_exit(pid_t pid, int flags, siginfo_t *out_info);

#endif
