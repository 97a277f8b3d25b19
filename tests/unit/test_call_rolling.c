/* test_call_rolling.c - restart --rolling: what is asked, when, and what ends it; and --force. */
#include "call_scene.h"

/* "restart web db --rolling", whose instances are known. */
static void begin_rolling(struct scene *scene, const char *line)
{
    scene_init(scene);
    cr_assert_not(begin(scene, line));
    cr_assert_eq(scene->requests[0]->kind, REQ_STATUS);
    send_snapshots(scene, scene->requests[0], 0, 3);
    send_routed(scene->requests[0], 0);
    while (scene->request_count < 2)
        cr_assert_not(call_run(scene->call, scene->out, &scene->exit_status));
}

static void expect_restart(struct scene *scene, size_t index, const char *name)
{
    cr_assert_gt(scene->request_count, index);
    const struct request *request = scene->requests[index];
    cr_assert_eq(request->kind, REQ_RESTART);
    cr_assert(request->wait);
    cr_assert_eq(request->target_count, 1u);
    cr_assert_str_eq(request->targets[0], name);
}

static void answer_restart(struct scene *scene, size_t request, size_t index, enum outcome outcome)
{
    send_routed(scene->requests[request], 1);
    send_outcome(scene, scene->requests[request], index, outcome);
}

Test(call_rolling, asks_for_one_after_the_other)
{
    struct scene scene;
    begin_rolling(&scene, "restart web db --rolling");
    expect_restart(&scene, 1, "web_1");
    answer_restart(&scene, 1, 0, OUT_RESTARTED);
    run_until(&scene, "Process 'web_1' restarted with PID 7\n");
    expect_restart(&scene, 2, "web_2");
    cr_assert_eq(scene.request_count, 3u);
    answer_restart(&scene, 2, 1, OUT_STARTED);
    run_until(&scene, "Process 'web_2' started with PID 7\n");
    expect_restart(&scene, 3, "db");
    answer_restart(&scene, 3, 2, OUT_RESTARTED);
    run_to_the_end(&scene);
    cr_assert_eq(scene.exit_status, EXIT_DONE);
    scene_release(&scene);
}

Test(call_rolling, the_first_that_fails_ends_it)
{
    struct scene scene;
    begin_rolling(&scene, "restart web db --rolling");
    answer_restart(&scene, 1, 0, OUT_FAILED);
    run_to_the_end(&scene);
    cr_assert_eq(scene.request_count, 2u);
    expect(&scene, EXIT_FAILED,
           "Process 'web_1' failed to start: out of memory\n"
           "Rolling restart stopped at 'web_1'; not restarted: web_2, db\n");
    scene_release(&scene);
}

Test(call_rolling, the_timeout_is_for_all_and_ends_it)
{
    struct scene scene;
    begin_rolling(&scene, "restart web db --rolling --timeout 300ms");
    answer_restart(&scene, 1, 0, OUT_RESTARTED);
    run_until_asked(&scene, 4);
    expect_restart(&scene, 2, "web_2");
    cr_assert_eq(scene.requests[3]->kind, REQ_STATUS);
    cr_assert_str_eq(scene.requests[3]->targets[0], "web_2");
    scene.set->items[1].state = ST_STARTED;
    send_snapshots(&scene, scene.requests[3], 1, 1);
    send_routed(scene.requests[3], 0);
    run_to_the_end(&scene);
    expect(&scene, EXIT_FAILED,
           "Process 'web_1' restarted with PID 7\n"
           "Process 'web_2' is still STARTED after 300ms\n"
           "Rolling restart stopped at 'web_2'; not restarted: db\n");
    scene_release(&scene);
}

Test(call_rolling, may_be_dropped_between_two)
{
    struct scene scene;
    begin_rolling(&scene, "restart web db --rolling");
    answer_restart(&scene, 1, 0, OUT_RESTARTED);
    scene_release(&scene);
}

Test(call_rolling, a_target_that_names_nothing_is_a_failure_in_the_end)
{
    struct scene scene;
    scene_init(&scene);
    cr_assert_not(begin(&scene, "restart nope db --rolling"));
    send_text(scene.requests[0], ANSWER_NO_TARGET, "nope");
    send_snapshots(&scene, scene.requests[0], 2, 1);
    send_routed(scene.requests[0], 0);
    run_until(&scene, "Task 'nope' not found.\n");
    while (scene.request_count < 2)
        cr_assert_not(call_run(scene.call, scene.out, &scene.exit_status));
    expect_restart(&scene, 1, "db");
    answer_restart(&scene, 1, 2, OUT_RESTARTED);
    run_to_the_end(&scene);
    cr_assert_eq(scene.exit_status, EXIT_FAILED);
    scene_release(&scene);
}

Test(call_rolling, force_is_passed_on_and_a_note_is_no_failure)
{
    struct scene scene;
    scene_init(&scene);
    cr_assert_not(begin(&scene, "stop db --force"));
    cr_assert(scene.requests[0]->force);
    send_text(scene.requests[0], ANSWER_NOTE, "'web' needs 'db' and is stopped first");
    answer_restart(&scene, 0, 2, OUT_STOPPED);
    run_to_the_end(&scene);
    expect(&scene, EXIT_DONE,
           "'web' needs 'db' and is stopped first\n"
           "Process 'db' stopped gracefully\n");
    scene_release(&scene);
}
