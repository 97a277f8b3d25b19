/* cgroup.c - see cgroup.h. */
#include "cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroup_dir.h"

/* As many pidfds are open at once, for one look at who is still there. */
#define PIDFDS 64
/* Without cgroup.kill (Linux 5.14): so often is killed what has been forked meanwhile. */
#define KILL_ROUNDS 32

struct cgroup_tree {
    char *dir;
    atomic_ulong last_number;
};

struct cgroup {
    char *dir;
    char *procs;
};

/* ---- files ---- */

static char *read_text(const char *path)
{
    char *text = NULL;
    size_t room = 0;
    FILE *file = fopen(path, "re");
    if (!file)
        return NULL;
    ssize_t length = getdelim(&text, &room, '\0', file);
    fclose(file);
    if (length >= 0)
        return text;
    free(text);
    return NULL;
}

int cgroup_own_dir(char **out_dir)
{
    char *mountinfo = read_text("/proc/self/mountinfo");
    char *own = read_text("/proc/self/cgroup");
    int error = mountinfo && own ? cgroup_dir(mountinfo, own, out_dir) : -ENOENT;
    free(mountinfo);
    free(own);
    return error;
}

/* Paths are not held on the stack: that of a monitor is small, and cgroups may be deep. */
static int open_file(const char *dir, const char *file, int flags)
{
    char *path;
    if (asprintf(&path, "%s/%s", dir, file) < 0)
        return -ENOMEM;
    int fd = open(path, flags | O_CLOEXEC);
    int error = -errno;
    free(path);
    return fd < 0 ? error : fd;
}

static int write_text(const char *dir, const char *file, const char *text)
{
    int fd = open_file(dir, file, O_WRONLY);
    if (fd < 0)
        return fd;
    int error = write(fd, text, strlen(text)) < 0 ? -errno : 0;
    close(fd);
    return error;
}

/* ---- directories ---- */

/* Calls visit() for each cgroup directly below `dir`, with its path. */
static int each_below(const char *dir, int (*visit)(const char *path, void *arg), void *arg)
{
    DIR *entries = opendir(dir);
    if (!entries)
        return -errno;
    int error = 0;
    const struct dirent *entry;
    while (!error && (entry = readdir(entries))) {
        if (entry->d_type != DT_DIR || strcmp(entry->d_name, ".") == 0 ||
            strcmp(entry->d_name, "..") == 0)
            continue;
        char *path = NULL;
        if (asprintf(&path, "%s/%s", dir, entry->d_name) < 0)
            path = NULL;
        error = path ? visit(path, arg) : -ENOMEM;
        free(path);
    }
    closedir(entries);
    return error;
}

static int remove_one(const char *path, void *arg)
{
    (void)arg;
    cgroup_remove(path);
    return 0;
}

void cgroup_remove(const char *dir)
{
    if (rmdir(dir) == 0 || errno == ENOENT)
        return;
    (void)!each_below(dir, remove_one, NULL);
    rmdir(dir);
}

int cgroups_new(const char *marker, struct cgroup_tree **out_cgroups)
{
    char *own, *dir = NULL;
    struct cgroup_tree *cgroups = calloc(1, sizeof *cgroups);
    int error = cgroups ? cgroup_own_dir(&own) : -ENOMEM;
    if (error)
        goto fail;
    if (asprintf(&dir, "%s/" CGROUP_PREFIX "%s", own, marker) < 0)
        dir = NULL;
    free(own);
    error = !dir ? -ENOMEM : mkdir(dir, 0755) < 0 ? -errno : 0;
    if (error)
        goto fail;
    cgroups->dir = dir;
    /* Who may make it may not be allowed to move a process into it. */
    error = open_file(dir, "cgroup.procs", O_WRONLY);
    if (error < 0) {
        rmdir(dir);
        goto fail;
    }
    close(error);
    *out_cgroups = cgroups;
    return 0;
fail:
    free(dir);
    free(cgroups);
    return error;
}

void cgroups_free(struct cgroup_tree *cgroups)
{
    if (!cgroups)
        return;
    cgroup_remove(cgroups->dir);
    free(cgroups->dir);
    free(cgroups);
}

static void release(struct cgroup *cgroup)
{
    free(cgroup->dir);
    free(cgroup->procs);
    free(cgroup);
}

int cgroup_new(struct cgroup_tree *cgroups, const char *name, struct cgroup **out_cgroup)
{
    struct cgroup *cgroup = calloc(1, sizeof *cgroup);
    char *file = cgroup_name(name, atomic_fetch_add(&cgroups->last_number, 1) + 1);
    int error = cgroup && file ? 0 : -ENOMEM;
    if (!error && asprintf(&cgroup->dir, "%s/%s", cgroups->dir, file) < 0) {
        cgroup->dir = NULL;
        error = -ENOMEM;
    }
    if (!error && asprintf(&cgroup->procs, "%s/cgroup.procs", cgroup->dir) < 0) {
        cgroup->procs = NULL;
        error = -ENOMEM;
    }
    free(file);
    if (!error && mkdir(cgroup->dir, 0755) < 0)
        error = -errno;
    if (!error)
        *out_cgroup = cgroup;
    else if (cgroup)
        release(cgroup);
    return error;
}

void cgroup_free(struct cgroup *cgroup)
{
    if (!cgroup)
        return;
    cgroup_remove(cgroup->dir);
    release(cgroup);
}

const char *cgroup_path(const struct cgroup *cgroup)
{
    return cgroup->dir;
}

const char *cgroup_procs(const struct cgroup *cgroup)
{
    return cgroup->procs;
}

/* ---- who is in it ---- */

int cgroup_open_events(const struct cgroup *cgroup, int *out_fd)
{
    int fd = open_file(cgroup->dir, "cgroup.events", O_RDONLY);
    if (fd < 0)
        return fd;
    *out_fd = fd;
    return 0;
}

bool cgroup_is_populated(int events_fd)
{
    char text[256];
    ssize_t size = pread(events_fd, text, sizeof text - 1, 0);
    if (size < 0)
        return errno != ENODEV; /* removed by somebody else */
    text[size] = '\0';
    return !strstr(text, "populated 0");
}

/* The processes in one cgroup, and not in those below it. */
static int read_members(const char *dir, struct pids *pids)
{
    int error = 0, pid;
    int fd = open_file(dir, "cgroup.procs", O_RDONLY);
    if (fd < 0)
        return fd;
    FILE *file = fdopen(fd, "r");
    if (!file) {
        close(fd);
        return -ENOMEM;
    }
    while (!error && fscanf(file, "%d", &pid) == 1)
        if (pid > 0) /* 0: one of another namespace */
            error = pids_add(pids, pid);
    fclose(file);
    return error;
}

static int add_members(const char *path, void *arg)
{
    struct pids *pids = arg;
    int error = read_members(path, pids);
    return error ? error : each_below(path, add_members, pids);
}

int cgroup_members(const char *dir, struct pids *pids)
{
    return add_members(dir, pids);
}

/* ---- signals ---- */

static int by_number(const void *a, const void *b)
{
    pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;
    return (x > y) - (x < y);
}

static bool has_pid(const struct pids *sorted, pid_t pid)
{
    return sorted->count && bsearch(&pid, sorted->items, sorted->count, sizeof pid, by_number);
}

static void send_and_close(int pidfd, int signo, bool is_member)
{
    if (pidfd < 0)
        return;
    if (is_member) {
        pidfd_send_signal(pidfd, signo, NULL, 0);
        if (signo != SIGKILL)
            pidfd_send_signal(pidfd, SIGCONT, NULL, 0);
    }
    close(pidfd);
}

/* A number that is in the cgroup while its pidfd is open belongs to the process of that pidfd, or
 * that process is gone. */
static void signal_some(const char *dir, const pid_t *items, size_t count, int signo, pid_t except)
{
    int pidfds[PIDFDS];
    struct pids now = { 0 };
    for (size_t i = 0; i < count; i++)
        pidfds[i] = except && getpgid(items[i]) == except ? -1 : pidfd_open(items[i], 0);
    if (read_members(dir, &now))
        now.count = 0;
    if (now.count)
        qsort(now.items, now.count, sizeof *now.items, by_number);
    for (size_t i = 0; i < count; i++)
        send_and_close(pidfds[i], signo, has_pid(&now, items[i]));
    pids_release(&now);
}

struct aim {
    int signo;
    pid_t except;
    enum cgroup_reach reach;
};

static int signal_members(const char *dir, void *arg)
{
    const struct aim *aim = arg;
    struct aim below = { aim->signo, aim->except, CGROUP_ALL };
    struct pids pids = { 0 };
    if (aim->reach & CGROUP_ITSELF)
        (void)!read_members(dir, &pids);
    for (size_t at = 0; at < pids.count; at += PIDFDS) {
        size_t count = pids.count - at < PIDFDS ? pids.count - at : PIDFDS;
        signal_some(dir, pids.items + at, count, aim->signo, aim->except);
    }
    pids_release(&pids);
    return aim->reach & CGROUP_BELOW ? each_below(dir, signal_members, &below) : 0;
}

void cgroup_signal(const struct cgroup *cgroup, int signo, pid_t except, enum cgroup_reach reach)
{
    struct aim aim = { signo, except, reach };
    (void)!signal_members(cgroup->dir, &aim);
}

size_t cgroup_kill(const struct cgroup *cgroup)
{
    struct pids pids = { 0 };
    (void)!cgroup_members(cgroup->dir, &pids);
    size_t count = pids.count;
    int error = write_text(cgroup->dir, "cgroup.kill", "1");
    for (int round = 0; error && pids.count && round < KILL_ROUNDS; round++) {
        cgroup_signal(cgroup, SIGKILL, 0, CGROUP_ALL);
        pids.count = 0;
        (void)!cgroup_members(cgroup->dir, &pids);
    }
    pids_release(&pids);
    return count;
}
