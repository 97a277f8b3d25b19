/* dump.c - says what a process was given: `dump FILE [stay]` writes to FILE, which appears whole or
 * not at all, and then exits, or stays until a signal ends it.
 *
 * One fact a line, "NAME VALUE": pid, ppid, pgid, sid, cwd, umask, every argument (arg), every
 * descriptor with what it refers to (fd), the dispositions that are not default (signal), the
 * blocked signals (blocked), real, effective and saved ids (uid, gid) and groups, nice, limits
 * (limit NAME SOFT HARD), some of /proc (status FIELD VALUE, oom), the environment (env). */
#include <dirent.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
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

static void dump_ids(FILE *out)
{
    uid_t uids[3];
    gid_t gids[3], groups[1024];
    getresuid(&uids[0], &uids[1], &uids[2]);
    getresgid(&gids[0], &gids[1], &gids[2]);
    fprintf(out, "uid %u %u %u\ngid %u %u %u\ngroups", uids[0], uids[1], uids[2], gids[0], gids[1],
            gids[2]);
    int count = getgroups(1024, groups);
    for (int i = 0; i < count; i++) {
        fprintf(out, " %u", groups[i]);
    }
    fprintf(out, "\nnice %d\n", getpriority(PRIO_PROCESS, 0));
}

static void dump_limits(FILE *out)
{
    static const struct {
        const char *name;
        int resource;
    } kinds[] = { { "nofile", RLIMIT_NOFILE }, { "core", RLIMIT_CORE },
                  { "as", RLIMIT_AS },         { "nproc", RLIMIT_NPROC },
                  { "stack", RLIMIT_STACK },   { "memlock", RLIMIT_MEMLOCK },
                  { "fsize", RLIMIT_FSIZE },   { "cpu", RLIMIT_CPU } };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct rlimit limit;
        getrlimit((__rlimit_resource_t)kinds[i].resource, &limit);
        fprintf(out, "limit %s %lld %lld\n", kinds[i].name, (long long)limit.rlim_cur,
                (long long)limit.rlim_max);
    }
}

static void dump_proc(FILE *out)
{
    char line[256], field[64], value[64];
    FILE *status = fopen("/proc/self/status", "re");
    while (status && fgets(line, sizeof line, status)) {
        if (sscanf(line, "%63[^:]: %63s", field, value) == 2 &&
            (strcmp(field, "NoNewPrivs") == 0 || strcmp(field, "SigIgn") == 0 ||
             strcmp(field, "CapEff") == 0)) {
            fprintf(out, "status %s %s\n", field, value);
        }
    }
    if (status) {
        fclose(status);
    }
    FILE *oom = fopen("/proc/self/oom_score_adj", "re");
    if (oom && fgets(line, sizeof line, oom)) {
        fprintf(out, "oom %s", line);
    }
    if (oom) {
        fclose(oom);
    }
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
    dump_ids(out);
    dump_limits(out);
    dump_proc(out);
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
