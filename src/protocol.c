/* protocol.c - see protocol.h. A request that cannot be carried out is still a request: its `error`
 * is the answer. */
#include "protocol.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

#define PIECE_BYTES ((size_t)32 << 10)
#define EXACT_MAX 9007199254740992.0 /* up to 2^53 every whole number is itself */

/* ---- requests ---- */

/* Says what is wrong: -EINVAL, or -ENOMEM. */
static int refuse(struct protocol_request *request, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static int refuse(struct protocol_request *request, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = vasprintf(&request->error, format, args);
    va_end(args);
    if (length >= 0)
        return -EINVAL;
    request->error = NULL;
    return -ENOMEM;
}

/* Is there a "\u0000" in it? It would end a word before its end. */
static bool has_nul_escape(const char *line)
{
    for (const char *at = line; (at = strchr(at, '\\')) != NULL; at += at[1] ? 2 : 1)
        if (strncmp(at, "\\u0000", 6) == 0)
            return true;
    return false;
}

/* A JSON string of `bytes`, to free(); NULL: out of memory. */
static char *json_string(const char *bytes)
{
    char *clean = text_utf8(bytes);
    cJSON *item = clean ? cJSON_CreateString(clean) : NULL;
    char *text = item ? cJSON_PrintUnformatted(item) : NULL;
    cJSON_Delete(item);
    free(clean);
    return text;
}

static bool is_exact(double number)
{
    return number >= -EXACT_MAX && number <= EXACT_MAX;
}

/* The shortest text that means this number (cJSON's own rounds to 15 digits), to free(); NULL: out
 * of memory. */
static char *number_text(double number)
{
    char *text = NULL;
    for (int digits = 15; digits <= 17; digits++) {
        free(text);
        if (asprintf(&text, "%.*g", digits, number) < 0)
            return NULL;
        if (strtod(text, NULL) == number)
            break;
    }
    return text;
}

static int take_id(struct protocol_request *request, const cJSON *object)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, "id");
    char *id = NULL;
    if (!item || cJSON_IsNull(item))
        return 0;
    if (cJSON_IsString(item))
        id = json_string(item->valuestring);
    else if (cJSON_IsNumber(item) && is_exact(item->valuedouble))
        id = number_text(item->valuedouble);
    else if (cJSON_IsNumber(item))
        return refuse(request, "'id' is too large for a number; make it a string");
    else
        return refuse(request, "'id' must be a number or a string");
    if (!id)
        return -ENOMEM;
    free(request->id);
    request->id = id;
    return 0;
}

static int take_version(struct protocol_request *request, const cJSON *object)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, "protocol");
    if (!item || (cJSON_IsNumber(item) && item->valuedouble == PROTOCOL_VERSION))
        return 0;
    return refuse(request, "this is protocol %d, and no other", PROTOCOL_VERSION);
}

static int add_word(struct protocol_request *request, const cJSON *item)
{
    char *word = cJSON_IsString(item)   ? strdup(item->valuestring)
                 : cJSON_IsNumber(item) ? number_text(item->valuedouble)
                                        : NULL;
    if (!word)
        return -ENOMEM;
    request->words[request->word_count++] = word;
    return 0;
}

static int take_words(struct protocol_request *request, const cJSON *object)
{
    const cJSON *command = cJSON_GetObjectItemCaseSensitive(object, "command");
    const cJSON *args = cJSON_GetObjectItemCaseSensitive(object, "args");
    const cJSON *arg;
    size_t count = 1;
    if (!cJSON_IsString(command))
        return refuse(request, "'command' must be a string");
    if (args && !cJSON_IsArray(args))
        return refuse(request, "'args' must be a list");
    cJSON_ArrayForEach(arg, args)
    {
        if (!cJSON_IsString(arg) && !cJSON_IsNumber(arg))
            return refuse(request, "'args' must be a list of strings");
        count++;
    }
    request->words = calloc(count + 1, sizeof *request->words);
    int error = request->words ? add_word(request, command) : -ENOMEM;
    cJSON_ArrayForEach(arg, args)
    {
        if (!error)
            error = add_word(request, arg);
    }
    return error;
}

static int take_flag(struct protocol_request *request, const cJSON *object, const char *name,
                     bool *out_flag)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    if (item && !cJSON_IsBool(item))
        return refuse(request, "'%s' must be true or false", name);
    *out_flag = cJSON_IsTrue(item);
    return 0;
}

static int take_width(struct protocol_request *request, const cJSON *object)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, "width");
    if (!item)
        return 0;
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0))
        return refuse(request, "'width' must be a number of columns");
    request->width = item->valuedouble < PROTOCOL_WIDTH_MAX ? (int)item->valuedouble
                                                            : PROTOCOL_WIDTH_MAX;
    return 0;
}

/* The id first: it belongs in the answer, whatever else is wrong. */
static int take_all(struct protocol_request *request, const cJSON *object, const char *line)
{
    if (!cJSON_IsObject(object))
        return refuse(request, "a request is an object: {\"id\":1,\"command\":\"status\"}");
    int error = take_id(request, object);
    if (!error)
        error = take_version(request, object);
    if (!error && has_nul_escape(line))
        error = refuse(request, "a NUL character");
    if (!error)
        error = take_words(request, object);
    if (!error)
        error = take_flag(request, object, "json", &request->json);
    if (!error)
        error = take_flag(request, object, "colour", &request->colour);
    if (!error)
        error = take_flag(request, object, "progress", &request->progress);
    return error ? error : take_width(request, object);
}

struct protocol_request *protocol_parse(const char *line)
{
    struct protocol_request *request = calloc(1, sizeof *request);
    if (!request)
        return NULL;
    const char *end = line;
    int error = -ENOMEM;
    cJSON *object = NULL;
    request->id = strdup("null");
    if (request->id) {
        errno = 0; /* it says of both that there is no object */
        object = cJSON_ParseWithLengthOpts(line, strlen(line) + 1, &end, true);
        if (object)
            error = take_all(request, object, line);
        else if (errno != ENOMEM)
            error = refuse(request, "bad JSON, from byte %td on", end - line + 1);
    }
    cJSON_Delete(object);
    if (error != -ENOMEM)
        return request;
    protocol_request_free(request);
    return NULL;
}

void protocol_request_free(struct protocol_request *request)
{
    if (!request)
        return;
    for (size_t i = 0; i < request->word_count; i++)
        free(request->words[i]);
    free(request->words);
    free(request->id);
    free(request->error);
    free(request);
}

/* ---- replies ---- */

/* Prints {"id":ID,"NAME":"BYTES"; the object is still open. */
static int put_text(FILE *out, const char *id, const char *name, const char *bytes)
{
    char *text = json_string(bytes);
    if (!text)
        return -ENOMEM;
    fprintf(out, "{\"id\":%s,\"%s\":%s", id, name, text);
    cJSON_free(text);
    return 0;
}

/* Up to the end of a line, or else to the end of a character. */
static size_t piece_length(const char *bytes, size_t count)
{
    if (count <= PIECE_BYTES)
        return count;
    const char *end = memrchr(bytes, '\n', PIECE_BYTES);
    if (end)
        return (size_t)(end - bytes) + 1;
    size_t length = PIECE_BYTES;
    while (length > PIECE_BYTES - 3 && ((unsigned char)bytes[length] & 0xc0) == 0x80)
        length--;
    return length;
}

/* JSON has no NUL that all readers take: it is replaced as invalid UTF-8 is. */
static int put_piece(FILE *out, const char *id, const char *bytes, size_t count)
{
    char *copy = malloc(count + 1);
    if (!copy)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        copy[i] = bytes[i] ? bytes[i] : '\xff';
    copy[count] = '\0';
    int error = put_text(out, id, "output", copy);
    free(copy);
    if (!error)
        fputs("}\n", out);
    return error;
}

static int put_pieces(FILE *out, const char *id, const char *bytes, size_t count)
{
    int error = 0;
    while (count > 0 && !error) {
        size_t length = piece_length(bytes, count);
        error = put_piece(out, id, bytes, length);
        bytes += length;
        count -= length;
    }
    return error;
}

int protocol_put_output(FILE *out, const char *id, const char *bytes, size_t count, bool json)
{
    int error = 0;
    const char *plain = bytes; /* from here on nothing has been put yet */
    const char *stop = bytes + count;
    for (const char *line = bytes; json && line < stop && !error;) {
        const char *end = memchr(line, '\n', (size_t)(stop - line));
        const char *next = end ? end + 1 : stop;
        if (end && end - line >= 2 && line[0] == '{' && end[-1] == '}') {
            error = put_pieces(out, id, plain, (size_t)(line - plain));
            fprintf(out, "{\"id\":%s,\"result\":%.*s}\n", id, (int)(end - line), line);
            plain = next;
        }
        line = next;
    }
    return error ? error : put_pieces(out, id, plain, (size_t)(stop - plain));
}

int protocol_put_waiting(FILE *out, const char *id, const char *text)
{
    int error = put_text(out, id, "waiting", text);
    if (!error)
        fputs("}\n", out);
    return error;
}

void protocol_put_exit(FILE *out, const char *id, int exit_status)
{
    fprintf(out, "{\"id\":%s,\"exit\":%d}\n", id, exit_status);
}

int protocol_put_error(FILE *out, const char *id, const char *text, int exit_status)
{
    int error = put_text(out, id, "error", text);
    if (!error)
        fprintf(out, ",\"exit\":%d}\n", exit_status);
    return error;
}
