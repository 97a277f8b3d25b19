/* table.h - the tasks and their instances, as the manager knows them. Belongs to its thread. */
#ifndef TABLE_H
#define TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the tables have no memory for is searched for. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "config.h"
#include "monitor.h"
#include "snapshot.h"

struct row;

struct entry {
    struct monitor *monitor;  /* NULL: gone, in a shutdown */
    struct row *row;          /* a retired one's too, and one that was removed */
    struct identity *id;      /* a reference */
    struct order *retirement; /* the order that will end it; NULL: it was posted */
    bool retires;             /* that order is held back or was posted */
    bool blocked;             /* it waits until a predecessor that was removed is gone */
    bool retired;             /* by a reload: stopping for good, not in a row any more */
    bool killed;              /* monitor_kill() has been called */
    unsigned long mark;       /* the last lookup that found it */
    int64_t stop_posted_ms;   /* 0: no stop is under way that could be stuck behind a start */
    int64_t stop_due_ms;
    bool stop_restarts;        /* that stop is the first half of a restart */
    struct entry *prev, *next; /* among the retired */
    UT_hash_handle hh;         /* by name */

    unsigned long posted; /* orders, but for signals */
    bool told_up;         /* what it was told last, or has come to since: to be up */
    /* Where the row is linked: */
    struct standing standing; /* when it was looked at last */
    bool under_way;           /* an order was posted that has had no effect yet */
    bool closing;             /* a stop of it is held back or under way */
    struct order *held;       /* orders that wait until dependents are down, oldest first */
    struct entry *prev_held, *next_held; /* in the row's list */
    /* While orders for many are made: */
    bool pulled; /* nobody named it, but it is needed, or needs what was named */
    size_t place;
};

/* Has a retired entry, whose end is on its way to the manager, nothing left? */
bool entry_is_gone(const struct entry *entry);

/* That one task needs another. */
struct need {
    struct row *from; /* needs */
    struct row *to;   /* that */
    enum need_condition condition;
    enum needs level;
    struct need *prev, *next;       /* in from->needs */
    struct need *prev_by, *next_by; /* in to->needed_by */
};

struct row {
    struct task_config *task; /* a reference */
    struct entry **entries;   /* by instance number, from 1 */
    size_t count;
    UT_hash_handle hh; /* by name */

    size_t retired;     /* entries that are not in the row any more, and not gone */
    bool removed;       /* no longer in the configuration: here until those are gone */
    bool linked;        /* it needs something, or is needed: what follows is kept up to date */
    unsigned rank;      /* 0: it needs nothing; else one more than all it needs */
    struct need *needs; /* in the order of the configuration */
    struct need *needed_by;
    struct needs_sums sums;  /* of the entries */
    enum needs level;        /* the worst of `needs` */
    char *level_text;        /* why it is not NEEDS_MET, or NULL */
    size_t closing;          /* entries, retired ones too */
    size_t busy_dependents;  /* of needed_by: those whose row is busy */
    bool busy;               /* something of it, or that depends on it, is closing */
    struct entry *held;      /* entries with orders that are held */
    bool ready;              /* in the manager's list of rows to look at */
    struct row *prev, *next; /* there */
    struct row *prev_removed, *next_removed;
    unsigned long visit; /* the last walk that came here */
    bool starts;         /* during a reload: something of it will start */
};

struct table {
    struct row **rows; /* in the order of the configuration */
    size_t row_count;
    size_t row_room; /* how many `rows` has room for */
    struct row *rows_by_name;
    struct entry *entries_by_name; /* without the retired */
    bool partial;                  /* one of these two lacks something, for want of memory */
    struct entry *retired;         /* stopping for good, not gone yet */
    struct row *removed;           /* rows that only retired entries are left of */
    size_t alive;                  /* entries with a monitor, retired ones too */
    unsigned long last_mark;
};

/* Frees rows and entries; all monitors must be gone. */
void table_release(struct table *table);

/* Makes room for that many rows in all. 0 or -ENOMEM. */
int table_reserve(struct table *table, size_t rows);

/* An empty row for `task` (takes a reference) at the end; NULL: out of memory. */
struct row *table_add_row(struct table *table, struct task_config *task);
void row_free(struct row *row); /* nothing is linked to it any more */

/* That a row needs another. 0 or -ENOMEM. */
int row_need(struct row *row, struct row *other, enum need_condition condition);
void need_free(struct need *need); /* takes it out of both lists */

/* Appends an entry to a row, which owns it from then on. 0 or -ENOMEM. */
int row_add(struct row *row, struct entry *entry);

/* After rows or names have changed: makes the lookups anew. */
void table_index(struct table *table);

struct row *table_row(const struct table *table, const char *name);

/* Is a retired entry left that `id` must not run beside: the same instance of the same task, or one
 * of the same name? */
bool table_has_predecessor(const struct table *table, const struct identity *id);

/* The entries that may have waited for one of `id`, to *out_entries; returns how many. */
size_t table_successors(const struct table *table, const struct identity *id,
                        struct entry *out_entries[static 2]);

/* Moves the last entry of a row to the retired. */
struct entry *table_retire_last(struct table *table, struct row *row);

/* Takes a retired entry, whose monitor is gone, out of the table and frees it. */
void table_remove(struct table *table, struct entry *entry);

/* A list of entries that grows. */
struct entries {
    struct entry **items;
    size_t count;
};

/* Appends an entry unless `mark` has seen it. 0 or -ENOMEM. */
int entries_add(struct entries *entries, struct entry *entry, unsigned long mark);

/* Appends what `target` names (`all`, a task, an instance, a glob over either) and `mark` has not
 * seen; retired entries only where nothing else goes by that name. The number that it names, or
 * -ENOMEM. */
int table_find(struct table *table, const char *target, unsigned long mark,
               struct entries *entries);

#endif
