/* render_table.c - the table of `status`.
 *
 * libsmartcols lays the columns out, all but the command: that is the last one, needs no layout,
 * and holds foreign bytes, some of which (any above 127 in the C locale) keep libsmartcols 2.38
 * busy for ever. So it gets a placeholder, and the command is put in its place here, where lines
 * are cut too: libsmartcols does not cut below the width of the titles. */
#include "render_forms.h"

#include <errno.h>
#include <libsmartcols/libsmartcols.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "clock.h"
#include "duration.h"
#include "launch.h"
#include "paint.h"
#include "procstat.h"
#include "reason.h"
#include "text.h"

#define GAP "  "
#define PLACEHOLDER "." /* of the command */

enum column {
    COL_TASK,
    COL_STATUS,
    COL_PID,
    COL_UPTIME,
    COL_RESTARTS,
    COL_EXIT,
    COL_CPU,
    COL_MEMORY,
    COL_COMMAND,
    COL_COUNT,
};

static const struct {
    const char *title;
    bool detail;
} columns[COL_COUNT] = {
    [COL_TASK] = { "Task", false },         [COL_STATUS] = { "Status", false },
    [COL_PID] = { "PID", false },           [COL_UPTIME] = { "Uptime", false },
    [COL_RESTARTS] = { "Restarts", false }, [COL_EXIT] = { "Last exit", true },
    [COL_CPU] = { "CPU %", true },          [COL_MEMORY] = { "Memory", true },
    [COL_COMMAND] = { "Command", false },
};

struct table {
    struct libscols_table *scols;
    struct libscols_column *columns[COL_COUNT]; /* NULL: not shown */
    const struct render_style *style;
    int64_t now_ms;
};

/* ---- cells ---- */

static int set_text(struct table *t, struct libscols_line *line, enum column column,
                    const char *text)
{
    return t->columns[column] ? scols_line_set_column_data(line, t->columns[column], text) : 0;
}

static int set_state(struct table *t, struct libscols_line *line, enum state state)
{
    int error = set_text(t, line, COL_STATUS, state_name(state));
    if (error || !t->style->colour)
        return error;
    struct libscols_cell *cell = scols_line_get_column_cell(line, t->columns[COL_STATUS]);
    return scols_cell_set_color(cell, paint_begin(state));
}

static void print_bytes(int64_t bytes, char *out, size_t room)
{
    static const char *const units[] = { "KB", "MB", "GB", "TB" };
    double n = (double)bytes / 1024;
    size_t unit = 0;
    for (; n >= 1000 && unit < sizeof units / sizeof *units - 1; unit++)
        n /= 1024;
    snprintf(out, room, n < 10 ? "%.1f%s" : "%.0f%s", n, units[unit]);
}

static int set_detail(struct table *t, struct libscols_line *line, const struct snapshot *s)
{
    char exit[24];
    char cpu[32] = "-";
    char memory[32] = "-";
    struct procstat stat;
    if (s->pid && procstat_read(s->pid, &stat) == 0) {
        snprintf(cpu, sizeof cpu, "%.1f", stat.cpu_percent);
        print_bytes(stat.rss_bytes, memory, sizeof memory);
    }
    int error = set_text(t, line, COL_EXIT, exit_text(&s->exit, exit));
    error = error ? error : set_text(t, line, COL_CPU, cpu);
    return error ? error : set_text(t, line, COL_MEMORY, memory);
}

static int add_row(struct table *t, const struct snapshot *s)
{
    struct libscols_line *line = scols_table_new_line(t->scols, NULL);
    if (!line)
        return -ENOMEM;
    char pid[16] = "-";
    char uptime[DURATION_TEXT_BYTES] = "-";
    char restarts[24];
    if (s->pid) {
        snprintf(pid, sizeof pid, "%d", s->pid);
        duration_print_uptime(t->now_ms - s->up_ms, uptime);
    }
    snprintf(restarts, sizeof restarts, "%lu", s->restarts);
    int error = set_text(t, line, COL_TASK, s->id->name);
    error = error ? error : set_state(t, line, s->state);
    error = error ? error : set_text(t, line, COL_PID, pid);
    error = error ? error : set_text(t, line, COL_UPTIME, uptime);
    error = error ? error : set_text(t, line, COL_RESTARTS, restarts);
    error = error ? error : set_text(t, line, COL_COMMAND, PLACEHOLDER);
    if (!error && t->style->detail)
        error = set_detail(t, line, s);
    return error;
}

/* ---- lines ---- */

/* How many columns a character takes, where the locale knows it. */
static int columns_of(unsigned code)
{
    int width = wcwidth((wchar_t)code);
    return width < 0 ? 1 : width;
}

/* Prints printable text and colours, the text with at most `width` columns. How many are left. */
static int put_cut(FILE *out, const char *text, int width)
{
    while (*text) {
        unsigned code = 0;
        size_t length = *text == '\033' ? strcspn(text, "m") + 1 : text_decode(text, &code);
        if (length == 0)
            break;
        if (*text != '\033')
            width -= columns_of(code);
        if (*text == '\033' || width >= 0) /* a colour that was begun is ended in any case */
            fwrite(text, 1, length, out);
        text += length;
    }
    return width;
}

/* The command as it is shown, and behind it what a waiting instance waits for. */
static char *last_cell(const struct snapshot *s)
{
    const struct launch_id who = { .task = s->id->task->name,
                                   .instance = s->id->number,
                                   .name = s->id->name };
    char *command = launch_command_text(s->id->task, &who);
    char *why = s->state == ST_WAITING ? reason_text(s->why, s->detail) : NULL;
    char *text = NULL;
    if (command && why && asprintf(&text, "%s" GAP "(%s)", command, why) < 0)
        text = NULL;
    free(why);
    char *shown = command ? text_printable(text ? text : command) : NULL;
    free(text);
    free(command);
    return shown;
}

/* A line that libsmartcols made, the command in place of the placeholder. */
static int put_row(FILE *out, char *line, const struct snapshot *s, int width)
{
    char *shown = last_cell(s);
    if (!shown)
        return -ENOMEM;
    line[strlen(line) - strlen(PLACEHOLDER)] = '\0';
    put_cut(out, shown, put_cut(out, line, width));
    fputc('\n', out);
    free(shown);
    return 0;
}

/* The lines that libsmartcols made: the titles, then one for each instance. */
static int put_lines(FILE *out, char *text, const struct snapshot_set *set, int width)
{
    int error = 0;
    int most = width > 0 ? width : INT_MAX;
    put_cut(out, strsep(&text, "\n"), most);
    fputc('\n', out);
    for (size_t i = 0; i < set->count && !error; i++)
        error = put_row(out, strsep(&text, "\n"), &set->items[i], most);
    return error;
}

/* ---- the table ---- */

static int init_table(struct table *t)
{
    t->scols = scols_new_table();
    if (!t->scols)
        return -ENOMEM;
    int error = scols_table_set_column_separator(t->scols, GAP);
    error = error ? error : scols_table_set_termforce(t->scols, SCOLS_TERMFORCE_NEVER);
    error = error ? error : scols_table_enable_colors(t->scols, t->style->colour);
    for (int i = 0; i < COL_COUNT && !error; i++) {
        if (columns[i].detail && !t->style->detail)
            continue;
        t->columns[i] = scols_table_new_column(t->scols, columns[i].title, 0, 0);
        error = t->columns[i] ? 0 : -ENOMEM;
    }
    return error;
}

/* Of an empty table libsmartcols prints nothing at all. */
static void put_titles(FILE *out, const struct table *t)
{
    for (int i = 0; i < COL_COUNT; i++)
        if (t->columns[i])
            fprintf(out, "%s%s", i > 0 ? GAP : "", columns[i].title);
    fputc('\n', out);
}

static int print_scols(FILE *out, struct table *t, const struct snapshot_set *set)
{
    int error = scols_table_set_stream(t->scols, out);
    for (size_t i = 0; i < set->count && !error; i++)
        error = add_row(t, &set->items[i]);
    if (!error && set->count > 0)
        error = scols_print_table(t->scols);
    else if (!error)
        put_titles(out, t);
    return error;
}

int render_table(FILE *out, const struct snapshot_set *set, const struct render_style *style)
{
    struct table t = { .style = style, .now_ms = clock_ms() };
    char *laid_out = NULL;
    char *text = NULL;
    size_t size = 0;
    int error = init_table(&t);
    FILE *buffer = open_memstream(&laid_out, &size);
    if (buffer && !error)
        error = print_scols(buffer, &t, set);
    scols_unref_table(t.scols);
    if (!buffer || fclose(buffer) != 0 || !laid_out)
        error = -ENOMEM;
    buffer = error ? NULL : open_memstream(&text, &size);
    if (buffer)
        error = put_lines(buffer, laid_out, set, style->width);
    if (!buffer || fclose(buffer) != 0 || !text || error)
        error = -ENOMEM;
    else
        fwrite(text, 1, size, out);
    free(laid_out);
    free(text);
    return error;
}
