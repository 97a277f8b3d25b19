/* loader.c - see loader.h. */
#include "loader.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capacity.h"
#include "chan/chan.h"
#include "chan/waitgroup.h"
#include "config.h"
#include "log.h"

/* Reloads waiting beside the one under way; each will read a file newer than its request. */
#define INBOX_SLOTS 8

struct load {
    struct reply *reply;
    bool dry_run;
};

struct loader {
    const char *path;
    char *const *environment;
    struct manager *manager;
    struct chan *inbox;
    struct waitgroup *running; /* 1 while the thread runs */
    pthread_t thread;
};

static void log_lines(const char *lines)
{
    while (*lines) {
        size_t length = strcspn(lines, "\n");
        log_write(LOG_ERROR, "reload: %.*s", (int)length, lines);
        lines += length + (lines[length] == '\n');
    }
}

static void tell(struct request *request, const char *text)
{
    struct answer answer = { .kind = ANSWER_ERRORS, .text = strdup(text) };
    if (!request->reply || reply_owe(request->reply, 1))
        answer_release(&answer);
    else
        reply_send(request->reply, &answer);
}

static void fail(struct request *request, const char *lines)
{
    log_lines(lines);
    tell(request, lines);
    request_free(request);
}

/* Read, checked, and small enough for this system; as config_load(). */
static int load_config(const struct loader *l, struct config **out_config, char **out_errors)
{
    struct config *config;
    struct capacity capacity;
    char *problem = NULL;
    int error = config_load(l->path, l->environment, &config, out_errors);
    if (error)
        return error;
    capacity_read(&capacity);
    error = capacity_check(&capacity, config, &problem);
    if (!error) {
        *out_config = config;
        return 0;
    }
    config_free(config);
    if (problem && asprintf(out_errors, "cannot reload: %s\n", problem) < 0)
        *out_errors = NULL;
    free(problem);
    return error;
}

static void run_load(struct loader *l, const struct load *load)
{
    struct request *request = request_new(REQ_RELOAD, NULL, 0, load->reply);
    if (!request) {
        struct answer routed = { .kind = ANSWER_ROUTED };
        log_write(LOG_ERROR, "reload: %s", strerrordesc_np(ENOMEM));
        if (load->reply)
            reply_send(load->reply, &routed);
        return;
    }
    request->dry_run = load->dry_run;
    char *errors = NULL;
    if (load_config(l, &request->config, &errors)) {
        fail(request, errors ? errors : "cannot reload: out of memory\n");
        free(errors);
        return;
    }
    int error = manager_post(l->manager, request);
    if (error == -EPIPE)
        fail(request, "cannot reload: taskmaster is shutting down\n");
    else if (error)
        fail(request, "cannot reload: too many requests under way, try again\n");
}

static void *loader_run(void *arg)
{
    struct loader *l = arg;
    struct load load;
    while (chan_recv(l->inbox, &load, CHAN_FOREVER) == 0) /* closed by loader_free() */
        run_load(l, &load);
    waitgroup_done(l->running);
    return NULL;
}

static void release(struct loader *l)
{
    chan_free(l->inbox);
    waitgroup_free(l->running);
    free(l);
}

int loader_new(const char *path, char *const *environment, struct manager *manager,
               struct loader **out_loader)
{
    struct loader *l = calloc(1, sizeof *l);
    if (!l)
        return -ENOMEM;
    *l = (struct loader){ .path = path, .environment = environment, .manager = manager };
    l->inbox = chan_new(sizeof(struct load), INBOX_SLOTS);
    l->running = waitgroup_new();
    int error = -ENOMEM;
    if (l->inbox && l->running) {
        waitgroup_add(l->running, 1);
        error = -pthread_create(&l->thread, NULL, loader_run, l);
    }
    if (error) {
        release(l);
        return error;
    }
    *out_loader = l;
    return 0;
}

int loader_post(struct loader *l, struct reply *reply, bool dry_run)
{
    struct load load = { .reply = reply, .dry_run = dry_run };
    int error = chan_send(l->inbox, &load, CHAN_NOW);
    return error == -ETIMEDOUT ? -EAGAIN : error;
}

int loader_free(struct loader *l, int64_t deadline_ms)
{
    if (!l)
        return 0;
    chan_close(l->inbox);
    if (waitgroup_wait(l->running, deadline_ms)) {
        log_write(LOG_WARN, "a reload still waits for '%s'", l->path);
        return -ETIMEDOUT;
    }
    pthread_join(l->thread, NULL);
    release(l);
    return 0;
}
