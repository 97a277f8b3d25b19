/* render_describe_json.c - the object of `describe --json`: the one that `status --json` has for
 * the instance, and the rest of what the page shows. */
#include "render_forms.h"

#include <errno.h>
#include <stdlib.h>

#include "clock.h"
#include "json.h"
#include "launch.h"
#include "schema.h"

/* ---- configuration ---- */

/* What print() makes of a value. A string to free(), or NULL. */
static char *value_text(const struct config_key *key, const void *field)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    key->type->print(out, field);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

/* Numbers, truth values and lists of codes are printed as JSON has them; an attempt that has "no
 * limit" is not. */
static bool prints_json(const struct config_type *type)
{
    return type == &config_type_integer || type == &config_type_attempts ||
           type == &config_type_bool || type == &config_type_codes;
}

static bool add_variables(cJSON *config, const char *key, const struct config_env *variables)
{
    cJSON *map = cJSON_AddObjectToObject(config, key);
    bool ok = map != NULL;
    for (size_t i = 0; ok && i < variables->count; i++)
        ok = json_add_text(map, variables->names[i], variables->values[i]);
    return ok;
}

static bool add_value(cJSON *config, const struct config_key *key, const void *field)
{
    if (key->type == &config_type_environment)
        return add_variables(config, key->name, field);
    if (key->type == &config_type_path && !*(char *const *)field)
        return json_add_null(config, key->name);
    char *text = value_text(key, field);
    cJSON *value = text && prints_json(key->type) ? cJSON_Parse(text) : NULL;
    if (!value)
        return json_add_made_text(config, key->name, text);
    free(text);
    if (cJSON_AddItemToObject(config, key->name, value))
        return true;
    cJSON_Delete(value);
    return false;
}

static bool add_config(cJSON *object, const struct task_config *task)
{
    cJSON *config = cJSON_AddObjectToObject(object, "config");
    bool ok = config != NULL;
    for (size_t i = 0; ok && i < config_key_count; i++)
        ok = add_value(config, &config_keys[i], (const char *)task + config_keys[i].offset);
    return ok;
}

/* Where its output goes, or why that cannot be told. */
static bool add_logs(cJSON *object, const struct identity *id, char *const *environment)
{
    const struct launch_id who = { .task = id->task->name,
                                   .instance = id->number,
                                   .name = id->name };
    struct launch *launch = NULL;
    char *problem = NULL;
    bool ok = false;
    int error = launch_new(id->task, &who, environment, &launch, &problem);
    if (error == -EINVAL)
        ok = json_add_text(object, "problem", problem);
    else if (!error)
        ok = json_add_text(object, "stdout", launch_output_text(&launch->outputs[LAUNCH_STDOUT])) &&
             json_add_text(object, "stderr", launch_output_text(&launch->outputs[LAUNCH_STDERR]));
    launch_free(launch);
    free(problem);
    return ok;
}

/* ---- the rest ---- */

/* In so many seconds it changes by itself: as its state has it. */
static bool add_next(cJSON *object, const struct snapshot *s, int64_t now_ms)
{
    if (s->next_ms == INT64_MAX)
        return json_add_null(object, "next");
    int64_t left_ms = s->next_ms > now_ms ? s->next_ms - now_ms : 0;
    return json_add_number(object, "next", (double)left_ms / 1000);
}

static bool add_history(cJSON *object, const struct snapshot *s)
{
    cJSON *history = cJSON_AddArrayToObject(object, "history");
    bool ok = history != NULL;
    for (size_t i = 0; ok && i < s->history_count; i++) {
        cJSON *item = json_append_object(history);
        ok = item && json_add_time(item, "at", s->history[i].wall_ms) &&
             render_add_change(item, &s->history[i]);
    }
    return ok;
}

static bool add_last_words(cJSON *object, const char *lines)
{
    if (lines == render_unreadable)
        return json_add_null(object, "lastWords");
    cJSON *words = lines ? cJSON_AddArrayToObject(object, "lastWords") : NULL;
    return !lines || (words && json_append_lines(words, lines));
}

int render_page_json(FILE *out, const struct snapshot *snapshot, char *const *environment,
                     const char *last_words)
{
    int64_t now_ms = clock_ms();
    int64_t since_ms = clock_wall_ms() - (now_ms - snapshot->since_ms);
    cJSON *object = cJSON_CreateObject();
    bool ok = render_add_instance(object, snapshot, now_ms) &&
              json_add_time(object, "since", since_ms) && add_next(object, snapshot, now_ms) &&
              json_add_number(object, "failedStarts", (double)snapshot->failures) &&
              json_add_text(object, "kill", render_kill_text(snapshot)) &&
              render_add_vitals(object, snapshot) && add_logs(object, snapshot->id, environment) &&
              add_config(object, snapshot->id->task) && add_history(object, snapshot) &&
              add_last_words(object, last_words);
    return json_put(out, object, ok);
}
