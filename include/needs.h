/* needs.h - what tasks have come to, as those that depend on them see it: the instances of a task
 * are counted by where they stand, and from these counts alone follows what the task offers.
 * So it does not matter what happened in between, or how quickly. Pure. */
#ifndef NEEDS_H
#define NEEDS_H

#include <stdbool.h>
#include <stddef.h>

#include "fsm.h"

/* Where one instance stands. */
struct standing {
    enum state state;
    enum why why;
    bool launched; /* an exec succeeded since it was last told to start */
    bool wanted;   /* fsm_is_wanted() */
    bool settled;  /* no order to it is held back or under way: this is how it stays */
};

/* It ended by itself, for good and as expected. */
bool standing_has_ended(const struct standing *s);

/* It has a process, or what is left of its group. */
bool standing_has_process(const struct standing *s);

/* Nothing of it is left or on its way: STOPPED or FATAL. */
bool standing_is_down(const struct standing *s);

/* The instances of a task. */
struct needs_sums {
    size_t count;
    size_t unsettled;
    size_t running;
    size_t started;
    size_t ended;
    size_t fatal;
};

void needs_sums_add(struct needs_sums *sums, const struct standing *s);
void needs_sums_drop(struct needs_sums *sums, const struct standing *s); /* what was added */

/* May those start that want this condition? NEEDS_FAILED: it cannot come about by itself. What an
 * order is on its way to is NEEDS_PENDING, whatever it looks like: it looks like before. */
enum needs needs_offer(const struct needs_sums *sums, enum need_condition condition);

/* "waits for 'db' to be RUNNING, and 2 more", "'db' is FATAL": why the level is what it is (not
 * NEEDS_MET). `more` tasks are waited for besides. A string to free(), or NULL: out of memory. */
char *needs_text(enum needs level, const char *task, enum need_condition condition,
                 const struct needs_sums *sums, size_t more);

#endif
