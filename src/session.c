/* session.c - see session.h. */
#include "session.h"

#include <stdlib.h>

struct session_call {
    const struct session_ops *ops;
    void *call;
};

struct session_call *session_start(const struct session *session, const struct command_style *style,
                                   size_t count, char *const *words)
{
    struct session_call *call = malloc(sizeof *call);
    if (call == NULL)
        return NULL;
    call->ops = session->ops;
    call->call = session->ops->start(session->arg, style, count, words);
    if (call->call == NULL) {
        free(call);
        return NULL;
    }
    return call;
}

int session_call_fd(const struct session_call *call)
{
    return call->ops->fd(call->call);
}

int64_t session_call_deadline_ms(const struct session_call *call)
{
    return call->ops->deadline_ms(call->call);
}

bool session_call_run(struct session_call *call, FILE *out, int *out_exit)
{
    return call->ops->run(call->call, out, out_exit);
}

bool session_call_follows(const struct session_call *call)
{
    return call->ops->follows(call->call);
}

char *session_call_waiting_for(const struct session_call *call)
{
    return call->ops->waiting_for(call->call);
}

void session_call_free(struct session_call *call)
{
    if (call == NULL)
        return;
    call->ops->free(call->call);
    free(call);
}
