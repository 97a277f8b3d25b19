/* inject.h - a library that is preloaded into taskmaster and has calls of the C library fail, late
 * or by half, as it was told by the environment.
 *
 * What it does is decided here, by inject.c; inject_calls.c has the functions that stand in for
 * those of the C library. A call is told by its name and by its *site*: where in the program it was
 * made, as an offset in the file. (What a library does is the site's that called the library.)
 *
 *   FAULT=NAME[@SITE]:ACTION:NTH[:COUNT],...
 *       the NTH call (from 1) of that name, from that site (in hex), and COUNT-1 more (default 1;
 *       0: all). ACTION is an errno, or one of enum fault_action
 *   FAULT_RANDOM=SEED:PER_MILLION:NAME=ACTION,ACTION;NAME=...
 *       so many of a million calls of these names, each with one of its actions
 *   FAULT_REPORT=FILE
 *       struct fault_report, kept up to date: which calls were made, which failed
 *
 * Only the program that was preloaded is concerned: the variables and LD_PRELOAD are gone from its
 * environment before main(). But what it does in a child that shares its memory is, too.
 *
 * Threads: all of it may run in any thread, and in such a child: there is no lock, and no call. */
#ifndef INJECT_H
#define INJECT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fault_action {
    FAULT_SHORT = 1001,   /* half of the bytes (read, write, send ...) */
    FAULT_LATE = 1002,    /* the call is made, 20 ms later */
    FAULT_NOTHING = 1003, /* it returns 0 and has done nothing: a wait that wakes for no reason */
};

#define FAULT_SITES 4096
#define FAULT_FIRED 64
#define FAULT_NAME_BYTES 24
#define FAULT_NAMES 160

/* The file is this, mapped. All numbers are those of the machine. */
struct fault_report {
    char names[FAULT_NAMES][FAULT_NAME_BYTES]; /* by the number of the call */
    struct {
        _Atomic uint64_t key; /* call << 48 | site; 0: not used */
        _Atomic uint64_t count;
    } sites[FAULT_SITES];
    _Atomic uint64_t fired_count;
    struct {
        uint64_t call, site, action, nth;
    } fired[FAULT_FIRED];
};

/* What is to become of a call: 0, an errno, or an enum fault_action. FAULT_LATE has been waited for
 * already, and is 0. `from` is the return address. */
int fault_judge(int call, const void *from);

/* The function of that name that we stand in for; `call` is its number. */
void *fault_real(int call);

/* From inject_calls.c: the names by number; NULL behind the last. */
extern const char *const fault_names[];

#endif
