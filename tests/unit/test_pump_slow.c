/* test_pump_slow.c - several who write to one slow reader: each has its turn, and what is left at
 * the end is counted. */
#include "pump_scene.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#define ENOUGH_BYTES ((size_t)2 << 20) /* the reader's pipe, the queue, and some turns of all */
#define LONG_LINE_BYTES ((size_t)60000)

struct noise {
    int fd;
    atomic_bool over;
    pthread_t thread;
};

static void *make_noise(void *arg)
{
    struct noise *noise = arg;
    char line[1000];
    memset(line, '.', sizeof line);
    line[sizeof line - 1] = '\n';
    while (!atomic_load(&noise->over))
        put_bytes(noise->fd, line, sizeof line);
    close(noise->fd);
    return NULL;
}

/* Reads slowly until there is `text`, or until there was enough. Whether it was found. */
static bool comes(int fd, const char *text)
{
    static char all[ENOUGH_BYTES + 1];
    size_t used = 0, overlap = strlen(text);
    memset(all, 0, sizeof all);
    while (used + 4096 <= ENOUGH_BYTES) {
        ssize_t n = read(fd, all + used, 4096);
        cr_assert_gt(n, 0);
        size_t from = used > overlap ? used - overlap : 0;
        used += (size_t)n;
        if (memmem(all + from, used - from, text, strlen(text)))
            return true;
        poll(NULL, 0, 1);
    }
    return false;
}

/* Two that write without end into one pipe that is read slowly, and their pump. */
static void start_noise(struct scene *scene, struct noise noise[2], int reader[2])
{
    struct pump_target target = { .kind = PUMP_STDOUT, .name = "noisy" };
    *scene = scene_new();
    cr_assert_eq(pipe(reader), 0);
    scene->options.stdout_fd = reader[1];
    scene->options.stderr_fd = reader[1];
    cr_assert_eq(pump_new(&scene->options, &scene->pump), 0); /* its own log goes there too */
    cr_assert_eq(log_start(LOG_DEBUG, LOG_TEXT), 0);
    for (int i = 0; i < 2; i++) {
        noise[i].fd = scene_open(scene, &target, NULL);
        cr_assert_eq(pthread_create(&noise[i].thread, NULL, make_noise, &noise[i]), 0);
    }
    comes(reader[0], "not there"); /* so that all is full */
}

static void *read_all(void *arg)
{
    char bytes[4096];
    while (read(*(int *)arg, bytes, sizeof bytes) > 0)
        ;
    return NULL;
}

static void stop_noise(struct scene *scene, struct noise noise[2], int reader[2])
{
    pthread_t rest;
    cr_assert_eq(pthread_create(&rest, NULL, read_all, &reader[0]), 0);
    for (int i = 0; i < 2; i++) {
        atomic_store(&noise[i].over, true);
        pthread_join(noise[i].thread, NULL);
    }
    scene_stop(scene);
    close(reader[1]);
    pthread_join(rest, NULL);
    close(reader[0]);
    scene_remove(scene);
}

Test(pump_slow, a_noisy_task_leaves_room_for_the_others_and_the_own_log)
{
    struct scene scene;
    struct noise noise[2] = { 0 };
    int reader[2];
    start_noise(&scene, noise, reader);
    struct pump_target target = { .kind = PUMP_STDOUT, .name = "quiet" };
    int fd = scene_open(&scene, &target, NULL);
    put(fd, "my turn\n");
    cr_expect(comes(reader[0], "quiet | my turn\n"));
    log_write(LOG_INFO, "the supervisor speaks");
    cr_expect(comes(reader[0], "the supervisor speaks"));
    close(fd);
    stop_noise(&scene, noise, reader);
}

/* There is never so much room at once while others take each bit of it. */
Test(pump_slow, a_long_line_has_its_turn_too)
{
    struct scene scene;
    struct noise noise[2] = { 0 };
    int reader[2];
    static char line[LONG_LINE_BYTES];
    start_noise(&scene, noise, reader);
    struct pump_target target = { .kind = PUMP_STDOUT, .name = "quiet" };
    int fd = scene_open(&scene, &target, NULL);
    memset(line, 'x', sizeof line);
    line[sizeof line - 1] = '\n';
    put_bytes(fd, line, sizeof line);
    cr_expect(comes(reader[0], "quiet | xxx"));
    close(fd);
    stop_noise(&scene, noise, reader);
}

/* ---- at the end ---- */

/* Fills the pipe until it stays full. How much went in. */
static size_t fill(int fd)
{
    char line[100];
    size_t bytes = 0;
    struct pollfd p = { .fd = fd, .events = POLLOUT };
    memset(line, 'x', sizeof line);
    line[sizeof line - 1] = '\n';
    cr_assert_eq(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    while (poll(&p, 1, 100) == 1 && bytes < 4 * ENOUGH_BYTES) {
        ssize_t n = write(fd, line, sizeof line);
        bytes += n > 0 ? (size_t)n : 0;
    }
    return bytes;
}

static size_t drain(int fd)
{
    char bytes[4096];
    size_t count = 0;
    for (ssize_t n; (n = read(fd, bytes, sizeof bytes)) > 0;)
        count += (size_t)n;
    return count;
}

/* The last number told, as it counts all. */
static size_t dropped(const struct scene *scene)
{
    size_t bytes = 0;
    const char *said = "nobody reads it, ";
    char *own = contents(scene->own, NULL);
    for (const char *at = own; (at = strstr(at, said)); at++)
        cr_assert_eq(sscanf(at + strlen(said), "%zu", &bytes), 1);
    free(own);
    return bytes;
}

Test(pump_slow, what_nobody_took_until_the_end_is_counted_to_the_byte)
{
    struct scene scene = scene_new();
    cr_assert_eq(mkfifo(scene.out, 0600), 0);
    int reader = open(scene.out, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    scene_start(&scene);
    int fds[2] = { scene_file(&scene, scene.out, NULL), scene_file(&scene, scene.out, NULL) };
    size_t put_in = fill(fds[0]);
    put_in += fill(fds[1]);
    cr_assert_eq(pump_free(scene.pump, clock_ms() + 50), 0);
    log_stop();
    close(fds[0]);
    close(fds[1]);
    size_t came = drain(reader);
    cr_expect_eq(came + dropped(&scene), put_in, "%zu came, %zu were dropped, of %zu", came,
                 dropped(&scene), put_in);
    close(reader);
    scene_remove(&scene);
}
