/* test_logshow.c - the bytes of a log as lines of JSON, however they come. */
#include "logshow.h"

#include <cjson/cJSON.h>
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

struct shown {
    struct logshow show;
    char *text;
    size_t bytes;
    FILE *out;
};

static void shown_init(struct shown *shown)
{
    const struct command_style style = { .json = true };
    logshow_init(&shown->show, "web", "stdout", &style);
    shown->text = NULL;
    shown->out = open_memstream(&shown->text, &shown->bytes);
}

static void shown_release(struct shown *shown)
{
    logshow_release(&shown->show);
    fclose(shown->out);
    free(shown->text);
}

static void add(struct shown *shown, const char *bytes, size_t count)
{
    cr_assert_eq(logshow_write(&shown->show, bytes, count, shown->out), 0);
    fflush(shown->out);
}

#define LINE(text) "{\"name\":\"web\",\"stream\":\"stdout\",\"line\":\"" text "\"}\n"

Test(logshow, lines_are_the_same_however_the_bytes_come)
{
    static const char bytes[] = "one\n\ntwo\0\xe2\x82\xac\xff\nlast";
    for (size_t piece = 1; piece < sizeof bytes; piece++) {
        struct shown shown;
        shown_init(&shown);
        for (size_t at = 0; at < sizeof bytes - 1; at += piece)
            add(&shown, bytes + at, at + piece < sizeof bytes ? piece : sizeof bytes - 1 - at);
        cr_assert_str_eq(shown.text, LINE("one") LINE("") LINE("two\ufffd\u20ac\ufffd"));
        cr_assert_eq(logshow_end(&shown.show, shown.out), 0);
        fflush(shown.out);
        cr_assert_str_eq(shown.text,
                         LINE("one") LINE("") LINE("two\ufffd\u20ac\ufffd") LINE("last"));
        shown_release(&shown);
    }
}

/* A line that is too long for an object comes in parts, and no character is torn. */
Test(logshow, a_line_that_is_too_long_comes_in_parts)
{
    struct shown shown;
    size_t count = 3 * (size_t)LOGSHOW_LINE_BYTES, parts = 0, length = 0;
    char *bytes = malloc(count + 1);
    for (size_t i = 0; i + 2 < count; i += 3)
        memcpy(bytes + i, "\u20ac", 3);
    bytes[count] = '\n';
    shown_init(&shown);
    add(&shown, bytes, count + 1);
    for (char *rest = shown.text, *line; (line = strsep(&rest, "\n")) && *line;) {
        cJSON *object = cJSON_Parse(line);
        const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(object, "line"));
        bool last = length + strlen(text) == count;
        cr_assert_eq(memcmp(text, bytes + length, strlen(text)), 0);
        cr_assert_leq(strlen(text), (size_t)LOGSHOW_LINE_BYTES);
        cr_assert_eq(cJSON_IsTrue(cJSON_GetObjectItem(object, "partial")), !last);
        length += strlen(text);
        parts++;
        cJSON_Delete(object);
    }
    cr_assert_eq(length, count);
    cr_assert_eq(parts, 4u);
    free(bytes);
    shown_release(&shown);
}
