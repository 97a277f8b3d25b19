/* launch.c - see launch.h. */
#include "launch.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "expand.h"
#include "marker.h"
#include "region.h"

#define SHELL "/bin/sh"
#define IDENTITY_MAX 6 /* variables that add_identity() adds */
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* What is being worked out, and with what. */
struct work {
    const struct task_config *task;
    const struct config_command *command;
    const struct launch_id *id;
    struct expand_scope scope;
    struct launch *launch;
    char **out_error;
};

/* Variables of the supervisor's that say something about the supervisor alone. */
static bool is_private(const char *entry)
{
    static const char *const names[] = { "NOTIFY_SOCKET=", "WATCHDOG_", "LISTEN_",
                                         "INVOCATION_ID=", "JOURNAL_STREAM=" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strncmp(entry, names[i], strlen(names[i])) == 0)
            return true;
    }
    return false;
}

static bool is_one_of(const char *const *names, size_t count, const char *name, size_t length)
{
    for (size_t i = 0; i < count; i++) {
        if (strlen(names[i]) == length && memcmp(names[i], name, length) == 0)
            return true;
    }
    return false;
}

/* Variables that the task gets from us, whatever else is said. */
static bool is_ours(const struct launch_id *id, const char *name, size_t length)
{
    static const char *const names[] = { "TASKMASTER_TASK", "TASKMASTER_INSTANCE",
                                         "TASKMASTER_NAME", MARKER_VARIABLE };
    static const char *const notify[] = { "NOTIFY_SOCKET" };
    static const char *const watchdog[] = { "WATCHDOG_USEC", "WATCHDOG_PID" };
    return is_one_of(names, 4, name, length) ||
           (id->notify_socket && is_one_of(notify, 1, name, length)) ||
           (id->watchdog_ms && is_one_of(watchdog, 2, name, length));
}

static bool is_set_by_task(const struct config_env *env, const char *name, size_t length)
{
    for (size_t i = 0; i < env->count; i++) {
        if (strncmp(env->names[i], name, length) == 0 && env->names[i][length] == '\0')
            return true;
    }
    return false;
}

/* HOME and the like, where the task has a user of its own. */
static bool is_of_user(const struct task_config *task, const char *name, size_t length)
{
    const char *variable, *value;
    for (size_t i = 0; i < LAUNCH_USER_VARIABLES; i++) {
        if (launch_user_variable(task, i, &variable, &value) && strlen(variable) == length &&
            memcmp(variable, name, length) == 0)
            return true;
    }
    return false;
}

static bool is_inherited(const struct work *w, const char *entry)
{
    const char *equals = strchr(entry, '=');
    if (!equals || is_private(entry))
        return false;
    size_t length = (size_t)(equals - entry);
    return !is_ours(w->id, entry, length) && !is_of_user(w->task, entry, length) &&
           !is_set_by_task(&w->task->environment, entry, length);
}

/* Adds "NAME=VALUE". */
static int add_entry(const struct work *w, size_t *count, const char *name, const char *value)
{
    char *entry = region_format(w->launch->region, "%s=%s", name, value);
    if (!entry)
        return -ENOMEM;
    w->launch->envp[(*count)++] = entry;
    return 0;
}

/* Moves an expanded text to where the launch has its own. */
static int keep(const struct work *w, char *expanded, char **out_text)
{
    char *text = region_copy(w->launch->region, expanded);
    free(expanded);
    if (!text)
        return -ENOMEM;
    *out_text = text;
    return 0;
}

static int add_own(const struct work *w, size_t *count)
{
    const struct config_env *env = &w->task->environment;
    for (size_t i = 0; i < env->count; i++) {
        if (is_ours(w->id, env->names[i], strlen(env->names[i])))
            continue;
        char *value;
        int error = expand_variable(&w->scope, i, &value, w->out_error);
        if (error)
            return error;
        error = add_entry(w, count, env->names[i], value);
        free(value);
        if (error)
            return error;
    }
    return 0;
}

static int add_user(const struct work *w, size_t *count)
{
    for (size_t i = 0; i < LAUNCH_USER_VARIABLES; i++) {
        const char *name, *value;
        if (!launch_user_variable(w->task, i, &name, &value) || !value ||
            is_set_by_task(&w->task->environment, name, strlen(name)))
            continue;
        int error = add_entry(w, count, name, value);
        if (error)
            return error;
    }
    return 0;
}

static int add_identity(const struct work *w, size_t *count)
{
    char number[24];
    char watchdog[24];
    snprintf(number, sizeof number, "%ld", w->id->instance);
    snprintf(watchdog, sizeof watchdog, "%" PRId64, w->id->watchdog_ms * 1000);
    const char *const pairs[][2] = { { "TASKMASTER_TASK", w->id->task },
                                     { "TASKMASTER_INSTANCE", number },
                                     { "TASKMASTER_NAME", w->id->name },
                                     { MARKER_VARIABLE, w->id->supervisor },
                                     { "NOTIFY_SOCKET", w->id->notify_socket },
                                     { "WATCHDOG_USEC", w->id->watchdog_ms ? watchdog : NULL } };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        if (!pairs[i][1])
            continue;
        int error = add_entry(w, count, pairs[i][0], pairs[i][1]);
        if (error)
            return error;
    }
    return 0;
}

static int make_environment(const struct work *w)
{
    size_t inherited = 0, count = 0;
    char *const *environment = w->scope.environment;
    while (environment && environment[inherited])
        inherited++;
    size_t room = inherited + LAUNCH_USER_VARIABLES + w->task->environment.count + IDENTITY_MAX + 1;
    w->launch->envp = region_alloc(w->launch->region, room * sizeof *w->launch->envp);
    if (!w->launch->envp)
        return -ENOMEM;
    for (size_t i = 0; i < inherited; i++) {
        if (!is_inherited(w, environment[i]))
            continue;
        w->launch->envp[count++] = environment[i];
    }
    int error = add_user(w, &count);
    if (!error)
        error = add_own(w, &count);
    return error ? error : add_identity(w, &count);
}

static int make_shell_argv(const struct work *w)
{
    char **argv = region_alloc(w->launch->region, 4 * sizeof *argv);
    if (!argv)
        return -ENOMEM;
    w->launch->argv = argv;
    argv[0] = region_copy(w->launch->region, SHELL);
    argv[1] = region_copy(w->launch->region, "-c");
    if (!argv[0] || !argv[1])
        return -ENOMEM;
    char *command;
    int error = expand_identity(w->id, w->command->argv[0], &command, w->out_error);
    return error ? error : keep(w, command, &argv[2]);
}

static int make_argv(const struct work *w)
{
    const struct config_command *command = w->command;
    if (command->shell)
        return make_shell_argv(w);
    w->launch->argv = region_alloc(w->launch->region,
                                   (command->argc + 1) * sizeof *w->launch->argv);
    if (!w->launch->argv)
        return -ENOMEM;
    for (size_t i = 0; i < command->argc; i++) {
        char *word;
        int error = expand(&w->scope, command->argv[i], &word, w->out_error);
        if (!error)
            error = keep(w, word, &w->launch->argv[i]);
        if (error)
            return error;
    }
    const char *program = w->launch->argv[0];
    if (program && *program)
        return 0;
    *w->out_error = strdup("the command names no program");
    return *w->out_error ? -EINVAL : -ENOMEM;
}

static const char *search_path(char *const *envp)
{
    for (; *envp; envp++) {
        if (strncmp(*envp, "PATH=", 5) == 0)
            return *envp + 5;
    }
    return DEFAULT_PATH;
}

/* Each directory of PATH with the program's name; an empty one is the working directory. */
static int make_paths(const struct work *w)
{
    const char *program = w->launch->argv[0];
    const char *path = strchr(program, '/') ? NULL : search_path(w->launch->envp);
    size_t count = 1;
    for (const char *p = path; p && *p; p++)
        count += *p == ':';
    char **paths = region_alloc(w->launch->region, (count + 1) * sizeof *paths);
    if (!paths)
        return -ENOMEM;
    w->launch->paths = paths;
    if (!path) {
        paths[0] = region_copy(w->launch->region, program);
        return paths[0] ? 0 : -ENOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        int length = (int)strcspn(path, ":");
        paths[i] = region_format(w->launch->region, "%.*s/%s", length ? length : 1,
                                 length ? path : ".", program);
        if (!paths[i])
            return -ENOMEM;
        path += length + (path[length] == ':');
    }
    return 0;
}

static int make_directory(const struct work *w)
{
    const char *text = w->task->working_directory;
    if (!text || strcmp(text, ".") == 0)
        return 0;
    return launch_expand_path(&w->scope, "workingDirectory", text, &w->launch->directory,
                              w->out_error);
}

/* Through two pipes the lines of one file would come in another order than they were written in. */
static void join_streams(struct launch_output outputs[LAUNCH_STREAMS])
{
    const struct launch_output *out = &outputs[LAUNCH_STDOUT];
    struct launch_output *err = &outputs[LAUNCH_STDERR];
    if (out->kind == LAUNCH_FILE && out->pumped && err->kind == LAUNCH_FILE &&
        strcmp(out->path, err->path) == 0) {
        err->kind = LAUNCH_SAME;
        err->pumped = false;
    }
}

static int make_outputs(const struct work *w)
{
    int error = 0;
    w->launch->log_max_bytes = w->task->log_max_bytes;
    w->launch->log_backups = w->task->log_backups;
    w->launch->log_timestamps = w->task->log_timestamps;
    for (unsigned i = 0; i < LAUNCH_STREAMS && !error; i++)
        error = launch_output_init(w->task, &w->scope, (enum launch_stream)i,
                                   &w->launch->outputs[i], w->out_error);
    if (!error)
        join_streams(w->launch->outputs);
    return error;
}

static int make_launch(struct work *w)
{
    struct launch *launch = w->launch;
    launch->umask = w->task->umask;
    launch->name = region_copy(launch->region, w->id->name);
    launch->mark = region_format(launch->region, "%s/%ld", w->id->task, w->id->instance);
    int error = launch->name && launch->mark ? make_environment(w) : -ENOMEM;
    if (!error)
        error = launch_rights_init(w->task, &launch->rights);
    if (!error)
        error = make_argv(w);
    if (!error)
        error = make_paths(w);
    if (!error)
        error = make_directory(w);
    if (!error && w->command == &w->task->command) /* a probe's go nowhere */
        error = make_outputs(w);
    return error;
}

int launch_probe_new(const struct task_config *task, const struct config_command *command,
                     const struct launch_id *id, char *const *environment,
                     struct launch **out_launch, char **out_error)
{
    struct region *region = region_new();
    struct launch *launch = region ? region_alloc(region, sizeof *launch) : NULL;
    if (!launch) {
        region_free(region);
        return -ENOMEM;
    }
    launch->region = region;
    struct work w = {
        .task = task,
        .command = command,
        .id = id,
        .scope = { .id = id, .own = &task->environment, .environment = environment },
        .launch = launch,
        .out_error = out_error,
    };
    int error = make_launch(&w);
    if (error)
        launch_free(launch);
    else
        *out_launch = launch;
    return error;
}

int launch_new(const struct task_config *task, const struct launch_id *id, char *const *environment,
               struct launch **out_launch, char **out_error)
{
    return launch_probe_new(task, &task->command, id, environment, out_launch, out_error);
}

void launch_free(struct launch *launch)
{
    if (!launch)
        return;
    free(launch->directory);
    launch_rights_release(&launch->rights);
    for (unsigned i = 0; i < LAUNCH_STREAMS; i++)
        launch_output_release(&launch->outputs[i]);
    region_free(launch->region);
}

char *launch_command_text(const struct task_config *task, const struct launch_id *id)
{
    char *text = NULL, *error = NULL;
    if (expand_identity(id, task->command.text, &text, &error) == 0)
        return text;
    free(error);
    return strdup(task->command.text); /* too long to be filled in */
}
