/* pump_scene.h - what the tests of the pump need around it: a directory, a pump whose own log is a
 * file there, pipes into it, and looking at what came out. */
#ifndef TESTS_UNIT_PUMP_SCENE_H
#define TESTS_UNIT_PUMP_SCENE_H

#include <criterion/criterion.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "pump.h"

#define PATIENCE_MS 60000 /* far more than anything here takes */

struct scene {
    char directory[64];
    char own[96]; /* the supervisor's own log */
    char out[96];
    struct pump_options options;
    struct pump *pump;
};

static inline struct scene scene_new(void)
{
    struct scene scene = { .directory = "/tmp/test_pump.XXXXXX" };
    cr_assert_not_null(mkdtemp(scene.directory));
    snprintf(scene.own, sizeof scene.own, "%s/own", scene.directory);
    snprintf(scene.out, sizeof scene.out, "%s/out", scene.directory);
    scene.options = (struct pump_options){ .stdout_fd = STDOUT_FILENO, .stderr_fd = STDERR_FILENO };
    return scene;
}

static inline void scene_start(struct scene *scene)
{
    scene->options.log_path = scene->own;
    cr_assert_eq(pump_new(&scene->options, &scene->pump), 0);
    cr_assert_eq(log_start(LOG_DEBUG, LOG_TEXT), 0);
}

/* Ends the pump: all that was written is where it belongs then. */
static inline void scene_stop(struct scene *scene)
{
    cr_assert_eq(pump_free(scene->pump, clock_ms() + PATIENCE_MS), 0);
    scene->pump = NULL;
    log_stop();
}

static inline int scene_remove_one(const char *path, const struct stat *st, int type,
                                   struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

static inline void scene_remove(struct scene *scene)
{
    cr_expect_eq(nftw(scene->directory, scene_remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/* The end to write to. */
static inline int scene_open(struct scene *scene, const struct pump_target *target,
                             uint64_t *out_source)
{
    int fd = -1;
    uint64_t source = 0;
    cr_assert_eq(pump_open(scene->pump, target, &fd, &source), 0);
    cr_assert_neq(source, 0);
    if (out_source)
        *out_source = source;
    return fd;
}

/* A plain file. */
static inline int scene_file(struct scene *scene, const char *path, uint64_t *out_source)
{
    struct pump_target target = { .kind = PUMP_FILE, .path = path, .name = "web" };
    return scene_open(scene, &target, out_source);
}

static inline void put_bytes(int fd, const void *bytes, size_t count)
{
    const char *at = bytes;
    while (count > 0) {
        ssize_t n = write(fd, at, count);
        cr_assert_gt(n, 0);
        at += n;
        count -= (size_t)n;
    }
}

static inline void put(int fd, const char *text)
{
    put_bytes(fd, text, strlen(text));
}

static inline void scene_answer(void *answered_fd)
{
    (void)!write(*(int *)answered_fd, "", 1);
}

/* Waits until what is in the pipe has been written, or dropped. */
static inline void scene_ask(struct scene *scene, uint64_t source)
{
    struct pump_question question = { .asked = false };
    int answered[2];
    cr_assert_eq(pipe(answered), 0);
    pump_ask(scene->pump, &question, (uint64_t[2]){ source, 0 }, scene_answer, &answered[1]);
    struct pollfd p = { .fd = answered[0], .events = POLLIN };
    cr_assert_eq(poll(&p, 1, PATIENCE_MS), 1, "no answer");
    pump_cancel(scene->pump, &question); /* the hook has returned after this */
    cr_expect_not(question.asked);
    close(answered[0]);
    close(answered[1]);
}

/* The whole file, a string to free(); empty where there is none. */
static inline char *contents(const char *path, size_t *out_bytes)
{
    struct stat st = { 0 };
    size_t bytes = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char *text = calloc(1, fd >= 0 && fstat(fd, &st) == 0 ? (size_t)st.st_size + 1 : 1);
    cr_assert_not_null(text);
    while (fd >= 0 && bytes < (size_t)st.st_size) {
        ssize_t n = read(fd, text + bytes, (size_t)st.st_size - bytes);
        if (n <= 0)
            break;
        bytes += (size_t)n;
    }
    if (fd >= 0)
        close(fd);
    if (out_bytes)
        *out_bytes = bytes;
    return text;
}

static inline void expect_contents(const char *path, const char *expected)
{
    char *text = contents(path, NULL);
    cr_expect_str_eq(text, expected, "'%s' holds '%s', not '%s'", path, text, expected);
    free(text);
}

static inline void await_text(const char *path, const char *text)
{
    int64_t end_ms = clock_ms() + PATIENCE_MS;
    for (;;) {
        char *now = contents(path, NULL);
        bool found = strstr(now, text) != NULL;
        cr_assert(found || clock_ms() < end_ms, "no '%s' in '%s': '%s'", text, path, now);
        free(now);
        if (found)
            return;
        poll(NULL, 0, 2);
    }
}

#endif
