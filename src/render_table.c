/* render_table.c - the table of `status`. All columns but the last are ASCII: numbers, and names
 * that the configuration allows. The last one, the command, needs no layout and holds foreign
 * bytes. */
#include "render_forms.h"

#include <errno.h>
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
#define CELL_BYTES DURATION_TEXT_BYTES

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
    const struct snapshot_set *set;
    const struct render_style *style;
    char (*cells)[COL_COMMAND][CELL_BYTES]; /* of each instance; not all columns have one here */
    int widths[COL_COMMAND];
    int64_t now_ms;
};

/* ---- cells ---- */

static bool is_shown(const struct table *t, int column)
{
    return t->style->detail || !columns[column].detail;
}

static const char *cell(const struct table *t, size_t i, int column)
{
    const struct snapshot *s = &t->set->items[i];
    if (column == COL_TASK)
        return s->id->name;
    return column == COL_STATUS ? state_name(s->state) : t->cells[i][column];
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

static void fill_detail(const struct snapshot *s, char cells[COL_COMMAND][CELL_BYTES])
{
    struct procstat stat;
    char text[24];
    snprintf(cells[COL_CPU], CELL_BYTES, "-");
    snprintf(cells[COL_MEMORY], CELL_BYTES, "-");
    snprintf(cells[COL_EXIT], CELL_BYTES, "%s", exit_text(&s->exit, text));
    if (s->pid && procstat_read(s->pid, &stat) == 0) {
        snprintf(cells[COL_CPU], CELL_BYTES, "%.1f", stat.cpu_percent);
        print_bytes(stat.rss_bytes, cells[COL_MEMORY], CELL_BYTES);
    }
}

static void fill(struct table *t, size_t i)
{
    const struct snapshot *s = &t->set->items[i];
    char(*cells)[CELL_BYTES] = t->cells[i];
    snprintf(cells[COL_PID], CELL_BYTES, "-");
    snprintf(cells[COL_UPTIME], CELL_BYTES, "-");
    if (s->pid) {
        snprintf(cells[COL_PID], CELL_BYTES, "%d", s->pid);
        duration_print_uptime(t->now_ms - s->up_ms, cells[COL_UPTIME]);
    }
    snprintf(cells[COL_RESTARTS], CELL_BYTES, "%lu", s->restarts);
    if (t->style->detail)
        fill_detail(s, cells);
}

/* A column is as wide as its widest cell or its title. */
static void measure(struct table *t)
{
    for (int c = 0; c < COL_COMMAND; c++) {
        t->widths[c] = (int)strlen(columns[c].title);
        for (size_t i = 0; i < t->set->count && is_shown(t, c); i++) {
            int width = (int)strlen(cell(t, i, c));
            t->widths[c] = width > t->widths[c] ? width : t->widths[c];
        }
    }
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
    if (width == INT_MAX) {
        fputs(text, out);
        return width;
    }
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

/* A padded cell and the gap behind it, in a colour where `colour` is one. How many columns are
 * left. */
static int put_cell(FILE *out, const char *text, int width, const char *colour, int left)
{
    fputs(colour, out);
    left = put_cut(out, text, left);
    fputs(*colour ? PAINT_END : "", out);
    int padding = width - (int)strlen(text) + (int)strlen(GAP);
    for (int i = 0; i < padding && i < left; i++)
        putc_unlocked(' ', out); /* a memory stream of our own */
    return left == INT_MAX ? left : left - padding;
}

static int put_row(FILE *out, const struct table *t, size_t i, int left)
{
    const struct snapshot *s = &t->set->items[i];
    char *shown = last_cell(s);
    if (!shown)
        return -ENOMEM;
    for (int c = 0; c < COL_COMMAND; c++) {
        bool colour = c == COL_STATUS && t->style->colour;
        if (is_shown(t, c))
            left = put_cell(out, cell(t, i, c), t->widths[c], colour ? paint_begin(s->state) : "",
                            left);
    }
    put_cut(out, shown, left);
    fputc('\n', out);
    free(shown);
    return 0;
}

static int put_table(FILE *out, const struct table *t)
{
    int error = 0;
    int most = t->style->width > 0 ? t->style->width : INT_MAX;
    int left = most;
    for (int c = 0; c < COL_COMMAND; c++)
        if (is_shown(t, c))
            left = put_cell(out, columns[c].title, t->widths[c], "", left);
    put_cut(out, columns[COL_COMMAND].title, left);
    fputc('\n', out);
    for (size_t i = 0; i < t->set->count && !error; i++)
        error = put_row(out, t, i, most);
    return error;
}

int render_table(FILE *out, const struct snapshot_set *set, const struct render_style *style)
{
    struct table t = { .set = set, .style = style, .now_ms = clock_ms() };
    char *text = NULL;
    size_t size = 0;
    t.cells = calloc(set->count + 1, sizeof *t.cells);
    if (!t.cells)
        return -ENOMEM;
    for (size_t i = 0; i < set->count; i++)
        fill(&t, i);
    measure(&t);
    FILE *buffer = open_memstream(&text, &size); /* all or nothing */
    int error = buffer ? put_table(buffer, &t) : -ENOMEM;
    if (!buffer || fclose(buffer) != 0 || !text)
        error = -ENOMEM;
    if (!error)
        fwrite(text, 1, size, out);
    free(text);
    free(t.cells);
    return error;
}
