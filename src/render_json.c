/* render_json.c - what programs read: objects of instances, changes and outcomes. */
#include "render_forms.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "json.h"
#include "launch.h"
#include "reason.h"
#include "signame.h"

/* ---- members; false when out of memory ---- */

bool render_add_identity(cJSON *object, const struct identity *id)
{
    return json_add_text(object, "name", id->name) &&
           json_add_text(object, "task", id->task->name) &&
           json_add_number(object, "instance", (double)id->number);
}

bool render_add_change(cJSON *object, const struct change *change)
{
    return json_add_text(object, "from", state_name(change->from)) &&
           json_add_text(object, "to", state_name(change->to)) &&
           json_add_pid(object, change->pid) &&
           json_add_made_text(object, "reason", reason_text(change->why, change->detail));
}

static bool add_exit(cJSON *object, const struct snapshot *s)
{
    if (!s->exit.known)
        return json_add_null(object, "exit");
    cJSON *exit = cJSON_AddObjectToObject(object, "exit");
    if (!exit)
        return false;
    bool ok = s->exit.signal ? json_add_text(exit, "signal", signame(s->exit.signal))
                             : json_add_number(exit, "code", s->exit.code);
    return ok && json_add_time(exit, "at", s->exit_wall_ms);
}

static bool add_uptime(cJSON *object, const struct snapshot *s, int64_t now_ms)
{
    if (!s->pid)
        return json_add_null(object, "uptime");
    int64_t up_ms = now_ms > s->up_ms ? now_ms - s->up_ms : 0;
    return json_add_number(object, "uptime", (double)up_ms / 1000);
}

static bool add_command(cJSON *object, const struct identity *id)
{
    const struct launch_id who = { .task = id->task->name,
                                   .instance = id->number,
                                   .name = id->name };
    return json_add_made_text(object, "command", launch_command_text(id->task, &who));
}

/* ---- status, events ---- */

bool render_add_instance(cJSON *object, const struct snapshot *s, int64_t now_ms)
{
    return render_add_identity(object, s->id) &&
           json_add_text(object, "status", state_name(s->state)) && json_add_pid(object, s->pid) &&
           add_uptime(object, s, now_ms) &&
           json_add_number(object, "restarts", (double)s->restarts) && add_command(object, s->id) &&
           add_exit(object, s) &&
           json_add_made_text(object, "description", reason_text(s->why, s->detail));
}

static bool fill_status(cJSON *object, const struct snapshot_set *set)
{
    int64_t now_ms = clock_ms();
    cJSON *tasks = cJSON_AddArrayToObject(object, "tasks");
    for (size_t i = 0; tasks && i < set->count; i++) {
        cJSON *item = json_append_object(tasks);
        if (!item || !render_add_instance(item, &set->items[i], now_ms))
            return false;
    }
    return tasks;
}

int render_status_json(FILE *out, const struct snapshot_set *set)
{
    cJSON *object = cJSON_CreateObject();
    return json_put(out, object, fill_status(object, set));
}

static bool fill_change(cJSON *object, const struct change *change)
{
    bool ok = json_add_time(object, "at", change->wall_ms);
    if (ok && change->id)
        ok = json_add_text(object, "task", change->id->task->name) &&
             json_add_number(object, "instance", (double)change->id->number) &&
             json_add_text(object, "name", change->id->name);
    return ok && render_add_change(object, change);
}

int render_change_json(FILE *out, const struct change *change)
{
    cJSON *object = cJSON_CreateObject();
    return json_put(out, object, fill_change(object, change));
}

/* ---- outcomes ---- */

static const char *outcome_name(enum outcome outcome)
{
    switch (outcome) {
    case OUT_STARTED: return "started";
    case OUT_RESTARTED: return "restarted";
    case OUT_STOPPED: return "stopped";
    case OUT_KILLED: return "killed";
    case OUT_SIGNALED: return "signaled";
    case OUT_ALREADY_RUNNING: return "already-running";
    case OUT_NOT_RUNNING: return "not-running";
    case OUT_FAILED: return "failed";
    case OUT_OVERTAKEN: return "overtaken";
    case OUT_SHUTTING_DOWN: return "shutting-down";
    case OUT_BUSY: return "busy";
    case OUT_NOTHING: break;
    }
    return "nothing";
}

/* The lines that people get, without the end of the last one. */
static bool add_lines(cJSON *object, const struct answer *answer)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return false;
    render_outcome_lines(out, answer);
    bool ok = fclose(out) == 0 && text && size > 0;
    ok = ok && json_add_bytes(object, "text", text, size - 1);
    free(text);
    return ok;
}

static bool has_pid(enum outcome outcome)
{
    return outcome == OUT_STARTED || outcome == OUT_RESTARTED;
}

/* How many processes had to be killed, where any had. */
static bool add_killed(cJSON *object, const struct answer *answer)
{
    bool killed = answer->outcome == OUT_KILLED ||
                  (answer->outcome == OUT_RESTARTED && answer->ms > 0);
    return !killed || json_add_number(object, "killed", (double)answer->count);
}

int render_outcome_json(FILE *out, const struct answer *answer)
{
    if (answer->outcome == OUT_NOTHING)
        return 0;
    cJSON *object = cJSON_CreateObject();
    bool ok = (!answer->id || render_add_identity(object, answer->id)) &&
              json_add_text(object, "outcome", outcome_name(answer->outcome)) &&
              (!has_pid(answer->outcome) || json_add_pid(object, answer->pid)) &&
              add_killed(object, answer);
    return json_put(out, object, ok && add_lines(object, answer));
}

int render_late_json(FILE *out, const struct snapshot *snapshot, const char *text)
{
    cJSON *object = cJSON_CreateObject();
    return json_put(out, object,
                    render_add_identity(object, snapshot->id) &&
                        json_add_text(object, "outcome", "late") &&
                        json_add_text(object, "state", state_name(snapshot->state)) &&
                        json_add_text(object, "text", text));
}
