/* manager_state.h - the manager's own; for manager*.c only. All of it belongs to the manager's
 * thread, but for the inbox and the count of requests in it. */
#ifndef MANAGER_STATE_H
#define MANAGER_STATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chan/chan.h"
#include "manager.h"
#include "monitor.h"
#include "table.h"

struct manager {
    struct monitor_env *env;
    struct chan *inbox;   /* of struct message (manager.c) */
    atomic_uint requests; /* in the inbox */
    pthread_t thread;
    struct config *config;
    struct table table;
    struct row *ready; /* rows whose held orders may have become free to go */
    bool shutting_down;
    bool reloading;   /* what has failed may be about to start: who needs it waits */
    bool killing;     /* nothing is held back any more */
    int64_t sweep_ms; /* when the first stop is due that could be stuck; INT64_MAX: none */
    void (*on_end)(void *arg);
    void *on_end_arg;
};

/* Sends an answer beside those that are owed; for a NULL reply it is only released. */
void manager_tell(struct reply *reply, struct answer answer);

/* ---- one order: manager_orders.c, manager_hold.c ---- */

/* Posts an order to an entry, or holds it back (see manager_hold.c); NULL: there was no memory for
 * it. `must`: it may not be refused for want of room. Returns how many outcomes `reply` (or NULL)
 * is owed for it: 1, or 0. */
size_t manager_order(struct manager *m, struct entry *entry, struct order *order, bool must,
                     struct reply *reply);

/* The same with an order made here. */
size_t manager_do(struct manager *m, struct entry *entry, enum order_kind kind, enum why why,
                  bool must, struct reply *reply);

/* Stops an entry for good, which needs no memory. Returns as above. */
size_t manager_retire(struct manager *m, struct entry *entry, enum why why, struct reply *reply);

/* Posts an order, or answers it. */
void manager_post_order(struct manager *m, struct entry *entry, struct order *order);

/* Answers an order that is not posted; `error` says why. NULL: for want of memory, to `reply`. */
void manager_answer(struct entry *entry, struct order *order, struct reply *reply, int error);

/* Posts an order or holds it back; it has a reply already. */
void manager_give(struct manager *m, struct entry *entry, struct order *order);

/* Posts what is held of an entry, and of all rows that may have become free to go. */
void manager_flush(struct manager *m, struct entry *entry);
void manager_release_ready(struct manager *m);

/* Puts a row into the list of those. */
void manager_mark_ready(struct manager *m, struct row *row);

/* Kills children that hold up a stop which is overdue; sets when to look next. */
void manager_sweep(struct manager *m);

/* ---- orders for many: manager_sets.c ---- */

struct order_set {
    enum order_kind kind;
    enum why why;
    bool must;
    bool wait;
    bool force;
    int signal;
    struct reply *reply; /* or NULL */
};

/* Orders for `entries` (found with the table's last mark) and for what that takes besides: a start
 * starts what they need, a stop stops what needs them; what is added is appended to `entries`.
 * Returns how many outcomes are owed. */
size_t manager_order_set(struct manager *m, const struct order_set *set, struct entries *entries);

/* Will something of the row start, once it can? `restarts`: what is wanted is about to restart. */
bool manager_will_start(const struct row *row, bool restarts);

/* Appends what is missing for the row to start, but for what a user has stopped. */
void manager_add_needs(struct manager *m, const struct row *row, struct entries *entries);

/* ---- who needs whom: manager_graph.c ---- */

/* Makes the links anew, after tasks have come or gone or changed. */
void manager_link(struct manager *m);
void manager_unlink(struct manager *m, struct row *row);

/* Looks at an entry again: after an order for it, and when it is said to have changed. */
void manager_touch(struct manager *m, struct entry *entry);

/* A stop of the entry is to be waited for by what it depends on. */
void manager_close(struct manager *m, struct entry *entry);

/* The entry has come into its row, or is about to leave it. */
void manager_enter(struct manager *m, struct entry *entry);
void manager_leave(struct manager *m, struct entry *entry);

/* Tells the monitor what its needs are now. */
void manager_push_needs(const struct manager *m, struct entry *entry);

/* After a reload: what is FATAL now is so for those who need it, too. */
void manager_end_reload(struct manager *m);

/* ---- instances: manager_entries.c ---- */

/* A new instance of a row: its monitor. 0, or a negative errno after logging it. */
int manager_add_entry(struct manager *m, struct row *row);

/* A monitor says that its instance has changed; or is gone, and that was its last word. */
void manager_changed(struct manager *m, struct entry *entry);
void manager_gone(struct manager *m, struct entry *entry);

/* Frees a row that has been removed, once nothing is left of it. */
void manager_drop_row(struct manager *m, struct row *row);

/* ---- a reload: manager_reload.c ---- */

/* REQ_RELOAD: takes request->config. The number of outcomes owed to the requester. */
size_t manager_reload(struct manager *m, struct request *request);

#endif
