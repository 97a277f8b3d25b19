/* child.h - the process of one instance, and all that it has started: started, signalled and reaped
 * by its monitor's thread alone, so that no signal can reach a process that has its number by
 * chance. What left its group is in its cgroup, if there is one; else the reaper finds and signals
 * it. */
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

struct cgroup;
struct monitor_env;
struct published;

/* Called on other threads: the process has exited; its cgroup may have become empty; what is left
 * of it is known. */
struct child_hooks {
    watcher_hook *on_exit;
    watcher_hook *on_cgroup;
    reaper_hook *on_group;
    void *arg;
};

/* All zero before the first start. */
struct child {
    pid_t pid;      /* 0: none, or reaped */
    pid_t last_pid; /* of the last process that was started */
    int pidfd;
    uint64_t sources[LAUNCH_STREAMS]; /* of its outputs in the pump; 0: not pumped */
    int stop_signal;
    enum stop_target stop_target;
    bool leader_gone; /* it has ended, and is not reaped */
    bool owes_stop;   /* the rest of the group is yet to be told to stop */
    bool owes_below;  /* so are cgroups below its own */
    int64_t look_ms;  /* when to look whether somebody has left the group; INT64_MAX: not */
    struct fsm_exit exit;

    const struct monitor_env *env;
    struct child_hooks hooks;
    char *mark;            /* whose process it is: launch.h */
    struct cgroup *cgroup; /* made at the first start, and kept; NULL: none */
    bool in_cgroup;        /* this process is in it */
    bool cgroup_spent;     /* it was killed: the next process gets another */
    bool kept_out;         /* the last one was not, and that was said */
    bool watches_cgroup;   /* for its emptiness */
    int cgroup_events;
    uint64_t cgroup_watch;
    size_t killed; /* so many were there when SIGKILL was sent; known once it is buried */
    struct reaper_question question;
};

/* Starts what `launch` says and has `hooks` called. *published holds the door meanwhile.
 * 0; -EAGAIN for want of something that may come back; else, and *out_error, as of
 * spawn_run(). */
int child_start(struct child *child, const struct monitor_env *env, struct launch *launch,
                struct published *published, const struct child_hooks *hooks, char **out_error)
    __attribute__((warn_unused_result));

/* Removes the cgroup. Nothing is left of any process. */
void child_release(struct child *child);

/* A signal to the whole group; that nobody is left in it is fine, all else is logged. */
void child_signal(const struct child *child, int signo);

/* The stop signal, and SIGCONT so that a stopped process can obey it: to all that has to do with
 * the process, or to itself alone, and to the rest when it has ended. */
void child_stop(struct child *child);

/* After child_stop(): when to look for what has left the group meanwhile; INT64_MAX for never.
 * child_look() before that does nothing. */
int64_t child_look_ms(const struct child *child);
void child_look(struct child *child);

/* SIGKILL to all that has to do with the process. */
void child_kill(struct child *child);

/* Notes how the process ended, and leaves it a zombie that keeps the number of its group. */
void child_read_exit(struct child *child);

/* Finds out what is left of an ended process. */
enum child_rest {
    CHILD_REST_NONE,
    CHILD_REST_SOME,  /* in its cgroup: on_cgroup() is called when this is to be called again */
    CHILD_REST_ASKED, /* on_group() will tell */
};
enum child_rest child_ask_what_is_left(struct child *child);

/* Nothing is left but members of the group whose living parent has left it: kills those and
 * reaps. */
void child_bury(struct child *child);

#endif
