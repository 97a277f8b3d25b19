/* config_task.c - what is asked of a configuration once it is read: its life, comparing and
 * printing. */
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "schema.h"

struct task_config *task_config_ref(struct task_config *task)
{
    atomic_fetch_add_explicit(&task->refs, 1, memory_order_relaxed);
    return task;
}

void task_config_unref(struct task_config *task)
{
    if (!task || atomic_fetch_sub_explicit(&task->refs, 1, memory_order_acq_rel) > 1)
        return;
    config_clear_keys(config_keys, config_key_count, task);
    free(task->name);
    free(task->file);
    free(task);
}

void config_free(struct config *config)
{
    if (!config)
        return;
    for (size_t i = 0; i < config->task_count; i++)
        task_config_unref(config->tasks[i]);
    config_clear_keys(supervisor_keys, supervisor_key_count, &config->supervisor);
    free(config->tasks);
    free(config->path);
    free(config);
}

char *config_instance_name(const struct task_config *task, long number)
{
    if (task->instances == 1)
        return strdup(task->name);
    char *name;
    return asprintf(&name, "%s_%ld", task->name, number) < 0 ? NULL : name;
}

enum config_change task_config_compare(const struct task_config *was, const struct task_config *now)
{
    enum config_change strongest = CONFIG_SAME;
    for (size_t i = 0; i < config_key_count; i++) {
        const struct config_key *key = &config_keys[i];
        if (key->change > strongest && !config_key_equal(key, was, now))
            strongest = key->change;
    }
    return strongest;
}

void task_config_print_changes(FILE *out, const char *indent, const struct task_config *was,
                               const struct task_config *now)
{
    for (size_t i = 0; i < config_key_count; i++) {
        if (config_key_equal(&config_keys[i], was, now))
            continue;
        fputs(indent, out);
        config_key_print_change(out, &config_keys[i], was, now);
        fputc('\n', out);
    }
}

void supervisor_config_print_changes(FILE *out, const char *indent,
                                     const struct supervisor_config *was,
                                     const struct supervisor_config *now)
{
    for (size_t i = 0; i < supervisor_key_count; i++) {
        const struct config_key *key = &supervisor_keys[i];
        if (config_key_equal(key, was, now))
            continue;
        fprintf(out, "%ssupervisor.", indent);
        config_key_print_change(out, key, was, now);
        fputs(key->change == CONFIG_LIVE ? " (now)\n" : " (at the next start)\n", out);
    }
}

void task_config_print(FILE *out, const char *indent, const struct task_config *task)
{
    for (size_t i = 0; i < config_key_count; i++) {
        const struct config_key *key = &config_keys[i];
        fprintf(out, "%s%s: ", indent, key->name);
        key->type->print(out, (const char *)task + key->offset);
        fputc('\n', out);
    }
}
