/* thread_stack.h - small stacks for threads of which there may be thousands.
 *
 * glibc puts a thread's own data (2.4 KiB) at the top of its stack and touches that page; what is
 * left of it is never used. So an object of the thread's may live there, above the stack, for
 * nothing: ten thousand times, that is 12 MB for objects of 1.2 KiB.
 *
 * Threads: any; there is no shared state. */
#ifndef THREAD_STACK_H
#define THREAD_STACK_H

#include <pthread.h>
#include <stddef.h>

/* How large a stack is to be, in bytes, for a thread that needs `bytes`: sanitizers need more. */
size_t thread_stack_size(size_t bytes);

/* A zeroed object of `object_bytes`, aligned for anything, with a stack of `stack_bytes` below it
 * that *attr (initialised, the caller's) is told of, and a page below that which nobody may touch.
 * NULL: out of memory. To thread_stack_free() once no thread runs on that stack. */
void *thread_stack_new(size_t stack_bytes, size_t object_bytes, pthread_attr_t *attr);
void thread_stack_free(void *object, size_t stack_bytes, size_t object_bytes);

/* Gives back what the calling thread, which runs on the stack below `object`, has touched of it
 * further down than it is now; a page that is needed again comes back empty. */
void thread_stack_trim(const void *object, size_t stack_bytes, size_t object_bytes);

#endif
