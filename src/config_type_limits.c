/* config_type_limits.c - the types of `limits`, `nice` and `oomScoreAdj`: what the kernel bounds,
 * and who may raise it. */
#include <errno.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>

#include "config_value.h"
#include "privilege.h"
#include "suggest.h"

#define NUMBER_BYTES 32

const struct config_limit_kind config_limit_kinds[CONFIG_LIMITS] = {
    { "nofile", RLIMIT_NOFILE, false }, { "core", RLIMIT_CORE, true },
    { "as", RLIMIT_AS, true },          { "nproc", RLIMIT_NPROC, false },
    { "stack", RLIMIT_STACK, true },    { "memlock", RLIMIT_MEMLOCK, true },
    { "fsize", RLIMIT_FSIZE, true },    { "cpu", RLIMIT_CPU, false },
};

/* The number in a file of /proc; `otherwise` where there is none. */
static long read_number(const char *path, long otherwise)
{
    char text[NUMBER_BYTES] = "";
    FILE *file = fopen(path, "re");
    if (!file)
        return otherwise;
    char *line = fgets(text, sizeof text, file);
    fclose(file);
    return line ? strtol(line, NULL, 10) : otherwise;
}

/* -- limits -------------------------------------------------------------------------------- */

static rlim_t highest(int resource)
{
    const long nr_open = 1048576; /* the kernel's own default */
    return resource == RLIMIT_NOFILE ? (rlim_t)read_number("/proc/sys/fs/nr_open", nr_open)
                                     : RLIM_INFINITY;
}

/* One side of SOFT:HARD. */
static bool parse_side(const struct config_limit_kind *kind, const char *text, rlim_t *out_limit)
{
    int64_t bytes = 0;
    long number = 0;
    if (strcmp(text, "unlimited") == 0 || strcmp(text, "infinity") == 0) {
        *out_limit = highest(kind->resource);
        return true;
    }
    int error = kind->is_bytes ? config_parse_size(text, &bytes) : config_parse_long(text, &number);
    if (error || number < 0)
        return false;
    *out_limit = (rlim_t)(kind->is_bytes ? bytes : number);
    return true;
}

static void print_side(FILE *out, const struct config_limit_kind *kind, rlim_t limit)
{
    const int64_t bytes = (int64_t)limit;
    if (limit == RLIM_INFINITY)
        fputs("unlimited", out);
    else if (kind->is_bytes)
        config_type_size.print(out, &bytes);
    else
        fprintf(out, "%" PRIu64, (uint64_t)limit);
}

/* What can be told beforehand of how setrlimit(2) will fail. */
static void check_limit(const struct config_reader *reader, const struct config_limit_kind *kind,
                        const struct node *node, const struct config_limit *limit)
{
    struct rlimit own;
    if (limit->soft > limit->hard)
        problems_add(reader->problems, node->at, "'%s': the soft limit is above the hard one in %s",
                     kind->name, quote(node->text).text);
    else if (limit->hard > highest(kind->resource))
        problems_add(reader->problems, node->at, "'%s' can be at most %" PRIu64 " here", kind->name,
                     (uint64_t)highest(kind->resource));
    else if (getrlimit((__rlimit_resource_t)kind->resource, &own) == 0 &&
             limit->hard > own.rlim_max && !privilege_has(CAP_SYS_RESOURCE))
        problems_add(reader->problems, node->at,
                     "'%s' cannot be above the supervisor's own hard limit of %" PRIu64
                     ": that takes root with CAP_SYS_RESOURCE",
                     kind->name, (uint64_t)own.rlim_max);
}

static void parse_limit(const struct config_reader *reader, const struct config_limit_kind *kind,
                        const struct node *node, struct config_limit *limit)
{
    const struct config_key key = { .name = kind->name, .type = &config_type_limits };
    char *text = node->kind == NODE_TEXT ? config_value_text(reader, &key, node) : NULL;
    if (node->kind == NODE_TEXT && !node_is_null(node) && !text)
        return; /* complained about, or not looked at */
    char *colon = text ? strchr(text, ':') : NULL;
    if (colon)
        *colon = '\0';
    struct config_limit found = { .given = true };
    bool good = text && parse_side(kind, text, &found.soft) &&
                parse_side(kind, colon ? colon + 1 : text, &found.hard);
    free(text);
    if (!good) {
        problems_add(reader->problems, node->at,
                     "'%s' must be %s, two of them as SOFT:HARD, or unlimited, not %s", kind->name,
                     kind->is_bytes ? "a size" : "a number", node_describe(node).text);
        return;
    }
    *limit = found;
    check_limit(reader, kind, node, limit);
}

static void complain_unknown(const struct config_reader *reader, const struct node *name)
{
    const char *names[CONFIG_LIMITS];
    for (size_t i = 0; i < CONFIG_LIMITS; i++)
        names[i] = config_limit_kinds[i].name;
    const char *near = suggest(name->text, names, CONFIG_LIMITS);
    problems_add(reader->problems, name->at, "unknown limit %s%s%s%s", quote(name->text).text,
                 near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static void parse_limits(const struct config_reader *reader, const struct config_key *key,
                         const struct node *node, void *field)
{
    struct config_limits *limits = field;
    if (node->kind != NODE_MAP) {
        config_complain(reader, key, node);
        return;
    }
    for (size_t i = 0; i < node->count; i++) {
        const struct node *name = node->pairs[i].key;
        size_t kind = 0;
        while (kind < CONFIG_LIMITS && strcmp(config_limit_kinds[kind].name, name->text) != 0)
            kind++;
        if (kind < CONFIG_LIMITS)
            parse_limit(reader, &config_limit_kinds[kind], node->pairs[i].value,
                        &limits->items[kind]);
        else
            complain_unknown(reader, name);
    }
}

static bool equal_limits(const void *a, const void *b)
{
    const struct config_limits *left = a, *right = b;
    for (size_t i = 0; i < CONFIG_LIMITS; i++) {
        const struct config_limit *l = &left->items[i], *r = &right->items[i];
        if (l->given != r->given || l->soft != r->soft || l->hard != r->hard)
            return false;
    }
    return true;
}

static void print_limits(FILE *out, const void *field)
{
    const struct config_limits *limits = field;
    const char *separator = "";
    fputc('{', out);
    for (size_t i = 0; i < CONFIG_LIMITS; i++) {
        const struct config_limit *limit = &limits->items[i];
        if (!limit->given)
            continue;
        fprintf(out, "%s%s: ", separator, config_limit_kinds[i].name);
        separator = ", ";
        print_side(out, &config_limit_kinds[i], limit->soft);
        if (limit->soft == limit->hard)
            continue;
        fputc(':', out);
        print_side(out, &config_limit_kinds[i], limit->hard);
    }
    fputc('}', out);
}

const struct config_type config_type_limits = {
    .noun = "a map of limits",
    .parse = parse_limits,
    .equal = equal_limits,
    .print = print_limits,
};

/* -- numbers that need not be given -------------------------------------------------------- */

#define INHERIT "inherit"

/* Whether it was understood and is a number. */
static bool parse_optional(const struct config_reader *reader, const struct config_key *key,
                           const struct node *node, struct config_optional *out_optional)
{
    char *text = config_value_text(reader, key, node);
    if (!text || strcmp(text, INHERIT) == 0) {
        free(text);
        return false;
    }
    long number = 0;
    int error = config_parse_long(text, &number);
    free(text);
    bool fits = !error && number >= key->min && number <= key->max;
    if (error == -EINVAL)
        config_complain(reader, key, node);
    else if (!fits)
        config_complain_range(reader, key, node, "");
    if (fits)
        *out_optional = (struct config_optional){ true, number };
    return fits;
}

static void complain_lower(const struct config_reader *reader, const struct config_key *key,
                           const struct node *node, long own, const char *capability)
{
    problems_add(reader->problems, node->at,
                 "'%s' cannot be below the supervisor's own %ld: that takes root with %s",
                 key->name, own, capability);
}

static void parse_nice(const struct config_reader *reader, const struct config_key *key,
                       const struct node *node, void *field)
{
    struct config_optional *nice = field;
    struct rlimit lowest = { 0 };
    if (!parse_optional(reader, key, node, nice))
        return;
    int own = getpriority(PRIO_PROCESS, 0);
    getrlimit(RLIMIT_NICE, &lowest);
    bool allowed = (rlim_t)(20 - nice->value) <= lowest.rlim_cur; /* see setrlimit(2) */
    if (nice->value < own && !allowed && !privilege_has(CAP_SYS_NICE))
        complain_lower(reader, key, node, own, "CAP_SYS_NICE");
}

static void parse_oom(const struct config_reader *reader, const struct config_key *key,
                      const struct node *node, void *field)
{
    struct config_optional *score = field;
    if (!parse_optional(reader, key, node, score))
        return;
    long own = read_number("/proc/self/oom_score_adj", key->min);
    if (score->value < own && !privilege_has(CAP_SYS_RESOURCE))
        complain_lower(reader, key, node, own, "CAP_SYS_RESOURCE");
}

static bool equal_optional(const void *a, const void *b)
{
    const struct config_optional *left = a, *right = b;
    return left->given == right->given && left->value == right->value;
}

static void print_optional(FILE *out, const void *field)
{
    const struct config_optional *optional = field;
    if (optional->given)
        fprintf(out, "%ld", optional->value);
    else
        fputs(INHERIT, out);
}

const struct config_type config_type_nice = {
    .noun = "a whole number, or inherit",
    .parse = parse_nice,
    .equal = equal_optional,
    .print = print_optional,
};

const struct config_type config_type_oom = {
    .noun = "a whole number, or inherit",
    .parse = parse_oom,
    .equal = equal_optional,
    .print = print_optional,
};
