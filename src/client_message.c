/* client_message.c - see client_message.h. */
#include "client_message.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#define REQUEST_ID 1 /* a connection carries one request */
#define PROTOCOL 1

static bool add_arguments(cJSON *object, const struct client_request *request)
{
    cJSON *list = cJSON_AddArrayToObject(object, "args");
    for (size_t i = 1; list && i < request->count; i++) {
        cJSON *word = cJSON_CreateString(request->words[i]);
        if (!word)
            return false;
        cJSON_AddItemToArray(list, word);
    }
    return list != NULL;
}

static bool fill(cJSON *object, const struct client_request *request)
{
    bool ok = cJSON_AddNumberToObject(object, "id", REQUEST_ID) &&
              cJSON_AddNumberToObject(object, "protocol", PROTOCOL) &&
              cJSON_AddStringToObject(object, "command", request->words[0]) &&
              add_arguments(object, request);
    if (ok && request->colour)
        ok = cJSON_AddTrueToObject(object, "colour") != NULL;
    if (ok && request->width > 0)
        ok = cJSON_AddNumberToObject(object, "width", request->width) != NULL;
    if (ok && request->progress)
        ok = cJSON_AddTrueToObject(object, "progress") != NULL;
    return ok;
}

char *client_request_line(const struct client_request *request)
{
    char *line = NULL;
    cJSON *object = cJSON_CreateObject();
    char *text = object && fill(object, request) ? cJSON_PrintUnformatted(object) : NULL;
    if (text && asprintf(&line, "%s\n", text) < 0)
        line = NULL;
    cJSON_free(text);
    cJSON_Delete(object);
    return line;
}

/* A copy of the member with that name, if it is a text. */
static int take_text(const cJSON *object, const char *name, char **out_text)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    if (!text)
        return 0;
    *out_text = strdup(text);
    return *out_text ? 0 : -ENOMEM;
}

/* "output" goes as it is, "result" as the line of JSON that it is, and so does an "error" about
 * the command. One that answers no request is about the connection. */
static int take_texts(const cJSON *object, struct client_reply *reply)
{
    const cJSON *result = cJSON_GetObjectItemCaseSensitive(object, "result");
    char *printed = result ? cJSON_PrintUnformatted(result) : NULL;
    char *error_text = NULL;
    int error = result && !printed ? -ENOMEM : 0;
    if (!error)
        error = take_text(object, "output", &reply->text);
    if (!error)
        error = take_text(object, "waiting", &reply->waiting);
    if (!error)
        error = take_text(object, "error", &error_text);
    if (!error && error_text && !cJSON_HasObjectItem(object, "id"))
        error = -EPROTO;
    if (!error && error_text && cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(object, "id"))) {
        reply->problem = error_text;
        error_text = NULL;
    }
    const char *line = error_text ? error_text : printed;
    if (!error && line && !reply->text && asprintf(&reply->text, "%s\n", line) < 0) {
        reply->text = NULL;
        error = -ENOMEM;
    }
    free(error_text);
    cJSON_free(printed);
    return error;
}

static int take_exit(const cJSON *object, struct client_reply *reply)
{
    const cJSON *status = cJSON_GetObjectItemCaseSensitive(object, "exit");
    if (!status)
        return 0;
    if (!cJSON_IsNumber(status) || status->valueint < 0 || status->valueint > 255)
        return -EPROTO;
    reply->last = true;
    reply->exit_status = status->valueint;
    return 0;
}

int client_reply_parse(const char *line, size_t length, struct client_reply *out_reply)
{
    struct client_reply reply = { 0 };
    errno = 0;
    cJSON *object = cJSON_ParseWithLength(line, length);
    int error = cJSON_IsObject(object) ? 0 : !object && errno == ENOMEM ? -ENOMEM : -EPROTO;
    if (!error)
        error = take_texts(object, &reply);
    if (!error)
        error = take_exit(object, &reply);
    cJSON_Delete(object);
    if (error)
        client_reply_release(&reply);
    else
        *out_reply = reply;
    return error;
}

void client_reply_release(struct client_reply *reply)
{
    free(reply->text);
    free(reply->waiting);
    free(reply->problem);
    *reply = (struct client_reply){ 0 };
}
