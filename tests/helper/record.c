/* record.c - writes down the signals it gets: `record FILE [LAST [CODE]]` appends "ready", then the
 * name of every signal ("TERM"), to FILE, and exits with CODE (default 0) after the signal named
 * LAST; without LAST only SIGKILL ends it. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void note(int fd, const char *what)
{
    if (dprintf(fd, "%s\n", what) < 0) {
        _exit(99);
    }
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        return 2;
    }
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    int fd = open(argv[1], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0) {
        perror(argv[1]);
        return 99;
    }
    note(fd, "ready");
    for (;;) {
        int signo = sigwaitinfo(&all, NULL);
        const char *name = signo > 0 ? sigabbrev_np(signo) : NULL;
        if (name) {
            note(fd, name);
        }
        if (name && argc > 2 && strcmp(name, argv[2]) == 0) {
            return argc > 3 ? atoi(argv[3]) : 0;
        }
    }
}
