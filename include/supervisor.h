/* supervisor.h - the running program: all threads, and main's loop over signals, orphans and the
 * questions of monitors. Belongs to the main thread. */
#ifndef SUPERVISOR_H
#define SUPERVISOR_H

#include <stdbool.h>

#include "claim.h"
#include "config.h"
#include "daemon.h"
#include "outputs.h"
#include "program.h"

struct supervisor_options {
    const char *config_path;
    bool shell;
    struct outputs *outputs; /* taken over, as the claim is: ended before the program is */
    struct claim *claim;
    struct daemon *daemon; /* is told when the supervisor is up */
};

/* Runs until all has ended; `config` is taken over. Returns the program's exit status. */
int supervisor_run(const struct program *program, const struct supervisor_options *options,
                   struct config *config);

#endif
