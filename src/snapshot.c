/* snapshot.c - see snapshot.h. */
#include "snapshot.h"

#include <stdlib.h>
#include <string.h>

struct identity *identity_new(struct task_config *task, long number)
{
    char *name = config_instance_name(task, number);
    if (!name)
        return NULL;
    size_t bytes = strlen(name) + 1;
    struct identity *id = malloc(sizeof *id + bytes);
    if (id) {
        atomic_init(&id->refs, 1);
        id->task = task_config_ref(task);
        id->number = number;
        memcpy(id->name, name, bytes);
    }
    free(name);
    return id;
}

struct identity *identity_ref(struct identity *id)
{
    atomic_fetch_add_explicit(&id->refs, 1, memory_order_relaxed);
    return id;
}

void identity_unref(struct identity *id)
{
    if (!id || atomic_fetch_sub_explicit(&id->refs, 1, memory_order_acq_rel) != 1)
        return;
    task_config_unref(id->task);
    free(id);
}

void change_release(struct change *change)
{
    identity_unref(change->id);
    free(change->detail);
    *change = (struct change){ 0 };
}

void snapshot_release(struct snapshot *snapshot)
{
    identity_unref(snapshot->id);
    free(snapshot->detail);
    vital_signs_free(snapshot->vitals);
    for (size_t i = 0; i < snapshot->history_count; i++)
        change_release(&snapshot->history[i]);
    free(snapshot->history);
    *snapshot = (struct snapshot){ 0 };
}

void snapshot_set_free(struct snapshot_set *set)
{
    if (!set)
        return;
    for (size_t i = 0; i < set->count; i++)
        snapshot_release(&set->items[i]);
    free(set->items);
    free(set);
}
