/* verdict.c - see verdict.h. */
#include "verdict.h"

#include <errno.h>

bool verdict_is_due(const struct task_config *task, const struct fsm *before,
                    const struct fsm *after)
{
    if (before->state == after->state)
        return false;
    if (after->state == ST_FATAL) {
        bool for_good = task->fatal_retry_ms == 0;
        return task->on_fatal == ON_END_SHUTDOWN || (for_good && task->on_exit == ON_END_SHUTDOWN);
    }
    bool ended = after->state == ST_STOPPED &&
                 (after->why.why == WHY_EXITED || after->why.why == WHY_SIGNALED);
    return ended && task->on_exit == ON_END_SHUTDOWN;
}

static int exit_code(const struct fsm_exit *exit)
{
    return exit->signal ? 128 + exit->signal : exit->code;
}

int verdict_code(const struct fsm *f, int spawn_error)
{
    switch (f->why.why) {
    case WHY_EXITED:
    case WHY_SIGNALED: return exit_code(&f->exit);
    case WHY_NOT_SPAWNED: return spawn_error == -ENOENT ? 127 : 126;
    case WHY_NOT_READY:
    case WHY_UNHEALTHY: /* asked to end for that, it may have done so without complaint */
        return exit_code(&f->exit) ? exit_code(&f->exit) : 1;
    case WHY_NONE:
    case WHY_USER:
    case WHY_AUTO_LAUNCH:
    case WHY_RELOAD:
    case WHY_REMOVED:
    case WHY_SHUTDOWN:
    case WHY_ALIVE:
    case WHY_LEFTOVERS:
    case WHY_NO_RESOURCES:
    case WHY_RETRY:
    case WHY_NEEDS:
    case WHY_NEEDS_FAILED:
    case WHY_READY: break;
    }
    return 1;
}
