/* reason.h - says in words why something is as it is. Pure. */
#ifndef REASON_H
#define REASON_H

#include <stdbool.h>

#include "fsm.h"

/* Whether a text goes with it, beside its numbers. */
bool reason_has_detail(struct reason why);

/* "exited with code 3", "killed by SIGKILL", "alive for 5s", "asked by a user", ...; `detail` is
 * the text that goes with WHY_NOT_SPAWNED and some others. A string to free(), or NULL when out of
 * memory. */
char *reason_text(struct reason why, const char *detail);

/* "exit 3", "SIGKILL", or "-" before the first. Into `out`, which is returned. */
const char *exit_text(const struct fsm_exit *exit, char out[static 24]);

#endif
