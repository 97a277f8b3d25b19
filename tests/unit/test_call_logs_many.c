/* test_call_logs_many.c - logs of as many instances as there may be. */
#include "call_scene.h"

#include <limits.h>
#include <time.h>

#define TASKS 40
#define NUMBERS 250
#define DIRECTORIES 12 /* with names as long as they may be, so that comparing takes its time */
#define FOLLOWED 400
#define MOST_CPU_MS 1500

/* Has the scene be about TASKS * NUMBERS instances, each with a log of its own: `path`, and the
 * name of the instance. */
static void scene_multiply(struct scene *scene, int tasks, int numbers, const char *path)
{
    char *yaml = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&yaml, &bytes);
    fputs("tasks:\n", out);
    for (int i = 0; i < tasks; i++)
        fprintf(out, "  t%d: {command: x, instances: %d, stdout: '%s${NAME}'}\n", i, numbers, path);
    fclose(out);
    snapshot_set_free(scene->set);
    config_free(scene->config);
    scene->config = config_of(yaml);
    scene->set = snapshots_of(scene->config);
    free(yaml);
}

static int64_t cpu_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

Test(call, logs_of_ten_thousand_instances_take_no_time_to_sort)
{
    struct scene scene;
    char path[DIRECTORIES * (NAME_MAX + 1) + 2] = "/";
    scene_init(&scene);
    memset(path + 1, 'd', sizeof path - 2);
    for (size_t i = NAME_MAX + 1; i < sizeof path; i += NAME_MAX + 1)
        path[i] = '/';
    path[sizeof path - 1] = '\0';
    scene_multiply(&scene, TASKS, NUMBERS, path);
    cr_assert_not(begin(&scene, "logs all"));
    send_snapshots(&scene, scene.requests[0], 0, scene.set->count);
    send_routed(scene.requests[0], 0);
    int64_t before_ms = cpu_ms();
    cr_assert_not(call_run(scene.call, scene.out, &scene.exit_status));
    cr_assert_lt(cpu_ms() - before_ms, MOST_CPU_MS);
    scene_release(&scene);
}

/* More than a user may have inotify instances (128, as a rule). */
Test(call, logs_follows_more_files_than_there_are_inotify_instances)
{
    struct scene scene;
    char path[100];
    scene_init(&scene);
    snprintf(path, sizeof path, "%s/", scene.directory);
    scene_multiply(&scene, 1, FOLLOWED, path);
    write_log(&scene, "t0_1", "old\n");
    cr_assert_not(begin(&scene, "logs all -f"));
    send_snapshots(&scene, scene.requests[0], 0, scene.set->count);
    send_routed(scene.requests[0], 0);
    run_until(&scene, "==> t0_1 <==\nold\n");
    write_log(&scene, "t0_7", "seven\n");
    run_until(&scene, "\n==> t0_7 <==\nseven\n");
    write_log(&scene, "t0_1", "new\n");
    run_until(&scene, "\n==> t0_1 <==\nnew\n");
    write_log(&scene, "t0_399", "last\n");
    run_until(&scene, "\n==> t0_399 <==\nlast\n");
    write_log(&scene, "t0_7", "more\n");
    run_until(&scene, "\n==> t0_7 <==\nmore\n");
    for (int i = 0; i < 3; i++) {
        static const char *const names[] = { "t0_1", "t0_7", "t0_399" };
        snprintf(path, sizeof path, "%s/%s", scene.directory, names[i]);
        unlink(path);
    }
    scene_release(&scene);
}
