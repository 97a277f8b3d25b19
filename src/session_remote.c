/* session_remote.c - see session_remote.h. */
#include "session_remote.h"

#include <stdlib.h>
#include <string.h>

#include "client.h"

struct remote_call {
    struct client *client;
    bool follows;
};

static void *start(void *arg, const struct command_style *style, size_t count, char *const *words)
{
    const struct session_remote *where = arg;
    const struct client_request request = {
        .words = words,
        .count = count,
        .colour = style->colour,
        .width = style->width,
        .progress = where->progress,
    };
    struct remote_call *call = malloc(sizeof *call);
    if (call == NULL)
        return NULL;
    call->follows = command_follows(count, words);
    bool until_gone = command_ends(count, words) == ENDS_SUPERVISOR;
    call->client = client_new(where->path, &request, until_gone);
    if (call->client != NULL)
        return call;
    free(call);
    return NULL;
}

static int fd(const void *call)
{
    return client_fd(((const struct remote_call *)call)->client);
}

static int64_t deadline_ms(const void *call)
{
    return client_deadline_ms(((const struct remote_call *)call)->client);
}

static bool run(void *arg, FILE *out, int *out_exit)
{
    struct remote_call *call = arg;
    bool done = client_run(call->client, out, out_exit);
    const char *problem = client_problem(call->client);
    if (done && problem != NULL)
        fprintf(out, "%s\n", problem);
    return done;
}

static bool follows(const void *call)
{
    return ((const struct remote_call *)call)->follows;
}

static char *waiting_for(const void *call)
{
    const char *text = client_waiting_for(((const struct remote_call *)call)->client);
    return text == NULL ? NULL : strdup(text);
}

static void release(void *arg)
{
    struct remote_call *call = arg;
    client_free(call->client);
    free(call);
}

void session_remote_init(struct session *out_session, struct session_remote *where)
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
    *out_session = (struct session){ .ops = &ops, .arg = where, .remote = true };
}
