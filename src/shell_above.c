/* shell_above.c - see shell_above.h. */
#include "shell_above.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "termsafe.h"

#define ROOM ((size_t)64 << 10)

struct shell_above {
    int fd;
    size_t used;
    char bytes[ROOM]; /* the start of a line */
};

struct shell_above *shell_above_new(int fd)
{
    struct shell_above *above = malloc(sizeof *above); /* pages are touched when they are used */
    if (above == NULL)
        return NULL;
    above->fd = fd;
    above->used = 0;
    return above;
}

void shell_above_free(struct shell_above *above)
{
    free(above);
}

int shell_above_fd(const struct shell_above *above)
{
    return above->fd;
}

/* Adds what can be read. False: nothing has changed. */
static bool take_in(struct shell_above *above)
{
    struct pollfd p = { .fd = above->fd, .events = POLLIN };
    if (above->fd < 0 || poll(&p, 1, 0) <= 0)
        return false;
    ssize_t n = read(above->fd, above->bytes + above->used, ROOM - above->used);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (n <= 0)
        above->fd = -1;
    else
        above->used += (size_t)n;
    return true;
}

/* The length of the whole lines; all there is, where no more fits or no more will come. */
static size_t whole_lines(const struct shell_above *above)
{
    const char *end = memrchr(above->bytes, '\n', above->used);
    if (end != NULL)
        return (size_t)(end - above->bytes) + 1;
    return above->used == ROOM || above->fd < 0 ? above->used : 0;
}

static void print(FILE *out, const char *bytes, size_t count, bool terminal)
{
    struct termsafe filter = { 0 };
    if (terminal) {
        termsafe_write(&filter, out, bytes, count);
        termsafe_end(&filter, out);
    } else {
        fwrite(bytes, 1, count, out);
    }
    if (bytes[count - 1] != '\n')
        fputc('\n', out);
}

char *shell_above_take(struct shell_above *above, bool terminal, size_t *out_length)
{
    char *text = NULL;
    size_t length = 0;
    if (!take_in(above))
        return NULL;
    size_t count = whole_lines(above);
    if (count == 0)
        return NULL;
    FILE *out = open_memstream(&text, &length);
    if (out != NULL) {
        print(out, above->bytes, count, terminal);
        fclose(out);
    }
    above->used -= count;
    memmove(above->bytes, above->bytes + count, above->used);
    if (text != NULL)
        *out_length = length;
    return text;
}
