/* paint.c - see paint.h. */
#include "paint.h"

#define RED "\033[31m"
#define GREEN "\033[32m"
#define YELLOW "\033[33m"
#define MAGENTA "\033[35m"

const char *paint_begin(enum state state)
{
    switch (state) {
    case ST_RUNNING: return GREEN;
    case ST_WAITING:
    case ST_STARTED:
    case ST_BACKOFF:
    case ST_STOPPING: return YELLOW;
    case ST_STOPPED: return MAGENTA;
    case ST_FATAL: return RED;
    case ST_COUNT: break;
    }
    return "";
}

void paint_state(FILE *out, enum state state, bool colour)
{
    if (colour)
        fprintf(out, "%s%s%s", paint_begin(state), state_name(state), PAINT_END);
    else
        fputs(state_name(state), out);
}
