/* tick.c - counts its starts: `tick FILE [LIVE_MS [CODE]]` appends "MONOTONIC_MS PID" to FILE,
 * lives LIVE_MS (default 0; "stay" for until a signal) and exits with CODE (default 0). */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    if (argc < 2) {
        return 2;
    }
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    char line[64];
    int len = snprintf(line, sizeof line, "%lld %d\n",
                       (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000, (int)getpid());
    int fd = open(argv[1], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0 || write(fd, line, (size_t)len) != len) {
        perror(argv[1]);
        return 99;
    }
    if (argc > 2 && strcmp(argv[2], "stay") == 0) {
        pause();
    }
    long ms = argc > 2 ? atol(argv[2]) : 0;
    struct timespec left = { ms / 1000, ms % 1000 * 1000000 };
    while (nanosleep(&left, &left) != 0) {}
    return argc > 3 ? atoi(argv[3]) : 0;
}
