/* Two million random events against a model of what surrounds a state machine. FSM_SEED chooses
 * others; a failure names the seed that shows it again. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "fsm_model.h"

#define EVENTS 2000000UL
#define LONGEST_LIFE 2000

/* splitmix64: every seed gives a good sequence. */
static uint32_t draw(void *source)
{
    uint64_t *state = source;
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)((z ^ (z >> 31)) >> 32);
}

static uint64_t first_seed(void)
{
    const char *text = getenv("FSM_SEED");

    return text ? strtoull(text, NULL, 0) : 1;
}

/* The life of one instance from a seed; adds its events to *count. */
static void live(uint64_t seed, unsigned long *count, unsigned long seen[ST_COUNT][EV_COUNT])
{
    uint64_t state = seed;
    struct model m = model_new(draw, &state);

    for (int i = 0; i < LONGEST_LIFE && !m.gone && !m.broken; i++) {
        model_step(&m);
        const struct model_line *line = &m.trace[(m.steps - 1) % MODEL_TRACE];
        seen[line->from][line->ev.kind]++;
    }
    if (!m.gone && !m.broken)
        model_finish(&m);
    *count += m.steps;
    if (m.broken)
        model_print(&m, stderr);
    cr_assert(!m.broken, "FSM_SEED=%llu: not true that %s", (unsigned long long)seed, m.broken);
}

Test(fsm_random, invariants_hold_whatever_happens)
{
    unsigned long count = 0;
    unsigned long seen[ST_COUNT][EV_COUNT] = { { 0 } };

    for (uint64_t seed = first_seed(); count < EVENTS; seed++)
        live(seed, &count, seen);
    for (enum state state = 0; state < ST_COUNT; state++)
        for (enum fsm_event_kind kind = EV_START; kind <= EV_KILL; kind++)
            cr_expect(seen[state][kind] > 100 || kind == EV_RETIRE,
                      "%s was asked %d only %lu times", state_name(state), kind, seen[state][kind]);
}
