/* trace.h - the file that holds what entered the state machines and what they decided: its lines.
 *
 * A line is a record, and ends with a checksum of what stands before it:
 *
 *   taskmaster-trace 1 PID WALL_MS MONO_MS    a supervisor begins to write; all else is forgotten
 *   i NUMBER NAME STATE...                    an instance and its full state: a new one, one with
 *                                             another name, or one of which events were lost
 *   p NUMBER POLICY...                        what its decisions depend on, from here on
 *   e NUMBER MS KIND [DETAIL...] > STATE ACTIONS WHY SUM
 *                                             an event, and what was decided; SUM is that of the
 *                                             full state which came out
 *   g COUNT                                   so many events were lost here
 *
 * Times are CLOCK_MONOTONIC, which the first line ties to the wall clock. A writer begins with an
 * empty line, as it does after an error: so what it finds torn is a line of its own, and what
 * follows at once says that it was torn. Empty lines mean nothing else.
 *
 * Pure; any thread. */
#ifndef TRACE_H
#define TRACE_H

#include <stddef.h>
#include <stdint.h>

#include "fsm.h"

#define TRACE_VERSION 1

enum trace_kind { TRACE_BEGIN, TRACE_STATE, TRACE_POLICY, TRACE_EVENT, TRACE_GAP };

/* What came out of an event. */
struct trace_outcome {
    enum state state;
    unsigned actions;
    enum why why;
    uint32_t sum; /* trace_sum_of() the state as a whole */
};

struct trace_record {
    enum trace_kind kind;
    unsigned number; /* of the instance: STATE, POLICY, EVENT */
    /* BEGIN: */
    int pid;
    int64_t wall_ms;
    int64_t mono_ms;
    /* STATE: */
    const char *name; /* somebody else's; after trace_parse(), in the line */
    struct fsm fsm;
    /* POLICY: */
    struct fsm_policy policy;
    /* EVENT: */
    struct fsm_event event;
    struct trace_outcome outcome;
    /* GAP: */
    unsigned long lost;
};

/* The record as a line with its end. 0 with *out_line to free(), or -ENOMEM. */
int trace_line(const struct trace_record *record, char **out_line, size_t *out_bytes)
    __attribute__((warn_unused_result));

/* Reads a line without its end, which is cut into words. 0; -EILSEQ: its checksum is wrong;
 * -EPROTONOSUPPORT: it begins a trace of another version; -EBADMSG: it means nothing. Whatever it
 * lets through can be given to the state machine. */
int trace_parse(char *line, struct trace_record *out_record) __attribute__((warn_unused_result));

/* The checksum of a line: of all bytes up to the last space, that one included. A single changed
 * byte always changes it. */
uint32_t trace_sum(const char *bytes, size_t count);

uint32_t trace_sum_of(const struct fsm *fsm);
bool trace_same_state(const struct fsm *a, const struct fsm *b);
bool trace_same_policy(const struct fsm_policy *a, const struct fsm_policy *b);

#endif
