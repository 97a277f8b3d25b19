/* dump.c - says what a process was given: `dump FILE [stay]` writes to FILE, which appears whole or
 * not at all, and then exits, or stays until a signal ends it.
 *
 * One fact a line, "NAME VALUE": pid, ppid, pgid, sid, cwd, umask, every argument (arg), every
 * descriptor with what it refers to (fd), the dispositions that are not default (signal), the
 * blocked signals (blocked), the environment (env). */
#include <dirent.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

static void dump_signals(FILE *out)
{
    sigset_t blocked;
    sigprocmask(SIG_SETMASK, NULL, &blocked);
    for (int signo = 1; signo <= SIGRTMAX; signo++) {
        struct sigaction action;
        if (sigaction(signo, NULL, &action) == 0 && action.sa_handler != SIG_DFL) {
            fprintf(out, "signal %d\n", signo);
        }
        if (sigismember(&blocked, signo) == 1) {
            fprintf(out, "blocked %d\n", signo);
        }
    }
}

/* Called before anything is opened, so that only what was inherited is seen. */
static void dump_descriptors(FILE *out)
{
    DIR *dir = opendir("/proc/self/fd");
    if (!dir) {
        return;
    }
    const struct dirent *entry;
    while ((entry = readdir(dir))) {
        int fd = atoi(entry->d_name);
        char target[PATH_MAX];
        ssize_t len = readlinkat(dirfd(dir), entry->d_name, target, sizeof target - 1);
        if (len > 0 && fd != dirfd(dir)) {
            target[len] = '\0';
            fprintf(out, "fd %d %s\n", fd, target);
        }
    }
    closedir(dir);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        return 2;
    }
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out) {
        return 1;
    }
    dump_descriptors(out);
    dump_signals(out);
    mode_t mask = umask(0);
    umask(mask);
    char cwd[PATH_MAX];
    fprintf(out, "pid %d\nppid %d\npgid %d\nsid %d\numask %03o\ncwd %s\n", (int)getpid(),
            (int)getppid(), (int)getpgrp(), (int)getsid(0), mask,
            getcwd(cwd, sizeof cwd) ? cwd : "?");
    for (int i = 1; i < argc; i++) {
        fprintf(out, "arg %s\n", argv[i]);
    }
    for (char **variable = environ; *variable; variable++) {
        fprintf(out, "env %s\n", *variable);
    }
    fclose(out);

    char temporary[PATH_MAX];
    snprintf(temporary, sizeof temporary, "%s.%d", argv[1], (int)getpid());
    FILE *file = fopen(temporary, "w");
    if (!file || fwrite(text, 1, size, file) != size || fclose(file) ||
        rename(temporary, argv[1])) {
        perror(argv[1]);
        return 1;
    }
    free(text);
    if (argc > 2 && strcmp(argv[2], "stay") == 0) {
        pause();
    }
    return 0;
}
