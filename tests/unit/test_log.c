/* test_log.c - the supervisor's own log: its two formats, and what becomes of it in bad times. */
#include "log.h"

#include <criterion/criterion.h>
#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <regex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "pump.h"

#define PATIENCE_MS 30000

/* A directory for one test, and two paths in it. */
struct place {
    char directory[64];
    char path[96];
    char moved[96];
};

static struct place place_new(void)
{
    struct place place = { .directory = "/tmp/test_log.XXXXXX" };
    cr_assert_not_null(mkdtemp(place.directory));
    snprintf(place.path, sizeof place.path, "%s/log", place.directory);
    snprintf(place.moved, sizeof place.moved, "%s/log.1", place.directory);
    return place;
}

static void place_remove(const struct place *place)
{
    unlink(place->path);
    unlink(place->moved);
    rmdir(place->directory);
}

/* The log with its writer; 0 or a negative errno of opening the file. */
static int start(const char *path, enum log_level level, enum log_format format,
                 struct pump **out_pump)
{
    struct pump_options options = {
        .stdout_fd = STDOUT_FILENO,
        .stderr_fd = STDERR_FILENO,
        .log_path = path,
    };
    int error = pump_new(&options, out_pump);
    return error != 0 ? error : log_start(level, format);
}

static void stop(struct pump *pump)
{
    cr_assert_eq(pump_free(pump, clock_ms() + 1000), 0);
    log_stop();
}

/* The whole file, as a string to free(). */
static char *contents(const char *path)
{
    size_t room = (size_t)1 << 20;
    char *text = calloc(1, room);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    cr_assert_geq(fd, 0);
    cr_assert_geq(read(fd, text, room - 1), 0);
    close(fd);
    return text;
}

static void await_bytes(const char *path, long long bytes)
{
    struct stat st;
    int64_t end_ms = clock_ms() + PATIENCE_MS;
    while (stat(path, &st) != 0 || st.st_size < bytes) {
        cr_assert_lt(clock_ms(), end_ms, "nothing in '%s'", path);
        poll(NULL, 0, 1);
    }
}

static void expect_match(const char *text, const char *pattern)
{
    regex_t regex;
    cr_assert_eq(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
    cr_expect_eq(regexec(&regex, text, 0, NULL, 0), 0, "'%s' is not '%s'", text, pattern);
    regfree(&regex);
}

static size_t count_lines(const char *text)
{
    size_t lines = 0;
    for (; *text != '\0'; text++)
        lines += *text == '\n';
    return lines;
}

#define TIME "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{3}[+-][0-9]{2}:[0-9]{2}"

Test(log, text_has_time_level_and_instance)
{
    struct pump *pump = NULL;
    struct place place = place_new();
    struct log_about about = { .task = "web", .instance = "web_1", .pid = 7 };
    cr_assert_eq(start(place.path, LOG_INFO, LOG_TEXT, &pump), 0);
    log_write(LOG_WARN, "a %s", "word");
    log_about(LOG_INFO, &about, "is up");
    stop(pump);
    char *text = contents(place.path);
    expect_match(text, "^" TIME " warn  a word\n" TIME " info  web_1: is up\n$");
    free(text);
    struct stat st;
    cr_assert_eq(stat(place.path, &st), 0);
    cr_assert_eq(st.st_mode & 0137, 0);
    place_remove(&place);
}

Test(log, a_record_is_one_line_that_harms_no_terminal)
{
    struct pump *pump = NULL;
    struct place place = place_new();
    cr_assert_eq(start(place.path, LOG_INFO, LOG_TEXT, &pump), 0);
    log_write(LOG_INFO, "one\ntwo \033[2J\r\x80");
    stop(pump);
    char *text = contents(place.path);
    cr_assert_eq(count_lines(text), 1);
    cr_assert_not_null(strstr(text, "one two "));
    cr_assert_null(strpbrk(text, "\033\r\x80"));
    free(text);
    place_remove(&place);
}

Test(log, json_is_an_object_a_line_whatever_the_bytes)
{
    struct pump *pump = NULL;
    struct place place = place_new();
    struct log_about about = { "we\"b", "web_1", 42, "STARTED", "RUNNING" };
    cr_assert_eq(start(place.path, LOG_INFO, LOG_JSON, &pump), 0);
    log_about(LOG_ERROR, &about, "a \"quote\"\\, \x01, \xff and \xc3\xa9");
    stop(pump);
    char *text = contents(place.path);
    cr_assert_eq(count_lines(text), 1);
    cJSON *object = cJSON_Parse(text);
    cr_assert_not_null(object);
    cr_expect_str_eq(cJSON_GetObjectItem(object, "level")->valuestring, "error");
    cr_expect_str_eq(cJSON_GetObjectItem(object, "task")->valuestring, "we\"b");
    cr_expect_str_eq(cJSON_GetObjectItem(object, "instance")->valuestring, "web_1");
    cr_expect_eq(cJSON_GetObjectItem(object, "pid")->valueint, 42);
    cr_expect_str_eq(cJSON_GetObjectItem(object, "from")->valuestring, "STARTED");
    cr_expect_str_eq(cJSON_GetObjectItem(object, "to")->valuestring, "RUNNING");
    cr_expect_str_eq(cJSON_GetObjectItem(object, "message")->valuestring,
                     "a \"quote\"\\, \x01, \xef\xbf\xbd and \xc3\xa9");
    expect_match(cJSON_GetObjectItem(object, "at")->valuestring, "^" TIME "$");
    cJSON_Delete(object);
    free(text);
    place_remove(&place);
}

Test(log, levels_below_the_set_one_are_left_out)
{
    struct pump *pump = NULL;
    struct place place = place_new();
    cr_assert_not(log_enabled(LOG_ERROR));
    cr_assert_eq(start(place.path, LOG_WARN, LOG_TEXT, &pump), 0);
    cr_assert(log_enabled(LOG_WARN));
    cr_assert_not(log_enabled(LOG_INFO));
    log_write(LOG_INFO, "unseen");
    log_set_level(LOG_DEBUG);
    log_write(LOG_DEBUG, "seen");
    stop(pump);
    cr_assert_not(log_enabled(LOG_ERROR));
    log_write(LOG_ERROR, "too late");
    char *text = contents(place.path);
    expect_match(text, "^" TIME " debug seen\n$");
    free(text);
    place_remove(&place);
}

Test(log, long_text_is_cut)
{
    struct pump *pump = NULL;
    struct place place = place_new();
    static char many[10000];
    memset(many, 'x', sizeof many - 1);
    cr_assert_eq(start(place.path, LOG_INFO, LOG_TEXT, &pump), 0);
    log_write(LOG_INFO, "%s", many);
    stop(pump);
    char *text = contents(place.path);
    cr_assert_eq(strspn(strchr(text, 'x'), "x"), 4096);
    free(text);
    place_remove(&place);
}

Test(log, reopen_leaves_what_was_moved_away)
{
    struct pump *pump = NULL;
    struct place place = place_new();
    cr_assert_eq(start(place.path, LOG_INFO, LOG_TEXT, &pump), 0);
    log_write(LOG_INFO, "before");
    await_bytes(place.path, 1);
    cr_assert_eq(rename(place.path, place.moved), 0);
    pump_reopen(pump);
    await_bytes(place.path, 0);
    log_write(LOG_INFO, "after");
    stop(pump);
    char *moved = contents(place.moved);
    char *text = contents(place.path);
    expect_match(moved, "^" TIME " info  before\n$");
    expect_match(text, "^" TIME " info  after\n$");
    free(moved);
    free(text);
    place_remove(&place);
}

Test(log, a_file_that_cannot_be_opened_is_an_error)
{
    struct pump *pump = NULL;
    struct place place = place_new();
    cr_assert_eq(start("/proc/nowhere/log", LOG_INFO, LOG_TEXT, &pump), -ENOENT);
    cr_assert_eq(mkfifo(place.path, 0600), 0);
    cr_assert_eq(start(place.path, LOG_INFO, LOG_TEXT, &pump), -ENXIO);
    place_remove(&place);
}

/* Writes a record again and again (unless it is NULL: a busy machine may lose one) and reads until
 * `word` has come. */
static void read_until(int fd, char *text, size_t room, const char *record, const char *word)
{
    size_t used = 0;
    int64_t end_ms = clock_ms() + PATIENCE_MS;
    text[0] = '\0';
    while (strstr(text, word) == NULL) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        cr_assert_lt(clock_ms(), end_ms, "no '%s' came", word);
        if (record != NULL)
            log_write(LOG_INFO, "%s", record);
        if (poll(&p, 1, 100) == 0)
            continue;
        ssize_t n = read(fd, text + used, room - 1 - used);
        cr_assert_gt(n, 0);
        used += (size_t)n;
        text[used] = '\0';
    }
}

Test(log, a_reader_that_pauses_is_told_how_much_it_missed)
{
    struct pump *pump = NULL;
    struct place place = place_new();
    size_t room = (size_t)4 << 20;
    char *text = calloc(1, room);
    cr_assert_eq(mkfifo(place.path, 0600), 0);
    int reader = open(place.path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    cr_assert_eq(start(place.path, LOG_INFO, LOG_TEXT, &pump), 0);
    for (int i = 0; i < 5000; i++)
        log_write(LOG_INFO, "record %d: %0500d", i, 0);
    read_until(reader, text, room, NULL, "records of this log were lost");
    if (!strstr(text, "record 0: 0")) /* when some were lost before the pump took the first */
        read_until(reader, text, room, NULL, "record 0: 0");
    read_until(reader, text, room, "and on it goes", "and on it goes");
    stop(pump);
    close(reader);
    free(text);
    place_remove(&place);
}

Test(log, stop_does_not_wait_for_a_reader_that_never_comes)
{
    struct pump *pump = NULL;
    struct place place = place_new();
    cr_assert_eq(mkfifo(place.path, 0600), 0);
    int reader = open(place.path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    cr_assert_eq(start(place.path, LOG_INFO, LOG_TEXT, &pump), 0);
    int64_t start_ms = clock_ms();
    for (int i = 0; i < 1000; i++)
        log_write(LOG_INFO, "record %d: %0500d", i, 0);
    stop(pump);
    cr_assert_lt(clock_ms() - start_ms, PATIENCE_MS);
    close(reader);
    place_remove(&place);
}

static void *storm(void *arg)
{
    (void)arg;
    for (int i = 0; i < 100; i++)
        log_write(LOG_INFO, "a record");
    return NULL;
}

Test(log, many_threads_do_not_tear_lines)
{
    struct pump *pump = NULL;
    struct place place = place_new();
    pthread_t threads[8];
    cr_assert_eq(start(place.path, LOG_INFO, LOG_TEXT, &pump), 0);
    for (int i = 0; i < 8; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, storm, NULL), 0);
    for (int i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    stop(pump);
    char *text = contents(place.path);
    cr_assert_eq(count_lines(text), 800);
    char *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
        expect_match(line, "^" TIME " info  a record$");
    free(text);
    place_remove(&place);
}
