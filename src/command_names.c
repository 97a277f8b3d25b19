/* command_names.c - names: those of all tasks, each followed by its instances; for completion. */
#include "call.h"

#include <string.h>

#include "config.h"
#include "json.h"

/* Calls each(arg, name) for every name once: a task's only instance is called as the task is. */
static void each_name(const struct snapshot_set *set, void (*each)(void *arg, const char *name),
                      void *arg)
{
    const char *task = "";
    for (size_t i = 0; i < set->count; i++) {
        const struct identity *id = set->items[i].id;
        if (strcmp(task, id->task->name) != 0)
            each(arg, id->task->name);
        task = id->task->name;
        if (strcmp(task, id->name) != 0)
            each(arg, id->name);
    }
}

static void print_line(void *arg, const char *name)
{
    fprintf(arg, "%s\n", name);
}

static void add_to_list(void *arg, const char *name)
{
    (void)json_append_text(arg, name); /* out of memory: completion knows one less */
}

static int print_json(FILE *out, const struct snapshot_set *set)
{
    cJSON *object = cJSON_CreateObject();
    cJSON *list = cJSON_AddArrayToObject(object, "names");
    if (list)
        each_name(set, add_to_list, list);
    return json_put(out, object, list);
}

static void show_names(struct call *call, struct snapshot_set *set, FILE *out)
{
    if (!call->style.json)
        each_name(set, print_line, out);
    else if (print_json(out, set) < 0)
        call->exit_status = EXIT_FAILED;
    call_finish(call, call->exit_status);
}

void command_names(struct call *call, FILE *out)
{
    call_ask(call, out, NULL, 0, false, show_names);
}
