/* supervisor.h - the running program: all threads, and main's loop over signals, orphans and the
 * questions of monitors. Belongs to the main thread. */
#ifndef SUPERVISOR_H
#define SUPERVISOR_H

#include <stdbool.h>

#include "config.h"
#include "program.h"

struct pump;

struct supervisor_options {
    const char *config_path;
    bool shell;
    struct pump *pump; /* stays the caller's */
};

/* Runs until all has ended; `config` is taken over. Returns the program's exit status. */
int supervisor_run(const struct program *program, const struct supervisor_options *options,
                   struct config *config);

#endif
