/* call_scene.h - a call, the instances it is about, and a place where its requests end and answers
 * are made by hand: what tests of calls share. */
#ifndef CALL_SCENE_H
#define CALL_SCENE_H

#include "call.h"

#include "instances.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "clock.h"
#include "errand.h"

#define PATIENCE_MS 30000
#define REQUESTS 4

struct scene {
    struct config *config;
    struct snapshot_set *set;
    struct command_env env;
    struct command_style style;
    struct call *call;
    struct request *requests[REQUESTS]; /* that were posted */
    size_t request_count;
    int refuse; /* what posting fails with, or 0 */
    int exit_status;
    char *text;
    size_t bytes;
    FILE *out;
    char directory[64];
};

/* A scene with tasks `web` (two instances with one log), `db` (a log each of stdout and stderr),
 * and `mute` (none). */
static inline void scene_init(struct scene *scene)
{
    static char *nothing[] = { NULL };
    char yaml[1000];
    *scene = (struct scene){ .directory = "/tmp/test_call.XXXXXX", .exit_status = -1 };
    cr_assert_not_null(mkdtemp(scene->directory));
    snprintf(yaml, sizeof yaml,
             "tasks:\n"
             "  web: {command: /bin/true, instances: 2, stdout: %s/web, stderr: stdout}\n"
             "  db: {command: /bin/true, stdout: %s/db, stderr: %s/err}\n"
             "  mute: {command: /bin/true, stdout: /dev/null}\n",
             scene->directory, scene->directory, scene->directory);
    scene->config = config_of(yaml);
    scene->set = snapshots_of(scene->config);
    scene->out = open_memstream(&scene->text, &scene->bytes);
    scene->env.environment = nothing;
    scene->env.errands = errands_new(4);
}

static inline void scene_release(struct scene *scene)
{
    static const char *const names[] = { "web", "db", "err" };
    char path[100];
    call_free(scene->call);
    errands_free(scene->env.errands);
    for (size_t i = 0; i < scene->request_count; i++)
        request_free(scene->requests[i]);
    fclose(scene->out);
    free(scene->text);
    snapshot_set_free(scene->set);
    config_free(scene->config);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", scene->directory, names[i]);
        unlink(path);
    }
    rmdir(scene->directory);
}

/* Keeps the request: the scene stands for the manager. */
static inline int keep_request(struct manager *manager, struct request *request)
{
    struct scene *scene = (struct scene *)manager;
    if (scene->refuse)
        return scene->refuse;
    cr_assert_lt(scene->request_count, REQUESTS);
    scene->requests[scene->request_count++] = request;
    return 0;
}

/* Makes a REQ_RELOAD of it. */
static inline int keep_reload(struct loader *loader, struct reply *reply, bool dry_run)
{
    struct scene *scene = (struct scene *)loader;
    struct request *request = request_new(REQ_RELOAD, NULL, 0, reply);
    request->dry_run = dry_run;
    if (!scene->refuse)
        return keep_request((struct manager *)loader, request);
    request->reply = NULL;
    request_free(request);
    return scene->refuse;
}

static inline void send_answer(struct request *request, struct answer answer)
{
    cr_assert_eq(reply_owe(request->reply, 1), 0);
    reply_send(request->reply, &answer);
}

static inline void send_outcome(struct scene *scene, struct request *request, size_t index,
                                enum outcome outcome)
{
    send_answer(request, (struct answer){ .kind = ANSWER_OUTCOME,
                                          .outcome = outcome,
                                          .pid = 7,
                                          .id = identity_ref(scene->set->items[index].id) });
}

static inline void send_plan(struct request *request, const char *text, const char *json)
{
    send_answer(request,
                (struct answer){ .kind = ANSWER_PLAN, .text = strdup(text), .json = strdup(json) });
}

static inline void send_text(struct request *request, enum answer_kind kind, const char *text)
{
    send_answer(request, (struct answer){ .kind = kind, .text = strdup(text) });
}

/* Copies of the scene's snapshots from `first` on. */
static inline void send_snapshots(struct scene *scene, struct request *request, size_t first,
                                  size_t count)
{
    struct snapshot_set *set = calloc(1, sizeof *set);
    set->items = calloc(count, sizeof *set->items);
    set->count = count;
    for (size_t i = 0; i < count; i++) {
        set->items[i] = scene->set->items[first + i];
        identity_ref(set->items[i].id);
    }
    send_answer(request, (struct answer){ .kind = ANSWER_SNAPSHOTS, .set = set });
}

static inline void send_routed(struct request *request, size_t count)
{
    send_answer(request, (struct answer){ .kind = ANSWER_ROUTED, .count = count });
}

/* Starts a command; false while it waits. */
static inline bool begin(struct scene *scene, const char *line)
{
    char **words;
    size_t count;
    cr_assert_eq(command_split(line, &words, &count), 0);
    scene->env.manager = (struct manager *)scene;
    scene->env.loader = (struct loader *)scene;
    scene->call = call_new(&scene->env, &scene->style, count, words);
    command_words_free(words);
    scene->call->post = keep_request;
    scene->call->post_reload = keep_reload;
    return call_run(scene->call, scene->out, &scene->exit_status);
}

/* Runs the call whenever it is to be run, until it has finished. */
static inline void run_to_the_end(struct scene *scene)
{
    int64_t deadline_ms = clock_ms() + PATIENCE_MS;
    do {
        struct pollfd wait = { .fd = call_fd(scene->call), .events = POLLIN };
        int64_t until_ms = call_deadline_ms(scene->call);
        cr_assert_lt(clock_ms(), deadline_ms);
        poll(&wait, 1, clock_poll_timeout(until_ms < deadline_ms ? until_ms : deadline_ms));
    } while (!call_run(scene->call, scene->out, &scene->exit_status));
}

/* Runs the call whenever it is to be run, until it has posted so many requests. */
static inline void run_until_asked(struct scene *scene, size_t requests)
{
    while (scene->request_count < requests) {
        struct pollfd wait = { .fd = call_fd(scene->call), .events = POLLIN };
        cr_assert_lt(call_deadline_ms(scene->call), INT64_MAX);
        poll(&wait, 1, clock_poll_timeout(call_deadline_ms(scene->call)));
        cr_assert_not(call_run(scene->call, scene->out, &scene->exit_status));
    }
}

/* Runs the call, as it is woken, until what it printed ends with `text`. */
static inline void run_until(struct scene *scene, const char *text)
{
    int64_t deadline_ms = clock_ms() + PATIENCE_MS;
    for (;;) {
        struct pollfd wait = { .fd = call_fd(scene->call), .events = POLLIN };
        fflush(scene->out);
        size_t length = strlen(text);
        if (scene->bytes >= length && strcmp(scene->text + scene->bytes - length, text) == 0)
            return;
        cr_assert_eq(poll(&wait, 1, clock_poll_timeout(deadline_ms)), 1, "%s", scene->text);
        cr_assert_not(call_run(scene->call, scene->out, &scene->exit_status), "%s", scene->text);
    }
}

static inline bool is_woken(struct scene *scene)
{
    struct pollfd wait = { .fd = call_fd(scene->call), .events = POLLIN };
    return poll(&wait, 1, 0) == 1;
}

static inline void wait_until_woken(struct scene *scene)
{
    struct pollfd wait = { .fd = call_fd(scene->call), .events = POLLIN };
    cr_assert_eq(poll(&wait, 1, PATIENCE_MS), 1);
}

static inline void expect(struct scene *scene, int exit_status, const char *text)
{
    fflush(scene->out);
    cr_assert_str_eq(scene->text ? scene->text : "", text);
    cr_assert_eq(scene->exit_status, exit_status);
}

static inline void write_log(const struct scene *scene, const char *name, const char *text)
{
    char path[100];
    snprintf(path, sizeof path, "%s/%s", scene->directory, name);
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

/* Runs `line` with snapshots of the instances from `first` on as the answer. */
static inline void run_shown(struct scene *scene, const char *line, size_t first, size_t count)
{
    cr_assert_not(begin(scene, line));
    cr_assert_eq(scene->requests[0]->kind, REQ_STATUS);
    send_snapshots(scene, scene->requests[0], first, count);
    send_routed(scene->requests[0], 0);
    run_to_the_end(scene);
}

#endif
