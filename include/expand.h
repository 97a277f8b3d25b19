/* expand.h - "${...}" in configured texts.
 *
 * ${TASK}, ${INSTANCE} and ${NAME} say who is started. Any other ${VAR} is looked up in the
 * task's own environment, then in the supervisor's; ${VAR:-default} stands for `default` where
 * VAR is unset or empty; $$ is a dollar sign; any other $ is left as it is. A variable of the
 * task's environment may use the others, in whatever order they are written; while it is being
 * worked out its own name means the supervisor's (PATH: /opt/bin:${PATH}).
 * Pure; any thread; stacks of 64 KiB will do. */
#ifndef EXPAND_H
#define EXPAND_H

#include <stdbool.h>
#include <stddef.h>

struct config_env;
struct launch_id;

#define EXPAND_MAX_BYTES 131072 /* of one expanded text with its NUL: the limit of execve(2) */

struct expand_scope {
    const struct launch_id *id;   /* NULL, or with NULL and 0 fields: not known here */
    const struct config_env *own; /* the task's environment; may be NULL */
    char *const *environment;     /* the supervisor's, like environ; may be NULL */
};

/* Expands `text`. 0 with *out_text to free(); -ENOMEM; or -EINVAL with *out_error, to free(),
 * a message that quotes the form at fault. */
int expand(const struct expand_scope *scope, const char *text, char **out_text, char **out_error)
    __attribute__((warn_unused_result));

/* Expands the value of variable `index` of the scope's own environment. As expand(). */
int expand_variable(const struct expand_scope *scope, size_t index, char **out_text,
                    char **out_error) __attribute__((warn_unused_result));

/* Fills in ${TASK}, ${INSTANCE} and ${NAME} and leaves all else, "$$" and "\$" included, to a
 * shell. As expand(). */
int expand_identity(const struct launch_id *id, const char *text, char **out_text, char **out_error)
    __attribute__((warn_unused_result));

/* The length of the ${VAR} or ${VAR:-default} that `text` begins with; 0 when it does not. */
size_t expand_form_length(const char *text);

#endif
