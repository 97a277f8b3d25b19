/* config_needs.c - what can be told of `dependsOn` once all tasks are known: whether each names a
 * task, one that can come to what is asked of it, and that nothing waits for itself. */
#include <stdlib.h>
#include <string.h>

#include "config_load.h"
#include "schema.h"
#include "suggest.h"

#define CYCLES_MAX 100 /* told of; a tangle of thousands of tasks has too many */
#define CYCLE_NAMES 12 /* shown of a longer one */

static const struct config_key *needs_key(void)
{
    return config_key_find(config_keys, config_key_count, "dependsOn");
}

/* What was written of the i-th need: its name. */
static const struct node *written(const struct config_loader *loader,
                                  const struct loaded_task *loaded, size_t i)
{
    const struct node *node = config_key_node(needs_key(), loaded->node);
    if (!node)
        node = config_key_node(needs_key(), loader->defaults);
    switch (node->kind) {
    case NODE_LIST: return node->items[i];
    case NODE_MAP: return node->pairs[i].key;
    case NODE_TEXT: break;
    }
    return node;
}

static struct loaded_task *find(const struct config_loader *loader, const char *name)
{
    return name ? textmap_find(loader->tasks, name) : NULL;
}

/* -- one by one ---------------------------------------------------------------------------- */

static void complain_unknown(struct config_loader *loader, const struct node *at, const char *name,
                             const char *const *names)
{
    const struct loaded_task *owner = config_instance_owner(loader, name);
    const char *near = owner ? owner->task->name : suggest(name, names, loader->config->task_count);
    const char *what = owner ? " is an instance, and only a task can be depended on" : "";
    problems_add(loader->problems, at->at, "'%s': %s%s%s%s%s%s", needs_key()->name,
                 owner ? "" : "there is no task ", quote(name).text, what,
                 near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static void check_need(struct config_loader *loader, const struct loaded_task *loaded, size_t i,
                       const char *const *names)
{
    const struct config_need *need = &loaded->task->needs.items[i];
    const struct node *at = written(loader, loaded, i);
    const struct loaded_task *other = find(loader, need->task);
    if (!need->task)
        return;
    if (!other)
        complain_unknown(loader, at, need->task, names);
    else if (other == loaded)
        problems_add(loader->problems, at->at, "task '%s' depends on itself%s", need->task,
                     config_key_node(needs_key(), loaded->node)
                         ? ""
                         : " by 'defaults': give it a 'dependsOn' of its own");
    else if (need->condition == NEED_COMPLETED && other->task->restart == RESTART_ALWAYS)
        problems_add(loader->problems, at->at,
                     "'%s': task '%s' is never completed, it has 'restart: always'",
                     needs_key()->name, need->task);
}

static void check_each(struct config_loader *loader)
{
    const struct config *config = loader->config;
    const char **names = calloc(config->task_count + 1, sizeof *names);
    if (!names) {
        problems_set_out_of_memory(loader->problems);
        return;
    }
    for (size_t i = 0; i < config->task_count; i++)
        names[i] = config->tasks[i]->name;
    for (size_t i = 0; i < config->task_count; i++) {
        const struct loaded_task *loaded = find(loader, names[i]);
        for (size_t j = 0; j < loaded->task->needs.count; j++)
            check_need(loader, loaded, j, names);
    }
    free(names);
}

/* -- cycles -------------------------------------------------------------------------------- */

static size_t depth(const struct loaded_task *bottom, const struct loaded_task *top)
{
    size_t count = 1;
    for (const struct loaded_task *t = bottom; t != top; t = t->above)
        count++;
    return count;
}

/* " on 'b' on 'c'": from below `top` down to `bottom`. */
static void print_path(FILE *out, const struct loaded_task *bottom, const struct loaded_task *top)
{
    const struct loaded_task *path[CYCLE_NAMES] = { NULL };
    size_t below = depth(bottom, top) - 1, i = below;
    for (const struct loaded_task *t = bottom; t != top; t = t->above) {
        if (--i < CYCLE_NAMES)
            path[i] = t;
    }
    for (i = 0; i < CYCLE_NAMES && path[i]; i++)
        fprintf(out, " on '%s'", path[i]->task->name);
    if (below > CYCLE_NAMES)
        fprintf(out, " on %zu more", below - CYCLE_NAMES);
}

/* `bottom` depends on `top`, from which the search came to it. */
static void complain_cycle(struct config_loader *loader, const struct loaded_task *bottom,
                           const struct loaded_task *top)
{
    char *path = NULL;
    size_t size;
    FILE *out = open_memstream(&path, &size);
    if (out) {
        print_path(out, bottom, top);
        fclose(out);
    }
    if (!path) {
        problems_set_out_of_memory(loader->problems);
        return;
    }
    const char *name = top->task->name;
    problems_add(loader->problems, written(loader, top, top->next_need - 1)->at,
                 "tasks wait for each other: '%s' depends%s on '%s'", name, path, name);
    free(path);
}

/* Goes through what can be reached, deepest first, without recursion: a chain may be long. */
static void search(struct config_loader *loader, struct loaded_task *from, size_t *cycles)
{
    struct loaded_task *at = from;
    at->visited = at->open = true;
    while (at) {
        if (at->next_need == at->task->needs.count) {
            at->open = false;
            at = at->above;
            continue;
        }
        struct loaded_task *other = find(loader, at->task->needs.items[at->next_need++].task);
        if (!other || other == at)
            continue;
        if (!other->visited) {
            other->visited = other->open = true;
            other->above = at;
            at = other;
        } else if (other->open && (*cycles)++ < CYCLES_MAX) {
            complain_cycle(loader, at, other);
        }
    }
}

void config_check_needs(struct config_loader *loader)
{
    size_t cycles = 0;
    if (problems_out_of_memory(loader->problems))
        return;
    check_each(loader);
    for (size_t i = 0; i < loader->config->task_count; i++) {
        struct loaded_task *loaded = find(loader, loader->config->tasks[i]->name);
        if (!loaded->visited)
            search(loader, loaded, &cycles);
    }
}
