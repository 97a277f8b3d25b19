/* proctree.c - see proctree.h. */
#include "proctree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "text.h"

#define COMMAND_BYTES 160
/* The kernel allows 6 MiB for arguments and environment together. */
#define ENVIRONMENT_MAX ((size_t)8 << 20)

/* ---- files of /proc ---- */

/* Reads from the beginning, up to `most` bytes; *out_bytes is to free(), with a NUL behind. */
static int read_descriptor(int fd, size_t most, char **out_bytes, size_t *out_size)
{
    size_t room = 4096 < most ? 4096 : most, size = 0;
    char *bytes = malloc(room + 1);
    int error = bytes ? 0 : -ENOMEM;
    while (!error) {
        if (size == room && room < most) {
            room = room * 4 < most ? room * 4 : most;
            char *more = realloc(bytes, room + 1);
            error = more ? 0 : -ENOMEM;
            bytes = more ? more : bytes;
            continue;
        }
        ssize_t count = pread(fd, bytes + size, room - size, (off_t)size);
        if (count < 0)
            error = -errno;
        if (count <= 0)
            break;
        size += (size_t)count;
    }
    if (error) {
        free(bytes);
        return error;
    }
    bytes[size] = '\0';
    *out_bytes = bytes;
    *out_size = size;
    return 0;
}

static int read_whole(const char *path, size_t most, char **out_bytes, size_t *out_size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int why = errno;
    if (fd < 0)
        return why == ENOENT || why <= 0 ? -ESRCH : -why;
    int error = read_descriptor(fd, most, out_bytes, out_size);
    close(fd);
    return error;
}

bool proc_is_ours(void)
{
    char target[32];
    ssize_t length = readlink("/proc/self", target, sizeof target - 1);
    if (length <= 0)
        return false;
    target[length] = '\0';
    return strtol(target, NULL, 10) == getpid();
}

/* Fields of proc(5), counted from the third, "state". */
enum {
    STATE,
    PARENT,
    GROUP,
    SESSION,
    THREADS = 20 - 3,
    START = 22 - 3,
    SIZE = 23 - 3,
    ENV_END = 51 - 3,
    FIELDS
};

int proc_read_facts(pid_t pid, struct proc_facts *out)
{
    char path[64];
    char *text;
    size_t size;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    int error = read_whole(path, 4096, &text, &size);
    if (error)
        return error;
    /* The name of the program stands in parentheses, and may hold some itself. */
    /* NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage): -errno is not 0 */
    char *rest = strrchr(text, ')');
    const char *fields[FIELDS] = { 0 };
    for (size_t i = 0; rest && i < FIELDS; i++) {
        rest = strchr(rest, ' ');
        fields[i] = rest ? ++rest : NULL;
    }
    if (fields[ENV_END]) {
        *out = (struct proc_facts){
            .state = *fields[STATE],
            .parent = (pid_t)strtol(fields[PARENT], NULL, 10),
            .group = (pid_t)strtol(fields[GROUP], NULL, 10),
            .session = (pid_t)strtol(fields[SESSION], NULL, 10),
            .threads = strtol(fields[THREADS], NULL, 10),
            .start = strtoull(fields[START], NULL, 10),
            .has_memory = strtoull(fields[SIZE], NULL, 10) != 0,
            .has_environment = strtoull(fields[ENV_END], NULL, 10) != 0,
        };
    } else {
        error = -EPROTO;
    }
    free(text);
    return error;
}

bool proc_is_over(const struct proc_facts *facts)
{
    return (facts->state == 'Z' || facts->state == 'X') && facts->threads <= 1;
}

bool proc_is_gone(pid_t pid)
{
    struct proc_facts facts;
    int error = pid > 0 && proc_is_ours() ? proc_read_facts(pid, &facts) : -EINVAL;
    return error == -ESRCH || (!error && proc_is_over(&facts));
}

/* ---- kin ---- */

int pids_add(struct pids *pids, pid_t pid)
{
    if (pids->count == pids->room) {
        size_t room = pids->room ? pids->room * 2 : 16;
        pid_t *items = realloc(pids->items, room * sizeof *items);
        if (!items)
            return -ENOMEM;
        pids->items = items;
        pids->room = room;
    }
    pids->items[pids->count++] = pid;
    return 0;
}

void pids_release(struct pids *pids)
{
    free(pids->items);
    *pids = (struct pids){ 0 };
}

static int by_number(const void *a, const void *b)
{
    pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;
    return (x > y) - (x < y);
}

void pids_sort(struct pids *pids)
{
    if (pids->count)
        qsort(pids->items, pids->count, sizeof *pids->items, by_number);
}

bool pids_have(const struct pids *sorted, pid_t pid)
{
    return sorted->count && bsearch(&pid, sorted->items, sorted->count, sizeof pid, by_number);
}

static int parse_children(char *text, struct pids *pids)
{
    int error = 0;
    for (char *at = text, *end; !error; at = end) {
        long pid = strtol(at, &end, 10);
        if (end == at)
            break;
        error = pids_add(pids, (pid_t)pid);
    }
    free(text);
    return error;
}

int proc_open_own_children(pid_t thread)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)thread);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

int proc_read_own_children(int fd, struct pids *pids)
{
    char *text;
    size_t size;
    int error = read_descriptor(fd, SIZE_MAX / 8, &text, &size);
    return error ? error : parse_children(text, pids);
}

static int read_children(const char *path, struct pids *pids)
{
    char *text;
    size_t size;
    int error = read_whole(path, SIZE_MAX / 8, &text, &size);
    /* NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage): -errno is not 0 */
    return error ? error : parse_children(text, pids);
}

int proc_children(pid_t pid, struct pids *pids)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *threads = opendir(path);
    if (!threads)
        return errno == ENOENT ? -ESRCH : -errno;
    int error = 0;
    const struct dirent *entry;
    while (!error && (entry = readdir(threads))) {
        if (*entry->d_name == '.')
            continue;
        snprintf(path, sizeof path, "/proc/%d/task/%.12s/children", (int)pid, entry->d_name);
        error = read_children(path, pids);
        if (error == -ESRCH) /* a thread that has ended */
            error = 0;
    }
    closedir(threads);
    return error;
}

/* ---- texts ---- */

/* The main thread of a process may have ended, and others go on: their environment is its. */
static int environment_of_threads(pid_t pid, char **out_bytes, size_t *out_size)
{
    char path[64];
    const struct dirent *entry;
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *threads = opendir(path);
    bool found = false;
    while (threads && !found && (entry = readdir(threads))) {
        char *bytes;
        size_t size;
        snprintf(path, sizeof path, "/proc/%d/task/%.12s/environ", (int)pid, entry->d_name);
        if (*entry->d_name == '.' || read_whole(path, ENVIRONMENT_MAX, &bytes, &size))
            continue;
        /* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): -errno is not 0 */
        found = size > 0;
        if (!found) {
            free(bytes);
            continue;
        }
        *out_bytes = bytes;
        *out_size = size;
    }
    if (threads)
        closedir(threads);
    return found ? 0 : -ENOENT;
}

int proc_environment(pid_t pid, char **out_bytes, size_t *out_size)
{
    char path[64], *bytes = NULL;
    size_t size = 0;
    snprintf(path, sizeof path, "/proc/%d/environ", (int)pid);
    int error = read_whole(path, ENVIRONMENT_MAX, &bytes, &size);
    if ((error == -ESRCH || (!error && size == 0)) &&
        environment_of_threads(pid, out_bytes, out_size) == 0) {
        free(bytes);
        return 0;
    }
    if (error)
        return error;
    *out_bytes = bytes;
    *out_size = size;
    return 0;
}

const char *proc_variable(const char *bytes, size_t size, const char *name)
{
    size_t length = strlen(name);
    for (size_t at = 0; at < size; at += strlen(bytes + at) + 1)
        if (strncmp(bytes + at, name, length) == 0 && bytes[at + length] == '=')
            return bytes + at + length + 1;
    return NULL;
}

/* One line of /proc/PID/NAME; NULL where there is nothing. */
static char *read_line(pid_t pid, const char *name)
{
    char path[64];
    char *text;
    size_t size;
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    if (read_whole(path, COMMAND_BYTES, &text, &size))
        return NULL;
    /* NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Branch): -errno is not 0 */
    while (size && (text[size - 1] == '\0' || text[size - 1] == '\n'))
        text[--size] = '\0';
    for (size_t i = 0; i < size; i++)
        if (text[i] == '\0')
            text[i] = ' ';
    char *line = size ? text_printable(text) : NULL;
    free(text);
    return line;
}

char *proc_command(pid_t pid)
{
    char *line = read_line(pid, "cmdline");
    return line ? line : read_line(pid, "comm"); /* one without memory has no command line */
}

/* ---- walking ---- */

struct seen {
    pid_t pid;
    uint64_t start;
};

struct walk {
    struct seen *items; /* whose children are to be looked at */
    size_t count;
    size_t room;
    proc_visit *visit;
    void *arg;
};

static void add_seen(struct walk *w, pid_t pid, uint64_t start)
{
    if (w->count == w->room) {
        size_t room = w->room ? w->room * 2 : 16;
        struct seen *items = realloc(w->items, room * sizeof *items);
        if (!items)
            return;
        w->items = items;
        w->room = room;
    }
    w->items[w->count++] = (struct seen){ pid, start };
}

/* The child was its parent's while the pidfd was open, and the parent is who it was: so the pidfd
 * is of the process meant, or of one that is gone. */
static void visit_child(struct walk *w, const struct seen *parent, pid_t pid)
{
    struct proc_facts child, again;
    int pidfd = pidfd_open(pid, 0);
    if (pidfd < 0)
        return;
    if (proc_read_facts(pid, &child) == 0 && child.parent == parent->pid && !proc_is_over(&child) &&
        proc_read_facts(parent->pid, &again) == 0 && again.start == parent->start) {
        add_seen(w, pid, child.start);
        w->visit(w->arg, pid, pidfd, &child);
    }
    close(pidfd);
}

void proc_walk(pid_t root, uint64_t start, proc_visit *visit, void *arg)
{
    struct walk w = { .visit = visit, .arg = arg };
    struct pids children = { 0 };
    add_seen(&w, root, start);
    for (size_t i = 0; i < w.count; i++) {
        struct seen parent = w.items[i];
        children.count = 0;
        (void)!proc_children(parent.pid, &children); /* those that it did find are real */
        for (size_t k = 0; k < children.count; k++)
            visit_child(&w, &parent, children.items[k]);
    }
    pids_release(&children);
    free(w.items);
}
