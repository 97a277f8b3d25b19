/* instance_parts.h - what instance.c leaves to others: for instance*.c only, on the monitor's
 * thread. */
#ifndef INSTANCE_PARTS_H
#define INSTANCE_PARTS_H

#include "instance.h"

/* Lets others see its state, and what it was before; a change is logged. */
void instance_publish(struct instance *in, const struct fsm *before);

/* Its end may be that of the supervisor: tells it then (onFatal, onExit). */
void instance_judge(const struct instance *in, const struct fsm *before);

#endif
