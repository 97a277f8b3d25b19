/* render_describe.c - the page of `describe`, for people. */
#include "render_forms.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "duration.h"
#include "launch.h"
#include "paint.h"
#include "reason.h"
#include "text.h"
#include "timetext.h"

#define INDENT "  "

struct page {
    FILE *out;
    const struct snapshot *s;
    const struct render_style *style;
    int64_t now_ms;
};

/* Begins a row; returns where the rest of it and the line's end are to be printed. */
static FILE *put_label(const struct page *p, const char *label)
{
    int gap = 14 - (int)strlen(label);
    fprintf(p->out, INDENT "%s:%*s", label, gap > 1 ? gap : 1, "");
    return p->out;
}

/* One "label: text" row; the text may hold foreign bytes. */
static void put_row(const struct page *p, const char *label, const char *text)
{
    put_label(p, label);
    text_put(p->out, text);
    fputc('\n', p->out);
}

static void put_any_row(const void *page, const char *label, const char *text)
{
    put_row(page, label, text);
}

/* ---- what it does ---- */

static void put_state(const struct page *p)
{
    char since[TIMETEXT_BYTES];
    char lasted[DURATION_TEXT_BYTES];
    int64_t ms = p->now_ms - p->s->since_ms;
    timetext_local(clock_wall_ms() - ms, since);
    duration_print_uptime(ms, lasted);
    put_label(p, "status");
    paint_state(p->out, p->s->state, p->style->colour);
    fprintf(p->out, " for %s, since %s\n", lasted, since);
}

static int put_reason(const struct page *p)
{
    char *reason = reason_text(p->s->why, p->s->detail);
    if (!reason)
        return -ENOMEM;
    put_row(p, "reason", reason);
    free(reason);
    return 0;
}

static void put_process(const struct page *p)
{
    char uptime[DURATION_TEXT_BYTES];
    if (!p->s->pid)
        return;
    duration_print_uptime(p->now_ms - p->s->up_ms, uptime);
    fprintf(put_label(p, "pid"), "%d\n", p->s->pid);
    put_row(p, "uptime", uptime);
}

/* What happens by itself, and when. */
static void put_next(const struct page *p)
{
    char span[TIMETEXT_BYTES];
    if (p->s->next_ms == INT64_MAX)
        return;
    int64_t left_ms = p->s->next_ms - p->now_ms;
    timetext_about(left_ms > 0 ? left_ms : 0, span);
    switch (p->s->state) {
    case ST_BACKOFF:
    case ST_FATAL: fprintf(put_label(p, "next start"), "in %s\n", span); break;
    case ST_STARTED:
        if (p->s->id->task->ready.kind == PROBE_NONE)
            fprintf(put_label(p, "RUNNING"), "in %s, if it stays up\n", span);
        else
            fprintf(put_label(p, "failed"), "in %s, if it is not ready\n", span);
        break;
    case ST_STOPPING: fprintf(put_label(p, "SIGKILL"), "in %s\n", span); break;
    case ST_STOPPED:
    case ST_WAITING:
    case ST_RUNNING:
    case ST_COUNT: break;
    }
}

static void put_exit(const struct page *p)
{
    char text[24];
    char at[TIMETEXT_BYTES];
    if (!p->s->exit.known) {
        put_row(p, "last exit", "none yet");
        return;
    }
    timetext_local(p->s->exit_wall_ms, at);
    fprintf(put_label(p, "last exit"), "%s, at %s\n", exit_text(&p->s->exit, text), at);
}

const char *render_kill_text(const struct snapshot *snapshot)
{
    return snapshot->cgroup ? "cgroup" : "group and orphans";
}

/* ---- what it is ---- */

/* The command as it is shown, and where its output goes. */
static int put_launch(const struct page *p, char *const *environment)
{
    const struct identity *id = p->s->id;
    const struct launch_id who = { .task = id->task->name,
                                   .instance = id->number,
                                   .name = id->name };
    char *command = launch_command_text(id->task, &who);
    if (!command)
        return -ENOMEM;
    put_row(p, "command", command);
    free(command);
    struct launch *launch = NULL;
    char *problem = NULL;
    int error = launch_new(id->task, &who, environment, &launch, &problem);
    if (error && error != -EINVAL)
        return error;
    if (error) {
        put_row(p, "problem", problem ? problem : "");
    } else {
        put_row(p, "stdout", launch_output_text(&launch->outputs[LAUNCH_STDOUT]));
        put_row(p, "stderr", launch_output_text(&launch->outputs[LAUNCH_STDERR]));
    }
    launch_free(launch);
    free(problem);
    return 0;
}

/* All keys in effect; their values are as foreign as any other text. */
static int put_configuration(const struct page *p)
{
    char *text = NULL;
    size_t size = 0;
    FILE *buffer = open_memstream(&text, &size);
    if (!buffer)
        return -ENOMEM;
    task_config_print(buffer, INDENT, p->s->id->task);
    int error = fclose(buffer) == 0 && text ? 0 : -ENOMEM;
    if (!error)
        fputs("configuration:\n", p->out);
    for (char *rest = text; !error && rest && *rest;) {
        text_put(p->out, strsep(&rest, "\n"));
        fputc('\n', p->out);
    }
    free(text);
    return error;
}

static int put_history(const struct page *p)
{
    int error = 0;
    if (p->s->history_count > 0)
        fputs("history:\n", p->out);
    for (size_t i = 0; i < p->s->history_count && !error; i++) {
        fputs(INDENT, p->out);
        error = render_change(p->out, &p->s->history[i], p->style);
    }
    return error;
}

static void put_last_words(const struct page *p, const char *lines)
{
    fputs("last lines of stderr:\n", p->out);
    while (*lines) {
        size_t length = strcspn(lines, "\n");
        fprintf(p->out, INDENT "%.*s\n", (int)length, lines);
        lines += length + (lines[length] == '\n');
    }
}

int render_page(FILE *out, const struct snapshot *snapshot, char *const *environment,
                const char *last_words, const struct render_style *style)
{
    const struct page p = { out, snapshot, style, clock_ms() };
    const struct identity *id = snapshot->id;
    fprintf(out, "%s:\n", id->name);
    fprintf(put_label(&p, "task"), "%s, instance %ld of %ld\n", id->task->name, id->number,
            id->task->instances);
    put_state(&p);
    int error = put_reason(&p);
    put_process(&p);
    put_next(&p);
    error = error ? error : render_vitals(snapshot, put_any_row, &p);
    fprintf(put_label(&p, "restarts"), "%lu\n", snapshot->restarts);
    fprintf(put_label(&p, "failed starts"), "%ld in a row\n", snapshot->failures);
    put_exit(&p);
    put_row(&p, "kill", render_kill_text(snapshot));
    error = error ? error : put_launch(&p, environment);
    error = error ? error : put_configuration(&p);
    error = error ? error : put_history(&p);
    if (!error && last_words)
        put_last_words(&p, last_words);
    return error;
}
