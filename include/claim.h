/* claim.h - what a supervisor takes for itself before it starts anything, so that a second one
 * finds out in time: its pid file. For main(), before there is any other thread. */
#ifndef CLAIM_H
#define CLAIM_H

#include "config.h"
#include "options.h"

struct claim;

/* 0 with *out_claim to claim_release(); or a negative errno that has been said on stderr. */
int claim_take(const struct options *options, const struct supervisor_config *config,
               struct claim **out_claim) __attribute__((warn_unused_result));

/* Gives all of it back. NULL is fine. */
void claim_release(struct claim *claim);

#endif
