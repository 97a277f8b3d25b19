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

struct dirs {
    char **items;
    size_t count;
    size_t room;
};

/* The path is the list's then. */
static int add_dir(struct dirs *dirs, char *path)
{
    if (dirs->count == dirs->room) {
        size_t room = dirs->room ? dirs->room * 2 : 8;
        char **items = path ? reallocarray(dirs->items, room, sizeof *items) : NULL;
        if (!items) {
            free(path);
            return -ENOMEM;
        }
        dirs->items = items;
        dirs->room = room;
    }
    dirs->items[dirs->count++] = path;
    return path ? 0 : -ENOMEM;
}

static int add_below(struct dirs *dirs, const char *dir)
{
    DIR *entries = opendir(dir);
    int error = 0;
    const struct dirent *entry;
    while (!error && entries && (entry = readdir(entries))) {
        char *path;
        if (entry->d_type != DT_DIR || strcmp(entry->d_name, ".") == 0 ||
            strcmp(entry->d_name, "..") == 0)
            continue;
        if (asprintf(&path, "%s/%s", dir, entry->d_name) < 0)
            path = NULL;
        error = add_dir(dirs, path);
    }
    if (entries)
        closedir(entries);
    return error;
}

/* A cgroup and all below it, from above. Without recursion: a task may make them as deep as it
 * likes, and a monitor's stack is small. What memory does not suffice for is left out. */
static struct dirs list_dirs(const char *dir)
{
    struct dirs dirs = { 0 };
    int error = add_dir(&dirs, strdup(dir));
    for (size_t i = 0; !error && i < dirs.count; i++)
        error = add_below(&dirs, dirs.items[i]);
    return dirs;
}

static void release_dirs(struct dirs *dirs)
{
    for (size_t i = 0; i < dirs->count; i++)
        free(dirs->items[i]);
    free(dirs->items);
}

void cgroup_remove(const char *dir)
{
    if (rmdir(dir) == 0 || errno == ENOENT)
        return;
    struct dirs dirs = list_dirs(dir);
    for (size_t i = dirs.count; i > 0; i--)
        rmdir(dirs.items[i - 1]);
    release_dirs(&dirs);
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
    /* Who may make it may not be allowed to move a process of ours into it. */
    int procs = dir ? open_file(own, "cgroup.procs", O_WRONLY) : -ENOMEM;
    free(own);
    if (procs >= 0)
        close(procs);
    error = procs < 0 ? procs : mkdir(dir, 0755) < 0 ? -errno : 0;
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
    int error = 0;
    int fd = open_file(dir, "cgroup.procs", O_RDONLY);
    if (fd < 0)
        return fd;
    FILE *file = fdopen(fd, "r");
    if (!file) {
        close(fd);
        return -ENOMEM;
    }
    char *line = NULL;
    size_t room = 0;
    while (!error && getline(&line, &room, file) > 0) {
        long pid = strtol(line, NULL, 10);
        if (pid > 0) /* 0: one of another namespace */
            error = pids_add(pids, (pid_t)pid);
    }
    free(line);
    fclose(file);
    return error;
}

int cgroup_members(const char *dir, struct pids *pids)
{
    int error = read_members(dir, pids);
    struct dirs dirs = list_dirs(dir);
    for (size_t i = 1; !error && i < dirs.count; i++)
        if (read_members(dirs.items[i], pids) == -ENOMEM) /* else it is gone, or threads have it */
            error = -ENOMEM;
    release_dirs(&dirs);
    return error;
}

/* ---- signals ---- */

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
    pids_sort(&now);
    for (size_t i = 0; i < count; i++)
        send_and_close(pidfds[i], signo, pids_have(&now, items[i]));
    pids_release(&now);
}

static void signal_members(const char *dir, int signo, pid_t except)
{
    struct pids pids = { 0 };
    (void)!read_members(dir, &pids);
    for (size_t at = 0; at < pids.count; at += PIDFDS) {
        size_t count = pids.count - at < PIDFDS ? pids.count - at : PIDFDS;
        signal_some(dir, pids.items + at, count, signo, except);
    }
    pids_release(&pids);
}

void cgroup_signal(const struct cgroup *cgroup, int signo, pid_t except, enum cgroup_reach reach)
{
    struct dirs dirs = { 0 };
    if (reach & CGROUP_ITSELF)
        signal_members(cgroup->dir, signo, except);
    if (reach & CGROUP_BELOW)
        dirs = list_dirs(cgroup->dir);
    for (size_t i = 1; i < dirs.count; i++)
        signal_members(dirs.items[i], signo, except);
    release_dirs(&dirs);
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
