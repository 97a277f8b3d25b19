/* textmap.h - a map from texts to pointers, for what must not be searched one by one.
 * It copies neither. Not for several threads at once. */
#ifndef TEXTMAP_H
#define TEXTMAP_H

struct textmap;

/* An empty map to textmap_free(), or NULL when out of memory. */
struct textmap *textmap_new(void);
void textmap_free(struct textmap *map); /* NULL is fine */

/* The value of `key`, or NULL. */
void *textmap_find(const struct textmap *map, const char *key);

/* Sets the value, not NULL, of `key`, which must stay as it is while the map lives.
 * 0 or -ENOMEM. */
int textmap_set(struct textmap *map, const char *key, void *value)
    __attribute__((warn_unused_result));

#endif
