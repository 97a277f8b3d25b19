/* paint.h - the colours of states on a terminal. Pure. */
#ifndef PAINT_H
#define PAINT_H

#include <stdbool.h>
#include <stdio.h>

#include "fsm.h"

#define PAINT_END "\033[0m"

/* The sequence that begins the colour of a state: green RUNNING, red FATAL, magenta STOPPED,
 * yellow what is on its way. PAINT_END ends it. */
const char *paint_begin(enum state state);

/* Prints the name of a state, in its colour where `colour` is set. */
void paint_state(FILE *out, enum state state, bool colour);

#endif
