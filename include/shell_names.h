/* shell_names.h - the names of all tasks and instances, for completion. */
#ifndef SHELL_NAMES_H
#define SHELL_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include "session.h"

/* Has `names` carried out, waiting until deadline_ms. Tasks in the order of the configuration,
 * each followed by its instances. 0 with *out_names, NULL-terminated, to shell_names_free();
 * -ETIMEDOUT, -ENOMEM, or -EPROTO: there is nobody to tell them. */
int shell_names(const struct session *session, int64_t deadline_ms, char ***out_names,
                size_t *out_count) __attribute__((warn_unused_result));

void shell_names_free(char **names); /* NULL is fine */

#endif
