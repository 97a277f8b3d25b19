/* leftovers_find.c - see leftovers_find.h.
 *
 * A process is a leftover where its marker names a supervisor of our pid namespace that is dead,
 * and the configuration or the socket is ours: two supervisors of one configuration that run side
 * by side leave each other's processes alone. We and our ancestors are never leftovers: we may
 * have been started from a shell that is one. */
#include "leftovers_find.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroup.h"
#include "leftovers.h"
#include "proctree.h"
#include "text.h"

/* ---- who we are ---- */

/* An absolute path without symbolic links, as far as there is one, to free(). */
static char *whole_path(const char *path)
{
    char *whole = realpath(path, NULL);
    if (whole || *path == '/')
        return whole ? whole : strdup(path);
    char *directory = realpath(".", NULL);
    if (!directory || asprintf(&whole, "%s/%s", directory, path) < 0)
        whole = NULL;
    free(directory);
    return whole;
}

static int hash_path(const char *path, uint64_t *out_hash)
{
    char *whole = whole_path(path);
    if (!whole)
        return -ENOMEM;
    *out_hash = marker_hash(whole, getuid());
    free(whole);
    return 0;
}

int leftovers_marker(const char *config_path, const char *socket_path, struct marker *out)
{
    struct marker m = { .pid = getpid() };
    struct proc_facts facts;
    struct stat ns;
    if (!proc_is_ours())
        return -ENOENT;
    if (stat("/proc/self/ns/pid", &ns) < 0)
        return -errno;
    int error = proc_read_facts(m.pid, &facts);
    if (!error)
        error = hash_path(config_path, &m.config);
    if (!error && socket_path)
        error = hash_path(socket_path, &m.socket);
    if (error)
        return error;
    m.pid_namespace = ns.st_ino;
    m.start = facts.start;
    *out = m;
    return 0;
}

static bool is_dead(const struct marker *m)
{
    struct proc_facts facts;
    int error = proc_read_facts(m->pid, &facts);
    return error == -ESRCH || (!error && (facts.start != m->start || proc_is_over(&facts)));
}

static bool is_dead_namesake(const struct marker *ours, const char *text, bool any_place)
{
    struct marker m;
    return marker_parse(text, &m) == 0 && m.pid_namespace == ours->pid_namespace &&
           (any_place || marker_same_place(&m, ours)) && is_dead(&m);
}

/* ---- a list without doubles ---- */

void leftover_release(struct leftover *l)
{
    close(l->pidfd);
    free(l->name);
}

void leftovers_release(struct leftover_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        leftover_release(&list->items[i]);
    free(list->items);
    *list = (struct leftover_list){ 0 };
}

static bool is_listed(const struct leftover_list *list, pid_t pid)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].pid == pid)
            return true;
    return false;
}

/* The name may be NULL, and anybody's: it is made fit to be shown. The pidfd is the list's then, or
 * is closed. */
static int add(struct leftover_list *list, pid_t pid, int pidfd, const char *name)
{
    if (list->count == list->room) {
        size_t room = list->room ? list->room * 2 : 16;
        struct leftover *items = realloc(list->items, room * sizeof *items);
        if (!items) {
            close(pidfd);
            return -ENOMEM;
        }
        list->items = items;
        list->room = room;
    }
    list->items[list->count++] = (struct leftover){
        .pid = pid,
        .pidfd = pidfd,
        .name = name ? text_printable(name) : NULL,
    };
    return 0;
}

/* ---- by marker ---- */

static bool is_own_line(pid_t pid)
{
    struct proc_facts facts;
    for (pid_t at = getpid(); at > 0; at = facts.parent) {
        if (at == pid)
            return true;
        if (proc_read_facts(at, &facts))
            break;
    }
    return false;
}

/* Whatever is read here is of the process of the pidfd, or that process is gone. */
static int look_at(const struct marker *ours, pid_t pid, struct leftover_list *list)
{
    char *bytes;
    size_t size;
    struct proc_facts facts;
    int pidfd = pidfd_open(pid, 0);
    if (pidfd < 0)
        return 0;
    if (proc_read_facts(pid, &facts) || proc_is_over(&facts) ||
        proc_environment(pid, &bytes, &size)) {
        close(pidfd);
        return 0;
    }
    int error = 0;
    const char *marker = proc_variable(bytes, size, MARKER_VARIABLE);
    if (marker && is_dead_namesake(ours, marker, false) && !is_own_line(pid))
        error = add(list, pid, pidfd, proc_variable(bytes, size, "TASKMASTER_NAME"));
    else
        close(pidfd);
    free(bytes);
    return error;
}

static int find_by_marker(const struct marker *ours, struct leftover_list *list)
{
    DIR *processes = opendir("/proc");
    if (!processes)
        return -errno;
    int error = 0;
    const struct dirent *entry;
    while (!error && (entry = readdir(processes))) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (pid > 0)
            error = look_at(ours, pid, list);
    }
    closedir(processes);
    return error;
}

/* ---- by cgroup ---- */

/* Calls visit() with each cgroup beside ours that a dead supervisor has made. */
static int each_dead_cgroup(const struct marker *ours, bool any_place,
                            int (*visit)(const char *dir, struct leftover_list *list),
                            struct leftover_list *list)
{
    char *own;
    if (cgroup_own_dir(&own))
        return 0;
    DIR *entries = opendir(own);
    int error = 0;
    const struct dirent *entry;
    while (!error && entries && (entry = readdir(entries))) {
        const char *name = entry->d_name;
        char *dir;
        if (strncmp(name, CGROUP_PREFIX, strlen(CGROUP_PREFIX)) != 0 ||
            !is_dead_namesake(ours, name + strlen(CGROUP_PREFIX), any_place))
            continue;
        if (asprintf(&dir, "%s/%s", own, name) < 0)
            error = -ENOMEM;
        if (!error) {
            error = visit(dir, list);
            free(dir);
        }
    }
    if (entries)
        closedir(entries);
    free(own);
    return error;
}

/* A supervisor that was started as a task, and lives, ends its own processes in their order. */
static bool is_of_living_supervisor(pid_t pid)
{
    char *bytes;
    size_t size;
    struct marker m;
    if (proc_environment(pid, &bytes, &size))
        return false;
    const char *text = proc_variable(bytes, size, MARKER_VARIABLE);
    bool lives = text && marker_parse(text, &m) == 0 && !is_dead(&m);
    free(bytes);
    return lives;
}

/* A number that is listed again while its pidfd is open is of the process of that pidfd. */
static int add_listed_again(const char *dir, const struct pids *before, int *pidfds,
                            struct leftover_list *list)
{
    struct pids now = { 0 };
    int error = cgroup_members(dir, &now);
    pids_sort(&now);
    for (size_t i = 0; i < before->count; i++) {
        pid_t pid = before->items[i];
        if (pidfds[i] < 0)
            continue;
        if (!error && pids_have(&now, pid) && !is_of_living_supervisor(pid))
            error = add(list, pid, pidfds[i], NULL);
        else
            close(pidfds[i]);
    }
    pids_release(&now);
    return error;
}

static int add_members(const char *dir, struct leftover_list *list)
{
    struct pids before = { 0 };
    int error = cgroup_members(dir, &before);
    int *pidfds = calloc(before.count + 1, sizeof *pidfds);
    if (!error && !pidfds)
        error = -ENOMEM;
    for (size_t i = 0; !error && i < before.count; i++) {
        pid_t pid = before.items[i];
        pidfds[i] = is_listed(list, pid) || is_own_line(pid) ? -1 : pidfd_open(pid, 0);
    }
    if (!error)
        error = add_listed_again(dir, &before, pidfds, list);
    free(pidfds);
    pids_release(&before);
    return error == -ENOENT || error == -ENODEV ? 0 : error;
}

int leftovers_find(const struct marker *ours, struct leftover_list *list)
{
    int error = find_by_marker(ours, list);
    return error ? error : each_dead_cgroup(ours, false, add_members, list);
}

static int remove_dir(const char *dir, struct leftover_list *list)
{
    (void)list;
    cgroup_remove(dir);
    return 0;
}

void leftovers_remove_cgroups(const struct marker *ours)
{
    (void)!each_dead_cgroup(ours, true, remove_dir, NULL);
}
