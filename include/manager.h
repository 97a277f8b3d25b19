/* manager.h - the task table, and the one thread that owns it.
 *
 * Fronts post requests and receive answers through a reply (reply.h); the manager resolves
 * targets, passes commands on to monitors, and never waits for any of them. */
#ifndef MANAGER_H
#define MANAGER_H

#include <stdbool.h>
#include <stddef.h>

#include "config.h"
#include "reply.h"

struct manager;
struct monitor_env;

enum request_kind {
    REQ_START,    /* targets; .wait: answered once RUNNING or given up */
    REQ_STOP,     /* targets; .force: not those first that depend on them */
    REQ_RESTART,  /* targets; .wait */
    REQ_SIGNAL,   /* targets; .signal */
    REQ_STATUS,   /* targets, none for all: ANSWER_SNAPSHOTS; .history */
    REQ_RELOAD,   /* .config, .dry_run: ANSWER_PLAN, then an outcome for each start and stop */
    REQ_SHUTDOWN, /* an outcome for each instance that was live */
    REQ_KILL,     /* what a shutdown is waiting for gets SIGKILL at once */
};

struct request {
    enum request_kind kind;
    char **targets; /* `all`, a task, an instance, or a glob over either */
    size_t target_count;
    bool wait;
    bool history;
    bool dry_run;
    bool force;
    int signal;
    struct config *config;
    struct reply *reply; /* NULL: nobody asks. The request holds one share of it (reply_owe) */
    size_t outcomes;     /* the manager's: how many it has promised */
};

/* A request on the heap with copies of `targets`. It takes over one share of `reply`, which the
 * caller got from reply_owe(reply, 1). NULL: out of memory, and the share is still the caller's. */
struct request *request_new(enum request_kind kind, const char *const *targets, size_t target_count,
                            struct reply *reply);
/* Frees a request that was not posted (its reply gets ANSWER_ROUTED). NULL is fine. */
void request_free(struct request *request);

/* Hands a request over; it belongs to the manager then, and its reply will end with ANSWER_ROUTED
 * and the outcomes. 0; -EAGAIN: too many requests under way; -EPIPE: the manager has ended. The
 * request stays the caller's on failure. Never waits. Any thread. */
int manager_post(struct manager *manager, struct request *request)
    __attribute__((warn_unused_result));

/* Makes the monitors of `config` (it is the manager's then, on failure too), starts the thread, and
 * has every task with autoLaunch started. Of *env, which must outlive the manager, on_gone is the
 * manager's to set. on_end(arg) is called as the last thing on the manager's thread, once a
 * shutdown has left nothing. 0; or a negative errno with *out_error, a text to free() or NULL. */
int manager_new(struct monitor_env *env, struct config *config, void (*on_end)(void *arg),
                void *arg, struct manager **out_manager, char **out_error)
    __attribute__((warn_unused_result));

/* REQ_SHUTDOWN and REQ_KILL with nobody asking; never refused. To be called at most once each. */
void manager_shutdown(struct manager *manager);
void manager_kill(struct manager *manager);

/* Waits for the end of the thread, which on_end() has announced, and frees the manager. */
void manager_join(struct manager *manager);

#endif
