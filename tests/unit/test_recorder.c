/* test_recorder.c - the trace of one instance as the recorder writes it, in good times and bad. */
#include "recorder.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "config_fixture.h"
#include "trace_story.h"

#define PATIENCE_MS 30000

struct scene {
    char directory[64];
    char path[96];
    char moved[96];
    struct config *config;
    struct identity *id;
    struct recorder *recorder;
    struct sim sim;
};

static void scene_init(struct scene *s)
{
    *s = (struct scene){ .directory = "/tmp/test_recorder.XXXXXX" };
    cr_assert_not_null(mkdtemp(s->directory));
    snprintf(s->path, sizeof s->path, "%s/trace", s->directory);
    snprintf(s->moved, sizeof s->moved, "%s/trace.1", s->directory);
    s->config = config_with("");
    s->id = identity_new(s->config->tasks[0], 1);
    s->sim = sim_new(RESTART_ALWAYS);
}

static void scene_release(struct scene *s)
{
    unlink(s->path);
    unlink(s->moved);
    rmdir(s->directory);
    identity_unref(s->id);
    config_free(s->config);
}

static void begin(struct scene *s)
{
    cr_assert_eq(recorder_new(s->path, &s->recorder), 0);
}

static void end(struct scene *s)
{
    recorder_free(s->recorder, clock_ms() + PATIENCE_MS);
}

static void happens(struct scene *s, enum fsm_event_kind kind)
{
    struct fsm_event ev = { .kind = kind, .now_ms = s->sim.now_ms, .why.why = WHY_USER };
    struct fsm before = s->sim.f;
    struct fsm_step step = fsm_next(before, &s->sim.policy, ev);
    recorder_note(s->recorder, &(struct recorder_step){ .who = s,
                                                        .id = s->id,
                                                        .before = &before,
                                                        .policy = &s->sim.policy,
                                                        .event = &ev,
                                                        .step = &step });
    s->sim.f = step.next;
}

static struct told told_by(const char *path)
{
    static char bytes[1 << 20];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) /* it is not there yet */
        return (struct told){ .error = -ENOENT };
    ssize_t count = read(fd, bytes, sizeof bytes);
    close(fd);
    cr_assert_geq(count, 0);
    return replay_of(bytes, (size_t)count);
}

static void expect(const char *path, unsigned long supervisors, unsigned long events)
{
    struct told told = told_by(path);
    cr_expect_eq(told.error, 0, "%s: %s", path, told.problem);
    cr_expect_eq(told.counts.supervisors, supervisors);
    cr_expect_eq(told.counts.events, events, "%lu", told.counts.events);
    cr_expect_eq(told.counts.lost, 0);
    free(told.story);
}

static bool has_events(const char *path, unsigned long events)
{
    struct told told = told_by(path);
    free(told.story);
    return told.counts.events >= events;
}

static void wait_for_events(const char *path, unsigned long events)
{
    int64_t deadline_ms = clock_ms() + PATIENCE_MS;
    while (!has_events(path, events)) {
        cr_assert_lt(clock_ms(), deadline_ms, "no %lu events in %s", events, path);
        poll(NULL, 0, 1);
    }
}

Test(recorder, what_was_noted_can_be_replayed_and_only_the_owner_may_read_it)
{
    struct scene s;
    struct stat st;
    scene_init(&s);
    begin(&s);
    happens(&s, EV_START);
    happens(&s, EV_SPAWNED);
    s.sim.policy.grace_ms++; /* as a reload would */
    happens(&s, EV_STOP);
    end(&s);
    expect(s.path, 1, 3);
    cr_assert_eq(stat(s.path, &st), 0);
    cr_expect_eq(st.st_mode & 07777, 0600);
    begin(&s); /* and goes on in the file */
    happens(&s, EV_KILL);
    end(&s);
    expect(s.path, 2, 4);
    scene_release(&s);
}

Test(recorder, two_do_not_write_one_file)
{
    struct scene s;
    struct recorder *other;
    scene_init(&s);
    begin(&s);
    cr_expect_eq(recorder_new(s.path, &other), -EWOULDBLOCK);
    end(&s);
    begin(&s);
    end(&s);
    scene_release(&s);
}

Test(recorder, a_file_that_is_moved_or_removed_is_followed_by_a_new_one)
{
    struct scene s;
    scene_init(&s);
    begin(&s);
    happens(&s, EV_START);
    wait_for_events(s.path, 1);
    cr_assert_eq(rename(s.path, s.moved), 0);
    happens(&s, EV_SPAWNED);
    wait_for_events(s.moved, 2);
    recorder_reopen(s.recorder);
    happens(&s, EV_STOP);
    wait_for_events(s.path, 1);
    cr_assert_eq(unlink(s.path), 0);
    happens(&s, EV_KILL);
    end(&s);
    expect(s.moved, 1, 2);
    expect(s.path, 1, 1);
    scene_release(&s);
}

/* A FIFO takes as little as a full disk does, and has room again once it is read. */
static size_t drain(int fd, char *bytes, size_t room)
{
    size_t count = 0;
    ssize_t n;
    while ((n = read(fd, bytes + count, room - count)) > 0)
        count += (size_t)n;
    return count;
}

Test(recorder, what_does_not_fit_is_counted_and_the_rest_can_be_replayed)
{
    static const enum fsm_event_kind round[] = { EV_START, EV_SPAWNED, EV_STOP, EV_EXITED,
                                                 EV_EMPTY };
    const unsigned long notes = 3000;
    static char bytes[1 << 20];
    struct scene s;
    scene_init(&s);
    cr_assert_eq(mkfifo(s.path, 0600), 0);
    int fd = open(s.path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    cr_assert_geq(fd, 0);
    cr_assert_geq(fcntl(fd, F_SETPIPE_SZ, 4096), 0);
    begin(&s);
    for (unsigned long i = 0; i < notes; i++)
        happens(&s, round[i % 5]);
    size_t count = 0;
    int64_t deadline_ms = clock_ms() + PATIENCE_MS;
    struct told told = { .error = -1 };
    do { /* until all is accounted for */
        cr_assert_lt(clock_ms(), deadline_ms, "%lu and %lu", told.counts.events, told.counts.lost);
        recorder_reopen(s.recorder); /* wakes it */
        count += drain(fd, bytes + count, sizeof bytes - count);
        free(told.story);
        told = replay_of(bytes, count);
        cr_assert_eq(told.error, 0, "%s", told.problem);
    } while (told.counts.events + told.counts.lost < notes);
    cr_expect_eq(told.counts.events + told.counts.lost, notes);
    cr_expect_gt(told.counts.lost, 0);
    cr_expect_gt(told.counts.events, 0);
    free(told.story);
    end(&s);
    close(fd);
    scene_release(&s);
}
