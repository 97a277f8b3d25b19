/* verdict.h - does the end of an instance end the supervisor (onFatal, onExit), and with which exit
 * status. Pure. */
#ifndef VERDICT_H
#define VERDICT_H

#include <stdbool.h>

#include "config.h"
#include "fsm.h"

/* Is this the change of state after which the supervisor is to end? */
bool verdict_is_due(const struct task_config *task, const struct fsm *before,
                    const struct fsm *after);

/* The task's code: of its last exit, 128+N for a signal; 127 where there is no such program
 * (`spawn_error` is -ENOENT), 126 where it could not be started for another reason; 1 where no
 * process tells, or one that was given up for a fault exited with 0. */
int verdict_code(const struct fsm *fsm, int spawn_error);

#endif
