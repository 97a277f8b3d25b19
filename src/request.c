/* request.c - requests to the manager, see manager.h. */
#include <stdlib.h>
#include <string.h>

#include "manager.h"

struct request *request_new(enum request_kind kind, const char *const *targets, size_t target_count,
                            struct reply *reply)
{
    struct request *request = calloc(1, sizeof *request);
    if (!request)
        return NULL;
    request->kind = kind;
    request->targets = calloc(target_count + 1, sizeof *request->targets);
    if (!request->targets)
        goto fail;
    for (; request->target_count < target_count; request->target_count++) {
        char *copy = strdup(targets[request->target_count]);
        if (!copy)
            goto fail;
        request->targets[request->target_count] = copy;
    }
    request->reply = reply;
    return request;
fail:
    request_free(request);
    return NULL;
}

void request_free(struct request *request)
{
    if (!request)
        return;
    if (request->reply) {
        struct answer routed = { .kind = ANSWER_ROUTED, .count = request->outcomes };
        reply_send(request->reply, &routed);
    }
    for (size_t i = 0; i < request->target_count; i++)
        free(request->targets[i]);
    free(request->targets);
    config_free(request->config);
    free(request);
}
