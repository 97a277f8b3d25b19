/* test_pump_lines.c - lines through the pump: whole ones in a file that is shared, their times, and
 * what becomes of one that has no end. */
#include "pump_scene.h"

#include <pthread.h>
#include <regex.h>

#define TIME \
    "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{3}[+-][0-9]{2}:[0-9]{2} "
#define WRITERS 6
#define LINES 60
#define LINE_MAX_BYTES 65536 /* its end included */

static int open_timed(struct scene *scene, const char *path, uint64_t *out_source)
{
    struct pump_target target = {
        .kind = PUMP_FILE, .path = path, .name = "web", .timestamps = true
    };
    return scene_open(scene, &target, out_source);
}

static void expect_match(const char *path, const char *pattern)
{
    regex_t regex;
    char *text = contents(path, NULL);
    cr_assert_eq(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
    cr_expect_eq(regexec(&regex, text, 0, NULL, 0), 0, "'%s' is not '%s'", text, pattern);
    regfree(&regex);
    free(text);
}

struct writer {
    pthread_t thread;
    int fd;
    char letter;
};

/* Lines of one letter, written in parts. */
static void *write_lines(void *arg)
{
    struct writer *writer = arg;
    static _Thread_local char line[LINE_MAX_BYTES];
    memset(line, writer->letter, sizeof line);
    for (size_t i = 0; i < LINES; i++) {
        size_t bytes = i % 3 == 0 ? LINE_MAX_BYTES - 1 : i * 37 % 3000;
        put_bytes(writer->fd, line, bytes / 2);
        put_bytes(writer->fd, line, bytes - bytes / 2);
        put(writer->fd, "\n");
    }
    close(writer->fd);
    return NULL;
}

/* Every line must be of one letter; how long all of one letter are together, in `totals`. */
static void count_letters(const char *path, size_t totals[static 128])
{
    char *text = contents(path, NULL);
    char *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        char letter[2] = { line[0], '\0' };
        size_t bytes = strspn(line, letter);
        cr_expect_eq(line[bytes], '\0', "a line of '%c' is torn by '%c'", line[0], line[bytes]);
        totals[(unsigned char)line[0]] += bytes;
    }
    free(text);
}

/* Two names of one file, which is shared all the same. */
Test(pump_lines, who_shares_a_file_does_not_tear_the_others_lines)
{
    struct scene scene = scene_new();
    struct writer writers[WRITERS];
    char other[96];
    size_t totals[128] = { 0 };
    snprintf(other, sizeof other, "%s/other", scene.directory);
    cr_assert_eq(symlink(scene.out, other), 0);
    scene_start(&scene);
    for (int i = 0; i < WRITERS; i++) {
        writers[i].letter = (char)('a' + i);
        writers[i].fd = scene_file(&scene, i % 2 ? other : scene.out, NULL);
        cr_assert_eq(pthread_create(&writers[i].thread, NULL, write_lines, &writers[i]), 0);
    }
    for (int i = 0; i < WRITERS; i++)
        pthread_join(writers[i].thread, NULL);
    scene_stop(&scene);
    count_letters(scene.out, totals);
    for (int i = 1; i < WRITERS; i++)
        cr_expect_eq(totals['a' + i], totals['a']);
    cr_expect_gt(totals['a'], LINES / 3 * (LINE_MAX_BYTES - 1));
    scene_remove(&scene);
}

Test(pump_lines, an_unfinished_line_is_written_after_a_second)
{
    struct scene scene = scene_new();
    scene_start(&scene);
    int fd = scene_file(&scene, scene.out, NULL);
    int64_t start_ms = clock_ms();
    put(fd, "Password: ");
    await_text(scene.out, "Password: ");
    cr_expect_geq(clock_ms() - start_ms, 1000);
    int other = scene_file(&scene, scene.out, NULL);
    put(other, "interrupted\n");
    await_text(scene.out, "interrupted");
    put(fd, "secret");
    await_text(scene.out, "secret"); /* its rest is not held again */
    close(fd);
    close(other);
    scene_stop(&scene);
    expect_contents(scene.out, "Password: interrupted\nsecret");
    scene_remove(&scene);
}

Test(pump_lines, a_last_line_without_an_end_stays_as_it_is)
{
    struct scene scene = scene_new();
    scene_start(&scene);
    for (int i = 0; i < 3; i++) {
        int fd = scene_file(&scene, scene.out, NULL);
        put(fd, "a\nb");
        close(fd);
        await_text(scene.out, i == 0 ? "a\nb" : i == 1 ? "a\nba\nb" : "a\nba\nba\nb");
    }
    scene_stop(&scene);
    scene_remove(&scene);
}

Test(pump_lines, each_line_has_its_time_and_the_last_one_gets_an_end)
{
    struct scene scene = scene_new();
    scene_start(&scene);
    int fd = open_timed(&scene, scene.out, NULL);
    put(fd, "one\n\ntwo");
    close(fd);
    scene_stop(&scene);
    expect_match(scene.out, "^" TIME "one\n" TIME "\n" TIME "two\n$");
    scene_remove(&scene);
}

Test(pump_lines, with_times_a_line_that_is_interrupted_gets_an_end)
{
    struct scene scene = scene_new();
    scene_start(&scene);
    int file = open(scene.out, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    put(file, "left by others"); /* before the pump knew it */
    close(file);
    int fd = open_timed(&scene, scene.out, NULL);
    int other = open_timed(&scene, scene.out, NULL);
    put(fd, "half");
    await_text(scene.out, "half"); /* after a second */
    put(fd, " and");
    await_text(scene.out, "half and"); /* goes on in its line */
    put(other, "whole\n");
    await_text(scene.out, "whole");
    put(fd, " rest\n");
    close(fd);
    close(other);
    scene_stop(&scene);
    expect_match(scene.out, "^left by others\n" TIME "half and\n" TIME "whole\n" TIME " rest\n$");
    scene_remove(&scene);
}

Test(pump_lines, times_and_rotation_go_together)
{
    struct scene scene = scene_new();
    char first[128];
    struct pump_target target = { .kind = PUMP_FILE,
                                  .path = scene.out,
                                  .name = "web",
                                  .timestamps = true,
                                  .max_bytes = 100,
                                  .backups = 5 };
    snprintf(first, sizeof first, "%s.1", scene.out);
    scene_start(&scene);
    int fd = scene_open(&scene, &target, NULL);
    put(fd, "one\ntwo\nthree\nfour\nfive\n");
    close(fd);
    scene_stop(&scene);
    expect_match(first, "^" TIME "three\n" TIME "four\n$");
    expect_match(scene.out, "^" TIME "five\n$");
    scene_remove(&scene);
}

/* stdout and stderr are one file, and the supervisor's own log goes there too. */
Test(pump_lines, inherited_lines_begin_with_the_name)
{
    struct scene scene = scene_new();
    int out = open(scene.out, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    scene.options.stdout_fd = out;
    scene.options.stderr_fd = dup(out);
    cr_assert_eq(pump_new(&scene.options, &scene.pump), 0);
    cr_assert_eq(log_start(LOG_INFO, LOG_TEXT), 0);
    struct pump_target target = { .kind = PUMP_STDOUT, .name = "web" };
    int web = scene_open(&scene, &target, NULL);
    target = (struct pump_target){ .kind = PUMP_STDERR, .name = "db", .timestamps = true };
    int db = scene_open(&scene, &target, NULL);
    put(web, "one\ntw");
    await_text(scene.out, "tw"); /* after a second */
    put(db, "error\n");
    await_text(scene.out, "error");
    log_write(LOG_INFO, "a record");
    await_text(scene.out, "a record");
    put(web, "o");
    close(web);
    close(db);
    scene_stop(&scene);
    expect_match(scene.out, "^web \\| one\nweb \\| tw\ndb \\| " TIME "error\n" TIME
                            "info  a record\nweb \\| o\n$");
    close(out);
    close(scene.options.stderr_fd);
    scene_remove(&scene);
}

Test(pump_lines, a_name_is_coloured_where_that_is_wanted)
{
    struct scene scene = scene_new();
    int out = open(scene.out, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    scene.options.stdout_fd = out;
    scene.options.colour_stdout = true;
    scene_start(&scene);
    struct pump_target target = { .kind = PUMP_STDOUT, .name = "web" };
    int web = scene_open(&scene, &target, NULL);
    put(web, "one\n");
    close(web);
    scene_stop(&scene);
    expect_match(scene.out, "^\033\\[[0-9]+mweb\033\\[0m \\| one\n$");
    close(out);
    scene_remove(&scene);
}
