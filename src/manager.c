/* manager.c - see manager.h. The thread: what arrives in the inbox, requests, shutdown. */
#include "manager.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "manager_state.h"

/* Requests that may wait; one more is told to try again. They are counted, not left to the ordinary
 * slots of the inbox, which a thousand monitors that end at once would fill with their news. */
#define REQUESTS_MAX 64
/* Those, manager_shutdown(), manager_kill(); manager_entries.c adds what monitors post. */
#define INBOX_RESERVED (REQUESTS_MAX + 2)

enum message_kind {
    MESSAGE_REQUEST,
    MESSAGE_CHANGED,
    MESSAGE_GONE,
    MESSAGE_SHUTDOWN,
    MESSAGE_KILL,
};

struct message {
    enum message_kind kind;
    void *item; /* REQUEST: the request; CHANGED, GONE: the entry */
};

/* ---- news of monitors ---- */

static void send_news(struct manager *m, enum message_kind kind, void *owner)
{
    struct message message = { .kind = kind, .item = owner };
    if (chan_send_reserved(m->inbox, &message))
        log_write(LOG_ERROR, "the manager's inbox refused news of a monitor");
}

static void on_monitor_change(void *arg, void *owner)
{
    send_news(arg, MESSAGE_CHANGED, owner);
}

static void on_monitor_gone(void *arg, void *owner)
{
    send_news(arg, MESSAGE_GONE, owner);
}

/* ---- requests ---- */

static size_t resolve(struct manager *m, const struct request *request, struct entries *entries)
{
    unsigned long mark = ++m->table.last_mark;
    for (size_t i = 0; i < request->target_count; i++)
        if (table_find(&m->table, request->targets[i], mark, entries) == 0)
            manager_tell(request->reply, (struct answer){ .kind = ANSWER_NO_TARGET,
                                                          .text = strdup(request->targets[i]) });
    return entries->count;
}

static size_t order_targets(struct manager *m, const struct request *request, enum order_kind kind)
{
    struct entries entries = { 0 };
    const struct order_set set = {
        .kind = kind,
        .why = WHY_USER,
        .wait = request->wait,
        .force = request->force,
        .signal = request->signal,
        .reply = request->reply,
    };
    resolve(m, request, &entries);
    size_t outcomes = manager_order_set(m, &set, &entries);
    free(entries.items);
    return outcomes;
}

static void add_snapshot(struct snapshot_set *set, struct entry *entry, bool history)
{
    if (!entry->monitor)
        return;
    monitor_snapshot(entry->monitor, history, &set->items[set->count++]);
}

/* In the order of the table, whatever the order of the targets; what is stopping for good comes
 * last. */
static struct snapshot_set *take_snapshots(struct manager *m, unsigned long mark, bool all,
                                           bool history)
{
    struct snapshot_set *set = calloc(1, sizeof *set);
    if (!set)
        return NULL;
    set->items = calloc(m->table.alive + 1, sizeof *set->items);
    if (!set->items) {
        free(set);
        return NULL;
    }
    for (size_t i = 0; i < m->table.row_count; i++) {
        struct row *row = m->table.rows[i];
        for (size_t k = 0; k < row->count; k++)
            if (all || row->entries[k]->mark == mark)
                add_snapshot(set, row->entries[k], history);
    }
    for (struct entry *entry = m->table.retired; entry; entry = entry->next)
        if (entry->mark == mark || (all && !entry_is_gone(entry)))
            add_snapshot(set, entry, history);
    return set;
}

static void answer_status(struct manager *m, const struct request *request)
{
    struct entries entries = { 0 };
    resolve(m, request, &entries);
    free(entries.items);
    struct answer answer = { .kind = ANSWER_SNAPSHOTS };
    answer.set = take_snapshots(m, m->table.last_mark, request->target_count == 0,
                                request->history);
    manager_tell(request->reply, answer);
}

static size_t shut_down(struct manager *m, struct reply *reply)
{
    size_t count = 0;
    m->shutting_down = true;
    for (size_t i = 0; i < m->table.row_count; i++) {
        struct row *row = m->table.rows[i];
        for (size_t k = 0; k < row->count; k++)
            count += manager_retire(m, row->entries[k], WHY_SHUTDOWN, reply);
    }
    return count;
}

/* Only what is being stopped takes notice of it. */
static void kill_entry(struct entry *entry, int64_t now_ms)
{
    if (!entry->monitor)
        return;
    monitor_unstick(entry->monitor, now_ms);
    entry->stop_due_ms = now_ms;
    if (!entry->killed)
        monitor_kill(entry->monitor);
    entry->killed = true;
}

/* The order of stops is given up. */
static void flush_all(struct manager *m)
{
    for (size_t i = 0; i < m->table.row_count; i++)
        for (size_t k = 0; k < m->table.rows[i]->count; k++)
            manager_flush(m, m->table.rows[i]->entries[k]);
    for (struct entry *entry = m->table.retired; entry; entry = entry->next)
        manager_flush(m, entry);
}

static void kill_all(struct manager *m)
{
    int64_t now_ms = clock_ms();
    m->killing = m->shutting_down;
    flush_all(m);
    for (size_t i = 0; i < m->table.row_count; i++)
        for (size_t k = 0; k < m->table.rows[i]->count; k++)
            kill_entry(m->table.rows[i]->entries[k], now_ms);
    for (struct entry *entry = m->table.retired; entry; entry = entry->next)
        kill_entry(entry, now_ms);
    m->sweep_ms = now_ms;
}

static size_t run_request(struct manager *m, struct request *request)
{
    switch (request->kind) {
    case REQ_START: return order_targets(m, request, ORDER_START);
    case REQ_STOP: return order_targets(m, request, ORDER_STOP);
    case REQ_RESTART: return order_targets(m, request, ORDER_RESTART);
    case REQ_SIGNAL: return order_targets(m, request, ORDER_SIGNAL);
    case REQ_STATUS: answer_status(m, request); break;
    case REQ_RELOAD: return manager_reload(m, request);
    case REQ_SHUTDOWN: return shut_down(m, request->reply);
    case REQ_KILL: kill_all(m); break;
    }
    return 0;
}

static void take_request(struct manager *m, struct request *request)
{
    atomic_fetch_sub(&m->requests, 1);
    request->outcomes = run_request(m, request);
    request_free(request);
}

/* ---- the thread ---- */

static void take_message(struct manager *m, const struct message *message)
{
    switch (message->kind) {
    case MESSAGE_REQUEST: take_request(m, message->item); break;
    case MESSAGE_CHANGED: manager_changed(m, message->item); break;
    case MESSAGE_GONE: manager_gone(m, message->item); break;
    case MESSAGE_SHUTDOWN: shut_down(m, NULL); break;
    case MESSAGE_KILL: kill_all(m); break;
    }
}

static void refuse(struct request *request)
{
    manager_tell(request->reply, (struct answer){
                                     .kind = ANSWER_ERRORS,
                                     .text = strdup("taskmaster is shutting down\n"),
                                 });
    request_free(request);
}

static void launch_all(struct manager *m)
{
    const struct order_set set = { .kind = ORDER_START, .why = WHY_AUTO_LAUNCH, .must = true };
    struct entries entries = { 0 };
    unsigned long mark = ++m->table.last_mark;
    for (size_t i = 0; i < m->table.row_count; i++) {
        struct row *row = m->table.rows[i];
        for (size_t k = 0; row->task->auto_launch && k < row->count; k++)
            if (entries_add(&entries, row->entries[k], mark))
                log_write(LOG_ERROR, "no memory to start '%s'", row->entries[k]->id->name);
    }
    manager_order_set(m, &set, &entries);
    free(entries.items);
}

static void *manager_run(void *arg)
{
    struct manager *m = arg;
    if (!m->shutting_down)
        launch_all(m);
    while (!m->shutting_down || m->table.alive) {
        struct message message;
        manager_release_ready(m);
        if (chan_recv(m->inbox, &message, m->sweep_ms) == 0)
            take_message(m, &message);
        else
            manager_sweep(m);
    }
    struct message message;
    chan_close(m->inbox);
    while (chan_recv(m->inbox, &message, CHAN_NOW) == 0)
        if (message.kind == MESSAGE_REQUEST)
            refuse(message.item);
    m->on_end(m->on_end_arg);
    return NULL;
}

static void release(struct manager *m)
{
    for (size_t i = 0; i < m->table.row_count; i++)
        manager_unlink(m, m->table.rows[i]);
    table_release(&m->table);
    config_free(m->config);
    chan_free(m->inbox);
    free(m);
}

/* The thread does not run yet, and nothing has been started: where something fails, what has been
 * made retires without asking anything of main. */
static int make_table(struct manager *m, char **out_error)
{
    int error = 0;
    for (size_t i = 0; i < m->config->task_count && !error; i++) {
        struct task_config *task = m->config->tasks[i];
        struct row *row = table_add_row(&m->table, task);
        error = row ? 0 : -ENOMEM;
        for (long number = 1; number <= task->instances && !error; number++)
            error = manager_add_entry(m, row);
        if (error && asprintf(out_error, "cannot make the instances of task '%s': %s", task->name,
                              strerrordesc_np(-error)) < 0)
            *out_error = NULL;
    }
    table_index(&m->table);
    if (!error)
        manager_link(m);
    return error;
}

static void ignore_end(void *arg)
{
    (void)arg;
}

int manager_new(struct monitor_env *env, struct config *config, void (*on_end)(void *arg),
                void *arg, struct manager **out_manager, char **out_error)
{
    struct manager *m = calloc(1, sizeof *m);
    struct chan *inbox = chan_new(sizeof(struct message), 1);
    if (!m || !inbox || chan_reserve(inbox, INBOX_RESERVED)) {
        config_free(config);
        chan_free(inbox);
        free(m);
        *out_error = NULL;
        return -ENOMEM;
    }
    *m = (struct manager){ .env = env, .inbox = inbox, .config = config, .sweep_ms = INT64_MAX };
    m->on_end = on_end;
    m->on_end_arg = arg;
    env->on_change = on_monitor_change;
    env->on_gone = on_monitor_gone;
    env->on_gone_arg = m;
    int error = make_table(m, out_error);
    if (!error) {
        error = -pthread_create(&m->thread, NULL, manager_run, m);
        if (error && asprintf(out_error, "cannot make a thread: %s", strerrordesc_np(-error)) < 0)
            *out_error = NULL;
    }
    if (error) {
        m->on_end = ignore_end;
        shut_down(m, NULL);
        manager_run(m);
        release(m);
        return error;
    }
    *out_manager = m;
    return 0;
}

static void post_reserved(struct manager *m, enum message_kind kind)
{
    struct message message = { .kind = kind };
    (void)!chan_send_reserved(m->inbox, &message); /* -EPIPE: it has ended, as was wanted */
}

void manager_shutdown(struct manager *m)
{
    post_reserved(m, MESSAGE_SHUTDOWN);
}

void manager_kill(struct manager *m)
{
    post_reserved(m, MESSAGE_KILL);
}

int manager_post(struct manager *m, struct request *request)
{
    struct message message = { .kind = MESSAGE_REQUEST, .item = request };
    int error = -EAGAIN;
    if (atomic_fetch_add(&m->requests, 1) < REQUESTS_MAX)
        error = chan_send_reserved(m->inbox, &message);
    if (error)
        atomic_fetch_sub(&m->requests, 1);
    return error;
}

void manager_join(struct manager *m)
{
    pthread_join(m->thread, NULL); /* it has announced its end */
    release(m);
}
