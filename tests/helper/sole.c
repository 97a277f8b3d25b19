/* sole.c - notices when two copies of a task are there at once, what is left of one included.
 *
 * `sole FILE stay` holds a lock on FILE, ignores SIGTERM and stays. `sole FILE linger CODE` leaves
 * a descendant that does that, and exits with CODE. Either appends "alone" to FILE at its start, or
 * "together" if another copy still had the lock. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    if (argc < 3) {
        return 2;
    }
    int fd = open(argv[1], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0) {
        perror(argv[1]);
        return 99;
    }
    signal(SIGTERM, SIG_IGN);
    dprintf(fd, flock(fd, LOCK_EX | LOCK_NB) == 0 ? "alone\n" : "together\n");
    if (strcmp(argv[2], "linger") == 0) {
        pid_t pid = fork();
        if (pid != 0) {
            return pid < 0 ? 99 : atoi(argc > 3 ? argv[3] : "0");
        }
    }
    sleep(600);
    return 0;
}
