/* test_pump_stream.c - the pump and readers that are slow, late or gone: pipes, FIFOs, syslog. */
#include "pump_scene.h"

#include <errno.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>

/* More than fits into both pipes and the queue between them. */
#define MUCH_BYTES ((size_t)1 << 20)

/* Lines of 100 bytes, numbered. How many. */
static int write_much(int fd)
{
    int lines = (int)(MUCH_BYTES / 100);
    for (int i = 0; i < lines; i++) {
        char line[101];
        snprintf(line, sizeof line, "%0*d\n", 99, i);
        put(fd, line);
    }
    return lines;
}

/* Appends what can be read now to `text`. False: there is no more, and will not be. */
static bool read_some(int fd, char *text, size_t *used)
{
    struct pollfd p = { .fd = fd, .events = POLLIN };
    if (poll(&p, 1, 10) == 0)
        return true;
    ssize_t n = read(fd, text + *used, 4096);
    cr_assert_geq(n, 0);
    *used += (size_t)n;
    return n > 0;
}

static int count_whole_lines(char *text, const char *prefix)
{
    int lines = 0;
    char *rest = NULL;
    size_t skip = strlen(prefix);
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        cr_assert_eq(strncmp(line, prefix, skip), 0, "'%s'", line);
        if (strcmp(line + skip, "end") != 0) {
            cr_assert_eq(strspn(line + skip, "0123456789"), 99, "'%s'", line);
            lines++;
        }
    }
    return lines;
}

static void *write_much_and_close(void *arg)
{
    int fd = *(int *)arg;
    write_much(fd);
    close(fd);
    return NULL;
}

Test(pump_stream, a_reader_that_is_slower_than_its_writer_gets_everything)
{
    struct scene scene = scene_new();
    pthread_t writer;
    int reader[2];
    cr_assert_eq(pipe(reader), 0);
    scene.options.stdout_fd = reader[1];
    scene_start(&scene);
    struct pump_target target = { .kind = PUMP_STDOUT, .name = "web" };
    int fd = scene_open(&scene, &target, NULL);
    cr_assert_eq(pthread_create(&writer, NULL, write_much_and_close, &fd), 0);
    char *text = calloc(1, 2 * MUCH_BYTES);
    size_t used = 0;
    int64_t end_ms = clock_ms() + PATIENCE_MS;
    while (used < MUCH_BYTES / 100 * strlen("web | ") + MUCH_BYTES / 100 * 100) {
        cr_assert_lt(clock_ms(), end_ms);
        read_some(reader[0], text, &used);
    }
    pthread_join(writer, NULL);
    scene_stop(&scene);
    cr_expect_eq(count_whole_lines(text, "web | "), (int)(MUCH_BYTES / 100));
    free(text);
    close(reader[0]);
    close(reader[1]);
    scene_remove(&scene);
}

/* In all the times that it was over. */
static size_t dropped_in_all(const struct scene *scene)
{
    size_t sum = 0;
    char *own = contents(scene->own, NULL);
    for (const char *at = own; (at = strstr(at, "writing again, ")); at++) {
        size_t bytes = 0;
        cr_assert_eq(sscanf(at, "writing again, %zu", &bytes), 1);
        sum += bytes;
    }
    free(own);
    return sum;
}

Test(pump_stream, a_reader_that_stalls_misses_whole_lines_and_each_byte_is_counted)
{
    struct scene scene = scene_new();
    int reader[2];
    cr_assert_eq(pipe(reader), 0);
    scene.options.stdout_fd = reader[1];
    scene_start(&scene);
    struct pump_target target = { .kind = PUMP_STDOUT, .name = "web" };
    int fd = scene_open(&scene, &target, NULL);
    int64_t start_ms = clock_ms();
    size_t put_in = (size_t)write_much(fd) * 100; /* comes to its end: the rest is dropped */
    cr_expect_geq(clock_ms() - start_ms, 1000);
    await_text(scene.own, "'stdout': nobody reads it, ");
    char *text = calloc(1, 4 * MUCH_BYTES);
    size_t used = 0, ends = 0;
    while (!strstr(text + (used > 8192 ? used - 8192 : 0), "end\n")) {
        cr_assert_lt(clock_ms(), start_ms + PATIENCE_MS);
        put(fd, "end\n");
        put_in += 4;
        read_some(reader[0], text, &used);
    }
    close(fd);
    scene_stop(&scene);
    close(reader[1]);
    while (read_some(reader[0], text, &used))
        ;
    for (const char *at = text; (at = strstr(at, "end\n")); at++)
        ends++;
    size_t lines = (size_t)count_whole_lines(text, "web | ");
    cr_expect_lt(lines, MUCH_BYTES / 100);
    cr_expect_eq(lines * 100 + ends * 4 + dropped_in_all(&scene), put_in);
    free(text);
    close(reader[0]);
    scene_remove(&scene);
}

Test(pump_stream, stdout_and_stderr_of_one_pipe_do_not_tear_their_lines)
{
    struct scene scene = scene_new();
    int reader[2];
    cr_assert_eq(pipe(reader), 0);
    scene.options.stdout_fd = reader[1];
    scene.options.stderr_fd = dup(reader[1]);
    scene_start(&scene);
    struct pump_target target = { .kind = PUMP_STDOUT, .name = "web" };
    int out = scene_open(&scene, &target, NULL);
    target.kind = PUMP_STDERR;
    int err = scene_open(&scene, &target, NULL);
    int lines = 0;
    for (int i = 0; i < 200; i++) { /* fits into the pipe */
        char line[101];
        snprintf(line, sizeof line, "%0*d\n", 99, i);
        put(i % 2 ? out : err, line);
        lines++;
    }
    close(out);
    close(err);
    scene_stop(&scene);
    close(reader[1]);
    close(scene.options.stderr_fd);
    char *text = calloc(1, MUCH_BYTES);
    size_t used = 0;
    while (read_some(reader[0], text, &used))
        ;
    cr_expect_eq(count_whole_lines(text, "web | "), lines);
    free(text);
    close(reader[0]);
    scene_remove(&scene);
}

Test(pump_stream, one_that_nobody_reads_does_not_hold_up_a_file)
{
    struct scene scene = scene_new();
    char fifo[96];
    snprintf(fifo, sizeof fifo, "%s/fifo", scene.directory);
    cr_assert_eq(mkfifo(fifo, 0600), 0);
    int reader = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    scene_start(&scene);
    int stuck = scene_file(&scene, fifo, NULL);
    int fd = scene_file(&scene, scene.out, NULL);
    static char much[(1 << 18) + (1 << 16)]; /* the FIFO and the queue */
    memset(much, '\n', sizeof much);
    put_bytes(stuck, much, sizeof much);
    put(fd, "not held up\n");
    await_text(scene.out, "not held up");
    close(stuck);
    close(fd);
    cr_assert_eq(pump_free(scene.pump, clock_ms() + 100), 0);
    log_stop();
    close(reader);
    scene_remove(&scene);
}

Test(pump_stream, a_fifo_is_written_again_when_a_reader_comes_back)
{
    struct scene scene = scene_new();
    char buffer[64] = "";
    cr_assert_eq(mkfifo(scene.out, 0600), 0);
    int reader = open(scene.out, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    scene_start(&scene);
    uint64_t source;
    int fd = scene_file(&scene, scene.out, &source);
    put(fd, "one\n");
    scene_ask(&scene, source);
    cr_expect_eq(read(reader, buffer, sizeof buffer), 4);
    close(reader);
    put(fd, "lost\n");
    await_text(scene.own, "Broken pipe, 5 bytes dropped so far");
    reader = open(scene.out, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    put(fd, "two\n");
    await_text(scene.own, "writing again, 5 bytes were dropped");
    cr_expect_eq(read(reader, buffer, sizeof buffer), 4);
    cr_expect_eq(memcmp(buffer, "two\n", 4), 0);
    close(fd);
    scene_stop(&scene);
    close(reader);
    scene_remove(&scene);
}

/* ---- syslog ---- */

static int bind_to(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static size_t receive(int fd, char *text, size_t room)
{
    struct pollfd p = { .fd = fd, .events = POLLIN };
    cr_assert_eq(poll(&p, 1, PATIENCE_MS), 1);
    ssize_t n = recv(fd, text, room - 1, 0);
    cr_assert_gt(n, 0);
    text[n] = '\0';
    return (size_t)n;
}

static void expect_message(int fd, const char *priority, const char *text)
{
    char message[256], expected[128];
    receive(fd, message, sizeof message);
    snprintf(expected, sizeof expected, "web: %s", text);
    size_t skip = strlen(priority) + strlen("Jan  2 03:04:05 ");
    cr_expect_eq(strncmp(message, priority, strlen(priority)), 0, "'%s'", message);
    cr_assert_geq(strlen(message), skip);
    cr_expect_str_eq(message + skip, expected);
}

Test(pump_stream, syslog_gets_a_message_a_line)
{
    struct scene scene = scene_new();
    scene.options.syslog_path = scene.out;
    int daemon = bind_to(scene.out);
    scene_start(&scene);
    struct pump_target target = { .kind = PUMP_SYSLOG, .name = "web" };
    int out = scene_open(&scene, &target, NULL);
    target.error_stream = true;
    int err = scene_open(&scene, &target, NULL);
    put(out, "one\ntw");
    expect_message(daemon, "<30>", "one");
    put(out, "o\n");
    expect_message(daemon, "<30>", "two");
    put(err, "bad");
    close(err);
    expect_message(daemon, "<27>", "bad");

    static char text[20000], message[16384];
    memset(text, 'x', sizeof text);
    put_bytes(out, text, sizeof text);
    put(out, "\n");
    size_t bytes = 0;
    while (bytes < sizeof text) {
        cr_assert_lt(receive(daemon, message, sizeof message), 8192 + 64);
        bytes += strspn(strchr(message, 'x'), "x");
    }
    cr_expect_eq(bytes, sizeof text);
    close(out);
    scene_stop(&scene);
    close(daemon);
    scene_remove(&scene);
}

Test(pump_stream, syslog_may_be_started_again)
{
    struct scene scene = scene_new();
    scene.options.syslog_path = scene.out;
    scene_start(&scene);
    struct pump_target target = { .kind = PUMP_SYSLOG, .name = "web" };
    int out = scene_open(&scene, &target, NULL);
    put(out, "lost\n");
    await_text(scene.own, "'syslog': No such file or directory, ");
    for (int i = 0; i < 2; i++) {
        int daemon = bind_to(scene.out);
        put(out, "heard\n");
        expect_message(daemon, "<30>", "heard");
        close(daemon);
        unlink(scene.out);
    }
    close(out);
    scene_stop(&scene);
    scene_remove(&scene);
}

Test(pump_stream, a_syslog_that_hangs_loses_messages_and_holds_up_nobody)
{
    struct scene scene = scene_new();
    scene.options.syslog_path = scene.out;
    int daemon = bind_to(scene.out);
    scene_start(&scene);
    struct pump_target target = { .kind = PUMP_SYSLOG, .name = "web" };
    int out = scene_open(&scene, &target, NULL);
    write_much(out);
    await_text(scene.own, "'syslog': nobody reads it, ");
    close(out);
    cr_assert_eq(pump_free(scene.pump, clock_ms() + 100), 0);
    log_stop();
    close(daemon);
    scene_remove(&scene);
}
