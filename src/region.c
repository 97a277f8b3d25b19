/* region.c - see region.h. */
#include "region.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LARGEST ((size_t)PTRDIFF_MAX / 2) /* no object is larger than PTRDIFF_MAX */
#define BLOCK_BYTES 2048                  /* what malloc's caches never keep begins at 1,033 */
#define ALIGNMENT _Alignof(max_align_t)

struct block {
    struct block *next;
    size_t used;
    size_t bytes;
    _Alignas(max_align_t) unsigned char data[];
};

struct region {
    struct block *blocks; /* the newest first; the region itself is in the oldest */
};

static struct block *new_block(size_t bytes)
{
    size_t room = BLOCK_BYTES - sizeof(struct block);
    if (bytes > room)
        room = bytes;
    struct block *block = calloc(1, sizeof *block + room);
    if (block)
        block->bytes = room;
    return block;
}

static void *take(struct block *block, size_t bytes)
{
    void *memory = block->data + block->used;
    block->used += bytes;
    return memory;
}

struct region *region_new(void)
{
    struct block *block = new_block(0);
    if (!block)
        return NULL;
    struct region *region = take(block, (sizeof *region + ALIGNMENT - 1) & ~(ALIGNMENT - 1));
    region->blocks = block;
    return region;
}

void region_free(struct region *region)
{
    struct block *block = region ? region->blocks : NULL;
    while (block) {
        struct block *next = block->next;
        free(block);
        block = next;
    }
}

void *region_alloc(struct region *region, size_t bytes)
{
    if (bytes > LARGEST) /* from here on no sum overflows */
        return NULL;
    bytes = (bytes + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
    if (bytes > region->blocks->bytes - region->blocks->used) {
        struct block *block = new_block(bytes);
        if (!block)
            return NULL;
        block->next = region->blocks;
        region->blocks = block;
    }
    return take(region->blocks, bytes);
}

char *region_copy(struct region *region, const char *text)
{
    size_t bytes = strlen(text) + 1;
    char *copy = region_alloc(region, bytes);
    return copy ? memcpy(copy, text, bytes) : NULL;
}

char *region_format(struct region *region, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = length < 0 ? NULL : region_alloc(region, (size_t)length + 1);
    if (!text)
        return NULL;
    va_start(args, format);
    vsnprintf(text, (size_t)length + 1, format, args);
    va_end(args);
    return text;
}
