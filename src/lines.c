/* lines.c - see lines.h. */
#include "lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct lines {
    char *bytes;
    size_t start;
    size_t end;
    size_t room;
    size_t searched; /* there is no end of line before this one */
    bool skipping;   /* the rest of a line that was too long */
    bool finished;
};

struct lines *lines_new(void)
{
    return calloc(1, sizeof(struct lines));
}

void lines_free(struct lines *lines)
{
    if (lines == NULL)
        return;
    free(lines->bytes);
    free(lines);
}

/* Forgets what has been taken, and the line that is too long but for the fact that it is. */
static void compact(struct lines *l)
{
    memmove(l->bytes, l->bytes + l->start, l->end - l->start);
    l->end -= l->start;
    l->searched -= l->start;
    l->start = 0;
    if (l->searched == l->end && l->end > LINE_MAX_BYTES + 1) {
        l->skipping = true;
        l->end = 0;
        l->searched = 0;
    }
}

static void search(struct lines *l)
{
    if (l->bytes == NULL || l->searched == l->end)
        return;
    const char *from = l->bytes + l->searched;
    const char *found = memchr(from, '\n', l->end - l->searched);
    l->searched = found == NULL ? l->end : l->searched + (size_t)(found - from);
}

int lines_add(struct lines *lines, const char *bytes, size_t count)
{
    if (lines->bytes != NULL)
        compact(lines);
    if (lines->bytes == NULL || count > lines->room - lines->end) {
        size_t room = (lines->end + count + 1) * 2;
        char *grown = realloc(lines->bytes, room);
        if (grown == NULL)
            return -ENOMEM;
        lines->bytes = grown;
        lines->room = room;
    }
    if (count > 0)
        memcpy(lines->bytes + lines->end, bytes, count);
    lines->end += count;
    search(lines);
    return 0;
}

void lines_finish(struct lines *lines)
{
    lines->finished = true;
}

bool lines_ready(const struct lines *lines)
{
    return lines->searched < lines->end ||
           (lines->finished && (lines->skipping || lines->end > lines->start));
}

bool lines_is_empty(const struct lines *lines)
{
    return lines->start == lines->end && !lines->skipping;
}

static int copy_line(const char *bytes, size_t count, bool too_long, char **out_line)
{
    if (count > 0 && bytes[count - 1] == '\r')
        count--;
    if (too_long || count > LINE_MAX_BYTES)
        return -E2BIG;
    if (count > 0 && memchr(bytes, '\0', count) != NULL)
        return -EILSEQ;
    char *line = malloc(count + 1);
    if (line == NULL)
        return -ENOMEM;
    if (count > 0)
        memcpy(line, bytes, count);
    line[count] = '\0';
    *out_line = line;
    return 0;
}

int lines_next(struct lines *lines, char **out_line)
{
    if (!lines_ready(lines))
        return -EAGAIN;
    size_t start = lines->start;
    size_t stop = lines->searched;
    lines->start = stop < lines->end ? stop + 1 : stop;
    lines->searched = lines->start;
    bool too_long = lines->skipping;
    lines->skipping = false;
    int error = copy_line(lines->bytes + start, stop - start, too_long, out_line);
    search(lines);
    return error;
}
