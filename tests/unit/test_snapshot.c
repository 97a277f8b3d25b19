/* test_snapshot.c - identities that are shared, and copies that own what they point to. Who frees
 * what is checked by the sanitizers. */
#include "snapshot.h"

#include "identities.h"

TestSuite(snapshot, .timeout = 60);

Test(snapshot, an_identity_has_the_name_of_its_instance)
{
    struct identity *only = instance_of("web", "command: x", 1);
    struct identity *third = instance_of("web", "command: x, instances: 3", 3);
    cr_expect_str_eq(only->name, "web");
    cr_expect_str_eq(third->name, "web_3");
    cr_expect_eq(third->number, 3);
    identity_unref(only);
    identity_unref(third);
}

Test(snapshot, an_identity_keeps_its_task_when_the_configuration_is_gone)
{
    struct identity *id = instance_of("web", "command: sleep 5", 1); /* the config is freed */
    cr_expect_str_eq(id->task->name, "web");
    cr_expect_str_eq(id->task->command.text, "sleep 5");
    identity_unref(id);
}

Test(snapshot, an_identity_lives_as_long_as_its_last_reference)
{
    struct identity *id = instance_of("web", "command: x", 1);
    struct identity *again = identity_ref(id);
    cr_expect_eq(again, id);
    identity_unref(id);
    cr_expect_str_eq(again->name, "web");
    identity_unref(again);
    identity_unref(NULL);
}

Test(snapshot, a_set_frees_all_that_its_snapshots_point_to)
{
    struct identity *id = instance_of("web", "command: x", 1);
    struct snapshot_set *set = calloc(1, sizeof *set);
    set->count = 2;
    set->items = calloc(2, sizeof *set->items);
    set->items[0].id = identity_ref(id);
    set->items[0].detail = strdup("exec x: no such file");
    set->items[0].history = calloc(2, sizeof *set->items[0].history);
    set->items[0].history_count = 2;
    set->items[0].history[1].detail = strdup("exec x: no such file");
    set->items[1].id = id;
    snapshot_set_free(set);
    snapshot_set_free(NULL);
}

Test(snapshot, a_released_change_is_empty_and_may_be_released_again)
{
    struct change change = { .id = instance_of("web", "command: x", 1), .detail = strdup("y") };
    change_release(&change);
    cr_expect_null(change.id);
    cr_expect_null(change.detail);
    change_release(&change);
}
