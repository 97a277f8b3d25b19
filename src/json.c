/* json.c - see json.h. */
#include "json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "timetext.h"

bool json_add_text(cJSON *object, const char *key, const char *text)
{
    char *clean = text ? text_utf8(text) : NULL;
    bool ok = clean && cJSON_AddStringToObject(object, key, clean);
    free(clean);
    return ok;
}

bool json_add_made_text(cJSON *object, const char *key, char *text)
{
    bool ok = json_add_text(object, key, text);
    free(text);
    return ok;
}

bool json_add_bytes(cJSON *object, const char *key, const char *bytes, size_t count)
{
    char *text = malloc(count + 1);
    if (!text)
        return false;
    for (size_t i = 0; i < count; i++)
        text[i] = bytes[i] ? bytes[i] : '\xff'; /* as little a character as this one */
    text[count] = '\0';
    return json_add_made_text(object, key, text);
}

bool json_add_number(cJSON *object, const char *key, double number)
{
    return cJSON_AddNumberToObject(object, key, number);
}

bool json_add_null(cJSON *object, const char *key)
{
    return cJSON_AddNullToObject(object, key);
}

bool json_add_pid(cJSON *object, int pid)
{
    return pid ? json_add_number(object, "pid", pid) : json_add_null(object, "pid");
}

bool json_add_time(cJSON *object, const char *key, int64_t wall_ms)
{
    char at[TIMETEXT_BYTES];
    timetext_iso(wall_ms, at);
    return json_add_text(object, key, at);
}

/* Takes `item` over. */
static bool append(cJSON *array, cJSON *item)
{
    if (item && cJSON_AddItemToArray(array, item))
        return true;
    cJSON_Delete(item);
    return false;
}

bool json_append_text(cJSON *array, const char *text)
{
    char *clean = text_utf8(text);
    bool ok = clean && append(array, cJSON_CreateString(clean));
    free(clean);
    return ok;
}

cJSON *json_append_object(cJSON *array)
{
    cJSON *object = cJSON_CreateObject();
    return append(array, object) ? object : NULL;
}

bool json_append_lines(cJSON *array, const char *lines)
{
    char *copy = strdup(lines);
    bool ok = copy != NULL;
    for (char *rest = copy; ok && rest && *rest;)
        ok = json_append_text(array, strsep(&rest, "\n"));
    free(copy);
    return ok;
}

int json_put(FILE *out, cJSON *object, bool complete)
{
    char *text = object && complete ? cJSON_PrintUnformatted(object) : NULL;
    cJSON_Delete(object);
    if (!text)
        return -ENOMEM;
    fprintf(out, "%s\n", text);
    cJSON_free(text);
    return 0;
}
