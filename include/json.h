/* json.h - what every JSON answer is made with: members whose texts may hold any bytes, and objects
 * printed each on a line of its own. Pure; any thread.
 *
 * Adding returns false when out of memory, and then the object is not to be printed: see
 * json_put(). What is not UTF-8 becomes U+FFFD. */
#ifndef JSON_H
#define JSON_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* NULL for `text`: false. */
bool json_add_text(cJSON *object, const char *key, const char *text);

/* The same for a text that is freed in any case: what an allocating function has just returned. */
bool json_add_made_text(cJSON *object, const char *key, char *text);

/* `count` bytes; those that are NUL become U+FFFD too. */
bool json_add_bytes(cJSON *object, const char *key, const char *bytes, size_t count);

bool json_add_number(cJSON *object, const char *key, double number);
bool json_add_null(cJSON *object, const char *key);

/* 0 is null: there is no process. */
bool json_add_pid(cJSON *object, int pid);

/* Milliseconds since the epoch, as ISO 8601 has it. */
bool json_add_time(cJSON *object, const char *key, int64_t wall_ms);

/* Appends a text to an array. */
bool json_append_text(cJSON *array, const char *text);

/* Appends an empty object to an array. It belongs to the array; NULL when out of memory. */
cJSON *json_append_object(cJSON *array);

/* Appends each line of `lines` to an array, without its end. */
bool json_append_lines(cJSON *array, const char *lines);

/* Prints `object` on one line, unless `complete` is false, and frees it. 0 or -ENOMEM, and then
 * nothing has been printed. NULL is fine. */
int json_put(FILE *out, cJSON *object, bool complete);

#endif
