/* fsm.h - the life of one instance, as a function.
 *
 * fsm_next() decides and never acts: same inputs, same answer; no clock, lock or system call.
 * The monitor feeds it what happened and does what it says. Time enters with each event, and
 * chance (for the spread of delays) does too.
 *
 *   STOPPED --start--> STARTED --alive long enough, or ready--> RUNNING
 *   STOPPED --start, needs not met--> WAITING --met--> STARTED
 *   STARTED --failed start--> BACKOFF --delay--> STARTED ... attempts spent --> FATAL
 *   RUNNING --exit--> STARTED | BACKOFF | STOPPED | FATAL, as the policy says
 *   any live state --stop--> STOPPING --all gone--> STOPPED
 *   STARTED, RUNNING --exit, group not empty--> STOPPING --all gone--> as that exit decides
 *   STARTED --not ready in time--> STOPPING --all gone--> as an unexpected exit decides
 *   RUNNING --not healthy--> STOPPING --all gone--> as an unexpected exit decides
 *
 * A value of struct fsm belongs to one thread; readers get copies. */
#ifndef FSM_H
#define FSM_H

#include <stdbool.h>
#include <stdint.h>

#include "config.h"

enum state {
    ST_STOPPED,
    ST_WAITING,
    ST_STARTED,
    ST_RUNNING,
    ST_BACKOFF,
    ST_STOPPING,
    ST_FATAL,
    ST_COUNT,
};

const char *state_name(enum state state); /* "RUNNING" */

/* Why an instance is in its state; reason.h puts it into words. `arg` and `ms` go with some. */
enum why {
    WHY_NONE,         /* never started */
    WHY_USER,         /* a user's command */
    WHY_AUTO_LAUNCH,  /* autoLaunch at the start of the supervisor, or of a new task */
    WHY_RELOAD,       /* the configuration changed */
    WHY_REMOVED,      /* no longer in the configuration */
    WHY_SHUTDOWN,     /* the supervisor ends */
    WHY_ALIVE,        /* stayed alive for ms */
    WHY_EXITED,       /* exit code arg */
    WHY_SIGNALED,     /* killed by signal arg */
    WHY_LEFTOVERS,    /* the process exited, members of its group did not */
    WHY_NOT_SPAWNED,  /* the start failed; the details are a text beside this */
    WHY_NO_RESOURCES, /* no process could be made just now; it is tried again */
    WHY_RETRY,        /* automatic start number arg, after a delay of ms */
    WHY_NEEDS,        /* arg 0: it waits for something that is not there yet; 1: now it is */
    WHY_NEEDS_FAILED, /* something it depends on will not come */
    WHY_READY,        /* it said so, or its probe did, after ms */
    WHY_NOT_READY,    /* that did not happen within ms */
    WHY_UNHEALTHY,    /* arg health checks in a row failed; the details are a text beside this */
};

struct reason {
    enum why why;
    int arg;
    int64_t ms;
};

/* How a process ended. `signal` is 0 for an exit with `code`. */
struct fsm_exit {
    bool known; /* false: nothing has exited yet */
    int code;
    int signal;
};

/* The part of a task's configuration that decisions depend on. */
struct fsm_policy {
    enum restart_policy restart;
    struct config_codes expected;
    long attempts; /* retries after failed starts in a row, or CONFIG_NO_LIMIT */
    int64_t start_ms;
    int64_t ready_ms; /* how long it may take to be ready; 0: start_ms is what counts */
    int64_t delay_ms;
    int64_t delay_max_ms;
    int64_t fatal_retry_ms; /* 0: never */
    int64_t grace_ms;
};

enum needs { NEEDS_MET, NEEDS_PENDING, NEEDS_FAILED };

/* What happens when all of a stopping instance is gone. */
enum after {
    AFTER_STOPPED, /* a user, a reload or a shutdown stopped it */
    AFTER_START,   /* it was asked to start again meanwhile */
    AFTER_EXIT,    /* it ended by itself: as that exit decides */
    AFTER_FAULT,   /* it was not ready in time, or not healthy: as an unexpected exit decides */
};

enum fsm_event_kind {
    EV_START,        /* by a user, autoLaunch or a reload: with all its attempts */
    EV_STOP,         /* to be STOPPED, once nothing is left */
    EV_RESTART,      /* stop, then start */
    EV_RETIRE,       /* stop for good: no later event starts it again */
    EV_KILL,         /* what is being stopped gets SIGKILL at once */
    EV_SPAWNED,      /* answer to ACT_SPAWN: the exec succeeded */
    EV_SPAWN_FAILED, /* answer to ACT_SPAWN */
    EV_EXITED,       /* the main process is gone; .exit, .group_empty */
    EV_EMPTY,        /* after EV_EXITED with a group not empty: now it is */
    EV_DEADLINE,     /* fsm_deadline() has come */
    EV_NEEDS,        /* .needs: what it depends on changed */
    EV_READY,        /* as `ready` asks for it */
    EV_UNHEALTHY,    /* .why: as `health` asks for it */
    EV_COUNT,
};

struct fsm_event {
    enum fsm_event_kind kind;
    int64_t now_ms;
    struct reason why; /* START, STOP, RESTART, RETIRE: who asked; UNHEALTHY */
    struct fsm_exit exit;
    bool group_empty;
    bool transient; /* SPAWN_FAILED for want of memory, processes, descriptors */
    enum needs needs;
    unsigned chance; /* 0..1023, evenly: the spread of a delay */
};

struct fsm {
    enum state state;
    int64_t since_ms;  /* of this state */
    struct reason why; /* of this state */
    bool alive;        /* there is a process, or what is left of its group */
    bool leader_gone;  /* STOPPING: only the rest of the group is left */
    bool launched;     /* an exec succeeded since it was last told to start */
    bool retiring;
    bool killed;          /* STOPPING: the grace is over, SIGKILL was sent */
    enum after after;     /* STOPPING */
    enum state exited_in; /* AFTER_EXIT, AFTER_FAULT: STARTED or RUNNING */
    enum needs needs;
    int64_t up_ms;          /* when the process was started */
    int64_t lived_ms;       /* how long the last one lived */
    int64_t kill_ms;        /* STOPPING, killed: when last */
    struct fsm_exit exit;   /* of the last process */
    unsigned long exits;    /* how many there have been */
    long failures;          /* failed starts in a row */
    unsigned long restarts; /* automatic ones since the last user's start */
    int64_t delay_ms;       /* the last delay, without its spread; 0: none yet */
    int64_t wait_ms;        /* BACKOFF, FATAL: the delay with its spread; 0: no end */
};

/* What the monitor is to do, in this order. */
enum {
    ACT_NONE = 0,
    ACT_SIGNAL = 1 << 0, /* the stop signal, then SIGCONT, to what is left */
    ACT_KILL = 1 << 1,   /* SIGKILL to what is left */
    ACT_SPAWN = 1 << 2,  /* start a process; the next event is its outcome */
    ACT_GONE = 1 << 3,   /* retired, with nothing left: end the monitor */
    ACT_BUG = 1 << 4,    /* an event that cannot happen in this state; nothing changed */
};

struct fsm_step {
    struct fsm next;
    unsigned actions;
};

struct fsm fsm_initial(int64_t now_ms);

struct fsm_step fsm_next(struct fsm cur, const struct fsm_policy *policy, struct fsm_event ev);

/* When EV_DEADLINE is due, INT64_MAX for never. It follows from the state and the policy, so a
 * policy that is replaced takes effect at once. */
int64_t fsm_deadline(const struct fsm *cur, const struct fsm_policy *policy);

/* A user would say that it is up, or on its way: STARTED, RUNNING, BACKOFF, WAITING. */
bool fsm_is_up(const struct fsm *cur);

/* It is up or was given up, or it will start again once it has stopped: what a reload takes for
 * running. */
bool fsm_is_wanted(const struct fsm *cur);

void fsm_policy_of(const struct task_config *task, struct fsm_policy *out_policy);

#endif
