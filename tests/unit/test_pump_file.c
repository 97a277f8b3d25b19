/* test_pump_file.c - log files through the pump: rotation to the byte, and what becomes of them in
 * bad times. */
#include "pump_scene.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>

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

Test(pump_file, rotation_loses_nothing_and_cuts_at_line_ends_only)
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

Test(pump_file, a_line_that_does_not_fit_goes_whole_into_the_next_file)
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
Test(pump_file, a_long_line_that_does_not_fit_goes_whole_into_the_next_file)
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

Test(pump_file, a_file_without_line_ends_is_rotated_at_twice_its_size)
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

Test(pump_file, two_names_of_a_file_are_one_to_rotate)
{
    struct scene scene = scene_new();
    char other[96];
    int fds[2];
    snprintf(other, sizeof other, "%s/other", scene.directory);
    cr_assert_eq(symlink(scene.out, other), 0);
    scene_start(&scene);
    struct pump_target target = {
        .kind = PUMP_FILE, .path = other, .name = "web", .max_bytes = MAX_BYTES, .backups = 100
    };
    fds[0] = scene_open(&scene, &target, NULL); /* the link is not what is moved */
    fds[1] = open_rotated(&scene, MAX_BYTES, 100);
    for (int i = 0; i < 1000; i++)
        put(fds[i % 2], "one more\n");
    close(fds[0]);
    close(fds[1]);
    scene_stop(&scene);
    char *read = all_contents(&scene, MAX_BYTES);
    cr_expect_eq(strlen(read), 1000 * strlen("one more\n"));
    free(read);
    scene_remove(&scene);
}

Test(pump_file, only_so_many_backups_are_kept_and_a_gap_is_filled)
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

Test(pump_file, without_backups_a_full_file_is_thrown_away)
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

Test(pump_file, what_cannot_be_rotated_goes_on_in_the_old_file_and_is_told)
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
    backup_path(&scene, 7, moved);
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

Test(pump_file, the_supervisors_own_log_is_rotated_too)
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
