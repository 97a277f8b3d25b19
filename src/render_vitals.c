/* render_vitals.c - readiness and health, as `describe` shows them. */
#include "render_forms.h"

#include <errno.h>
#include <stdlib.h>

#include "json.h"
#include "timetext.h"

static const struct vital_signs *signs_of(const struct snapshot *s)
{
    static const struct vital_signs none = { .ready = false };
    return s->vitals ? s->vitals : &none;
}

static bool is_ready(const struct snapshot *s)
{
    return s->pid && signs_of(s)->ready;
}

static void put_kind(FILE *out, const struct config_probe *probe)
{
    switch (probe->kind) {
    case PROBE_NONE: fputs("none", out); break;
    case PROBE_NOTIFY: fputs("notify", out); break;
    case PROBE_EXEC: fprintf(out, "exec %s", probe->exec.text); break;
    case PROBE_TCP: fprintf(out, "tcp %s", probe->tcp); break;
    case PROBE_WATCHDOG: fputs("watchdog", out); break;
    }
}

static void put_ready(FILE *out, const struct snapshot *s)
{
    const struct vital_signs *signs = signs_of(s);
    char span[TIMETEXT_BYTES];
    put_kind(out, &s->id->task->ready);
    timetext_about(signs->ready_ms, span);
    if (is_ready(s))
        fprintf(out, " (ready after %s)", span);
    else if (signs->not_ready)
        fprintf(out, " (not ready, last failure: %s)", signs->not_ready);
    else if (s->state == ST_STARTED)
        fputs(" (not ready yet)", out);
}

static void put_health(FILE *out, const struct snapshot *s)
{
    const struct config_probe *health = &s->id->task->health;
    const struct vital_signs *signs = signs_of(s);
    char span[TIMETEXT_BYTES];
    timetext_span(health->timeout_ms, span);
    if (health->kind == PROBE_WATCHDOG)
        fprintf(out, "%lu signs of life, expected every %s", signs->checks, span);
    else
        fprintf(out, "%lu check%s, %ld failure%s in a row (of %ld)", signs->checks,
                signs->checks == 1 ? "" : "s", signs->failures, signs->failures == 1 ? "" : "s",
                health->retries);
    if (signs->unhealthy)
        fprintf(out, ", last failure: %s", signs->unhealthy);
}

static void put_status(FILE *out, const struct snapshot *s)
{
    const struct vital_signs *signs = signs_of(s);
    if (signs->status)
        fprintf(out, "\"%s\"", signs->status);
    if (signs->stopping)
        fprintf(out, "%s(stopping)", signs->status ? " " : "");
}

/* What `put` prints: a string to free(), or NULL when out of memory. */
static char *text_of(void (*put)(FILE *out, const struct snapshot *s), const struct snapshot *s)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    put(out, s);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

int render_vitals(const struct snapshot *s, render_put_row *put_row, const void *page)
{
    const struct {
        const char *label;
        bool shown;
        void (*put)(FILE *out, const struct snapshot *s);
    } rows[] = {
        { "ready", s->id->task->ready.kind != PROBE_NONE, put_ready },
        { "health", s->id->task->health.kind != PROBE_NONE, put_health },
        { "notify status", signs_of(s)->status || signs_of(s)->stopping, put_status },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (!rows[i].shown)
            continue;
        char *text = text_of(rows[i].put, s);
        if (!text)
            return -ENOMEM;
        put_row(page, rows[i].label, text);
        free(text);
    }
    return 0;
}

/* ---- JSON ---- */

static bool add_text_or_null(cJSON *object, const char *key, const char *text)
{
    return text ? json_add_text(object, key, text) : json_add_null(object, key);
}

static bool add_ready(cJSON *object, const struct snapshot *s)
{
    const struct vital_signs *signs = signs_of(s);
    if (s->id->task->ready.kind == PROBE_NONE)
        return json_add_null(object, "ready");
    cJSON *ready = cJSON_AddObjectToObject(object, "ready");
    bool ok = ready && cJSON_AddBoolToObject(ready, "ready", is_ready(s));
    if (ok)
        ok = is_ready(s) ? json_add_number(ready, "after", (double)signs->ready_ms / 1000)
                         : json_add_null(ready, "after");
    return ok && add_text_or_null(ready, "lastFailure", signs->not_ready);
}

static bool add_health(cJSON *object, const struct snapshot *s)
{
    const struct config_probe *probe = &s->id->task->health;
    const struct vital_signs *signs = signs_of(s);
    if (probe->kind == PROBE_NONE)
        return json_add_null(object, "health");
    cJSON *health = cJSON_AddObjectToObject(object, "health");
    return health && json_add_number(health, "checks", (double)signs->checks) &&
           json_add_number(health, "failures", (double)signs->failures) &&
           add_text_or_null(health, "lastFailure", signs->unhealthy);
}

bool render_add_vitals(cJSON *object, const struct snapshot *s)
{
    return add_ready(object, s) && add_health(object, s) &&
           add_text_or_null(object, "notifyStatus", signs_of(s)->status);
}
