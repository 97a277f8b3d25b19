/* order.h - a command to one instance, from its arrival to its answer.
 *
 * An order belongs to whoever holds it: the manager until it is posted, then the monitor. What it
 * is answered, and when, is decided here as a pure function of the state machine's steps. */
#ifndef ORDER_H
#define ORDER_H

#include <stdbool.h>

#include "fsm.h"
#include "reply.h"

enum order_kind {
    ORDER_START,
    ORDER_STOP,
    ORDER_RESTART,
    ORDER_SIGNAL,    /* .signal to the process group */
    ORDER_CONFIGURE, /* .id and .change: a reload */
    ORDER_RETIRE,    /* stop for good; the monitor ends */
};

struct order {
    struct order *next; /* whoever holds it */
    enum order_kind kind;
    bool wait;         /* START, RESTART: answered once RUNNING or given up */
    bool must;         /* it may not be refused for want of room */
    bool force;        /* STOP: whatever depends on it */
    bool was_alive;    /* RESTART: there was something to stop first */
    int64_t killed_ms; /* RESTART: the grace after which that was killed; 0: it obeyed */
    size_t killed;     /* and how many processes it was */
    int signal;
    enum config_change change;
    struct identity *id;
    struct reason why;
    struct reply *reply; /* one share (reply_owe), or NULL: nobody asks */
};

/* An order on the heap, NULL when out of memory. `reply` may be NULL. */
struct order *order_new(enum order_kind kind, struct reason why, struct reply *reply);

/* Frees an order whose share of its reply has been used. NULL is fine. */
void order_free(struct order *order);

/* Sends *answer (its pointers are taken over) to whoever asked, and frees the order. */
void order_answer(struct order *order, struct answer *answer);

/* One step of the state machine, as an order sees it. */
struct order_view {
    const struct fsm *before;
    const struct fsm_event *ev;
    const struct fsm *after;
    bool fresh; /* this step is what the order itself caused */
    int pid;    /* of the process, or of the last one */
    int64_t grace_ms;
    size_t killed;      /* how many processes, where SIGKILL was sent */
    const char *detail; /* of a failed start */
};

/* Is `order` done with this step? Fills in the outcome and what goes with it, but the identity. */
bool order_settled(struct order *order, const struct order_view *view, struct answer *out_answer);

#endif
