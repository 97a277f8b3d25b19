/* child.h - the process of one instance: started, signalled and reaped by its monitor's thread
 * alone, so that no signal can reach a process that has its number by chance. */
#ifndef CHILD_H
#define CHILD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "config.h"
#include "fsm.h"
#include "launch.h"
#include "reaper.h"
#include "watcher.h"

struct monitor_env;
struct published;

struct child {
    pid_t pid;      /* 0: none, or reaped */
    pid_t last_pid; /* of the last process that was started */
    int pidfd;
    uint64_t watch;
    uint64_t sources[LAUNCH_STREAMS]; /* of its outputs in the pump; 0: not pumped */
    int stop_signal;
    enum stop_target stop_target;
    bool leader_gone; /* it has ended, and is not reaped */
    bool owes_stop;   /* the rest of the group is yet to be told to stop */
    struct fsm_exit exit;
    struct reaper_question question;
};

/* Starts what `launch` says and has `hook` called at its exit. *published holds the door meanwhile.
 * 0; -EAGAIN for want of something that may come back; else, and *out_error, as of spawn_run(). */
int child_start(struct child *child, const struct monitor_env *env, const struct launch *launch,
                struct published *published, watcher_hook *hook, void *arg, char **out_error)
    __attribute__((warn_unused_result));

/* A signal to the whole group; that nobody is left in it is fine. */
void child_signal(const struct child *child, int signo);

/* The stop signal, and SIGCONT so that a stopped process can obey it: to the group, or to its main
 * process alone, and to the rest when that one has ended. */
void child_stop(struct child *child);

/* Notes how the process ended, and leaves it a zombie that keeps the number of its group. */
void child_read_exit(struct child *child);

/* The group is empty but for members whose living parent has left it: kills those and reaps. */
void child_bury(struct child *child, struct watcher *watcher);

#endif
