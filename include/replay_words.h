/* replay_words.h - what is in a trace, in words. Pure; any thread. */
#ifndef REPLAY_WORDS_H
#define REPLAY_WORDS_H

#include <stdio.h>

#include "trace.h"

/* "exit 3, nothing is left of it". */
void replay_put_event(FILE *out, const struct fsm_event *event);

/* "start a process"; "nothing". */
void replay_put_actions(FILE *out, unsigned actions);

/* "RUNNING -> BACKOFF, exited with code 3; ..." */
void replay_put_step(FILE *out, const struct fsm *before, const struct fsm_step *step);

/* One line of all that an instance's state is made of, as a trace has it. */
void replay_put_state(FILE *out, const struct fsm *fsm);

#endif
