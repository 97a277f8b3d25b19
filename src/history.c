/* history.c - see history.h. */
#include "history.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_FLAGS (O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
#define READ_MAX_BYTES ((off_t)4 << 20) /* of a file that somebody else made larger */

struct history {
    char *path; /* NULL: there is no file */
    char *last;
};

char *history_path(const char *state_home, const char *home)
{
    char *path = NULL;
    int n = -1;
    if (state_home != NULL && state_home[0] == '/')
        n = asprintf(&path, "%s/taskmaster/history", state_home);
    else if (home != NULL && home[0] == '/')
        n = asprintf(&path, "%s/.local/state/taskmaster/history", home);
    return n < 0 ? NULL : path;
}

static void make_directories(const char *path)
{
    char *copy = strdup(path);
    if (copy == NULL)
        return;
    for (char *slash = strchr(copy + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(copy, 0700) != 0 && errno != EEXIST)
            break;
        *slash = '/';
    }
    free(copy);
}

static int open_regular(const char *path, int flags)
{
    struct stat st;
    int fd = open(path, flags | FILE_FLAGS, 0600);
    if (fd < 0)
        return -1;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        return fd;
    close(fd);
    return -1;
}

/* The end of the file, from the start of a line; a string to free(), or NULL. */
static char *read_end(const char *path)
{
    int fd = open_regular(path, O_RDONLY);
    if (fd < 0)
        return NULL;
    off_t size = lseek(fd, 0, SEEK_END);
    off_t from = size > READ_MAX_BYTES ? size - READ_MAX_BYTES : 0;
    char *text = size < 0 ? NULL : malloc((size_t)(size - from) + 1);
    ssize_t n = text == NULL ? -1 : pread(fd, text, (size_t)(size - from), from);
    close(fd);
    if (n < 0) {
        free(text);
        return NULL;
    }
    text[n] = '\0';
    char *line = from > 0 ? strchr(text, '\n') : NULL;
    if (line != NULL)
        memmove(text, line + 1, strlen(line + 1) + 1);
    return text;
}

static size_t count_lines(const char *text)
{
    size_t lines = 0;
    for (const char *at = text; *at != '\0'; lines++) {
        at = strchrnul(at, '\n');
        at += *at == '\n';
    }
    return lines;
}

/* Replaces the file by `text`, whole or not at all. */
static void rewrite(const char *path, const char *text)
{
    char *temporary = NULL;
    size_t length = strlen(text);
    if (asprintf(&temporary, "%s.%ld", path, (long)getpid()) < 0)
        return;
    int fd = open_regular(temporary, O_WRONLY | O_CREAT | O_EXCL);
    if (fd >= 0) {
        bool whole = write(fd, text, length) == (ssize_t)length;
        close(fd);
        if (!whole || rename(temporary, path) != 0)
            unlink(temporary);
    }
    free(temporary);
}

static bool is_blank(const char *line)
{
    return line[strspn(line, " \t")] == '\0';
}

static void remember(struct history *h, const char *line)
{
    free(h->last);
    h->last = strdup(line);
}

/* Gives the last lines of the file to each(), and cuts a file that is longer. */
static void load(struct history *h, const char *path, void (*each)(void *arg, const char *line),
                 void *arg)
{
    char *text = read_end(path);
    if (text == NULL)
        return;
    char *line = text;
    size_t lines = count_lines(text);
    for (size_t extra = lines; extra > HISTORY_MAX_LINES; extra--)
        line = strchr(line, '\n') + 1;
    if (lines > HISTORY_MAX_LINES)
        rewrite(path, line);
    while (*line != '\0') {
        char *end = strchrnul(line, '\n');
        bool last = *end == '\0';
        *end = '\0';
        if (!is_blank(line)) {
            each(arg, line);
            remember(h, line);
        }
        line = last ? end : end + 1;
    }
    free(text);
}

struct history *history_load(const char *path, void (*each)(void *arg, const char *line), void *arg)
{
    struct history *h = calloc(1, sizeof *h);
    if (h == NULL)
        return NULL;
    h->path = path == NULL ? NULL : strdup(path);
    if (h->path == NULL)
        return h;
    make_directories(path);
    load(h, path, each, arg);
    return h;
}

/* Opens the file for each line, because another shell may have replaced it by a shorter one. */
static void append(const char *path, const char *line)
{
    char *text = NULL;
    int length = asprintf(&text, "%s\n", line);
    if (length < 0)
        return;
    int fd = open_regular(path, O_WRONLY | O_APPEND | O_CREAT);
    if (fd >= 0) {
        ssize_t n = write(fd, text, (size_t)length);
        (void)n; /* a full disk: the line is kept for this shell only */
        close(fd);
    }
    free(text);
}

bool history_keep(struct history *history, const char *line)
{
    if (is_blank(line) || (history->last != NULL && strcmp(history->last, line) == 0))
        return false;
    remember(history, line);
    if (history->path != NULL)
        append(history->path, line);
    return true;
}

void history_free(struct history *history)
{
    if (history == NULL)
        return;
    free(history->path);
    free(history->last);
    free(history);
}
