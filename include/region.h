/* region.h - memory for many small things that end together.
 *
 * They come out of a few large blocks: thousands of threads that free small pieces would each keep
 * some for later (malloc's caches), and large ones none.
 *
 * Threads: a region belongs to one thread at a time. */
#ifndef REGION_H
#define REGION_H

#include <stddef.h>

struct region;

/* An empty region, to region_free(); NULL: out of memory. */
struct region *region_new(void);
void region_free(struct region *region); /* and all that came out of it; NULL is fine */

/* Each of these belongs to the region; NULL: out of memory. */

/* `bytes` zeroed bytes, aligned for anything. */
void *region_alloc(struct region *region, size_t bytes) __attribute__((malloc));
char *region_copy(struct region *region, const char *text);
char *region_format(struct region *region, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
