/* raw_call.h - system calls for code that may run in a child which shares its parent's memory.
 *
 * Such a child runs on its parent's thread-local data, errno and what sanitizers keep their books
 * in: its functions are UNWATCHED, and call nothing but each other and raw_call(). */
#ifndef RAW_CALL_H
#define RAW_CALL_H

#include <sys/syscall.h>
#include <unistd.h>

#ifdef __clang__
#define UNWATCHED                                                 \
    __attribute__((no_sanitize("address", "thread", "undefined"), \
                   disable_sanitizer_instrumentation))
#else
#define UNWATCHED __attribute__((no_sanitize("address", "thread", "undefined")))
#endif

/* syscall(2) through the C library, whose wrappers may do more than the call (set*id(2) signals
 * all threads, sanitizers intercept open(2)). -1 with an errno where it fails. */
UNWATCHED static inline long raw_call5(long number, long a, long b, long c, long d, long e)
{
    return syscall(number, a, b, c, d, e);
}

UNWATCHED static inline long raw_call(long number, long a, long b, long c, long d)
{
    return raw_call5(number, a, b, c, d, 0);
}

#endif
