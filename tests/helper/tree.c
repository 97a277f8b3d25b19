/* tree.c - processes that get away, in every way there is.
 *
 * `tree FILE COUNT` becomes COUNT processes: one in five is a child, one left the session, one is
 * an orphan, one an orphan that left the session, and one that too and ignores SIGTERM. Each
 * appends its pid to FILE and stays until a signal, or ten minutes.
 * `tree FILE COUNT exit` does that, but that the first exits, with 0, when all have written.
 * `tree FILE hop` leaves a process in a session of its own that forks and exits for ever, so that
 * it has another pid every millisecond; the first stays, and ignores SIGTERM like the others.
 * `tree FILE COUNT burst` makes COUNT orphans that exit at once, then appends "done" and stays. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int file;

static void stay(void)
{
    dprintf(file, "%d\n", (int)getpid());
    sleep(600);
    _exit(0);
}

static pid_t fork_or_exit(void)
{
    pid_t pid = fork();
    if (pid < 0) {
        _exit(99);
    }
    return pid;
}

/* Returns in the parent alone. */
static void make(int kind)
{
    pid_t pid = fork_or_exit();
    if (pid > 0) {
        if (kind >= 2) {
            waitpid(pid, NULL, 0);
        }
        return;
    }
    if (kind >= 2 && fork_or_exit() > 0) {
        _exit(0);
    }
    if (kind == 1 || kind >= 3) {
        setsid();
    }
    if (kind == 4) {
        signal(SIGTERM, SIG_IGN);
    }
    stay();
}

static void hop(void)
{
    struct timespec moment = { 0, 1000000 };
    signal(SIGTERM, SIG_IGN);
    if (fork_or_exit() > 0) {
        stay();
    }
    for (;;) {
        setsid();
        nanosleep(&moment, NULL);
        if (fork_or_exit() > 0) {
            _exit(0);
        }
    }
}

static void burst(int count)
{
    for (int i = 0; i < count; i++) {
        pid_t pid = fork_or_exit();
        if (pid == 0) {
            if (fork_or_exit() == 0) {
                _exit(0);
            }
            _exit(0);
        }
        waitpid(pid, NULL, 0);
    }
    dprintf(file, "done\n");
    sleep(600);
}

static int lines_in(const char *path)
{
    char buffer[65536];
    int fd = open(path, O_RDONLY | O_CLOEXEC), lines = 0;
    ssize_t size;
    while (fd >= 0 && (size = read(fd, buffer, sizeof buffer)) > 0) {
        for (ssize_t i = 0; i < size; i++) {
            lines += buffer[i] == '\n';
        }
    }
    if (fd >= 0)
        close(fd);
    return lines;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        return 2;
    }
    file = open(argv[1], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (file < 0) {
        perror(argv[1]);
        return 99;
    }
    const char *mode = argc > 3 ? argv[3] : "";
    int count = atoi(argv[2]);
    if (strcmp(argv[2], "hop") == 0) {
        hop();
    }
    if (strcmp(mode, "burst") == 0) {
        burst(count);
    }
    for (int i = 1; i < count; i++) {
        make(i % 5);
    }
    if (strcmp(mode, "exit") != 0) {
        stay();
    }
    struct timespec moment = { 0, 1000000 };
    while (lines_in(argv[1]) < count - 1) {
        nanosleep(&moment, NULL);
    }
    return 0;
}
