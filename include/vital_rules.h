/* vital_rules.h - what becomes of an instance's readiness and health, as functions.
 *
 * They decide and never act, as fsm.h does: time enters with each call, and what is to be done
 * comes back. One probe at a time: the next one begins `interval` after the end of the last, so
 * probes never pile up. What counts is what the probes of `ready` say while the instance is
 * STARTED, and those of `health` while it is RUNNING.
 *
 * A value of struct vital_state belongs to one thread. */
#ifndef VITAL_RULES_H
#define VITAL_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "config.h"
#include "notice.h"

enum vital_phase {
    VITAL_OFF,      /* there is nothing to find out */
    VITAL_STARTING, /* is it ready? */
    VITAL_RUNNING,  /* is it healthy? */
};

/* What a probe came to. */
enum vital_result {
    VITAL_GOOD,
    VITAL_BAD,
    VITAL_UNKNOWN, /* it could not be made just now; that says nothing about the instance */
};

struct vital_state {
    enum vital_phase phase;
    bool probing;   /* a probe is under way */
    bool settled;   /* ... and over its time, or not wanted any more: only its end is awaited */
    int64_t due_ms; /* when vital_due() is; INT64_MAX: never */
    int64_t watchdog_ms;  /* between two signs of life; 0: none are expected */
    bool watchdog_told;   /* that is what the task itself said */
    unsigned long checks; /* of health, since it was RUNNING */
    long failures;        /* of the last probes, in a row */
};

/* What is to be done, in this order. */
enum {
    VITAL_NOTHING = 0,
    VITAL_KILL = 1 << 0,      /* end the probe that is under way */
    VITAL_PROBE = 1 << 1,     /* begin one: vital_probed() when nothing is left of it */
    VITAL_LATE = 1 << 2,      /* the last failure: it took too long */
    VITAL_WORSE = 1 << 3,     /* the first failure in a row */
    VITAL_BETTER = 1 << 4,    /* the end of a row of failures */
    VITAL_READY = 1 << 5,     /* EV_READY */
    VITAL_UNHEALTHY = 1 << 6, /* EV_UNHEALTHY */
};

/* It came to a phase, which it was not in. */
unsigned vital_enter(struct vital_state *s, const struct task_config *task, enum vital_phase phase,
                     int64_t now_ms);

/* due_ms has come. */
unsigned vital_due(struct vital_state *s, const struct task_config *task, int64_t now_ms);

/* The probe that was under way has ended, and nothing is left of it. */
unsigned vital_probed(struct vital_state *s, const struct task_config *task,
                      enum vital_result result, int64_t now_ms);

/* The task said something. */
unsigned vital_told(struct vital_state *s, const struct task_config *task,
                    const struct notice *notice, int64_t now_ms);

/* What is asked for in a phase. */
const struct config_probe *vital_asked(const struct task_config *task, enum vital_phase phase);

/* So long may one probe take. */
int64_t vital_patience_ms(const struct config_probe *probe, enum vital_phase phase);

#endif
