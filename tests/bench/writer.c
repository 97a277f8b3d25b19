/* writer.c - a task that logs: `writer BYTES CHUNK` reports on the board (board.h) that it is
 * there, waits for SIGUSR1, writes BYTES to stdout with writes of CHUNK bytes, each a line that
 * begins with its number, and reports when it began and when the last one was taken. Then it waits
 * to be killed, two minutes at most. */
#include "board.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER 15

extern char **environ;

static int write_all(const char *bytes, size_t left)
{
    while (left > 0) {
        ssize_t n = write(STDOUT_FILENO, bytes, left);
        if (n < 0 && errno != EINTR)
            return -errno;
        if (n > 0) {
            bytes += n;
            left -= (size_t)n;
        }
    }
    return 0;
}

/* Decimal, with zeros before: as cheap as a line's number can be. */
static void put_number(char *place, long value)
{
    for (int digit = NUMBER - 1; digit >= 0; digit--, value /= 10)
        place[digit] = (char)('0' + value % 10);
}

int main(int argc, char **argv)
{
    long bytes = argc == 3 ? atol(argv[1]) : 0;
    long chunk = argc == 3 ? atol(argv[2]) : 0;
    if (chunk <= NUMBER || bytes % chunk != 0)
        return 2;
    alarm(120);
    sigset_t go;
    int got, err = 0;
    sigemptyset(&go);
    sigaddset(&go, SIGUSR1);
    sigprocmask(SIG_BLOCK, &go, NULL);
    char *line = malloc((size_t)chunk);
    if (!line || !board_report(environ, board_now_ns()))
        return 1;
    memset(line, 'x', (size_t)chunk);
    line[chunk - 1] = '\n';
    sigwait(&go, &got);
    int64_t began = board_now_ns();
    for (long i = 0; i < bytes / chunk && err == 0; i++) {
        put_number(line, i);
        err = write_all(line, (size_t)chunk);
    }
    int64_t ended = board_now_ns();
    if (err < 0)
        return 1;
    board_report(environ, began);
    board_report(environ, ended);
    for (;;)
        pause();
}
