/* test_call_logs.c - logs: the last lines, several files, what stands in the way, following. */
#include "call_scene.h"

Test(call, logs_shows_the_last_lines_and_ends_the_last_one)
{
    struct scene scene;
    scene_init(&scene);
    write_log(&scene, "db", "1\n2\n3\n4");
    run_shown(&scene, "logs db 2", 2, 1);
    cr_assert_eq(scene.requests[0]->target_count, 1u);
    expect(&scene, EXIT_DONE, "3\n4\n");
    scene_release(&scene);
}

Test(call, logs_shows_ten_lines_when_not_told)
{
    struct scene scene;
    scene_init(&scene);
    write_log(&scene, "db", "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n");
    run_shown(&scene, "logs db", 2, 1);
    expect(&scene, EXIT_DONE, "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n");
    scene_release(&scene);
}

Test(call, logs_of_several_have_headers_and_a_shared_file_is_shown_once)
{
    struct scene scene;
    scene_init(&scene);
    write_log(&scene, "web", "hello\nend");
    write_log(&scene, "db", "bye\n");
    run_shown(&scene, "logs web db", 0, 3);
    expect(&scene, EXIT_DONE,
           "==> web_1 and 1 more <==\nhello\nend\n\n"
           "==> db <==\nbye\n");
    scene_release(&scene);
}

Test(call, logs_of_merged_stderr_are_those_of_stdout)
{
    struct scene scene;
    scene_init(&scene);
    write_log(&scene, "web", "both\n");
    run_shown(&scene, "logs web --stderr", 0, 2);
    expect(&scene, EXIT_DONE, "both\n");
    scene_release(&scene);
}

Test(call, logs_says_what_stands_in_the_way)
{
    struct scene scene;
    char expected[300];
    scene_init(&scene);
    run_shown(&scene, "logs db", 2, 1);
    snprintf(expected, sizeof expected, "Process 'db' has not written to '%s/db' yet\n",
             scene.directory);
    expect(&scene, EXIT_DONE, expected);
    scene_release(&scene);

    scene_init(&scene);
    run_shown(&scene, "logs mute", 3, 1);
    expect(&scene, EXIT_FAILED,
           "Process 'mute' logs to '/dev/null', which is not a regular file\n");
    scene_release(&scene);

    scene_init(&scene);
    run_shown(&scene, "logs mute --stderr", 3, 1);
    expect(&scene, EXIT_FAILED, "Process 'mute' has no stderr log (set 'stderr' in its task)\n");
    scene_release(&scene);
}

Test(call, logs_makes_control_characters_harmless_on_a_terminal_only)
{
    for (int width = 0; width <= 80; width += 80) {
        struct scene scene;
        scene_init(&scene);
        scene.style.width = width;
        write_log(&scene, "db", "\033]0;x\a\n");
        run_shown(&scene, "logs db", 2, 1);
        expect(&scene, EXIT_DONE, width ? "^[]0;x^G\n" : "\033]0;x\a\n");
        scene_release(&scene);
    }
}

Test(call, logs_follows_several_files)
{
    struct scene scene;
    scene_init(&scene);
    write_log(&scene, "web", "old\n");
    begin(&scene, "logs web db -f");
    send_snapshots(&scene, scene.requests[0], 0, 3);
    send_routed(scene.requests[0], 0);
    run_until(&scene, "==> web_1 and 1 more <==\nold\n");
    write_log(&scene, "db", "born\nunfin");
    run_until(&scene, "\n\n==> db <==\nborn\nunfin");
    write_log(&scene, "db", "ished\n");
    run_until(&scene, "unfinished\n");
    write_log(&scene, "web", "new\n");
    run_until(&scene, "unfinished\n\n==> web_1 and 1 more <==\nnew\n");
    scene_release(&scene);
}

Test(call, logs_prints_a_block_at_a_time)
{
    struct scene scene;
    size_t count = 1000000, printed = 0;
    char *bytes = malloc(count + 1);
    memset(bytes, '\n', count);
    bytes[count] = '\0';
    scene_init(&scene);
    write_log(&scene, "db", bytes);
    begin(&scene, "logs db 1000000000");
    send_snapshots(&scene, scene.requests[0], 2, 1);
    send_routed(scene.requests[0], 0);
    while (!call_run(scene.call, scene.out, &scene.exit_status)) {
        wait_until_woken(&scene);
        fflush(scene.out);
        cr_assert_leq(scene.bytes - printed, 65536u);
        printed = scene.bytes;
    }
    expect(&scene, EXIT_DONE, bytes);
    free(bytes);
    scene_release(&scene);
}

Test(call, logs_says_where_else_the_output_goes)
{
    static const struct {
        const char *keys, *line, *text;
    } cases[] = {
        { "stdout: inherit", "logs x", "the supervisor's stdout" },
        { "stdout: syslog, stderr: stdout", "logs x --stderr", "syslog" },
        { "stdout: /dev/stderr", "logs x", "the supervisor's stderr" },
        { "stderr: inherit", "logs x --stderr", "the supervisor's stderr" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scene scene;
        char yaml[200], expected[200];
        scene_init(&scene);
        snprintf(yaml, sizeof yaml, "tasks: {x: {command: y, %s}}", cases[i].keys);
        snapshot_set_free(scene.set);
        config_free(scene.config);
        scene.config = config_of(yaml);
        scene.set = snapshots_of(scene.config);
        run_shown(&scene, cases[i].line, 0, 1);
        snprintf(expected, sizeof expected, "Process 'x' logs to %s, not to a file\n",
                 cases[i].text);
        expect(&scene, EXIT_FAILED, expected);
        scene_release(&scene);
    }
}
