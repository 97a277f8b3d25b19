/* claim.h - what a supervisor takes for itself before it starts anything, so that a second one
 * finds out in time: its control socket and its pid file. Belongs to the main thread. */
#ifndef CLAIM_H
#define CLAIM_H

#include <stdbool.h>

#include "config.h"
#include "options.h"

struct claim;
struct control_socket;

/* The socket is options->socket, else config->socket; where neither says, a daemon and a
 * supervisor without a shell take the default place. One that was asked for and cannot be had is a
 * failure, and a daemon asks for one; else that is logged, and there is none. 0 with *out_claim to
 * claim_release(); or a negative errno that has been said on stderr. */
int claim_take(const struct options *options, const struct supervisor_config *config,
               struct claim **out_claim) __attribute__((warn_unused_result));

/* The control socket, which stays the claim's; NULL: there is none. */
struct control_socket *claim_socket(const struct claim *claim);

/* Removes the files, and frees the claim. With `in_use`, for a program that is about to end while
 * a hung disk holds the thread that uses the socket, only the files are removed. NULL is fine. */
void claim_release(struct claim *claim, bool in_use);

#endif
