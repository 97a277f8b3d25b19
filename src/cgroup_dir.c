/* cgroup_dir.c - see cgroup_dir.h. */
#include "cgroup_dir.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_BYTES 200 /* of 255; the number and an escape need the rest */

/* ---- texts of /proc ---- */

/* A copy of one field, "\040" and the like made characters again. */
static char *unescape(const char *field, size_t length)
{
    char *text = malloc(length + 1);
    size_t size = 0;
    for (size_t i = 0; text && i < length; i++) {
        if (field[i] == '\\' && i + 3 < length) {
            text[size++] = (char)((field[i + 1] - '0') << 6 | (field[i + 2] - '0') << 3 |
                                  (field[i + 3] - '0'));
            i += 3;
        } else {
            text[size++] = field[i];
        }
    }
    if (text)
        text[size] = '\0';
    return text;
}

/* Field `index` of a line, counted from 0 and parted by single spaces. */
static char *line_field(const char *line, int index)
{
    for (; index > 0; index--) {
        line = strchr(line, ' ');
        if (!line)
            return NULL;
        line++;
    }
    return unescape(line, strcspn(line, " \n"));
}

/* The path after "0::". */
static char *own_path(const char *own)
{
    for (; own; own = strchr(own, '\n')) {
        own += *own == '\n';
        if (strncmp(own, "0::", 3) == 0)
            return strndup(own + 3, strcspn(own + 3, "\n"));
    }
    return NULL;
}

static bool is_cgroup2(const char *line)
{
    size_t length = strcspn(line, "\n");
    const char *type = memmem(line, length, " - ", 3); /* after the optional fields, proc(5) */
    return type && strncmp(type + 3, "cgroup2 ", 8) == 0;
}

/* The part of `path` below `root`; NULL: it is elsewhere. */
static const char *below(const char *path, const char *root)
{
    size_t length = strcmp(root, "/") == 0 ? 0 : strlen(root);
    if (strncmp(path, root, length) != 0 || (path[length] && path[length] != '/'))
        return NULL;
    return path + length;
}

/* ---- both ---- */

static int dir_of_mount(const char *line, const char *path, char **out_dir)
{
    char *root = line_field(line, 3), *mount_point = line_field(line, 4);
    const char *rest = root && mount_point ? below(path, root) : NULL;
    int error = root && mount_point ? -ENOENT : -ENOMEM;
    if (rest) {
        char *dir;
        bool top = strcmp(rest, "/") == 0;
        error = asprintf(&dir, "%s%s", mount_point, top ? "" : rest) < 0 ? -ENOMEM : 0;
        if (!error)
            *out_dir = dir;
    }
    free(root);
    free(mount_point);
    return error;
}

int cgroup_dir(const char *mountinfo, const char *own, char **out_dir)
{
    char *path = own_path(own);
    int error = -ENOENT;
    if (path && strncmp(path, "/..", 3) == 0) { /* outside of what our namespace shows */
        free(path);
        return error;
    }
    for (const char *line = mountinfo; path && line && error == -ENOENT;
         line = strchr(line, '\n')) {
        line += *line == '\n';
        if (is_cgroup2(line))
            error = dir_of_mount(line, path, out_dir);
    }
    free(path);
    return error;
}

char *cgroup_name(const char *name, unsigned long number)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    for (long begun = 0; *name && begun < NAME_BYTES; name++, begun = ftell(out)) {
        if (*name == '/' || *name == '%' || (unsigned char)*name <= ' ')
            fprintf(out, "%%%02x", (unsigned char)*name);
        else
            fputc(*name, out);
    }
    fprintf(out, "-%lu", number);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}
