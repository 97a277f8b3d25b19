/* manager_orders.c - orders on their way to monitors, and stops that do not get through. */
#include <errno.h>
#include <stdlib.h>

#include "clock.h"
#include "log.h"
#include "manager_state.h"

/* So soon it is tried again to get a start out of the way that nothing could be done about. */
#define UNSTICK_AGAIN_MS 100

void manager_tell(struct reply *reply, struct answer answer)
{
    if (!reply || reply_owe(reply, 1))
        answer_release(&answer);
    else
        reply_send(reply, &answer);
}

/* A stop that is posted while its monitor is held up by a start (a hung mount) is not received.
 * After the grace the child of that start is killed, which releases the monitor. */
static void expect_stop(struct manager *m, struct entry *entry, const struct order *order)
{
    bool stops = order->kind == ORDER_STOP || order->kind == ORDER_RETIRE;
    bool restarts = order->kind == ORDER_RESTART || order->change == CONFIG_RESTART;
    bool starts = order->kind == ORDER_START || restarts;
    if (stops || starts)
        entry->stop_restarts = starts;
    if (!(stops || restarts) || entry->stop_posted_ms)
        return; /* a stop that is due already stays due then */
    entry->stop_posted_ms = clock_ms();
    entry->stop_due_ms = entry->stop_posted_ms + entry->id->task->grace_ms;
    if (entry->stop_due_ms < m->sweep_ms)
        m->sweep_ms = entry->stop_due_ms;
}

static bool has_received_all(struct entry *entry)
{
    struct standing standing;
    unsigned long received;
    monitor_standing(entry->monitor, &standing, &received);
    return received == entry->posted;
}

/* The start may only be about to get a process that can be killed: so it is tried again, until the
 * stop has been received. */
static void unstick(struct entry *entry, int64_t now_ms, int64_t *next_ms)
{
    if (!entry->stop_posted_ms || !entry->monitor)
        return;
    if (entry->stop_due_ms <= now_ms) {
        monitor_unstick(entry->monitor, entry->stop_restarts ? entry->stop_posted_ms : now_ms);
        entry->stop_due_ms = now_ms + UNSTICK_AGAIN_MS;
        if (has_received_all(entry))
            entry->stop_posted_ms = 0;
    }
    if (entry->stop_posted_ms && entry->stop_due_ms < *next_ms)
        *next_ms = entry->stop_due_ms;
}

void manager_sweep(struct manager *m)
{
    int64_t now_ms = clock_ms();
    int64_t next_ms = INT64_MAX;
    for (size_t i = 0; i < m->table.row_count; i++)
        for (size_t k = 0; k < m->table.rows[i]->count; k++)
            unstick(m->table.rows[i]->entries[k], now_ms, &next_ms);
    for (struct entry *entry = m->table.retired; entry; entry = entry->next)
        unstick(entry, now_ms, &next_ms);
    m->sweep_ms = next_ms;
}

static int post(struct entry *entry, struct order *order)
{
    if (!entry->monitor)
        return -EPIPE;
    if (order == entry->retirement) {
        entry->retirement = NULL;
        monitor_retire(entry->monitor, order);
        return 0;
    }
    return order->must ? monitor_must_order(entry->monitor, order)
                       : monitor_order(entry->monitor, order);
}

void manager_answer(struct entry *entry, struct order *order, struct reply *reply, int error)
{
    struct answer answer = { .outcome = OUT_BUSY, .id = identity_ref(entry->id) };
    if (error == -EPIPE)
        answer.outcome = order->kind == ORDER_RETIRE ? OUT_NOTHING : OUT_SHUTTING_DOWN;
    if (order)
        order_answer(order, &answer);
    else if (reply)
        reply_send(reply, &answer);
    else
        answer_release(&answer);
}

void manager_post_order(struct manager *m, struct entry *entry, struct order *order)
{
    bool counts = order->kind != ORDER_SIGNAL;
    expect_stop(m, entry, order);
    int error = post(entry, order);
    if (error)
        manager_answer(entry, order, NULL, error);
    else if (counts)
        entry->posted++;
}

size_t manager_order(struct manager *m, struct entry *entry, struct order *order, bool must,
                     struct reply *reply)
{
    if (reply && reply_owe(reply, 1)) /* no memory for an answer: do without the asker */
        reply = NULL;
    if (!order) {
        log_write(LOG_ERROR, "no memory for an order to '%s'", entry->id->name);
        manager_answer(entry, NULL, reply, -ENOMEM);
        return reply ? 1 : 0;
    }
    order->reply = reply;
    order->must = must;
    manager_give(m, entry, order);
    return reply ? 1 : 0;
}

size_t manager_do(struct manager *m, struct entry *entry, enum order_kind kind, enum why why,
                  bool must, struct reply *reply)
{
    struct order *order = order_new(kind, (struct reason){ .why = why }, NULL);
    return manager_order(m, entry, order, must, reply);
}

size_t manager_retire(struct manager *m, struct entry *entry, enum why why, struct reply *reply)
{
    struct order *order = entry->retirement;
    if (entry->retires) /* this one only waits for the end of that */
        return manager_do(m, entry, ORDER_RETIRE, why, true, reply);
    entry->retires = true;
    order->why.why = why;
    order->reply = reply && reply_owe(reply, 1) == 0 ? reply : NULL;
    size_t owed = order->reply ? 1 : 0;
    manager_give(m, entry, order);
    return owed;
}
