/* fuzz_notice.c - any bytes as what a task sends to its notify socket: they mean something within
 * bounds, and the rules of readiness and health take it in any phase. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "notice.h"
#include "vital_rules.h"

#define NOW 1000000
#define YEAR_MS (INT64_C(365) * 24 * 60 * 60 * 1000)

#define EXPECT(condition) \
    do {                  \
        if (!(condition)) \
            abort();      \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct task_config task = {
        .ready = { .kind = PROBE_NOTIFY, .timeout_ms = 1000 },
        .health = { .kind = PROBE_WATCHDOG, .timeout_ms = 1000 },
    };
    struct notice notice;
    if (size > NOTICE_BYTES)
        return 0;
    char *bytes = malloc(size ? size : 1); /* of its own, so that reading past its end is noticed */
    EXPECT(bytes);
    if (size)
        memcpy(bytes, data, size);
    notice_parse(bytes, size, &notice);
    free(bytes);
    EXPECT(strlen(notice.status) <= NOTICE_STATUS_BYTES);
    EXPECT(notice.watchdog_ms >= -1 && notice.watchdog_ms <= YEAR_MS);
    EXPECT(notice.extend_ms >= -1 && notice.extend_ms <= YEAR_MS);
    struct vital_state s = { .due_ms = INT64_MAX };
    vital_enter(&s, &task, VITAL_STARTING, NOW);
    EXPECT(vital_told(&s, &task, &notice, NOW) == (notice.ready ? VITAL_READY : VITAL_NOTHING));
    vital_enter(&s, &task, VITAL_RUNNING, NOW);
    bool triggers = notice.watchdog == NOTICE_TRIGGER;
    EXPECT(vital_told(&s, &task, &notice, NOW) == (triggers ? VITAL_UNHEALTHY : VITAL_NOTHING));
    EXPECT(s.due_ms > NOW);
    return 0;
}
