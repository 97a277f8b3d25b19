/* test_config_yaml.c - YAML itself: syntax, aliases, merges, and what is thrown at it. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "clock.h"
#include "config.h"
#include "config_fixture.h"

#define SOON_MS 5000 /* sanitizers and a busy machine included; quadratic takes minutes */

Test(config_yaml, aliases_and_merges_work)
{
    struct config *config = config_good(
        "x-a: &a {restart: always, umask: 027, instances: 2}\n"
        "x-b: &b {umask: 077, autoLaunch: true}\n"
        "tasks:\n"
        "  one: {instances: 5, <<: *a, command: x}\n"
        "  two: {<<: [*a, *b], command: x}\n"
        "  three: &three {command: y, environment: &e {A: 1, B: 2}}\n"
        "  four: *three\n"
        "  five: {command: x, environment: {B: 3, <<: *e, C: 4}}\n");
    const struct task_config *const *t = (const struct task_config *const *)config->tasks;
    cr_expect_eq(t[0]->instances, 5);
    cr_expect_eq(t[0]->umask, 027);
    cr_expect_eq(t[1]->umask, 027); /* the first of a list wins */
    cr_expect(t[1]->auto_launch);
    cr_expect_str_eq(t[3]->command.text, "y");
    cr_expect_eq(t[4]->environment.count, 3);
    cr_expect_str_eq(t[4]->environment.values[0], "3");
    config_free(config);
}

Test(config_yaml, merged_values_are_complained_about_where_they_were_written)
{
    config_bad("x-a: &a\n  instances: 0\ntasks:\n  a: {<<: *a, command: x}\n",
               "t.yaml:2:14: 'instances' must be from 1 to 10000, not '0'\n");
    config_bad("tasks:\n  a: {<<: 7, command: x}\n  b: {<<: [{}, 8], command: x}\n",
               "t.yaml:2:11: '<<' needs a map or a list of maps, not '7'\n"
               "t.yaml:3:16: '<<' needs a map or a list of maps, not '8'\n");
}

Test(config_yaml, a_quoted_merge_key_is_a_key)
{
    config_bad("tasks: {a: {'<<': {}, command: x}}\n", "t.yaml:1:13: unknown key '<<'\n");
}

Test(config_yaml, recursive_and_unknown_aliases_are_errors)
{
    config_bad("tasks: &a\n  a: *a\n",
               "t.yaml:2:6: recursive alias 'a': it stands inside its own anchor\n");
    config_bad("tasks: &a {<<: *a}\n",
               "t.yaml:1:16: recursive alias 'a': it stands inside its own anchor\n");
    config_bad("tasks: *b\n", "t.yaml:1:8: unknown alias 'b': no anchor of that name before it\n");
}

Test(config_yaml, syntax_errors_say_where)
{
    config_bad("tasks:\n  a: {command: x\n", "t.yaml:3:1: bad YAML: did not find expected ',' or "
                                             "'}' while parsing a flow mapping\n");
    config_bad("tasks:\n  a:\n    command: echo a: b\n",
               "t.yaml:3:20: bad YAML: mapping values "
               "are not allowed in this context; quote a text that holds ': '\n");
    config_bad("tasks:\n\ta: {}\n",
               "t.yaml:2:1: bad YAML: found character that cannot start any "
               "token while scanning for the next token; indent with spaces, not tabs\n");
}

Test(config_yaml, bytes_that_are_no_text_say_where)
{
    static const char nul[] = "tasks: {}\n# \xC3\xA9\0\n";
    config_bad_bytes(nul, sizeof nul - 1,
                     "t.yaml:2:4: control character 0x00: not allowed in YAML\n");
    config_bad("tasks:\n  \xFF: {}\n", "t.yaml:2:3: byte 0xff: not valid UTF-8\n");
    config_bad("tasks:\n  a\xC3", "t.yaml:2:4: byte 0xc3: not valid UTF-8\n");
    config_bad("tasks: {a: {command: \"a\\0b\"}}\n",
               "t.yaml:1:22: a text must not hold a NUL byte\n");
}

Test(config_yaml, empty_files_and_second_documents_are_errors)
{
    const char *const empty = "t.yaml:1:1: it is empty: write at least 'tasks: {}'\n";
    config_bad("", empty);
    config_bad("# nothing\n", empty);
    config_bad("---\n...\n", empty);
    config_bad("\xEF\xBB\xBF", empty);
    config_bad("tasks: {}\n---\ntasks: {}\n", "t.yaml:2:1: a second document: one file holds "
                                              "one\n");
    config_free(config_good("%YAML 1.1\n---\ntasks: {}\n...\n"));
}

Test(config_yaml, tags)
{
    config_free(config_good("tasks: !!map {a: {command: !!str x, instances: !!int 2}}\n"));
    config_bad("tasks: {a: {command: !foo x}}\n",
               "t.yaml:1:22: unknown tag '!foo', leave it out\n");
    config_bad("tasks: !!seq {}\n",
               "t.yaml:1:8: unknown tag 'tag:yaml.org,2002:seq', leave it out\n");
}

Test(config_yaml, a_byte_order_mark_and_foreign_line_ends_are_fine)
{
    config_free(config_good("\xEF\xBB\xBFtasks: {a: {command: x}}\n"));
    struct config *config = config_good("tasks:\r\n  a:\r\n    command: sleep 5\r\n");
    cr_expect_str_eq(config->tasks[0]->command.argv[1], "5");
    config_free(config);
}

Test(config_yaml, columns_count_characters)
{
    config_bad("tasks: {a: {environment: {\"\xC3\xA9\": 1}, command: x, y: 1}}\n",
               "t.yaml:1:48: unknown key 'y'\n");
}

/* `count` times `unit` between two texts, to free(). */
static char *repeat(const char *before, const char *unit, size_t count, const char *after)
{
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    fputs(before, out);
    for (size_t i = 0; i < count; i++)
        fputs(unit, out);
    fputs(after, out);
    fclose(out);
    return text;
}

/* Expects a refusal that holds `words`, and soon. */
static void refused_soon(char *yaml, const char *words)
{
    struct config *config = NULL;
    char *errors = NULL;
    int64_t start = clock_ms();
    int result = config_parse("t.yaml", yaml, strlen(yaml), fixture_environment, &config, &errors);
    cr_expect_neq(result, 0);
    cr_expect(strstr(errors, words), "%.300s", errors);
    cr_expect_lt(clock_ms() - start, SOON_MS);
    free(errors);
    free(yaml);
}

Test(config_yaml, deep_nests_are_refused_soon)
{
    refused_soon(repeat("", "[", 100000, ""), "nested more than 100 deep");
    refused_soon(repeat("", "{a: ", 100000, ""), "nested more than 100 deep");
    refused_soon(repeat("", "{", 100000, ""), "nested more than 100 deep");
    refused_soon(repeat("", "- ", 100000, ""), "nested more than 100 deep");
    refused_soon(repeat("", "? ", 100000, ""), "nested more than 100 deep");
    refused_soon(repeat("", "[\n", 100000, ""), "nested more than 100 deep");
}

Test(config_yaml, alias_bombs_are_refused_soon)
{
    char bomb[4096] = "x-0: &a0 [a, a, a, a, a, a, a, a, a]\n";
    for (int i = 1; i < 12; i++) {
        size_t length = strlen(bomb);
        snprintf(bomb + length, sizeof bomb - length,
                 "x-%d: &a%d [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d]\n", i, i, i - 1,
                 i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
    }
    refused_soon(strdup(bomb), "more than 1000000 values");
    char merges[4096] = "x-0: &a0 {k: {a: 1, b: 2}}\n";
    for (int i = 1; i < 40; i++) {
        size_t length = strlen(merges);
        snprintf(merges + length, sizeof merges - length,
                 "x-%d: &a%d {<<: [*a%d, *a%d], k: *a%d}\n", i, i, i - 1, i - 1, i - 1);
    }
    refused_soon(strdup(merges), "more than 1000000 values");
}

Test(config_yaml, much_of_anything_is_refused_soon)
{
    refused_soon(repeat("tasks: {}\nx-a: [", "a,", 1100000, "]\n"), "more than 1000000 values");
    refused_soon(repeat("", "%TAG !a! !b\n", 50000, "--- {}\n"), "begin with '%'");
    refused_soon(repeat("tasks: {a: {command: ", "x", 8000000, "}, b: }\n"),
                 "task 'b' has no 'command'");
    refused_soon(repeat("tasks: {a: {", "command: x, ", 100000, "}}\n"),
                 "duplicate key 'command', first at line 1");
}

Test(config_yaml, ten_thousand_tasks_load_soon)
{
    char *yaml;
    size_t size;
    FILE *out = open_memstream(&yaml, &size);
    fputs("defaults: {environment: {A: 1, B: '${A}'}, stdout: '${NAME}.log'}\ntasks:\n", out);
    for (int i = 0; i < 10000; i++)
        fprintf(out,
                "  task_%d:\n    command: sleep %d\n    instances: 3\n    restart: always\n"
                "    environment: {C: '${B}'}\n",
                i, i);
    fclose(out);
    int64_t start = clock_ms();
    struct config *config = NULL;
    char *errors = NULL;
    int result = config_parse("t.yaml", yaml, size, fixture_environment, &config, &errors);
    cr_assert_eq(result, 0, "%.300s", errors);
    cr_expect_lt(clock_ms() - start, SOON_MS);
    cr_expect_eq(config->task_count, 10000);
    config_free(config);
    free(yaml);
}

Test(config_yaml, an_empty_list_before_anything_else_is_no_trouble)
{
    config_bad("[]Z", "t.yaml:1:3: bad YAML: did not find expected <document start>\n");
}
