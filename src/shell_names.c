/* shell_names.c - see shell_names.h. */
#include "shell_names.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "reply.h"

static bool add_name(char **names, size_t *count, const char *name)
{
    names[*count] = strdup(name);
    return names[*count] != NULL && ++*count > 0;
}

/* Two names an instance at most. */
static int names_of(const struct snapshot_set *set, char ***out_names, size_t *out_count)
{
    const char *task = "";
    size_t count = 0;
    char **names = calloc(set->count * 2 + 1, sizeof *names);
    bool ok = names != NULL;
    for (size_t i = 0; ok && i < set->count; i++) {
        const struct identity *id = set->items[i].id;
        if (strcmp(task, id->task->name) != 0)
            ok = add_name(names, &count, id->task->name);
        task = id->task->name;
        ok = ok && add_name(names, &count, id->name);
    }
    if (!ok) {
        shell_names_free(names);
        return -ENOMEM;
    }
    *out_names = names;
    *out_count = count;
    return 0;
}

static int receive(struct reply *reply, int64_t deadline_ms, char ***out_names, size_t *out_count)
{
    struct answer answer;
    int error = -EPROTO;
    bool more = true;
    while (more) {
        int received = reply_recv(reply, &answer, deadline_ms);
        if (received != 0)
            return received;
        more = answer.kind != ANSWER_ROUTED && answer.kind != ANSWER_SNAPSHOTS;
        if (answer.kind == ANSWER_SNAPSHOTS && answer.set != NULL)
            error = names_of(answer.set, out_names, out_count);
        answer_release(&answer);
    }
    return error;
}

/* The request gets a share of the reply, and gives it back with ANSWER_ROUTED in any case. */
static int post(struct manager *manager, struct reply *reply)
{
    struct answer routed = { .kind = ANSWER_ROUTED };
    int error = reply_owe(reply, 1);
    if (error != 0)
        return error;
    struct request *request = request_new(REQ_STATUS, NULL, 0, reply);
    if (request == NULL) {
        reply_send(reply, &routed);
        return -ENOMEM;
    }
    error = manager_post(manager, request);
    if (error != 0)
        request_free(request);
    return error;
}

int shell_names(struct manager *manager, int64_t deadline_ms, char ***out_names, size_t *out_count)
{
    struct reply *reply = reply_new(NULL, NULL);
    if (reply == NULL)
        return -ENOMEM;
    int error = post(manager, reply);
    if (error == 0)
        error = receive(reply, deadline_ms, out_names, out_count);
    reply_leave(reply);
    return error;
}

void shell_names_free(char **names)
{
    for (size_t i = 0; names != NULL && names[i] != NULL; i++)
        free(names[i]);
    free(names);
}
