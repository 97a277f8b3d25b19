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
    bool shutting_down;
    int64_t sweep_ms; /* when the first stop is due that could be stuck; INT64_MAX: none */
    void (*on_end)(void *arg);
    void *on_end_arg;
};

/* Sends an answer beside those that are owed; for a NULL reply it is only released. */
void manager_tell(struct reply *reply, struct answer answer);

/* Posts an order to an entry; NULL: there was no memory for it. `must`: it may not be refused for
 * want of room. Returns how many outcomes `reply` (or NULL) is owed for it: 1, or 0. */
size_t manager_order(struct manager *m, struct entry *entry, struct order *order, bool must,
                     struct reply *reply);

/* The same with an order made here. */
size_t manager_do(struct manager *m, struct entry *entry, enum order_kind kind, enum why why,
                  bool must, struct reply *reply);

/* Stops an entry for good, which needs no memory. Returns as above. */
size_t manager_retire(struct manager *m, struct entry *entry, enum why why, struct reply *reply);

/* Kills children that hold up a stop which is overdue; sets when to look next. */
void manager_sweep(struct manager *m);

/* A new instance of a row: its monitor. 0, or a negative errno after logging it. */
int manager_add_entry(struct manager *m, struct row *row);

/* REQ_RELOAD: takes request->config. The number of outcomes owed to the requester. */
size_t manager_reload(struct manager *m, struct request *request);

#endif
