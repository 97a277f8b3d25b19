/* plan.c - see plan.h. */
#include "plan.h"

#include <stdlib.h>
#include <string.h>

#include "schema.h"
#include "textmap.h"

#define INSTANCES_KEY "instances"

/* The strongest change of all keys but the number of instances. */
static enum config_change change_of(const struct task_config *was, const struct task_config *now)
{
    enum config_change strongest = CONFIG_SAME;
    for (size_t i = 0; i < config_key_count; i++) {
        const struct config_key *key = &config_keys[i];
        if (key->change > strongest && strcmp(key->name, INSTANCES_KEY) != 0 &&
            !config_key_equal(key, was, now))
            strongest = key->change;
    }
    return strongest;
}

static bool map_tasks(struct textmap *map, const struct config *config)
{
    for (size_t i = 0; i < config->task_count; i++) {
        if (textmap_set(map, config->tasks[i]->name, config->tasks[i]) != 0)
            return false;
    }
    return true;
}

static void fill(struct plan *plan, const struct textmap *was, const struct textmap *now)
{
    for (size_t i = 0; i < plan->now->task_count; i++) {
        struct plan_task *row = &plan->tasks[plan->count++];
        row->now = plan->now->tasks[i];
        row->was = textmap_find(was, row->now->name);
        if (!row->was)
            continue;
        row->change = change_of(row->was, row->now);
        row->scaled = row->was->instances != row->now->instances;
    }
    for (size_t i = 0; i < plan->was->task_count; i++) {
        if (!textmap_find(now, plan->was->tasks[i]->name))
            plan->tasks[plan->count++].was = plan->was->tasks[i];
    }
}

struct plan *plan_new(const struct config *was, const struct config *now)
{
    struct textmap *was_map = textmap_new(), *now_map = textmap_new();
    struct plan *plan = calloc(1, sizeof *plan);
    if (plan)
        plan->tasks = calloc(was->task_count + now->task_count + 1, sizeof *plan->tasks);
    if (was_map && now_map && plan && plan->tasks && map_tasks(was_map, was) &&
        map_tasks(now_map, now)) {
        plan->was = was;
        plan->now = now;
        fill(plan, was_map, now_map);
    } else {
        plan_free(plan);
        plan = NULL;
    }
    textmap_free(was_map);
    textmap_free(now_map);
    return plan;
}

void plan_free(struct plan *plan)
{
    if (!plan)
        return;
    free(plan->tasks);
    free(plan);
}

static bool is_unchanged(const struct plan_task *row)
{
    return row->was && row->now && row->change == CONFIG_SAME && !row->scaled;
}

static void print_instances(FILE *out, const struct task_config *task)
{
    if (task->instances > 1)
        fprintf(out, " (%ld instances)", task->instances);
    fputc('\n', out);
}

static void print_keys(FILE *out, const struct plan_task *row)
{
    for (size_t i = 0; i < config_key_count; i++) {
        if (strcmp(config_keys[i].name, INSTANCES_KEY) == 0 ||
            config_key_equal(&config_keys[i], row->was, row->now))
            continue;
        fputs("  ", out);
        config_key_print_change(out, &config_keys[i], row->was, row->now);
        fputc('\n', out);
    }
}

static void print_row(FILE *out, const struct plan_task *row, bool keys)
{
    if (!row->was) {
        fprintf(out, "added: %s", row->now->name);
        print_instances(out, row->now);
        return;
    }
    if (!row->now) {
        fprintf(out, "removed: %s", row->was->name);
        print_instances(out, row->was);
        return;
    }
    if (row->scaled)
        fprintf(out, "scaled: %s %ld -> %ld\n", row->now->name, row->was->instances,
                row->now->instances);
    if (row->change == CONFIG_SAME)
        return;
    fprintf(out, "changed: %s (%s)\n", row->now->name,
            row->change == CONFIG_RESTART ? "restart" : "live");
    if (keys)
        print_keys(out, row);
}

static void print_unchanged(FILE *out, const struct plan *plan)
{
    const char *before = "unchanged: ";
    bool any = false;
    for (size_t i = 0; i < plan->count; i++) {
        if (!is_unchanged(&plan->tasks[i]))
            continue;
        fprintf(out, "%s%s", before, plan->tasks[i].now->name);
        before = ", ";
        any = true;
    }
    if (any)
        fputc('\n', out);
}

void plan_print(FILE *out, const struct plan *plan, bool keys)
{
    for (size_t i = 0; i < plan->count; i++) {
        if (!is_unchanged(&plan->tasks[i]))
            print_row(out, &plan->tasks[i], keys);
    }
    supervisor_config_print_changes(out, "", &plan->was->supervisor, &plan->now->supervisor);
    print_unchanged(out, plan);
}
