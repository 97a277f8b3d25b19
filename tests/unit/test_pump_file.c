/* test_pump_file.c - log files through the pump: what becomes of them in bad times. */
#include "pump_scene.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>

Test(pump_file, bytes_stay_bytes)
{
    struct scene scene = scene_new();
    size_t size = (size_t)10 << 20;
    size_t bytes;
    char *line = malloc(size); /* one line, with everything in it but an end */
    for (size_t i = 0; i < size; i++)
        line[i] = (char)(i % 251 == '\n' ? 0 : i % 251);
    scene_start(&scene);
    int fd = scene_file(&scene, scene.out, NULL);
    put_bytes(fd, line, size);
    close(fd);
    scene_stop(&scene);
    char *read = contents(scene.out, &bytes);
    cr_expect_eq(bytes, size);
    cr_expect(bytes == size && memcmp(read, line, size) == 0);
    free(read);
    free(line);
    scene_remove(&scene);
}

Test(pump_file, a_file_that_was_removed_is_made_anew)
{
    struct scene scene = scene_new();
    char directory[96], path[128];
    snprintf(directory, sizeof directory, "%s/a", scene.directory);
    snprintf(path, sizeof path, "%s/b.log", directory);
    scene_start(&scene);
    int fd = scene_file(&scene, path, NULL);
    put(fd, "before\n");
    await_text(path, "before");
    cr_assert_eq(unlink(path), 0);
    cr_assert_eq(rmdir(directory), 0);
    int64_t end_ms = clock_ms() + PATIENCE_MS;
    while (access(path, F_OK) != 0) { /* it looks once a second */
        cr_assert_lt(clock_ms(), end_ms);
        put(fd, "lost or not\n");
        poll(NULL, 0, 20);
    }
    put(fd, "after\n");
    close(fd);
    scene_stop(&scene);
    await_text(path, "after\n");
    scene_remove(&scene);
}

Test(pump_file, reopening_leaves_what_was_moved_away)
{
    struct scene scene = scene_new();
    char moved[128];
    snprintf(moved, sizeof moved, "%s.moved", scene.out);
    scene_start(&scene);
    int fd = scene_file(&scene, scene.out, NULL);
    put(fd, "before\n");
    await_text(scene.out, "before");
    cr_assert_eq(rename(scene.out, moved), 0);
    put(fd, "still there\n");
    await_text(moved, "still there");
    pump_reopen(scene.pump);
    int64_t end_ms = clock_ms() + PATIENCE_MS;
    while (access(scene.out, F_OK) != 0 && clock_ms() < end_ms)
        poll(NULL, 0, 2);
    put(fd, "after\n");
    close(fd);
    scene_stop(&scene);
    expect_contents(moved, "before\nstill there\n");
    expect_contents(scene.out, "after\n");
    scene_remove(&scene);
}

static void limit_file_size(rlim_t bytes)
{
    struct rlimit limit;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGXFSZ);
    sigprocmask(SIG_BLOCK, &set, NULL);
    cr_assert_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* The file takes 20,000 bytes more; what is lost are whole lines, but for the one that was cut,
 * and all of it is counted. */
Test(pump_file, what_cannot_be_written_is_dropped_by_lines_and_told)
{
    struct scene scene = scene_new();
    scene_start(&scene);
    limit_file_size(20000);
    uint64_t source;
    int fd = scene_file(&scene, scene.out, &source);
    size_t put_in = 0;
    for (int i = 0; i < 3000; i++) {
        char line[32];
        snprintf(line, sizeof line, "line %06d\n", i);
        put(fd, line);
        put_in += strlen(line);
    }
    put(fd, "half a li");
    await_text(scene.own, "': File too large, ");
    scene_ask(&scene, source); /* the half line is not held any more */
    limit_file_size(RLIM_INFINITY);
    put(fd, "ne\nwhole again\n");
    put_in += strlen("half a line\n");
    close(fd);
    await_text(scene.own, "writing again, ");
    scene_stop(&scene);

    size_t bytes;
    unsigned long dropped = 0;
    char *text = contents(scene.out, &bytes);
    char *own = contents(scene.own, NULL);
    cr_assert_eq(sscanf(strstr(own, "writing again, "), "writing again, %lu", &dropped), 1);
    /* 20,000 is in the middle of a line, which got an end. */
    cr_expect_eq(bytes, 20000 + 1 + strlen("whole again\n"));
    cr_expect_str_eq(text + 20000, "\nwhole again\n");
    cr_expect_eq(dropped, put_in - 20000);
    free(own);
    free(text);
    scene_remove(&scene);
}

Test(pump_file, a_full_device_costs_bytes_and_nothing_else)
{
    struct scene scene = scene_new();
    char full[96];
    snprintf(full, sizeof full, "%s/full", scene.directory);
    cr_assert_eq(symlink("/dev/full", full), 0);
    scene_start(&scene);
    int fd = scene_file(&scene, full, NULL);
    int other = scene_file(&scene, scene.out, NULL);
    static const char megabyte[1 << 20] = "lost\n";
    put_bytes(fd, megabyte, sizeof megabyte);
    put(other, "kept\n");
    close(fd);
    close(other);
    scene_stop(&scene);
    await_text(scene.own, "/full': No space left on device, ");
    expect_contents(scene.out, "kept\n");
    scene_remove(&scene);
}

Test(pump_file, one_that_cannot_be_opened_is_tried_again)
{
    struct scene scene = scene_new();
    char path[128];
    snprintf(path, sizeof path, "%s/file", scene.out);
    int file = open(scene.out, O_WRONLY | O_CREAT | O_CLOEXEC, 0600); /* no directory */
    cr_assert_geq(file, 0);
    scene_start(&scene);
    int fd = scene_file(&scene, path, NULL);
    put(fd, "lost\n");
    await_text(scene.own, "Not a directory, 5 bytes dropped so far");
    cr_assert_eq(unlink(scene.out), 0);
    int64_t end_ms = clock_ms() + PATIENCE_MS;
    while (access(path, F_OK) != 0) {
        cr_assert_lt(clock_ms(), end_ms);
        put(fd, "again\n");
        poll(NULL, 0, 20);
    }
    close(fd);
    close(file);
    scene_stop(&scene);
    await_text(path, "again\n");
    scene_remove(&scene);
}
