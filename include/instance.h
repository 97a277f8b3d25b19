/* instance.h - one instance of a task: the state machine, its process, and the orders that wait for
 * an answer. What a monitor's thread does with each thing that it receives.
 *
 * Belongs to that thread, but for `published`, which others read. */
#ifndef INSTANCE_H
#define INSTANCE_H

#include <stdbool.h>
#include <stdint.h>

#include "child.h"
#include "fsm.h"
#include "monitor.h"
#include "order.h"
#include "published.h"
#include "pump.h"
#include "vitals.h"

struct instance {
    const struct monitor_env *env;
    struct published published;
    struct fsm fsm;
    struct fsm_policy policy;
    struct identity *id; /* a reference */
    struct child child;
    bool asked_group; /* the process is dead; whether its group is empty is not known yet */
    bool draining;    /* its group is empty; what it wrote last is on its way to its logs */
    struct pump_question drained;
    int64_t drain_deadline_ms;
    int64_t exited_ms;
    char *detail;          /* of the last failed start, or of what it needs; or NULL */
    int spawn_error;       /* of the last start */
    char *needs_text;      /* what it waits for, or what failed; NULL: its predecessor */
    struct order *waiting; /* orders that are not answered yet */
    struct vitals *vitals; /* NULL: its task asks for none */
    bool probe_left;       /* it has exited, and a probe that was killed is not gone yet */
    unsigned chance;
    bool gone; /* retired, with nothing left */

    struct child_hooks hooks;
    pump_hook *on_drained;        /* called on another thread: what it wrote is in its logs */
    void (*on_vitals)(void *arg); /* the same: there may be news for instance_vitals() */
};

/* A STOPPED instance of `id` (takes a reference); the hooks are then the caller's to set. */
void instance_init(struct instance *in, const struct monitor_env *env, struct identity *id,
                   enum needs needs);
void instance_release(struct instance *in);

/* When instance_deadline_passed() is due, INT64_MAX for never. */
int64_t instance_deadline_ms(const struct instance *in);
void instance_deadline_passed(struct instance *in);

void instance_take_order(struct instance *in, struct order *order); /* it is the instance's then */
void instance_refuse(struct instance *in, struct order *order);     /* it has retired */

void instance_exited(struct instance *in, int64_t now_ms);
void instance_group_known(struct instance *in, bool empty);
void instance_cgroup_changed(struct instance *in);
void instance_drained(struct instance *in);
void instance_vitals(struct instance *in);
void instance_needs(struct instance *in, enum needs needs, char *text); /* takes `text` over */
void instance_kill(struct instance *in);

/* For vitals.c: takes what readiness or health has come to. */
void instance_step(struct instance *in, struct fsm_event ev);

#endif
