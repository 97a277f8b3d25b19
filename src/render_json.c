/* render_json.c - the objects of `status --json` and `events --json`. */
#include "render.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>

#include "clock.h"
#include "launch.h"
#include "reason.h"
#include "signame.h"
#include "text.h"
#include "timetext.h"

/* ---- members; false when out of memory ---- */

static bool add_text(cJSON *object, const char *key, const char *text)
{
    char *clean = text ? text_utf8(text) : NULL;
    bool ok = clean && cJSON_AddStringToObject(object, key, clean);
    free(clean);
    return ok;
}

/* Takes `text` over. */
static bool add_made_text(cJSON *object, const char *key, char *text)
{
    bool ok = add_text(object, key, text);
    free(text);
    return ok;
}

static bool add_number(cJSON *object, const char *key, double number)
{
    return cJSON_AddNumberToObject(object, key, number);
}

static bool add_null(cJSON *object, const char *key)
{
    return cJSON_AddNullToObject(object, key);
}

static bool add_pid(cJSON *object, int pid)
{
    return pid ? add_number(object, "pid", pid) : add_null(object, "pid");
}

static bool add_at(cJSON *object, int64_t wall_ms)
{
    char at[TIMETEXT_BYTES];
    timetext_iso(wall_ms, at);
    return add_text(object, "at", at);
}

static bool add_uptime(cJSON *object, const struct snapshot *s, int64_t now_ms)
{
    if (!s->pid)
        return add_null(object, "uptime");
    int64_t up_ms = now_ms > s->up_ms ? now_ms - s->up_ms : 0;
    return add_number(object, "uptime", (double)up_ms / 1000);
}

static bool add_exit(cJSON *object, const struct snapshot *s)
{
    if (!s->exit.known)
        return add_null(object, "exit");
    cJSON *exit = cJSON_AddObjectToObject(object, "exit");
    if (!exit)
        return false;
    bool ok = s->exit.signal ? add_text(exit, "signal", signame(s->exit.signal))
                             : add_number(exit, "code", s->exit.code);
    return ok && add_at(exit, s->exit_wall_ms);
}

static bool add_command(cJSON *object, const struct identity *id)
{
    const struct launch_id who = { id->task->name, id->number, id->name };
    return add_made_text(object, "command", launch_command_text(id->task, &who));
}

/* ---- objects ---- */

static bool fill_instance(cJSON *object, const struct snapshot *s, int64_t now_ms)
{
    return add_text(object, "name", s->id->name) && add_text(object, "task", s->id->task->name) &&
           add_number(object, "instance", (double)s->id->number) &&
           add_text(object, "status", state_name(s->state)) && add_pid(object, s->pid) &&
           add_uptime(object, s, now_ms) && add_number(object, "restarts", (double)s->restarts) &&
           add_command(object, s->id) && add_exit(object, s) &&
           add_made_text(object, "description", reason_text(s->why, s->detail));
}

static bool fill_status(cJSON *object, const struct snapshot_set *set)
{
    int64_t now_ms = clock_ms();
    cJSON *tasks = cJSON_AddArrayToObject(object, "tasks");
    for (size_t i = 0; tasks && i < set->count; i++) {
        cJSON *item = cJSON_CreateObject();
        if (!item || !cJSON_AddItemToArray(tasks, item) ||
            !fill_instance(item, &set->items[i], now_ms))
            return false;
    }
    return tasks;
}

static bool fill_change(cJSON *object, const struct change *change)
{
    bool ok = add_at(object, change->wall_ms);
    if (ok && change->id)
        ok = add_text(object, "task", change->id->task->name) &&
             add_number(object, "instance", (double)change->id->number) &&
             add_text(object, "name", change->id->name);
    return ok && add_text(object, "from", state_name(change->from)) &&
           add_text(object, "to", state_name(change->to)) && add_pid(object, change->pid) &&
           add_made_text(object, "reason", reason_text(change->why, change->detail));
}

/* Prints the object on one line and frees it; nothing where `complete` is false. */
static int put_object(FILE *out, cJSON *object, bool complete)
{
    char *text = complete ? cJSON_PrintUnformatted(object) : NULL;
    cJSON_Delete(object);
    if (!text)
        return -ENOMEM;
    fprintf(out, "%s\n", text);
    cJSON_free(text);
    return 0;
}

int render_status_json(FILE *out, const struct snapshot_set *set)
{
    cJSON *object = cJSON_CreateObject();
    return put_object(out, object, object && fill_status(object, set));
}

int render_change_json(FILE *out, const struct change *change)
{
    cJSON *object = cJSON_CreateObject();
    return put_object(out, object, object && fill_change(object, change));
}
