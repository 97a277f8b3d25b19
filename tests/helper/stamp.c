/* stamp.c - says when it is there: `stamp FILE NAME [STOP_MS]` appends "+NAME" to FILE, waits for
 * SIGTERM, and STOP_MS (default 0) after it appends "-NAME" and exits with 0. Several share a FILE:
 * the order of its lines is what happened first. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void note(int fd, char sign, const char *name)
{
    char line[300];
    int length = snprintf(line, sizeof line, "%c%s\n", sign, name);
    if (write(fd, line, (size_t)length) != length) {
        _exit(99);
    }
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        return 2;
    }
    sigset_t term;
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigprocmask(SIG_BLOCK, &term, NULL);
    int fd = open(argv[1], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0) {
        perror(argv[1]);
        return 99;
    }
    note(fd, '+', argv[2]);
    sigwaitinfo(&term, NULL);
    long stop_ms = argc > 3 ? atol(argv[3]) : 0;
    struct timespec pause = { .tv_sec = stop_ms / 1000, .tv_nsec = stop_ms % 1000 * 1000000 };
    nanosleep(&pause, NULL);
    note(fd, '-', argv[2]);
    return 0;
}
