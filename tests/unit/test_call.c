/* test_call.c - calls that wait for outcomes: start, stop, restart, signal, reload, shutdown. */
#include "call_scene.h"

#include <errno.h>

/* ---- outcomes ------------------------------------------------------------------------------- */

Test(call, passes_on_what_was_asked)
{
    struct scene scene;
    scene_init(&scene);
    cr_assert_not(begin(&scene, "start web db --wait"));
    const struct request *request = scene.requests[0];
    cr_assert_eq(request->kind, REQ_START);
    cr_assert_eq(request->target_count, 2u);
    cr_assert_str_eq(request->targets[0], "web");
    cr_assert_str_eq(request->targets[1], "db");
    cr_assert(request->wait);
    scene_release(&scene);
}

Test(call, prints_outcomes_as_they_come_and_finishes_with_the_last)
{
    struct scene scene;
    scene_init(&scene);
    cr_assert_not(begin(&scene, "stop web"));
    cr_assert_not(is_woken(&scene));
    send_outcome(&scene, scene.requests[0], 1, OUT_STOPPED);
    run_until(&scene, "Process 'web_2' stopped gracefully\n");
    cr_assert_not(is_woken(&scene));
    send_routed(scene.requests[0], 2);
    send_outcome(&scene, scene.requests[0], 0, OUT_NOT_RUNNING);
    run_to_the_end(&scene);
    expect(&scene, EXIT_DONE,
           "Process 'web_2' stopped gracefully\n"
           "Process 'web_1' is not running\n");
    scene_release(&scene);
}

Test(call, fails_for_a_target_that_names_nothing_and_does_the_rest)
{
    struct scene scene;
    scene_init(&scene);
    begin(&scene, "start nope db");
    send_text(scene.requests[0], ANSWER_NO_TARGET, "nope");
    send_outcome(&scene, scene.requests[0], 2, OUT_STARTED);
    send_routed(scene.requests[0], 1);
    run_to_the_end(&scene);
    expect(&scene, EXIT_FAILED,
           "Task 'nope' not found.\n"
           "Process 'db' started with PID 7\n");
    scene_release(&scene);
}

Test(call, says_so_when_nobody_takes_the_request)
{
    static const struct {
        int error;
        const char *text;
    } refusals[] = { { -EPIPE, "taskmaster is shutting down\n" },
                     { -EAGAIN, "busy, try again\n" } };
    static const char *const lines[] = { "start web", "signal HUP web", "status", "reload" };
    for (size_t i = 0; i < 2; i++) {
        for (size_t n = 0; n < sizeof lines / sizeof *lines; n++) {
            struct scene scene;
            scene_init(&scene);
            scene.refuse = refusals[i].error;
            cr_assert(begin(&scene, lines[n]));
            expect(&scene, EXIT_FAILED, refusals[i].text);
            scene_release(&scene);
        }
    }
}

Test(call, a_signal_goes_by_number_with_the_other_operands_as_targets)
{
    struct scene scene;
    scene_init(&scene);
    begin(&scene, "signal hup web db");
    cr_assert_eq(scene.requests[0]->kind, REQ_SIGNAL);
    cr_assert_eq(scene.requests[0]->signal, 1);
    cr_assert_eq(scene.requests[0]->target_count, 2u);
    cr_assert_str_eq(scene.requests[0]->targets[0], "web");
    scene_release(&scene);
}

Test(call, a_timeout_names_who_is_late_and_fails)
{
    struct scene scene;
    scene_init(&scene);
    begin(&scene, "start web --timeout 10ms");
    send_routed(scene.requests[0], 2);
    send_outcome(&scene, scene.requests[0], 0, OUT_STARTED);
    run_until_asked(&scene, 2);
    cr_assert_eq(scene.requests[1]->kind, REQ_STATUS);
    cr_assert_str_eq(scene.requests[1]->targets[0], "web");
    scene.set->items[1].state = ST_BACKOFF;
    send_snapshots(&scene, scene.requests[1], 0, 2);
    send_routed(scene.requests[1], 0);
    run_to_the_end(&scene);
    expect(&scene, EXIT_FAILED,
           "Process 'web_1' started with PID 7\n"
           "Process 'web_2' is still BACKOFF after 10ms\n");
    scene_release(&scene);
}

Test(call, an_outcome_that_comes_while_it_asks_who_is_late_counts)
{
    struct scene scene;
    scene_init(&scene);
    begin(&scene, "start db --timeout 0");
    cr_assert_eq(scene.request_count, 2u);
    send_routed(scene.requests[0], 1);
    send_outcome(&scene, scene.requests[0], 2, OUT_STARTED);
    send_snapshots(&scene, scene.requests[1], 2, 1);
    send_routed(scene.requests[1], 0);
    run_to_the_end(&scene);
    expect(&scene, EXIT_DONE, "Process 'db' started with PID 7\n");
    scene_release(&scene);
}

Test(call, tells_who_is_waited_for_after_a_moment)
{
    struct scene scene;
    scene_init(&scene);
    begin(&scene, "stop web");
    cr_assert_null(call_waiting_for(scene.call));
    run_until_asked(&scene, 2);
    send_snapshots(&scene, scene.requests[1], 0, 2);
    send_routed(scene.requests[1], 0);
    cr_assert(is_woken(&scene));
    cr_assert_not(call_run(scene.call, scene.out, &scene.exit_status));
    char *text = call_waiting_for(scene.call);
    cr_assert_str_eq(text, "waiting for web_1, web_2 to stop");
    free(text);
    scene_release(&scene);
}

Test(call, may_be_dropped_while_answers_are_to_come)
{
    struct scene scene;
    scene_init(&scene);
    begin(&scene, "start web --timeout 0");
    call_free(scene.call);
    scene.call = NULL;
    send_routed(scene.requests[0], 0);
    send_snapshots(&scene, scene.requests[1], 0, 2);
    send_routed(scene.requests[1], 0);
    scene_release(&scene);
}

Test(call, a_shutdown_ends_with_the_last_outcome)
{
    static const char *const lines[] = { "exit", "quit", "shutdown" };
    for (size_t i = 0; i < 3; i++) {
        struct scene scene;
        scene_init(&scene);
        cr_assert_not(begin(&scene, lines[i]));
        cr_assert_eq(scene.requests[0]->kind, REQ_SHUTDOWN);
        send_routed(scene.requests[0], 1);
        send_outcome(&scene, scene.requests[0], 2, OUT_STOPPED);
        run_to_the_end(&scene);
        expect(&scene, EXIT_DONE, "Process 'db' stopped gracefully\n");
        scene_release(&scene);
    }
}

/* ---- reload --------------------------------------------------------------------------------- */

Test(call, a_reload_prints_the_plan_the_outcomes_and_that_it_is_done)
{
    struct scene scene;
    scene_init(&scene);
    cr_assert_not(begin(&scene, "reload"));
    cr_assert_not(scene.requests[0]->dry_run);
    send_text(scene.requests[0], ANSWER_PLAN, "changed: db\n");
    send_outcome(&scene, scene.requests[0], 2, OUT_STARTED);
    send_routed(scene.requests[0], 1);
    run_to_the_end(&scene);
    expect(&scene, EXIT_DONE,
           "changed: db\n"
           "Process 'db' started with PID 7\n"
           "Configuration reloaded.\n");
    scene_release(&scene);
}

Test(call, a_reload_whose_start_fails_is_a_failure)
{
    struct scene scene;
    scene_init(&scene);
    begin(&scene, "reload");
    send_text(scene.requests[0], ANSWER_PLAN, "changed: db\n");
    send_routed(scene.requests[0], 1);
    send_outcome(&scene, scene.requests[0], 2, OUT_SHUTTING_DOWN);
    run_to_the_end(&scene);
    cr_assert_eq(scene.exit_status, EXIT_FAILED);
    scene_release(&scene);
}

Test(call, a_dry_run_prints_the_plan_only)
{
    struct scene scene;
    scene_init(&scene);
    begin(&scene, "reload --dry-run");
    cr_assert(scene.requests[0]->dry_run);
    send_text(scene.requests[0], ANSWER_PLAN, "changed: db\n");
    send_routed(scene.requests[0], 0);
    run_to_the_end(&scene);
    expect(&scene, EXIT_DONE, "changed: db\n");
    scene_release(&scene);
}

Test(call, a_reload_of_a_bad_configuration_prints_its_errors)
{
    struct scene scene;
    scene_init(&scene);
    begin(&scene, "reload");
    send_text(scene.requests[0], ANSWER_ERRORS, "x.yaml:1:1: bad\n");
    send_routed(scene.requests[0], 0);
    run_to_the_end(&scene);
    expect(&scene, EXIT_FAILED, "x.yaml:1:1: bad\n");
    scene_release(&scene);
}

Test(call, a_reload_that_could_not_be_finished_does_not_say_it_was)
{
    struct scene scene;
    scene_init(&scene);
    begin(&scene, "reload");
    send_text(scene.requests[0], ANSWER_PLAN, "added: db\n");
    send_text(scene.requests[0], ANSWER_ERRORS, "no memory\n");
    send_routed(scene.requests[0], 0);
    run_to_the_end(&scene);
    expect(&scene, EXIT_FAILED, "added: db\nno memory\n");
    scene_release(&scene);
}

/* ---- a manager that ends --------------------------------------------------------------------- */

Test(call, what_comes_too_late_is_refused_but_a_shutdown_is_done)
{
    static const char *const lines[] = { "status", "start web", "reload", "exit" };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct scene scene;
        bool ends = i == 3;
        scene_init(&scene);
        begin(&scene, lines[i]);
        send_text(scene.requests[0], ANSWER_ERRORS, "taskmaster is shutting down\n");
        send_routed(scene.requests[0], 0);
        run_to_the_end(&scene);
        expect(&scene, ends ? EXIT_DONE : EXIT_FAILED, ends ? "" : "taskmaster is shutting down\n");
        scene_release(&scene);
    }
}
