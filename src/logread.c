/* logread.c - see logread.h. A step prints a block at most, so that no more than that waits to be
 * taken by a slow front. */
#include "logread.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "logshow.h"
#include "render.h"
#include "tail.h"
#include "tail_watch.h"
#include "textmap.h"

#define BLOCK_BYTES 65536
#define JSON_BLOCK_BYTES 8192 /* short lines become objects of many times their length */

struct log_file {
    struct log_place place;
    char *name;     /* of the first instance that writes to it */
    size_t sharers; /* how many others do */
    struct tail *tail;
    struct logshow show;
};

struct logread {
    struct logread_form form;
    struct log_file *files;
    size_t count;
    struct textmap *by_path;      /* the files */
    struct tail_watch *watch;     /* of those that are followed; NULL: none is yet */
    size_t current;               /* whose last lines are being shown; `count`: done with that */
    size_t next;                  /* of those that are followed, the one whose turn it is */
    const struct log_file *shown; /* whose header was printed last */
    bool mid_line;                /* what was printed last has no end of line yet */
    bool failed;
    char block[BLOCK_BYTES];
};

static void close_file(struct log_file *file)
{
    tail_free(file->tail);
    file->tail = NULL;
    logshow_release(&file->show);
}

/* ---- printing ---- */

static void end_line(struct logread *r, FILE *out)
{
    if (r->mid_line)
        fputc('\n', out);
    r->mid_line = false;
}

/* An object says by itself whose line it has. */
static void print_header(struct logread *r, const struct log_file *file, FILE *out)
{
    if (r->count == 1 || r->shown == file || r->form.style.json)
        return;
    end_line(r, out);
    fprintf(out, "%s==> %s", r->shown ? "\n" : "", file->name);
    if (file->sharers > 0)
        fprintf(out, " and %zu more", file->sharers);
    fputs(" <==\n", out);
    r->shown = file;
}

/* Prints what is in the block. 0 or -ENOMEM. */
static int print_block(struct logread *r, struct log_file *file, size_t count, FILE *out)
{
    print_header(r, file, out);
    r->mid_line = !r->form.style.json && r->block[count - 1] != '\n';
    return logshow_write(&file->show, r->block, count, out);
}

static struct render_style style_of(const struct logread *r)
{
    const struct command_style *style = &r->form.style;
    return (
        struct render_style){ .colour = style->colour, .width = style->width, .json = style->json };
}

/* Says what stands in the way of showing a log, as a failure. */
static void print_problem(struct logread *r, const struct log_file *file, int error, FILE *out)
{
    const struct render_style style = style_of(r);
    const char *path = file->place.path;
    char *text;
    int length = error == -EINVAL
                     ? asprintf(&text, "Process '%s' logs to '%s', which is not a regular file",
                                file->name, path)
                     : asprintf(&text, "cannot read '%s': %s", path, strerrordesc_np(-error));
    if (length < 0)
        text = NULL;
    end_line(r, out);
    render_error(out, text ? text : strerrordesc_np(ENOMEM), &style);
    free(text);
    r->failed = true;
}

static void print_missing(struct logread *r, const struct log_file *file, FILE *out)
{
    const struct render_style style = style_of(r);
    char *text;
    print_header(r, file, out);
    if (asprintf(&text, "Process '%s' has not written to '%s' yet", file->name, file->place.path) <
        0) {
        print_problem(r, file, -ENOMEM, out);
        return;
    }
    render_text(out, text, &style);
    free(text);
}

static ssize_t read_block(struct logread *r, struct log_file *file)
{
    return tail_read(file->tail, r->block, r->form.style.json ? JSON_BLOCK_BYTES : BLOCK_BYTES);
}

/* ---- the last lines ---- */

/* False, once it was said, where there is nothing to show of this file (now). */
static bool open_file(struct logread *r, struct log_file *file, FILE *out)
{
    const struct tail_want want = { r->form.lines, file->place.rotated, LLONG_MAX };
    file->tail = tail_new(file->place.path);
    int error = file->tail ? tail_begin(file->tail, &want) : -ENOMEM;
    logshow_init(&file->show, file->name, r->form.stderr_log ? "stderr" : "stdout", &r->form.style);
    if (!error)
        print_header(r, file, out);
    if (!error || (error == -ENOENT && r->form.follow))
        return true;
    if (error == -ENOENT)
        print_missing(r, file, out);
    else
        print_problem(r, file, error, out);
    close_file(file);
    return false;
}

static int follow(struct logread *r, struct log_file *file)
{
    int error = r->watch ? 0 : tail_watch_new(&r->watch);
    return error ? error : tail_follow(file->tail, r->watch);
}

/* All of the last lines have been printed. */
static int end_last(struct logread *r, struct log_file *file, FILE *out)
{
    if (r->form.follow)
        return follow(r, file);
    int error = logshow_end(&file->show, out);
    if (!error)
        close_file(file);
    return error;
}

/* Prints a block of the last lines; the next one, or the next file, is for the next step. */
static void show_last(struct logread *r, FILE *out)
{
    struct log_file *file = &r->files[r->current];
    if (!file->tail && !open_file(r, file, out)) {
        r->current++;
        return;
    }
    ssize_t n = read_block(r, file);
    if (n == -EAGAIN)
        return;
    int error = n > 0 ? print_block(r, file, (size_t)n, out) : (int)n;
    if (n == 0)
        error = end_last(r, file, out);
    if (error) {
        print_problem(r, file, error, out);
        close_file(file);
    }
    if (n <= 0 || error)
        r->current++;
}

/* ---- what follows ---- */

/* Prints what is new in one file; false: nothing. */
static bool follow_on(struct logread *r, struct log_file *file, FILE *out)
{
    ssize_t n = read_block(r, file);
    int error = n > 0 ? print_block(r, file, (size_t)n, out) : (int)n;
    if (error) {
        print_problem(r, file, error, out);
        close_file(file);
    }
    return n != 0;
}

/* Prints a block of the first file that has one, from the one whose turn it is. */
static enum logread_next follow_all(struct logread *r, FILE *out)
{
    enum logread_next next = LOGREAD_OVER;
    if (r->watch)
        tail_watch_look(r->watch);
    for (size_t i = 0; i < r->count; i++) {
        size_t index = (r->next + i) % r->count;
        if (!r->files[index].tail)
            continue;
        next = LOGREAD_WAITS;
        if (follow_on(r, &r->files[index], out)) {
            r->next = index + 1;
            return LOGREAD_MORE;
        }
    }
    return next;
}

int logread_step(void *logread, FILE *out)
{
    struct logread *r = logread;
    enum logread_next next = LOGREAD_MORE;
    if (r->current < r->count)
        show_last(r, out);
    else
        next = follow_all(r, out);
    if (next == LOGREAD_OVER)
        end_line(r, out);
    return (int)next;
}

/* ---- from outside ---- */

struct logread *logread_new(const struct logread_form *form, size_t most)
{
    struct logread *r = calloc(1, sizeof *r);
    struct log_file *files = calloc(most + 1, sizeof *files);
    struct textmap *by_path = textmap_new();
    if (r && files && by_path) {
        r->form = *form;
        r->files = files;
        r->by_path = by_path;
        return r;
    }
    textmap_free(by_path);
    free(files);
    free(r);
    return NULL;
}

void logread_free(void *logread)
{
    struct logread *r = logread;
    if (!r)
        return;
    for (size_t i = 0; i < r->count; i++) {
        close_file(&r->files[i]);
        free(r->files[i].place.path);
        free(r->files[i].name);
    }
    tail_watch_free(r->watch);
    textmap_free(r->by_path);
    free(r->files);
    free(r);
}

int logread_add(struct logread *r, const char *name, struct log_place place)
{
    struct log_file *file = textmap_find(r->by_path, place.path);
    if (file) {
        file->sharers++;
        free(place.path);
        return 0;
    }
    file = &r->files[r->count];
    char *copy = strdup(name);
    if (!copy || textmap_set(r->by_path, place.path, file) < 0) {
        free(copy);
        free(place.path);
        return -ENOMEM;
    }
    *file = (struct log_file){ .place = place, .name = copy };
    r->count++;
    return 0;
}

int logread_fd(const struct logread *r)
{
    return r->watch ? tail_watch_fd(r->watch) : -1;
}

bool logread_has_failed(const struct logread *r)
{
    return r->failed;
}

const char *logread_path(const struct logread *r)
{
    return r->current < r->count ? r->files[r->current].place.path : NULL;
}
