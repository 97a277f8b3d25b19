/* stress_pump.c - many threads that open pipes, write, ask, cancel, log and have files opened anew
 * at once: `stress_pump [ROUNDS]`. A plain program, for ThreadSanitizer and valgrind too. Each byte
 * must be in the files. Ends with `N passed, M failed`; exit status 1 when one failed. */
#include "pump.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"

enum { WRITERS = 8, LIVES = 40, LINES = 60, FILES = 3, BACKUPS = 100000 };

#define PATIENCE_MS 120000
#define MAX_BYTES 3000

struct scene {
    char directory[64];
    struct pump *pump;
    atomic_bool ended;
};

struct writer {
    struct scene *scene;
    pthread_t thread;
    size_t bytes; /* written, to the file `number` % FILES */
    int number;
    bool failed;
};

static void file_path(const struct scene *scene, int file, char path[static 128])
{
    snprintf(path, 128, "%s/%d", scene->directory, file);
}

static void on_answer(void *arg)
{
    atomic_fetch_add((atomic_int *)arg, 1);
}

/* Every other question is cancelled, whatever has become of it. */
static bool ask(struct writer *writer, uint64_t source, bool cancel)
{
    struct pump_question question = { .asked = false };
    atomic_int answers = 0;
    int64_t end_ms = clock_ms() + PATIENCE_MS;
    pump_ask(writer->scene->pump, &question, (uint64_t[2]){ source, 0 }, on_answer, &answers);
    while (!cancel && atomic_load(&answers) == 0 && clock_ms() < end_ms)
        poll(NULL, 0, 1);
    pump_cancel(writer->scene->pump, &question);
    return cancel ? atomic_load(&answers) <= 1 : atomic_load(&answers) == 1;
}

static bool live(struct writer *writer, int life)
{
    char path[128], line[128];
    file_path(writer->scene, writer->number % FILES, path);
    struct pump_target target = {
        .kind = PUMP_FILE, .path = path, .name = "web", .max_bytes = MAX_BYTES, .backups = BACKUPS
    };
    uint64_t source;
    int fd;
    if (pump_open(writer->scene->pump, &target, &fd, &source) != 0)
        return false;
    for (int i = 0; i < LINES; i++) {
        int n = snprintf(line, sizeof line, "%d %d %0*d\n", writer->number, life, 1 + i, i);
        if (write(fd, line, (size_t)n) != n)
            return false;
        writer->bytes += (size_t)n;
    }
    log_write(LOG_INFO, "%d has lived %d", writer->number, life);
    bool answered = ask(writer, source, life % 2 == 0);
    close(fd);
    return answered;
}

static void *write_lives(void *arg)
{
    struct writer *writer = arg;
    for (int i = 0; i < LIVES && !writer->failed; i++)
        writer->failed = !live(writer, i);
    return NULL;
}

static void *reopen(void *arg)
{
    struct scene *scene = arg;
    while (!atomic_load(&scene->ended)) {
        pump_reopen(scene->pump);
        log_set_level(LOG_INFO);
        poll(NULL, 0, 1);
    }
    return NULL;
}

/* The size of a file and all its backups, which are removed. */
static size_t remove_all(const struct scene *scene, int file)
{
    char path[128], backup[160];
    struct stat st;
    size_t bytes = 0;
    file_path(scene, file, path);
    for (int i = 0; i <= BACKUPS; i++) {
        snprintf(backup, sizeof backup, i == 0 ? "%s" : "%s.%d", path, i);
        if (stat(backup, &st) != 0)
            break;
        bytes += (size_t)st.st_size;
        unlink(backup);
    }
    return bytes;
}

static bool run_writers(struct scene *scene, size_t bytes[static FILES])
{
    struct writer writers[WRITERS];
    pthread_t reopener;
    bool fine = true;
    pthread_create(&reopener, NULL, reopen, scene);
    for (int i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){ .scene = scene, .number = i };
        pthread_create(&writers[i].thread, NULL, write_lives, &writers[i]);
    }
    for (int i = 0; i < WRITERS; i++) {
        pthread_join(writers[i].thread, NULL);
        bytes[i % FILES] += writers[i].bytes;
        fine = fine && !writers[i].failed;
    }
    atomic_store(&scene->ended, true);
    pthread_join(reopener, NULL);
    return fine;
}

static bool play(void)
{
    struct scene scene = { .directory = "/tmp/stress_pump.XXXXXX" };
    char log_path[96];
    size_t bytes[FILES] = { 0 };
    if (!mkdtemp(scene.directory))
        return false;
    snprintf(log_path, sizeof log_path, "%s/log", scene.directory);
    struct pump_options options = { .stdout_fd = 1, .stderr_fd = 2, .log_path = log_path };
    if (pump_new(&options, &scene.pump) != 0 || log_start(LOG_INFO, LOG_TEXT) != 0)
        return false;
    bool fine = run_writers(&scene, bytes);
    fine = pump_free(scene.pump, clock_ms() + PATIENCE_MS) == 0 && fine;
    log_stop();
    for (int i = 0; i < FILES; i++)
        fine = remove_all(&scene, i) == bytes[i] && fine;
    unlink(log_path);
    return rmdir(scene.directory) == 0 && fine;
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 1;
    int failed = 0;
    for (int i = 0; i < rounds; i++)
        failed += !play();
    printf("%d passed, %d failed\n", rounds - failed, failed);
    return failed > 0;
}
