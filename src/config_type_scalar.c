/* config_type_scalar.c - the types of single values: numbers, booleans, durations, sizes, signals
 * and masks. */
#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config_value.h"
#include "duration.h"
#include "signame.h"

#define MASK_MAX 0777
#define INTERVAL_MIN_MS 10

/* -- numbers ------------------------------------------------------------------------------- */

int config_parse_long(const char *text, long *out_number)
{
    const char *digits = text + (*text == '-' || *text == '+');
    size_t length = strspn(digits, "0123456789");
    if (length == 0 || digits[length] != '\0' || (digits[0] == '0' && length > 1))
        return -EINVAL;
    errno = 0;
    long number = strtol(text, NULL, 10);
    if (errno == ERANGE)
        return -ERANGE;
    *out_number = number;
    return 0;
}

static void parse_integer(const struct config_reader *reader, const struct config_key *key,
                          const struct node *node, void *field)
{
    char *text = config_value_text(reader, key, node);
    if (!text)
        return;
    long number = 0;
    int error = config_parse_long(text, &number);
    if (error == -EINVAL)
        config_complain(reader, key, node);
    else if (error || number < key->min || number > key->max)
        config_complain_range(reader, key, node, "");
    else
        *(long *)field = number;
    free(text);
}

static bool equal_integer(const void *a, const void *b)
{
    return *(const long *)a == *(const long *)b;
}

static void print_integer(FILE *out, const void *field)
{
    fprintf(out, "%ld", *(const long *)field);
}

static void print_attempts(FILE *out, const void *field)
{
    if (*(const long *)field == CONFIG_NO_LIMIT)
        fputs("no limit", out);
    else
        print_integer(out, field);
}

const struct config_type config_type_integer = {
    .noun = "a whole number",
    .parse = parse_integer,
    .equal = equal_integer,
    .print = print_integer,
};

const struct config_type config_type_attempts = {
    .noun = "a whole number",
    .parse = parse_integer,
    .equal = equal_integer,
    .print = print_attempts,
};

/* -- booleans ------------------------------------------------------------------------------ */

static void parse_bool(const struct config_reader *reader, const struct config_key *key,
                       const struct node *node, void *field)
{
    static const char *const words[] = { "false", "true", "no", "yes", "off", "on", "n", "y" };
    char *text = config_value_text(reader, key, node);
    if (!text)
        return;
    size_t i = 0;
    while (i < sizeof words / sizeof words[0] && strcasecmp(text, words[i]) != 0)
        i++;
    if (i < sizeof words / sizeof words[0])
        *(bool *)field = i % 2 == 1;
    else
        config_complain(reader, key, node);
    free(text);
}

static bool equal_bool(const void *a, const void *b)
{
    return *(const bool *)a == *(const bool *)b;
}

static void print_bool(FILE *out, const void *field)
{
    fputs(*(const bool *)field ? "true" : "false", out);
}

const struct config_type config_type_bool = {
    .noun = "true or false",
    .parse = parse_bool,
    .equal = equal_bool,
    .print = print_bool,
};

/* -- durations ----------------------------------------------------------------------------- */

static void parse_duration(const struct config_reader *reader, const struct config_key *key,
                           const struct node *node, void *field)
{
    char *text = config_value_text(reader, key, node);
    if (!text)
        return;
    int64_t ms = 0;
    int error = duration_parse(text, &ms);
    if (error == -EINVAL)
        config_complain(reader, key, node);
    else if (error || ms < key->min * 1000 || ms > key->max * 1000)
        config_complain_range(reader, key, node, " seconds");
    else
        *(int64_t *)field = ms;
    free(text);
}

/* What is done over and over, or must happen within it, needs some time. */
static void parse_interval(const struct config_reader *reader, const struct config_key *key,
                           const struct node *node, void *field)
{
    int64_t ms = INTERVAL_MIN_MS;
    parse_duration(reader, key, node, &ms);
    if (ms < INTERVAL_MIN_MS)
        problems_add(reader->problems, node->at, "'%s' must be at least %dms, not %s", key->name,
                     INTERVAL_MIN_MS, node_describe(node).text);
    else
        *(int64_t *)field = ms;
}

static bool equal_int64(const void *a, const void *b)
{
    return *(const int64_t *)a == *(const int64_t *)b;
}

static void print_duration(FILE *out, const void *field)
{
    char text[DURATION_TEXT_BYTES];
    duration_print(*(const int64_t *)field, text);
    fputs(text, out);
}

const struct config_type config_type_duration = {
    .noun = "a duration such as 10, 0.5, 500ms, 5m or 2h",
    .parse = parse_duration,
    .equal = equal_int64,
    .print = print_duration,
};

const struct config_type config_type_interval = {
    .noun = "a duration such as 10, 0.5, 500ms, 5m or 2h",
    .parse = parse_interval,
    .equal = equal_int64,
    .print = print_duration,
};

/* -- sizes --------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    int64_t bytes;
} size_units[] = { { "GB", 1 << 30 }, { "MB", 1 << 20 }, { "KB", 1 << 10 }, { "B", 1 } };

#define SIZE_UNIT_COUNT (sizeof size_units / sizeof size_units[0])

int config_parse_size(const char *text, int64_t *out_bytes)
{
    size_t length = strspn(text, "0123456789.");
    const char *unit = text + length + strspn(text + length, " ");
    size_t i = 0;
    while (i < SIZE_UNIT_COUNT && strcasecmp(unit, size_units[i].name) != 0)
        i++;
    if (length == 0 || length > 20 || (i == SIZE_UNIT_COUNT && *unit != '\0'))
        return -EINVAL;
    int64_t factor = i < SIZE_UNIT_COUNT ? size_units[i].bytes : 1;
    char *end;
    double number = strtod(text, &end); /* LC_NUMERIC is always that of C */
    if (end != text + length)
        return -EINVAL;
    if (number > (double)(INT64_MAX / 2) / (double)factor)
        return -ERANGE;
    *out_bytes = (int64_t)(number * (double)factor);
    return 0;
}

static void parse_size(const struct config_reader *reader, const struct config_key *key,
                       const struct node *node, void *field)
{
    char *text = config_value_text(reader, key, node);
    if (!text)
        return;
    int64_t bytes = 0;
    int error = *text == '-' ? -ERANGE : config_parse_size(text, &bytes);
    if (error == -EINVAL)
        config_complain(reader, key, node);
    else if (error || bytes < key->min || bytes > key->max)
        config_complain_range(reader, key, node, " bytes");
    else
        *(int64_t *)field = bytes;
    free(text);
}

static void print_size(FILE *out, const void *field)
{
    int64_t bytes = *(const int64_t *)field;
    size_t i = 0;
    while (i + 1 < SIZE_UNIT_COUNT && (bytes == 0 || bytes % size_units[i].bytes != 0))
        i++;
    const char *unit = size_units[i].bytes == 1 ? "" : size_units[i].name;
    fprintf(out, "%" PRId64 "%s", bytes / size_units[i].bytes, unit);
}

const struct config_type config_type_size = {
    .noun = "a size such as 4096, 512KB, 10MB or 1GB",
    .parse = parse_size,
    .equal = equal_int64,
    .print = print_size,
};

/* -- signals ------------------------------------------------------------------------------- */

static void parse_signal(const struct config_reader *reader, const struct config_key *key,
                         const struct node *node, void *field)
{
    char *text = config_value_text(reader, key, node);
    if (!text)
        return;
    int number = signame_parse(text);
    if (number > 0)
        *(int *)field = number;
    else
        config_complain(reader, key, node);
    free(text);
}

static bool equal_signal(const void *a, const void *b)
{
    return *(const int *)a == *(const int *)b;
}

static void print_signal(FILE *out, const void *field)
{
    fputs(signame(*(const int *)field), out);
}

const struct config_type config_type_signal = {
    .noun = "a signal such as SIGTERM, TERM or 15",
    .parse = parse_signal,
    .equal = equal_signal,
    .print = print_signal,
};

/* -- masks --------------------------------------------------------------------------------- */

static void parse_mask(const struct config_reader *reader, const struct config_key *key,
                       const struct node *node, void *field)
{
    char *text = config_value_text(reader, key, node);
    if (!text)
        return;
    const char *digits = strncasecmp(text, "0o", 2) == 0 ? text + 2 : text;
    size_t length = strspn(digits, "01234567");
    unsigned long mask = strtoul(digits, NULL, 8); /* ULONG_MAX where it does not fit */
    if (length > 0 && digits[length] == '\0' && mask <= MASK_MAX)
        *(mode_t *)field = (mode_t)mask;
    else
        config_complain(reader, key, node);
    free(text);
}

static bool equal_mask(const void *a, const void *b)
{
    return *(const mode_t *)a == *(const mode_t *)b;
}

static void print_mask(FILE *out, const void *field)
{
    fprintf(out, "%03o", *(const mode_t *)field);
}

const struct config_type config_type_mask = {
    .noun = "an octal number from 0 to 777",
    .parse = parse_mask,
    .equal = equal_mask,
    .print = print_mask,
};
