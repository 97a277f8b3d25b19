/* test_pump_rotate.c - the pump rotates log files: to the byte, and on a line's end. */
#include "pump_scene.h"

#define MAX_BYTES 1000

static int open_rotated(struct scene *scene, int64_t max_bytes, long backups)
{
    struct pump_target target = { .kind = PUMP_FILE,
                                  .path = scene->out,
                                  .name = "web",
                                  .max_bytes = max_bytes,
                                  .backups = backups };
    return scene_open(scene, &target, NULL);
}

static void backup_path(const struct scene *scene, int number, char path[static 128])
{
    snprintf(path, 128, number > 0 ? "%s.%d" : "%s", scene->out, number);
}

/* out.N ... out.1 out, one after the other; each must end a line, and be no larger than it may. */
static char *all_contents(const struct scene *scene, size_t max_bytes)
{
    char path[128];
    char *all = NULL;
    size_t all_bytes = 0;
    int count = 0;
    FILE *out = open_memstream(&all, &all_bytes);
    while (backup_path(scene, count, path), access(path, F_OK) == 0)
        count++;
    while (count-- > 0) {
        size_t bytes;
        backup_path(scene, count, path);
        char *text = contents(path, &bytes);
        cr_expect_leq(bytes, max_bytes, "'%s' has %zu bytes", path, bytes);
        cr_expect(bytes > 0 && (count == 0 || text[bytes - 1] == '\n'), "'%s' is cut", path);
        fwrite(text, 1, bytes, out);
        free(text);
    }
    fclose(out);
    return all;
}

Test(pump_rotate, rotation_loses_nothing_and_cuts_at_line_ends_only)
{
    struct scene scene = scene_new();
    char *written = NULL;
    size_t bytes = 0;
    FILE *all = open_memstream(&written, &bytes);
    scene_start(&scene);
    for (int round = 0; round < 3; round++) { /* a supervisor that is started again goes on */
        int fd = open_rotated(&scene, MAX_BYTES, 1000);
        for (int i = 0; i < 3000; i++) {
            char line[128];
            int n = snprintf(
                line, sizeof line, "%d %d %.*s\n", round, i, (i * 7) % 90,
                "0123456789012345678901234567890123456789012345678901234567890123456789"
                "012345678901234567890123456789");
            put_bytes(fd, line, (size_t)n);
            fwrite(line, 1, (size_t)n, all);
        }
        close(fd);
        scene_stop(&scene);
        scene_start(&scene);
    }
    scene_stop(&scene);
    fclose(all);
    char *read = all_contents(&scene, MAX_BYTES);
    cr_expect(strcmp(read, written) == 0);
    free(read);
    free(written);
    scene_remove(&scene);
}

Test(pump_rotate, a_line_that_does_not_fit_goes_whole_into_the_next_file)
{
    struct scene scene = scene_new();
    char first[128];
    scene_start(&scene);
    int fd = open_rotated(&scene, 10, 5);
    put(fd, "123456\n");
    await_text(scene.out, "123456");
    put(fd, "1234"); /* its end comes when the file could take no more */
    put(fd, "56\n");
    close(fd);
    scene_stop(&scene);
    backup_path(&scene, 1, first);
    expect_contents(first, "123456\n");
    expect_contents(scene.out, "123456\n");
    scene_remove(&scene);
}

/* Too long to be read at once: its start is in the file before its length is known. */
Test(pump_rotate, a_long_line_that_does_not_fit_goes_whole_into_the_next_file)
{
    struct scene scene = scene_new();
    size_t max_bytes = 1000000, bytes = 0;
    char *written = NULL;
    static char line[400000];
    FILE *all = open_memstream(&written, &bytes);
    memset(line, 'x', sizeof line);
    scene_start(&scene);
    int fd = open_rotated(&scene, (int64_t)max_bytes, 1000);
    for (size_t i = 0; i < 40; i++) {
        size_t length = 65536 + i * 7919 % (sizeof line - 65536);
        line[length - 1] = '\n';
        put_bytes(fd, line, length);
        fwrite(line, 1, length, all);
        line[length - 1] = 'x';
    }
    close(fd);
    scene_stop(&scene);
    fclose(all);
    char *read = all_contents(&scene, max_bytes);
    cr_expect(strcmp(read, written) == 0);
    free(read);
    free(written);
    scene_remove(&scene);
}

Test(pump_rotate, a_file_without_line_ends_is_rotated_at_twice_its_size)
{
    struct scene scene = scene_new();
    char path[128];
    scene_start(&scene);
    int fd = open_rotated(&scene, 10, 5);
    put(fd, "0123456789012345678901234567890123456789012\nend\n");
    close(fd);
    scene_stop(&scene);
    backup_path(&scene, 2, path);
    expect_contents(path, "01234567890123456789");
    backup_path(&scene, 1, path);
    expect_contents(path, "01234567890123456789");
    expect_contents(scene.out, "012\nend\n");
    scene_remove(&scene);
}

Test(pump_rotate, two_names_of_a_file_are_one_to_rotate)
{
    struct scene scene = scene_new();
    char other[96];
    int fds[2];
    uint64_t sources[2];
    snprintf(other, sizeof other, "%s/other", scene.directory);
    cr_assert_eq(symlink(scene.out, other), 0);
    scene_start(&scene);
    struct pump_target target = {
        .kind = PUMP_FILE, .path = other, .name = "web", .max_bytes = MAX_BYTES, .backups = 100
    };
    fds[0] = scene_open(&scene, &target, &sources[0]); /* the link is not what is moved */
    target.path = scene.out;
    fds[1] = scene_open(&scene, &target, &sources[1]);
    for (int i = 0; i < 1000; i++) {
        put(fds[i % 2], "one more\n");
        scene_ask(&scene, sources[i % 2]);
    }
    close(fds[0]);
    close(fds[1]);
    scene_stop(&scene);
    char *read = all_contents(&scene, MAX_BYTES);
    cr_expect_eq(strlen(read), 1000 * strlen("one more\n"));
    free(read);
    scene_remove(&scene);
}

Test(pump_rotate, only_so_many_backups_are_kept_and_a_gap_is_filled)
{
    struct scene scene = scene_new();
    char path[128];
    scene_start(&scene);
    int fd = open_rotated(&scene, 4, 3);
    put(fd, "aaa\nbbb\nccc\nddd\neee\n");
    await_text(scene.out, "eee");
    backup_path(&scene, 4, path);
    cr_expect_neq(access(path, F_OK), 0);
    backup_path(&scene, 3, path);
    expect_contents(path, "bbb\n");
    backup_path(&scene, 2, path);
    unlink(path);
    put(fd, "fff\n");
    close(fd);
    scene_stop(&scene);
    backup_path(&scene, 3, path);
    expect_contents(path, "bbb\n"); /* it need not move */
    backup_path(&scene, 2, path);
    expect_contents(path, "ddd\n");
    scene_remove(&scene);
}

Test(pump_rotate, without_backups_a_full_file_is_thrown_away)
{
    struct scene scene = scene_new();
    char path[128];
    scene_start(&scene);
    int fd = open_rotated(&scene, 4, 0);
    put(fd, "aaa\nbbb\nccc\n");
    close(fd);
    scene_stop(&scene);
    expect_contents(scene.out, "ccc\n");
    backup_path(&scene, 1, path);
    cr_expect_neq(access(path, F_OK), 0);
    scene_remove(&scene);
}

Test(pump_rotate, what_cannot_be_rotated_goes_on_in_the_old_file_and_is_told)
{
    struct scene scene = scene_new();
    char path[128];
    backup_path(&scene, 1, path);
    cr_assert_eq(mkdir(path, 0700), 0); /* a file cannot take its place */
    scene_start(&scene);
    int fd = open_rotated(&scene, 4, 1);
    put(fd, "aaa\nbbb\nccc\n");
    close(fd);
    scene_stop(&scene);
    expect_contents(scene.out, "aaa\nbbb\nccc\n");
    await_text(scene.own, "cannot rotate");
    scene_remove(&scene);
}

/* rename() of one to the other does nothing, and succeeds. */
Test(pump_rotate, a_file_whose_backup_is_a_hard_link_to_it_goes_on_and_is_told)
{
    for (int backups = 1; backups <= 2; backups++) {
        struct scene scene = scene_new();
        char path[128];
        scene_start(&scene);
        int fd = open_rotated(&scene, 4, backups);
        put(fd, "aaa\n");
        await_text(scene.out, "aaa");
        for (int i = 1; i <= backups; i++) {
            backup_path(&scene, i, path);
            cr_assert_eq(link(scene.out, path), 0);
        }
        put(fd, "bbb\nccc\n");
        await_text(scene.out, "ccc"); /* the pump's thread is not caught in it */
        await_text(scene.own, "going on in it: Device or resource busy");
        put(fd, "dd"); /* neither where a line would move on with the rotation */
        await_text(scene.out, "dd");
        put(fd, "d\n");
        close(fd);
        scene_stop(&scene);
        expect_contents(scene.out, "aaa\nbbb\nccc\nddd\n");
        scene_remove(&scene);
    }
}

Test(pump_rotate, the_supervisors_own_log_is_rotated_too)
{
    struct scene scene = scene_new();
    char first[128];
    snprintf(first, sizeof first, "%s.1", scene.own);
    scene.options.log_max_bytes = MAX_BYTES;
    scene.options.log_backups = 1000;
    scene_start(&scene);
    for (int i = 0; i < 100; i++)
        log_write(LOG_INFO, "record %d.", i);
    scene_stop(&scene);
    struct stat st;
    cr_assert_eq(stat(first, &st), 0);
    cr_expect_leq(st.st_size, MAX_BYTES);
    cr_expect_eq(st.st_mode & 0137, 0);
    await_text(scene.own, "record 99.");
    scene_remove(&scene);
}
