/* config_type_probe.c - the types of `ready` and `health`: maps with rows of their own. */
#include <stdlib.h>
#include <string.h>

#include "config_value.h"
#include "endpoint.h"

#define YEAR_S 31536000
#define RETRIES_MAX 1000000
#define NONE "none"

/* What the rows are read into. */
struct fields {
    bool notify;
    struct config_command exec;
    char *tcp;
    int64_t watchdog_ms, interval_ms, timeout_ms;
    long retries;
};

#define FIELD(f) .offset = offsetof(struct fields, f)
#define DURATION(text, field, standard)                                                      \
    {                                                                                        \
        .name = (text), .type = &config_type_interval, FIELD(field), .fallback = (standard), \
        .max = YEAR_S                                                                        \
    }
#define COMMON_ROWS                                                \
    { .name = "exec", .type = &config_type_command, FIELD(exec) }, \
    {                                                              \
        .name = "tcp", .type = &config_type_endpoint, FIELD(tcp)   \
    }

static const struct config_key ready_rows[] = {
    { .name = "notify", .type = &config_type_bool, FIELD(notify) },
    COMMON_ROWS,
    DURATION("interval", interval_ms, "1s"),
    DURATION("timeout", timeout_ms, "30s"),
};

static const struct config_key health_rows[] = {
    COMMON_ROWS,
    DURATION("watchdog", watchdog_ms, NULL),
    DURATION("interval", interval_ms, "10s"),
    DURATION("timeout", timeout_ms, "5s"),
    { .name = "retries",
      .type = &config_type_integer,
      FIELD(retries),
      .fallback = "3",
      .min = 1,
      .max = RETRIES_MAX },
};

/* The rows of one type, and what the kinds are called. */
struct shape {
    const struct config_key *rows;
    size_t count;
    const char *kinds;
};

static const struct {
    enum probe_kind kind;
    const char *key;
    const char *strangers[3]; /* keys that mean nothing with it */
} kinds[] = {
    { PROBE_NOTIFY, "notify", { "interval" } },
    { PROBE_EXEC, "exec", { NULL } },
    { PROBE_TCP, "tcp", { NULL } },
    { PROBE_WATCHDOG, "watchdog", { "interval", "timeout", "retries" } },
};
#define KIND_COUNT (sizeof kinds / sizeof kinds[0])

static bool is_given(const struct shape *shape, const struct node *node, const char *name)
{
    const struct config_key *row = config_key_find(shape->rows, shape->count, name);
    return row && config_key_node(row, node);
}

/* The kind that was asked for; PROBE_NONE after a complaint. */
static enum probe_kind find_kind(const struct config_reader *reader, const struct config_key *key,
                                 const struct node *node, const struct shape *shape,
                                 const struct fields *fields)
{
    size_t found = KIND_COUNT, count = 0;
    for (size_t i = 0; i < KIND_COUNT; i++) {
        if (!is_given(shape, node, kinds[i].key) ||
            (kinds[i].kind == PROBE_NOTIFY && !fields->notify))
            continue;
        found = i;
        count++;
    }
    if (count != 1) {
        problems_add(reader->problems, node->at, "'%s' %s of %s", key->name,
                     count ? "takes only one" : "needs one", shape->kinds);
        return PROBE_NONE;
    }
    for (size_t i = 0; i < sizeof kinds[0].strangers / sizeof kinds[0].strangers[0]; i++) {
        const char *stranger = kinds[found].strangers[i];
        if (stranger && is_given(shape, node, stranger))
            problems_add(reader->problems, node_find(node, stranger)->at,
                         "'%s' means nothing with '%s'", stranger, kinds[found].key);
    }
    return kinds[found].kind;
}

static void fill(struct config_probe *probe, enum probe_kind kind, struct fields *fields)
{
    bool polls = kind == PROBE_EXEC || kind == PROBE_TCP;
    probe->kind = kind;
    probe->exec = fields->exec;
    probe->tcp = fields->tcp;
    probe->interval_ms = polls ? fields->interval_ms : 0;
    probe->timeout_ms = kind == PROBE_WATCHDOG ? fields->watchdog_ms : fields->timeout_ms;
    probe->retries = polls ? fields->retries : 0;
    fields->exec = (struct config_command){ .argc = 0 };
    fields->tcp = NULL;
}

static void parse_probe(const struct config_reader *reader, const struct config_key *key,
                        const struct node *node, const struct shape *shape,
                        struct config_probe *probe)
{
    if (node->kind == NODE_TEXT && strcmp(node->text, NONE) == 0)
        return;
    if (node->kind != NODE_MAP) {
        config_complain(reader, key, node);
        return;
    }
    struct fields fields = { .retries = 0 };
    config_read_keys(reader, shape->rows, shape->count, node, NULL,
                     reader->templates ? NULL : key->name, node, &fields);
    enum probe_kind kind = PROBE_NONE;
    if (!reader->templates)
        kind = find_kind(reader, key, node, shape, &fields);
    if (kind != PROBE_NONE)
        fill(probe, kind, &fields);
    config_clear_keys(shape->rows, shape->count, &fields);
}

static void parse_ready(const struct config_reader *reader, const struct config_key *key,
                        const struct node *node, void *field)
{
    static const struct shape shape = { ready_rows, sizeof ready_rows / sizeof ready_rows[0],
                                        "'notify: true', 'exec' and 'tcp'" };
    parse_probe(reader, key, node, &shape, field);
}

static void parse_health(const struct config_reader *reader, const struct config_key *key,
                         const struct node *node, void *field)
{
    static const struct shape shape = { health_rows, sizeof health_rows / sizeof health_rows[0],
                                        "'exec', 'tcp' and 'watchdog'" };
    parse_probe(reader, key, node, &shape, field);
}

static bool equal_probe(const void *a, const void *b)
{
    const struct config_probe *left = a, *right = b;
    return left->kind == right->kind && left->interval_ms == right->interval_ms &&
           left->timeout_ms == right->timeout_ms && left->retries == right->retries &&
           config_type_command.equal(&left->exec, &right->exec) &&
           config_type_endpoint.equal(&left->tcp, &right->tcp);
}

static void clear_probe(void *field)
{
    struct config_probe *probe = field;
    config_type_command.clear(&probe->exec);
    config_type_endpoint.clear(&probe->tcp);
    *probe = (struct config_probe){ .kind = PROBE_NONE };
}

static void print_duration(FILE *out, const char *name, int64_t ms)
{
    fprintf(out, "%s: ", name);
    config_type_interval.print(out, &ms);
}

static void print_probe(FILE *out, const void *field)
{
    const struct config_probe *probe = field;
    switch (probe->kind) {
    case PROBE_NONE: fputs(NONE, out); return;
    case PROBE_WATCHDOG: print_duration(out, "{watchdog", probe->timeout_ms); break;
    case PROBE_NOTIFY: fputs("{notify: true", out); break;
    case PROBE_EXEC:
        fputs("{exec: ", out);
        config_print_value(out, probe->exec.text);
        break;
    case PROBE_TCP:
        fputs("{tcp: ", out);
        config_print_value(out, probe->tcp);
        break;
    }
    if (probe->interval_ms > 0)
        print_duration(out, ", interval", probe->interval_ms);
    if (probe->kind != PROBE_WATCHDOG)
        print_duration(out, ", timeout", probe->timeout_ms);
    if (probe->retries > 0)
        fprintf(out, ", retries: %ld", probe->retries);
    fputc('}', out);
}

const struct config_type config_type_ready = {
    .noun = "a map with 'notify: true', 'exec' or 'tcp'",
    .parse = parse_ready,
    .equal = equal_probe,
    .clear = clear_probe,
    .print = print_probe,
};

const struct config_type config_type_health = {
    .noun = "a map with 'exec', 'tcp' or 'watchdog'",
    .parse = parse_health,
    .equal = equal_probe,
    .clear = clear_probe,
    .print = print_probe,
};

/* -- HOST:PORT ----------------------------------------------------------------------------- */

static void check_endpoint_text(const struct config_reader *reader, const struct config_key *key,
                                const struct node *node, const char *text)
{
    struct endpoint endpoint;
    const char *problem = NULL;
    if (endpoint_parse(text, &endpoint, &problem) != 0)
        problems_add(reader->problems, node->at, "'%s': %s %s", key->name, quote(text).text,
                     problem);
}

static void parse_endpoint(const struct config_reader *reader, const struct config_key *key,
                           const struct node *node, void *field)
{
    if (node->kind == NODE_TEXT)
        *(char **)field = config_value_copy(reader, node->text);
    else
        config_complain(reader, key, node);
}

static void check_endpoint(const struct config_reader *reader, const struct config_key *key,
                           const struct node *node, const void *field)
{
    const char *written = *(char *const *)field;
    if (!written)
        return;
    struct launch_id id;
    struct expand_scope scope = config_launch_scope(reader, &id);
    char *text = NULL, *error = NULL;
    int result = expand(&scope, written, &text, &error);
    if (result == 0)
        check_endpoint_text(reader, key, node, text);
    config_check_expanded(reader, key, node, result, text, error);
}

static bool equal_endpoint(const void *a, const void *b)
{
    const char *left = *(char *const *)a, *right = *(char *const *)b;
    return left && right ? strcmp(left, right) == 0 : left == right;
}

static void clear_endpoint(void *field)
{
    free(*(char **)field);
    *(char **)field = NULL;
}

static void print_endpoint(FILE *out, const void *field)
{
    const char *text = *(char *const *)field;
    config_print_line(out, text ? text : NONE);
}

const struct config_type config_type_endpoint = {
    .noun = "HOST:PORT",
    .parse = parse_endpoint,
    .check = check_endpoint,
    .equal = equal_endpoint,
    .clear = clear_endpoint,
    .print = print_endpoint,
};
