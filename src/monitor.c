/* monitor.c - see monitor.h. The thread, its inbox, and who may post what to it; what a note means
 * is in instance.c. */
#include "monitor.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "chan/chan.h"
#include "chan/waitgroup.h"
#include "instance.h"
#include "log.h"
#include "thread_stack.h"

/* Orders that may wait in an inbox; one more is answered "busy". */
#define INBOX_SLOTS 8
/* An exit, two answers about the group, a change of the cgroup, an answer about its logs,
 * retirement, needs, a kill, news of its readiness or health: each at most once at a time. */
#define INBOX_RESERVED 9
/* Room for an order that reserves a slot when it is given: more than one at a time are rare. */
#define INBOX_SPARE 1

/* 10,000 of these exist; a page costs something only once it is touched, and two are. */
#define STACK_BYTES (64 * 1024)

enum note_kind {
    NOTE_ORDER,
    NOTE_RESERVED_ORDER, /* in a slot that was reserved for it alone */
    NOTE_EXITED,
    NOTE_GROUP,
    NOTE_CGROUP,
    NOTE_DRAINED,
    NOTE_NEEDS,
    NOTE_KILL,
    NOTE_VITALS,
};

struct note {
    enum note_kind kind;
    union {
        bool empty;          /* GROUP */
        int64_t now_ms;      /* EXITED: when it was seen */
        struct order *order; /* ORDER, RESERVED_ORDER */
    };
};

/* Lives above its thread's stack (thread_stack.h). */
struct monitor {
    struct chan *inbox;
    pthread_t thread;
    void *owner;
    struct instance instance;
    atomic_bool watched;
    atomic_bool told;           /* on_change() was called, and not heard yet */
    pthread_mutex_t needs_lock; /* guards the next three */
    enum needs needs;
    char *needs_text;
    bool needs_sent;                                /* the note is in the inbox */
    _Alignas(max_align_t) unsigned char inbox_at[]; /* its memory */
};

static size_t monitor_bytes(void)
{
    return sizeof(struct monitor) +
           chan_bytes(sizeof(struct note), INBOX_SLOTS + INBOX_RESERVED + INBOX_SPARE);
}

/* ---- on other threads: each sends one note in a reserved slot ---- */

static void send_note(struct monitor *m, struct note note)
{
    int error = chan_send_reserved(m->inbox, &note);
    if (error && error != -EPIPE) /* -EPIPE: it has retired, and nothing is left that matters */
        log_write(LOG_ERROR, "an inbox refused note %u", (unsigned)note.kind);
}

static void on_exit_seen(void *arg, int64_t now_ms)
{
    send_note(arg, (struct note){ .kind = NOTE_EXITED, .now_ms = now_ms });
}

static void on_group(void *arg, bool empty)
{
    send_note(arg, (struct note){ .kind = NOTE_GROUP, .empty = empty });
}

static void on_cgroup(void *arg, int64_t now_ms)
{
    (void)now_ms;
    send_note(arg, (struct note){ .kind = NOTE_CGROUP });
}

static void on_drained(void *arg)
{
    send_note(arg, (struct note){ .kind = NOTE_DRAINED });
}

static void on_vitals(void *arg)
{
    send_note(arg, (struct note){ .kind = NOTE_VITALS });
}

void monitor_needs(struct monitor *m, enum needs needs, const char *text)
{
    char *copy = text ? strdup(text) : NULL;
    pthread_mutex_lock(&m->needs_lock);
    char *old = m->needs_text;
    bool sent = m->needs_sent;
    m->needs = needs;
    m->needs_text = copy;
    m->needs_sent = true;
    pthread_mutex_unlock(&m->needs_lock);
    free(old);
    if (!sent)
        send_note(m, (struct note){ .kind = NOTE_NEEDS });
}

void monitor_watch(struct monitor *m, bool watch)
{
    atomic_store(&m->watched, watch);
}

void monitor_heard(struct monitor *m)
{
    atomic_store(&m->told, false);
}

void monitor_standing(struct monitor *m, struct standing *out, unsigned long *out_orders)
{
    published_standing(&m->instance.published, out, out_orders);
}

void monitor_kill(struct monitor *m)
{
    send_note(m, (struct note){ .kind = NOTE_KILL });
}

int monitor_order(struct monitor *m, struct order *order)
{
    struct note note = { .kind = NOTE_ORDER, .order = order };
    int error = chan_send(m->inbox, &note, CHAN_NOW);
    return error == -ETIMEDOUT ? -EAGAIN : error;
}

void monitor_retire(struct monitor *m, struct order *order)
{
    send_note(m, (struct note){ .kind = NOTE_ORDER, .order = order });
}

int monitor_must_order(struct monitor *m, struct order *order)
{
    struct note note = { .kind = NOTE_RESERVED_ORDER, .order = order };
    int error = chan_reserve(m->inbox, 1);
    if (error)
        return error;
    error = chan_send_reserved(m->inbox, &note);
    if (error)
        chan_unreserve(m->inbox, 1);
    return error;
}

void monitor_unstick(struct monitor *m, int64_t since_ms)
{
    published_unstick(&m->instance.published, since_ms);
}

enum state monitor_state(struct monitor *m)
{
    return published_state(&m->instance.published);
}

void monitor_snapshot(struct monitor *m, bool history, struct snapshot *out)
{
    published_get(&m->instance.published, history, out);
}

/* ---- the thread ---- */

static void take_order(struct monitor *m, struct order *order)
{
    bool counts = order->kind != ORDER_SIGNAL;
    instance_take_order(&m->instance, order);
    if (counts)
        published_count_order(&m->instance.published);
}

static void take_needs(struct monitor *m)
{
    pthread_mutex_lock(&m->needs_lock);
    enum needs needs = m->needs;
    char *text = m->needs_text;
    m->needs_text = NULL;
    m->needs_sent = false;
    pthread_mutex_unlock(&m->needs_lock);
    instance_needs(&m->instance, needs, text);
}

static void take_note(struct monitor *m, const struct note *note)
{
    switch (note->kind) {
    case NOTE_RESERVED_ORDER:
        chan_unreserve(m->inbox, 1);
        take_order(m, note->order);
        break;
    case NOTE_ORDER: take_order(m, note->order); break;
    case NOTE_EXITED: instance_exited(&m->instance, note->now_ms); break;
    case NOTE_GROUP: instance_group_known(&m->instance, note->empty); break;
    case NOTE_CGROUP: instance_cgroup_changed(&m->instance); break;
    case NOTE_DRAINED: instance_drained(&m->instance); break;
    case NOTE_NEEDS: take_needs(m); break;
    case NOTE_KILL: instance_kill(&m->instance); break;
    case NOTE_VITALS: instance_vitals(&m->instance); break;
    }
}

static void answer_what_is_left(struct monitor *m)
{
    struct note note;
    chan_close(m->inbox);
    while (chan_recv(m->inbox, &note, CHAN_NOW) == 0)
        if (note.kind == NOTE_ORDER || note.kind == NOTE_RESERVED_ORDER)
            instance_refuse(&m->instance, note.order);
}

/* What is published is published before it is asked who looks, and who looks asks to be told before
 * looking: nothing goes by unseen. */
static void tell_change(struct monitor *m)
{
    const struct monitor_env *env = m->instance.env;
    if (atomic_load(&m->watched) && !atomic_exchange(&m->told, true))
        env->on_change(env->on_gone_arg, m->owner);
}

static void *monitor_run(void *arg)
{
    struct monitor *m = arg;
    enum state last_state = ST_STOPPED;
    while (!m->instance.gone) {
        struct note note;
        if (chan_recv(m->inbox, &note, instance_deadline_ms(&m->instance)) == 0)
            take_note(m, &note);
        else
            instance_deadline_passed(&m->instance);
        tell_change(m);
        /* Thousands that run for weeks are to keep no page that only the start has needed. */
        if (m->instance.fsm.state != last_state && m->instance.fsm.state == ST_RUNNING)
            thread_stack_trim(m, STACK_BYTES, monitor_bytes());
        last_state = m->instance.fsm.state;
    }
    answer_what_is_left(m);
    waitgroup_done(m->instance.env->monitors);
    m->instance.env->on_gone(m->instance.env->on_gone_arg, m->owner);
    return NULL;
}

static int start_thread(struct monitor *m, const pthread_attr_t *attr)
{
    waitgroup_add(m->instance.env->monitors, 1);
    int error = pthread_create(&m->thread, attr, monitor_run, m);
    if (error)
        waitgroup_done(m->instance.env->monitors);
    return -error;
}

static void release(struct monitor *m)
{
    chan_free(m->inbox);
    instance_release(&m->instance);
    pthread_mutex_destroy(&m->needs_lock);
    free(m->needs_text);
    thread_stack_free(m, STACK_BYTES, monitor_bytes());
}

static int start_monitor(const struct monitor_env *env, struct identity *id, enum needs needs,
                         void *owner, pthread_attr_t *attr, struct monitor **out_monitor)
{
    struct monitor *m = thread_stack_new(STACK_BYTES, monitor_bytes(), attr);
    if (!m)
        return -ENOMEM;
    instance_init(&m->instance, env, id, needs);
    m->instance.hooks = (struct child_hooks){
        .on_exit = on_exit_seen,
        .on_cgroup = on_cgroup,
        .on_group = on_group,
        .arg = m,
    };
    m->instance.on_drained = on_drained;
    m->instance.on_vitals = on_vitals;
    m->owner = owner;
    pthread_mutex_init(&m->needs_lock, NULL);
    m->inbox = chan_place(m->inbox_at, sizeof(struct note), INBOX_SLOTS,
                          INBOX_RESERVED + INBOX_SPARE);
    chan_unreserve(m->inbox, INBOX_SPARE); /* the room stays */
    int error = start_thread(m, attr);
    if (error)
        release(m);
    else
        *out_monitor = m;
    return error;
}

int monitor_new(const struct monitor_env *env, struct identity *id, enum needs needs, void *owner,
                struct monitor **out_monitor)
{
    pthread_attr_t attr;
    int error = -pthread_attr_init(&attr);
    if (error)
        return error;
    error = start_monitor(env, id, needs, owner, &attr, out_monitor);
    pthread_attr_destroy(&attr);
    return error;
}

void monitor_join(struct monitor *m)
{
    pthread_join(m->thread, NULL); /* it has announced its end */
    release(m);
}
