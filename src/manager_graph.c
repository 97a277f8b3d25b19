/* manager_graph.c - who needs whom, and what follows from where each instance stands.
 *
 * Two things go along the links, and both are counted, so that one instance that changes costs the
 * same however many there are. What a task offers goes to those that need it: their level says
 * whether they may start. That something is closing (a stop of it is held back or under way) goes
 * the other way: a row is busy while something of it, or that depends on it, is closing, and a
 * stop is held back as long as dependents are. The configuration has no cycles, so both end. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "log.h"
#include "manager_state.h"

/* ---- levels ---- */

void manager_push_needs(const struct manager *m, struct entry *entry)
{
    const struct row *row = entry->row;
    if (!entry->monitor)
        return;
    if (entry->blocked || (m->reloading && row->level == NEEDS_FAILED))
        monitor_needs(entry->monitor, NEEDS_PENDING, NULL);
    else
        monitor_needs(entry->monitor, row->level, row->level_text);
}

static enum needs worse(enum needs a, enum needs b)
{
    return a > b ? a : b; /* they are in that order */
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* One of the levels that make up the row's has changed. */
static void judge(const struct manager *m, struct row *row)
{
    const struct need *need = NULL, *first = NULL;
    enum needs level = NEEDS_MET;
    size_t more = 0;
    DL_FOREACH (row->needs, need) {
        level = worse(level, need->level);
    }
    DL_FOREACH (row->needs, need) {
        if (need->level != level)
            continue;
        more += first != NULL;
        first = first ? first : need;
    }
    char *text = NULL;
    if (level != NEEDS_MET)
        text = needs_text(level, first->to->task->name, first->condition, &first->to->sums, more);
    if (level == row->level && same_text(text, row->level_text)) {
        free(text);
        return;
    }
    free(row->level_text);
    row->level = level;
    row->level_text = text;
    for (size_t i = 0; i < row->count; i++)
        manager_push_needs(m, row->entries[i]);
}

/* What the row offers may have changed. */
static void offer(const struct manager *m, struct row *row)
{
    struct need *need = NULL;
    DL_FOREACH2 (row->needed_by, need, next_by) {
        enum needs level = needs_offer(&row->sums, need->condition);
        if (level == need->level)
            continue;
        need->level = level;
        judge(m, need->from);
    }
}

void manager_end_reload(struct manager *m)
{
    m->reloading = false;
    for (size_t i = 0; i < m->table.row_count; i++) {
        struct row *row = m->table.rows[i];
        for (size_t k = 0; row->level == NEEDS_FAILED && k < row->count; k++)
            manager_push_needs(m, row->entries[k]);
    }
}

/* ---- closing ---- */

static void settle_busy(struct manager *m, struct row *row);

static void count_busy_dependent(struct manager *m, struct row *row, bool busy)
{
    if (busy)
        row->busy_dependents++;
    else if (--row->busy_dependents == 0)
        manager_mark_ready(m, row);
    settle_busy(m, row);
}

static void settle_busy(struct manager *m, struct row *row)
{
    bool busy = row->closing > 0 || row->busy_dependents > 0;
    if (busy == row->busy)
        return;
    row->busy = busy;
    struct need *need = NULL;
    DL_FOREACH (row->needs, need) {
        count_busy_dependent(m, need->to, busy);
    }
}

void manager_close(struct manager *m, struct entry *entry)
{
    if (entry->closing)
        return;
    entry->closing = true;
    entry->row->closing++;
    settle_busy(m, entry->row);
}

static void end_closing(struct manager *m, struct entry *entry)
{
    entry->closing = false;
    entry->row->closing--;
    settle_busy(m, entry->row);
}

/* ---- where an instance stands ---- */

static void look(struct entry *entry)
{
    struct standing *now = &entry->standing;
    *now = (struct standing){ .state = ST_STOPPED, .why = WHY_SHUTDOWN }; /* it is gone */
    entry->under_way = false;
    if (entry->monitor) {
        unsigned long done;
        monitor_standing(entry->monitor, now, &done);
        entry->under_way = done != entry->posted;
    }
    now->settled = !entry->held && !entry->under_way;
    if (now->settled)
        entry->told_up = now->wanted && now->state != ST_FATAL;
}

void manager_touch(struct manager *m, struct entry *entry)
{
    struct row *row = entry->row;
    if (!row->linked)
        return;
    if (!entry->retired)
        needs_sums_drop(&row->sums, &entry->standing);
    look(entry);
    if (!entry->retired)
        needs_sums_add(&row->sums, &entry->standing);
    offer(m, row);
    if (entry->closing && entry->standing.settled && entry->standing.state != ST_STOPPING)
        end_closing(m, entry);
    if (entry->held)
        manager_mark_ready(m, row);
}

void manager_enter(struct manager *m, struct entry *entry)
{
    struct row *row = entry->row;
    monitor_watch(entry->monitor, row->linked);
    if (!row->linked)
        return;
    look(entry);
    needs_sums_add(&row->sums, &entry->standing);
    offer(m, row);
    manager_push_needs(m, entry);
}

void manager_leave(struct manager *m, struct entry *entry)
{
    struct row *row = entry->row;
    if (row->linked)
        needs_sums_drop(&row->sums, &entry->standing);
    (void)m;
}

/* ---- links ---- */

static void cut(struct manager *m, struct need *need)
{
    struct row *to = need->to;
    bool busy = need->from->busy;
    need_free(need);
    if (busy)
        count_busy_dependent(m, to, false);
}

void manager_unlink(struct manager *m, struct row *row)
{
    struct need *need = NULL, *next = NULL;
    DL_FOREACH_SAFE (row->needs, need, next) {
        cut(m, need);
    }
    DL_FOREACH_SAFE2 (row->needed_by, need, next, next_by) {
        cut(m, need);
    }
}

static void link_row(struct manager *m, struct row *row)
{
    const struct config_needs *needs = &row->task->needs;
    for (size_t i = 0; i < needs->count; i++) {
        struct row *other = table_row(&m->table, needs->items[i].task);
        if (!other || row_need(row, other, needs->items[i].condition))
            log_write(LOG_ERROR, "no memory for what '%s' needs: it does without '%s'",
                      row->task->name, needs->items[i].task);
        else if (row->busy)
            count_busy_dependent(m, other, true);
    }
}

static unsigned rank(struct row *row, unsigned long visit)
{
    const struct need *need = NULL;
    if (row->visit == visit)
        return row->rank;
    row->visit = visit;
    row->rank = 0;
    DL_FOREACH (row->needs, need) {
        unsigned least = rank(need->to, visit) + 1;
        row->rank = row->rank > least ? row->rank : least;
    }
    return row->rank;
}

/* A row that something is closing in is looked after until a later reload. */
static void look_after(struct row *row)
{
    row->linked = row->needs || row->needed_by || row->closing > 0;
    row->sums = (struct needs_sums){ 0 };
    for (size_t i = 0; i < row->count; i++) {
        monitor_watch(row->entries[i]->monitor, row->linked);
        look(row->entries[i]);
        needs_sums_add(&row->sums, &row->entries[i]->standing);
    }
}

void manager_link(struct manager *m)
{
    struct table *table = &m->table;
    struct need *need = NULL, *next = NULL;
    for (size_t i = 0; i < table->row_count; i++)
        DL_FOREACH_SAFE (table->rows[i]->needs, need, next) {
            cut(m, need);
        }
    for (size_t i = 0; i < table->row_count; i++)
        link_row(m, table->rows[i]);
    unsigned long visit = ++table->last_mark;
    for (size_t i = 0; i < table->row_count; i++) {
        rank(table->rows[i], visit);
        look_after(table->rows[i]);
    }
    for (size_t i = 0; i < table->row_count; i++) {
        offer(m, table->rows[i]);
        judge(m, table->rows[i]);
    }
}
