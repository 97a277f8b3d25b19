/* sole.c - notices when two copies of a task are there at once, what is left of one included.
 *
 * `sole FILE stay` holds a lock on FILE, ignores SIGTERM and stays. `sole FILE linger CODE` leaves
 * a descendant that does that, and exits with CODE. `sole FILE obey` is ended by SIGTERM; `notify`
 * too, and tells its supervisor that it is ready. Each appends "alone" to FILE at its start, or
 * "together" if another copy still had the lock. */
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void say_ready(const char *name)
{
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    size_t length = name ? strnlen(name, sizeof to.sun_path) : 0;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || length < 2) {
        exit(98);
    }
    memcpy(to.sun_path, name, length);
    to.sun_path[0] = name[0] == '@' ? '\0' : name[0];
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    if (sendto(fd, "READY=1", 7, 0, (const struct sockaddr *)&to, size) < 0) {
        perror(name);
        exit(98);
    }
    close(fd);
}

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
    bool obeys = strcmp(argv[2], "obey") == 0 || strcmp(argv[2], "notify") == 0;
    signal(SIGTERM, obeys ? SIG_DFL : SIG_IGN);
    dprintf(fd, flock(fd, LOCK_EX | LOCK_NB) == 0 ? "alone\n" : "together\n");
    if (strcmp(argv[2], "notify") == 0) {
        say_ready(getenv("NOTIFY_SOCKET"));
    }
    if (strcmp(argv[2], "linger") == 0) {
        pid_t pid = fork();
        if (pid != 0) {
            return pid < 0 ? 99 : atoi(argc > 3 ? argv[3] : "0");
        }
    }
    sleep(600);
    return 0;
}
