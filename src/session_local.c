/* session_local.c - see session_local.h. */
#include "session_local.h"

static void *start(void *arg, const struct command_style *style, size_t count, char *const *words)
{
    return call_new(arg, style, count, words);
}

static int fd(const void *call)
{
    return call_fd(call);
}

static int64_t deadline_ms(const void *call)
{
    return call_deadline_ms(call);
}

static bool run(void *call, FILE *out, int *out_exit)
{
    return call_run(call, out, out_exit);
}

static bool follows(const void *call)
{
    return call_follows(call);
}

static char *waiting_for(const void *call)
{
    return call_waiting_for(call);
}

static void release(void *call)
{
    call_free(call);
}

void session_local_init(struct session *out_session, struct command_env *env)
{
    static const struct session_ops ops = {
        .start = start,
        .fd = fd,
        .deadline_ms = deadline_ms,
        .run = run,
        .follows = follows,
        .waiting_for = waiting_for,
        .free = release,
    };
    *out_session = (struct session){ .ops = &ops, .arg = env };
}
