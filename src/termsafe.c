/* termsafe.c - see termsafe.h. Bytes are looked at as sequences: a character, or ESC [ ... m. */
#include "termsafe.h"

#include <string.h>

#define COLOURS_OFF "\033[0m"

/* How a sequence of this many bytes stands. */
enum verdict { PASS, MORE, BAD };

/* ESC [ parameters m, and nothing else that begins with ESC. */
static enum verdict judge_escape(const unsigned char *bytes, size_t count, size_t *out_length)
{
    if (count < 2)
        return MORE;
    if (bytes[1] != '[')
        return BAD;
    for (size_t i = 2; i < count; i++) {
        if (bytes[i] == 'm') {
            *out_length = i + 1;
            return PASS;
        }
        if ((bytes[i] < '0' || bytes[i] > '9') && bytes[i] != ';' && bytes[i] != ':')
            return BAD;
    }
    return MORE;
}

/* A character of several bytes: UTF-8, in its shortest form, no surrogate, and none of U+0080 to
 * U+009F, which are control characters to some terminals. */
static enum verdict judge_utf8(const unsigned char *bytes, size_t count, size_t *out_length)
{
    unsigned char lead = bytes[0];
    size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    unsigned char low = 0x80;
    unsigned char high = 0xbf;
    if (lead < 0xc2 || lead > 0xf4)
        return BAD;
    if (lead == 0xc2 || lead == 0xe0)
        low = 0xa0;
    else if (lead == 0xf0)
        low = 0x90;
    else if (lead == 0xed)
        high = 0x9f;
    else if (lead == 0xf4)
        high = 0x8f;
    for (size_t i = 1; i < length; i++) {
        if (i == count)
            return MORE;
        if (bytes[i] < low || bytes[i] > high)
            return BAD;
        low = 0x80;
        high = 0xbf;
    }
    *out_length = length;
    return PASS;
}

static enum verdict judge(const unsigned char *bytes, size_t count, size_t *out_length)
{
    if (bytes[0] == '\033')
        return judge_escape(bytes, count, out_length);
    if (bytes[0] >= 0x80)
        return judge_utf8(bytes, count, out_length);
    *out_length = 1;
    return (bytes[0] >= ' ' && bytes[0] != 0x7f) || bytes[0] == '\n' || bytes[0] == '\t' ? PASS
                                                                                         : BAD;
}

static void print_harmless(FILE *out, unsigned char byte)
{
    if (byte >= 0x80)
        fputs("\xef\xbf\xbd", out); /* U+FFFD */
    else
        fprintf(out, "^%c", byte ^ 0x40);
}

static void print_sequence(struct termsafe *filter, FILE *out, const char *bytes, size_t length)
{
    fwrite(bytes, 1, length, out);
    if (bytes[0] == '\033')
        filter->coloured = length != 3 && strncmp(bytes, COLOURS_OFF, length) != 0;
}

/* Prints all whole sequences. The number of bytes left over: the start of one. */
static size_t print_whole(struct termsafe *filter, FILE *out, const char *bytes, size_t count)
{
    while (count > 0) {
        size_t length = 1;
        switch (judge((const unsigned char *)bytes, count, &length)) {
        case PASS: print_sequence(filter, out, bytes, length); break;
        case BAD:
            print_harmless(out, (unsigned char)bytes[0]);
            length = 1;
            break;
        case MORE:
            if (count < sizeof filter->held)
                return count;
            print_harmless(out, (unsigned char)bytes[0]);
            break;
        }
        bytes += length;
        count -= length;
    }
    return 0;
}

static void end_colour(struct termsafe *filter, FILE *out)
{
    if (filter->coloured)
        fputs(COLOURS_OFF, out);
    filter->coloured = false;
}

void termsafe_write(struct termsafe *filter, FILE *out, const char *bytes, size_t count)
{
    while (filter->held_bytes > 0 && count > 0) {
        filter->held[filter->held_bytes++] = *bytes++;
        count--;
        size_t left = print_whole(filter, out, filter->held, filter->held_bytes);
        memmove(filter->held, filter->held + filter->held_bytes - left, left);
        filter->held_bytes = left;
    }
    size_t left = print_whole(filter, out, bytes, count);
    if (left > 0) {
        memcpy(filter->held, bytes + count - left, left);
        filter->held_bytes = left;
    }
    end_colour(filter, out);
}

void termsafe_end(struct termsafe *filter, FILE *out)
{
    for (size_t i = 0; i < filter->held_bytes; i++) {
        unsigned char byte = (unsigned char)filter->held[i];
        if (byte >= ' ' && byte < 0x7f)
            fputc(byte, out);
        else
            print_harmless(out, byte);
    }
    filter->held_bytes = 0;
    end_colour(filter, out);
}
