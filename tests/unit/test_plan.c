/* test_plan.c - what a reload would do. */
#include "plan.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "config_fixture.h"

static void expect_plan(const char *was_yaml, const char *now_yaml, bool keys, const char *expected)
{
    struct config *was = config_good(was_yaml), *now = config_good(now_yaml);
    struct plan *plan = plan_new(was, now);
    cr_assert_not_null(plan);
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    plan_print(out, plan, keys);
    fclose(out);
    cr_expect_str_eq(text, expected);
    free(text);
    plan_free(plan);
    config_free(was);
    config_free(now);
}

static const char before[] = "tasks:\n"
                             "  a: {command: x}\n"
                             "  web: {command: x, instances: 2}\n"
                             "  live: {command: x}\n"
                             "  old: {command: x}\n"
                             "  worker: {command: x, instances: 3}\n"
                             "  b: {command: x}\n";
static const char after[] = "tasks:\n"
                            "  worker: {command: x, instances: 5}\n"
                            "  b: {command: x, umask: 22}\n"
                            "  db: {command: x, instances: 2}\n"
                            "  live: {command: x, restart: always, instances: 4}\n"
                            "  web: {command: y, umask: 0, instances: 2}\n"
                            "  a: {command: x}\n"
                            "  new: {command: x}\n"
                            "supervisor: {logLevel: debug}\n";

Test(plan, says_what_a_reload_does_task_by_task)
{
    expect_plan(before, after, false,
                "scaled: worker 3 -> 5\n"
                "added: db (2 instances)\n"
                "scaled: live 1 -> 4\n"
                "changed: live (live)\n"
                "changed: web (restart)\n"
                "added: new\n"
                "removed: old\n"
                "supervisor.logLevel: info -> debug (now)\n"
                "unchanged: b, a\n");
}

Test(plan, says_which_keys_changed_when_asked)
{
    expect_plan(before, after, true,
                "scaled: worker 3 -> 5\n"
                "added: db (2 instances)\n"
                "scaled: live 1 -> 4\n"
                "changed: live (live)\n"
                "  restart: never -> always\n"
                "  restartsAttempts: 0 -> no limit\n"
                "changed: web (restart)\n"
                "  command: x -> y\n"
                "  unmask: 022 -> 000\n"
                "added: new\n"
                "removed: old\n"
                "supervisor.logLevel: info -> debug (now)\n"
                "unchanged: b, a\n");
}

Test(plan, of_the_same_meaning_changes_nothing)
{
    expect_plan(before, before, true, "unchanged: a, web, live, old, worker, b\n");
    expect_plan("tasks: {}\n", "tasks: {}\n", true, "");
}

Test(plan, rows_say_what_is_needed)
{
    struct config *was = config_good(before), *now = config_good(after);
    struct plan *plan = plan_new(was, now);
    cr_assert_eq(plan->count, 8);
    const struct plan_task *worker = &plan->tasks[0], *db = &plan->tasks[2];
    const struct plan_task *live = &plan->tasks[3], *web = &plan->tasks[4];
    const struct plan_task *old = &plan->tasks[7];
    cr_expect(worker->scaled);
    cr_expect_eq(worker->change, CONFIG_SAME);
    cr_expect_null(db->was);
    cr_expect_eq(db->now, now->tasks[2]);
    cr_expect(live->scaled);
    cr_expect_eq(live->change, CONFIG_LIVE);
    cr_expect_not(web->scaled);
    cr_expect_eq(web->change, CONFIG_RESTART);
    cr_expect_eq(web->was, was->tasks[1]);
    cr_expect_null(old->now);
    plan_free(plan);
    plan_free(NULL);
    config_free(was);
    config_free(now);
}

Test(plan, says_the_same_as_an_object)
{
    struct config *was = config_good(before), *now = config_good(after);
    struct plan *plan = plan_new(was, now);
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    cr_assert_eq(plan_print_json(out, plan), 0);
    fclose(out);
    cr_expect_str_eq(text,
                     "{\"added\":[\"db\",\"new\"],\"removed\":[\"old\"],"
                     "\"changed\":[{\"name\":\"live\",\"keys\":[\"restart\",\"restartsAttempts\"],"
                     "\"restart\":false},"
                     "{\"name\":\"web\",\"keys\":[\"command\",\"unmask\"],\"restart\":true}],"
                     "\"scaled\":[{\"name\":\"worker\",\"from\":3,\"to\":5},"
                     "{\"name\":\"live\",\"from\":1,\"to\":4}],"
                     "\"unchanged\":[\"b\",\"a\"],\"supervisor\":[\"logLevel\"]}\n");
    free(text);
    plan_free(plan);
    config_free(was);
    config_free(now);
}
