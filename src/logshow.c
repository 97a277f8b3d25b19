/* logshow.c - see logshow.h. */
#include "logshow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

#define FIRST_ROOM 256

void logshow_init(struct logshow *show, const char *name, const char *stream,
                  const struct command_style *style)
{
    *show = (struct logshow){
        .name = name, .stream = stream, .json = style->json, .terminal = style->width != 0
    };
}

void logshow_release(struct logshow *show)
{
    free(show->line);
    *show = (struct logshow){ 0 };
}

/* `partial`: the rest of the line is in the next object. */
static int put_line(const struct logshow *show, const char *bytes, size_t count, bool partial,
                    FILE *out)
{
    cJSON *object = cJSON_CreateObject();
    bool ok = json_add_text(object, "name", show->name) &&
              json_add_text(object, "stream", show->stream) &&
              json_add_bytes(object, "line", bytes, count);
    return json_put(out, object, ok && (!partial || cJSON_AddTrueToObject(object, "partial")));
}

/* How much of a line to put in an object where not all of it fits: no character is torn. */
static size_t cut(const char *bytes, size_t count)
{
    size_t end = count;
    while (end > 0 && count - end < 3 && ((unsigned char)bytes[end - 1] & 0xc0) == 0x80)
        end--;
    return end > 1 && (unsigned char)bytes[end - 1] >= 0xc0 ? end - 1 : count;
}

static int make_room(struct logshow *show, size_t count)
{
    size_t room = show->room ? show->room : FIRST_ROOM;
    while (room - show->kept < count)
        room *= 2;
    if (room == show->room)
        return 0;
    char *line = realloc(show->line, room);
    if (!line)
        return -ENOMEM;
    show->line = line;
    show->room = room;
    return 0;
}

/* Keeps the beginning of a line, of which no more than LOGSHOW_LINE_BYTES are held back. */
static int keep(struct logshow *show, const char *bytes, size_t count, FILE *out)
{
    int error = 0;
    while (!error && count > 0) {
        size_t room = LOGSHOW_LINE_BYTES - show->kept;
        size_t taken = count < room ? count : room;
        error = make_room(show, taken);
        if (error)
            break;
        memcpy(show->line + show->kept, bytes, taken);
        show->kept += taken;
        bytes += taken;
        count -= taken;
        if (count == 0)
            break;
        size_t fits = cut(show->line, show->kept);
        error = put_line(show, show->line, fits, true, out);
        show->kept -= fits;
        memmove(show->line, show->line + fits, show->kept);
    }
    return error;
}

static int put_kept(struct logshow *show, FILE *out)
{
    size_t kept = show->kept;
    show->kept = 0;
    return put_line(show, show->line ? show->line : "", kept, false, out);
}

static int write_json(struct logshow *show, const char *bytes, size_t count, FILE *out)
{
    int error = 0;
    for (const char *end = bytes + count; bytes < end && !error;) {
        const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));
        size_t length = (size_t)((newline ? newline : end) - bytes);
        error = keep(show, bytes, length, out);
        if (!error && newline)
            error = put_kept(show, out);
        bytes += length + 1;
    }
    return error;
}

int logshow_write(struct logshow *show, const char *bytes, size_t count, FILE *out)
{
    if (show->json)
        return write_json(show, bytes, count, out);
    if (show->terminal)
        termsafe_write(&show->filter, out, bytes, count);
    else
        fwrite(bytes, 1, count, out);
    return 0;
}

int logshow_end(struct logshow *show, FILE *out)
{
    if (show->json)
        return show->kept > 0 ? put_kept(show, out) : 0;
    if (show->terminal)
        termsafe_end(&show->filter, out);
    return 0;
}
