/* tally.h - the outcomes of one command: prints each as it comes, judges it, and knows which
 * instances have not answered yet. Pure. */
#ifndef TALLY_H
#define TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "manager.h"
#include "render.h"
#include "reply.h"

struct tally {
    enum request_kind request; /* what was asked */
    struct render_style style;
    bool failed;  /* something asked for failed, or there is no such target */
    bool refused; /* it could not be done: ANSWER_ERRORS */
    bool routed;
    size_t owed; /* outcomes in all, once routed */
    size_t received;
    struct identity **answered; /* references: who sent an outcome */
    size_t answered_count;
    size_t answered_room;
};

void tally_init(struct tally *tally, enum request_kind request, const struct render_style *style);
void tally_release(struct tally *tally);

/* Prints and counts an answer: an outcome, a target that names nothing, errors, or "routed".
 * Others are left alone. */
void tally_take(struct tally *tally, const struct answer *answer, FILE *out);

/* All that was owed has come. */
bool tally_finished(const struct tally *tally);

/* Of the instances in `set`, those that have not answered; with live_only, only those that have
 * a process. 0 with *out_late (pointers into the set, to free()) and *out_count, or -ENOMEM. */
int tally_late(const struct tally *tally, const struct snapshot_set *set, bool live_only,
               const struct snapshot ***out_late, size_t *out_count)
    __attribute__((warn_unused_result));

/* Prints "Process 'x' is still BACKOFF after 30s" for each that has not answered. */
void tally_print_late(const struct tally *tally, const struct snapshot_set *set, int64_t timeout_ms,
                      FILE *out);

/* "waiting for web_1, web_2 to stop". A string to free(); NULL when there is nothing to say. */
char *tally_waiting_for(const struct tally *tally, const struct snapshot_set *set);

#endif
