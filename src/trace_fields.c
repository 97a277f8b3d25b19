/* trace_fields.c - see trace_fields.h. */
#include "trace_fields.h"

#include <stddef.h>

/* What is in files: a change of one of these needs another version. */
_Static_assert(WHY_UNHEALTHY == 17 && ST_COUNT == 7 && ACT_BUG == 16,
               "the numbers of the state machine are those of TRACE_VERSION 1");
#ifdef __LP64__
_Static_assert(sizeof(struct fsm) == 136 && sizeof(struct fsm_policy) == 96,
               "every field of what is traced is in trace_fields.h");
#endif

struct bounds {
    int64_t least, most;
};

#define BOUNDS(field, least, most) { least, most },
static const struct bounds state_bounds[] = { TRACE_STATE_FIELDS(BOUNDS) };
static const struct bounds policy_bounds[] = { TRACE_POLICY_FIELDS(BOUNDS) };

static bool within(const int64_t *numbers, const struct bounds *bounds, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (numbers[i] < bounds[i].least || numbers[i] > bounds[i].most)
            return false;
    return true;
}

#define PACK(field, least, most) out_numbers[i++] = (int64_t)from->field;
#define UNPACK(field, least, most) to.field = (__typeof__(to.field))numbers[i++];

void trace_pack_state(const struct fsm *from, int64_t out_numbers[static TRACE_STATE_NUMBERS])
{
    size_t i = 0;
    TRACE_STATE_FIELDS(PACK)
}

void trace_pack_policy(const struct fsm_policy *from,
                       int64_t out_numbers[static TRACE_POLICY_NUMBERS])
{
    size_t i = 0;
    TRACE_POLICY_FIELDS(PACK)
}

bool trace_unpack_state(const int64_t numbers[static TRACE_STATE_NUMBERS], struct fsm *out_fsm)
{
    struct fsm to = { 0 };
    size_t i = 0;
    if (!within(numbers, state_bounds, TRACE_STATE_NUMBERS))
        return false;
    TRACE_STATE_FIELDS(UNPACK)
    *out_fsm = to;
    return true;
}

bool trace_unpack_policy(const int64_t numbers[static TRACE_POLICY_NUMBERS],
                         struct fsm_policy *out_policy)
{
    struct fsm_policy to = { 0 };
    size_t i = 0;
    if (!within(numbers, policy_bounds, TRACE_POLICY_NUMBERS))
        return false;
    TRACE_POLICY_FIELDS(UNPACK)
    *out_policy = to;
    return true;
}
