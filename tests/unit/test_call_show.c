/* test_call_show.c - calls that show what is known: status, pid, describe, events. */
#include "call_scene.h"

#include "journal.h"

static int status_of(const char *line, enum state first, enum state second)
{
    struct scene scene;
    scene_init(&scene);
    scene.set->items[0].state = first;
    scene.set->items[1].state = second;
    run_shown(&scene, line, 0, 2);
    int exit_status = scene.exit_status;
    scene_release(&scene);
    return exit_status;
}

Test(call, status_tells_whether_all_that_are_named_are_up)
{
    cr_assert_eq(status_of("status web", ST_RUNNING, ST_STARTED), EXIT_DONE);
    cr_assert_eq(status_of("status web", ST_RUNNING, ST_BACKOFF), EXIT_NOT_RUNNING);
    cr_assert_eq(status_of("status web --json", ST_STOPPED, ST_RUNNING), EXIT_NOT_RUNNING);
    cr_assert_eq(status_of("status", ST_STOPPED, ST_FATAL), EXIT_DONE);
}

Test(call, status_of_what_does_not_exist_shows_no_empty_table)
{
    struct scene scene;
    scene_init(&scene);
    begin(&scene, "status nope");
    send_text(scene.requests[0], ANSWER_NO_TARGET, "nope");
    send_routed(scene.requests[0], 0);
    run_to_the_end(&scene);
    expect(&scene, EXIT_FAILED, "Task 'nope' not found.\n");
    scene_release(&scene);
}

Test(call, pid_prints_one_a_line_and_fails_for_what_is_not_running)
{
    struct scene scene;
    scene_init(&scene);
    scene.set->items[0].pid = 1234;
    run_shown(&scene, "pid web", 0, 2);
    expect(&scene, EXIT_FAILED, "1234\nProcess 'web_2' is not running\n");
    scene_release(&scene);
}

Test(call, describe_shows_the_last_words_of_what_is_fatal_and_of_nothing_else)
{
    for (int fatal = 0; fatal < 2; fatal++) {
        struct scene scene;
        scene_init(&scene);
        write_log(&scene, "err", "1\n2\n3\n4\n5\nlast\a");
        scene.style.width = 80;
        scene.set->items[2].state = fatal ? ST_FATAL : ST_STOPPED;
        run_shown(&scene, "describe db", 2, 1);
        cr_assert(scene.requests[0]->history);
        fflush(scene.out);
        const char *shown = strstr(scene.text, "last lines of stderr:\n"
                                               "  2\n  3\n  4\n  5\n  last^G\n");
        cr_assert_eq(shown != NULL, fatal == 1);
        scene_release(&scene);
    }
}

static void add_event(struct scene *scene, enum state to)
{
    const struct change change = {
        .wall_ms = clock_wall_ms(), .id = scene->set->items[2].id, .from = ST_STOPPED, .to = to
    };
    journal_add(scene->env.journal, &change);
}

static size_t count_lines(struct scene *scene)
{
    size_t lines = 0;
    fflush(scene->out);
    for (const char *at = scene->text; at && (at = strchr(at, '\n')); at++)
        lines++;
    return lines;
}

Test(call, events_prints_what_there_is_and_how_many_are_gone)
{
    struct scene scene;
    scene_init(&scene);
    scene.env.journal = journal_new();
    for (int i = 0; i < JOURNAL_ROOM + 5; i++)
        add_event(&scene, ST_STARTED);
    cr_assert(begin(&scene, "events"));
    cr_assert_eq(count_lines(&scene), (size_t)JOURNAL_ROOM + 1);
    cr_assert_eq(strncmp(scene.text, "(5 earlier events were dropped)\n", 32), 0);
    cr_assert_eq(scene.exit_status, EXIT_DONE);
    call_free(scene.call);
    scene.call = NULL;
    journal_free(scene.env.journal);
    scene_release(&scene);
}

Test(call, events_follows)
{
    struct scene scene;
    scene_init(&scene);
    scene.env.journal = journal_new();
    cr_assert_not(begin(&scene, "events -f"));
    cr_assert_not(is_woken(&scene));
    for (size_t i = 1; i <= 3; i++) {
        add_event(&scene, ST_STARTED);
        cr_assert(is_woken(&scene));
        cr_assert_not(call_run(scene.call, scene.out, &scene.exit_status));
        cr_assert_eq(count_lines(&scene), i);
    }
    call_free(scene.call);
    scene.call = NULL;
    journal_free(scene.env.journal);
    scene_release(&scene);
}
