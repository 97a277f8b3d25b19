/* command_outcomes.h - a call that waits for outcomes; for command_outcomes.c and the commands that
 * are made of several of its steps. Belongs to the call's thread. */
#ifndef COMMAND_OUTCOMES_H
#define COMMAND_OUTCOMES_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "call.h"
#include "tally.h"

struct rolling;

struct outcomes {
    struct tally tally;
    struct request targets;   /* REQ_STATUS of the same targets; words are the call's */
    struct reply *status;     /* answers to it, while they are awaited */
    struct snapshot_set *set; /* the latest answer, or NULL */
    int64_t notice_ms;        /* when to ask for call_waiting_for() */
    int64_t timeout_ms;       /* --timeout has passed then */
    bool late;                /* it has */
    bool planned;             /* reload: there was a plan */
    struct rolling *rolling;  /* restart --rolling: what comes next; else NULL */
};

/* ---- restart --rolling: one restart after the other (command_rolling.c) ---- */

/* Makes the call one that goes on with `rolling` (taken over), or finishes it when out of memory.
 * --timeout counts from here, for all of it. */
void outcomes_roll(struct call *call, FILE *out, struct rolling *rolling);

/* Asks for the next thing; its words are the caller's until it is answered. */
void outcomes_ask_next(struct call *call, FILE *out, const struct request *request);

/* All outcomes of what was asked have come: goes on with the next, or finishes the call. */
void rolling_step_done(struct call *call, FILE *out);

/* Says what is left out, since what was asked last has failed or is late. */
void rolling_stop(struct call *call, FILE *out);

void rolling_free(struct rolling *rolling); /* NULL is fine */

#endif
