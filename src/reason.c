/* reason.c - see reason.h. */
#include "reason.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "signame.h"
#include "timetext.h"

static char *words(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Not vasprintf(3), whose buffer would stay in the allocator's cache of each monitor's thread. */
static char *words(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = length < 0 ? NULL : malloc((size_t)length + 1);
    if (!text)
        return NULL;
    va_start(args, format);
    vsnprintf(text, (size_t)length + 1, format, args);
    va_end(args);
    return text;
}

static char *retry_text(struct reason why)
{
    char span[TIMETEXT_BYTES];
    if (why.ms <= 0)
        return words("automatic start %d, at once", why.arg);
    timetext_about(why.ms, span);
    return words("automatic start %d, after %s", why.arg, span);
}

static char *alive_text(struct reason why)
{
    char span[TIMETEXT_BYTES];
    if (why.ms <= 0)
        return words("the exec succeeded");
    timetext_about(why.ms, span);
    return words("alive for %s", span);
}

static char *not_ready_text(struct reason why, const char *detail)
{
    char span[TIMETEXT_BYTES];
    timetext_about(why.ms, span);
    if (!detail)
        return words("not ready within %s", span);
    return words("not ready within %s: %s", span, detail);
}

static char *ready_text(struct reason why)
{
    char span[TIMETEXT_BYTES];
    timetext_about(why.ms, span);
    return words("ready after %s", span);
}

static char *unhealthy_text(struct reason why, const char *detail)
{
    const char *plural = why.arg == 1 ? "" : "s in a row";
    return words("%d health check%s failed: %s", why.arg, plural, detail ? detail : "no answer");
}

bool reason_has_detail(struct reason why)
{
    return why.why == WHY_NOT_SPAWNED || why.why == WHY_NO_RESOURCES || why.why == WHY_NOT_READY ||
           why.why == WHY_UNHEALTHY;
}

char *reason_text(struct reason why, const char *detail)
{
    switch (why.why) {
    case WHY_NONE: return words("never started");
    case WHY_USER: return words("asked by a user");
    case WHY_AUTO_LAUNCH: return words("autoLaunch");
    case WHY_RELOAD: return words("the configuration changed");
    case WHY_REMOVED: return words("no longer in the configuration");
    case WHY_SHUTDOWN: return words("the supervisor is shutting down");
    case WHY_ALIVE: return alive_text(why);
    case WHY_EXITED: return words("exited with code %d", why.arg);
    case WHY_SIGNALED: return words("killed by %s", signame(why.arg));
    case WHY_LEFTOVERS: return words("exited, but left processes behind");
    case WHY_NOT_SPAWNED: return words("%s", detail ? detail : "it could not be started");
    case WHY_NO_RESOURCES:
        return words("%s; it is tried again", detail ? detail : "no process could be made");
    case WHY_RETRY: return retry_text(why);
    case WHY_NEEDS:
        if (why.arg)
            return words("what it waited for is there");
        return words("%s", detail
                               ? detail
                               : "waits until its predecessor, of an older configuration, is gone");
    case WHY_NEEDS_FAILED: return words("%s", detail ? detail : "something it depends on is FATAL");
    case WHY_READY: return ready_text(why);
    case WHY_NOT_READY: return not_ready_text(why, detail);
    case WHY_UNHEALTHY: return unhealthy_text(why, detail);
    }
    return words("unknown");
}

const char *exit_text(const struct fsm_exit *exit, char out[static 24])
{
    if (!exit->known)
        snprintf(out, 24, "-");
    else if (exit->signal)
        snprintf(out, 24, "%s", signame(exit->signal));
    else
        snprintf(out, 24, "exit %d", exit->code);
    return out;
}
