/* thread_stack.c - see thread_stack.h. From the bottom: a guard, the stack, the object. */
#include "thread_stack.h"

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#ifdef __has_feature
#define SANITIZED (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif
/* ThreadSanitizer wants 0.9 MB of a stack that is not of its making. */
#define SANITIZED_BYTES ((size_t)1 << 20)

size_t thread_stack_size(size_t bytes)
{
    return SANITIZED && bytes < SANITIZED_BYTES ? SANITIZED_BYTES : bytes;
}

static size_t page_bytes(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

static size_t rounded_up(size_t bytes, size_t unit)
{
    return (bytes + unit - 1) / unit * unit;
}

/* Of the stack and the object: whole pages, the object at their end. */
static size_t usable_bytes(size_t stack_bytes, size_t object_bytes)
{
    return rounded_up(thread_stack_size(stack_bytes) + object_bytes, page_bytes());
}

static size_t object_room(size_t object_bytes)
{
    return rounded_up(object_bytes, _Alignof(max_align_t));
}

void *thread_stack_new(size_t stack_bytes, size_t object_bytes, pthread_attr_t *attr)
{
    size_t guard = page_bytes();
    size_t usable = usable_bytes(stack_bytes, object_bytes);
    char *map = mmap(NULL, guard + usable, PROT_NONE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
    if (map == MAP_FAILED)
        return NULL;
    size_t stack = usable - object_room(object_bytes);
    if (mprotect(map + guard, usable, PROT_READ | PROT_WRITE) < 0 ||
        pthread_attr_setstack(attr, map + guard, stack) != 0) {
        munmap(map, guard + usable);
        return NULL;
    }
    return map + guard + stack;
}

/* The first page of the stack. */
static char *bottom(const void *object, size_t stack_bytes, size_t object_bytes)
{
    size_t usable = usable_bytes(stack_bytes, object_bytes);
    return (char *)object + object_room(object_bytes) - usable;
}

void thread_stack_free(void *object, size_t stack_bytes, size_t object_bytes)
{
    size_t guard = page_bytes();
    char *low = bottom(object, stack_bytes, object_bytes);
    munmap(low - guard, guard + usable_bytes(stack_bytes, object_bytes));
}

void thread_stack_trim(const void *object, size_t stack_bytes, size_t object_bytes)
{
    char *low = bottom(object, stack_bytes, object_bytes);
    uintptr_t here = (uintptr_t)__builtin_frame_address(0) & ~(uintptr_t)(page_bytes() - 1);
    if (!SANITIZED && here > (uintptr_t)low) /* a fake stack is elsewhere, and has shadows */
        madvise(low, here - (uintptr_t)low, MADV_DONTNEED);
}
