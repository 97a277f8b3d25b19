/* program.h - the state that a program has before it does anything: signals, descriptors, limits.
 * For main() only, and all but program_wait() before any thread. */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

struct program {
    bool stdin_closed; /* or /dev/null: nobody will ever type anything */
    bool stdin_terminal;
    struct rlimit nofile; /* as we were given it, for children; ours is raised */
    int signal_fd;        /* what main waits for, but SIGCHLD; all signals are blocked */
};

/* Opens /dev/null on closed standard descriptors, lest something else becomes one. 0 or a negative
 * errno. */
int program_open_descriptors(void) __attribute__((warn_unused_result));

/* Blocks all signals, puts their dispositions to default (an inherited ignored SIGCHLD would lose
 * every exit), opens /dev/null on closed standard descriptors, raises the limit of open files,
 * sets the locale of characters, and has the terminal restored in a crash.
 * 0 or a negative errno. */
int program_init(struct program *out_program) __attribute__((warn_unused_result));

/* Waits as poll(2) does, until deadline_ms (CLOCK_MONOTONIC; INT64_MAX: for ever), and for SIGCHLD:
 * then, and if it came since the last call, it returns -EINTR, and nothing in `fds` is ready. */
int program_wait(struct pollfd *fds, size_t count, int64_t deadline_ms);

#endif
