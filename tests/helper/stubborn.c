/* stubborn.c - a tree of processes that ignore SIGTERM: `stubborn FILE DEPTH` appends the pid of
 * each of its DEPTH + 1 generations to FILE, and each stays until SIGKILL, or ten minutes. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    if (argc < 3) {
        return 2;
    }
    signal(SIGTERM, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    int fd = open(argv[1], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0) {
        perror(argv[1]);
        return 99;
    }
    for (int depth = atoi(argv[2]); depth > 0; depth--) {
        pid_t pid = fork();
        if (pid < 0) {
            return 99;
        }
        if (pid > 0) {
            break;
        }
    }
    dprintf(fd, "%d\n", (int)getpid());
    sleep(600);
    return 0;
}
