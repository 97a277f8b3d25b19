/* errand.h - work for one owner that may hang on a disk, one step at a time, on a thread that the
 * errand has to itself: whoever it is for goes on meanwhile, and may give it up at any time.
 *
 * Threads: an errand belongs to one thread, its owner's. The state that its steps work on is handed
 * over and back: it is the errand's thread's from errand_begin() (and errand_new()) until
 * errand_take() has returned something else than -EBUSY, then the owner's until the next
 * errand_begin(), and the errand's thread's for ever from errand_leave() on.
 *
 * An errand that is left while it hangs keeps its thread, and frees all that it has should it ever
 * come back. That thread uses nothing but the state and the (counted) errands, and is not waited
 * for, so that the program may end at any time while it is at it: a state must refer to nothing
 * that ends before the process does. */
#ifndef ERRAND_H
#define ERRAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct errands;
struct errand;

/* What all errands have in common: how many may be left and still not have ended. */
struct errands *errands_new(size_t most_left); /* NULL: out of memory */

/* The caller makes no more of them; those that there are may go on. NULL is fine. */
void errands_free(struct errands *errands);

struct errand_work {
    /* One step, no longer than a moment on a disk that works; what it prints to `out` and what it
     * returns (>= 0) are its result. */
    int (*step)(void *state, FILE *out);
    /* Frees the state, which may take its time too. */
    void (*release)(void *state);
    void *state;
};

/* Makes an errand, to errand_leave(), and begins its first step. `hook`(arg) is called whenever a
 * step is over, on the errand's thread; it must not block, and is not called any more once
 * errand_leave() has returned. 0 with *out_errand; -EAGAIN: there are too many that were left;
 * -ENOMEM; or another negative errno. The state is the errand's on success only. */
int errand_new(struct errands *errands, const struct errand_work *work, void (*hook)(void *arg),
               void *arg, struct errand **out_errand) __attribute__((warn_unused_result));

/* Begins the next step. Only while none is under way: after an errand_take() that did not return
 * -EBUSY. A result that was not taken is thrown away. Never waits. */
void errand_begin(struct errand *errand);

/* Takes the result of the step that was begun last: *out_text, a string to free() of *out_bytes,
 * and what the step returned (-ENOMEM: it was not made, or its text is lost) in *out_status. 0;
 * -EBUSY: it is still under way; -ENODATA: its result has been taken before. Never waits. */
int errand_take(struct errand *errand, char **out_text, size_t *out_bytes, int *out_status)
    __attribute__((warn_unused_result));

/* Is a step under way? Never waits. */
bool errand_is_busy(struct errand *errand);

/* Gives the errand up, whatever it is at. Never waits; NULL is fine. */
void errand_leave(struct errand *errand);

#endif
