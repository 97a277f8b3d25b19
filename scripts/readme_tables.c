/* readme_tables.c - copies README.md from stdin to stdout and writes the tables of configuration
 * keys and of commands anew, from the same rows that the program works with. A table stands between
 * the lines `<!-- BEGIN name -->` and `<!-- END name -->`. Exit status 1: a table has no place. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "schema.h"

static void print_cell(const char *text)
{
    for (; *text; text++) {
        if (*text == '|')
            putchar('\\');
        putchar(*text);
    }
}

static void print_keys(const struct config_key *keys, size_t count)
{
    printf("| key | default | what it is |\n|---|---|---|\n");
    for (size_t i = 0; i < count; i++) {
        const struct config_key *key = &keys[i];
        printf("| `%s`", key->name);
        if (key->alias)
            printf(", also `%s`", key->alias);
        printf(" | ");
        print_cell(key->required ? "required" : config_key_default(key));
        printf(" | ");
        print_cell(key->help);
        printf(" |\n");
    }
}

static void print_task_keys(void)
{
    print_keys(config_keys, config_key_count);
}

static void print_supervisor_keys(void)
{
    print_keys(supervisor_keys, supervisor_key_count);
}

static void print_commands(void)
{
    printf("| command | does |\n|---|---|\n");
    for (size_t i = 0; i < command_count(); i++) {
        const struct command_info *row = command_at(i);
        if (row->hidden)
            continue;
        printf("| `");
        print_cell(row->name);
        if (row->arguments && row->arguments[0]) {
            putchar(' ');
            print_cell(row->arguments);
        }
        printf("` | ");
        print_cell(row->help);
        printf(" |\n");
    }
}

static const struct {
    const char *begin, *end;
    void (*print)(void);
} tables[] = {
    { "<!-- BEGIN keys -->\n", "<!-- END keys -->\n", print_task_keys },
    { "<!-- BEGIN supervisor keys -->\n", "<!-- END supervisor keys -->\n", print_supervisor_keys },
    { "<!-- BEGIN commands -->\n", "<!-- END commands -->\n", print_commands },
};

#define TABLE_COUNT (sizeof tables / sizeof tables[0])

int main(void)
{
    size_t inside = TABLE_COUNT, written = 0;
    char *line = NULL;
    size_t size = 0;

    while (getline(&line, &size, stdin) > 0) {
        if (inside < TABLE_COUNT && strcmp(line, tables[inside].end) == 0)
            inside = TABLE_COUNT;
        if (inside < TABLE_COUNT)
            continue;
        fputs(line, stdout);
        for (size_t i = 0; i < TABLE_COUNT; i++)
            if (strcmp(line, tables[i].begin) == 0) {
                tables[i].print();
                inside = i;
                written++;
            }
    }
    free(line);
    if (inside < TABLE_COUNT || written != TABLE_COUNT) {
        fprintf(stderr, "README.md: %zu of %zu tables have their BEGIN and END lines\n",
                inside < TABLE_COUNT ? written - 1 : written, TABLE_COUNT);
        return 1;
    }
    return 0;
}
