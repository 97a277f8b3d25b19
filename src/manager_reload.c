/* manager_reload.c - a new configuration in place of the old one; plan.h says what it means. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "log.h"
#include "manager_state.h"
#include "plan.h"

/* The rows of the old table by position in the plan; NULL for an added task. */
struct reload {
    struct manager *m;
    struct plan *plan;
    struct reply *reply;
    size_t outcomes;
    struct entries starting;
    unsigned long mark; /* of those */
};

static void retire_to(struct reload *r, struct row *row, size_t count)
{
    while (row->count > count) {
        manager_leave(r->m, row->entries[row->count - 1]);
        struct entry *entry = table_retire_last(&r->m->table, row);
        r->outcomes += manager_retire(r->m, entry, WHY_REMOVED, r->reply);
    }
}

/* Would a user say of a task that is scaled up that it is on? */
static bool row_is_on(const struct row *row, bool auto_launch)
{
    bool stopped_by_hand = false;
    for (size_t i = 0; i < row->count; i++) {
        struct snapshot snapshot;
        monitor_snapshot(row->entries[i]->monitor, false, &snapshot);
        bool wanted = snapshot.wanted;
        stopped_by_hand |= !wanted && snapshot.why.why == WHY_USER;
        snapshot_release(&snapshot);
        if (wanted)
            return true;
    }
    return auto_launch && !stopped_by_hand;
}

static void add_entries(struct reload *r, struct row *row, bool start)
{
    while (row->count < (size_t)row->task->instances) {
        if (manager_add_entry(r->m, row)) {
            manager_tell(r->reply, (struct answer){
                                       .kind = ANSWER_ERRORS,
                                       .text = strdup("not all instances could be made, see the "
                                                      "log\n"),
                                   });
            return;
        }
        struct entry *entry = row->entries[row->count - 1];
        if (start && entries_add(&r->starting, entry, r->mark))
            log_write(LOG_ERROR, "no memory to start '%s'", entry->id->name);
    }
}

/* A survivor gets its new configuration, and a new name where one of several became the only one
 * or the other way round. */
static void configure(struct reload *r, struct row *row, const struct plan_task *change)
{
    if (change->change == CONFIG_SAME && !change->scaled)
        return;
    for (size_t i = 0; i < row->count; i++) {
        struct entry *entry = row->entries[i];
        struct identity *id = identity_new(row->task, (long)i + 1);
        struct order *order = order_new(ORDER_CONFIGURE, (struct reason){ .why = WHY_RELOAD },
                                        NULL);
        if (!id || !order) {
            log_write(LOG_ERROR, "no memory to change '%s'", entry->id->name);
            identity_unref(id);
            order_free(order);
            continue;
        }
        order->change = change->change;
        order->id = identity_ref(id);
        identity_unref(entry->id);
        entry->id = id;
        r->outcomes += manager_order(r->m, entry, order, true, r->reply);
    }
}

static void keep_row(struct reload *r, struct row *row, const struct plan_task *change)
{
    bool on = row_is_on(row, change->was->auto_launch);
    row->starts = manager_will_start(row, change->change == CONFIG_RESTART);
    configure(r, row, change);
    add_entries(r, row, on);
}

/* A row that the new configuration has: an old one with its new settings, or a new one. */
static void place_row(struct reload *r, struct row *old, const struct plan_task *change)
{
    struct table *table = &r->m->table;
    if (!old) {
        if (!table_add_row(table, change->now))
            log_write(LOG_ERROR, "no memory for task '%s'", change->now->name);
        return;
    }
    table->rows[table->row_count++] = old;
    if (change->change != CONFIG_SAME || change->scaled) {
        task_config_unref(old->task);
        old->task = task_config_ref(change->now);
    }
}

static void remove_row(struct manager *m, struct row *row)
{
    row->removed = true;
    DL_APPEND2(m->table.removed, row, prev_removed, next_removed);
    manager_drop_row(m, row);
}

/* The rows anew, in the order of the new configuration, and what they need of each other. */
static void place_rows(struct reload *r, struct row *const *old)
{
    struct table *table = &r->m->table;
    table->row_count = 0; /* the room stays, and `old` has them all */
    for (size_t i = 0; i < r->plan->count; i++)
        if (r->plan->tasks[i].now)
            place_row(r, old[i], &r->plan->tasks[i]);
    table_index(table);
    for (size_t i = 0; i < r->plan->count; i++)
        if (!r->plan->tasks[i].now && old[i])
            remove_row(r->m, old[i]);
    manager_link(r->m);
}

/* What restarts, or waits, may need something that nobody has started yet. */
static void add_needs(struct reload *r)
{
    const struct table *table = &r->m->table;
    for (size_t i = 0; i < table->row_count; i++) {
        if (table->rows[i]->starts)
            manager_add_needs(r->m, table->rows[i], &r->starting);
        table->rows[i]->starts = false;
    }
}

static void start_new_ones(struct reload *r)
{
    const struct order_set set = {
        .kind = ORDER_START,
        .why = WHY_AUTO_LAUNCH,
        .must = true,
        .reply = r->reply,
    };
    r->outcomes += manager_order_set(r->m, &set, &r->starting);
    free(r->starting.items);
}

/* First everything that ends, so that a new instance knows of a namesake that it has to wait for;
 * then the rows, and the links between them, so that whatever starts knows what it needs. */
static int apply(struct reload *r)
{
    struct table *table = &r->m->table;
    struct row **old = calloc(r->plan->count + 1, sizeof *old);
    if (!old || table_reserve(table, r->plan->count)) {
        free(old);
        return -ENOMEM;
    }
    for (size_t i = 0; i < r->plan->count; i++) {
        const struct plan_task *change = &r->plan->tasks[i];
        if (!change->was)
            continue;
        old[i] = table_row(table, change->was->name);
        if (old[i])
            retire_to(r, old[i], change->now ? (size_t)change->now->instances : 0);
    }
    r->m->reloading = true;
    place_rows(r, old);
    r->mark = ++table->last_mark;
    for (size_t i = 0; i < r->plan->count; i++) {
        const struct plan_task *change = &r->plan->tasks[i];
        struct row *row = change->now ? table_row(table, change->now->name) : NULL;
        if (row && old[i])
            keep_row(r, row, change);
        else if (row)
            add_entries(r, row, row->task->auto_launch);
    }
    table_index(table);
    add_needs(r);
    start_new_ones(r);
    manager_end_reload(r->m);
    free(old);
    return 0;
}

static char *plan_text(const struct plan *plan, bool keys)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    plan_print(out, plan, keys);
    fclose(out);
    return text;
}

static char *plan_object(const struct plan *plan)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    int error = plan_print_json(out, plan);
    if (fclose(out) == 0 && !error)
        return text;
    free(text);
    return NULL;
}

static void log_plan(const char *text)
{
    for (const char *line = text; line && *line;) {
        size_t length = strcspn(line, "\n");
        log_write(LOG_INFO, "reload: %.*s", (int)length, line);
        line += length + (line[length] == '\n');
    }
}

static void refuse(struct reply *reply, const char *why)
{
    log_write(LOG_ERROR, "cannot reload: %s", why);
    char *text = NULL;
    if (asprintf(&text, "cannot reload: %s\n", why) < 0)
        text = NULL;
    manager_tell(reply, (struct answer){ .kind = ANSWER_ERRORS, .text = text });
}

size_t manager_reload(struct manager *m, struct request *request)
{
    struct reload r = { .m = m, .reply = request->reply };
    if (m->shutting_down) {
        refuse(r.reply, "taskmaster is shutting down");
        return 0;
    }
    r.plan = plan_new(m->config, request->config);
    if (!r.plan) {
        refuse(r.reply, strerrordesc_np(ENOMEM));
        return 0;
    }
    char *text = plan_text(r.plan, request->dry_run);
    if (!request->dry_run)
        log_plan(text);
    char *object = r.reply ? plan_object(r.plan) : NULL;
    manager_tell(r.reply, (struct answer){ .kind = ANSWER_PLAN, .text = text, .json = object });
    if (!request->dry_run) {
        if (apply(&r)) {
            refuse(r.reply, strerrordesc_np(ENOMEM));
        } else {
            log_set_level(request->config->supervisor.log_level);
            config_free(m->config);
            m->config = request->config;
            request->config = NULL;
        }
    }
    plan_free(r.plan);
    return r.outcomes;
}
