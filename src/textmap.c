/* textmap.c - see textmap.h. uthash keeps to this file, made to report a lack of memory. */
#include "textmap.h"

#include <errno.h>
#include <stdlib.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

struct entry {
    const char *key;
    void *value;
    UT_hash_handle hh;
};

struct textmap {
    struct entry *entries;
};

struct textmap *textmap_new(void)
{
    return calloc(1, sizeof(struct textmap));
}

void textmap_free(struct textmap *map)
{
    if (!map)
        return;
    struct entry *e, *next;
    HASH_ITER (hh, map->entries, e, next) {
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it does not see that this unlinks */
        HASH_DEL(map->entries, e);
        free(e);
    }
    free(map);
}

void *textmap_find(const struct textmap *map, const char *key)
{
    struct entry *e;
    HASH_FIND(hh, map->entries, key, strlen(key), e);
    return e ? e->value : NULL;
}

int textmap_set(struct textmap *map, const char *key, void *value)
{
    struct entry *e;
    HASH_FIND(hh, map->entries, key, strlen(key), e);
    if (e) {
        e->value = value;
        return 0;
    }
    e = calloc(1, sizeof *e);
    if (!e)
        return -ENOMEM;
    e->key = key;
    e->value = value;
    HASH_ADD_KEYPTR(hh, map->entries, e->key, strlen(e->key), e);
    if (!e->hh.tbl) {
        free(e); /* there was no room for it */
        return -ENOMEM;
    }
    return 0;
}
