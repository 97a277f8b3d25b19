/* manager_entries.c - instances come, change and go. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "log.h"
#include "manager_state.h"

/* What each monitor may post to the inbox: that it has changed, at most once at a time, and that it
 * is gone. */
#define ENTRY_RESERVED 2

int manager_add_entry(struct manager *m, struct row *row)
{
    struct entry *entry = calloc(1, sizeof *entry);
    int error = -ENOMEM;
    if (!entry)
        goto fail;
    entry->id = identity_new(row->task, (long)row->count + 1);
    if (!entry->id || chan_reserve(m->inbox, ENTRY_RESERVED))
        goto fail;
    entry->retirement = order_new(ORDER_RETIRE, (struct reason){ .why = WHY_NONE }, NULL);
    if (!entry->retirement)
        goto unreserve;
    entry->blocked = table_has_predecessor(&m->table, entry->id);
    enum needs needs = entry->blocked ? NEEDS_PENDING : row->level;
    error = row_add(row, entry);
    if (error)
        goto unreserve;
    error = monitor_new(m->env, entry->id, needs, entry, &entry->monitor);
    if (!error) {
        m->table.alive++;
        manager_enter(m, entry);
        return 0;
    }
    row->count--;
unreserve:
    chan_unreserve(m->inbox, ENTRY_RESERVED);
fail:
    log_write(LOG_ERROR, "cannot make instance %zu of task '%s': %s", row->count + 1,
              row->task->name, strerrordesc_np(-error));
    if (entry) {
        identity_unref(entry->id);
        order_free(entry->retirement);
    }
    free(entry);
    return error;
}

/* Lets the successors of a retired entry that is gone start, if they were told to. */
static void unblock_successors(struct manager *m, const struct identity *id)
{
    struct entry *entries[2];
    size_t count = table_successors(&m->table, id, entries);
    for (size_t i = 0; i < count; i++) {
        struct entry *entry = entries[i];
        if (!entry->blocked || table_has_predecessor(&m->table, entry->id))
            continue;
        entry->blocked = false;
        manager_push_needs(m, entry);
    }
}

void manager_changed(struct manager *m, struct entry *entry)
{
    monitor_heard(entry->monitor);
    manager_touch(m, entry);
}

void manager_drop_row(struct manager *m, struct row *row)
{
    if (!row->removed || row->retired > 0)
        return;
    manager_unlink(m, row);
    if (row->ready)
        DL_DELETE(m->ready, row);
    DL_DELETE2(m->table.removed, row, prev_removed, next_removed);
    row_free(row);
}

void manager_gone(struct manager *m, struct entry *entry)
{
    chan_unreserve(m->inbox, ENTRY_RESERVED);
    monitor_join(entry->monitor);
    entry->monitor = NULL;
    m->table.alive--;
    manager_flush(m, entry); /* what came too late is answered */
    manager_touch(m, entry);
    if (!entry->retired) /* a shutdown: its name is still known, for those who ask */
        return;
    struct identity *id = identity_ref(entry->id);
    struct row *row = entry->row;
    table_remove(&m->table, entry);
    manager_drop_row(m, row);
    unblock_successors(m, id);
    identity_unref(id);
}
