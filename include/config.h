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
#include <sys/resource.h>
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

/* What another task must have come to before this one starts. */
enum need_condition {
    NEED_RUNNING,   /* all its instances are RUNNING */
    NEED_STARTED,   /* their execs succeeded */
    NEED_COMPLETED, /* they have ended by themselves, as expected */
};

struct config_need {
    char *task;
    enum need_condition condition;
};

struct config_needs {
    struct config_need *items; /* in the order written; none twice */
    size_t count;
};

/* How it is found out whether an instance is ready, or healthy. */
enum probe_kind { PROBE_NONE, PROBE_NOTIFY, PROBE_EXEC, PROBE_TCP, PROBE_WATCHDOG };

struct config_probe {
    enum probe_kind kind;
    struct config_command exec; /* EXEC */
    char *tcp;                  /* TCP: HOST:PORT, as written */
    int64_t interval_ms;        /* EXEC, TCP: from one probe to the next */
    int64_t timeout_ms; /* ready: of all; health: of one probe; WATCHDOG: between two signs */
    long retries;       /* health: so many failures in a row are too many */
};

/* A user, and what the system says of it (getpwnam(3), getgrouplist(3)). */
struct config_user {
    char *text; /* as written, a name or a number; NULL: the supervisor's */
    uid_t uid;
    gid_t gid;  /* means nothing where there is no name */
    char *name; /* NULL for a number that has no name */
    char *home;
    char *shell;
    gid_t *groups; /* supplementary ones, its own among them */
    size_t group_count;
};

struct config_group {
    char *text; /* NULL: the user's, or the supervisor's */
    gid_t gid;
};

/* Limits of resources (setrlimit(2)), one for each row of config_limit_kinds. */
#define CONFIG_LIMITS 8
struct config_limit_kind {
    const char *name; /* "nofile" */
    int resource;     /* RLIMIT_NOFILE */
    bool is_bytes;
};
extern const struct config_limit_kind config_limit_kinds[CONFIG_LIMITS];

struct config_limit {
    bool given;
    rlim_t soft;
    rlim_t hard;
};

struct config_limits {
    struct config_limit items[CONFIG_LIMITS];
};

enum stop_target { STOP_GROUP, STOP_PROCESS };

/* What the end of a task for good does to the supervisor. */
enum on_end { ON_END_IGNORE, ON_END_SHUTDOWN };

/* A number that need not be given. */
struct config_optional {
    bool given;
    long value;
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

    enum stop_target stop_target; /* who gets the stop signal; SIGKILL goes to all */
    struct config_user user;
    struct config_group group;
    struct config_limits limits;
    struct config_optional nice; /* not given: the supervisor's */
    struct config_optional oom_score_adj;
    bool no_new_privileges;
    struct config_needs needs; /* dependsOn */
    struct config_probe ready;
    struct config_probe health;
    enum on_end on_fatal;
    enum on_end on_exit;
};

enum cgroups { CGROUPS_AUTO, CGROUPS_OFF };
enum leftovers { LEFTOVERS_STOP, LEFTOVERS_REFUSE, LEFTOVERS_IGNORE };

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
    enum cgroups cgroups;
    enum leftovers leftovers;
    char *trace; /* NULL: none */
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
