/* text.c - see text.h. */
#include "text.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* The shortest form only, no surrogates, nothing above U+10FFFF: as RFC 3629 has it. */
static bool is_character(unsigned code, size_t length)
{
    static const unsigned least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    return code >= least[length] && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
}

size_t text_decode(const char *bytes, unsigned *out_code)
{
    const unsigned char *s = (const unsigned char *)bytes;
    if (*s < 0x80) {
        *out_code = *s;
        return *s ? 1 : 0;
    }
    if (*s < 0xc0 || *s > 0xf7)
        return 0;
    size_t length = *s < 0xe0 ? 2 : *s < 0xf0 ? 3 : 4;
    unsigned code = *s & (0x7fU >> length);
    for (size_t i = 1; i < length; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (s[i] & 0x3fU);
    }
    if (!is_character(code, length))
        return 0;
    *out_code = code;
    return length;
}

/* Would a terminal do something else with it than show it in its place? */
static bool is_control(unsigned code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x2028 && code <= 0x202e) ||
           (code >= 0x2066 && code <= 0x2069);
}

static void put_escape(FILE *out, unsigned code)
{
    if (code == '\n')
        fputs("\\n", out);
    else if (code == '\r')
        fputs("\\r", out);
    else if (code == '\t')
        fputs("\\t", out);
    else
        fprintf(out, code < 0x100 ? "\\x%02x" : "\\u%04x", code);
}

static size_t plain_length(const char *s)
{
    size_t length = 0;
    while (s[length] >= ' ' && s[length] < 0x7f)
        length++;
    return length;
}

void text_put(FILE *out, const char *bytes)
{
    while (*bytes) {
        size_t plain = plain_length(bytes);
        fwrite(bytes, 1, plain, out);
        bytes += plain;
        if (!*bytes)
            return;
        unsigned code = 0;
        size_t length = text_decode(bytes, &code);
        if (length == 0)
            fputs(REPLACEMENT, out);
        else if (is_control(code))
            put_escape(out, code);
        else
            fwrite(bytes, 1, length, out);
        bytes += length ? length : 1;
    }
}

char *text_printable(const char *bytes)
{
    if (!bytes[plain_length(bytes)])
        return strdup(bytes);
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    text_put(out, bytes);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

char *text_utf8(const char *bytes)
{
    char *text = reallocarray(NULL, strlen(bytes) + 1, strlen(REPLACEMENT));
    if (!text)
        return NULL;
    char *end = text;
    while (*bytes) {
        unsigned code;
        size_t length = text_decode(bytes, &code);
        end = length ? mempcpy(end, bytes, length) : stpcpy(end, REPLACEMENT);
        bytes += length ? length : 1;
    }
    *end = '\0';
    return text;
}
