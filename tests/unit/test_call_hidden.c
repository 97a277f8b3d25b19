/* test_call_hidden.c - names and news, and what fronts have to know of a command's words. */
#include "call_scene.h"

#include "journal.h"

Test(call_hidden, names_are_those_of_tasks_and_instances_each_once)
{
    struct scene scene;
    scene_init(&scene);
    run_shown(&scene, "names", 0, 4);
    expect(&scene, EXIT_DONE, "web\nweb_1\nweb_2\ndb\nmute\n");
    scene_release(&scene);
}

Test(call_hidden, names_as_json_are_one_object)
{
    struct scene scene;
    scene_init(&scene);
    scene.style.json = true;
    run_shown(&scene, "names", 0, 3);
    expect(&scene, EXIT_DONE, "{\"names\":[\"web\",\"web_1\",\"web_2\",\"db\"]}\n");
    scene_release(&scene);
}

static void add_change(struct scene *scene, size_t index, enum state to)
{
    char detail[] = "exec /x: No such file or directory";
    struct change change = {
        .id = scene->set->items[index].id,
        .from = ST_STARTED,
        .to = to,
        .why = { .why = WHY_NOT_SPAWNED },
        .detail = detail,
    };
    journal_add(scene->env.journal, &change);
}

Test(call_hidden, news_tells_what_goes_fatal_from_now_on)
{
    struct scene scene;
    scene_init(&scene);
    write_log(&scene, "err", "cannot go on\n");
    scene.env.journal = journal_new();
    add_change(&scene, 0, ST_FATAL);
    cr_assert_not(begin(&scene, "news"));
    cr_assert(call_follows(scene.call));
    cr_assert_not(is_woken(&scene));
    add_change(&scene, 1, ST_RUNNING);
    cr_assert(is_woken(&scene));
    cr_assert_not(call_run(scene.call, scene.out, &scene.exit_status));
    expect(&scene, -1, "");
    add_change(&scene, 2, ST_FATAL);
    run_until(&scene,
              "Process 'db' is FATAL: exec /x: No such file or directory\n    cannot go on\n");
    call_free(scene.call);
    scene.call = NULL;
    journal_free(scene.env.journal);
    scene_release(&scene);
}

Test(call_hidden, many_news_at_once_are_counted)
{
    struct scene scene;
    scene_init(&scene);
    scene.env.journal = journal_new();
    cr_assert_not(begin(&scene, "news"));
    for (int i = 0; i < 12; i++)
        add_change(&scene, 3, ST_FATAL);
    run_until(&scene, "2 more went FATAL: see 'status'\n");
    call_free(scene.call);
    scene.call = NULL;
    journal_free(scene.env.journal);
    scene_release(&scene);
}

/* ---- before they are carried out ---- */

static void expect_nature(const char *line, bool follows, bool help, enum command_end ends)
{
    char **words;
    size_t count;
    cr_assert_eq(command_split(line, &words, &count), 0);
    cr_expect_eq(command_follows(count, words), follows, "%s", line);
    cr_expect_eq(command_is_help(count, words), help, "%s", line);
    cr_expect_eq(command_ends(count, words), ends, "%s", line);
    command_words_free(words);
}

Test(call_hidden, what_a_command_will_be_is_known_from_its_words)
{
    expect_nature("", false, false, ENDS_NOTHING);
    expect_nature("frob", false, false, ENDS_NOTHING);
    expect_nature("logs web", false, false, ENDS_NOTHING);
    expect_nature("logs web 5 -f", true, false, ENDS_NOTHING);
    expect_nature("events --follow", true, false, ENDS_NOTHING);
    expect_nature("news", true, false, ENDS_NOTHING);
    expect_nature("logs -f", false, false, ENDS_NOTHING); /* bad usage */
    expect_nature("logs -f --help", false, true, ENDS_NOTHING);
    expect_nature("help", false, true, ENDS_NOTHING);
    expect_nature("help exit", false, true, ENDS_NOTHING);
    expect_nature("exit", false, false, ENDS_SHELL);
    expect_nature("quit", false, false, ENDS_SHELL);
    expect_nature("exit now", false, false, ENDS_NOTHING);
    expect_nature("shutdown", false, false, ENDS_SUPERVISOR);
    expect_nature("shutdown --help", false, true, ENDS_NOTHING);
}
