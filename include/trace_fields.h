/* trace_fields.h - the fields of what is traced, each with the bounds that a file has to keep, as
 * lists of numbers: for trace*.c only. A field that is added to one of these structs goes here, and
 * TRACE_VERSION is raised. */
#ifndef TRACE_FIELDS_H
#define TRACE_FIELDS_H

#include <stdbool.h>
#include <stdint.h>

#include "fsm.h"

/* So far from any overflow that a state machine may add, double and spread what it reads. */
#define TRACE_MS_MAX (INT64_C(1) << 50)

/* FIELD(name, least, most), in the order of the file. */
#define TRACE_STATE_FIELDS(FIELD)                \
    FIELD(state, 0, ST_COUNT - 1)                \
    FIELD(since_ms, -TRACE_MS_MAX, TRACE_MS_MAX) \
    FIELD(why.why, 0, WHY_UNHEALTHY)             \
    FIELD(why.arg, INT32_MIN, INT32_MAX)         \
    FIELD(why.ms, -TRACE_MS_MAX, TRACE_MS_MAX)   \
    FIELD(alive, 0, 1)                           \
    FIELD(leader_gone, 0, 1)                     \
    FIELD(launched, 0, 1)                        \
    FIELD(retiring, 0, 1)                        \
    FIELD(killed, 0, 1)                          \
    FIELD(after, 0, AFTER_FAULT)                 \
    FIELD(exited_in, 0, ST_COUNT - 1)            \
    FIELD(needs, 0, NEEDS_FAILED)                \
    FIELD(up_ms, -TRACE_MS_MAX, TRACE_MS_MAX)    \
    FIELD(lived_ms, 0, TRACE_MS_MAX)             \
    FIELD(kill_ms, -TRACE_MS_MAX, TRACE_MS_MAX)  \
    FIELD(exit.known, 0, 1)                      \
    FIELD(exit.code, 0, 255)                     \
    FIELD(exit.signal, 0, 127)                   \
    FIELD(exits, 0, TRACE_MS_MAX)                \
    FIELD(failures, 0, TRACE_MS_MAX)             \
    FIELD(restarts, 0, TRACE_MS_MAX)             \
    FIELD(delay_ms, 0, TRACE_MS_MAX)             \
    FIELD(wait_ms, 0, TRACE_MS_MAX)

#define TRACE_POLICY_FIELDS(FIELD)                 \
    FIELD(restart, 0, RESTART_ALWAYS)              \
    FIELD(expected.bits[0], INT64_MIN, INT64_MAX)  \
    FIELD(expected.bits[1], INT64_MIN, INT64_MAX)  \
    FIELD(expected.bits[2], INT64_MIN, INT64_MAX)  \
    FIELD(expected.bits[3], INT64_MIN, INT64_MAX)  \
    FIELD(attempts, CONFIG_NO_LIMIT, TRACE_MS_MAX) \
    FIELD(start_ms, 0, TRACE_MS_MAX)               \
    FIELD(ready_ms, -TRACE_MS_MAX, TRACE_MS_MAX)   \
    FIELD(delay_ms, 0, TRACE_MS_MAX)               \
    FIELD(delay_max_ms, 0, TRACE_MS_MAX)           \
    FIELD(fatal_retry_ms, 0, TRACE_MS_MAX)         \
    FIELD(grace_ms, 0, TRACE_MS_MAX)

#define TRACE_ONE(field, least, most) +1
enum {
    TRACE_STATE_NUMBERS = 0 TRACE_STATE_FIELDS(TRACE_ONE),
    TRACE_POLICY_NUMBERS = 0 TRACE_POLICY_FIELDS(TRACE_ONE),
    TRACE_NUMBERS_MAX = TRACE_STATE_NUMBERS,
};

/* From a struct to its numbers. */
void trace_pack_state(const struct fsm *from, int64_t out_numbers[static TRACE_STATE_NUMBERS]);
void trace_pack_policy(const struct fsm_policy *from,
                       int64_t out_numbers[static TRACE_POLICY_NUMBERS]);

/* And back: false where one is out of its bounds. */
bool trace_unpack_state(const int64_t numbers[static TRACE_STATE_NUMBERS], struct fsm *out_fsm);
bool trace_unpack_policy(const int64_t numbers[static TRACE_POLICY_NUMBERS],
                         struct fsm_policy *out_policy);

#endif
