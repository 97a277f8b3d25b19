/* notice.c - see notice.h. */
#include "notice.h"

#include <string.h>

#define US_PER_MS 1000
#define MS_MAX (INT64_C(1000) * 60 * 60 * 24 * 365)

/* The value of a line that begins with "KEY=", or NULL. `key` has the sign. */
static const char *value_of(const char *line, size_t count, const char *key, size_t *out_count)
{
    size_t length = strlen(key);
    if (count < length || memcmp(line, key, length) != 0)
        return NULL;
    *out_count = count - length;
    return line + length;
}

static bool is(const char *line, size_t count, const char *text)
{
    return count == strlen(text) && memcmp(line, text, count) == 0;
}

/* Microseconds as milliseconds, not below 1 unless 0, and not above a year; -1: no number. */
static int64_t parse_us(const char *digits, size_t count)
{
    int64_t us = 0;
    if (count == 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        if (digits[i] < '0' || digits[i] > '9')
            return -1;
        if (us <= MS_MAX * US_PER_MS)
            us = us * 10 + (digits[i] - '0');
    }
    int64_t ms = us / US_PER_MS;
    if (ms > MS_MAX)
        return MS_MAX;
    return ms == 0 && us > 0 ? 1 : ms;
}

/* Whole characters only: a cut one would be shown as rubbish. */
static void keep_status(struct notice *notice, const char *text, size_t count)
{
    const char *nul = memchr(text, '\0', count);
    if (nul)
        count = (size_t)(nul - text);
    if (count > NOTICE_STATUS_BYTES) {
        count = NOTICE_STATUS_BYTES;
        while (count > NOTICE_STATUS_BYTES - 4 && ((unsigned char)text[count] & 0xc0) == 0x80)
            count--;
    }
    memcpy(notice->status, text, count);
    notice->status[count] = '\0';
    notice->has_status = true;
}

static void parse_line(struct notice *notice, const char *line, size_t count)
{
    size_t length;
    const char *value;
    int64_t ms;
    if (is(line, count, "READY=1")) {
        notice->ready = true;
    } else if (is(line, count, "STOPPING=1")) {
        notice->stopping = true;
    } else if (is(line, count, "WATCHDOG=1")) {
        notice->watchdog = NOTICE_ALIVE;
    } else if (is(line, count, "WATCHDOG=trigger")) {
        notice->watchdog = NOTICE_TRIGGER;
    } else if ((value = value_of(line, count, "STATUS=", &length))) {
        keep_status(notice, value, length);
    } else if ((value = value_of(line, count, "WATCHDOG_USEC=", &length))) {
        ms = parse_us(value, length);
        notice->watchdog_ms = ms >= 0 ? ms : notice->watchdog_ms;
    } else if ((value = value_of(line, count, "EXTEND_TIMEOUT_USEC=", &length))) {
        ms = parse_us(value, length);
        notice->extend_ms = ms >= 0 ? ms : notice->extend_ms;
    } else if (value_of(line, count, "MAINPID=", &length)) {
        notice->main_pid = true;
    }
}

void notice_parse(const char *bytes, size_t count, struct notice *out_notice)
{
    *out_notice = (struct notice){ .watchdog_ms = -1, .extend_ms = -1 };
    while (count > 0) {
        const char *end = memchr(bytes, '\n', count);
        size_t length = end ? (size_t)(end - bytes) : count;
        parse_line(out_notice, bytes, length);
        length += end != NULL;
        bytes += length;
        count -= length;
    }
}
