/* fuzz_protocol.c - any bytes as what a client sends, in pieces of any size: each line is refused,
 * or is a request, and whatever is answered is one JSON object a line. */
#include <cjson/cJSON.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lines.h"
#include "protocol.h"

#define PIECE_MAX ((size_t)32 << 10)

#define EXPECT(condition) \
    do {                  \
        if (!(condition)) \
            abort();      \
    } while (0)

/* The replies are whole lines of JSON, in which nothing is too long. */
static void check_replies(char *text, size_t size)
{
    EXPECT(size > 0 && text[size - 1] == '\n' && strlen(text) == size);
    for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
        *end = '\0';
        cJSON *reply = cJSON_Parse(line);
        EXPECT(cJSON_IsObject(reply) && cJSON_HasObjectItem(reply, "id"));
        const char *output = cJSON_GetStringValue(cJSON_GetObjectItem(reply, "output"));
        EXPECT(!output || strlen(output) <= 3 * PIECE_MAX); /* a byte may become U+FFFD */
        cJSON_Delete(reply);
    }
}

/* What was read comes back as if a command had printed it. */
static void answer(const struct protocol_request *request, const char *line)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    EXPECT(out);
    if (request->error) {
        EXPECT(*request->error);
        EXPECT(protocol_put_error(out, request->id, request->error, 2) == 0);
    } else {
        EXPECT(request->word_count > 0 && !request->words[request->word_count]);
        for (size_t i = 0; i < request->word_count; i++)
            EXPECT(request->words[i]);
        EXPECT(request->width >= 0 && request->width <= PROTOCOL_WIDTH_MAX);
        EXPECT(protocol_put_output(out, request->id, line, strlen(line), false) == 0);
        EXPECT(protocol_put_waiting(out, request->id, request->words[0]) == 0);
        protocol_put_exit(out, request->id, 0);
    }
    fclose(out);
    check_replies(text, size);
    free(text);
}

static void take_lines(struct lines *lines)
{
    char *line = NULL;
    while (lines_ready(lines)) {
        int error = lines_next(lines, &line);
        EXPECT(error == 0 || error == -E2BIG || error == -EILSEQ);
        if (error)
            continue;
        struct protocol_request *request = protocol_parse(line);
        EXPECT(request && request->id);
        answer(request, line);
        protocol_request_free(request);
        free(line);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lines *lines = lines_new();
    EXPECT(lines);
    size_t piece = size > 0 ? (size_t)data[size - 1] + 1 : 1;
    for (size_t at = 0; at < size; at += piece) {
        EXPECT(lines_add(lines, (const char *)data + at, size - at < piece ? size - at : piece) ==
               0);
        take_lines(lines);
    }
    lines_finish(lines);
    take_lines(lines);
    EXPECT(lines_is_empty(lines));
    lines_free(lines);
    return 0;
}
