/* duration.c - see duration.h. Integers only: a decimal is exact, and rounded up at its end. */
#include "duration.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    int64_t ms;
} units[] = { { "h", 3600000 }, { "m", 60000 }, { "s", 1000 }, { "ms", 1 } }; /* large to small */

#define UNIT_COUNT (sizeof units / sizeof units[0])
#define UNIT_SECOND 2
#define FRACTION_DIGITS_MAX 9 /* so that fraction x an hour's ms fits 64 bits */

struct number {
    int64_t whole;
    int64_t fraction; /* of `scale` */
    int64_t scale;
};

/* Reads "12", "12.5" or ".5" at *cursor and moves it behind. */
static int read_number(const char **cursor, struct number *out_number)
{
    const char *p = *cursor;
    struct number n = { .scale = 1 };
    bool digits = false;
    for (; isdigit((unsigned char)*p); p++) {
        if (__builtin_mul_overflow(n.whole, 10, &n.whole) ||
            __builtin_add_overflow(n.whole, *p - '0', &n.whole))
            return -ERANGE;
        digits = true;
    }
    if (*p == '.') {
        p++;
        if (!isdigit((unsigned char)*p))
            return -EINVAL;
        digits = true;
        bool beyond = false;
        for (int i = 0; isdigit((unsigned char)*p); p++, i++) {
            if (i < FRACTION_DIGITS_MAX) {
                n.fraction = n.fraction * 10 + (*p - '0');
                n.scale *= 10;
            } else {
                beyond = beyond || *p != '0';
            }
        }
        n.fraction += beyond;
    }
    if (!digits)
        return -EINVAL;
    *cursor = p;
    *out_number = n;
    return 0;
}

/* The unit at *cursor, or UNIT_COUNT; moves behind it. */
static size_t read_unit(const char **cursor)
{
    size_t length = 0;
    while (isalpha((unsigned char)(*cursor)[length]))
        length++;
    for (size_t i = 0; i < UNIT_COUNT; i++) {
        if (strlen(units[i].name) == length && strncmp(*cursor, units[i].name, length) == 0) {
            *cursor += length;
            return i;
        }
    }
    return UNIT_COUNT;
}

static int add_number(const struct number *n, int64_t unit_ms, int64_t *total)
{
    int64_t ms;
    int64_t part = (n->fraction * unit_ms + n->scale - 1) / n->scale;
    if (__builtin_mul_overflow(n->whole, unit_ms, &ms) || __builtin_add_overflow(ms, part, &ms) ||
        __builtin_add_overflow(*total, ms, total))
        return -ERANGE;
    return 0;
}

static int parse_positive(const char *text, int64_t *out_ms)
{
    int64_t total = 0;
    size_t smallest = 0; /* the next unit must be this one or a smaller one */
    for (const char *p = text; p == text || *p != '\0';) {
        struct number n;
        int error = read_number(&p, &n);
        if (error)
            return error;
        size_t unit = *p == '\0' && smallest == 0 ? UNIT_SECOND : read_unit(&p);
        if (unit == UNIT_COUNT || unit < smallest)
            return -EINVAL;
        smallest = unit + 1;
        error = add_number(&n, units[unit].ms, &total);
        if (error)
            return error;
    }
    *out_ms = total;
    return 0;
}

int duration_parse(const char *text, int64_t *out_ms)
{
    if (*text != '-')
        return parse_positive(text, out_ms);
    int64_t ignored;
    int error = parse_positive(text + 1, &ignored);
    return error ? error : -ERANGE;
}

/* "1.5s": seconds and thousandths without the zeros at the end. */
static void print_decimal(int s, int thousandths, char *text, size_t room)
{
    int digits = 3;
    for (; thousandths % 10 == 0; thousandths /= 10)
        digits--;
    snprintf(text, room, "%d.%0*ds", s, digits, thousandths);
}

void duration_print(int64_t ms, char text[DURATION_TEXT_BYTES])
{
    if (ms <= 0) {
        snprintf(text, DURATION_TEXT_BYTES, "0s");
        return;
    }
    size_t used = 0;
    for (size_t i = 0; i < UNIT_SECOND; i++) {
        int64_t n = ms / units[i].ms;
        ms %= units[i].ms;
        if (n > 0)
            used += (size_t)snprintf(text + used, DURATION_TEXT_BYTES - used, "%" PRId64 "%s", n,
                                     units[i].name);
    }
    int s = (int)(ms / 1000), rest = (int)(ms % 1000);
    if (s == 0 && rest > 0)
        snprintf(text + used, DURATION_TEXT_BYTES - used, "%dms", rest);
    else if (rest > 0)
        print_decimal(s, rest, text + used, DURATION_TEXT_BYTES - used);
    else if (s > 0)
        snprintf(text + used, DURATION_TEXT_BYTES - used, "%ds", s);
}

void duration_print_uptime(int64_t ms, char text[DURATION_TEXT_BYTES])
{
    int64_t s = ms > 0 ? ms / 1000 : 0;
    if (s < 60)
        snprintf(text, DURATION_TEXT_BYTES, "%" PRId64 "s", s);
    else if (s < 3600)
        snprintf(text, DURATION_TEXT_BYTES, "%" PRId64 "m%" PRId64 "s", s / 60, s % 60);
    else if (s < 86400)
        snprintf(text, DURATION_TEXT_BYTES, "%" PRId64 "h%" PRId64 "m", s / 3600, s / 60 % 60);
    else
        snprintf(text, DURATION_TEXT_BYTES, "%" PRId64 "d%" PRId64 "h", s / 86400, s / 3600 % 24);
}
