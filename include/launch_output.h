/* launch_output.h - where one output of a process goes, as its configuration means it.
 *
 * Pure; any thread. */
#ifndef LAUNCH_OUTPUT_H
#define LAUNCH_OUTPUT_H

#include <stdbool.h>

struct expand_scope;
struct task_config;

enum launch_stream { LAUNCH_STDOUT, LAUNCH_STDERR, LAUNCH_STREAMS };

enum launch_kind {
    LAUNCH_NULL, /* to /dev/null */
    LAUNCH_FILE,
    LAUNCH_OWN_STDOUT, /* the supervisor's own descriptor, handed on as it is */
    LAUNCH_OWN_STDERR,
    LAUNCH_INHERIT, /* line by line to the supervisor's own of the same name */
    LAUNCH_SYSLOG,
    LAUNCH_SAME, /* stderr only: wherever stdout goes */
};

struct launch_output {
    enum launch_kind kind;
    char *path;  /* as configured: of a LAUNCH_FILE the file; NULL: nothing was */
    bool pumped; /* through a pipe and the log pump */
};

/* Whether the files of a task are pumped. */
bool launch_pumps_files(const struct task_config *task);

/* Works out an output of `task` for whom `scope` names. 0 with *out_output to
 * launch_output_release(); -ENOMEM; or -EINVAL with *out_error (to free()). */
int launch_output_init(const struct task_config *task, const struct expand_scope *scope,
                       enum launch_stream stream, struct launch_output *out_output,
                       char **out_error) __attribute__((warn_unused_result));
void launch_output_release(struct launch_output *output); /* one of zero bytes is fine */

/* As it would be written in a configuration: the path, "inherit", "/dev/null". */
const char *launch_output_text(const struct launch_output *output);

/* Expands a path, the value `text` of `key`. As expand(), and -EINVAL too where nothing is left. */
int launch_expand_path(const struct expand_scope *scope, const char *key, const char *text,
                       char **out_path, char **out_error) __attribute__((warn_unused_result));

#endif
