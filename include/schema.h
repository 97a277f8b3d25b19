/* schema.h - the table of configuration keys: one row a key, and a row is the whole truth.
 *
 * Parsing, defaults, comparison, release, printing, suggestions and the README's key table are
 * loops over these rows. To add a key: one field in config.h and one row in config_schema.c.
 * The rows are constant; any thread may read them. */
#ifndef SCHEMA_H
#define SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "config.h"
#include "expand.h"

struct node;
struct problems;
struct config_key;

/* What a value is read with. */
struct config_reader {
    struct problems *problems; /* where complaints go */
    struct expand_scope scope; /* what "${...}" means */
    bool templates; /* a value with "${" is looked at no further: 'defaults' by themselves */
    bool settled;   /* texts are kept expanded, not as written: 'supervisor' */
};

/* How the field of a key is read, compared, released and shown. A field that is all zero bytes
 * is valid for every function but parse, which fills such a field. */
struct config_type {
    const char *noun;         /* "a number": "'KEY' must be NOUN", and for the table of keys */
    const char *const *words; /* of a choice: word n stands for value n; NULL-terminated */
    bool is_scope;            /* read first and merged with 'defaults': other values look into it */
    void (*parse)(const struct config_reader *reader, const struct config_key *key,
                  const struct node *node, void *field); /* adds to problems, or fills *field */
    void (*check)(const struct config_reader *reader, const struct config_key *key,
                  const struct node *node, const void *field); /* once all is read; may be NULL */
    bool (*equal)(const void *a, const void *b);
    void (*clear)(void *field);                  /* NULL: it owns nothing */
    void (*print)(FILE *out, const void *field); /* on one line */
};

extern const struct config_type config_type_integer;     /* long */
extern const struct config_type config_type_attempts;    /* long, or CONFIG_NO_LIMIT */
extern const struct config_type config_type_bool;        /* bool */
extern const struct config_type config_type_duration;    /* int64_t milliseconds */
extern const struct config_type config_type_size;        /* int64_t bytes */
extern const struct config_type config_type_signal;      /* int */
extern const struct config_type config_type_mask;        /* mode_t */
extern const struct config_type config_type_policy;      /* enum restart_policy */
extern const struct config_type config_type_level;       /* enum log_level */
extern const struct config_type config_type_format;      /* enum log_format */
extern const struct config_type config_type_stop_target; /* enum stop_target */
extern const struct config_type config_type_on_end;      /* enum on_end */
extern const struct config_type config_type_condition;   /* enum need_condition */
extern const struct config_type config_type_cgroups;     /* enum cgroups */
extern const struct config_type config_type_leftovers;   /* enum leftovers */
extern const struct config_type config_type_codes;       /* struct config_codes */
extern const struct config_type config_type_path;        /* char * */
extern const struct config_type config_type_group;       /* char *, a name or a number */
extern const struct config_type config_type_user;        /* struct config_user */
extern const struct config_type config_type_user_group;  /* struct config_group */
extern const struct config_type config_type_limits;      /* struct config_limits */
extern const struct config_type config_type_nice;        /* struct config_optional */
extern const struct config_type config_type_oom;         /* struct config_optional */
extern const struct config_type config_type_needs;       /* struct config_needs */
extern const struct config_type config_type_ready;       /* struct config_probe */
extern const struct config_type config_type_health;      /* struct config_probe */
extern const struct config_type config_type_interval;    /* int64_t milliseconds, never 0 */
extern const struct config_type config_type_endpoint;    /* char *, HOST:PORT */
extern const struct config_type config_type_command;     /* struct config_command */
extern const struct config_type config_type_environment; /* struct config_env */

struct config_key {
    const char *name;
    const char *alias;     /* another spelling; NULL: none */
    const char *elsewhere; /* what other tools call it, between spaces; NULL: the same */
    const struct config_type *type;
    size_t offset; /* of the field in struct task_config or supervisor_config */
    bool required;
    const char *fallback; /* what stands when the key is not given: text for the same parser.
                             NULL: the field stays zero */
    const char *shown;    /* the default as shown to people, where `fallback` does not say it */
    long min, max;        /* numbers, and durations in seconds */
    enum config_change change; /* what a different value asks for */
    const char *help;          /* one line */
};

extern const struct config_key config_keys[]; /* of a task */
extern const size_t config_key_count;
extern const struct config_key supervisor_keys[];
extern const size_t supervisor_key_count;

/* The default as shown to people: never NULL. */
const char *config_key_default(const struct config_key *key);

/* The row of that name or alias in `keys`, or NULL. */
const struct config_key *config_key_find(const struct config_key *keys, size_t count,
                                         const char *name);

/* Reads the map `node` into *object, which starts as zero bytes: each of `keys` from the map,
 * else from the map `defaults` (may be NULL), else from its fallback. Complains about unknown,
 * doubled and missing keys too; `what` ("task 'web'") and `at` say whose keys are missing.
 * Without `what` nothing is filled in and nothing is missing. */
void config_read_keys(const struct config_reader *reader, const struct config_key *keys,
                      size_t count, const struct node *node, const struct node *defaults,
                      const char *what, const struct node *at, void *object);

/* The value that the map `node` has for the key; NULL when it is not there or null. */
const struct node *config_key_node(const struct config_key *key, const struct node *node);

/* Releases what the fields own, and makes them zero. */
void config_clear_keys(const struct config_key *keys, size_t count, void *object);

bool config_key_equal(const struct config_key *key, const void *a, const void *b);

/* Prints "KEY: OLD -> NEW" without a line's end. */
void config_key_print_change(FILE *out, const struct config_key *key, const void *was,
                             const void *now);

#endif
