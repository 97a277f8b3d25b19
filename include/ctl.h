/* ctl.h - `taskmaster ctl`: the client of a running supervisor, for one command or as a shell. */
#ifndef CTL_H
#define CTL_H

/* Runs it: argv[0] is "ctl". For main(), before anything else. Returns the exit status. */
int ctl_main(int argc, char **argv);

#endif
