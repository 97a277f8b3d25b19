/* config.h - a checked configuration: what one YAML file means.
 *
 * A configuration is read whole, checked whole and never changed afterwards, so any
 * thread may read one. A struct task_config is shared by reference count, because a
 * task's instances outlive the file that they came from; texts in it are kept as
 * written ("${NAME}" and all) and are expanded by launch.h at each start. */
#ifndef CONFIG_H
#define CONFIG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "log.h"

enum restart_policy { RESTART_NEVER, RESTART_ON_FAILURE, RESTART_ALWAYS };

/* A command as written. A list is executed as it is; a string of plain words and quotes
 * has been split into words; any other string is for /bin/sh -c. */
struct config_command {
    char *text;  /* for people: the string, or the list quoted as one would type it */
    char **argv; /* NULL-terminated templates; for a shell { the string, NULL } */
    size_t argc;
    bool shell;
};

/* The exit codes 0..255 that are expected; code c is bit c % 64 of word c / 64. */
struct config_codes {
    uint64_t bits[4];
};

struct config_env {
    char **names; /* in the order written; none twice */
    char **values;
    size_t count;
};

#define CONFIG_NO_LIMIT (-1L) /* task_config.attempts: retry for ever */

struct task_config {
    atomic_uint refs;
    char *name;
    char *file; /* where it was written, for messages */
    int line;

    struct config_command command;
    long instances;
    bool auto_launch;
    enum restart_policy restart;
    struct config_codes expected;
    int64_t start_ms;       /* successfulStartTimeout */
    long attempts;          /* restartsAttempts as meant: CONFIG_NO_LIMIT or a bound */
    int64_t delay_ms;       /* restartDelay */
    int64_t delay_max_ms;   /* restartDelayMax */
    int64_t fatal_retry_ms; /* fatalRetryDelay, 0: never */
    int stop_signal;
    int64_t grace_ms;      /* gracefulStopTimeout */
    char *stdout_path;     /* NULL: /dev/null; "inherit" and "syslog" are no paths */
    char *stderr_path;     /* the same; "stdout" merges */
    int64_t log_max_bytes; /* logMaxSize; 0: never rotated */
    long log_backups;
    bool log_timestamps;
    struct config_env environment;
    char *working_directory;
    mode_t umask;
};

struct supervisor_config {
    char *socket; /* NULL: not given */
    mode_t socket_mode;
    char *socket_group; /* NULL: the supervisor's */
    char *log_file;     /* NULL: not given; the program chooses */
    enum log_level log_level;
    enum log_format log_format;
    int64_t log_max_bytes; /* 0: never rotated */
    long log_backups;
    char *pid_file; /* NULL: none */
};

struct config {
    char *path;
    struct supervisor_config supervisor;
    struct task_config **tasks; /* in the order written */
    size_t task_count;
};

/* Reads and checks the file at `path`, its includes too. `environment` (like environ) is what
 * "${VAR}" is checked against. 0 with *out_config to config_free(); or a negative errno with
 * *out_errors, a text to free() of one "FILE:LINE:COLUMN: message" line for every error there is.
 * Blocks on the disk; any thread. */
int config_load(const char *path, char *const *environment, struct config **out_config,
                char **out_errors) __attribute__((warn_unused_result));

/* The same, but of the file nothing is looked at but 'supervisor'; the configuration has no tasks.
 * For who has to find a supervisor whose file is being edited. */
int config_load_supervisor(const char *path, char *const *environment, struct config **out_config,
                           char **out_errors) __attribute__((warn_unused_result));

/* The same as config_load() for bytes in memory; `name` stands for the file in messages, and
 * includes are relative to its directory. */
int config_parse(const char *name, const char *bytes, size_t size, char *const *environment,
                 struct config **out_config, char **out_errors) __attribute__((warn_unused_result));

void config_free(struct config *config); /* drops its references to the tasks */

struct task_config *task_config_ref(struct task_config *task);
void task_config_unref(struct task_config *task); /* NULL is fine */

bool config_codes_has(const struct config_codes *codes, int code);

/* The name of instance `number` (from 1) of a task with `instances`: "task" when there is one,
 * else "task_3". A string to free(), or NULL when out of memory. */
char *config_instance_name(const struct task_config *task, long number);

/* What a change from one task to another asks for. */
enum config_change {
    CONFIG_SAME = 0,
    CONFIG_LIVE = 1,    /* taken over without a new process */
    CONFIG_RESTART = 2, /* needs a new process */
};

/* Compares by meaning, leaving `instances` and `autoLaunch` aside only as far as they need no
 * process (they are CONFIG_LIVE). The strongest change of all keys. */
enum config_change task_config_compare(const struct task_config *was,
                                       const struct task_config *now);

/* Prints a line "KEY: OLD -> NEW" for each key that differs, each preceded by `indent`. */
void task_config_print_changes(FILE *out, const char *indent, const struct task_config *was,
                               const struct task_config *now);
void supervisor_config_print_changes(FILE *out, const char *indent,
                                     const struct supervisor_config *was,
                                     const struct supervisor_config *now);

/* Prints "KEY: VALUE" for each key in effect, each line preceded by `indent`. */
void task_config_print(FILE *out, const char *indent, const struct task_config *task);

#endif
