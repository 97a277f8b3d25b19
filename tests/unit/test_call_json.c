/* test_call_json.c - what calls print for programs: one object a line, and nothing else. */
#include "call_scene.h"

#include <cjson/cJSON.h>
#include <errno.h>

#define WEB_1 "\"name\":\"web_1\",\"task\":\"web\",\"instance\":1"
#define DB "\"name\":\"db\",\"task\":\"db\",\"instance\":1"

/* ---- outcomes ------------------------------------------------------------------------------- */

static void expect_outcome(const char *line, struct answer answer, int exit_status,
                           const char *expected)
{
    struct scene scene;
    scene_init(&scene);
    begin(&scene, line);
    answer.kind = ANSWER_OUTCOME;
    answer.id = identity_ref(scene.set->items[2].id);
    answer.text = answer.text ? strdup(answer.text) : NULL;
    send_answer(scene.requests[0], answer);
    send_routed(scene.requests[0], 1);
    run_to_the_end(&scene);
    expect(&scene, exit_status, expected);
    scene_release(&scene);
}

#define OUTCOME(...) ((struct answer){ __VA_ARGS__ })

Test(call_json, an_outcome_is_an_object_with_its_line)
{
    expect_outcome("start db --json", OUTCOME(.outcome = OUT_STARTED, .pid = 12), EXIT_DONE,
                   "{" DB ",\"outcome\":\"started\",\"pid\":12,"
                   "\"text\":\"Process 'db' started with PID 12\"}\n");
    expect_outcome("restart --json db",
                   OUTCOME(.outcome = OUT_RESTARTED, .pid = 12, .ms = 10000, .count = 3), EXIT_DONE,
                   "{" DB ",\"outcome\":\"restarted\",\"pid\":12,\"killed\":3,"
                   "\"text\":\"Process 'db' did not "
                   "stop in 10s, killed (3 processes)\\nProcess 'db' restarted with PID 12\"}\n");
    expect_outcome("stop db --json", OUTCOME(.outcome = OUT_NOT_RUNNING), EXIT_DONE,
                   "{" DB ",\"outcome\":\"not-running\","
                   "\"text\":\"Process 'db' is not running\"}\n");
    expect_outcome("signal HUP db --json", OUTCOME(.outcome = OUT_SIGNALED, .count = 1), EXIT_DONE,
                   "{" DB ",\"outcome\":\"signaled\","
                   "\"text\":\"Sent SIGHUP to process 'db'\"}\n");
    expect_outcome("shutdown --json", OUTCOME(.outcome = OUT_STOPPED), EXIT_DONE,
                   "{" DB ",\"outcome\":\"stopped\","
                   "\"text\":\"Process 'db' stopped gracefully\"}\n");
}

Test(call_json, foreign_bytes_in_an_outcome_are_made_valid)
{
    expect_outcome("start db --json",
                   OUTCOME(.outcome = OUT_FAILED, .text = (char *)"exec /\"\xff: no"), EXIT_FAILED,
                   "{" DB ",\"outcome\":\"failed\","
                   "\"text\":\"Process 'db' failed to start: exec /\\\"\ufffd: no\"}\n");
}

Test(call_json, every_outcome_has_a_name_of_its_own)
{
    const char *names[] = { "started",   "restarted",       "stopped",     "killed",
                            "signaled",  "already-running", "not-running", "failed",
                            "overtaken", "shutting-down",   "busy" };
    for (int outcome = 0; outcome < OUT_NOTHING; outcome++) {
        struct scene scene;
        char part[60];
        scene_init(&scene);
        begin(&scene, "start db --json");
        send_outcome(&scene, scene.requests[0], 2, (enum outcome)outcome);
        send_routed(scene.requests[0], 1);
        run_to_the_end(&scene);
        fflush(scene.out);
        snprintf(part, sizeof part, "\"outcome\":\"%s\"", names[outcome]);
        cr_assert_not_null(strstr(scene.text, part), "no %s in %s", part, scene.text);
        scene_release(&scene);
    }
}

Test(call_json, who_is_late_is_an_object_with_the_state)
{
    struct scene scene;
    scene_init(&scene);
    begin(&scene, "start web --timeout 10ms --json");
    send_routed(scene.requests[0], 2);
    run_until_asked(&scene, 2);
    scene.set->items[0].state = ST_BACKOFF;
    send_snapshots(&scene, scene.requests[1], 0, 1);
    send_routed(scene.requests[1], 0);
    run_to_the_end(&scene);
    expect(&scene, EXIT_FAILED,
           "{" WEB_1 ",\"outcome\":\"late\",\"state\":\"BACKOFF\","
           "\"text\":\"Process 'web_1' is still BACKOFF after 10ms\"}\n");
    scene_release(&scene);
}

/* ---- complaints ----------------------------------------------------------------------------- */

Test(call_json, what_is_no_data_is_an_error)
{
    static const struct {
        const char *line;
        int exit_status;
        const char *text;
    } cases[] = {
        { "frob --json", EXIT_USAGE,
          "{\"error\":\"Unknown command: frob. Type 'help' for a list of commands.\"}\n" },
        { "stop --json", EXIT_USAGE,
          "{\"error\":\"stop: too few arguments\\n"
          "usage: stop TARGET... [--force] [--timeout DURATION] [--json]\"}\n" },
        { "pid --frob --json", EXIT_USAGE,
          "{\"error\":\"pid: unknown option '--frob'\\nusage: pid [TARGET...] [--json]\"}\n" },
        { "status --json", EXIT_FAILED, "{\"error\":\"busy, try again\"}\n" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scene scene;
        scene_init(&scene);
        scene.refuse = -EAGAIN;
        cr_assert(begin(&scene, cases[i].line));
        expect(&scene, cases[i].exit_status, cases[i].text);
        scene_release(&scene);
    }
}

Test(call_json, a_target_that_names_nothing_is_an_error_and_the_rest_is_said)
{
    struct scene scene;
    scene_init(&scene);
    begin(&scene, "pid nope web_1 db --json");
    send_text(scene.requests[0], ANSWER_NO_TARGET, "nope");
    scene.set->items[2].pid = 12;
    send_snapshots(&scene, scene.requests[0], 1, 2);
    send_routed(scene.requests[0], 0);
    run_to_the_end(&scene);
    expect(&scene, EXIT_FAILED,
           "{\"error\":\"Task 'nope' not found.\"}\n"
           "{\"name\":\"web_2\",\"pid\":null}\n"
           "{\"name\":\"db\",\"pid\":12}\n");
    scene_release(&scene);
}

Test(call_json, the_style_of_a_call_has_the_same_effect_as_the_option_and_no_colours)
{
    struct scene scene;
    scene_init(&scene);
    scene.style = (struct command_style){ .json = true, .colour = true, .width = 80 };
    begin(&scene, "exit");
    send_outcome(&scene, scene.requests[0], 2, OUT_STOPPED);
    send_routed(scene.requests[0], 1);
    run_to_the_end(&scene);
    expect(&scene, EXIT_DONE,
           "{" DB ",\"outcome\":\"stopped\","
           "\"text\":\"Process 'db' stopped gracefully\"}\n");
    scene_release(&scene);
}

/* ---- reload --------------------------------------------------------------------------------- */

Test(call_json, a_reload_says_its_plan_the_outcomes_and_that_it_is_done)
{
    struct scene scene;
    scene_init(&scene);
    begin(&scene, "reload --json");
    send_plan(scene.requests[0], "added: db\n", "{\"added\":[\"db\"]}\n");
    send_outcome(&scene, scene.requests[0], 2, OUT_STARTED);
    send_routed(scene.requests[0], 1);
    run_to_the_end(&scene);
    expect(&scene, EXIT_DONE,
           "{\"added\":[\"db\"]}\n"
           "{" DB ",\"outcome\":\"started\",\"pid\":7,"
           "\"text\":\"Process 'db' started with PID 7\"}\n"
           "{\"text\":\"Configuration reloaded.\"}\n");
    scene_release(&scene);
}

Test(call_json, a_bad_configuration_is_a_list_of_errors)
{
    struct scene scene;
    scene_init(&scene);
    begin(&scene, "reload --json");
    send_text(scene.requests[0], ANSWER_ERRORS, "x.yaml:1:1: bad\nx.yaml:2:1: worse\n");
    send_routed(scene.requests[0], 0);
    run_to_the_end(&scene);
    expect(&scene, EXIT_FAILED, "{\"errors\":[\"x.yaml:1:1: bad\",\"x.yaml:2:1: worse\"]}\n");
    scene_release(&scene);
}

/* ---- help, describe ------------------------------------------------------------------------- */

Test(call_json, help_lists_the_rows_of_the_table)
{
    struct scene scene;
    scene_init(&scene);
    cr_assert(begin(&scene, "help --json"));
    fflush(scene.out);
    cJSON *object = cJSON_Parse(scene.text);
    const cJSON *first = cJSON_GetArrayItem(cJSON_GetObjectItem(object, "commands"), 0);
    cr_assert_str_eq(cJSON_GetStringValue(cJSON_GetObjectItem(first, "name")), "status");
    cr_assert_str_eq(cJSON_GetStringValue(cJSON_GetObjectItem(first, "arguments")),
                     command_at(0)->arguments);
    cr_assert_str_eq(cJSON_GetStringValue(cJSON_GetObjectItem(first, "help")), command_at(0)->help);
    cr_assert_null(cJSON_GetObjectItem(first, "details"));
    cJSON_Delete(object);
    scene_release(&scene);
}

Test(call_json, help_of_a_command_explains_it)
{
    static const char *const lines[] = { "help pid --json", "pid --help --json" };
    for (size_t i = 0; i < 2; i++) {
        struct scene scene;
        scene_init(&scene);
        cr_assert(begin(&scene, lines[i]));
        fflush(scene.out);
        cJSON *object = cJSON_Parse(scene.text);
        const cJSON *list = cJSON_GetObjectItem(object, "commands");
        cr_assert_eq(cJSON_GetArraySize(list), 1);
        const cJSON *row = cJSON_GetArrayItem(list, 0);
        cr_assert_str_eq(cJSON_GetStringValue(cJSON_GetObjectItem(row, "name")), "pid");
        cr_assert_not_null(cJSON_GetObjectItem(row, "details"));
        cJSON_Delete(object);
        scene_release(&scene);
    }
}

Test(call_json, describe_is_an_object_for_each_with_the_last_words_of_what_is_fatal)
{
    struct scene scene;
    scene_init(&scene);
    write_log(&scene, "err", "1\n2\n3\n4\n5\nlast\a");
    scene.set->items[2].state = ST_FATAL;
    run_shown(&scene, "describe web_2 db --json", 1, 2);
    fflush(scene.out);
    const char *rest = NULL;
    cJSON *web = cJSON_ParseWithOpts(scene.text, &rest, false);
    cr_assert_eq(*rest, '\n');
    cJSON *db = cJSON_ParseWithOpts(rest + 1, &rest, false);
    cr_assert_str_eq(rest, "\n");
    cr_assert_null(cJSON_GetObjectItem(web, "lastWords"));
    char *words = cJSON_PrintUnformatted(cJSON_GetObjectItem(db, "lastWords"));
    cr_assert_str_eq(words, "[\"2\",\"3\",\"4\",\"5\",\"last\\u0007\"]");
    cJSON_free(words);
    cJSON_Delete(web);
    cJSON_Delete(db);
    scene_release(&scene);
}

/* ---- logs ----------------------------------------------------------------------------------- */

Test(call_json, logs_is_an_object_a_line_with_whose_it_is)
{
    struct scene scene;
    scene_init(&scene);
    write_log(&scene, "web", "one\ntw\xff\033\nend");
    write_log(&scene, "db", "1\n");
    run_shown(&scene, "logs web db 2 --json", 0, 3);
    expect(&scene, EXIT_DONE,
           "{\"name\":\"web_1\",\"stream\":\"stdout\",\"line\":\"tw\ufffd\\u001b\"}\n"
           "{\"name\":\"web_1\",\"stream\":\"stdout\",\"line\":\"end\"}\n"
           "{\"name\":\"db\",\"stream\":\"stdout\",\"line\":\"1\"}\n");
    scene_release(&scene);
}

Test(call_json, logs_that_cannot_be_shown_are_an_error)
{
    struct scene scene;
    scene_init(&scene);
    run_shown(&scene, "logs mute --stderr --json", 3, 1);
    expect(&scene, EXIT_FAILED,
           "{\"error\":\"Process 'mute' has no stderr log (set 'stderr' in its task)\"}\n");
    scene_release(&scene);
}

Test(call_json, logs_that_are_followed_come_in_whole_lines)
{
    struct scene scene;
    scene_init(&scene);
    begin(&scene, "logs db -f --stderr --json");
    send_snapshots(&scene, scene.requests[0], 2, 1);
    send_routed(scene.requests[0], 0);
    write_log(&scene, "err", "beg");
    write_log(&scene, "err", "in");
    while (is_woken(&scene))
        cr_assert_not(call_run(scene.call, scene.out, &scene.exit_status));
    expect(&scene, -1, "");
    write_log(&scene, "err", "\nmore");
    run_until(&scene, "{\"name\":\"db\",\"stream\":\"stderr\",\"line\":\"begin\"}\n");
    expect(&scene, -1, "{\"name\":\"db\",\"stream\":\"stderr\",\"line\":\"begin\"}\n");
    scene_release(&scene);
}
