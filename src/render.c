/* render.c - see render.h. The one place that chooses between the two forms. */
#include "render_forms.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "duration.h"
#include "json.h"

/* For those that return nothing. */
static void say_if_failed(FILE *out, int error)
{
    if (error)
        fprintf(out, "{\"error\":\"%s\"}\n", strerrordesc_np(-error));
}

int render_status(FILE *out, const struct snapshot_set *set, const struct render_style *style)
{
    return style->json ? render_status_json(out, set) : render_table(out, set, style);
}

int render_description(FILE *out, const struct snapshot *snapshot, char *const *environment,
                       const char *last_words, const struct render_style *style)
{
    return style->json ? render_page_json(out, snapshot, environment, last_words)
                       : render_page(out, snapshot, environment, last_words, style);
}

const char render_unreadable[] = "(its stderr log cannot be read at the moment)";

int render_event(FILE *out, const struct change *change, const struct render_style *style)
{
    return style->json ? render_change_json(out, change) : render_change(out, change, style);
}

void render_missed(FILE *out, uint64_t missed, bool earlier, const struct render_style *style)
{
    if (style->json)
        fprintf(out, "{\"dropped\":%" PRIu64 "}\n", missed);
    else
        fprintf(out, "(%" PRIu64 " %s%s dropped)\n", missed, earlier ? "earlier " : "",
                missed == 1 ? "event was" : "events were");
}

void render_outcome(FILE *out, const struct answer *answer, const struct render_style *style)
{
    if (style->json)
        say_if_failed(out, render_outcome_json(out, answer));
    else
        render_outcome_lines(out, answer);
}

void render_late(FILE *out, const struct snapshot *snapshot, int64_t timeout_ms,
                 const struct render_style *style)
{
    char after[DURATION_TEXT_BYTES];
    char *text;
    duration_print(timeout_ms, after);
    if (asprintf(&text, "Process '%s' is still %s after %s", snapshot->id->name,
                 state_name(snapshot->state), after) < 0) {
        render_error(out, strerrordesc_np(ENOMEM), style);
        return;
    }
    if (style->json)
        say_if_failed(out, render_late_json(out, snapshot, text));
    else
        fprintf(out, "%s\n", text);
    free(text);
}

void render_plan(FILE *out, const struct answer *answer, const struct render_style *style)
{
    const char *text = style->json ? answer->json : answer->text;
    if (text)
        fputs(text, out);
    else
        render_error(out, strerrordesc_np(ENOMEM), style);
}

static int put_pid(FILE *out, const struct identity *id, int pid)
{
    cJSON *object = cJSON_CreateObject();
    return json_put(out, object,
                    (!id || json_add_text(object, "name", id->name)) && json_add_pid(object, pid));
}

void render_pid(FILE *out, const struct identity *id, int pid, const struct render_style *style)
{
    if (style->json)
        say_if_failed(out, put_pid(out, id, pid));
    else if (pid > 0)
        fprintf(out, "%d\n", pid);
    else
        fprintf(out, "Process '%s' is not running\n", id->name);
}

/* An object with one text, whose last line's end is left out. */
static int put_text(FILE *out, const char *key, const char *text)
{
    size_t length = strlen(text);
    cJSON *object = cJSON_CreateObject();
    if (length > 0 && text[length - 1] == '\n')
        length--;
    return json_put(out, object, json_add_bytes(object, key, text, length));
}

static void put_either(FILE *out, const char *key, const char *text,
                       const struct render_style *style)
{
    size_t length = strlen(text);
    if (style->json)
        say_if_failed(out, put_text(out, key, text));
    else
        fprintf(out, "%s%s", text, length > 0 && text[length - 1] == '\n' ? "" : "\n");
}

void render_text(FILE *out, const char *text, const struct render_style *style)
{
    put_either(out, "text", text, style);
}

void render_error(FILE *out, const char *text, const struct render_style *style)
{
    put_either(out, "error", text, style);
}

void render_no_target(FILE *out, const char *name, const struct render_style *style)
{
    char *text;
    if (asprintf(&text, "Task '%s' not found.", name) < 0) {
        render_error(out, strerrordesc_np(ENOMEM), style);
        return;
    }
    render_error(out, text, style);
    free(text);
}

static int put_problems(FILE *out, const char *lines)
{
    cJSON *object = cJSON_CreateObject();
    cJSON *errors = cJSON_AddArrayToObject(object, "errors");
    return json_put(out, object, errors && json_append_lines(errors, lines));
}

void render_problems(FILE *out, const char *lines, const struct render_style *style)
{
    if (style->json)
        say_if_failed(out, put_problems(out, lines));
    else
        fputs(lines, out);
}
