/* capacity.c - see capacity.h. */
#include "capacity.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cgroup_dir.h"
#include "launch_output.h"

#define OWN_THREADS 5 /* main, manager, watcher, loader, pump */
/* Those of an idle supervisor with a socket, a client, and what spawn.c keeps for fronts. */
#define OWN_DESCRIPTORS 50

static const struct {
    const char *what;  /* is needed */
    const char *limit; /* its name */
    const char *cure;  /* with what is needed */
} kinds[CAPACITY_KINDS] = {
    [CAPACITY_USER] = { "processes and threads", "the user's limit (RLIMIT_NPROC)",
                        "raise it with 'ulimit -u %" PRId64 "' or a service's LimitNPROC=" },
    [CAPACITY_THREADS] = { "processes and threads", "kernel.threads-max",
                           "raise it with 'sysctl kernel.threads-max=%" PRId64 "'" },
    [CAPACITY_PIDS] = { "processes and threads", "kernel.pid_max",
                        "raise it with 'sysctl kernel.pid_max=%" PRId64 "'" },
    [CAPACITY_CGROUP] = { "processes and threads", "pids.max of the supervisor's cgroup",
                          "raise it to %" PRId64 " there, or with a service's TasksMax=" },
    [CAPACITY_DESCRIPTORS] = { "open files", "the hard limit of open files (RLIMIT_NOFILE)",
                               "raise it with 'ulimit -Hn %" PRId64 "' or a service's "
                               "LimitNOFILE=" },
    [CAPACITY_MAPPINGS] = { "memory mappings", "vm.max_map_count",
                            "raise it with 'sysctl vm.max_map_count=%" PRId64 "'" },
};

/* ---- what there may be ---- */

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

/* The number in a file of the kernel's; INT64_MAX for "max", or where there is none. */
static int64_t read_number(const char *path)
{
    char *text = read_text(path), *end = text;
    long long number = text ? strtoll(text, &end, 10) : 0;
    bool found = end != text;
    free(text);
    return found ? number : INT64_MAX;
}

static int64_t read_limit(int resource)
{
    struct rlimit limit;
    if (getrlimit((__rlimit_resource_t)resource, &limit) < 0 || limit.rlim_max == RLIM_INFINITY ||
        limit.rlim_max > INT64_MAX)
        return INT64_MAX;
    /* The soft one counts where we do not raise it ourselves. */
    return (int64_t)(resource == RLIMIT_NOFILE ? limit.rlim_max : limit.rlim_cur);
}

/* The lowest pids.max of a cgroup's directory and of those above. */
static int64_t lowest_pids_max(char *dir)
{
    int64_t lowest = INT64_MAX;
    for (char *end = dir + strlen(dir); end; end = strrchr(dir, '/')) {
        char *path;
        *end = '\0';
        if (asprintf(&path, "%s/pids.max", dir) < 0)
            return lowest;
        int64_t here = read_number(path);
        free(path);
        if (here < lowest)
            lowest = here;
    }
    return lowest;
}

static int64_t read_cgroup(void)
{
    int64_t limit = INT64_MAX;
    char *mounts = read_text("/proc/self/mountinfo"), *own = read_text("/proc/self/cgroup"), *dir;
    if (mounts && own && cgroup_dir(mounts, own, &dir) == 0) {
        limit = lowest_pids_max(dir);
        free(dir);
    }
    free(mounts);
    free(own);
    return limit;
}

void capacity_read(struct capacity *out)
{
    *out = (struct capacity){
        .limits = {
            /* Who may raise it is not held to it (setrlimit(2)): of those, root is sure. */
            [CAPACITY_USER] = geteuid() == 0 ? INT64_MAX : read_limit(RLIMIT_NPROC),
            [CAPACITY_THREADS] = read_number("/proc/sys/kernel/threads-max"),
            [CAPACITY_PIDS] = read_number("/proc/sys/kernel/pid_max"),
            [CAPACITY_CGROUP] = read_cgroup(),
            [CAPACITY_DESCRIPTORS] = read_limit(RLIMIT_NOFILE),
            [CAPACITY_MAPPINGS] = read_number("/proc/sys/vm/max_map_count"),
        },
    };
}

/* ---- what is needed ---- */

/* Descriptors of one instance: its pidfd, its notify socket, a pipe for each pumped output. */
static int64_t descriptors_of(const struct task_config *task)
{
    const char *out = task->stdout_path, *err = task->stderr_path;
    int64_t count = 1;
    if (task->ready.kind == PROBE_NOTIFY)
        count++;
    if (launch_pumps_files(task))
        count += (out != NULL) + (err != NULL && strcmp(err, "stdout") != 0 &&
                                  (out == NULL || strcmp(out, err) != 0));
    return count;
}

int capacity_check(const struct capacity *capacity, const struct config *config, char **out_problem)
{
    int64_t instances = 0, descriptors = OWN_DESCRIPTORS;
    for (size_t i = 0; i < config->task_count; i++) {
        instances += config->tasks[i]->instances;
        descriptors += config->tasks[i]->instances * descriptors_of(config->tasks[i]);
    }
    for (int kind = 0; kind < CAPACITY_KINDS; kind++) {
        int64_t needed = 2 * instances + OWN_THREADS; /* for a monitor: its stack and a guard */
        if (kind == CAPACITY_DESCRIPTORS)
            needed = descriptors;
        if (needed <= capacity->limits[kind])
            continue;
        char cure[160];
        snprintf(cure, sizeof cure, kinds[kind].cure, needed + needed / 10);
        if (asprintf(out_problem,
                     "%" PRId64 " instances need %" PRId64 " %s, and %s is %" PRId64
                     ": %s, or configure fewer",
                     instances, needed, kinds[kind].what, kinds[kind].limit, capacity->limits[kind],
                     cure) < 0)
            return -ENOMEM;
        return -ERANGE;
    }
    return 0;
}
