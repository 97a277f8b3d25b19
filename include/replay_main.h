/* replay_main.h - `taskmaster replay`: runs a trace through the state machine again. */
#ifndef REPLAY_MAIN_H
#define REPLAY_MAIN_H

/* The program, with argv[0] "replay". Its exit status: 0 no difference, 1 a difference, 2 bad usage
 * or no trace. */
int replay_main(int argc, char **argv);

#endif
