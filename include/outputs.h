/* outputs.h - the supervisor's own log and trace, and the log pump with the standard descriptors
 * that it writes to: the program's own. But where a shell has the terminal, they are a pipe out of
 * which the shell prints, above the line being typed. Belongs to the main thread. */
#ifndef OUTPUTS_H
#define OUTPUTS_H

#include <stdbool.h>

#include "config.h"
#include "options.h"

struct outputs;
struct pump;
struct recorder;

/* Opens the log and starts the pump. `terminal`: there is a shell, and it is on one. That a shell
 * runs in a directory where we may not write is no reason not to run: it goes on without a log. 0
 * with *out_outputs to outputs_close(); or a negative errno that has been said on stderr. */
int outputs_open(enum options_mode mode, bool terminal, const struct supervisor_config *config,
                 struct outputs **out_outputs) __attribute__((warn_unused_result));

/* Opens the trace that `config` asks for, if it does. 0 with *out_recorder, which stays ours (NULL:
 * none); or a negative errno that has been said on stderr. To be called once. */
int outputs_trace(struct outputs *outputs, const struct supervisor_config *config,
                  struct recorder **out_recorder) __attribute__((warn_unused_result));

/* Opens all files anew (SIGUSR1). */
void outputs_reopen(struct outputs *outputs);

struct pump *outputs_pump(const struct outputs *outputs); /* stays ours */

/* What the shell is to print, or -1; stays ours. */
int outputs_above_fd(const struct outputs *outputs);

/* Writes what there is, for a second, and ends the log and the pump. What a hung disk holds up is
 * left behind, to the end of the process. NULL is fine. */
void outputs_close(struct outputs *outputs);

/* The same, for a process that is about to end while others may still use them. */
void outputs_end(struct outputs *outputs);

#endif
