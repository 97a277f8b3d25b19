/* config_value.h - what the types of configuration keys share: texts of nodes, complaints, and
 * printing on one line. For the files config_type_*.c only. */
#ifndef CONFIG_VALUE_H
#define CONFIG_VALUE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "launch.h"
#include "node.h"
#include "schema.h"

/* "'KEY' must be NOUN, not ..." */
void config_complain(const struct config_reader *reader, const struct config_key *key,
                     const struct node *node);

/* "'KEY' must be from MIN to MAX UNIT, not ..." */
void config_complain_range(const struct config_reader *reader, const struct config_key *key,
                           const struct node *node, const char *unit);

/* The value of a text node with "${...}" expanded, to free(); NULL where that was complained
 * about, or where templates are not looked at. */
char *config_value_text(const struct config_reader *reader, const struct config_key *key,
                        const struct node *node);

/* A copy of a text, to free(); NULL when out of memory, which is remembered. */
char *config_value_copy(const struct config_reader *reader, const char *text);

/* What reader's scope will be at the start of the task's first instance. */
struct expand_scope config_launch_scope(const struct config_reader *reader,
                                        struct launch_id *storage);

/* Takes the result of an expansion: complains where it failed, and frees what there is.
 * False where the expanded text is empty. */
bool config_check_expanded(const struct config_reader *reader, const struct config_key *key,
                           const struct node *node, int result, char *text, char *error);

/* A whole decimal number. -EINVAL for anything else, leading zeros included: YAML would take them
 * for octal. -ERANGE where it does not fit. */
int config_parse_long(const char *text, long *out_number) __attribute__((warn_unused_result));

/* "4096", "512KB", "1.5 MB": of 1024; -EINVAL for anything else, -ERANGE where it does not fit. */
int config_parse_size(const char *text, int64_t *out_bytes) __attribute__((warn_unused_result));

/* Prints a text on one line: control characters as in C. */
void config_print_line(FILE *out, const char *text);

/* The same within {...}: in quotes where YAML would take it for more than a text. */
void config_print_value(FILE *out, const char *text);

#endif
