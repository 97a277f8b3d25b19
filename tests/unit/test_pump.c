/* test_pump.c - the pump as a whole: questions, its end, and rest. */
#include "pump_scene.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/resource.h>

static void count(void *arg)
{
    atomic_fetch_add((atomic_int *)arg, 1);
}

Test(pump, a_question_is_answered_once_all_is_written)
{
    struct scene scene = scene_new();
    scene_start(&scene);
    int64_t start_ms = clock_ms();
    char expected[3000] = "";
    for (int i = 0; i < 100; i++) {
        uint64_t source;
        char text[32];
        int fd = scene_file(&scene, scene.out, &source);
        snprintf(text, sizeof text, "%d\nunfinished", i);
        put(fd, text);
        strncat(expected, text, sizeof expected - strlen(expected) - 1);
        scene_ask(&scene, source);
        expect_contents(scene.out, expected);
        close(fd);
    }
    cr_expect_lt(clock_ms() - start_ms, 90000); /* no line was held for a second */
    scene_stop(&scene);
    scene_remove(&scene);
}

/* Somebody who escaped with the pipe goes on writing: that is not what was asked for. */
Test(pump, a_question_does_not_wait_for_what_is_written_after_it)
{
    struct scene scene = scene_new();
    uint64_t source;
    scene_start(&scene);
    int fd = scene_file(&scene, scene.out, &source);
    put(fd, "before\n");
    scene_ask(&scene, source);
    put(fd, "half"); /* held: nobody asks for it */
    scene_ask(&scene, 0);
    expect_contents(scene.out, "before\n");
    close(fd);
    scene_stop(&scene);
    expect_contents(scene.out, "before\nhalf");
    scene_remove(&scene);
}

Test(pump, a_question_about_what_has_ended_is_answered)
{
    struct scene scene = scene_new();
    uint64_t source, other;
    scene_start(&scene);
    int fd = scene_file(&scene, scene.out, &source);
    put(fd, "x");
    close(fd);
    await_text(scene.out, "x");
    scene_ask(&scene, source);
    fd = scene_file(&scene, scene.out, &other); /* may well be in the same place */
    cr_expect_neq(source, other);
    scene_ask(&scene, source);
    close(fd);
    scene_stop(&scene);
    scene_remove(&scene);
}

Test(pump, what_was_cancelled_is_not_answered)
{
    struct scene scene = scene_new();
    atomic_int answers = 0;
    int reader[2];
    cr_assert_eq(pipe(reader), 0);
    scene.options.stdout_fd = reader[1];
    scene_start(&scene);
    struct pump_target target = { .kind = PUMP_STDOUT, .name = "web" };
    uint64_t source;
    int fd = scene_open(&scene, &target, &source);
    static char much[1 << 17];
    memset(much, 'x', sizeof much);
    put_bytes(fd, much, sizeof much); /* more than the reader's pipe holds */
    put(fd, "\n");
    struct pump_question question = { .asked = false };
    pump_ask(scene.pump, &question, (uint64_t[2]){ 0, source }, count, &answers);
    scene_ask(&scene, 0); /* the one before has been seen */
    cr_expect(question.asked);
    cr_expect_eq(atomic_load(&answers), 0);
    pump_cancel(scene.pump, &question);
    cr_expect_not(question.asked);
    pump_cancel(scene.pump, &question);

    /* Asked again, and answered as soon as somebody has read. */
    pump_ask(scene.pump, &question, (uint64_t[2]){ 0, source }, count, &answers);
    int64_t end_ms = clock_ms() + PATIENCE_MS;
    while (atomic_load(&answers) == 0 && clock_ms() < end_ms) {
        struct pollfd p = { .fd = reader[0], .events = POLLIN };
        if (poll(&p, 1, 10) > 0)
            cr_assert_gt(read(reader[0], much, sizeof much), 0);
    }
    cr_expect_eq(atomic_load(&answers), 1);
    close(fd);
    scene_stop(&scene);
    close(reader[0]);
    close(reader[1]);
    scene_remove(&scene);
}

Test(pump, its_end_writes_what_is_in_the_pipes_though_they_are_open)
{
    struct scene scene = scene_new();
    int fds[50];
    char *expected = NULL;
    size_t bytes;
    FILE *lines = open_memstream(&expected, &bytes);
    scene_start(&scene);
    for (int i = 0; i < 50; i++) {
        fds[i] = scene_file(&scene, scene.out, NULL);
        put(fds[i], "line\n");
        fputs("line\n", lines);
    }
    fclose(lines);
    log_write(LOG_INFO, "the last record");
    int64_t start_ms = clock_ms();
    scene_stop(&scene);
    cr_expect_lt(clock_ms() - start_ms, PATIENCE_MS); /* nor does it wait for their ends */
    expect_contents(scene.out, expected);
    await_text(scene.own, "the last record");
    for (int i = 0; i < 50; i++)
        close(fds[i]);
    free(expected);
    scene_remove(&scene);
}

Test(pump, its_end_does_not_wait_for_a_reader_that_never_comes)
{
    struct scene scene = scene_new();
    cr_assert_eq(mkfifo(scene.out, 0600), 0);
    int reader = open(scene.out, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    scene_start(&scene);
    int fd = scene_file(&scene, scene.out, NULL);
    static char much[1 << 18];
    memset(much, '\n', sizeof much);
    put_bytes(fd, much, sizeof much);
    close(fd);
    int64_t start_ms = clock_ms();
    cr_assert_eq(pump_free(scene.pump, start_ms + 300), 0);
    cr_expect_geq(clock_ms() - start_ms, 300);
    log_stop();
    await_text(scene.own, "nobody reads it, ");
    close(reader);
    scene_remove(&scene);
}

Test(pump, it_rests_when_there_is_nothing_to_do)
{
    struct scene scene = scene_new();
    struct rusage before, after;
    uint64_t source;
    scene_start(&scene);
    int fd = scene_file(&scene, scene.out, &source);
    int ended = scene_file(&scene, "/dev/full", NULL);
    put(ended, "lost\n");
    close(ended);
    put(fd, "unfinished");
    await_text(scene.own, "No space left");
    await_text(scene.out, "unfinished");
    scene_ask(&scene, source);
    getrusage(RUSAGE_SELF, &before);
    poll(NULL, 0, 300); /* it must not do anything meanwhile */
    getrusage(RUSAGE_SELF, &after);
    cr_expect_leq(after.ru_nvcsw - before.ru_nvcsw, 3);
    close(fd);
    scene_stop(&scene);
    scene_remove(&scene);
}

Test(pump, without_descriptors_a_pipe_is_refused)
{
    struct scene scene = scene_new();
    struct rlimit limit;
    int fd = -1;
    uint64_t source = 0;
    struct pump_target target = { .kind = PUMP_FILE, .path = scene.out, .name = "web" };
    scene_start(&scene);
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    struct rlimit none = { .rlim_cur = 3, .rlim_max = limit.rlim_max };
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    cr_expect_eq(pump_open(scene.pump, &target, &fd, &source), -EMFILE);
    cr_expect(fd == -1 && source == 0);
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    scene_stop(&scene);
    scene_remove(&scene);
}
