/* manager_sets.c - orders for many instances at once, and for what that takes besides. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "log.h"
#include "manager_state.h"

static bool pull(struct manager *m, struct entries *entries, struct entry *entry)
{
    size_t count = entries->count;
    if (entries_add(entries, entry, m->table.last_mark))
        log_write(LOG_ERROR, "no memory to think of '%s' too", entry->id->name);
    entry->pulled |= entries->count > count;
    return entries->count > count;
}

/* ---- what a start needs ---- */

/* Is an instance neither there nor on its way there? */
static bool is_missing(const struct need *need, const struct entry *entry)
{
    if (entry->told_up)
        return false;
    bool has_ended = entry->standing.settled && standing_has_ended(&entry->standing);
    return need->condition == NEED_RUNNING || !has_ended;
}

static void pull_needs_of(struct manager *m, struct entries *entries, struct row *row)
{
    const struct need *need = NULL;
    if (row->visit == m->table.last_mark)
        return;
    row->visit = m->table.last_mark;
    DL_FOREACH (row->needs, need) {
        if (need->level == NEEDS_MET)
            continue;
        for (size_t i = 0; i < need->to->count; i++)
            if (is_missing(need, need->to->entries[i]))
                pull(m, entries, need->to->entries[i]);
        pull_needs_of(m, entries, need->to);
    }
}

/* What runs already needs nothing. */
static bool runs(const struct entry *entry)
{
    return entry->standing.settled &&
           (entry->standing.state == ST_STARTED || entry->standing.state == ST_RUNNING);
}

static void pull_needs(struct manager *m, enum order_kind kind, struct entries *entries)
{
    size_t named = entries->count;
    for (size_t i = 0; i < named; i++) {
        struct entry *entry = entries->items[i];
        if (kind == ORDER_RESTART || !runs(entry))
            pull_needs_of(m, entries, entry->row);
    }
}

/* ---- what a reload starts needs that, too ---- */

bool manager_will_start(const struct row *row, bool restarts)
{
    for (size_t i = 0; i < row->count; i++) {
        const struct entry *entry = row->entries[i];
        if ((restarts && entry->standing.wanted) || (entry->told_up && !runs(entry)))
            return true;
    }
    return false;
}

/* Has a user stopped what is missing, or is it about to be stopped? */
static bool is_stopped(const struct entry *entry)
{
    const struct standing *s = &entry->standing;
    return s->state == ST_STOPPED ? s->why == WHY_USER : s->state != ST_FATAL;
}

void manager_add_needs(struct manager *m, const struct row *row, struct entries *entries)
{
    const struct need *need = NULL;
    DL_FOREACH (row->needs, need) {
        for (size_t i = 0; need->level != NEEDS_MET && i < need->to->count; i++) {
            struct entry *entry = need->to->entries[i];
            if (is_missing(need, entry) && !is_stopped(entry))
                pull(m, entries, entry);
        }
    }
}

/* ---- what needs what is stopped ---- */

static void say_stopped_first(const struct need *need, struct reply *reply)
{
    char *text;
    const char *who = need->from->task->name, *what = need->to->task->name;
    if (asprintf(&text, "'%s' needs '%s' and is stopped first", who, what) < 0)
        return;
    manager_tell(reply, (struct answer){ .kind = ANSWER_NOTE, .text = text });
}

/* Once something that it needed has completed, it does without; until it starts anew. */
static bool minds_a_stop(const struct need *need, const struct entry *entry)
{
    enum state state = entry->standing.state;
    bool runs_on = state == ST_STARTED || state == ST_RUNNING || state == ST_BACKOFF;
    bool starts_anew = entry->held || !runs_on;
    if (need->condition == NEED_COMPLETED && !(starts_anew && entry->told_up))
        return false;
    return !standing_is_down(&entry->standing);
}

static void pull_dependents(struct manager *m, struct reply *reply, struct entries *entries)
{
    for (size_t i = 0; i < entries->count; i++) {
        struct row *row = entries->items[i]->row;
        const struct need *need = NULL;
        if (row->visit == m->table.last_mark || standing_is_down(&entries->items[i]->standing))
            continue;
        row->visit = m->table.last_mark;
        DL_FOREACH2 (row->needed_by, need, next_by) {
            bool any = false;
            for (size_t k = 0; k < need->from->count; k++)
                if (minds_a_stop(need, need->from->entries[k]))
                    any |= pull(m, entries, need->from->entries[k]);
            if (any)
                say_stopped_first(need, reply);
        }
    }
}

/* ---- all of them ---- */

static int compare_ranks(const void *a, const void *b)
{
    const struct entry *x = *(struct entry *const *)a, *y = *(struct entry *const *)b;
    if (x->row->rank != y->row->rank)
        return x->row->rank < y->row->rank ? -1 : 1;
    return x->place < y->place ? -1 : x->place > y->place;
}

/* What is needed comes before what needs it, else that would be told of how it was before. */
static void sort(struct entries *entries)
{
    for (size_t i = 0; i < entries->count; i++)
        entries->items[i]->place = i;
    if (entries->count > 1)
        qsort(entries->items, entries->count, sizeof(struct entry *), compare_ranks);
}

static void complete(struct manager *m, const struct order_set *set, struct entries *entries)
{
    switch (set->kind) {
    case ORDER_START:
    case ORDER_RESTART:
        pull_needs(m, set->kind, entries);
        sort(entries);
        break;
    case ORDER_STOP:
        if (!set->force)
            pull_dependents(m, set->reply, entries);
        break;
    case ORDER_SIGNAL:
    case ORDER_CONFIGURE:
    case ORDER_RETIRE: break;
    }
}

static size_t order_one(struct manager *m, const struct order_set *set, struct entry *entry)
{
    bool pulled = entry->pulled;
    enum order_kind kind = pulled && set->kind == ORDER_RESTART ? ORDER_START : set->kind;
    struct order *order = order_new(kind, (struct reason){ .why = set->why }, NULL);
    entry->pulled = false;
    if (order) {
        order->wait = set->wait;
        order->force = set->force;
        order->signal = set->signal;
    }
    return manager_order(m, entry, order, set->must || pulled, set->reply);
}

size_t manager_order_set(struct manager *m, const struct order_set *set, struct entries *entries)
{
    size_t outcomes = 0;
    if (!m->shutting_down)
        complete(m, set, entries);
    for (size_t i = 0; i < entries->count; i++)
        outcomes += order_one(m, set, entries->items[i]);
    return outcomes;
}
