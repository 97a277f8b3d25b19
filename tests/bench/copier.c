/* copier.c - the least that a log pump has to do: `copier FILE PROGRAM [ARG...]` starts PROGRAM
 * with a pipe as its stdout, and appends to FILE what comes out of it, 64 KiB at a time. Lines,
 * rotation, more than one task and full disks are all left out. */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <unistd.h>

#define BLOCK (64 * 1024)

extern char **environ;

static int copy(int from, int to)
{
    static char block[BLOCK];
    ssize_t got;
    while ((got = read(from, block, sizeof block)) > 0) {
        for (ssize_t done = 0; done < got;) {
            ssize_t n = write(to, block + done, (size_t)(got - done));
            if (n < 0)
                return 1;
            done += n;
        }
    }
    return got < 0 ? 1 : 0;
}

int main(int argc, char **argv)
{
    int ends[2],
        file = argc < 3 ? -1 : open(argv[1], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    posix_spawn_file_actions_t actions;
    pid_t pid;
    if (file < 0 || pipe2(ends, O_CLOEXEC) < 0 || posix_spawn_file_actions_init(&actions) != 0) {
        fprintf(stderr, "usage: copier FILE PROGRAM [ARG...]\n");
        return 2;
    }
    if (posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO) != 0 ||
        posix_spawn(&pid, argv[2], &actions, NULL, argv + 2, environ) != 0)
        return 1;
    close(ends[1]);
    return copy(ends[0], file);
}
