/* manager_hold.c - orders that wait for their turn.
 *
 * A stop (and what begins with one) of something is held back while what depends on it is closing:
 * stops go in the reverse order of starts. It is marked as closing before anything is posted, so
 * that all orders of one request see each other, whatever their order; what may go does so at the
 * end of the message (manager_release_ready()). To stop what has no process, no turn is waited for:
 * in a shutdown it would start meanwhile.
 * An order that starts is never held: what is held before it goes first, and the newest wins. A new
 * configuration goes behind what is held, where there may be an older one. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "manager_state.h"

void manager_mark_ready(struct manager *m, struct row *row)
{
    if (row->ready || !row->held)
        return;
    row->ready = true;
    DL_APPEND(m->ready, row);
}

static bool begins_with_a_stop(const struct order *order)
{
    switch (order->kind) {
    case ORDER_STOP:
    case ORDER_RESTART:
    case ORDER_RETIRE: return true;
    case ORDER_CONFIGURE: return order->change == CONFIG_RESTART;
    case ORDER_START:
    case ORDER_SIGNAL: break;
    }
    return false;
}

static void hold(struct manager *m, struct entry *entry, struct order *order)
{
    struct row *row = entry->row;
    if (!entry->held)
        DL_APPEND2(row->held, entry, prev_held, next_held);
    order->next = NULL;
    LL_APPEND(entry->held, order);
    manager_close(m, entry);
    manager_touch(m, entry);
}

void manager_flush(struct manager *m, struct entry *entry)
{
    if (!entry->held)
        return;
    struct order *order = entry->held, *next;
    entry->held = NULL;
    DL_DELETE2(entry->row->held, entry, prev_held, next_held);
    for (; order; order = next) {
        next = order->next;
        manager_post_order(m, entry, order);
    }
    manager_touch(m, entry);
}

static bool stops_nothing(const struct entry *entry)
{
    const struct order *order;
    if (entry->under_way || standing_has_process(&entry->standing))
        return false;
    LL_FOREACH (entry->held, order)
        if (order->kind == ORDER_STOP || order->kind == ORDER_RETIRE)
            return true;
    return false;
}

static void release(struct manager *m, struct row *row)
{
    struct entry *entry, *next;
    DL_FOREACH_SAFE2 (row->held, entry, next, next_held)
        if (row->busy_dependents == 0 || m->killing || stops_nothing(entry))
            manager_flush(m, entry);
}

void manager_release_ready(struct manager *m)
{
    while (m->ready) {
        struct row *row = m->ready;
        DL_DELETE(m->ready, row);
        row->ready = false;
        release(m, row);
    }
}

/* What will end as soon as its turn comes does not start again before. */
static void refuse_start(struct manager *m, struct entry *entry, struct order *order)
{
    struct answer answer = { .outcome = OUT_OVERTAKEN, .id = identity_ref(entry->id) };
    if (m->shutting_down)
        answer.outcome = OUT_SHUTTING_DOWN;
    else
        answer.text = strdup("no longer in the configuration");
    order_answer(order, &answer);
}

void manager_give(struct manager *m, struct entry *entry, struct order *order)
{
    bool starts = order->kind == ORDER_START || order->kind == ORDER_RESTART;
    bool stops = begins_with_a_stop(order);
    bool behind = order->kind == ORDER_CONFIGURE && entry->held;
    if (starts && entry->retires && entry->held) {
        refuse_start(m, entry, order);
        return;
    }
    if (starts || order->kind == ORDER_STOP || order->kind == ORDER_RETIRE)
        entry->told_up = starts;
    else if (stops && entry->standing.settled) /* a reload restarts what is wanted */
        entry->told_up = entry->standing.wanted;
    if (behind || (entry->row->linked && stops)) {
        bool force = order->force;
        hold(m, entry, order);
        if (force)
            manager_flush(m, entry);
        return;
    }
    if (starts)
        manager_flush(m, entry);
    manager_post_order(m, entry, order);
    manager_touch(m, entry);
}
