/* config_logs.c - tasks that log to one file, by whatever name, must agree on how it is kept; and
 * none may log to where another one's rotated files are kept. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config_load.h"
#include "launch.h"
#include "schema.h"

/* Keys that say how a file is kept. */
static const char *const log_keys[] = { "logMaxSize", "logBackups", "logTimestamps" };
#define LOG_KEY_COUNT (sizeof log_keys / sizeof log_keys[0])

/* A file that somebody logs to. Who comes later is compared with the first only: to agree is the
 * same as to agree with all of them. */
struct log_file {
    struct log_file *next;
    const struct loaded_task *first;
    char *path;  /* as the first wrote it */
    char *place; /* the directory's identity and the name in it: what rotation goes by */
    char identity[];
};

struct check {
    struct config_loader *loader;
    struct textmap *by_identity; /* of struct log_file */
    struct textmap *by_place;    /* the same */
    struct log_file *files;
    struct log_file **end;
    const struct loaded_task *task; /* whose outputs are looked at */
    const struct loaded_task *told; /* the last that it was complained about with */
};

static const struct config_key *log_key(size_t i)
{
    return config_key_find(config_keys, config_key_count, log_keys[i]);
}

static bool agree(const struct task_config *a, const struct task_config *b)
{
    if (!launch_pumps_files(a) && !launch_pumps_files(b))
        return true;
    for (size_t i = 0; i < LOG_KEY_COUNT; i++) {
        if (!config_key_equal(log_key(i), a, b))
            return false;
    }
    return true;
}

static void complain(struct check *check, const struct loaded_task *first, const char *path)
{
    const struct loaded_task *task = check->task;
    for (size_t i = 0; i < LOG_KEY_COUNT; i++) {
        const struct config_key *key = log_key(i);
        if (config_key_equal(key, task->task, first->task))
            continue;
        const struct node *value = config_key_node(key, task->node);
        problems_add(check->loader->problems, value ? value->at : task->key->at,
                     "'%s' of task '%s' is not that of task '%s' at %s:%d, and both log to %s: "
                     "make them the same",
                     key->name, task->task->name, first->task->name, first->key->at.source->name,
                     first->key->at.line, quote(path).text);
    }
}

/* -- telling files apart ------------------------------------------------------------------- */

/* Appends `path` without "." and doubled slashes, and with each ".." and what it takes back left
 * out; `out` has room for it. */
static void append_clean(char *out, const char *path)
{
    char *start = out + strlen(out), *end = start;
    while (*path) {
        size_t length = strcspn(path, "/");
        bool back = length == 2 && memcmp(path, "..", 2) == 0;
        if (back && end > start) {
            while (end > start && *--end != '/')
                ;
        } else if (length > 0 && !(length == 1 && *path == '.')) {
            *end++ = '/';
            memcpy(end, path, length);
            end += length;
        }
        path += length + (path[length] == '/');
    }
    *end = '\0';
}

/* A file to be for what is at `path`, to free(), with its identity: device and inode of the deepest
 * part of the path that is there, and the rest. 0; -ENOMEM; or -ENOENT for what is there and is no
 * file (a device, a FIFO), which is nobody's to keep. */
static int identify(const char *path, bool directory, struct log_file **out_file)
{
    struct stat st = { 0 };
    char *there = NULL; /* the part of the path that may be there */
    bool relative = *path != '/';
    if (asprintf(&there, "%s%s", relative ? "./" : "", path) < 0)
        return -ENOMEM;
    size_t length = strlen(there), end = length;
    const char *rest = "";
    while (stat(there, &st) != 0 && end > 1) {
        while (end > 1 && there[end - 1] != '/')
            end--;
        rest = path + end - (relative ? 2 : 0);
        if (end > 1)
            end--; /* the slash too, but for the root's */
        there[end] = '\0';
    }
    free(there);
    if (end == length && !directory && !S_ISREG(st.st_mode))
        return -ENOENT;
    struct log_file *file = calloc(1, sizeof *file + 64 + length + 1);
    if (!file)
        return -ENOMEM;
    snprintf(file->identity, 64, "%llx:%llx:", (unsigned long long)st.st_dev,
             (unsigned long long)st.st_ino);
    append_clean(file->identity, rest);
    *out_file = file;
    return 0;
}

/* To free(). */
static int find_place(const char *path, char **out_place)
{
    const char *slash = strrchr(path, '/');
    char *directory = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup("./");
    struct log_file *above = NULL;
    int error = directory ? identify(directory, true, &above) : -ENOMEM;
    free(directory);
    if (error)
        return error;
    char *place;
    int length = asprintf(&place, "%s/%s", above->identity, slash ? slash + 1 : path);
    free(above);
    if (length < 0)
        return -ENOMEM;
    *out_place = place;
    return 0;
}

static int check_file(struct check *check, const char *path)
{
    struct log_file *file = NULL;
    int error = identify(path, false, &file);
    if (error)
        return error == -ENOENT ? 0 : error;
    const struct log_file *known = textmap_find(check->by_identity, file->identity);
    if (known) {
        const struct loaded_task *first = known->first;
        if (!agree(first->task, check->task->task) && check->told != first) {
            complain(check, first, path);
            check->told = first;
        }
        free(file);
        return 0;
    }
    error = textmap_set(check->by_identity, file->identity, file);
    if (error) {
        free(file);
        return error;
    }
    file->first = check->task;
    *check->end = file;
    check->end = &file->next;
    file->path = strdup(path);
    error = file->path ? find_place(path, &file->place) : -ENOMEM;
    if (!error && !textmap_find(check->by_place, file->place))
        error = textmap_set(check->by_place, file->place, file);
    return error;
}

/* -- rotated files ------------------------------------------------------------------------- */

/* Is it "PATH.N" of a file that is rotated, for an N that is kept? */
static void check_place(struct check *check, const struct log_file *file)
{
    char *dot = strrchr(file->place, '.');
    if (!dot || dot[1] == '\0' || dot[1] == '0' || strlen(dot) > 7 ||
        dot[1 + strspn(dot + 1, "0123456789")] != '\0')
        return;
    *dot = '\0';
    const struct log_file *rotated = textmap_find(check->by_place, file->place);
    *dot = '.';
    const struct task_config *keeper = rotated ? rotated->first->task : NULL;
    if (!keeper || keeper->log_max_bytes == 0 || strtol(dot + 1, NULL, 10) > keeper->log_backups ||
        check->told == file->first)
        return;
    check->told = file->first;
    problems_add(check->loader->problems, file->first->key->at,
                 "task '%s' logs to %s, where task '%s' keeps what it rotates out of %s: choose "
                 "another name",
                 file->first->task->name, quote(file->path).text, keeper->name,
                 quote(rotated->path).text);
}

/* -- tasks --------------------------------------------------------------------------------- */

/* Works out where the outputs of an instance go, which may be nowhere that can be known (that was
 * complained about). */
static int find_outputs(const struct check *check, long number, struct launch_output outputs[])
{
    const struct task_config *task = check->task->task;
    char *name = config_instance_name(task, number);
    if (!name)
        return -ENOMEM;
    const struct launch_id id = { .task = task->name, .instance = number, .name = name };
    const struct expand_scope scope = { &id, &task->environment, check->loader->environment };
    int error = 0;
    for (unsigned i = 0; i < LAUNCH_STREAMS && error != -ENOMEM; i++) {
        char *why = NULL;
        error = launch_output_init(task, &scope, (enum launch_stream)i, &outputs[i], &why);
        free(why);
    }
    free(name);
    return error == -ENOMEM ? error : 0;
}

static bool same_path(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* Looks at the files of all instances; at one, where the second turns out to have the same. */
static int check_task(struct check *check)
{
    struct launch_output before[LAUNCH_STREAMS] = { 0 }, now[LAUNCH_STREAMS] = { 0 };
    int error = 0;
    bool same = false;
    for (long number = 1; number <= check->task->task->instances && !error && !same; number++) {
        error = find_outputs(check, number, now);
        same = number == 2;
        for (int i = 0; i < LAUNCH_STREAMS; i++) {
            same = same && same_path(before[i].path, now[i].path);
            if (!error && now[i].kind == LAUNCH_FILE)
                error = check_file(check, now[i].path);
            launch_output_release(&before[i]);
            before[i] = now[i];
            now[i] = (struct launch_output){ 0 };
        }
    }
    for (int i = 0; i < LAUNCH_STREAMS; i++)
        launch_output_release(&before[i]);
    return error;
}

/* What is to be looked at: tasks that say where they log to, and in which all is well. */
static const struct loaded_task *task_at(const struct config_loader *loader, size_t i)
{
    const struct loaded_task *loaded = textmap_find(loader->tasks, loader->config->tasks[i]->name);
    bool logs = loaded->task->stdout_path || loaded->task->stderr_path;
    return logs && loaded->sound ? loaded : NULL;
}

/* As in most configurations: nothing is rotated, and all keep their logs in the same way. */
static bool all_agree(const struct config_loader *loader)
{
    const struct loaded_task *first = NULL;
    for (size_t i = 0; i < loader->config->task_count; i++) {
        const struct loaded_task *task = task_at(loader, i);
        if (task && (task->task->log_max_bytes > 0 || (first && !agree(first->task, task->task))))
            return false;
        if (!first)
            first = task;
    }
    return true;
}

void config_check_log_files(struct config_loader *loader)
{
    struct check check = { .loader = loader };
    if (problems_out_of_memory(loader->problems) || all_agree(loader))
        return;
    check.end = &check.files;
    check.by_identity = textmap_new();
    check.by_place = textmap_new();
    int error = check.by_identity && check.by_place ? 0 : -ENOMEM;
    for (size_t i = 0; i < loader->config->task_count && !error; i++) {
        check.task = task_at(loader, i);
        check.told = NULL;
        if (check.task)
            error = check_task(&check);
    }
    check.told = NULL;
    for (const struct log_file *file = check.files; file && !error; file = file->next)
        check_place(&check, file);
    if (error)
        problems_set_out_of_memory(loader->problems);
    textmap_free(check.by_identity);
    textmap_free(check.by_place);
    while (check.files) {
        struct log_file *file = check.files;
        check.files = file->next;
        free(file->path);
        free(file->place);
        free(file);
    }
}
