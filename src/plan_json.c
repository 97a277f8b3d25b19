/* plan_json.c - a plan as an object, for programs. */
#include "plan.h"

#include <string.h>

#include "json.h"
#include "schema.h"

#define INSTANCES_KEY "instances"

struct lists {
    cJSON *added, *removed, *changed, *scaled, *unchanged, *supervisor;
};

static bool open_lists(struct lists *lists, cJSON *object)
{
    lists->added = cJSON_AddArrayToObject(object, "added");
    lists->removed = cJSON_AddArrayToObject(object, "removed");
    lists->changed = cJSON_AddArrayToObject(object, "changed");
    lists->scaled = cJSON_AddArrayToObject(object, "scaled");
    lists->unchanged = cJSON_AddArrayToObject(object, "unchanged");
    lists->supervisor = cJSON_AddArrayToObject(object, "supervisor");
    return lists->added && lists->removed && lists->changed && lists->scaled && lists->unchanged &&
           lists->supervisor;
}

static bool add_scaled(cJSON *list, const struct plan_task *row)
{
    cJSON *item = json_append_object(list);
    return item && json_add_text(item, "name", row->now->name) &&
           json_add_number(item, "from", (double)row->was->instances) &&
           json_add_number(item, "to", (double)row->now->instances);
}

static bool add_changed(cJSON *list, const struct plan_task *row)
{
    cJSON *item = json_append_object(list);
    bool ok = json_add_text(item, "name", row->now->name);
    cJSON *keys = cJSON_AddArrayToObject(item, "keys");
    ok = ok && keys;
    for (size_t i = 0; ok && i < config_key_count; i++) {
        const struct config_key *key = &config_keys[i];
        if (strcmp(key->name, INSTANCES_KEY) != 0 && !config_key_equal(key, row->was, row->now))
            ok = json_append_text(keys, key->name);
    }
    return ok && cJSON_AddBoolToObject(item, "restart", row->change == CONFIG_RESTART);
}

static bool add_row(const struct lists *lists, const struct plan_task *row)
{
    if (!row->was)
        return json_append_text(lists->added, row->now->name);
    if (!row->now)
        return json_append_text(lists->removed, row->was->name);
    if (row->change == CONFIG_SAME && !row->scaled)
        return json_append_text(lists->unchanged, row->now->name);
    return (!row->scaled || add_scaled(lists->scaled, row)) &&
           (row->change == CONFIG_SAME || add_changed(lists->changed, row));
}

/* `supervisor` keys that differ. */
static bool add_supervisor(cJSON *list, const struct plan *plan)
{
    bool ok = true;
    for (size_t i = 0; ok && i < supervisor_key_count; i++) {
        const struct config_key *key = &supervisor_keys[i];
        if (!config_key_equal(key, &plan->was->supervisor, &plan->now->supervisor))
            ok = json_append_text(list, key->name);
    }
    return ok;
}

int plan_print_json(FILE *out, const struct plan *plan)
{
    struct lists lists;
    cJSON *object = cJSON_CreateObject();
    bool ok = open_lists(&lists, object);
    for (size_t i = 0; ok && i < plan->count; i++)
        ok = add_row(&lists, &plan->tasks[i]);
    return json_put(out, object, ok && add_supervisor(lists.supervisor, plan));
}
