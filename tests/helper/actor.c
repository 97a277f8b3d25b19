/* actor.c - a task that keeps the evidence by which promises are checked from outside.
 *
 * `actor DIR [OPTION=NUMBER]...`: while it or one of its kin is there it holds a lock on
 * DIR/TASK.INSTANCE.lock; one that finds it taken says so in DIR/together. It has a row of its own
 * in DIR/TASK.INSTANCE.lives, four numbers of 64 bits: its pid, its supervisor's, how many lines it
 * has written to its stdout, and how often that failed. A row outlives SIGKILL, so the lines that
 * must be in the logs are known: "<TASK.INSTANCE LIFE N xxx>", N from 1, LIFE numbers the rows.
 *
 *   tick_ms=50   between two bursts of lines      burst=1      lines in each
 *   life_ms=0    until it ends; 0: never          code=0       what it ends with
 *   ignore=0     1: SIGTERM                       family=0     1: has kin, who stay until a
 *   mem_mb=0     what it uses of memory             signal: a child, one in another session, an
 *   busy_ms=0    for how long it spins first        orphan there */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

struct row {
    int64_t pid, supervisor, done, failed;
};

struct options {
    long tick_ms, burst, life_ms, code, ignore, family, mem_mb, busy_ms;
};

static const char *dir, *task, *instance;

static long now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void wait_ms(long ms)
{
    struct timespec left = { ms / 1000, ms % 1000 * 1000000 };
    while (nanosleep(&left, &left) != 0) {}
}

static int open_own(const char *ending)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s.%s.%s", dir, task, instance, ending);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0)
        exit(97);
    return fd;
}

/* The lock stays with all who have the descriptor: the kin, too. */
static void be_alone(void)
{
    char path[4096];
    int lock = open_own("lock");
    if (flock(lock, LOCK_EX | LOCK_NB) == 0)
        return;
    snprintf(path, sizeof path, "%s/together", dir);
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0 || dprintf(fd, "%s.%s pid %d at %ld\n", task, instance, getpid(), now_ms()) < 0)
        exit(97);
    close(fd);
}

static struct row *new_row(long *out_life)
{
    int fd = open_own("lives");
    off_t size = lseek(fd, 0, SEEK_END);
    const char *of = getenv("TASKMASTER_SUPERVISOR");
    const char *colon = of ? strchr(of, ':') : NULL;
    struct row row = { .pid = getpid(), .supervisor = colon ? atol(colon + 1) : 0 };
    if (size % (off_t)sizeof row != 0 || write(fd, &row, sizeof row) != sizeof row)
        exit(97);
    struct row *rows = mmap(NULL, (size_t)size + sizeof row, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
                            0);
    if (rows == MAP_FAILED)
        exit(97);
    close(fd);
    *out_life = size / (off_t)sizeof row;
    return rows + *out_life;
}

/* Up to a whole pipe's worth is written at once or not at all. */
static void write_line(struct row *row, long life)
{
    char line[512];
    int fill = (int)((row->done + 1) * 7919 % 200);
    int length = snprintf(
        line, sizeof line, "<%s.%s %ld %lld %.*s>\n", task, instance, life,
        (long long)row->done + 1, fill,
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
    if (write(STDOUT_FILENO, line, (size_t)length) == length)
        __atomic_store_n(&row->done, row->done + 1, __ATOMIC_SEQ_CST);
    else
        __atomic_store_n(&row->failed, row->failed + 1, __ATOMIC_SEQ_CST);
}

static void stay(void)
{
    prctl(PR_SET_NAME, "kin");
    for (;;)
        pause();
}

/* Each has its name before anybody can take it for a task's main process. */
static void make_family(void)
{
    if (fork() == 0)
        stay();
    if (fork() == 0) {
        prctl(PR_SET_NAME, "kin");
        setsid();
        stay();
    }
    pid_t middle = fork();
    if (middle == 0) {
        prctl(PR_SET_NAME, "kin");
        setsid();
        if (fork() == 0)
            stay();
        _exit(0);
    }
}

static void use_up(const struct options *o)
{
    size_t bytes = (size_t)o->mem_mb << 20;
    char *memory = bytes ? malloc(bytes) : NULL;
    if (memory)
        memset(memory, 1, bytes); /* held until the end */
    long end_ms = now_ms() + o->busy_ms;
    while (now_ms() < end_ms) {}
}

static void parse(struct options *o, int count, char **words)
{
    const struct {
        const char *name;
        long *value;
    } known[] = {
        { "tick_ms=", &o->tick_ms }, { "burst=", &o->burst },     { "life_ms=", &o->life_ms },
        { "code=", &o->code },       { "ignore=", &o->ignore },   { "family=", &o->family },
        { "mem_mb=", &o->mem_mb },   { "busy_ms=", &o->busy_ms },
    };
    for (int i = 0; i < count; i++) {
        size_t k = 0;
        while (k < sizeof known / sizeof *known &&
               strncmp(words[i], known[k].name, strlen(known[k].name)) != 0)
            k++;
        if (k == sizeof known / sizeof *known)
            exit(2);
        *known[k].value = atol(words[i] + strlen(known[k].name));
    }
}

int main(int argc, char **argv)
{
    struct options o = { .tick_ms = 50, .burst = 1 };
    long life;
    dir = argc > 1 ? argv[1] : NULL;
    task = getenv("TASKMASTER_TASK");
    instance = getenv("TASKMASTER_INSTANCE");
    if (!dir || !task || !instance)
        return 2;
    parse(&o, argc - 2, argv + 2);
    signal(SIGXFSZ, SIG_IGN);
    if (o.ignore)
        signal(SIGTERM, SIG_IGN);
    be_alone();
    struct row *row = new_row(&life);
    if (o.family)
        make_family();
    use_up(&o);
    /* Not all of them at the same time. */
    long end_ms = o.life_ms ? now_ms() + o.life_ms * (1 + life % 3) : INT64_MAX;
    while (now_ms() < end_ms) {
        for (long i = 0; i < o.burst; i++)
            write_line(row, life);
        wait_ms(o.tick_ms);
    }
    return (int)o.code;
}
