/* instance_parts.h - what instance.c leaves to others: for instance*.c only, on the monitor's
 * thread. */
#ifndef INSTANCE_PARTS_H
#define INSTANCE_PARTS_H

#include "instance.h"

/* Does what it depends on explain its state? */
bool instance_needs_are_why(const struct fsm *f);

/* Keeps the text that goes with such a state: what failed is told as it was then; what is waited
 * for, as it is now. */
void instance_explain_needs(struct instance *in, const struct fsm *before);

/* After a step: lets others see, in snapshots, the journal and the log, what has become of it. */
void instance_publish(struct instance *in, const struct fsm *before);

/* Its end may be that of the supervisor: tells it then (onFatal, onExit). */
void instance_judge(const struct instance *in, const struct fsm *before);

#endif
