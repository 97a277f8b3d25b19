/* table.c - see table.h. */
#include "table.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

/* Doubles the room for pointers when `count` has reached a power of two. */
static int grow(void ***items, size_t count)
{
    if (count & (count - 1))
        return 0;
    void **more = realloc(*items, (count ? count * 2 : 1) * sizeof *more);
    if (!more)
        return -ENOMEM;
    *items = more;
    return 0;
}

int table_reserve(struct table *table, size_t rows)
{
    if (rows <= table->row_room)
        return 0;
    struct row **more = realloc(table->rows, rows * sizeof *more);
    if (!more)
        return -ENOMEM;
    table->rows = more;
    table->row_room = rows;
    return 0;
}

struct row *table_add_row(struct table *table, struct task_config *task)
{
    struct row *row = calloc(1, sizeof *row);
    bool full = table->row_count == table->row_room;
    if (!row || (full && table_reserve(table, 2 * table->row_count + 1))) {
        free(row);
        return NULL;
    }
    row->task = task_config_ref(task);
    table->rows[table->row_count++] = row;
    return row;
}

void row_free(struct row *row)
{
    task_config_unref(row->task);
    free(row->level_text);
    free(row->entries);
    free(row);
}

int row_add(struct row *row, struct entry *entry)
{
    if (grow((void ***)&row->entries, row->count))
        return -ENOMEM;
    row->entries[row->count++] = entry;
    entry->row = row;
    return 0;
}

int row_need(struct row *row, struct row *other, enum need_condition condition)
{
    struct need *need = malloc(sizeof *need);
    if (!need)
        return -ENOMEM;
    *need = (struct need){ .from = row, .to = other, .condition = condition };
    need->level = NEEDS_PENDING;
    DL_APPEND(row->needs, need);
    DL_APPEND2(other->needed_by, need, prev_by, next_by);
    return 0;
}

void need_free(struct need *need)
{
    DL_DELETE(need->from->needs, need);
    DL_DELETE2(need->to->needed_by, need, prev_by, next_by);
    free(need);
}

void table_release(struct table *table)
{
    HASH_CLEAR(hh, table->entries_by_name);
    HASH_CLEAR(hh, table->rows_by_name);
    for (size_t i = 0; i < table->row_count; i++) {
        struct row *row = table->rows[i];
        for (size_t k = 0; k < row->count; k++) {
            identity_unref(row->entries[k]->id);
            free(row->entries[k]);
        }
        row_free(row);
    }
    free(table->rows);
}

void table_index(struct table *table)
{
    HASH_CLEAR(hh, table->entries_by_name);
    HASH_CLEAR(hh, table->rows_by_name);
    table->partial = false;
    for (size_t i = 0; i < table->row_count; i++) {
        struct row *row = table->rows[i];
        HASH_ADD_KEYPTR(hh, table->rows_by_name, row->task->name, strlen(row->task->name), row);
        table->partial = table->partial || !row->hh.tbl;
        for (size_t k = 0; k < row->count; k++) {
            struct entry *entry = row->entries[k];
            const char *name = entry->id->name;
            HASH_ADD_KEYPTR(hh, table->entries_by_name, name, strlen(name), entry);
            table->partial = table->partial || !entry->hh.tbl;
        }
    }
}

struct row *table_row(const struct table *table, const char *name)
{
    struct row *row;
    HASH_FIND_STR(table->rows_by_name, name, row);
    for (size_t i = 0; !row && table->partial && i < table->row_count; i++)
        if (strcmp(table->rows[i]->task->name, name) == 0)
            row = table->rows[i];
    return row;
}

static struct entry *find_entry(const struct table *table, const char *name)
{
    struct entry *entry;
    HASH_FIND_STR(table->entries_by_name, name, entry);
    for (size_t i = 0; !entry && table->partial && i < table->row_count; i++)
        for (size_t k = 0; !entry && k < table->rows[i]->count; k++)
            if (strcmp(table->rows[i]->entries[k]->id->name, name) == 0)
                entry = table->rows[i]->entries[k];
    return entry;
}

static bool is_same_instance(const struct identity *a, const struct identity *b)
{
    return (a->number == b->number && strcmp(a->task->name, b->task->name) == 0) ||
           strcmp(a->name, b->name) == 0;
}

bool table_has_predecessor(const struct table *table, const struct identity *id)
{
    struct entry *entry;
    DL_FOREACH (table->retired, entry)
        if (is_same_instance(entry->id, id))
            return true;
    return false;
}

size_t table_successors(const struct table *table, const struct identity *id,
                        struct entry *out_entries[static 2])
{
    size_t count = 0;
    struct entry *entry = find_entry(table, id->name);
    if (entry)
        out_entries[count++] = entry;
    const struct row *row = table_row(table, id->task->name);
    if (row && id->number <= (long)row->count)
        out_entries[count++] = row->entries[id->number - 1];
    return count;
}

struct entry *table_retire_last(struct table *table, struct row *row)
{
    struct entry *entry = row->entries[--row->count];
    entry->retired = true;
    row->retired++;
    DL_PREPEND(table->retired, entry); /* the last goes first, so they stay in order */
    return entry;
}

void table_remove(struct table *table, struct entry *entry)
{
    DL_DELETE(table->retired, entry);
    entry->row->retired--;
    identity_unref(entry->id);
    free(entry);
}

bool entry_is_gone(const struct entry *entry)
{
    return entry->retired && monitor_state(entry->monitor) == ST_STOPPED;
}

/* ---- lookup ---- */

int entries_add(struct entries *entries, struct entry *entry, unsigned long mark)
{
    if (entry->mark == mark)
        return 0;
    if (grow((void ***)&entries->items, entries->count))
        return -ENOMEM;
    entry->mark = mark;
    entries->items[entries->count++] = entry;
    return 0;
}

/* A NULL pattern matches all; otherwise the task's name or the instance's must match. */
static int add_matching(struct table *table, const char *pattern, unsigned long mark,
                        struct entries *entries)
{
    int found = 0;
    for (size_t i = 0; i < table->row_count; i++) {
        struct row *row = table->rows[i];
        bool whole_row = !pattern || fnmatch(pattern, row->task->name, 0) == 0;
        for (size_t k = 0; k < row->count; k++) {
            struct entry *entry = row->entries[k];
            if (!whole_row && fnmatch(pattern, entry->id->name, 0) != 0)
                continue;
            if (entries_add(entries, entry, mark))
                return -ENOMEM;
            found++;
        }
    }
    return found;
}

static int add_row(struct row *row, unsigned long mark, struct entries *entries)
{
    for (size_t i = 0; i < row->count; i++)
        if (entries_add(entries, row->entries[i], mark))
            return -ENOMEM;
    return (int)row->count;
}

/* What is stopping for good has no row any more, but it can still be named. */
static int add_retired(struct table *table, const char *target, unsigned long mark,
                       struct entries *entries)
{
    int found = 0;
    struct entry *entry = NULL;
    DL_FOREACH (table->retired, entry) {
        bool named = fnmatch(target, entry->id->task->name, 0) == 0 ||
                     fnmatch(target, entry->id->name, 0) == 0;
        if (!named || entry_is_gone(entry))
            continue;
        if (entries_add(entries, entry, mark))
            return -ENOMEM;
        found++;
    }
    return found;
}

static int find_in_rows(struct table *table, const char *target, unsigned long mark,
                        struct entries *entries)
{
    struct row *row = table_row(table, target);
    if (row)
        return add_row(row, mark, entries);
    struct entry *entry = find_entry(table, target);
    if (entry)
        return entries_add(entries, entry, mark) ? -ENOMEM : 1;
    return strpbrk(target, "*?[") ? add_matching(table, target, mark, entries) : 0;
}

int table_find(struct table *table, const char *target, unsigned long mark, struct entries *entries)
{
    if (strcmp(target, "all") == 0) {
        int found = add_matching(table, NULL, mark, entries);
        return found == 0 ? 1 : found; /* it names all there is, be it nothing */
    }
    int found = find_in_rows(table, target, mark, entries);
    return found == 0 ? add_retired(table, target, mark, entries) : found;
}
