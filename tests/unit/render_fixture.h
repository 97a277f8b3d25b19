/* render_fixture.h - what is rendered, and its text: what tests of rendering share. */
#ifndef TESTS_UNIT_RENDER_FIXTURE_H
#define TESTS_UNIT_RENDER_FIXTURE_H

#include "render_forms.h"

#include "identities.h"

#include "clock.h"

/* A stream to print to; fclose() it before *text is looked at, and free() that. */
static inline FILE *text_stream(char **text)
{
    static size_t bytes;
    FILE *out = open_memstream(text, &bytes);
    cr_assert_not_null(out);
    return out;
}

/* A snapshot of an instance that has never run. */
static inline struct snapshot stopped(const char *task, const char *keys, long number)
{
    return (struct snapshot){ .id = instance_of(task, keys, number), .next_ms = INT64_MAX };
}

/* Of one with a process that is up for so long. */
static inline struct snapshot running(const char *task, const char *keys, int pid, int64_t up_ms)
{
    struct snapshot s = stopped(task, keys, 1);
    s.state = ST_RUNNING;
    s.pid = pid;
    s.up_ms = clock_ms() - up_ms;
    s.since_ms = s.up_ms;
    s.why = (struct reason){ .why = WHY_ALIVE, .ms = 5000 };
    return s;
}

/* The table of `count` snapshots, which are released. */
static inline char *table_of(struct snapshot *items, size_t count, struct render_style style)
{
    const struct snapshot_set set = { items, count };
    char *text = NULL;
    FILE *out = text_stream(&text);
    cr_assert_eq(render_table(out, &set, &style), 0);
    fclose(out);
    for (size_t i = 0; i < count; i++)
        snapshot_release(&items[i]);
    return text;
}

static inline void expect_text(char *text, const char *expected)
{
    cr_expect_str_eq(text, expected, "printed:\n%s", text);
    free(text);
}

static inline void expect_part(const char *text, const char *part)
{
    cr_expect_not_null(strstr(text, part), "no \"%s\" in:\n%s", part, text);
}

#endif
