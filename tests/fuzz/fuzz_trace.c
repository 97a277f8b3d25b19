/* fuzz_trace.c - any bytes as a trace, as they are and with checksums that are right: they are
 * refused, or are run through the state machine. What the reader lets through can be written, and
 * is the same when it is read again. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "replay.h"
#include "trace.h"

#define EXPECT(condition) \
    do {                  \
        if (!(condition)) \
            abort();      \
    } while (0)

static void run(const char *bytes, size_t count)
{
    char *story = NULL;
    size_t size;
    FILE *out = open_memstream(&story, &size);
    EXPECT(out);
    struct replay *replay = replay_new(out);
    EXPECT(replay);
    int error = replay_feed(replay, bytes, count / 2);
    if (!error)
        error = replay_feed(replay, bytes + count / 2, count - count / 2);
    if (!error)
        error = replay_finish(replay);
    EXPECT(error == 0 || error == -ECANCELED || error == -EBADMSG);
    EXPECT(!error || *replay_problem(replay));
    replay_free(replay);
    fclose(out);
    free(story);
}

static void check_line(char *line)
{
    struct trace_record record, again;
    char *first, *second;
    size_t bytes;
    if (trace_parse(line, &record))
        return;
    EXPECT(trace_line(&record, &first, &bytes) == 0);
    EXPECT(bytes > 0 && first[bytes - 1] == '\n' && strlen(first) == bytes);
    char *copy = strndup(first, bytes - 1);
    EXPECT(copy && trace_parse(copy, &again) == 0);
    EXPECT(trace_line(&again, &second, &bytes) == 0);
    EXPECT(strcmp(first, second) == 0);
    free(first);
    free(second);
    free(copy);
}

/* Each line gets the checksum that it should have. */
static void seal(char *text, FILE *out)
{
    for (char *line = text, *next; line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        if (!*line) {
            fputc('\n', out);
            continue;
        }
        char *sealed;
        int length = asprintf(&sealed, "%s %08x", line, 0U);
        EXPECT(length > 0);
        size_t count = (size_t)length - 8;
        snprintf(sealed + count, 9, "%08x", (unsigned)trace_sum(sealed, count));
        fprintf(out, "%s\n", sealed);
        check_line(sealed);
        free(sealed);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *sealed = NULL;
    size_t bytes;
    char *text = malloc(size + 1);
    FILE *out = open_memstream(&sealed, &bytes);
    EXPECT(text && out);
    if (size)
        memcpy(text, data, size);
    text[size] = '\0';
    run(text, size);
    seal(text, out);
    fclose(out);
    run(sealed, bytes);
    free(sealed);
    free(text);
    return 0;
}
