/* test_tally.c - outcomes: printed, judged, counted, and who has not answered yet. */
#include "tally.h"

#include "instances.h"

#include <criterion/criterion.h>

/* Five instances and a tally of what was asked of them. */
struct scene {
    struct config *config;
    struct snapshot_set *set;
    struct tally tally;
    char *text; /* what was printed */
    size_t bytes;
    FILE *out;
};

static void scene_init(struct scene *scene, enum request_kind request)
{
    static const struct render_style text = { .json = false };
    *scene = (struct scene){ .config = config_of("tasks:\n"
                                                 "  web: {command: /bin/true, instances: 4}\n"
                                                 "  db: {command: /bin/true}\n") };
    scene->set = snapshots_of(scene->config);
    tally_init(&scene->tally, request, &text);
    scene->out = open_memstream(&scene->text, &scene->bytes);
}

static void scene_release(struct scene *scene)
{
    fclose(scene->out);
    free(scene->text);
    tally_release(&scene->tally);
    snapshot_set_free(scene->set);
    config_free(scene->config);
}

static void answer(struct scene *scene, size_t index, enum outcome outcome)
{
    const struct answer came = { .kind = ANSWER_OUTCOME,
                                 .outcome = outcome,
                                 .pid = 7,
                                 .text = (char *)"why",
                                 .id = scene->set->items[index].id };
    tally_take(&scene->tally, &came, scene->out);
    fflush(scene->out);
}

static void routed(struct scene *scene, size_t count)
{
    const struct answer came = { .kind = ANSWER_ROUTED, .count = count };
    tally_take(&scene->tally, &came, scene->out);
}

Test(tally, is_finished_when_all_that_is_owed_has_come)
{
    struct scene scene;
    scene_init(&scene, REQ_STOP);
    answer(&scene, 0, OUT_STOPPED);
    cr_assert_not(tally_finished(&scene.tally));
    routed(&scene, 2);
    cr_assert_not(tally_finished(&scene.tally));
    answer(&scene, 1, OUT_STOPPED);
    cr_assert(tally_finished(&scene.tally));
    cr_assert_not(scene.tally.failed);
    cr_assert_str_eq(scene.text, "Process 'web_1' stopped gracefully\n"
                                 "Process 'web_2' stopped gracefully\n");
    scene_release(&scene);
}

Test(tally, is_finished_at_once_when_nothing_is_owed)
{
    struct scene scene;
    scene_init(&scene, REQ_START);
    routed(&scene, 0);
    cr_assert(tally_finished(&scene.tally));
    scene_release(&scene);
}

static bool fails(enum request_kind request, enum outcome outcome)
{
    struct scene scene;
    scene_init(&scene, request);
    answer(&scene, 0, outcome);
    bool failed = scene.tally.failed;
    scene_release(&scene);
    return failed;
}

Test(tally, what_is_done_already_is_no_failure)
{
    cr_assert_not(fails(REQ_START, OUT_ALREADY_RUNNING));
    cr_assert_not(fails(REQ_STOP, OUT_NOT_RUNNING));
    cr_assert_not(fails(REQ_STOP, OUT_KILLED));
    cr_assert_not(fails(REQ_RESTART, OUT_RESTARTED));
}

Test(tally, what_was_not_done_is_a_failure)
{
    cr_assert(fails(REQ_SIGNAL, OUT_NOT_RUNNING));
    cr_assert(fails(REQ_START, OUT_FAILED));
    cr_assert(fails(REQ_START, OUT_OVERTAKEN));
    cr_assert(fails(REQ_START, OUT_SHUTTING_DOWN));
    cr_assert(fails(REQ_STOP, OUT_BUSY));
}

Test(tally, nothing_to_be_said_is_counted_and_not_printed)
{
    struct scene scene;
    scene_init(&scene, REQ_RELOAD);
    answer(&scene, 0, OUT_NOTHING);
    routed(&scene, 1);
    cr_assert(tally_finished(&scene.tally));
    cr_assert_eq(scene.bytes, 0);
    scene_release(&scene);
}

Test(tally, a_target_that_names_nothing_is_said_and_is_a_failure)
{
    struct scene scene;
    const struct answer came = { .kind = ANSWER_NO_TARGET, .text = (char *)"nope" };
    scene_init(&scene, REQ_START);
    tally_take(&scene.tally, &came, scene.out);
    fflush(scene.out);
    cr_assert_str_eq(scene.text, "Task 'nope' not found.\n");
    cr_assert(scene.tally.failed);
    scene_release(&scene);
}

Test(tally, names_those_who_have_not_answered_in_time)
{
    struct scene scene;
    scene_init(&scene, REQ_START);
    answer(&scene, 4, OUT_STARTED);
    answer(&scene, 0, OUT_STARTED);
    answer(&scene, 2, OUT_STARTED);
    rewind(scene.out);
    scene.set->items[1].state = ST_BACKOFF;
    scene.set->items[3].state = ST_STARTED;
    tally_print_late(&scene.tally, scene.set, 30000, scene.out);
    fflush(scene.out);
    cr_assert_eq(strncmp(scene.text,
                         "Process 'web_2' is still BACKOFF after 30s\n"
                         "Process 'web_4' is still STARTED after 30s\n",
                         scene.bytes),
                 0);
    scene_release(&scene);
}

static void expect_waiting(const struct scene *scene, const char *expected)
{
    char *text = tally_waiting_for(&scene->tally, scene->set);
    cr_assert_str_eq(text, expected);
    free(text);
}

Test(tally, says_who_is_waited_for)
{
    struct scene scene;
    scene_init(&scene, REQ_STOP);
    expect_waiting(&scene, "waiting for web_1, web_2, web_3 and 2 more to stop");
    answer(&scene, 1, OUT_STOPPED);
    answer(&scene, 2, OUT_STOPPED);
    expect_waiting(&scene, "waiting for web_1, web_4, db to stop");
    answer(&scene, 0, OUT_STOPPED);
    answer(&scene, 3, OUT_STOPPED);
    expect_waiting(&scene, "waiting for db to stop");
    answer(&scene, 4, OUT_STOPPED);
    cr_assert_null(tally_waiting_for(&scene.tally, scene.set));
    scene_release(&scene);
}

Test(tally, a_shutdown_waits_only_for_what_has_a_process)
{
    struct scene scene;
    scene_init(&scene, REQ_SHUTDOWN);
    scene.set->items[1].pid = 12;
    scene.set->items[3].state = ST_STOPPING;
    expect_waiting(&scene, "waiting for web_2, web_4 to stop");
    scene_release(&scene);
}

Test(tally, a_signal_does_not_wait)
{
    struct scene scene;
    scene_init(&scene, REQ_SIGNAL);
    cr_assert_null(tally_waiting_for(&scene.tally, scene.set));
    scene_release(&scene);
}
