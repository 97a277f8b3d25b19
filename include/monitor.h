/* monitor.h - one instance: a thread that receives from its inbox, asks the state machine what it
 * means, does it, and publishes what has become of it.
 *
 * Threads: the monitor's thread waits in its inbox and nowhere else, but for a spawn. It alone
 * starts, signals and reaps the instance's process. Everything declared here is called by the
 * manager's thread. Lock: one mutex a monitor guards what is published (monitor_snapshot()) and
 * the door of a start under way; it is held for copying only, and no other lock is taken in it. */
#ifndef MONITOR_H
#define MONITOR_H

#include <stdbool.h>

#include "fsm.h"
#include "needs.h"
#include "order.h"
#include "snapshot.h"

struct cgroup_tree;
struct journal;
struct pump;
struct reaper;
struct recorder;
struct resolver;
struct spawner;
struct waitgroup;
struct watcher;
struct monitor;

/* What all monitors share; outlives them. */
struct monitor_env {
    struct spawner *spawner;
    struct watcher *watcher;
    struct reaper *reaper;
    struct cgroup_tree *cgroups; /* NULL: none */
    const char *marker;          /* what children have in their environment (marker.h), or NULL */
    struct resolver *resolver;
    struct pump *pump; /* NULL: where no output goes through one */
    struct journal *journal;
    struct recorder *recorder; /* NULL: nothing is traced */
    char *const *environment;
    struct waitgroup *monitors; /* one for each monitor whose thread has not ended */
    /* Called with the monitor's owner as the last thing on its thread, once it has retired and
     * nothing of its instance is left: monitor_join() then. Must not block. */
    void (*on_gone)(void *arg, void *owner);
    /* Called with the monitor's owner after something has happened, if monitor_watch() asked for
     * it: monitor_heard() then, until which it is not called again. Must not block. */
    void (*on_change)(void *arg, void *owner);
    void *on_gone_arg; /* of on_change(), too */
    /* Called when an instance has ended in a way that ends the supervisor (verdict.h): its exit
     * status, and what happened, in words (to free(); NULL: no memory for them). Must not block.
     * NULL: nobody wants to know. */
    void (*on_verdict)(void *arg, int code, char *text);
    void *on_verdict_arg;
};

/* Starts a monitor for a STOPPED instance, taking a reference to `id`; `owner` is for on_gone().
 * 0 or a negative errno. */
int monitor_new(const struct monitor_env *env, struct identity *id, enum needs needs, void *owner,
                struct monitor **out_monitor) __attribute__((warn_unused_result));

/* Waits for the end of the thread, which on_gone() has announced, and frees the monitor. */
void monitor_join(struct monitor *monitor);

/* Passes an order on; it belongs to the monitor then, and will be answered. 0; -EAGAIN: the inbox
 * is full; -EPIPE: retired. The order stays the caller's on failure. Never waits. */
int monitor_order(struct monitor *monitor, struct order *order) __attribute__((warn_unused_result));

/* The same for what must not be refused: -ENOMEM or -EPIPE only. */
int monitor_must_order(struct monitor *monitor, struct order *order)
    __attribute__((warn_unused_result));

/* Passes on the order to retire, which needs no memory. To be called at most once for each
 * monitor. */
void monitor_retire(struct monitor *monitor, struct order *order);

/* What it depends on changed. `text` (copied) says what it waits for, or what failed; NULL: it
 * waits for its predecessor. Of several that have not been received yet, the latest counts. */
void monitor_needs(struct monitor *monitor, enum needs needs, const char *text);

/* Whether on_change() is called. What changed before it was asked for is to be looked up. */
void monitor_watch(struct monitor *monitor, bool watch);

/* A call of on_change() has been noticed; to be called before looking. */
void monitor_heard(struct monitor *monitor);

/* Where it stands, but for `settled`; and how many of the orders that were posted (all but
 * signals) have had their effect on that. */
void monitor_standing(struct monitor *monitor, struct standing *out_standing,
                      unsigned long *out_orders);

/* What is being stopped gets SIGKILL at once. To be called at most once for each monitor. */
void monitor_kill(struct monitor *monitor);

/* Kills a child that has been stuck before its exec since before `since_ms`, if there is one. */
void monitor_unstick(struct monitor *monitor, int64_t since_ms);

/* The state that is published. */
enum state monitor_state(struct monitor *monitor);

/* Copies what is published, to snapshot_release(). Where there is no memory for it, the copy goes
 * without texts and history. */
void monitor_snapshot(struct monitor *monitor, bool history, struct snapshot *out_snapshot);

#endif
